"""What stands in the error log of two records, one of which is deleted: it waits as long as that
may come out of the bin, and is over once it can't."""

from __future__ import annotations

import pytest
from syncrules.engine.history import history, history_text
from syncrules.engine.report import error_text, result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.test_conflicts import RULES, later, linked, listed

DAY = 24 * HOUR
STANDS = [(1, "conflict")]


def a_day(both: Both) -> None:
    both.clock.sleep(DAY)
    both.run()


def said(both: Both, record: str) -> str:
    setup = both.setup
    return why_text(why(setup.plan, setup.org, setup.db, setup.world, record))


def titles(both: Both, left: str, right: str) -> tuple[object, object]:
    return (
        both.apollo.rows("contact")[left].get("title"),
        both.salesforce.rows("Lead", deleted=True)[right].get("Title"),
    )


def deleted() -> tuple[Both, str, str]:
    """A contact and a Lead that were linked with two titles, and the Lead is in the bin."""
    both, left, right = linked()
    both.salesforce.delete("Lead", right)
    later(both)
    assert listed(both) == STANDS
    return both, left, right


def with_end(said: str, to: str = "pull Lead as contact hidden") -> tuple[Both, str, str]:
    """The same under a rule that says what follows a deletion, still before that."""
    rule = f"{to} {{ on delete {said} }}\n"
    if to.startswith("push"):
        rules = RULES.replace("push contact as Lead update only\n", rule)
    else:
        rules = RULES.replace("map contact", rule + "map contact")
    both, left, right = linked(rules)
    assert listed(both) == STANDS
    return both, left, right


@pytest.mark.parametrize("meanwhile", ["nothing", "retry", "backfill", "edit", "days"])
def test_a_conflict_stands_while_one_of_the_two_is_in_the_bin_and_once_it_is_out(
    meanwhile: str,
) -> None:
    """Nothing that happens meanwhile is an answer to it: out of the bin both titles are as they
    were (EDGE-6)."""
    both, left, right = deleted()
    if meanwhile == "retry":
        verbs.retry(both.setup, [1])
    elif meanwhile == "backfill":
        both.backfill("push", "contact")
    elif meanwhile == "edit":
        for word in ("Owner", "CEO"):
            both.apollo.update("contact", left, {"title": word})
            later(both)
    elif meanwhile == "days":
        for _ in range(3):
            a_day(both)
    assert listed(both) == STANDS
    both.salesforce.undelete("Lead", right)
    later(both)
    a_day(both)
    assert listed(both) == STANDS
    assert titles(both, left, right) == ("CEO", "CTO")
    both.salesforce.update("Lead", right, {"Title": "CEO"})
    later(both)
    later(both)
    assert listed(both) == []


def test_an_edit_from_while_the_partner_was_in_the_bin_ends_a_conflict_once_it_is_out() -> None:
    both, left, right = deleted()
    both.apollo.update("contact", left, {"title": "Owner"})
    later(both)
    assert listed(both) == STANDS
    both.salesforce.undelete("Lead", right)
    later(both)
    later(both)
    assert listed(both) == []
    assert titles(both, left, right) == ("Owner", "Owner")


def test_an_entry_and_its_retry_say_that_it_waits_on_the_bin() -> None:
    both, _, right = deleted()
    why_it_waits = (
        f"the Lead {right} was deleted in salesforce, so that nothing is decided of the two: "
        "out of the bin they are as before, and once that can't be any more the entry is over"
    )
    [entry] = both.errors()
    assert why_it_waits in error_text(entry)
    assert f"; it waits: {why_it_waits}" in said(both, right)
    result = verbs.retry(both.setup, [1])
    assert f"! error 1 waits: {why_it_waits}" in result_text(result)
    assert result.exit_code == 1
    both.salesforce.undelete("Lead", right)
    later(both)
    [entry] = both.errors()
    assert "bin" not in error_text(entry)
    assert "waits" not in result_text(verbs.retry(both.setup, [1]))


def emptied(both: Both, right: str) -> None:
    both.salesforce.delete("Lead", right, purged=True)


@pytest.mark.parametrize("found", ["within a day", "by a retry"])
def test_an_entry_is_over_once_the_bin_was_emptied(found: str) -> None:
    """No system tells that: it is asked for once a day, and by a retry. `why` and `history` say
    that the record can't come back."""
    both, left, right = deleted()
    emptied(both, right)
    if found == "by a retry":
        result = verbs.retry(both.setup, [1])
        assert (result.errors, result.exit_code, result.binned) == (0, 0, ())
    else:
        a_day(both)
    assert listed(both) == []
    over = "can't come back: what was open of it and its partner is over"
    assert f"salesforce Lead {right} {over}" in history_text(history(both.db, [ORG], right))
    assert over in said(both, left)


def test_a_state_in_postgresql_knows_what_waits_and_goes_on(postgres_url: str) -> None:
    """Both titles go on with the Contact that the lead became, until that is out of the bin for
    good."""
    rules = RULES.replace("Company", "Lead.Company").replace("with Lead", "with Lead, Contact")
    pull = "pull Contact as contact visible { match on email }\nmap"
    both, _, right = linked(rules.replace("\nmap", f"\n{pull}"), postgres_url)
    contact = both.salesforce.convert(right)
    later(both)
    both.salesforce.delete("Contact", contact)
    later(both)
    [entry] = both.errors()
    assert f"the Contact {contact} was deleted in salesforce" in error_text(entry)
    both.salesforce.delete("Contact", contact, purged=True)
    a_day(both)
    assert listed(both) == []
    both.db.close()


def test_a_bin_is_asked_once_a_day_and_only_while_there_is_such_an_entry() -> None:
    both, _, right = deleted()

    def asked(seconds: float) -> bool:
        both.clock.sleep(seconds)
        before = len(both.world.sent)
        both.run()
        return any(right in one.url + str(one.body) for one in both.world.sent[before:])

    a_day(both)
    assert [asked(HOUR), asked(DAY), asked(HOUR)] == [False, True, False]
    emptied(both, right)
    a_day(both)
    assert listed(both) == []
    assert not asked(DAY)


def test_an_entry_is_over_once_the_two_are_taken_apart() -> None:
    both, _, right = with_end("unlink")
    both.salesforce.delete("Lead", right)
    later(both)
    assert listed(both) == []
    told = history_text(history(both.db, [ORG], right))
    assert "its Lead was deleted in salesforce" in told


def test_an_entry_is_over_where_the_deleted_one_was_in_a_system_without_a_bin() -> None:
    """A contact that was deleted in Apollo is gone for good, and its Lead with it."""
    both, left, _ = with_end("delete", "push contact as Lead update only")
    both.apollo.delete("contact", left)
    a_day(both)
    a_day(both)
    assert both.salesforce.rows("Lead") == {}
    assert listed(both) == []
    told = history_text(history(both.db, [ORG], left))
    assert f"apollo contact {left} can't come back" in told


@pytest.mark.parametrize("free", [True, False], ids=["free", "with a link of its own"])
def test_what_goes_on_with_the_survivor_of_a_merge_stands(free: bool) -> None:
    """The link goes on, and with it the two titles; where the survivor has a link of its own it
    doesn't, and what was told is over with the bin."""
    both, left, right = linked()
    name = {"LastName": "Tal", "Company": "B", "Title": "CTO"}
    if free:
        other = both.salesforce.create("Lead", name)
    else:
        other = both.salesforce.create("Lead", {**name, "Email": "t@b.example"})
        both.apollo.create("contact", {"last_name": "Tal", "email": "t@b.example", "title": "CTO"})
        later(both)
    both.salesforce.merge("Lead", other, [right])
    later(both)
    assert listed(both) == STANDS
    emptied(both, right)
    a_day(both)
    assert listed(both) == (STANDS if free else [])
    assert left in both.apollo.rows("contact")


def test_an_entry_is_over_once_a_lead_became_what_no_rule_is_about() -> None:
    """Nobody is taken back out of a conversion."""
    both, _, right = linked()
    both.salesforce.convert(right)
    later(both)
    assert listed(both) == []


def test_a_conflict_is_there_again_once_the_mark_of_a_deletion_is_taken_back() -> None:
    """The mark was written to the very field, and is no answer to what was told of it."""
    both, left, right = with_end('mark title "Gone"')
    both.salesforce.delete("Lead", right)
    later(both)
    assert titles(both, left, right) == ("Gone", "CTO")
    assert listed(both) == STANDS
    both.salesforce.undelete("Lead", right)
    later(both)
    a_day(both)
    assert titles(both, left, right) == ("CEO", "CTO")
    assert listed(both) == STANDS
    both.salesforce.delete("Lead", right)
    later(both)
    emptied(both, right)
    a_day(both)
    assert listed(both) == []


def test_what_could_not_be_done_about_an_end_outlives_the_bin() -> None:
    """A person is to merge the two there as well, whatever became of the one that was merged
    away."""
    both, left, right = with_end("unlink")
    both.edit(both.rules.replace("on delete unlink", "on merge merge"))
    other = both.salesforce.create(
        "Lead", {"LastName": "Tal", "Email": "t@b.example", "Company": "B", "Title": "CFO"}
    )
    both.apollo.create(
        "contact",
        {"last_name": "Tal", "email": "t@b.example", "organization_name": "B", "title": "CFO"},
    )
    later(both)
    both.salesforce.merge("Lead", other, [right])
    later(both)
    assert {code for _, code in listed(both)} == {"conflict", "merge-by-hand"}
    emptied(both, right)
    a_day(both)
    assert {code for _, code in listed(both)} == {"merge-by-hand"}
    assert left in both.apollo.rows("contact")
