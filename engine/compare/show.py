"""A comparison told: as text in the words of `preview`, and as JSON for scripts.

Knows words and layout; what differs is known from `dsl/compare/`, how many records from `count.py`.
A pull request is told in `markdown.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...dsl.compare import Detail, Difference, Kind, Records, SetDifference
from ...dsl.rules import Place

if TYPE_CHECKING:
    from .count import Count
    from .verb import Compared

HEADS: Mapping[Kind, tuple[str, str]] = {
    "linked": ("+", "now linked"),
    "not-linked": ("-", "no longer linked"),
    "match": ("~", "matched differently"),
    "created": ("+", "now created"),
    "not-created": ("-", "no longer created"),
    "stopped": ("-", "now stopped"),
    "not-stopped": ("+", "no longer stopped"),
    "source": ("~", "another source"),
    "flow": ("~", "changes flow differently"),
    "written": ("+", "now written"),
    "not-written": ("-", "no longer written"),
    "written-differently": ("~", "written differently"),
    "inferred": ("+", "now inferred"),
    "not-inferred": ("-", "no longer inferred"),
    "inferred-differently": ("~", "inferred differently"),
    "enriched": ("+", "now enriched"),
    "not-enriched": ("-", "no longer enriched"),
    "stand-in": ("~", "another stand-in"),
    "event": ("~", "follows differently"),
    "people": ("~", "other people added"),
    "guard": ("~", "guarded differently"),
    "every": ("~", "another time"),
}
"""A sign and words for each kind, in the order in which they are summed up."""

NO_CHANGE = "no change: both versions do the same to every record"


def to_text(compared: Compared) -> str:
    """All differences one by one, and how many of each kind; ends without a line end."""
    blocks = []
    for number, one in enumerate(compared.sets):
        if len(compared.sets) > 1 and one.differences:
            blocks.append(f"{one.left} with {one.right}")
        counts = compared.counts[number] if compared.counts else [None] * len(one.differences)
        blocks += [
            "\n".join(_lines(each, count))
            for each, count in zip(one.differences, counts, strict=True)
        ]
    last = [f"{count:>8,}  {words}" for words, count in totals(compared.sets).items()]
    last += tests(compared.sets)
    if compared.same:
        last.append(NO_CHANGE)
    elif compared.uncounted:
        last.append(f"records were not counted: {compared.uncounted}")
    return "\n".join([*blocks, *([""] if blocks else []), *last])


def to_json(compared: Compared) -> dict[str, Any]:
    """`{"changes": [...], "summary": {KIND: N}, "tests": {...}}`."""
    changes = []
    for number, one in enumerate(compared.sets):
        for place, each in enumerate(one.differences):
            count = compared.counts[number][place] if compared.counts else None
            changes.append(_json(one, each, count))
    names = [[name for one in compared.sets for name in one.tests[i]] for i in range(3)]
    kinds = [one.kind for each in compared.sets for one in each.differences]
    return {
        "changes": changes,
        "summary": {kind: kinds.count(kind) for kind in HEADS if kind in kinds},
        "tests": dict(zip(("new", "gone", "changed"), names, strict=True)),
    }


def totals(sets: Sequence[SetDifference]) -> dict[str, int]:
    """How many of each kind, in words."""
    kinds = [one.kind for each in sets for one in each.differences]
    return {words: kinds.count(kind) for kind, (_, words) in HEADS.items() if kind in kinds}


def tests(sets: Sequence[SetDifference]) -> list[str]:
    """At most one line on test blocks, which change no record."""
    counts = [sum(len(one.tests[i]) for one in sets) for i in range(3)]
    words = ("new", "gone", "changed")
    said = [f"{count} {word}" for count, word in zip(counts, words, strict=True) if count]
    return [f"tests: {', '.join(said)}"] if said else []


def head(one: Difference) -> str:
    """`now created: Lead from contact`."""
    words = HEADS[one.kind][1]
    return f"{'maybe ' if one.undecided else ''}{words}: {one.title}"


def facts(one: Difference) -> list[tuple[str, str]]:
    """What is different, in (what, words); with an example."""
    found = [(each.what, _change(each)) for each in one.details]
    if one.example:
        found.append(("for example", one.example))
    if one.undecided:
        found.append(("undecided", "; ".join(one.undecided)))
    return found


def place(one: Difference) -> str:
    """Where it stands now, and where it stood."""
    now, was = _at(one.after), _at(one.before)
    if now and was:
        return now if now == was else f"{now}, was {was}"
    return now or (f"was {was}" if was else "")


def counted(one: Difference, count: Count | None) -> str:
    """How many records it is about, in a sentence; "" where nobody counted."""
    if count is None or one.records is None:
        return ""
    records = _records(one.records, linked=_linked(one))
    if _linked(one) and count.found == count.total and not count.unread:
        said = [f"{count.total:,} {records}"]
    else:
        said = [f"{count.found:,} of {count.total:,} {records} {_are(one)}"]
    if not _linked(one) and count.linked:
        said.append(f"{count.linked:,} of them linked already")
    way = "push" if one.records.side == "left" else "pull"
    backfill = f"`syncrules backfill {way} {one.records.object}`"
    if one.kind == "created" and count.found > count.linked:
        said.append(f"the others wait for {backfill}")
    if one.kind == "written" and count.found:
        said.append(f"what they hold by now waits for {backfill}")
    if count.unread:
        said.append(f"of {count.unread:,} it can't be told: a field was never read")
    return "; ".join(said)


def _lines(one: Difference, count: Count | None) -> Iterator[str]:
    rule = f"    [{one.rule}]" if one.rule else ""
    yield f"{HEADS[one.kind][0]} {head(one)}{rule}"
    known = facts(one)
    width = max((len(what) for what, _ in known), default=0)
    for what, words in known:
        yield f"    {what:<{width}}  {words}"
    for words in (counted(one, count), place(one)):
        if words:
            yield f"    {words}"


def _change(one: Detail) -> str:
    if one.before and one.after:
        return f"{one.before} -> {one.after}"
    return one.after or one.before


def _at(where: Place | None) -> str:
    return f"{where.file}:{where.line}" if where else ""


def _linked(one: Difference) -> bool:
    """Whether a difference is about linked records alone."""
    return one.records is not None and (
        one.records.when is None or one.kind in ("written", "not-written", "written-differently")
    )


def _records(about: Records, *, linked: bool) -> str:
    other = about.right if about.side == "left" else about.left
    return f"{about.object} records" + (f" linked with {other}" if linked else "")


_ARE: Mapping[Kind, str] = {
    "created": "satisfy it now",
    "not-created": "satisfied it and no longer do",
    "stopped": "are stopped now",
    "not-stopped": "are no longer stopped",
    "source": "get another source",
    "inferred": "get a value",
    "not-inferred": "had a value from it",
    "inferred-differently": "get another value",
}


def _are(one: Difference) -> str:
    """What is so of the records that were counted."""
    assert one.records is not None
    if one.kind in _ARE:
        return _ARE[one.kind]
    return "have such a value" if one.records.when is not None else f"have a {one.records.field}"


def _json(rules: SetDifference, one: Difference, count: Count | None) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "systems": [rules.left, rules.right],
        "title": one.title,
        "rule": one.rule or None,
        "before": _place(one.before),
        "after": _place(one.after),
        "details": [
            {"what": each.what, "before": each.before or None, "after": each.after or None}
            for each in one.details
        ],
        "example": one.example or None,
        "undecided": list(one.undecided),
        "records": None
        if count is None
        else {
            "found": count.found,
            "linked": count.linked,
            "total": count.total,
            "unread": count.unread,
        },
    }


def _place(where: Place | None) -> dict[str, Any] | None:
    return None if where is None else {"file": where.file, "line": where.line}
