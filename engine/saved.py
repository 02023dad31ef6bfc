"""A preview in a file: what a run would have changed, and what that followed from.

`preview --out` writes it, `apply` holds what would be decided now against it. A change stands on a
line of its own, so that neither needs all of them at once; the whole is JSON. Carrying it out is
`run/run.py`.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Stale, UsageError
from . import files
from .report import change_json, show
from .run.journal import Entry, entry
from .store import asked

if TYPE_CHECKING:
    from .project import Project
    from .store.database import Database

VERSION = 2

AGAIN = "look at what is new with `syncrules preview --out FILE`, and apply that"

TOLD = 3
"""Differences that a refusal names; of more it says how many there are."""

Keep = Callable[[str, "Entry"], None]
"""Is told each change, and the two systems it is about."""


# ---- writing --------------------------------------------------------------------------------


@contextmanager
def saving(path: Path, head: Mapping[str, Any]) -> Iterator[Keep]:
    """Writes the file; it is there once the preview has come to its end. What is no file, such as
    a pipe or `/dev/null`, is written to as it goes, and a link stays one."""
    if not path.name:
        raise UsageError(f"{path} can't be written", why="it names no file")
    real = Path(os.path.realpath(path))
    plain = os.path.isfile(path) or not os.path.exists(path)
    draft = real.with_name(f".{real.name}.new")
    top = json.dumps(head)  # in ASCII: what a file is called need not be Unicode
    hashed = sha256(top.encode())
    runs: dict[str, int] = {}
    try:
        opened = _opened(draft) if plain else os.open(path, os.O_WRONLY)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(f'{{"preview": {top}, "changes": [')

            def keep(org: str, one: Entry) -> None:
                line = _line(_plain(org, one))
                hashed.update(line.encode())
                file.write(f"{',' if runs else ''}\n{line}")
                runs[org] = one.run

            yield keep
            hashed.update(_line(runs).encode())
            end = json.dumps({"runs": runs, "sha256": hashed.hexdigest()}, ensure_ascii=False)
            file.write(f"\n], {end[1:]}\n")
        if plain:
            draft.replace(real)
    except OSError as error:
        raise UsageError(f"{path} can't be written", why=error.strerror or str(error)) from None
    finally:
        if plain:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _opened(draft: Path) -> int:
    """A new file that only its owner reads: what people are called stands in it."""
    draft.unlink(missing_ok=True)
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def head(project: Project) -> dict[str, Any]:
    """What a preview of a project rests on, besides records."""
    given = (Path(one) for one in project.rules)
    return {
        "version": VERSION,
        "paths": [os.path.relpath(one, project.folder) for one in given if one.is_absolute()],
        "rules": _rules(project),
        "schemas": _schemas(project),
    }


def _rules(project: Project) -> dict[str, str]:
    return {name: sha256(raw).hexdigest() for name, raw in project.sources().items()}


def _schemas(project: Project) -> dict[str, str]:
    return {
        name: sha256(files.schema_file(project.folder, name).read_bytes()).hexdigest()
        for name in project.schemas()
    }


def _plain(org: str, one: Entry) -> dict[str, Any]:
    """A change as scripts see it, and what tells it from all others."""
    told = {name: value for name, value in change_json(one).items() if name != "state"}
    return {"systems": org, "flow": one.flow, "left": one.left, "right": one.right, **told}


def _line(change: Mapping[str, Any]) -> str:
    return json.dumps(change, ensure_ascii=False, separators=(",", ":"))


# ---- reading --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """A file that was saved. `marks` has a digest for each change, by what it is a change of;
    `runs` the run that it is a preview of, by the two systems."""

    path: Path
    head: Mapping[str, Any]
    marks: Mapping[str, str]
    runs: Mapping[str, int]

    def project(self, here: Project) -> Project:
        """The project with the rule files that were previewed."""
        return here.with_rules(here.folder / one for one in self.head["paths"])

    def must_fit(self, project: Project) -> None:
        """Raises `Stale` where rules or schemas are others by now."""
        for what, then, now in (
            ("rules", self.head["rules"], _rules(project)),
            ("schema", self.head["schemas"], _schemas(project)),
        ):
            moved = sorted(one for one in {*then, *now} if then.get(one) != now.get(one))
            if moved:
                has = "have" if what == "rules" else "has"
                raise self.stale(f"the {what} {has} changed since: {', '.join(moved)}")

    def agreed(self, org: str, db: Database, entries: Iterable[Entry]) -> None:
        """Raises `Stale` unless these are exactly the changes of those two systems. What was made
        since, as by an `apply` that was killed, is told with the run that made it."""
        left = {key: mark for key, mark in self.marks.items() if key.startswith(f'["{org}"')}
        wrong: list[str] = []
        moved: dict[str, dict[str, Any]] = {}
        for one in entries:
            change = _plain(org, one)
            then = left.pop(_key(change), None)
            if then is None:
                wrong.append(f"{_named(change)} would be new")
            elif then != _mark(_line(change)):
                moved[_key(change)] = change
        if moved or left:
            for old in _changes(self.path):
                if _key(old) in moved:
                    wrong.append(_difference(old, moved[_key(old)]))
                elif _key(old) in left:
                    run = self._made(org, db, old) if len(wrong) < TOLD else 0
                    says = f"was made by run {run}" if run else "would not be made any more"
                    wrong.append(f"{_named(old)} {says}")
        if wrong:
            more = f"; and {len(wrong) - TOLD:,} more" if len(wrong) > TOLD else ""
            raise self.stale("; ".join(wrong[:TOLD]) + more)

    def _made(self, org: str, db: Database, change: Mapping[str, Any]) -> int:
        """The run that has made a change since it was previewed; 0: none."""
        about = {name: change[name] for name in ("flow", "left", "right")}
        for row in db.rows(asked.done, org=org, **about):
            one = entry(row)
            if one.run > self.runs.get(org, 0) and _does(_plain(org, one)) == _does(change):
                return one.run
        return 0

    def stale(self, why: str, fix: str = AGAIN) -> Stale:
        """What is raised where it can't be carried out."""
        return Stale(f"{self.path} is not applied, and nothing was written", why=why, fix=fix)


def load(path: Path) -> Saved:
    """Reads a saved preview; `UsageError` where it is none, or was changed by hand."""
    marks: dict[str, str] = {}
    try:
        first, end, runs = _ends(path)
        if first["version"] != VERSION:
            raise ValueError
        hashed = sha256(json.dumps(first).encode())
        for change in _changes(path):
            if not _whole(change):
                raise ValueError
            line = _line(change)
            hashed.update(line.encode())
            marks[_key(change)] = _mark(line)
        hashed.update(_line(runs).encode())
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UsageError(
            f"{path} is no saved preview", fix="save one with `syncrules preview --out FILE`"
        ) from None
    if end != hashed.hexdigest():
        raise UsageError(
            f"{path} was changed since it was saved",
            why="only what a preview has shown is applied",
            fix="save another one; the rules say what changes are made",
        )
    return Saved(path, first, marks, runs)


def _changes(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        next(file, None)
        for line in file:
            if line.startswith("]"):
                return
            yield json.loads(line.rstrip().removesuffix(","))


def _whole(change: Mapping[str, Any]) -> bool:
    """Whether a change has all that is asked of one, each of its kind."""
    names = ("systems", "flow", "system", "object", "action", "left", "right")
    ids = (change[name] for name in ("id", "key") if change[name] is not None)
    fields = change["fields"].values()
    return all(isinstance(one, str) for one in (*(change[name] for name in names), *ids)) and all(
        isinstance(one, dict) and {"before", "after"} <= one.keys() for one in fields
    )


def _ends(path: Path) -> tuple[dict[str, Any], str, dict[str, int]]:
    """What stands before and after the changes."""
    with path.open(encoding="utf-8") as file:
        first = next(file, "")
        [last] = deque(file, maxlen=1) or ("",)
    whole = json.loads(first.rstrip() + last)
    return whole["preview"], whole["sha256"], whole.get("runs", {})


def _key(change: Mapping[str, Any]) -> str:
    """What a change is a change of: no two of a preview have the same."""
    names = ("systems", "flow", "system", "action", "left", "right", "id", "key")
    return json.dumps([change[name] for name in names], separators=(",", ":"))


def _does(change: Mapping[str, Any]) -> object:
    """What a change makes of a record, whatever it was before and whose name it has."""
    fields = {name: one["after"] for name, one in change["fields"].items()}
    return change["system"], change["action"], change["left"], change["right"], fields


def _mark(line: str) -> str:
    return sha256(line.encode()).hexdigest()[:32]


def _named(change: Mapping[str, Any]) -> str:
    who = change["key"] or change["id"] or change["left"] or change["right"]
    return f"{change['action']} {change['system']} {change['object']} {who}"


def _difference(old: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing in which two changes of one record differ."""
    for name in {**old["fields"], **now["fields"]}:
        then, one = old["fields"].get(name), now["fields"].get(name)
        if then is None or one is None:
            would = "would be written, too" if then is None else "would not be written any more"
            return f"{_named(now)}: {name} {would}"
        if then["before"] != one["before"]:
            return f"{_named(now)}: {name} is {_shown(one['before'])} by now"
        if then["after"] != one["after"]:
            return f"{_named(now)}: {name} would become {_shown(one['after'])} by now"
    return f"{_named(now)}: for another reason, or under another login"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return f"the one made for {value['coming']}"
    return show(tuple(value) if isinstance(value, list) else value)
