"""Brakes that nobody wrote: what is planned is held where so much at once is rarely meant.

Each has a number under which it lets everything pass, since a small team changes all it has in a
morning, and a share of the linked records, since a large one changes thousands a day. A written
guard on the same thing takes a brake's place. Most of it is counted over the runs of a day, too: a
little at each run is much in the end. Knows the journal; who asks is `guard.py`.
Records that are gone, before anything is decided, are `sight.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...dsl.rules import Side
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


def brakes(session: Session, kinds: Kinds, *, asked_for: bool) -> Iterator[Trip]:
    """What is too much at once of what is planned. `asked_for`: a person asked for this mass of
    changes."""
    if not asked_for:
        first = list(_first_run(session, kinds))
        yield from first
        if first:
            return
    for flow, side, system, object, action, number in kinds:
        if action in _KINDS and number > min(one.most for one in BRAKES.values()):
            # The guards that this looks past are known: what isn't counted isn't read either.
            for kind, count, field in _counted(session, flow, side, action, number):
                if asked_for and kind not in HELD_WHEN_ASKED_FOR:
                    continue
                linked = _too_much(session, flow, side, object, BRAKES[kind], count)
                if linked:
                    yield _trip(BRAKES[kind], count, linked, object, system, field, asked_for)
        if action in _KINDS and not asked_for:
            for brake, count, new in _of_the_day(session, flow, side, action, number):
                linked = _too_much(session, flow, side, object, brake, count, new)
                if linked:
                    yield _trip(brake, count, linked, object, system, "", asked_for, day=True)


def _too_much(
    session: Session, flow: str, side: Side, object: str, brake: Brake, count: int, new: int = 0
) -> int:
    """How many are linked, without the `new` ones, where a count of changes is more than a brake
    lets pass; else 0."""
    if count <= brake.most or _guarded(session, side, object, brake.what):
        return 0
    found = session.db.row(sql.count_links, org=session.org, flow=flow) or (0,)
    linked = max(0, int(found[0]) - new)
    return linked if count > brake.share * linked else 0


def _of_the_day(
    session: Session, flow: str, side: Side, action: str, number: int
) -> Iterator[tuple[Brake, int, int]]:
    """(brake, how many records it counts, how many of the linked ones are new) of today's runs and
    this one, for what this one adds to; where it is the first that does, it has been counted."""
    run, since = session.run, session.midnight()
    rows = session.db.rows(counts.unasked_since, org=session.org, run=run, at=since)
    where = {"org": session.org, "flow": flow, "side": side, "action": action}
    among = {"run": run, "since": since, "runs": [run, *(number for (number,) in rows)]}
    before = session.db.row(counts.sent_by_runs, **where, **among)
    earlier = int(before[0]) if before else 0
    if not earlier or earlier + number <= min(one.most for one in DAY.values()):
        return
    if action == "create":
        done = session.flows[flow].flow.activity
        yield DONE if done else DAY[action], earlier + number, earlier
        return
    found: dict[str, set[str]] = {}
    added: set[str] = set()
    for of, record, was, will, agree in session.db.stream(counts.of_runs, **where, **among):
        kinds = [action]
        if action == "update":
            wiped = not _takes_back(agree) and blanks(json.loads(was), json.loads(will))
            kinds += ["blank"] if wiped else []
            kinds += ["mark"] if _DELETED in agree else []
        for kind in kinds:
            found.setdefault(kind, set()).add(record)
        added |= set(kinds) if of == run else set()
    yield from ((DAY[kind], len(found[kind]), 0) for kind in sorted(added))


def _counted(
    session: Session, flow: str, side: Side, action: str, number: int
) -> Iterator[tuple[str, int, str]]:
    """(brake, how many records it counts, field where it is about one)."""
    if action != "update":
        yield action, number, ""
        return
    changed = blanked = marked = 0
    same: Counter[tuple[str, str]] = Counter()
    rows = session.db.stream(
        counts.changed_links, org=session.org, run=session.run, flow=flow, side=side
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
    ((field, _), most), *_ = same.most_common(1) or [(("", ""), 0)]
    yield from (("update", changed, ""), ("blank", blanked, ""))
    yield from (("same", most, field), ("mark", marked, ""))


def _takes_back(agree: str) -> bool:
    """Whether a change is to be rid of a mark of ours: nobody's value is lost by it."""
    return any(one in agree for one in _UNDONE)


def _trip(
    brake: Brake,
    count: int,
    linked: int,
    object: str,
    system: str,
    field: str,
    asked_for: bool,
    *,
    day: bool = False,
) -> Trip:
    does = f"{brake.does} {field}".rstrip()
    today = " by all runs of today" if day else ""
    if brake.what == "created":
        where = f"{linked:,} were linked before" if day else f"{linked:,} are linked"
        what = f"{count:,} {object} records in {system} would {does}{today}, where {where}"
        much = f"more than {brake.part} of what {'was' if day else 'is'} linked"
    else:
        what = f"{count:,} of {linked:,} linked {object} records in {system} would {does}{today}"
        much = f"more than {brake.part} of them"
    earlier = " and at what earlier runs did; `syncrules undo RUN` takes it back" if day else ""
    once = "in one day" if day else "at once"
    backfill = "" if asked_for else "`syncrules backfill` makes changes of this size, and "
    return Trip(
        what,
        f"{much} (and more than {brake.most:,}) {once} is rarely meant",
        f"look at `syncrules preview`{earlier}; {backfill}"
        f"`guard at most {_enough(brake, count, object)} {brake.what} per run` allows them",
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
