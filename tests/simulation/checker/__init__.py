"""What must be true at the end of a history, from the rules' meaning and the log alone.

Reads the two simulators' rows, the log of every change, and what the state tells people (links,
journal, errors); it shares no code with the engine's decisions. `check` gives a sentence for each
promise that was broken; each promise has a module, and what they all ask is in `facts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.engine.store.database import Database
from syncrules.tests.simulation.checker import ends
from syncrules.tests.simulation.checker.facts import Link, due, journal
from syncrules.tests.simulation.checker.kept import Kept
from syncrules.tests.simulation.checker.off import Off
from syncrules.tests.simulation.checker.once import Once
from syncrules.tests.simulation.checker.signed import Signed
from syncrules.tests.simulation.checker.together import Together
from syncrules.tests.simulation.checker.written import Written
from syncrules.tests.simulation.people import People
from syncrules.tests.simulation.recorder import Recorder

__all__ = ["check", "due", "journal", "under_any_rules"]


def check(log: Recorder, people: People, db: Database, org: str) -> list[str]:
    """A sentence for each promise that was broken."""
    return [*_Checker(log, people, db, org).all(), *ends.check(log, db)]


def under_any_rules(log: Recorder, people: People, db: Database, org: str) -> list[str]:
    """The same of the promises that don't depend on what the rules say."""
    asked = _Checker(log, people, db, org)
    linked = (one for link in asked.links for one in asked.linked_rightly(link))
    return [*asked.made_once(), *asked.journal_closed(), *linked]


class _Checker(Off, Once, Written, Together, Kept, Signed):
    """All promises over one history."""

    def all(self) -> Iterator[str]:
        self.text_rows()
        yield from self.made_once()
        yield from self.nobody_lost()
        yield from self.from_now_on()
        yield from self.undone_rightly()
        yield from self.nobody_made()
        yield from self.older_left_alone()
        yield from self.told_of_two()
        if self.log.deeds:
            yield from self.deeds_there()
            yield from self.deeds_about()
        yield from self.only_mapped_fields()
        yield from self.only_what_follows()
        yield from self.followed_up()
        yield from self.taken_back_once_back()
        yield from self.journal_closed()
        yield from self.within_guards()
        yield from self.told_rightly()
        yield from self.deletions_known()
        for link in self.links:
            yield from self.linked_rightly(link)
            yield from self.handed_over(link)
            yield from self.no_guess(link)
            yield from self.asked_for(link)
            yield from self.under_whose_name(link)
            yield from self.given_to_nobody_gone(link)
            there = link.left in self.rows and link.right in self.rows
            if there and not link.ended and not self.log.is_other(link.right):
                yield from self.pair(link)

    def pair(self, link: Link) -> Iterator[str]:
        yield from self.followed_off(link)
        if link.flow in self.scope.once:
            yield from self.as_it_was(link)
            return
        hidden = {link.right} & self.log.hidden & self.unfound
        refused = hidden or {link.left[2], link.right[2]} & self.blamed
        for one in self.scope.flows[link.flow]:
            if not refused and link.flow not in self.scope.over:
                yield from self.converged(link, one)
            if {link.left, link.right} & self.beyond:
                continue
            if not refused and link.flow in self.scope.fills:
                yield from self.filled(link, one)
            if one.kind in ("reference", "status"):
                continue
            if one.both:
                yield from self.edits_kept(link, one)
                if one.kind == "stage":
                    yield from self.stage_followed(link, one)
            elif one.text:
                yield from self.left_alone(link, one)
            yield from self.copied(link, one)
        if not {link.left, link.right} & self.beyond:
            yield from self.stopped_rightly(link)
            yield from self.let_go(link)
            if link.flow in self.scope.fills:
                yield from self.only_filled_in(link)
                yield from self.stays_blank(link)
        if link.flow == "contact~Lead" and "account" in self.scope.objects and not refused:
            yield from self.stood_in(link)
        if self.scope.infers and link.flow == "account~Account" and not refused:
            yield from self.inferred(link)
