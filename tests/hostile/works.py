"""What connectors are asked to do while the replies that they get are tampered with.

A `Bench` is one system with a connector before it; what is changed is told in `replies.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from syncrules.connectors.apollo.access import ApolloConnector
from syncrules.connectors.base.contract import Connector, Outcome, Read, Record, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.salesforce.door import Door, Token
from syncrules.connectors.salesforce.linking import sign_in
from syncrules.engine.schemas import whole
from syncrules.errors import SignInRefused
from syncrules.tests import apollo_connected as apollo
from syncrules.tests import salesforce_connected as salesforce
from syncrules.tests.hostile.replies import Tamperer, Work, changes, sending, wrong

PERSON = ("Email", "LastName", "Status", "OwnerId", "IsConverted", "AnnualRevenue", "CreatedDate")
CONTACT = ("email", "last_name", "stage", "owner", "account", "phone", "source", "updated_at")
TASK = ("type", "status", "note", "due_at", "contact", "user")


@dataclass
class Bench:
    """A system whose replies can be tampered with, new connections to it, and works."""

    tamperer: Tamperer
    connect: Callable[[], Connector]
    works: Mapping[str, Work]

    def spoilt(self, work: str, seed: int, nodes: int, replies: int) -> Iterator[str]:
        """Does a work again for each of some changes of each of its replies, or of as many as
        `replies` says; "" where that ended well, else what is wrong. Undisturbed, it ends well."""
        done = self.works[work]
        self.tamperer.begin()
        told = wrong(done, self.connect())
        yield f"{work}, undisturbed: {told}" if told else ""
        seen = list(enumerate(self.tamperer.seen))
        for at, reply in random.Random(seed).sample(seen, min(replies, len(seen))):
            chance = random.Random(f"{seed} {work} {at}")
            for number, change in enumerate(changes(reply, chance, nodes=nodes)):
                self.tamperer.begin(at, change)
                told = wrong(done, self.connect())
                yield f"{work}, reply {at}, change {number}: {told}" if told else ""


def anew(writes: Callable[[], list[Write]]) -> Work:
    """Sends writes that are made each time, since none can be done twice."""

    def work(connector: Connector) -> Sequence[Record | Outcome] | None:
        return sending(*writes())(connector)

    return work


def _named(connector: Connector) -> None:
    connector.identity()


def _described(names: list[str] | None = None) -> Work:
    def work(connector: Connector) -> None:
        whole(connector.describe(names))

    return work


def _read(connector: Connector, object: str, fields: tuple[str, ...]) -> list[Record]:
    pages = connector.read(Read("far", object, fields), None)
    return [one for page in pages for one in page.records]


def _new() -> Iterator[str]:
    return (f"new{number}@some.example" for number in count())


def salesforce_bench() -> Bench:
    """An org with a few people."""
    org = salesforce.Org()
    tamperer = Tamperer(org.sim.handle)
    org.world.handlers[salesforce.HOST] = tamperer
    one, two, *_ = people = org.people(3)
    new, now = _new(), org.clock.now
    update = (salesforce.update(1, one, LastName="A"), salesforce.update(2, two, LastName="B"))

    def person(ref: int) -> Write:
        return salesforce.create(ref, now(), Email=next(new))

    return Bench(
        tamperer,
        org.connect,
        {
            "identity": _named,
            "describe": _described(["Lead", "Account"]),
            "describe all": _described(),
            "read": lambda far: _read(far, "Lead", PERSON),
            "fetch": lambda far: far.fetch("Lead", PERSON, "id", [*people, "00Q000000000999AAA"]),
            "fetch by key": lambda far: far.fetch("Lead", PERSON, "Email", ["p1@some.example"]),
            "create": anew(lambda: [person(1), person(2)]),
            "update": sending(*update),
            "delete": anew(lambda: [Write(1, "delete", "Lead", _lead(org, next(new)), {})]),
            "find what was made": lambda far: far.find([person(1)]),
            "find what was changed": lambda far: far.find(update),
            "sign in": lambda far: _signed_in(org),
        },
    )


def _lead(org: salesforce.Org, email: str) -> str:
    return str(org.sim.create("Lead", {"LastName": "Gone", "Company": "C", "Email": email}))


class _Someone:
    """A person who enters the code of a device at once."""

    device = True

    def __init__(self, org: salesforce.Org) -> None:
        self._org = org

    def enter(self, address: str, code: str) -> None:
        given = self._org.sim.sign_in("")
        form = {name: given[name] for name in ("username", "password")}
        self._org.sim.sign_ins.consent.connect("POST", {"user_code": code, **form})

    def browse(self, address: str, callback: str, state: str) -> Mapping[str, str]:
        raise SignInRefused("there is no browser")

    def secret(self, question: str) -> Secret:
        raise SignInRefused("nobody asks for one")

    def nonce(self) -> str:
        return "n" * 43


def _signed_in(org: salesforce.Org) -> None:
    """By a code of a device; then the login is renewed, and ended."""
    given = org.sim.sign_in(f"https://{salesforce.HOST}")
    settings = {"client_id": given["client_id"], "login_url": given["login_url"]}
    grant = sign_in(settings, org.world, _Someone(org))
    door = Door(settings, org.world)
    door.revoke(door.renewed(Token.of(grant.kept)))


def apollo_bench() -> Bench:
    """A team with a contact, an account, a task and a call."""
    team = apollo.Team()
    tamperer = Tamperer(team.world.handlers["api.apollo.io"])
    team.world.handlers["api.apollo.io"] = tamperer
    other, task = team.contact("Bob"), team.task(note="x")
    new, now = _new(), team.clock.now

    def connect() -> Connector:
        return ApolloConnector(
            {"system": "apollo", "key": Secret(team.sim.key), "undocumented": "yes"}, team.world
        )

    def made(ref: int) -> Write:
        fields = {"email": next(new), "first_name": "New", "last_name": f"Berg {ref}"}
        return apollo.create(ref, "contact", now(), **fields)

    update = (
        apollo.update(1, "contact", team.ada, title="A"),
        apollo.update(2, "contact", other, title="B"),
    )
    return Bench(
        tamperer,
        connect,
        {
            "identity": _named,
            "describe": _described(["contact", "account", "user"]),
            "describe all": _described(),
            "read": lambda far: _read(far, "contact", CONTACT),
            "read accounts": lambda far: _read(far, "account", ("name", "domain", "stage")),
            "read users": lambda far: _read(far, "user", ("email", "name", "active")),
            "read tasks": lambda far: _read(far, "task", TASK),
            "read calls": lambda far: _read(far, "call", ("note", "contact")),
            "fetch": lambda far: far.fetch("contact", CONTACT, "id", [team.ada, "0" * 24]),
            "fetch by key": lambda far: far.fetch(
                "contact", CONTACT, "email", ["ada@berg.example"]
            ),
            "create": anew(lambda: [made(1), made(2)]),
            "update": sending(*update),
            "update a stage": sending(apollo.update(1, "contact", team.ada, stage="Cold")),
            "task": sending(apollo.update(1, "task", task, note="y")),
            "call": anew(lambda: [apollo.create(1, "call", now(), note="z", contact=other)]),
            "find what was made": lambda far: far.find([made(1)]),
            "find what was changed": lambda far: far.find(update),
        },
    )


BENCHES: Mapping[str, Callable[[], Bench]] = {
    "salesforce": salesforce_bench,
    "apollo": apollo_bench,
}
