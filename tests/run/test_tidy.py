"""What the state lets go of after a month, what it keeps for good, and crashes in between.

Growth over many days is measured in `tests/days.py`.
"""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import text
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import approvals
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.engine.store.database import Row, statement
from syncrules.tests.both import HOUR, ORG
from syncrules.tests.guide.team import HEAD, Team
from syncrules.tests.simulation.world import Crash

DAY = 24 * HOUR
RULES = (
    HEAD
    + """\
push contact as Lead { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email    ask
    title             <-> Title
    organization_name  -> Company  default "Unknown"
}
"""
)
TABLES = ("changes", "runs", "errors", "asks")


class Month:
    """A team for whom all that can be over is over: two refusals, two questions, and a preview."""

    def __init__(self, state: str) -> None:
        self.team = team = Team(RULES, state=state).began()
        team.salesforce.org.validations += [
            Validation("Lead", "no such titles", lambda row: row.get("Title") == "No"),
            Validation("Lead", "no titles like that", lambda row: row.get("Title") == "Never"),
        ]
        self.ada, self.bob = team.contact("ada"), team.contact("bob")
        team.hour()
        for one, title in ((self.ada, "No"), (self.bob, "Never")):
            team.apollo.update("contact", one, {"title": title})
            assert team.hour().errors == 1
            team.apollo.update("contact", one, {"title": "CTO"})
            assert team.hour().errors == 0
            team.apollo.update("contact", one, {"email": f"{one}@berg.example"})
            assert team.hour().asks == 1
            approvals.approve(team.db, [ORG], None)
            team.hour()
        team.preview()

    def days(self, many: int) -> None:
        """So many days with a run each, in which nothing happens."""
        for _ in range(many):
            self.team.clock.sleep(DAY)
            self.team.run()

    def all(self, name: str) -> list[Row]:
        order = {"changes": "run, number", "runs": "number"}.get(name, "id")
        return self.team.db.rows(statement(text(f"SELECT * FROM {name} ORDER BY {order}")))

    def counted(self) -> dict[str, int]:
        return {name: len(self.all(name)) for name in TABLES}

    def states(self) -> set[str]:
        return {
            state for (state,) in self.team.db.rows(statement(text("SELECT state FROM changes")))
        }


@pytest.fixture(params=[False, True], ids=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_url")) if request.param else "sqlite://"


def test_what_came_to_nothing_is_kept_for_a_month_and_what_was_done_for_good(state: str) -> None:
    """Of 13 runs those stay that wrote; the refusals, the closed errors and the answered questions
    go, but for the newest numbers, which are never given twice."""
    month = Month(state)
    month.days(28)
    before = month.counted()
    assert before["errors"] == before["asks"] == 2
    assert "refused" in month.states()
    done = [row for row in month.all("changes") if "done" in row]
    month.days(33)
    after = month.counted()
    assert month.states() == {"done"}
    assert month.all("changes") == done
    wrote = {row[1] for row in done}
    kept = {row[1] for row in month.all("runs")}
    assert wrote <= kept
    assert len(kept - wrote) <= 32
    assert (after["errors"], after["asks"]) == (1, 1)
    month.days(40)
    assert month.counted()["runs"] <= after["runs"]
    team = month.team
    assert team.history(month.ada)[0].action == "create"
    assert verbs.undo(team.setup, Part(done[-1][1]), dry_run=True).counts
    team.apollo.update("contact", month.ada, {"title": "No"})
    team.hour()
    assert [one.id for one in team.errors()] == [3]
    team.db.close()


def crash(month: Month, at: int) -> None:
    """The process dies at one of the points before and after commits that let go of something."""
    seen = count(1)

    def point(name: str) -> None:
        if name.endswith(" tidied") and next(seen) == at:
            raise Crash

    month.team.world.on_point = point


def test_a_crash_in_the_middle_of_it_is_gone_on_from() -> None:
    """At each of its commits: the next run lets go of the rest, and what was done is there."""
    for at in count(1):
        month = Month("sqlite://")
        done = [row for row in month.all("changes") if "done" in row]
        month.days(29)
        crash(month, at)
        try:
            month.days(3)
        except Crash:
            month.team.world.on_point = None
            month.days(3)
            assert month.all("changes") == done
            assert (month.counted()["errors"], month.counted()["asks"]) == (1, 1)
        else:
            break
    assert at > 8
