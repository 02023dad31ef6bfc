"""What `why` says, as lines for people and as JSON data. Why it is so is `why.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..dsl.rules import Place
from .lost import writers
from .report import show, value_json
from .run.journal import Entry
from .why import Half, Reason, RowWhy, Spot, Why


def why_text(found: Sequence[Why]) -> str:
    """A paragraph for each pair of objects that the record belongs to."""
    return "\n\n".join("\n".join(_text(one)) for one in found)


def _text(one: Why) -> Iterator[str]:
    name = " ".join(part for part in (one.key, f"({one.record.id})") if part)
    yield f"{one.record.system} {one.record.object} {name}    [{one.between}]"
    if one.partner:
        known = "linked with" if one.linked else "matches"
        yield f"  {known} {one.partner.system} {one.partner.object} {one.partner.id}"
    for reason in one.reasons:
        yield f"  {_sentence(reason)}"
    for row in one.rows:
        yield from _row(row)


def _sentence(one: Reason) -> str:
    where = ", ".join(part for part in (one.rule, _where(one.place)) if part)
    return f"{one.text}    [{where}]" if where else one.text


def _where(place: Place | None) -> str:
    return f"{place.file}:{place.line}" if place and place.file else ""


def _row(one: RowWhy) -> Iterator[str]:
    yield f"  {one.text}    [{one.rule}, {_where(one.place)}]"
    for half in (one.left, one.right):
        now = f"is {show(half.now)}"
        agreed = "" if half.agreed == half.now else f", was {show(half.agreed)} when both agreed"
        yield f"    {half.system + ' ' + half.field if half.field else half.system} {now}{agreed}"
    if one.last:
        yield f"    {_last(one, one.last)}"
    yield f"    next: {one.next}"


def _last(one: RowWhy, last: Entry) -> str:
    field = one.left.field if last.side == "left" else one.right.field
    before, after = show(last.before.get(field)), show(last.after.get(field))
    cause = last.reason.split("; ")[0]
    told = "it changed on the other side" if cause == "changed" else cause
    loss = last.lost.get(field)
    other = one.right.system if last.side == "left" else one.left.system
    if loss:
        wrote = "; ".join(writers(loss, other, last.system))
        told = f"{told}; an edit lost" + (f": {wrote}" if wrote else "")
    return f"last written by run {last.run} to {last.system}: {before} -> {after}, because {told}"


def why_json(found: Sequence[Why]) -> dict[str, Any]:
    """`why --format json`."""
    return {"records": [_json(one) for one in found]}


def _json(one: Why) -> dict[str, Any]:
    return {
        "key": one.key or None,
        **_spot(one.record),
        "partner": _spot(one.partner) if one.partner else None,
        "linked": one.linked,
        "between": one.between,
        "reasons": [
            {
                "text": each.text,
                "rule": each.rule or None,
                "file": each.place.file if each.place else None,
                "line": each.place.line if each.place else None,
                "values": {name: value_json(value) for name, value in each.values.items()},
            }
            for each in one.reasons
        ],
        "rows": [
            {
                "text": each.text,
                "rule": each.rule,
                "file": each.place.file,
                "line": each.place.line,
                "left": _half(each.left),
                "right": _half(each.right),
                "last_run": each.last.run if each.last else None,
                "next": each.next,
            }
            for each in one.rows
        ],
    }


def _spot(one: Spot) -> dict[str, Any]:
    return {"system": one.system, "object": one.object, "id": one.id}


def _half(one: Half) -> dict[str, Any]:
    return {
        "system": one.system,
        "field": one.field or None,
        "now": value_json(one.now),
        "agreed": value_json(one.agreed),
    }
