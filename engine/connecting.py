"""`connect`, `disconnect` and `logins`: people sign in, leave, and are told who is signed in.

Knows the order of things; the book is `logins.py`, what a sign-in is belongs to the connector.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..connectors.base.contract import Kind
from ..connectors.base.linking import Linking, Person
from ..connectors.base.world import World, moment
from ..errors import SyncrulesError, UsageError
from .files import FILE
from .logins import Book, Login, sync_login
from .project import Project
from .systems import kind_of, nearest, ready
from .vault import to_keyring


@dataclass(frozen=True, slots=True)
class Standing:
    """A login and what it is to the project: the sync login, one's own, or ended."""

    login: Login
    sync: bool

    @property
    def state(self) -> str:
        """In a few words."""
        words = ["sync login"] if self.sync else []
        words += [f"ended: {self.login.lost}"] if self.login.lost else []
        return ", ".join(words) or ("own login" if self.login.person else "linked")


def connect(project: Project, world: World, system: str, who: str, person: Person) -> Login:
    """Links the login that `person` signs in with; `who` is whose own it is, "" for the team's."""
    found, linking = _linking(project, system)
    one = project.system(system)
    written = one.settings.get(linking.instead, "")
    in_keyring = written.removeprefix("keyring:") if written.startswith("keyring:") else ""
    if who and not linking.personal:
        raise UsageError(
            f"{system} has one login for all",
            why="it doesn't tell people apart",
            fix=f"`syncrules connect {system}`, without `--as`",
        )
    if written and not linking.personal and not in_keyring:
        raise UsageError(
            f"`{linking.instead}` of [systems.{system}] says how to sign in already",
            why=f"it points to {written}",
            fix=f"set that, or take the line out of {FILE} and connect again",
        )
    if in_keyring and not linking.personal:
        one = _without(project, system, linking.instead)
    given, world = ready(one, found, project.folder, os.environ, world)
    grant = linking.sign_in(given, world, person)
    at = moment(world.clock.now())
    if in_keyring and not linking.personal:
        to_keyring(in_keyring, grant.kept)
        return Login(system, grant.name, grant.user, grant.org, grant.email, "", at, written)
    book = Book(project.folder, os.environ)
    if not linking.personal:
        for other in book.of(system):
            book.remove(other)
    return book.add(system, grant, who, at)


def disconnect(project: Project, world: World, system: str, who: str) -> tuple[Login, str]:
    """Ends a login at its system and forgets it. The text says why the system doesn't know of
    it, "" where it does."""
    found, linking = _linking(project, system)
    book = Book(project.folder, os.environ)
    login = _named(book.of(system), system, who)
    why = ""
    try:
        given, world = ready(project.system(system), found, project.folder, os.environ, world)
        linking.revoke(given, world, book.vault.open(login.kept))
    except SyncrulesError as error:
        why = str(error)
    book.remove(login)
    return login, why


def standings(project: Project) -> list[Standing]:
    """All logins of the project, in the order of its systems."""
    book = Book(project.folder, os.environ)
    found = []
    for name, system in project.systems.items():
        logins = book.of(name)
        linking = kind_of(system).linking
        try:
            sync = sync_login(system, logins, linking.instead) if linking else ""
        except UsageError:
            sync = ""
        found += [Standing(one, one.name == sync) for one in logins]
    return found


def by_settings(project: Project) -> dict[str, str]:
    """The systems that need no login for the team, and the setting by which they sign in."""
    found = {}
    for name, system in project.systems.items():
        linking = kind_of(system).linking
        chosen = system.settings.get("sync_login")
        if linking and system.settings.get(linking.instead) and not chosen:
            found[name] = linking.instead
    return found


def standings_json(found: list[Standing], settings: Mapping[str, str]) -> dict[str, Any]:
    """The same for scripts; no secret is in it."""
    return {
        "by_settings": dict(settings),
        "logins": [
            {
                "system": one.login.system,
                "login": one.login.name,
                "person": one.login.person or None,
                "sync_login": one.sync,
                "since": one.login.since,
                "ended": one.login.lost or None,
            }
            for one in found
        ],
    }


def standings_text(found: list[Standing], settings: Mapping[str, str]) -> str:
    """The same for people."""
    if not found and not settings:
        return "nobody has signed in; `syncrules connect SYSTEM` does"
    rows = [("SYSTEM", "LOGIN", "OF", "SINCE", "")]
    for system, name in settings.items():
        rows.append((system, "-", "-", "-", f"sync login, by `{name}` of {FILE}"))
    for one in found:
        login = one.login
        rows.append((login.system, login.name, login.person or "-", login.since[:10], one.state))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in rows
    )


def use(project: Project, system: str, who: str) -> Login:
    """Makes a linked login the sync login: a line of the project file, whose other lines stay."""
    _, linking = _linking(project, system)
    if not linking.personal:
        raise UsageError(f"{system} has one login for all", fix="there is nothing to choose")
    login = _named(Book(project.folder, os.environ).of(system), system, who)
    text = project.path.read_bytes().decode("utf-8")
    new = with_key(text, f"systems.{system}", "sync_login", login.name)
    try:
        project.path.write_bytes(new.encode())
    except OSError as error:
        raise UsageError(f"{project.path} can't be written", why=error.strerror or "") from None
    return login


def with_key(text: str, section: str, key: str, value: str) -> str:
    """A project file in which a key of a section has that value; all else stays, comments too.

    Raises `UsageError` where it is written in a way that can't be changed so.
    """
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    lines = text.splitlines(keepends=True)
    here, last, done = "", -1, False
    for at, line in enumerate(lines):
        header = re.fullmatch(r"\s*\[([^\[\]]+)\]\s*(#.*)?\s*", line)
        if header:
            here = re.sub(r"[\s\"']", "", header[1])
        if here != section:
            continue
        found = re.match(rf'(\s*"?{key}"?\s*=\s*)("(?:[^"\\]|\\.)*"|\'[^\']*\')', line)
        if found:
            lines[at] = found[1] + quoted + line[found.end() :]
            done = True
        if header or re.match(r'\s*["\w]', line):
            last = at
    if not done and last >= 0:
        end = "\r\n" if lines[last].endswith("\r\n") else "\n"
        lines[last] = lines[last].rstrip("\r\n") + end
        lines.insert(last + 1, f"{key} = {quoted}{end}")
    new = "".join(lines)
    wanted = tomllib.loads(text)
    table = wanted
    for word in section.split("."):
        table = table.setdefault(word, {})
    table[key] = value
    try:
        same = tomllib.loads(new) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise UsageError(
            f"{FILE} is written in a way that can't be changed here",
            fix=f"write `{key} = {quoted}` into [{section}] by hand",
        )
    return new


def _linking(project: Project, system: str) -> tuple[Kind, Linking]:
    found = kind_of(project.system(system))
    if found.linking is None:
        raise UsageError(
            f"nobody signs in to {system}",
            why=f"the connector {found.name} takes what stands in {FILE}",
            fix="`syncrules schema pull` shows whether that is right",
        )
    return found, found.linking


def _named(logins: tuple[Login, ...], system: str, who: str) -> Login:
    """The login that is meant: by its name or its person, the team's, or the only one."""
    if who:
        found = [one for one in logins if one.called(who)]
    else:
        found = [one for one in logins if not one.person] or list(logins)
    if len(found) == 1:
        return found[0]
    names = [one.name for one in logins]
    if not names:
        raise UsageError(
            f"nobody has signed in to {system}", fix="`syncrules logins` lists who has"
        )
    raise UsageError(
        f"{system} has no login of {who}" if who else f"several logins are linked to {system}",
        why=f"linked are: {', '.join(names)}",
        fix=nearest(who, names, "name one of them") if who else "name one of them",
    )


def _without(project: Project, system: str, name: str) -> Any:
    from dataclasses import replace

    one = project.system(system)
    kept = {key: text for key, text in one.settings.items() if key != name}
    return replace(one, settings=kept)
