"""Who writes: whoever made the change, under a login of their own, and else the sync login.

Apollo doesn't tell who changed a contact, so it is its owner. A record is given to nobody who has
left.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.tests.simulation.checker.facts import RACE, Facts, Link
from syncrules.tests.simulation.logins import SIGNED_IN
from syncrules.tests.simulation.recorder import Key


class Signed(Facts):
    """Under whose name we wrote, and to whom we gave what we wrote."""

    def under_whose_name(self, link: Link) -> Iterator[str]:
        """Each write to the right carries the name of the one whose contact it is."""
        if not self.scope.logins or link.right[1] != "Lead":
            return
        for seq, key, user in self.log.signed:
            if key != link.right or seq < self.began(link):
                continue
            owner = self.last_before(link.left, "owner", seq)
            if owner is None or self.just(owner.seq, owner.at, seq) or self.left_lately(seq):
                continue
            own = next((id for id, one in self.users.items() if one == owner.new), "")
            signs = owner.new in SIGNED_IN and self.active(own, seq)
            wanted = own if signs else self.log.salesforce.org.user
            if user != wanted:
                yield f"{key} of {owner.new} was written under {self.users[user]}"

    def given_to_nobody_gone(self, link: Link) -> Iterator[str]:
        """No record is given to one who had left."""
        for event in self.log.by_field.get((link.right, "OwnerId"), []):
            given = self.scope.logins and event.who == "sync" and event.new in self.users
            if given and not self.left_lately(event.seq) and not self.active(event.new, event.seq):
                yield f"{event.key} was given to {self.users[event.new]}, who has left"

    def unsteady(self, key: Key) -> bool:
        """Whether the owner of a contact had left at some time since they got it."""
        owner = self.last(key, "owner")
        if owner is None:
            return False
        own = next((id for id, one in self.users.items() if one == owner.new), "")
        moves = [one for one in self.log.staff if one[2] == own]
        return any(not active for seq, _, _, active in moves) and bool(moves)

    def active(self, user: str, seq: int) -> bool:
        """Whether a user worked there at that time."""
        moves = [(at, active) for at, _, id, active in self.log.staff if id == user]
        done = [active for at, active in moves if at <= seq]
        if done or not moves:
            rows = self.log.salesforce.rows("User")
            return done[-1] if done else bool(rows[user]["IsActive"])
        return not moves[0][1]

    def left_lately(self, seq: int) -> bool:
        """Whether somebody had left or come back shortly before a write, so that it may not have
        been known."""
        return any(at <= seq and self.just(at, when, seq) for at, when, _, _ in self.log.staff)

    def just(self, seq: int, at: float, write: int) -> bool:
        """Whether something had happened so shortly before a write that its run may not have seen
        it."""
        event = self.log.events[min(write, len(self.log.events) - 1)]
        return seq >= self.log.starts[event.run - 1] or event.at - at < RACE
