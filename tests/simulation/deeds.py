"""What people do with those they know: they ring them, plan what is to be done, and do it.

Each call and each task ends its text in a tag (`Said 7-d7`), which nobody edits, so that the
checker knows which is which. Those who work there are in `people.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from syncrules.tests.simulation.recorder import Key, System

if TYPE_CHECKING:
    from syncrules.tests.simulation.people import People

DAY_OF = "2026-01-05T09:00:00.000Z"
RUNG = ("completed", "completed", "no_answer", "in-progress")
PLANNED, DONE = ("Not Started", "Not Started", "In Progress"), "Completed"


def begun(people: People) -> None:
    """A few of them, at the beginning."""
    for _ in range(people.chance.choice((1, 2, 3))):
        about = people.scope.objects & {"call", "task"}
        people.chance.choice([one for name in sorted(about) for one in _MAKES[name]])(people)


def ring(people: People) -> None:
    """Somebody rings a contact, and writes down what was said."""
    key = people.someone(side="apollo")
    if key is not None:
        values = {"contact_id": key[2], "start_time": DAY_OF, "inbound": False}
        status = people.chance.choice(RUNG)
        people.make("apollo", "call", {**values, "status": status, "note": _text(people, "Said")})


def plan(people: People) -> None:
    """Something is to be done about somebody, says Salesforce."""
    key = people.someone(side="salesforce")
    if key is not None:
        status = people.chance.choice((*PLANNED, *PLANNED, DONE))
        values = {"WhoId": key[2], "Subject": f"Ask {people.next()}", "Status": status}
        people.make("salesforce", "Task", {**values, "Description": _text(people, "To do")})


def do(people: People) -> None:
    """Something was done about a contact that nobody had planned."""
    key = people.someone(side="apollo")
    if key is not None:
        values = {"contact_id": key[2], "due_at": DAY_OF, "type": "action_item"}
        title = {"title": f"Did {people.next()}", "note": _text(people, "Done")}
        people.make("apollo", "task", {**values, **title, "status": "completed"})


def edit(people: People) -> None:
    """One of them gets other words, on either side."""
    key = some(people, people.chance.choice(("apollo", "salesforce")))
    if key is None:
        return
    what = people.chance.choice(("subject", "text"))
    if what == "subject" and key[1] != "call":
        name = "title" if key[0] == "apollo" else "Subject"
        people.change(key, {name: f"Ask {people.next()}"})
    else:
        name = "note" if key[0] == "apollo" else "Description"
        people.change(key, {name: f"Word {people.next()}-{people.tag(key)}"})


def finish(people: People) -> None:
    """One of them is done."""
    key = some(people, people.chance.choice(("apollo", "salesforce")))
    if key is not None:
        name, value = ("status", "completed") if key[0] == "apollo" else ("Status", DONE)
        people.change(key, {name: value})
        people.log.struck["something is done"] += 1


def strike_out(people: People) -> None:
    """One of them is deleted."""
    key = some(people, people.chance.choice(("apollo", "salesforce")))
    if key is not None:
        people.delete(key)
        people.log.struck["what was done is deleted"] += 1


def some(people: People, system: System) -> Key | None:
    """A call or a task that is there."""
    keys = sorted(one for one in people.log.rows(system) if one[1] in ("call", "task", "Task"))
    return people.chance.choice(keys) if keys else None


def _text(people: People, word: str) -> str:
    number = people.next()
    return f"{word} {number}-d{number}"


_MAKES = {"call": (ring,), "task": (plan, plan, do)}
DEEDS: tuple[tuple[int, str, Callable[[People], None]], ...] = (
    (8, "call", ring),
    (8, "task", plan),
    (4, "task", do),
    (14, "Task", edit),
    (8, "Task", finish),
    (4, "Task", strike_out),
)
"""How often each is done, and what the rules must be about."""
