"""Those who work in the two systems for a week: what `simulation/people.py` has them do, and
conversions, merges, what comes out of the bin, deals that move, and all that they do with others.

Each record has a tag in its name that nobody edits, and so has each activity. Nobody does what
would leave it open who is who, or which of two was later; that is tested by name elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from syncrules.connectors.apollo.simulator.replies import Refusal
from syncrules.connectors.base.world import moment
from syncrules.tests.guide.week_log import Log
from syncrules.tests.simulation.people import DEALS, STAGES, STATUSES, People, tag_of
from syncrules.tests.simulation.recorder import Key, System

COMPANIES, CROWD = 5, 18
MAILS = ((False, False), (False, True), (True, False), (True, True))
"""Whether a mail came in, and whether through a mailbox of one's own."""


@dataclass(frozen=True, slots=True)
class Done:
    """Something done with somebody: its tag, which object of which system it is, its id there, the
    person's tag, and whether it was by a stranger or about nobody but us."""

    tag: str
    key: Key
    who: str
    how: str = ""


@dataclass
class Staff(People):
    """The people of a week. `calm`: an admin is at work, and nobody touches a person's record;
    from round `no_titles` on, until `titles_back`, we can't write titles of leads. `left_at` has
    those of us who have left, with the round; `twice` who is in Salesforce twice now."""

    done: dict[str, Done] = field(default_factory=dict)
    calm: bool = False
    no_titles: int = -1
    titles_back: int = -1
    left_at: dict[str, int] = field(default_factory=dict)
    twice: dict[str, Key] = field(default_factory=dict)
    company_twice: dict[str, Key] = field(default_factory=dict)
    statuses: tuple[str, ...] = STATUSES

    @property
    def week(self) -> Log:
        assert isinstance(self.log, Log)
        return self.log

    # ---- the beginning

    def settle_in(self) -> None:
        """Companies and people, some of them on both sides, and their deals."""
        left: dict[int, str] = {}
        right: dict[int, str] = {}
        for number in range(COMPANIES):
            where = ("both", "left", "right", "both", "both")[number % 5]
            if where != "right":
                left[number] = self.company_left(number)
            if where != "left":
                right[number] = self.company_right(number)
                for _ in range(self.chance.randrange(3)):
                    self.deal(right[number])
        for _ in range(CROWD):
            where = self.chance.choice(
                ("left", "left", "left", "Lead", "Contact", "both Lead", "both Contact")
            )
            self.person(where, self.chance.randrange(COMPANIES), left, right)

    def company_left(self, number: int) -> str:
        values = {"name": f"Acme {self.next()}-a{number}", "domain": f"a{number}.example"}
        return self.make(
            "apollo", "account", {**values, "source": "search" if number % 2 else "api"}
        )

    def late(self) -> float:
        return 0.0

    def make(self, system: System, object: str, values: Mapping[str, Any]) -> str:
        """What Apollo refuses (a call with somebody who was deleted) is not done."""
        try:
            return super().make(system, object, values)
        except Refusal:
            return ""

    def change(self, key: Key, values: Mapping[str, Any]) -> None:
        with suppress(Refusal):
            super().change(key, values)

    # ---- a quarter of an hour

    def work(self) -> None:
        """One thing that one of them does."""
        with_others: list[tuple[int, Callable[[], object]]] = [
            (4, self.task),
            (3, self.finish),
            (1, self.reopen),
            (2, self.call),
            (3, self.mail),
            (2, self.meeting),
            (2, self.move_meeting),
            (2, self.note),
            (2, self.ask_back),
            (2, self.answer),
            (3, self.deal_moves),
            (1, self.deal_back),
        ]
        records: list[tuple[int, Callable[[], object]]] = [
            (8, self.edit_left),
            (8, self.edit_right),
            (4, self.move_stage),
            (2, self.move_status),
            (3, self.edit_both),
            (4, self.newcomer),
            (2, self.edit_account),
            (2, self.edit_unmapped),
            (1, self.rehouse),
            (2, self.readdress),
            (1, self.leave),
            (1, self.come_back),
            (1, self.touch),
            (2, self.convert),
            (1, self.put_in_twice),
            (2, self.make_one),
            (1, self.account_twice),
            (1, self.one_account),
        ]
        deeds = with_others if self.calm else with_others + records
        self.chance.choices([deed for _, deed in deeds], [weight for weight, _ in deeds])[0]()

    # ---- people

    def settled(self) -> list[Key]:
        """Both records of everybody who had one on each side when the last run began, and is in
        neither twice."""
        sides: dict[str, dict[str, Key]] = {}
        for key in self.everyone():
            if self.log.born[key].run < self.log.run - 1 and not self._converted(key):
                sides.setdefault(self.tag(key), {})[key[0]] = key
        found = [both for tag, both in sorted(sides.items()) if tag not in self.twice]
        return sorted(key for both in found if len(both) == 2 for key in both.values())

    def linked_pair(self) -> tuple[Key, Key] | None:
        lefts = [key for key in self.settled() if key[0] == "apollo"]
        if not lefts:
            return None
        left = self.chance.choice(lefts)
        right = next(
            key
            for key in self.settled()
            if key[0] == "salesforce" and self.tag(key) == self.tag(left)
        )
        return left, right

    def _converted(self, key: Key) -> bool:
        return bool(self.log.values(self.log.rows(key[0])[key]).get("IsConverted"))

    def someone(
        self, fits: Callable[[Any], bool] = lambda row: True, *, side: str = "", object: str = ""
    ) -> Key | None:
        """Nobody opens a lead that was converted, or one of two that are the same."""

        def mine(row: Any) -> bool:
            return not row.get("IsConverted") and tag_of(row) not in self.twice and fits(row)

        return super().someone(mine, side=side, object=object)

    def edit_left(self) -> None:
        key = self.someone(side="apollo")
        if key is not None:
            self.change(key, self.left_edit(key))

    def left_edit(self, key: Key) -> dict[str, Any]:
        edit = super().left_edit(key)
        return {name: one for name, one in edit.items() if one != "Refuse me"} or {"title": "CEO"}

    def right_edit(self, key: Key) -> dict[str, Any]:
        edit = super().right_edit(key)
        return {"LastName": self.value_for("last_name", self.tag(key))} if self._no(edit) else edit

    def _no(self, edit: dict[str, Any]) -> bool:
        return "Title" in edit and self.locked(self.week, self.log.run)

    def locked(self, log: Log, number: int) -> bool:
        """Whether titles of leads could not be written in a round."""
        return 0 <= self.no_titles <= number and not 0 <= self.titles_back <= number

    def works_here(self, email: str, number: int) -> bool:
        """Whether somebody of that address was an active user of Salesforce in a round."""
        rows = self.log.salesforce.rows("User").values()
        known = [row for row in rows if str(row.get("Email")).lower() == email.lower()]
        left = self.left_at.get(email.lower())
        return bool(known) and (known[0]["IsActive"] or (left is not None and number < left))

    def edit_both(self) -> None:
        pair = self.linked_pair()
        if pair is None:
            return
        left, right = pair
        words = (("first_name", "FirstName"), ("last_name", "LastName"), ("title", "Title"))
        here, there = self.chance.choice(
            words[:2] if self.locked(self.week, self.log.run) else words
        )
        self.change(left, {here: self.value_for(here, self.tag(left))})
        self.change(right, {there: self.value_for(here, self.tag(left))})

    def move_stage(self) -> None:
        key = self.someone(side="apollo")
        if key is not None and not self._moved(self.tag(key), "Status"):
            self.change(key, {"stage": self.chance.choice(STAGES)})

    def move_status(self) -> None:
        key = self.someone(side="salesforce", object="Lead")
        if key is not None and not self._moved(self.tag(key), "contact_stage_id"):
            self.change(key, {"Status": self.chance.choice(self.statuses)})

    def _moved(self, tag: str, name: str) -> bool:
        """Whether somebody has moved the other side since the last run began."""
        since = [one for one in self.log.events if one.run >= self.log.run - 1]
        return any(
            one.field == name and one.key in self.log.rows(one.key[0]) and self.tag(one.key) == tag
            for one in since
        )

    def newcomer(self) -> None:
        """Somebody new, or somebody of whom the other side has never had a record."""
        chance = self.chance
        if chance.random() < 0.5:
            self.person(chance.choice(("left", "left", "Lead", "Contact")), None, {}, {})
            return
        key = self.someone(lambda row: bool(self.email(row)))
        if key is None or len({one[0] for one in self.ever(self.tag(key))}) > 1:
            return
        values = self.log.values(self.log.rows(key[0])[key])
        tag, email = self.tag(key), self.email(values)
        last = f"{tag_name(values)}-{tag}"
        if key[0] == "apollo":
            object = chance.choice(("Lead", "Contact"))
            self.make("salesforce", object, self.right_values(object, "Ada", last, email))
        else:
            self.make("apollo", "contact", self.left_values("Ada", last, email))

    def ever(self, tag: str) -> list[Key]:
        """All records that somebody has ever had."""
        return [
            key
            for key in self.log.born
            if key[1] in ("contact", "Lead", "Contact") and self.log_tag(key) == tag
        ]

    def log_tag(self, key: Key) -> str:
        for name in ("last_name", "LastName", "name", "Name"):
            events = self.log.by_field.get((key, name))
            if events:
                return tag_of({name: events[0].new})
        return ""

    def readdress(self) -> None:
        """Somebody gets another address, on one side."""
        pair = self.linked_pair()
        if pair is not None:
            key = self.chance.choice(pair)
            address = f"{self.tag(key)}.{self.next()}@new.example"
            self.change(key, {"email" if key[0] == "apollo" else "Email": address})

    def leave(self) -> None:
        pair = self.linked_pair()
        if pair is not None:
            self.delete(self.chance.choice(pair))

    def come_back(self) -> None:
        """What was deleted in Salesforce comes out of the bin."""
        bin = [
            ("salesforce", object, id)
            for object in ("Lead", "Contact")
            for id, row in self.log.salesforce.rows(object, deleted=True).items()
            if row.get("IsDeleted") and not row.get("MasterRecordId")
        ]
        if bin:
            _, object, id = self.chance.choice(sorted(bin))
            self.log.deed("salesforce", lambda: self.log.salesforce.undelete(object, id))

    def convert(self) -> None:
        """A lead becomes a contact of an account with its company's name."""
        key = self.someone(side="salesforce", object="Lead")
        if key is not None:
            made: list[str] = []
            self.log.deed("salesforce", lambda: made.append(self.log.salesforce.convert(key[2])))
            self.week.became[key] = (("salesforce", "Contact", made[0]), self.log.run)

    def put_in_twice(self) -> None:
        """Somebody of whom both sides know is put into Salesforce once more."""
        pair = self.linked_pair()
        if pair is None:
            return
        left, right = pair
        values = self.log.values(self.log.rows("salesforce")[right])
        if not values.get("Email") or self.ever_away(self.tag(left)):
            return
        self.twice[self.tag(left)] = right
        kept = {name: values[name] for name in ("LastName", "Email")}
        full = {
            "FirstName": f"Twin{self.next()}",
            "Title": f"Title {self.next()}",
            "Phone": f"+1 555 {1000 + self.next()}",
            "Description": "once more",
        }
        if right[1] == "Lead":
            full |= {"Company": f"Company {self.next()}", "Status": values["Status"]}
        elif values.get("AccountId"):
            full["AccountId"] = values["AccountId"]
        self.make("salesforce", right[1], {**kept, **full})

    def ever_away(self, tag: str) -> bool:
        return any(one.new is None for key in self.ever(tag) for one in self.log.by_field[key, ""])

    def make_one(self) -> None:
        """Two records of one person are merged, into either."""
        for tag, first in sorted(self.twice.items()):
            here = [key for key in self.everyone() if key[:2] == first[:2] and self.tag(key) == tag]
            if len(here) != 2 or max(self.log.born[key].run for key in here) == self.log.run:
                continue
            winner, loser = self.chance.sample(sorted(here), 2)
            self._merge(winner, loser)
            del self.twice[tag]
            return

    def account_twice(self) -> None:
        """A company is put into Salesforce once more."""
        rows = self.log.rows("salesforce")
        tagged = [key for key in sorted(rows) if key[1] == "Account" and rows[key].get("Website")]
        tagged = [key for key in tagged if self.log.born[key].run < self.log.run - 5]
        if not tagged or self.company_twice:
            return
        key = self.chance.choice(tagged)
        site = {name: rows[key][name] for name in ("Name", "Website")}
        made = self.make("salesforce", "Account", site)
        self.company_twice[self.tag(key)] = ("salesforce", "Account", made)

    def one_account(self) -> None:
        """The two records of a company are merged."""
        rows = self.log.rows("salesforce")
        for tag, second in sorted(self.company_twice.items()):
            first = [
                key
                for key in sorted(rows)
                if key[1] == "Account" and key != second and self.tag(key) == tag
            ]
            if second in rows and first and self.log.born[second].run < self.log.run:
                winner, loser = self.chance.sample([first[0], second], 2)
                self._merge(winner, loser)
                del self.company_twice[tag]
                return

    def _merge(self, winner: Key, loser: Key) -> None:
        sim = self.log.salesforce
        self.log.deed("salesforce", lambda: sim.merge(winner[1], winner[2], [loser[2]]))
        self.week.became[loser] = (winner, self.log.run)

    # ---- deals

    def deal_moves(self) -> None:
        """A deal is made, won, lost, opened again, moved to another company, or deleted."""
        rows = self.log.rows("salesforce")
        deals = sorted(key for key in rows if key[1] == "Opportunity")
        accounts = sorted(key for key in rows if key[1] == "Account")
        turn = self.chance.random()
        if not accounts:
            return
        if not deals or turn < 0.35:
            self.deal(self.chance.choice(accounts)[2])
        elif turn < 0.75:
            self.change(self.chance.choice(deals), {"StageName": self.chance.choice(DEALS)})
        elif turn < 0.9:
            home = self.chance.choice(accounts)[2]
            self.change(self.chance.choice(deals), {"AccountId": home})
        else:
            self.delete(self.chance.choice(deals))

    def deal_back(self) -> None:
        rows = self.log.salesforce.rows("Opportunity", deleted=True)
        gone = [
            id
            for id, row in sorted(rows.items())
            if row.get("IsDeleted")
            and ("salesforce", "Account", row.get("AccountId")) in self.log.rows("salesforce")
        ]
        if gone:
            id = self.chance.choice(gone)
            sim = self.log.salesforce
            self.log.deed("salesforce", lambda: sim.undelete("Opportunity", id))

    # ---- what they do with others

    def partner(self) -> tuple[str, str] | None:
        """The id and the tag of a contact."""
        key = self.someone(side="apollo")
        return (key[2], self.tag(key)) if key else None

    def did(self, object: str, who: str, values: dict[str, Any], how: str = "") -> str:
        """Something is done in Apollo, and remembered."""
        tag = f"t{self.next()}"
        said = {"task": "title", "call": "note", "note": "content"}.get(object, "subject")
        id = self.make("apollo", object, {**values, said: f"{object.title()} {tag}"})
        if not id:
            return ""
        self.done[tag] = Done(tag, ("apollo", object, id), who, how)
        return id

    def now(self, later: float = 0.0) -> str:
        return moment(self.log.clock.now() + later)

    def task(self) -> None:
        one = self.partner()
        if one:
            kind = self.chance.choice(("action_item", "call", "outreach_manual_email"))
            self.did(
                "task", one[1], {"contact_id": one[0], "type": kind, "due_at": self.now(86_400)}
            )

    def tasks(self, *statuses: str) -> list[Key]:
        rows = self.log.rows("apollo")
        mine = [one.key for one in self.done.values() if one.key[1] == "task"]
        return [key for key in mine if key in rows and rows[key].get("status") in statuses]

    def finish(self) -> None:
        """An open task is completed; of a call, that call may be there, too."""
        open_ones = self.tasks("scheduled")
        if not open_ones:
            return
        key = self.chance.choice(open_ones)
        self.change(key, {"status": "completed"})
        row = self.log.rows("apollo")[key]
        tag = next(one for one in self.done.values() if one.key == key)
        if row.get("type") == "call" and self.chance.random() < 0.5:
            self._called(row.get("contact_id"), tag.who, task=key[2], how=f"of {tag.tag}")

    def reopen(self) -> None:
        done = [
            key
            for key in self.tasks("completed")
            if not any(one.how == f"of {self._of(key)}" for one in self.done.values())
        ]
        if done:
            self.change(self.chance.choice(done), {"status": "scheduled"})

    def _of(self, key: Key) -> str:
        return next(one.tag for one in self.done.values() if one.key == key)

    def call(self) -> None:
        one = self.partner()
        if one:
            self._called(one[0], one[1])

    def _called(self, contact: str, who: str, task: str = "", how: str = "") -> None:
        values: dict[str, Any] = {
            "contact_id": contact,
            "status": "completed",
            "inbound": self.chance.random() < 0.3,
            "start_time": self.now(-300),
            "end_time": self.now(),
            "duration": self.chance.randrange(10, 300),
        }
        self.did("call", who, {**values, "outreach_task_id": task} if task else values, how)

    def mail(self) -> None:
        """One of the four kinds, now and then with a stranger."""
        inbound, connected = self.chance.choice(MAILS)
        kind = {"inbound": inbound, "connected_mailbox": connected}
        if self.chance.random() < 0.15 and not self.calm:
            tag = f"s{self.next()}"
            end = "from" if inbound else "to"
            who = {f"{end}_email": f"{tag}@strange.example", f"{end}_name": f"Grace Okafor-{tag}"}
            self.did("email", tag, {**kind, **who}, "stranger")
            return
        one = self.partner()
        if one:
            self.did("email", one[1], {**kind, "contact_id": one[0]})

    def meeting(self) -> None:
        one = self.partner()
        if one:
            times = {"start_time": self.now(86_400), "end_time": self.now(90_000)}
            if self.chance.random() < 0.2:
                guests = {"guests": ["ann@heron-trading.example"]}
                self.did("meeting", one[1], {**times, **guests}, "ours")
            else:
                email = self.log.values(self.log.rows("apollo")["apollo", "contact", one[0]]).get(
                    "email"
                )
                guests = {"guests": [email or "guest@strange.example"]}
                self.did("meeting", one[1], {**times, **guests, "contact_id": one[0]})

    def move_meeting(self) -> None:
        rows = self.log.rows("apollo")
        meetings = [
            one.key
            for one in self.done.values()
            if one.key[1] == "meeting"
            and not rows[one.key].get("cancelled")
            and self.log.born[one.key].run < self.log.run - 1
        ]
        if meetings:
            key = self.chance.choice(meetings)
            moved = {"start_time": self.now(172_800), "end_time": self.now(176_400)}
            self.change(key, self.chance.choice((moved, {"cancelled": True})))

    def note(self) -> None:
        one = self.partner()
        if one:
            self.did("note", one[1], {"contact_id": one[0]})

    def ask_back(self) -> None:
        """Somebody in Salesforce leaves a task for the one who works in Apollo."""
        pair = self.linked_pair()
        if pair is not None:
            tag, right = f"t{self.next()}", pair[1]
            values = {"Subject": f"Ask {tag}", "Status": "Not Started", "WhoId": right[2]}
            id = self.make("salesforce", "Task", values)
            self.done[tag] = Done(tag, ("salesforce", "Task", id), self.tag(right))

    def answer(self) -> None:
        """Such a task is completed, in Apollo or where it came from."""
        asked = [one for one in self.done.values() if one.key[0] == "salesforce"]
        asked = [
            one
            for one in asked
            if (row := self.log.rows("salesforce").get(one.key)) and row["Status"] == "Not Started"
        ]
        if not asked:
            return
        one = self.chance.choice(asked)
        over = [
            key
            for key, row in self.log.rows("apollo").items()
            if key[1] == "task" and row.get("title") == f"Ask {one.tag}"
        ]
        if over and self.chance.random() < 0.7:
            self.change(over[0], {"status": "completed"})
        elif self.log.born[one.key].run < self.log.run:
            self.change(one.key, {"Status": "Completed"})


def tag_name(values: Any) -> str:
    """A last name without its tag."""
    return str(values.get("last_name") or values.get("LastName")).rpartition("-")[0]
