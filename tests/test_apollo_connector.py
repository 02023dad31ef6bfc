"""The Apollo connector against the made-up Apollo: what it reads, writes, and never does.

What every connector has to keep is in `test_contract_apollo.py`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from syncrules.connectors.apollo.access import ApolloConnector
from syncrules.connectors.apollo.refusals import advice
from syncrules.connectors.apollo.simulator import ApolloSimulator, Fault, simulate
from syncrules.connectors.base.contract import Batch, Outcome, Page, Read, Record, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.base.world import Machine
from syncrules.errors import BudgetSpent, SignInRefused, SystemUnavailable, UsageError
from syncrules.tests.worlds import SimWorld, VirtualClock


class Far:
    """A made-up team, a world around it in which each request takes a moment, and a connector."""

    def __init__(self, records: int = 120, shown: int = 50_000) -> None:
        self.clock = VirtualClock()
        self.sim: ApolloSimulator = simulate(SimulatorOptions(records=records, clock=self.clock))
        self.world = SimWorld({"api.apollo.io": self._handle}, self.clock)
        self.meanwhile: dict[int, Any] = {}
        self.shown = shown
        self.connector = self.connect()

    def connect(self) -> ApolloConnector:
        settings: Mapping[str, str | Secret] = {"system": "apollo", "key": Secret(self.sim.key)}
        return ApolloConnector(settings, self.world, self.shown)

    def read(self, object: str, *fields: str, cursor: str | None = None) -> list[Page]:
        return list(self.connector.read(Read("apollo", object, fields), cursor))

    def send(self, writes: Iterable[Write]) -> dict[int, Outcome]:
        batches = self.connector.pack(list(writes))
        return {one.ref: one for batch in batches for one in self.connector.send(batch)}

    def fields(self, object: str, id: str) -> dict[str, Any]:
        return self.sim.rows(object)[id]

    def stage(self, name: str) -> str:
        return next(one.id for one in self.sim.team.contact_stages if one.name == name)

    def searches(self, object: str = "contact") -> int:
        return self.sim.count(f"{object}s/search")

    def _handle(self, request: Request) -> Response:
        self.clock.sleep(0.2)
        reply = self.sim.handle(request)
        if "search" in request.url:
            edit = self.meanwhile.pop(self.searches(), None)
            if edit is not None:
                edit()
        return reply


@pytest.fixture
def far() -> Far:
    return Far()


def records(pages: list[Page]) -> dict[str, Record]:
    return {one.id: one for page in pages for one in page.records if one.life == "here"}


def create(ref: int, object: str = "contact", since: float = 0.0, **fields: Value) -> Write:
    return Write(ref, "create", object, "", fields, since=since, keys=("email",))


def update(ref: int, id: str, object: str = "contact", **fields: Value) -> Write:
    return Write(ref, "update", object, id, fields)


# ---- describing ---------------------------------------------------------------------------------


def test_names_are_those_of_the_wire_and_references_lose_their_id(far: Far) -> None:
    """Stages are choices by name, owner and account references, the phone the work number."""
    schema = far.connector.describe()
    contact = schema.by_name["contact"]
    named = [one.name for one in schema.objects if one.thing != "activity"]
    assert named == ["contact", "account", "opportunity", "user"]
    stage = contact.by_name["stage"]
    assert (stage.type, stage.restricted) == ("choice", True)
    assert [one.value for one in stage.choices][:3] == ["Cold", "Approaching", "Replied"]
    assert contact.by_name["owner"].references == ("user",)
    assert contact.by_name["account"].references == ("account",)
    assert contact.by_name["phone"].format == "phone"
    assert (contact.thing, contact.keys, contact.feed) == ("person", ("email",), "stamped")
    assert schema.by_name["account"].feed == "newest first"
    assert contact.count == 120
    made = {one.name: one.created for one in schema.objects}
    assert [one.name for one in schema.objects if one.forgets] == ["contact", "account", "task"]
    assert made == {**dict.fromkeys(made, "created_at"), "user": "", "call": ""}


def test_what_no_write_takes_is_not_writable(far: Far) -> None:
    """A rule that assigns such a field is told so by `check`, before anything runs."""
    schema = far.connector.describe(["contact", "account", "opportunity"])
    contact, account = schema.by_name["contact"], schema.by_name["account"]
    read_only = ("name", "email_status", "city", "original_source", "created_at")
    for name in read_only:
        assert not contact.by_name[name].creatable and not contact.by_name[name].updatable
    assert contact.by_name["title"].creatable and contact.by_name["title"].updatable
    assert not contact.by_name["mobile_phone"].creatable
    assert contact.by_name["mobile_phone"].updatable
    assert not account.by_name["industry"].updatable
    deals = schema.by_name["opportunity"]
    assert not deals.creatable and not any(one.updatable for one in deals.fields)


def test_custom_fields_go_by_their_label_and_never_share_a_name(far: Far) -> None:
    """A label that a standard field or another one has gets the end of its id behind it."""
    for label in ("Deal size (EUR)", "Title", "Region"):
        body = {"modality": "contact", "label": label, "type": "string"}
        request = Request(
            "POST",
            "https://api.apollo.io/api/v1/fields",
            {"x-api-key": far.sim.key},
            json.dumps(body).encode(),
        )
        assert far.world.send(request).status == 200
    contact = far.connector.describe(["contact"]).by_name["contact"]
    custom = {one.name: one for one in contact.fields if one.custom}
    ends = {one.label: one.id[-6:] for one in far.sim.team.fields if one.modality == "contact"}
    assert "deal_size_eur" in custom
    assert f"title_{ends['Title']}" in custom
    assert "region" not in custom
    assert sum(1 for name in custom if name.startswith("region_")) == 2
    assert custom["interests"].type == "choices"
    assert [one.value for one in custom["interests"].choices] == ["Pricing", "Security", "Support"]
    assert custom["nickname"].length == 40


# ---- reading ------------------------------------------------------------------------------------


def test_values_read_in_our_forms(far: Far) -> None:
    """Ids become names, options too, the placeholder address is blank, outer spaces go."""
    id = far.sim.create(
        "contact",
        {
            "first_name": " Ida ",
            "email": "email_not_unlocked@domain.com",
            "stage": "Replied",
            "corporate_phone": "555-555-0149",
            "typed_custom_fields": {
                one.id: [one.options[1][0]]
                for one in far.sim.team.fields
                if one.label in ("Region", "Interests") and one.modality == "contact"
            },
        },
    )
    fields = ("first_name", "email", "stage", "phone", "region", "interests", "created_at", "vip")
    found = records(far.read("contact", *fields))[id]
    assert found.values == {
        "first_name": "Ida",
        "email": None,
        "stage": "Replied",
        "phone": "555-555-0149",
        "region": "EMEA",
        "interests": ("Security",),
        "created_at": far.fields("contact", id)["created_at"],
        "vip": None,
    }


def test_a_first_read_has_everything_once_and_a_later_one_what_changed(far: Far) -> None:
    """The cursor is a mark in Apollo's own time; without a change one search is enough."""
    pages = far.read("contact", "title")
    assert len(records(pages)) == 120
    assert [page.cursor is None for page in pages] == [True, False]
    far.clock.sleep(3600)
    before = far.searches()
    again = far.read("contact", "title", cursor=pages[-1].cursor)
    assert far.searches() == before + 1
    id = next(iter(far.sim.rows("contact")))
    far.sim.update("contact", id, {"title": "Changed"})
    pages = far.read("contact", "title", cursor=again[-1].cursor)
    assert records(pages)[id].values == {"title": "Changed"}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "[]", "{}", '{"mark": 7}', '{"mark": "soon"}', '{"since": []}', "[" * 99_999],
)
def test_a_cursor_that_is_not_ours_means_from_the_beginning(far: Far, cursor: str) -> None:
    """Somebody edited the state: all is read, and from then on what changed."""
    for name in ("contact", "call", "email", "note"):
        whole = records(far.read(name, "id"))
        pages = far.read(name, "id", cursor=cursor)
        assert records(pages).keys() == whole.keys()
        assert pages[-1].complete and pages[-1].cursor not in (None, cursor)


def test_the_last_minutes_are_read_again(far: Far) -> None:
    """A search that stays behind its writes hides no change for longer than the overlap."""
    cursor = far.read("contact", "title")[-1].cursor
    one, two = list(far.sim.rows("contact"))[:2]
    far.clock.sleep(3600)
    far.sim.team.lag = 60.0
    far.sim.update("contact", one, {"title": "Hidden yet"})
    far.clock.sleep(30)
    far.sim.team.lag = 0.0
    far.sim.update("contact", two, {"title": "Shown at once"})
    pages = far.read("contact", "title", cursor=cursor)
    assert records(pages)[two].values == {"title": "Shown at once"}
    far.clock.sleep(60)
    pages = far.read("contact", "title", cursor=pages[-1].cursor)
    assert records(pages)[one].values == {"title": "Hidden yet"}


@pytest.mark.parametrize("seed", range(6))
def test_records_that_move_under_a_walk_are_not_lost(seed: int) -> None:
    """While pages are read, people change and delete records: all that stay are seen, as they are
    when the walk or the next one ends."""
    far = Far(records=700)
    chance = random.Random(seed)

    def people_at_work() -> None:
        rows = far.sim.team.contacts.rows
        ids = sorted(id for id, row in rows.items() if not row.deleted)
        for id in chance.sample(ids, 3):
            far.sim.update("contact", id, {"title": f"Title {chance.random()}"})
        for id in chance.sample(ids, chance.randrange(3)):
            far.sim.delete("contact", id)

    far.meanwhile = dict.fromkeys(range(1, 9), people_at_work)
    pages = far.read("contact", "title")
    later = far.read("contact", "title", cursor=pages[-1].cursor)
    seen = {**records(pages), **records(later)}
    for id, row in far.sim.rows("contact").items():
        assert seen[id].values == {"title": row["title"] or None}


def test_more_than_a_search_shows_is_read_from_both_ends() -> None:
    """Twice the cap can be reached; beyond that the read says so and reads nothing."""
    far = Far(records=750, shown=400)
    far.sim.team.cap = 400
    assert len(records(far.read("contact", "title"))) == 750
    assert len(records(far.read("account", "name"))) == len(far.sim.rows("account"))
    small = Far(records=450, shown=200)
    with pytest.raises(SystemUnavailable, match="450 contacts"):
        small.read("contact", "title")


def test_accounts_come_newest_change_first_for_as_long_as_one_reads() -> None:
    """Whoever stops after a page has made one request; nothing claims to be a cursor before the
    end."""
    far = Far(records=900)
    rows = far.sim.rows("account")
    last = min(rows, key=lambda id: far.sim.team.accounts.rows[id].updated)
    far.sim.update("account", last, {"name": "Changed"})
    pages = far.connector.read(Read("apollo", "account", ("name",)), None)
    first = next(iter(pages))
    assert first.records[0].id == last
    assert first.records[0].values == {"name": "Changed"}
    assert (first.cursor, first.complete, far.searches("account")) == (None, False, 1)


def test_deals_and_users_are_read_whole(far: Far) -> None:
    """Won, lost and open come as yes-or-no; a user who has left is gone."""
    deals = records(far.read("opportunity", "stage", "won", "open", "account", "amount"))
    assert len(deals) == len(far.sim.rows("opportunity")) > 0
    for one in deals.values():
        assert one.values["won"] is (one.values["stage"] == "Won")
        assert one.values["open"] is (one.values["stage"] not in ("Won", "Lost"))
    pages = far.read("user", "email", "active")
    assert len(records(pages)) == 4
    assert [one.life for page in pages for one in page.records].count("deleted") == 1


def test_deleted_and_unknown_ids_are_two_things(far: Far) -> None:
    """A deleted contact comes back as such, an unknown one doesn't come back."""
    id = next(iter(far.sim.rows("contact")))
    far.sim.delete("contact", id)
    found = far.connector.fetch("contact", ["title"], "id", [id, "a" * 24])
    assert [(one.id, one.life) for one in found] == [(id, "deleted")]


def test_an_address_finds_exactly_its_contacts(far: Far) -> None:
    """Whatever the keywords bring is compared here, with all addresses of a contact."""
    far.sim.create("contact", {"first_name": "A", "email": "Ida@Berg.example"})
    both = [{"email": "b@x.example"}, {"email": "i@b.example"}]
    other = far.sim.create("contact", {"first_name": "B", "contact_emails": both})
    found = far.connector.fetch("contact", ["email"], "email", ["IDA@berg.EXAMPLE"])
    assert [one.values["email"] for one in found] == ["Ida@Berg.example"]
    assert [one.id for one in far.connector.fetch("contact", [], "email", ["i@b.example"])] == [
        other
    ]
    assert far.connector.fetch("contact", ["email"], "email", ["berg.example"]) == []


def test_many_addresses_are_looked_up_by_the_cheaper_way(far: Far) -> None:
    """120 contacts are two pages: nobody asks fifty times for fifty of them."""
    rows = far.sim.rows("contact").values()
    emails = [row["email"] for row in rows if row["email"] and "unlocked" not in row["email"]][:50]
    found = far.connector.fetch("contact", ["email"], "email", emails)
    assert len(found) == 50
    assert far.searches() == 3


def test_a_domain_finds_its_account_in_any_spelling(far: Far) -> None:
    """By its domain for certain while there are few accounts."""
    id, row = next(iter(far.sim.rows("account").items()))
    found = far.connector.fetch("account", ["name"], "domain", [f"https://www.{row['domain']}/"])
    assert [one.id for one in found] == [id]


# ---- packing ------------------------------------------------------------------------------------


def test_updates_go_by_the_fewest_requests(far: Far) -> None:
    """250 titles are three requests; stages go by target; a phone takes its whole write along."""
    titles = far.connector.pack([update(n, f"id{n}", title="x") for n in range(250)])
    assert [(one.call, len(one.writes)) for one in titles] == [
        ("contacts/bulk_update", 100),
        ("contacts/bulk_update", 100),
        ("contacts/bulk_update", 50),
    ]
    stages = [update(n, f"id{n}", stage=("Cold", "Replied")[n % 2], title="x") for n in range(9)]
    assert sorted((one.call, len(one.writes)) for one in far.connector.pack(stages)) == [
        ("contacts/bulk_update", 9),
        ("contacts/update_stages", 4),
        ("contacts/update_stages", 5),
    ]
    mixed = [update(1, "id1", phone="5", stage="Cold", owner="u"), update(2, "id2", owner="u")]
    batches = far.connector.pack(mixed)
    assert [(one.call, [dict(each.fields) for each in one.writes]) for one in batches] == [
        ("contacts/update", [{"phone": "5", "stage": "Cold"}]),
        ("contacts/bulk_update", [{"owner": "u"}, {"owner": "u"}]),
    ]


def test_creates_that_apollo_could_take_for_one_go_apart(far: Far) -> None:
    """Same address, same name at one company, another owner: each in a request of its own."""
    ida: dict[str, Any] = {"first_name": "Ida", "last_name": "Berg", "organization_name": "Berg AS"}
    batches = far.connector.pack(
        [
            create(1, **ida, email="a@x.example"),
            create(2, **ida, email="b@y.example"),
            create(3, first_name="Bo", email="A@x.example"),
            create(4, first_name="Cy", email="c@x.example", owner="someone"),
        ]
    )
    assert [[each.ref for each in one.writes] for one in batches] == [[1], [2, 3], [4]]


# ---- writing ------------------------------------------------------------------------------------


def test_creates_are_told_apart_although_replies_are_not_in_order(far: Far) -> None:
    """A hundred at once, with and without addresses: each ref gets the record it made."""
    users = [one.id for one in far.sim.team.users[:2]]
    writes = [
        create(
            n,
            first_name=f"First{n}",
            last_name="Same",
            email=f"p{n}@new.example" if n % 3 else None,
            organization_name="New Inc",
            owner=users[n % 2],
            stage="Replied",
            region="EMEA",
        )
        for n in range(100)
    ]
    outcomes = far.send(writes)
    assert {one.kind for one in outcomes.values()} == {"done"}
    rows = far.sim.rows("contact")
    for one in writes:
        row = rows[outcomes[one.ref].id]
        assert row["first_name"] == one.fields["first_name"]
        assert row["owner_id"] == one.fields["owner"]
        assert row["contact_stage_id"] == far.stage("Replied")
        assert one.fields.items() <= (outcomes[one.ref].values or {}).items()
    assert far.sim.count("contacts/bulk_create") == 2


def test_a_create_never_overwrites_who_is_there(far: Far) -> None:
    """The known address comes back as existing, untouched; a namesake at the same company with
    another address is refused and not taken for one."""
    ida: dict[str, Any] = {"first_name": "Ida", "last_name": "Berg", "organization_name": "Berg AS"}
    there = far.sim.create("contact", {**ida, "email": "ida@berg.example", "title": "Buyer"})
    outcomes = far.send(
        [
            create(1, first_name="Ida", email="IDA@berg.example", title="CEO"),
            create(2, **ida, email="other@else.example"),
        ]
    )
    assert (outcomes[1].kind, outcomes[1].id) == ("existed", there)
    assert (outcomes[2].kind, outcomes[2].code) == ("refused", "name-taken")
    assert far.fields("contact", there)["title"] == "Buyer"


def test_updates_reach_every_kind_of_field(far: Far) -> None:
    """Bulk fields, stage, phone, owner, custom fields; blank clears."""
    one, two = list(far.sim.rows("contact"))[:2]
    account = next(iter(far.sim.rows("account")))
    owner = far.sim.team.users[2].id
    outcomes = far.send(
        [
            update(1, one, title=None, stage="Replied", owner=owner, account=account, vip=True),
            update(
                2,
                two,
                phone="+1 555 555 0100",
                mobile_phone=None,
                linkedin_url="http://x.example/in/b",
            ),
        ]
    )
    assert {each.kind for each in outcomes.values()} == {"done"}
    row = far.fields("contact", one)
    assert (row["title"], row["owner_id"], row["account_id"]) == (None, owner, account)
    assert row["contact_stage_id"] == far.stage("Replied")
    fields = ("title", "stage", "vip", "phone", "mobile_phone", "linkedin_url")
    found = records(far.read("contact", *fields))
    assert found[one].values["vip"] is True
    assert found[two].values["phone"] == "+1 555 555 0100"
    assert found[two].values["mobile_phone"] is None
    assert found[two].values["linkedin_url"] == "http://x.example/in/b"


def test_accounts_are_created_and_updated(far: Far) -> None:
    """Each with its own owner; a domain goes by PATCH, a stage in bulk."""
    users = [one.id for one in far.sim.team.users[:2]]
    made = far.send(
        create(n, "account", name=f"New {n}", domain=f"new{n}.example", owner=users[n % 2])
        for n in range(4)
    )
    assert {one.kind for one in made.values()} == {"done"}
    assert far.fields("account", made[3].id)["owner_id"] == users[1]
    assert far.sim.count("accounts/bulk_create") == 1
    changed = far.send(
        [
            update(1, made[0].id, "account", domain="www.Other.example", stage="Current Client"),
            update(2, made[1].id, "account", stage="Current Client"),
        ]
    )
    assert {one.kind for one in changed.values()} == {"done"}
    found = records(far.read("account", "domain", "stage"))
    assert found[made[0].id].values == {"domain": "other.example", "stage": "Current Client"}
    assert found[made[1].id].values["stage"] == "Current Client"


def test_one_bad_record_is_refused_alone(far: Far) -> None:
    """A deleted one, an account that is gone, an unknown stage: the others of the batch are
    written, and each refusal says what to do."""
    ids = list(far.sim.rows("contact"))[:6]
    far.sim.delete("contact", ids[1])
    gone = "b" * 24
    writes = [update(n, id, title="New") for n, id in enumerate(ids)]
    writes[3] = update(3, ids[3], title="New", account=gone)
    outcomes = far.send(writes)
    kinds = [outcomes[n].kind for n in range(6)]
    assert kinds == ["done", "gone", "done", "refused", "done", "done"]
    assert outcomes[3].fields == ("account",)
    assert advice(outcomes[3].code)
    created = far.send(
        [
            create(1, first_name="A", email="a@new.example", account=gone),
            create(2, first_name="B", email="b@new.example"),
            create(3, first_name="C", email="c@new.example", stage="No such stage"),
        ]
    )
    assert [created[n].kind for n in (1, 2, 3)] == ["refused", "done", "refused"]
    assert (created[3].code, created[3].fields) == ("unknown-value", ("stage",))


def test_a_batch_refused_for_no_reason_given_is_split_to_the_record(far: Far) -> None:
    """By halves, until the one that is at fault stands alone."""
    ids = list(far.sim.rows("contact"))[:4]
    oops = '{"error":"Something is wrong"}'
    far.sim.faults.append(Fault("reply", path="bulk_update", status=422, body=oops, times=2))
    far.sim.faults.append(Fault("reply", path="bulk_update", status=422, body=oops, times=1))
    outcomes = far.send([update(n, id, title="New") for n, id in enumerate(ids)])
    assert [outcomes[n].kind for n in range(4)] == ["refused", "done", "done", "done"]


def test_a_custom_field_that_does_not_fit_is_told(far: Far) -> None:
    """Apollo answers 200 and leaves the value out: an update is refused with the field, and its
    others have arrived; a create is done and says so."""
    id = next(iter(far.sim.rows("contact")))
    [outcome] = far.send([update(1, id, nickname="x" * 41, title="New")]).values()
    assert (outcome.kind, outcome.code) == ("refused", "custom-field")
    assert (outcome.fields, outcome.arrived) == (("nickname",), ("title",))
    [made] = far.send([create(1, first_name="A", nickname="x" * 41)]).values()
    assert (made.kind, made.fields) == ("done", ("nickname",))
    assert made.values is not None
    assert {"first_name": "A", "nickname": None}.items() <= made.values.items()


def test_a_stage_added_meanwhile_is_known_without_a_new_connection(far: Far) -> None:
    """Lists are loaded once, and again for a name or an id they lack."""
    far.read("contact", "stage")
    before = far.sim.count("contact_stages/index")
    stages = far.sim.team.contact_stages
    stages.append(type(stages[0])(far.sim.team.ids.new(0), "Fresh", None, None))
    id = next(iter(far.sim.rows("contact")))
    assert far.send([update(1, id, stage="fresh")])[1].kind == "done"
    assert records(far.read("contact", "stage"))[id].values == {"stage": "Fresh"}
    assert far.sim.count("contact_stages/index") == before + 1
    far.sim.team.contact_stages = stages[:-1]
    again = far.connect()
    [found] = again.fetch("contact", ["stage", "title"], "id", [id])
    assert "stage" not in found.values


def test_nothing_is_ever_deleted(far: Far) -> None:
    """A delete is refused without a request, with advice."""
    id = next(iter(far.sim.rows("contact")))
    [outcome] = far.send([Write(1, "delete", "contact", id, {})]).values()
    assert (outcome.kind, far.sim.requests) == ("refused", [])
    assert "stage" in advice(outcome.code)


# ---- doubt --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost after", "lost before"])
@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_lost_creates_are_found_or_surely_absent(kind: Any, lag: float) -> None:
    """With and without an address, also while searches stay behind."""
    far = Far()
    far.sim.team.lag = lag
    far.sim.faults.append(Fault(kind, path="bulk_create"))
    now = far.clock.now()
    writes = [
        create(1, since=now, first_name="Ida", last_name="Berg", email="ida@berg.example"),
        create(2, since=now, first_name="Jürgen", last_name="Weiß", title="CEO"),
        create(3, since=now, first_name="Li", last_name="Ng"),
    ]
    assert {one.kind for one in far.send(writes).values()} == {"unknown"}
    found = {one.ref: one for one in far.connector.find(writes)}
    expected = "done" if kind == "lost after" else "absent"
    assert {one.kind for one in found.values()} == {expected}
    if expected == "done":
        rows = far.sim.rows("contact")
        assert [rows[found[n].id]["first_name"] for n in (1, 2, 3)] == ["Ida", "Jürgen", "Li"]
    assert len(far.sim.rows("contact")) == (123 if expected == "done" else 120)


@pytest.mark.parametrize("skew", [-900.0, 900.0])
def test_lost_creates_are_found_by_apollos_own_clock(skew: float) -> None:
    """A quarter of an hour between its clock and ours is no reason to make a record twice."""
    far = Far()
    far.sim.team.offset = skew
    far.sim.create("contact", {"first_name": "Li", "last_name": "Ng"})
    far.clock.sleep(3600)
    far.sim.faults.append(Fault("lost after", path="bulk_create"))
    write = create(1, since=far.clock.now(), first_name="Li", last_name="Ng", title="CEO")
    same = create(2, since=far.clock.now(), first_name="Li", last_name="Ng")
    far.send([write])
    after_a_crash = far.connect()
    assert [one.kind for one in after_a_crash.find([write])] == ["done"]
    assert [one.kind for one in far.connector.find([same])] == ["done"]


def test_two_doubtful_creates_never_claim_one_record(far: Far) -> None:
    """Equal values, one record: one of them was made, the other was not."""
    now = far.clock.now()
    far.send([create(9, first_name="Li", last_name="Ng")])
    writes = [create(n, since=now, first_name="Li", last_name="Ng") for n in (1, 2)]
    kinds = sorted(one.kind for one in far.connector.find(writes))
    assert kinds == ["absent", "done"]
    far.sim.create("contact", {"first_name": "Li", "last_name": "Ng"})
    assert {one.kind for one in far.connector.find(writes)} == {"unknown"}


@pytest.mark.parametrize("people", [1, 3])
def test_a_change_of_a_contact_is_told_with_its_stamp(far: Far, people: int) -> None:
    """By PATCH, in bulk with the stage in a request of its own, and where its reply is lost and it
    is looked for. Accounts have no stamps."""
    ids = list(far.sim.rows("contact"))[:people]
    before = records(far.read("contact", "title"))
    writes = [update(n, id, title="CEO", stage="Replied") for n, id in enumerate(ids)]
    told = far.send(writes)
    now = records(far.read("contact", "title"))
    for n, id in enumerate(ids):
        assert told[n].stamp == now[id].stamp > before[id].stamp
    found = {one.ref: one for one in far.connector.find(writes)}
    assert [found[n].stamp for n in range(people)] == [now[id].stamp for id in ids]
    account = next(iter(far.sim.rows("account")))
    [done] = far.send([update(1, account, "account", name="Newer")]).values()
    assert (done.kind, done.stamp) == ("done", "")


@pytest.mark.parametrize("odd", ["yesterday", None])
def test_one_odd_stamp_ends_no_read_and_spoils_no_cursor(far: Far, odd: object) -> None:
    """Those after it on the page are shown all the same, and a later read goes on (R6)."""
    [*_, first] = far.read("contact", "title")
    for id in far.sim.rows("contact"):
        far.clock.sleep(60)
        far.sim.update("contact", id, {"title": "CEO"})

    def tampered(request: Request) -> Response:
        reply = far._handle(request)
        if "contacts/search" not in request.url:
            return reply
        data = json.loads(reply.body)
        data["contacts"][0]["updated_at"] = odd
        return replace(reply, body=json.dumps(data).encode())

    far.world.handlers["api.apollo.io"] = tampered
    pages = far.read("contact", "title", cursor=first.cursor)
    assert len(records(pages)) == 120
    far.world.handlers["api.apollo.io"] = far._handle
    far.clock.sleep(3600)
    far.sim.update("contact", id, {"title": "Chair"})
    assert id in records(far.read("contact", "title", cursor=pages[-1].cursor))


@pytest.mark.parametrize("odd", ["yesterday\0", 12, "0001-01-01T00:00:00+14:00", {"at": 1}])
def test_a_stamp_that_is_no_moment_is_none(far: Far, odd: object) -> None:
    """In the reply to a write as in one that shows a record: everything else of it counts."""
    id = next(iter(far.sim.rows("contact")))
    row = {"id": id, "title": "CEO", "updated_at": odd}
    body = json.dumps({"contact": row, "contacts": [row]})
    far.sim.faults.append(Fault("reply", path="contacts", status=200, body=body, times=2))
    [done] = far.send([update(1, id, title="CEO")]).values()
    [record] = far.connector.fetch("contact", ["title"], "id", [id])
    assert (done.kind, done.stamp) == ("done", "")
    assert (dict(record.values), record.stamp) == ({"title": "CEO"}, "")


@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_twins_whose_reply_is_lost_are_shared_out(lag: float) -> None:
    """What is there is shared out, each once, also where a search shows one of them later than the
    other. One that a person made beside them makes it a matter for a person."""
    far = Far()
    far.sim.team.lag = lag
    writes = [create(n, since=far.clock.now(), first_name="Li", last_name="Ng") for n in (1, 2)]
    for write in writes:
        far.sim.faults.append(Fault("lost after", path="contacts", method="POST"))
        far.send([write])
        far.clock.sleep(5.0)
    found = far.connector.find(writes)
    assert [one.kind for one in found] == ["done", "done"]
    assert len({one.id for one in found}) == 2
    far.sim.create("contact", {"first_name": "Li", "last_name": "Ng"})
    far.clock.sleep(lag)
    assert {one.kind for one in far.connector.find(writes)} == {"unknown"}


def lost(far: Far, object: str = "contact") -> Write:
    """A create whose reply is lost: it was carried out, and is the only one there with its key."""
    fields: dict[str, dict[str, Value]] = {
        "contact": {"first_name": "Ida", "title": "CEO", "email": "ida@new.example"},
        "account": {"name": "New", "domain": "new.example", "phone": "030 1"},
    }
    key = ("email",) if object == "contact" else ("domain",)
    write = replace(create(1, object, far.clock.now(), **fields[object]), keys=key)
    far.sim.faults.append(Fault("lost after", path="bulk_create"))
    assert far.send([write])[1].kind == "unknown"
    return write


@pytest.mark.parametrize(
    ("object", "edit"),
    [("contact", {"title": "Chief"}), ("account", {"name": "Newer"})],
    ids=["contact", "account"],
)
def test_a_lost_create_that_was_edited_since_is_found_by_its_key(
    far: Far, object: str, edit: dict[str, str]
) -> None:
    """Its maker is the user of our key, and it came by the API. What it has now is no answer to the
    write, but for stage and owner, which Apollo has chosen, and what it was made without."""
    before = set(far.sim.rows(object))
    write = lost(far, object)
    [id] = set(far.sim.rows(object)) - before
    far.sim.update(object, id, edit)
    [found] = far.connector.find([write])
    assert (found.kind, found.id) == ("done", id)
    assert found.values is not None and not set(found.values) & set(write.fields)
    assert {name for name, one in found.values.items() if one is not None} == {"stage", "owner"}


def test_what_a_lost_create_was_found_with_besides_is_not_the_work_of_apollo(far: Far) -> None:
    """Somebody gave it a last name; it has no phone yet, and one that it gets later is an edit."""
    before = set(far.sim.rows("contact"))
    write = lost(far)
    [id] = set(far.sim.rows("contact")) - before
    far.sim.update("contact", id, {"last_name": "Berg"})
    [found] = far.connector.find([write])
    assert found.values is not None and "last_name" not in found.values
    assert (found.id, found.values["title"], found.values["phone"]) == (id, "CEO", None)


@pytest.mark.parametrize(
    ("user", "source", "early", "late", "kind"),
    [
        (0, "api", 0, 0, "done"),
        (1, "api", 0, 0, "absent"),
        (0, "chrome_extension_linkedin", 0, 0, "absent"),
        (0, "api", 60, 0, "absent"),
        (0, "api", 0, 3600, "absent"),
    ],
    ids=["like ours", "another user", "another way", "before it was sent", "long after"],
)
def test_who_was_made_by_somebody_else_is_not_the_work_of_a_lost_create(
    far: Far, user: int, source: str, early: float, late: float, kind: str
) -> None:
    """The request never arrived, and a person entered the same one: it is matched like any other,
    and not taken for ours."""
    write = create(1, since=far.clock.now() + early, first_name="Ida", email="ida@new.example")
    far.sim.faults.append(Fault("lost before", path="bulk_create"))
    far.send([write])
    far.clock.sleep(late)
    by = {"creator": far.sim.team.users[user].email, "source": source}
    far.sim.create("contact", {"last_name": "Berg", "email": "ida@new.example", **by})
    assert [one.kind for one in far.connector.find([write])] == [kind]


def test_of_several_that_a_lost_create_may_have_made_none_is_taken(far: Far) -> None:
    """Nor one that was there before: who they are is for the keys to say, and none is made beside
    them. One that two creates could have made is neither's."""
    before = set(far.sim.rows("contact"))
    write = lost(far)
    [id] = set(far.sim.rows("contact")) - before
    far.sim.update("contact", id, {"title": "Chief"})
    twin = replace(write, ref=2)
    assert {(one.kind, one.id) for one in far.connector.find([write, twin])} == {("existed", id)}
    us = far.sim.team.users[0].email
    far.sim.create("contact", {"first_name": "Ida", "email": "ida@new.example", "creator": us})
    [found] = far.connector.find([write])
    assert (found.kind, found.id) == ("existed", id)
    late = replace(write, since=far.clock.now() + 3600)
    assert [one.kind for one in far.connector.find([late])] == ["absent"]


@pytest.mark.parametrize(("staged", "kind"), [(True, "done"), (False, "absent")])
def test_a_lost_update_that_was_edited_since_is_known_where_each_part_arrived(
    far: Far, staged: bool, kind: str
) -> None:
    """Names and titles go in one request, a stage in another: its title stands there, and nothing
    of the rest that was there before."""
    first, second = list(far.sim.rows("contact"))[:2]
    values = {"first_name": "Ida", "title": "new", "stage": "Replied"}
    before = {"first_name": "Ada", "title": "old", "stage": "Cold"}
    far.sim.update("contact", first, before)
    write = replace(update(1, first, **values), before=before, since=far.clock.now())
    far.sim.faults.append(Fault("lost after", path="bulk_update"))
    if not staged:
        far.sim.faults.append(Fault("lost before", path="update_stages"))
    # Alone, it would go as one.
    far.send([write, update(2, second, title="other")])
    far.sim.update("contact", first, {"first_name": "Eve"})
    [found] = far.connector.find([write])
    assert (found.kind, found.unclear) == (kind, ())
    assert found.arrived == (() if staged else ("first_name", "title"))


def test_a_lost_part_of_which_somebody_edited_all_is_unclear(far: Far) -> None:
    """Its stage is neither what was sent nor what was there; what was blanked is no news."""
    first, second = list(far.sim.rows("contact"))[:2]
    before = {"title": "old", "stage": "Cold"}
    far.sim.update("contact", first, before)
    write = update(1, first, title="new", stage="Replied")
    write = replace(write, before=before, since=far.clock.now())
    far.sim.faults.append(Fault("lost after", path="bulk_update"))
    far.sim.faults.append(Fault("lost after", path="update_stages"))
    far.send([write, update(2, second, title="other")])
    far.sim.update("contact", first, {"title": None, "stage": "Interested"})
    [found] = far.connector.find([write])
    assert (found.kind, found.arrived, found.unclear) == ("absent", (), ("stage",))


def test_many_lost_updates_are_found_by_few_requests(far: Far) -> None:
    """What was carried out stands among the newest changes; a deleted one is gone."""
    ids = list(far.sim.rows("contact"))[:50]
    far.sim.faults.append(Fault("lost after", path="bulk_update"))
    writes = [
        Write(n, "update", "contact", id, {"title": f"New {n}"}, since=far.clock.now())
        for n, id in enumerate(ids)
    ]
    far.send(writes)
    far.sim.delete("contact", ids[0])
    far.sim.requests.clear()
    found = {one.ref: one for one in far.connector.find(writes)}
    assert found[0].kind == "gone"
    assert {found[n].kind for n in range(1, 50)} == {"done"}
    assert len(far.sim.requests) <= 4


# ---- trouble ------------------------------------------------------------------------------------


def test_a_spent_minute_is_waited_for_and_a_spent_hour_is_not(far: Far) -> None:
    """Within a run we wait a minute at most; meters tell what is used."""
    far.sim.limits.special["contacts/search"] = (2, 3, 100)
    start = far.clock.now()
    for _ in range(3):
        far.read("contact", "title", cursor='{"mark": "2027-01-01T00:00:00.000Z"}')
    assert 55 < far.clock.now() - start < 90
    used = {(one.endpoint, one.window): (one.used, one.limit) for one in far.connector.meters()}
    assert used["contacts/search", "hour"] == (3, 3)
    assert used["contacts/search", "day"] == (3, 100)
    with pytest.raises(BudgetSpent, match="no more calls"):
        far.read("contact", "title")


def test_a_burst_of_429_is_waited_out_as_long_as_apollo_says(far: Far) -> None:
    """Also for an hour's window that is about to end; a create is not in doubt by it."""
    body = '{"message":"The maximum number of api calls allowed is 400 times per hour."}'
    burst = Fault("reply", status=429, body=body, headers={"retry-after": "20"}, times=2)
    far.sim.faults.append(burst)
    start = far.clock.now()
    assert far.send([create(1, first_name="A", email="a@new.example")])[1].kind == "done"
    assert 40 <= far.clock.now() - start < 60


def test_a_plan_without_an_endpoint_is_no_spent_window(far: Far) -> None:
    """Such a refusal has been seen dressed as 429: waiting would not help."""
    body = '{"message":"This endpoint is only available to Apollo users on paid plans."}'
    far.sim.faults.append(Fault("reply", path="search", status=429, body=body, times=None))
    with pytest.raises(SystemUnavailable) as caught:
        far.read("contact", "title")
    assert "paid plans" in caught.value.why
    assert far.searches() == 1


def test_reads_survive_gateways_and_half_replies(far: Far) -> None:
    """An HTML page, a 503 and a cut-off body are asked for again."""
    far.sim.faults += [
        Fault("reply", path="search", status=502, body="<html>Bad gateway</html>"),
        Fault("reply", path="search", status=200, body="<html>Sign in</html>"),
        Fault("cut off", path="search"),
        Fault("reply", path="search"),
    ]
    assert len(records(far.read("contact", "title"))) == 120


def test_a_cut_off_reply_to_a_write_is_a_doubt(far: Far) -> None:
    """So is a 5xx: nobody can tell whether it was carried out."""
    for fault in (Fault("cut off", path="bulk_create"), Fault("reply", path="bulk_create")):
        far.sim.faults.append(fault)
        [outcome] = far.send([create(1, first_name="A", email="a@new.example")]).values()
        assert outcome.kind == "unknown"


def test_a_permission_dressed_as_401_is_no_bad_key(far: Far) -> None:
    """Another user's task is a refusal of the record; a revoked key ends the run."""
    id = next(iter(far.sim.rows("contact")))
    body = '{"error":"This task belongs to another user. You do not have permissions."}'
    far.sim.faults.append(Fault("reply", path="contacts", status=401, body=body))
    assert far.send([update(1, id, title="x")])[1].kind == "refused"
    far.sim.keys.clear()
    with pytest.raises(SignInRefused) as caught:
        far.send([update(1, id, title="x")])
    assert far.sim.key not in str(caught.value) + caught.value.fix


def test_a_key_without_scope_says_which_endpoint_it_lacks(far: Far) -> None:
    """A read stops with Apollo's words and advice; a write is refused for each record."""
    far.sim.keys[far.sim.key] = frozenset({"contact_stages/index"})
    with pytest.raises(SystemUnavailable) as caught:
        far.read("contact", "title")
    assert "contacts/search" in caught.value.why
    assert "API key" in caught.value.fix
    outcomes = far.send([create(n, first_name=f"A{n}", last_name="B") for n in range(3)])
    assert {one.code for one in outcomes.values()} == {"API_INACCESSIBLE"}
    assert far.sim.count("contacts/bulk_create") == 1


def test_an_endpoint_that_is_gone_is_no_deleted_record(far: Far) -> None:
    """404 for the route refuses the writes and unlinks nothing."""
    ids = list(far.sim.rows("contact"))[:3]
    body = '{"status":404,"error":"Not Found"}'
    far.sim.faults.append(Fault("reply", path="bulk_update", status=404, body=body, times=None))
    outcomes = far.send([update(n, id, title="x") for n, id in enumerate(ids)])
    assert {(one.kind, one.code) for one in outcomes.values()} == {("refused", "no-such-endpoint")}
    assert len(far.sim.requests) == 1


def test_somebody_else_who_answers_in_apollos_place_is_told(far: Far) -> None:
    """JSON that isn't Apollo's is an error with a remedy for reads, a doubt for writes."""
    far.sim.faults.append(Fault("reply", status=200, body='{"hello":"world"}', times=2))
    with pytest.raises(SystemUnavailable, match="can't read"):
        far.connector.identity()
    id = next(iter(far.sim.rows("contact")))
    assert far.send([update(1, id, phone="5")])[1].kind == "unknown"


def test_the_address_must_be_one() -> None:
    """A url without a scheme is told before anything is sent."""
    with pytest.raises(UsageError, match="url"):
        ApolloConnector({"url": "api.apollo.io"}, SimWorld({}))


def test_it_works_over_real_http() -> None:
    """Sign-in, read, create and find through sockets, with a reply lost on the way."""
    sim = simulate(SimulatorOptions(records=20))
    world = Machine()
    with Server(sim) as server:
        settings: Mapping[str, str | Secret] = {"url": server.url, "key": Secret(sim.key)}
        connector = ApolloConnector(settings, world)
        assert connector.identity() == sim.team.id
        assert len(records(list(connector.read(Read("apollo", "contact", ("email",)), None)))) == 20
        sim.faults.append(Fault("lost after", path="bulk_create"))
        write = create(1, since=world.clock.now(), first_name="Ida", email="ida@new.example")
        batch = Batch("contacts/bulk_create", (write,))
        assert connector.send(batch)[0].kind == "unknown"
        assert connector.find([write])[0].kind == "done"
    world.close()
