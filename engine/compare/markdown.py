"""A comparison as a comment on a pull request: a short summary, then details to unfold.

Knows Markdown as forges show it, and that a comment has a greatest length. Words are those of
`show.py`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import show

if TYPE_CHECKING:
    from ...dsl.compare import Difference
    from .count import Count
    from .verb import Compared

LONGEST = 60_000
"""Characters of a comment: GitHub takes 65,536, and other forges no less."""


def to_markdown(compared: Compared) -> str:
    """The whole comment; ends without a line end."""
    lines = ["### What this change of the rules means", ""]
    if compared.same:
        lines.append("No change: both versions do the same to every record.")
    else:
        lines += ["| | |", "| --- | ---: |"]
        lines += [f"| {words} | {count} |" for words, count in show.totals(compared.sets).items()]
    lines += ["", *show.tests(compared.sets)] if show.tests(compared.sets) else []
    if not compared.same and compared.uncounted:
        lines += ["", f"Records were not counted: {compared.uncounted}."]
    return "\n".join([*lines, *_fitting(compared, LONGEST - sum(len(one) + 1 for one in lines))])


def _fitting(compared: Compared, room: int) -> Iterator[str]:
    """The details, as many as there is room for."""
    left = sum(len(one.differences) for one in compared.sets)
    for number, one in enumerate(compared.sets):
        counts = compared.counts[number] if compared.counts else [None] * len(one.differences)
        for each, count in zip(one.differences, counts, strict=True):
            block = "\n".join(_block(each, count))
            room -= len(block) + 1
            if room < 200:
                yield f"\n... and {left:,} more: `syncrules diff` tells all of them."
                return
            left -= 1
            yield block


def _block(one: Difference, count: Count | None) -> Iterator[str]:
    words, _, title = show.head(one).partition(": ")
    counted = show.counted(one, count)
    few = f" ({count.found:,})" if count is not None and counted else ""
    yield ""
    yield f"<details><summary>{words}: <code>{html.escape(title)}</code>{few}</summary>"
    yield ""
    for what, said in show.facts(one):
        yield f"- {_plain(what)}: {_code(said)}"
    if counted:
        yield f"- {_plain(counted)}"
    if one.rule or show.place(one):
        yield f"- {' at '.join(_code(part) for part in (one.rule, show.place(one)) if part)}"
    yield ""
    yield "</details>"


def _plain(text: str) -> str:
    """A text without a sign that Markdown or HTML would take for its own; code stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_\[\]<>&#|~@])", r"\\\1", part)
        for part in parts
    )


def _code(text: str) -> str:
    """A text in code, whatever backticks it has itself."""
    longest = max((len(one) for one in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{gap}{text}{gap}{fence}"
