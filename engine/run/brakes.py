"""Brakes that nobody wrote: what is planned is held where so much at once is rarely meant.

Each has a number under which it lets everything pass, since a small team changes all it has in a
morning, and a share of the linked records, since a large one changes thousands a day. It counts
those of one flow, and those of all flows with an object in common. A written guard on the same
thing takes a brake's place. Most of it is counted over the runs of a day, too: a
little at each run is much in the end. Knows the journal; who asks is `guard.py`.
Records that are gone, before anything is decided, are `sight.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...dsl.rules import SIDES, Side
from ..plan.model import Flow, Plan
from ..store import counts
from ..store import statements as sql
from .ended import ENDS, back, once
from .session import Session


@dataclass(frozen=True, slots=True)
class Brake:
    """More than `most` changes of one kind to records of an object, if they are more than a `share`
    of the linked ones, are not made. `what` is the word of the guard that moves it."""

    most: int
    share: float
    part: str
    does: str
    what: str


BRAKES = {
    "create": Brake(1000, 0.5, "half", "be created", "created"),
    "update": Brake(500, 0.5, "half", "change", "changed"),
    "blank": Brake(100, 0.1, "a tenth", "lose a value", "blanked"),
    "same": Brake(100, 0.25, "a quarter", "get the same", "changed"),
    "mark": Brake(100, 0.1, "a tenth", "be marked, since theirs are deleted", "changed"),
    "delete": Brake(100, 0.1, "a tenth", "be deleted", "deleted"),
}

DAY = {
    "create": Brake(2000, 0.75, "three quarters", "be created", "created"),
    "update": Brake(1000, 0.75, "three quarters", "change", "changed"),
    **{kind: BRAKES[kind] for kind in ("blank", "mark", "delete")},
}
"""The same over all runs of a day that nobody asked for. People at work touch more in a day than at
once, and a long list is imported in parts, so there is more room for changes and for what is new;
what takes away has as much as in one run."""

DONE = replace(DAY["create"], most=10_000)
"""What people did is new by the thousand each day, and in the first days that is all there is."""

HELD_WHEN_ASKED_FOR = ("blank",)
"""Brakes that hold a backfill, too: it was asked for, and not that it empties a column."""

FIRST = 500
"""Changes that a first run may make without being asked for them."""

_KINDS = {"create": "created", "update": "changed", "delete": "deleted"}
_DELETED = once("delete")
_UNDONE = tuple(back(one) for one in ENDS)
"""How the agreements of a change call it that a mark is taken back, whatever stood there before."""


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a run may not go on, in the words of an error."""

    what: str
    why: str
    fix: str


Kinds = Sequence[tuple[str, Side, str, str, str, int]]
"""Counts of planned rows: flow, side, system, object, action, number."""


def planned(session: Session) -> Kinds:
    """What this run plans, counted."""
    if not session.numbers:
        return ()
    rows = session.db.rows(sql.planned_kinds, org=session.org, run=session.run)
    return [(one[0], one[1], one[2], one[3], one[4], one[5]) for one in rows]


def blanks(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether a change takes a value away."""
    return any(one is None and before.get(name) is not None for name, one in after.items())


@dataclass(frozen=True, slots=True)
class _Count:
    """How many records of a flow a brake counts: at once, or over the `day`, with `earlier` ones of
    other runs. `now`: this run adds to it. `same` has the field and the value that are given to
    all, where it is about these."""

    brake: Brake
    flow: Flow
    number: int
    same: tuple[str, str] = ("", "")
    day: bool = False
    earlier: int = 0
    now: bool = True

    @property
    def new(self) -> int:
        """How many of the linked records are of today."""
        return self.earlier if self.brake.what == "created" else 0


def brakes(session: Session, kinds: Kinds, *, asked_for: bool) -> Iterator[Trip]:
    """What is too much at once of what is planned. `asked_for`: a person asked for this mass of
    changes."""
    if not asked_for:
        first = list(_first_run(session, kinds))
        yield from first
        if first:
            return
    numbers: dict[tuple[Side, str], dict[str, int]] = {}
    for flow, side, _, _, action, number in kinds:
        if action in _KINDS:
            numbers.setdefault((side, action), {})[flow] = number
    for (side, action), planned in numbers.items():
        # The guards that this looks past are known: what isn't counted isn't read either.
        if sum(planned.values()) > min(one.most for one in BRAKES.values()):
            at_once = [
                one
                for name, number in planned.items()
                for one in _counted(session, session.flows[name].flow, side, action, number)
                if not asked_for or one.brake in (BRAKES[kind] for kind in HELD_WHEN_ASKED_FOR)
            ]
            yield from _too_much(session, side, at_once, asked_for)
        if not asked_for:
            of_the_day = list(_of_the_day(session, side, action, planned))
            yield from _too_much(session, side, of_the_day, asked_for)


def _too_much(
    session: Session, side: Side, counted: Sequence[_Count], asked_for: bool
) -> Iterator[Trip]:
    """What is more than a brake lets pass: of one flow, or of all that have an object in common,
    such as the leads and the contacts that contacts become."""
    alone = [[one] for one in counted if one.now and (one.earlier or not one.day)]
    tripped: set[Brake] = set()
    for some in (*alone, *_together(counted)):
        brake = some[0].brake
        left = [
            one
            for one in some
            if not _guarded(session, side, one.flow.end(side).object, brake.what)
        ]
        number = sum(one.number for one in left)
        if number <= brake.most or (len(some) > 1 and brake in tripped):
            continue
        linked = sum(_linked_before(session, one) for one in left)
        if number > brake.share * linked:
            tripped.add(brake)
            yield _trip(left, linked, session.plan, side, asked_for)


def _together(counted: Sequence[_Count]) -> Iterator[list[_Count]]:
    """What a brake counts of several flows with an object in common. What people did is counted
    by its flow alone, since there is more of it by nature."""
    groups: dict[tuple[object, ...], list[_Count]] = {}
    for one in counted:
        if not one.flow.activity:
            for side in SIDES:
                key = (one.brake, one.same, side, one.flow.end(side).object)
                groups.setdefault(key, []).append(one)
    for some in groups.values():
        earlier = any(one.earlier for one in some) or not some[0].day
        if len(some) > 1 and earlier and any(one.now for one in some):
            yield some


def _linked_before(session: Session, counted: _Count) -> int:
    """How many are linked, without those that are of today."""
    found = session.db.row(sql.count_links, org=session.org, flow=counted.flow.name) or (0,)
    return max(0, int(found[0]) - counted.new)


def _of_the_day(
    session: Session, side: Side, action: str, planned: Mapping[str, int]
) -> Iterator[_Count]:
    """What today's runs have sent and this one plans, of each flow that this one adds to and of
    those that have an object in common with it; nothing where it is the first, whose changes have
    been counted."""
    run, since = session.run, session.midnight()
    rows = session.db.rows(counts.unasked_since, org=session.org, run=run, at=since)
    among = {"run": run, "since": since, "runs": [run, *(number for (number,) in rows)]}
    named = {(end, session.flows[name].flow.end(end).object) for name in planned for end in SIDES}
    sent: dict[str, int] = {}
    for name, ready in session.flows.items():
        if any((end, ready.flow.end(end).object) in named for end in SIDES):
            where = {"org": session.org, "flow": name, "side": side, "action": action}
            before = session.db.row(counts.sent_by_runs, **where, **among)
            sent[name] = int(before[0]) if before else 0
    total = sum(sent.values())
    if not total or total + sum(planned.values()) <= min(one.most for one in DAY.values()):
        return
    for name, earlier in sent.items():
        flow = session.flows[name].flow
        if action == "create":
            number = planned.get(name, 0)
            brake = DONE if flow.activity else DAY[action]
            now = bool(number)
            yield _Count(brake, flow, earlier + number, day=True, earlier=earlier, now=now)
            continue
        found: dict[str, set[str]] = {}
        added: set[str] = set()
        where = {"org": session.org, "flow": name, "side": side, "action": action}
        for of, record, was, will, agree in session.db.stream(counts.of_runs, **where, **among):
            kinds = [action]
            if action == "update":
                wiped = not _takes_back(agree) and blanks(json.loads(was), json.loads(will))
                kinds += ["blank"] if wiped else []
                kinds += ["mark"] if _DELETED in agree else []
            for kind in kinds:
                found.setdefault(kind, set()).add(record)
            added |= set(kinds) if of == run else set()
        for kind, records in sorted(found.items()):
            number, now = len(records), kind in added
            yield _Count(DAY[kind], flow, number, day=True, earlier=earlier, now=now)


def _counted(
    session: Session, flow: Flow, side: Side, action: str, number: int
) -> Iterator[_Count]:
    """What this run plans of a flow."""
    if action != "update":
        yield _Count(BRAKES[action], flow, number)
        return
    changed = blanked = marked = 0
    same: Counter[tuple[str, str]] = Counter()
    rows = session.db.stream(
        counts.changed_links, org=session.org, run=session.run, flow=flow.name, side=side
    )
    for before, after, agree in rows:
        was, will = json.loads(before), json.loads(after)
        changed += 1
        if _takes_back(agree):
            continue
        blanked += blanks(was, will)
        if _DELETED in agree:
            marked += 1
            continue
        # Who had none is filled; who had another loses it.
        same.update(
            (name, str(one))
            for name, one in will.items()
            if one is not None and was.get(name) is not None
        )
    (value, most), *_ = same.most_common(1) or [(("", ""), 0)]
    yield from (_Count(BRAKES["update"], flow, changed), _Count(BRAKES["blank"], flow, blanked))
    yield from (_Count(BRAKES["same"], flow, most, value), _Count(BRAKES["mark"], flow, marked))


def _takes_back(agree: str) -> bool:
    """Whether a change is to be rid of a mark of ours: nobody's value is lost by it."""
    return any(one in agree for one in _UNDONE)


def _trip(counted: Sequence[_Count], linked: int, plan: Plan, side: Side, asked_for: bool) -> Trip:
    brake, day, (field, _) = counted[0].brake, counted[0].day, counted[0].same
    system = plan.system(side)
    numbers: Counter[str] = Counter()
    for one in counted:
        numbers[one.flow.end(side).object] += one.number
    count, objects = numbers.total(), " and ".join(numbers)
    does = f"{brake.does} {field}".rstrip()
    today = " by all runs of today" if day else ""
    if brake.what == "created":
        where = f"{linked:,} were linked before" if day else f"{linked:,} are linked"
        what = f"{count:,} {objects} records in {system} would {does}{today}, where {where}"
        much = f"more than {brake.part} of what {'was' if day else 'is'} linked"
    else:
        what = f"{count:,} of {linked:,} linked {objects} records in {system} would {does}{today}"
        much = f"more than {brake.part} of them"
    earlier = " and at what earlier runs did; `syncrules undo RUN` takes it back" if day else ""
    once = "in one day" if day else "at once"
    held = any(BRAKES[kind].what == brake.what for kind in HELD_WHEN_ASKED_FOR)
    no = asked_for or held
    backfill = "" if no else "`syncrules backfill` makes changes of this size, and "
    guards = " with ".join(
        f"`guard at most {_enough(brake, number, object)} {brake.what} per run`"
        for object, number in numbers.items()
    )
    return Trip(
        what,
        f"{much} (and more than {brake.most:,}) {once} is rarely meant",
        f"look at `syncrules preview`{earlier}; {backfill}{guards} allows them",
    )


def _enough(brake: Brake, count: int, object: str) -> str:
    """What a guard would have to say: a share of what is linked is none of what is new."""
    return f"{count} {object}" if brake.what == "created" else f"100% of {object}"


def _first_run(session: Session, kinds: Kinds) -> Iterator[Trip]:
    """A large, old org: the first run shows what it would do, and leaves it to a person."""
    count = sum(
        number
        for _, side, _, object, action, number in kinds
        if action in _KINDS and not _guarded(session, side, object, _KINDS[action])
    )
    before = {"org": session.org, "run": session.run}
    if count > FIRST and not session.db.row(counts.ended_before, **before):
        yield Trip(
            f"{count:,} records would be changed by the first run",
            f"so many at once (more than {FIRST:,}) should have been looked at",
            "`syncrules preview --out FILE` shows and saves them, and `syncrules apply FILE` makes "
            "them; `syncrules backfill` brings over what was there before, and a `guard` that says "
            "how many records a run may change allows them",
        )


def _guarded(session: Session, side: Side, object: str, what: str) -> bool:
    """Whether a written guard says how many of an object may be changed so."""
    return any(
        one.what == what and one.of == object and side in one.sides for one in session.plan.guards
    )
