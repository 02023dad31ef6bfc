"""Step 3, guard: what is planned is counted before the first write, and may stop the run.

Written guards come first; the unwritten brake looks only at what no guard is about. What trips
writes nothing, and says what was about to happen and how to go on where that was meant. Knows the
journal and the meters; who asks is `run.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from ...connectors.base.contract import Meter
from ...connectors.base.world import moment
from ...dsl.rules import GuardRule, Side
from ...errors import Braked
from ..store import counts
from ..store import statements as sql
from .session import Session
from .write import planned_requests


@dataclass(frozen=True, slots=True)
class Brake:
    """Unwritten: more than `most` changes of one kind to linked records of an object, if they are
    more than a `share` of them, are not made unless they were asked for."""

    most: int
    share: float
    does: str
    what: str
    part: str


BRAKES = {
    "update": Brake(1000, 0.5, "change", "changed", "half"),
    "delete": Brake(100, 0.1, "be deleted", "deleted", "a tenth"),
}

FIRST = 500
"""Changes that a first run may make without being asked for them."""

_ACTIONS = {
    "created": "create",
    "changed": "update",
    "blanked": "update",
    "deleted": "delete",
}


_KINDS = {"create": "created", "update": "changed", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a run may not go on, in the words of an error."""

    what: str
    why: str
    fix: str


def guard(session: Session, *, asked_for: bool) -> None:
    """Raises `Braked`. `asked_for`: a person asked for this mass of changes (a backfill); then
    only written guards hold it."""
    for trip in trips(session, asked_for=asked_for):
        more = "nothing more" if session.db.row(counts.any_sent, **_run(session)) else "nothing"
        raise Braked(trip.what, why=f"{trip.why}; {more} was written", fix=trip.fix)


def trips(session: Session, *, asked_for: bool) -> Iterator[Trip]:
    """All that holds back what is planned."""
    due = {(system, object, action) for _, _, system, object, action, _ in planned(session)}
    if due and session.quiet:
        yield from _quiet(session)
    for rule in session.plan.guards:
        for side in rule.sides:
            system = _system(session, side)
            if rule.what in ("calls", "credits"):
                if any(one[0] == system for one in due):
                    yield from _metered(session, rule, system)
            elif (system, rule.of, _ACTIONS[rule.what]) in due:
                yield from _counted(session, rule, system)
    if not asked_for:
        yield from _first_run(session)
        yield from _brakes(session)


def _quiet(session: Session) -> Iterator[Trip]:
    """Nothing is written before a while has passed since each system was first met."""
    for system in (session.plan.left, session.plan.right):
        where = {"org": session.org, "system": system, "object": "", "purpose": "identity"}
        met = session.db.row(sql.cursor, **where)
        until = (met[3] if met else session.now) + session.quiet
        if session.now < until:
            yield Trip(
                f"nothing is written before {_told(until)}",
                f"{system} was connected at {_told(until - session.quiet)}, and `quiet_period` of "
                f"[team] is {_length(session.quiet)}",
                "look at `syncrules preview` meanwhile, or change `quiet_period` in syncrules.toml",
            )
            return


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
    return len({record for record, before, after in rows if _blanks(before, after)})


def _blanks(before: str, after: str) -> bool:
    """Whether a change takes a value away."""
    was = json.loads(before)
    return any(one is None and was.get(name) is not None for name, one in json.loads(after).items())


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
        used = sum(one.used for one in meters) if rule.per == "day" else 0
        count = used + sum(planned.values())
        if count > rule.number:
            what = f"{_uses(count, rule)} would be made in {system}{_when(rule)}"
            yield _trip(rule, what, f"allows {floor(rule.number):,}")
        return
    for meter in meters:
        left = None if meter.limit is None else max(0, meter.limit - meter.used)
        count = _at(planned, meter, alone=len(meters) == 1)
        if left is not None and count > rule.number * left / 100:
            allowed = floor(rule.number * left / 100)
            what = f"{_uses(count, rule)} would be made in {system} ({meter.endpoint})"
            yield _trip(rule, what, f"allows {allowed:,}, {rule.number:g}% of {left:,} left")


def _at(planned: dict[str, int], meter: Meter, *, alone: bool) -> int:
    """The planned requests that a meter counts: all, where it is the only one."""
    return sum(planned.values()) if alone else planned.get(meter.endpoint, 0)


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


def _system(session: Session, side: Side) -> str:
    return session.plan.left if side == "left" else session.plan.right


def _run(session: Session) -> dict[str, object]:
    return {"org": session.org, "run": session.run}


# ---- unwritten brakes -----------------------------------------------------------------------


def _brakes(session: Session) -> Iterator[Trip]:
    for flow, side, system, object, action, all_of_them in planned(session):
        brake, count = BRAKES.get(action), all_of_them
        if brake is None or count <= brake.most or _guarded(session, side, object, brake.what):
            continue
        if action == "update":
            # What a link fills that is made in this run changes nothing that was linked.
            where = {**_run(session), "flow": flow, "side": side}
            count = (session.db.row(counts.changed_links, **where) or (0,))[0]
        linked = session.db.row(sql.count_links, org=session.org, flow=flow) or (0,)
        if count > max(brake.most, brake.share * linked[0]):
            those = f"{count:,} of {linked[0]:,} linked {object} records in {system}"
            yield Trip(
                f"{those} would {brake.does}",
                f"more than {brake.part} of them at once is rarely meant",
                "look at `syncrules preview`; `syncrules backfill` makes changes of this size, and "
                f"`guard at most 100% of {object} {brake.what} per run` allows them",
            )


def _first_run(session: Session) -> Iterator[Trip]:
    """A large, old org: the first run shows what it would do, and leaves it to a person."""
    count = sum(
        number
        for _, side, _, object, action, number in planned(session)
        if action in _KINDS and not _guarded(session, side, object, _KINDS[action])
    )
    if count > FIRST and not session.db.row(counts.ended_before, **_run(session)):
        yield Trip(
            f"{count:,} records would be changed by the first run",
            "so many at once should have been looked at",
            "`syncrules preview --out FILE` shows and saves them, and `syncrules apply FILE` makes "
            "them; `syncrules backfill` brings over what was there before, and a `guard` that says "
            "how many records a run may change allows them",
        )


def _guarded(session: Session, side: str, object: str, what: str) -> bool:
    """Whether a written guard says how many of an object may be changed so."""
    return any(
        one.what == what and one.of == object and side in one.sides for one in session.plan.guards
    )


def planned(session: Session) -> list[tuple[str, str, str, str, str, int]]:
    """Counts of planned rows: flow, side, system, object, action, number."""
    rows = session.db.rows(sql.planned_kinds, **_run(session))
    return [(one[0], one[1], one[2], one[3], one[4], one[5]) for one in rows]
