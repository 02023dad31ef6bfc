"""R2, R5 and R9: what was written is what a rule names, nothing is left half done, and an entry of
the error log is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.tests.simulation.checker.ended import Ended
from syncrules.tests.simulation.fields import SPELLED, allowed, canon, mapped
from syncrules.tests.simulation.people import BAD_TITLE
from syncrules.tests.simulation.recorder import DEEDS, Key


class Written(Ended):
    """What was written, and what the state says of it."""

    def only_mapped_fields(self) -> Iterator[str]:
        """A write changes only fields that a row names, and no blank erases a value."""
        for event in self.log.events:
            if event.who != "sync" or event.key in self.log.stray:
                continue
            if not event.field or self.log.newborn(event) or self.marks(event):
                continue
            if self.takes_back(event) or self.undoes(event):
                continue
            if event.field not in allowed(self.scope, event.key[1]):
                yield f"{event.key}.{event.field} was written, which no row maps"
            unseen = event.key in self.log.hidden or self.raced(event)
            if event.old and event.field in self.only_filled(event.key) and not unseen:
                what = f"{event.key}.{event.field}"
                yield f"{what}: {event.old!r} was replaced, and only blanks are filled"
            if event.new in (None, "") and event.field in self.never_blanked(event.key):
                yield f"{event.key}.{event.field}: a blank erased {event.old!r}"
            kind = SPELLED.get(event.field)
            if kind and event.old and canon(kind, event.old) == canon(kind, event.new):
                yield f"{event.key}.{event.field}: {event.old!r} became {event.new!r}, the same"

    def only_filled(self, key: Key) -> frozenset[str]:
        """Fields of a record that rows may fill and not replace."""
        return mapped(self.scope, key[1], lambda row: row.when_blank)

    def never_blanked(self, key: Key) -> frozenset[str]:
        """Fields of a record that rows write, none of which says that a blank erases."""
        return mapped(self.scope, key[1], lambda row: not row.clear)

    def journal_closed(self) -> Iterator[str]:
        """Nothing is left planned, sent, in doubt or marked."""
        for row in self.journal:
            if row[12] in ("planned", "sent", "doubt", "due"):
                what = f"{row[5]} {row[7] or row[8] or row[9]}"
                yield f"change {row[0]}/{row[1]} of {what} is left {row[12]} ({row[13]})"
        # What a record became may be out of sight, or be purged before any look.
        unseen = (self.log.hidden | self.log.purged) & set(self.log.heirs.values())
        if self.due and not unseen:
            yield f"{self.due} marks are left that are due"

    def within_guards(self) -> Iterator[str]:
        """R8: while the rules had guards, no run did more than these let go."""
        for (object, action), most in self.scope.guards.items():
            records: dict[int, set[str]] = {}
            for row in self.journal:
                tried = row[0] <= self.log.edited and row[12] not in ("planned", "dropped")
                if tried and (row[5], row[6]) == (object, action):
                    records.setdefault(row[0], set()).add(row[8] or row[9])
            for run, some in records.items():
                if len(some) > most:
                    yield f"run {run} did {action} with {len(some)} {object}, and {most} may be"

    def told_rightly(self) -> Iterator[str]:
        """Who stands in the error log is guilty of what is said there, still."""
        codes = {row[0]: row[3] for row in self.errors}
        for number, _, record, *_, message, _, _, _ in self.troubles:
            code, about = codes[number], {key for key in self.rows if key[2] == record}
            for link in self.links:
                if record in (link.left[2], link.right[2]):
                    about |= {link.left, link.right}
            if any(one[2] in message for one in self.log.stray):
                continue
            if code == "goes-along":
                if not self.named_rightly(message, about):
                    yield f"{record} is entered, and this is not what would go along: {message}"
            elif not self.guilty(code, record, about):
                yield f"{record} is entered with {code}, and nothing is wrong with it: {message}"

    def guilty(self, code: str, record: str, about: set[Key]) -> bool:
        """Whether what a code says can be so; `about` are the record and its partner."""
        here = [self.rows[key] for key in about & self.rows.keys()]
        # Also of those that somebody has deleted since: Apollo tells nobody.
        lasts = [self.last(key, name) for key in about for name in ("title", "Title")]
        titles = {one.new for one in lasts if one is not None}
        deed = {key[1] for key in about} & {*DEEDS["apollo"], *DEEDS["salesforce"]}
        if code in ("ambiguous-match", "match-taken") or BAD_TITLE in titles:
            return True
        # What the other one became was gone past the bin before any look, or isn't found: it waits.
        if {self.log.heirs.get(key) for key in about} & (self.log.purged | self.unfound):
            return True
        if code == "unknown-value":
            return not deed
        if code == "out-of-sight":
            return bool(about & self.beyond or about - self.rows.keys())
        if code == "DUPLICATES_DETECTED":
            return self.refused_back(about) or self.shares_address(about)
        if code == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY":
            return self.refused_back(about)
        if code == "task-closed":
            return "completed" in {one.get("status") for one in here}
        if code == "login-lost":
            users = self.log.salesforce.rows("User")
            return not users[self.log.salesforce.user(record)]["IsActive"]
        return False

    def named_rightly(self, message: str, about: set[Key]) -> bool:
        """Whether an entry names those who belong to one of these, as far as it names any."""
        ids = {key[2] for key in about & self.rows.keys()}
        theirs = {key[2] for key, row in self.rows.items() if row.get("AccountId") in ids}
        named = {key[2] for key in self.log.born if key[2] in message}
        return bool(named) and named <= theirs | {key[2] for key in self.unfound}

    def refused_back(self, about: set[Key]) -> bool:
        """Whether what was to be put back was refused: by then somebody had that address, or what
        it led to was gone."""
        ids = {key[2] for key in about}
        return any(row[12] == "refused" and row[7] in ids for row in self.put_back_by)

    def shares_address(self, about: set[Key]) -> bool:
        """Whether somebody in Salesforce has the address of one of these."""
        shown = {key: row.get("email") or row.get("Email") for key, row in self.rows.items()}
        wanted = {canon("email", shown.get(key)) for key in about} - {None}
        return any(
            key[0] == "salesforce" and key not in about and canon("email", one) in wanted
            for key, one in shown.items()
        )
