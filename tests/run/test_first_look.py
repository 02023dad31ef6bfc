"""Records of ours that hold what we didn't send, since their system fills it in: what the first
look shows of it is what both sides go on from, also where nothing of its row can flow by then."""

from __future__ import annotations

import pytest
from syncrules.engine import approvals
from syncrules.engine import lost as listing
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
