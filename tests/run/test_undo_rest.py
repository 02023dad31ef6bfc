"""An undo whose requests were lost, or whose process died, is finished by the next run: once, and
where nobody has changed anything since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from syncrules.connectors.salesforce.simulator.faults import Fault, Kind
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.report import result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import Result
from syncrules.tests.both import HOUR
from syncrules.tests.run.test_undo import World


class Dead(BaseException):
    """A process is killed."""


def dies_at(place: str) -> Callable[[str], None]:
    def on_point(name: str) -> None:
        if name == place:
            raise Dead

    return on_point


METHODS = ("POST", "PATCH", "DELETE")


class Promoted(World):
    """Three contacts became CEOs, and their leads with them; then that run is to be undone."""

    def __init__(self) -> None:
        super().__init__()
        names = ("ada", "bea", "cid")
        self.people = [
            self.contact(last_name=name.title(), email=f"{name}@a.example", title="CTO")
            for name in names
        ]
        self.run()
        for one in self.people:
            self.both.apollo.update("contact", one, {"title": "CEO"})
        self.wrong = self.run().run

    def fails(self, kind: Kind) -> None:
        """The next write of each kind in Salesforce meets a fault."""
        faults = self.both.salesforce.faults.rules
        faults += [Fault(kind, method, "/composite") for method in METHODS]

    def retry(self) -> Result:
        self.both.clock.sleep(HOUR)
        return verbs.retry(self.both.setup, None, self.both._show)

    def titles(self) -> list[object]:
        return [row["Title"] for _, row in sorted(self.leads().items())]

    def writes(self) -> int:
        return self.both.calls().salesforce_writes


def test_what_was_lost_on_its_way_is_put_back_by_the_next_run() -> None:
    """The request never arrived: the undo says that it doesn't know, the run that it went on."""
    world = Promoted()
    world.fails("lost before")
    lost = result_text(world.undo(world.wrong))
    assert "sent without a reply" in lost
    assert world.titles() == ["CEO"] * 3
    result = world.run()
    assert world.titles() == ["CTO"] * 3
    assert f"went on with the undo of run {world.wrong}" in result_text(result)
    assert "nothing to do" not in result_text(result)
    world.quiet()


def test_what_arrived_without_a_reply_is_not_put_back_twice() -> None:
    world = Promoted()
    world.fails("lost after")
    world.undo(world.wrong)
    assert world.titles() == ["CTO"] * 3
    before = world.writes()
    assert world.run().finished == ()
    assert world.writes() == before
    assert world.titles() == ["CTO"] * 3
    world.quiet()


def test_what_somebody_has_changed_since_stays_and_is_told_once() -> None:
    """In the field that was to be put back: that one is theirs. Another field of theirs is no
    reason to keep ours."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    first, second, _ = sorted(world.leads())
    world.both.salesforce.update("Lead", first, {"Title": "Chair"})
    world.both.salesforce.update("Lead", second, {"Phone": "17"})
    result = world.run()
    assert world.titles() == ["Chair", "CTO", "CTO"]
    [rest] = result.finished
    assert [(one.record, one.field) for one in rest.kept] == [
        *((first, "Title"), (first, "Description"))
    ]
    assert result.exit_code == 1
    assert world.contacts()[world.people[0]]["title"] == "Chair"
    assert world.run().finished == ()
    world.quiet()


def test_a_process_that_dies_while_it_puts_back_is_gone_on_from() -> None:
    """From the first request on; before that nothing was begun, and nobody goes on with it."""
    for place, begun in (("before undo begun", False), ("after undo begun", True)):
        world = Promoted()
        world.both.world.on_point = dies_at(place)
        with pytest.raises(Dead):
            world.undo(world.wrong)
        world.both.world.on_point = None
        world.both.setup = replace(world.both.setup, connectors=world.both.sign_in())
        world.run()
        assert world.titles() == ["CTO" if begun else "CEO"] * 3
        world.quiet()


def test_who_asks_for_it_once_more_gets_it_once() -> None:
    """A second undo takes up what the first one lost, and leaves nothing to the next run."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    world.undo(world.wrong)
    assert world.titles() == ["CTO"] * 3
    assert world.run().finished == ()
    world.quiet()


def test_only_the_value_that_was_asked_for_is_put_back_later() -> None:
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong, "ada@a.example", "Title")
    world.run()
    assert world.titles() == ["CTO", "CEO", "CEO"]
    assert [one["Description"] for one in world.leads().values()] == [
        *("CEO of Ada", "CEO of Bea", "CEO of Cid")
    ]


def test_a_preview_shows_what_a_run_would_go_on_with() -> None:
    """And writes nothing; the run then does that."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    world.both.clock.sleep(HOUR)
    # What became of the request is known by now.
    assert world.both.preview().finished[0].counts == {
        ("salesforce", "Lead", "update", "planned"): 3
    }
    assert world.titles() == ["CEO"] * 3
    world.both.said.clear()
    assert world.both.preview().finished
    said = "\n".join(world.both.said)
    assert f"a run would go on with the undo of run {world.wrong}:" in said
    assert "3  salesforce Lead would be updated" in said
    world.run()
    assert world.titles() == ["CTO"] * 3


def test_what_a_run_had_made_is_deleted_later_and_not_made_again() -> None:
    world = World()
    world.contact()
    wrong = world.run().run
    world.both.salesforce.faults.rules.append(Fault("lost before", "DELETE", "/composite"))
    world.undo(wrong)
    assert len(world.leads()) == 1
    world.run()
    assert world.leads() == {}
    world.quiet()


def test_what_was_deleted_without_a_reply_is_not_made_again() -> None:
    """Nobody heard that it is gone: once it is known, it is as if it had never been made."""
    world = World()
    contact = world.contact()
    wrong = world.run().run
    world.both.salesforce.faults.rules.append(Fault("lost after", "DELETE", "/composite"))
    world.undo(wrong)
    world.quiet()
    assert world.leads() == {}
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    assert [one["Title"] for one in world.leads().values()] == ["CEO"]


def test_what_is_refused_is_put_back_by_retry() -> None:
    """Once the cause is gone; the entry is over then. (ERR-6)"""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    [told] = world.both.errors()
    assert (told.code, len(told.troubles)) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 3)
    assert world.run().finished == ()
    world.retry()
    assert [one.count for one in world.both.errors()] == [6]
    world.both.salesforce.org.validations.clear()
    world.retry()
    assert world.titles() == ["CTO"] * 3
    assert world.both.errors() == []
    world.quiet()


def test_what_was_refused_and_put_back_since_is_no_matter_of_a_later_retry() -> None:
    """A second undo got through; then Salesforce refuses something else of the same record."""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    world.both.salesforce.org.validations.clear()
    world.undo(world.wrong)
    assert world.both.errors() == []
    refuses = Validation("Lead", "Ask Bob", lambda row: row.get("Title") == "Chair", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.both.apollo.update("contact", world.people[0], {"title": "Chair"})
    world.run()
    world.both.salesforce.org.validations.clear()
    world.retry()
    assert sorted(map(str, world.titles())) == ["CTO", "CTO", "Chair"]
    assert world.both.errors() == []
