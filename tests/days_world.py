"""Both systems in a process of their own, for days that pass while somebody measures the other one.

`python -m tests.days_world SEED` serves a made-up Apollo and a made-up Salesforce on loopback until
its input ends. Time comes with each request, in the header `x-clock`; what people do, how much goes
wrong, and what there is in the end is asked for at `/__days__/`. `days.py` is the other process.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.wire import NoReply, Request, Response
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.tests.worlds import START

CROWD = 60
"""People on both sides in the beginning."""
REST = 4 * 3600.0
"""Seconds that a person is left alone after an edit, so that it can be told whose value stands."""
READS = ("GET", "query", "search", "token", "composite/sobjects/")
DONE = {"due_at": "2026-01-09T09:00:00.000Z", "type": "action_item"}


class Now:
    """The time that the last request said."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nobody waits here."""


@dataclass
class Systems:
    """Both systems, those who work in them, and what goes wrong on the way. `newest` is the title
    that each person was given last, with the time; `share` the part of requests that a fault
    strikes; `away` the names of systems that answer nobody."""

    seed: int
    clock: Now = field(default_factory=Now)
    share: float = 0.0
    faults: int = 0
    requests: int = 0
    writes: int = 0
    count: int = 0
    away: set[str] = field(default_factory=set)
    newest: dict[str, tuple[str, float]] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        options = SimulatorOptions(seed=1, records=0, clock=self.clock)
        self.apollo, self.salesforce = ApolloSimulator(options), SalesforceSimulator(options)
        self.clock.at += 3600.0
        self.chance = random.Random(self.seed)
        self.luck = random.Random(self.seed + 1)

    # ---- the way

    def served(self, system: str) -> Served:
        """One of the systems as others see it."""
        sim = self.apollo if system == "apollo" else self.salesforce
        return Served(self, system, sim.handle)

    def spoil(self, system: str, work: Callable[[], Response]) -> Response:
        """A reply, unless something goes wrong with it."""
        if system in self.away:
            return Response(503, {}, b"away")
        if self.luck.random() >= self.share:
            return work()
        self.faults += 1
        kind = self.luck.choice(("before", "after", "cut", "503", "html", "expire"))
        if kind == "before":
            raise NoReply("lost on its way")
        if kind == "503":
            return Response(503, {"content-type": "text/plain"}, b"try later")
        if kind == "expire":
            self.salesforce.sign_ins.expire()
            return work()
        reply = work()
        if kind == "after":
            raise NoReply("lost on its way back")
        if kind == "html":
            return Response(200, {"content-type": "text/html"}, b"<html>sign in</html>")
        return Response(reply.status, reply.headers, reply.body[: len(reply.body) // 2])

    # ---- the people

    def settle_in(self) -> None:
        """Everybody is there, half of them on either side."""
        for number in range(CROWD):
            self.newcomer(left=number % 2 == 0)

    def newcomer(self, *, left: bool) -> None:
        self.count += 1
        name, title = f"P{self.count}", f"T{self.count}"
        email = f"p{self.count}@c{self.count % 9}.example"
        if left:
            given = {"last_name": name, "email": email, "title": title}
            self.apollo.create("contact", {**given, "organization_name": f"C{self.count % 9}"})
        else:
            row = {"LastName": name, "Email": email, "Title": title, "Company": "C"}
            self.salesforce.create("Lead", row)
        self.newest[email] = (title, self.clock.at)

    def work(self) -> None:
        """What somebody does now."""
        chance = self.chance
        deeds: list[Callable[[], None]] = [
            *(5 * [self.edit_left]),
            *(5 * [self.edit_right]),
            *(2 * [self.task]),
            lambda: self.newcomer(left=chance.random() < 0.5),
            self.leave,
            self.company,
        ]
        chance.choice(deeds)()

    def edit_left(self) -> None:
        self._edit("contact", "title", self.contacts())

    def edit_right(self) -> None:
        self._edit("Lead", "Title", self.leads())

    def _edit(self, object: str, field: str, rows: dict[str, str]) -> None:
        rested = [
            email
            for email in sorted(self.both())
            if self.newest[email][1] < self.clock.at - REST and email in rows
        ]
        if rested:
            self.count += 1
            email, title = self.chance.choice(rested), f"T{self.count}"
            sim: Any = self.apollo if object == "contact" else self.salesforce
            sim.update(object, rows[email], {field: title})
            self.newest[email] = (title, self.clock.at)

    def task(self) -> None:
        """Something is done with somebody."""
        people = self.contacts()
        self.count += 1
        email, title = self.chance.choice(sorted(people)), f"Call {self.count}"
        id = self.apollo.create("task", {"contact_id": people[email], "title": title, **DONE})
        self.apollo.update("task", id, {"status": "completed"})
        if email in self.both() and self.newest[email][1] < self.clock.at - REST:
            self.tasks.add(title)
            self.newest[email] = (self.newest[email][0], self.clock.at)

    def leave(self) -> None:
        """Somebody is deleted in Salesforce; the other record stays, and nothing is made again."""
        rested = [one for one in self.both() if self.newest[one][1] < self.clock.at - REST]
        if len(rested) > CROWD // 2:
            gone = self.chance.choice(sorted(rested))
            self.salesforce.delete("Lead", self.leads()[gone])

    def company(self) -> None:
        """A company gets another name."""
        self.count += 1
        rows = self.apollo.rows("account")
        if len(rows) < 10:
            values = {"name": f"A{self.count}", "domain": f"a{self.count}.example"}
            self.apollo.create("account", {**values})
        else:
            self.apollo.update(
                "account", self.chance.choice(sorted(rows)), {"name": f"A{self.count}"}
            )

    # ---- what there is

    def contacts(self) -> dict[str, str]:
        """The ids of the contacts by address."""
        return {str(row["email"]): id for id, row in self.apollo.rows("contact").items()}

    def leads(self) -> dict[str, str]:
        return {str(row["Email"]): id for id, row in self.salesforce.rows("Lead").items()}

    def both(self) -> set[str]:
        return set(self.contacts()) & set(self.leads())

    def wrong(self) -> list[str]:
        """All that is not on both sides as the rules say."""
        found: list[str] = []
        contacts, leads = self.apollo.rows("contact"), self.salesforce.rows("Lead")
        left = sorted(str(row["email"]) for row in contacts.values())
        right = sorted(str(row["Email"]) for row in leads.values())
        found += [f"{one} is there twice" for one in _twice(left) + _twice(right)]
        ever = {str(row["Email"]) for row in self.salesforce.rows("Lead", deleted=True).values()}
        found += [f"{one} is in Apollo alone" for one in set(left) - ever]
        found += [f"{one} is in Salesforce alone" for one in set(right) - set(left)]
        by_email = {str(row["Email"]): row for row in leads.values()}
        for row in contacts.values():
            email = str(row["email"])
            there = by_email.get(email)
            if there is None:
                continue
            if (row["last_name"], row["title"]) != (there["LastName"], there["Title"]):
                found.append(f"{email}: {row['title']} here, {there['Title']} there")
            if row["title"] != self.newest[email][0]:
                found.append(f"{email}: {row['title']}, and last was {self.newest[email][0]}")
        # What was about a lead went with it.
        tasks = self.salesforce.rows("Task", deleted=True)
        done = [str(row["Subject"]) for row in tasks.values()]
        found += [f"{one} is there twice" for one in _twice(sorted(done))]
        found += [f"{one} did not arrive" for one in self.tasks - set(done)]
        names = {str(row["domain"]): row["name"] for row in self.apollo.rows("account").values()}
        companies = {
            str(row.get("Website")): row["Name"] for row in self.salesforce.rows("Account").values()
        }
        found += [
            f"{domain} is {name} here, {companies.get(domain)} there"
            for domain, name in names.items()
            if companies.get(domain) != name
        ]
        return found

    def asked(self, path: str, body: Any) -> object:
        """What the other process wants."""
        if path == "settle":
            self.settle_in()
        elif path == "work":
            self.work()
        elif path == "trouble":
            self.share, self.away = body["share"], set(body["away"])
        elif path == "wrong":
            return self.wrong()
        return {"faults": self.faults, "requests": self.requests, "writes": self.writes}


@dataclass
class Served:
    """One system as it is served: it tells the time to both, and loses what is to be lost."""

    systems: Systems
    system: str
    handle_it: Callable[[Request], Response]

    def handle(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        self.systems.clock.at = max(self.systems.clock.at, float(request.headers["x-clock"]))
        if parts.path.startswith("/__days__/"):
            found = self.systems.asked(parts.path.rpartition("/")[2], json.loads(request.body))
            return Response(200, {}, json.dumps(found).encode())
        self.systems.requests += 1
        if not any(one in f"{request.method} {parts.path}" for one in READS):
            self.systems.writes += 1
        plain = {name: one for name, one in request.headers.items() if name != "x-clock"}
        return self.systems.spoil(
            self.system, lambda: self.handle_it(replace(request, headers=plain))
        )

    def sign_in(self, url: str) -> dict[str, str]:
        sim: ApolloSimulator | SalesforceSimulator = (
            self.systems.apollo if self.system == "apollo" else self.systems.salesforce
        )
        return sim.sign_in(url)


def _twice(names: list[str]) -> list[str]:
    return [one for one, other in pairwise(names) if one == other]


def main(arguments: list[str]) -> int:
    systems = Systems(int(arguments[0]))
    with ExitStack() as stack:
        told: dict[str, object] = {}
        for name in ("apollo", "salesforce"):
            served = systems.served(name)
            url = stack.enter_context(Server(served)).url
            told[name] = {"url": url, **served.sign_in(url)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
