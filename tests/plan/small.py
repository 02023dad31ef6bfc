"""Two small systems and rules between them, made by hand, for tests of the compiler.

`left` has contacts, accounts and users, `right` leads, people, companies, deals and users. Knows
nothing of the language: rules come as the typed data that `dsl/rules.py` describes.
"""

from __future__ import annotations

from syncrules.connectors.base.schema import Field, Object, Schema
from syncrules.dsl.conditions import Compare, Condition, Constant, Get, Hop, OneOf, Truth
from syncrules.dsl.rules import (
    Arm,
    Direction,
    InferRule,
    Key,
    MoveRule,
    PairRules,
    Place,
    RowRule,
    RuleSet,
)


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, name, "text") for name in names)


def _reference(name: str, *objects: str) -> Field:
    return Field(name, name, "reference", references=objects)


_EMAIL = Field("email", "Email", "text", "email")

LEFT = Schema(
    "left",
    "small",
    "org-l",
    (
        Object(
            "contact",
            "Contact",
            (
                _EMAIL,
                *_texts("first_name", "last_name", "title", "stage", "city", "unmapped"),
                _reference("account", "account"),
                _reference("owner", "user"),
            ),
            keys=("email",),
            thing="person",
            count=250,
        ),
        Object(
            "account",
            "Account",
            (
                Field("domain", "Domain", "text", "domain"),
                *_texts("name", "stage", "tier"),
                _reference("parent", "account"),
                _reference("main", "contact"),
                _reference("owner", "user"),
            ),
            feed="newest first",
            keys=("domain",),
            count=40,
        ),
        Object("user", "User", (_EMAIL, *_texts("name")), feed="whole", thing="user", count=9),
    ),
)

RIGHT = Schema(
    "right",
    "small",
    "org-r",
    (
        Object(
            "Lead",
            "Lead",
            (
                Field("Email", "Email", "text", "email"),
                *_texts("FirstName", "LastName", "Title", "Status", "LeadSource"),
                Field("Converted", "Converted", "boolean", derived=True),
                _reference("OwnerId", "User"),
            ),
            thing="person",
            rank=2,
        ),
        Object(
            "Person",
            "Person",
            (
                Field("Email", "Email", "text", "email"),
                *_texts("FirstName", "LastName", "Title"),
                _reference("CompanyId", "Company"),
                _reference("OwnerId", "User"),
            ),
            thing="person",
            rank=1,
        ),
        Object(
            "Company",
            "Company",
            (
                Field("Website", "Website", "text", "url"),
                *_texts("Name", "Stage"),
                _reference("ParentId", "Company"),
                _reference("MainId", "Person"),
            ),
        ),
        Object(
            "Deal",
            "Deal",
            (
                Field("open", "Open", "boolean", derived=True),
                Field("Amount", "Amount", "number"),
                *_texts("Name"),
                _reference("CompanyId", "Company"),
            ),
        ),
        Object(
            "User",
            "User",
            (Field("Email", "Email", "text", "email"), *_texts("Name")),
            thing="user",
        ),
    ),
    read_page=2000,
)

SCHEMAS = {"left": LEFT, "right": RIGHT}

REPLIED: Condition = OneOf(Get("stage", "text"), ("Interested", "Replied"))
GOLD: Condition = Compare(
    Get("tier", "text", (Hop("reference", "account", "account"),)), "is", Constant("gold")
)
CONVERTED: Condition = Truth(Get("Converted", "boolean", (Hop("link", "Lead", "Lead"),)))


def at(line: int, file: str = "rules/a.sync") -> Place:
    return Place(file, line, 1)


def push(
    left: str, right: str, line: int, when: Condition | None = None, every: int = 15
) -> MoveRule:
    name = f"push {left} as {right}"
    return MoveRule(
        name, at(line), "push", left, right, when, True, True, False, ("LeadSource", "x"), every
    )


def pull(left: str, right: str, line: int, visible: bool = False) -> MoveRule:
    name = f"pull {right} as {left}"
    return MoveRule(name, at(line), "pull", left, right, None, True, True, visible, None, 15)


def row(
    objects: str,
    left: str,
    right: str,
    line: int,
    direction: Direction = "both",
    *,
    convert: tuple[str, str] = ("same", "same"),
) -> RowRule:
    """`objects` as `contact Lead`."""
    arrow = {"push": "->", "pull": "<-", "both": "<->"}[direction]
    one, two = objects.split()
    return RowRule(at(line), f"{left} {arrow} {right}", one, two, left, right, direction, convert)


def key(*pairs: tuple[str, str]) -> Key:
    return Key(pairs)


USERS = PairRules("user", "User", (key(("email", "Email")),))

INFER = InferRule(
    at(60),
    "infer account stage from deals",
    "left",
    "account",
    "stage",
    "Deal",
    "CompanyId",
    "Company",
    (
        Arm(at(61), "Active", "any", Truth(Get("open", "boolean"))),
        Arm(at(62), "Cold", "none", None),
    ),
    60,
)

ACCOUNTS = PairRules(
    "account",
    "Company",
    (key(("domain", "Website")),),
    (push("account", "Company", 40, every=60),),
    (
        row("account Company", "name", "Name", 41),
        row("account Company", "domain", "Website", 42),
    ),
    (INFER,),
    60,
)

LEADS = PairRules(
    "contact",
    "Lead",
    (key(("email", "Email")), key(("first_name", "FirstName"), ("last_name", "LastName"))),
    (push("contact", "Lead", 5, REPLIED),),
    (
        row("contact Lead", "first_name", "FirstName", 20),
        row("contact Lead", "owner", "OwnerId", 21, convert=("user", "user")),
        RowRule(
            at(22),
            '"{{ title }}" -> Title',
            "contact",
            "Lead",
            "",
            "Title",
            "push",
            ("text", ""),
            template="{{ title }}",
            reads=("title",),
        ),
    ),
)

PEOPLE = PairRules(
    "contact",
    "Person",
    (key(("email", "Email")),),
    (push("contact", "Person", 9, GOLD), pull("contact", "Person", 12, visible=True)),
    (
        row("contact Person", "first_name", "FirstName", 20),
        row("contact Person", "account", "CompanyId", 23, convert=("reference", "reference")),
        row("contact Person", "owner", "OwnerId", 21, convert=("user", "user")),
    ),
)

RULES = RuleSet("left", "right", (ACCOUNTS, LEADS, PEOPLE, USERS))
