"""One way for every verb: look, decide until quiet, guard, write, settle.

`preview` ends before the write and takes back what it decided; `backfill` and `retry` only mark
records first. Setting up (project, systems, state) is `engine/open.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from ...connectors.base.contract import Connector
from ...connectors.base.world import World
from ...dsl.rules import SIDES, Side
from ...dsl.uses import Touched
from ...errors import (
    Interrupted,
    LeaseHeld,
    Stale,
    SyncrulesError,
    SystemUnavailable,
    UsageError,
)
from ..logins import Signers
from ..plan.model import Flow, Plan
from ..store import lease as leases
from ..store import statements as sql
from ..store import troubles, unknown
from ..store.database import Database
from . import asks, by_hand, damage, problems, restored, signed
from . import undo as undos
from .belongs import spare
from .binned import Told
from .earlier import BACKFILL
from .guard import guard, trips
from .journal import Entry, entry
from .look import look, look_elsewhere
from .looked_for import look_for_retried
from .newer import Behind, asked, backfill_for, behind
from .noted import mark_gone
from .outlived import let_go, outlived
from .parted import leave_all_alone
from .parts import read_a_part
from .paused import hold_back
from .propose import propose
from .restored import Generation, Last, Nowhere, compared
from .same import put_right, same_orgs, same_time
from .scope import ALL, Scope
from .session import Kept, Session
from .sight import all_there, in_sight, were_there
from .since import note
from .sweep import sweep
from .tidy import tidy
from .undo import BrokenOff, Part
from .vanished import leave_vanished
from .write import settle_doubts, write

LEASE = 120.0
"""Seconds that a runner may be silent before another machine may take over."""

ROUNDS = 3
"""How often what a person asked for is decided again, since links it made let other values flow;
any run is, where a write met a record that has become another, or was changed since."""

Verb = Literal["run", "preview", "backfill", "retry", "push", "apply", "undo"]
OnChange = Callable[[Entry], None]
Agreed = Callable[[Iterable[Entry]], None]
"""Is told all that is planned, and raises where that is not what was agreed on."""


@dataclass(frozen=True)
class Setup:
    """What a run needs from the project: `deadlines` are seconds after which no request of ours
    can be under way, `sizes` records a write request, by system; `lags` seconds that the searches
    for an object may stay behind our writes, by system and object; `signers` who has a login of
    their own, by system; `quiet` seconds that pass after a system was first met, before anything
    is written. `scope` is what the run is about, `stopping` says whether it should end at the next
    record. `generation` is what is remembered of the state besides it. `drift` describes some
    objects again and says which rules can't go on."""

    org: str
    plan: Plan
    world: World
    db: Database
    connectors: Mapping[str, Connector]
    deadlines: Mapping[str, float]
    sizes: Mapping[str, int]
    advise: Callable[[str, str], str]
    holder: leases.Holder
    lags: Mapping[tuple[str, str], float] = field(default_factory=dict)
    signers: Mapping[str, Signers] = field(default_factory=dict)
    progress: Callable[[str], None] = lambda text: None
    scope: Scope = ALL
    stopping: Callable[[], bool] = lambda: False
    quiet: float = 0.0
    generation: Generation = field(default_factory=Nowhere)
    drift: Callable[[Sequence[tuple[str, str]]], list[Touched]] = lambda names: []


@dataclass(frozen=True)
class Result:
    """What a run did. `counts` has (system, object, action, state) and how often; `waiting` counts
    by rule the records that a backfill would take, the command being in `backfills`, `behind` by
    map the linked pairs that it would bring in line with a row that is newer; `errors` are open
    entries. `settled` counts what became of writes that an earlier run had sent and never heard of,
    by kind of outcome. `held`
    says, for a preview, what would stop a run before its first write. `asks` counts the changes
    that wait for a person, `stale` those that one has approved and whose value changed since.
    `unknown` counts activities that wait until someone they are about is known. `undone` is the run
    that was put back, and `kept` what of it was not. `restored`: the state was an older copy of
    what it had been, and both sides were compared in full. `lost` counts the edits that lose to the
    other side by the word of a rule. `finished` are undos that had been begun and had something
    left, which it went on with, `broken_off` those that broke off before they had begun, which a
    person has to ask for again. `binned` are errors that were retried, and wait on a bin."""

    run: int
    verb: Verb
    counts: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    backfills: Mapping[str, str] = field(default_factory=dict)
    behind: tuple[Behind, ...] = ()
    errors: int = 0
    settled: Mapping[str, int] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    asks: int = 0
    stale: int = 0
    unknown: int = 0
    undone: int = 0
    kept: tuple[Kept, ...] = ()
    restored: bool = False
    lost: int = 0
    finished: tuple[Result, ...] = ()
    broken_off: tuple[BrokenOff, ...] = ()
    binned: tuple[Told, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, 1 where there is something to look at, 3 where a run would be stopped."""
        kept = self.kept or any(one.kept for one in self.finished)
        return 3 if self.held else 1 if self.errors or kept or self.broken_off else 0


def _no_marks(session: Session) -> None:
    """Only what the look marks."""


def _whatever(entries: Iterable[Entry]) -> None:
    """Nothing was agreed on."""


@dataclass(frozen=True)
class Work:
    """What a verb does in its own way: what it marks before it decides, and how it decides.

    `agreed` sees what is planned before anything is written. `asked_for`: a person asked for this
    mass of changes. `once`: what comes of them is left to the next run. `undoes` is the run that is
    put back, 0 for none, and `part` what a person asked for of it.
    """

    mark: Callable[[Session], None] = _no_marks
    decide: Callable[[Session], None] = propose
    agreed: Agreed = _whatever
    asked_for: bool = False
    once: bool = False
    undoes: int = 0
    part: Part | None = None


def run(setup: Setup, on_change: OnChange | None = None) -> Result:
    """The main job: what changed since the last run."""
    return _and_undos(setup, "run", Work(), on_change)


def backfill(
    setup: Setup,
    direction: str,
    object: str,
    on_change: OnChange | None = None,
    *,
    dry_run: bool = False,
) -> Result:
    """Brings what was there before the rules: every record of `object` on the side that is read.
    `dry_run`: every change that it would make now, and no write."""
    side: Side = "left" if direction == "push" else "right"
    flows = [
        flow for flow in setup.plan.flows if not flow.users and flow.end(side).object == object
    ]
    if not flows:
        known = sorted(
            {(one.left if side == "left" else one.right).object for one in setup.plan.flows}
        )
        raise UsageError(
            f"no rule says anything about {object} on the side that `{direction}` reads",
            fix=f"take one of: {', '.join(known)}",
        )

    def mark(session: Session) -> None:
        with session.db.transaction("marked"):
            for flow in flows:
                _mark_all(session, flow, side, BACKFILL)
                mark_gone(session, flow, side, BACKFILL)
                asked(session, flow)

    work = Work(mark, asked_for=True)
    return _carry_out(setup, "preview" if dry_run else "backfill", work, on_change)


def retry(setup: Setup, ids: list[int] | None, on_change: OnChange | None = None) -> Result:
    """Decides the records behind open errors again, with today's values; None: all of them. Of what
    no rule is about any more the entry is over, and so it is of a pair of which one can't come
    back."""
    waits: list[Told] = []

    def mark(session: Session) -> None:
        rows = session.db.rows(troubles.open_troubles, org=session.org)
        over = session.db.rows(troubles.closed_since, org=session.org, at=session.started)
        unknown = set(ids or ()) - {row[0] for row in (*rows, *over)}
        if unknown:
            raise UsageError(
                f"there is no open error {min(unknown)}", fix="`syncrules errors` lists them"
            )
        codes = {row[0]: row[3] for row in session.db.rows(troubles.open_errors, org=session.org)}
        chosen = [row for row in rows if ids is None or row[0] in ids]
        look_for_retried(session, [(row[1], row[2], codes.get(row[0], "")) for row in chosen])
        waits.extend(let_go(session, {row[0] for row in chosen}))
        with session.db.transaction("marked"):
            for _, flow, record, operation, *_ in chosen:
                tried = operation in ("update", "delete", problems.UNDO)
                if by_hand.let_go(session, flow, record):
                    continue
                if not (tried and undos.try_again(session, flow, record)):
                    _mark_error(session, flow, record)

    result = _and_undos(setup, "retry", Work(mark, asked_for=True), on_change)
    return replace(result, binned=tuple(waits))


def push(setup: Setup, record: str, rule: str = "", on_change: OnChange | None = None) -> Result:
    """Sends one record, known by its key or its id, whatever the condition of its rule says."""
    names = frozenset(one.name for one in by_hand.pushing(setup.plan, rule))
    alone = replace(setup, scope=Scope(frozenset(), names, rule))
    work = Work(lambda session: by_hand.mark_record(session, record, rule), asked_for=True)
    return _carry_out(alone, "push", work, on_change)


def preview(setup: Setup, on_change: OnChange | None = None, agreed: Agreed = _whatever) -> Result:
    """Every change that `run` would make now. Looks are kept, decisions are taken back."""
    return _and_undos(setup, "preview", Work(agreed=agreed), on_change)


def apply(setup: Setup, agreed: Agreed, on_change: OnChange | None = None) -> Result:
    """Makes the changes that a run would make, once `agreed` has seen them. What comes of them is
    left to the next run."""
    return _carry_out(setup, "apply", Work(agreed=agreed, asked_for=True, once=True), on_change)


def undo(
    setup: Setup, part: Part, on_change: OnChange | None = None, *, dry_run: bool = False
) -> Result:
    """Puts back what a run changed, or a part of that, where it is still as that run left it.
    `dry_run`: every change that it would make now, and no write. Raises `UsageError` where there
    is no such run, or nothing of it that is meant."""
    undos.must_be_there(setup.db, setup.org, part.run)
    work = replace(_undoing(part.run, partial(undos.put_back, part=part)), part=part)
    return _carry_out(setup, "preview" if dry_run else "undo", work, on_change)


def _undoing(run: int, decide: Callable[[Session], None]) -> Work:
    return Work(decide=decide, asked_for=True, once=True, undoes=run)


def _and_undos(setup: Setup, verb: Verb, work: Work, on_change: OnChange | None) -> Result:
    """Carries out a verb; then what is left of undos, as far as it is known what became of it. A
    run of one rule is about nothing else."""
    result = _carry_out(setup, verb, work, on_change)
    if setup.scope.rule:
        return result
    how: Verb = "preview" if verb == "preview" else "undo"
    finished = [
        _carry_out(setup, how, _undoing(one, partial(undos.go_on, run=one)), on_change)
        for one in undos.due(setup.db, setup.org)
    ]
    errors = finished[-1].errors if finished else result.errors
    return replace(result, finished=tuple(finished), errors=errors)


def _carry_out(setup: Setup, verb: Verb, work: Work, on_change: OnChange | None) -> Result:
    session, lease = _begin(setup, verb, work.part)
    session.undoing = bool(work.undoes)
    try:
        with damage.told(setup.db):
            same_orgs(setup.db, setup.org, setup.connectors, setup.world.clock.now())
            settled = settle_doubts(session)
            if session.restored is not None:
                session.progress("the state is an older copy: both sides are read again")
            look(session)
            sweep(session)
            read_a_part(session)
            in_sight(session)
            all_there(session)
            if verb == "preview":
                with setup.db.rollback_only():
                    result = _decided(session, verb, work, on_change)
            else:
                result = _written(session, verb, work, on_change)
    except SyncrulesError as error:
        if isinstance(error, SystemUnavailable):
            if gone := problems.system_of(session, error):
                with suppress(SyncrulesError):
                    look_elsewhere(session, gone)
            with setup.db.transaction("stopped"):
                problems.stopped(session, error)
        if not isinstance(error, LeaseHeld):
            _end(setup, session, lease, error.exit_code, {})
        raise
    result = replace(
        result,
        settled=settled,
        undone=work.undoes,
        kept=tuple(session.kept),
        restored=session.restored is not None,
        broken_off=tuple(undos.untold(session)) if work.part or not work.undoes else (),
    )
    whole = verb != "preview"
    _end(setup, session, lease, result.exit_code, result.counts, whole=whole)
    return result


def _decided(session: Session, verb: Verb, work: Work, on_change: OnChange | None) -> Result:
    note(session)
    work.mark(session)
    session.progress("deciding")
    work.decide(session)
    _compare(session, verb, work)
    leave_vanished(session, partial(work.decide, session))
    spare(session)
    work.agreed(_planned(session))
    held = tuple(f"{one.what}: {one.why}" for one in trips(session, asked_for=work.asked_for))
    return replace(_result(session, verb, on_change), held=held)


def _written(session: Session, verb: Verb, work: Work, on_change: OnChange | None) -> Result:
    with session.db.transaction("rules"):
        if not work.undoes:
            note(session)
        signed.found_again(session)
    outlived(session)
    work.mark(session)
    session.again = False
    for _ in range(ROUNDS):
        if session.again:
            look(session)
        before, session.again = session.numbers, False
        session.progress("deciding")
        work.decide(session)
        _compare(session, verb, work)
        leave_vanished(session, partial(work.decide, session))
        spare(session)
        work.agreed(_planned(session))
        guard(session, asked_for=work.asked_for)
        if work.undoes:
            undos.begin(session, work.part)
        hold_back(session)
        if verb == "apply":
            _all_of_it(session)
        write(session)
        over = session.numbers == before or (verb == "run" and not session.again)
        if over or work.once:
            break
    if work.undoes:
        leave_all_alone(session)
    problems.got_through(session)
    if session.restored is not None:
        compared(session)
    tidy(session)
    return _result(session, verb, on_change)


def _compare(session: Session, verb: Verb, work: Work) -> None:
    """Where what was read shows that the state is an older copy, all is read again, and decided as
    such. Raises `Braked` for what would rest on what is not known."""
    if session.restored is not None or not restored.shows(session):
        return
    restored.found_out(session)
    if verb not in ("run", "preview") or session.scope.rule:
        raise restored.must_run_first(verb)
    session.progress("the state is an older copy: both sides are read again")
    look(session)
    work.decide(session)


def _planned(session: Session) -> Iterator[Entry]:
    """All that this run is about to do; what is spared is told by the error log alone."""
    for row in session.db.stream(sql.changes_of_run, org=session.org, run=session.run):
        one = entry(row)
        if one.state not in ("spared", "dropped"):
            yield one


def _all_of_it(session: Session) -> None:
    """Raises `Stale` where a part waits since a system has changed under its rules."""
    if any(one.state == "paused" for one in _planned(session)):
        raise Stale(
            "the preview is not applied, and nothing was written",
            why="a system has changed since its schema was pulled",
            fix="`syncrules errors` says how; `syncrules schema pull`, then save a new preview",
        )


# ---- beginning and end ----------------------------------------------------------------------


def _begin(setup: Setup, verb: Verb, part: Part | None) -> tuple[Session, leases.Lease]:
    db, now = setup.db, setup.world.clock.now()
    lease = leases.acquire(db, setup.org, setup.holder, now, LEASE)
    if verb != "preview":
        try:
            same_time(db, setup.org, now)
        except SyncrulesError:
            leases.release(db, lease)
            raise
    number = 1 + restored.begin(db, setup.org, setup.generation)
    lost = restored.since(db, setup.org)
    if lost is not None and (verb not in ("run", "preview") or setup.scope.rule):
        leases.release(db, lease)
        raise restored.must_run_first(verb)
    with db.transaction("begun"):
        db.run(sql.drop_planned, org=setup.org)
        put_right(db, setup.org, now)
        db.run(
            sql.put_run,
            org=setup.org,
            number=number,
            verb=verb,
            started=now,
            ended=0.0,
            exit=-1,
            counts="{}",
            plan=_plan_hash(setup.plan),
            part=part.text if part is not None and verb == "undo" else "",
        )
    setup.generation.note(Last(number, now, ended=False))
    renewed = [now]

    def renew() -> None:
        if setup.world.clock.now() - renewed[0] > LEASE / 4:
            renewed[0] = setup.world.clock.now()
            leases.renew(db, lease, renewed[0], LEASE)

    def keep_alive() -> None:
        if setup.stopping():
            raise Interrupted("interrupted", fix="the next run goes on from there")
        renew()

    session = Session(
        setup.org,
        number,
        setup.plan,
        setup.world,
        db,
        setup.connectors,
        setup.deadlines,
        setup.sizes,
        setup.advise,
        setup.lags,
        setup.signers,
        setup.progress,
        renew,
        keep_alive,
        setup.stopping,
        setup.scope if lost is None else ALL,
        setup.drift,
        setup.quiet,
        started=now,
        restored=lost,
    )
    return session, lease


def _end(
    setup: Setup,
    session: Session,
    lease: leases.Lease,
    code: int,
    counts: Mapping[tuple[str, str, str, str], int],
    *,
    whole: bool = False,
) -> None:
    """Notes that a run is over; `whole`: it came to its end and took nothing back."""
    now = setup.world.clock.now()
    with setup.db.transaction("ended"):
        if whole:
            were_there(session)
        setup.db.run(
            sql.end_run,
            org=setup.org,
            one=session.run,
            at=now,
            code=code,
            new_counts=json.dumps({" ".join(key): count for key, count in counts.items()}),
        )
        setup.db.many(
            sql.put_meter,
            [
                {
                    "org": setup.org,
                    "system": system,
                    "endpoint": meter.endpoint,
                    "window": meter.window,
                    "used": meter.used,
                    "limit": meter.limit,
                    "at": now,
                }
                for system, connector in setup.connectors.items()
                for meter in connector.meters()
            ],
        )
    setup.generation.note(Last(session.run, session.started, ended=True))
    leases.release(setup.db, lease)


def _result(session: Session, verb: Verb, on_change: OnChange | None) -> Result:
    counts: dict[tuple[str, str, str, str], int] = {}
    lost = 0
    where = {"org": session.org, "run": session.run}
    for row in session.db.stream(sql.changes_of_run, **where) if session.numbers else ():
        one = entry(row)
        if verb == "preview" and one.state == "dropped":
            continue
        kind = (one.system, one.object, one.action, one.state)
        counts[kind] = counts.get(kind, 0) + 1
        lost += len(one.lost) if one.state in ("planned", "done") else 0
        if on_change and one.state != "spared":
            on_change(one)
    waiting: dict[str, int] = {}
    known = {one.rule: flow for flow in reversed(session.plan.flows) for one in flow.moves}
    rows = session.db.rows(sql.waiting, org=session.org)
    for _, rule, count in rows:
        if rule in known:  # Of a rule that is gone nobody can ask for the rest.
            waiting[rule] = waiting.get(rule, 0) + count
    errors = session.db.row(troubles.count, org=session.org)
    nobody = session.db.row(unknown.count, org=session.org)
    asked, stale = asks.counts(session)
    open_errors = errors[0] if errors else 0
    return Result(
        session.run,
        verb,
        counts,
        waiting,
        {rule: backfill_for(known[rule], rule) for rule in waiting},
        behind(session.plan, rows),
        open_errors,
        asks=asked,
        stale=stale,
        unknown=nobody[0] if nobody else 0,
        lost=lost,
    )


def _plan_hash(plan: Plan) -> str:
    text = "\n".join(f"{flow.name} {flow.fingerprint}" for flow in plan.flows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---- marks ----------------------------------------------------------------------------------


def _mark_all(session: Session, flow: Flow, side: Side, cause: str) -> None:
    end = flow.end(side)
    session.db.run(
        sql.mark_all,
        org=session.org,
        flow=flow.name,
        side=side,
        system=end.system,
        object=end.object,
        why=cause,
    )


def _mark_error(session: Session, flow: str, record: str) -> None:
    """Marks a record behind an error; an entry that names none marks all of its flow."""
    if flow not in session.flows:
        return
    about = session.flows[flow].flow
    for side in SIDES:
        end = about.end(side)
        if not record:
            _mark_all(session, about, side, "retry")
        elif record in session.stored(end.system, end.object, [record]):
            session.mark([(flow, side, record)], "retry")
