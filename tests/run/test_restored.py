"""A state that is brought back from a backup: it is known as an older copy, nobody is made twice,
and no edit made since is written over.

The copy is a copy of the file (or of the tables, in PostgreSQL); what a machine remembers besides
it is a file of its own. What is remembered is in `engine/generation.py`, what is not believed in
`engine/run/restored.py`.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect

import pytest
from sqlalchemy import text
from syncrules.connectors.base.world import moment
from syncrules.engine.generation import File, generation
from syncrules.engine.report import result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.run import scope
from syncrules.engine.run.restored import Last
from syncrules.engine.run.run import Result
from syncrules.engine.store.database import Database, statement
from syncrules.errors import Braked, SystemUnavailable
from syncrules.tests.both import HOUR
from syncrules.tests.desk import Desk
from syncrules.tests.guide.team import HEAD, Team

DAY = 24 * HOUR
RULES = (
    HEAD.replace("prefer salesforce", "prefer apollo")
    + """\
push contact as Lead { match on email }
pull Lead as contact visible { match on email }
push task as Task when completed
push call as Task
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
"""
)


class Backup:
    """A team whose state is copied at some time, and brought back a day later."""

    def __init__(self, folder: Path, rules: str = RULES, people: int = 6) -> None:
        self.path, self.copy = folder / "state.db", folder / "copy.db"
        self.team = Team(rules, state=f"sqlite:///{self.path}")
        self.remembered = File(folder / "state home" / "last.json")
        self.team.setup = replace(self.team.setup, generation=self.remembered)
        self.team.began()
        self.ids = [self.team.contact(f"p{number}", title=f"T{number}") for number in range(people)]
        self.run()
        self.run()

    def run(self) -> Result:
        return self.team.hour()

    def leads(self) -> dict[object, str]:
        return {row["Email"]: id for id, row in self.team.salesforce.rows("Lead").items()}

    def lead(self, number: int) -> str:
        return self.leads()[f"p{number}@berg.example"]

    def task(self, about: int, name: str) -> None:
        """Something that was done just now."""
        due = {"due_at": "2026-01-09T09:00:00.000Z", "type": "action_item", "title": name}
        id = self.team.apollo.create("task", {"contact_id": self.ids[about], **due})
        self.team.apollo.update("task", id, {"status": "completed"})

    def call(self, about: int, note: str) -> None:
        """A call that has just ended."""
        now = self.team.clock.now()
        when = {"start_time": moment(now - 60), "end_time": moment(now), "duration": 60}
        given = {"contact_id": self.ids[about], "note": note, "status": "completed"}
        self.team.apollo.create("call", {**given, **when})

    def back_up(self) -> None:
        self._close()
        shutil.copy(self.path, self.copy)
        self._open()

    def restore(self) -> None:
        self.lose()
        self._close()
        shutil.copy(self.copy, self.path)
        self._open()

    def lose(self) -> None:
        """The state is gone."""
        self._close()
        for one in self.path.parent.glob("state.db*"):
            one.unlink()
        self._open()

    def _close(self) -> None:
        self.team.db.close()

    def _open(self) -> None:
        """A new process."""
        team = self.team
        team.db = Database(f"sqlite:///{self.path}", team.world.point)
        team.setup = replace(team.setup, db=team.db, connectors=team.sign_in())

    def twice(self) -> list[object]:
        """Who, or what, is there twice."""
        tasks = self.team.right("Task", "Subject")
        people = self.team.right("Lead", "Email") + self.team.left("contact", "email")
        return [one for one in set(tasks) if tasks.count(one) > 1] + [
            one for one in set(people) if people.count(one) > 2
        ]


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    return Backup(tmp_path)


def a_day(backup: Backup) -> None:
    """What happens after the copy was made: people, activities and edits go over, and then some of
    what went over is edited by others."""
    team = backup.team
    backup.ids.append(team.contact("p6", title="T6"))
    team.lead("new", Title="CTO")
    backup.task(0, "Call somebody")
    backup.call(1, "Rang")
    team.apollo.update("contact", backup.ids[0], {"title": "Head"})
    team.salesforce.update("Lead", backup.lead(1), {"Title": "Boss"})
    team.apollo.update("contact", backup.ids[2], {"title": "Head of all"})
    backup.run()
    team.salesforce.update("Lead", backup.lead(2), {"Title": "Hers, later"})
    team.salesforce.update("Lead", backup.lead(6), {"Title": "Hers, too"})
    backup.run()


def held(backup: Backup) -> tuple[object, ...]:
    team = backup.team
    return team.apollo.rows("contact"), team.salesforce.rows("Lead"), team.salesforce.rows("Task")


def test_what_was_done_since_the_copy_is_not_done_twice_and_not_undone(backup: Backup) -> None:
    """Two activities and two people that went over since, which the copy knows nothing of, are
    linked as what they are; values that both sides have by now are left alone. Then both agree, and
    what happens next goes over."""
    backup.back_up()
    a_day(backup)
    before = held(backup)
    backup.restore()
    said: list[Result] = []
    assert backup.team.writes(lambda: said.append(backup.run())) == (0, 0)
    assert held(backup) == before
    [result] = said
    assert result.restored
    assert "older copy" in result_text(result).splitlines()[0]
    assert backup.twice() == []
    assert backup.team.is_quiet()
    assert "older copy" not in result_text(backup.run())
    team = backup.team
    team.apollo.update("contact", backup.ids[6], {"title": "Now his"})
    team.salesforce.update("Lead", backup.lead(0), {"Title": "Now hers"})
    backup.run()
    assert team.salesforce.rows("Lead")[backup.lead(6)]["Title"] == "Now his"
    assert team.apollo.rows("contact")[backup.ids[0]]["title"] == "Now hers"
    assert backup.twice() == []


def test_an_edit_since_the_last_run_is_not_lost_and_one_that_is_newer_not_written_over(
    backup: Backup,
) -> None:
    """After the copy an edit went over and then somebody else gave the other record another value:
    for the copy both sides have changed, and `prefer` would take the older one. It is listed, with
    both values. What was edited on one side only goes over, also of that record."""
    team = backup.team
    backup.back_up()
    team.apollo.update("contact", backup.ids[2], {"title": "Older"})
    backup.run()
    team.salesforce.update("Lead", backup.lead(2), {"Title": "Newer", "FirstName": "Grace"})
    team.salesforce.update("Lead", backup.lead(3), {"Title": "Hers alone"})
    backup.restore()
    backup.run()
    assert team.salesforce.rows("Lead")[backup.lead(2)]["Title"] == "Newer"
    contact = team.apollo.rows("contact")[backup.ids[2]]
    assert (contact["title"], contact["first_name"]) == ("Older", "Grace")
    assert team.apollo.rows("contact")[backup.ids[3]]["title"] == "Hers alone"
    [entry] = team.errors()
    assert entry.code == "conflict"
    assert '"Older"' in entry.message
    assert '"Newer"' in entry.message
    assert "older copy" in entry.message
    assert "no rule says who wins" not in entry.message  # The rules do.
    team.apollo.update("contact", backup.ids[2], {"title": "Newer"})
    assert backup.run().errors == 0
    assert backup.team.is_quiet()


def test_without_a_copy_nothing_is_thought_to_be_one(backup: Backup) -> None:
    """Runs, previews, runs that fail or die, a state that was lost and is begun anew."""
    for verb in (backup.team.run, backup.team.preview, backup.run):
        assert not verb().restored
    away = backup.team.world.handlers.pop("apollo.test")
    with pytest.raises(SystemUnavailable):
        backup.run()
    backup.team.world.handlers["apollo.test"] = away

    def die(name: str) -> None:
        if name == "after page":
            backup.team.world.on_point = None
            raise KeyboardInterrupt

    backup.team.world.on_point = die
    with pytest.raises(KeyboardInterrupt):
        backup.run()
    assert not backup.run().restored
    backup.lose()
    assert not backup.run().restored


def test_all_is_read_again_and_no_other_verb_goes_before(backup: Backup) -> None:
    """A backfill, a retry or a part of the rules would rest on what the copy believes; a preview
    shows what the run would do, and a run that dies on its way leaves the next one as careful."""
    team = backup.team
    backup.back_up()
    a_day(backup)
    before = held(backup)
    backup.restore()
    about = scope.of_rule(team.setup.plan, "push contact as Lead")
    assert about is not None
    one_rule = replace(team.setup, scope=about)
    for verb in (
        lambda: team.backfill("push", "contact"),
        team.retry,
        lambda: verbs.push(team.setup, "p0@berg.example"),
        lambda: verbs.run(one_rule),
        lambda: verbs.preview(one_rule),
    ):
        team.clock.sleep(HOUR)
        with pytest.raises(Braked, match="waits for a whole run"):
            team.writes(verb)
    shown = team.preview()
    assert shown.restored
    assert not [one for one in shown.counts if one[2] == "update"]

    def die(name: str) -> None:
        if name == "before planned":
            raise KeyboardInterrupt

    team.world.on_point = die
    with pytest.raises(KeyboardInterrupt):
        backup.run()
    team.world.on_point = None
    assert team.writes(backup.run) == (0, 0)
    assert held(backup) == before
    assert not backup.run().restored


def test_every_feed_is_read_from_its_beginning(backup: Backup) -> None:
    """Where a feed had come to when the copy was made means nothing any more."""
    backup.back_up()
    backup.run()
    backup.restore()
    cursors = statement(text("SELECT cursor FROM cursors WHERE purpose = 'changes'"))
    seen: list[set[object]] = []

    def point(name: str) -> None:
        if name == "after restored":
            seen.append({one for (one,) in backup.team.db.rows(cursors)})

    backup.team.world.on_point = point
    backup.run()
    assert seen == [{None}]


def test_two_machines_that_share_a_state_compare_once(backup: Backup, tmp_path: Path) -> None:
    """Both know a run that the copy doesn't; the one that comes later sees that it was compared."""
    other = File(tmp_path / "other.json")
    backup.back_up()
    backup.team.setup = replace(backup.team.setup, generation=other)
    backup.run()
    backup.team.setup = replace(backup.team.setup, generation=backup.remembered)
    backup.run()
    backup.restore()
    assert backup.run().restored
    backup.team.setup = replace(backup.team.setup, generation=other)
    assert not backup.run().restored
    assert not backup.run().restored


def test_a_copy_that_was_made_in_the_middle_of_a_run_is_known_as_one(backup: Backup) -> None:
    """It knows the run, and not that it came to its end: what that did after the copy is not done
    again."""
    team = backup.team
    backup.task(0, "Call somebody")
    team.contact("p6", title="T6")

    def copied(name: str) -> None:
        if name == "before planned":
            team.world.on_point = None
            with closing(connect(backup.path)) as there, closing(connect(backup.copy)) as copy:
                there.backup(copy)

    team.world.on_point = copied
    assert backup.run().counts["salesforce", "Task", "create", "done"] == 1
    before = held(backup)
    backup.restore()
    said: list[Result] = []
    assert team.writes(lambda: said.append(backup.run())) == (0, 0)
    assert said[0].restored
    assert held(backup) == before
    assert backup.twice() == []


def test_who_was_linked_since_keeps_what_was_edited_since(backup: Backup) -> None:
    """For the copy the two have never met, and `prefer` would decide: it is listed."""
    team = backup.team
    backup.back_up()
    team.contact("p6", title="T6")
    backup.run()
    team.salesforce.update("Lead", backup.lead(6), {"Title": "Hers"})
    backup.restore()
    assert team.writes(backup.run) == (0, 0)
    assert team.salesforce.rows("Lead")[backup.lead(6)]["Title"] == "Hers"
    [entry] = team.errors()
    assert (entry.code, entry.key) == ("conflict", "p6@berg.example")
    assert "older copy" in entry.message


INFER = """\
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""


def test_a_stage_that_somebody_has_set_since_is_not_inferred_anew(tmp_path: Path) -> None:
    """After the copy the deal is won, the stage follows, and somebody sets another: the copy knows
    neither, and leaves it."""
    backup = Backup(tmp_path, HEAD + INFER, people=0)
    team = backup.team
    there = team.sf_account()
    deal = {"Name": "Deal", "AccountId": there, "CloseDate": "2026-12-01"}
    made = team.salesforce.create("Opportunity", {**deal, "StageName": "Prospecting"})
    backup.run()
    [account] = team.apollo.rows("account")
    assert team.stage(account, "account") == "Active Opportunity"
    backup.back_up()
    team.salesforce.update("Opportunity", made, {"StageName": "Closed Won"})
    backup.run()
    assert team.stage(account, "account") == "Current Client"
    team.apollo.update("account", account, {"stage": "Dead Opportunity"})
    backup.restore()
    assert backup.run().restored
    backup.run()
    assert team.stage(account, "account") == "Dead Opportunity"


def test_a_number_is_not_given_to_a_second_run(backup: Backup) -> None:
    """`undo 5` must not mean another run than the one that people were told of."""
    backup.back_up()
    known = backup.run().run
    backup.restore()
    assert backup.run().run == known + 1


def test_what_is_remembered_is_of_one_state_and_holds_no_secret(tmp_path: Path) -> None:
    """By the place of the state, however it is written; two systems more are another."""
    home = {"XDG_STATE_HOME": str(tmp_path)}
    urls = ("postgresql://me:hunter2@db/crm", "postgresql://me:other@db/crm")
    generation(urls[0], "a~b", home).note(Last(3, 1.5, ended=True))
    assert generation(urls[1], "a~b", home).last() == Last(3, 1.5, ended=True)
    assert generation(urls[1], "a~c", home).last() is None
    assert generation("postgresql://me@db/other", "a~b", home).last() is None
    generation(f"sqlite:///{tmp_path}/x/../s.db", "a~b", home).note(Last(4, 1.5, ended=True))
    assert generation(f"sqlite:///{tmp_path}/s.db", "a~b", home).last() == Last(4, 1.5, ended=True)
    assert generation("sqlite://", "a~b", home).last() is None
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert len(files) == 2
    assert "hunter2" not in "".join(str(one) + one.read_text() for one in files)
    files[0].write_text("{")
    assert generation(urls[0], "a~b", home).last() in (None, Last(3, 1.5, ended=True))
    nowhere = generation(urls[0], "a~b", {"XDG_STATE_HOME": "/proc/nowhere"})
    nowhere.note(Last(1, 1.0, ended=False))
    assert nowhere.last() is None


def test_a_project_remembers_its_runs_without_being_asked(tmp_path: Path) -> None:
    """The state of a folder is brought back: `run` says so, and once only."""
    desk = Desk(tmp_path, RULES)
    desk.run()
    state = tmp_path / ".syncrules" / "state.db"
    shutil.copy(state, tmp_path / "copy.db")
    desk.clock.sleep(HOUR)
    assert not desk.run().restored
    shutil.copy(tmp_path / "copy.db", state)
    told: list[str] = []
    for _ in range(2):
        desk.clock.sleep(HOUR)
        told.append(result_text(desk.run()))
    assert [one.startswith("! the state is an older copy") for one in told] == [True, False]
