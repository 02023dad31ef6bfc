"""Whose login a write goes under, and what becomes of one whose login has ended.

It is the login of the person who made the change, or else of the owner, where that person has one;
else the sync login, and the journal tells so. Who has a login is `engine/logins.py`; what a system
lets it do shows when it is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from ...connectors.base.linking import LOGIN_LOST
from ...dsl.rules import Side
from ..plan.model import Author, Editor, Flow
from ..store import signed as sql
from ..store import troubles
from . import problems
from .around import Pair
from .journal import Entry
from .session import Session
from .state import other


class Signing:
    """Decides under whose login the writes of a run go; remembers the addresses of users."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._authors = {(one.system, one.object): one for one in session.plan.authors}
        self._addresses: dict[tuple[str, str], str] = {}

    def of(self, flow: Flow, side: Side, pair: Pair) -> tuple[str, str]:
        """The address of the person whose change is written to `side`, "" for nobody that is known,
        and the name of the login it goes under, "" for the sync login."""
        source, end = pair.left if side == "right" else pair.right, flow.end(other(side))
        author = self._authors.get((end.system, end.object))
        signers = self._session.signers.get(flow.end(side).system)
        if source is None or author is None or signers is None:
            return "", ""
        users = (source.values.get(name) for name in author.fields)
        user = next((str(one) for one in users if one), "")
        address = self._address(author, user) if user else ""
        login = signers.own.get(address, "")
        if signers.lost == "fall back" and (flow.end(side).system, login) in self._session.lost:
            login = ""
        return address, login

    def changed(self, flow: Flow, side: Side, pair: Pair) -> tuple[str, str]:
        """Who changed the record of `side` last, and when; "" for what its system doesn't tell."""
        record, end = pair.left if side == "left" else pair.right, flow.end(side)
        if record is None:
            return "", ""
        editor = self._session.editors.get((end.system, end.object))
        user = str(record.values.get(editor.field) or "") if editor else ""
        return (self._address(editor, user) or user if editor and user else ""), record.stamp

    def _address(self, author: Author | Editor, user: str) -> str:
        key = (author.system, user)
        if key not in self._addresses:
            found = self._session.stored(author.system, author.users, [user]).get(user)
            address = found.values.get(author.address) if found else None
            self._addresses[key] = str(address or "").casefold()
        return self._addresses[key]


def ready(session: Session, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Planned writes as they can go out now, and those that have to wait for their login."""
    go, wait = [], []
    for one in entries:
        if (one.system, one.login) not in session.lost:
            go.append(one)
        elif session.signers[one.system].lost == "fall back":
            go.append(under_sync_login(session, one))
        else:
            wait.append(one)
    return go, wait


def under_sync_login(session: Session, one: Entry) -> Entry:
    """The write under the sync login; the journal tells so."""
    session.db.run(sql.put_login, org=session.org, run=one.run, one=one.number, new_login="")
    return replace(one, login="")


def lost(session: Session, system: str, login: str, why: str) -> None:
    """Notes that a login has ended, and asks its person in the error log to sign in again."""
    session.lost.setdefault((system, login), why)
    signers = session.signers[system]
    person = next((one for one, name in signers.own.items() if name == login), login)
    waits = "waits until then" if signers.lost == "wait" else "is written under the sync login"
    problems.enter(
        session,
        cause=_cause(system, login),
        operation="sign in",
        system=system,
        object="",
        record=login,
        key=None,
        flow=problems.LOGINS,
        rule="",
        file="",
        line=0,
        code=LOGIN_LOST,
        message=f"the login {login} has ended ({why}); what {person} changes {waits}",
        advice=f"{person} has to sign in again: `syncrules connect {system} --as {person}`.",
    )


def found_again(session: Session) -> None:
    """Closes the entries about logins that are good again, or not linked any more."""
    if not session.open_errors:
        return
    still = {_cause(system, login) for system, login in session.lost}
    rows = session.db.rows(troubles.of_code, org=session.org, code=LOGIN_LOST)
    for cause in sorted({one for (one,) in rows} - still):
        problems.no_longer(session, cause)


def name_of(session: Session, one: Entry) -> str:
    """The login that a write went under, for messages."""
    signers = session.signers.get(one.system)
    return one.login or (signers.sync if signers else "") or "the sync login"


def _cause(system: str, login: str) -> str:
    return hashlib.sha256(f"login\0{system}\0{login}".encode()).hexdigest()[:24]
