"""`POST /__sim__/...`: edits by other people, troubles, knobs and counts, over HTTP.

Not part of Salesforce: nothing here needs a token or counts as a call. The same can be done from
Python on the simulator itself (`server.py`).

    /__sim__/edit      {"action": create|update|delete|undelete|merge|convert|invite, "object",
                        "id", "values", "user", "delay", "losers", "colleague"}
                                                                  a person at the screen
    /__sim__/faults    one trouble or a list (`faults.Fault`); [] takes them all away
    /__sim__/rules     {"validations": [{"object", "field", "equals"|"contains"|"blank",
                        "message"}], "duplicates": [{"object", "fields", "allowSave"}]}
    /__sim__/schema    {"add": {"object", "line"}, "hide"|"show"|"lock": {"object", "field"}}
    /__sim__/rights    {"take"|"give": {"right": create|read|edit|delete, "object", "field",
                        "user"}}; without "field" on the object, without "user" for everybody
    /__sim__/users     who can sign in: their ids, names and passwords
    /__sim__/revoke    {"user"}: the user's sign-ins end for good   /__sim__/expire  all tokens end
    /__sim__/knobs     {"page_size", "commit_delay", "token_life", "daily_limit", "lead_owner",
                        "rotate_refresh": true|false, "browser_user": who the browser knows,
                        "bulk_seconds", "hard_delete"}
    /__sim__/clock     {"step": seconds}
    /__sim__/cursors   all open query cursors are forgotten
    /__sim__/requests  the requests so far, and how many of each kind
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .calls import Reply
from .errors import whole
from .faults import from_json
from .org import DuplicateRule, Validation
from .rows import Row

if TYPE_CHECKING:
    from .server import SalesforceSimulator


def answer(sim: SalesforceSimulator, word: str, body: Any) -> Reply:
    """The reply to `/__sim__/WORD`. Raises `Refused`, 400 for a body that makes no sense."""
    works: dict[str, Callable[[SalesforceSimulator, Any], Any]] = {
        "edit": _edit,
        "faults": _faults,
        "rules": _rules,
        "schema": _schema,
        "rights": _rights,
        "users": _users,
        "revoke": lambda sim, body: sim.sign_ins.revoke(sim.user(body["user"])),
        "knobs": _knobs,
        "clock": _clock,
        "expire": lambda sim, _: sim.sign_ins.expire(),
        "cursors": lambda sim, _: sim.resources.drop_cursors(),
        "requests": _requests,
    }
    if word not in works:
        raise whole(404, "NOT_FOUND", f"one of {', '.join(sorted(works))}")
    try:
        return Reply(200, works[word](sim, body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise whole(400, "BAD_REQUEST", f"{type(error).__name__}: {error}") from None


def _edit(sim: SalesforceSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    action, name, id = body["action"], body.get("object", ""), body.get("id", "")
    user, delay = body.get("user", ""), float(body.get("delay", 0))
    if action == "create":
        return {"id": sim.create(name, body["values"], user=user, delay=delay)}
    if action == "update":
        sim.update(name, id, body["values"], user=user, delay=delay)
    elif action == "delete":
        sim.delete(name, id, user=user)
    elif action == "convert":
        return {"id": sim.convert(id, user=user)}
    elif action == "merge":
        sim.merge(name, id, list(body["losers"]), user=user)
    elif action == "undelete":
        sim.undelete(name, id, user=user)
    elif action == "invite":
        return {"id": sim.invite(id, body["colleague"], user=user)}
    else:
        raise ValueError(f"unknown action {action}")
    return {"id": id}


def _faults(sim: SalesforceSimulator, body: Any) -> dict[str, int]:
    if body == []:
        sim.faults.rules.clear()
    else:
        found = body if isinstance(body, list) else [body]
        sim.faults.rules.extend([from_json(one) for one in found])
    return {"faults": len(sim.faults.rules)}


def _rules(sim: SalesforceSimulator, body: Mapping[str, Any]) -> None:
    if "validations" in body:
        sim.org.validations[:] = [_validation(one) for one in body["validations"]]
    if "duplicates" in body:
        sim.org.duplicates[:] = [
            DuplicateRule(one["object"], tuple(one["fields"]), bool(one.get("allowSave", True)))
            for one in body["duplicates"]
        ]


def _validation(data: Mapping[str, Any]) -> Validation:
    """A rule that refuses rows whose field equals, contains, or lacks something."""
    name = data["field"]

    def fails(row: Row) -> bool:
        value = row.get(name)
        if "equals" in data:
            return bool(value == data["equals"])
        if "contains" in data:
            return str(data["contains"]) in str(value or "")
        return bool(data["blank"]) and value is None

    return Validation(data["object"], data["message"], fails, name)


def _schema(sim: SalesforceSimulator, body: Mapping[str, Any]) -> None:
    schema, now = sim.org.schema, sim.org.clock.now()
    for word, data in body.items():
        of = schema.objects[data["object"].lower()]
        if word == "add":
            schema.add_field(of.name, data["line"], now)
            continue
        pair = (of.name, of.by_lower[data["field"].lower()].name)
        if word == "hide":
            schema.hidden.add(pair)
        elif word == "lock":
            schema.locked.add(pair)
        elif word == "show":
            schema.hidden.discard(pair)
            schema.locked.discard(pair)
        else:
            raise ValueError(f"unknown: {word}")
        schema.changed = now


def _rights(sim: SalesforceSimulator, body: Mapping[str, Any]) -> None:
    changes = {"take": sim.take, "give": sim.give}
    for word, data in body.items():
        named = (data["right"], data["object"], data.get("field", ""))
        changes[word](*named, user=data.get("user", ""))


def _users(sim: SalesforceSimulator, _: Any) -> list[dict[str, str]]:
    return [
        {"id": id, "username": row["Username"], "name": row["Name"], "password": password}
        for id, row in sorted(sim.org.store.named("User").rows.items())
        if (password := sim.sign_ins.passwords.get(str(row["Username"]).lower()))
    ]


def _knobs(sim: SalesforceSimulator, body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name == "page_size":
            sim.resources.page_size = int(value)
        elif name == "commit_delay":
            sim.org.commit_delay = float(value)
        elif name == "token_life":
            sim.sign_ins.token_life = None if value is None else float(value)
        elif name == "daily_limit":
            sim.daily_limit = int(value)
        elif name == "lead_owner":
            sim.org.lead_owner = str(value)
        elif name == "rotate_refresh":
            sim.sign_ins.rotates = bool(value)
        elif name == "browser_user":
            sim.sign_ins.consent.browser_user = sim.user(value) if value else ""
        elif name == "bulk_seconds":
            sim.bulk.seconds = float(value)
        elif name == "hard_delete":
            sim.bulk.hard_delete = bool(value)
        else:
            raise ValueError(f"unknown knob {name}")


def _clock(sim: SalesforceSimulator, body: Mapping[str, Any]) -> dict[str, float]:
    sim.skew.step += float(body.get("step", 0))
    return {"now": sim.org.clock.now()}


def _requests(sim: SalesforceSimulator, _: Any) -> dict[str, Any]:
    return {
        "requests": [[one.method, one.path, one.status] for one in sim.requests],
        "counts": dict(sim.counts),
    }
