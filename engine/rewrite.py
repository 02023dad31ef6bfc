"""Rule files that are written anew, by `fmt` and `check --fix`: which they are, and how it is done.

Knows folders and files; what they should hold is worked out in `dsl/fmt.py` and `dsl/mend.py`. A
file is replaced whole or not at all, so that nothing is lost if we are stopped.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..dsl import mend as edits
from ..errors import UsageError
from .project import FILE, Project


def rule_files(paths: Iterable[Path], here: Path) -> list[Path]:
    """The files among `paths` and the `.sync` files in the folders among them.

    Without paths those of the nearest project, and where there is none the `.sync` files in `here`
    and below it. Paths are as given, or from `here`.
    """
    given = list(paths)
    if given:
        found = [file for path in given for file in _below(path, here)]
    elif any((folder / FILE).is_file() for folder in (here, *here.parents)):
        found = [_shown(path, here) for path in Project.find(here).rule_files()]
    else:
        found = [_shown(path, here) for path in _sync_files(here)]
    if not found:
        raise UsageError(
            "there are no rule files here",
            why="no file that ends with .sync was found",
            fix="name the files or their folder: `syncrules fmt PATH`",
        )
    return list(dict.fromkeys(found))


def _below(path: Path, here: Path) -> list[Path]:
    if (here / path).is_dir():
        return [path / one.relative_to(here / path) for one in _sync_files(here / path)]
    if not (here / path).exists():
        raise UsageError(f"there is no file or folder {path}", why=f"it was looked for in {here}")
    return [path]


def _sync_files(folder: Path) -> list[Path]:
    """All of them, in order; folders that begin with a dot belong to tools."""
    return sorted(
        path
        for path in folder.rglob("*.sync")
        if path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _shown(path: Path, here: Path) -> Path:
    return path.relative_to(here) if path.is_relative_to(here) else path


def read(path: Path) -> bytes:
    """The bytes of a rule file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from None


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Puts `after` in the place of `before`, at once, with the same rights and through links.

    Refuses where the file holds something else by now: someone is writing it.
    """
    if read(path) != before:
        raise UsageError(
            f"{path} was changed meanwhile, so it was left as it is", fix="run the command again"
        )
    real = path.resolve()
    draft = None
    try:
        with tempfile.NamedTemporaryFile(dir=real.parent, prefix=".", delete=False) as file:
            draft = Path(file.name)
            file.write(after)
        draft.chmod(real.stat().st_mode)
        os.replace(draft, real)
    except OSError as error:
        if draft is not None:
            draft.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written", why=error.strerror or str(error)) from None


def mend(project: Project) -> list[str]:
    """Writes the sure edits of the findings into the project's rule files, and tells each."""
    if all(one.fix is None for one in project.check().findings):
        return []
    before = project.sources()
    mended = edits.mend(before, project.schemas())
    for name, source in mended.sources.items():
        if source != before[name]:
            replace(project.folder / name, before[name], source)
    return [
        f"{one.file}:{one.span.line}:{one.span.column}: {one.title}: "
        + (f"wrote `{one.fix}`" if one.fix else "took it out")
        for one in mended.done
    ]


def difference(name: str, before: bytes, after: str) -> str:
    """A unified diff of a file that is text; empty where nothing differs."""
    old, new = _lines(before.decode("utf-8")), _lines(after)
    shown = []
    for line in difflib.unified_diff(old, new, name, name):
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        shown.append(line + end)
    return "".join(shown)


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]
