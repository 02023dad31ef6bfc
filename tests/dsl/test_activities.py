"""The standard rows of activities: which fields go together, and which of their values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.connectors.base.schema import (
    Choice,
    Field,
    Object,
    Schema,
    from_json,
    to_json,
)
from syncrules.dsl import check
from syncrules.dsl.activities import standard_rows, standard_table
from syncrules.tests.dsl.schemas import APOLLO, SALESFORCE

WHO = {"user": "OwnerId", "contact": "WhoId", "account": "WhatId"}


def rows(left: str, right: str) -> dict[str, str]:
    """The standard rows of a pair, by left name."""
    found = standard_rows(APOLLO.by_name[left], SALESFORCE.by_name[right])
    return {one.name: other.name for one, other in found}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (
            "task",
            "Task",
            {
                "type": "TaskSubtype",
                "title": "Subject",
                "note": "Description",
                "due_at": "ActivityDate",
                "status": "Status",
                "priority": "Priority",
                **WHO,
            },
        ),
        (
            "call",
            "Task",
            {
                "kind": "TaskSubtype",
                "subject": "Subject",
                "note": "Description",
                "start_time": "ActivityDate",
                "status": "Status",
                **WHO,
            },
        ),
        (
            "email",
            "Task",
            {
                "kind": "TaskSubtype",
                "subject": "Subject",
                "body_text": "Description",
                "completed_at": "ActivityDate",
                "status": "Status",
                **WHO,
            },
        ),
        (
            "meeting",
            "Event",
            {
                "subject": "Subject",
                "description": "Description",
                "start_time": "StartDateTime",
                "end_time": "EndDateTime",
                **WHO,
            },
        ),
        (
            "meeting",
            "Task",
            {
                "subject": "Subject",
                "description": "Description",
                "start_time": "ActivityDate",
                **WHO,
            },
        ),
        (
            "note",
            "Note",
            {
                "subject": "Title",
                "content": "Body",
                "user": "OwnerId",
                "about": "ParentId",
            },
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_goes_with_what(left: str, right: str, expected: dict[str, str]) -> None:
    """Nobody has to write these rows: subject, text, times, status, owner, person, account."""
    assert rows(left, right) == expected


def test_what_no_side_takes_is_no_row() -> None:
    """Both tell whether a task is done, and neither can be told: its status says it."""
    task, other = APOLLO.by_name["task"], SALESFORCE.by_name["Task"]
    assert (task.by_role["done"].name, other.by_role["done"].name) == ("completed", "completed")
    assert "completed" not in rows("task", "Task")


def test_people_and_companies_have_no_standard_rows() -> None:
    """They move what a `map` names, and nothing else."""
    assert rows("contact", "Contact") == {}


def test_values_go_by_what_they_stand_for() -> None:
    """A pair of first values both ways; the others one way; what stands for nothing stays out."""
    task, other = APOLLO.by_name["task"], SALESFORCE.by_name["Task"]
    assert standard_table(task.by_role["status"], other.by_role["status"]) == (
        ("scheduled", "Not Started", "both"),
        ("scheduled", "In Progress", "pull"),
        ("completed", "Completed", "both"),
    )
    assert standard_table(task.by_role["priority"], other.by_role["priority"]) == (
        ("high", "High", "both"),
        ("medium", "Normal", "both"),
        ("low", "Low", "both"),
    )
    call = APOLLO.by_name["call"]
    assert standard_table(call.by_role["status"], other.by_role["status"]) == (
        ("in-progress", "Not Started", "both"),
        ("in-progress", "In Progress", "pull"),
        ("completed", "Completed", "both"),
        ("no-answer", "Completed", "push"),
    )
    assert standard_table(call.by_role["kind"], other.by_role["kind"]) == (
        ("call", "Call", "both"),
    )


def test_a_value_that_is_gone_is_read_and_never_written() -> None:
    """An org has renamed its closed status: the new one is written, old tasks are still closed."""
    status = SALESFORCE.by_name["Task"].by_role["status"]
    own = APOLLO.by_name["task"].by_role["status"]
    closed = (Choice("Completed", active=False, means="done"), Choice("Finished", means="done"))
    renamed = replace(status, choices=closed)
    assert standard_table(own, renamed) == (
        ("completed", "Finished", "both"),
        ("completed", "Completed", "pull"),
    )
    assert standard_table(own, replace(status, choices=closed[:1])) == (
        ("completed", "Completed", "pull"),
    )


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        ("push note as Note create only", []),
        ("pull Task as task visible when open", []),
        # Nothing of an email says which record a note hangs on.
        ("push email as Note", ["required-field-unfilled"]),
        ("push contact as Note", ["required-field-unfilled"]),
    ],
)
def test_what_standard_rows_fill_needs_no_row(rules: str, codes: list[str]) -> None:
    """Nobody has to write a row for the title of a note or the person of a task."""
    text = f"sync apollo with salesforce\n{rules}\n"
    found = check({"a.sync": text}, {"apollo": APOLLO, "salesforce": SALESFORCE}).findings
    assert [one.code for one in found] == codes


def test_different_things_have_no_values_in_common() -> None:
    """A status says nothing about a priority, whatever their values stand for."""
    task, other = APOLLO.by_name["task"], SALESFORCE.by_name["Task"]
    assert standard_table(task.by_role["status"], other.by_role["priority"]) == ()
    assert standard_table(task.by_role["subject"], other.by_role["subject"]) == ()


def test_two_systems_that_never_heard_of_each_other_fit() -> None:
    """Roles are all that is needed, so any connector may bring activities."""
    ticket = Object(
        "ticket",
        "Ticket",
        (
            Field("headline", "Headline", "text", role="subject"),
            Field("deadline", "Deadline", "datetime", role="when"),
            Field("severity", "Severity", "number"),
        ),
        thing="activity",
    )
    found = standard_rows(ticket, SALESFORCE.by_name["Task"])
    assert [(one.name, other.name) for one, other in found] == [
        ("headline", "Subject"),
        ("deadline", "ActivityDate"),
    ]


@pytest.mark.parametrize("schema", [APOLLO, SALESFORCE], ids=lambda one: one.system)
def test_a_schema_file_keeps_roles_and_meanings(schema: Schema) -> None:
    """What the language reads is the file."""
    assert from_json(to_json(schema)) == schema
