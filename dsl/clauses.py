"""Conditions: from the tree to `conditions.py`, each name looked up and each comparison typed.

Knows which record a condition reads and follows its dots to related and linked ones. A part that
can't be understood is reported, and the whole condition is None; what the rest means when it runs
is told in `conditions.py`.
"""

from __future__ import annotations

import re

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Field, Object
from . import conditions, tree
from .bound import Bound
from .names import (
    find_choice,
    find_field,
    is_day,
    near_field,
    needs_quotes,
    quoted,
    values_of,
)
from .nearest import nearest
from .rules import Side
from .types import KINDS, spelled

DEEPEST = 50
"""Levels of `not`, `and` and `or` within each other."""

MOST = 3
"""Objects that a step may lead to, each of which is followed."""

_ALIKE = {
    "text": "text",
    "id": "text",
    "choice": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "boolean": "boolean",
    "reference": "reference",
    "choices": "choices",
}
_ORDERED = ("number", "date")


@dataclass(frozen=True, slots=True)
class _Read:
    """A field that a condition names: how to get it, its description, its type after functions."""

    get: conditions.Get
    field: Field
    kind: str


@dataclass(frozen=True, slots=True)
class Clauses:
    """Resolves the conditions of one rule, which reads records of `object` on `side`, and links
    them with those of `partner`, "" where it links none."""

    bound: Bound
    file: tree.File
    side: Side
    object: Object
    partner: str = ""

    def condition(self, node: tree.Condition, depth: int = 0) -> conditions.Condition | None:
        """The condition with its names known; None where something was reported."""
        if depth == DEEPEST and isinstance(node, (tree.All, tree.Any, tree.Not)):
            self._error("syntax", node.span, f"conditions nest deeper than {DEEPEST} levels")
            return None
        match node:
            case tree.All(parts):
                found = [self.condition(one, depth + 1) for one in parts]
                good = tuple(one for one in found if one is not None)
                return conditions.All(good) if len(good) == len(found) else None
            case tree.Any(parts):
                found = [self.condition(one, depth + 1) for one in parts]
                good = tuple(one for one in found if one is not None)
                return conditions.Any(good) if len(good) == len(found) else None
            case tree.Not(part):
                return _negated(self.condition(part, depth + 1))
            case tree.Truth():
                return self._truth(node)
            case tree.Known():
                known = self._read(node.left)
                if known is None:
                    return None
                whole = conditions.Known(known.get)
                return conditions.Not(whole) if node.negated else whole
            case tree.OneOf():
                return self._one_of(node)
            case tree.Compare():
                compared = self._compare(node)
                return _negated(compared) if node.negated else compared

    def _truth(self, node: tree.Truth) -> conditions.Condition | None:
        found = self._read(node.left)
        if found is None:
            return None
        if found.kind != "boolean":
            name = node.left if isinstance(node.left, tree.Path) else "it"
            self._error(
                "wrong-type",
                node.span,
                f"`{self.file.text(node.span)}` is {_kind(found)}, and only a yes-or-no can stand "
                "alone",
                help=f"compare it: `{name} {_compared(found)} ...`, or `{name} is known`",
            )
            return None
        return conditions.Truth(found.get)

    def _one_of(self, node: tree.OneOf) -> conditions.Condition | None:
        left = self._read(node.left)
        if left is None:
            return None
        values = []
        for word in node.values:
            if isinstance(word, tree.Name):
                needs_quotes(self.bound.report, self.file, word, left.field)
                continue
            constant = self._constant(left, "is", word)
            if constant is not None:
                values.append(constant.value)
        if len(values) < len(node.values):
            return None
        whole = conditions.OneOf(left.get, tuple(values))
        return conditions.Not(whole) if node.negated else whole

    def _compare(self, node: tree.Compare) -> conditions.Condition | None:
        left = self._read(node.left)
        if left is None or not self._fits_operator(left, node):
            return None
        if isinstance(node.right, (tree.Path, tree.Function)):
            if self._is_value_without_quotes(left, node.operator, node.right):
                return None
            right = self._read(node.right)
            if right is None or not self._alike(left, right, node):
                return None
            return conditions.Compare(left.get, node.operator, right.get)
        constant = self._constant(left, node.operator, node.right)
        return None if constant is None else conditions.Compare(left.get, node.operator, constant)

    def _fits_operator(self, left: _Read, node: tree.Compare) -> bool:
        kind, sign, name = _ALIKE.get(left.kind, ""), node.operator, self.file.text(node.left.span)
        if sign in ("<", "<=", ">", ">=") and kind not in _ORDERED:
            why, help = f"`{sign}` is for numbers and dates", _INSTEAD.get(kind, "")
        elif sign == "contains" and kind not in ("text", "choices"):
            why, help = "`contains` is for texts and multiple choices", _INSTEAD.get(kind, "")
        elif sign in ("starts with", "ends with") and kind != "text":
            why, help = f"`{sign}` is for texts", _INSTEAD.get(kind, "")
        elif sign == "is" and kind == "choices":
            why, help = "it may hold several values", f"write `{name} contains ...`"
        elif not kind:
            why, help = "its values can't be compared", f"write `{name} is known`"
        else:
            return True
        title = f"`{name}` is {_kind(left)}: {why}"
        self._error("wrong-type", node.span, title, help=help or f"write `{name} is known`")
        return False

    def _alike(self, left: _Read, right: _Read, node: tree.Compare) -> bool:
        if _ALIKE.get(left.kind) == _ALIKE.get(right.kind):
            return True
        if left.kind == "choices" and _ALIKE.get(right.kind) == "text":
            return True
        self._error(
            "wrong-type",
            node.span,
            f"{_kind(left)} can't be compared with {_kind(right)}",
            help="compare fields of the same type",
        )
        return False

    def _is_value_without_quotes(
        self, left: _Read, sign: tree.Operator, right: tree.Expression
    ) -> bool:
        """`stage is Replied`: no such field, and a value of that name or no field near it."""
        if not isinstance(right, tree.Path) or len(right.parts) > 1:
            return False
        word = right.parts[0]
        if word.text in self.object.by_name or _ALIKE.get(left.kind) not in ("text", "choices"):
            return False
        if spelled(word.text, left.field) is None and near_field(self.object, word.text):
            return False
        needs_quotes(self.bound.report, self.file, word, left.field, blank=sign == "is")
        return True

    def _constant(
        self, left: _Read, sign: tree.Operator, word: tree.Literal_
    ) -> conditions.Constant | None:
        """A value in the form of the field it stands beside."""
        kind = _ALIKE.get(left.kind, "")
        match word:
            case tree.Text() if kind == "text" or (kind == "choices" and sign == "contains"):
                whole = sign == "is" or kind == "choices"
                listed = left.kind in ("choice", "choices") and left.field.choices
                if whole and listed and not left.get.function:
                    value = find_choice(self.bound.report, self.file, left.field, word)
                    return None if value is None else conditions.Constant(value)
                return conditions.Constant(word.value)
            case tree.Number() if kind == "number":
                return conditions.Constant(word.value)
            case tree.YesNo() if kind == "boolean":
                return conditions.Constant(word.value)
            case tree.Day() if kind == "date":
                return conditions.Constant(word.value) if self._day(word) else None
        self._wrong_literal(left, word)
        return None

    def _day(self, word: tree.Day) -> bool:
        return is_day(self.bound.report, self.file, word)

    def _wrong_literal(self, left: _Read, word: tree.Literal_) -> None:
        kind, written = _ALIKE.get(left.kind, ""), self.file.text(word.span)
        help, fix = _HELP.get(kind, ""), None
        if kind == "text" and left.field.choices and spelled(written, left.field) is None:
            help = f"values: {values_of(left.field)}"
        elif kind == "text":
            help, fix = f"write {quoted(written)}", quoted(written)
        elif kind == "reference":
            name = left.get.field
            help = f"name a field of the record it leads to, with a dot: `{name}.FIELD`"
        elif isinstance(word, tree.Text):
            form = _FORMS.get(kind)
            if form is not None and form.fullmatch(word.value.strip().lower()):
                fix = word.value.strip().lower()
                help = f"without quotes: `{fix}`"
        name = f"`{f'{left.get.function} {left.get.field}'.strip()}`"
        title = f"{name} is {_kind(left)}, and `{written}` is not"
        self._error("wrong-type", word.span, title, help=help, fix=fix)

    # ---- names

    def _read(self, node: tree.Expression) -> _Read | None:
        if isinstance(node, tree.Path):
            return self._path(node)
        found = self._path(node.path)
        if found is None:
            return None
        wanted = ("text",) if node.name == "domain of" else ("date", "datetime")
        if found.kind not in wanted:
            needs = "an address" if node.name == "domain of" else "a date or a moment"
            title = f"`{node.name}` needs {needs}, and `{node.path}` is {_kind(found)}"
            self._error("wrong-type", node.path.span, title, help=f"name {needs}")
            return None
        get = conditions.Get(found.get.field, found.get.type, found.get.hops, node.name)
        return _Read(get, found.field, "text" if node.name == "domain of" else "number")

    def _path(self, path: tree.Path) -> _Read | None:
        side, thing = self.side, self.object
        hops: list[conditions.Hop] = []
        for step, following in zip(path.parts, path.parts[1:], strict=False):
            arrived = self._hop(side, thing, step, following, hops)
            if arrived is None:
                return None
            side, thing = arrived
        last = path.parts[-1]
        help = ""
        if not hops and last.text not in thing.by_name and not near_field(thing, last.text):
            linked = " or ".join(f"`{one}`" for one in self._over_the_link(last.text))
            help = f"write {linked} for the field of the linked record" if linked else ""
        field = find_field(self.bound.report, self.file, thing, last, help=help)
        if field is None:
            return None
        return _Read(conditions.Get(field.name, field.type, tuple(hops)), field, field.type)

    def _hop(
        self,
        side: Side,
        thing: Object,
        step: tree.Name,
        following: tree.Name,
        hops: list[conditions.Hop],
    ) -> tuple[Side, Object] | None:
        """One dot: over a reference of `thing`, or to the record of the other side it is linked
        with."""
        field = thing.by_name.get(step.text)
        if field is not None:
            schema = self.bound.schema(side)
            known = [schema.by_name[one] for one in field.references if one in schema.by_name]
            if field.type != "reference" or not known:
                title = f"`{step.text}` is {KINDS[field.type]} and leads to no other record"
                help = "a dot stands behind a reference: `account.domain`"
                self._error("wrong-type", step.span, title, help=help)
                return None
            arrived, also = self._arrived(side, known, following.text)
            hops.append(conditions.Hop("reference", step.text, arrived.name, also))
            return side, arrived
        other: Side = "right" if side == "left" else "left"
        linked = self.bound.schema(other).by_name.get(step.text)
        if linked is None:
            self._no_hop(thing, step, following, other)
            return None
        pair = (thing.name, linked.name) if side == "left" else (linked.name, thing.name)
        if pair not in self.bound.pairs and not self.bound.lost_moves:
            self._error(
                "unknown-field",
                step.span,
                f"no rule links `{thing.name}` with `{linked.name}`",
                help="a name with a dot leads to a record of the other system only where a `push` "
                "or a `pull` links them",
            )
            return None
        if hops or linked.name != self.partner:
            self._too_far(thing, step, following, linked, bool(hops))
            return None
        hops.append(conditions.Hop("link", step.text, linked.name))
        return other, linked

    def _arrived(
        self, side: Side, known: list[Object], wanted: str
    ) -> tuple[Object, tuple[str, ...]]:
        """The object that a reference leads to, users first, and the others that have what is
        asked for, too. Of very many only those that rules link: each of them has to be read."""
        having = [one for one in known if wanted in one.by_name]
        if not having:
            return known[0], ()
        having.sort(key=lambda one: one.thing != "user")
        if len(having) > MOST:
            place = 0 if side == "left" else 1
            linked = {pair[place] for pair in self.bound.pairs}
            having = [one for one in having if one.name in linked] or having[:1]
        first, *others = having
        kind = first.by_name[wanted].type
        return first, tuple(one.name for one in others if one.by_name[wanted].type == kind)

    def _too_far(
        self, thing: Object, step: tree.Name, following: tree.Name, linked: Object, behind: bool
    ) -> None:
        """A dot over to the other system that is not that of this rule: nobody would follow it."""
        title = f"this rule links no `{linked.name}`"
        if behind:
            title = f"a dot leads over to `{linked.name}` in the first step only"
        elif self.partner:
            title = f"this rule links `{thing.name}` with `{self.partner}`, not `{linked.name}`"
        left, right = (thing, linked) if thing.name in self.bound.left.by_name else (linked, thing)
        help = (
            f"bring `{following.text}` over in `map {left.name} with {right.name}`, and ask for "
            f"the field of `{thing.name}` that has it"
        )
        self._error("unknown-field", step.span, title, help=help)

    def _over_the_link(self, name: str) -> list[str]:
        """How a field of that name is written that records linked with this one have."""
        mine, theirs = (0, 1) if self.side == "left" else (1, 0)
        known = self.bound.schema("right" if self.side == "left" else "left").by_name
        linked = [one[theirs] for one in self.bound.pairs if one[mine] == self.object.name]
        return [f"{one}.{name}" for one in linked if name in known[one].by_name]

    def _no_hop(self, thing: Object, step: tree.Name, following: tree.Name, other: Side) -> None:
        """A name before a dot that is neither a field nor an object of the other side."""
        near = nearest(step.text, self.bound.schema(other).by_name)
        if step.text == thing.name:
            begin, end = step.span, following.span
            span = tree.Span(begin.line, begin.column, end.line, end.column)
            title = f"`{step.text}` is the record itself"
            self._error(
                "unknown-field", span, title, help=f"write `{following.text}` alone", fix=""
            )
        elif near and not near_field(thing, step.text):
            title = f"`{thing.name}` has no field `{step.text}`"
            self._error("unknown-field", step.span, title, help=f"did you mean `{near}`?", fix=near)
        else:
            find_field(self.bound.report, self.file, thing, step)

    def _error(
        self, code: str, span: tree.Span, title: str, *, help: str = "", fix: str | None = None
    ) -> None:
        self.bound.report.add(code, self.file, span, title, help=help, fix=fix)


_HELP = {
    "number": "write a number without quotes",
    "date": "write a day without quotes, such as `2026-01-31`",
    "boolean": "a yes-or-no stands alone, or is `true` or `false`",
    "choices": "write `contains` and one value",
}
_INSTEAD = {
    "text": "use `is`, `in` or `contains`",
    "number": "use `is`, `<` or `>`",
    "date": "use `is`, `<` or `>`",
    "boolean": "a yes-or-no stands alone, or is `true` or `false`",
    "choices": "use `contains`",
}
"""What to compare a field with, by what it is like."""
_FORMS = {
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "boolean": re.compile(r"true|false"),
}


def _kind(read: _Read) -> str:
    return KINDS[read.kind]


def _compared(read: _Read) -> str:
    return "contains" if read.kind == "choices" else "is"


def _negated(part: conditions.Condition | None) -> conditions.Condition | None:
    return None if part is None else conditions.Not(part)
