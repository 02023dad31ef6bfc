"""The simulated Apollo: one plain function from a request to its reply, and what a test may do.

Knows routes, keys and what the key may call; limits, faults and handlers are modules of their own.
Its own admin routes under `/__sim__/` need no key and count as no call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...base.frozen import dataclass
from ...base.serve import MADE_UP, SimulatorOptions
from ...base.wire import Request, Response
from . import accounts, calls, contacts, diary, faults, lists, screen, seed, tasks
from .faults import Fault
from .limits import Limits
from .replies import Refusal, bad_key, http_date, json_reply, never_public, not_found, out_of_scope
from .search import Params
from .team import Team

Handler = Callable[[Team, Params, str], object]

ROUTES: Mapping[tuple[str, str], tuple[str, Handler]] = {
    ("GET", "users/api_profile"): ("users/api_profile", lists.profile),
    ("GET", "users/search"): ("users/search", lists.users),
    ("GET", "contact_stages"): ("contact_stages/index", lists.contact_stages),
    ("GET", "account_stages"): ("account_stages/index", lists.account_stages),
    ("GET", "opportunity_stages"): ("opportunity_stages/index", lists.deal_stages),
    ("GET", "fields"): ("fields/index", lists.fields),
    ("POST", "fields"): ("fields/create", lists.field_created),
    ("GET", "typed_custom_fields"): ("typed_custom_fields/index", lists.typed_custom_fields),
    ("GET", "labels"): ("labels/index", lists.labels),
    ("GET", "opportunities/search"): ("opportunities/search", lists.deals),
    ("GET", "opportunities/{id}"): ("opportunities/show", lists.deal_shown),
    ("POST", "contacts/search"): ("contacts/search", contacts.searched),
    ("POST", "contacts"): ("contacts/create", contacts.created),
    ("GET", "contacts/{id}"): ("contacts/show", contacts.shown),
    ("PATCH", "contacts/{id}"): ("contacts/update", contacts.updated),
    ("PUT", "contacts/{id}"): ("contacts/update", contacts.updated),
    ("POST", "contacts/bulk_create"): ("contacts/bulk_create", contacts.bulk_created),
    ("POST", "contacts/bulk_update"): ("contacts/bulk_update", contacts.bulk_updated),
    ("POST", "contacts/update_stages"): ("contacts/update_stages", contacts.stages_updated),
    ("POST", "contacts/update_owners"): ("contacts/update_owners", contacts.owners_updated),
    ("POST", "accounts/search"): ("accounts/search", accounts.searched),
    ("POST", "accounts"): ("accounts/create", accounts.created),
    ("GET", "accounts/{id}"): ("accounts/show", accounts.shown),
    ("PATCH", "accounts/{id}"): ("accounts/update", accounts.updated),
    ("PUT", "accounts/{id}"): ("accounts/update", accounts.updated),
    ("POST", "accounts/bulk_create"): ("accounts/bulk_create", accounts.bulk_created),
    ("POST", "accounts/bulk_update"): ("accounts/bulk_update", accounts.bulk_updated),
    ("POST", "accounts/update_owners"): ("accounts/update_owners", accounts.owners_updated),
    ("POST", "tasks/search"): ("tasks/search", tasks.searched),
    ("POST", "tasks"): ("tasks/create", tasks.created),
    ("POST", "tasks/bulk_create"): ("tasks/bulk_create", tasks.bulk_created),
    ("GET", "tasks/{id}"): ("tasks/show", tasks.shown),
    ("PATCH", "tasks/{id}"): ("tasks/update", tasks.updated),
    ("PUT", "tasks/{id}"): ("tasks/update", tasks.updated),
    ("POST", "tasks/{id}/complete"): ("tasks/complete", tasks.completed),
    ("POST", "tasks/{id}/skip"): ("tasks/skip", tasks.skipped),
    ("GET", "phone_calls/search"): ("phone_calls/search", calls.searched),
    ("POST", "phone_calls"): ("phone_calls/create", calls.created),
    ("PUT", "phone_calls/{id}"): ("phone_calls/update", calls.updated),
    ("GET", "emailer_messages/search"): ("emailer_messages/search", diary.emails),
    ("POST", "emailer_messages/search"): ("emailer_messages/search", diary.emails),
    ("POST", "calendar_events/search"): ("calendar_events/search", diary.meetings),
    ("GET", "calendar_events/{id}"): ("calendar_events/show", diary.meeting),
    ("GET", "notes"): ("notes/index", diary.notes),
}
_KEPT = ("contacts", "accounts", "opportunities", "tasks", "phone_calls", "notes")
"""What no key may delete."""
_PREFIXES = ("/api/v1/", "/v1/")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that arrived: `action` is Apollo's `controller/action`, "" where the path is none;
    `status` 0 where the reply got lost."""

    method: str
    path: str
    action: str
    status: int


class ApolloSimulator:
    """A made-up Apollo team behind its API.

    `team` has the records and the knobs on searches and creates; `limits.plan` sets a plan's rate
    limits; `faults` strike in order, the first that fits; `keys` maps each API key to the actions
    it may call, None for all, which only a master key has. `requests` lists what arrived.
    """

    def __init__(self, options: SimulatorOptions) -> None:
        self.options = options
        self.team = Team(options)
        seed.fill(self.team)
        self.chance = options.random("apollo faults")
        self.limits = Limits()
        self.faults: list[Fault] = []
        self.requests: list[Call] = []
        self.key = f"{MADE_UP}{options.random('apollo key').getrandbits(96):024x}"
        self.keys: dict[str, frozenset[str] | None] = {self.key: None}

    def handle(self, request: Request) -> Response:
        """The reply. Raises `NoReply` where a fault loses it."""
        self.team.begin()
        parts = urlsplit(request.url)
        if parts.path.startswith("/__sim__/"):
            return self._admin(request.method, parts.path.removeprefix("/__sim__/"), request.body)
        action, handler, id = _route(request.method, parts.path)
        struck = next(
            (one for one in self.faults if one.strikes(request.method, parts.path, self.chance)),
            None,
        )

        def work() -> Response:
            return self._answer(request, parts.query, action, handler, id)

        status = 0
        try:
            if struck is None:
                response = work()
            else:
                response = faults.suffer(struck, work, self.options.clock.sleep)
            status = response.status
        finally:
            self.requests.append(Call(request.method, parts.path, action, status))
        return response

    def sign_in(self, url: str) -> dict[str, str]:
        """The settings of a system that listens at `url`, besides the address itself."""
        return {"key": self.key, "undocumented": "yes"}

    def count(self, action: str = "") -> int:
        """How many requests of an action arrived, or of all."""
        return sum(1 for one in self.requests if action in ("", one.action))

    def rows(self, object: str) -> dict[str, dict[str, Any]]:
        """What is there now, by id, in wire shape."""
        return screen.rows(self.team, object)

    def create(self, object: str, values: Mapping[str, Any]) -> str:
        """A record made by a person at the screen; its id. See `screen.create`."""
        self.team.begin()
        return screen.create(self.team, object, values)

    def update(self, object: str, id: str, values: Mapping[str, Any]) -> None:
        """A change by a person at the screen. See `screen.update`."""
        self.team.begin()
        screen.update(self.team, object, id, values)

    def touch(self, object: str, id: str) -> None:
        """Something happened with the record (a call, an opened email): its stamps move alone."""
        self.team.begin()
        screen.touch(self.team, object, id)

    def delete(self, object: str, id: str) -> None:
        """A person deletes a record at the screen: it is gone from searches, and 422 by id."""
        self.team.begin()
        screen.delete(self.team, object, id)

    def _answer(
        self, request: Request, query: str, action: str, handler: Handler | None, id: str
    ) -> Response:
        now = self.options.clock.now() + self.team.offset
        shown = {"date": http_date(now)}
        try:
            key = request.headers.get("x-api-key", "")
            if action == "auth/health":
                return json_reply({"is_logged_in": key in self.keys}, headers=shown)
            if key not in self.keys:
                raise bad_key()
            if not action:
                raise not_found()
            scope = self.keys[key]
            if handler is None and action != "usage_stats/api_usage_stats":
                raise never_public(action)
            master = action.startswith("phone_calls/")
            if scope is not None and (master or action not in scope):
                raise out_of_scope(action)
            shown.update(self.limits.take(action, now))
            shown["x-request-id"] = f"{self.chance.getrandbits(64):016x}"
            if handler is None:
                return json_reply(self.limits.stats(now), headers=shown)
            return json_reply(handler(self.team, _params(query, request.body), id), headers=shown)
        except Refusal as refusal:
            response = refusal.response()
            return replace(response, headers={**shown, **response.headers})

    def _admin(self, method: str, what: str, body: bytes) -> Response:
        """The routes for whoever plays with the simulator from outside."""
        data = json.loads(body) if body else {}
        if (method, what) == ("POST", "faults"):
            added = [faults.from_json(one) for one in (data if isinstance(data, list) else [data])]
            self.faults.extend(added)
        elif (method, what) == ("DELETE", "faults"):
            self.faults.clear()
        elif (method, what) == ("POST", "edit"):
            return json_reply({"id": self._edit(data)})
        elif (method, what) == ("POST", "clock"):
            self.team.offset += float(data["seconds"])
        elif (method, what) == ("POST", "knobs"):
            self.limits.plan = str(data.get("plan", self.limits.plan))
            self.team.lag = float(data.get("lag", self.team.lag))
            self.team.cap = int(data.get("cap", self.team.cap))
            self.team.guesses = bool(data.get("guesses", self.team.guesses))
        elif (method, what) == ("GET", "requests"):
            counts: dict[str, int] = {}
            for one in self.requests:
                counts[one.action or one.path] = counts.get(one.action or one.path, 0) + 1
            return json_reply({"total": len(self.requests), "actions": counts})
        else:
            return not_found().response()
        return json_reply({"ok": True})

    def _edit(self, data: Mapping[str, Any]) -> str:
        if data["action"] == "create":
            return self.create(data["object"], data["values"])
        if data["action"] == "update":
            self.update(data["object"], data["id"], data["values"])
        elif data["action"] == "delete":
            self.delete(data["object"], data["id"])
        else:
            self.touch(data["object"], data["id"])
        return str(data["id"])


def _route(method: str, path: str) -> tuple[str, Handler | None, str]:
    """Action, handler and id of a request; "" where the path is none of Apollo's, no handler where
    nobody may call it."""
    prefix = next((one for one in _PREFIXES if path.startswith(one)), None)
    if prefix is None:
        return "", None, ""
    rest = path.removeprefix(prefix).strip("/")
    if rest in ("auth/health", "usage_stats/api_usage_stats"):
        return rest, None, ""
    found = ROUTES.get((method, rest))
    if found is not None:
        return found[0], found[1], ""
    controller, _, id = rest.partition("/")
    id, _, verb = id.partition("/")
    found = ROUTES.get((method, f"{controller}/{{id}}/{verb}" if verb else f"{controller}/{{id}}"))
    if found is not None and id:
        return found[0], found[1], id
    if method == "DELETE" and controller in _KEPT:
        return f"{controller}/destroy", None, id
    return "", None, ""


def _params(query: str, body: bytes) -> Params:
    """Query and JSON body together. Raises the 400 of a body that is no JSON object."""
    asked: dict[str, Any] = {}
    for name, given in parse_qs(query, keep_blank_values=True).items():
        asked[name.removesuffix("[]")] = given if name.endswith("[]") else given[-1]
    if not body:
        return Params(asked, frozenset(asked))
    try:
        sent = json.loads(body)
    except ValueError:
        raise Refusal(400, {"error": "There was a problem in the JSON you submitted"}) from None
    if not isinstance(sent, dict):
        raise Refusal(400, {"error": "There was a problem in the JSON you submitted"})
    return Params({**asked, **sent}, frozenset(asked.keys() - sent.keys()))
