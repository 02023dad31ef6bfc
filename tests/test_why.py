"""`why RECORD [FIELD]`: each reason for what was written, and for what wasn't, in words to be read.

Told offline: the connections are taken away before anything is asked.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from syncrules.engine import approvals
from syncrules.engine.store.database import Statement, statement
from syncrules.engine.store.tables import Table
from syncrules.engine.why import why
from syncrules.engine.why_told import why_json, why_text
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.guide.test_activities import RULES as KINDS
from syncrules.tests.guide.test_activities import Day
from syncrules.tests.run.test_undo import World
from syncrules.tests.test_cli_run import Shop, shop

__all__ = ["shop"]

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage in ["Interested", "Replied"] {
    match on email
    source "Apollo"
    stop when Lead.Title is "Closed"
}
pull Lead as contact hidden
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title   ask
    first_name        <-> FirstName
    organization_name  -> Company default "Unknown"
}
"""


def told(both: Both, record: str, field: str = "") -> str:
    """What a person reads; no request is sent."""
    sent = len(both.world.sent)
    found = why(both.plan, ORG, both.db, both.world, record, field)
    assert len(both.world.sent) == sent
    return why_text(found)


def hour(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.preview()


def test_a_linked_record_is_told_row_by_row() -> None:
    """Who made it, what both sides hold and held, who wrote it last, what comes next."""
    world = World(RULES)
    contact = world.contact(first_name="Ada")
    world.run()
    [lead] = world.leads()
    world.both.salesforce.update("Lead", lead, {"FirstName": "Ann"})
    hour(world.both)
    assert told(world.both, "ada@a.example", "first_name") == (
        f"apollo contact ada@a.example ({contact})    [contact ~ Lead]\n"
        f"  linked with salesforce Lead {lead}\n"
        '  run 2 made the Lead; the rule wants stage in ["Interested", "Replied"], and stage is '
        '"Interested"    [push contact as Lead, rules.sync:3]\n'
        "  first_name <-> FirstName    [map contact with Lead, rules.sync:13]\n"
        '    apollo first_name is "Ada"\n'
        '    salesforce FirstName is "Ann", was "Ada" when both agreed\n'
        '    last written by run 2 to salesforce: blank -> "Ada", because push contact as Lead is '
        "satisfied\n"
        '    next: the next run would write "Ann" to first_name: it changed on the other side'
    )
    # By either id, and by the field's other name, it is the same story.
    assert "would write" in told(world.both, lead, "FirstName")
    assert "would write" in told(world.both, contact, "FIRST_NAME")
    assert told(world.both, "ada@a.example").count("next:") > 3
    world.run()
    story = told(world.both, "ada@a.example", "first_name")
    assert 'last written by run 4 to apollo: "Ada" -> "Ann"' in story
    assert "next: nothing: both sides are as they last agreed" in story


def test_what_was_not_made_says_which_rule_wants_what() -> None:
    """The condition, and the values that decided."""
    world = World(RULES)
    world.contact(stage="Cold")
    world.run()
    assert (
        'no Lead is made: stage is "Cold", and the rule wants stage in ["Interested", "Replied"]'
        "    [push contact as Lead, rules.sync:3]"
    ) in told(world.both, "ada@a.example")


def test_what_was_there_before_its_rule_waits_for_a_backfill() -> None:
    both = Both(RULES)
    both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "stage": "Interested"}
    )
    both.run()
    assert "waits for a backfill: `syncrules backfill push contact`" in told(both, "ada@a.example")
    both.backfill("push", "contact")
    assert "made the Lead" in told(both, "ada@a.example")


def test_what_is_hidden_says_so() -> None:
    world = World(RULES)
    lead = world.both.salesforce.create(
        "Lead", {"LastName": "King", "Company": "A", "Email": "bo@a.example"}
    )
    world.run()
    said = "no rule makes a contact of it: `pull Lead as contact` is hidden"
    assert said in told(world.both, lead)


def test_what_no_rule_names_says_so_and_a_source_is_written_once() -> None:
    world = World(RULES)
    world.contact()
    world.run()
    said = told(world.both, "ada@a.example", "Phone")
    assert "no rule names Phone: it is never written" in said
    said = told(world.both, "ada@a.example", "LeadSource")
    assert 'it is set to "Apollo" on what the rule makes, and never after' in said


def test_what_waits_for_approval_or_is_stopped_says_so() -> None:
    world = World(RULES)
    contact = world.contact(title="CTO")
    world.run()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    [ask] = approvals.waiting(world.both.db, [ORG])
    said = told(world.both, "ada@a.example", "title")
    assert f'next: "CEO" for Title waits for approval: `syncrules approve {ask.id}`' in said
    approvals.approve(world.both.db, [ORG], None)
    world.run()
    [lead] = world.leads()
    world.both.salesforce.update("Lead", lead, {"Title": "Closed"})
    world.both.apollo.update("contact", contact, {"first_name": "Ann"})
    world.run()
    said = told(world.both, "ada@a.example", "first_name")
    assert (
        'nothing is written to the Lead while Lead.Title is "Closed": Lead.Title is "Closed"'
    ) in said
    assert "next: nothing, while `push contact as Lead` is stopped" in said


def test_an_ambiguous_match_says_who_they_are_and_where_the_error_is() -> None:
    world = World(RULES)
    for name in ("King", "Byron"):
        world.both.salesforce.create(
            "Lead", {"LastName": name, "Company": "A", "Email": "ada@a.example"}
        )
    world.run()
    contact = world.contact()
    world.run()
    [error] = world.both.errors()
    assert contact in {one.record for one in error.records}
    said = told(world.both, contact)
    assert "belongs to 2 records of Lead" in said
    assert f"open error {error.id}: " in said


def test_activities_say_why_they_stay_where_they_are() -> None:
    """Nobody is linked yet; only the team takes part; it counts as the call it led to."""
    day = Day(f"{KINDS['task']}\n{KINDS['call']}\n{KINDS['meeting']}")
    stranger = day.apollo("contact", first_name="Bo", last_name="Ek", email="bo@ek.example")
    lonely = day.call(contact_id=stranger)
    among = day.meeting("ann@syncrules.example", "ben@syncrules.example")
    task = day.completed(type="call", title="Ring Ada")
    day.call(outreach_task_id=task)
    day.run()
    assert "nobody it is about is linked yet" in told(day.both, lonely)
    assert "only the team takes part" in told(day.both, among)
    assert "it counts as the call it led to" in told(day.both, task)


def test_a_record_that_is_gone_says_that_nothing_follows() -> None:
    world = World(RULES)
    world.contact()
    world.run()
    [lead] = world.leads()
    world.both.salesforce.delete("Lead", lead)
    world.run()
    said = told(world.both, "ada@a.example")
    assert "the Lead is deleted in salesforce: nothing is written to the other side" in said


def test_what_was_undone_waits_for_a_change() -> None:
    world = World(RULES)
    world.contact()
    run = world.run().run
    world.undo(run)
    assert "once something changes, a run would make a Lead" in told(world.both, "ada@a.example")


def test_two_that_differ_and_stay_so_say_until_when() -> None:
    """What a run has looked at and left is not agreed on: a blank that erases nothing, and what was
    put back."""
    world = World(RULES)
    contact = world.contact(first_name="Ada", organization_name="Mill")
    world.run()
    [lead] = world.leads()
    world.both.salesforce.update("Lead", lead, {"FirstName": None})
    hour(world.both)
    says = "next: nothing: a blank erases no value unless the row says `clear`"
    assert told(world.both, lead, "FirstName").endswith(says)
    world.run()
    apart = "next: nothing: the two differ, and stay as they are until "
    still = f"{apart}one of them changes; a blank erases no value unless the row says `clear`"
    assert told(world.both, lead, "FirstName").endswith(still)
    world.both.apollo.update(
        "contact", contact, {"first_name": "Ann", "organization_name": "Mills"}
    )
    hour(world.both)
    run = world.run().run
    agreed = "next: nothing: both sides are as they last agreed"
    for field in ("FirstName", "Company"):
        assert told(world.both, lead, field).endswith(agreed)
    world.undo(run)
    assert told(world.both, lead, "FirstName").endswith(still)
    said = told(world.both, lead, "Company")
    assert said.endswith(f"{apart}organization_name of apollo changes")


def test_asking_changes_nothing() -> None:
    """An edited rule is not noted: what waits is decided by the next run as if nobody had asked."""
    world = World(RULES)
    world.contact(stage="Cold")
    world.run()
    both = world.both
    others = Both(RULES.replace('["Interested", "Replied"]', '["Cold"]'))
    both.setup = replace(both.setup, plan=others.plan)
    before = [both.db.rows(one) for one in _tables()]
    assert "waits for a backfill" in why_text(
        why(others.plan, ORG, both.db, both.world, "ada@a.example")
    )
    assert [both.db.rows(one) for one in _tables()] == before


def _tables() -> list[Statement]:
    names = sorted(Table.metadata.tables)
    return [statement(text(f"SELECT * FROM {name}")) for name in names]


def test_scripts_get_the_same_as_data() -> None:
    world = World(RULES)
    contact = world.contact(stage="Cold")
    world.run()
    [one] = why_json(why(world.both.plan, ORG, world.both.db, world.both.world, contact))["records"]
    assert (one["system"], one["object"], one["id"]) == ("apollo", "contact", contact)
    assert (one["linked"], one["partner"], one["rows"]) == (False, None, [])
    [reason] = one["reasons"]
    assert (reason["rule"], reason["file"], reason["line"], reason["values"]) == (
        *("push contact as Lead", "rules.sync", 3, {"stage": "Cold"}),
    )


def test_the_command_line_needs_no_system(shop: Shop, tmp_path: object) -> None:
    """Not even a key; what isn't known is told in a line, with exit code 2."""
    assert shop.type("why", "N-1").code == 2
    shop.type("run")
    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    shop.type("run")
    (shop.folder / "key").unlink()
    ended = shop.type("why", "N-1", "name")
    assert ended.code == 0
    assert "made the item" in ended.out
    assert shop.type("why", "N-1", "--format", "json").json()["records"][0]["key"] == "N-1"
    nobody = shop.type("why", "N-9")
    assert nobody.code == 2
    assert "no record that rules are about is known as N-9" in nobody.err
    wrong = shop.type("why", "N-1", "nmae")
    assert (wrong.code, "did you mean `name`?" in wrong.err) == (2, True)


@pytest.mark.parametrize("name", ["' OR 1=1 --", "%", "\x00", "a" * 5000, ""])
def test_any_name_is_only_a_name(name: str) -> None:
    world = World(RULES)
    world.contact()
    world.run()
    assert told(world.both, name) == ""
