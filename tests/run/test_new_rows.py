"""Rows that somebody adds to a map: they act from now on, and a backfill brings in line what was
linked before, also where runs of the schedule came in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from syncrules.engine.lost import lost
from syncrules.engine.report import summary
from syncrules.engine.status import status_json, status_text
from syncrules.engine.why import why
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
push contact as Lead update only
map contact with Lead {
    last_name <-> LastName  prefer apollo
    email     <-> Email     prefer apollo
    organization_name -> Company
}
"""
TITLE = "    title <-> Title  prefer apollo\n"


def linked(left: str | None, right: str | None) -> tuple[Both, str, str]:
    """A contact and a Lead that are linked, with two titles that no row names."""
    both = Both(RULES)
    both.run()
    lead = {"LastName": "Berg", "Email": "a@b.example", "Company": "B", "Title": right}
    contact = {"last_name": "Berg", "email": "a@b.example", "organization_name": "B"}
    ids = (
        both.apollo.create("contact", contact | {"title": left}),
        both.salesforce.create("Lead", lead),
    )
    later(both)
    assert titles(both) == (left, right)
    return both, *ids


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def add_row(both: Both) -> None:
    """The rules get a row for titles."""
    both.edit(RULES.replace("}\n", TITLE + "}\n"))


def titles(both: Both) -> tuple[object, object]:
    [left] = both.apollo.rows("contact").values()
    [right] = both.salesforce.rows("Lead").values()
    return left.get("title"), right.get("Title")


@pytest.mark.parametrize("lag", [0.0, 30.0], ids=["searches up to date", "searches behind"])
@pytest.mark.parametrize("runs", [0, 1, 3], ids=lambda one: f"after {one} runs")
@pytest.mark.parametrize(
    ("left", "right", "then"),
    [
        ("CEO", None, ("CEO", "CEO")),
        (None, "CTO", ("CTO", "CTO")),
        ("CEO", "CTO", ("CEO", "CEO")),
        ("CEO", "CEO", ("CEO", "CEO")),
    ],
)
def test_a_backfill_brings_in_line_what_was_linked_before_the_row(
    left: str | None, right: str | None, then: tuple[str, str], runs: int, lag: float
) -> None:
    """Also where the two were decided meanwhile for another reason, which left titles alone, and
    where a field that is read for the first time holds nothing and its search may be behind."""
    both, contact, _ = linked(left, right)
    add_row(both)
    both.setup = replace(both.setup, lags={("apollo", "contact"): lag})
    for number in range(runs):
        both.apollo.update("contact", contact, {"organization_name": f"B {number}"})
        later(both)
        assert titles(both) == (left, right)
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert titles(both) == then


def test_a_new_row_acts_on_what_changes_from_now_on() -> None:
    both, contact, lead = linked("CEO", "CTO")
    add_row(both)
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    later(both)
    assert titles(both) == ("CFO", "CFO")
    both.apollo.update("contact", contact, {"title": "Owner"})
    later(both)
    assert titles(both) == ("Owner", "Owner")


@pytest.mark.parametrize("runs", [0, 1], ids=lambda one: f"after {one} runs")
@pytest.mark.parametrize("left", ["CEO", "CTO"])
def test_a_backfill_leaves_what_was_changed_since_the_row_is_there(left: str, runs: int) -> None:
    """The change flows, whether or not a run comes before the backfill: what stood on the other
    side when the rules got the row is older."""
    both, _, lead = linked(left, "CTO")
    add_row(both)
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    for _ in range(runs):
        later(both)
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert titles(both) == ("CFO", "CFO")


def test_a_backfill_brings_in_line_what_a_one_way_row_does_not_bring_back() -> None:
    """A change of the side that such a row writes to is none that flows."""
    both, _, lead = linked("CEO", "CTO")
    both.edit(RULES.replace("}\n", TITLE.replace("<->", "->") + "}\n"))
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert titles(both) == ("CEO", "CEO")


@pytest.mark.parametrize("right", [None, "CTO"])
def test_what_a_backfill_may_not_write_waits_as_a_change_does(right: str | None) -> None:
    """Somebody who writes there meanwhile writes against it, and of the two `prefer` says which
    stands, as ever."""
    both, _, lead = linked("CEO", right)
    add_row(both)
    both.salesforce.take("edit", "Lead", "Title")
    both.backfill("push", "contact")
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    later(both)
    assert titles(both) == ("CEO", "CFO")
    both.salesforce.give("edit", "Lead", "Title")
    both.clock.sleep(24 * HOUR)
    both.run()
    assert titles(both) == ("CEO", "CEO")
    assert "because both sides changed, apollo wins (" in both.said[-2]


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("dies", [False, True], ids=["goes on", "dies"])
def test_who_writes_while_a_backfill_is_under_way_writes_against_it(dies: bool) -> None:
    """Also where the process dies before it has brought the two in line, and the next backfill
    finds what it never saw. What loses is told and kept (R4)."""
    both, _, lead = linked("CEO", "CTO")
    add_row(both)
    later(both)

    def writes(name: str) -> None:
        if name == "after decided":
            both.world.on_point = None
            both.salesforce.update("Lead", lead, {"Title": "CFO"})
            both.clock.sleep(70)
            if dies:
                raise Crash

    both.clock.sleep(HOUR)
    both.world.on_point = writes
    with suppress(Crash):
        both.backfill("push", "contact")
    if dies:
        assert titles(both) == ("CEO", "CFO")
        both.db.fence = None
        both.clock.sleep(HOUR)
        both.backfill("push", "contact")
    assert titles(both) == ("CEO", "CEO")
    assert "because both sides changed, apollo wins (" in both.said[-2]
    assert [one.value for one in lost(both.db, [ORG])] == ["CFO"]


def test_what_a_person_empties_after_that_stays_empty_at_the_next_backfill() -> None:
    """Brought in line once, the two have a past in this row like in any other."""
    both, contact, _ = linked("CEO", "CTO")
    add_row(both)
    later(both)
    both.backfill("push", "contact")
    later(both)
    both.apollo.update("contact", contact, {"title": None})
    later(both)
    assert titles(both) == (None, "CEO")
    both.backfill("push", "contact")
    assert titles(both) == (None, "CEO")


@pytest.mark.parametrize("decided", [True, False])
def test_why_says_that_the_row_is_newer_and_what_brings_the_two_in_line(decided: bool) -> None:
    """Whether or not a run has met the two in this row."""
    both, contact, lead = linked("CEO", "CTO")
    add_row(both)
    if decided:
        both.apollo.update("contact", contact, {"organization_name": "B and sons"})
    later(both)
    setup = both.setup
    [told] = why(setup.plan, setup.org, setup.db, setup.world, lead, "Title")
    [row] = told.rows
    assert row.next == (
        "nothing: the row is newer than the link, so that what changes flows, and "
        "`syncrules backfill push contact` brings the two in line"
    )
    both.backfill("push", "contact")
    [told] = why(setup.plan, setup.org, setup.db, setup.world, lead, "Title")
    assert [one.next for one in told.rows] == ["nothing: both sides are as they last agreed"]


def test_the_first_edit_after_a_row_that_names_nothing_new_flows() -> None:
    """Nothing is read anew for it, so that nobody is looked at again before something changes."""
    names = "    first_name <-> FirstName  prefer apollo\n"
    both = Both(RULES.replace("}\n", names + TITLE + "}\n"))
    both.run()
    ids = pair(both, "ada", "CEO", "CEO")
    later(both)
    crossed = names.replace("FirstName", "Title") + TITLE.replace("Title", "FirstName")
    both.edit(RULES.replace("}\n", crossed + "}\n"))
    later(both)
    both.apollo.update("contact", ids[0], {"title": "Chair"})
    later(both)
    lead = both.salesforce.rows("Lead")[ids[1]]
    assert (lead["Title"], lead["FirstName"]) == ("CEO", "Chair")


# ---- rows that are back ---------------------------------------------------------------------

STOP = 'update only { stop when title is "Retired" or Lead.Title is "Retired" }'
READ = RULES.replace("update only", STOP)
"""Without a row for titles, which are read all the same."""


def with_row(rules: str, row: str = TITLE) -> str:
    return rules.replace("-> Company\n", f"-> Company\n{row}")


def agreed(rules: str) -> tuple[Both, str, str]:
    """A contact and a Lead whose titles agree in a row that is gone from the rules since."""
    both = Both(with_row(rules))
    both.run()
    ids = pair(both, "ada", "CEO", "CEO")
    later(both)
    both.edit(rules)
    later(both)
    return both, *ids


WITHOUT = pytest.mark.parametrize("rules", [RULES, READ], ids=["read no more", "read anyway"])


@WITHOUT
@pytest.mark.parametrize("side", ["left", "right"])
def test_what_was_changed_while_a_row_was_out_flows_once_it_is_back(rules: str, side: str) -> None:
    """It changed since the two last agreed, and nobody has to ask for it; also where what is read
    stays the same."""
    both, contact, lead = agreed(rules)
    if side == "left":
        both.apollo.update("contact", contact, {"title": "Chair"})
    else:
        both.salesforce.update("Lead", lead, {"Title": "Chair"})
    later(both)
    assert titles(both) in (("Chair", "CEO"), ("CEO", "Chair"))
    both.edit(with_row(rules))
    later(both)
    assert titles(both) == ("Chair", "Chair")
    assert "because it changed on the other side (" in both.said[-2]
    assert told(both) == []


@WITHOUT
def test_what_both_have_changed_while_a_row_was_out_is_a_conflict_like_any(rules: str) -> None:
    both, contact, lead = agreed(rules)
    both.apollo.update("contact", contact, {"title": "Chair"})
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    later(both)
    both.edit(with_row(rules))
    later(both)
    assert titles(both) == ("Chair", "Chair")
    assert "because both sides changed, apollo wins (" in both.said[-2]


@WITHOUT
def test_who_was_linked_while_a_row_was_out_waits_once_it_is_back(rules: str) -> None:
    """They have never agreed in it: for them it is new."""
    both, _, _ = agreed(rules)
    pair(both, "bea", "CEO", "CTO")
    later(both)
    both.edit(with_row(rules))
    later(both)
    assert told(both) == [ONE]


def test_what_was_changed_while_a_whole_map_was_out_flows_once_it_is_back() -> None:
    """Nothing is read anew for it, since another map has the same fields of contacts."""
    other = """\
pull Contact as contact
map contact with Contact {
    last_name <-> LastName  prefer apollo
    email     <-> Email     prefer apollo
    organization_name <-> Department  prefer apollo
    title <-> Title  prefer apollo
}
"""
    both = Both(with_row(RULES) + other)
    both.run()
    contact, _ = pair(both, "ada", "CEO", "CEO")
    later(both)
    both.edit(RULES.splitlines(keepends=True)[0] + other)
    later(both)
    both.apollo.update("contact", contact, {"title": "Chair"})
    later(both)
    assert titles(both) == ("Chair", "CEO")
    both.edit(with_row(RULES) + other)
    later(both)
    assert titles(both) == ("Chair", "Chair")


def test_a_row_that_stays_and_is_edited_brings_nobody_back() -> None:
    """It has been there all the while: what the other way has left on one side waits for a
    change."""
    both = Both(with_row(READ, "    title -> Title\n"))
    both.run()
    _, lead = pair(both, "ada", "CEO", "CEO")
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    later(both)
    both.edit(with_row(READ))
    later(both)
    assert titles(both) == ("CEO", "CFO")


# ---- how many wait is told ------------------------------------------------------------------

ONE = (
    "1 pair was linked before a row was added to `map contact with Lead`, or an `infer` beside it, "
    "and waits for `syncrules backfill push contact`"
)
TWO = ONE.replace("1 pair was", "2 pairs were").replace("waits", "wait")


def pair(both: Both, name: str, left: str | None, right: str | None) -> tuple[str, str]:
    """A contact and a Lead whom the next run links."""
    lead = {"LastName": "Berg", "Email": f"{name}@b.example", "Company": "B", "Title": right}
    contact = {"last_name": "Berg", "email": f"{name}@b.example", "organization_name": "B"}
    return (
        both.apollo.create("contact", contact | {"title": left}),
        both.salesforce.create("Lead", lead),
    )


def pairs(state: str = "sqlite://", row: str = TITLE) -> tuple[Both, list[tuple[str, str]]]:
    """Some who are linked: two differ in the row that the rules then get, two don't."""
    both = Both(RULES, state=state)
    both.run()
    titles = [("CEO", "CTO"), ("CEO", None), ("CEO", "CEO"), (None, None)]
    ids = [pair(both, f"p{number}", *one) for number, one in enumerate(titles)]
    later(both)
    assert told(both) == []
    both.edit(RULES.replace("}\n", row + "}\n"))
    both.clock.sleep(HOUR)
    return both, ids


def told(both: Both) -> list[str]:
    """What `status` says of new rows, which is what the last run said."""
    data = status_json(both.db, [ORG], both.clock.now(), {ORG: both.setup.plan})
    start = "  new rows   "
    found = [one.removeprefix(start) for one in status_text(data).splitlines() if start in one]
    lines = [" ".join(one.split()) for one in both.said[-1].splitlines()]
    assert [one for one in lines if "before a row" in one] == found
    return found


def test_a_run_tells_how_many_pairs_wait_since_a_row_is_new() -> None:
    """From the first on, until somebody's change or a backfill has brought them in line."""
    both, ids = pairs()
    both.preview()
    assert TWO in " ".join(both.said[-1].split())
    result = both.run()
    assert told(both) == [TWO]
    assert summary(result)["behind"] == [
        {"map": "map contact with Lead", "count": 2, "command": "syncrules backfill push contact"}
    ]
    later(both)
    assert told(both) == [TWO]
    both.salesforce.update("Lead", ids[0][1], {"Title": "CFO"})
    later(both)
    assert told(both) == [ONE]
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert told(both) == []
    assert "because blank was filled at the backfill (" in both.said[-2]
    assert "behind" not in summary(both.run())


def test_what_is_changed_otherwise_waits_on() -> None:
    both, ids = pairs()
    both.run()
    both.apollo.update("contact", ids[0][0], {"organization_name": "B and sons"})
    later(both)
    assert both.salesforce.rows("Lead")[ids[0][1]]["Company"] == "B and sons"
    assert told(both) == [TWO]


def test_what_a_backfill_would_leave_as_it_is_does_not_wait() -> None:
    """A blank takes nothing away, and a one-way row brings nothing back."""
    both, _ = pairs(row="    title <- Title\n")
    both.run()
    assert told(both) == [ONE]
    both.backfill("push", "contact")
    assert [one.get("title") for one in both.apollo.rows("contact").values()].count("CTO") == 1
    assert told(both) == []


def test_nobody_waits_for_a_row_that_is_gone_again() -> None:
    both, _ = pairs()
    both.run()
    both.edit(RULES)
    later(both)
    assert told(both) == []
    add_row(both)
    later(both)
    assert told(both) == [TWO]


def test_who_is_gone_waits_for_nothing_and_meets_the_row_anew_once_back() -> None:
    both, ids = pairs()
    both.run()
    both.salesforce.delete("Lead", ids[0][1])
    later(both)
    assert told(both) == [ONE]
    both.salesforce.undelete("Lead", ids[0][1])
    later(both)
    assert told(both) == [TWO]


@pytest.mark.parametrize(("way", "object"), [("push", "contact"), ("pull", "Lead")])
def test_who_was_in_the_bin_at_the_backfill_is_brought_in_line_once_back(
    way: str, object: str
) -> None:
    """Whichever side it read: nobody has to think of them, and to ask once more."""
    both, ids = pairs()
    both.salesforce.delete("Lead", ids[0][1])
    both.backfill(way, object)
    later(both)
    assert told(both) == []
    both.salesforce.undelete("Lead", ids[0][1])
    later(both)
    assert both.salesforce.rows("Lead")[ids[0][1]]["Title"] == "CEO"
    assert "because differed at the backfill, apollo wins (" in both.said[-2]
    assert told(both) == []


def gone_before_the_row(both: Both) -> str:
    """Ada's Lead, which is in the bin when the row is added."""
    _, lead = pair(both, "ada", "CEO", "CTO")
    later(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    add_row(both)
    later(both)
    return lead


def test_a_row_that_is_newer_than_the_backfill_waits_for_the_next_one() -> None:
    """Also one that had been there before, and was taken away for a while."""
    both, _ = pairs()
    both.backfill("push", "contact")
    both.edit(RULES)
    lead = gone_before_the_row(both)
    both.salesforce.undelete("Lead", lead)
    later(both)
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CTO"
    assert told(both) == [ONE]
    both.backfill("push", "contact")
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"


def test_who_is_gone_before_the_row_is_there_meets_it_once_back() -> None:
    """Also where titles were read before, so that nobody is looked at anew for the row."""
    stop = 'update only { stop when title is "Retired" or Lead.Title is "Retired" }'
    both = Both(RULES.replace("update only", stop))
    both.run()
    lead = gone_before_the_row(both)
    assert told(both) == []
    both.salesforce.undelete("Lead", lead)
    later(both)
    assert told(both) == [ONE]


def test_the_backfill_that_is_named_is_one_that_the_rules_have() -> None:
    """Where a pull links the two, it is the pull."""
    rules = RULES.replace("push contact as Lead", "pull Lead as contact")
    both = Both(rules)
    both.run()
    pair(both, "ada", "CEO", "CTO")
    later(both)
    both.edit(rules.replace("}\n", TITLE + "}\n"))
    later(both)
    assert told(both) == [ONE.replace("push contact", "pull Lead")]
    both.clock.sleep(HOUR)
    both.backfill("pull", "Lead")
    assert told(both) == []


def test_pairs_that_wait_are_counted_on_postgresql(postgres_url: str) -> None:
    both, _ = pairs(postgres_url)
    both.run()
    assert told(both) == [TWO]
    both.backfill("push", "contact")
    assert told(both) == []
    both.db.close()
