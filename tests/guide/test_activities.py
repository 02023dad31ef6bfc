"""Activities: what people did goes over once, of the right kind, to whom it was about; and stays
where no rule names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from syncrules.connectors.apollo.simulator import Fault
from syncrules.connectors.salesforce.simulator.faults import Fault as SalesforceFault
from syncrules.engine.lost import lost
from syncrules.engine.run.restored import TWINS
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.guide.team import codes

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
RULES = {
    "task": "push task as Task when completed",
    "call": "push call as Task",
    "sent": 'push email as Task when direction is "outgoing" and mailbox is "apollo"',
    "answered": 'push email as Task when direction is "incoming" and mailbox is "apollo"',
    "own mail": 'push email as Task when direction is "outgoing" and mailbox is "connected"',
    "own inbox": 'push email as Task when direction is "incoming" and mailbox is "connected"',
    "meeting": "push meeting as Event",
    "note": "push note as Note create only",
    "pulled task": "pull Task as task visible when open",
}
"""Each kind of activity with the one rule that moves it."""
TEAM = ("syncrules.example",)
NINE = {"start_time": "2026-01-09T09:00:00.000Z", "end_time": "2026-01-09T10:00:00.000Z"}


class Day:
    """Both systems, and one person whom both know: Ada, of Berg AS."""

    def __init__(self, rules: str) -> None:
        self.both = Both(HEAD + rules + "\n", undocumented="yes", team=TEAM)
        self.berg = self.apollo("account", name="Berg AS", domain="berg.example")
        self.firm = self.salesforce("Account", Name="Berg AS", Website="https://berg.example")
        self.ada = self.apollo(
            "contact", first_name="Ada", last_name="Berg", email="ada@berg.example",
            account_id=self.berg,
        )  # fmt: skip
        self.person = self.salesforce(
            "Contact", FirstName="Ada", LastName="Berg", Email="ada@berg.example",
            AccountId=self.firm,
        )  # fmt: skip
        self.both.run()

    def apollo(self, object: str, **values: Any) -> str:
        return self.both.apollo.create(object, values)

    def salesforce(self, object: str, **values: Any) -> str:
        return self.both.salesforce.create(object, values)

    def run(self) -> None:
        """An hour later."""
        self.both.clock.sleep(HOUR)
        self.both.run()

    def made(self, object: str) -> list[Mapping[str, Any]]:
        return list(self.both.salesforce.rows(object).values())

    def tasks(self) -> list[Mapping[str, Any]]:
        return list(self.both.apollo.rows("task").values())

    # ---- what people do

    def task(self, **values: Any) -> str:
        plain = {"type": "action_item", "due_at": NINE["start_time"], "title": "Send the offer"}
        return self.apollo("task", **{**plain, "contact_id": self.ada, **values})

    def completed(self, **values: Any) -> str:
        id = self.task(**values)
        self.both.apollo.update("task", id, {"status": "completed"})
        return id

    def call(self, **values: Any) -> str:
        plain = {"contact_id": self.ada, "status": "completed", "inbound": False, **NINE}
        return self.apollo("call", **{**plain, "duration": 95, **values})

    def email(self, way: str = "outgoing", box: str = "apollo", **values: Any) -> str:
        kind = {"inbound": way == "incoming", "connected_mailbox": box == "connected"}
        who = {"contact_id": self.ada, "to_email": "ada@berg.example"}
        return self.apollo("email", **{**kind, **who, "subject": f"{way} {box}", **values})

    def meeting(self, *guests: str, **values: Any) -> str:
        who = {"guests": list(guests or ("ada@berg.example",)), "contact_id": self.ada}
        return self.apollo("meeting", **{**who, "subject": "Kick-off", **NINE, **values})

    def note(self, **values: Any) -> str:
        return self.apollo("note", **{"content": "Likes tea", "contact_id": self.ada, **values})

    def everything(self) -> None:
        """One of each kind, on either side."""
        self.completed()
        self.call()
        for way in ("outgoing", "incoming"):
            for box in ("apollo", "connected"):
                self.email(way, box)
        self.meeting()
        self.note()
        self.salesforce("Task", Subject="Ring back", Status="Not Started", WhoId=self.person)


def moved(day: Day) -> dict[str, int]:
    """What stands in each system besides what people made there, by kind."""
    tasks = [one for one in day.made("Task") if one["Subject"] != "Ring back"]
    kinds = {"Task": "task", "Call": "call", "Email": "email"}
    found = [kinds[one["TaskSubtype"]] for one in tasks]
    subjects = {"email": [one["Subject"] for one in tasks if one["TaskSubtype"] == "Email"]}
    mails = {
        "sent": "outgoing apollo",
        "answered": "incoming apollo",
        "own mail": "outgoing connected",
        "own inbox": "incoming connected",
    }
    return {
        "task": found.count("task"),
        "call": found.count("call"),
        **{name: subjects["email"].count(subject) for name, subject in mails.items()},
        "meeting": len(day.made("Event")),
        "note": len(day.made("Note")),
        "pulled task": sum(one["title"] == "Ring back" for one in day.tasks()),
    }


@pytest.mark.parametrize("kind", RULES)
def test_each_kind_moves_by_its_own_rule_and_no_other(kind: str) -> None:
    """With only that rule in the file only that kind moves, once, and nothing is written to people
    or accounts. Outgoing and incoming are apart. (ACT-1, ACT-2, ACT-11 to ACT-17)

    ACT-11 ACT-12 ACT-13 ACT-14 ACT-15 ACT-16 ACT-17"""
    day = Day(RULES[kind])
    people = (day.both.apollo.rows("contact"), day.made("Contact"), day.made("Account"))
    day.everything()
    day.run()
    day.run()
    assert moved(day) == {one: int(one == kind) for one in RULES}
    now = (day.both.apollo.rows("contact"), day.made("Contact"), day.made("Account"))
    keep = ("Id", "Name", "Email", "Website", "LastModifiedDate")
    for before, after in zip(people[1:], now[1:], strict=True):
        assert [{name: one.get(name) for name in keep} for one in before] == [
            {name: one.get(name) for name in keep} for one in after
        ]
    assert people[0].keys() == now[0].keys()


def test_no_rule_moves_nothing() -> None:
    """Everything is off until its rule stands. (ACT-1)"""
    day = Day("pull Contact as contact hidden")
    day.everything()
    day.run()
    assert set(moved(day).values()) == {0}


def test_an_email_task_becomes_an_email_in_salesforce() -> None:
    """Of the subtype for mail, with its subject, person and day. (ACT-4)"""
    day = Day(RULES["task"])
    day.completed(type="outreach_manual_email", title="Write to Ada")
    day.run()
    (made,) = day.made("Task")
    assert (made["TaskSubtype"], made["Subject"]) == ("Email", "Write to Ada")
    assert (made["WhoId"], made["ActivityDate"]) == (day.person, "2026-01-09")
    assert made["Status"] == "Completed"


def test_a_call_becomes_a_call_with_what_is_mapped() -> None:
    """Of the subtype for calls, with disposition and duration. (ACT-5, ACT-17)"""
    rows = "map call with Task { duration -> CallDurationInSeconds\n status -> CallDisposition }"
    day = Day(f"{RULES['call']}\n{rows}")
    day.call(note="Wants an offer")
    day.run()
    (made,) = day.made("Task")
    assert (made["TaskSubtype"], made["Status"]) == ("Call", "Completed")
    assert (made["CallDurationInSeconds"], made["CallDisposition"]) == (95, "completed")
    assert (made["Description"], made["WhoId"]) == ("Wants an offer", day.person)


def test_a_meeting_becomes_an_event_or_a_task_as_the_rule_says() -> None:
    """The kind is a choice in the rule; an Event has start and end, a Task the day. (ACT-6)"""
    day = Day(RULES["meeting"])
    day.meeting()
    day.run()
    (made,) = day.made("Event")
    assert made["StartDateTime"] == "2026-01-09T09:00:00.000+0000"
    assert made["EndDateTime"] == "2026-01-09T10:00:00.000+0000"
    assert (made["Subject"], made["WhoId"]) == ("Kick-off", day.person)
    day = Day("push meeting as Task")
    day.meeting()
    day.run()
    (made,) = day.made("Task")
    assert (made["Subject"], made["ActivityDate"]) == ("Kick-off", "2026-01-09")


def test_a_meeting_goes_over_with_somebody_known() -> None:
    """A guest whom Apollo knows, or an account; one whose guests are all unknown stays. (ACT-7)"""
    day = Day(RULES["meeting"])
    day.meeting("nobody@else.example", contact_id=None, account_id=None, subject="Unknown")
    day.meeting("nobody@berg.example", contact_id=None, account_id=day.berg, subject="Account")
    day.meeting(subject="Known")
    day.run()
    found = {one["Subject"]: one for one in day.made("Event")}
    assert found.keys() == {"Account", "Known"}
    assert found["Account"]["WhatId"] == day.firm
    assert found["Known"]["WhoId"] == day.person
    assert "1  activity waits until somebody involved is linked" in day.both.said[-1]


def test_meetings_of_the_team_alone_stay_out() -> None:
    """Whatever the letter case; with one outsider they go over. (ACT-8)"""
    day = Day(RULES["meeting"])
    day.meeting("ann@syncrules.example", "Bob@SyncRules.Example", subject="Internal")
    day.meeting("ann@syncrules.example", "ada@berg.example", subject="With Ada")
    day.run()
    assert [one["Subject"] for one in day.made("Event")] == ["With Ada"]


def test_only_what_is_completed_goes_out() -> None:
    """An open task never does, a completed one once, however often a run repeats. (ACT-18)"""
    day = Day(RULES["task"])
    open_one = day.task(title="Later")
    day.completed(title="Done")
    day.run()
    assert [one["Subject"] for one in day.made("Task")] == ["Done"]
    day.both.apollo.update("task", open_one, {"status": "completed"})
    day.run()
    day.run()
    assert sorted(one["Subject"] for one in day.made("Task")) == ["Done", "Later"]


def test_an_open_task_of_salesforce_comes_over_and_is_closed_from_there() -> None:
    """A closed one does not come. Completing the pulled one closes its original, and no second task
    appears anywhere. (ACT-19, ACT-20)"""
    day = Day(f"{RULES['task']}\n{RULES['pulled task']}")
    asked = day.salesforce("Task", Subject="Ring back", Status="In Progress", WhoId=day.person)
    day.salesforce("Task", Subject="Old", Status="Completed", WhoId=day.person)
    day.run()
    (made,) = day.tasks()
    assert (made["title"], made["contact_id"], made["status"]) == (
        "Ring back",
        day.ada,
        "scheduled",
    )
    day.both.apollo.update("task", made["id"], {"status": "completed"})
    day.run()
    day.run()
    assert day.both.salesforce.rows("Task")[asked]["Status"] == "Completed"
    assert (len(day.tasks()), len(day.made("Task"))) == (1, 2)


def test_an_activity_has_its_owner() -> None:
    """Owned by the user of the same address. (ACT-21)"""
    day = Day(RULES["call"])
    users = {one["Email"].lower(): one["Id"] for one in day.made("User")}
    known = [one for one in day.both.apollo.rows("user").values() if one["email"] in users]
    caller = known[0]
    day.call(user_id=caller["id"])
    day.run()
    (made,) = day.made("Task")
    assert made["OwnerId"] == users[caller["email"]]


UNKNOWN = """\
push contact as Lead{when} {{ match on email }}
map contact with Lead {{
    last_name -> LastName default "Unknown"
    email -> Email
    organization_name -> Company default "Unknown"
}}
push email as Task when direction is "incoming" {{ {add} }}
"""


def stranger(day: Day, name: str = "grace") -> None:
    day.email(
        "incoming", subject="May I ask", contact_id=None, account_id=None,
        from_email=f"{name}@hopper.example", from_name=f"{name.title()} Hopper",
    )  # fmt: skip


def leads(day: Day) -> list[Mapping[str, Any]]:
    return [one for one in day.made("Lead") if one["Email"] == "grace@hopper.example"]


def test_strangers_who_are_refused_stand_in_the_log_until_they_are_made_known() -> None:
    """One entry for the cause, with rule and line, which lists both; it is closed by the run that
    gets the last of them through. (ERR-1, ERR-3)"""
    day = Day(UNKNOWN.format(when="", add="add unknown people"))
    stranger(day)
    stranger(day, "alan")

    def refuse(times: int) -> None:
        body = '{"message": "not this one"}'
        day.both.apollo.faults.append(
            Fault("reply", "POST", "contacts/bulk_create", times=times, status=422, body=body)
        )

    for times, count in ((3, 2), (2, 1)):
        refuse(times)
        day.run()
        [entry] = day.both.errors()
        assert (entry.rule, entry.line > 0) == ("push email as Task", True)
        assert len(day.both.apollo.rows("contact")) == 3 - count
    day.run()
    assert day.both.errors() == []
    assert len(day.made("Lead")) == 2


def test_mail_of_somebody_unknown_ends_as_one_lead_where_the_rule_says_so() -> None:
    """And the mail hangs at that lead; two mails make one person. Off: no lead. (ACT-22)"""
    day = Day(UNKNOWN.format(when="", add="add unknown people"))
    stranger(day)
    stranger(day)
    day.run()
    day.run()
    (lead,) = leads(day)
    assert lead["LastName"] == "Hopper"
    mails = [one for one in day.made("Task") if one["Subject"] == "May I ask"]
    assert [one["WhoId"] for one in mails] == [lead["Id"]] * 2
    day = Day(UNKNOWN.format(when="", add="").replace("{  }", ""))
    stranger(day)
    day.run()
    day.run()
    assert leads(day) == []
    assert day.made("Task") == []


def test_a_colleague_who_writes_is_nobody_unknown() -> None:
    """Who is of the team becomes no contact by a mail."""
    day = Day(UNKNOWN.format(when="", add="add unknown people"))
    day.email(
        "incoming", subject="As we said", contact_id=None, account_id=None,
        from_email=f"grace@{TEAM[0]}", from_name="Grace Hopper",
    )  # fmt: skip
    day.run()
    assert [one["email"] for one in day.both.apollo.rows("contact").values()] == [
        "ada@berg.example"
    ]
    assert day.made("Task") == []


def test_a_person_from_a_mail_meets_the_filter_of_the_contact_rules() -> None:
    """The contact is there, and no lead until its stage is listed; the mail follows. (CPU-4)"""
    day = Day(UNKNOWN.format(when=' when stage is "Interested"', add="add unknown people"))
    stranger(day)
    day.run()
    day.run()
    (born,) = [
        id
        for id, one in day.both.apollo.rows("contact").items()
        if one["email"] == "grace@hopper.example"
    ]
    assert (leads(day), day.made("Task")) == ([], [])
    day.both.apollo.update("contact", born, {"stage": "Interested"})
    day.run()
    (lead,) = leads(day)
    day.run()
    assert [one["WhoId"] for one in day.made("Task")] == [lead["Id"]]


def test_a_task_that_is_opened_again_and_edited_stays_one_task() -> None:
    """Re-open, edit, complete again. (EDGE-14)"""
    day = Day(RULES["task"])
    id = day.completed()
    day.run()
    day.both.apollo.update("task", id, {"status": "scheduled"})
    day.run()
    (made,) = day.made("Task")
    assert made["Status"] == "Not Started"
    day.both.apollo.update("task", id, {"title": "Send the better offer"})
    day.run()
    day.both.apollo.update("task", id, {"status": "completed"})
    day.run()
    (made,) = day.made("Task")
    assert (made["Status"], made["Subject"]) == ("Completed", "Send the better offer")


def test_a_meeting_is_moved_cancelled_or_one_of_a_series() -> None:
    """The same Event moves; a cancelled one is marked as the rule says, once; of a series each
    takes place once, the moved one where it is. (EDGE-15)"""
    day = Day(f'{RULES["meeting"]} {{ on cancel mark Subject "Cancelled: {{{{ subject }}}}" }}')
    first = day.meeting(series_id="s1")
    second = day.meeting(
        series_id="s1",
        start_time="2026-01-16T09:00:00.000Z",
        end_time="2026-01-16T10:00:00.000Z",
    )
    day.run()
    assert len(day.made("Event")) == 2
    later = {"start_time": "2026-01-17T11:00:00.000Z", "end_time": "2026-01-17T12:00:00.000Z"}
    day.both.apollo.update("meeting", second, later)
    day.both.apollo.update("meeting", first, {"cancelled": True})
    day.run()
    day.run()
    found = sorted((one["StartDateTime"][:13], one["Subject"]) for one in day.made("Event"))
    assert found == [
        ("2026-01-09T09", "Cancelled: Kick-off"),
        ("2026-01-17T11", "Kick-off"),
    ]


def test_a_meeting_that_was_cancelled_before_the_rule_said_what_follows_is_left() -> None:
    """Also where somebody edits its Event; one that is cancelled from then on is marked."""
    day = Day(RULES["meeting"])
    old, new = day.meeting(), day.meeting(subject="Review")
    day.run()
    day.both.apollo.update("meeting", old, {"cancelled": True})
    day.run()
    says = RULES["meeting"] + ' { on cancel mark Subject "Off: {{ subject }}" }'
    day.both.edit(HEAD + says + "\n")
    day.run()
    for one in day.made("Event"):
        day.both.salesforce.update("Event", one["Id"], {"Description": "Room 2"})
    day.both.apollo.update("meeting", new, {"cancelled": True})
    day.run()
    assert sorted(one["Subject"] for one in day.made("Event")) == ["Kick-off", "Off: Review"]
    day.both.clock.sleep(HOUR)
    day.both.backfill("push", "meeting")
    assert sorted(one["Subject"] for one in day.made("Event")) == ["Off: Kick-off", "Off: Review"]


def called_off(field: str = "Subject", text: str = "Cancelled: {{ subject }}") -> tuple[Day, str]:
    """A meeting that was called off, and a word of that in a field of its Event."""
    day = Day(f'{RULES["meeting"]} {{ on cancel mark {field} "{text}" }}')
    id = day.meeting()
    day.run()
    news(day, id, cancelled=True)
    return day, id


def news(day: Day, id: str, **values: Any) -> Any:
    """Something of a meeting changes; what its Event says once a run has heard of it."""
    day.both.apollo.update("meeting", id, values)
    day.run()
    (event,) = day.made("Event")
    return event["Subject"]


def renamed(day: Day, subject: str) -> None:
    """Somebody in Salesforce calls the Event otherwise."""
    (event,) = day.made("Event")
    day.both.salesforce.update("Event", event["Id"], {"Subject": subject})


def test_a_meeting_that_takes_place_after_all_says_so_as_often_as_it_changes() -> None:
    """Its Event says again what it said before it was called off. (EDGE-15)"""
    day, id = called_off()
    for _ in range(2):
        assert day.made("Event")[0]["Subject"] == "Cancelled: Kick-off"
        assert news(day, id, cancelled=False) == "Kick-off"
        assert news(day, id, description="In room 3") == "Kick-off"
        assert news(day, id, cancelled=True) == "Cancelled: Kick-off"
        day.run()
    assert not lost(day.both.db, [ORG])


def test_the_word_that_somebody_gave_to_a_meeting_called_off_stays() -> None:
    """Only what is still the rule's own is taken back."""
    day, id = called_off()
    renamed(day, "Cancelled: Ada is ill")
    assert news(day, id, cancelled=False) == "Cancelled: Ada is ill"


def test_the_word_that_somebody_had_given_to_a_meeting_is_back() -> None:
    day, id = called_off()
    news(day, id, cancelled=False)
    renamed(day, "Kick-off, at last")
    assert news(day, id, cancelled=True) == "Cancelled: Kick-off"
    assert news(day, id, cancelled=False) == "Kick-off, at last"


@pytest.mark.parametrize("before", [False, True], ids=["at once", "before"])
def test_a_meeting_that_takes_place_under_another_name_has_that_one(before: bool) -> None:
    """What a row says goes before what is taken back."""
    day, id = called_off()
    if before:
        news(day, id, subject="Second try")
    assert news(day, id, subject="Second try", cancelled=False) == "Second try"
    assert not lost(day.both.db, [ORG])
    assert news(day, id, cancelled=True) == "Cancelled: Second try"
    assert news(day, id, cancelled=False) == "Second try"


def test_a_meeting_that_is_named_anew_as_it_is_called_off_says_both() -> None:
    """Whatever else changes of it, until it takes place after all under that name."""
    day, id = called_off()
    news(day, id, cancelled=False)
    both = "Cancelled: Second try"
    assert news(day, id, subject="Second try", cancelled=True) == both
    assert news(day, id, description="In room 3") == both
    assert news(day, id, cancelled=False) == "Second try"
    assert news(day, id, description="In room 4") == "Second try"


@pytest.mark.parametrize("word", ["", "Kick-off?"])
def test_a_meeting_is_called_off_again_where_taking_its_word_back_was_lost(word: str) -> None:
    """Before that was tried once more, and whether or not somebody has put another word there."""
    day, id = called_off()
    day.both.salesforce.faults.rules.append(SalesforceFault("lost before", "", "composite"))
    assert news(day, id, cancelled=False) == "Cancelled: Kick-off"
    day.both.salesforce.faults.rules.clear()
    if word:
        renamed(day, word)
    assert news(day, id, cancelled=True) == "Cancelled: Kick-off"
    assert news(day, id, cancelled=False) == (word or "Kick-off")


@pytest.mark.parametrize("word", ["", "Kick-off?"])
@pytest.mark.parametrize("first", ["called off", "back"])
def test_a_meeting_that_took_place_after_all_while_its_event_was_in_the_bin_is_called_off_again(
    first: str, word: str
) -> None:
    """Whether that comes before the Event is back or after, and whether or not somebody had put
    another word there. (EDGE-15)"""
    day, id = called_off()
    if word:
        renamed(day, word)
    [event] = [one["Id"] for one in day.made("Event")]
    day.both.salesforce.delete("Event", event)
    day.run()
    day.both.apollo.update("meeting", id, {"cancelled": False})
    day.run()
    if first == "called off":
        day.both.apollo.update("meeting", id, {"cancelled": True})
        day.run()
    day.both.salesforce.undelete("Event", event)
    assert news(day, id, cancelled=True) == "Cancelled: Kick-off"
    assert news(day, id, cancelled=False) == (word or "Kick-off")


def test_meetings_that_take_place_after_all_are_no_older_copy_of_the_state() -> None:
    """However many of them have their Event in the bin."""
    day = Day(f'{RULES["meeting"]} {{ on cancel mark Subject "Off" }}')
    ids = [day.meeting(subject=f"Kick-off {number}") for number in range(TWINS)]
    day.run()
    for cancelled in (True, False):
        for id in ids:
            day.both.apollo.update("meeting", id, {"cancelled": cancelled})
        day.both.clock.sleep(HOUR)
        assert not day.both.run().restored
        for event in day.made("Event"):
            day.both.salesforce.delete("Event", event["Id"])


def test_a_field_that_was_blank_before_a_meeting_was_called_off_is_blank_again() -> None:
    day, id = called_off("Location", "nowhere")
    assert day.made("Event")[0]["Location"] == "nowhere"
    news(day, id, cancelled=False)
    assert day.made("Event")[0].get("Location") is None


def test_a_note_goes_to_the_right_parent_once() -> None:
    """However often a run repeats. (ACT-16)"""
    day = Day(RULES["note"])
    day.note()
    day.note(content="Pays late", contact_id=None, account_id=day.berg)
    day.run()
    day.run()
    found = {one["Body"]: one["ParentId"] for one in day.made("Note")}
    assert found == {"Likes tea": day.person, "Pays late": day.firm}
    assert len(day.made("Note")) == 2


def test_who_is_deleted_while_a_run_writes_is_no_error_of_what_is_about_them() -> None:
    """The first write that is refused tells it to all that come after, of whatever kind."""
    day = Day("\n".join(RULES[one] for one in ("call", "meeting", "note")))
    for make in (day.call, day.meeting, day.note):
        make()
    deleted: list[str] = []

    def delete(point: str) -> None:
        if point == "after decided" and not deleted:
            deleted.append(day.person)
            day.both.salesforce.delete("Contact", day.person)

    day.both.world.on_point = delete
    day.run()
    assert deleted and day.both.errors() == []
    day.run()
    assert day.both.errors() == []


def test_a_task_and_the_call_it_led_to_count_once() -> None:
    """As the call, whichever is seen first."""
    day = Day(f"{RULES['task']}\n{RULES['call']}")
    task = day.completed(type="call", title="Ring Ada")
    day.call(outreach_task_id=task)
    day.run()
    assert [one["TaskSubtype"] for one in day.made("Task")] == ["Call"]
    late = day.completed(type="call", title="Ring Ada again")
    day.run()
    day.call(outreach_task_id=late)
    day.run()
    assert len(day.made("Task")) == 2


def test_a_lead_has_its_activities_without_an_account() -> None:
    """Salesforce takes no account beside a Lead."""
    day = Day(RULES["call"])
    bo = day.apollo("contact", first_name="Bo", last_name="Ek", email="bo@berg.example",
                    account_id=day.berg)  # fmt: skip
    lead = day.salesforce("Lead", LastName="Ek", Company="Berg AS", Email="bo@berg.example")
    day.call(contact_id=bo, account_id=day.berg)
    day.run()
    (made,) = day.made("Task")
    assert (made["WhoId"], made.get("WhatId")) == (lead, None)
    assert day.both.errors() == []


LEADS = """\
push contact as Lead when stage is "Interested" { match on email }
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
    "Berg AS"  -> Company
}
"""


def test_what_went_to_the_account_goes_to_the_lead_once_there_is_one() -> None:
    """A task of somebody whom Salesforce doesn't know stands with the account. When the person
    becomes a lead, it is with the lead, and with the account no longer. (ACT-18, CPU-3)"""
    day = Day(f"{RULES['task']}\n{LEADS}")
    bo = day.apollo("contact", first_name="Bo", last_name="Ek", email="bo@berg.example",
                    account_id=day.berg, stage="Cold")  # fmt: skip
    day.completed(contact_id=bo)
    day.run()
    (made,) = day.made("Task")
    assert (made.get("WhoId"), made["WhatId"]) == (None, day.firm)
    day.both.apollo.update("contact", bo, {"stage": "Interested"})
    day.run()
    day.run()
    (made,), (lead,) = day.made("Task"), day.made("Lead")
    assert (made["WhoId"], made.get("WhatId")) == (lead["Id"], None)
    assert day.both.errors() == []


def test_an_account_that_comes_later_does_not_trouble_what_a_lead_did() -> None:
    """The contact gets an account; its task stays with the lead alone, and that is no error."""
    day = Day(f"{RULES['task']}\n{RULES['call']}")
    bo = day.apollo("contact", first_name="Bo", last_name="Ek", email="bo@berg.example")
    lead = day.salesforce("Lead", LastName="Ek", Company="Berg AS", Email="bo@berg.example")
    day.completed(contact_id=bo)
    day.run()
    day.both.apollo.update("contact", bo, {"account_id": day.berg})
    day.run()
    (made,) = day.made("Task")
    assert (made["WhoId"], made.get("WhatId")) == (lead, None)
    assert day.both.errors() == []
    before = day.both.calls()
    day.run()
    assert day.both.since(before).salesforce_writes == 0


@pytest.mark.parametrize("kind", ["task", "meeting"])
def test_what_was_deleted_in_apollo_goes_in_salesforce_where_a_rule_says_so(kind: str) -> None:
    """Apollo tells of no deletion: it is missed in the look that is taken once a day, and asked
    for by its id. Its neighbour stays."""
    target = {"task": "Task when completed", "meeting": "Event"}[kind]
    day = Day(f"push {kind} as {target} {{\n    on delete delete\n}}")
    made = [day.completed() if kind == "task" else day.meeting() for _ in range(2)]
    day.run()
    assert len(day.made(target.split()[0])) == 2
    day.both.apollo.delete(kind, made[0])
    for _ in range(25):
        day.run()
    assert len(day.made(target.split()[0])) == 1
    assert day.both.errors() == []
    day.both.apollo.delete(kind, made[1])
    before = day.both.calls()
    day.both.clock.sleep(HOUR)
    assert day.both.run().counts == {}
    assert day.both.since(before).salesforce_writes == 0


def test_a_task_that_is_deleted_in_salesforce_is_marked_in_apollo() -> None:
    """Salesforce tells of it at once."""
    day = Day('pull Task as task visible when open {\n    on delete mark title "Gone"\n}')
    task = day.salesforce("Task", Subject="Ring back", Status="Not Started", WhoId=day.person)
    day.run()
    day.both.salesforce.delete("Task", task)
    day.run()
    assert [one["title"] for one in day.tasks()] == ["Gone"]


@pytest.mark.parametrize("kind", ["call", "email", "note"])
def test_that_nobody_can_tell_what_was_deleted_is_a_finding(kind: str) -> None:
    """The rule would do nothing, and says so before it runs."""
    target = "Note create only" if kind == "note" else "Task"
    rules = f"{HEAD}push {kind} as {target} {{\n    on delete delete\n}}\n"
    assert [code for code in codes(rules) if code == "never-told"]
