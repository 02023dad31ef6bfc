"""Standard rows as rules: what goes without a word between two activities, and what replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from syncrules.connectors.base.schema import Field, Object, Schema
from syncrules.dsl import check
from syncrules.dsl.compare import compare
from syncrules.dsl.finding import Finding
from syncrules.dsl.rules import RowRule, Rules
from syncrules.dsl.types import convert

from .schemas import APOLLO, SALESFORCE, SCHEMAS

HEAD = "sync apollo with salesforce\n"
PUSH = "push task as Task when completed\n"
PULL = "pull Task as task visible when open\n"
EMAIL = "push email as Task\n"
NOTE = "push note as Note create only\n"
ARROWS = {"push": "->", "pull": "<-", "both": "<->"}


def changed(schema: Schema, object: str, **fields: Mapping[str, object]) -> dict[str, Schema]:
    """The two systems with some attributes of an object's fields changed."""

    def edited(one: Object) -> Object:
        if one.name != object:
            return one
        return replace(
            one,
            fields=tuple(replace(each, **fields.get(each.name, {})) for each in one.fields),  # type: ignore[arg-type]
        )

    objects = tuple(edited(one) for one in schema.objects)
    return {**SCHEMAS, schema.system: replace(schema, objects=objects)}


def findings(text: str, schemas: Mapping[str, Schema] = SCHEMAS) -> tuple[Finding, ...]:
    return check({"a.sync": HEAD + text}, schemas).findings


def rules(text: str, schemas: Mapping[str, Schema] = SCHEMAS) -> Rules:
    checked = check({"a.sync": HEAD + text}, schemas)
    assert checked.rules is not None, [one.title for one in checked.findings]
    return checked.rules


def rows(text: str, schemas: Mapping[str, Schema] = SCHEMAS) -> dict[str, RowRule]:
    """The standard rows of all pairs, by what each is called."""
    [found] = rules(text, schemas).sets
    return {
        one.text.removeprefix("standard row: "): one
        for pair in found.pairs
        for one in pair.rows
        if one.standard
    }


def shown(text: str, schemas: Mapping[str, Schema] = SCHEMAS) -> dict[str, str]:
    """The standard rows as one would write them."""
    return {
        role: f"{one.left} {ARROWS[one.direction]} {one.right}"
        for role, one in rows(text, schemas).items()
    }


OUT = {
    "kind": "type -> TaskSubtype",
    "subject": "title -> Subject",
    "text": "note -> Description",
    "when": "due_at -> ActivityDate",
    "status": "status -> Status",
    "priority": "priority -> Priority",
    "owner": "user -> OwnerId",
    "person": "contact -> WhoId",
    "account": "account -> WhatId",
}
# Nothing can be written to the account of a task in Apollo.
IN = {role: row.replace("->", "<-") for role, row in OUT.items() if role != "account"}
IN["status"] = "status <-> Status"
BOTH = {role: row.replace("->", "<->") for role, row in OUT.items()} | {"account": OUT["account"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [(PUSH, OUT), (PULL, IN), (PUSH + PULL, BOTH), (PULL + PUSH, BOTH)],
    ids=["push", "pull", "both", "both, the pull first"],
)
def test_rows_go_the_way_that_the_rules_go(text: str, expected: dict[str, str]) -> None:
    """What can't be written on a side doesn't go there."""
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "role", "expected"),
    [
        (PUSH + 'map task with Task { "To do" -> Subject }\n', "subject", None),
        (PUSH + "map task with Task { note -> Subject }\n", "subject", None),
        (PUSH + "map task with Task { title <- Subject }\n", "subject", "title -> Subject"),
        (PUSH + PULL + "map task with Task { note -> Subject }\n", "subject", "title <- Subject"),
        (PUSH + PULL + "map task with Task { title <- Subject }\n", "subject", "title -> Subject"),
        (
            PUSH + PULL + "map task with Task { title <-> Subject prefer latest }\n",
            "subject",
            None,
        ),
        (
            PUSH + 'map task priority with Task.Priority {\n"high" -> "High"\n'
            '"medium" -> "Normal"\n"low" -> "Low"\n}\n',
            "priority",
            None,
        ),
        (PUSH + 'infer Task Status from calls { "Completed" when none }\n', "status", None),
        # The map of another pair is no word about this one.
        (
            PUSH + 'push call as Task\nmap call with Task { "Call" -> Subject }\n',
            "subject",
            "title -> Subject",
        ),
    ],
)
def test_a_row_for_the_same_target_replaces_a_standard_row(
    text: str, role: str, expected: str | None
) -> None:
    """In its own direction, and for its own two objects."""
    found = findings(text)
    assert "conflicting-writes" not in [one.code for one in found]
    assert "table-twice-with-infer" not in [one.code for one in found]
    assert shown(text).get(role) == expected


def test_a_standard_row_stands_where_its_rule_does() -> None:
    """So a message about it leads to the rule that makes it go."""
    text = f"push contact as Contact update only\n\n{PULL}{PUSH}"
    found = rows(text)
    assert {(one.place.file, one.place.line) for one in found.values()} == {
        ("a.sync", 4),
        ("a.sync", 5),
    }
    assert found["subject"].place.line == 4
    assert found["account"].place.line == 5


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        (PUSH + PULL, "latest"),
        ("prefer salesforce\n" + PUSH + PULL, "right"),
        ("prefer apollo\n" + PUSH + PULL, "left"),
        (PUSH + "prefer apollo\n" + PULL, "left"),
        (PUSH, None),
        ("prefer salesforce\n" + PUSH, "right"),
    ],
)
def test_the_file_says_who_wins(text: str, winner: str | None) -> None:
    """Nobody is asked for a winner of a row that nobody wrote."""
    assert rows(text)["subject"].prefer == winner
    assert findings(text) == ()


def test_values_go_by_a_table_as_far_as_the_rules_go() -> None:
    """A table both ways is one way where the rules are."""
    there = (("scheduled", "Not Started", "push"), ("completed", "Completed", "push"))
    back = (
        ("scheduled", "Not Started", "pull"),
        ("scheduled", "In Progress", "pull"),
        ("completed", "Completed", "both"),
    )
    assert rows(PUSH)["status"].table == there
    assert rows(PUSH)["status"].convert == ("table", "")
    assert rows(PULL)["status"].table == back
    assert rows(PULL)["priority"].convert == ("", "table")
    assert rows(PUSH + PULL)["status"].convert == ("table", "table")


def test_completing_a_pulled_task_closes_its_original() -> None:
    """Also where no rule pushes tasks; nothing else of it goes back, and a row of a map may say
    otherwise."""
    row = rows(PULL)["status"]
    assert row.direction == "both"
    assert [one for one in row.table if one[2] != "pull"] == [("completed", "Completed", "both")]
    assert findings(PULL + "guard at most 5% of Task changed per run\n") == ()
    own = 'map task with Task { "Completed" -> Status }\n'
    assert shown(PULL + own)["status"] == "status <- Status"
    other = 'map task with Task { status <- "scheduled" }\n'
    assert rows(PULL + other)["status"].table == (("completed", "Completed", "push"),)
    read = changed(SALESFORCE, "Task", Status={"creatable": False, "updatable": False})
    assert shown(PULL, read)["status"] == "status <- Status"


def test_a_table_goes_only_where_a_value_is_left() -> None:
    """A closed status that is no longer active is read, and nothing writes it."""
    task = SALESFORCE.by_name["Task"].by_name["Status"]
    gone = tuple(replace(one, active=False) for one in task.choices)
    schemas = changed(SALESFORCE, "Task", Status={"choices": gone})
    assert "status" not in shown(PUSH, schemas)
    assert shown(PUSH + PULL, schemas)["status"] == "status <- Status"


def test_what_people_refer_to_is_linked() -> None:
    """The pairs of the person, who is a Contact or a Lead, the account and the user are known, with
    their keys, whichever of the two rules link."""
    pairs = {(one.left, one.right): one for one in rules(PUSH).sets[0].pairs}
    assert sorted(pairs) == [
        ("account", "Account"),
        ("contact", "Contact"),
        ("contact", "Lead"),
        ("task", "Task"),
        ("user", "User"),
    ]
    assert all(one.keys for name, one in pairs.items() if name != ("task", "Task"))
    kinds = {role: one.convert[0] for role, one in rows(PUSH).items()}
    assert (kinds["owner"], kinds["person"], kinds["account"]) == ("user", "reference", "reference")
    [found] = rules(PUSH + "push contact as Lead update only\n").sets
    assert ("contact", "Lead") in [(one.left, one.right) for one in found.pairs]
    assert ("contact", "Contact") in [(one.left, one.right) for one in found.pairs]


@pytest.mark.parametrize(
    ("zone", "noon"),
    [
        ("UTC", "2026-03-31T12:00:00.000Z"),
        ("Europe/Berlin", "2026-03-31T10:00:00.000Z"),
        ("America/Los_Angeles", "2026-03-31T19:00:00.000Z"),
        ("Pacific/Auckland", "2026-03-30T23:00:00.000Z"),
    ],
)
def test_a_day_becomes_its_noon_where_the_team_is(zone: str, noon: str) -> None:
    """A task that is due on a day is due on that day, wherever it is looked at; and going back it
    is that day again."""
    day = SALESFORCE.by_name["Task"].by_name["ActivityDate"]
    due = APOLLO.by_name["task"].by_name["due_at"]
    row = rows(PUSH + PULL)["when"]
    assert row.convert == ("day of moment", "noon of day")
    there = convert(row.convert[1], "2026-03-31", day, due, zone)
    assert there == noon
    assert convert(row.convert[0], there, due, day, zone) == "2026-03-31"
    assert convert(row.convert[1], None, day, due, zone) is None


def test_a_row_that_somebody_writes_gives_no_day_an_hour() -> None:
    """Noon is for standard rows alone."""
    text = PULL + "map task with Task { due_at <- ActivityDate }\n"
    assert [one.code for one in findings(text)] == ["wrong-type"]


def no_meaning(field: Field) -> dict[str, object]:
    return {"choices": tuple(replace(one, means="") for one in field.choices)}


SUBTYPE = SALESFORCE.by_name["Task"].by_name["TaskSubtype"]


@pytest.mark.parametrize(
    ("text", "schemas", "missing"),
    [
        (PULL, SCHEMAS, ""),
        (NOTE, SCHEMAS, ""),
        # An event has neither a kind nor a status.
        ("pull Event as task visible\n", SCHEMAS, "`task` requires `type` and `status`"),
        # No value of the one stands for a value of the other.
        (
            PULL,
            changed(SALESFORCE, "Task", TaskSubtype=no_meaning(SUBTYPE)),
            "`task` requires `type`",
        ),
        # Nothing that Apollo knows is what these lead to.
        (
            PULL,
            changed(SALESFORCE, "Task", WhoId={"references": ("Opportunity",)}),
            "`task` requires `contact`",
        ),
        # A text that is no choice.
        (
            NOTE,
            changed(SALESFORCE, "Note", Title={"type": "boolean"}),
            "`Note` requires `Title`",
        ),
    ],
)
def test_a_required_field_that_no_standard_row_fills_is_found(
    text: str, schemas: Mapping[str, Schema], missing: str
) -> None:
    """That two fields are one thing is not enough: a value has to go over."""
    found = findings(text, schemas)
    assert [one.code for one in found] == (["required-field-unfilled"] if missing else [])
    assert all(one.title.startswith(missing) for one in found)


def test_a_row_fills_what_no_standard_row_can() -> None:
    """What the finding asks for is what helps."""
    schemas = changed(SALESFORCE, "Task", TaskSubtype=no_meaning(SUBTYPE))
    row = 'map task with Task { type <- "action_item" }\n'
    assert findings(PULL + row, schemas) == ()


@pytest.mark.parametrize(
    "text",
    [
        PUSH + "guard at most 5% of Task changed per run\n",
        PUSH.replace(" when", " update only when") + "guard at most 9 Task changed per run\n",
        PUSH + "enrich Task with task\n",
        PUSH + PULL.replace("open", "open { match on title }"),
    ],
)
def test_standard_rows_count_where_rows_are_asked_for(text: str) -> None:
    """A guard has something to guard, an enrich something to fill, a key its partner."""
    assert [one.title for one in findings(text)] == []


def test_nobody_is_told_of_a_row_that_nobody_wrote() -> None:
    """A text that may be too long, or a field that is for creation only: whoever wants it
    otherwise writes the row, and is told then."""
    schemas = changed(APOLLO, "call", note={"length": 100_000})
    assert findings("push call as Task\n", schemas) == ()
    written = findings("push call as Task\nmap call with Task { note -> Description }\n", schemas)
    assert [one.code for one in written] == ["may-not-fit"]


def test_a_row_that_makes_a_loop_with_a_standard_row_is_found() -> None:
    """The title would grow with every round: Task: Task: Task: ..."""
    row = 'map task with Task { "Task: {{ title }}" -> Subject }\n'
    [found] = findings("prefer salesforce\n" + PUSH + PULL + row)
    assert (found.code, found.span.line) == ("value-loop", 5)
    assert [(one.label, one.span.line) for one in found.further] == [
        ("and the standard row: subject goes on", 4)
    ]
    assert found.help is not None and "`title <- Subject when blank`" in found.help
    own = row.replace("Subject }", "Subject\n title <- Subject when blank\n}")
    assert findings("prefer salesforce\n" + PUSH + PULL + own) == ()
    assert findings(PUSH + row) == ()


def test_a_source_in_a_field_of_a_standard_row_is_found() -> None:
    """A field gets one value; where a row replaces the standard one, that one is named."""
    source = PUSH.replace("completed", 'completed { source "Apollo" in Subject }')
    [found] = findings(source)
    assert (found.code, found.title) == (
        "conflicting-writes",
        "`Task.Subject` is written by `source` and by a standard row",
    )
    assert findings(source.replace("Subject", "Location").replace("as Task", "as Event")) == ()


def test_a_row_that_cannot_be_read_is_the_one_finding() -> None:
    """It might have been the one that fills the title."""
    wrong = 'map note with Note { "{{ nope }}" -> Title }\n'
    assert [one.code for one in findings(NOTE + wrong)] == ["unknown-name-in-template"]


# ---- two versions -----------------------------------------------------------------------------


def told(old: str, new: str) -> list[str]:
    found = [
        one
        for each in compare(rules(old), rules(new), SCHEMAS, SCHEMAS)
        for one in each.differences
    ]
    return [f"{one.kind}: {one.title}" for one in found]


ROW = 'map email with Task { "Email: {{ subject }}" -> Subject }\n'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (PUSH + EMAIL, EMAIL + "\n" + PUSH, []),
        (EMAIL, EMAIL + ROW, ["written-differently: Task.Subject"]),
        (EMAIL + ROW, EMAIL + ROW + "map email with Task { body_text -> Description }\n", []),
        (
            EMAIL + ROW,
            EMAIL + ROW + "map email with Task { body_text -> Description truncate }\n",
            ["written-differently: Task.Description"],
        ),
        (
            NOTE,
            "",
            [
                "not-linked: note with Note",
                "not-created: Note from note",
                "not-written: Note.Body from note.content",
                "not-written: Note.OwnerId from note.user",
                "not-written: Note.ParentId from note.about",
                "not-written: Note.Title from note.subject",
            ],
        ),
    ],
)
def test_diff_tells_what_standard_rows_do(old: str, new: str, expected: list[str]) -> None:
    """A written row that does what the standard one does is no change, and no activity brings
    anybody along."""
    assert told(old, new) == expected


def test_an_activity_brings_nobody_along() -> None:
    """It waits until its person is linked; a record that refers to another one makes it."""
    contacts = "push contact as Contact update only\nmap contact with Contact { email -> Email }\n"
    found = told(contacts, contacts + PUSH)
    assert "created: Task from task" in found
    assert "created: Contact from contact" not in found
