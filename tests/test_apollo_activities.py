"""What people did in Apollo: how the connector describes it, and how its fields read.

Rows are written as Apollo answers. What requests bring is in `test_apollo_tasks.py` and
`test_apollo_diary.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from syncrules.connectors.apollo import activities
from syncrules.connectors.apollo.access import ApolloConnector
from syncrules.connectors.apollo.connector import KIND
from syncrules.connectors.apollo.describe import canonical
from syncrules.connectors.apollo.simulator import ApolloSimulator, simulate
from syncrules.connectors.base.contract import Read, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Object
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.errors import UsageError
from syncrules.tests.worlds import SimWorld, VirtualClock


def connect(**settings: str) -> tuple[ApolloConnector, ApolloSimulator]:
    """A small made-up team, and a connection to it."""
    clock = VirtualClock()
    sim = simulate(SimulatorOptions(records=20, clock=clock))
    given: Mapping[str, str | Secret] = {"system": "apollo", "key": Secret(sim.key), **settings}
    return ApolloConnector(given, SimWorld({"api.apollo.io": sim.handle}, clock)), sim


def described(**settings: str) -> dict[str, Object]:
    connector, _ = connect(**settings)
    found = connector.describe().things("activity")
    return {one.name: one for one in found}


def read(object: str, **row: Any) -> dict[str, Value]:
    """A row of the wire as a record's values; what can't be told is left out."""
    forms = activities.forms(object, True)
    return canonical({"id": "1", **row}, forms, forms)


# ---- describing ---------------------------------------------------------------------------------


def test_tasks_and_calls_can_be_written_and_all_else_only_read() -> None:
    """A rule that creates an email or a note in Apollo is told so by `check`."""
    found = described(undocumented="yes")
    assert list(found) == ["task", "call", "email", "meeting", "note"]
    assert {name for name, one in found.items() if one.creatable or one.updatable} == {
        "task",
        "call",
    }
    for name in ("email", "meeting", "note"):
        assert not any(one.creatable or one.updatable for one in found[name].fields)
    assert [one.plural for one in found.values()] == [
        *("tasks", "calls", "emails", "meetings", "notes")
    ]


def test_a_task_is_not_made_without_what_apollo_asks_for() -> None:
    """Whose, with whom, of which type and how it stands; a title is no must, and what has no due
    time elsewhere is due when it comes."""
    task = described()["task"]
    needed = {one.name for one in task.fields if one.required}
    assert needed == {"user", "contact", "type", "status"}
    assert task.by_name["title"].creatable and not task.by_name["account"].updatable
    assert task.by_name["creator"].updatable and not task.by_name["creator"].creatable
    assert [one.value for one in task.by_name["priority"].choices] == ["high", "medium", "low"]
    assert task.by_name["completed"].derived and task.by_name["open"].derived


def test_what_the_api_does_not_document_is_seen_only_by_those_who_want_it() -> None:
    """A rule on it would not work against the real Apollo, so `check` finds no such thing."""
    plain, all = described(), described(undocumented="yes")
    assert "meeting" not in plain and "meeting" in all

    def values(found: Mapping[str, Object], field: str) -> list[str]:
        return [one.value for one in found["email"].by_name[field].choices]

    assert values(plain, "mailbox") == ["apollo"] and values(plain, "direction") == ["outgoing"]
    assert values(all, "mailbox") == ["apollo", "connected"]
    assert values(all, "direction") == ["outgoing", "incoming"]


def test_a_switch_is_yes_or_no() -> None:
    """Anything else would leave people guessing."""
    with pytest.raises(UsageError) as caught:
        connect(undocumented="maybe")
    assert "[systems.apollo]" in caught.value.what and caught.value.fix


def test_only_tasks_are_counted_and_only_for_whom_may_list_them() -> None:
    """They are read as a whole, so their number is what they cost. A key that may list neither
    tasks nor calls still gets its schema."""
    connector, sim = connect()
    found = connector.describe(["task", "call", "email", "note"])
    counts = {one.name: one.count for one in found.objects}
    assert counts == {"task": len(sim.rows("task")), "call": None, "email": None, "note": None}
    assert [one.action for one in sim.requests] == ["users/api_profile", "tasks/search"]
    sim.keys[sim.key] = frozenset({"users/api_profile"})
    assert connector.describe(["task", "call"]).by_name["task"].count is None


# ---- reading fields -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "open", "completed"),
    [
        ("scheduled", True, False),
        ("completed", False, True),
        ("skipped", False, False),
        (None, True, False),
    ],
)
def test_a_skipped_task_is_neither_open_nor_completed(
    status: str | None, open: bool, completed: bool
) -> None:
    """A task without a status waits like a scheduled one."""
    found = read("task", status=status, due_at="2026-03-02T09:00:00.000Z", user_id="u1")
    assert (found["open"], found["completed"]) == (open, completed)
    assert (found["due_at"], found["user"]) == ("2026-03-02T09:00:00.000Z", "u1")


def test_a_call_tells_its_direction_and_is_called_by_it() -> None:
    """Calls have no subject of their own; `no_answer` and `no-answer` are one status."""
    incoming = read("call", inbound=True, status="no_answer", duration="95", note_text="Later")
    assert (incoming["direction"], incoming["subject"]) == ("incoming", "Incoming call")
    assert (incoming["status"], incoming["duration"]) == ("no-answer", 95)
    assert (incoming["kind"], incoming["note"]) == ("call", "Later")
    unknown = read("call")
    assert (unknown["direction"], unknown["subject"]) == (None, "Call")


def test_the_other_side_of_an_email_is_whom_it_is_with() -> None:
    """Who may be known to nobody yet."""
    ends = {"from_email": "us@team.example", "to_email": "ada@berg.example"}
    sent = read("email", **ends)
    assert (sent["direction"], sent["mailbox"]) == ("outgoing", "apollo")
    assert sent["address"] == "ada@berg.example"
    got = read("email", inbound=True, connected_mailbox=True, **ends)
    assert (got["direction"], got["mailbox"]) == ("incoming", "connected")
    assert got["address"] == "us@team.example"


def test_a_meeting_lists_its_guests() -> None:
    """Each once, whatever their order."""
    found = read("meeting", guests=["b@x.example", "a@x.example", "b@x.example"], cancelled=True)
    assert found["guests"] == ("a@x.example", "b@x.example") and found["cancelled"] is True


NOTE = {
    "type": "doc",
    "content": [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "Wants a "},
                {"type": "text", "text": "quote", "marks": [{"type": "bold"}]},
            ],
        },
        {
            "type": "bulletList",
            "content": [
                {
                    "type": "listItem",
                    "content": [
                        {
                            "type": "paragraph",
                            "content": [
                                {"type": "text", "text": "50 seats"},
                                {"type": "hardBreak"},
                                {"type": "text", "text": "by May"},
                            ],
                        }
                    ],
                },
                {"type": "listItem", "content": [{"type": "paragraph"}]},
            ],
        },
    ],
}


def test_a_note_is_read_as_its_words() -> None:
    """Its markup stays in Apollo, and its first line stands for a subject."""
    found = read("note", content=json.dumps(NOTE))
    assert found["content"] == "Wants a quote\n50 seats\nby May"
    assert found["subject"] == "Wants a quote"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Called back", "Called back"),
        ('{"price": 5}', '{"price": 5}'),
        ("{not json", "{not json"),
        ("", None),
        (None, None),
        ('{"type": "doc", "content": ["odd", {"type": "text"}]}', None),
    ],
)
def test_a_note_of_plain_text_stays_as_it_is(content: str | None, text: str | None) -> None:
    """Also where it looks like markup and is none."""
    assert read("note", content=content)["content"] == text


def test_a_long_first_line_is_cut_to_what_a_subject_takes() -> None:
    """80 characters are the shortest that any system of ours takes."""
    short = read("note", content="x" * 80 + "\nmore")["subject"]
    assert short == "x" * 80
    cut = read("note", content="word " * 30)["subject"]
    assert isinstance(cut, str) and len(cut) <= 80 and cut.endswith("word…")
    assert read("note", content=None)["subject"] is None


def test_a_note_is_about_its_contact_else_its_account_else_its_deal() -> None:
    """Alone or in a list, as Apollo tells them."""
    assert read("note", contact_id="c1", account_id="a1")["about"] == "c1"
    assert read("note", contact_ids=["c2", "c3"])["contact"] == "c2"
    assert read("note", contact_ids=[], account_ids=["a1"])["about"] == "a1"
    assert read("note", opportunity_ids=["o1"])["about"] == "o1"
    assert read("note")["about"] is None


# ---- what nobody may ask for --------------------------------------------------------------------


def test_what_the_api_does_not_document_is_refused_in_a_sentence() -> None:
    """Nothing is asked of Apollo, and the message says what to do."""
    connector, sim = connect()
    with pytest.raises(UsageError) as caught:
        list(connector.read(Read("apollo", "meeting", ("id",)), None))
    assert "meetings of apollo" in caught.value.what and "undocumented" in caught.value.fix
    with pytest.raises(UsageError):
        connector.fetch("meeting", ("id",), "id", ["1"])
    assert sim.requests == []


@pytest.mark.parametrize("object", ["email", "meeting", "note"])
def test_what_is_only_shown_is_not_written(object: str) -> None:
    """It is refused with a code, and nothing is sent."""
    connector, sim = connect(undocumented="yes")
    writes = [
        Write(1, "create", object, "", {"subject": "Hello"}),
        Write(2, "update", object, "1", {"subject": "Hello"}),
    ]
    done = [one for batch in connector.pack(writes) for one in connector.send(batch)]
    assert [(one.ref, one.kind, one.code) for one in done] == [
        (1, "refused", "not-writable"),
        (2, "refused", "not-writable"),
    ]
    assert f"{object}s" in done[0].message and KIND.advice(done[0].code)
    assert sim.requests == []
