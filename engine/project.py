"""A project: `syncrules.toml`, the rule files and the stored schemas beside it.

Knows the project file and what its folder holds, and hands them on: to `dsl` for `check`, to
`plan/compile.py` for plans, to `systems.py` for signing in. Sends nothing and opens no database.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import NO_SCHEMA, Schema, from_json
from ..errors import FindingsError, SchemaMissing, UsageError
from . import files
from .files import FILE
from .systems import System, connect, is_reference, kind_of, nearest, resolve, written

if TYPE_CHECKING:
    from ..connectors.base.contract import Connector
    from ..connectors.base.world import World
    from ..dsl import Checked, Finding
    from ..dsl.apart import Memory
    from .logins import Signers
    from .plan.model import Plan

STATE = "sqlite:///.syncrules/state.db"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("rules", "team", "systems", "state"),
    "team": ("timezone", "free_mail", "domains", "quiet_period"),
    "state": ("url",),
}
_STATES = ("sqlite:///", "postgresql://")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")
_LENGTH = re.compile(r"(\d{1,6}) (minute|hour|day)s?")
_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Project:
    """A project as its file says it.

    `path` is the project file. `rules` are files and folders, from its folder. `zone` is the name
    of the time zone whose days dates are, `free_mail` domains that stand for no account besides
    those that everybody knows, `domains` the team's own. `state` is the database's URL as written,
    which may point to a secret. `quiet` seconds pass after a system was connected, before anything
    is written. `earlier` are rule files and schemas of another time, which it then has instead of
    its own.
    """

    path: Path
    rules: tuple[str, ...] = ("rules",)
    zone: str = "UTC"
    systems: Mapping[str, System] = field(default_factory=dict)
    state: str = field(default=STATE, repr=False)
    free_mail: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    quiet: float = 0.0
    earlier: tuple[Mapping[str, bytes], Mapping[str, Schema]] | None = field(
        default=None, repr=False
    )

    @classmethod
    def load(cls, path: Path) -> Project:
        """Reads a project file (or the one in a folder); `UsageError` says what is wrong in it."""
        if os.path.isdir(path):
            path = path / FILE
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError(f"{path} is no text", why="it is not UTF-8") from None
        except OSError as error:
            raise UsageError(
                f"{path} can't be read",
                why=error.strerror or str(error),
                fix="start a project with `syncrules init`, or name its file with `--project`",
            ) from None
        try:
            data = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path.name} is not TOML", why=not_toml(error)) from None
        return _read(path.absolute(), text, data)

    @classmethod
    def find(cls, start: Path) -> Project:
        """The project of the nearest `syncrules.toml`, in `start` or above it."""
        return cls.load(files.project_file(start))

    @property
    def folder(self) -> Path:
        """Where the project file lies."""
        return self.path.parent

    @property
    def schema_folder(self) -> Path:
        """Where `schema pull` writes what the systems have."""
        return self.folder / "schema"

    @property
    def in_repository(self) -> str:
        """The path of its folder in the repository that holds it: tools look for files from there.
        `.` where it is the repository's own, or in none."""
        return files.in_repository(self.folder)

    @property
    def state_url(self) -> str:
        """The database's URL, secrets read and a relative SQLite path made absolute."""
        url = resolve(self.state, "`url` of [state]", self.folder, os.environ)
        kind, _, path = url.partition(":///")
        if kind == "sqlite" and path:
            return f"sqlite:///{self.folder / path}"
        return url

    def with_rules(self, paths: Iterable[Path]) -> Project:
        """The same project with other rule files; unchanged where `paths` is empty."""
        given = tuple(str(path.absolute()) for path in paths)
        return replace(self, rules=given) if given else self

    def as_it_was(self, sources: Mapping[str, bytes], schemas: Mapping[str, Schema]) -> Project:
        """The same project with rule files and schemas as they were at another time."""
        return replace(self, earlier=(sources, schemas))

    def rule_files(self) -> list[Path]:
        """All `.sync` files, each once, in the order of their paths."""
        return files.rule_files(self.folder, self.rules)

    def sources(self) -> dict[str, bytes]:
        """The bytes of each rule file by its path from the project's folder."""
        if self.earlier is not None:
            return dict(self.earlier[0])
        return files.sources(self.folder, self.rules)

    def schemas(self) -> dict[str, Schema]:
        """The stored schema of each system; `SchemaMissing` where one was never pulled."""
        return dict(self._schemas)

    def stored_schema(self, system: str) -> Schema | None:
        """The stored schema of one system, None where it was never pulled."""
        path = files.schema_file(self.folder, system)
        try:
            found = from_json(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, *NO_SCHEMA) as error:
            raise UsageError(
                f"schema/{system}.json can't be read",
                why=_unreadable(error),
                fix=f"run `syncrules schema pull {system}`",
            ) from None
        if found.system != system:
            raise UsageError(
                f"schema/{system}.json is no schema of {system}",
                why="it was pulled from a system of another name",
                fix=f"run `syncrules schema pull {system}`",
            )
        return found

    def system(self, name: str) -> System:
        """The system of that name; `UsageError` names the nearest where there is none."""
        if name not in self.systems:
            raise UsageError(
                f"{FILE} has no system `{name}`",
                why=f"it has {', '.join(self.systems) or 'none'}",
                fix=nearest(name, self.systems, f"add a section [systems.{name}]"),
            )
        return self.systems[name]

    def connect(self, name: str, world: World) -> Connector:
        """Signs in to a system of the project."""
        return connect(self.system(name), self.folder, os.environ, world)

    @property
    def signers(self) -> Mapping[str, Signers]:
        """By system, whose logins a run may write under, as the book says now. Raises `UsageError`
        where none of several is chosen for the team."""
        from .logins import Book, signers, sync_login

        found, book = {}, Book(self.folder, os.environ)
        for name, one in self.systems.items():
            linking = kind_of(one).linking
            if linking is not None and (linked := book.of(name)):
                found[name] = signers(one, linked, sync_login(one, linked, linking.instead))
        return found

    def check(self) -> Checked:
        """All findings of all rule files against the stored schemas, and the typed rules."""
        return self._checked

    def findings(self, memory: Memory) -> tuple[Finding, ...]:
        """The findings of `check`; what `memory` knows is not proved again."""
        from ..dsl.apart import check

        self._settings_known()
        marks = [
            sha256(files.schema_file(self.folder, one).read_bytes()).hexdigest()
            for one in self.schemas()
        ]
        return check(self.sources(), self.schemas(), " ".join(marks), memory)

    def plans(self) -> tuple[Plan, ...]:
        """What the rules compile to, one plan for each two systems; `FindingsError` where a finding
        is an error."""
        return self._plans

    def must_be_sound(self) -> None:
        """Raises `FindingsError` while a finding is open that is more than a hint."""
        found = self.check().findings
        count = sum(one.severity != "info" for one in found)
        if count and all(one.severity != "error" for one in found):
            raise FindingsError(
                f"nothing was started: {count} open {'finding' if count == 1 else 'findings'}",
                why="a backfill writes to everything that was there before",
                fix='mend what is said, or accept it in the rules: `allow CODE because "REASON"`',
            )

    @cached_property
    def _schemas(self) -> Mapping[str, Schema]:
        if self.earlier is not None:
            return self.earlier[1]
        found = {name: self.stored_schema(name) for name in self.systems}
        missing = [name for name, schema in found.items() if schema is None]
        if missing:
            raise SchemaMissing(
                f"the schema of {missing[0]} was never pulled"
                if len(missing) == 1
                else f"the schemas of {' and '.join(missing)} were never pulled",
                why="rules are checked against the objects and fields that a system has",
                fix="run `syncrules schema pull`",
            )
        return {name: schema for name, schema in found.items() if schema is not None}

    @cached_property
    def _checked(self) -> Checked:
        from .. import dsl

        self._settings_known()
        return dsl.check(self.sources(), self.schemas())

    @cached_property
    def _plans(self) -> tuple[Plan, ...]:
        from .plan.compile import compile

        checked = self.check()
        if checked.rules is None:
            errors = sum(one.severity == "error" for one in checked.findings)
            raise FindingsError(
                "nothing was started" if errors == 0 else f"nothing was started: {_count(errors)}",
                fix="`syncrules check` shows each of them with its place",
            )
        schemas = self.schemas()
        sets = checked.rules.sets
        personal = [name for name, one in self.signers.items() if one.own]
        return tuple(
            compile(one, schemas, self.zone, self.free_mail, self.domains, personal) for one in sets
        )

    def _settings_known(self) -> None:
        """Raises `UsageError` for a connector or a setting of one that doesn't exist, and where
        none of several logins is chosen."""
        from .logins import Book, several

        for one in self.systems.values():
            found = kind_of(one)
            written(one, found)
            if found.linking is not None and found.linking.personal:
                several(one, Book(self.folder, os.environ).of(one.name), found.linking.instead)


def not_toml(error: Exception) -> str:
    """Why a project file can't be read, where reading it ended with this."""
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    return "it is nested too deep, or a number in it is too long"


def _unreadable(error: Exception) -> str:
    """Why a stored schema can't be read."""
    if isinstance(error, OSError):
        return error.strerror or "it can't be opened"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON from line {error.lineno} on"
    return "it is not JSON" if isinstance(error, UnicodeDecodeError) else "it holds no schema"


def _count(errors: int) -> str:
    return "1 finding is an error" if errors == 1 else f"{errors} findings are errors"


def _read(path: Path, text: str, data: Mapping[str, Any]) -> Project:
    _known(text, "", data)
    team = _table(text, data, "team")
    state = _table(text, data, "state")
    rules = data.get("rules", ["rules"])
    if not isinstance(rules, list) or not all(isinstance(one, str) and one for one in rules):
        raise _wrong(text, "", "rules", 'a list of files and folders: `rules = ["rules"]`')
    project = Project(path, tuple(rules), _zone(text, team), _systems(text, data))
    url = _text(text, "state", state, "url", STATE)
    if not is_reference(url):
        _state(text, url)
    return replace(
        project,
        state=url,
        free_mail=_domains(text, team, "free_mail", "campus.example"),
        domains=_domains(text, team, "domains", "ourcompany.example"),
        quiet=_length(text, team, "quiet_period"),
    )


def _systems(text: str, data: Mapping[str, Any]) -> dict[str, System]:
    systems = {}
    for name, table in _table(text, data, "systems").items():
        section = f"systems.{name}"
        if not isinstance(table, dict):
            raise _wrong(text, "systems", name, f"a section of its own: `[systems.{name}]`")
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{_place(text, section, '')}: `{name}` can't be the name of a system",
                why="rules name it, so it is one word of letters, digits and _",
            )
        written = {key: _text(text, section, table, key, "") for key in table}
        connector = written.pop("connector", "")
        if not connector:
            raise UsageError(
                f"{_place(text, section, '')}: [systems.{name}] doesn't say which connector it is",
                fix=f'add a line such as `connector = "{name}"`',
            )
        systems[name] = System(name, connector, written)
    return systems


def _zone(text: str, team: Mapping[str, Any]) -> str:
    name = _text(text, "team", team, "timezone", "UTC")
    if name == "UTC":
        return name
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{_place(text, 'team', 'timezone')}: there is no such time zone",
            fix=nearest(name, available_timezones(), 'write it like `timezone = "Europe/Berlin"`'),
        ) from None
    return name


def _domains(text: str, team: Mapping[str, Any], key: str, example: str) -> tuple[str, ...]:
    given = team.get(key, [])
    domains = given if isinstance(given, list) else [given]
    if not isinstance(given, list) or not all(
        isinstance(one, str) and _DOMAIN.fullmatch(one.strip()) for one in domains
    ):
        raise _wrong(text, "team", key, f'a list of domains: `{key} = ["{example}"]`')
    return tuple(one.strip().lower() for one in domains)


def _length(text: str, team: Mapping[str, Any], key: str) -> float:
    """A length of time in seconds; 0 where none is written."""
    written = _text(text, "team", team, key, "0 hours")
    match = _LENGTH.fullmatch(written)
    if match is None:
        raise _wrong(text, "team", key, f'a length of time: `{key} = "6 hours"`')
    return int(match[1]) * _SECONDS[match[2]]


def _state(text: str, url: str) -> None:
    if not url.startswith(_STATES):
        raise _wrong(text, "state", "url", f"like `{STATE}` or `postgresql://...`")
    try:
        hidden = bool(urlsplit(url).password)
    except ValueError:  # a host in brackets that is none; it may hold a password all the same
        hidden = "@" in url
    if hidden:
        raise UsageError(
            f"{_place(text, 'state', 'url')}: a password must not stand in the file",
            why=f"{FILE} is kept under version control",
            fix='write `url = "env:SYNCRULES_STATE_URL"` and set that variable to the whole URL',
        )


def _known(text: str, section: str, table: Mapping[str, Any]) -> None:
    for key in table:
        if key not in _KEYS[section]:
            where = f"[{section}]" if section else FILE
            raise UsageError(
                f"{_place(text, section, key)}: {where} has no key `{key}`",
                why=f"it has {', '.join(_KEYS[section])}",
                fix=nearest(key, _KEYS[section], "take it out"),
            )


def _table(text: str, data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    table = data.get(section, {})
    if not isinstance(table, dict):
        raise _wrong(text, "", section, f"a section: `[{section}]`")
    if section in _KEYS:
        _known(text, section, table)
    return table


def _text(text: str, section: str, table: Mapping[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise _wrong(text, section, key, f'a text in quotes: `{key} = "..."`')
    return value


def _wrong(text: str, section: str, key: str, wanted: str) -> UsageError:
    return UsageError(f"{_place(text, section, key)}: `{key}` must be {wanted}")


def _place(text: str, section: str, key: str) -> str:
    """`syncrules.toml, line 7`: the line of a key in its section, or of the section."""
    here = ""
    wanted = re.compile(rf'\s*"?{re.escape(key)}"?\s*=') if key else None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(r"\s*\[([^\[\]]+)\]\s*(#.*)?", line)
        if header:
            here = header[1].replace(" ", "").replace('"', "")
        found = here == ".".join(part for part in (section, key) if part) if header else False
        if found or (header and wanted is None and here == section):
            return f"{FILE}, line {number}"
        if wanted and here == section and wanted.match(line):
            return f"{FILE}, line {number}"
    return FILE
