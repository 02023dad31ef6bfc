"""R1: no record is made twice, none is lost, and a link joins the two of one person."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.tests.simulation.checker.around import Around
from syncrules.tests.simulation.checker.ended import Ended, sides
from syncrules.tests.simulation.checker.enriched import Enriched
from syncrules.tests.simulation.checker.facts import Link
from syncrules.tests.simulation.deeds import DONE
from syncrules.tests.simulation.fields import KEYS, canon
from syncrules.tests.simulation.people import tag_of
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import Kind

_WITH = {"task": "contact", "Task": "WhoId", "Event": "WhoId", "Note": "ParentId"}
"""What we make of what people did, and the field that says whom it is with."""


class Once(Ended, Around, Enriched):
    """Who is there, and who belongs together."""

    def made_once(self) -> Iterator[str]:
        """No two records made by us for one person, and none for somebody who was there."""
        made: dict[tuple[str, str], Key] = {}
        for key, birth in self.log.born.items():
            if birth.who != "sync" or key in self.log.stray:
                continue
            tag = self.tag_at(key, birth.seq)
            thing = (key[0], tag)
            if thing in made and self.let_off(made[thing], birth.seq):
                del made[thing]
            if thing in made and not (
                self.never_seen(made[thing], key)
                or self.of_two(made[thing], key)
                or self.went_over(made[thing], key)
                or self.both_gone(made[thing], key)
            ):
                yield f"{tag} was made twice in {key[0]}: {made[thing]} and {key}"
            made[thing] = key
            if key[1] in KEYS:
                yield from self.was_not_there(key, birth)

    def never_seen(self, key: Key, other: Key) -> bool:
        """Whether we never heard of a record, and by the time we looked were not shown it, or it
        had been deleted past the bin, or nothing told it from others: it has no key, and somebody
        had edited it. The `other` one that we made in its place may have been merged into it since,
        or was gone when the two that are left were linked."""
        before = self.log.events[: self.log.born[other].seq]
        edited = any(one.key == key and one.who == "person" for one in before)
        unknown = key in self.log.hidden | self.log.purged or (self.keyless(key) and edited)
        return unknown and all(
            key not in (one.left, one.right)
            or key in self.log.heirs.values()
            or self.log.gone_at(other, self.log.numbers[one.run][0])
            for one in self.links
        )

    def let_off(self, key: Key, seq: int) -> bool:
        """Whether we had deleted a record by then, after the one that it was made of, or a rule had
        let its partner go: that person may have another counterpart now. So they may where it was
        out of our sight when we were to delete it, and somebody else has since."""
        ours = any(one.seq < seq and one.who == "sync" for one in self.log.deletions(key))
        # An undo was to delete it, and it was merged just then.
        ours = ours or any(row[6] == "delete" and row[7] == key[2] for row in self.put_back_by)
        tried = ("delete", key[2], "out-of-sight") in [
            (row[6], row[7], row[13]) for row in self.journal
        ]
        let_go = any(row[6] == "unlink" and key[2] in row[8:10] for row in self.journal)
        return ours or let_go or (tried and self.log.gone_at(key, seq))

    def both_gone(self, one: Key, other: Key) -> bool:
        """Whether a record that we made was gone by the time we made the other one, as far as we
        were shown, and so was the one that it was made of: who is put in again since is new."""
        born = self.log.born[other].seq
        id = self.made_of(one)
        source = next((key for key in self.log.born if key[2] == id), None)
        if source is None or id == self.made_of(other) or not self.log.gone_at(source, born):
            return False
        return self.log.gone_at(one, born) or (
            one in self.log.hidden and self.log.gone_by(one, born)
        )

    def of_two(self, one: Key, other: Key) -> bool:
        """Whether two records without a key were made of two: nobody can tell that those are one
        person."""
        two = self.made_of(one) != self.made_of(other)
        return two and ((self.keyless(one) and self.keyless(other)) or self.readdressed(one, other))

    def readdressed(self, one: Key, other: Key) -> bool:
        """Whether a record that we made had got another address before we made the other one, or,
        where it is gone itself, the one that it was made of, or that this has become by then."""
        name = KEYS.get(other[1], {}).get(other[1], "")
        born = self.log.born[other].seq
        if self.log.gone_at(one, born):
            one = next((key for key in self.log.born if key[2] == self.made_of(one)), one)
            while self.log.is_other(one) and self.log.gone_at(one, born):
                one = self.log.heirs[one]
        had = self.last_before(one, KEYS.get(one[1], {}).get(one[1], ""), born) if name else None
        return had is not None and canon("email", had.new) != canon(
            "email", self.first(other, name, born)
        )

    def made_of(self, key: Key) -> str:
        """The id of the record that one was made of."""
        for row in self.journal:
            if row[6] == "create" and row[12] == "done" and row[7] == key[2]:
                return str(row[9] if row[3] == "left" else row[8])
        return ""

    def went_over(self, one: Key, other: Key) -> bool:
        """Whether the link of one record had gone on to another partner before its old one, which
        was gone, came back: that began anew, and has the other record."""
        with_it = [
            set(row[7:10]) - {one[2]}
            for row in self.journal
            if row[6] in ("create", "link") and row[12] == "done" and one[2] in row[7:10]
        ]
        source = self.made_of(other)
        return any(source in each for each in with_it) and source not in with_it[-1]

    def keyless(self, key: Key) -> bool:
        """Whether we made a record without what tells who it is."""
        name = KEYS.get(key[1], {}).get(key[1], "")
        told = self.log.by_field.get((key, name), [])
        return not (name and told and told[0].new and self.log.newborn(told[0]))

    def was_not_there(self, key: Key, birth: Event) -> Iterator[str]:
        names = KEYS[key[1]]
        mine = self.first(key, names[key[1]], birth.seq)
        if not mine:
            return
        begun = self.log.starts[birth.run - 1]
        for other, there in self.log.born.items():
            if other == key or other[0] != key[0] or other[1] not in names:
                continue
            if there.seq >= birth.seq or birth.at - there.at < self.race(there):
                continue
            if any(self.away(other, seq, birth.at) for seq in (begun, birth.seq)):
                continue
            if other in self.beyond | self.log.heirs.keys():
                continue
            event = self.last_before(other, names[other[1]], birth.seq)
            if event and birth.at - event.at >= self.race(event):
                kind: Kind = "email" if "mail" in names[other[1]] else "domain"
                if canon(kind, event.new) == canon(kind, mine):
                    yield f"{key} was made, though {other} with {mine} was there"

    def away(self, key: Key, seq: int, at: float) -> bool:
        """Whether a record was gone by then, or had just come back: no look need have shown it."""
        turns = [one for one in self.log.by_field.get((key, ""), []) if one.seq < seq]
        return bool(turns) and (
            turns[-1].new is None or (len(turns) > 1 and at - turns[-1].at < self.race(turns[-1]))
        )

    def nobody_lost(self) -> Iterator[str]:
        """Everyone who satisfies a rule has a counterpart, or stands in the error log."""
        linked = {one.left for one in self.links} | {one.right for one in self.links}
        linked |= self.unfound
        for key, row in self.rows.items():
            wanted = self.scope.wanted.get(key[1])
            if not wanted or key in linked or key[2] in self.blamed:
                continue
            if not (self.asks_for_one(key, wanted) if key[1] in self.scope.shows else wanted(row)):
                continue
            if self.freed(key) or self.set_apart((key,)):
                continue
            if not self.told_by_its_address(row):
                yield f"{key} {tag_of(row)} has no counterpart, and no error says why"
        by_email: dict[str, list[Key]] = {}
        for key, row in self.rows.items():
            if self.log.is_other(key):
                continue
            email = canon("email", row.get("email") or row.get("Email"))
            if email and key[1] in ("contact", "Lead", "Contact"):
                by_email.setdefault(str(email), []).append(key)
        for email, keys in by_email.items():
            apart = len(keys) == 2 and keys[0][0] != keys[1][0] and not linked & set(keys)
            if not apart or {key[2] for key in keys} & self.blamed:
                continue
            if not (self.may_stay_apart(keys) or self.set_apart(keys)):
                yield f"{keys} share {email} and are not linked"

    def deeds_there(self) -> Iterator[str]:
        """What was done about somebody who is linked has a counterpart, where a rule moves it."""
        linked = {one.left for one in self.links} | {one.right for one in self.links} | self.beyond
        seen = self.rows.keys() - self.beyond
        pairs = [ends for ends in self.across.items() if seen >= set(ends)]
        people = {key[2] for ends in pairs for key in ends}
        for key, row in self.rows.items():
            pulled = key[1] == "Task" and "task~Task" in self.scope.flows and row["Status"] != DONE
            pushed = key[1] in ("call", "email", "note")
            pushed = pushed or (key[1] == "task" and row.get("status") == "completed")
            pushed = pushed or (key[1] == "meeting" and not row.get("cancelled"))
            about = row.get("contact") or row.get("WhoId")
            known = key in linked or key[2] in self.blamed
            if (pulled or pushed) and about in people and not known:
                yield f"{key} {tag_of(row)} has no counterpart, though {about} has"

    def deeds_about(self) -> Iterator[str]:
        """What we made of what somebody did is with somebody: until one of them is known, it
        waits."""
        for key, birth in self.log.born.items():
            if birth.who == "sync" and key[1] in _WITH:
                name = _WITH[key[1]]
                if not self.first(key, name, birth.seq):
                    yield f"{key} was made, and is with nobody"

    def linked_rightly(self, link: Link) -> Iterator[str]:
        """A link joins one person's two records: the right reply went to the right write."""
        if self.log.is_other(link.right):
            yield from self.followed(link)
        elif link.ended and link.left in self.rows and link.right in self.rows:
            yield f"{link.left} and {link.right} are there, and their link ended: {link.ended}"
        tags = {self.tag_at(key, len(self.log.events)) for key in (link.left, link.right)}
        if link.right in self.log.hidden or self.came_free(link) or self.learned_late(link):
            return
        if len(tags) > 1 and not self.handed_on(link, tags):
            yield f"{link.left} and {link.right} are linked and are {' and '.join(sorted(tags))}"

    def handed_on(self, link: Link, tags: set[str]) -> bool:
        """Whether one of the two has got the address that the other one has, or had to its end; or
        had when they met, where an undo had parted that one from whoever had it before, or where
        one of the two is gone: what the other one is called since goes nowhere."""
        end = len(self.log.events)
        met = self.log.numbers.get(link.run, (0, end, 0.0))[1]
        undone, gone = self.was_undone(link), not {link.left, link.right} <= self.rows.keys()
        moments = [met] if undone else [end, met] if gone else [end]
        return tags <= self.moved and any(self.one_address(link, until) for until in moments)

    def one_address(self, link: Link, until: int) -> bool:
        """Whether the two had the same address then."""
        ends = (
            self.last_before(link.left, "email", until),
            self.last_before(link.right, "Email", until),
        )
        mine, theirs = (canon("email", one.new) if one else None for one in ends)
        return mine == theirs is not None

    def learned_late(self, link: Link) -> bool:
        """Whether the record of a link was out of sight when it was merged into one that was gone
        itself since, and is there again: nobody tells which of the two came first."""
        was = [pair[2] for pair in self.earlier(link) if pair[1] == link.left]
        unseen = self.log.hidden.intersection(was)
        return link.right in self.log.parted and any(
            self.log.heirs.get(one) == link.right for one in unseen
        )

    def followed(self, link: Link) -> Iterator[str]:
        """A link goes with what its record was converted or merged into."""
        way = [link.right]
        while self.log.is_other(way[-1]):
            way.append(self.log.heirs[way[-1]])
        heir = way[-1]
        if link.left not in self.rows or heir not in self.rows:
            return
        if heir in self.log.parted or heir in self.gave_way:
            # Its partner went on when it was merged or deleted: out of the bin it begins anew.
            return
        taken = {one.right for one in self.links if not one.ended} | self.beyond
        # Nothing tells what became of one on the way that was out of sight, or is purged, either.
        untold = not (self.log.purged | self.log.hidden).isdisjoint(way)
        # Nothing comes across what nobody told where nothing is to be written to it.
        edits = [one for one in self.log.events if one.key == link.left and one.who == "person"]
        gone = max((one.seq for one in self.log.by_field.get((link.right, ""), [])), default=0)
        still = link.flow in self.scope.over or not any(one.seq > gone for one in edits)
        known = {link.left[2], heir[2]} & self.blamed or still
        if any(row[6] in ("unlink", "delete") and row[9] == heir[2] for row in self.put_back_by):
            return  # It had another partner, from which an undo has parted it.
        if heir not in taken and not (untold and known):
            yield f"{link.left} was linked to {link.right}, and isn't to {heir}, which that became"

    def handed_over(self, link: Link) -> Iterator[str]:
        """The link of a deleted record goes to the one other with the address of the partner that
        is left, where nobody else could be meant."""
        pair = (link.flow, link.left, link.right)
        for side, mine, theirs in sides(pair):
            after = self.scope.after.get(side)
            untold = side == "left" and after is None
            if untold or link.ended or (after is not None and after.does == "unlink"):
                continue
            if mine not in self.rows or theirs in self.rows or not self.left(theirs):
                continue
            if theirs in self.log.purged or mine[1] not in KEYS or not self.alone(pair):
                continue
            others = self.who_shares(mine, theirs[:2])
            if len(self.who_shares(mine, mine[:2])) > 1 or len(others) != 1:
                continue
            [other] = others
            if {other} & (self.beyond | self.log.copies | self.log.parted):
                continue
            if self.codes_of(other) - {"match-taken"}:
                continue
            if not any(other in (one.left, one.right) for one in self.links):
                yield f"{mine} was linked to {theirs}, which was deleted, and isn't to {other}"

    def no_guess(self, link: Link) -> Iterator[str]:
        """Of two records with one address neither was linked, nor was a counterpart made."""
        if link.ended:
            return  # Its run is the one that ended it.
        if link.right in self.log.heirs.values() or link.left[1] not in KEYS:
            return  # It went with what its record became, or has no keys.
        begin, at = self.decided(link)
        end = self.log.numbers.get(link.run, (0, 0, 0.0))[1]
        for key in (link.left, link.right):
            birth = self.log.born.get(key)
            if (birth and birth.who == "sync") or key in self.log.copies:
                continue  # We made it, or nobody can tell it from what we made.
            name = KEYS[key[1]][key[1]]
            mine = self.last_before(key, name, begin)
            if mine is None or not mine.new or at - mine.at < self.race(mine):
                continue
            for other in self.log.born:
                if other[:2] != key[:2] or other == key or self.away(other, begin, at):
                    continue
                if any(begin <= one.seq < end for one in self.log.deletions(other)):
                    continue  # It went in that run, maybe before it was looked at.
                if other in self.beyond | self.log.heirs.keys():
                    continue
                event = self.last_before(other, name, begin)
                if event is None or at - event.at < self.race(event):
                    continue
                # Our own write gave it another one, before the same run met who was left.
                end = self.log.numbers.get(link.run, (0, 0, 0.0))[1]
                later = self.log.by_field.get((other, name), [])
                if any(one.who == "sync" and begin <= one.seq < end for one in later):
                    continue
                if canon("email", event.new) == canon("email", mine.new):
                    yield f"{key} was linked by a guess: {other} has {mine.new}, too"

    def decided(self, link: Link) -> tuple[int, float]:
        """Where the log stood, and when, in the run that decided on a link: the one that sent a
        create, which another may have heard of."""
        births = [self.log.born.get(key) for key in (link.left, link.right)]
        made = [one for one in births if one is not None and one.who == "sync"]
        if made:
            return self.log.starts[made[0].run - 1], made[0].at
        ids = {link.left[2], link.right[2]}
        sent = [row[0] for row in self.journal if row[6] == "create" and row[7] in ids]
        begin, _, at = self.log.numbers.get(min([link.run, *sent]), (0, 0, 0.0))
        return begin, at

    def asked_for(self, link: Link) -> Iterator[str]:
        """What we made, we made of a record that satisfied a rule."""
        for made, source in ((link.left, link.right), (link.right, link.left)):
            wanted = self.scope.wanted.get(source[1])
            if made not in self.log.born or self.log.born[made].who != "sync" or not wanted:
                continue
            if self.made_of(made) not in ("", source[2]):
                continue  # It was another one's, and is found by this one since.
            if self.made_of(source) == made[2]:
                continue  # We never heard of it, and it met the rules like anybody's.
            if source[1] in self.scope.shows:
                later = self.log.born[made].seq > self.log.born[source].seq
                if later and not self.asked_then(source, wanted, made):
                    yield f"{made} was made of {source}, which did not ask for it then"
                continue
            stages = [one.new for one in self.log.by_field.get((source, "stage"), [])]
            if not any(wanted({"stage": one}) for one in (*stages, None)):
                yield f"{made} was made of {source}, whose stage was never one that asks for it"

    def from_now_on(self) -> Iterator[str]:
        """People who were there before the rules, and whom nobody changed since, wait for somebody
        who asks for them, or until a condition holds that looks further."""
        rules = self.log.starts[0]
        for row in self.journal:
            linked = row[6] in ("create", "link") and row[2].startswith("contact~")
            if row[2] in self.only_fills or not linked or row[0] >= self.asked:
                continue
            right = ("salesforce", row[2].partition("~")[2], row[9])
            ends = {key for key in (("apollo", "contact", row[8]), right) if key[2]}
            if not ends or ends & self.beyond:
                continue  # Who wrote and was made known is nobody's counterpart.
            end = self.log.numbers[row[0]][1] if row[0] in self.log.numbers else 0
            since = self.log.events[rules:end]
            left_alone = not any(one.who == "person" and one.key in ends for one in since)
            left_alone &= not any(self.came_to_ask(key, row[0]) for key in ends)
            if left_alone and all(self.log.born[key].seq < rules for key in ends):
                yield f"{sorted(ends)} were there before the rules, and nobody asked: {row[6]}"

    def deletions_known(self) -> Iterator[str]:
        """Who is gone from where deletions are told is known to be gone."""
        for key in self.here:
            held = self.log.salesforce.org.store.named(key[1]).rows.get(key[2])
            if held and held.get("IsDeleted") and key not in self.unfound & self.log.hidden:
                yield f"{key} was deleted, and counts as being there"
