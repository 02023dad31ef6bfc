"""Rules that wait because a system has changed under them: what they would write is not written.

Before the first write of a run the systems are described again (`Setup.drift`). A record that a
touched rule has to do with keeps its mark and waits as a whole; all others go on. One entry of the
error log tells of each rule, until nothing touches it any more. Where half of a system's fields are
gone nothing is written at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...dsl.uses import Touched, Use
from ...errors import Braked
from ..store import statements as sql
from ..store import troubles
from . import problems
from .brakes import planned
from .codes import CHANGED, MISSING
from .journal import Entry, entry
from .session import Session

FEW = 5
HALF = 0.5
"""Of the fields that rules name in a system, more than `FEW` and `HALF` may not be gone at once."""
TOLD = 5
"""Fields that are named where many are gone."""


def hold_back(session: Session) -> None:
    """Takes back what is planned by rules that can't go on. Raises `SystemUnavailable`."""
    if not (planned(session) or session.blind or _waiting(session)):
        return
    session.progress("comparing both systems with the stored schemas")
    touched = session.drift(sorted(session.looked))
    _not_shrunk(session, touched)
    _tell(session, touched)
    if not touched:
        return
    waiting = {
        _pair(one)
        for one in _planned(session)
        if any(_has_to_do(one, each.use) for each in touched)
    }
    waits = [one for one in _planned(session) if _pair(one) in waiting]
    with session.db.transaction("paused"):
        session.db.many(
            sql.set_state,
            [
                {
                    "org": session.org,
                    "run": session.run,
                    "one": one.number,
                    "new_state": "due" if one.undoes else "paused",
                    "new_code": CHANGED,
                }
                for one in waits
            ],
        )


def _not_shrunk(session: Session, touched: Sequence[Touched]) -> None:
    """Raises `Braked` where half of what rules name in a system is gone at once: that is a login
    with other rights, or another org, and no admin who takes a field away."""
    gone: dict[str, set[tuple[str, str]]] = {}
    for one in touched:
        if one.gone:
            gone.setdefault(one.system, set()).update(_fields(session, one))
    for system, fields in gone.items():
        named = sum(len(_named(session, spot)) for spot in session.reads if spot[0] == system)
        if len(fields) > FEW and len(fields) > HALF * named:
            told = sorted(f"{object}.{name}" for object, name in fields)
            more = f" and {len(told) - TOLD:,} more" if len(told) > TOLD else ""
            raise Braked(
                f"{len(fields):,} of {named:,} fields that rules name in {system} are gone",
                why=f"half of them (and more than {FEW}) at once is rarely meant; nothing was "
                f"written: {', '.join(told[:TOLD])}{more}",
                fix=f"look whether it is the right org, and give the login its rights back; where "
                f"they are gone for good, `syncrules schema pull {system}` and change the rules",
            )


def _fields(session: Session, one: Touched) -> set[tuple[str, str]]:
    """The fields that are gone with a field or a whole object."""
    use = one.use
    fields = (use.field,) if use.field else _named(session, (one.system, use.object))
    return {(use.object, name) for name in fields}


def _named(session: Session, spot: tuple[str, str]) -> Sequence[str]:
    """The fields of an object that rules name: all that is read, but for who changed it."""
    read, editor = session.reads.get(spot), session.editors.get(spot)
    aside = editor.field if editor and editor.quiet else ""
    return [one for one in read.fields if one != aside] if read else ()


def _planned(session: Session) -> Iterator[Entry]:
    for row in session.db.stream(sql.changes_of_run, org=session.org, run=session.run):
        one = entry(row)
        if one.state == "planned":
            yield one


def _pair(one: Entry) -> tuple[str, str, str]:
    return one.flow, one.left, one.right


def _has_to_do(change: Entry, use: Use) -> bool:
    """Whether a change follows from a part of the rules."""
    if change.flow != f"{use.left}~{use.right}":
        return False
    if use.part == "row":
        return any(side == change.side and field in change.after for side, field in use.writes)
    return use.part == "pair" or change.rule == use.rule


def _tell(session: Session, touched: Sequence[Touched]) -> None:
    """One entry a rule; those of rules that nothing touches any more are closed."""
    by_rule: dict[tuple[str, str, str, bool], list[Touched]] = {}
    for one in touched:
        rule = (one.use.left, one.use.right, one.use.rule, one.right)
        by_rule.setdefault(rule, []).append(one)
    waiting = _waiting(session)
    if not by_rule and not waiting:
        return
    with session.db.transaction("told"):
        told = {_entered(session, some) for some in by_rule.values()}
        for cause in waiting - told:
            _read_anew(session, cause)
            problems.no_longer(session, cause)


def _waiting(session: Session) -> set[str]:
    """The causes of the open entries about rules that wait."""
    if not session.open_errors:
        return set()
    codes = (CHANGED, MISSING)
    rows = [session.db.rows(troubles.of_code, org=session.org, code=one) for one in codes]
    return {cause for some in rows for (cause,) in some}


def _read_anew(session: Session, cause: str) -> None:
    """What is as it was again is read from the beginning: a field that could not be read meanwhile
    is in no record that was."""
    system, object = session.db.rows(troubles.about, org=session.org, cause=cause)[0]
    where = {"org": session.org, "system": system, "object": object, "purpose": "changes"}
    known = session.db.row(sql.cursor, **where)
    if known is not None:
        _, layout, looks = known[:3]
        session.db.run(
            sql.put_cursor, **where, cursor=None, layout=layout, number=looks, at=session.now
        )


def _entered(session: Session, some: Sequence[Touched]) -> str:
    """Enters why a rule waits; the cause of the entry."""
    use, system = some[0].use, some[0].system
    return problems.changed(
        session,
        system,
        use.object,
        f"{use.left}~{use.right}",
        use.rule,
        use.place,
        "; ".join(dict.fromkeys(one.difference for one in some)),
        right=some[0].right,
    )
