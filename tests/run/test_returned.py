"""What a mark has written is taken back when the record is out of the bin, over both made-up
systems: where it still stands, and as often as that comes."""

from __future__ import annotations

import pytest
from syncrules.connectors.apollo.simulator.faults import Fault
from syncrules.engine.history import history, history_text
from syncrules.engine.lost import lost
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.test_life import edit, later, of, pair, quiet, title

GONE = 'on delete mark title "Gone"'
FILLS = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead { match on email }
pull Lead as contact hidden { on delete mark title "Gone" }
map contact with Lead {
    last_name          -> LastName
    email              -> Email
    phone              -> Phone    when blank
    organization_name  -> Company  default "Unknown"
}
"""


def marked(held: str | None = "CEO", pull: str = GONE) -> tuple[Both, str, str]:
    """A contact with that title and its lead, which somebody has deleted: the contact says so."""
    both = of(pull=pull)
    left, lead = pair(both)
    if held is not None:
        edit(both, left, held)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert held_by(both, left) == "Gone"
    return both, left, lead


def held_by(both: Both, left: str) -> object:
    return both.apollo.rows("contact")[left].get("title")


def back(both: Both, lead: str) -> None:
    """Somebody takes the lead out of the bin."""
    both.salesforce.undelete("Lead", lead)
    later(both)


@pytest.mark.parametrize("held", ["CEO", None], ids=["a word", "blank"])
def test_what_stood_there_before_a_mark_is_there_again(held: str | None) -> None:
    """As often as the lead comes and goes, and its own title was never the mark (EDGE-6)."""
    both, left, lead = marked(held)
    for _ in range(2):
        back(both, lead)
        assert (held_by(both, left), title(both, "Lead", lead)) == (held, held)
        assert quiet(both)
        both.salesforce.delete("Lead", lead)
        later(both)
        assert held_by(both, left) == "Gone"
    assert not lost(both.db, [ORG])


def test_a_blank_that_is_filled_beside_a_mark_is_no_edit_that_lost() -> None:
    """A row that only fills blanks knows nothing that both agreed on, and the mark of another field
    says nothing of it."""
    both = Both(FILLS)
    both.run()
    ada = both.apollo.create("contact", {"last_name": "King", "email": "ada@a.example"})
    later(both)
    [lead] = both.salesforce.rows("Lead")
    both.salesforce.delete("Lead", lead)
    later(both)
    both.apollo.update("contact", ada, {"phone": "7"})
    later(both)
    back(both, lead)
    assert (held_by(both, ada), both.salesforce.rows("Lead")[lead]["Phone"]) == (None, "7")
    assert not lost(both.db, [ORG])


def test_what_somebody_made_of_a_mark_is_theirs() -> None:
    """It goes over like any edit; the next deletion leaves a mark again, and gives it back."""
    both, left, lead = marked()
    edit(both, left, "Chair")
    back(both, lead)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("Chair", "Chair")
    both.salesforce.delete("Lead", lead)
    later(both)
    assert held_by(both, left) == "Gone"
    back(both, lead)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("Chair", "Chair")
    assert quiet(both)


def test_what_the_record_holds_once_it_is_back_goes_before_what_stood_there() -> None:
    """Somebody edits the lead before any run has seen that it is there again."""
    both, left, lead = marked()
    both.salesforce.undelete("Lead", lead)
    both.salesforce.update("Lead", lead, {"Title": "Chair"})
    later(both)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("Chair", "Chair")
    assert not lost(both.db, [ORG])
    both.salesforce.delete("Lead", lead)
    later(both)
    back(both, lead)
    assert held_by(both, left) == "Chair"
    assert quiet(both)


def test_an_edit_that_a_mark_replaced_goes_over_once_the_record_is_back() -> None:
    """It had not gone over when the lead was deleted."""
    both = of(pull=GONE)
    left, lead = pair(both)
    both.apollo.update("contact", left, {"title": "CFO"})
    both.salesforce.delete("Lead", lead)
    later(both)
    assert held_by(both, left) == "Gone"
    back(both, lead)
    later(both)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("CFO", "CFO")


@pytest.mark.parametrize("word", ["", "Chair"], ids=["untouched", "edited"])
def test_a_lead_is_gone_again_where_taking_its_mark_back_was_lost(word: str) -> None:
    """Before that was tried once more, and whether or not somebody has put another word there."""
    both, left, lead = marked()
    both.apollo.faults.append(Fault("lost before", "POST", "bulk_update"))
    both.apollo.faults.append(Fault("lost before", "PUT", "contacts"))
    both.salesforce.undelete("Lead", lead)
    both.clock.sleep(HOUR)
    both.run()
    both.apollo.faults.clear()
    assert held_by(both, left) == "Gone"
    if word:
        both.apollo.update("contact", left, {"title": word})
    both.salesforce.delete("Lead", lead)
    later(both)
    assert held_by(both, left) == "Gone"
    back(both, lead)
    assert held_by(both, left) == (word or "CEO")
    assert title(both, "Lead", lead) == (word or "CEO")
    assert quiet(both)


def test_a_mark_of_a_merge_is_taken_back_with_it() -> None:
    """Both leads had a partner, so that no link went on; the loser comes out of the bin."""
    both = of(pull='on merge mark title "Merged"')
    left, lead = pair(both)
    _, other = pair(both, "bea")
    edit(both, left, "CEO")
    both.salesforce.merge("Lead", other, [lead])
    later(both)
    assert held_by(both, left) == "Merged"
    back(both, lead)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("CEO", "CEO")
    assert quiet(both)


def test_a_mark_is_known_by_what_it_wrote_and_not_by_what_its_rule_says_by_now() -> None:
    both, left, lead = marked()
    both.edit(both.rules.replace("Gone", "Deleted"))
    back(both, lead)
    assert (held_by(both, left), title(both, "Lead", lead)) == ("CEO", "CEO")


def test_why_and_history_tell_that_a_mark_was_taken_back() -> None:
    both, left, lead = marked()
    setup = both.setup

    def said() -> str:
        return why_text(why(setup.plan, setup.org, setup.db, setup.world, left, "title"))

    assert "because its Lead was deleted in salesforce" in said()
    back(both, lead)
    assert '"Gone" -> "CEO", because its Lead is there again in salesforce' in said()
    told = history_text(history(both.db, [ORG], left))
    assert "its Lead is there again in salesforce (rules.sync:8)" in told
    assert any("its Lead is there again in salesforce" in one for one in both.said)


CROWD = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible {
    match on email
    on delete mark title "Gone"
}
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
}
guard at most 100% of contact changed per run
guard at most 100% of Lead deleted per run
"""


def test_many_who_are_out_of_the_bin_wipe_no_column() -> None:
    """They lose a mark of ours each, and no value: the brake on blanks doesn't hold that."""
    both = Both(CROWD)
    both.run()
    leads = [
        both.salesforce.create(
            "Lead", {"LastName": "Berg", "Company": "B", "Email": f"p{number}@berg.example"}
        )
        for number in range(102)
    ]
    later(both)
    for lead in leads:
        both.salesforce.delete("Lead", lead)
    later(both)
    assert {row["title"] for row in both.apollo.rows("contact").values()} == {"Gone"}
    for lead in leads:
        both.salesforce.undelete("Lead", lead)
    later(both)
    assert {row.get("title") for row in both.apollo.rows("contact").values()} == {None}


def test_why_says_of_a_field_that_only_marks_are_written_to_what_was() -> None:
    """No row names it."""
    both = Both(CROWD)
    both.run()
    lead = both.salesforce.create("Lead", {"LastName": "B", "Company": "B", "Email": "a@b.example"})
    later(both)
    setup = both.setup

    def said() -> str:
        return why_text(why(setup.plan, setup.org, setup.db, setup.world, lead, "title"))

    assert "it is marked `on delete`, which is taken back where that is so no more" in said()
    both.salesforce.delete("Lead", lead)
    later(both)
    assert 'wrote blank -> "Gone", because its Lead was deleted in salesforce' in said()
    back(both, lead)
    assert 'wrote "Gone" -> blank, because its Lead is there again in salesforce' in said()
