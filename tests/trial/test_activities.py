"""What people did, decided in memory: whom it waits for, what stays out, what counts once."""

from __future__ import annotations

import pytest
from syncrules.tests.trial.rules import block, failures, verdicts

RULES = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage is "Replied"
pull Contact as contact hidden
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
    organization_name -> Company default "Unknown"
}
map contact with Contact { email <-> Email }

pull Account as account hidden

push task as Task when completed
pull Task as task visible when open
push call as Task
push email as Task when direction is "outgoing" and mailbox is "apollo" {
    add unknown people
}
push meeting as Event { on cancel mark Subject "Cancelled: {{ subject }}" }
push note as Note create only
"""

KNOWN = """
        given contact { email "ada@example.com", last_name "Lovelace" }
        linked with Contact { Email "ada@example.com" }"""
CALL = """
        given contact { email "ada@example.com" }
        linked with Contact { Email "ada@example.com" }
        given task { title "Ring Ada", status "scheduled", type "call", contact contact }"""

CASES = {
    "a completed task goes over, once its person is linked (ACT-18)": f"""{KNOWN}
        given task {{ title "Ring Ada", status "scheduled", type "call", contact contact }}
        change task {{ status "completed", completed true }}
        expect create Task {{
            Subject "Ring Ada", Status "Completed", TaskSubtype "Call", WhoId Contact
        }}""",
    "an open task never does (ACT-18)": f"""{KNOWN}
        given task {{ title "Ring Ada", status "scheduled", type "call", contact contact }}
        change task {{ title "Ring Ada again" }}
        expect nothing""",
    "a person who isn't linked is waited for": """
        given contact { email "ada@example.com", stage "Cold" }
        given task { title "Ring Ada", status "completed", completed true, contact contact }
        expect nothing""",
    "a person who is linked in the same run is enough": """
        given contact { email "ada@example.com", last_name "Lovelace", stage "Replied" }
        given call { contact contact, status "completed", direction "outgoing" }
        expect create Lead { LastName "Lovelace" }
        expect create Task { TaskSubtype "Call", Status "Completed" }""",
    "a person whom the other system has already is recognised, also before the two are linked": """
        given contact { email "ada@example.com", stage "Cold" }
        given Contact { Email "ada@example.com" }
        given call { contact contact, status "completed" }
        expect link Contact
        expect create Task { TaskSubtype "Call", WhoId Contact }""",
    "an account is enough (ACT-7)": """
        given account { name "Example Inc", domain "example.com" }
        linked with Account { Website "example.com" }
        given meeting { subject "Kick-off", guests ["ada@example.com"] }
        change meeting { account account }
        expect create Event { Subject "Kick-off", WhatId Account }""",
    "a cancelled meeting is marked (EDGE-15)": f"""{KNOWN}
        given meeting {{ subject "Kick-off", contact contact }}
        linked with Event {{ Subject "Kick-off", WhoId Contact }}
        change meeting {{ cancelled true }}
        expect update Event {{ Subject "Cancelled: Kick-off" }}""",
    "a meeting that was cancelled before anybody saw it is none": f"""{KNOWN}
        given meeting {{ subject "Kick-off", cancelled true }}
        change meeting {{ contact contact }}
        expect nothing""",
    "a meeting that is moved moves (EDGE-15)": f"""{KNOWN}
        given meeting {{ subject "Kick-off", contact contact, start_time 2026-03-01 }}
        linked with Event {{ Subject "Kick-off", WhoId Contact, StartDateTime 2026-03-01 }}
        change meeting {{ start_time 2026-03-02 }}
        expect update Event {{ StartDateTime 2026-03-02 }}""",
    "an open task of the other system comes over (ACT-19)": f"""{KNOWN}
        given Task {{ Subject "Send offer", Status "In Progress", open true }}
        change Task {{ WhoId Contact }}
        expect create task {{ title "Send offer", status "scheduled", contact contact }}""",
    "a closed one does not (ACT-19)": f"""{KNOWN}
        given Task {{ Subject "Send offer", Status "Completed" }}
        change Task {{ WhoId Contact }}
        expect nothing""",
    "completing a pulled task closes its original (ACT-20)": f"""{KNOWN}
        given task {{ title "Send offer", status "scheduled", contact contact }}
        linked with Task {{ Subject "Send offer", Status "Not Started", WhoId Contact, open true }}
        change task {{ status "completed", completed true }}
        expect update Task {{ Status "Completed" }}""",
    "a task that is opened again is the same task (EDGE-14)": f"""{KNOWN}
        given task {{ title "Send offer", status "completed", completed true, contact contact }}
        linked with Task {{ Subject "Send offer", Status "Completed", WhoId Contact }}
        change task {{ status "scheduled", completed false }}
        expect update Task {{ Status "Not Started" }}""",
    "a task and the call it led to count once, as the call": f"""{CALL}
        given call {{ contact contact, status "in-progress" }}
        change task {{ status "completed", completed true }}
        change call {{ status "completed", outreach_task task }}
        expect create Task {{ TaskSubtype "Call", Subject blank }}""",
    "who wrote and is unknown becomes a contact, who meets the rules (ACT-22, MORE-8)": """
        given email {
            direction "outgoing", mailbox "apollo", subject "Hello", address "ada@example.com"
        }
        expect create contact { email "ada@example.com" }""",
    "an unknown person with a name has it": """
        given email {
            direction "outgoing", mailbox "apollo", address "ada@example.com",
            name "Ada de la Tour"
        }
        expect create contact { first_name "Ada de la", last_name "Tour" }""",
    "who is known by address needs no reference": f"""{KNOWN}
        given email {{ direction "outgoing", mailbox "apollo", subject "Hello" }}
        change email {{ address "ada@example.com" }}
        expect create Task {{ Subject "Hello", TaskSubtype "Email", WhoId Contact }}""",
    "an email of a kind that no rule names stays (ACT-12)": f"""{KNOWN}
        given email {{ direction "incoming", mailbox "apollo", subject "Hello" }}
        change email {{ address "ada@example.com" }}
        expect nothing""",
    "a note goes to whom it is about (ACT-16)": f"""{KNOWN}
        given note {{ content "Likes tea" }}
        change note {{ about contact }}
        expect create Note {{ Body "Likes tea", ParentId Contact }}""",
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_people_did(case: str) -> None:
    """Each case passes as it stands."""
    assert failures(verdicts(RULES + block(case))[0]) == []
