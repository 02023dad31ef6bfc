"""The book of linked logins: whose they are, which is the sync login, what has ended.

Kept in `.syncrules/logins.json` beside the state, for this user alone; the secrets themselves are
in the vault (`vault.py`). It is changed under a lock that holds between processes, so that a token
is renewed once however many ask. How people sign in is the connector's, and `connecting.py`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Literal

from ..connectors.base.frozen import dataclass
from ..connectors.base.linking import Grant
from ..connectors.base.login import Secret
from ..errors import LoginLost, UsageError
from .files import FILE, logins_file
from .systems import System

FORM = 1
"""Counts up when the file looks different."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that somebody has linked.

    `name` is what its user signs in with, `user` and `org` are ids of the system. `person` is the
    address of the one whose own it is, "" for one that was linked for the team. `since` is when, as
    ISO 8601 in UTC; `kept` tells the vault where its secret is; `lost` says why it has ended, ""
    while it is good.
    """

    system: str
    name: str
    user: str
    org: str
    email: str
    person: str
    since: str
    kept: str = field(repr=False)
    lost: str = ""

    def called(self, who: str) -> bool:
        """Whether `who` names it: by its name, its address or its person."""
        return bool(who) and who.casefold() in {
            one.casefold() for one in (self.name, self.email, self.person) if one
        }

    def belongs_to(self, who: str) -> bool:
        """Whether it is the own login of the person with that address."""
        own = (self.person,) if self.person else (self.email, self.name)
        return bool(who) and who.casefold() in {one.casefold() for one in own if one}


class Book:
    """All logins of a project, read anew each time: other processes change it, too."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        from .vault import Vault

        self.path = logins_file(folder)
        self.vault = Vault(environ)

    def all(self) -> tuple[Login, ...]:
        """The logins in the order in which they were linked."""
        try:
            data = json.loads(self.path.read_bytes())
            if data["form"] > FORM:
                raise UsageError(
                    f"{self.path} was written by a newer syncrules",
                    fix="pip install --upgrade syncrules",
                )
            found = tuple(Login(**one) for one in data["logins"])
            for one in found:
                "".join(asdict(one).values()).encode()  # all of it is text, and can be written
            return found
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no logins"
            raise UsageError(
                f"{self.path} can't be read",
                why=why or "",
                fix="remove it and connect again",
            ) from None

    def of(self, system: str) -> tuple[Login, ...]:
        """The logins of one system."""
        return tuple(one for one in self.all() if one.system == system)

    def add(self, system: str, grant: Grant, person: str, at: str) -> Login:
        """Links a login, in the place of an earlier one of the same user. `UsageError` where it is
        somebody else's, of another org, or this person has another."""
        with self._locked():
            others = [one for one in self.of(system) if one.user != grant.user]
            earlier = next((one for one in self.of(system) if one.user == grant.user), None)
            _may_be_linked(system, grant, person, earlier, others)
            kept = self.vault.keep(_name(self.path, system, grant.user), grant.kept)
            owner = person or (earlier.person if earlier else "")
            login = Login(system, grant.name, grant.user, grant.org, grant.email, owner, at, kept)
            self._put(login)
            return login

    def remove(self, login: Login) -> None:
        """Forgets a login and its secret."""
        with self._locked():
            self._write([one for one in self.all() if not _same(one, login)])
        self.vault.drop(login.kept)

    def renew(
        self, system: str, name: str, stale: Secret, renewal: Callable[[Secret], Secret]
    ) -> Secret:
        """See `linking.Logins.renew`."""
        with self._locked():
            login = self.found(system, name)
            now = self.vault.open(login.kept)
            if now != stale:
                return now
            try:
                new = renewal(now)
            except LoginLost as lost:
                why = lost.why or str(lost)
                self._put(replace(login, lost=why))
                raise ended(login, why) from None
            self._put(replace(login, kept=self.vault.keep(_name_of(self.path, login), new)))
            return new

    def found(self, system: str, name: str) -> Login:
        """The login of that name. `LoginLost` where it isn't linked any more, or has ended."""
        login = next((one for one in self.of(system) if one.name == name), None)
        if login is None:
            raise LoginLost(
                f"{name} is not linked to {system} any more",
                fix=f"sign in again: `syncrules connect {system}`",
            )
        if login.lost:
            raise ended(login, login.lost)
        return login

    def _put(self, login: Login) -> None:
        rest = self.all()
        if any(_same(one, login) for one in rest):
            self._write([login if _same(one, login) else one for one in rest])
        else:
            self._write([*rest, login])

    def _write(self, logins: Sequence[Login]) -> None:
        """Replaces the file as a whole; nobody but this user can read it."""
        data = {"form": FORM, "logins": [asdict(one) for one in logins]}
        draft = self.path.with_name(f"{self.path.name}.new")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as to:
                json.dump(data, to, indent=1, ensure_ascii=False)
            draft.replace(self.path)
        except OSError as error:
            raise UsageError(
                f"{self.path} can't be written", why=error.strerror or str(error)
            ) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else changes the book meanwhile, in this process or another."""
        lock = self.path.with_suffix(".lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"{lock} can't be written", why=error.strerror or "") from None
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)


class Linked:
    """The logins of one system as its connector gets them; see `linking.Logins`."""

    def __init__(self, book: Book, system: str, sync: str) -> None:
        self.sync = sync
        self._book = book
        self._system = system

    def user(self, name: str) -> str:
        found = (one.user for one in self._book.of(self._system) if one.name == name)
        return next(found, "")

    def kept(self, name: str) -> Secret:
        return self._book.vault.open(self._book.found(self._system, name).kept)

    def renew(self, name: str, stale: Secret, renewal: Callable[[Secret], Secret]) -> Secret:
        return self._book.renew(self._system, name, stale, renewal)


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose logins a run may write under in one system. `own` gives the name of a login by the
    address of its person; `lost`: what happens to the writes of one that has ended, `ended`: which
    have, and why; `sync` is the name of the sync login, "" where the settings sign in."""

    own: Mapping[str, str] = field(default_factory=dict)
    lost: Literal["fall back", "wait"] = "fall back"
    ended: Mapping[str, str] = field(default_factory=dict)
    sync: str = ""


def signers(system: System, logins: Sequence[Login], sync: str) -> Signers:
    """Who has a login of their own, other than the sync login."""
    own = {}
    for one in logins:
        if one.name != sync:
            for address in filter(None, (one.person,) if one.person else (one.email, one.name)):
                own[address.casefold()] = one.name
    wait = system.settings.get("lost_login") == "wait"
    lost = {one.name: one.lost for one in logins if one.lost and one.name != sync}
    return Signers(own, "wait" if wait else "fall back", lost, sync)


def sync_login(system: System, logins: Sequence[Login], instead: str) -> str:
    """The name of the sync login, "" where the settings sign in by themselves by `instead`.

    Raises `UsageError` where nobody has signed in, or none of several is chosen.
    """
    wanted = system.settings.get("sync_login", "")
    if wanted:
        return _chosen(system, logins, wanted).name
    if system.settings.get(instead):
        return ""
    several(system, logins, instead)
    if not logins:
        raise UsageError(
            f"nobody has signed in to {system.name}",
            fix=f"run `syncrules connect {system.name}`, or set `{instead}` of"
            f" [systems.{system.name}]",
        )
    return logins[0].name


def several(system: System, logins: Sequence[Login], instead: str) -> None:
    """Raises `UsageError` where several logins are linked and none is chosen."""
    settled = system.settings.get("sync_login") or system.settings.get(instead)
    if len(logins) > 1 and not settled:
        names = [one.name for one in logins]
        raise UsageError(
            f"no sync login is chosen for {system.name}",
            why=f"{len(names)} logins are linked: {', '.join(names[:-1])} and {names[-1]}",
            fix=f"choose one: `syncrules logins use {system.name} {names[0]}`",
        )


def ended(login: Login, why: str) -> LoginLost:
    """The error for a login that is no longer good."""
    own = f" --as {login.person}" if login.person else ""
    return LoginLost(
        f"the login {login.name} of {login.system} has ended",
        why=why,
        fix=f"sign in again: `syncrules connect {login.system}{own}`",
    )


def _chosen(system: System, logins: Sequence[Login], wanted: str) -> Login:
    found = next((one for one in logins if one.called(wanted)), None)
    if found is None:
        names = ", ".join(one.name for one in logins) or "none"
        raise UsageError(
            f"the sync login {wanted} of {system.name} is not linked here",
            why=f"{FILE} names it as `sync_login`, and linked are: {names}",
            fix=f"run `syncrules connect {system.name}` as {wanted}, or choose another with"
            f" `syncrules logins use {system.name} USER`",
        )
    return found


def _may_be_linked(
    system: str, grant: Grant, person: str, earlier: Login | None, others: Sequence[Login]
) -> None:
    """Raises `UsageError` for a login that is somebody else's, a second one, or of another org."""
    if earlier and person and earlier.person and earlier.person.casefold() != person.casefold():
        raise UsageError(
            f"{grant.name} is the login of {earlier.person} already",
            why=f"one user of {system} can't stand for two people: who wrote what would be lost",
            fix=f"sign in to {system} as yourself; the browser may still know {earlier.person}",
        )
    mine = next((one for one in others if person and one.belongs_to(person)), None)
    if mine:
        raise UsageError(
            f"{person} has linked {mine.name} already",
            why="a person has one login of their own",
            fix=f"`syncrules disconnect {system} {mine.name}` first, then connect again",
        )
    foreign = next((one for one in others if one.org != grant.org), None)
    if foreign:
        raise UsageError(
            f"{grant.name} belongs to another org of {system}",
            why=f"it is of {grant.org}, and {foreign.name} is of {foreign.org}",
            fix="sign in to the org that the others are of",
        )


def _same(one: Login, other: Login) -> bool:
    return (one.system, one.user) == (other.system, other.user)


def _name(path: Path, system: str, user: str) -> str:
    """What the vault calls a login: projects on one machine don't share theirs."""
    from hashlib import sha256

    return f"{sha256(os.fsencode(path)).hexdigest()[:12]} {system} {user}"


def _name_of(path: Path, login: Login) -> str:
    """The name that a login was kept under, also where its project lies elsewhere by now."""
    held = login.kept.removeprefix("keyring:")
    return held if held != login.kept else _name(path, login.system, login.user)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        """Waits until nobody else holds the file; closing it lets it go."""
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        """Waits until nobody else holds the file; closing it lets it go."""
        fcntl.flock(handle, fcntl.LOCK_EX)
