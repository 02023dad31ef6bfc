"""`undo RUN` over both made-up systems: what is still ours is put back, all else is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.engine import approvals
from syncrules.engine.history import history
from syncrules.engine.report import result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import Result
from syncrules.engine.run.undo import Part
from syncrules.errors import UsageError
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" {
    match on email
    source "Apollo"
}
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title   clear
    organization_name  -> Company default "Unknown"
    "{{ title }} of {{ last_name }}" -> Description
}
"""


class World:
    """Contacts and leads under rules, and hours that pass between the verbs."""

    def __init__(self, rules: str = RULES, state: str = "sqlite://") -> None:
        self.both = Both(rules, state=state)
        self.run()

    def run(self) -> Result:
        self.both.clock.sleep(HOUR)
        return self.both.run()

    def undo(self, run: int, record: str = "", field: str = "", *, dry_run: bool = False) -> Result:
        self.both.clock.sleep(HOUR)
        result = verbs.undo(
            self.both.setup, Part(run, record, field), self.both._show, dry_run=dry_run
        )
        self.both.said.append(result_text(result))
        return result

    def contact(self, **values: object) -> str:
        given = {"last_name": "King", "email": "ada@a.example", "stage": "Interested"}
        return self.both.apollo.create("contact", {**given, **values})

    def past(self, record: str) -> list[tuple[int, str]]:
        """What `history` tells of a record: runs, and what each did."""
        found = history(self.both.db, [ORG], record)
        return [(one.run, one.change.action) for one in found.done]

    def leads(self) -> dict[str, dict[str, object]]:
        return {id: dict(row) for id, row in self.both.salesforce.rows("Lead").items()}

    def contacts(self) -> dict[str, dict[str, object]]:
        return {id: dict(row) for id, row in self.both.apollo.rows("contact").items()}

    def quiet(self) -> None:
        """A further run writes nothing."""
        before = self.both.calls()
        self.run()
        since = self.both.since(before)
        assert (since.apollo_writes, since.salesforce_writes) == (0, 0)


def test_what_a_run_changed_is_put_back_and_stays_so() -> None:
    """On both sides; a second undo and the next run write nothing, and an edit flows again."""
    world = World()
    contact = world.contact(title="CTO")
    world.run()
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.both.salesforce.update("Lead", lead, {"LastName": "Byron"})
    run = world.run().run
    assert world.leads()[lead]["Title"] == "CEO"
    assert world.leads()[lead]["Description"] == "CEO of Byron"
    assert world.contacts()[contact]["last_name"] == "Byron"

    result = world.undo(run)
    assert (result.exit_code, result.kept) == (0, ())
    assert world.leads()[lead]["Title"] == "CTO"
    assert world.leads()[lead]["Description"] == "CTO of King"
    assert world.contacts()[contact]["last_name"] == "King"
    assert (world.contacts()[contact]["title"], world.leads()[lead]["LastName"]) == (
        *("CEO", "Byron"),
    )
    world.quiet()
    again = world.undo(run)
    assert f"nothing of run {run} is left to be put back" in result_text(again)
    world.quiet()
    world.both.apollo.update("contact", contact, {"title": "Chair"})
    world.run()
    assert world.leads()[lead]["Title"] == "Chair"
    assert world.contacts()[contact]["last_name"] == "King"


def test_what_somebody_has_changed_since_is_left_and_told() -> None:
    """The other field of the same record is put back; the exit code is 1."""
    world = World()
    contact = world.contact(title="CTO")
    world.run()
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"title": "CEO", "last_name": "Byron"})
    run = world.run().run
    world.both.salesforce.update("Lead", lead, {"Title": "Clerk"})
    result = world.undo(run)
    assert (world.leads()[lead]["Title"], world.leads()[lead]["LastName"]) == ("Clerk", "King")
    [kept] = [one for one in result.kept if one.field == "Title"]
    assert (kept.key, kept.why) == ("ada@a.example", "somebody has changed it since")
    assert result.exit_code == 1
    # What a person wrote flows as ever.
    world.run()
    assert world.contacts()[contact]["title"] == "Clerk"


def test_what_somebody_changes_while_it_is_put_back_is_left_and_told() -> None:
    """Two minutes pass between the look and the write: it is looked at again, and what moved is
    not written over."""
    world = World()
    people = [world.contact(email=f"{name}@a.example", title="CTO") for name in ("ada", "bea")]
    world.run()
    first, second = sorted(world.leads())
    for one in people:
        world.both.apollo.update("contact", one, {"title": "CEO"})
    run = world.run().run

    def edited(point: str) -> None:
        if point == "after undo begun":
            world.both.clock.sleep(120)
            world.both.salesforce.update("Lead", first, {"Title": "Chair"})

    world.both.world.on_point = edited
    result = world.undo(run)
    assert [world.leads()[id]["Title"] for id in (first, second)] == ["Chair", "CTO"]
    assert [(one.record, one.why) for one in result.kept] == [
        (first, "somebody has changed it since")
    ]
    assert result.exit_code == 1


def test_one_field_is_put_back_by_its_name_on_either_side() -> None:
    world = World()
    contact = world.contact(title="CTO", organization_name="Berg")
    world.run()
    world.both.apollo.update("contact", contact, {"title": "CEO", "organization_name": "Sten"})
    run = world.run().run
    [lead] = world.leads()
    world.undo(run, lead, "organization_name")
    assert (world.leads()[lead]["Company"], world.leads()[lead]["Title"]) == ("Berg", "CEO")


def test_one_field_of_what_a_run_made_is_nothing_that_it_changed() -> None:
    """It is undone as a whole; asked for the field, the record stays as it is, and one is told."""
    world = World()
    world.contact(title="CTO")
    run = world.run().run
    before = world.leads()
    [lead] = before
    with pytest.raises(UsageError, match="changed no title") as told:
        world.undo(run, lead, "title")
    assert "undone as a whole" in str(told.value.why)
    assert world.leads() == before


def test_what_a_run_made_is_deleted_and_not_made_again() -> None:
    """Until the record that it came of changes."""
    world = World()
    contact = world.contact()
    run = world.run().run
    assert len(world.leads()) == 1
    assert world.undo(run).exit_code == 0
    assert world.leads() == {}
    world.quiet()
    assert world.undo(run).counts == {}
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    assert [one["Title"] for one in world.leads().values()] == ["CEO"]


def test_what_a_run_made_stays_once_somebody_works_with_it() -> None:
    """Whatever they have changed of it: a mapped field or one that no rule names."""
    for field, why in (
        ("Title", "somebody has changed it since: Title"),
        ("Phone", "somebody has changed it since"),
    ):
        world = World()
        world.contact(title="CTO")
        run = world.run().run
        world.both.clock.sleep(HOUR)
        [lead] = world.leads()
        world.both.salesforce.update("Lead", lead, {field: "17"})
        result = world.undo(run)
        assert [(one.record, one.why) for one in result.kept] == [(lead, why)]
        assert world.leads()[lead][field] == "17"


@pytest.mark.parametrize("how", ["converted", "merged", "deleted"])
def test_what_has_become_another_record_stays_and_is_told(how: str) -> None:
    """Somebody has converted the lead that a run made, or merged it into theirs; of one that is
    deleted nothing is left."""
    world = World()
    world.contact(title="CTO")
    world.run()
    (lead,) = world.leads()
    salesforce = world.both.salesforce
    if how == "converted":
        salesforce.convert(lead)
        became = f"Contact {next(iter(salesforce.rows('Contact')))}"
    elif how == "merged":
        became = salesforce.create("Lead", {"LastName": "King", "Company": "A"})
        salesforce.merge("Lead", became, [lead])
    else:
        salesforce.delete("Lead", lead)
    kept = [(one.record, one.why) for one in world.undo(2).kept]
    if how == "deleted":
        assert kept == []
    else:
        assert kept == [(lead, f"it was {how} into {became}, which stays")]


def test_what_a_system_has_no_request_for_is_listed() -> None:
    """Apollo deletes no contact."""
    world = World(
        "sync apollo with salesforce\nprefer salesforce\n"
        "pull Lead as contact visible { match on email }\n"
        "map contact with Lead { last_name <-> LastName\n email <-> Email }\n"
    )
    world.both.salesforce.create(
        "Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    )
    run = world.run().run
    [contact] = world.contacts()
    result = world.undo(run)
    [kept] = result.kept
    assert (kept.record, kept.why) == (
        contact,
        "apollo deletes no contact on request: delete it there",
    )
    assert "! left as it is: apollo contact ada@a.example" in result_text(result)
    world.quiet()


KEPT_APART = """\
sync apollo with salesforce
prefer salesforce
push account as Account update only { on delete delete }
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def by_hand(rules: str = KEPT_APART, state: str = "sqlite://") -> tuple[World, str, str]:
    """An account that a run made of an Account, after that was undone: a person is asked to delete
    it."""
    world = World(rules, state)
    account = world.both.salesforce.create("Account", {"Name": "A", "Website": "a.example"})
    run = world.run().run
    [made] = world.both.apollo.rows("account")
    [kept] = world.undo(run).kept
    assert kept.why == "apollo deletes no account on request: delete it there"
    return world, made, account


def test_who_deletes_what_an_undo_could_not_delete_deletes_nothing_else() -> None:
    """It was made of the other one, which a rule would delete with it: that one stays."""
    world, made, account = by_hand()
    world.both.apollo.delete("account", made)
    for _ in range(2):
        world.both.clock.sleep(24 * HOUR)
        world.run()
    assert list(world.both.salesforce.rows("Account")) == [account]
    world.quiet()


def test_what_an_undo_could_not_delete_is_like_any_other_once_it_is_worked_with() -> None:
    """A rule has written to one of the two since: a deletion is followed as ever."""
    world, made, account = by_hand()
    world.both.salesforce.update("Account", account, {"Name": "B"})
    world.run()
    assert world.both.apollo.rows("account")[made]["name"] == "B"
    world.both.apollo.delete("account", made)
    world.both.clock.sleep(24 * HOUR)
    world.run()
    assert world.both.salesforce.rows("Account") == {}


def test_nobody_is_asked_to_delete_what_somebody_works_with() -> None:
    """In a system that deletes nothing on request, too."""
    world = World(KEPT_APART)
    world.both.salesforce.create("Account", {"Name": "A", "Website": "a.example"})
    run = world.run().run
    [made] = world.both.apollo.rows("account")
    world.both.apollo.update("account", made, {"name": "Ours"})
    [kept] = world.undo(run).kept
    assert kept.why == "somebody has changed it since: name"


def found_to_be_one(world: World) -> tuple[str, int]:
    """A contact with a title, and the run that linked it with the Lead of the same person."""
    world.both.salesforce.create(
        "Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    )
    world.run()
    contact = world.contact(title="CTO")
    return contact, world.run().run


def test_two_that_a_run_found_to_be_one_are_parted() -> None:
    """What was filled is blank again, and the next run doesn't link them anew."""
    world = World()
    contact, run = found_to_be_one(world)
    [lead] = world.leads()
    assert world.leads()[lead]["Title"] == "CTO"
    world.undo(run)
    assert world.leads()[lead].get("Title") is None
    world.quiet()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    assert world.leads()[lead]["Title"] == "CEO"


def test_two_that_another_run_has_linked_again_stay_linked() -> None:
    """They were parted, and somebody asked for them since: that is of another run."""
    world = World()
    contact, run = found_to_be_one(world)
    world.undo(run)
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    again = world.run().run
    [told] = [one for one in world.undo(run).kept if not one.field]
    assert told.why == f"run {again} has linked the two again since"
    world.both.apollo.update("contact", contact, {"last_name": "Lovelace"})
    world.run()
    assert [row["LastName"] for row in world.leads().values()] == ["Lovelace"]


def test_a_link_that_has_moved_on_since_is_not_taken_apart() -> None:
    """The Lead that the run had found was merged into another: who that one is, no run said."""
    world = World()
    made = {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    found = world.both.salesforce.create("Lead", made)
    kept = world.both.salesforce.create("Lead", made | {"Email": None})
    world.run()
    contact = world.contact()
    run = world.run().run
    world.both.salesforce.merge("Lead", kept, [found])
    world.run()
    world.undo(run)
    world.both.apollo.update("contact", contact, {"last_name": "Lovelace"})
    world.run()
    assert world.leads()[kept]["LastName"] == "Lovelace"


def test_what_is_out_of_sight_stays_and_is_told() -> None:
    """It may be there: nothing is known of what it holds. Once it is seen again, edits flow."""
    world = World()
    contact = world.contact(title="CTO")
    made = world.run().run
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    wrong = world.run().run
    world.both.salesforce.org.unshared.add(lead)
    for run in (wrong, made):
        result = world.undo(run)
        assert [(one.record, one.why) for one in result.kept] == [
            (lead, f"salesforce doesn't show Lead {lead} to us any more")
        ]
    world.both.salesforce.org.unshared.clear()
    world.both.apollo.update("contact", contact, {"title": "Chair"})
    world.run()
    assert world.leads()[lead]["Title"] == "Chair"


def test_a_link_that_went_along_with_a_merge_stays() -> None:
    """The two were one before that run. Apart, with another address meanwhile, whoever is a Lead
    already would be made one a second time."""
    world = World()
    contact = world.contact(title="CTO")
    world.run()
    [lead] = world.leads()
    kept = world.both.salesforce.create("Lead", {"LastName": "King", "Company": "A"})
    world.both.salesforce.merge("Lead", kept, [lead])
    run = world.run().run
    [told] = [one for one in world.undo(run).kept if not one.field]
    assert (told.record, told.why.endswith("and stays")) == (kept, True)
    world.both.apollo.update("contact", contact, {"email": "king@a.example", "title": "CEO"})
    world.run()
    assert {id: row["Title"] for id, row in world.leads().items()} == {kept: "CEO"}


def test_the_address_of_one_of_two_names_both() -> None:
    """A Lead was merged into one with another address: what that run wrote to the contact is put
    back, whichever of the two addresses is given."""
    for name in ("ada@a.example", "king@a.example"):
        world = World()
        contact = world.contact(title="CTO")
        world.run()
        [lead] = world.leads()
        made = {"LastName": "Byron", "Company": "A", "Email": "king@a.example"}
        kept = world.both.salesforce.create("Lead", made)
        world.both.salesforce.merge("Lead", kept, [lead])
        run = world.run().run
        assert world.contacts()[contact]["last_name"] == "Byron"
        world.undo(run, name)
        assert world.contacts()[contact]["last_name"] == "King"


def test_a_dry_run_writes_nothing_and_says_what_would_be() -> None:
    world = World()
    world.contact()
    run = world.run().run
    before = world.both.calls()
    result = world.undo(run, dry_run=True)
    assert world.both.since(before).salesforce_writes == 0
    assert "1  salesforce Lead would be deleted" in result_text(result)
    assert len(world.leads()) == 1
    world.undo(run)
    assert world.leads() == {}


def test_an_undo_can_be_undone() -> None:
    """It is a run like others, in the history of its records."""
    world = World()
    contact = world.contact(title="CTO")
    world.run()
    [lead] = world.leads()
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    run = world.run().run
    back = world.undo(run).run
    world.undo(back)
    assert world.leads()[lead]["Title"] == "CEO"
    world.quiet()


@pytest.mark.parametrize("further", [1, 98])
def test_a_run_that_never_was_is_told(further: int) -> None:
    """Not even the number that the undo itself would get is one, and none is used up."""
    world = World()
    last = world.run().run
    with pytest.raises(UsageError, match=f"there is no run {last + further}"):
        world.undo(last + further)
    assert world.run().run == last + 1


NAMED = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email, else first_name and last_name }
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email  ask
    organization_name  -> Company default "Unknown"
}
"""


def test_a_record_is_known_by_each_key_that_it_has_or_had() -> None:
    """`history` and `undo` tell of all that was done to it, whatever its address was then: before
    a change of it has gone over, and after."""
    world = World(NAMED)
    contact = world.contact(first_name="Ada")
    made = world.run().run
    world.both.apollo.update("contact", contact, {"email": "king@a.example"})
    world.run()
    assert world.past("king@a.example") == [(made, "create")]
    approvals.approve(world.both.db, [ORG], None)
    moved = world.run().run
    whole = [(made, "create"), (moved, "update")]
    assert world.past("king@a.example") == world.past("ada@a.example") == whole
    assert world.past(contact) == whole

    [lead] = world.leads()
    world.undo(moved, "ada@a.example")
    assert world.leads()[lead]["Email"] == "ada@a.example"
    world.undo(made, "king@a.example")
    assert world.leads() == {}


def test_who_shares_a_part_of_a_key_is_not_undone_by_it() -> None:
    """Two Kings of one run: which of them is meant has to be said."""
    world = World(NAMED)
    world.contact(first_name="Ada")
    world.contact(first_name="Bo", email="bo@a.example")
    run = world.run().run
    with pytest.raises(UsageError, match="King is a key of several records") as told:
        world.undo(run, "King")
    assert "ada@a.example, bo@a.example" in told.value.fix
    assert len(world.leads()) == 2


COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact when stage is "Interested" { match on email }
push account as Account when name is "never" { match on name }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
map account with Account { name <-> Name }
"""


def test_children_are_deleted_before_their_parent_and_a_parent_of_others_stays() -> None:
    """A contact that came with its account; a second one that somebody put under it keeps it."""
    for other in (False, True):
        world = World(COMPANIES)
        account = world.both.apollo.create("account", {"name": "Acme"})
        world.contact(account_id=account)
        run = world.run().run
        [company] = world.both.salesforce.rows("Account")
        if other:
            world.both.salesforce.create("Contact", {"LastName": "Berg", "AccountId": company})
        result = world.undo(run)
        left = [row["LastName"] for row in world.both.salesforce.rows("Contact").values()]
        assert left == (["Berg"] if other else [])
        assert len(world.both.salesforce.rows("Account")) == int(other)
        assert [one.object for one in result.kept] == (["Account"] if other else [])
        world.quiet()


def test_a_reference_to_what_is_gone_is_not_put_back_and_told() -> None:
    """The undo of an undo: the company that a run had made is deleted, and nobody can bring it
    back. Whom it was given stays without it; nothing is sent, or refused (R7)."""
    world = World(COMPANIES)
    account = world.both.apollo.create("account", {"name": "Acme"})
    ada = world.both.salesforce.create("Contact", {"LastName": "King", "Email": "ada@a.example"})
    world.contact(account_id=account)
    run = world.run().run
    assert world.both.salesforce.rows("Contact")[ada]["AccountId"]
    undone = world.undo(run).run
    assert world.both.salesforce.rows("Account") == {}
    told = {(one.record, one.field): one.why for one in world.undo(undone).kept}
    assert told[ada, "AccountId"] == (
        "the Account that it led to is not there any more in salesforce"
    )
    assert world.both.errors() == []
    world.quiet()


def test_a_reference_to_what_is_out_of_sight_is_put_back_once_it_is_not() -> None:
    """Nobody knew that the company she came from is not shared with us any more: it is told, what
    was refused waits, and a retry puts it back when it can (R7)."""
    world = World(COMPANIES)
    first, second = (world.both.apollo.create("account", {"name": name}) for name in ("A", "B"))
    ada = world.contact(account_id=first)
    world.run()
    [company] = world.both.salesforce.rows("Account")
    world.both.apollo.update("contact", ada, {"account_id": second})
    moved = world.run().run
    world.both.salesforce.org.unshared.add(company)

    def hers() -> list[object]:
        return [one.get("AccountId") for one in world.both.salesforce.rows("Contact").values()]

    assert hers() != [company]
    world.undo(moved)
    codes = {one.code for one in world.both.errors()}
    assert codes == {"out-of-sight", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}
    world.run()
    assert hers() != [company]
    world.both.salesforce.org.unshared.clear()
    world.both.clock.sleep(HOUR)
    verbs.retry(world.both.setup, None)
    assert hers() == [company]
    assert world.both.errors() == []
    world.quiet()


def test_nothing_is_undone_for_objects_that_no_rule_is_about_any_more() -> None:
    """It is listed, and nothing is written; with the rule it is undone, and stays so without."""
    world = World()
    world.contact()
    run = world.run().run
    others = Both(COMPANIES[: COMPANIES.index("push contact")] + "pull Account as account hidden\n")
    setup = world.both.setup
    world.both.setup = replace(setup, plan=others.plan)
    result = world.undo(run)
    [why] = {one.why for one in result.kept}
    assert why.startswith("no rule is about these two objects any more: put one back, and undo")
    assert len(world.leads()) == 1
    world.both.setup = setup
    world.undo(run)
    assert world.leads() == {}
    world.quiet()
