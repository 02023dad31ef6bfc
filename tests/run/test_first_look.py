"""Records of ours that hold what we didn't send, since their system fills it in: what the first
look shows of it is what both sides go on from, also where nothing of its row can flow by then."""

from __future__ import annotations

import pytest
from syncrules.engine import approvals
from syncrules.engine import lost as listing
from syncrules.engine.run import run as verbs
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.linked import Linked

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when last_name is known { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    organization_name  -> Company  default "Unknown"
}
map contact stage with Lead.Status {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
"""
ASKS = RULES.replace("Lead.Status {", "Lead.Status ask {")
RATED = RULES.replace("Lead.Status {", "Lead.Rating {")
for status, rating in (
    ("Open - Not Contacted", "Cold"),
    ("Working - Contacted", "Warm"),
    ("Closed - Not Converted", "Hot"),
):
    RATED = RATED.replace(status, rating)
STOPS = RULES.replace("match on email", 'match on email\n    stop when title is "Wait"')


class Stages(Linked):
    """A contact whose stage the table lacks, and the lead that was made of it without one."""

    def __init__(self, rules: str) -> None:
        both = Both(rules)
        both.clock.sleep(HOUR)
        both.run()
        super().__init__(both, {"last_name": "King", "stage": "Approaching"})

    @property
    def stages(self) -> tuple[object, object]:
        """What both hold of it."""
        row = self.both.apollo.rows("contact")[self.contact]
        names = {one.id: one.name for one in self.both.apollo.team.contact_stages}
        return names[row["contact_stage_id"]], self.held("", "Status")[1]

    @property
    def lost(self) -> list[tuple[str, object]]:
        """The fields and values that gave way."""
        return [(one.field, one.value) for one in listing.lost(self.both.db, [ORG])]

    def approved(self) -> None:
        """A person lets go what waits, and a run makes it."""
        approvals.approve(self.both.db, [ORG], None)
        self.run()


@pytest.mark.parametrize(
    ("rules", "edit"),
    [
        (RULES, {"stage": "Bad Data"}),
        (ASKS, {"stage": "Interested"}),
        (STOPS, {"stage": "Interested", "title": "Wait"}),
    ],
    ids=["not in the table", "asks", "stopped"],
)
def test_an_edit_of_what_was_filled_in_is_one_though_nothing_could_flow(
    rules: str, edit: dict[str, object]
) -> None:
    """By the first look the stage has changed and can't go over. Whoever edits the status then
    wins where the rule says so, and the stage that gives way is listed."""
    pair = Stages(rules)
    assert pair.stages == ("Approaching", "Open - Not Contacted")
    pair.left(**edit)
    pair.run()
    assert pair.stages == (edit["stage"], "Open - Not Contacted")
    pair.left(stage="Not Interested", title=None)
    pair.right(Status="Working - Contacted")
    pair.run()
    pair.approved()
    assert pair.stages == ("Interested", "Working - Contacted")
    assert pair.lost == [("stage", "Not Interested")]


def test_what_was_filled_in_gives_way_and_is_nobodys_loss() -> None:
    """The stage flows as soon as it can; nobody had written the status that it replaces."""
    pair = Stages(RULES)
    pair.left(stage="Bad Data")
    pair.run()
    pair.left(stage="Interested")
    pair.run()
    assert pair.stages == ("Interested", "Working - Contacted")
    assert pair.lost == []


def test_what_somebody_makes_of_it_before_the_first_look_is_an_edit() -> None:
    """A status that was filled in is known as soon as the lead is made: whoever sets another, and
    be it before the next run, has edited it, and it flows, or wins where the rule says so."""
    pair = Stages(RULES)
    pair.right(Status="Closed - Not Converted")
    pair.run()
    assert pair.stages == ("Not Interested", "Closed - Not Converted")
    assert pair.lost == []
    pair = Stages(RULES)
    pair.left(stage="Interested")
    pair.right(Status="Closed - Not Converted")
    pair.run()
    assert pair.stages == ("Not Interested", "Closed - Not Converted")
    assert pair.lost == [("stage", "Interested")]


def test_a_blank_that_stayed_so_is_filled_by_whoever_is_first() -> None:
    """Salesforce fills nothing into a rating: what somebody puts there before the next run flows,
    and where nobody does, the stage goes over once the table has it."""
    pair = Stages(RATED)
    pair.right(Rating="Hot")
    pair.run()
    assert (pair.stages[0], pair.held("", "Rating")[1]) == ("Not Interested", "Hot")
    pair = Stages(RATED)
    pair.run()
    pair.both.edit(RATED.replace('"Interested" ', '"Approaching"'))
    pair.run()
    assert (pair.stages[0], pair.held("", "Rating")[1]) == ("Approaching", "Warm")


MENDED = RULES.replace('"Interested" ', '"Approaching"')
"""The table once somebody has put into it what it lacked, as the entry says."""


def test_what_could_not_go_goes_once_the_table_has_it_in_place_of_what_was_filled_in() -> None:
    """Nobody has edited either side since the lead was made: the entry is over, and the stage is
    there. What it replaces was nobody's."""
    pair = Stages(RULES)
    pair.run()
    assert [one.code for one in pair.both.errors()] == ["unknown-value"]
    pair.both.edit(MENDED)
    pair.run()
    assert pair.stages == ("Approaching", "Working - Contacted")
    assert pair.both.errors() == []
    assert pair.lost == []


@pytest.mark.parametrize("first", [True, False])
def test_an_edit_of_what_was_filled_in_stands_when_the_table_is_mended(first: bool) -> None:
    """Before the table or with it: somebody has said what the status is."""
    pair = Stages(RULES)
    pair.run()
    pair.right(Status="Closed - Not Converted")
    if first:
        pair.run()
    pair.both.edit(MENDED)
    pair.run()
    assert pair.stages == ("Not Interested", "Closed - Not Converted")


def test_what_was_too_long_goes_in_place_of_the_default_once_it_fits() -> None:
    """The admin has made the field longer, and somebody retries."""
    row = '    title -> Title default "see Apollo"\n    organization_name'
    rules = RULES.replace("    organization_name", row)
    both = Both(rules.replace("prefer salesforce", "prefer apollo"))
    schema = both.salesforce.org.schema
    schema.add_field("Lead", "Title string 10 CUN", both.clock.now())
    both.edit(both.rules)
    both.clock.sleep(HOUR)
    both.run()
    pair = Linked(both, {"last_name": "King", "title": "Chief of all engines"})
    assert pair.held("", "Title")[1] == "see Apollo"
    schema.add_field("Lead", "Title string 128 CUN", both.clock.now())
    both.edit(both.rules)
    both.clock.sleep(HOUR)
    verbs.retry(both.setup, None)
    assert pair.held("", "Title")[1] == "Chief of all engines"
    assert both.errors() == []


def test_who_gets_a_record_before_the_first_look_owns_it_on_both_sides() -> None:
    """Whoever makes a lead owns it. No row brings the contact's owner over, but one comes back."""
    pair = Stages(
        RULES.replace("organization_name  ->", "owner <- OwnerId\n    organization_name ->")
    )
    owner = pair.both.apollo.rows("contact")[pair.contact]["owner_id"]
    ann = next(one for one in pair.both.apollo.team.users if one.id != owner)
    users = pair.both.salesforce.rows("User").items()
    [user] = [id for id, one in users if one["Email"] == ann.email]
    pair.right(OwnerId=user)
    pair.run()
    assert pair.both.apollo.rows("contact")[pair.contact]["owner_id"] == ann.id


def test_what_is_taken_for_filled_in_is_listed_as_such() -> None:
    """A run that dies before it has looked at what it made leaves that to the next one, which can't
    tell an edit from it: what gives way there is listed, by no word that the rules don't say."""
    both = Both(RULES)
    both.clock.sleep(HOUR)
    both.run()
    ada = {"last_name": "King", "email": "ada@a.example", "stage": "Approaching"}
    contact = both.apollo.create("contact", ada)
    both.clock.sleep(HOUR)

    def die(point: str) -> None:
        if point == "after settled":
            raise KeyboardInterrupt

    both.world.on_point = die
    with pytest.raises(KeyboardInterrupt):
        both.run()
    both.world.on_point = None
    [lead] = both.salesforce.rows("Lead")
    both.apollo.update("contact", contact, {"stage": "Interested"})
    both.salesforce.update("Lead", lead, {"Status": "Closed - Not Converted"})
    both.clock.sleep(HOUR)
    both.run()
    [one] = listing.lost(both.db, [ORG])
    assert (one.value, one.won) == ("Closed - Not Converted", "Working - Contacted")
    assert one.loss.policy == "taken for what salesforce fills in"
