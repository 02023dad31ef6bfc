"""From the parser's tokens to the nodes of `tree.py`: one method for each rule of the grammar.

Knows the grammar's rules by name and nothing about files; `parse.py` hands the tokens in with the
lines of the whole file. Nodes are made while parsing, so no second walk and no second tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, cast

from . import tree
from .reader import Token

_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_FUNCTIONS: dict[str, Literal["domain of", "days since"]] = {
    "domain_of": "domain of",
    "days_since": "days since",
}


class NotAFunction(ValueError):
    """`X of FIELD` or `X since FIELD` with an X that the language doesn't have."""

    def __init__(self, name: tree.Name, known: str) -> None:
        super().__init__(name.text)
        self.name = name
        self.known = known


def span(token: Token) -> tree.Span:
    """Where a token stands."""
    return tree.Span(token.line, token.column, token.line, token.column + len(token))


class Build:
    """A method for each rule of the grammar; its arguments are the rule's parts in order."""

    def statement(self, one: tree.Statement) -> tree.Statement:
        return one

    def sync(self, word: Token, left: Token, right: Token) -> tree.Sync:
        return tree.Sync(self.name(left), self.name(right), span(word).to(span(right)))

    def every(self, word: Token, count: Token, unit: Token) -> tree.Every:
        minutes = round(float(count) * _MINUTES[unit.removesuffix("s")])
        return tree.Every(minutes, span(word).to(span(unit)))

    def prefer(self, word: Token, who: Token) -> tree.Prefer:
        return tree.Prefer(self.name(who), span(word).to(span(who)))

    # ---- which records

    def push(self, word: Token, source: Token, target: Token, *rest: object) -> tree.Move:
        return self._move(word, source, target, rest)

    def pull(self, word: Token, source: Token, target: Token, *rest: object) -> tree.Move:
        return self._move(word, source, target, rest)

    def _move(
        self, word: Token, source: Token, target: Token, rest: tuple[object, ...]
    ) -> tree.Move:
        *clauses, block = rest
        return tree.Move(
            cast(Literal["push", "pull"], str(word)),
            self.name(source),
            self.name(target),
            cast("tuple[tree.When | tree.Unless | tree.Flag, ...]", tuple(clauses)),
            cast("tuple[tree.Match | tree.Source, ...]", block or ()),
            span(word).to(span(target)),
        )

    def when(self, word: Token, condition: tree.Condition) -> tree.When:
        return tree.When(condition, span(word).to(condition.span))

    def unless(self, word: Token, condition: tree.Condition) -> tree.Unless:
        return tree.Unless(condition, span(word).to(condition.span))

    def once(self, first: Token, second: Token) -> tree.Flag:
        word = cast(Literal["create only", "update only"], f"{first} {second}")
        return tree.Flag(word, span(first).to(span(second)))

    def sight(self, word: Token) -> tree.Flag:
        return tree.Flag(cast(Literal["hidden", "visible"], str(word)), span(word))

    def block(self, *settings: tree.Setting | None) -> tuple[object, ...]:
        return tuple(one for one in settings if one is not None)

    def match(self, word: Token, *rest: tuple[tree.Name, ...] | tree.Tie) -> tree.Match:
        ties = tuple(one for one in rest if isinstance(one, tree.Tie))
        keys = tuple(one for one in rest if not isinstance(one, tree.Tie))
        last = ties[-1] if ties else keys[-1][-1]
        return tree.Match(keys, ties, span(word).to(last.span))

    def key(self, *names: Token) -> tuple[tree.Name, ...]:
        return tuple(self.name(one) for one in names)

    def source(self, word: Token, text: Token, field: Token | None) -> tree.Source:
        return tree.Source(
            self.text(text) if text.type == "STRING" else self.name(text),
            self.name(field) if field is not None else None,
            span(word).to(span(text if field is None else field)),
        )

    def by_age(self, word: Token, first: Token) -> tree.Tie:
        which = cast(Literal["oldest", "newest"], str(word))
        return tree.Tie(which, None, span(word).to(span(first)))

    def by_field(self, word: Token, name: Token, first: Token) -> tree.Tie:
        which = cast(Literal["most", "same"], str(word))
        return tree.Tie(which, self.name(name), span(word).to(span(first)))

    def stop(self, word: Token, condition: tree.Condition) -> tree.Stop:
        return tree.Stop(condition, span(word).to(condition.span))

    def stand_in(
        self, field: Token, function: Token, path: tree.Path, *ties: tree.Tie
    ) -> tree.StandIn:
        whole = span(field).to(ties[-1].span if ties else path.span)
        return tree.StandIn(self.name(field), self.name(function), path, ties, whole)

    def event(
        self, word: Token, what: Token, action: Token | tuple[Token, Token, tree.Text]
    ) -> tree.Event:
        on = cast(Literal["delete", "merge", "cancel"], str(what))
        if isinstance(action, tuple):
            _, field, text = action
            return tree.Event(on, "mark", self.name(field), text, span(word).to(text.span))
        then = cast(Literal["delete", "merge", "unlink"], str(action))
        return tree.Event(on, then, None, None, span(word).to(span(action)))

    def mark(self, word: Token, field: Token, text: tree.Text) -> tuple[Token, Token, tree.Text]:
        return (word, field, text)

    def people(self, first: Token, second: Token, third: Token) -> tree.AddPeople:
        return tree.AddPeople(span(first).to(span(third)))

    def allow(self, word: Token, code: Token, reason: Token) -> tree.Allow:
        return tree.Allow(self.name(code), self.text(reason), span(word).to(span(reason)))

    # ---- which values

    def map_fields(
        self, word: Token, thing: Token, *rest: Token | tree.Row | tree.Allow | None
    ) -> object:
        targets = tuple(self.name(one) for one in rest if isinstance(one, Token))
        rows = tuple(one for one in rest if isinstance(one, tree.Row))
        whole = span(word).to(targets[-1].span)
        return tree.MapFields(self.name(thing), targets, rows, _allows(rest), whole)

    def row(
        self,
        left: tree.Path | tree.Text,
        arrow: Token,
        right: tree.Path | tree.Text,
        *modifiers: tree.Modifier,
    ) -> tree.Row:
        last = modifiers[-1] if modifiers else right
        sign = cast(Literal["->", "<-", "<->"], str(arrow))
        return tree.Row(left, sign, span(arrow), right, modifiers, left.span.to(last.span))

    def when_blank(self, first: Token, second: Token) -> tree.Flag:
        return tree.Flag("when blank", span(first).to(span(second)))

    def field_allow(self, word: Token) -> tree.Path:
        return tree.Path((self.name(word),), span(word))

    def care(self, word: Token) -> tree.Flag:
        return tree.Flag(cast(Literal["ask", "truncate", "clear"], str(word)), span(word))

    ask = care

    def default(self, word: Token, value: tree.Word) -> tree.Default:
        return tree.Default(value, span(word).to(value.span))

    def map_values(
        self, word: Token, thing: Token, field: Token, target: tree.Path, *rest: object
    ) -> tree.MapValues:
        *modifiers, rows = rest
        inside = cast("tuple[object, ...]", rows or ())
        return tree.MapValues(
            self.name(thing),
            self.name(field),
            target,
            cast("tuple[tree.Prefer | tree.Flag, ...]", tuple(modifiers)),
            tuple(one for one in inside if isinstance(one, tree.ValueRow)),
            _allows(inside),
            span(word).to(target.span),
        )

    def by_name(self, first: Token, second: Token) -> tree.Flag:
        return tree.Flag("by name", span(first).to(span(second)))

    def value_rows(self, *rows: tree.ValueRow | tree.Allow | None) -> tuple[object, ...]:
        return tuple(one for one in rows if one is not None)

    def value_row(
        self, left: tree.Text | tree.Name, arrow: Token, right: tree.Text | tree.Name
    ) -> tree.ValueRow:
        sign = cast(Literal["->", "<-", "<->"], str(arrow))
        return tree.ValueRow(left, sign, right, left.span.to(right.span))

    # ---- what follows from related records

    def infer(
        self,
        word: Token,
        thing: Token,
        field: Token,
        related: Token,
        inside: tuple[object, ...] | None,
    ) -> tree.Infer:
        names = (self.name(thing), self.name(field), self.name(related))
        whole = span(word).to(span(related))
        arms = tuple(one for one in inside or () if isinstance(one, tree.Arm))
        return tree.Infer(*names, None if inside is None else arms, _allows(inside or ()), whole)

    def arms(self, *inside: tree.Arm | tree.Allow | None) -> tuple[object, ...]:
        return tuple(one for one in inside if one is not None)

    def arm(
        self, value: tree.Text | tree.Name, rest: Token | tuple[Token, tree.Condition]
    ) -> tree.Arm:
        if isinstance(rest, Token):
            return tree.Arm(value, "none", None, value.span.to(span(rest)))
        word, condition = rest
        quantifier = cast(Literal["any", "all"], str(word))
        return tree.Arm(value, quantifier, condition, value.span.to(condition.span))

    def some(self, word: Token, condition: tree.Condition) -> tuple[Token, tree.Condition]:
        return (word, condition)

    def enrich(self, word: Token, existing: Token | None, *names: Token) -> tree.Enrich:
        *targets, thing = (self.name(one) for one in names)
        whole = span(word).to(thing.span)
        return tree.Enrich(existing is not None, tuple(targets), thing, whole)

    # ---- brakes and tests

    def guard(
        self, word: Token, count: Token, percent: Token | None, of: Token, what: Token, per: Token
    ) -> tree.Guard:
        period = cast(Literal["run", "day"], str(per))
        whole = span(word).to(span(per))
        return tree.Guard(
            self.number(count), percent is not None, self.name(of), self.name(what), period, whole
        )

    def test(
        self, word: Token, name: Token, day: Token | None, *rest: tree.Step | tree.Expect | None
    ) -> tree.Test:
        return tree.Test(
            self.text(name),
            None if day is None else self.day(day),
            tuple(one for one in rest if isinstance(one, tree.Step)),
            tuple(one for one in rest if isinstance(one, tree.Expect)),
            span(word).to(span(name if day is None else day)),
        )

    def given(self, word: Token, record: tree.Made) -> tree.Step:
        return tree.Step("given", record, None, span(word).to(record.span))

    def linked(self, word: Token, record: tree.Made) -> tree.Step:
        return tree.Step("linked", record, None, span(word).to(record.span))

    def changed(self, word: Token, record: tree.Made, by: Token | None) -> tree.Step:
        who = None if by is None else self.text(by)
        return tree.Step("change", record, who, span(word).to((who or record).span))

    def gone(self, word: Token, thing: Token) -> tree.Step:
        record = tree.Made(self.name(thing), (), span(thing))
        return tree.Step("delete", record, None, span(word).to(record.span))

    def wanted_write(
        self, word: Token, kind: Token, record: tree.Made, by: Token | None
    ) -> tree.Expect:
        who = None if by is None else self.text(by)
        whole = span(word).to((who or record).span)
        return tree.Expect(cast(Literal["create", "update"], str(kind)), record, None, who, whole)

    def wanted_life(self, word: Token, kind: Token, thing: Token) -> tree.Expect:
        what = cast(Literal["delete", "link", "unlink"], str(kind))
        return tree.Expect(what, None, self.path(thing), None, span(word).to(span(thing)))

    def wanted_outcome(self, word: Token, kind: Token, path: tree.Path) -> tree.Expect:
        what = cast(Literal["conflict", "approval", "refusal"], str(kind))
        return tree.Expect(what, None, path, None, span(word).to(path.span))

    def wanted_nothing(self, word: Token, kind: Token) -> tree.Expect:
        return tree.Expect("nothing", None, None, None, span(word).to(span(kind)))

    def record(self, thing: Token, *rest: tree.GivenValue | Token | None) -> tree.Made:
        values = tuple(one for one in rest if isinstance(one, tree.GivenValue))
        end = next(one for one in reversed(rest) if isinstance(one, Token))
        return tree.Made(self.name(thing), values, span(thing).to(span(end)))

    def given_value(self, field: Token, value: tree.Word | tree.Several | Token) -> tree.GivenValue:
        held = tree.Blank(span(value)) if isinstance(value, Token) else value
        return tree.GivenValue(self.name(field), held, span(field).to(held.span))

    def list(self, *values: tree.Word | Token | None) -> tree.Several:
        words = tuple(one for one in values if one is not None and not isinstance(one, Token))
        return tree.Several(words, words[0].span.to(words[-1].span))

    # ---- conditions

    def any_of(self, *parts: tree.Condition) -> tree.Condition:
        return parts[0] if len(parts) == 1 else tree.Any(parts, parts[0].span.to(parts[-1].span))

    def all_of(self, *parts: tree.Condition) -> tree.Condition:
        return parts[0] if len(parts) == 1 else tree.All(parts, parts[0].span.to(parts[-1].span))

    def not_(self, word: Token, part: tree.Condition) -> tree.Not:
        return tree.Not(part, span(word).to(part.span))

    def group(self, part: tree.Condition) -> tree.Condition:
        return part

    def compare(
        self, left: tree.Expression, sign: Token, right: tree.Literal_ | tree.Expression
    ) -> tree.Compare:
        return self._compare(left, cast(tree.Operator, str(sign)), right)

    def is_(
        self, left: tree.Expression, no: Token | None, right: tree.Literal_ | tree.Expression
    ) -> tree.Compare:
        return self._compare(left, "is", right, negated=no is not None)

    def contains(self, left: tree.Expression, right: tree.Word) -> tree.Compare:
        return self._compare(left, "contains", _path(right))

    def starts(self, left: tree.Expression, right: tree.Word) -> tree.Compare:
        return self._compare(left, "starts with", _path(right))

    def ends(self, left: tree.Expression, right: tree.Word) -> tree.Compare:
        return self._compare(left, "ends with", _path(right))

    def _compare(
        self,
        left: tree.Expression,
        operator: tree.Operator,
        right: tree.Literal_ | tree.Expression,
        negated: bool = False,
    ) -> tree.Compare:
        return tree.Compare(left, operator, right, negated, left.span.to(right.span))

    def is_blank(self, left: tree.Expression, no: Token | None, word: Token) -> tree.Known:
        return tree.Known(left, no is None, left.span.to(span(word)))

    def is_known(self, left: tree.Expression, no: Token | None, word: Token) -> tree.Known:
        return tree.Known(left, no is not None, left.span.to(span(word)))

    def one_of(self, left: tree.Expression, no: Token | None, *values: tree.Word) -> tree.OneOf:
        whole = left.span.to(values[-1].span)
        return tree.OneOf(left, values, no is not None, whole)

    def truth(self, left: tree.Expression) -> tree.Truth:
        return tree.Truth(left, left.span)

    def domain_of(self, word: Token, path: tree.Path) -> tree.Function:
        return self._function(word, "domain_of", "domain", path)

    def days_since(self, word: Token, path: tree.Path) -> tree.Function:
        return self._function(word, "days_since", "days", path)

    def _function(self, word: Token, rule: str, known: str, path: tree.Path) -> tree.Function:
        if word != known:
            raise NotAFunction(self.name(word), known)
        return tree.Function(_FUNCTIONS[rule], path, span(word).to(path.span))

    # ---- words

    def path(self, *names: Token) -> tree.Path:
        parts = tuple(self.name(one) for one in names)
        return tree.Path(parts, parts[0].span.to(parts[-1].span))

    def name(self, token: Token) -> tree.Name:
        return tree.Name(token.strip("`"), span(token))

    def text(self, token: Token) -> tree.Text:
        raw = token[1:-1]
        value = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[0]), raw)
        return tree.Text(value, raw, span(token))

    def number(self, token: Token) -> tree.Number:
        value = float(token) if "." in token else int(token)
        return tree.Number(value, span(token))

    def day(self, token: Token) -> tree.Day:
        return tree.Day(str(token), span(token))

    def true(self, token: Token) -> tree.YesNo:
        return tree.YesNo(True, span(token))

    def false(self, token: Token) -> tree.YesNo:
        return tree.YesNo(False, span(token))


def _allows(inside: Iterable[object]) -> tuple[tree.Allow, ...]:
    return tuple(one for one in inside if isinstance(one, tree.Allow))


def _path(word: tree.Word) -> tree.Literal_ | tree.Expression:
    """A bare name on the right of a test of texts is read as a field."""
    return tree.Path((word,), word.span) if isinstance(word, tree.Name) else word
