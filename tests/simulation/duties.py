"""What people do about words that rules have besides values: they approve what asks, end what stops
a record, take values away where a blank erases or is filled, leave, hand over what is theirs, write
over what a deletion has left, and find out an address.

Those who work there are in `people.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from syncrules.connectors.base.world import moment
from syncrules.engine.run.sight import DAY
from syncrules.tests.simulation.fields import mapped

if TYPE_CHECKING:
    from syncrules.tests.simulation.people import People
    from syncrules.tests.simulation.recorder import Key

STAFF = tuple(
    f"{name}@heron-trading.example" for name in ("maria.johnson", "david.hansen", "elif.khan")
)
"""Users who may leave; the one whom rules name stays."""
OPEN = {"stage": "Cold", "Status": "Open - Not Contacted"}
"""What somebody is again who was in a state that stops."""


def take_away(people: People) -> None:
    """Somebody takes a value away, on one side, where a blank erases."""
    keys = sorted(people.linked() & set(people.everyone()))
    if keys:
        key = people.chance.choice(keys)
        names = sorted(mapped(people.scope, key[1], lambda row: row.clear))
        people.change(key, dict.fromkeys(names[:1], ""))
        people.log.struck["a value is taken away"] += 1


def blank(people: People) -> None:
    """Somebody takes a value away from a linked record whose blanks are filled."""
    keys = sorted(people.linked() & {*people.right_people()})
    if keys:
        key = people.chance.choice(keys)
        people.change(key, {people.chance.choice(("FirstName", "Title", "Phone")): ""})
        people.log.struck["what could be filled is blanked"] += 1


def find_out(people: People) -> None:
    """Somebody on one side only gets the address by which the other side knows them, or else is
    put in there without one."""
    rows = {key: people.log.values(people.log.rows(key[0])[key]) for key in people.everyone()}
    known = {people.tag(key): people.email(row) for key, row in rows.items() if people.email(row)}
    free = sorted(
        key
        for key in rows.keys() - people.linked()
        if people.tag(key) not in people.twins | people.moved and not people.log.is_other(key)
    )
    without = [key for key in free if not people.email(rows[key]) and people.tag(key) in known]
    if without:
        key = people.chance.choice(without)
        name = "email" if key[0] == "apollo" else "Email"
        people.change(key, {name: known[people.tag(key)]})
        people.log.struck["an address is found out"] += 1
        return
    alone = [key for key in free if people.tag(key) in known and people.alone(key)]
    if alone:
        key = people.chance.choice(alone)
        last = str(rows[key].get("last_name") or rows[key].get("LastName"))
        if key[0] == "apollo":
            [object] = people.scope.objects & {"Lead", "Contact"}
            people.make("salesforce", object, people.right_values(object, "Ada", last, None))
        else:
            people.make("apollo", "contact", people.left_values("Ada", last, None))


def let_go(people: People) -> None:
    """Somebody looks at what waits for a person, and approves some of it."""
    people.approve(lambda: people.chance.random() < 0.6)


def lift(people: People) -> None:
    """Nobody is in a state any more in which nothing is written to them."""
    stops = people.scope.stops
    for key in people.everyone():
        row = people.log.values(people.log.rows(key[0])[key])
        of = stops.left if key[0] == "apollo" else stops.right
        for name, value in of.items():
            if row.get(name) == value and not people.log.is_other(key):
                people.log.struck["a stop is over"] += 1
                people.change(key, {name: OPEN[name]})


def come_or_go(people: People) -> None:
    """A user of Salesforce leaves, or is back: who leaves is signed out, and owns what they
    own."""
    users = people.log.salesforce.rows("User")
    id = people.chance.choice(sorted(id for id, row in users.items() if row["Email"] in STAFF))
    active = not users[id]["IsActive"]
    people.log.salesforce.update("User", id, {"IsActive": active})
    people.log.salesforce.sign_ins.revoke(id)
    people.log.staff.append((len(people.log.events), people.log.clock.now(), id, active))
    people.log.struck["a user leaves or is back"] += 1


def hand_over(people: People) -> None:
    """A contact belongs to somebody else from now on."""
    key = people.someone(side="apollo")
    if key is not None:
        people.change(key, {"owner": people.owner()})


def write_over(people: People) -> None:
    """Somebody puts a word of their own in place of the one that a deletion has left."""
    for key, name in _marked(people):
        people.change(key, {name: f"Word {people.next()}"})


def _marked(people: People) -> list[tuple[Key, str]]:
    """Records with the word that a deletion has left, and the field in which it stands."""
    left = {one.field: one.text for one in people.scope.after.values() if one.does == "mark"}
    rows = {key: people.log.values(people.log.rows(key[0])[key]) for key in people.everyone()}
    return [
        (key, name)
        for key, row in rows.items()
        for name, text in left.items()
        if row.get(name) == text
    ]


def put_back(people: People) -> None:
    """Somebody in Salesforce is taken out of the bin, rather somebody who is linked. People have
    put words of their own where it says that they were deleted, or leave that to the next run; or
    they are deleted in Apollo, in turn."""
    bin = people.bin()
    tags = {people.tag(key) for key, _ in _marked(people)}
    marked = sorted(key for key in bin if people.tag(key) in tags)
    if marked and people.chance.random() < 0.6:
        people.take_out(people.chance.choice(marked))
        people.log.struck["somebody is brought back whose mark stands"] += 1
        return
    if bin:
        key = people.chance.choice(sorted(bin.keys() & people.linked() or bin))
        people.take_out(key)
        if people.chance.random() < 0.3:
            rows = people.log.rows("apollo")
            for one in sorted(people.linked() & rows.keys()):
                if people.tag(one) == people.tag(key):
                    people.delete(one)
    write_over(people)


def leave_again(people: People) -> None:
    """Somebody who had been taken out of the bin is deleted once more, or else somebody for the
    first time."""
    keys = sorted(key for key in people.linked() if key in {*people.right_people()})
    again = [key for key in keys if people.log.deletions(key)]
    if keys:
        write_over(people)
        people.delete(people.chance.choice(again or keys), to_bin=True)
        people.log.struck["somebody is deleted again"] += bool(again)


def rate(people: People) -> None:
    """Somebody in Salesforce says how good a company is."""
    if _to_one(people, "Account", {"Rating": people.chance.choice(RATINGS)}):
        people.log.struck["a company is rated"] += 1


def bounce(people: People) -> None:
    """A mail to a Contact came back, today or some days ago; or none did. Whoever hears of it in
    Apollo may give them another title."""
    ago = people.chance.choice((0, 0, 0, 1, 3, None))
    at = None if ago is None else moment(people.log.clock.now() - ago * DAY)
    key = _to_one(people, "Contact", {"EmailBouncedDate": at})
    people.log.struck["a mail came back"] += key is not None and ago is not None
    if key is not None and people.chance.random() < 0.5:
        tag = people.tag(key)
        for one in people.everyone():
            if one[0] == "apollo" and people.tag(one) == tag:
                people.put(one, "title")


def decide_deal(people: People) -> None:
    """A deal with a company is won or lost, or begins."""
    rows = people.log.rows("salesforce")
    accounts = sorted(key[2] for key in rows if key[1] == "Account")
    if accounts:
        account = people.chance.choice(accounts)
        deals = [key for key in rows if rows[key].get("AccountId") == account]
        deals = sorted(key for key in deals if key[1] == "Opportunity")
        if not deals:
            people.deal(account)
            return
        stage = people.chance.choice(("Closed Won", "Closed Won", "Closed Lost"))
        people.change(people.chance.choice(deals), {"StageName": stage})


def move_in(people: People) -> None:
    """A contact in Apollo belongs to another company, or to none."""
    accounts = sorted(key[2] for key in people.log.rows("apollo") if key[1] == "account")
    _to_one(people, "contact", {"account_id": people.chance.choice([*accounts, *accounts, None])})


def describe(people: People) -> None:
    """Somebody writes over what a template has said of a Contact, or takes it away."""
    text = people.chance.choice((f"Word {people.next()}", f"Word {people.next()}", ""))
    _to_one(people, "Contact", {"Description": text})


def join(people: People) -> None:
    """Somebody puts a company in a second time, says how good it is, and merges the two: the people
    of both belong to the one that stays."""
    rows = people.log.rows("salesforce")
    accounts = sorted(key for key in rows if key[1] == "Account")
    if not accounts:
        return
    key = people.chance.choice(accounts)
    values = {
        "Name": f"Acme {people.next()}-{people.tag(key)}",
        "Website": rows[key].get("Website"),
    }
    rating = {"Rating": people.chance.choice(RATINGS)}
    twin: Key = ("salesforce", "Account", people.make("salesforce", "Account", values | rating))
    if twin in people.log.rows("salesforce") and people.into_one(key, twin):
        people.log.struck["two companies are merged"] += 1


def of_object(people: People, object: str) -> list[Key]:
    """The records of an object that are there."""
    sides = ("apollo", "salesforce")
    return sorted(key for side in sides for key in people.log.rows(side) if key[1] == object)


def _to_one(people: People, object: str, values: Mapping[str, object]) -> Key | None:
    """Somebody changes one record of an object, rather one that is linked; which one."""
    keys = of_object(people, object)
    linked = [key for key in keys if key in people.linked()]
    if not keys:
        return None
    key = people.chance.choice(linked if linked and people.chance.random() < 0.6 else keys)
    people.change(key, values)
    return key


RATINGS = ("Hot", "Hot", "Warm", "Cold")
DUTIES: tuple[tuple[int, str, Callable[[People], None]], ...] = (
    (4, "after", write_over),
    (16, "returns", put_back),
    (16, "returns", leave_again),
    (4, "asks", let_go),
    (4, "clears", take_away),
    (6, "fills", blank),
    (8, "fills", find_out),
    (4, "logins", come_or_go),
    (4, "logins", hand_over),
    (10, "shows", rate),
    (14, "shows", bounce),
    (10, "shows", move_in),
    (6, "shows", describe),
    (3, "shows", join),
    (4, "shows", lambda people: people.stage_by_hand()),
    (30, "shows", decide_deal),
)
"""How often each is done, and what the rules must have."""
