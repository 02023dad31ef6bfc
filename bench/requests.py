"""Requests of a first sync, of 1,000 changes and of an idle run, over the fewest that are possible.

Two simulated systems in this process, so the figures are the same on every machine. The fewest are
worked out from the limits of the two APIs and from what was really read and written; that nobody
knows beforehand what will match or change is part of the cost, and not of the bound.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil

from syncrules.engine.run import run as verbs
from syncrules.engine.run.journal import Entry
from syncrules.tests import oracle
from syncrules.tests.both import HOUR, Both, Calls

APOLLO_PAGE = APOLLO_BATCH = 100
"""Records that one search shows and one bulk request takes."""
SALESFORCE_PAGE = 2000
SALESFORCE_BATCH = 200
"""Records of a page of a query, and of a collection that is written."""
COMPOSITE = 5
"""Queries or collections that one composite request carries, counted as one call."""


@dataclass(frozen=True, slots=True)
class Used:
    """Requests of one system for one purpose. `bound` counts requests of one query or collection
    each, `composed` the same where as many as possible share a composite request."""

    what: str
    used: int
    bound: int
    composed: int | None = None

    def row(self) -> tuple[object, ...]:
        ratio = self.used / self.bound if self.bound else float(self.used == 0)
        return (self.what, self.used, self.bound, ratio, self.composed or "")


COLUMNS = ("used", "fewest", "ratio", "in composites")


def measure(people: int, changes: int) -> list[Used]:
    """The three cases with `people` in Apollo and three quarters of them in Salesforce; `changes`
    people are edited, half of them on each side."""
    both = Both(oracle.RULES, people, people * 3 // 4)
    found: list[Used] = []
    before, entries = both.calls(), _first_sync(both)
    found += _used("first sync", both, both.since(before), entries, _everything(both))
    _run(both)
    _edit(both, changes // 2)
    before, entries = both.calls(), _run(both)
    read = {"contact": changes // 2, "Contact": changes // 4, "Lead": changes // 4}
    found += _used(f"{changes:,} changed", both, both.since(before), entries, read)
    _run(both)
    before, entries = both.calls(), _run(both)
    found += _used("nothing changed", both, both.since(before), entries, {})
    both.db.close()
    return found


def _first_sync(both: Both) -> list[Entry]:
    entries: list[Entry] = []
    for direction, object in (("pull", "Account"), ("push", "contact"), ("pull", "Contact")):
        both.clock.sleep(HOUR)
        verbs.backfill(both.setup, direction, object, entries.append)
    return entries


def _run(both: Both) -> list[Entry]:
    entries: list[Entry] = []
    both.clock.sleep(HOUR)
    verbs.run(both.setup, entries.append)
    return entries


def _everything(both: Both) -> dict[str, int]:
    found = {name: len(both.salesforce.rows(name)) for name in _OBJECTS["salesforce"]}
    return found | {name: len(both.apollo.rows(name)) for name in _OBJECTS["apollo"]}


def _edit(both: Both, count: int) -> None:
    """Titles of `count` linked people on each side, of others on the other side."""
    now = oracle.rows(both.apollo, both.salesforce)
    people = oracle.links(now).people
    linked = sorted(people)
    for place, id in enumerate(linked[:count]):
        both.apollo.update("contact", id, {"title": f"Chief {place}"})
    kinds = {"Contact": count // 2, "Lead": count - count // 2}
    for id in linked[count:]:
        object, other = people[id]
        if kinds[object]:
            kinds[object] -= 1
            both.salesforce.update(object, other, {"Title": f"Head of {id}"})


# ---- the fewest -----------------------------------------------------------------------------

_OBJECTS = {
    "apollo": ("user", "account", "contact"),
    "salesforce": ("User", "Account", "Contact", "Lead", "Opportunity"),
}


def _used(
    case: str, both: Both, calls: Calls, entries: list[Entry], read: dict[str, int]
) -> list[Used]:
    reads = {name: _pages(name, read) for name in _OBJECTS}
    apollo_writes = _apollo_writes(entries)
    collections = _collections(entries)
    composed = ceil(reads["salesforce"] / COMPOSITE), ceil(collections / COMPOSITE)
    apollo, salesforce = calls.apollo.total(), calls.salesforce.total()
    return [
        Used(f"{case}: Apollo reads", apollo - calls.apollo_writes, reads["apollo"]),
        Used(f"{case}: Apollo writes", calls.apollo_writes, apollo_writes),
        Used(
            f"{case}: Salesforce reads",
            salesforce - calls.salesforce_writes,
            reads["salesforce"],
            composed[0],
        ),
        Used(
            f"{case}: Salesforce writes", calls.salesforce_writes, collections, composed[1] or None
        ),
    ]


def _pages(system: str, read: dict[str, int]) -> int:
    """A page for each so many records of an object, and one where nothing changed, since that can't
    be known without asking."""
    size = APOLLO_PAGE if system == "apollo" else SALESFORCE_PAGE
    return sum(max(1, ceil(read.get(name, 0) / size)) for name in _OBJECTS[system])


def _apollo_writes(entries: list[Entry]) -> int:
    """Bulk requests of each kind; of contacts one for each stage that is set, since a bulk update
    takes none; a request for each account whose domain is set, which no bulk update takes."""
    groups: Counter[tuple[str, ...]] = Counter()
    single = 0
    for one in entries:
        if one.system != "apollo" or one.state != "done":
            continue
        names = set(one.after)
        if one.action == "update" and one.object == "contact" and "stage" in names:
            groups["contact", "stage", str(one.after["stage"])] += 1
            names.discard("stage")
        if one.action == "update" and one.object == "account" and "domain" in names:
            single += 1
        elif names and one.action in ("create", "update"):
            groups[one.object, one.action] += 1
    return single + sum(ceil(count / APOLLO_BATCH) for count in groups.values())


def _collections(entries: list[Entry]) -> int:
    """Collections of one object and one action."""
    groups = Counter(
        (one.object, one.action)
        for one in entries
        if one.system == "salesforce" and one.state == "done" and one.action != "link"
    )
    return sum(ceil(count / SALESFORCE_BATCH) for count in groups.values())
