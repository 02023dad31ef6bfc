"""Rows that ask, over both made-up systems: nothing is written that nobody let go."""

from __future__ import annotations

import pytest
from syncrules.connectors.apollo.simulator import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import approvals
from syncrules.engine.approvals import Approval
from syncrules.engine.report import result_text
from syncrules.engine.run.past import changes
from syncrules.engine.status import status_json, status_text
from syncrules.engine.store import held
from syncrules.errors import SyncrulesError, UsageError
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.linked import Linked

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title   ask
    organization_name  -> Company default "Unknown"
}
"""


OTHER = """\
map account with Account { name -> Name }
"""


class World(Linked):
    """One contact and its lead, linked and in agreement."""

    def __init__(self, rules: str = RULES, state: str = "sqlite://", **values: object) -> None:
        both = Both(rules, state=state)
        both.run()
        super().__init__(both, {"last_name": "King", "title": "CTO", **values})

    def titles(self) -> tuple[object, object]:
        return self.held("title", "Title")

    def waiting(self) -> list[Approval]:
        return approvals.waiting(self.both.db, [ORG])

    def approve(self, *ids: int) -> list[Approval]:
        return approvals.approve(self.both.db, [ORG], ids or None)


def test_a_change_waits_until_a_person_lets_it_go() -> None:
    """It is written when a record is made; later it waits, alone, and is told; then it is made
    once, and the pair has come to rest."""
    world = World()
    assert world.titles() == ("CTO", "CTO")
    world.left(title="CEO", last_name="Byron")
    result = world.run()
    assert world.titles() == ("CEO", "CTO")
    assert world.both.salesforce.rows("Lead")[world.lead]["LastName"] == "Byron"
    assert result.asks == 1
    assert "1  change waits for a person: `syncrules approve`" in result_text(result)
    assert result.exit_code == 0
    status = status_json(world.both.db, [ORG], world.both.clock.now())
    assert "approvals  1 change waits for a person" in status_text(status)
    [one] = world.waiting()
    assert (one.system, one.object, one.record, one.field) == (
        *("salesforce", "Lead", world.lead, "Title"),
    )
    assert (one.before, one.after, one.key, one.line) == ("CTO", "CEO", "ada@a.example", 7)
    assert world.approve(one.id) == [one]
    assert world.waiting() == []
    assert world.run().asks == 0
    assert world.titles() == ("CEO", "CEO")
    because = "because it changed on the other side; a person approved it (rules.sync:7)"
    assert because in "\n".join(world.both.said)
    before = world.both.calls()
    world.run()
    assert world.both.since(before).salesforce_writes == 0


def test_an_entry_keeps_its_number_as_long_as_it_means_the_same() -> None:
    """Other edits of the record, and runs, leave it; another value is another entry."""
    world = World()
    world.left(title="CEO")
    world.run()
    [first] = world.waiting()
    world.left(last_name="Byron")
    world.run()
    assert world.waiting() == [first]
    world.left(title="Chair")
    world.run()
    [second] = world.waiting()
    assert (second.before, second.after) == ("CTO", "Chair")
    assert second.id > first.id


def test_approving_what_has_changed_since_is_refused_in_a_line() -> None:
    """The number stands for one value; the sentence says what it would be now, and its number."""
    world = World()
    world.left(title="CEO")
    world.run()
    [first] = world.waiting()
    world.left(title="Chair")
    world.run()
    [second] = world.waiting()
    with pytest.raises(UsageError) as told:
        world.approve(first.id)
    assert told.value.what == (
        f'{first.id} has changed since: Title of ada@a.example would now be "Chair"'
    )
    assert told.value.fix == f"look at it, then `syncrules approve {second.id}`"
    assert world.waiting() == [second]
    with pytest.raises(UsageError, match="no change 99 waits"):
        world.approve(second.id, 99)
    assert world.waiting() == [second]


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_approval_serves_only_the_two_values_it_was_given_for(side: str) -> None:
    """Between the approval and the run either value changes: it waits again, and is told."""
    world = World()
    world.left(title="CEO")
    world.run()
    world.approve()
    if side == "left":
        world.left(title="Chair")
    else:
        world.right(Title="Clerk")
    result = world.run()
    assert world.titles() == (("Chair", "CTO") if side == "left" else ("CEO", "Clerk"))
    assert "1  approved change was not made: the value is another by now" in result_text(result)
    [one] = world.waiting()
    assert (one.system, one.before, one.after) == (
        ("salesforce", "CTO", "Chair") if side == "left" else ("apollo", "CEO", "Clerk")
    )


def test_an_approval_serves_once() -> None:
    """The same change comes again later: it waits again."""
    world = World()
    world.left(title="CEO")
    world.run()
    world.approve()
    world.run()
    world.right(Title="CTO")
    world.run()
    world.approve()
    world.run()
    assert world.titles() == ("CTO", "CTO")
    world.left(title="CEO")
    world.run()
    assert world.titles() == ("CEO", "CTO")
    assert len(world.waiting()) == 1


def test_nothing_waits_once_both_sides_agree() -> None:
    """Somebody makes the change by hand, or takes it back."""
    for by_hand in (True, False):
        world = World()
        world.left(title="CEO")
        world.run()
        if by_hand:
            world.right(Title="CEO")
        else:
            world.left(title="CTO")
        assert world.run().asks == 0
        assert world.waiting() == []


def test_a_preview_asks_nobody() -> None:
    """It counts what would wait, and enters nothing."""
    world = World()
    world.left(title="CEO")
    world.both.clock.sleep(HOUR)
    result = world.both.preview()
    assert result.asks == 1
    assert "1  change waits for a person" in result_text(result)
    assert world.waiting() == []


def test_a_rule_that_asks_no_longer_makes_the_change() -> None:
    world = World()
    world.left(title="CEO")
    world.run()
    world.both.edit(RULES.replace("   ask", ""))
    world.run()
    assert world.titles() == ("CEO", "CEO")
    assert world.waiting() == []


@pytest.mark.parametrize("let_go", [False, True])
def test_nothing_waits_for_anybody_where_no_rule_is_left(let_go: bool) -> None:
    """Nor is what was let go made without another word once the rules are back: it waits again."""
    world = World()
    world.left(title="CEO")
    world.run()
    [first] = world.waiting()
    if let_go:
        world.approve()
    world.both.edit("sync apollo with salesforce\npush account as Account update only\n" + OTHER)
    assert world.run().asks == 0
    assert world.waiting() == []
    with pytest.raises(UsageError, match=f"{first.id} waits no longer"):
        world.approve(first.id)
    world.both.edit(RULES)
    assert world.run().asks == 1
    [second] = world.waiting()
    assert second.id > first.id
    world.approve()
    world.run()
    assert world.titles() == ("CEO", "CEO")


def test_two_that_are_found_to_be_one_ask_before_a_value_is_overwritten() -> None:
    """A first link is no creation: what would be overwritten or filled waits."""
    both = Both(RULES)
    both.run()
    both.salesforce.create(
        "Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example", "Title": "CEO"}
    )
    contact = both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "title": "CTO"}
    )
    both.clock.sleep(HOUR)
    assert both.run().asks == 1
    assert both.apollo.rows("contact")[contact]["title"] == "CTO"
    approvals.approve(both.db, [ORG], None)
    both.clock.sleep(HOUR)
    both.run()
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"


def test_a_table_that_asks_waits_like_any_row() -> None:
    """A stage is changed in Apollo; the lead's status waits."""
    table = """\
map contact stage with Lead.Status ask {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
"""
    world = World(RULES.replace("   ask", "") + table, stage="Cold")
    world.left(stage="Interested")
    world.run()
    status = world.both.salesforce.rows("Lead")[world.lead]["Status"]
    [one] = world.waiting()
    assert (status, one.before, one.after) == (
        *("Open - Not Contacted", "Open - Not Contacted", "Working - Contacted"),
    )
    world.approve()
    world.run()
    assert world.both.salesforce.rows("Lead")[world.lead]["Status"] == "Working - Contacted"


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("place", range(13, 27))
def test_a_crash_at_any_commit_neither_loses_nor_makes_an_unapproved_change(place: int) -> None:
    """The run dies at its n-th commit; later runs bring it to the same end, and the approval is
    spent once."""
    world = World()
    points = 0

    def point(name: str) -> None:
        nonlocal points
        points += 1
        if points == place:
            raise Crash

    world.left(title="CEO")
    _dying(world, point)
    world.run()
    assert world.titles() == ("CEO", "CTO")
    [one] = world.waiting()
    world.approve(one.id)
    points = 0
    _dying(world, point)
    for _ in range(2):
        world.run()
    assert world.titles() == ("CEO", "CEO")
    assert world.waiting() == []
    found = world.both.db.row(held.by_id, org=ORG, one=one.id)
    assert found is not None and found[-1] == "done"


def _dying(world: World, point: object) -> None:
    world.both.clock.sleep(HOUR)
    world.both.db._point = point  # type: ignore[assignment]
    try:
        world.both.run()
    except (Crash, SyncrulesError):
        pass
    finally:
        world.both.db._point = world.both.world.point
    world.both.db.fence = None


COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { match on email }
push account as Account when name is "never" { match on name }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId  ask
}
map account with Account { name <-> Name }
"""


def test_a_reference_brings_its_record_along_once_it_has_been_let_go() -> None:
    """The account is made with the change, not with the question; the record that is made with
    an account has it at once."""
    both = Both(COMPANIES)
    both.run()
    first, second = (both.apollo.create("account", {"name": name}) for name in ("Acme", "Bolt"))
    contact = both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "account_id": first}
    )

    def accounts() -> dict[str, object]:
        rows = both.salesforce.rows("Account")
        [person] = both.salesforce.rows("Contact").values()
        its = rows.get(person.get("AccountId") or "", {}).get("Name")
        return {"all": sorted(one["Name"] for one in rows.values()), "its": its}

    both.clock.sleep(HOUR)
    both.run()
    assert accounts() == {"all": ["Acme"], "its": "Acme"}
    both.apollo.update("contact", contact, {"account_id": second})
    for _ in range(2):
        both.clock.sleep(HOUR)
        assert both.run().asks == 1
        assert accounts() == {"all": ["Acme"], "its": "Acme"}
    [one] = approvals.waiting(both.db, [ORG])
    assert f"-> the one made for {second}" in approvals.approvals_text([one])
    approvals.approve(both.db, [ORG], [one.id])
    both.clock.sleep(HOUR)
    assert both.run().asks == 0
    assert accounts() == {"all": ["Acme", "Bolt"], "its": "Bolt"}


def test_what_is_let_go_while_a_run_decides_takes_nothing_for_written() -> None:
    """The last name is still on its way by then, and is refused: no value of the Lead's goes back
    over the contact's, and what is let go is made by the next run."""
    world = World()
    world.left(title="CEO")
    world.run()
    world.left(last_name="Byron")

    def at(point: str) -> None:
        told = changes(world.both.db, ORG, world.contact) if point == "after planned" else []
        if told and told[-1].state == "planned":
            world.both.world.on_point = None
            world.approve()

    world.both.world.on_point = at
    refuses = Validation("Lead", "no Byrons", lambda row: row["LastName"] == "Byron")
    world.both.salesforce.org.validations.append(refuses)
    world.run()
    assert world.waiting() == []
    assert world.held("last_name", "LastName") == ("Byron", "King")
    world.both.salesforce.org.validations.clear()
    world.run()
    assert world.held("last_name", "LastName") == ("Byron", "Byron")
    assert world.titles() == ("CEO", "CEO")
    assert world.both.errors() == []


@pytest.mark.parametrize("edited", [False, True])
def test_an_approval_outlives_a_stop(edited: bool) -> None:
    """Let go, then stopped before the run: when the stop is over the change is made, unless its
    value is another by then."""
    world = World(
        RULES.replace("match on email", "match on email\n    stop when Lead.IsUnreadByOwner\n")
    )
    world.left(title="CEO")
    world.run()
    world.approve()
    world.right(IsUnreadByOwner=True)
    world.run()
    world.run()
    assert world.titles() == ("CEO", "CTO")
    if edited:
        world.left(title="Chair")
        world.run()
    world.right(IsUnreadByOwner=False)
    result = world.run()
    assert world.titles() == (("Chair", "CTO") if edited else ("CEO", "CEO"))
    assert (result.asks, result.stale) == (int(edited), int(edited))


def test_a_change_of_two_who_meet_may_be_let_go_while_their_link_is_planned() -> None:
    """They agree on nothing that is only planned: the name that is to go to Apollo is lost on its
    way, and goes there later all the same, not the old one to Salesforce. What was let go is
    written by the next run."""
    rules = RULES.replace("    email ", "    first_name        <-> FirstName\n    email ")
    both = Both(rules)
    both.run()
    king = {"last_name": "King", "email": "ada@a.example"}
    contact = both.apollo.create("contact", {**king, "first_name": "Bob", "title": "CTO"})
    more = {"LastName": "King", "Email": "ada@a.example", "Company": "King"}
    lead = both.salesforce.create("Lead", {**more, "FirstName": "Ada"})
    both.apollo.faults.append(Fault("lost before", path="bulk_update"))

    def let_go(point: str) -> None:
        if point == "after planned" and approvals.waiting(both.db, [ORG]):
            approvals.approve(both.db, [ORG], None)

    both.world.on_point = let_go
    for _ in range(3):
        both.clock.sleep(HOUR)
        both.run()
    names = both.apollo.rows("contact")[contact], both.salesforce.rows("Lead")[lead]
    assert (names[0]["first_name"], names[1]["FirstName"]) == ("Ada", "Ada")
    assert (names[0]["title"], names[1]["Title"]) == ("CTO", "CTO")
    assert [one.action for one in changes(both.db, ORG, lead)].count("link") == 1


def test_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    """Stopped, asked, approved and written on the other database."""
    rules = RULES.replace("match on email", "match on email\n    stop when Lead.IsUnreadByOwner\n")
    world = World(rules, state=postgres_url)
    world.right(IsUnreadByOwner=True)
    world.left(title="CEO", last_name="Byron")
    assert world.run().asks == 0
    status = status_json(world.both.db, [ORG], world.both.clock.now())
    assert [one["stopped"] for one in status["status"][0]["rules"]] == [1]
    world.right(IsUnreadByOwner=False)
    assert world.run().asks == 1
    world.approve()
    world.run()
    assert world.titles() == ("CEO", "CEO")
    world.both.edit(rules.replace("   ask", ""))
    assert world.run().asks == 0
    world.both.db.close()
