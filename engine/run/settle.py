"""Step 5, settle: outcomes of a batch become links, bases, records and errors, in one commit.

A mark is cleared unless somebody marked the record again meanwhile. What nobody can tell stays in
doubt; the next run looks before it decides anything about the two records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...connectors.base.contract import Outcome, Read, Record
from ...connectors.base.linking import LOGIN_LOST
from ...connectors.base.values import Value
from ...dsl.rules import SIDES
from ..plan.model import Flow
from ..store import lives
from ..store import statements as sql
from . import asks, problems, signed, struck, unseen
from .closures import NotRead
from .codes import IN_DOUBT, OUT_OF_SIGHT
from .decision import Coming, Halves
from .heirs import another
from .in_part import Settled, forget, split
from .journal import Entry, dump_agree
from .look import note_life, store, whereabouts
from .made import look_at_made
from .match import key_parts
from .neighbours import is_one, tell_children, tell_late, with_address
from .pairs import watched_by
from .parted import leave_alone
from .session import Session, dump_values
from .shared import is_news, others, tell_others
from .state import Stored, other
from .targets import without_target


def settle(session: Session, outcomes: Iterable[Settled]) -> list[Settled]:
    """Commits what became of some entries, and returns it as the journal has it by then: what
    arrived in part is two of them."""
    whole = _looked_up(session, list(outcomes))
    if not whole:
        return []
    with session.db.transaction("settled"):
        for entry in (one for one, outcome in whole if outcome.kind == "done"):
            struck.count(session, entry)
        results = split(session, whole)
        done = [(entry, one) for entry, one in results if one.kind == "done"]
        _done(session, done)
        deleted = [entry for entry, _ in done if entry.action == "delete"]
        _forget(session, deleted)
        # What is as if it had never been made is no tombstone.
        _part(session, [one for one in deleted if one.undoes])
        _remember(session, [one for one in done if one[0].action != "delete"])
        _link(session, [one for one in done if not one[0].alone])
        _introduce(session, [one for one in done if one[0].alone])
        asks.written(session, [entry for entry, _ in done])
        if session.open_errors:
            _seen_again(session, [entry for entry, _ in done if entry.action == "update"])
        _clear(session, [entry for entry, _ in done])
        for entry, one in done:
            if one.code and entry.action == "create":
                # It is there, and its system has left out what doesn't fit.
                problems.refused(session, entry, one, session.advise(entry.system, one.code))
        gone = [entry for entry, one in whole if one.kind == "gone"]
        refused = [entry for entry, one in results if one.kind == "refused"]
        again = without_target(session, refused)
        for entry, outcome in results:
            if entry.number in again:
                _state(session, entry, "dropped", outcome.code)
            elif outcome.kind != "done":
                _not_done(session, entry, outcome)
            elif entry in gone:
                # All of it had arrived before that.
                looked = _look_at(session, entry, entry.record)
                session.again = session.again or any(one.into for one in looked)
    look_at_made(session, done)
    return results


def settle_links(session: Session, entries: Sequence[Entry]) -> None:
    """Links need no request: they are made, or taken apart, with the commit."""
    with session.db.transaction("linked"):
        done = [
            (one, Outcome(one.number, "done", one.left if one.side == "left" else one.right))
            for one in entries
        ]
        _done(session, done)
        _part(session, [entry for entry in entries if entry.action == "unlink"])
        _link(session, [one for one in done if one[0].action != "unlink"])
        _clear(session, entries)


def _seen_again(session: Session, written: Sequence[Entry]) -> None:
    """What was out of sight and takes a write is there again."""
    ids = sorted({one.record for one in written})
    last = {
        (system, object, id): life
        for _, _, system, object, id, life, _ in session.db.rows(
            lives.of_records, org=session.org, ids=ids
        )
    }
    for one in written:
        if last.get((one.system, one.object, one.record)) == "out of sight":
            note_life(session, one.system, one.object, one.record, "here")


def _looked_up(session: Session, results: list[Settled]) -> list[Settled]:
    """Who deletes what is gone already has nothing left to do. To what we aren't shown, and nobody
    has deleted, a system says the same: that is looked up."""
    deletes = [one for one, outcome in results if one.action == "delete" and outcome.kind == "gone"]
    if not deletes:
        return results
    asked: dict[tuple[str, str], set[str]] = {}
    for one in deletes:
        asked.setdefault((one.system, one.object), set()).add(one.record)
    for (system, object), ids in asked.items():
        found = whereabouts(session, system, object, ids)
        ids -= {id for id, one in found.items() if one.life in ("here", "out of sight")}
    over = {(one.run, one.number) for one in deletes if one.record in asked[one.system, one.object]}
    return [
        (one, replace(outcome, kind="done") if (one.run, one.number) in over else outcome)
        for one, outcome in results
    ]


def _part(session: Session, parted: Sequence[Entry]) -> None:
    """Their links are gone, and with them what was told of the two. Who has the key of the one left
    over is decided, whether or not it was told that the other was in its place."""
    for one in parted:
        session.db.run(lives.drop_link, org=session.org, flow=one.flow, one=one.left)
        problems.over(session, [(one.flow, id) for id in (one.left, one.right)])
        flow = session.flows[one.flow].flow
        end, id = flow.end(one.side), one.right if one.side == "right" else one.left
        left = session.stored(end.system, end.object, [id]).get(id)
        if one.undoes or left is None or left.life != "here":
            continue
        found = another(session, flow, other(one.side), left)
        if found is not None:
            session.mark([(one.flow, other(one.side), found.id)], "exists already")
    leave_alone(session, ((one.flow, one.left, one.right) for one in parted if one.undoes))


def _forget(session: Session, deleted: Sequence[Entry]) -> None:
    """Records that we have deleted are known as such, so that no look takes it for news."""
    for one in deleted:
        where = {"org": session.org, "system": one.system, "object": one.object}
        session.db.run(
            sql.record_life, **where, one=one.record, new_life="deleted", run=session.run
        )
        session.db.run(sql.drop_keys, **where, ids=[one.record])
        known = session.stored(one.system, one.object, [one.record])
        _tell_neighbours(session, (one.system, one.object), known, {one.record: {}})
    tell_others(session, [(one, one.record) for one in deleted])


def _not_done(session: Session, entry: Entry, outcome: Outcome) -> None:
    kind = outcome.kind
    if kind == "refused":
        _state(session, entry, "refused", outcome.code)
        advice = session.advise(entry.system, outcome.code)
        login = signed.name_of(session, entry)
        cause = problems.refused(session, entry, outcome, advice, login)
        struck.count(session, entry, cause, right=outcome.rights)
        if not (outcome.rights or outcome.together):
            # Where a right is missing, or nobody looked at the record alone, nothing may be wrong
            # with it: the next run tries again.
            _hold(session, entry)
    elif kind == "busy":
        # Nothing is wrong with the record: its mark stays, and the next run tries again.
        _state(session, entry, entry.put_off, outcome.code or "busy")
        if outcome.code != LOGIN_LOST:
            advice = session.advise(entry.system, outcome.code)
            problems.refused(session, entry, outcome, advice)
    elif kind == "unknown":
        session.doubtful = True
        _state(session, entry, "doubt", outcome.code)
        if outcome.code == IN_DOUBT:
            problems.refused(session, entry, outcome, "")
    elif kind == "absent":
        _state(session, entry, entry.put_off, "not carried out")
        forget(session, entry, outcome.unclear)
        if outcome.unclear:
            _look_at(session, entry, entry.record)
            for values in (entry.before, entry.after):
                unclear = {name: one for name, one in values.items() if name in outcome.unclear}
                _replaced(session, entry, unclear, outcome.stamp)
        if not entry.undoes:
            problems.no_reply(session, entry)
    elif kind == "gone":
        _state(session, entry, "dropped", "gone")
        _gone(session, entry)
    else:
        _state(session, entry, "dropped", "existed")
        _existed(session, entry, outcome)


def _state(session: Session, entry: Entry, state: str, code: str) -> None:
    """Moves an entry on that is not done."""
    where = {"org": session.org, "run": entry.run, "one": entry.number}
    session.db.run(sql.set_state, **where, new_state=state, new_code=code)


def _done(session: Session, done: Sequence[Settled]) -> None:
    """The journal has it that these are done, and what the system says of it. Of an earlier run's
    update nobody knows when it arrived, or who has made it since: maybe just now."""
    for entry, one in done:
        if entry.action == "update" and entry.run != session.run:
            _replaced(session, entry, entry.before, one.stamp)
    session.db.many(
        sql.set_done,
        [
            {
                "org": session.org,
                "run": entry.run,
                "one": entry.number,
                "id": one.id,
                "new_stamp": one.stamp,
            }
            for entry, one in done
        ],
    )


def _replaced(
    session: Session, entry: Entry, values: Mapping[str, Value | Coming], stamp: str
) -> None:
    """A search that is behind may still show these in place of what stands there now."""
    held = {name: old for name, old in values.items() if not isinstance(old, Coming)}
    here = (entry.system, entry.object)
    session.found.setdefault(here, []).append((entry.record, held, stamp))


# ---- what is now true -----------------------------------------------------------------------


def _remember(session: Session, done: Sequence[Settled]) -> None:
    """Our picture of written records is what they now hold, so that an echo differs in nothing."""
    groups: dict[tuple[str, str], list[Settled]] = {}
    for entry, outcome in done:
        groups.setdefault((entry.system, entry.object), []).append((entry, outcome))
    for (system, object), group in groups.items():
        names = session.reads[system, object].fields
        layout = session.layout(names)
        known = session.stored(system, object, [entry.record or one.id for entry, one in group])
        where = {"org": session.org, "system": system, "object": object}
        rows, keys = [], []
        written: dict[str, dict[str, Value]] = {}
        news: list[tuple[Entry, str]] = []
        for entry, outcome in group:
            id = entry.record or outcome.id
            old = known.get(id)
            told = _named(outcome.values or {}, names)
            values = {**(old.values if old else {}), **_named(entry.after, names), **told}
            shared = is_news(old, values) and bool(others(session, entry))
            news += [(entry, id)] if shared else []
            rows.append(
                {
                    **where,
                    "id": id,
                    "layout": layout,
                    "body": session.body(layout, values),
                    "stamp": old.stamp if old else "",
                    "life": "here",
                    "into": "",
                    "run": old.run if old and not shared else session.run,
                    "first": session.run,
                }
            )
            keys += session.index_keys(system, object, id, values)
            written[id] = values
        session.db.many(sql.put_record, rows)
        session.db.run(sql.drop_keys, **where, ids=[str(row["id"]) for row in rows])
        session.db.many(sql.put_key, keys)
        _tell_neighbours(session, (system, object), known, written)
        tell_others(session, news)


def _tell_neighbours(
    session: Session,
    where: tuple[str, str],
    before: Mapping[str, Stored],
    written: Mapping[str, Mapping[str, Value]],
) -> None:
    """Records about which a field decides that we have just written to another one: no look will
    find that it differs."""
    for watch in session.plan.watches:
        news = [
            Record(watch.object, id, values)
            for id, values in written.items()
            if (watch.system, watch.object) == where
            and any(values.get(name) != _held(before.get(id), name) for name in watch.reads)
        ]
        if news:
            session.mark(watched_by(session, watch, before, news), "a related record changed")


def _held(record: Stored | None, name: str) -> Value:
    return record.values.get(name) if record else None


def _named(values: Mapping[str, Value | Coming], names: Sequence[str]) -> dict[str, Value]:
    return {
        name: one for name, one in values.items() if name in names and not isinstance(one, Coming)
    }


def _link(session: Session, done: Sequence[Settled]) -> None:
    """Makes the links of creates and links, and moves the bases of those that are there."""
    by_flow: dict[str, list[Settled]] = {}
    for entry, outcome in done:
        by_flow.setdefault(entry.flow, []).append((entry, outcome))
    for name, group in by_flow.items():
        flow = session.flows[name].flow
        where = {"org": session.org, "flow": name}
        bases, new, told = [], [], []
        made: list[tuple[str, str]] = []
        held: dict[tuple[str, str], Halves] = {}
        known = session.links(name, "left", [one.left for one, _ in group if one.left])
        for entry, outcome in group:
            left = entry.left or outcome.id
            right = entry.right or outcome.id
            halves = _halves(session, entry, outcome)
            if outcome.values:
                after, agree = dump_values(entry.after), dump_agree(halves)
                place = {"org": session.org, "run": entry.run, "one": entry.number}
                told.append({**place, "new_after": after, "new_agree": agree})
            if entry.action in ("update", "delete"):
                if left in known:
                    base = known[left].base.moved(halves)
                    held[left, right] = base.left, base.right
                    bases.append(
                        {
                            **where,
                            "one": left,
                            "new_left": dump_values(base.left),
                            "new_right": dump_values(base.right),
                        }
                    )
                continue
            made.append((left, right))
            held[left, right] = halves
            new.append(
                {
                    **where,
                    "left": left,
                    "right": right,
                    "base_left": dump_values(halves[0]),
                    "base_right": dump_values(halves[1]),
                    "how": "created" if entry.action == "create" else "matched",
                    "run": session.run,
                    "ended": "",
                }
            )
        # The journal holds what the system made of what it was sent: that is ours, too.
        session.db.many(sql.put_sent_values, told)
        session.db.many(sql.put_base, bases)
        session.db.many(sql.put_link, new)
        no_longer_waiting(session, flow, made)
        tell_children(session, name, made)
        tell_late(session, name, held)


def _introduce(session: Session, made: Sequence[Settled]) -> None:
    """People whom an activity made known meet the rules like everybody else."""
    for entry, outcome in made:
        ends = session.ends(entry.system, entry.object)
        session.mark([(flow.name, side, outcome.id) for flow, side in ends], "changed")
        for flow in (one.flow for one in session.flows.values()):
            for people in flow.people:
                if is_one(session, people, entry.flow):
                    ids = with_address(session, flow, people, [outcome.id])
                    session.mark([(flow.name, people.side, id) for id in ids], "a link was made")
        session.again = True


def _halves(
    session: Session, entry: Entry, outcome: Outcome
) -> tuple[dict[str, Value], dict[str, Value]]:
    """The halves of the base. What the system says it holds now is its half, not what it was
    sent; a reference that came to nothing is remembered as blank. Of what we have made, that holds
    for the fields that we did not send, too, and for what a template says of them: what a person
    makes of them later is an edit. A text that is there before the other side has any flows."""
    left, right = (
        {key: None if isinstance(one, Coming) else one for key, one in half.items()}
        for half in entry.agree
    )
    told = outcome.values or {}
    half, source = (right, left) if entry.side == "right" else (left, right)
    for row in session.flows[entry.flow].rows if told else ():
        name = row.row.field(entry.side)
        if name in told and (row.key in half or entry.action == "create"):
            half[row.key] = told[name]
        elif entry.action == "create" and row.row.template and not name:
            said = (row.right if entry.side == "right" else row.left)(told)
            if not isinstance(said, NotRead) and (said is None or source.get(row.key) is not None):
                half[row.key] = said
    return left, right


def no_longer_waiting(session: Session, flow: Flow, made: Sequence[tuple[str, str]]) -> None:
    """Two records that have been linked wait for no backfill, in any flow that is one thing."""
    for name in (flow.siblings or (flow.name,)) if made else ():
        for place, side in enumerate(SIDES):
            ids = [pair[place] for pair in made]
            session.db.run(sql.stop_waiting, org=session.org, flow=name, side=side, ids=ids)


# ---- what comes next ------------------------------------------------------------------------


def _clear(session: Session, entries: Sequence[Entry]) -> None:
    """Clears the pairs' marks once nothing planned for them is open, and closes their errors."""
    session.db.many(
        sql.clear_done,
        [
            {
                "org": session.org,
                "run": entry.run,
                "flow": entry.flow,
                "side": side,
                "one": id,
                "one_left": entry.left,
                "one_right": entry.right,
            }
            for entry in entries
            for side, id in (("left", entry.left), ("right", entry.right))
            if id
        ],
    )
    problems.written(session, entries)


def _hold(session: Session, entry: Entry) -> None:
    """A refused record waits until it or the rule changes; or a day, where a stop that counts days
    holds something of it back."""
    days = any(one.stop_days for one in session.flows[entry.flow].stops)
    for side, id in (("left", entry.left), ("right", entry.right)):
        if id:
            session.db.run(
                sql.hold_refused,
                org=session.org,
                run=entry.run,
                flow=entry.flow,
                side=side,
                one=id,
                rule=entry.rule,
                until=session.tomorrow() if days else sql.NEVER,
            )


def _gone(session: Session, entry: Entry) -> None:
    """The record to write is not there any more. What became of it is looked up, and the next
    decision says what follows: the link goes on elsewhere, or nothing is made again."""
    found = whereabouts(session, entry.system, entry.object, [entry.record])[entry.record]
    if found.life == "here":
        message = f"{entry.system} says that {entry.object} {entry.record} is gone, and shows it"
        refusal = Outcome(entry.number, "refused", entry.record, code="gone", message=message)
        problems.refused(session, entry, refusal, "")
        _hold(session, entry)
        return
    if found.life == "out of sight":
        # Nobody says that it is deleted: it is kept as it was, and tried again when it is back.
        message = unseen.text(entry.system, entry.object, entry.record)
        refusal = Outcome(entry.number, "refused", entry.record, None, OUT_OF_SIGHT, message)
        problems.refused(session, entry, refusal, "")
        note_life(session, entry.system, entry.object, entry.record, "out of sight")
        _state(session, entry, "refused", OUT_OF_SIGHT)
        _hold(session, entry)
        return
    session.again = session.again or bool(found.into)
    store(session, session.reads[entry.system, entry.object], [found])
    # Nothing is written to either of the two any more that could be refused.
    pair = [(entry.flow, id) for id in (entry.left, entry.right) if id]
    problems.over(session, pair, kept="decisions")


def _existed(session: Session, entry: Entry, outcome: Outcome) -> None:
    """The system has it already: look at it, and link it next time if a key says so."""
    found = _look_at(session, entry, outcome.id)
    if entry.alone:
        session.again = True
        return
    flow = session.flows[entry.flow].flow
    source_end = flow.left if entry.side == "right" else flow.right
    source_id = entry.left if entry.side == "right" else entry.right
    source = session.stored(source_end.system, source_end.object, [source_id]).get(source_id)
    here = next((one for one in found if one.life == "here"), None)
    if source and here and _matches(flow, entry, source.values, here.values):
        session.mark([(flow.name, other(entry.side), source_id)], "exists already")
        return
    message = f"{entry.system} has it as {entry.object} {outcome.id}, whose keys are different"
    refusal = Outcome(entry.number, "existed", outcome.id, code="existed", message=message)
    problems.refused(session, entry, refusal, "")
    _hold(session, entry)


def _look_at(session: Session, entry: Entry, id: str) -> Sequence[Record]:
    """What stands in a record now is known from here on: no feed need tell it."""
    ask: Read = session.reads[entry.system, entry.object]
    found = session.connectors[entry.system].fetch(entry.object, ask.fields, "id", [id])
    store(session, ask, found)
    return found


def _matches(
    flow: Flow, entry: Entry, source: Mapping[str, Value], found: Mapping[str, Value]
) -> bool:
    left, right = (source, found) if entry.side == "right" else (found, source)
    return any(
        (parts := key_parts(flow, key, "left", left)) is not None
        and parts == key_parts(flow, key, "right", right)
        for key in flow.keys
    )
