"""The error log: one entry for each cause, with the records that met it; closed when the last of
them got through.

Of each record it says what was tried, by which rule, and what the system or we said to it. What is
one cause is `causes.py`. What a code means in plain words comes from the connector (`advice`) or,
for our own, from `codes.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...connectors.base.contract import Outcome
from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Place, Side
from ...errors import BudgetSpent, ReplyTooLarge, SignInRefused, SystemUnavailable
from ..plan.model import Flow
from ..store import statements as sql
from ..store import troubles, undone
from . import causes
from .around import Pair, key_text
from .binned import Gone, gone_of, keeps, of_ends
from .carry import conflict
from .carry import problem as unmoved
from .closures import NotRead, ReadyRow
from .codes import ADVICE, CHANGED, MISSING, NO_REPLY, OUT_OF_REACH
from .decision import Decision, Problem, unsent
from .journal import Entry
from .look import note_life
from .returned import returned
from .session import Session

RUN, LOGINS = "run", ""
"""What a trouble of no single flow is entered under."""
_DECIDED = ("match", "map")
"""Operations of what a decision could not do; all others are writes."""
WAITS = "wait"
"""Operation of what was not sent, since too much of its kind was refused for the same cause."""
UNDO = "undo"
"""Operation of what an undo could not write: no decision of a rule is an answer to that, only the
undo itself once it is tried again."""
ENDED = "ended"
"""What the history of a record says once it is gone for good, and an entry was over by that."""
_STOPS: Mapping[type[SystemUnavailable], str] = {
    BudgetSpent: "calls-spent",
    SignInRefused: "sign-in-refused",
    ReplyTooLarge: "reply-too-large",
}


def report(session: Session, flow: Flow, pair: Pair, decision: Decision) -> None:
    """Enters what a decision could not do, and closes what is no longer so."""
    record = (pair.left.id if pair.left else "") or (pair.right.id if pair.right else "")
    ids = [(flow.name, one.id) for one in (pair.left, pair.right) if one]
    gone = gone_of(flow, pair)
    found = [*decision.problems, *_standing(session, flow, pair, decision, record, gone)]
    if _still_several(flow, pair, decision):
        return
    problems = {causes.of_problem(flow, one): one for one in found}
    still = {*problems, *_told_of(session, ids, _planned(session, flow, decision))}
    if gone:
        still |= _in_bin(session, flow, ids, gone, still)
    kept = ("undos",) if decision.action == "nothing" else ("undos", "writes")
    _close(session, ids, kept=kept, still=still)
    for system in _gone(flow, pair):
        _close(session, ids, kept=("decisions",), system=system)
    if decision.action in ("update", "link"):
        _not_lost(session, flow, ids, decision)
    key = key_text(
        flow, pair.left.values if pair.left else None, pair.right.values if pair.right else None
    )
    for cause, problem in problems.items():
        end, matches = flow.end(problem.side), "match" in problem.code
        file, _, line = problem.place.rpartition(":")
        enter(
            session,
            cause=cause,
            operation="match" if matches else "map",
            system=end.system,
            object=end.object,
            record=record,
            key=key,
            flow=flow.name,
            rule=problem.rule,
            file=file,
            line=int(line) if line.isdigit() else 0,
            code=problem.code,
            field=problem.field,
            message=_message(problem),
            # Whoever shares a key is told of it, and of some that have it.
            of_all=problem.message if matches else "",
            advice=ADVICE.get(problem.code, ""),
        )


def _not_lost(
    session: Session, flow: Flow, ids: Sequence[tuple[str, str]], decision: Decision
) -> None:
    """What got no reply, and isn't to be written any more, waits for nothing."""
    idle = {
        flow.end(side).system
        for side in SIDES
        if not (decision.left if side == "left" else decision.right)
    }
    where = {"org": session.org, "code": NO_REPLY}
    for name, id in ids if idle and session.open_errors else ():
        for cause, system in session.db.rows(troubles.has_code, **where, flow=name, one=id):
            if system in idle:
                _got_through(session, name, id, cause)


def _in_bin(
    session: Session,
    flow: Flow,
    ids: Sequence[tuple[str, str]],
    gone: Sequence[Gone],
    still: Collection[str],
) -> set[str]:
    """The causes for which something was told of the fields of a pair of which one is gone: it is
    over where that one can't come back, which its history then says, and stands elsewhere."""
    if not session.open_errors:
        return set()
    ends = of_ends(flow)
    told = {
        cause
        for name, id in ids
        for cause, _, _, _, *place in session.db.rows(
            troubles.decisions, org=session.org, flow=name, one=id
        )
        if tuple(place) not in ends
    }
    ended = [one for one in gone if not keeps(session, one)]
    for one in ended if told - {*still} else ():
        note_life(session, one.system, one.object, one.id, ENDED)
    return set() if ended else told


def _gone(flow: Flow, pair: Pair) -> Iterator[str]:
    """The systems in which a record of a pair is not there any more: nobody can correct it."""
    if pair.left is not None and pair.left.life not in ("here", "out of sight"):
        yield flow.left.system
    if pair.right is not None and pair.right.life not in ("here", "out of sight"):
        yield flow.right.system


def _still_several(flow: Flow, pair: Pair, decision: Decision) -> bool:
    """Whether a record has no partner for the same reason as before, and no rule asks for one now:
    an entry that says so stays."""
    quiet = decision.action == "nothing" and not decision.problems
    return (
        quiet and pair.link is None and bool(flow.moves) and pair.match.kind in ("several", "held")
    )


def _standing(
    session: Session,
    flow: Flow,
    pair: Pair,
    decision: Decision,
    record: str,
    gone: Sequence[Gone],
) -> list[Problem]:
    """What was told of a linked pair's fields and is still so, conflicts and values that can't go:
    deciding the pair once more mends none, only a change of one of the two values does. Of one that
    is out of the bin, the marks are none."""
    if not session.open_errors or pair.link is None or pair.left is None or pair.right is None:
        return []
    if gone:
        return []
    rows = session.db.rows(troubles.decisions, org=session.org, flow=flow.name, one=record)
    if not rows:
        return []
    told = {_as_told(code, field, message): message for _, code, field, message, *_ in rows}
    written = {one.key for one in (*decision.left, *decision.right)}
    listed = {(one.code, one.field) for one in decision.problems}
    found = []
    ready = session.flows[flow.name]
    back = returned(ready, (pair.left, pair.right), pair.link.base)
    one, two = back.without if back else (pair.left, pair.right)
    for row in ready.rows:
        if row.key in written:
            continue
        left, right = row.left(one.values), row.right(two.values)
        if isinstance(left, NotRead) or isinstance(right, NotRead):
            continue
        for wrong in _troubles(row, left, right):
            known = told.get(_as_told(wrong.code, wrong.field, _message(wrong)))
            if known is None or (wrong.code, wrong.field) in listed:
                continue
            # Why nobody won is so whatever the row has come to say since of later changes.
            said = known if wrong.code == "conflict" else _message(wrong)
            found.append(replace(wrong, message=said.removeprefix(f"{wrong.field}: ")))
    return found


def _as_told(code: str, field: str, message: str) -> str:
    """What must stand in the log for this to be told already: of a conflict the very values, of a
    value that can't go its field, whatever the value. One that is back as it was agreed on is no
    change, and can't go any more than then."""
    return message.rpartition(", and ")[0] if code == "conflict" else field


def _planned(session: Session, flow: Flow, decision: Decision) -> set[str]:
    """The fields of rows that a decision brings in line: until that has arrived, what was told of
    them stays, since it may be lost and taken back."""
    keys = {one.key for one in (*decision.left, *decision.right)}
    return _fields(one for one in session.flows[flow.name].rows if one.key in keys)


def _fields(rows: Iterable[ReadyRow]) -> set[str]:
    return {name for one in rows for name in (one.row.left, one.row.right)}


def _told_of(
    session: Session, ids: Sequence[tuple[str, str]], fields: Collection[str]
) -> Iterator[str]:
    """The causes for which records (flow, id) were told that one of these fields can't go."""
    for flow, id in ids if fields and session.open_errors else ():
        for cause, _, field, *_ in session.db.rows(
            troubles.decisions, org=session.org, flow=flow, one=id
        ):
            if field in fields:
                yield cause


def _troubles(row: ReadyRow, left: Value, right: Value) -> Iterator[Problem]:
    """What may be wrong with two values of a row, whatever they were before."""
    yield conflict(row, left, right)
    if row.row.through:
        return
    sides: tuple[Side, Side] = ("right", "left")
    for to, value, goes in zip(sides, (left, right), (row.pushes, row.pulls), strict=True):
        moved = (row.to_right if to == "right" else row.to_left)(value) if goes else None
        if moved is not None and moved.code:
            yield unmoved(row, to, moved)


def _message(problem: Problem) -> str:
    return f"{problem.field}: {problem.message}" if problem.field else problem.message


def refused(session: Session, change: Entry, outcome: Outcome, advice: str, login: str = "") -> str:
    """Enters a write that a system refused to `login`; the cause of the entry."""
    file, line = _written_at(session, change)
    message = _said(change, outcome, login)
    cause = causes.of_write(change, outcome, message)
    _tried_again(session, change, cause)
    enter(
        session,
        cause=cause,
        operation=UNDO if change.undoes else change.action,
        system=change.system,
        object=change.object,
        record=known_by(change),
        key=change.key,
        flow=change.flow,
        rule=change.rule,
        file=file,
        line=line,
        code=outcome.code or outcome.kind,
        field=outcome.fields[0] if len(outcome.fields) == 1 else "",
        message=message,
        of_all=causes.of_all(message, causes.own_of(change), change.after),
        advice=advice or ADVICE.get(outcome.code, ""),
    )
    return cause


def no_reply(session: Session, change: Entry) -> None:
    """Enters a write that got no reply and was looked for in vain: over once this run has sent it
    again and it arrives. Where its system could not be reached at all, that is told already."""
    where = {"org": session.org, "flow": RUN, "one": ""}
    stops = session.db.rows(troubles.of_record, **where) if session.open_errors else ()
    if any(system == change.system for _, _, system in stops):
        return
    refused(session, change, _in_vain(change), "")


def cause_of_no_reply(change: Entry) -> str:
    """The cause under which it is entered that a write got no reply."""
    outcome = _in_vain(change)
    return causes.of_write(change, outcome, outcome.message)


def _in_vain(change: Entry) -> Outcome:
    message = f"{change.system} gave no reply, and has not carried it out"
    return Outcome(change.number, "absent", change.record, code=NO_REPLY, message=message)


def not_sent(session: Session, changes: Sequence[Entry], cause: str) -> None:
    """Adds what was not sent to the entry of what it would have been refused for, uncounted."""
    there = set(session.db.rows(troubles.of_cause, org=session.org, cause=cause))
    new = [one for one in changes if (one.flow, known_by(one)) not in there]
    rows = []
    for change in new:
        file, line = _written_at(session, change)
        rows.append(
            {
                "org": session.org,
                "flow": change.flow,
                "record": known_by(change),
                "cause": cause,
                "operation": WAITS,
                "key": change.key,
                "rule": change.rule,
                "file": file,
                "line": line,
                "message": "not sent, since others were in vain; the next run tries it",
                "first": session.now,
                "last": session.now,
            }
        )
    session.db.many(troubles.put_trouble, rows)


def known_by(change: Entry) -> str:
    """What a record is entered under. Who is in neither system has no id, but a key."""
    return change.left or change.right or change.record or change.key


def _tried_again(session: Session, change: Entry, cause: str) -> None:
    """What a record was refused for before this, in the same system, is over."""
    kind = "undos" if change.undoes else "writes"
    for id in (change.left, change.right):
        where = {"org": session.org, "flow": change.flow, "one": id}
        found = session.db.rows(troubles.of_record, **where) if id else ()
        for other, operation, system in found:
            if system == change.system and other != cause and _kind(operation) == kind:
                _got_through(session, change.flow, id, other)


def _said(change: Entry, outcome: Outcome, login: str) -> str:
    """What the system says; where rights are missing, whose and on what."""
    said = outcome.message or outcome.kind
    if not outcome.rights:
        return said
    fields = f" {', '.join(outcome.fields)} of" if outcome.fields else ""
    return f"{login} may not {change.action}{fields} this {change.object}: {said}"


def changed(
    session: Session,
    system: str,
    object: str,
    flow: str,
    rule: str,
    place: Place,
    difference: str,
    *,
    right: bool,
) -> str:
    """Enters that a rule waits, since what it rests on is different now, or the login has lost a
    `right`; the cause of the entry."""
    code = MISSING if right else CHANGED
    cause = causes.one_of(flow, rule, code)
    enter(
        session,
        cause=cause,
        operation="write",
        system=system,
        object=object,
        record="",
        key=None,
        flow=flow,
        rule=rule,
        file=place.file,
        line=place.line,
        code=code,
        message=f"`{rule}` waits, since {difference}"
        if right
        else f"`{rule}` waits, since {system} has changed: {difference}",
        advice=ADVICE[code],
    )
    return cause


def written(session: Session, entries: Sequence[Entry]) -> None:
    """Closes the refusals of pairs, of a system in which what was decided last has now been
    written, or of both; and what was told of the values that this brought in line. What else their
    decision could not do stays until they are decided again."""
    if not session.open_errors:
        return
    last: dict[tuple[str, int, str, str, str], tuple[int, str]] = {}
    for flow, run in {(entry.flow, entry.run) for entry in entries}:
        ids = {id for one in entries if one.flow == flow for id in (one.left, one.right) if id}
        rows = session.db.rows(sql.became, org=session.org, run=run, flow=flow, ids=sorted(ids))
        for left, right, side, number, state in rows:
            key = (flow, run, left, right, side)
            last[key] = max(last.get(key, (0, "")), (number, state))
    unfinished = {key for key, (_, state) in last.items() if state != "done"}
    for one in entries:
        pair = (one.flow, one.run, one.left, one.right)
        ends = {"org": session.org, "flow": one.flow, "left": one.left, "right": one.right}
        # Something else of the two was refused than what is put back: that waits as before.
        waits = one.undoes and session.db.row(undone.still_refused, **ends)
        if waits or (*pair, one.side) in unfinished:
            continue
        ids_of = [
            (one.flow, id) for id in (one.left, one.right, one.key if one.alone else "") if id
        ]
        whole = not any((*pair, side) in unfinished for side in SIDES)
        kept = ("decisions",) if one.undoes else ("decisions", "undos")
        _close(session, ids_of, kept=kept, system="" if whole else one.system)
        names = _written(session, one)
        for id in (one.left, one.right):
            for cause in _told_of(session, [(one.flow, id)], names):
                _got_through(session, one.flow, id, cause)


def _written(session: Session, entry: Entry) -> set[str]:
    """The fields, of both sides, of the rows that an entry has written. A mark is no answer to what
    was told of the field that it is written to, nor is a default to what could not go."""
    rows = [
        one for one in session.flows[entry.flow].rows if one.row.field(entry.side) in entry.after
    ]
    keys = {key for half in entry.agree for key in half}
    marked = any(key.startswith("!") for key in keys)
    return _fields(
        one for one in rows if unsent(one.key) not in keys and (not marked or one.key in keys)
    )


def system_of(session: Session, error: SystemUnavailable) -> str:
    """The system that an error is about; "" for none of them, such as the state."""
    return next((one for one in session.connectors if error.what.startswith(f"{one} ")), "")


def stopped(session: Session, error: SystemUnavailable) -> None:
    """Enters a system that a run could not go on without; each run that meets it counts."""
    system = system_of(session, error)
    code = _STOPS.get(type(error), OUT_OF_REACH)
    enter(
        session,
        cause=causes.one_of("", system, code),
        operation=RUN,
        system=system,
        object="",
        record="",
        key=None,
        flow=RUN,
        rule="",
        file="",
        line=0,
        code=code,
        message=str(error),
        advice=error.fix,
    )


def got_through(session: Session) -> None:
    """Closes what stopped earlier runs: this one has come to its end."""
    where = {"org": session.org, "flow": RUN, "one": ""}
    if session.open_errors and session.db.rows(troubles.of_record, **where):
        with session.db.transaction("got through"):
            _close(session, [(RUN, "")])


def over(session: Session, ids: Sequence[tuple[str, str]], kept: str = "") -> None:
    """Closes what was told of records (flow, id), but for what is `kept`: see `_close`."""
    _close(session, ids, kept=(kept,))


def put_back(session: Session, ids: Sequence[tuple[str, str]], system: str) -> None:
    """Nothing is to be put back any more on records (flow, id) in a system: what that was refused
    for is over."""
    _close(session, ids, kept=("decisions", "writes"), system=system)


def outlived(session: Session, flow: str, record: str, cause: str) -> None:
    """Takes a record out of an entry, since what was told of it and its partner is over."""
    _got_through(session, flow, record, cause)


def goes_on(session: Session, old: Flow, new: Flow, then: str, now: str) -> None:
    """What was told of the fields of a linked pair goes on with their link, which is of another
    flow from now on: deciding the two there says what of it is still so. `then` and `now` are the
    left records."""
    if session.open_errors and old is not new:
        where = {"org": session.org, "flow": old.name, "one": then}
        session.db.run(troubles.move, **where, new_flow=new.name, new_record=now)


def no_longer(session: Session, cause: str) -> None:
    """Closes an entry, whoever met it."""
    where = {"org": session.org, "cause": cause}
    session.db.run(troubles.drop_cause, **where)
    session.db.run(troubles.close, **where, at=session.now)


def _close(
    session: Session,
    ids: Sequence[tuple[str, str]],
    *,
    kept: Collection[str] = (),
    still: Collection[str] = (),
    system: str = "",
) -> None:
    """Takes records (flow, id) out of the entries that they stand in, about one system or any, but
    for the causes that are `still` so, and what is `kept`, of "writes", "decisions" or "undos"."""
    if not session.open_errors:
        return
    for flow, id in ids:
        for cause, operation, about in session.db.rows(
            troubles.of_record, org=session.org, flow=flow, one=id
        ):
            if _kind(operation) in kept or cause in still or system not in ("", about):
                continue
            _got_through(session, flow, id, cause)


def _kind(operation: str) -> str:
    """What an entry of that operation is of."""
    return "decisions" if operation in _DECIDED else "undos" if operation == UNDO else "writes"


def _got_through(session: Session, flow: str, id: str, cause: str) -> None:
    """Takes a record out of an entry, and closes one that has none left."""
    where = {"org": session.org, "cause": cause}
    session.db.run(troubles.drop_trouble, **where, flow=flow, one=id)
    session.db.run(troubles.close, **where, at=session.now)


def _written_at(session: Session, change: Entry) -> tuple[str, int]:
    """The place of the rule that a change follows from."""
    flow = session.flows[change.flow].flow
    # People whom an activity makes known follow from a rule of that.
    for one in (flow, *(ready.flow for ready in session.flows.values() if change.alone)):
        for move in one.moves:
            if move.rule == change.rule:
                return move.place.file, move.place.line
    for row in flow.rows:
        if row.field(change.side) in change.after:
            return row.place.file, row.place.line
    for infer in flow.infers:
        if infer.field in change.after:
            return infer.place.file, infer.place.line
    return "", 0


def enter(
    session: Session,
    *,
    cause: str,
    system: str,
    object: str,
    code: str,
    message: str,
    advice: str,
    field: str = "",
    of_all: str = "",
    **trouble: object,
) -> None:
    """Enters a problem of a record, or counts it once more. `field` is the one that it is about;
    `of_all` is what is told where several met it."""
    session.open_errors = True
    where, now = {"org": session.org, "cause": cause}, session.now
    known = session.db.row(troubles.known, **where)
    stands = known is not None and not known[3]
    if known:
        number = known[0]
    else:
        last = session.db.row(troubles.last, org=session.org)
        number = 1 + ((last[0] or 0) if last else 0)
    session.db.run(
        troubles.put_error,
        **where,
        id=number,
        system=system,
        object=object,
        code=code,
        message=of_all or causes.of_all(message),
        advice=advice,
        first=known[2] if known and stands else now,
        last=now,
        count=1 + (known[1] if known and stands else 0),
        closed=0.0,
        field=field,
    )
    session.db.run(troubles.put_trouble, **where, **trouble, message=message, first=now, last=now)
