"""R3: both sides come together, or differ for a reason that the rules name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from syncrules.tests.simulation.checker.enriched import Enriched
from syncrules.tests.simulation.checker.facts import Link
from syncrules.tests.simulation.checker.held import Held
from syncrules.tests.simulation.checker.signed import Signed
from syncrules.tests.simulation.checker.undone import Undone
from syncrules.tests.simulation.deeds import DONE
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import STATUS, Mapped, Text

WON, LOST = "Closed Won", "Closed Lost"
OVER = ("completed", "no_answer")
"""What calls and tasks say that are over."""


class Together(Undone, Held, Signed, Enriched):
    """What two linked records hold, and what follows from related ones."""

    def converged(self, link: Link, one: Mapped) -> Iterator[str]:
        """What a row joins agrees, or differs for a reason that the rules name."""
        lv, rv = self.rows[link.left].get(one.left), self.rows[link.right].get(one.right)
        if self.agree(one, lv, rv) or self.held_back(link, one) or self.as_put_back(link, one):
            return
        if one.both and self.as_they_met(link, one) and rv:
            return
        what = f"{link.left}.{one.left} is {lv!r}, {link.right}.{one.right} is {rv!r}"
        left, right = self.last(link.left, one.left), self.last(link.right, one.right)
        if one.both:
            blanked = left if not lv else right if not rv else None
            if not lv or not rv:
                if link.right in self.log.heirs.values() or link.left in self.log.copies:
                    return  # Left blank when merged, or edited before we took it for ours.
                if one.kind == "reference" and self.leads_nowhere(one, lv, rv):
                    if lv and self.comes_along(("apollo", one.to, str(lv))):
                        yield f"{what}: it did not come along"
                    return
                if (
                    not one.clear
                    and blanked
                    and blanked.who == "person"
                    and blanked.old
                    # What was out of our sight then has been seen after.
                    and (self.since(link, blanked) or blanked.key in self.log.hidden)
                ):
                    return
                yield f"{what}: a blank was not filled"
            elif one.kind == "stage" and str(lv) not in STATUS:
                if not any(row[3] == "unknown-value" for row in self.errors):
                    yield f"{what}: no error tells that the stage is not in the table"
            elif not (one.kind == "reference" and self.leads_nowhere(one, lv, rv)):
                yield f"{what}: they did not converge"
            return
        # One way, to the right.
        start = self.log.numbers.get(link.run, (0, 0, 0.0))[1]
        if (not lv and not one.clear) or left is None or left.seq < start:
            return
        if one.text and not self.news(link, one.right, one.text, start):
            return
        if left.who == "sync" and self.went_before(link, one, left):
            return
        events = self.log.by_field[link.left, one.left]
        # A search that lags may have shown, at the link, what the edit before it replaced.
        edits = [each for each in events if each.seq >= start]
        shown = {
            each.old for each in (edits[0], self.last_before(link.left, one.left, start)) if each
        }
        if lv in shown and (right is None or right.seq < edits[0].seq):
            return  # Changed and changed back between two looks: nothing to follow.
        if one.kind == "user" and (lv not in self.users.values() or self.unsteady(link.left)):
            return
        if one.when_blank:
            emptied = right is not None and right.who == "person" and right.seq > left.seq
            if not rv and not emptied:
                yield f"{what}: the blank was not filled"
        elif right is None or right.seq < left.seq or self.only_ours(right):
            yield f"{what}: the right side did not follow"

    def stage_followed(self, link: Link, one: Mapped) -> Iterator[str]:
        """A stage that the table lacks gives way to what somebody makes of the other side once the
        run that linked the two is over, where it is from before that run: nothing else can win."""
        log, run = self.log, self.log.numbers.get(link.run, (0, 0, 0.0))
        left, right = self.last(link.left, one.left), self.last(link.right, one.right)
        if left is None or right is None or run not in log.finished or self.earlier(link):
            return
        if str(left.new) in STATUS:
            return
        told = self.codes_of(link.left) | self.codes_of(link.right)
        then = self.last_before(link.right, one.right, run[1])
        edited = then is not None and right.who == "person" and right.new not in (None, then.new)
        if edited and right.seq >= run[1] and left.seq < run[0] and told <= {"unknown-value"}:
            yield f"{link.left} kept {left.new!r}, though somebody made {right.new!r} of the other"

    def news(self, link: Link, of: str, text: Text, start: int) -> bool:
        """Whether a person has changed what the template of a field reads since the two were
        linked, on either side: what the link itself brings over, maybe only with its second try,
        is none, and neither is what a record that was merged into one of them was made with."""
        parts = [(link.left, name) for name in text.of]
        parts += [
            (link.right, one.right) for one in self.scope.flows[link.flow] if one.left in text.of
        ]
        right = self.last(link.right, of)
        for part in parts:
            edits = [
                each
                for each in self.told(*part)
                if each.who == "person" and each.seq >= start and each.old != each.new
            ]
            if edits and (right is None or right.seq < edits[0].seq):
                # A look at the link may have shown either value, where both are one edit's.
                shown = (edits[0], self.last_before(*part, start))
                if edits[-1].new in {each.old for each in shown if each}:
                    continue  # Changed and changed back between two looks.
            if any(each.old or each.key == part[0] for each in edits):
                return True
        return False

    def went_before(self, link: Link, one: Mapped, said: Event) -> bool:
        """Whether a run that wrote what a template reads had written before what it says then."""
        return any(
            (each.who, each.run) == ("sync", said.run)
            and each.seq < said.seq
            and canon(one.kind, each.new) == canon(one.kind, said.new)
            for each in self.log.by_field.get((link.right, one.right), [])
        )

    def only_ours(self, event: Event) -> bool:
        """Whether we wrote a value that should have been the other side's."""
        return event.who == "sync" and not (self.says_off(event) or self.puts_back(event))

    def agree(self, one: Mapped, lv: Any, rv: Any) -> bool:
        if not lv and not rv:
            return True
        if one.kind == "user":
            return bool(lv) and self.users.get(str(rv)) == lv
        if one.kind == "reference":
            target = self.across.get(("apollo", one.to, str(lv)))
            return target is not None and target[2] == str(rv)
        if one.kind == "stage":
            return STATUS.get(str(lv)) == str(rv)
        if one.kind == "status":
            return lv == "skipped" or (str(lv) in OVER) == (str(rv) == DONE)
        return bool(canon(one.kind, lv) == canon(one.kind, rv))

    def comes_along(self, key: Key) -> bool:
        """Whether a record that has never had a partner is made for those who refer to it."""
        known = any(key == one.left for one in self.links)
        return self.scope.brings and key in self.rows and not known and key[2] not in self.blamed

    def leads_nowhere(self, one: Mapped, lv: Any, rv: Any) -> bool:
        """Whether a reference's counterpart isn't there: it can't move."""
        there = {
            each.left: each.right
            for each in self.links
            if not each.ended and {each.left, each.right} <= self.rows.keys()
        }
        left, ids = ("apollo", one.to, str(lv)), {key[2] for key in there.values()}
        return bool((lv and left not in there) or (rv and str(rv) not in ids))

    def stood_in(self, link: Link) -> Iterator[str]:
        """A contact who has never had an account gets the only one whose domain is that of the
        lead's address that was found for them. Whom we have made a lead of is looked at with their
        next change only."""
        email = str(self.rows[link.right].get("Email") or "")
        host = email.rpartition("@")[2].casefold()
        owners = [
            key
            for key, row in self.rows.items()
            if key[1] == "account" and host and canon("domain", row.get("domain")) == host
        ]
        found = self.log.born[link.right].who != "sync"
        if len(owners) == 1 and found and not self.log.by_field.get((link.left, "account")):
            yield f"{link.left} has no account, and {owners[0]} is that of {email}"

    def inferred(self, link: Link) -> Iterator[str]:
        """The stage follows from the deals, unless a person has set it since."""
        deals = [
            row["StageName"]
            for key, row in self.rows.items()
            if key[1] == "Opportunity" and row.get("AccountId") == link.right[2]
        ]
        if any(one == WON for one in deals):
            wanted = "Current Client"
        elif any(one != LOST for one in deals):
            wanted = "Active Opportunity"
        elif deals:
            wanted = "Dead Opportunity"
        else:
            return
        stage = self.rows[link.left].get("stage")
        by_hand = [
            each
            for each in self.log.by_field.get((link.left, "stage"), [])
            if each.who == "person" and each.old is not None
        ]
        if stage != wanted and not by_hand:
            yield f"{link.left}.stage is {stage!r}, its deals {deals} say {wanted!r}"
        yield from self.left_by_hand(link)

    def left_by_hand(self, link: Link) -> Iterator[str]:
        """A stage set by hand in place of an inferred one stays while the deals are the same."""
        moves = [
            each
            for each in self.log.events
            if each.key[1] == "Opportunity" and each.field in ("", "StageName", "AccountId")
        ]
        stages = self.log.by_field.get((link.left, "stage"), [])
        for ours, edit, write in zip(stages, stages[1:], stages[2:], strict=False):
            if (ours.who, edit.who, write.who) != ("sync", "person", "sync"):
                continue
            if self.arrived_again(write):
                continue
            inferred = [
                begin for begin, end, _ in self.log.finished if begin <= ours.seq < end <= edit.seq
            ]
            if not inferred or any(each.late for each in moves):
                continue
            if not any(inferred[0] <= each.seq < write.seq for each in moves):
                yield f"{link.left}.stage, set by hand to {edit.new!r}, became {write.new!r}"
