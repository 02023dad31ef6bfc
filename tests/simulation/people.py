"""Made-up people in both systems, and what those who work with them do at the screen.

Each person's last name ends in a tag (`Silva-p3`), each company's name too, and nobody edits a tag:
so the checker knows who is who without asking the engine. Every new value is one that nobody had.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

from syncrules.connectors.salesforce.simulator.errors import Refused
from syncrules.tests.simulation import companies, deeds, duties
from syncrules.tests.simulation.fields import mapped
from syncrules.tests.simulation.recorder import Key, Recorder, System
from syncrules.tests.simulation.scopes import FULL, SOON, Scope

STAGES = ("Cold", "Interested", "Replied", "Not Interested", "Approaching", "Bad Data")
STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted")
BY_HAND = ("Cold", "Current Client", "Active Opportunity", "Dead Opportunity")
"""Stages of accounts."""
DEALS = ("Prospecting", "Proposal/Price Quote", "Closed Won", "Closed Lost")
FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Tony", "Zoë")
LAST = ("Silva", "Khan", "Hansen", "Okafor", "Nowak", "Müller")
BAD_TITLE = "Refuse me"
"""A title that the validation rule of a history refuses."""


def is_bad_name(name: object) -> bool:
    """Whether the validation rule of companies refuses it, in a history that has one."""
    return len(str(name)) % 2 == 1


@dataclass
class People:
    """Those who work in both systems, drawing from `chance`. `twins` are tags that somebody has
    put into one system twice, `moved` those who have had another address, `inherited` addresses
    that somebody new has got, `companies` how many companies there have been, `away` who is in the
    bin for a while, `lateness` after how many seconds a save in Salesforce may be seen, `gone`
    hears of somebody linked who was deleted.
    """

    log: Recorder
    chance: random.Random
    twins: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    inherited: set[str] = field(default_factory=set)
    count: int = 0
    linked: Callable[[], set[Key]] = set
    partners: Callable[[], set[Key]] = set
    scope: Scope = FULL
    companies: int = 0
    away: Key | None = None
    approve: Callable[[Callable[[], bool]], int] = lambda chosen: 0
    lateness: tuple[float, ...] = SOON
    gone: Callable[[Key, Mapping[str, Any]], None] = lambda key, row: None

    # ---- the world at its beginning

    def settle_in(self) -> None:
        """A few companies, a few people, some of both on both sides."""
        chance = self.chance
        left: dict[int, str] = {}
        right: dict[int, str] = {}
        if "account" in self.scope.objects:
            for _ in range(chance.choice(self.scope.companies)):
                self.company(left, right)
        companies = range(max(self.companies, 1))
        for _ in range(chance.randint(*self.scope.crowd)):
            where = chance.choice(self.scope.places)
            company = chance.choice(companies) if chance.random() < 0.7 else None
            self.person(where, company, left, right)
        if chance.random() < 0.4:
            self.twin()
        if self.log.deeds:
            deeds.begun(self)

    def company(self, left: dict[int, str], right: dict[int, str]) -> None:
        """One more company, on one side or on both under one domain, and its deals."""
        number, self.companies = self.companies, self.companies + 1
        where = self.chance.choice(("left", "right", "both", "both"))
        if where != "right":
            left[number] = self.company_left(number)
        if where != "left":
            right[number] = self.company_right(number)
            deals = self.scope.infers or self.scope.closes
            for _ in range(self.chance.choice((0, 0, 1, 2)) if deals else 0):
                self.deal(right[number])

    def company_left(self, number: int) -> str:
        values = {"name": f"Acme {self.next()}-a{number}", "domain": f"a{number}.example"}
        return self.make("apollo", "account", values)

    def company_right(self, number: int) -> str:
        values: dict[str, Any] = {"Name": f"Acme {self.next()}-a{number}"}
        values["Website"] = f"https://www.a{number}.example/"
        if self.chance.random() < 0.3:
            values["Description"] = "ours alone"
        return self.make("salesforce", "Account", values)

    def deal(self, account: str) -> str:
        values = {
            "Name": f"Deal {self.next()}",
            "AccountId": account,
            "StageName": self.chance.choice(DEALS),
            "CloseDate": "2026-06-30",
        }
        return self.make("salesforce", "Opportunity", values)

    def person(
        self,
        where: str,
        company: int | None,
        left: Mapping[int, str],
        right: Mapping[int, str],
    ) -> None:
        """One more person, on one side or on both under one address; in Salesforce maybe as a
        Contact and as a Lead."""
        chance = self.chance
        tag = f"p{self.next()}"
        if where == "both Contact Lead":
            self.twins.add(tag)
        first, last = chance.choice(FIRST), f"{chance.choice(LAST)}-{tag}"
        host = f"a{company}.example" if company is not None else "gmail.com"
        email: str | None = f"{tag}@{host}"
        if chance.random() < 0.2 and not where.startswith("both"):
            email = None
        if where == "left" or where.startswith("both"):
            values = self.left_values(first, last, email)
            if company is not None and company in left and chance.random() < 0.7:
                values["account_id"] = left[company]
            self.make("apollo", "contact", values)
        for object in where.removeprefix("both ").split() if where != "left" else ():
            shown = email.upper() if email and chance.random() < 0.2 else email
            if chance.random() < 0.15:
                first = f"{first}{self.next()}"
            values = self.right_values(object, first, last, shown)
            home = right.get(company) if company is not None else None
            if object == "Contact" and home and chance.random() < 0.8:
                values["AccountId"] = home
            self.make("salesforce", object, values)

    def left_values(self, first: str, last: str, email: str | None) -> dict[str, Any]:
        chance = self.chance
        values: dict[str, Any] = {
            "first_name": self.maybe(first),
            "last_name": last,
            "email": email,
            "title": self.maybe(f"Title {self.next()}"),
            "organization_name": self.maybe(f"Company {self.next()}"),
            "phone": self.maybe(f"+1 555 {1000 + self.next()}"),
            "stage": chance.choice(STAGES),
            "owner": self.owner(),
            "city": f"City {self.next()}",
        }
        return {name: one for name, one in values.items() if one is not None}

    def right_values(self, object: str, first: str, last: str, email: str | None) -> dict[str, Any]:
        values: dict[str, Any] = {
            "FirstName": self.maybe(first),
            "LastName": last,
            "Email": email,
            "Title": self.maybe(f"Title {self.next()}"),
            "Phone": self.maybe(f"+1 555 {1000 + self.next()}"),
            "Description": f"Note {self.next()}",
        }
        if object == "Lead":
            values |= {"Company": f"Company {self.next()}", "Status": self.chance.choice(STATUSES)}
        return {name: one for name, one in values.items() if one is not None}

    def twin(self) -> None:
        """Somebody puts a person in a second time."""
        key = self.someone(lambda row: bool(self.email(row)) and tag_of(row) not in self.moved)
        if key is None:
            return
        values = self.log.values(self.log.rows(key[0])[key])
        self.twins.add(tag_of(values))
        if key[0] == "apollo":
            # A name of another case, since Apollo itself would take the same one for the same.
            self.make(
                "apollo", "contact", {"last_name": values["last_name"], "email": values["email"]}
            )
        else:
            # Mostly as what they are; or somebody takes a Contact for a new Lead.
            known = sorted(self.scope.objects & {"Lead", "Contact"})
            object = key[1] if self.chance.random() < 0.7 else self.chance.choice(known)
            values = self.right_values(object, "Twin", values["LastName"], values["Email"])
            self.make("salesforce", object, values)

    # ---- a working day

    def work(self) -> None:
        """One thing that one of them does, with what the rules are about."""
        done: tuple[tuple[int, str, Callable[[], None]], ...] = (
            (8, "contact", self.edit_left),
            (8, "contact", self.edit_right),
            (4, "contact", self.move_stage),
            (2, "Lead", self.move_status),
            (2, "contact", self.edit_both),
            (2, "contact", self.go_through),
            (2, "contact", self.newcomer),
            (2, "Opportunity", self.deal_moves),
            (2, "Opportunity", self.deal_elsewhere),
            (2, "account", self.edit_account),
            (1, "contact", self.edit_unmapped),
            (1, "Contact account", self.rehouse),
            (1, "contact", self.readdress),
            (1, "contact", self.leave),
            (1, "contact", self.leave_unknown),
            (2, "", self.come_back),
            (1, "contact", self.touch),
            (1, "contact", self.twin),
            (1, "account", self.founded),
            (2, "Lead Contact", self.convert),
            (2, "contact", self.merge),
            (1, "contact", self.merge_linked),
            (1, "account Opportunity", self.stage_by_hand),
            (4, "after", self.leave),
            *((4, about, self.come_back) for about in ("Opportunity", "Task")),
            (8, "after", self.come_back),
            (24, "lists", self.go_through),
            *(
                (weight, about, partial(act, self))
                for weight, about, act in (*duties.DUTIES, *companies.CLOSINGS, *deeds.DEEDS)
            ),
        )
        about = self.scope.about
        open = [one for one in done if about.issuperset(one[1].split())]
        self.chance.choices([one[2] for one in open], [one[0] for one in open])[0]()

    def edit_left(self) -> None:
        key = self.someone(side="apollo")
        if key is not None:
            self.change(key, self.left_edit(key))

    def edit_right(self) -> None:
        key = self.someone(side="salesforce")
        if key is not None:
            self.change(key, self.right_edit(key))

    def edit_both(self) -> None:
        """Two people change the same person in the two systems at the same time."""
        left = self.someone(side="apollo")
        if left is None:
            return
        tag = self.tag(left)
        right = self.someone(lambda row: tag_of(row) == tag, side="salesforce")
        if right is None:
            return
        what = self.chance.choice(sorted(_RIGHT))
        same = self.value_for(what, tag) if self.chance.random() < 0.2 else None
        self.change(left, {what: same or self.value_for(what, tag)})
        if not same and self.chance.random() < 0.3:
            what = self.chance.choice(sorted(_RIGHT))
        self.change(right, {_RIGHT[what]: same or self.value_for(what, tag)})

    def go_through(self) -> None:
        """Somebody goes through a list of people, and gives each other values and another stage."""
        side = self.chance.choice(("apollo", "salesforce"))
        keys = [key for key in self.everyone() if key[0] == side]
        for key in self.chance.sample(keys, min(4, len(keys))):
            values = self.left_edit(key) if side == "apollo" else self.right_edit(key)
            if self.chance.random() < 0.5:
                name = "last_name" if side == "apollo" else "LastName"
                values[name] = self.value_for("last_name", self.tag(key))
            if key[1] != "Contact":
                name, known = ("stage", STAGES) if side == "apollo" else ("Status", STATUSES)
                values[name] = self.chance.choice(known)
            self.change(key, values)

    def left_edit(self, key: Key) -> dict[str, Any]:
        what = self.chance.choice(
            ("title", "title", "first_name", "last_name", "organization_name", "phone", "owner")
        )
        if what == "owner":
            return {what: self.owner()}
        if what != "last_name" and self.chance.random() < 0.15:
            return {what: ""}
        if what == "title" and self.chance.random() < 0.3:
            return {what: BAD_TITLE}
        return {what: self.value_for(what, self.tag(key))}

    def right_edit(self, key: Key) -> dict[str, Any]:
        names = ["Title", "Title", "FirstName", "LastName", "Phone"]
        what = self.chance.choice([*names, "Company"] if key[1] == "Lead" else names)
        if what not in ("LastName", "Company") and self.chance.random() < 0.15:
            return {what: ""}
        return {what: self.value_for(_LEFT[what], self.tag(key))}

    def put(self, key: Key, name: str) -> None:
        """Somebody gives one of the fields of `WORDS` another value."""
        self.change(key, {name: self.value_for(_LEFT.get(name, name), self.tag(key))})

    def fill_new_rows(self) -> None:
        """Some who are linked get other values in what the rules speak of only now."""
        for key in sorted(self.linked() & set(self.everyone())):
            for name in sorted(mapped(self.scope, key[1], lambda row: row.new) & WORDS):
                if self.chance.random() < 0.5:
                    self.put(key, name)
                    self.log.struck["a row that is new is filled"] += 1

    def go_away(self) -> None:
        """Somebody who is linked is deleted, for a while."""
        keys = sorted(self.linked() & set(self.log.rows("salesforce")))
        if keys:
            self.away = self.chance.choice(keys)
            self.delete(self.away, to_bin=True)

    def come_home(self) -> None:
        """Who has gone away for a while is there again."""
        if self.away is not None and self.away in self.bin():
            self.take_out(self.away)

    def move_stage(self) -> None:
        key = self.someone(side="apollo")
        if key is not None:
            self.change(key, {"stage": self.chance.choice(STAGES)})

    def move_status(self) -> None:
        key = self.someone(side="salesforce", object="Lead")
        if key is not None:
            self.change(key, {"Status": self.chance.choice(STATUSES)})

    def newcomer(self) -> None:
        """Somebody new, or somebody whom the other side knows."""
        where = self.chance.choice(self.scope.newcomers)
        if self.chance.random() < 0.6:
            self.person(where, None, {}, {})
            return
        key = self.someone(lambda row: bool(self.email(row)))
        if key is None or self.tag(key) in self.twins:
            return
        values = self.log.values(self.log.rows(key[0])[key])
        tag, email = self.tag(key), self.email(values)
        last = f"{self.chance.choice(LAST)}-{tag}"
        if not self.alone(key):
            return
        if key[0] == "apollo":
            object = self.chance.choice(sorted(self.scope.objects & {"Lead", "Contact"}))
            self.make("salesforce", object, self.right_values(object, "Ada", last, email))
        else:
            self.make("apollo", "contact", self.left_values("Ada", last, email))

    def deal_moves(self) -> None:
        rows = self.log.rows("salesforce")
        deals = sorted(key for key in rows if key[1] == "Opportunity")
        accounts = sorted(key for key in rows if key[1] == "Account")
        if deals and self.chance.random() < 0.6:
            key = self.chance.choice(deals)
            if self.chance.random() < 0.25:
                self.delete(key)
            else:
                self.change(key, {"StageName": self.chance.choice(DEALS)})
        elif accounts:
            self.deal(self.chance.choice(accounts)[2])

    def deal_elsewhere(self) -> None:
        """A deal moves to another account."""
        rows = self.log.rows("salesforce")
        deals = sorted(key for key in rows if key[1] == "Opportunity")
        accounts = sorted(key for key in rows if key[1] == "Account")
        if deals and accounts:
            deal, account = self.chance.choice(deals), self.chance.choice(accounts)
            self.change(deal, {"AccountId": account[2]})

    def edit_account(self) -> None:
        system: System = self.chance.choice(("apollo", "salesforce"))
        object = "account" if system == "apollo" else "Account"
        keys = sorted(key for key in self.log.rows(system) if key[1] == object)
        if not keys:
            return
        key = self.chance.choice(keys)
        name = f"Acme {self.next()}-{self.tag(key)}"
        self.change(key, {"name" if system == "apollo" else "Name": name})

    def founded(self) -> None:
        """A new company, on one side or on both."""
        self.company({}, {})

    def stage_by_hand(self) -> None:
        """Somebody knows better what stage a company is in than its deals tell."""
        keys = sorted(key for key in self.log.rows("apollo") if key[1] == "account")
        if keys:
            self.change(self.chance.choice(keys), {"stage": self.chance.choice(BY_HAND)})

    def edit_unmapped(self) -> None:
        key = self.someone()
        if key is not None:
            name = "city" if key[0] == "apollo" else "Description"
            self.change(key, {name: f"Word {self.next()}"})

    def rehouse(self) -> None:
        """A contact moves to another company."""
        rows = self.log.rows("salesforce")
        accounts = sorted(key for key in rows if key[1] == "Account")
        key = self.someone(side="salesforce", object="Contact")
        if accounts and key is not None:
            self.change(key, {"AccountId": self.chance.choice(accounts)[2]})

    def readdress(self) -> None:
        """Somebody who is linked gets another address, on one side; somebody new may get the old
        one."""
        keys = sorted(self.linked() & set(self.everyone()))
        keys = [key for key in keys if self.tag(key) not in self.twins]
        if not keys:
            return
        key = self.chance.choice(keys)
        self.moved.add(self.tag(key))
        old = self.email(self.log.values(self.log.rows(key[0])[key]))
        address = f"{self.tag(key)}.{self.next()}@new.example"
        self.change(key, {"email" if key[0] == "apollo" else "Email": address})
        if old and self.chance.random() < 0.3 and old.casefold() not in self.inherited:
            self.inherited.add(old.casefold())
            tag = f"p{self.next()}"
            self.moved.add(tag)
            first, last = self.chance.choice(FIRST), f"{self.chance.choice(LAST)}-{tag}"
            if key[0] == "apollo":
                self.make("apollo", "contact", self.left_values(first, last, old))
            else:
                values = self.right_values(key[1], first, last, old)
                self.make("salesforce", key[1], values)

    def leave(self) -> None:
        """Somebody who is linked is deleted on one side, rather somebody who had been brought
        back."""
        keys = sorted(self.linked() & set(self.everyone()))
        again = [key for key in keys if self.log.deletions(key)]
        if again and self.chance.random() < 0.5:
            keys = again
        if keys:
            key = self.chance.choice(keys)
            row = self.log.values(self.log.rows(key[0])[key])
            self.delete(key)
            self.log.struck["somebody linked is deleted"] += 1
            if key not in self.log.rows(key[0]):
                self.gone(key, row)

    def leave_unknown(self) -> None:
        """Somebody in Salesforce whom no link is about is deleted."""
        keys = sorted({*self.right_people()} - self.linked())
        if keys:
            self.delete(self.chance.choice(keys))

    def come_back(self) -> None:
        """Who or what was deleted in Salesforce is taken out of the bin. In Apollo there is
        none."""
        bin = self.bin()
        if bin:
            self.take_out(self.chance.choice(sorted(bin)))

    def bin(self) -> dict[Key, Mapping[str, Any]]:
        """What was deleted in Salesforce and may come back by itself."""
        of = self.scope.objects & {"Lead", "Contact", "Opportunity", "Task"}
        of |= {"Account", "Opportunity"} if self.scope.closes else set()
        return {
            ("salesforce", object, id): row
            for object in sorted(of)
            for id, row in self.log.salesforce.rows(object, deleted=True).items()
            if row.get("IsDeleted") and id not in self.log.salesforce.org.went_with
        }

    def take_out(self, key: Key) -> None:
        """Somebody takes one of these out of the bin."""
        merged = self.bin()[key].get("MasterRecordId")
        self.log.deed("salesforce", lambda: self.log.salesforce.undelete(*key[1:]))
        if merged:
            self.log.parted.add(key)
            self.log.struck["a merge is taken back"] += 1
        who = "somebody linked" if key in self.linked() else "somebody free"
        named = {"Opportunity": "a deal", "Task": "what was done", "Account": "a company"}
        self.log.struck[f"{named.get(key[1], who)} is brought back"] += 1

    def convert(self) -> None:
        """A lead becomes a Contact of an account."""
        leads = [key for key in self.right_people() if key[1] == "Lead"]
        if not leads:
            return
        key = self.chance.choice(leads)
        made: list[str] = []

        def act() -> None:
            try:
                made.append(self.log.salesforce.convert(key[2]))
            except Refused:
                return  # It, or its account, is saved and not yet seen.

        self.log.deed("salesforce", act)
        if made:
            self.log.heirs[key] = ("salesforce", "Contact", made[0])
            self.log.struck["a lead is converted"] += 1

    def merge(self) -> None:
        """Two records of one person in Salesforce become one; mostly the second was put in just
        before."""
        keys = self.right_people()
        if not keys:
            return
        key = self.chance.choice(keys)
        tag = self.tag(key)
        others = [one for one in keys if one[1] == key[1] and one != key and self.tag(one) == tag]
        if not others:
            row = self.log.rows("salesforce")[key]
            values = self.right_values(key[1], "Twin", row["LastName"], row.get("Email"))
            others = [("salesforce", key[1], self.make("salesforce", key[1], values))]
            if others[0] not in self.log.rows("salesforce"):
                return
        self.into_one(key, self.chance.choice(others))

    def merge_linked(self) -> None:
        """Two people in Salesforce whom the other side knows, too, are taken for one."""
        keys = sorted({*self.right_people()} & self.linked())
        pairs = [(one, two) for one, two in combinations(keys, 2) if one[1] == two[1]]
        if pairs:
            done = self.into_one(*self.chance.choice(pairs))
            self.log.struck["two linked are merged"] += done

    def into_one(self, *pair: Key) -> bool:
        """One of two records is merged into the other; whether Salesforce did it."""
        winner, loser = self.chance.sample(pair, 2)
        done: list[bool] = []

        def act() -> None:
            try:
                self.log.salesforce.merge(winner[1], winner[2], [loser[2]])
            except Refused:
                return  # One of them is saved and not yet seen.
            done.append(True)

        self.log.deed("salesforce", act)
        if done:
            self.log.heirs[loser] = winner
            self.log.parted.discard(loser)
            self.log.merges.add(self.log.deletions(loser)[-1].seq)
            self.log.said_again(winner, mapped(self.scope, winner[1], lambda row: row.clear))
            self.log.struck["two records are merged"] += 1
        return bool(done)

    def right_people(self) -> list[Key]:
        """The people in Salesforce who have become nobody else."""
        return [
            key for key in self.everyone() if key[0] == "salesforce" and not self.log.is_other(key)
        ]

    def touch(self) -> None:
        key = self.someone(side="apollo")
        if key is not None:
            self.log.deed("apollo", lambda: self.log.apollo.touch("contact", key[2]))

    # ---- with their hands

    def make(self, system: System, object: str, values: Mapping[str, Any]) -> str:
        made: list[str] = []
        if system == "apollo":
            self.log.deed(system, lambda: made.append(self.log.apollo.create(object, values)))
        else:
            late = self.late()

            def act() -> None:
                try:
                    made.append(self.log.salesforce.create(object, values, delay=late))
                except Refused:
                    return  # It points to what is saved and not yet seen.

            self.log.deed(system, act)
        return made[0] if made else ""

    def change(self, key: Key, values: Mapping[str, Any]) -> None:
        """A person saves a record. What the system refuses the person, stays as it was."""
        system, object, id = key

        def act() -> None:
            if system == "apollo":
                self.log.apollo.update(object, id, values)
                return
            try:
                self.log.salesforce.update(object, id, values, delay=self.late())
            except Refused:
                return

        self.log.deed(system, act)

    def delete(self, key: Key, *, to_bin: bool = False) -> None:
        """A person deletes a record. `to_bin`: it may come back, for sure, where that can be."""
        system, object, id = key

        def act() -> None:
            if system == "apollo":
                self.log.apollo.delete(object, id)
            else:
                # What an account's stage follows from is looked for nowhere but in the feed.
                purged = not to_bin and object != "Opportunity" and self.chance.random() < 0.3
                there = self.log.rows(system).keys()
                try:
                    self.log.salesforce.delete(object, id, purged=purged)
                except Refused:
                    return  # Somebody else is saving it.
                self.log.struck["a deletion that nothing tells of"] += purged
                if purged:
                    self.log.purged |= there - self.log.rows(system).keys()

        self.log.deed(system, act)

    def late(self) -> float:
        """Seconds after which a save in Salesforce is seen: mostly at once."""
        share = 0.5 if self.scope.behind else 0.12
        if not self.log.run or not self.lateness or self.chance.random() >= share:
            return 0.0
        late = self.chance.choice(self.lateness)
        hours = "hours " if late > max(SOON) else ""
        self.log.struck[f"a save that is seen {hours}late"] += 1
        return late

    # ---- who is there

    def everyone(self) -> list[Key]:
        found = [*self.log.rows("apollo"), *self.log.rows("salesforce")]
        return sorted(key for key in found if key[1] in ("contact", "Lead", "Contact"))

    def someone(
        self,
        fits: Callable[[Mapping[str, Any]], bool] = lambda row: True,
        *,
        side: str = "",
        object: str = "",
    ) -> Key | None:
        found = []
        for system in (side,) if side else ("apollo", "salesforce"):
            for key, row in self.log.rows(system).items():
                known = key[1] in ("contact", "Lead", "Contact") and object in ("", key[1])
                if known and fits(row if isinstance(row, dict) else row.values):
                    found.append(key)
        return self.chance.choice(sorted(found)) if found else None

    def tag(self, key: Key) -> str:
        """Who a record is, there or in the bin."""
        rows = self.log.rows(key[0])
        return tag_of(self.log.values(rows[key]) if key in rows else self.bin()[key])

    def alone(self, key: Key) -> bool:
        """Whether the other system doesn't have them."""
        tag = self.tag(key)
        return not any(self.tag(one) == tag and one[0] != key[0] for one in self.everyone())

    def email(self, row: Mapping[str, Any]) -> str:
        return str(row.get("email") or row.get("Email") or "")

    def value_for(self, what: str, tag: str) -> str:
        number = self.next()
        return {
            "title": f"Title {number}",
            "first_name": f"{self.chance.choice(FIRST)}{number}",
            "last_name": f"{self.chance.choice(LAST)}{number}-{tag}",
            "organization_name": f"Company {number}",
            "phone": f"+1 555 {1000 + number}",
        }[what]

    def owner(self) -> str:
        users = [one for one in self.log.apollo.team.users if not one.deleted]
        return self.chance.choice(users).email

    def maybe(self, value: str) -> str | None:
        return value if self.chance.random() < 0.75 else None

    def next(self) -> int:
        self.count += 1
        return self.count


_RIGHT = {"title": "Title", "first_name": "FirstName", "last_name": "LastName"}
WORDS = frozenset({*_RIGHT, *_RIGHT.values()})
"""Names and titles, in both systems."""
_LEFT = {
    **{right: left for left, right in _RIGHT.items()},
    "Phone": "phone",
    "Company": "organization_name",
}


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody sees of a contact in Apollo, and can enter for another one."""
    names = ("first_name", "last_name", "email", "title", "organization_name", "phone")
    more = ("stage", "owner", "account_id")
    return {name: values[name] for name in (*names, *more) if values.get(name)}


TAGGED = (
    *("last_name", "LastName", "name", "Name"),
    *("note", "body_text", "description", "Description", "content", "Body"),
)
"""Fields that end in a tag, the first that a record has."""


def tag_of(values: Mapping[str, Any]) -> str:
    """Who this is: `p3` of `Silva-p3`, `a1` of `Acme 7-a1`, `d7` of `Said 7-d7`."""
    text = next((values[name] for name in TAGGED if values.get(name)), "")
    return str(text).rpartition("-")[2]
