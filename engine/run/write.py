"""Step 4, write: what is planned goes out, parents first, in as few requests as the system allows.

*Sent* is committed before each request. A look older than a minute is taken again first, and what
moved since is not written but decided anew. What becomes of outcomes is `settle.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Literal

from ...connectors.base.contract import Batch, Outcome, Read, Write
from ...connectors.base.linking import LOGIN_LOST
from ...connectors.base.values import Value
from ...connectors.base.wire import not_after
from ...connectors.base.world import LANES, Job
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import lives, unknown
from ..store import statements as sql
from . import signed, struck
from .activities import with_end
from .around import ASKED_FOR
from .belongs import free
from .brakes import planned
from .codes import IN_DOUBT
from .decision import Coming
from .journal import Entry, dump_agree, entry
from .look import look_at
from .reread import drop_touched
from .restored import looked_for
from .session import Session, dump_values
from .settle import settle, settle_links
from .shares import left_to_others
from .smaller import smaller
from .state import leads_further
from .unmet import still_unmet

FRESH = 60.0
"""Seconds after which a look is taken again before anything is written on its strength."""
TRIES = 3
"""How often a write is sent that the system was too busy for."""
PATIENCE = 180.0
"""Seconds that a run waits for a deadline; what takes longer to tell is left to the next."""
EARLIER = 600.0
"""Seconds before a run from which on what was linked may stand among what was made since: clocks
differ."""
LINKS = 500
_EARLY = "too early to tell"
"""The code of what a look did not find while it may still be under way."""
_VERBS = {"create": "creating", "update": "updating", "delete": "deleting"}
_ACTIONS: Mapping[str, Literal["create", "update", "delete"]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
}
_STATE_ONLY: tuple[tuple[Side, str], ...] = (
    ("right", "link"),
    ("right", "unlink"),
    ("left", "unlink"),
)
"""What needs no request."""


def write(session: Session) -> None:
    """Carries out the plan of this run, and deletes last, children first; what is undone goes that
    way as a whole."""
    flows = list(session.flows.values())
    # Nothing is planned while it is carried out: what isn't there now needs no look.
    there = {(flow, side, action) for flow, side, _, _, action, _ in planned(session)}
    for ready in reversed(flows) if session.undoing else flows:
        _links(session, ready.flow, there)
        _in_turn(session, ready.flow, there, ("update", "create"))
        if session.undoing:
            _in_turn(session, ready.flow, there, ("delete",))
    for ready in () if session.undoing else reversed(flows):
        _in_turn(session, ready.flow, there, ("delete",))


def _in_turn(
    session: Session, flow: Flow, there: Collection[tuple[str, Side, str]], actions: Sequence[str]
) -> None:
    for action in actions:
        for side in reversed(SIDES):
            if (flow.name, side, action) in there:
                _writes(session, flow, side, action)


def _links(session: Session, flow: Flow, there: Collection[tuple[str, Side, str]]) -> None:
    for side, action in _STATE_ONLY:
        if (flow.name, side, action) not in there:
            continue
        while entries := _planned(session, flow, side, action, LINKS):
            settle_links(session, entries)


def _writes(session: Session, flow: Flow, side: Side, action: str) -> None:
    end = flow.end(side)
    connector = session.connectors[end.system]
    most = LANES * session.sizes[end.system]
    rounds = TRIES
    while True:
        session.keep_alive()
        until = _look_again(session, flow)
        if not rounds:
            until = inf  # A minute has gone by each time, and some must go out all the same.
        struck.hold_back(session, flow, side, action)
        entries = _planned(session, flow, side, action, most)
        if not entries:
            return
        entries = _with_somebody(session, flow, _all_arrived(session, entries))
        if action == "delete":
            entries = free(session, flow, side, entries)
        entries, waiting = signed.ready(session, entries)
        _wait(session, waiting)
        if entries and action == "create":
            entries = still_unmet(session, flow, side, _not_there_yet(session, flow, entries))
        if not entries:
            continue
        session.progress(f"{_VERBS[action]} {len(entries):,} {end.object} records in {end.system}")
        left_over, rests, begun = entries, list[Entry](), dict[int, Outcome]()
        for attempt in range(TRIES):
            if attempt:
                session.world.clock.sleep(2.0**attempt * (1 + session.world.random.random()))
            writes = [_write(session, flow, one) for one in left_over]
            if action == "update":
                writes = with_end(session, flow, side, writes)
            apart = smaller(session, flow, side, action, left_over, writes)
            batches = [batch for some in apart for batch in connector.pack(some)]
            left_over, parted = _send(session, left_over, batches, attempt, until, begun)
            rests += parted
            if not left_over:
                break
        rounds = rounds - 1 if session.now > until else TRIES
        _find(session, [*entries, *rests], end.system)
        if session.spent:
            raise session.spent


def _look_first(session: Session, entries: Sequence[Entry]) -> None:
    """What did not go out before the look it rests on was old is as if it had never been committed
    as sent: planned, and dropped where something has moved."""
    with session.db.transaction("outdated"):
        where = {"org": session.org, "run": session.run, "new_state": "planned", "new_code": ""}
        session.db.many(sql.set_state, [{**where, "one": one.number} for one in entries])


def _wait(session: Session, entries: Sequence[Entry]) -> None:
    """Writes whose login has ended, and that may go under no other: the next run tries again."""
    for system, login in dict.fromkeys((one.system, one.login) for one in entries):
        signed.lost(session, system, login, session.lost[system, login])
    settle(session, [(one, Outcome(one.number, "busy", code=LOGIN_LOST)) for one in entries])


def _not_there_yet(session: Session, flow: Flow, entries: list[Entry]) -> list[Entry]:
    """Where the state is an older copy: without what is there already, which is taken for ours."""
    if session.restored is None:
        return entries
    writes = [_write(session, flow, one) for one in entries]
    found = looked_for(session, entries, writes, session.restored)
    settle(session, found)
    there = {one.number for one, _ in found}
    return [one for one in entries if one.number not in there]


def _planned(session: Session, flow: Flow, side: Side, action: str, most: int) -> list[Entry]:
    rows = session.db.rows(
        sql.planned,
        org=session.org,
        run=session.run,
        flow=flow.name,
        side=side,
        action=action,
        most=most,
    )
    return [entry(row) for row in rows]


def planned_requests(session: Session, system: str) -> dict[str, int]:
    """How many requests what is planned for a system takes, by the connector's word for them."""
    connector, most = session.connectors[system], LANES * session.sizes[system]
    found: dict[str, int] = {}
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for row in session.db.stream(sql.changes_of_run, org=session.org, run=session.run):
        one = entry(row)
        if one.state == "planned" and one.system == system and one.action in _ACTIONS:
            groups.setdefault((one.flow, one.side, one.action), []).append(one)
    for (name, _, _), entries in groups.items():
        flow = session.flows[name].flow
        for start in range(0, len(entries), most):
            some = [_write(session, flow, one) for one in entries[start : start + most]]
            for batch in connector.pack(some):
                found[batch.call] = found.get(batch.call, 0) + 1
    return found


def _all_arrived(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """What is really sent stands in the journal before it is sent."""
    arrived = [_arrived(session, one) for one in entries]
    changed = [new for old, new in zip(entries, arrived, strict=True) if new is not old]
    if changed:
        with session.db.transaction("arrived"):
            session.db.many(
                sql.put_sent_values,
                [
                    {
                        "org": session.org,
                        "run": one.run,
                        "one": one.number,
                        "new_after": dump_values(one.after),
                        "new_agree": dump_agree(one.agree),
                    }
                    for one in changed
                ],
            )
    return arrived


def _with_somebody(session: Session, flow: Flow, entries: list[Entry]) -> list[Entry]:
    """Without the activities whose people were to be made in this run and were not: they wait."""
    about = session.flows[flow.name].about
    alone = [
        one
        for one in entries
        if flow.activity
        and one.action == "create"
        and not one.alone
        and about[one.side]
        and not set(about[one.side]) & set(one.after)
    ]
    if not alone:
        return entries
    with session.db.transaction("alone"):
        for one in alone:
            here = {"org": session.org, "run": one.run}
            state = {"new_state": "dropped", "new_code": "nobody known"}
            session.db.run(sql.set_state, **here, one=one.number, **state)
            side, id = ("left", one.left) if one.left else ("right", one.right)
            where = {**here, "flow": flow.name, "side": side}
            asked = sorted(ASKED_FOR)
            session.db.run(unknown.give_up, **where, one=id, rule=one.rule, asked_for=asked)
    return [one for one in entries if one not in alone]


def _arrived(session: Session, one: Entry) -> Entry:
    """A reference to a record that this run made is its id now; one that failed is left out."""
    coming = {name: each for name, each in one.after.items() if isinstance(each, Coming)}
    if not coming:
        return one
    after: dict[str, Value | Coming] = {}
    ids: dict[Coming, str] = {}
    for name, each in one.after.items():
        if not isinstance(each, Coming):
            after[name] = each
            continue
        link = session.links(each.flow, each.side, [each.id]).get(each.id)
        if link and not link.ended:
            ids[each] = link.right if each.side == "left" else link.left
            after[name] = ids[each]
    left, right = dict(one.agree[0]), dict(one.agree[1])
    halves = (left, right)
    for half, opposite in (halves, halves[::-1]):
        for key, each in half.items():
            if isinstance(each, Coming):
                half[key] = ids.get(each)
                if each not in ids:
                    opposite[key] = None
    return replace(one, after=after, agree=(left, right))


def _write(session: Session, flow: Flow, one: Entry) -> Write:
    fields, before = (
        {name: each for name, each in half.items() if not isinstance(each, Coming)}
        for half in (one.after, one.before)
    )
    place = 0 if one.side == "left" else 1
    keys = tuple(dict.fromkeys(pair[place] for key in flow.keys for pair in key.pairs))
    return Write(
        ref=one.number,
        action=_ACTIONS[one.action],
        object=one.object,
        id=one.record,
        fields=fields,
        login=one.login,
        parent=_lock(session, flow, one, fields),
        since=one.sent,
        keys=tuple(name for name in keys if fields.get(name) is not None),
        before=before if one.action == "update" else {},
    )


def _lock(session: Session, flow: Flow, one: Entry, fields: dict[str, Value]) -> str:
    """The id of the parent in the system that is written."""
    for row in flow.rows:
        name = row.field(one.side)
        if fields.get(name) and leads_further(session, row):
            return str(fields[name])
    return one.parent


def _send(
    session: Session,
    entries: Sequence[Entry],
    batches: Sequence[Batch],
    attempt: int,
    until: float,
    begun: dict[int, Outcome],
) -> tuple[list[Entry], list[Entry]]:
    """Sends batches over the lanes; returns what the system was too busy for, and the rest of each
    write that arrived in part. What waits by then and was never sent stays planned, and so does
    what nothing has become of `until` the look is old; `begun` has what a part of was carried
    out."""
    by_ref = {one.number: one for one in entries}
    last = attempt == TRIES - 1
    sent = set(by_ref) if attempt else set[int]()
    parts: dict[int, int] = {}
    for batch in batches:
        for each in batch.writes:
            parts[each.ref] = parts.get(each.ref, 0) + 1
    heard: dict[int, list[tuple[Write, Outcome]]] = {}
    busy: list[Entry] = []
    outdated: list[Entry] = []
    rests: list[Entry] = []

    def jobs() -> Iterator[Job[list[Outcome]]]:
        for whole in batches:
            if session.stopping():
                return  # What is under way is settled first.
            system = by_ref[whole.writes[0].ref].system
            session.spent = left_to_others(session, system, whole.call)
            if session.spent:
                return
            session.keep_alive()
            batch = struck.without(session, whole, by_ref, sent)
            if not batch.writes:
                continue
            sent.update(each.ref for each in batch.writes)
            at = session.now
            session.doubtful = True
            with session.db.transaction("sent"):
                session.db.run(
                    sql.set_sent,
                    org=session.org,
                    run=session.run,
                    numbers=[each.ref for each in batch.writes],
                    at=at,
                )
            holds = {f"parent {each.parent}" for each in batch.writes if each.parent}
            holds |= {f"ref {each.ref}" for each in batch.writes}
            yield Job(batch, frozenset(holds), partial(_in_time, session, system, batch, at, until))

    for job, outcomes in session.world.lanes(jobs(), session.renew):
        told = {one.ref: one for one in outcomes}
        some = any(one.kind != "unknown" for one in outcomes)
        struck.replied(session, [by_ref[each.ref] for each in job.tag.writes], some=some)
        finished: list[tuple[Entry, Outcome]] = []
        for each in job.tag.writes:
            # A write that the reply doesn't mention is in doubt like one without a reply.
            heard.setdefault(each.ref, []).append(
                (each, told.get(each.ref, Outcome(each.ref, "unknown", code="missing")))
            )
            if len(heard[each.ref]) == parts[each.ref]:
                result = _whole(heard[each.ref])
                if result.code == LOGIN_LOST:
                    one = by_ref[each.ref]
                    if (one.system, one.login) not in session.lost:
                        signed.lost(session, one.system, one.login, result.message)
                    go, _ = signed.ready(session, [one])
                    by_ref.update({again.number: again for again in go})
                    if not go:
                        finished.append((one, result))
                        continue
                if result.kind == "busy" and result.arrived:
                    begun[each.ref] = result
                if result.kind == "busy" and session.now > until:
                    if each.ref in begun:
                        finished.append((by_ref[each.ref], begun[each.ref]))
                    else:
                        outdated.append(by_ref[each.ref])
                elif result.kind == "busy" and not last:
                    busy.append(by_ref[each.ref])
                else:
                    finished.append((by_ref[each.ref], result))
        settled = settle(session, finished)
        rests += [one for one, _ in settled if one.number not in by_ref]
    if outdated:
        _look_first(session, outdated)
    return busy, rests


def _in_time(
    session: Session, system: str, batch: Batch, sent: float, until: float
) -> list[Outcome]:
    """Sends a batch, unless this process has slept since it was committed as sent, or does so on
    the way: another runner may have taken over, found nothing, and done the work itself; or since
    it has looked."""
    latest = sent + session.deadlines[system] / 2
    if session.now > min(latest, until):
        return [
            Outcome(one.ref, "busy", one.id, None, "slept", "our own process was asleep")
            for one in batch.writes
        ]
    with not_after(latest):
        return session.connectors[system].send(batch)


_WORST = ("unknown", "gone", "refused", "busy", "existed", "absent", "done")


def _whole(parts: Sequence[tuple[Write, Outcome]]) -> Outcome:
    """What became of a write that took several requests: the worst of them, with the fields of
    those that were carried out all the same, values joined, and the stamp of the last: they go one
    after the other."""
    if len(parts) == 1:
        return parts[0][1]
    _, worst = min(parts, key=lambda one: _WORST.index(one[1].kind))
    values: dict[str, Value] = {}
    arrived: list[str] = []
    for part, one in parts:
        values.update(one.values or {})
        arrived += part.fields if one.kind == "done" else one.arrived
    stamp = next((one.stamp for _, one in reversed(parts) if one.stamp), "")
    return replace(worst, values=values or None, arrived=tuple(arrived), stamp=stamp)


# ---- looking again --------------------------------------------------------------------------


def _look_again(session: Session, flow: Flow) -> float:
    """Takes looks older than a minute again, and drops what was planned for records that moved.
    Returns when the oldest look is a minute old."""
    asks = [ask for ask in session.plan.reads if (ask.system, ask.object) in flow.looks]

    def looked(ask: Read) -> float:
        return session.looked.get((ask.system, ask.object), 0.0)

    stale = [ask for ask in asks if not 0 <= session.now - looked(ask) <= FRESH]
    if stale and _any_planned(session, flow):
        look_at(session, stale)
        with session.db.transaction("moved"):
            if session.undoing:
                drop_touched(session, flow)
            else:
                moved = session.db.run(sql.drop_moved, org=session.org, run=session.run)
                session.again = session.again or moved > 0
    return min(map(looked, asks), default=session.now) + FRESH


def _any_planned(session: Session, flow: Flow) -> bool:
    return bool(session.db.row(sql.any_planned, org=session.org, run=session.run, flow=flow.name))


# ---- doubt ----------------------------------------------------------------------------------


def _find(session: Session, entries: Sequence[Entry], system: str) -> None:
    """Looks right away what became of writes without a reply."""
    numbers = {one.number for one in entries}
    doubtful = [one for one in _doubted(session) if one.system == system and one.number in numbers]
    if doubtful:
        resolve(session, doubtful, wait=False)


def _doubted(session: Session) -> list[Entry]:
    """Entries whose outcome nobody knows yet, of this run and earlier ones."""
    return [entry(row) for row in session.db.rows(sql.in_doubt, org=session.org, most=10_000)]


def settle_doubts(session: Session) -> dict[str, int]:
    """Before anything else: what earlier runs sent and never heard of. Counts the outcomes."""
    counts: dict[str, int] = {}
    both = _doubted(session)
    session.doubtful = bool(both)
    for system in (session.plan.left, session.plan.right):
        doubtful = [one for one in both if one.system == system]
        if doubtful:
            for kind, count in resolve(session, doubtful, wait=True).items():
                counts[kind] = counts.get(kind, 0) + count
    return counts


def resolve(session: Session, entries: Sequence[Entry], *, wait: bool) -> dict[str, int]:
    """Asks the system. What is there is ours; what isn't is believed only after the deadline, when
    no request of ours can be under way any more: a run may `wait` for that. What can't be told even
    then is for a person. Counts the outcomes."""
    counts: dict[str, int] = {}
    system = entries[0].system
    connector = session.connectors[system]
    asked_about = [one for one in entries if one.flow in session.flows]
    for last_try in (not wait, True):
        if not asked_about:
            break
        asked: list[Write] = []
        taken: dict[tuple[str, int], frozenset[str]] = {}
        for place, one in enumerate(asked_about):
            write = replace(_write(session, session.flows[one.flow].flow, one), ref=place)
            if one.action == "create" and not write.keys:
                kind = (one.object, one.run)
                if kind not in taken:
                    taken[kind] = _taken(session, one)
                write = replace(write, taken=taken[kind])
            asked.append(write)
        # What a look says is as old as its beginning, however long the machine slept since.
        looked = session.now
        found = {one.ref: one for one in connector.find(asked)}
        results: list[tuple[Entry, Outcome]] = []
        for place, one in enumerate(asked_about):
            outcome = found.get(place, Outcome(place, "unknown"))
            over = looked >= one.sent + session.deadlines[system]
            if outcome.kind in ("absent", "existed") and not over:
                outcome = replace(outcome, kind="unknown", code=_EARLY)
            elif outcome.kind == "unknown" and over:
                outcome = replace(outcome, code=IN_DOUBT)
            results.append((one, outcome))
            if last_try or outcome.code != _EARLY:
                counts[outcome.kind] = counts.get(outcome.kind, 0) + 1
        early = [one for one, outcome in settle(session, results) if outcome.code == _EARLY]
        asked_about = early
        if last_try:
            break
        if early:
            until = max(one.sent for one in early) + session.deadlines[system]
            if until - session.now > PATIENCE:
                counts["unknown"] = counts.get("unknown", 0) + len(early)
                break
            session.world.clock.sleep(max(0.0, until - session.now) + 0.01)
    return counts


def _taken(session: Session, doubtful: Entry) -> frozenset[str]:
    """What has been linked since shortly before the run of a create without a key: it may look like
    what that made, and is another's."""
    org = session.org
    [first] = session.db.row(lives.run_before, org=org, run=doubtful.run, seconds=EARLIER) or (0,)
    return frozenset(
        row[side == "right"]
        for flow, side in session.ends(doubtful.system, doubtful.object)
        for row in session.db.rows(lives.linked_since, org=org, flow=flow.name, run=first or 0)
    )
