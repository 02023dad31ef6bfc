"""A week of the two systems with people at work on both sides, under `rules/everything.sync`.

`python -m tests.guide.week SEED` replays the week of a seed. It is a project in a folder that
`syncrules serve` keeps in step, on one virtual clock. Who does what is in `week_people.py`, what
must have come of it in `week_oracle.py`, which knows nothing of the engine.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from syncrules.engine import verbs
from syncrules.engine.schedule import Ran, Said
from syncrules.tests.desk import FILE, HOUR, Desk
from syncrules.tests.guide import week_oracle
from syncrules.tests.guide.week_log import Log
from syncrules.tests.guide.week_people import Staff
from syncrules.tests.worlds import VirtualClock

EVERYTHING = Path(__file__).parents[2] / "rules" / "everything.sync"
DAYS, WORKING = 7, 6
"""On the last day nobody works: what only a day brings to light has come to light in the end."""
QUARTERS = 96
"""Of an hour, in a day."""
OLD_STATUS, NEW_STATUS = "Closed - Not Converted", "Closed - Lost Interest"
STATUSES = ("Open - Not Contacted*", "Working - Contacted", "Closed - Converted")
MEMORY = Path("/dev/shm")


class Office(Desk):
    """A desk whose Apollo shows what its documented API doesn't, for a team with a domain."""

    def project_file(self, client_id: str) -> str:
        shown = FILE.replace('connector = "apollo"', 'connector = "apollo"\nundocumented = "yes"')
        return shown.format(client_id=client_id) + '\n[team]\ndomains = ["heron-trading.example"]\n'


def everything() -> str:
    """The rules that come along, with those that need the undocumented parts of Apollo."""
    head, mark, tail = EVERYTHING.read_text(encoding="utf-8").partition("are right, too:\n")
    lines = tail.splitlines()
    end = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join([head + mark, *(line[1:].strip() for line in lines[:end]), *lines[end:], ""])


@dataclass
class Outcome:
    """What became of a week."""

    seed: int
    runs: int
    deeds: int
    writes: int
    violations: list[str]
    story: list[str] = field(default_factory=list)


class Week:
    """A week under way."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.story: list[str] = []
        self.deeds = 0
        self.desk = Office(folder, everything(), VirtualClock())
        self.log = Log(self.desk.apollo, self.desk.salesforce, self.desk.clock)
        self.desk.world.handlers = dict.fromkeys(self.desk.world.handlers, self.log.serve)
        self.staff = Staff(self.log, random.Random(self.chance.getrandbits(32)))
        self.start = self.desk.clock.now()
        self.rights = self.chance.randrange(60, 140)
        self.titles = self.chance.randrange(250, 290)
        self.renamed = self.chance.randrange(400, 450)
        self.leaving = self.chance.randrange(200, 500)

    def play(self) -> Outcome:
        """Lets it happen, and checks it."""
        self.desk.serve(DAYS * 24.0, self._at)
        before = len(self.log.events)
        self.desk.serve(1.1, self._quiet)
        after = self.log.events[before:]
        errors = self.desk.errors()
        found = week_oracle.check(self.log, self.staff, errors)
        found += [f"a further run wrote {one.key}.{one.field}: {one.new!r}" for one in after]
        writes = sum(one.who == "sync" for one in self.log.events)
        return Outcome(self.seed, self.log.run, self.deeds, writes, found, self.story)

    # ---- what happens between two runs

    def _quiet(self, one: Ran | Said) -> None:
        if isinstance(one, Ran):
            self.log.ran(one.at, one.every, whole=one.error is None)
            if one.error is not None:
                self._tell(f"{one.error}")

    def _at(self, one: Ran | Said) -> None:
        self._quiet(one)
        if not isinstance(one, Ran):
            return
        if self.log.run == 1:
            self.staff.settle_in()
        self._admins()
        over = self.log.run - WORKING * QUARTERS
        if over in (4, 8) or (over < 0 and self.log.run % 24 == 0 and self.chance.random() < 0.7):
            self._approve()
        for _ in range(self._busy() if over < 0 else 0):
            self.desk.clock.sleep(self.chance.uniform(5.0, 100.0))
            self.staff.work()
            self.deeds += 1

    def _busy(self) -> int:
        """How much is done in a quarter of an hour: little at night, and on days off."""
        day, hour = divmod((self.desk.clock.now() - self.start) / HOUR, 24.0)
        if hour > 10.0:
            return int(self.chance.random() < 0.05)
        return self.chance.choice((0, 1, 2, 4) if day < 5 else (0, 0, 0, 1))

    def _approve(self) -> None:
        """Somebody lets go what waits."""
        self.log.let_go.add(self.log.run)
        found = verbs.approve(self.desk.project, self.desk.world, None)
        self._tell(f"{len(found)} changes approved")

    def _admins(self) -> None:
        """A status is renamed and the rules follow; rights go and come; somebody leaves."""
        run, sim, staff = self.log.run, self.desk.salesforce, self.staff
        if run == self.renamed - 2:
            staff.calm = True
        elif run == self.renamed:
            self._rename()
        elif run == self.renamed + 3:
            rules = (self.desk.folder / "rules" / "rules.sync").read_text(encoding="utf-8")
            self.desk.write(rules.replace(OLD_STATUS, NEW_STATUS))
            self.desk.pull()
        elif run == self.renamed + 5:
            staff.calm = False
        if run == self.rights:
            sim.take("create", "Task", user=sim.org.user)
        elif run == self.rights + QUARTERS:
            sim.give("create", "Task", user=sim.org.user)
        if run == self.titles:
            sim.take("edit", "Lead", "Title", user=sim.org.user)
            staff.no_titles = run
        elif run == self.titles + QUARTERS:
            sim.give("edit", "Lead", "Title", user=sim.org.user)
            staff.titles_back = run
        if run == self.leaving:
            self._user_leaves()

    def _rename(self) -> None:
        """An admin renames a status; leads that had it have the new one."""
        sim = self.desk.salesforce
        line = f"Status picklist 255 CUD = {', '.join((*STATUSES, NEW_STATUS))}"

        def act() -> None:
            sim.org.schema.add_field("Lead", line, self.desk.clock.now())
            for id, row in sim.rows("Lead").items():
                if row["Status"] == OLD_STATUS and not row.get("IsConverted"):
                    sim.update("Lead", id, {"Status": NEW_STATUS})

        self.log.deed("salesforce", act)
        self.staff.statuses = (*self.staff.statuses[:2], NEW_STATUS)

    def _user_leaves(self) -> None:
        """Somebody who owns records leaves the company."""
        sim = self.desk.salesforce
        users = sim.rows("User")
        gone = next(
            id
            for id, row in sorted(users.items())
            if row["IsActive"] and id not in (sim.org.user, sim.person)
        )
        self.staff.left_at[str(users[gone]["Email"]).lower()] = self.log.run
        sim.update("User", gone, {"IsActive": False})

    def _tell(self, text: str) -> None:
        self.story.append(f"after run {self.log.run}: {text}")


def play(seed: int) -> Outcome:
    """The week of a seed. Its state lies in memory where the machine has such a place, since a
    week is some ten thousand commits."""
    with ExitStack() as stack:
        place = str(MEMORY) if MEMORY.is_dir() else None
        folder = stack.enter_context(TemporaryDirectory(dir=place))
        return Week(Path(folder), seed).play()


def main(arguments: list[str]) -> int:
    began = time.perf_counter()
    outcome = play(int(arguments[0]))
    lines = [*outcome.story, *(f"seed {outcome.seed}: {one}" for one in outcome.violations)]
    lines.append(
        f"seed {outcome.seed}: {outcome.runs} runs, {outcome.deeds} deeds, {outcome.writes} fields "
        f"written, {len(outcome.violations)} violations, {time.perf_counter() - began:.0f} s"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
