"""What people do with those they know: they ring, write to and meet them, plan what is to be done,
and do it.

Each of these ends its text in a tag (`Said 7-d7`), which nobody edits, so that the checker knows
which is which. Those who work there are in `people.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
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
        about = people.scope.objects & _MAKES.keys()
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


def write(people: People) -> None:
    """A mail goes out to a contact, or one comes in from somebody: now and then from a stranger,
    who may have written before."""
    inbound, connected = people.chance.choice(MAILS)
    kind = {"inbound": inbound, "connected_mailbox": connected}
    said = {**kind, "subject": f"Mail {people.next()}", "body_text": _text(people, "Wrote")}
    if inbound and people.chance.random() < 0.5:
        people.make("apollo", "email", {**said, **_stranger(people)})
        people.log.struck["a stranger writes"] += 1
        return
    key = people.someone(side="apollo")
    if key is not None:
        people.make("apollo", "email", {**said, "contact_id": key[2]})


def _stranger(people: People) -> dict[str, str]:
    """Who writes, and is known to neither system, unless by an earlier mail."""
    rows = [row for key, row in people.log.rows("apollo").items() if key[1] == "email"]
    wrote = [row.values for row in rows if row.values.get("from_email")]
    if wrote and people.chance.random() < 0.5:
        earlier = people.chance.choice(wrote)
        return {name: str(earlier[name]) for name in ("from_email", "from_name")}
    tag = f"p{people.next()}"
    return {"from_email": f"{tag}@strange.example", "from_name": f"Grace Okafor-{tag}"}


def meet(people: People) -> None:
    """Somebody is to meet a contact."""
    key = people.someone(side="apollo")
    if key is not None:
        said = {"subject": f"Meet {people.next()}", "description": _text(people, "About")}
        guests = [
            people.email(people.log.values(people.log.rows("apollo")[key]))
            or "guest@strange.example"
        ]
        times = dict(zip(("start_time", "end_time"), TIMES[0], strict=True))
        people.make("apollo", "meeting", {**said, **times, "guests": guests, "contact_id": key[2]})


def move(people: People) -> None:
    """A meeting is at another time, or is called off."""
    rows = people.log.rows("apollo")
    keys = sorted(one for one in rows if one[1] == "meeting" and not rows[one].get("cancelled"))
    if keys:
        times = dict(zip(("start_time", "end_time"), people.chance.choice(TIMES), strict=True))
        change = {"cancelled": True} if people.chance.random() < 0.3 else times
        people.change(people.chance.choice(keys), change)
        people.log.struck["a meeting moves"] += 1


def call_off(people: People) -> None:
    """A meeting is called off, or takes place after all: one of which a run has heard such news, or
    there has been none. In Salesforce somebody may have given it a word of their own."""
    log = people.log
    rows = log.rows("apollo")
    heard = log.finished[-1][0] if log.finished else 0
    news = {key: of[-1].seq for (key, name), of in log.by_field.items() if name == "cancelled"}
    keys = sorted(key for key in rows if key[1] == "meeting" and news.get(key, -1) < heard)
    if people.chance.random() < 0.4:
        name_anew(people)
    if keys:
        key = people.chance.choice([one for one in keys if one in news] or keys)
        off = not rows[key].get("cancelled")
        people.change(key, {"cancelled": off})
        what = "is called off" if off else "takes place after all"
        log.struck[f"a meeting {what}"] += 1


def put_off(people: People) -> None:
    """A meeting that was called off gets another time all the same."""
    rows = people.log.rows("apollo")
    keys = sorted(key for key in rows if key[1] == "meeting" and rows[key].get("cancelled"))
    if keys:
        times = dict(zip(("start_time", "end_time"), people.chance.choice(TIMES), strict=True))
        name_anew(people)
        people.change(people.chance.choice(keys), times)


def name_anew(people: People) -> None:
    """Nobody in Salesforce is told any more that a meeting was called off."""
    for key, row in sorted(people.log.rows("salesforce").items()):
        if key[1] == "Event" and str(row.get("Subject")).startswith(OFF):
            people.change(key, {"Subject": f"Ask {people.next()}"})


def jot(people: People) -> None:
    """Somebody notes something about a contact."""
    key = people.someone(side="apollo")
    if key is not None:
        people.make("apollo", "note", {"contact_id": key[2], "content": _text(people, "Noted")})
        people.log.struck["something is noted"] += 1


def note_anew(people: People) -> None:
    """A note gets other words, on either side."""
    key = some(people, people.chance.choice(("apollo", "salesforce")), ("note", "Note"))
    if key is not None:
        name = "content" if key[0] == "apollo" else "Body"
        people.change(key, {name: f"Word {people.next()}-{people.tag(key)}"})


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
    if key is not None and key[1] != "Event":
        name, value = ("status", "completed") if key[0] == "apollo" else ("Status", DONE)
        people.change(key, {name: value})
        people.log.struck["something is done"] += 1


def strike_out(people: People) -> None:
    """One of them is deleted."""
    key = some(people, people.chance.choice(("apollo", "salesforce")), (*_EDITED, "note", "Note"))
    if key is not None:
        people.delete(key)
        people.log.struck["what was done is deleted"] += 1


_EDITED = ("call", "task", "Task", "Event")


def some(people: People, system: System, among: Collection[str] = _EDITED) -> Key | None:
    """One of what was done that is there."""
    keys = sorted(one for one in people.log.rows(system) if one[1] in among)
    return people.chance.choice(keys) if keys else None


def _text(people: People, word: str) -> str:
    number = people.next()
    return f"{word} {number}-d{number}"


OFF = "Cancelled: "
"""What rules say of a meeting that is called off begins so."""
MAILS = ((False, False), (False, True), (True, True))
"""Whether a mail came in, and whether through a mailbox that Apollo only reads."""
TIMES = (
    ("2026-02-02T09:00:00.000Z", "2026-02-02T10:00:00.000Z"),
    ("2026-02-02T09:30:00.000Z", "2026-02-02T10:00:00.000Z"),
    ("2026-02-04T14:00:00.000Z", "2026-02-04T16:00:00.000Z"),
)
"""When meetings begin and end. Some begin at another time, and end as before."""
_MAKES = {
    "call": (ring,),
    "task": (plan, plan, do),
    "email": (write,),
    "meeting": (meet,),
    "note": (jot,),
}
DEEDS: tuple[tuple[int, str, Callable[[People], None]], ...] = (
    (8, "call", ring),
    (8, "task", plan),
    (4, "task", do),
    (8, "email", write),
    (6, "meeting", meet),
    (6, "meeting", move),
    (14, "Task", edit),
    (8, "Task", finish),
    (4, "Task", strike_out),
    (8, "note", jot),
    (6, "note", note_anew),
    (30, "off", call_off),
    (8, "off", put_off),
    (6, "off", edit),
    (3, "off", strike_out),
)
"""How often each is done, and what the rules must be about."""
