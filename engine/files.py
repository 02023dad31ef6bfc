"""The files of a project, found by their names: its project file and its rule files.

Knows folders and reads bytes; what stands in a file is for `project.py` and for `dsl`. It imports
next to nothing, so that a `check` of what hasn't changed is done before anything else is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UsageError

FILE = "syncrules.toml"


def project_file(start: Path) -> Path:
    """The nearest project file, in `start` or above it."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if os.path.isfile(folder / FILE):
            return folder / FILE
    raise UsageError(
        f"there is no {FILE} here or in a folder above",
        fix="start a project with `syncrules init`, or name its file with `--project`",
    )


def rule_files(folder: Path, rules: Sequence[str]) -> list[Path]:
    """All `.sync` files of `rules`, files and folders seen from `folder`: each once, in the order
    of their paths."""
    found: set[Path] = set()
    for name in rules:
        path = folder / name
        # Those of `os.path` say no, too, of what can't be looked at and of a name too long.
        if os.path.isdir(path):
            found.update(one for one in path.rglob("*.sync") if os.path.isfile(one))
        elif os.path.exists(path):
            found.add(path)
        else:
            written = not Path(name).is_absolute()
            raise UsageError(
                f"there is no rule file or folder {name}",
                why=f"it was looked for in {folder}" if written else "",
                fix=f"create it, or change `rules` in {FILE}" if written else "check the path",
            )
    if not found:
        raise UsageError(
            "there are no rule files",
            why=f"no file that ends with .sync in {', '.join(rules)}",
            fix="write one, for example rules/contacts.sync",
        )
    return sorted(found)


def sources(folder: Path, rules: Sequence[str]) -> dict[str, bytes]:
    """The bytes of each rule file by its path from the project's folder."""
    found = {}
    for path in rule_files(folder, rules):
        try:
            name = Path(os.path.relpath(path, folder)).as_posix()
            found[name] = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from None
    return found


def count_files(count: int) -> str:
    """`1 file`, `2 files`."""
    return "1 file" if count == 1 else f"{count} files"


def schema_file(folder: Path, system: str) -> Path:
    """Where `schema pull` writes what a system has."""
    return folder / "schema" / f"{system}.json"


def in_repository(folder: Path) -> str:
    """The path of a project's folder in the repository that holds it: tools look for files from
    there. `.` where it is the repository's own, or in none."""
    folder = folder.resolve()
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    return folder.relative_to(root).as_posix()


def state_home(environ: Mapping[str, str]) -> Path | None:
    """Our folder in the state home of the XDG base directory specification; None where the user
    has no home."""
    base = environ.get("XDG_STATE_HOME", "")
    if not base and environ.get("HOME"):
        base = str(Path(environ["HOME"]) / ".local" / "state")
    return Path(base) / "syncrules" if base else None


def logins_file(folder: Path) -> Path:
    """Where the linked logins of a project are told of."""
    return folder / ".syncrules" / "logins.json"
