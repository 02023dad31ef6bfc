"""`why RECORD [FIELD]`: each reason for what was written, and for what wasn't, in words to be read.

Told offline: the connections are taken away before anything is asked.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.engine import approvals, verbs
from syncrules.engine.run import run as by_hand
from syncrules.engine.run.undo import Part
from syncrules.engine.store.database import Statement, statement
from syncrules.engine.store.tables import Table
from syncrules.engine.why import why
from syncrules.engine.why_told import why_json, why_text
from syncrules.errors import Braked, SystemUnavailable
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.desk import Desk
from syncrules.tests.guide.team import Team
from syncrules.tests.guide.test_account_stages import BASE, INFER, deal
from syncrules.tests.guide.test_account_stages import account as deals_account
from syncrules.tests.guide.test_activities import RULES as KINDS
from syncrules.tests.guide.test_activities import Day
from syncrules.tests.run.test_stand_ins import ACCOUNTS, account, after_run, lead
from syncrules.tests.run.test_stand_ins import of as filled
from syncrules.tests.run.test_undo import World
from syncrules.tests.test_cli_run import Shop, shop
from syncrules.tests.test_schema_drift import contact, desk

__all__ = ["desk", "shop"]

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
    assert "no rule about contact and Lead writes Phone: it stays as it is" in said
    said = told(world.both, "ada@a.example", "LeadSource")
    assert 'it is set to "Apollo" on what the rule makes, and never after' in said
    # A condition names it, and that writes nothing.
    said = told(world.both, "ada@a.example", "stage")
    assert "no rule about contact and Lead writes stage: it stays as it is" in said


def test_objects_that_are_only_compared_with_say_nothing_of_a_field() -> None:
    """Whoever has no Lead yet is looked for among Contacts, too: what no row there writes isn't
    told beside the reason why there is no Lead."""
    world = World(RULES.replace("pull Lead as contact hidden\n", ""))
    world.contact(stage="Cold")
    world.run()
    said = told(world.both, "ada@a.example", "title")
    assert "no Lead is made" in said
    assert "writes title" not in said
    assert "contact and Lead writes Phone" in told(world.both, "ada@a.example", "Phone")


def test_a_reference_that_something_stands_in_for_says_so() -> None:
    """Before it is filled, after, and where nothing is of that domain."""
    both = filled("account by domain of Email", ACCOUNTS)
    lead(both)
    after_run(both)
    said = told(both, "ada@berg.example", "account")
    rule = "it is filled by `account by domain of Email` where it is blank"
    assert f"{rule}: no account is known by its domain" in said
    berg = account(both)
    hour(both)
    said = told(both, "ada@berg.example", "account")
    assert f'{rule}: a run would write "{berg}"' in said
    after_run(both)
    assert f'{rule}: run 4 wrote "{berg}"' in told(both, "ada@berg.example", "account")


def test_what_is_inferred_is_told_beside_what_stands_there() -> None:
    """A stage that somebody has set since stays, and that it does is to be seen."""
    team = Team(BASE + INFER).began()
    here, there = deals_account(team)
    deal(team, there)
    team.hour()
    team.apollo.update("account", here, {"stage": "Cold"})
    team.hour()
    said = why_text(why(team.setup.plan, ORG, team.setup.db, team.world, here, "stage"))
    assert 'wrote "Active Opportunity"' in said
    assert 'by now "Active Opportunity" is inferred, and it is "Cold"' in said


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


def test_what_changes_beside_a_record_that_is_gone_is_not_called_the_same() -> None:
    """Deleted, or merged: the two differ, and why that stays so is told of the very field."""
    world = World(RULES)
    contact = world.contact(first_name="Ada")
    world.run()
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"first_name": "Ann"})
    world.both.salesforce.delete("Lead", lead)
    world.run()
    said = told(world.both, "ada@a.example", "first_name")
    assert "next: nothing: the Lead is deleted in salesforce" in said
    world.both.salesforce.undelete("Lead", lead)
    world.run()
    assert "both sides are as they last agreed" in told(world.both, "ada@a.example", "first_name")

    other = world.both.salesforce.create("Lead", {"LastName": "Berg", "Company": "B"})
    world.both.salesforce.merge("Lead", other, [lead])
    world.run()
    said = told(world.both, lead)
    assert f"the Lead is merged into {other} in salesforce: nothing is written" in said


def test_who_is_gone_on_both_sides_is_still_known_by_what_people_called_them() -> None:
    """By whom and why: the rule deleted the lead, since somebody had deleted its contact."""
    rules = RULES.replace("    match on email\n", "    match on email\n    on delete delete\n", 1)
    world = World(rules)
    contact = world.contact()
    world.run()
    [lead] = world.leads()
    world.both.apollo.delete("contact", contact)
    world.both.clock.sleep(24 * HOUR)
    run = world.run().run
    assert world.leads() == {}
    for name in ("ada@a.example", contact, lead):
        said = told(world.both, name)
        assert f"run {run} deleted the Lead: its contact was deleted in apollo" in said
        assert "the contact is deleted in apollo: nothing is written" in said
        assert said.count("~") == 1


def test_what_was_undone_waits_for_a_change() -> None:
    """And says which run has taken it away."""
    world = World(RULES)
    world.contact()
    run = world.run().run
    back = world.undo(run).run
    said = told(world.both, "ada@a.example")
    assert "once something changes, a run would make a Lead" in said
    assert f"run {back} deleted the Lead: run {run} is undone" in said


def test_a_link_that_was_undone_says_so_also_where_values_were_put_back() -> None:
    world = World(RULES)
    world.both.salesforce.create(
        "Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    )
    world.run()
    world.contact(first_name="Ada")
    run = world.run().run
    back = world.undo(run).run
    assert f"run {back} took the two apart: run {run} is undone" in told(
        world.both, "ada@a.example"
    )


def test_a_brake_that_stopped_the_last_run_is_told_with_whatever_it_held() -> None:
    """And no longer once a run got through; neither a preview nor what is done to one record
    changes anything about it."""
    world = World(f"{RULES}guard at most 1 Lead created per run\n")
    world.contact()
    world.contact(email="bo@a.example")
    with pytest.raises(Braked):
        world.run()
    hour(world.both)
    by_hand.push(world.both.setup, "bo@a.example")
    said = told(world.both, "ada@a.example")
    assert "the next run would make a Lead" in said
    assert "a brake stopped run 2 before it wrote anything: `syncrules preview` tells" in said
    world.both.edit(RULES)
    world.run()
    assert "a brake" not in told(world.both, "ada@a.example")


def test_a_system_that_can_not_be_used_is_told_with_whatever_waits_for_it() -> None:
    world = World(RULES)
    contact = world.contact(first_name="Ada")
    world.run()
    world.both.apollo.update("contact", contact, {"first_name": "Ann"})
    away = world.both.world.handlers.pop("salesforce.test")
    with pytest.raises(SystemUnavailable):
        world.run()
    said = told(world.both, "ada@a.example", "first_name")
    assert "open error 1: salesforce" in said
    world.both.world.handlers["salesforce.test"] = away
    world.run()
    assert "open error" not in told(world.both, "ada@a.example", "first_name")


def test_a_rule_that_waits_for_a_system_is_told_where_it_holds_a_value_back(desk: Desk) -> None:
    """The right to write a field is gone: `why` promises no write that the run won't make."""
    ada = contact(desk, "Ada")
    desk.run()
    desk.clock.sleep(HOUR)
    desk.salesforce.take("edit", "Lead", "Title")
    desk.apollo.update("contact", ada, {"title": "CEO"})
    desk.run()
    [entry] = [one.id for one in desk.errors()]
    said = why_text(verbs.why(desk.project, desk.world, "ada@a.example", "title"))
    assert f"open error {entry}: `map contact with Lead` waits, since" in said
    assert f", unless open error {entry} holds it back" in said


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


@pytest.mark.parametrize("by", ["ada@a.example", "contact", "lead"])
def test_two_of_which_a_write_is_in_doubt_are_told_as_the_pair_that_they_are(by: str) -> None:
    """Whichever of them is named: what both hold, and that nothing is written before it is known
    what became of the write."""
    world = World(RULES)
    contact = world.contact(first_name="Ada")
    world.run()
    [lead] = world.leads()
    both = world.both
    both.apollo.update("contact", contact, {"first_name": "Ann"})
    both.salesforce.faults.rules.append(Fault("lost before", "PATCH", "/composite/sobjects"))
    world.run()
    said = told(both, {"contact": contact, "lead": lead}.get(by, by), "first_name")
    assert said.count("[contact ~ Lead]") == said.count("  linked with") == 1
    assert "run 2 made the Lead" in said
    assert 'apollo first_name is "Ann", was "Ada" when both agreed' in said
    assert 'salesforce FirstName is "Ada"' in said
    assert "next: nothing, before it is known what became of the write without a reply" in said
    assert said.count("a write has got no reply: the next run finds out") == 1


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


def test_what_an_edited_rule_lets_go_is_due_and_not_for_a_later_change() -> None:
    """A row that asks no more, one that says `truncate` now, and what an undo has taken back."""
    for row, values in (("ask", {"title": "CEO"}), ("", {"title": "C" * 129})):
        rules = RULES.replace("<-> Title   ask", f"<-> Title {row}")
        world = World(rules)
        contact = world.contact(title="CTO")
        world.run()
        world.both.apollo.update("contact", contact, values)
        world.run()
        world.both.edit(rules.replace(f"<-> Title {row}", "<-> Title truncate"))
        plan, both = world.both.setup.plan, world.both
        said = why_text(why(plan, ORG, both.db, both.world, "ada@a.example", "title"))
        assert "next: the next run would write" in said
        assert sum(world.run().counts.values()) == 1

    world = World(RULES)
    world.contact()
    world.undo(world.run().run)
    assert "once something changes" in told(world.both, "ada@a.example")
    world.both.edit(RULES.replace("    title             <-> Title   ask\n", ""))
    both = world.both
    said = why_text(why(both.setup.plan, ORG, both.db, both.world, "ada@a.example"))
    assert "the next run would make a Lead" in said
    assert sum(world.run().counts.values()) == 1


def test_an_undo_that_was_begun_says_that_it_goes_on(desk: Desk) -> None:
    """What it puts back waits for a right; what stands there is no end of it."""
    ada = contact(desk, "Ada")
    desk.run()
    desk.apollo.update("contact", ada, {"title": "CEO"})
    desk.clock.sleep(HOUR)
    run = desk.run().run
    desk.salesforce.take("edit", "Lead", "Title")
    desk.clock.sleep(HOUR)
    [undo] = verbs.undo(desk.project, desk.world, Part(run))
    assert undo.exit_code == 1
    said = why_text(verbs.why(desk.project, desk.world, "ada@a.example", "title"))
    assert f"the next run goes on with the undo of run {run}" in said
    desk.salesforce.give("edit", "Lead", "Title")
    desk.clock.sleep(HOUR)
    desk.run()
    said = why_text(verbs.why(desk.project, desk.world, "ada@a.example", "title"))
    assert "goes on with the undo" not in said


def test_what_a_former_partner_got_is_no_write_to_this_one() -> None:
    world = World(RULES)
    contact = world.contact(title="CTO")
    world.undo(world.run().run)
    world.both.apollo.update("contact", contact, {"title": ""})
    run = world.run().run
    assert f"run {run} made the Lead" in told(world.both, "ada@a.example")
    assert "last written" not in told(world.both, "ada@a.example", "title")


def _tables() -> list[Statement]:
    names = sorted(Table.metadata.tables)
    return [statement(text(f"SELECT * FROM {name}")) for name in names]


def test_who_is_out_of_sight_has_the_error_that_says_so() -> None:
    """Though no rule was about to write to them (EDGE-7)."""
    world = World(RULES)
    world.contact()
    world.run()
    world.both.salesforce.org.unshared.add(next(iter(world.leads())))
    world.both.clock.sleep(24 * HOUR)
    world.run()
    [error] = world.both.errors()
    said = f"open error {error.id}: salesforce doesn't show Lead {error.record} to us any more"
    assert f"{said}\n" in told(world.both, "ada@a.example")


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
