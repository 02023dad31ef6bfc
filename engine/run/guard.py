"""Step 3, guard: what is planned is counted before the first write, and may stop the run.

Written guards come first; the unwritten brakes (`brakes.py`) look only at what no guard is about.
What trips writes nothing, and says what was about to happen and how to go on where that was meant.
Knows the journal and the meters; who asks is `run.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import floor

from ...connectors.base.contract import Meter
from ...connectors.base.world import moment
from ...dsl.rules import GuardRule
from ...errors import Braked
from ..store import counts
from ..store import statements as sql
from .brakes import Trip, blanks, brakes, planned
from .session import Session
from .write import planned_requests

_ACTIONS = {
    "created": "create",
    "changed": "update",
    "blanked": "update",
    "deleted": "delete",
}


def guard(session: Session, *, asked_for: bool) -> None:
    """Raises `Braked`. `asked_for`: a person asked for this mass of changes (a backfill); then
    only written guards and the brake on blanks hold it."""
    for trip in trips(session, asked_for=asked_for):
        more = "nothing more" if session.db.row(counts.any_sent, **_run(session)) else "nothing"
        raise Braked(trip.what, why=f"{trip.why}; {more} was written", fix=trip.fix)


def trips(session: Session, *, asked_for: bool) -> Iterator[Trip]:
    """All that holds back what is planned."""
    kinds = planned(session)
    if not kinds:
        return
    due = {(system, object, action) for _, _, system, object, action, _ in kinds}
    if session.quiet:
        yield from _quiet(session)
    for rule in session.plan.guards:
        for side in rule.sides:
            system = session.plan.system(side)
            if rule.what in ("calls", "credits"):
                if any(one[0] == system for one in due):
                    yield from _metered(session, rule, system)
            elif (system, rule.of, _ACTIONS[rule.what]) in due:
                yield from _counted(session, rule, system)
    yield from brakes(session, kinds, asked_for=asked_for)


def _quiet(session: Session) -> Iterator[Trip]:
    """Nothing is written before a while has passed since the system was first met that was met
    last."""
    met: dict[str, float] = {}
    for system in (session.plan.left, session.plan.right):
        where = {"org": session.org, "system": system, "object": "", "purpose": "identity"}
        known = session.db.row(sql.cursor, **where)
        met[system] = known[3] if known else session.now
    last = max(met, key=lambda system: met[system])
    until = met[last] + session.quiet
    if session.now < until:
        yield Trip(
            f"nothing is written before {_told(until)}",
            f"{last} was connected at {_told(met[last])}, and `quiet_period` of "
            f"[team] is {_length(session.quiet)}",
            "look at `syncrules preview` meanwhile, or change `quiet_period` in syncrules.toml",
        )


def _told(at: float) -> str:
    return f"{moment(at)[:10]} {moment(at)[11:19]} UTC"


def _length(seconds: float) -> str:
    """`6 hours`, as the project file says it."""
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return f"{seconds / size:,.0f} {name}{'' if seconds == size else 's'}"
    return f"{seconds:g} seconds"


# ---- written guards -------------------------------------------------------------------------


def _counted(session: Session, rule: GuardRule, system: str) -> Iterator[Trip]:
    """Records: those planned, and those of earlier runs of the day where the guard says so."""
    count = _how_many(session, rule, system)
    linked = _linked(session, system, rule.of) if rule.percent else 0
    allowed = floor(rule.number * linked / 100 if rule.percent else rule.number)
    if count > allowed:
        of = f", {rule.number:g}% of {linked:,} linked" if rule.percent else ""
        yield _trip(
            rule,
            f"{_records(count, rule.of)} in {system} would be {rule.what}{_when(rule)}",
            f"allows {allowed:,}{of}",
        )


def _how_many(session: Session, rule: GuardRule, system: str) -> int:
    since, first = _since(session, rule)
    where = {"org": session.org, "run": session.run, "first": first, "since": since}
    # A share is one of the records that were linked: what a first link fills changes none of them.
    if rule.what != "blanked":
        action = _ACTIONS[rule.what]
        counted = counts.counted_linked if rule.percent else counts.counted_changes
        found = session.db.row(counted, **where, system=system, object=rule.of, action=action)
        created, records = found or (0, 0)
        return int(created if action == "create" else records)
    changed = counts.changed_linked if rule.percent else counts.changed_values
    rows = session.db.stream(changed, **where, system=system, object=rule.of)
    return len(
        {record for record, before, after in rows if blanks(json.loads(before), json.loads(after))}
    )


def _linked(session: Session, system: str, object: str) -> int:
    """The records of an object that have a link."""
    names = {flow.name for flow, side in session.ends(system, object)}
    rows = (session.db.row(sql.count_links, org=session.org, flow=name) for name in names)
    return sum(int(one[0]) for one in rows if one)


def _metered(session: Session, rule: GuardRule, system: str) -> Iterator[Trip]:
    """Calls and credits. A run's are the requests that what is planned takes; a day's are those
    and what the system says was used. A share is one of what its limit leaves."""
    meters = [
        one
        for one in session.connectors[system].meters()
        if one.window == "day" and (one.endpoint == "credits") == (rule.what == "credits")
    ]
    planned = planned_requests(session, system) if rule.what == "calls" else {}
    if not rule.percent:
        used = _used(meters) if rule.per == "day" else 0
        count = used + sum(planned.values())
        if count > rule.number:
            what = f"{_uses(count, rule)} would be made in {system}{_when(rule)}"
            yield _trip(rule, what, f"allows {floor(rule.number):,}")
        return
    for meter in meters:
        left = None if meter.limit is None else max(0, meter.limit - meter.used)
        count = sum(planned.values()) if meter.whole else planned.get(meter.endpoint, 0)
        if left is not None and count > rule.number * left / 100:
            allowed = floor(rule.number * left / 100)
            what = f"{_uses(count, rule)} would be made in {system} ({meter.endpoint})"
            yield _trip(rule, what, f"allows {allowed:,}, {rule.number:g}% of {left:,} left")


def _used(meters: Sequence[Meter]) -> int:
    """What was used of a system in all: what one program may use is a part of what all may."""
    whole = max((one.used for one in meters if one.whole), default=0)
    return whole + sum(one.used for one in meters if not one.whole)


def _since(session: Session, rule: GuardRule) -> tuple[float, int]:
    """From which moment and from which run on sent changes count."""
    if rule.per == "run":
        return 0.0, session.run
    found = session.db.row(counts.first_run_since, org=session.org, at=session.midnight())
    return session.midnight(), int(found[0] or session.run) if found else session.run


def _trip(rule: GuardRule, what: str, allows: str) -> Trip:
    return Trip(
        what,
        f"`{rule.text}` ({rule.place.file}:{rule.place.line}) {allows}",
        "look at `syncrules preview`; where it is meant, change the guard",
    )


def _when(rule: GuardRule) -> str:
    return " today" if rule.per == "day" else ""


def _records(count: int, object: str) -> str:
    return f"{count:,} {object} {'record' if count == 1 else 'records'}"


def _uses(count: int, rule: GuardRule) -> str:
    return f"{count:,} {rule.what.removesuffix('s') if count == 1 else rule.what}"


def _run(session: Session) -> dict[str, object]:
    return {"org": session.org, "run": session.run}
