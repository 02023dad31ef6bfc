"""What a test says, done by people at the screens of both made-up systems, and what comes of it.

Knows which fields a person fills there and what each system adds by itself. Tests that say more
than people can do there (a record is deleted, two activities belong together) are not `plain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncrules import dsl
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.dsl.rules import LastOf, TestRule, TestStep, TestValue, UserBy
from syncrules.engine.run import run as verbs
from syncrules.engine.run.decision import Coming
from syncrules.engine.run.journal import Entry
from syncrules.engine.trial.ground import prepare
from syncrules.engine.trial.play import CHANGES, play
from syncrules.tests.both import HOUR, Both
from syncrules.tests.trial.rules import TODAY

PLAIN = {
    "contact": {"first_name", "last_name", "email", "title", "organization_name", "stage"},
    "Lead": {"FirstName", "LastName", "Email", "Title", "Company", "Status", "Description"},
    "Contact": {"FirstName", "LastName", "Email", "Title", "Description"},
    "account": {"name", "domain", "stage"},
    "Account": {"Name", "Website"},
    "Opportunity": {"won", "open", "lost"},
    "task": {"title", "note", "type", "status", "priority"},
    "call": {"note", "status", "duration"},
    "email": {"subject", "body_text", "status"},
    "note": {"content"},
    "Task": {
        *("Subject", "Description", "Status", "Priority", "TaskSubtype"),
        *("CallType", "CallDurationInSeconds"),
    },
    "Note": {"Title", "Body"},
}
"""Fields that a person at the screen fills, and that both systems take as they are."""
ENTERED = {
    "task": {"due_at": "due_at"},
    "call": {"start_time": "start_time"},
    "email": {"completed_at": "completed_at", "address": "to_email", "name": "to_name"},
    "Task": {"ActivityDate": "ActivityDate"},
}
"""Further ones, with what the system calls them."""
FOLLOWS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "call": {"direction": ("outgoing",), "subject": ("Outgoing call",)},
    "email": {"direction": ("outgoing",), "mailbox": ("apollo",)},
    "note": {"subject": ()},
    "Task": {"open": ()},
}
"""What nobody fills: a system tells it, as one of these values; () stands for any."""
PARENTS = {
    "contact": {"account": "account_id"},
    "Contact": {"AccountId": "AccountId"},
    "Opportunity": {"AccountId": "AccountId"},
    "task": {"contact": "contact_id"},
    "call": {"contact": "contact_id", "account": "account_id", "outreach_task": "outreach_task_id"},
    "email": {"contact": "contact_id"},
    "note": {"about": "contact_id"},
    "Task": {"WhoId": "WhoId"},
}
"""References that a person sets, with what the system calls them."""
STAGES = {"won": "Closed Won", "open": "Prospecting", "lost": "Closed Lost"}
NEEDED = {"Lead": "LastName", "Contact": "LastName", "Account": "Name", "task": "contact"}


def plain(test: TestRule) -> bool:
    """Whether people can do at two screens what a test says."""
    return all(_can(step) for step in test.steps)


def _can(step: TestStep) -> bool:
    object, values = step.record.object, dict(step.record.values)
    follows = FOLLOWS.get(object, {})
    told = all(
        values[name] in one if one else values[name] is not None
        for name, one in follows.items()
        if name in values
    )
    known = {
        *PLAIN.get(object, ()),
        *ENTERED.get(object, ()),
        *PARENTS.get(object, ()),
        *follows,
    }
    complete = object not in NEEDED or NEEDED[object] in values or step.kind == "change"
    deal = object != "Opportunity" or any(values.get(one) for one in STAGES)
    joined = step.kind == "linked" and object in ("task", "call", "email", "note", "Task", "Note")
    possible = step.kind != "delete" and not joined and told
    return possible and values.keys() <= known and complete and deal


def on_screen(step: TestStep, last: Mapping[str, str]) -> dict[str, object]:
    """The values of a step as a person enters them."""
    kind = step.record.object
    parents, entered = PARENTS.get(kind, {}), ENTERED.get(kind, {})
    found: dict[str, object] = {}
    for name, value in step.record.values:
        if isinstance(value, LastOf):
            found[parents[name]] = last[value.object]
        elif kind == "Opportunity":
            found |= {"StageName": STAGES[name]} if value else {}
        elif name not in FOLLOWS.get(kind, {}):
            found[entered.get(name, name)] = value
    if kind == "Opportunity" and step.kind != "change":
        found |= {"Name": "A deal", "CloseDate": "2026-12-31"}
    return found


Change = tuple[str, str, tuple[tuple[str, object], ...]]


def in_a_run(test: TestRule, rules: str) -> list[Change]:
    """What `preview` says after people did the same in both systems."""
    both = Both(rules)
    both.run()
    last: dict[str, str] = {}
    since: list[tuple[ApolloSimulator | SalesforceSimulator, str, str, dict[str, object]]] = []
    for step in test.steps:
        system = both.apollo if step.record.side == "left" else both.salesforce
        object, values = step.record.object, on_screen(step, last)
        if step.kind == "change":
            since.append((system, object, last[object], values))
        else:
            last[object] = system.create(object, values)
    if any(step.kind != "given" for step in test.steps):
        both.clock.sleep(HOUR)
        both.run()
    for system, object, id, values in since:
        system.update(object, id, values)
    both.clock.sleep(HOUR)
    entries: list[Entry] = []
    verbs.preview(both.setup, entries.append)
    return sorted(
        (one.action, one.object, _values(one.after, one.object))
        for one in entries
        if one.action != "link" or not one.flow.startswith("user")
    )


def in_memory(test: TestRule, rules: str, schemas: Mapping[str, Schema]) -> list[Change]:
    """What the test itself says comes of it; what waits for a person is no change yet."""
    checked = dsl.check({"r.sync": rules}, schemas)
    assert checked.rules is not None
    played = play(prepare(checked.rules.sets[0], schemas), test, TODAY)
    return sorted(
        (
            one.kind,
            one.object,
            _values({each.field: each.after for each in one.changes}, one.object),
        )
        for one in played.deeds
        if one.kind in CHANGES - {"approval"}
    )


def _values(after: Mapping[str, object], object: str) -> tuple[tuple[str, object], ...]:
    """Without references."""
    fields = PLAIN[object]
    return tuple(
        sorted(
            (name, str(value))
            for name, value in after.items()
            if name in fields and not isinstance(value, Coming)
        )
    )


MADE_UP: Mapping[str, Mapping[str, TestValue]] = {
    "contact": {"stage": "Cold", "last_name": "King"},
    "Lead": {"Status": "Open - Not Contacted", "Company": "Berg AB", "LastName": "King"},
    "Contact": {"LastName": "King"},
    "task": {
        "type": "action_item",
        "status": "scheduled",
        "priority": "medium",
        "due_at": "2026-01-05T12:00:00.000Z",
    },
    "call": {
        "direction": "outgoing",
        "subject": "Outgoing call",
        "start_time": "2026-01-05T12:00:00.000Z",
    },
    "email": {"direction": "outgoing", "mailbox": "apollo"},
    "Task": {"Status": "Not Started", "Priority": "Normal", "TaskSubtype": "Task"},
}
"""What the systems themselves put into new records, or want in them."""


def dressed(test: TestRule) -> TestRule:
    """The test with what the systems would add to its records, and without the users that it makes
    up."""
    return replace(test, steps=tuple(_dressed(one) for one in test.steps))


def _dressed(step: TestStep) -> TestStep:
    made_up = {} if step.kind == "change" else MADE_UP.get(step.record.object, {})
    said = {name: one for name, one in step.record.values if not isinstance(one, UserBy)}
    record = replace(step.record, values=tuple({**made_up, **said}.items()))
    return replace(step, record=record)
