"""`history --lost` over both made-up systems: each edit that gave way to the other side, by which
word of which line, and back again; and what is in no such list, since nobody's edit was lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest
from syncrules.engine import lost as listing
from syncrules.engine.history import history, history_text
from syncrules.engine.lost import Lost, lost_text
from syncrules.engine.report import result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.engine.store import statements as sql
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.errors import UsageError
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.linked import Linked

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    first_name        <-> FirstName  prefer latest
    title             <-> Title      prefer apollo
    organization_name  -> Company    default "Unknown"
}
"""
ADA = {"last_name": "King", "first_name": "Ada", "title": "CTO", "organization_name": "Berg"}
LEAD = {"last_name": "LastName", "first_name": "FirstName", "title": "Title"}


class Pair(Linked):
    """A contact and its lead under rules, and hours that pass between the verbs."""

    def __init__(
        self,
        rules: str = RULES,
        *,
        met: Mapping[str, object] | None = None,
        state: str = "sqlite://",
    ) -> None:
        both = Both(rules, state=state)
        both.clock.sleep(HOUR)
        both.run()
        if met is not None:
            both.salesforce.create(
                "Lead", {"LastName": "King", "Company": "Berg", "Email": "ada@a.example", **met}
            )
        super().__init__(both, {"stage": "Interested", **ADA})

    def values(self, name: str) -> tuple[object, object]:
        """What both sides hold in a row."""
        return self.held(name, LEAD[name])

    def lost(self, record: str = "") -> list[Lost]:
        return listing.lost(self.both.db, [ORG], record)

    def told(self) -> list[tuple[str, object, object, str]]:
        return [(one.field, one.value, one.won, one.loss.policy) for one in self.lost()]


def test_each_edit_that_lost_is_listed_with_the_word_it_lost_by() -> None:
    """Both sides changed: whoever wins, the other's edit is in the list with its line (CFM-4)."""
    pair = Pair()
    assert pair.lost() == []
    pair.left(last_name="Byron", title="CEO", first_name="Augusta")
    pair.right(LastName="Lovelace", Title="Clerk", FirstName="Ann", Company="Berg and sons")
    assert pair.run().lost == 3
    assert sorted(pair.told()) == [
        ("Title", "Clerk", "CEO", "`prefer apollo`"),
        ("first_name", "Augusta", "Ann", "`prefer latest`"),
        ("last_name", "Byron", "Lovelace", "`prefer salesforce`"),
    ]
    pair.left(organization_name="Berg AG")
    pair.run()
    [company] = pair.lost()[3:]
    assert (company.value, company.won, company.winner) == ("Berg and sons", "Berg AG", "apollo")
    assert company.loss.policy == "the row comes from apollo only"
    assert (company.loss.rule, company.loss.place) == ("map contact with Lead", "rules.sync:9")
    # By its key, or the id of either side; nobody else has any.
    for name in ("ADA@a.example", pair.contact, pair.lead):
        assert len(pair.lost(name)) == 4
    assert pair.lost("bob@a.example") == []


def test_what_lost_at_the_first_link_is_listed() -> None:
    """There is no past: a value that differed gives way as the row says, and is kept (EDGE-9)."""
    pair = Pair(met={"Title": "Clerk", "FirstName": "Ann", "Company": "Berg"})
    assert pair.told() == [("Title", "Clerk", "CTO", "`prefer apollo`")]
    assert pair.values("first_name") == ("Ada", "Ann")  # Listed as a conflict: nobody lost.


def test_whoever_blanked_a_field_that_is_filled_again_lost_an_edit() -> None:
    """A blank never wins against a value unless the row says `clear` (EDGE-8)."""
    pair = Pair()
    pair.left(title=None)
    pair.right(Title="Clerk")
    pair.run()
    assert pair.told() == [("title", None, "Clerk", "a blank erases no value")]
    clearing = Pair(RULES.replace("prefer apollo", "prefer apollo clear"))
    clearing.left(title=None)
    clearing.right(Title="Clerk")
    clearing.run()
    assert clearing.values("title") == (None, None)
    assert clearing.told() == [("Title", "Clerk", None, "`prefer apollo`")]


def test_what_nobody_edited_is_in_no_list() -> None:
    """One side changed, again and again: the value that it replaces was agreed on."""
    pair = Pair()
    for number in range(3):
        pair.left(title=f"{number}", organization_name=f"Berg {number}")
        assert pair.run().lost == 0
        pair.right(LastName=f"King {number}")
        assert pair.run().lost == 0
    # Nor what both sides changed to the same value.
    pair.left(title="Chair")
    pair.right(Title="Chair")
    pair.run()
    assert pair.lost() == []


@pytest.mark.parametrize("name", ["Title", "title", "TITLE"])
def test_one_value_is_put_back_and_nothing_else(name: str) -> None:
    """The command that the list names: the other edits of that run stay, the value stays put back,
    and the list says by which run."""
    pair = Pair()
    pair.left(title="CEO", last_name="Byron")
    pair.right(Title="Clerk", LastName="Lovelace")
    run = pair.run().run
    text = lost_text(pair.lost())
    assert f"`syncrules undo {run} {pair.lead} Title` puts it back" in text
    pair.both.clock.sleep(HOUR)
    back = verbs.undo(pair.both.setup, Part(run, pair.lead, name))
    assert (back.exit_code, back.kept) == (0, ())
    assert pair.values("title") == ("CEO", "Clerk")
    assert pair.values("last_name") == ("Lovelace", "Lovelace")
    pair.run()
    assert pair.values("title") == ("CEO", "Clerk")
    text = lost_text(pair.lost())
    assert f"put back by run {back.run}" in text
    assert text.endswith("2 edits lost")


def test_one_record_of_a_run_is_put_back_and_the_others_stay() -> None:
    pair = Pair()
    other = pair.both.apollo.create(
        "contact", {**ADA, "email": "bob@a.example", "stage": "Interested"}
    )
    pair.run()
    pair.left(title="CEO")
    pair.both.apollo.update("contact", other, {"title": "CEO"})
    run = pair.run().run
    pair.both.clock.sleep(HOUR)
    verbs.undo(pair.both.setup, Part(run, "bob@a.example"))
    titles = {row["Email"]: row["Title"] for row in pair.both.salesforce.rows("Lead").values()}
    assert titles == {"ada@a.example": "CEO", "bob@a.example": "CTO"}


@pytest.mark.parametrize(
    ("record", "field", "said"),
    [
        ("bob@a.example", "", "did nothing to bob@a.example"),
        ("ada@a.example", "Email", "changed no Email of ada@a.example"),
        ("ada@a.example", "colour", "changed no colour of ada@a.example"),
    ],
)
def test_what_a_run_did_not_do_is_told(record: str, field: str, said: str) -> None:
    pair = Pair()
    pair.left(title="CEO")
    run = pair.run().run
    with pytest.raises(UsageError, match=said):
        verbs.undo(pair.both.setup, Part(run, record, field))


def test_a_run_and_a_preview_say_how_many_lose() -> None:
    """Before they do, and after, with the command that lists them."""
    pair = Pair()
    pair.left(title="CEO")
    pair.right(Title="Clerk")
    pair.both.clock.sleep(HOUR)
    assert "1  edit would lose to the other side as rules say" in result_text(pair.both.preview())
    assert pair.lost() == []
    told = result_text(pair.run())
    assert "1  edit lost to the other side as rules say, and is kept: " in told
    assert "`syncrules history --lost`" in told


def test_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    """Listed, put back, and deleted and there again, on the other database."""
    pair = Pair(state=postgres_url)
    pair.left(title="CEO")
    pair.right(Title="Clerk")
    run = pair.run().run
    assert pair.told() == [("Title", "Clerk", "CEO", "`prefer apollo`")]
    pair.both.clock.sleep(HOUR)
    verbs.undo(pair.both.setup, Part(run, "ADA@a.example", "title"))
    assert pair.values("title") == ("CEO", "Clerk")
    assert "put back by run" in lost_text(pair.lost(pair.lead))
    pair.both.salesforce.delete("Lead", pair.lead)
    pair.run()
    pair.both.salesforce.undelete("Lead", pair.lead)
    pair.run()
    told = history_text(history(pair.both.db, [ORG], "ada@a.example"))
    assert told.index("was deleted") < told.index("is there again")
    pair.both.db.close()


INFER = """\
sync apollo with salesforce
prefer salesforce
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""


def test_a_stage_set_by_hand_is_listed_when_the_deals_say_another() -> None:
    """It stays till the inferred value changes, and is kept then."""
    both = Both(INFER)
    both.run()
    company = both.salesforce.create("Account", {"Name": "Berg", "Website": "berg.example"})
    deal = {"Name": "Deal", "AccountId": company, "CloseDate": "2026-12-01"}
    made = both.salesforce.create("Opportunity", {**deal, "StageName": "Prospecting"})
    both.clock.sleep(HOUR)
    both.run()
    [account] = both.apollo.rows("account")
    stages = {one.name: one.id for one in both.apollo.team.account_stages}

    def stage() -> object:
        return both.apollo.rows("account")[account]["account_stage_id"]

    assert stage() == stages["Active Opportunity"]
    both.apollo.update("account", account, {"stage": "Dead Opportunity"})
    both.clock.sleep(HOUR)
    both.run()
    assert stage() == stages["Dead Opportunity"]
    assert listing.lost(both.db, [ORG]) == []
    both.salesforce.update("Opportunity", made, {"StageName": "Closed Won"})
    both.clock.sleep(HOUR)
    both.run()
    assert stage() == stages["Current Client"]
    [one] = listing.lost(both.db, [ORG])
    assert (one.field, one.value, one.won) == ("stage", "Dead Opportunity", "Current Client")
    assert one.loss.policy == "`infer` says another value"
    # Nobody wrote what won: a rule says so, and its line is told.
    assert (one.loss.by, one.loss.at, one.loss.place) == ("", "", "rules.sync:8")


BY_WHOM = RULES.replace("title ", "owner             <-> OwnerId\n    title ")


def test_who_wrote_what_won_is_told_as_far_as_the_system_tells() -> None:
    """Salesforce names the user who changed the record last, Apollo only when that was. (CFM-4)"""
    pair = Pair(BY_WHOM)
    ann, bob = list(pair.both.salesforce.rows("User").values())[1:3]
    pair.both.salesforce.update("Lead", pair.lead, {"LastName": "Byron"}, user=ann["Id"])
    pair.left(last_name="Lovelace", title="CEO")
    pair.right(Title="Clerk")
    pair.both.salesforce.update("Lead", pair.lead, {"Phone": "17"}, user=bob["Id"])
    changed = pair.both.clock.now()
    pair.run()
    name, title = sorted(pair.lost(), key=lambda one: one.field == "Title")
    assert (name.field, name.loss.by) == ("last_name", bob["Email"])
    assert (title.field, title.loss.by) == ("Title", "")
    assert datetime.fromisoformat(name.loss.at).timestamp() == pytest.approx(changed, abs=1)
    text = lost_text(pair.lost())
    assert f"the record was last changed in salesforce by {bob['Email']} at " in text
    assert "the record was last changed in apollo at " in text
    assert "; apollo doesn't tell by whom" in text
    told = why(pair.both.plan, ORG, pair.both.db, pair.both.world, "ada@a.example", "last_name")
    assert f"; an edit lost: the record was last changed in salesforce by {bob['Email']} at " in (
        why_text(told)
    )
    one, other = sorted(listing.lost_json(pair.lost())["lost"], key=lambda one: one["field"])
    assert (one["won_by"], other["won_by"]) == (None, bob["Email"])
    assert one["won_at"] and other["won_at"]


def test_who_wrote_what_lost_is_told_as_far_as_the_system_tells() -> None:
    """As it was at the look: what the sync has written over it since is nobody's. Also of an object
    that rules only write to. (CFM-4)"""
    one_way = BY_WHOM.replace("<->", "->")
    for rules in (BY_WHOM, one_way):
        pair = Pair(rules)
        ann, bob = list(pair.both.salesforce.rows("User").values())[1:3]
        pair.both.salesforce.update("Lead", pair.lead, {"Title": "Clerk"}, user=ann["Id"])
        changed = pair.both.clock.now()
        pair.left(title="CEO", organization_name="Berg AG")
        pair.run()
        [title] = pair.lost()
        assert (title.field, title.value) == ("Title", "Clerk")
        assert title.loss.lost_by == ann["Email"]
        assert datetime.fromisoformat(title.loss.lost_at).timestamp() == pytest.approx(
            changed, abs=1
        )
        pair.both.salesforce.update("Lead", pair.lead, {"Company": "Byron"}, user=bob["Id"])
        pair.left(organization_name="Berg and sons")
        pair.run()
        text = lost_text(pair.lost())
        assert text.count("the record was last changed in salesforce by ") == 2
        [told] = why(pair.both.plan, ORG, pair.both.db, pair.both.world, "ada@a.example", "title")
        last = f"; the record was last changed in salesforce by {ann['Email']} at "
        assert last in why_text([told])
        first, second = listing.lost_json(pair.lost())["lost"]
        assert (first["lost_by"], first["won_by"]) == (ann["Email"], None)
        assert first["lost_at"] < second["lost_at"]


def test_what_lost_in_apollo_is_told_with_its_time() -> None:
    """Which doesn't tell by whom."""
    pair = Pair()
    pair.left(last_name="Byron")
    pair.right(LastName="Lovelace")
    pair.run()
    [name] = pair.lost()
    assert (name.loss.lost_by, bool(name.loss.lost_at)) == ("", True)
    assert "the record was last changed in apollo at " in lost_text([name])


def test_who_edits_what_no_rule_names_has_not_written_what_wins() -> None:
    """Ann wrote the value, a run saw it; what Bob did later to another field, and what the sync
    wrote itself, make it nobody else's."""
    pair = Pair(BY_WHOM)
    ann, bob = list(pair.both.salesforce.rows("User").values())[1:3]
    pair.both.salesforce.update("Lead", pair.lead, {"FirstName": "Ann"}, user=ann["Id"])
    pair.run()
    pair.left(title="CEO")
    pair.run()
    pair.both.salesforce.update("Lead", pair.lead, {"Phone": "17"}, user=bob["Id"])
    before = pair.both.calls()
    assert pair.run().counts == {}
    assert pair.both.since(before).salesforce_writes == 0
    [lead] = pair.both.setup.db.rows(
        sql.bodies, org=ORG, system="salesforce", object="Lead", after="", most=9
    )
    assert ann["Id"] in lead[2]
    assert bob["Id"] not in lead[2]
