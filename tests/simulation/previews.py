"""Random previews and undos between two made-up systems: what was shown is done, or nothing; what
is put back was ours, and nothing else moves.

One seed is one story, told on the simulators by people at work (`people.py`). What both systems
hold is read through new connections, and compared field by field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from syncrules.connectors.base.values import Value
from syncrules.engine.report import change_json
from syncrules.engine.run import run as verbs
from syncrules.engine.run.decision import Coming
from syncrules.engine.run.journal import Entry, entry
from syncrules.engine.run.undo import Part
from syncrules.engine.saved import Saved, head, load, saving
from syncrules.engine.store import statements as sql
from syncrules.errors import Stale
from syncrules.tests.simulation.fields import SAVED
from syncrules.tests.simulation.history import ORG, ROUND, Machine, connectors, plan
from syncrules.tests.simulation.papers import Papers

Key = tuple[str, str, str]
Seen = dict[Key, dict[str, Value]]
Plain = list[dict[str, Any]]


def seen(machine: Machine) -> Seen:
    """Every record that rules are about, with all fields that they read."""
    found: Seen = {}
    fresh = connectors(machine.apollo, machine.salesforce, machine.world)
    for ask in plan(machine.rules)[0].reads:
        for page in fresh[ask.system].read(ask, None):
            for one in page.records:
                if one.life == "here":
                    shown = {name: each for name, each in one.values.items() if name not in SAVED}
                    found[ask.system, ask.object, one.id] = shown
    return found


def moved(before: Seen, after: Seen) -> dict[tuple[Key, str], Value]:
    """The fields of records that were and are there which hold something else."""
    return {
        (key, name): value
        for key, values in after.items()
        if key in before
        for name, value in values.items()
        if before[key].get(name) != value
    }


def _settled(machine: Machine) -> None:
    """Both systems with some people, some of them linked."""
    machine.go(verbs.run)
    machine.people.settle_in()
    machine.clock.sleep(ROUND)
    machine.go(verbs.run)


def _work(machine: Machine, most: int) -> None:
    for _ in range(machine.chance.randrange(1, most + 1)):
        machine.people.work()


# ---- previews -------------------------------------------------------------------------------


@dataclass
class Told:
    """What became of the previews of a story, and what is wrong with it."""

    previews: int = 0
    stale: int = 0
    wrong: list[str] = field(default_factory=list)


def preview(seed: int) -> Told:
    """A story of saved previews, each applied or stale: of one nothing has changed until then, of
    one perhaps records, of one perhaps rules or a schema."""
    machine = Machine(seed)
    _settled(machine)
    told = Told()
    with TemporaryDirectory() as folder:
        papers = Papers(Path(folder), machine.rules)
        for number in range(3):
            _work(machine, 5)
            machine.clock.sleep(ROUND)
            _one(machine, papers, Path(folder) / f"{number}.json", number % 3, told)
    told.wrong += machine.log.violations
    return told


def _one(machine: Machine, papers: Papers, file: Path, kind: int, told: Told) -> None:
    """A preview is saved, people may work on, and it is applied."""
    told.previews += 1
    with saving(file, head(papers.project)) as keep:
        shown = _shown(machine, keep_all=lambda one: keep(ORG, one))
    saved = load(file)
    if kind == 2 and machine.chance.random() < 0.7:
        told.stale += 1
        mend = papers.changed(machine.chance)
        if not _is_stale(saved, papers):
            told.wrong.append("rules or schemas are others, and it was not refused")
        mend()
    if _is_stale(saved, papers):
        told.wrong.append("rules and schemas are the same, and it was refused")
    if kind == 1:
        _work(machine, 3)
        machine.clock.sleep(1.0)
    before = seen(machine)
    now = _shown(machine)
    writes, busy = machine.log.writes, _being_saved(machine)
    done: list[Entry] = []
    try:
        agreed = partial(saved.agreed, ORG, machine.db)
        machine.go(lambda setup: verbs.preview(setup, agreed=agreed))
        machine.go(lambda setup: verbs.apply(setup, agreed, done.append))
    except Stale:
        told.stale += 1
        if now == shown:
            told.wrong.append("what would be done is what was shown, and it was refused")
        if machine.log.writes != writes or seen(machine) != before:
            told.wrong.append("it was refused, and something was written")
        return
    if now != shown:
        told.wrong.append("something else would be done by now, and it was not refused")
    if _plain(done) != shown:
        told.wrong.append("the journal has other changes than were shown")
    told.wrong += _exactly(before, seen(machine), done, busy)


def _is_stale(saved: Saved, papers: Papers) -> bool:
    """Whether it is refused for what stands in the project's files."""
    try:
        saved.must_fit(papers.project)
    except Stale:
        return True
    return False


def _shown(machine: Machine, keep_all: Any = lambda one: None) -> Plain:
    found: list[Entry] = []

    def tell(one: Entry) -> None:
        keep_all(one)
        found.append(one)

    machine.go(lambda setup: verbs.preview(setup, tell))
    return _plain(found)


def _plain(entries: list[Entry]) -> Plain:
    """Changes as they are shown, in whatever order they are made; ids that only the writing tells
    are left out."""
    found: Plain = []
    ids = {one.record for one in entries if one.action == "create"} - {""}
    for one in entries:
        told = change_json(one)
        coming = {name for name, each in one.after.items() if isinstance(each, Coming)}
        coming |= {name for name, each in one.after.items() if each in ids}
        fields = {
            name: "coming" if name in coming else each for name, each in told["fields"].items()
        }
        made = one.action == "create"
        found.append({**told, "state": "", "id": None if made else told["id"], "fields": fields})
    return sorted(found, key=json.dumps)


def _being_saved(machine: Machine) -> set[str]:
    """The records in Salesforce that somebody is saving: they are locked, and nobody else sees yet
    what becomes of them."""
    org = machine.salesforce.org
    tables = [org.store.table(one) for one in org.schema.objects.values()]
    return {id for table in tables for id in table.waiting}


def _exactly(before: Seen, after: Seen, done: list[Entry], busy: set[str]) -> Iterator[str]:
    """Whether both systems differ in what was done, and in nothing else. What is `busy` may be left
    to the next run."""
    may: set[tuple[Key, str]] = set()
    for one in done:
        key = (one.system, one.object, one.record)
        if one.action == "update" and key not in before:
            continue  # A system that tells of no deletion: it was gone before it was shown.
        if one.state == "dropped" and one.record in busy:
            continue
        if one.state != "done":
            yield f"{one.action} {key} ended as {one.state}"
        if one.action == "update":
            may |= {(key, name) for name in one.after}
    for key, name in moved(before, after).keys() - may:
        yield f"{name} of {key} was written, and never shown"
    made = {(one.system, one.object, one.record) for one in done if one.action == "create"}
    if after.keys() - before.keys() != made:
        yield f"other records were made than were shown: {after.keys() - before.keys() ^ made}"
    gone = {(one.system, one.object, one.record) for one in done if one.action == "delete"}
    if before.keys() - after.keys() != gone:
        yield f"other records were deleted than were shown: {before.keys() - after.keys() ^ gone}"


# ---- undos ----------------------------------------------------------------------------------


def undo(seed: int) -> list[str]:
    """What is wrong with one story of a run that is put back, or of a record or a value of it, with
    or without work in between."""
    machine = Machine(seed)
    _settled(machine)
    for _ in range(machine.chance.randrange(0, 4)):
        _work(machine, 5)
        _retitle(machine)
        machine.clock.sleep(ROUND)
        machine.go(verbs.run)
    number = machine.log.run
    ended = seen(machine)
    # What that run has not come to yet is done by the next one, of whatever it still finds.
    rests = machine.due() == 0
    machine.clock.sleep(ROUND)
    if machine.chance.random() < 0.5:
        _work(machine, 4)
        _meddle(machine, Part(number))
        machine.clock.sleep(ROUND)
    here = seen(machine)
    part = _part(machine, number)
    result = machine.go(lambda setup: verbs.undo(setup, part))
    back = seen(machine)
    wrong = list(_put_back(machine, part, ended, here, back))
    told = {(one.system, one.object, one.record) for one in result.kept}
    for one in _done(machine, part):
        key = (one.system, one.object, one.record)
        if one.action == "create" and key in back and key not in told and not part.field:
            wrong.append(f"{key} was made, is still there, and nothing is said of it")
    writes = machine.log.writes
    twice = machine.go(lambda setup: verbs.undo(setup, part))
    if machine.log.writes != writes or twice.counts:
        wrong.append("a second undo writes something")
    machine.clock.sleep(ROUND)
    machine.go(verbs.run)
    if ended == here and rests:
        again = set(moved(back, seen(machine)))
        if part.record:
            # What that run has not come to yet is done by the next one.
            again &= {
                ((one.system, one.object, one.record), name)
                for one in _done(machine, part)
                for name in one.after
            }
        if again or (seen(machine).keys() != back.keys() and not part.record):
            wrong.append(f"the next run made it again: {again}")
        wrong += _edited_elsewhere(machine, part, back)
    return [*wrong, *machine.log.violations]


WORDS = ("title", "first_name", "Title", "FirstName")
"""Fields that a person may fill with any word."""


def _retitle(machine: Machine) -> None:
    """Contacts whom both systems know get other titles, so that runs have something to bring."""
    known = sorted(one for one in machine.linked() if one[0] == "apollo")
    for key in machine.chance.sample(known, min(2, len(known))):
        machine.people.change(key, {"title": f"Title {machine.chance.randrange(100)} anew"})


def _meddle(machine: Machine, part: Part) -> None:
    """Somebody changes the very field of a record that the run has written."""
    spots = [
        ((one.system, one.object, one.record), name)
        for one in _done(machine, part)
        for name in one.after
        if one.action == "update" and name in WORDS
    ]
    if spots:
        key, name = machine.chance.choice(spots)
        machine.people.change(key, {name: "By hand"})


def _edited_elsewhere(machine: Machine, part: Part, back: Seen) -> Iterator[str]:
    """Of records that were put back another field is edited: what was put back stays."""
    names = {"apollo": "last_name", "salesforce": "LastName"}
    keys = {
        (one.system, one.object, one.record)
        for one in _done(machine, part)
        if one.action == "update" and one.object in ("contact", "Lead", "Contact")
    }
    parted = {one.record for one in _done(machine, part) if one.action == "link"}
    parted |= {one.left for one in _done(machine, part) if one.action == "link"}
    left = [key for key in sorted(keys & back.keys()) if key[2] not in parted]
    for key in left:
        machine.people.change(key, {names[key[0]]: "Changed"})
    machine.clock.sleep(ROUND)
    machine.go(verbs.run)
    now = seen(machine)
    for key in left:
        for name in WORDS:
            if key in now and now[key].get(name) != back[key].get(name):
                yield f"{name} of {key} became {now[key][name]} again, since its name changed"


def _part(machine: Machine, number: int) -> Part:
    """The whole run, or what it did to one record, or to one value of it."""
    done = _done(machine, Part(number))
    if not done or machine.chance.random() < 0.6:
        return Part(number)
    one = machine.chance.choice(done)
    made = {each.record for each in done if each.action == "create"}
    one_value = one.action == "update" and not made & {one.record, one.left, one.right}
    if not one_value or machine.chance.random() < 0.5:
        return Part(number, one.record)
    return Part(number, one.record, machine.chance.choice(sorted(one.after)))


def _names(machine: Machine, field: str) -> set[str]:
    """What a field is called on either side."""
    flows = machine.setup().plan.flows
    pairs = ({one.left, one.right} for flow in flows for one in flow.rows)
    return {field}.union(*(pair for pair in pairs if field in pair))


def _done(machine: Machine, part: Part) -> list[Entry]:
    """What a part of a run has done."""
    rows = machine.db.rows(sql.changes_of_run, org=ORG, run=part.run)
    return [
        one
        for one in map(entry, rows)
        if one.state == "done" and part.record in ("", one.record, one.left, one.right)
    ]


def _put_back(machine: Machine, part: Part, ended: Seen, here: Seen, back: Seen) -> Iterator[str]:
    """All that nobody has touched since is as before the run, and nothing else has moved."""
    before: dict[tuple[Key, str], Value | Coming] = {}
    made: set[Key] = set()
    for one in _done(machine, part):
        key = (one.system, one.object, one.record)
        if one.action == "create":
            made.add(key)
        elif one.action == "update" and key not in made:
            for name in _names(machine, part.field) & one.after.keys() if part.field else one.after:
                before.setdefault((key, name), one.before.get(name))
    for (key, name), old in before.items():
        if key not in here or name not in here[key]:
            continue
        ours = here[key][name] == ended[key].get(name)
        if ours and back.get(key, {}).get(name) != old:
            yield f"{name} of {key} is {back.get(key, {}).get(name)}, and was {old}"
    for (key, name), value in moved(here, back).items():
        old = before.get((key, name), "never written")
        if here[key][name] != ended.get(key, {}).get(name):
            yield f"{name} of {key} was somebody's, and was overwritten"
        elif value != old:
            yield f"{name} of {key} became {value}, and was {old}"
    for key in here.keys() - back.keys():
        if key not in made or here[key] != ended[key] or part.field:
            yield f"{key} is gone"
    for key in back.keys() - here.keys():
        yield f"{key} was made"
