"""`undo RUN` once the row that was wrong is out of the rules: what it wrote is put back (R7)."""

from __future__ import annotations

import pytest
from syncrules.engine.run.past import changes
from syncrules.tests.both import ORG
from syncrules.tests.run.test_undo import RULES, World

TITLE = "    title             <-> Title   clear\n"
SAID = '    "{{ title }} of {{ last_name }}" -> Description\n'
WITHOUT = RULES.replace(TITLE, "").replace(SAID, "")
READ = WITHOUT.replace("match on email\n", 'match on email\n    stop when Lead.Title is "No"\n')


def promoted(state: str = "sqlite://") -> tuple[World, str, str, int]:
    """A contact and its Lead, and the run that brought a title over."""
    world = World(state=state)
    contact = world.contact(title="CTO")
    world.run()
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    return world, contact, lead, world.run().run


def held(world: World, lead: str) -> tuple[object, object]:
    row = world.leads()[lead]
    return row["Title"], row["Description"]


@pytest.mark.parametrize("rules", [WITHOUT, READ])
def test_what_a_row_wrote_is_put_back_once_it_is_out_of_the_rules(rules: str) -> None:
    """That is the order in which people do it. The value is no edit once the row is back: it goes
    nowhere, and the next change flows."""
    world, contact, lead, run = promoted()
    assert held(world, lead) == ("CEO", "CEO of King")
    world.both.edit(rules)
    world.run()
    result = world.undo(run)
    assert (result.exit_code, result.kept) == (0, ())
    assert held(world, lead) == ("CTO", "CTO of King")
    world.quiet()
    world.both.edit(RULES)
    world.run()
    world.quiet()
    assert held(world, lead) == ("CTO", "CTO of King")
    assert world.contacts()[contact]["title"] == "CEO"
    world.both.apollo.update("contact", contact, {"title": "Chair"})
    world.run()
    assert held(world, lead) == ("Chair", "Chair of King")
    last = next(iter(reversed(changes(world.both.db, ORG, lead))))
    assert last.before["Title"] == "CTO"


def test_what_somebody_has_made_of_it_is_left_also_where_no_row_names_it() -> None:
    """Before the undo, and while it is under way."""
    world, _, lead, run = promoted()
    world.both.edit(WITHOUT)
    world.run()
    world.both.salesforce.update("Lead", lead, {"Title": "Chair"})
    [kept] = world.undo(run).kept
    assert (kept.field, kept.why) == ("Title", "somebody has changed it since")
    assert held(world, lead) == ("Chair", "CTO of King")

    world, _, lead, run = promoted()
    world.both.edit(WITHOUT)
    world.run()

    def edited(point: str) -> None:
        if point == "after undo begun":
            world.both.clock.sleep(120)
            world.both.salesforce.update("Lead", lead, {"Title": "Chair"})

    world.both.world.on_point = edited
    [kept] = world.undo(run).kept
    assert kept.why == "somebody has changed it since"
    assert held(world, lead) == ("Chair", "CEO of King")


def test_it_is_put_back_where_time_passes_between_the_look_and_the_write() -> None:
    """The second look asks for the fields that no row names, too."""
    world, _, lead, run = promoted()
    world.both.edit(WITHOUT)
    world.run()

    def wait(point: str) -> None:
        if point == "after undo begun":
            world.both.clock.sleep(120)

    world.both.world.on_point = wait
    assert world.undo(run).kept == ()
    assert held(world, lead) == ("CTO", "CTO of King")


def test_a_record_is_not_deleted_over_an_edit_in_a_field_that_no_row_names_any_more() -> None:
    """Of what a run made, all that it wrote must still stand."""
    world = World()
    world.contact(title="CTO")
    run = world.run().run
    [lead] = world.leads()
    world.both.salesforce.update("Lead", lead, {"Title": "Chair"})
    world.both.edit(WITHOUT)
    [kept] = world.undo(run).kept
    assert kept.why == "somebody has changed it since: Title"
    assert list(world.leads()) == [lead]


def test_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    world, _, lead, run = promoted(postgres_url)
    world.both.edit(WITHOUT)
    world.run()
    world.undo(run)
    assert held(world, lead) == ("CTO", "CTO of King")
    world.both.db.close()
