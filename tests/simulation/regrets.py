"""Somebody undoes a run: the last one or an older one, all of it, one record, or one value of one.

Which of them is drawn from what the journal says was done. What an undo did not put back is noted
for `checker/undone.py`, which tells whether it did as it should.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.engine.store.database import statement
from syncrules.engine.store.statements import C
from syncrules.tests.simulation.recorder import Recorder, Undone
from syncrules.tests.simulation.states import undisturbed
from syncrules.tests.simulation.world import Crash

if TYPE_CHECKING:
    from syncrules.tests.simulation.history import Machine

LAST, WHOLE, OF_A_VALUE, AGAIN = 0.6, 0.5, 0.5, 0.15
"""The share of undos of the last run that has done something, of those of a whole run, of the
others those of a value where there is one, and of all those that were asked for before."""

_done = statement(
    select(C.run, C.record, C.left, C.right, C.key, C.action, C.after, C.undoes)
    .where(C.state == "done")
    .order_by(C.run, C.number)
)


def part(machine: Machine, chance: random.Random) -> Part | None:
    """What somebody wants to be as it was; None where no run has done anything."""
    with undisturbed(machine.db):
        rows = machine.db.rows(_done)
    if not rows:
        return None
    if machine.log.regrets and chance.random() < AGAIN:
        return Part(*machine.log.regrets[-1][1:])
    runs = sorted({row[0] for row in rows})
    run = runs[-1] if chance.random() < LAST else chance.choice(runs[-4:])
    if chance.random() < WHOLE:
        return Part(run)
    some = [row for row in rows if row[0] == run]
    _, record, left, right, key, action, after, _ = chance.choice(some)
    name = chance.choice([one for one in (record, left, right, key) if one])
    made = {one[1] for one in some if one[5] == "create"}
    fields = sorted(json.loads(after))
    if action == "update" and fields and record not in made and chance.random() < OF_A_VALUE:
        return Part(run, name, chance.choice(fields))
    return Part(run, name)


def undo(machine: Machine, part: Part) -> Callable[[verbs.Setup], verbs.Result]:
    """The verb, noted as asked for once it is carried out."""
    with undisturbed(machine.db):
        undone = any(row[0] == part.run and row[7] for row in machine.db.rows(_done))
    log = machine.log

    def verb(setup: verbs.Setup) -> verbs.Result:
        log.regrets.append((len(log.events), part.run, part.record, part.field))
        what = "a value" if part.field else "a record" if part.record else "a run"
        log.struck[f"{what} is undone"] += 1
        log.struck["an undo is undone"] += undone
        before = machine.number()
        try:
            return verbs.undo(setup, part)
        except Crash:
            if machine.number() > before:
                log.crashed.append((len(log.regrets), machine.number()))
            raise

    return verb


def told(log: Recorder, result: verbs.Result) -> None:
    """Notes what a verb says of undos."""
    for one in (result, *result.finished):
        if one.undone:
            kept = frozenset(
                ((each.system, each.object, each.record), each.field) for each in one.kept
            )
            rest = one is not result
            record, name = ("", "") if rest or not log.regrets else log.regrets[-1][2:]
            log.undone.append(Undone(one.run, one.undone, record, name, rest, kept))
            log.struck["an undo leaves something as it is"] += bool(kept)
    log.broken_off += [one.run for one in result.broken_off]
    log.struck["a run goes on with an undo"] += len(result.finished)
    log.struck["an undo broke off before it began"] += len(result.broken_off)
