"""Where everything must stand after the first sync and after a run: whole pictures of both sides.

Puts together what `oracle.py` says of single records. What people did in between comes from
`edits.py`; who holds pictures against them are `test_first_sync.py` and `kills.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncrules.tests import oracle
from syncrules.tests.oracle import Links, Plain, Rows

Picture = Mapping[str, Mapping[str, Plain]]
_NOBODY = (None, None)


def pairs(before: Rows, after: Rows) -> Links:
    """Who must be together after the first sync: those who found each other, and the new ones."""
    found = oracle.links(before)
    leads, people = after.by_email("Lead"), after.by_email("contact")
    for id in oracle.leads_wanted(before):
        for lead in leads.get(before.plain["contact"][id]["email"].casefold(), [])[:1]:
            found.people[id] = ("Lead", lead)
    for id in oracle.contacts_wanted(before):
        for contact in people.get(before.plain["Contact"][id]["email"].casefold(), [])[:1]:
            found.people[contact] = ("Contact", id)
    names = after.by("name", "account")
    for id in oracle.accounts_wanted(before):
        for account in names.get(before.plain["Account"][id]["name"].casefold(), [])[:1]:
            found.accounts[account] = id
    return found


def made(before: Rows) -> dict[str, int]:
    """How many new records of each object the first sync must make."""
    return {
        **dict.fromkeys(before.plain, 0),
        "Lead": len(oracle.leads_wanted(before)),
        "contact": len(oracle.contacts_wanted(before)),
        "account": len(oracle.accounts_wanted(before)),
    }


def synced(before: Rows, after: Rows) -> Picture:
    """Every field of every record after the first sync. `after` tells the ids of what was made, and
    what a system puts into a new record by itself."""
    found, met = pairs(before, after), oracle.links(before)
    wanted = _as_they_are(before)
    for left, right in met.accounts.items():
        _companies(wanted, left, right, _NOBODY)
    inferred = oracle.stages_of_accounts(before)
    for left, right in found.accounts.items():
        if left not in before.plain["account"]:
            wanted["account"][left] = after.plain["account"][left] | before.plain["Account"][right]
        if right in inferred:
            wanted["account"][left]["stage"] = inferred[right]
    for left, (object, right) in met.people.items():
        _people(wanted, left, object, right, _NOBODY, found)
    for left, (object, right) in found.people.items():
        if right not in before.plain[object]:
            wanted[object][right] = oracle.lead_of(before.plain["contact"][left])
        if left not in before.plain["contact"]:
            new = oracle.contact_of(before.plain["Contact"][right], found)
            wanted["contact"][left] = after.plain["contact"][left] | new
    return wanted


def carried(old: Links, then: Rows, now: Rows, after: Rows) -> Picture:
    """Every field of every record after a run that finds people's edits: `then` is what the two
    sides held when they last agreed, `now` what they held when the run began."""
    wanted = _as_they_are(now)
    was, inferred = oracle.stages_of_accounts(then), oracle.stages_of_accounts(now)
    for left, right in old.accounts.items():
        _companies(wanted, left, right, (then.plain["account"][left], then.plain["Account"][right]))
        if inferred.get(right) != was.get(right):
            wanted["account"][left]["stage"] = inferred[right]
    for left, (object, right) in old.people.items():
        agreed = then.plain["contact"][left], then.plain[object][right]
        _people(wanted, left, object, right, agreed, old)
    for left, (object, right) in oracle.links(now).people.items():
        if left not in old.people and right not in old.taken:
            _people(wanted, left, object, right, _NOBODY, old)
    leads, people = after.by_email("Lead"), after.by_email("contact")
    for left in oracle.leads_wanted(now) - old.people.keys():
        for lead in leads.get(now.plain["contact"][left]["email"].casefold(), ["none"])[:1]:
            wanted["Lead"][lead] = oracle.lead_of(now.plain["contact"][left])
    for right in oracle.contacts_wanted(now) - old.taken:
        for left in people.get(now.plain["Contact"][right]["email"].casefold(), ["none"])[:1]:
            new = oracle.contact_of(now.plain["Contact"][right], old)
            wanted["contact"][left] = after.plain["contact"].get(left, {}) | new
    return wanted


def _as_they_are(rows: Rows) -> dict[str, dict[str, Plain]]:
    return {
        name: {id: dict(row) for id, row in table.items()} for name, table in rows.plain.items()
    }


def _companies(
    wanted: dict[str, dict[str, Plain]],
    left: str,
    right: str,
    then: tuple[Plain | None, Plain | None],
) -> None:
    now = wanted["account"][left], wanted["Account"][right]
    wanted["account"][left], wanted["Account"][right] = oracle.company_agreed(then, now)


def _people(
    wanted: dict[str, dict[str, Plain]],
    left: str,
    object: str,
    right: str,
    then: tuple[Plain | None, Plain | None],
    links: Links,
) -> None:
    now = wanted["contact"][left], wanted[object][right]
    both = oracle.agreed(then, now, object, links)
    wanted["contact"][left], wanted[object][right] = both


# ---- what is wrong --------------------------------------------------------------------------


def differences(wanted: Picture, found: Picture) -> list[str]:
    """The first few fields that are not what they must be, after a count; empty where all are."""
    told = []
    for name, table in wanted.items():
        for id, row in table.items():
            held = found[name].get(id)
            if held is None:
                told.append(f"{name} {id} is missing: {row}")
            elif held != row:
                wrong = {key: (row[key], held.get(key)) for key in row if row[key] != held.get(key)}
                told.append(f"{name} {id}: wanted and found {wrong}")
        told += [f"{name} {id}: nobody asked for it" for id in found[name].keys() - table.keys()]
    return [f"{len(told)} differ", *told[:5]] if told else []


def touched(before: Rows, after: Rows) -> list[str]:
    """Records of which a field was written that no rule names."""
    return [
        f"{name} {id}"
        for name, table in before.rest.items()
        for id, row in table.items()
        if after.rest[name].get(id) != row
    ]


def twice(now: Rows) -> set[tuple[str, str]]:
    """Addresses that several records of one object have."""
    return {
        (name, email)
        for name in ("contact", "Contact", "Lead")
        for email, ids in now.by_email(name).items()
        if len(ids) > 1
    }
