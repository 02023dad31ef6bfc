"""What looking at an object costs in requests, from what its schema says of feed, pages and counts.

Says nothing of writes, which depend on the records. Used by proofs before a run (`dsl/checks`) and
by the plan's own estimate (`engine/plan/cost.py`).
"""

from __future__ import annotations

from math import ceil

from .schema import Feed, Object, Schema

DAY = 24 * 60
"""Minutes."""
PART = 100
"""Pages of an object that are read once more in a day, whatever has changed."""


def look(schema: Schema, one: Object) -> tuple[int | None, int | None]:
    """Requests of the first look at an object, and of one that finds nothing new; None where that
    depends on what nobody counted."""
    pages = None if one.count is None else max(1, ceil(one.count / schema.read_page))
    quiet: dict[Feed, int | None] = {
        "stamped": 1,
        # Such a feed is read until two pages bring nothing new.
        "newest first": 2 if pages is None else min(2, pages),
        "whole": pages,
        "by parent": None,
    }
    first = None if one.feed == "by parent" else pages
    return first, quiet[one.feed]


def once_more(schema: Schema, one: Object) -> int:
    """Requests of a day for what is read once more from its beginning, a part a day: of each object
    whose feed goes by stamps and tells what was deleted, or goes no deeper than to where nothing is
    new. Of what nobody counted at least one."""
    if one.feed != "newest first" and (one.feed != "stamped" or one.forgets):
        return 0
    pages = ceil((one.count or 0) / schema.read_page)
    return min(PART, max(1, pages))
