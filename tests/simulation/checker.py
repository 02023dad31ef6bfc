"""What must be true at the end of a history, from the rules' meaning and the log alone.

Reads the two simulators' rows, the log of every change, and what the state tells people (links,
journal, errors); it shares no code with the engine's decisions. `check` gives a sentence for each
promise that was broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from syncrules.engine.store import statements as sql
from syncrules.engine.store import troubles
from syncrules.engine.store.database import Database, statement
from syncrules.engine.store.statements import C, L, R
from syncrules.tests.simulation import ends
from syncrules.tests.simulation.fields import KEYS, SPELLED, allowed, canon, mapped
from syncrules.tests.simulation.people import BAD_TITLE, People, tag_of
from syncrules.tests.simulation.recorder import Event, Key, Recorder
from syncrules.tests.simulation.scopes import BACK, STATUS, Kind, Mapped, Side

journal = statement(
    select(
        *(C.run, C.number, C.flow, C.side, C.system, C.object, C.action, C.record),
        *(C.left, C.right, C.before, C.after, C.state, C.code, C.lost),
    ).order_by(C.run, C.number)
)
_links = statement(select(L.flow, L.left, L.right, L.ended, L.run).order_by(L.flow, L.left))
_here = statement(
    select(R.system, R.object, R.id).where(R.system == "salesforce", R.life == "here")
)

RACE = 600.0
"""Seconds within which a write of ours and a person's may cross without either seeing the other:
no system offers to compare before it saves, and saves may be seen late."""
LAG = 10.0
"""Seconds after which a search shows a save, unless that is late for another reason."""

WON, LOST = "Closed Won", "Closed Lost"


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that the state says are one."""

    flow: str
    left: Key
    right: Key
    ended: str
    run: int


def check(log: Recorder, people: People, db: Database, org: str) -> list[str]:
    """A sentence for each promise that was broken."""
    return [*_Checker(log, people, db, org).all(), *ends.check(log, db)]


def under_any_rules(log: Recorder, people: People, db: Database, org: str) -> list[str]:
    """The same of the promises that don't depend on what the rules say."""
    asked = _Checker(log, people, db, org)
    linked = (one for link in asked.links for one in asked.linked_rightly(link))
    return [*asked.made_once(), *asked.journal_closed(), *linked]


class _Checker:
    def __init__(self, log: Recorder, people: People, db: Database, org: str) -> None:
        self.log = log
        self.scope = people.scope
        self.rows: dict[Key, Mapping[str, Any]] = {
            key: log.values(row)
            for system in ("apollo", "salesforce")
            for key, row in log.rows(system).items()
        }
        self.links = [_link(row) for row in db.rows(_links) if row[0] in self.scope.flows]
        self.here: list[Key] = [(one[0], one[1], one[2]) for one in db.rows(_here)]
        self.journal = db.rows(journal)
        self.errors = db.rows(troubles.open_errors, org=org)
        self.due = db.row(sql.count_due, org=org, now=log.clock.now()) or (0,)
        self.troubles = db.rows(troubles.open_troubles, org=org)
        self.blamed = {row[2] for row in self.troubles} - {""}
        self.users = {id: str(row["Email"]) for id, row in log.salesforce.rows("User").items()}
        self.beyond = log.hidden | log.stray
        self.across = {one.left: one.right for one in self.links if not one.ended}

    def all(self) -> Iterator[str]:
        yield from self.made_once()
        yield from self.nobody_lost()
        yield from self.only_mapped_fields()
        yield from self.journal_closed()
        yield from self.told_rightly()
        yield from self.deletions_known()
        for link in self.links:
            yield from self.linked_rightly(link)
            yield from self.no_guess(link)
            yield from self.asked_for(link)
            there = link.left in self.rows and link.right in self.rows
            if there and not link.ended and link.right not in self.log.heirs:
                yield from self.pair(link)

    # ---- who is there

    def made_once(self) -> Iterator[str]:
        """No two records made by us for one person, and none for somebody who was there."""
        made: dict[tuple[str, str], Key] = {}
        for key, birth in self.log.born.items():
            if birth.who != "sync" or key in self.log.stray:
                continue
            tag = self.tag_at(key, birth.seq)
            thing = (key[0], tag)
            if thing in made and not self.never_seen(made[thing], birth.seq):
                yield f"{tag} was made twice in {key[0]}: {made[thing]} and {key}"
            made[thing] = key
            yield from self.was_not_there(key, birth)

    def never_seen(self, key: Key, seq: int) -> bool:
        """Whether we never heard of a record, and by the time we looked were not shown it, or
        nothing told it from others: it has no key, and somebody had edited it."""
        keyless = not self.first(key, KEYS[key[1]][key[1]], 0)
        edited = any(one.key == key and one.who == "person" for one in self.log.events[:seq])
        unknown = key in self.log.hidden or (keyless and edited)
        return unknown and all(key not in (one.left, one.right) for one in self.links)

    def was_not_there(self, key: Key, birth: Event) -> Iterator[str]:
        names = KEYS[key[1]]
        mine = self.first(key, names[key[1]], birth.seq)
        if not mine:
            return
        begun = self.log.starts[birth.run - 1]
        for other, there in self.log.born.items():
            if other == key or other[0] != key[0] or other[1] not in names:
                continue
            if there.seq >= begun or birth.at - there.at < RACE:
                continue
            if self.log.gone_by(other, birth.seq) or other in self.beyond | self.log.heirs.keys():
                continue
            event = self.last_before(other, names[other[1]], birth.seq)
            if event and event.seq < begun and birth.at - event.at >= RACE:
                kind: Kind = "email" if "mail" in names[other[1]] else "domain"
                if canon(kind, event.new) == canon(kind, mine):
                    yield f"{key} was made, though {other} with {mine} was there"

    def nobody_lost(self) -> Iterator[str]:
        """Everyone who satisfies a rule has a counterpart, or stands in the error log."""
        linked = {one.left for one in self.links} | {one.right for one in self.links}
        linked |= self.beyond
        for key, row in self.rows.items():
            wanted = self.scope.wanted.get(key[1])
            if wanted and wanted(row) and key not in linked and key[2] not in self.blamed:
                yield f"{key} {tag_of(row)} has no counterpart, and no error says why"
        by_email: dict[str, list[Key]] = {}
        for key, row in self.rows.items():
            if key in self.log.heirs:
                continue
            email = canon("email", row.get("email") or row.get("Email"))
            if email and key[1] in ("contact", "Lead", "Contact"):
                by_email.setdefault(str(email), []).append(key)
        for email, keys in by_email.items():
            apart = len(keys) == 2 and keys[0][0] != keys[1][0] and not linked & set(keys)
            if apart and not {key[2] for key in keys} & self.blamed:
                yield f"{keys} share {email} and are not linked"

    def linked_rightly(self, link: Link) -> Iterator[str]:
        """A link joins one person's two records: the right reply went to the right write."""
        if link.right in self.log.heirs:
            yield from self.followed(link)
        elif link.ended and link.left in self.rows and link.right in self.rows:
            yield f"{link.left} and {link.right} are there, and their link ended: {link.ended}"
        tags = {self.tag_at(key, len(self.log.events)) for key in (link.left, link.right)}
        if len(tags) > 1 and link.right not in self.log.hidden:
            yield f"{link.left} and {link.right} are linked and are {' and '.join(sorted(tags))}"

    def followed(self, link: Link) -> Iterator[str]:
        """A link goes with what its record was converted or merged into."""
        heir = link.right
        while heir in self.log.heirs:
            heir = self.log.heirs[heir]
        if link.left not in self.rows or heir not in self.rows:
            return
        taken = {one.right for one in self.links if not one.ended} | self.beyond
        if heir not in taken:
            yield f"{link.left} was linked to {link.right}, and isn't to {heir}, which that became"

    def no_guess(self, link: Link) -> Iterator[str]:
        """Of two records with one address neither was linked, nor was a counterpart made."""
        if link.ended or link.right in self.log.heirs.values():
            return  # Its run is the one that ended it, or it went with what its record became.
        begin, _, at = self.log.numbers.get(link.run, (0, 0, 0.0))
        for birth in (self.log.born[link.left], self.log.born[link.right]):
            if birth.who == "sync":  # The run that made it has decided so.
                begin, at = self.log.starts[birth.run - 1], birth.at
        for key in (link.left, link.right):
            if self.log.born[key].who == "sync" or key in self.log.copies:
                continue  # We made it, or nobody can tell it from what we made.
            name = KEYS[key[1]][key[1]]
            mine = self.last_before(key, name, begin)
            if mine is None or not mine.new or at - mine.at < RACE:
                continue
            for other in self.log.born:
                if other[:2] != key[:2] or other == key or self.log.gone_by(other, begin):
                    continue
                if other in self.beyond | self.log.heirs.keys():
                    continue
                event = self.last_before(other, name, begin)
                if event is None or at - event.at < RACE:
                    continue
                if canon("email", event.new) == canon("email", mine.new):
                    yield f"{key} was linked by a guess: {other} has {mine.new}, too"

    def asked_for(self, link: Link) -> Iterator[str]:
        """What we made, we made of a record that satisfied a rule."""
        for made, source in ((link.left, link.right), (link.right, link.left)):
            wanted = self.scope.wanted.get(source[1])
            if made not in self.log.born or self.log.born[made].who != "sync" or not wanted:
                continue
            stages = [one.new for one in self.log.by_field.get((source, "stage"), [])]
            if not any(wanted({"stage": one}) for one in (*stages, None)):
                yield f"{made} was made of {source}, whose stage was never one that asks for it"

    # ---- what was written

    def only_mapped_fields(self) -> Iterator[str]:
        """A write changes only fields that a row names, and no blank erases a value."""
        for event in self.log.events:
            if event.who != "sync" or event.key in self.log.stray:
                continue
            if not event.field:
                if event.new is None:
                    yield f"{event.key} was deleted by us"
                continue
            if self.log.newborn(event):
                continue
            if event.field not in allowed(self.scope, event.key[1]):
                yield f"{event.key}.{event.field} was written, which no row maps"
            if event.field == "Phone" and event.old and not self.raced(event):
                yield f"{event.key}.Phone: {event.old!r} was replaced, and only blanks are filled"
            if event.new in (None, "") and event.field in mapped(self.scope, event.key[1]):
                yield f"{event.key}.{event.field}: a blank erased {event.old!r}"
            kind = SPELLED.get(event.field)
            if kind and event.old and canon(kind, event.old) == canon(kind, event.new):
                yield f"{event.key}.{event.field}: {event.old!r} became {event.new!r}, the same"

    def raced(self, write: Event) -> bool:
        """Whether a person saved the same field at the same time."""
        edit = self.last_before(write.key, write.field, write.seq)
        return edit is not None and (write.run == edit.run or write.at - edit.at < RACE)

    def journal_closed(self) -> Iterator[str]:
        """Nothing is left planned, sent or marked, and doubt only where nobody can tell."""
        for row in self.journal:
            if row[12] in ("planned", "sent", "doubt"):
                what = f"{row[5]} {row[7] or row[8] or row[9]}"
                yield f"change {row[0]}/{row[1]} of {what} is left {row[12]} ({row[13]})"
        if self.due[0] and not self.log.hidden & set(self.log.heirs.values()):
            yield f"{self.due[0]} marks are left that are due"

    def told_rightly(self) -> Iterator[str]:
        """Who stands in the error log is guilty of what is said there, still."""
        known = ("ambiguous-match", "match-taken", "unknown-value")
        codes = {row[0]: row[3] for row in self.errors}
        for number, _, record, *_, message, _, _, _ in self.troubles:
            code, about = codes[number], {key for key in self.rows if key[2] == record}
            for link in self.links:
                if record in (link.left[2], link.right[2]):
                    about |= {link.left, link.right}
            titles = {
                each.get("title") or each.get("Title")
                for each in (self.rows[key] for key in about & self.rows.keys())
            }
            hidden = about & self.beyond or about - self.rows.keys()
            if any(one[2] in message for one in self.log.stray):
                continue
            if code in known or BAD_TITLE in titles or (code == "out-of-sight" and hidden):
                continue
            if code == "DUPLICATES_DETECTED" and self.shares_address(about):
                continue
            yield f"{record} is entered with {code}, and nothing is wrong with it: {message}"

    def shares_address(self, about: set[Key]) -> bool:
        """Whether somebody in Salesforce has the address of one of these."""
        shown = {key: row.get("email") or row.get("Email") for key, row in self.rows.items()}
        wanted = {canon("email", shown.get(key)) for key in about} - {None}
        return any(
            key[0] == "salesforce" and key not in about and canon("email", one) in wanted
            for key, one in shown.items()
        )

    def deletions_known(self) -> Iterator[str]:
        """Who is gone from where deletions are told is known to be gone."""
        for key in self.here:
            held = self.log.salesforce.org.store.named(key[1]).rows.get(key[2])
            if held and held.get("IsDeleted") and key not in self.log.hidden:
                yield f"{key} was deleted, and counts as being there"

    # ---- two linked records

    def pair(self, link: Link) -> Iterator[str]:
        refused = {link.left[2], link.right[2]} & self.blamed or link.right in self.log.hidden
        for one in self.scope.flows[link.flow]:
            if not refused:
                yield from self.converged(link, one)
            if {link.left, link.right} & self.beyond:
                continue
            if one.both and one.kind != "reference":
                yield from self.edits_kept(link, one)
            if one.kind != "reference":
                yield from self.copied(link, one)
        if self.scope.infers and link.flow == "account~Account" and not refused:
            yield from self.inferred(link)

    def converged(self, link: Link, one: Mapped) -> Iterator[str]:
        """What a row joins agrees, or differs for a reason that the rules name."""
        lv, rv = self.rows[link.left].get(one.left), self.rows[link.right].get(one.right)
        if self.agree(one, lv, rv):
            return
        what = f"{link.left}.{one.left} is {lv!r}, {link.right}.{one.right} is {rv!r}"
        left, right = self.last(link.left, one.left), self.last(link.right, one.right)
        if one.both:
            blanked = left if not lv else right if not rv else None
            if not lv or not rv:
                if link.right in self.log.heirs.values() or link.left in self.log.copies:
                    return  # Left blank when merged, or edited before we took it for ours.
                if one.kind == "reference" and self.leads_nowhere(one, lv, rv):
                    return
                if (
                    blanked
                    and blanked.who == "person"
                    and blanked.old
                    and self.since(link, blanked)
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
        if not lv or left is None or left.seq < start:
            return
        events = self.log.by_field[link.left, one.left]
        # A search that lags may have shown, at the link, what the edit before it replaced.
        edits = [each for each in events if each.seq >= start]
        shown = {
            each.old for each in (edits[0], self.last_before(link.left, one.left, start)) if each
        }
        if lv in shown and (right is None or right.seq < edits[0].seq):
            return  # Changed and changed back between two looks: nothing to follow.
        if one.kind == "user" and lv not in self.users.values():
            return
        if one.when_blank:
            emptied = right is not None and right.who == "person" and right.seq > left.seq
            if not rv and not emptied:
                yield f"{what}: the blank was not filled"
        elif right is None or right.who == "sync" or right.seq < left.seq:
            yield f"{what}: the right side did not follow"

    def copied(self, link: Link, one: Mapped) -> Iterator[str]:
        """What we write to a linked record is a value that its partner has had, as the rules turn
        it into one of the other side."""
        ends = (link.left, one.left), (link.right, one.right)
        for end, source in (ends, ends[::-1]):
            events = self.told(*source)
            held = {canon(one.kind, self.turned(one, end[0], each.new)) for each in events}
            for each in self.log.by_field.get(end, []):
                ours = each.who == "sync" and not self.log.newborn(each)
                ours = ours and each.seq >= self.began(link)
                if ours and canon(one.kind, each.new) not in held:
                    yield f"{end[0]}.{end[1]} became {each.new!r}, which its partner never had"

    def turned(self, one: Mapped, into: Key, value: Any) -> Any:
        """A value as a record of the other side has it."""
        if one.kind == "stage":
            return (STATUS if into[0] == "salesforce" else BACK).get(str(value))
        if one.kind == "user":
            return next((id for id, email in self.users.items() if email == value), None)
        return value

    def edits_kept(self, link: Link, one: Mapped) -> Iterator[str]:
        """A person's value that we replaced lost by the rule, and stands in the journal; where the
        value that won is no newer one that somebody chose knowing it, among those that lost."""
        sides: tuple[tuple[Side, Key, str, Key, str], ...] = (
            ("left", link.left, one.left, link.right, one.right),
            ("right", link.right, one.right, link.left, one.left),
        )
        for side, key, name, partner, other in sides:
            mine = self.log.by_field.get((key, name), [])
            theirs = self.told(partner, other)
            for edit, write in pairwise(mine):
                if edit.who != "person" or write.who != "sync" or not edit.new:
                    continue
                if write.seq < self.began(link):
                    continue
                raced = write.run == edit.run or write.at - edit.at < RACE
                if raced and not self.seen_again(edit, write):
                    continue
                what = f"{key}.{name}: {edit.new!r} became {write.new!r}"
                if not self.journalled(key, name, one.kind, edit.new):
                    yield f"{what}, and the journal doesn't have the old value"
                if raced or one.kind == "stage":
                    continue
                chosen = [
                    each
                    for each in theirs
                    if each.seq < write.seq
                    and each.who == "person"
                    and canon(one.kind, each.new) == canon(one.kind, write.new)
                ]
                if not chosen:
                    yield f"{what}, which nobody wrote on the other side"
                    continue
                last = chosen[-1]
                if last.seq > edit.seq and self.knew(edit, last):
                    continue
                passed_on = self.passed_on(theirs, one, edit, last)
                if not passed_on and not self.journalled(key, name, one.kind, edit.new, lost=True):
                    yield f"{what}, and no list says that it lost"
                if side == one.prefer:
                    if not passed_on:
                        yield f"{what}, though its own side wins"
                elif last.seq < edit.seq and self.agreed_before(mine, theirs, one, last, edit):
                    yield f"{what}: an old value came back"

    def seen_again(self, edit: Event, write: Event) -> bool:
        """Whether a second look, in the middle of a run, showed an edit before it was written
        over: then it was decided anew."""
        return not edit.late and any(
            object == edit.key[1] and edit.seq < seq <= write.seq and at - edit.at > LAG
            for seq, at, object in self.log.looks
        )

    def knew(self, edit: Event, later: Event) -> bool:
        """Whether a run that came to its end lies between the two, and saw the first."""
        return any(
            edit.seq < begin and end <= later.seq and at - edit.at >= RACE
            for begin, end, at in self.log.finished
        )

    def passed_on(self, theirs: list[Event], one: Mapped, edit: Event, last: Event) -> bool:
        """Whether the other side had the value of `edit` when somebody there made it `last`."""
        value = canon(one.kind, edit.new)
        before = [each for each in theirs if each.seq < edit.seq]
        if before and canon(one.kind, before[-1].new) == value:
            return True
        return canon(one.kind, last.old) == value or any(
            edit.seq < each.seq < last.seq and canon(one.kind, each.new) == value for each in theirs
        )

    def agreed_before(
        self, mine: list[Event], theirs: list[Event], one: Mapped, last: Event, edit: Event
    ) -> bool:
        """Whether both sides held the value of `last`, and we knew it, before `edit`."""
        return any(
            last.seq <= each.seq < edit.seq
            and canon(one.kind, each.new) == canon(one.kind, last.new)
            and (each.who == "sync" or self.knew(each, edit))
            and (self.knew(each, edit) or not self.unheard(one, each, last))
            for each in mine
        ) and self.knew(last, edit)

    def unheard(self, one: Mapped, write: Event, last: Event) -> bool:
        """Whether the reply to a write of what `last` is was lost, and the next look showed an edit
        and took it for not carried out: edits on top of it and in place of it look the same."""
        became = [
            row[12:14]
            for row in self.journal
            if (row[4], row[5]) == write.key[:2] and last.key[2] in row[8:10]
            if self.log.numbers[row[0]][0] <= write.seq
            if canon(one.kind, json.loads(row[11]).get(write.field)) == canon(one.kind, write.new)
        ]
        return became[-1:] == [("dropped", "not carried out")]

    def journalled(
        self, key: Key, name: str, kind: Kind, value: Any, *, lost: bool = False
    ) -> bool:
        """Whether the journal has that a value was replaced, or with `lost` that it lost."""
        for row in self.journal:
            if row[5] == key[1] and row[7] == key[2] and (not lost or f'"{name}": [' in row[14]):
                before = json.loads(row[10])
                if name in before and canon(kind, before[name]) == canon(kind, value):
                    return True
        return False

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
            inferred = [
                begin for begin, end, _ in self.log.finished if begin <= ours.seq < end <= edit.seq
            ]
            if not inferred or any(each.late for each in moves):
                continue
            if not any(inferred[0] <= each.seq < write.seq for each in moves):
                yield f"{link.left}.stage, set by hand to {edit.new!r}, became {write.new!r}"

    # ---- help

    def agree(self, one: Mapped, lv: Any, rv: Any) -> bool:
        if not lv and not rv:
            return True
        if one.kind == "user":
            return bool(lv) and self.users.get(str(rv)) == lv
        if one.kind == "reference":
            target = self.across.get(("apollo", "account", str(lv)))
            return target is not None and target[2] == str(rv)
        if one.kind == "stage":
            return STATUS.get(str(lv)) == str(rv)
        return bool(canon(one.kind, lv) == canon(one.kind, rv))

    def leads_nowhere(self, one: Mapped, lv: Any, rv: Any) -> bool:
        """Whether a reference's counterpart isn't there: it can't move."""
        left = ("apollo", "account", str(lv))
        right = ("salesforce", "Account", str(rv))
        linked_right = {each.right for each in self.links if not each.ended}
        return bool((lv and left not in self.across) or (rv and right not in linked_right))

    def began(self, link: Link) -> int:
        """Where the log stood when a link may have come to be with this partner: who was hidden,
        or converted, may have had another one before."""
        moved = self.log.hidden or self.log.heirs
        return self.log.numbers.get(link.run, (0, 0, 0.0))[0] if moved else 0

    def since(self, link: Link, event: Event) -> bool:
        """Whether something happened after the run began that made the link, or one of its ends, or
        was seen after."""
        begin, _, at = self.log.numbers.get(link.run, (0, 0, 0.0))
        births = [self.log.born[key] for key in (link.left, link.right) if key in self.log.born]
        begun = [self.log.starts[one.run - 1] for one in births if one.who == "sync"]
        return event.seq >= min([begin, *begun]) or event.at >= at - RACE

    def told(self, key: Key, name: str) -> list[Event]:
        """What a field of a record has held, and of those that became this record."""
        keys = [key]
        for one in keys:
            keys += [old for old, new in self.log.heirs.items() if new == one]
        found = [event for one in keys for event in self.log.by_field.get((one, name), [])]
        return sorted(found, key=lambda event: event.seq)

    def last(self, key: Key, name: str) -> Event | None:
        events = self.log.by_field.get((key, name))
        return events[-1] if events else None

    def last_before(self, key: Key, name: str, seq: int) -> Event | None:
        found = [one for one in self.log.by_field.get((key, name), []) if one.seq < seq]
        return found[-1] if found else None

    def first(self, key: Key, name: str, seq: int) -> Any:
        events = [one for one in self.log.by_field.get((key, name), []) if one.seq >= seq]
        return events[0].new if events else None

    def tag_at(self, key: Key, seq: int) -> str:
        for name in ("last_name", "LastName", "name", "Name"):
            events = self.log.by_field.get((key, name))
            if events:
                return tag_of({name: events[0].new})
        return ""


def _link(row: tuple[Any, ...]) -> Link:
    flow, left, right, ended, run = row
    one, _, two = str(flow).partition("~")
    return Link(str(flow), ("apollo", one, left), ("salesforce", two, right), ended, run)
