"""Rule files that are written anew, by `fmt` and `check --fix`: which they are, and how it is done.

Knows folders and files; what they should hold is worked out in `dsl/fmt.py` and `dsl/mend.py`. A
file is replaced whole or not at all, so that nothing is lost if we are stopped.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from ..dsl import mend as edits
from ..errors import UsageError
from .files import FILE
from .project import Project


def rule_files(paths: Iterable[Path], here: Path) -> list[Path]:
    """The files among `paths` and the `.sync` files in the folders among them.

    Without paths those of the nearest project, and where there is none the `.sync` files in `here`
    and below it. Paths are as given, or from `here`.
    """
    given = list(paths)
    if given:
        found = [file for path in given for file in _below(path, here)]
    elif any(os.path.isfile(folder / FILE) for folder in (here, *here.parents)):
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
    if os.path.isdir(here / path):
        return [path / one.relative_to(here / path) for one in _sync_files(here / path)]
    if not os.path.exists(here / path):
        raise UsageError(f"there is no file or folder {path}", why=f"it was looked for in {here}")
    return [path]


def _sync_files(folder: Path) -> list[Path]:
    """All of them, in order; folders that begin with a dot belong to tools."""
    return sorted(
        path
        for path in folder.rglob("*.sync")
        if os.path.isfile(path)
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
    """A unified diff of a file and its layout; empty where nothing differs.

    Both have the same letters between their blanks, which is how lines that belong together are
    found in one pass; `difflib` is asked about no more than a few lines at once.
    """
    old, new = _lines(before.decode("utf-8")), _lines(after)
    shown: list[str] = []
    for group in _Known(_changes(old, new)).get_grouped_opcodes() if old != new else ():
        (_, i, _, j, _), (_, _, i_end, _, j_end) = group[0], group[-1]
        shown.append(f"@@ -{_range(i, i_end)} +{_range(j, j_end)} @@\n")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                shown += (f" {line}" for line in old[i1:i2])
            else:
                shown += (f"-{line}" for line in old[i1:i2])
                shown += (f"+{line}" for line in new[j1:j2])
    whole = (one if one[-1] == "\n" else f"{one}\n\\ No newline at end of file\n" for one in shown)
    return "".join([f"--- {name}\n+++ {name}\n", *whole]) if shown else ""


class _Known(difflib.SequenceMatcher[str]):
    """Changes that are known already, for `difflib` to group."""

    def __init__(self, changes: list[_Change]) -> None:
        super().__init__()
        self._changes = changes

    def get_opcodes(self) -> list[_Change]:
        return self._changes


_Change = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
"""What became of some lines: as `difflib` has it."""


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    """Cut where both have come equally far; what is the same follows what is not, and so on."""
    found: list[_Change] = []
    i = j = i_begin = j_begin = ahead = 0
    while i < len(old) or j < len(new):
        own, other = _letters(old, i), _letters(new, j)
        if (ahead == 0 and own and other) or (ahead == 0 and own == other):
            i, j, ahead = i + 1, j + 1, own - other
        elif j == len(new) or (i < len(old) and (ahead < 0 or (ahead == 0 and not own))):
            i, ahead = i + 1, ahead + own
        else:
            j, ahead = j + 1, ahead - other
        if ahead == 0 or (i == len(old) and j == len(new)):
            block = difflib.SequenceMatcher(None, old[i_begin:i], new[j_begin:j], autojunk=False)
            for tag, i1, i2, j1, j2 in block.get_opcodes():
                _add(found, tag, i_begin + i1, i_begin + i2, j_begin + j1, j_begin + j2)
            i_begin, j_begin = i, j
    return found


def _add(found: list[_Change], tag: str, i: int, i_end: int, j: int, j_end: int) -> None:
    """Adds a change, or joins it with the one before."""
    equal = tag == "equal"
    if found and (found[-1][0] == "equal") is equal:
        _, i, _, j, _ = found.pop()
    kind: Literal["replace", "delete", "insert", "equal"] = "equal" if equal else "replace"
    if not equal and j == j_end:
        kind = "delete"
    elif not equal and i == i_end:
        kind = "insert"
    found.append((kind, i, i_end, j, j_end))


def _letters(lines: Sequence[str], place: int) -> int:
    """How many letters a line has that are no blanks; 0 behind the last."""
    return len("".join(lines[place].split())) if place < len(lines) else 0


def _range(begin: int, end: int) -> str:
    """Lines as a unified diff counts them."""
    count = end - begin
    if count == 1:
        return str(begin + 1)
    return f"{begin + 1 if count else begin},{count}"


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]
