"""`test "NAME" { ... }`: from the tree to typed steps and expectations.

Knows which records a test makes up and looks up every name and value in them. Carrying a test out
is the engine's; whether any rule has to do with it is proved in `checks/unused_test.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from ..connectors.base.schema import Field, Object
from ..connectors.base.values import choices, instant
from . import tree
from .bound import Bound, BoundTest, Placed, place
from .finding import Further
from .names import find_choice, find_field, is_day, needs_quotes, quoted
from .nearest import nearest
from .rules import (
    SIDES,
    Expectation,
    LastOf,
    Side,
    TestRecord,
    TestRule,
    TestStep,
    TestValue,
    UserBy,
)
from .types import KINDS
from .written import VALUES


def test(bound: Bound, placed: Placed, node: tree.Test) -> None:
    """Add the test to `bound`, or findings."""
    found = _Test(bound, placed.file).read(node)
    if found is not None:
        bound.tests.append(BoundTest(found, placed.file, node))


test.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


class _Lost(Exception):
    """Something was reported; the test as a whole is lost."""


class _Test:
    """One test on its way; remembers which records it has given so far."""

    def __init__(self, bound: Bound, file: tree.File) -> None:
        self.bound = bound
        self.file = file
        self.given: dict[tuple[Side, str], None] = {}
        self.last: tuple[Side, str] | None = None

    def read(self, node: tree.Test) -> TestRule | None:
        good = self._name(node)
        good = self._has_parts(node) and good
        steps: list[TestStep] = []
        expects: list[Expectation] = []
        for one in node.steps:
            try:
                steps.append(self._step(one))
            except _Lost:
                good = False
        for each in node.expects:
            try:
                expects.append(self._expect(each))
            except _Lost:
                good = False
        day = self._day(node)
        if not good or day is None:
            return None
        where = place(self.file, node.span)
        return TestRule(node.name.value, where, day, tuple(steps), tuple(expects))

    # ---- the test itself

    def _name(self, node: tree.Test) -> bool:
        before = [one for one in self.bound.tests if one.rule.name == node.name.value]
        if not before:
            return True
        self.bound.report.add(
            "syntax",
            self.file,
            node.name.span,
            "another test has this name",
            further=(Further(before[0].file.path, before[0].node.name.span, "named so first"),),
            help="say what is different in this one",
        )
        return False

    def _has_parts(self, node: tree.Test) -> bool:
        if self.file.lost_rows_of(node.span):
            return False
        if node.steps and node.expects:
            for one in node.expects:
                if one.kind == "nothing" and len(node.expects) > 1:
                    title = "`expect nothing` stands alone"
                    help = "take it out: any change that is not expected fails anyway"
                    self.bound.report.add("syntax", self.file, one.span, title, help=help)
                    return False
            return True
        missing, help = "expects nothing", "add what should come of it, or `expect nothing`"
        if not node.steps:
            missing, help = "gives no record", 'begin with `given OBJECT { FIELD "value" }`'
        self.bound.report.add("syntax", self.file, node.span, f"this test {missing}", help=help)
        return False

    def _day(self, node: tree.Test) -> str | None:
        if node.day is None:
            return ""
        return self._checked_day(node.day)

    # ---- what was there, and what happened

    def _step(self, one: tree.Step) -> TestStep:
        where = place(self.file, one.span)
        if one.kind == "linked":
            return self._linked(one)
        side, thing = self._object(one.record.object, one.kind in ("change", "delete"))
        if one.kind in ("change", "delete") and (side, thing.name) not in self.given:
            self._lose(
                one.record.object.span,
                f"no `{thing.name}` was given that could {one.kind}"
                if one.kind == "change"
                else f"no `{thing.name}` was given that could be deleted",
                f"add `given {thing.name} {{ ... }}` before it",
            )
        record = TestRecord(side, thing.name, tuple(self._values(one.record, side, thing)))
        if one.kind == "given":
            self._give(side, thing)
        return TestStep(where, one.kind, record, one.by.value if one.by is not None else "")

    def _linked(self, one: tree.Step) -> TestStep:
        if self.last is None:
            self._lose(
                one.span,
                "`linked with` follows the record that it is linked with",
                "write `given OBJECT { ... }` before it",
            )
        other: Side = "right" if self.last[0] == "left" else "left"
        side, thing = self._object(one.record.object, prefer=other)
        if side == self.last[0]:
            self._lose(
                one.record.object.span,
                f"`{thing.name}` can't be linked with `{self.last[1]}`: both are of "
                f"`{self.bound.system(side)}`",
                f"name an object of `{self.bound.system(other)}`",
            )
        record = TestRecord(side, thing.name, tuple(self._values(one.record, side, thing)))
        self.given[side, thing.name] = None
        return TestStep(place(self.file, one.span), "linked", record)

    def _give(self, side: Side, thing: Object) -> None:
        self.given[side, thing.name] = None
        self.last = (side, thing.name)

    # ---- what should come of it

    def _expect(self, one: tree.Expect) -> Expectation:
        where, text = place(self.file, one.span), self.file.text(one.span)
        by = one.by.value if one.by is not None else ""
        if one.record is not None:
            side, thing = self._object(one.record.object, one.kind == "update")
            record = TestRecord(side, thing.name, tuple(self._values(one.record, side, thing)))
            return Expectation(where, text, one.kind, record, side, thing.name, by=by)
        if one.path is None:
            return Expectation(where, text, one.kind)
        side, thing = self._object(one.path.parts[0], True)
        field = ""
        if len(one.path.parts) > 1:
            found = find_field(self.bound.report, self.file, thing, one.path.parts[1])
            if found is None:
                raise _Lost
            field = found.name
        return Expectation(where, text, one.kind, None, side, thing.name, field)

    # ---- names and values

    def _object(
        self, name: tree.Name, given: bool = False, prefer: Side = "left"
    ) -> tuple[Side, Object]:
        """The object and its side. Where both sides have one: the one that was given, if asked
        for, else that of `prefer`."""
        found = [one for one in SIDES if name.text in self.bound.schema(one).by_name]
        if given:
            found.sort(key=lambda one: (one, name.text) not in self.given)
        elif prefer == "right":
            found.reverse()
        if found:
            return found[0], self.bound.schema(found[0]).by_name[name.text]
        names = [*self.bound.left.by_name, *self.bound.right.by_name]
        near = nearest(name.text, names)
        self.bound.report.add(
            "unknown-object",
            self.file,
            name.span,
            f"neither `{self.bound.left_name}` nor `{self.bound.right_name}` has an object "
            f"`{name.text}`",
            help=f"did you mean `{near}`?"
            if near
            else f"name an object of `{self.bound.left_name}` or `{self.bound.right_name}`",
            fix=near or None,
        )
        raise _Lost

    def _values(
        self, record: tree.Made, side: Side, thing: Object
    ) -> Iterator[tuple[str, TestValue]]:
        seen: dict[str, tree.Span] = {}
        lost = False
        for one in record.values:
            field = find_field(self.bound.report, self.file, thing, one.field)
            if field is None:
                lost = True
                continue
            if field.name in seen:
                self._lose(one.field.span, f"`{field.name}` has two values", "keep one of them")
            seen[field.name] = one.span
            try:
                value = self._value(one.value, field, side)
            except _Lost:
                lost = True
                continue
            yield field.name, value
        if lost:
            raise _Lost

    def _value(
        self, word: tree.Word | tree.Blank | tree.Several, field: Field, side: Side
    ) -> TestValue:
        match word:
            case tree.Blank():
                return None
            case tree.Several() if field.type == "choices":
                members = [self._value(one, field, side) for one in word.values]
                return choices([one[0] for one in members if isinstance(one, tuple)])
            case tree.Name() if field.type == "reference":
                return self._last(word, field, side)
            case tree.Text() if field.type == "reference":
                known = self.bound.schema(side).by_name
                users = any(known[one].thing == "user" for one in field.references if one in known)
                return UserBy(word.value) if users else word.value
            case tree.Name():
                needs_quotes(self.bound.report, self.file, word, field, blank=True)
                raise _Lost
            case tree.Text() if field.type in ("choice", "choices"):
                return self._choice(word, field)
            case tree.Text() if field.type in ("text", "id", "other"):
                return word.value
            case tree.Text() if field.type == "datetime":
                return self._moment(word, field)
            case tree.Number() if field.type == "number":
                return word.value
            case tree.YesNo() if field.type == "boolean":
                return word.value
            case tree.Day() if field.type in ("date", "datetime"):
                day = self._checked_day(word)
                if day is None:
                    raise _Lost
                # Noon, so that it is that day wherever the team is.
                return day if field.type == "date" else f"{day}T12:00:00.000Z"
        self._no_value(word, field)
        raise _Lost

    def _last(self, word: tree.Name, field: Field, side: Side) -> LastOf:
        """A reference by the name of an object: the last record given of it."""
        if word.text not in field.references:
            named = " or ".join(f"`{one}`" for one in field.references)
            self._lose(
                word.span,
                f"`{field.name}` leads to {named}, not to `{word.text}`",
                f"write {named}",
            )
        if (side, word.text) not in self.given:
            self._lose(
                word.span,
                f"no `{word.text}` was given that `{field.name}` could lead to",
                f"add `given {word.text} {{ ... }}` before it",
            )
        return LastOf(side, word.text)

    def _choice(self, word: tree.Text, field: Field) -> TestValue:
        if field.restricted or (field.type == "choices" and field.choices):
            found = find_choice(self.bound.report, self.file, field, word)
            if found is None:
                raise _Lost
        return (word.value,) if field.type == "choices" else word.value

    def _moment(self, word: tree.Text, field: Field) -> str:
        try:
            return str(instant(word.value))
        except ValueError:
            help = 'write a day, or a moment with its zone: "2026-03-31T09:00:00Z"'
            self._lose(word.span, f"{quoted(word.value)} is no moment", help)

    def _checked_day(self, word: tree.Day) -> str | None:
        return word.value if is_day(self.bound.report, self.file, word) else None

    def _no_value(self, word: tree.Word | tree.Several | tree.Blank, field: Field) -> None:
        written = self.file.text(word.span)
        wants_text = field.type in ("text", "choice", "choices")
        self.bound.report.add(
            "wrong-type",
            self.file,
            word.span,
            f"`{field.name}` is {KINDS[field.type]}, and `{written}` is not",
            help=self._instead(word, field, written, wants_text=wants_text),
            fix=quoted(written) if wants_text and isinstance(word, tree.Number) else None,
        )

    def _instead(
        self,
        word: tree.Word | tree.Several | tree.Blank,
        field: Field,
        written: str,
        *,
        wants_text: bool,
    ) -> str:
        if isinstance(word, tree.Several):
            return "write one value, without brackets"
        if field.type == "reference":
            return "name an object that was given, or a login in quotes"
        return f"write {quoted(written)}" if wants_text else VALUES.get(field.type, "")

    def _lose(self, span: tree.Span, title: str, help: str) -> NoReturn:
        self.bound.report.add("syntax", self.file, span, title, help=help)
        raise _Lost
