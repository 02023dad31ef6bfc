"""The made-up Apollo answers as the real one was recorded to: wire shapes, refusals, odd habits.

What our connector makes of it is in `test_apollo_connector.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from syncrules.connectors.apollo.simulator import ApolloSimulator, Fault, simulate
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.wire import NoReply, Request, Response, json_request
from syncrules.connectors.base.world import Machine
from syncrules.tests.worlds import VirtualClock


class Team:
    """A simulator with a clock of its own, and short words for calls."""

    def __init__(self, records: int = 60) -> None:
        self.clock = VirtualClock()
        self.sim: ApolloSimulator = simulate(SimulatorOptions(records=records, clock=self.clock))

    def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Response:
        url = f"http://apollo.test/api/v1/{path}"
        self.clock.sleep(0.5)
        return self.sim.handle(
            json_request(method, url, body, x_api_key=self.sim.key if key is None else key)
        )

    def get(self, method: str, path: str, body: object = None) -> Any:
        reply = self.ask(method, path, body)
        assert reply.status == 200, reply.body
        return reply.json()

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        reply = self.ask(method, path, body)
        return reply.status, reply.json()


NEWEST = {"sort_by_field": "contact_updated_at", "sort_ascending": False, "per_page": 100}
IDA = {"first_name": "Ida", "last_name": "Berg", "email": "ida@berg.example"}


@pytest.fixture
def team() -> Team:
    return Team()


def test_a_search_lists_the_newest_changes_first_in_the_recorded_envelope(team: Team) -> None:
    """Contacts come by `updated_at`, newest first, with pagination as numbers."""
    found = team.get("POST", "contacts/search", {**NEWEST, "page": 1})
    assert list(found) == [
        *("contacts", "breadcrumbs", "partial_results_only", "has_join"),
        *("disable_eu_prospecting", "partial_results_limit", "pagination", "num_fetch_result"),
    ]
    stamps = [one["updated_at"] for one in found["contacts"]]
    assert stamps == sorted(stamps, reverse=True)
    assert found["pagination"] == {
        "page": 1,
        "per_page": 100,
        "total_entries": 60,
        "total_pages": 1,
    }


def test_both_prefixes_answer_alike(team: Team) -> None:
    """The older prefix still works."""
    key = {"x-api-key": team.sim.key}
    replies = [
        team.sim.handle(Request("GET", f"http://apollo.test{prefix}/contact_stages", key))
        for prefix in ("/api/v1", "/v1")
    ]
    assert replies[0].body == replies[1].body


def test_an_imaginary_filter_narrows_nothing(team: Team) -> None:
    """A filter that Apollo doesn't have answers 200 with the first contact of the whole set."""
    found = team.get("POST", "contacts/search", {"email": "nobody@x.example", "per_page": 1})
    assert found["pagination"]["total_entries"] == 60
    assert found["breadcrumbs"] == []


def test_a_bad_key_is_told_in_plain_text(team: Team) -> None:
    """401 is text/plain and has no rate headers; a key as a bearer token is no key."""
    reply = team.ask("GET", "users/api_profile", key="wrong")
    assert (reply.status, reply.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert reply.body.startswith(b"Invalid API key.")
    assert "x-rate-limit-minute" not in reply.headers
    bearer = {"authorization": f"Bearer {team.sim.key}"}
    url = "http://apollo.test/api/v1/users/api_profile"
    assert team.sim.handle(Request("GET", url, bearer)).status == 401
    assert team.ask("GET", "auth/health", key="wrong").json() == {"is_logged_in": False}


def test_a_scoped_key_is_told_which_endpoint_it_lacks(team: Team) -> None:
    """403 with the endpoint and API_INACCESSIBLE."""
    team.sim.keys["small"] = frozenset({"contact_stages/index"})
    assert team.ask("GET", "contact_stages", key="small").status == 200
    reply = team.ask("POST", "contacts/search", {}, key="small")
    assert (reply.status, reply.json()["error_code"]) == (403, "API_INACCESSIBLE")
    assert "api/v1/contacts/search" in reply.json()["error"]


def test_nothing_is_ever_deleted_by_api(team: Team) -> None:
    """DELETE is 403 with the name of the action; an unknown route is 404."""
    id = next(iter(team.sim.rows("contact")))
    assert team.refused("DELETE", f"contacts/{id}") == (
        403,
        {
            "error": "api/v1/contacts/destroy is not accessible with this api_key",
            "error_code": "API_INACCESSIBLE",
        },
    )
    assert team.refused("GET", "nonsense") == (404, {"status": 404, "error": "Not Found"})


def test_a_plan_counts_windows_and_tells_when_to_come_back(team: Team) -> None:
    """The hour of one endpoint is used up while its other windows and other endpoints are not."""
    team.sim.limits.special["contacts/search"] = (200, 3, 2000)
    for left in (2, 1, 0):
        reply = team.ask("POST", "contacts/search", {})
        assert reply.headers["x-hourly-requests-left"] == str(left)
    reply = team.ask("POST", "contacts/search", {})
    assert reply.status == 429
    assert "contacts/search is 3 times per hour" in reply.json()["message"]
    assert 3590 < int(reply.headers["retry-after"]) <= 3600
    assert reply.headers["x-24-hour-requests-left"] == "1997"
    assert team.ask("GET", "contact_stages").status == 200
    team.clock.sleep(3600)
    assert team.ask("POST", "contacts/search", {}).status == 200


def test_the_usage_endpoint_has_arrays_as_keys(team: Team) -> None:
    """Each key is a JSON array as text, with limit, use and rest for each window."""
    team.sim.limits.plan = "basic"
    team.ask("POST", "contacts/search", {})
    stats = team.get("POST", "usage_stats/api_usage_stats")
    day = stats['["api/v1/contacts", "search"]']["day"]
    assert day == {"limit": 2000, "consumed": 1, "left_over": 1999}


def test_without_a_plan_the_headers_name_no_limit(team: Team) -> None:
    """An unlimited window has an empty limit header and no usage."""
    reply = team.ask("GET", "contact_stages")
    assert reply.headers["x-rate-limit-minute"] == ""
    assert "x-minute-usage" not in reply.headers


def test_a_create_is_filled_up_with_defaults(team: Team) -> None:
    """Stage, owner and source are Apollo's; the address counts as given by the customer."""
    made = team.get("POST", "contacts", {**IDA, "direct_phone": "555-555-0149"})["contact"]
    stages = team.get("GET", "contact_stages")["contact_stages"]
    assert made["contact_stage_id"] == stages[0]["id"]
    assert made["owner_id"] == team.get("GET", "users/api_profile")["id"]
    assert (made["name"], made["source"], made["account_id"]) == ("Ida Berg", "api", None)
    assert (made["email_status"], made["email_true_status"]) == ("verified", "User Managed")
    assert made["phone_numbers"][0]["sanitized_number"] == "+15555550149"
    assert made["created_at"] < made["updated_at"]
    assert len(made["id"]) == 24


def test_a_create_without_dedupe_makes_a_twin(team: Team) -> None:
    """The same address twice makes two contacts."""
    one = team.get("POST", "contacts", IDA)["contact"]
    two = team.get("POST", "contacts", IDA)["contact"]
    assert one["id"] != two["id"]


def test_a_create_with_dedupe_overwrites_what_it_finds(team: Team) -> None:
    """The reply carries the old id and time of creation; also a namesake of the same company is
    overwritten, address included."""
    old = team.get("POST", "contacts", {**IDA, "organization_name": "Berg AS"})["contact"]
    new = {**IDA, "title": "Head buyer", "run_dedupe": True}
    hit = team.get("POST", "contacts", new)["contact"]
    assert (hit["id"], hit["created_at"]) == (old["id"], old["created_at"])
    assert hit["title"] == "Head buyer"
    other = {**new, "email": "ida.b@other.example", "organization_name": "Berg AS"}
    assert team.get("POST", "contacts", other)["contact"]["email"] == "ida.b@other.example"
    assert len(team.sim.rows("contact")) == 61


def test_a_bulk_create_leaves_what_it_finds_alone(team: Team) -> None:
    """One new and one known: the known comes back untouched; 101 items are refused."""
    old = team.get("POST", "contacts", {**IDA, "title": "Buyer"})["contact"]
    items = [{**IDA, "title": "CEO"}, {"first_name": "Bo", "email": "bo@berg.example"}]
    reply = team.get("POST", "contacts/bulk_create", {"contacts": items, "run_dedupe": True})
    assert [one["email"] for one in reply["created_contacts"]] == ["bo@berg.example"]
    assert [(one["id"], one["title"]) for one in reply["existing_contacts"]] == [
        (old["id"], "Buyer")
    ]
    assert team.refused("POST", "contacts/bulk_create", {"contacts": [IDA] * 101}) == (
        422,
        {"error": "Please limit your array to 100 contacts or fewer."},
    )


def test_stamps_move_with_real_changes_only(team: Team) -> None:
    """A patch of the same value leaves `updated_at`; unknown keys and the owner are ignored."""
    made = team.get("POST", "contacts", IDA)["contact"]
    other = team.get("GET", "users/search")["users"][1]["id"]
    path = f"contacts/{made['id']}"
    same = {"first_name": "Ida", "owner_id": other, "shoe_size": 43}
    again = team.get("PATCH", path, same)["contact"]
    assert (again["updated_at"], again["owner_id"]) == (made["updated_at"], made["owner_id"])
    moved = team.get("PATCH", path, {"title": "CEO"})["contact"]
    assert moved["updated_at"] > made["updated_at"]
    cleared = team.get("PATCH", path, {"title": ""})["contact"]
    assert cleared["title"] is None


def test_owners_and_stages_change_by_their_own_routes(team: Team) -> None:
    """update_owners tells ids and owners; update_stages whole contacts with a moved stamp."""
    made = team.get("POST", "contacts", IDA)["contact"]
    user = team.get("GET", "users/search")["users"][1]["id"]
    stage = team.get("GET", "contact_stages")["contact_stages"][2]["id"]
    ids = [made["id"]]
    reply = team.get("POST", "contacts/update_owners", {"contact_ids": ids, "owner_id": user})
    assert reply == {"contacts": [{"id": made["id"], "owner_id": user, "crm_owner_id": None}]}
    assert team.refused("POST", "contacts/update_owners", {"contact_ids": ids}) == (
        422,
        {"error": "Required parameter 'owner_id' missing"},
    )
    body = {"contact_ids": ids, "contact_stage_id": stage}
    after = team.get("POST", "contacts/update_stages", body)["contacts"][0]
    assert after["contact_stage_id"] == stage
    assert after["updated_at"] > made["updated_at"]


def test_bulk_updates_of_a_hundred_answer_and_larger_ones_do_not(team: Team) -> None:
    """Up to 100 the contacts come back, beyond only a job; neither takes a stage."""
    ids = list(team.sim.rows("contact"))
    before = team.sim.rows("contact")[ids[0]]["contact_stage_id"]
    stages = team.get("GET", "contact_stages")["contact_stages"]
    other = next(one["id"] for one in stages if one["id"] != before)
    attributes = [{"id": ids[0], "title": "CFO", "contact_stage_id": other}]
    after = team.get("POST", "contacts/bulk_update", {"contact_attributes": attributes})
    assert after["contacts"][0]["title"] == "CFO"
    assert after["contacts"][0]["contact_stage_id"] == before
    many = [{"id": ids[place % 60], "title": "x"} for place in range(101)]
    job = team.get("POST", "contacts/bulk_update", {"contact_attributes": many})
    assert job["entity_progress_job"]["status"] == "pending"


def test_deleted_contacts_vanish_and_say_so_by_id(team: Team) -> None:
    """Gone from search; GET and PATCH answer 422, each in its own words; unknown ids differ."""
    made = team.get("POST", "contacts", IDA)["contact"]
    team.sim.delete("contact", made["id"])
    path = f"contacts/{made['id']}"
    assert team.refused("GET", path) == (422, {"error": "This contact has been deleted."})
    assert team.refused("PATCH", path, {"title": "x"}) == (
        422,
        {
            "error": "Cannot update contact as it is deleted.",
            "deleted_contact_ids": [made["id"]],
        },
    )
    unknown = team.refused("GET", "contacts/aaaaaaaaaaaaaaaaaaaaaaaa")
    assert unknown == (422, {"error": "Oops! This contact does not exist in Apollo."})
    found = team.get("POST", "contacts/search", {"q_keywords": IDA["email"]})
    assert found["contacts"] == []
    assert found["pagination"]["total_pages"] == 0


def test_an_account_change_shows_in_the_order_and_nowhere_else(team: Team) -> None:
    """No payload of an account has `updated_at`, but searches sort by it."""
    newest = {"sort_by_field": "account_updated_at", "per_page": 100}
    last = team.get("POST", "accounts/search", newest)["accounts"][-1]
    patched = team.get("PATCH", f"accounts/{last['id']}", {"name": "New"})["account"]
    assert "updated_at" not in patched
    found = team.get("POST", "accounts/search", newest)["accounts"]
    assert found[0]["id"] == last["id"]
    assert not any("updated_at" in one for one in found)
    bad = team.refused("POST", "accounts/search", {"sort_by_field": "updated_at"})
    assert bad == (422, {"error": "Invalid sort criteria", "skip_alert_dialog": True})


def test_custom_fields_have_two_ids_and_picklists_read_as_lists_of_options(team: Team) -> None:
    """The id in /fields has its object in front; misfits are told in `custom_field_errors`."""
    listed = team.get("GET", "fields?source=custom")["fields"]
    region = next(
        one
        for one in team.get("GET", "typed_custom_fields")["typed_custom_fields"]
        if one["name"] == "Region"
    )
    assert f"contact.{region['id']}" in [one["id"] for one in listed]
    emea = region["picklist_values"][1]["id"]
    made = team.get("POST", "contacts", {**IDA, "typed_custom_fields": {region["id"]: emea}})
    assert made["contact"]["typed_custom_fields"] == {region["id"]: [emea]}
    path = f"contacts/{made['contact']['id']}"
    wrong = team.get("PATCH", path, {"typed_custom_fields": {region["id"]: "EMEA"}})["contact"]
    assert region["id"] in wrong["custom_field_errors"]
    assert wrong["typed_custom_fields"] == {region["id"]: [emea]}


def test_searches_may_stay_behind_writes(team: Team) -> None:
    """Within the lag a search has neither the new record nor the new value; by id it is there."""
    team.sim.team.lag = 5.0
    made = team.get("POST", "contacts", IDA)["contact"]
    look = {"q_keywords": IDA["email"]}
    assert team.get("POST", "contacts/search", look)["contacts"] == []
    assert team.get("GET", f"contacts/{made['id']}")["contact"]["email"] == IDA["email"]
    team.clock.sleep(6)
    assert len(team.get("POST", "contacts/search", look)["contacts"]) == 1
    team.get("PATCH", f"contacts/{made['id']}", {"title": "CEO"})
    assert team.get("POST", "contacts/search", look)["contacts"][0]["title"] is None


def test_no_search_shows_more_than_the_cap(team: Team) -> None:
    """Beyond the cap is a 422; a page past the end is empty; page size 0 is refused."""
    team.sim.team.cap = 50
    assert len(team.get("POST", "contacts/search", {"per_page": 50})["contacts"]) == 50
    status, body = team.refused("POST", "contacts/search", {"per_page": 50, "page": 2})
    assert (status, "over threshold" in body["error"]) == (422, True)
    assert team.refused("POST", "contacts/search", {"per_page": 0})[0] == 422
    team.sim.team.cap = 50_000
    assert team.get("POST", "contacts/search", {"page": 9, "per_page": 100})["contacts"] == []


def test_numbers_of_a_query_come_back_as_text(team: Team) -> None:
    """users/search?page=1 answers with the page as text and the page size as a number."""
    users = team.get("GET", "users/search?page=1")
    assert users["pagination"]["page"] == "1"
    assert users["pagination"]["per_page"] == 25
    assert [one["deleted"] for one in users["users"]] == [False] * 4 + [True]


def test_a_lost_reply_has_done_its_work_or_not(team: Team) -> None:
    """`lost after` leaves the record, `lost before` doesn't; a fault strikes once if not told."""
    team.sim.faults.append(Fault("lost after", "POST", "contacts"))
    with pytest.raises(NoReply):
        team.ask("POST", "contacts", IDA)
    assert len(team.sim.rows("contact")) == 61
    team.sim.faults.append(Fault("lost before", "POST", "contacts"))
    with pytest.raises(NoReply):
        team.ask("POST", "contacts", IDA)
    assert len(team.sim.rows("contact")) == 61
    assert team.ask("POST", "contacts", IDA).status == 200
    assert [one.status for one in team.sim.requests] == [0, 0, 200]


def test_faults_edits_and_time_come_in_over_http(team: Team) -> None:
    """A gateway page, half a body, a person's edit and a step of the clock, all by admin routes."""
    with Server(team.sim) as server:
        world = Machine()

        def ask(method: str, path: str, body: object = None) -> Response:
            request = json_request(method, server.url + path, body, x_api_key=team.sim.key)
            return world.send(request)

        ask("POST", "/__sim__/faults", {"kind": "reply", "status": 502, "body": "<html>"})
        reply = ask("GET", "/api/v1/contact_stages")
        assert (reply.status, reply.headers["content-type"]) == (502, "text/html; charset=UTF-8")
        ask("POST", "/__sim__/faults", [{"kind": "cut off", "path": "contact_stages"}])
        with pytest.raises(ValueError, match=r".+"):
            ask("GET", "/api/v1/contact_stages").json()
        ask("POST", "/__sim__/faults", {"kind": "lost after", "path": "/contacts"})
        with pytest.raises(NoReply):
            ask("POST", "/api/v1/contacts", IDA)
        edit = {"action": "create", "object": "contact", "values": {**IDA, "stage": "Replied"}}
        id = ask("POST", "/__sim__/edit", edit).json()["id"]
        ask("POST", "/__sim__/clock", {"seconds": 86_400})
        change = {"action": "update", "object": "contact", "id": id, "values": {"title": "CEO"}}
        ask("POST", "/__sim__/edit", change)
        contact = ask("GET", f"/api/v1/contacts/{id}").json()["contact"]
        assert contact["title"] == "CEO"
        assert contact["updated_at"][:10] == "2026-01-06"
        counts = ask("GET", "/__sim__/requests").json()
        assert counts["actions"] == {
            "contact_stages/index": 2,
            "contacts/create": 1,
            "contacts/show": 1,
        }
        world.close()


def test_the_same_seed_makes_the_same_team() -> None:
    """Records, ids and stamps are equal; another seed has other people."""
    one, two = Team(), Team()
    assert one.sim.rows("contact") == two.sim.rows("contact")
    assert one.sim.rows("account") == two.sim.rows("account")
    other = simulate(SimulatorOptions(seed=2, records=60, clock=VirtualClock()))
    assert other.rows("contact") != one.sim.rows("contact")
