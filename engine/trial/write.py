"""A test as one writes it: the text of a `test` block from its typed steps and expectations.

The inverse of what `dsl/trials.py` reads. Knows how values are spelt, nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...connectors.base.schema import Schema
from ...dsl.conditions import written
from ...dsl.rules import (
    Expectation,
    LastOf,
    Side,
    TestRecord,
    TestRule,
    TestStep,
    TestValue,
    UserBy,
)

_LINE = 92
_VERBS = {"given": "given", "linked": "linked with", "change": "change", "delete": "delete"}
Schemas = Mapping[Side, Schema]


def block(test: TestRule, schemas: Schemas) -> str:
    """The whole `test` block."""
    day = f" on {test.day}" if test.day else ""
    lines = [f"test {_quoted(test.name)}{day} {{"]
    lines += [f"    {line}" for one in test.steps for line in _step(one, schemas)]
    lines += [f"    {line}" for one in test.expects for line in _expect(one, schemas)]
    return "\n".join([*lines, "}"])


def _step(one: TestStep, schemas: Schemas) -> Iterator[str]:
    if one.kind == "delete":
        yield f"delete {one.record.object}"
        return
    by = f" by {_quoted(one.by)}" if one.by else ""
    yield from _record(f"{_VERBS[one.kind]} ", one.record, schemas, by)


def expected(one: Expectation, schemas: Schemas) -> str:
    """An expectation on one line."""
    return " ".join(line.strip() for line in _expect(one, schemas))


def _expect(one: Expectation, schemas: Schemas) -> Iterator[str]:
    by = f" by {_quoted(one.by)}" if one.by else ""
    if one.kind == "nothing":
        yield "expect nothing"
    elif one.record is not None:
        yield from _record(f"expect {one.kind} ", one.record, schemas, by)
    else:
        on = "on " if one.kind in ("conflict", "approval", "refusal") else ""
        path = f"{one.object}.{one.field}" if one.field else one.object
        yield f"expect {one.kind} {on}{path}"


def _record(verb: str, record: TestRecord, schemas: Schemas, end: str) -> Iterator[str]:
    values = [f"{name} {_value(value, record, name, schemas)}" for name, value in record.values]
    if not values:
        yield f"{verb}{record.object} {{ }}{end}"
        return
    whole = f"{verb}{record.object} {{ {', '.join(values)} }}{end}"
    if len(whole) <= _LINE:
        yield whole
        return
    yield f"{verb}{record.object} {{"
    for place, one in enumerate(values):
        yield f"    {one}{',' if place + 1 < len(values) else ''}"
    yield f"}}{end}"


def _value(value: TestValue, record: TestRecord, name: str, schemas: Schemas) -> str:
    if value is None:
        return "blank"
    if isinstance(value, LastOf):
        return value.object
    if isinstance(value, UserBy):
        return _quoted(value.email)
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(one) for one in value)}]"
    field = schemas[record.side].by_name[record.object].by_name.get(name)
    if isinstance(value, str) and field is not None and field.type == "date":
        return value
    return written(value, None)


def _quoted(text: str) -> str:
    return written(text, None)
