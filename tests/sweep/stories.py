"""What happens in the sweep: who is there, what people do, which commands follow, and what must
stand in the end.

Three of each, mostly: of one alone no batch is half done. Where the rules are those of the
simulation, its checker asks all that follows from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from syncrules.engine import approvals
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.tests.simulation.history import ORG, RULES
from syncrules.tests.sweep.scene import Scene
from syncrules.tests.sweep.settings import (
    LAGS,
    LATE,
    LOST_AFTER,
    LOST_BEFORE,
    REFUSED,
    SINGLE,
    Deed,
    calm,
    nothing,
    refuses,
    retry,
    run,
)

THREE = (1, 2, 3)
Make = Callable[[Scene, int], str]


@dataclass(frozen=True, eq=False)
class Story:
    """`ready` is what has been, undisturbed; then people `act`, and the runs of `steps` may die.
    In the end `sees` is `wanted`. `checked`: by all that the checker knows of `rules`. `without`
    names the settings that make no difference to it."""

    name: str
    ready: Deed
    act: Deed
    sees: Callable[[Scene], object]
    wanted: object
    steps: Sequence[Deed] = (run,)
    rules: str = RULES.name
    checked: bool = True
    without: frozenset[str] = frozenset()


# ---- words of the stories -----------------------------------------------------------------------


def backfill(direction: str, object: str) -> Deed:
    return lambda scene: scene.go(lambda setup: verbs.backfill(setup, direction, object))


def held(object: str, *fields: str) -> Callable[[Scene], object]:
    """What some fields hold in all records of an object."""
    return lambda scene: [scene.held(object, one) for one in fields]


def all_of(*acts: Deed) -> Deed:
    def act(scene: Scene) -> None:
        for one in acts:
            one(scene)

    return act


def enter(make: Make, **values: object) -> Deed:
    """Somebody enters three."""

    def act(scene: Scene) -> None:
        for number in THREE:
            make(scene, number, **values)

    return act


def each(object: str, **values: object) -> Deed:
    """Somebody edits all there are."""

    def act(scene: Scene) -> None:
        for id in scene.ids(object):
            scene.change(object, id, **values)

    return act


def two_gone(object: str) -> Deed:
    """Somebody deletes the first two."""

    def act(scene: Scene) -> None:
        for id in scene.ids(object)[:2]:
            scene.delete(object, id)

    return act


def known(*acts: Deed) -> Deed:
    """The rules have run on nobody; then people acted, and there was a run."""

    def ready(scene: Scene) -> None:
        scene.run()
        all_of(*acts)(scene)
        scene.run()

    return ready


def before_the_rules(*acts: Deed) -> Deed:
    """People acted before the rules ran for the first time, which act from now on."""

    def ready(scene: Scene) -> None:
        all_of(*acts)(scene)
        scene.run()

    return ready


def begun(scene: Scene) -> None:
    """The rules have run, on nobody."""
    scene.run()


contacts = known(enter(Scene.contact))
sf_contacts = known(enter(Scene.sf_contact))


# ---- what people do -----------------------------------------------------------------------------


def same_in_both(scene: Scene) -> None:
    """Three who are in both systems with the same values, so that nothing is to be written."""
    for number in THREE:
        scene.contact(number, organization_name="Berg")
        scene.lead(number, Status="Working - Contacted", OwnerId=scene.owner())


def half_in_both(scene: Scene) -> None:
    """Three who are in both systems, and each has what the other lacks."""
    for number in THREE:
        scene.lead(number, Title=None)
        scene.contact(number, first_name=None)


def firms_and_people(scene: Scene) -> None:
    """Two companies with three people."""
    firms = [scene.sf_account(number) for number in (1, 2)]
    for number in THREE:
        scene.sf_contact(number, AccountId=firms[number % 2])


def people_of_firms(scene: Scene) -> None:
    """The same in Apollo."""
    firms = [scene.account(number) for number in (1, 2)]
    for number in THREE:
        scene.contact(number, account_id=firms[number % 2])


def firms_with_deals(scene: Scene) -> None:
    """Three companies, and a deal with each."""
    for number in THREE:
        deal = {"Name": f"Deal {number}", "CloseDate": "2026-06-30", "StageName": "Prospecting"}
        deal["AccountId"] = scene.sf_account(number)
        scene.make("salesforce", "Opportunity", deal)


def deals_move(scene: Scene) -> None:
    """One is won, one lost, one deleted."""
    won, lost, dropped = scene.ids("Opportunity")
    scene.change("Opportunity", won, StageName="Closed Won")
    scene.change("Opportunity", lost, StageName="Closed Lost")
    scene.delete("Opportunity", dropped)


def two_converted(scene: Scene) -> None:
    """Two leads are converted, and their contacts promoted."""
    for lead in scene.ids("Lead")[:2]:
        scene.convert(lead)
    each("contact", title="CEO")(scene)


def one_merged(scene: Scene) -> None:
    """A lead is merged into one that nobody knew, and all contacts are promoted."""
    other = scene.lead(1, Email=None, FirstName=None, Title=None)
    scene.merge("Lead", other, scene.ids("Lead")[0])
    each("contact", title="CEO")(scene)


def everything(scene: Scene) -> None:
    """Somebody new on both sides, a company, edits on both sides, and a lead that is converted."""
    first, second, _ = scene.ids("Lead")
    scene.convert(first)
    scene.change("Lead", second, FirstName="Bea")
    scene.change("contact", scene.ids("contact")[2], title="CEO")
    scene.contact(4)
    scene.sf_contact(5, AccountId=scene.sf_account(5))


def refused(scene: Scene) -> None:
    """Three contacts, one of whom Salesforce has refused until now."""
    scene.run()
    enter(Scene.contact)(scene)
    refuses(scene)
    scene.run()
    calm(scene)


def pushed_by_hand(scene: Scene) -> None:
    for number in THREE:
        scene.go(partial(verbs.push, record=f"p{number}@berg.example"))


def put_back(scene: Scene) -> None:
    """Puts back the last run that wrote something before the story began."""
    scene.go(lambda setup: verbs.undo(setup, Part(scene.wrote)))


def put_back_or_run(scene: Scene) -> None:
    """The same; one that died is left to the next run, and asked for again only where it says so
    itself."""
    if scene.has_undone():
        run(scene)
        if not scene.is_broken_off():
            return
    put_back(scene)


TITLES = held("Lead", "Title")
PROMOTED = each("contact", title="CEO")
PUSHED = frozenset({LAGS, LATE})
"""Settings that say nothing where people work in Apollo and only Salesforce is written to."""

UNDER_THE_RULES = (
    Story("leads are made", begun, enter(Scene.contact), TITLES, [["CTO"] * 3], without=PUSHED),
    Story(
        "contacts are made",
        begun,
        enter(Scene.sf_contact),
        held("contact", "title"),
        [["CTO"] * 3],
    ),
    Story(
        "companies and their people are made",
        begun,
        firms_and_people,
        held("account", "name"),
        [["Berg-a1", "Berg-a2"]],
        without=frozenset({LATE}),
    ),
    Story("leads change", contacts, PROMOTED, TITLES, [["CEO"] * 3], without=PUSHED),
    Story(
        "contacts change",
        sf_contacts,
        each("Contact", FirstName="Bea"),
        held("contact", "first_name"),
        [["Bea"] * 3],
    ),
    Story(
        "who is in both is linked",
        begun,
        same_in_both,
        TITLES,
        [["CTO"] * 3],
        without=frozenset({LATE, REFUSED, LOST_AFTER, LOST_BEFORE, SINGLE}),
    ),
    Story(
        "blanks are filled both ways",
        begun,
        half_in_both,
        lambda scene: [scene.held("Lead", "Title"), scene.held("contact", "first_name")],
        [["CTO"] * 3, ["Ada"] * 3],
        without=frozenset({LATE}),
    ),
    Story(
        "both sides change",
        contacts,
        all_of(
            each("contact", title="CEO", first_name="Bea"),
            each("Lead", Title="CFO", FirstName="Cleo"),
        ),
        held("Lead", "Title", "FirstName"),
        [["CEO"] * 3, ["Cleo"] * 3],
        without=frozenset({LATE}),
    ),
    Story(
        "stages move",
        contacts,
        each("contact", stage="Cold"),
        held("Lead", "Status"),
        [["Open - Not Contacted"] * 3],
        without=PUSHED,
    ),
    Story(
        "statuses move",
        contacts,
        each("Lead", Status="Closed - Not Converted"),
        held("contact", "stage"),
        [["Not Interested"] * 3],
    ),
    Story(
        "a stage is in no table",
        contacts,
        each("contact", stage="Bad Data", title="CEO"),
        held("Lead", "Status"),
        [["Working - Contacted"] * 3],
        without=PUSHED,
    ),
    Story(
        "deals decide",
        known(firms_with_deals),
        deals_move,
        held("account", "stage"),
        [["Active Opportunity", "Current Client", "Dead Opportunity"]],
    ),
    Story(
        "leads are converted",
        contacts,
        two_converted,
        held("Contact", "Title"),
        [["CEO"] * 2],
        without=frozenset({LATE}),
    ),
    Story(
        "a lead is merged",
        contacts,
        one_merged,
        TITLES,
        [["CEO"] * 3],
        checked=False,
        without=frozenset({LATE}),
    ),
    Story(
        "leads are deleted",
        contacts,
        all_of(two_gone("Lead"), PROMOTED),
        TITLES,
        [["CEO"]],
        without=PUSHED,
    ),
    Story(
        "contacts are deleted",
        contacts,
        all_of(two_gone("contact"), each("Lead", FirstName="Bea")),
        held("contact", "first_name"),
        [["Bea"]],
    ),
    Story(
        "everything at once",
        contacts,
        everything,
        held("contact", "last_name"),
        [[f"Lovelace-p{number}" for number in range(1, 6)]],
        without=frozenset({LATE}),
    ),
    Story(
        "a backfill of contacts",
        before_the_rules(enter(Scene.contact)),
        nothing,
        TITLES,
        [["CTO"] * 3],
        (backfill("push", "contact"),),
        without=PUSHED,
    ),
    Story(
        "a backfill of Accounts and Contacts",
        before_the_rules(firms_and_people),
        nothing,
        held("contact", "title"),
        [["CTO"] * 3],
        (backfill("pull", "Account"), backfill("pull", "Contact")),
        without=frozenset({LATE}),
    ),
    Story(
        "a backfill of Accounts",
        before_the_rules(firms_with_deals),
        nothing,
        held("account", "stage"),
        [["Active Opportunity"] * 3],
        (backfill("pull", "Account"),),
        without=frozenset({LATE}),
    ),
    Story(
        "a retry",
        refused,
        nothing,
        TITLES,
        [["CTO"] * 3],
        (retry,),
        without=PUSHED,
    ),
    Story(
        "a push by hand",
        known(enter(Scene.contact, stage="Cold")),
        nothing,
        TITLES,
        [["CTO"] * 3],
        (pushed_by_hand,),
        checked=False,
        without=PUSHED,
    ),
    Story(
        "a preview is applied",
        contacts,
        all_of(PROMOTED, lambda scene: scene.contact(4)),
        TITLES,
        [["CEO"] * 3 + ["CTO"]],
        (Scene.apply,),
        without=PUSHED,
    ),
    Story(
        "what was made is undone",
        contacts,
        nothing,
        TITLES,
        [[]],
        (put_back, put_back),
        checked=False,
        without=PUSHED,
    ),
    Story(
        "what was changed is undone",
        known(enter(Scene.contact), Scene.run, PROMOTED),
        nothing,
        TITLES,
        [["CTO"] * 3],
        (put_back, put_back),
        checked=False,
        without=PUSHED,
    ),
    Story(
        "what was made is undone, and a run goes on with it",
        contacts,
        nothing,
        TITLES,
        [[]],
        (put_back_or_run,),
        checked=False,
        without=PUSHED,
    ),
    Story(
        "what was changed is undone, and a run goes on with it",
        known(enter(Scene.contact), Scene.run, PROMOTED),
        nothing,
        TITLES,
        [["CTO"] * 3],
        (put_back_or_run,),
        checked=False,
        without=PUSHED,
    ),
)


# ---- stories with rules of their own ------------------------------------------------------------

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
NAMES = """\
    first_name <-> FirstName
    last_name  <-> LastName
    email      <-> Email
"""
LEADS = f"""\
map contact with Lead {{
{NAMES}    title      <-> Title   ask
    organization_name -> Company default "Unknown"
}}
"""
FOLLOWS = HEAD + "push contact as Lead { match on email\n on delete delete\n}\n" + LEADS
MARKS = FOLLOWS.replace("delete delete", 'delete mark Description "Gone"')
STOPS = HEAD + "push contact as Lead { match on email\n stop when Lead.IsUnreadByOwner\n}\n"
STOPS += LEADS.replace("   ask", "")
ASKS = HEAD + "push contact as Lead { match on email }\n" + LEADS
ENRICHES = HEAD + "enrich Lead with contact\n" + LEADS.replace("   ask", "   prefer apollo")
WORK = (
    HEAD
    + """\
push task as Task when completed
pull Task as task visible when open
push call as Task
push meeting as Event { on cancel mark Subject "Cancelled: {{ subject }}" }
push note as Note create only
push contact as Lead { match on email }
map contact with Lead {
    last_name -> LastName default "Unknown"
    email -> Email
    organization_name -> Company default "Unknown"
}
push email as Task when direction is "incoming" { add unknown people }
"""
)
NINE = {"start_time": "2026-01-09T09:00:00.000Z", "end_time": "2026-01-09T10:00:00.000Z"}


def approve(scene: Scene) -> None:
    approvals.approve(scene.db, [ORG], None)


def a_day_later(scene: Scene) -> None:
    """Deletions in Apollo are looked for once a day."""
    scene.clock.sleep(86_400.0)
    run(scene)


def rules_are(rules: str) -> Deed:
    """The rule file is another one from now on."""

    def act(scene: Scene) -> None:
        scene.written = rules

    return act


def work_in_apollo(scene: Scene) -> None:
    """A task that is done, a call that came of another, a meeting, and a note, about Ada."""
    [ada] = scene.ids("contact")
    who = {"contact_id": ada}
    for title, kind in (("Send the offer", "action_item"), ("Ring Ada", "call")):
        values = {"type": kind, "due_at": NINE["start_time"], "title": title, **who}
        task = scene.apollo.create("task", values)
        scene.apollo.update("task", task, {"status": "completed"})
    made = {"status": "completed", "inbound": False, "duration": 95, **NINE, **who}
    scene.apollo.create("call", {**made, "outreach_task_id": task})
    scene.apollo.create("note", {"content": "Likes tea", **who})
    guests = ["p1@berg.example"]
    scene.apollo.create("meeting", {"subject": "Kick-off", "guests": guests, **NINE, **who})


def work_in_salesforce(scene: Scene) -> None:
    [ada] = scene.ids("Lead")
    for number in THREE:
        values = {"Subject": f"Ring back {number}", "Status": "Not Started", "WhoId": ada}
        scene.salesforce.create("Task", values)


def strangers_write(scene: Scene) -> None:
    """Two people whom nobody knows, one of them twice."""
    for number in (11, 12, 12):
        values = {
            "subject": f"May I ask {number}",
            "inbound": True,
            "connected_mailbox": False,
            "from_email": f"p{number}@hopper.example",
            "from_name": f"Grace Hopper-p{number}",
        }
        scene.apollo.create("email", values)


def tasks_end(scene: Scene) -> None:
    """Those that Salesforce had are completed there, and those that Apollo had are opened again."""
    for id, task in scene.found("Task").items():
        if str(task["Subject"]).startswith("Ring back"):
            scene.salesforce.update("Task", id, {"Status": "Completed"})


one_contact = known(lambda scene: scene.contact(1))

OF_THEIR_OWN = (
    Story(
        "companies come along",
        begun,
        people_of_firms,
        held("Account", "Name"),
        [["Berg-a1", "Berg-a2"]],
        rules="people_first.sync",
        checked=False,
        without=PUSHED,
    ),
    Story(
        "companies of a backfill come along",
        before_the_rules(people_of_firms),
        nothing,
        held("Account", "Name"),
        [["Berg-a1", "Berg-a2"]],
        (backfill("push", "contact"),),
        "people_first.sync",
        checked=False,
        without=PUSHED,
    ),
    Story(
        "a delete is followed by a delete",
        contacts,
        two_gone("contact"),
        held("Lead", "LastName"),
        [["Lovelace-p3"]],
        (a_day_later,),
        FOLLOWS,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "a delete is followed by a mark",
        contacts,
        two_gone("contact"),
        held("Lead", "Description"),
        [["", "Gone", "Gone"]],
        (a_day_later,),
        MARKS,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "changes ask and are let go",
        contacts,
        PROMOTED,
        TITLES,
        [["CEO"] * 3],
        (run, approve, run),
        ASKS,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "a stop ends",
        known(
            enter(Scene.contact), Scene.run, each("Lead", IsUnreadByOwner=True), Scene.run, PROMOTED
        ),
        each("Lead", IsUnreadByOwner=False),
        TITLES,
        [["CEO"] * 3],
        rules=STOPS,
        checked=False,
        without=frozenset({LAGS}),
    ),
    Story(
        "new leads are enriched",
        known(enter(Scene.contact)),
        enter(Scene.lead, Title=None),
        TITLES,
        [["CTO"] * 3],
        rules=ENRICHES,
        checked=False,
        without=frozenset({LAGS}),
    ),
    Story(
        "existing leads are enriched",
        before_the_rules(enter(Scene.contact), enter(Scene.lead, Title=None)),
        rules_are(ENRICHES.replace("enrich", "enrich existing")),
        TITLES,
        [["CTO"] * 3],
        rules=ENRICHES,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "the rules change",
        contacts,
        all_of(PROMOTED, Scene.run, rules_are(ASKS.replace("   ask", ""))),
        TITLES,
        [["CEO"] * 3],
        rules=ASKS,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "activities go over",
        one_contact,
        work_in_apollo,
        held("Task", "Subject"),
        [["Outgoing call", "Send the offer"]],
        rules=WORK,
        checked=False,
        without=PUSHED,
    ),
    Story(
        "open tasks are pulled",
        one_contact,
        work_in_salesforce,
        held("task", "title"),
        [["Ring back 1", "Ring back 2", "Ring back 3"]],
        rules=WORK,
        checked=False,
    ),
    Story(
        "pulled tasks end",
        known(lambda scene: scene.contact(1), Scene.run, work_in_salesforce),
        tasks_end,
        held("task", "status"),
        [["completed"] * 3],
        rules=WORK,
        checked=False,
    ),
    Story(
        "strangers are made known",
        one_contact,
        strangers_write,
        held("Lead", "Email"),
        [["p11@hopper.example", "p12@hopper.example", "p1@berg.example"]],
        rules=WORK,
        checked=False,
    ),
)

STORIES = UNDER_THE_RULES + OF_THEIR_OWN
