"""The rules that a schedule has in use, and those that are in the project's files by now.

Knows how to tell that a file was edited, and keeps a copy of the last rules that passed `check`,
with the schemas they passed against: a schedule that is started again while a rule is broken goes
on with them. The copy holds no secret; settings and logins are always those of the project file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..connectors.base.schema import NO_SCHEMA, from_json, to_json
from ..errors import SyncrulesError
from . import files

if TYPE_CHECKING:
    from .project import Project

Seen = tuple[object, ...]
"""What tells one state of a project's files from another."""

COPY = Path(".syncrules") / "in-use.json"
FORM = 1
"""Counts up when the copy looks different."""


def seen(project: Project) -> Seen:
    """The project file, the rule files and the schemas as the file system has them now."""
    try:
        rules = files.rule_files(project.folder, project.rules)
    except SyncrulesError as error:
        return (str(error),)
    schemas = [files.schema_file(project.folder, name) for name in project.systems]
    return tuple(_stats([project.path, *rules, *schemas]))


def again(project: Project) -> Project:
    """The same project, its files read anew."""
    from .project import Project

    return Project.load(project.path)


def whole(project: Project) -> Project:
    """A project that has its rules and schemas with it, and sees no edit from now on."""
    return project.as_it_was(project.sources(), project.schemas())


def keep(project: Project) -> None:
    """Keeps the rules of a project that passed, where its folder can be written."""
    data = {
        "form": FORM,
        "rules": {name: text.decode() for name, text in project.sources().items()},
        "schemas": {name: to_json(one) for name, one in project.schemas().items()},
    }
    path = project.folder / COPY
    draft = path.with_suffix(".json.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)
    except OSError:
        return


def last(project: Project) -> Project | None:
    """The project with the rules that were last in use; None where none were kept, or they don't
    fit the systems that it has by now."""
    try:
        data = json.loads((project.folder / COPY).read_bytes())
        if data["form"] != FORM:
            return None
        sources = {name: text.encode() for name, text in data["rules"].items()}
        schemas = {name: from_json(one) for name, one in data["schemas"].items()}
        found = project.as_it_was(sources, schemas)
        found.plans()
    except (OSError, *NO_SCHEMA, SyncrulesError):
        return None
    return found


def _stats(paths: list[Path]) -> Iterator[object]:
    for path in paths:
        try:
            found = path.stat()
            yield path, found.st_mtime_ns, found.st_size, found.st_ino
        except OSError as error:
            yield path, error.errno
