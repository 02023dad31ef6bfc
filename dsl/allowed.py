"""What a template may hold, and the filters that it has: little, so that it is harmless.

No loop, no call, no part of a value by its name, nothing kept for later: so a template takes time
that its own length bounds, and each text that it makes on the way has a limit, too. Knows Jinja2's
tree; what a template says for a record is `templates.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 1_000_000
"""Characters that a template makes at most; no system has a text field that takes more."""
LONGEST_SOURCE = 10_000
LARGEST = 10**30
DEEPEST = 50
MOST_STEPS = 100
"""Parts of a template that make a text of others: each may be as long as `LONGEST`."""


class Blank(Exception):
    """What is about to be printed is blank, and the template doesn't say what to do then."""


class TooMuch(ValueError):
    """A text or a number beyond its limit."""


def names(tree: nodes.Template) -> set[str]:
    """What a template reads: what it may hold names nothing itself."""
    return {one.name for one in _every(tree) if isinstance(one, nodes.Name) and one.ctx == "load"}


def _every(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [tree]
    while waiting:
        yield (node := waiting.pop())
        waiting.extend(node.iter_child_nodes())


def refusal(tree: nodes.Template) -> str:
    """What a template holds that it may not, as a sentence; "" where all of it is harmless."""
    if sum(isinstance(one, _STEPS) for one in _every(tree)) > MOST_STEPS:
        return f"it has more than {MOST_STEPS} filters, sums and numbers in brackets"
    return next(_refusals(tree, 0), "")


def _refusals(node: nodes.Node, depth: int) -> Iterator[str]:
    kind = type(node)
    if depth > DEEPEST:
        yield f"it is nested more than {DEEPEST} deep"
    elif kind in _WORDS:
        yield _WORDS[kind]
    elif kind not in _HARMLESS:
        yield "of statements it may hold `if` alone, and of expressions plain ones"
    elif isinstance(node, nodes.Getitem) and not _is_place(node.arg):
        yield "in brackets stands a number, as in `[0]`, or two, as in `[:3]`"
    elif isinstance(node, nodes.Filter) and (wrong := _wrong_filter(node)):
        yield wrong
    elif isinstance(node, nodes.Test) and (node.name not in TESTS or node.args or node.kwargs):
        yield f"after `is` stands one of {', '.join(TESTS)}"
    else:
        for child in node.iter_child_nodes():
            yield from _refusals(child, depth + 1)


def _is_place(node: nodes.Node) -> bool:
    parts = [node.start, node.stop, node.step] if isinstance(node, nodes.Slice) else [node]
    return all(one is None or isinstance(getattr(_bare(one), "value", None), int) for one in parts)


def _bare(node: nodes.Node) -> nodes.Node:
    return node.node if isinstance(node, nodes.Neg) else node


def _wrong_filter(node: nodes.Filter) -> str:
    if node.name not in FILTERS:
        return f"there is no filter `{node.name}`: there are {', '.join(FILTERS)}"
    if node.node is None or len(node.args) > FILTERS[node.name][1] or node.kwargs:
        return f"`{node.name}` doesn't take that"
    return "it takes no list of values" if node.dyn_args or node.dyn_kwargs else ""


_HARMLESS = {
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Filter, nodes.Test, nodes.Getitem, nodes.Slice),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.List),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
    nodes.Tuple,
}
_STEPS = (nodes.Filter, nodes.Getitem, nodes.Concat, nodes.Add)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Getattr: "a field is named as it is, and has no parts behind a dot",
    nodes.Call: "nothing can be called in it; a filter stands behind `|`",
    nodes.For: "`for` can't stand in it; `| join(', ')` lists several values",
    nodes.Assign: "`set` can't stand in it",
    nodes.AssignBlock: "`set` can't stand in it",
    nodes.Pow: "`**` can't stand in it",
}
TESTS = ("defined", "none", "string", "number", "boolean", "even", "odd", "upper", "lower")


def _text(value: object) -> str:
    """A value as it is printed."""
    if value is None:
        raise Blank
    text = _joined(value, ", ") if isinstance(value, (tuple, list)) else str(value)
    if len(text) > LONGEST:
        raise TooMuch(f"it makes more than {LONGEST:,} characters")
    return text


def _joined(values: Iterable[object], glue: str) -> str:
    """Several values as one text, of which no more is made than there may be."""
    parts, made = [], 0
    for one in values:
        parts.append(_text(one))
        made += len(parts[-1]) + len(glue)
        if made - len(glue) > LONGEST:
            raise TooMuch(f"it makes more than {LONGEST:,} characters")
    return glue.join(parts)


def _number(value: object) -> int | float:
    if value is None:
        raise Blank
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`{_text(value)[:40]}` is no number")
    if not -LARGEST < value < LARGEST:
        raise TooMuch("a number in it is too large")
    return value


def _replace(value: object, old: object, new: object) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if len(text) + text.count(old) * len(new) > LONGEST:
        raise TooMuch(f"it makes more than {LONGEST:,} characters")
    return text.replace(old, new)


def _join(value: object, between: object = "") -> str:
    """Several choices as one text; a text is one."""
    return _joined(value if isinstance(value, (tuple, list)) else [value], _text(between))


def _truncate(value: object, length: object = 255, whole: object = False) -> str:
    """At most so many characters, with `...` at the end where some are cut off; at the end of a
    word, unless `whole`."""
    text, most = _text(value), int(_number(length))
    if len(text) <= most:
        return text
    cut = text[: max(most - 3, 0)]
    return (cut if whole else cut.rpartition(" ")[0] or cut) + "..."


def _round(value: object, places: object = 0) -> float:
    return round(float(_number(value)), max(-15, min(int(_number(places)), 15)))


def _as_number(kind: Callable[[Any], int | float]) -> Callable[..., int | float]:
    def convert(value: object, otherwise: object = 0) -> int | float:
        text = _text(value).strip()
        try:
            return _number(kind(value if isinstance(value, (int, float)) else float(text[:40])))
        except (ValueError, OverflowError):
            return _number(otherwise)

    return convert


def _default(value: object, otherwise: object = "", always: object = False) -> object:
    return otherwise if value is None or (always and not value) else value


def _sized(value: object) -> int:
    return len(value) if isinstance(value, (tuple, list)) else len(_text(value))


def _end(place: int) -> Callable[[Any], object]:
    def pick(value: Any) -> object:
        held = value if isinstance(value, (tuple, list)) else _text(value)
        return held[place] if held else None

    return pick


def _title(value: object) -> str:
    """Words with a capital at their beginning, and nowhere else."""
    return " ".join(one[:1].upper() + one[1:].lower() for one in _text(value).split(" "))


FILTERS: Mapping[str, tuple[Callable[..., object], int]] = {
    "abs": (lambda value: abs(_number(value)), 0),
    "capitalize": (lambda value: _text(value).capitalize(), 0),
    "count": (_sized, 0),
    "d": (_default, 2),
    "default": (_default, 2),
    "first": (_end(0), 0),
    "float": (_as_number(float), 1),
    "int": (_as_number(int), 1),
    "join": (_join, 1),
    "last": (_end(-1), 0),
    "length": (_sized, 0),
    "lower": (lambda value: _text(value).lower(), 0),
    "replace": (_replace, 2),
    "reverse": (lambda value: _text(value)[::-1], 0),
    "round": (_round, 1),
    "string": (_text, 0),
    "title": (_title, 0),
    "trim": (lambda value, ends=None: _text(value).strip(None if ends is None else _text(ends)), 1),
    "truncate": (_truncate, 2),
    "upper": (lambda value: _text(value).upper(), 0),
    "wordcount": (lambda value: len(_text(value).split()), 0),
}
"""Each filter, and how many arguments it takes at most."""


class Environment(ImmutableSandboxedEnvironment):
    """Jinja2 with what a template may use, and nothing else."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%"])

    def __init__(self, **given: Any) -> None:
        super().__init__(autoescape=False, finalize=_printed, **given)
        self.globals.clear()
        self.filters = {name: made for name, (made, _) in FILTERS.items()}
        self.filters[_JOINED] = _join
        self.tests = {name: self.tests[name] for name in (*TESTS, "in")}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _join((left, right))
        return _number(super().call_binop(context, operator, _number(left), _number(right)))

    def getitem(self, obj: Any, argument: Any) -> Any:
        if obj is None:
            raise Blank
        if isinstance(obj, str):
            _text(obj)
        return super().getitem(obj, argument)


_JOINED = "joined~"
"""A filter that no template can name."""


def without_concat(tree: nodes.Template) -> nodes.Template:
    """The same, with a limit on what `~` makes."""
    for node in _every(tree):
        for field, value in node.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(node, field, _limited(value))
            elif isinstance(value, list):
                value[:] = map(_limited, value)
    return tree


def _limited(node: Any) -> Any:
    if not isinstance(node, nodes.Concat):
        return node
    parts = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(parts, _JOINED, [], [], None, None, lineno=node.lineno)


def _printed(value: object) -> object:
    """What a template is about to print; blank texts count as blank."""
    if value is None or value == "":
        raise Blank
    return _text(value)
