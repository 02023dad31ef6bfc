"""The sets of rules that histories are under, what each of them means, and how large its world is.

Most histories are small: few records and one or two flows, of which very many are played. What is
told here is told a second time in the rule file beside it; `checker/` holds the end of a history
against this, and never asks the engine what a rule means.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

Side = Literal["left", "right"]
Kind = Literal["text", "email", "domain", "user", "reference", "stage", "status", "moment"]
Wanted = Callable[[Mapping[str, Any]], bool]

SMALL = 0.92
"""The share of histories that are under one of the small sets, of those under no narrow one."""
FEW = 0.12
"""The share of those under a set that has one thing to show: fewer of them do."""
FEWER = 0.05
"""The share of those under a set that came later: all other seeds keep theirs."""
FEWEST = 0.05
"""The share of those under a set that came later still."""
NEWEST = 0.03
"""The share of those under one of the sets in which somebody undoes runs."""
RARE = 0.03
"""The share of those under the set whose saves show hours after their stamp."""
CLOSING = 0.03
"""The share of those under the set in which companies are deleted."""
SOON = (30.0, 120.0, 500.0)
"""Seconds after which a save in Salesforce may be seen: all of them less than reads overlap by."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a template says: the fields of the left record in it, and what becomes of their values;
    None where it is blank."""

    of: tuple[str, ...]
    says: Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A row of a map: the fields, whether it goes both ways, who wins, whether a blank erases, and
    whether a change waits until a person lets it go. `to` is what a reference leads to, as the left
    side calls it. `new`: it is there only once somebody has edited the rules. `text`: it is a
    template, of which `left` is a name that no field has."""

    left: str
    right: str
    both: bool = True
    prefer: Side = "right"
    kind: Kind = "text"
    when_blank: bool = False
    clear: bool = False
    ask: bool = False
    to: str = "account"
    new: bool = False
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Stops:
    """Values of fields of the left and the right record, while one of which is there, nothing is
    written to the right; nor while what is `around` the right record says so."""

    left: Mapping[str, str] = field(default_factory=dict)
    right: Mapping[str, str] = field(default_factory=dict)
    around: Wanted | None = None

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return bool(self.left or self.right or self.around)


@dataclass(frozen=True, slots=True)
class After:
    """What follows on the other side when a record is deleted: it is deleted, too, is free, or gets
    a text. `merged`: it is free as well where the record went into one with a link of its own."""

    does: Literal["delete", "unlink", "mark"]
    field: str = ""
    text: str = ""
    merged: bool = False


@dataclass(frozen=True)
class Scope:
    """A set of rules and the world under it.

    `flows` are its maps by pair of objects, `wanted` says by object who has to have a counterpart,
    `backfills` bring all who were there before the rules. `places` is where a person may be at the
    beginning, `newcomers` where somebody new may be; `crowd` how many there are, from and to,
    `companies` and `rounds` are choices of how many. `stops` is when nothing may be written to the
    right, `after` what follows when a record of a side is deleted, `off` when a meeting is called
    off. `once`: flows whose records are made, and left alone from then on. `fills`: flows whose
    right records get what they lack and keep what they have: those that are newer than the rules,
    and once those that were there, as soon as somebody has edited the rules. `updates`: flows whose
    records are linked and kept in step, and not made; where such a flow fills, too, it does so with
    those that are newer than the rules, and the others are as at any first link.
    `undoes`: somebody puts back what runs have done.
    `closes`: companies are deleted, too, whoever belongs to them.
    `lists`: people go through lists of records rather than save one of them.
    `logins`: people write under logins of their own. `brings`: companies come along with their
    people. `shows` has by object what conditions see of its records besides their own fields: a
    field of a related record (`account.stage`), and how many days have passed since one
    (`days since CreatedDate`). `lateness` is after how many seconds a save in Salesforce may be
    seen. `earlier` are the rules, one file of several, until somebody edits
    them, where somebody does, `over` the flows that only those had, and `guards` how many records
    of an object a run could then create or update.
    """

    rules: str
    flows: Mapping[str, tuple[Mapped, ...]]
    wanted: Mapping[str, Wanted]
    backfills: tuple[tuple[str, str], ...]
    places: tuple[str, ...] = ()
    newcomers: tuple[str, ...] = ()
    crowd: tuple[int, int] = (2, 4)
    companies: tuple[int, ...] = (1,)
    rounds: tuple[int, ...] = (1, 1, 2, 2)
    infers: bool = False
    stops: Stops = Stops()
    after: Mapping[Side, After] = field(default_factory=dict)
    off: After | None = None
    once: frozenset[str] = frozenset()
    fills: frozenset[str] = frozenset()
    updates: frozenset[str] = frozenset()
    undoes: bool = False
    closes: bool = False
    lists: bool = False
    logins: bool = False
    brings: bool = False
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lateness: tuple[float, ...] = SOON
    earlier: tuple[str, ...] = ()
    over: frozenset[str] = frozenset()
    guards: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @cached_property
    def objects(self) -> frozenset[str]:
        """The objects of both systems that the rules are about."""
        ends = {end for flow in self.flows for end in flow.split("~")}
        return frozenset(ends | ({"Opportunity"} if self.infers else set()))

    @cached_property
    def about(self) -> frozenset[str]:
        """The objects, and by a word what else people have to do with."""
        return self.objects | {
            one
            for one in (
                *("asks", "clears", "after", "returns", "off", "lists", "logins", "fills", "shows"),
                *("undoes", "closes"),
            )
            if getattr(self, one)
        }

    @cached_property
    def behind(self) -> bool:
        """Whether saves show so late that no feed passes there any more."""
        return max(self.lateness) > max(SOON)

    @cached_property
    def returns(self) -> bool:
        """Whether who is deleted leaves a word, and may come out of the bin."""
        return "right" in self.after and self.after["right"].does == "mark"

    @cached_property
    def clears(self) -> bool:
        """Whether a blank erases somewhere."""
        return any(row.clear for rows in self.flows.values() for row in rows)

    @cached_property
    def adds(self) -> bool:
        """Whether somebody who edits the rules adds a row."""
        return any(row.new for rows in self.flows.values() for row in rows)

    @cached_property
    def asks(self) -> bool:
        """Whether a person is asked before something is written."""
        return any(row.ask for rows in self.flows.values() for row in rows)


FIRST, LAST = Mapped("first_name", "FirstName"), Mapped("last_name", "LastName")
EMAIL = Mapped("email", "Email", kind="email")
TITLE = Mapped("title", "Title", prefer="left")
PHONE = Mapped("phone", "Phone", both=False, when_blank=True)
OWNER = Mapped("owner", "OwnerId", both=False, kind="user")
COMPANY = Mapped("organization_name", "Company", both=False)
STAGE = Mapped("stage", "Status", kind="stage")
HOME = Mapped("account", "AccountId", kind="reference")
ACCOUNT = (Mapped("name", "Name"), Mapped("domain", "Website", kind="domain"))
NAMES = (FIRST, LAST, EMAIL, TITLE, PHONE, OWNER)

STATUS = {
    "Cold": "Open - Not Contacted",
    "Interested": "Working - Contacted",
    "Not Interested": "Closed - Not Converted",
    "Replied": "Working - Contacted",
}
"""The table of stages, wherever there is one."""
BACK = {right: left for left, right in STATUS.items() if left != "Replied"}
"""Its way back: *Replied* goes to the right only."""


def _everybody(row: Mapping[str, Any]) -> bool:
    return True


def _of_stage(*stages: str) -> Wanted:
    return lambda row: row.get("stage") in stages


FULL = Scope(
    "rules.sync",
    {
        "contact~Lead": (*NAMES, COMPANY, STAGE),
        "contact~Contact": (*NAMES, HOME),
        "account~Account": ACCOUNT,
    },
    {
        "contact": _of_stage("Interested", "Replied"),
        "Contact": _everybody,
        "Account": _everybody,
    },
    (("push", "contact"), ("pull", "Contact"), ("pull", "Account"), ("pull", "Lead")),
    places=("left", "left", "Lead", "Contact", "both Lead", "both Contact", "both Contact Lead"),
    newcomers=("left", "left", "Lead", "Contact"),
    crowd=(4, 9),
    companies=(1, 1, 2, 3),
    rounds=(2, 2, 3, 4),
    infers=True,
)
LEADS = Scope(
    "leads.sync",
    {"contact~Lead": (FIRST, LAST, EMAIL, TITLE, COMPANY)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "left", "Lead", "both Lead"),
    newcomers=("left", "left", "Lead"),
)
STAGES = Scope(
    "stages.sync",
    {"contact~Lead": (LAST, EMAIL, COMPANY, STAGE)},
    {"contact": _everybody},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "both Lead", "both Lead"),
    newcomers=("left", "Lead"),
    crowd=(2, 5),
    rounds=(2, 2, 3),
    lists=True,
)
CONTACTS = Scope(
    "contacts.sync",
    {"contact~Contact": NAMES},
    {"Contact": _everybody},
    (("pull", "Contact"), ("push", "contact")),
    places=("left", "Contact", "Contact", "both Contact"),
    newcomers=("left", "Contact", "Contact"),
)
ACCOUNTS = Scope(
    "accounts.sync",
    {"account~Account": ACCOUNT},
    {"Account": _everybody},
    (("pull", "Account"), ("push", "account")),
    crowd=(0, 0),
    companies=(2, 3, 4),
    infers=True,
)
HOMES = Scope(
    "people_first.sync",
    {"contact~Contact": (FIRST, LAST, EMAIL, HOME), "account~Account": ACCOUNT},
    {"contact": _of_stage("Interested")},
    (("push", "contact"), ("pull", "Contact")),
    places=("left", "left", "Contact", "both Contact"),
    newcomers=("left", "left", "Contact"),
    companies=(1, 2),
    brings=True,
)
HELD = Scope(
    "held.sync",
    {
        "contact~Lead": (
            Mapped("first_name", "FirstName", prefer="left", clear=True),
            *(LAST, EMAIL, COMPANY),
            Mapped("title", "Title", ask=True),
            Mapped("phone", "Phone", both=False, clear=True),
        )
    },
    {"contact": lambda row: row.get("stage") != "Bad Data"},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "both Lead", "both Lead"),
    newcomers=("left", "Lead"),
    rounds=(1, 2, 2, 3),
    stops=Stops({"stage": "Bad Data"}, {"Status": "Closed - Not Converted"}),
)
GONE = Scope(
    "gone.sync",
    {"contact~Lead": (FIRST, LAST, EMAIL, COMPANY)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "both Lead", "both Lead"),
    newcomers=("left", "Lead"),
    rounds=(4, 4, 5),
    after={"left": After("delete"), "right": After("mark", "title", "Gone from Salesforce")},
)
FREE = Scope(
    "free.sync",
    {"contact~Contact": (FIRST, LAST, EMAIL, TITLE)},
    {"contact": _of_stage("Interested")},
    (("push", "contact"), ("pull", "Contact")),
    places=("left", "both Contact", "both Contact"),
    newcomers=("left", "Contact"),
    rounds=(2, 3, 3, 4),
    after={
        "left": After("mark", "Department", "Gone from Apollo"),
        "right": After("unlink", merged=True),
    },
)
TEXT = Mapped("note", "Description")
DONE = Mapped("status", "Status", kind="status")
PERSON = Mapped("contact", "WhoId", kind="reference", to="contact")
CALL = tuple(replace(one, both=False) for one in (TEXT, DONE, PERSON))
MEETING = tuple(
    replace(one, both=False)
    for one in (
        *(Mapped("subject", "Subject"), Mapped("description", "Description"), PERSON),
        Mapped("start_time", "StartDateTime", kind="moment"),
        Mapped("end_time", "EndDateTime", kind="moment"),
    )
)
CALLS = Scope(
    "calls.sync",
    {"contact~Lead": (LAST, EMAIL, COMPANY), "call~Task": CALL},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead"), ("push", "call")),
    places=("left", "left", "both Lead"),
    newcomers=("left", "left", "Lead"),
    crowd=(1, 3),
)
TASKS = Scope(
    "tasks.sync",
    {
        "contact~Contact": (LAST, EMAIL),
        "task~Task": (Mapped("title", "Subject"), TEXT, DONE, PERSON),
        "call~Task": CALL,
    },
    {"Contact": _everybody},
    (("pull", "Contact"), ("pull", "Task"), ("push", "task"), ("push", "call")),
    places=("Contact", "both Contact"),
    newcomers=("Contact", "both Contact"),
    crowd=(1, 2),
)
MAILS = Scope(
    "mails.sync",
    {
        "contact~Lead": (LAST, EMAIL, COMPANY),
        "email~Task": tuple(
            replace(one, both=False)
            for one in (Mapped("subject", "Subject"), Mapped("body_text", "Description"), PERSON)
        ),
        "meeting~Event": MEETING,
    },
    {"contact": _everybody},
    (("push", "contact"), ("pull", "Lead"), ("push", "email"), ("push", "meeting")),
    places=("left", "left", "both Lead"),
    newcomers=("left", "Lead"),
    crowd=(1, 2),
)
NOTES = Scope(
    "notes.sync",
    {
        "contact~Contact": (LAST, EMAIL),
        "note~Note": tuple(
            replace(one, both=False)
            for one in (Mapped("content", "Body"), replace(PERSON, right="ParentId"))
        ),
        "meeting~Event": MEETING,
    },
    {"contact": _everybody},
    (("push", "contact"), ("pull", "Contact"), ("push", "note"), ("push", "meeting")),
    places=("left", "left", "both Contact"),
    newcomers=("left", "Contact"),
    crowd=(1, 2),
    rounds=(3, 4, 5),
    off=After("mark", "Subject", "Cancelled: {subject}"),
    once=frozenset({"note~Note"}),
)
CALLED_OFF = Scope(
    "called_off.sync",
    {"contact~Lead": (LAST, EMAIL, COMPANY), "meeting~Event": MEETING},
    {"contact": _everybody},
    (("push", "contact"), ("pull", "Lead"), ("push", "meeting")),
    places=("left", "left", "both Lead"),
    newcomers=("left", "Lead"),
    crowd=(1, 2),
    rounds=(2, 3, 3, 4),
    off=After("delete"),
)
OWNERS = Scope(
    "owners.sync",
    {"contact~Lead": (LAST, EMAIL, replace(TITLE, both=False), COMPANY, OWNER)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "left", "both Lead"),
    newcomers=("left", "left", "Lead"),
    rounds=(1, 2, 2),
    logins=True,
)
EDITED = Scope(
    "edited.sync",
    {"contact~Lead": (FIRST, LAST, EMAIL, replace(TITLE, new=True), PHONE, COMPANY)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "both Lead", "both Lead"),
    newcomers=("left", "Lead"),
    rounds=(2, 3, 3, 4),
    earlier=("edited_before.sync", "edited_read.sync"),
)
MOVED = Scope(
    "moved.sync",
    {
        "contact~Contact": (FIRST, LAST, EMAIL, TITLE),
        "contact~Lead": (FIRST, LAST, EMAIL, TITLE, COMPANY),
    },
    {"contact": _of_stage("Interested")},
    (("push", "contact"),),
    places=("left", "left", "both Lead", "both Contact"),
    newcomers=("left", "Lead", "Contact"),
    rounds=(1, 2, 2, 3),
    earlier=("moved_before.sync",),
    over=frozenset({"contact~Lead"}),
)
GUARDED = Scope(
    "guarded.sync",
    {"contact~Lead": (replace(FIRST, clear=True), LAST, EMAIL, TITLE, COMPANY)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "left", "both Lead", "both Lead"),
    newcomers=("left", "Lead"),
    crowd=(2, 5),
    rounds=(1, 2, 2, 3),
    earlier=("guarded_before.sync",),
    guards={("Lead", "create"): 1, ("Lead", "update"): 1, ("contact", "update"): 1},
)
ENRICHED = Scope(
    "enriched.sync",
    {
        "contact~Lead": (
            replace(FIRST, prefer="left"),
            *(LAST, EMAIL, replace(TITLE, both=False), PHONE, COMPANY),
        )
    },
    {},
    (),
    places=("left", "left", "Lead", "both Lead", "both Lead"),
    newcomers=("left", "Lead", "Lead", "both Lead"),
    rounds=(2, 3, 3, 4),
    fills=frozenset({"contact~Lead"}),
    earlier=("enriched_before.sync",),
)
UPDATED = Scope(
    "updated.sync",
    {
        "contact~Contact": (
            replace(FIRST, prefer="left"),
            LAST,
            EMAIL,
            replace(TITLE, both=False),
            PHONE,
        )
    },
    {},
    (("push", "contact"), ("pull", "Contact")),
    places=("left", "left", "Contact", "both Contact", "both Contact"),
    newcomers=("left", "Contact", "Contact", "both Contact"),
    rounds=(1, 2, 2, 3),
    fills=frozenset({"contact~Contact"}),
    updates=frozenset({"contact~Contact"}),
)


def _said(row: Mapping[str, Any]) -> str | None:
    company = row.get("organization_name")
    return f"{row.get('title') or 'Somebody'} at {company}" if company else None


AROUND = Scope(
    "around.sync",
    {
        "contact~Contact": (
            *(LAST, EMAIL, TITLE, HOME),
            Mapped(
                "said", "Description", both=False, text=Text(("title", "organization_name"), _said)
            ),
        ),
        "account~Account": ACCOUNT,
    },
    {
        "contact": lambda row: row["account.stage"] == "Current Client",
        "Contact": lambda row: (
            row["AccountId.Rating"] == "Hot" or (row["days since CreatedDate"] or 0) > 1
        ),
        "Account": _everybody,
    },
    (("pull", "Account"), ("push", "contact"), ("pull", "Contact")),
    places=("left", "left", "Contact", "both Contact"),
    newcomers=("left", "Contact"),
    companies=(1, 2),
    rounds=(2, 3, 3, 4),
    infers=True,
    brings=True,
    shows={
        "contact": ("account.stage",),
        "Contact": (
            *("AccountId.Rating", "days since CreatedDate", "days since EmailBouncedDate"),
        ),
    },
    stops=Stops(
        around=lambda row: (
            row["AccountId.Rating"] == "Cold" or row["days since EmailBouncedDate"] in (0, 1)
        )
    ),
)
UNDONE = Scope(
    "undone.sync",
    {"contact~Lead": (FIRST, LAST, EMAIL, TITLE, PHONE, COMPANY)},
    {"contact": _of_stage("Interested", "Replied")},
    (("push", "contact"), ("pull", "Lead")),
    places=("left", "left", "both Lead", "both Lead"),
    newcomers=("left", "left", "Lead"),
    rounds=(3, 4, 4, 5),
    undoes=True,
)
UNDONE_HOMES = replace(
    HOMES,
    rules="undone_homes.sync",
    rounds=(3, 4, 4, 5),
    undoes=True,
)
BEHIND = Scope(
    "behind.sync",
    {"contact~Contact": (FIRST, LAST, EMAIL, TITLE, replace(PHONE, when_blank=False))},
    {"contact": _of_stage("Interested", "Replied"), "Contact": _everybody},
    (("push", "contact"), ("pull", "Contact")),
    places=("left", "Contact", "both Contact", "both Contact"),
    newcomers=("left", "Contact", "Contact", "both Contact"),
    crowd=(3, 6),
    rounds=(3, 3, 4, 5),
    lateness=(30.0, 1800.0, 3600.0, 7200.0, 7200.0),
)
CLOSED = Scope(
    "closed.sync",
    {"contact~Contact": (LAST, EMAIL, HOME), "account~Account": ACCOUNT},
    {"contact": _of_stage("Interested"), "account": _everybody},
    (("push", "account"), ("push", "contact")),
    places=("left", "left", "Contact", "both Contact"),
    newcomers=("left", "left", "Contact"),
    crowd=(1, 3),
    companies=(2, 3),
    rounds=(3, 4, 4, 5),
    after={"left": After("delete")},
    brings=True,
    closes=True,
)
SMALLER = (LEADS, STAGES, CONTACTS, ACCOUNTS, HOMES, HELD, GONE, FREE, CALLS, TASKS, OWNERS)
NARROW = (EDITED, MOVED, GUARDED, MAILS)
NARROWER = (NOTES, CALLED_OFF)
NARROWEST = (ENRICHED, UPDATED, AROUND)
PUT_BACK = (UNDONE, UNDONE_HOMES)
SCOPES = (FULL, *SMALLER, *NARROW, *NARROWER, *NARROWEST, *PUT_BACK, BEHIND, CLOSED)
BY_RULES: Mapping[str, Scope] = {one.rules: one for one in SCOPES}


def scope_of(seed: int) -> Scope:
    """The scope of a seed's history."""
    if random.Random(f"closed {seed}").random() < CLOSING:
        return CLOSED
    chance = random.Random(f"newest {seed}")
    if chance.random() < NEWEST:
        return chance.choice(PUT_BACK)
    if random.Random(f"late {seed}").random() < RARE:
        return BEHIND
    chance = random.Random(f"narrowest {seed}")
    if chance.random() < FEWEST:
        return chance.choice(NARROWEST)
    chance = random.Random(f"narrower {seed}")
    if chance.random() < FEWER:
        return chance.choice(NARROWER)
    chance = random.Random(f"narrow {seed}")
    if chance.random() < FEW:
        return chance.choice(NARROW)
    chance = random.Random(f"scope {seed}")
    return chance.choice(SMALLER) if chance.random() < SMALL else FULL
