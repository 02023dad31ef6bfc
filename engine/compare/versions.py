"""Two versions of the rules to compare: files, a folder, or a Git revision of the project, checked.

Knows where a version comes from, and that a revision brings its own project file and schemas: its
rules are checked against what the systems had then. How Git is asked is in `git.py`, what differs
is found by `dsl/compare/`.
"""

from __future__ import annotations

import json
import os
import posixpath
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import dsl
from ...connectors.base.schema import NO_SCHEMA, Schema, from_json
from ...dsl import Checked
from ...errors import FindingsError, UsageError
from ..files import FILE
from ..project import Project, not_toml
from .git import Revision, revision


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules. `name` is as typed; `sources` are its files by the path that places
    name."""

    name: str
    sources: Mapping[str, bytes]
    schemas: Mapping[str, Schema]
    checked: Checked

    @property
    def rules(self) -> dsl.Rules:
        """The typed rules; `FindingsError` where a finding is an error."""
        if self.checked.rules is None:
            count = sum(one.severity == "error" for one in self.checked.findings)
            raise FindingsError(
                f"{self.name} can't be compared",
                why="1 finding is an error" if count == 1 else f"{count} findings are errors",
                fix="compare versions that pass `syncrules check`",
            )
        return self.checked.rules


def version(project: Project, name: str, here: Path) -> Version:
    """The version that a word names: a path from `here` if there is one, else a revision, or
    `REVISION:PATH` for a part of one. `UsageError` where it names nothing."""
    path = here / name
    if name and os.path.exists(path):
        return of_project(project.with_rules([path]), name)
    word, colon, part = name.partition(":")
    commit = revision(word, project.folder)
    if colon and not part:
        raise UsageError(f"{name} names no path", fix=f"write `{word}`, or `{word}:PATH`")
    return _of_revision(project, commit, here, part)


def of_project(project: Project, name: str) -> Version:
    """The rule files of a project as they are now."""
    sources, schemas = project.sources(), project.schemas()
    return Version(name, sources, schemas, dsl.check(sources, schemas))


def _of_revision(project: Project, commit: Revision, here: Path, part: str) -> Version:
    listed = commit.files(commit.path("."))
    written = _project_file(commit, listed, needed=not part)
    if part:
        wanted = [_part(project, commit, here, part)]
    else:
        rules = written.get("rules", ["rules"])
        wanted = [commit.path(one) for one in rules if isinstance(one, str)]
    chosen: dict[str, str] = {}
    for one in wanted:
        found = {
            path: id
            for path, id in commit.files(one).items()
            if path == one or path.endswith(".sync")
        }
        if not found:
            raise UsageError(
                f"revision {commit.name} has no rules at {one or 'its root'}",
                why="no such file is there, and no folder with files that end with .sync",
                fix=f"write where they were then: `{commit.name}:PATH`",
            )
        chosen |= found
    texts = commit.read(chosen)
    sources = {posixpath.relpath(path, commit.prefix or "."): texts[path] for path in sorted(texts)}
    schemas = _schemas(project, commit, listed, written)
    return Version(commit.name, sources, schemas, dsl.check(sources, schemas))


def _part(project: Project, commit: Revision, here: Path, part: str) -> str:
    """A path in a revision, as Git has it: from the root, or with `./` from where one is."""
    if part.startswith(("./", "../")):
        return commit.path(Path(os.path.relpath(here / part, project.folder)).as_posix())
    return posixpath.normpath(part)


def _project_file(
    commit: Revision, listed: Mapping[str, str], *, needed: bool
) -> Mapping[str, Any]:
    """The project file as it was then."""
    path = commit.path(FILE)
    if path not in listed:
        if not needed:
            return {}
        raise UsageError(
            f"revision {commit.name} has no {path}",
            why="the project was somewhere else then, or not there yet",
            fix=f"write where the rules were then: `{commit.name}:PATH`",
        )
    try:
        return tomllib.loads(commit.read({path: listed[path]})[path].decode("utf-8-sig"))
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except (ValueError, RecursionError) as error:
        why = not_toml(error)
    raise UsageError(f"{path} of revision {commit.name} is not TOML", why=why)


def _schemas(
    project: Project, commit: Revision, listed: Mapping[str, str], written: Mapping[str, Any]
) -> dict[str, Schema]:
    """The schema of each system as it was then; one that was never stored, as it is now."""
    systems = written.get("systems", {})
    names = dict.fromkeys([*(systems if isinstance(systems, dict) else ()), *project.systems])
    paths = {name: commit.path(f"schema/{name}.json") for name in names}
    texts = commit.read({one: listed[one] for one in paths.values() if one in listed})
    found: dict[str, Schema] = {}
    for name, path in paths.items():
        try:
            schema = from_json(json.loads(texts[path])) if path in texts else None
        except NO_SCHEMA:
            raise UsageError(f"{path} of revision {commit.name} holds no schema") from None
        schema = schema or project.stored_schema(name)
        if schema is not None:
            found[name] = schema
    return found or project.schemas()
