"""Troubles of the state and of the clock at every point of a run that writes in all ways.

A run makes, changes and deletes people on both sides. At one of its points the disk is full, the
file is locked, the machine loses its power, or the clock jumps. Then that is over: everybody is
there once with the newest value, no error is open, and two further runs write nothing. The same
point is tried after the other until a run has none left. What a database itself says is in
`tests/store`, a copy from a backup in `test_restored.py`, faults of the way in
`tests/faults`.
"""

from __future__ import annotations

import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from syncrules.engine.store.database import Database, statement
from syncrules.errors import Braked, SyncrulesError, SystemUnavailable
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Team
from syncrules.tests.simulation.world import Crash
from syncrules.tests.worlds import VirtualClock

DAY = 24 * HOUR
RULES = (
    HEAD
    + """\
push contact as Lead {
    match on email
    on delete delete
}
pull Contact as contact visible { match on email }
"""
    + LEADS
    + CONTACTS
)

IN_DOUBT = statement(text("SELECT number FROM changes WHERE state IN ('sent', 'doubt')"))


@dataclass
class Here:
    """A team whose state is a file. `titles` is what everybody is to have, by address."""

    folder: Path
    number: int = 0
    titles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path = self.folder / "state.db"
        self.team = Team(RULES, state=f"sqlite:///{self.path}").began()
        self.left: list[str] = []
        self.right: list[str] = []

    def work(self) -> None:
        """Somebody new on both sides, and somebody of before changes on both."""
        team = self.team
        self.number += 1
        if self.left:
            self._promote("contact", self.left[-1], "title")
            self._promote("Contact", self.right[-1], "Title")
        if len(self.left) > 1:
            gone = self.left.pop(0)
            del self.titles[str(team.apollo.rows("contact")[gone]["email"])]
            team.apollo.delete("contact", gone)
        for side in ("l", "r"):
            name = f"{side}{self.number}"
            made = team.contact if side == "l" else team.sf_contact
            which = {"title": "New"} if side == "l" else {"Title": "New"}
            (self.left if side == "l" else self.right).append(made(name, **which))
            self.titles[f"{name}@berg.example"] = "New"

    def _promote(self, object: str, id: str, name: str) -> None:
        team, title = self.team, f"T{self.number}"
        if object == "contact":
            team.apollo.update(object, id, {name: title})
            self.titles[str(team.apollo.rows(object)[id]["email"])] = title
        else:
            team.salesforce.update(object, id, {name: title})
            self.titles[str(team.salesforce.rows(object)[id]["Email"])] = title

    def wrong(self) -> list[str]:
        """All that is not as it must be, once whatever there was is over."""
        team = self.team
        team.hour()
        team.clock.sleep(DAY)  # Nothing sooner tells that a contact is deleted.
        for _ in range(2):
            team.hour()
        rows = team.salesforce.rows
        people = [*rows("Lead").values(), *rows("Contact").values()]
        there = sorted((str(row["Email"]), str(row.get("Title"))) for row in people)
        contacts = team.apollo.rows("contact").values()
        here = sorted((str(row["email"]), str(row.get("title"))) for row in contacts)
        wanted = sorted(self.titles.items())
        found = [f"Salesforce has {there}, not {wanted}"] if there != wanted else []
        found += [f"Apollo has {here}, not {wanted}"] if here != wanted else []
        found += [] if team.is_quiet() else ["a further run writes"]
        found += ["a write is still in doubt"] if team.db.row(IN_DOUBT) else []
        return found + team.codes()

    def reopen(self, path: Path) -> None:
        """A new process, with the state that lies there."""
        team = self.team
        team.db.close()
        self.path = path
        team.db = Database(f"sqlite:///{path}", team.world.point)
        team.setup = replace(team.setup, db=team.db, connectors=team.sign_in())

    @contextmanager
    def at(self, number: int, names: str, act: Callable[[], object]) -> Iterator[list[str]]:
        """Something happens once, at a point of the run whose name begins with `names`; gives the
        names of the points where it has."""
        happened: list[str] = []
        seen = count(1)

        def point(name: str) -> None:
            if name.startswith(names) and next(seen) == number:
                happened.append(name)
                act()

        self.team.world.on_point = point
        yield happened
        self.team.world.on_point = None


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    made.work()
    assert made.wrong() == []
    yield made
    made.team.db.close()


def each_point(
    here: Here, names: str, act: Callable[[], object], after: Callable[[], object]
) -> list[str]:
    """The points that were tried. `after` is when the trouble is over, whatever came of the run."""
    tried: list[str] = []
    for number in count(1):
        here.work()
        here.team.clock.sleep(HOUR)
        with here.at(number, names, act) as happened:
            try:
                here.team.run()
            except SystemUnavailable as error:
                assert error.exit_code == 4
                assert error.fix
                assert not str(error).startswith(("apollo", "salesforce")), error
            except Crash:
                pass
            finally:
                after()
        assert here.wrong() == [], happened
        if not happened:
            return tried
        tried += happened
    return tried


def test_a_full_disk_at_any_commit_loses_nothing(here: Here) -> None:
    """The commit itself finds no room, and none after it: exit code 4, and the disk is told of."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full() -> None:
        # From here on no file can be written to behind its first byte.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))

    def room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    tried = each_point(here, "before ", full, room)
    assert {"before page", "before planned", "before sent", "before settled"} <= set(tried)
    assert "before ended" in tried


def test_a_file_that_can_not_grow_any_more_loses_nothing(here: Here) -> None:
    """The state has as many pages as it may have: what needs one more ends the run."""

    def limit(pages: str) -> None:
        here.team.db.rows(statement(text(f"PRAGMA max_page_count = {pages}")))

    tried = each_point(here, "after ", lambda: limit("1"), lambda: limit("1000000"))
    assert len(tried) > 15


def test_a_file_that_is_locked_after_any_commit_loses_nothing(here: Here) -> None:
    """Another program holds it, longer than is waited for."""
    here.team.db.rows(statement(text("PRAGMA busy_timeout = 5")))
    other = sqlite3.connect(here.path, isolation_level=None)
    tried = each_point(
        here,
        "after ",
        lambda: other.execute("BEGIN IMMEDIATE"),
        lambda: other.in_transaction and other.execute("ROLLBACK"),
    )
    other.close()
    assert {"after lease", "after page", "after planned", "after sent", "after settled"} <= set(
        tried
    )


@pytest.mark.parametrize("torn", [False, True], ids=["clean", "torn"])
def test_power_that_goes_at_any_point_loses_nothing(here: Here, tmp_path: Path, torn: bool) -> None:
    """What the disk holds at that moment is all there is afterwards: the file, and its log of what
    was committed since; `torn`: with the beginning of a commit that never came to its end. What was
    sent is known to have been."""
    images = count(1)
    chance = random.Random(7)
    image: list[Path] = []

    def power_goes() -> None:
        folder = tmp_path / f"image{next(images)}"
        folder.mkdir()
        for name in ("state.db", "state.db-wal"):
            if (part := here.path.with_name(name)).exists():
                shutil.copy(part, folder / name)
        if torn:
            with (folder / "state.db-wal").open("ab") as log:
                log.write(chance.randbytes(chance.randrange(1, 9000)))
        image[:] = [folder / "state.db"]
        raise Crash

    def power_is_back() -> None:
        here.team.world.on_point = None
        if image:
            here.reopen(image.pop())

    tried = each_point(here, "", power_goes, power_is_back)
    assert {"before sent", "after sent", "request salesforce", "request apollo"} <= set(tried)


# ---- the clock ------------------------------------------------------------------------------


class Skewed:
    """The clock of this machine, which is some seconds off the time of the two systems."""

    def __init__(self, clock: VirtualClock) -> None:
        self.off = 0.0
        self._clock = clock

    def now(self) -> float:
        return self._clock.now() + self.off

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


JUMPS = {
    "a quarter of an hour back": -900.0,
    "an hour back": -HOUR,
    "a day back": -DAY,
    "a year back": -365 * DAY,
    "a quarter of an hour ahead": 900.0,
    "a year ahead": 365 * DAY,
}


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_within_a_run_changes_nothing(here: Here, jump: str) -> None:
    """At any seventh of its points, and it stays so until the run is over."""
    clock = Skewed(here.team.clock)
    here.team.world.clock = clock
    for number in count(3, 7):
        here.work()
        here.team.clock.sleep(HOUR)
        with here.at(number, "", lambda: setattr(clock, "off", JUMPS[jump])) as happened:
            here.team.run()
        clock.off = 0.0
        here.team.preview()  # Confirms a clock that was wrong and is right again.
        assert here.wrong() == [], happened
        if not happened:
            break


def test_what_was_sent_by_a_clock_ahead_is_still_found(here: Here) -> None:
    """A run dies with writes on their way, and its clock was a year ahead: once it is right, they
    are looked for where they are, and nothing is made twice."""
    clock = Skewed(here.team.clock)
    here.team.world.clock = clock
    here.work()
    here.team.clock.sleep(HOUR)
    clock.off = 365 * DAY

    def dies() -> None:
        raise Crash

    for number in count(1):
        with here.at(number, "before settled", dies) as happened, suppress(Crash):
            here.team.run()
        if not happened:
            break
        assert here.team.db.row(IN_DOUBT)
        clock.off = 0.0
        here.team.preview()
        assert here.wrong() == []
        here.work()
        clock.off = 365 * DAY
    assert number > 2


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_between_two_runs_changes_nothing_or_is_told(
    here: Here, jump: str
) -> None:
    """By up to a day, or ahead: what is new goes over. By more, back: held before anything is read,
    until a preview has confirmed it."""
    clock = Skewed(here.team.clock)
    here.team.world.clock = clock
    clock.off = JUMPS[jump]
    for _ in range(2):
        here.work()
        here.team.clock.sleep(1.0)
        held = False
        try:
            here.team.run()
        except Braked as error:
            held = "the clock of this machine" in error.what
            here.team.preview()
        except SyncrulesError as error:
            pytest.fail(str(error))
        assert held == (JUMPS[jump] < -DAY and _ == 0)
    assert here.wrong() == []
