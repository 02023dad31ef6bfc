"""The merge tables for every kind of value: a number, a day, a set, a row of a table, a reference
and a user merge as a text does, whatever the row's modifiers say.

The tables are those of `test_modifiers.py`, told in letters; here each letter is a value of a kind,
on each side in its own form. What is written is told in letters again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import pytest
from syncrules.connectors.base.schema import Choice, Field
from syncrules.connectors.base.values import Value
from syncrules.dsl.rules import Direction, Side
from syncrules.dsl.types import conversion
from syncrules.engine.plan.model import End, Flow, Row
from syncrules.engine.run.closures import Ready, ready
from syncrules.engine.run.decide import decide
from syncrules.engine.run.decision import Base, Decision, Reference
from syncrules.tests.run.test_decide import VALUES, Surroundings
from syncrules.tests.run.test_modifiers import NONE, Case, Written, carried_out, cases, meant, met

Table = tuple[tuple[str, str, Direction], ...]


@dataclass(frozen=True)
class Kind:
    """How a kind of value looks on each side: for each letter the value that people set, and those
    that stand for it when we have written it. `refers`: it is a reference, or a user."""

    name: str
    left: Field
    right: Field
    lefts: Mapping[str, Value]
    rights: Mapping[str, Value]
    short: Mapping[str, Value] = field(default_factory=dict)
    table: Table = ()
    refers: str = ""
    changes: Mapping[str, object] = field(default_factory=dict)

    def cases(self) -> Iterator[Case]:
        """All kinds of rows; what is shortened on the right is another value to a row that only
        comes from there."""
        return (one for one in cases() if not (self.short and one.direction == "pull"))

    def ready(self, case: Case) -> Ready:
        """The flow of a case, with a row of this kind."""
        plain = case.ready().flow
        [one] = plain.rows
        convert = ("reference", "reference") if self.refers else _converts(self)
        row: Row = replace(
            one,
            convert=convert,
            table=self.table,
            through=(self.refers,) if self.refers else (),
            **self.changes,  # type: ignore[arg-type]
        )
        ends = End("apollo", "contact", (self.left,)), End("salesforce", "Lead", (self.right,))
        flow: Flow = replace(plain, left=ends[0], right=ends[1], rows=(row,))
        return ready(flow, "UTC")

    def around(self, case: Case, **more: object) -> Surroundings:
        found = {
            str(one): Reference("found", str(other))
            for mine, theirs in ((self.lefts, self.rights), (self.rights, self.lefts))
            for letter, one in mine.items()
            if (other := theirs[letter]) is not None
        }
        return case.around(references=found if self.refers else {}, **more)

    def value(self, side: Side, letter: Value) -> Value:
        values = self.lefts if side == "left" else self.rights
        return None if letter is None else values[str(letter)]

    def letters(self, written: Written) -> Written:
        """What is written, in letters."""
        return self._letter("left", written[0]), self._letter("right", written[1])

    def _letter(self, side: Side, value: object) -> object:
        if value in ("-", None):
            return value
        values = self.lefts if side == "left" else self.rights
        spelt = [*values.items(), *(self.short.items() if side == "left" else ())]
        [letter] = {letter for letter, one in spelt if one == value}
        return letter


def _converts(kind: Kind) -> tuple[str, str]:
    if kind.table:
        return "table", "table"
    found = conversion(kind.left, kind.right), conversion(kind.right, kind.left)
    assert isinstance(found[0], str)
    assert isinstance(found[1], str)
    return found[0], found[1]


def both(type: str, **more: object) -> tuple[Field, Field]:
    """The field of either side, of one type."""
    return Field("title", "Title", type, **more), Field("Title", "Title", type, **more)  # type: ignore[arg-type]


def listed(*names: str) -> dict[str, object]:
    return {"choices": tuple(Choice(one) for one in names), "restricted": True}


A, B = "2026-01-31", "2026-02-28"
STAGES: Table = (("Cold", "Open", "both"), ("Interested", "Working", "both"))
KINDS = (
    Kind("text", *both("text"), {"a": "CTO", "b": "CEO"}, {"a": "CTO", "b": "CEO"}),
    Kind("whole number", *both("number", format="integer"), {"a": 0, "b": 7}, {"a": 0, "b": 7}),
    Kind("amount", *both("number"), {"a": 0.5, "b": -7.25}, {"a": 0.5, "b": -7.25}),
    Kind("yes or no", *both("boolean"), {"a": False, "b": True}, {"a": False, "b": True}),
    Kind("day", *both("date"), {"a": A, "b": B}, {"a": A, "b": B}),
    Kind(
        "choice",
        both("choice", **listed("low", "high"))[0],
        both("choice", **listed("Low", "High"))[1],
        {"a": "low", "b": "high"},
        {"a": "Low", "b": "High"},
    ),
    Kind(
        "table",
        both("choice", **listed("Cold", "Interested"))[0],
        both("choice", **listed("Open", "Working"))[1],
        {"a": "Cold", "b": "Interested"},
        {"a": "Open", "b": "Working"},
        table=STAGES,
    ),
    Kind(
        "set",
        both("choices", **listed("Cold", "Interested"))[0],
        both("choices", **listed("Open", "Working"))[1],
        {"a": ("Cold",), "b": ("Cold", "Interested")},
        {"a": ("Open",), "b": ("Open", "Working")},
        table=STAGES,
    ),
    Kind(
        "reference",
        *both("reference"),
        {"a": "acc1", "b": "acc2"},
        {"a": "001A", "b": "001B"},
        refers="account~Account",
    ),
    Kind(
        "user",
        *both("reference"),
        {"a": "usr1", "b": "usr2"},
        {"a": "005A", "b": "005B"},
        refers="user~User",
    ),
    Kind(
        "text that is shortened",
        Field("title", "Title", "text"),
        Field("Title", "Title", "text", length=4),
        {"a": "Head of all", "b": "Vice president"},
        {"a": "Head", "b": "Vice"},
        {"a": "Head", "b": "Vice"},
        changes={"truncate": True},
    ),
    Kind(
        "text with a default",
        *both("text"),
        {"a": "CTO", "b": "CEO"},
        {"a": "CTO", "b": "CEO"},
        changes={"default": "Unknown"},
    ),
)


def shown(kind: Kind, decision: Decision, *, asked: bool) -> Written:
    """What is written, or with `asked` what somebody is asked about, in letters."""
    changes = decision.asks if asked else (*decision.left, *decision.right)
    found: dict[str, object] = {one.side: one.after for one in changes}
    return kind.letters((found.get("left", "-"), found.get("right", "-")))


def flowing() -> list[Case]:
    """The cases in which an edit may be written to the other side."""
    return [
        one for one in cases() if ("left" if one.direction == "pull" else "right") not in one.once
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.name)
def test_every_kind_of_value_merges_alike(kind: Kind) -> None:
    """27 cases for each modifier and each kind; nought and no are not blank. What was written is at
    rest, and a default never comes later (CFM-4, EDGE-8, EDGE-10)."""
    for case, base, left, right in product(kind.cases(), VALUES, VALUES, VALUES):
        given = kind.ready(case)
        key = given.rows[0].key
        then = Base({key: kind.value("left", base)}, {key: kind.value("right", base)})
        held = kind.value("left", left), kind.value("right", right)
        wanted = meant(case, base, left, right)
        decision = decide(given, {"title": held[0]}, {"Title": held[1]}, then, kind.around(case))
        assert shown(kind, decision, asked=case.ask) == wanted, (case, base, left, right)
        assert shown(kind, decision, asked=not case.ask) == NONE, (case, base, left, right)
        assert decision.problems == ()
        now, *after = carried_out(case, then, *held, decision)
        again = decide(given, {"title": after[0]}, {"Title": after[1]}, now, kind.around(case))
        assert (again.left, again.right) == ((), ()), (case, base, left, right)


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.name)
def test_every_kind_of_value_meets_alike(kind: Kind) -> None:
    """The first link of each modifier and each kind (EDGE-9)."""
    for case, left, right in product(kind.cases(), VALUES, VALUES):
        given = kind.ready(case)
        held = kind.value("left", left), kind.value("right", right)
        decision = decide(given, {"title": held[0]}, {"Title": held[1]}, None, kind.around(case))
        assert decision.action == "link"
        wanted = met(case, left, right)
        assert shown(kind, decision, asked=case.ask) == wanted, (case, left, right)
        assert shown(kind, decision, asked=not case.ask) == NONE, (case, left, right)


@pytest.mark.parametrize("later", ["left", "right", ""])
@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.name)
def test_latest_that_cannot_be_told_leaves_both_and_says_so(kind: Kind, later: str) -> None:
    """Two values, and nobody knows which is later: neither is written, and both are named."""
    case = replace(Case("both", "latest"), later=later)  # type: ignore[arg-type]
    given = kind.ready(case)
    key = given.rows[0].key
    values = {"title": kind.value("left", "a")}, {"Title": kind.value("right", "b")}
    decision = decide(given, *values, Base({key: None}, {key: None}), kind.around(case))
    if not later:
        assert (decision.left, decision.right) == ((), ())
        assert [one.code for one in decision.problems] == ["conflict"]
        assert "which of them is later can't be told" in decision.problems[0].message
    else:
        assert shown(kind, decision, asked=False) == (("-", "a") if later == "left" else ("b", "-"))


@pytest.mark.parametrize("kind", [one for one in KINDS if one.refers], ids=lambda one: one.name)
@pytest.mark.parametrize("case", flowing(), ids=str)
def test_a_reference_that_leads_nowhere_writes_nothing_and_waits(kind: Kind, case: Case) -> None:
    """Whatever the modifiers: the old one stays, nothing is agreed on, so that it flows once its
    counterpart is there (EDGE-3, EDGE-16)."""
    given = kind.ready(case)
    key = given.rows[0].key
    side = "left" if case.direction != "pull" else "right"
    then = Base({key: kind.value("left", "a")}, {key: kind.value("right", "a")})
    held = {"left": kind.value("left", "a"), "right": kind.value("right", "a")}
    held[side] = "nobody"
    decision = decide(given, {"title": held["left"]}, {"Title": held["right"]}, then, case.around())
    assert (decision.left, decision.right, decision.asks) == ((), (), ())
    assert key not in decision.agree[0]
    assert key not in decision.agree[1]


@pytest.mark.parametrize("case", [one for one in flowing() if not one.ask], ids=str)
def test_a_value_that_no_table_has_writes_nothing(case: Case) -> None:
    """Whatever the modifiers, on either side: one entry for the value, and the row stays as it is
    on both (EDGE-11)."""
    [kind] = [one for one in KINDS if one.name == "table"]
    given = kind.ready(case)
    key = given.rows[0].key
    then = Base({key: kind.value("left", "a")}, {key: kind.value("right", "a")})
    held = {"left": kind.value("left", "a"), "right": kind.value("right", "a")}
    side = "left" if case.direction != "pull" else "right"
    held[side] = "Lukewarm"
    decision = decide(given, {"title": held["left"]}, {"Title": held["right"]}, then, case.around())
    assert (decision.left, decision.right) == ((), ())
    assert [one.code for one in decision.problems] == ["unknown-value"]


def test_a_moment_merges_as_its_day() -> None:
    """One way only: another hour of the same day is no other day; the blank of a moment erases with
    `clear` only."""
    for clear in (False, True):
        case = Case("push", "left", clear=clear)
        kind = Kind(
            "moment",
            Field("title", "Title", "datetime"),
            Field("Title", "Title", "date"),
            {"a": f"{A}T09:00:00.000Z", "b": f"{B}T09:00:00.000Z", "c": f"{A}T17:00:00.000Z"},
            {"a": A, "b": B},
            changes={"convert": ("day of moment", "same")},
        )
        plain = case.ready().flow
        row = replace(plain.rows[0], convert=("day of moment", "same"))
        ends = End("apollo", "contact", (kind.left,)), End("salesforce", "Lead", (kind.right,))
        given = ready(replace(plain, left=ends[0], right=ends[1], rows=(row,)), "UTC")
        key = given.rows[0].key
        then = Base({key: kind.lefts["a"]}, {key: A})
        for now, wanted in (("a", "-"), ("c", "-"), ("b", B), (None, None if clear else "-")):
            left = {"title": kind.lefts[now] if now else None}
            decision = decide(given, left, {"Title": A}, then, case.around())
            assert [one.after for one in decision.right] == ([] if wanted == "-" else [wanted])
