"""The suite that shows whether a connector keeps the contract: for ours and for yours.

Knows only `connectors.base`. Needs pytest, and a system to run against: a simulator behind the
`World` that you hand in. Subclass `ConnectorContract` in a test module of yours:

    class TestWarehouse(ConnectorContract):
        subject = Subject("item", key="sku", text="name", create=..., refused={"sku": None})

        @pytest.fixture
        def far(self) -> Far:
            return Far(KIND, {"key": Secret("good")}, {"key": Secret("bad")}, world)
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from .connectors.base import schema, values
from .connectors.base.contract import (
    Batch,
    Connector,
    DeletesAlong,
    KeepsDeleted,
    Kind,
    MakesFields,
    NewField,
    Outcome,
    Page,
    Read,
    Record,
    Write,
)
from .connectors.base.login import Secret
from .connectors.base.values import Value
from .connectors.base.wire import NoReply, NotSent, Request, Response
from .connectors.base.world import Clock, Job, World, still
from .errors import SignInRefused, SyncrulesError, SystemUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that the suite works on: one that can be created, updated, read and fetched.

    `key` is a match key and `text` a text field, both writable. `create(n)` gives the fields of a
    valid create, others for each n, with `key` and `text` among them. `refused` are fields that
    make the system refuse a create that has them. `reference` is a field of all creates that refers
    to one record, "" where there is none; `bulk`, whether a request carries many writes.
    """

    object: str
    key: str
    text: str
    create: Callable[[int], Mapping[str, Value]]
    refused: Mapping[str, Value]
    reference: str = ""
    bulk: bool = True


@dataclass(frozen=True, slots=True)
class Far:
    """The system to run against. `wrong` are the settings that make a bad sign-in; the clock of
    `world` should be a virtual one, for some tests wait."""

    kind: Kind
    settings: Mapping[str, str | Secret]
    wrong: Mapping[str, str | Secret]
    world: World


class Watched:
    """A world around another that counts requests, and loses replies on demand."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.clock: Clock = world.clock
        self.random: random.Random = world.random
        self.requests = 0
        self.down = False
        self.lose = ""
        """What happens to the next request that is no GET: "reply" or "request" gets lost, "" for
        nothing."""

    def send(self, request: Request) -> Response:
        if self.down:
            raise NotSent("no route")
        self.requests += 1
        lost = ""
        if request.method != "GET":
            lost, self.lose = self.lose, ""
        if lost == "request":
            raise NoReply("time-out")
        response = self._world.send(request)
        if lost == "reply":
            raise NoReply("time-out")
        return response

    def lanes(
        self, jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        return self._world.lanes(jobs, alive)

    def point(self, name: str) -> None:
        self._world.point(name)


class ConnectorContract:
    """Each test is a sentence of the contract. A subclass gives `subject` and the fixture `far`."""

    subject: Subject

    @pytest.fixture
    def far(self) -> Far:
        """A fresh system for each test."""
        raise NotImplementedError("give the fixture `far` in your subclass")

    @pytest.fixture
    def world(self, far: Far) -> Watched:
        return Watched(far.world)

    @pytest.fixture
    def connector(self, far: Far, world: Watched) -> Connector:
        return far.kind.connect(far.settings, world)

    # ---- who and what ----------------------------------------------------------------------

    def test_identity_is_the_same_for_every_login(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """The org is pinned by its identity, so another connection has to tell the same."""
        again = far.kind.connect(far.settings, world)
        assert connector.identity() and connector.identity() == again.identity()

    def test_the_schema_survives_its_file(self, connector: Connector) -> None:
        """What `schema pull` writes and the language reads is all that was described."""
        found = connector.describe()
        assert schema.from_json(schema.to_json(found)) == found
        assert found.identity == connector.identity()

    def test_describe_takes_names_and_leaves_out_unknown_ones(self, connector: Connector) -> None:
        """A run describes only the objects that its rules name."""
        found = connector.describe([self.subject.object, "no_such_object"])
        assert [one.name for one in found.objects] == [self.subject.object]

    def test_the_schema_tells_what_the_subject_can_do(self, connector: Connector) -> None:
        """Fields have one name each, and a create of all required fields is a valid one."""
        found = connector.describe([self.subject.object]).by_name[self.subject.object]
        names = [one.name for one in found.fields]
        assert len(names) == len(set(names))
        assert {self.subject.key, self.subject.text} <= set(names)
        assert {one.name for one in found.fields if one.required} <= set(self.subject.create(1))
        assert {*found.keys, *filter(None, [found.created])} <= set(names)

    def test_a_field_that_it_creates_is_described_under_the_name_it_said(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """Only a connector whose system lets it create custom fields is asked to."""
        if not isinstance(connector, MakesFields):
            return
        wanted = NewField("Made by the suite", "text", length=40)
        if connector.add_field(self.subject.object, wanted):
            again = far.kind.connect(far.settings, world).describe([self.subject.object])
            found = again.by_name[self.subject.object].by_name[far.kind.custom(wanted)[0]]
            assert (found.type, found.custom, found.label) == ("text", True, wanted.label)

    def test_who_is_there_is_not_taken_for_emptied_out_of_a_bin(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """Only a connector whose system keeps what is deleted is asked who may return."""
        if not isinstance(connector, KeepsDeleted):
            return
        [made] = self._create(connector, 1)
        assert connector.may_return(self.subject.object, [made]) == {made}

    def test_nobody_goes_along_with_a_record_that_is_alone(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """Only a connector whose system deletes with a record what belongs to it is asked."""
        if not isinstance(connector, DeletesAlong):
            return
        made = self._create(connector, 2)
        assert connector.along(self.subject.object, made) == {}
        assert connector.about(self.subject.object, made) == {}

    def test_activities_tell_what_their_fields_are_to_them(self, connector: Connector) -> None:
        """Standard rows pair fields by role: one of each, of a fitting type, and only there."""
        for one in connector.describe().objects:
            told = [field for field in one.fields if field.role]
            assert one.thing == "activity" or not told
            assert len(told) == len(one.by_role)
            for field in told:
                assert field.type in schema.ROLE_TYPES[field.role]
                known = {"", *schema.MEANINGS.get(field.role, ())}
                assert {choice.means for choice in field.choices} <= known

    # ---- reading ---------------------------------------------------------------------------

    def test_a_read_gives_every_record_and_ends_with_a_cursor(self, connector: Connector) -> None:
        """Only the last page is complete, and one can go on from its cursor."""
        made = self._create(connector, 3)
        pages = self._read(connector, None)
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        assert pages[-1].cursor is not None
        records = {one.id: one for page in pages for one in page.records if one.life == "here"}
        for n, id in enumerate(made):
            assert set(records[id].values) == {self.subject.key, self.subject.text}
            assert records[id].values[self.subject.text] == self._text(n)

    def test_a_read_from_the_cursor_brings_what_changed_since(self, connector: Connector) -> None:
        """Updates and creates both come, whatever else comes again."""
        first, *_ = self._create(connector, 2)
        cursor = self._read(connector, None)[-1].cursor
        self._update(connector, first, "changed since")
        [late] = self._create(connector, 1, start=7)
        records = {one.id: one for page in self._read(connector, cursor) for one in page.records}
        assert records[first].values[self.subject.text] == "changed since"
        assert records[late].values[self.subject.text] == self._text(7)

    def test_a_read_from_any_cursor_on_the_way_misses_nothing(self, connector: Connector) -> None:
        """A run that ended in the middle goes on from the last page that was stored."""
        made = set(self._create(connector, 3))
        pages = self._read(connector, None)
        for at, page in enumerate(pages):
            if page.cursor is not None and not page.complete:
                before = {one.id for earlier in pages[: at + 1] for one in earlier.records}
                after = {
                    one.id for later in self._read(connector, page.cursor) for one in later.records
                }
                assert made <= before | after

    def test_fetch_by_id_reads_what_is_true_now(self, connector: Connector) -> None:
        """Exactly the fields that were asked for come back."""
        first, second = self._create(connector, 2)
        self._update(connector, first, "true now")
        found = {
            one.id: one
            for one in connector.fetch(
                self.subject.object, [self.subject.text], "id", [first, second]
            )
        }
        assert dict(found[first].values) == {self.subject.text: "true now"}
        assert found[first].life == "here"
        assert dict(found[second].values) == {self.subject.text: self._text(1)}

    def test_fetch_by_key_compares_folded(self, connector: Connector) -> None:
        """Capitals don't matter; another record's key does."""
        first, _ = self._create(connector, 2)
        wanted = str(self.subject.create(0)[self.subject.key]).upper()
        found = connector.fetch(self.subject.object, [self.subject.key], self.subject.key, [wanted])
        assert [one.id for one in found] == [first]
        assert values.folded(found[0].values[self.subject.key]) == values.folded(wanted)

    def test_fetch_by_reference_finds_all_that_refer(self, connector: Connector) -> None:
        """What belongs to a record is found without knowing the ids of it."""
        name = self.subject.reference
        if name:
            made = self._create(connector, 3)
            found = connector.fetch(
                self.subject.object, [name], name, [str(self.subject.create(0)[name])]
            )
            assert set(made) <= {one.id for one in found}
            assert {one.values[name] for one in found} == {self.subject.create(0)[name]}

    def test_an_unknown_id_gives_no_record_that_is_here(self, connector: Connector) -> None:
        """Neither an id that nobody has nor a text that is no id."""
        [first] = self._create(connector, 1)
        taken = {one.id for page in self._read(connector, None) for one in page.records}
        turned = next(first[:-1] + end for end in "123456789" if first[:-1] + end not in taken)
        found = connector.fetch(
            self.subject.object, [self.subject.text], "id", [turned, "no such id"]
        )
        assert [one for one in found if one.life == "here"] == []

    # ---- packing ---------------------------------------------------------------------------

    def test_pack_sends_nothing_and_gives_the_same_again(
        self, connector: Connector, world: Watched
    ) -> None:
        """Packing is part of planning."""
        writes = self._creates(5)
        assert connector.pack(writes) == connector.pack(writes)
        assert world.requests == 0

    def test_pack_loses_and_doubles_nothing(self, connector: Connector) -> None:
        """Every field of every write is in exactly one batch, and no batch is empty."""
        text = self.subject.text
        updates = [
            Write(1000 + n, "update", self.subject.object, f"id{n}", {text: self._text(n)})
            for n in range(450)
        ]
        writes = [*self._creates(450), *updates]
        batches = connector.pack(writes)
        packed: dict[int, list[str]] = {}
        for batch in batches:
            assert batch.call and batch.writes
            for part in batch.writes:
                packed.setdefault(part.ref, []).extend(part.fields)
        assert {ref: sorted(names) for ref, names in packed.items()} == {
            one.ref: sorted(one.fields) for one in writes
        }
        assert len(batches) < len(writes) / 10 or not self.subject.bulk
        assert len(batches) <= len(writes)

    def test_a_batch_is_one_request(self, connector: Connector, world: Watched) -> None:
        """So the engine can count what a plan will cost."""
        self._create(connector, 1)
        for batch in connector.pack(self._creates(6, start=10)):
            before = world.requests
            connector.send(batch)
            assert world.requests == before + 1

    # ---- writing ---------------------------------------------------------------------------

    def test_creates_and_updates_are_done_and_told_by_ref(self, connector: Connector) -> None:
        """The ids of a reply belong to the refs that were sent, in any order of refs."""
        writes = list(reversed(self._creates(4)))
        done = {one.ref: one for one in self._send(connector, writes)}
        assert {one.kind for one in done.values()} == {"done"} and len(done) == 4
        for write in writes:
            [record] = connector.fetch(
                self.subject.object, [self.subject.text], "id", [done[write.ref].id]
            )
            assert record.values[self.subject.text] == write.fields[self.subject.text]

    def test_a_stamp_that_a_reply_tells_is_that_of_the_record(self, connector: Connector) -> None:
        """What a search shows with an earlier one stood there before the write."""
        ids = self._create(connector, 2)
        text, object = self.subject.text, self.subject.object
        writes = [Write(n, "update", object, id, {text: "stamped"}) for n, id in enumerate(ids)]
        done = self._send(connector, writes)
        held = {one.id: one.stamp for one in connector.fetch(object, [text], "id", ids)}
        for outcome in [*done, *connector.find(writes)]:
            assert outcome.stamp in ("", held[outcome.id])

    def test_blank_clears_a_field(self, connector: Connector) -> None:
        """None is blank, in both directions."""
        [id] = self._create(connector, 1)
        self._update(connector, id, None)
        [record] = connector.fetch(self.subject.object, [self.subject.text], "id", [id])
        assert record.values == {self.subject.text: None}

    def test_a_refused_record_does_not_hurt_its_neighbours(self, connector: Connector) -> None:
        """It is refused alone, with a code."""
        first, second, third = self._creates(3)
        bad = replace(second, fields={**second.fields, **self.subject.refused})
        done = {one.ref: one for one in self._send(connector, [first, bad, third])}
        assert [done[one.ref].kind for one in (first, bad, third)] == ["done", "refused", "done"]
        assert done[bad.ref].code

    def test_what_a_lost_reply_made_is_found_and_not_made_again(
        self, connector: Connector, world: Watched
    ) -> None:
        """Sent once, unknown for all, and found to be done."""
        self._create(connector, 1, start=50)
        writes = self._creates(3, since=world.clock.now())
        batches = connector.pack(writes)
        for batch in batches:
            world.lose = "reply"
            assert {one.kind for one in connector.send(batch)} == {"unknown"}
        found = {one.ref: one for one in connector.find(writes)}
        assert [found[one.ref].kind for one in writes] == ["done"] * 3
        for write in writes:
            here = self._by_key(connector, write)
            assert [one.id for one in here] == [found[write.ref].id]

    def test_what_never_arrived_is_found_to_be_absent(
        self, connector: Connector, world: Watched
    ) -> None:
        """Then the engine may decide again; looking creates nothing."""
        [other] = self._create(connector, 1, start=50)
        [write] = self._creates(1, since=world.clock.now())
        update = Write(99, "update", self.subject.object, other, {self.subject.text: "never"})
        for batch in connector.pack([write, update]):
            world.lose = "request"
            assert {one.kind for one in connector.send(batch)} == {"unknown"}
        found = {one.ref: (one.kind, one.arrived) for one in connector.find([write, update])}
        assert found == {write.ref: ("absent", ()), 99: ("absent", ())}
        assert self._by_key(connector, write) == []

    def test_a_record_from_before_is_never_taken_for_ours(
        self, connector: Connector, world: Watched
    ) -> None:
        """One with the same values that was there an hour earlier isn't what a write made."""
        self._create(connector, 1)
        world.clock.sleep(3600)
        [write] = self._creates(1, since=world.clock.now())
        for batch in connector.pack([write]):
            world.lose = "request"
            connector.send(batch)
        assert [one.kind for one in connector.find([write])] == ["absent"]

    def test_what_is_the_work_of_another_write_is_not_claimed(
        self, connector: Connector, world: Watched
    ) -> None:
        """Two writes may say the same: what the one made that was heard of is not the other's."""
        [write] = self._creates(1, since=world.clock.now())
        [done] = self._send(connector, [write])
        twin = replace(write, ref=99, taken=frozenset({done.id}))
        assert [one.kind for one in connector.find([twin])] == ["absent"]

    # ---- trouble ---------------------------------------------------------------------------

    def test_a_bad_sign_in_is_told_without_its_secrets(self, far: Far, world: Watched) -> None:
        """The error names the system and what to do; no secret is in it or in its traceback."""
        settings = {**far.settings, **far.wrong}
        connector = far.kind.connect(settings, world)
        with pytest.raises(SignInRefused) as caught:
            connector.identity()
        self._clean(caught.value, settings)
        assert caught.value.fix

    def test_a_system_out_of_reach_is_told_as_such(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """Nothing was sent, and that is certain."""
        world.down = True
        with pytest.raises(SystemUnavailable) as caught:
            connector.identity()
        assert not isinstance(caught.value, SignInRefused)
        self._clean(caught.value, far.settings)

    def test_a_system_that_goes_away_fails_a_read_and_leaves_no_doubt(
        self, far: Far, world: Watched, connector: Connector
    ) -> None:
        """A write that was never sent is no write in doubt: it raises."""
        self._create(connector, 1)
        world.down = True
        with pytest.raises(SystemUnavailable) as caught:
            self._read(connector, None)
        self._clean(caught.value, far.settings)
        with pytest.raises(SystemUnavailable):
            self._send(connector, self._creates(1, start=5))

    def test_secrets_are_not_shown(self, far: Far, connector: Connector) -> None:
        """Neither by the connector nor by its settings."""
        connector.identity()
        for secret in _secrets(far.settings):
            assert secret not in repr(connector) and secret not in repr(dict(far.settings))

    def test_calls_are_metered(self, connector: Connector, world: Watched) -> None:
        """Meters tell what the system said, and asking for them costs nothing."""
        self._create(connector, 1)
        before = world.requests
        for meter in connector.meters():
            assert meter.endpoint and meter.window and meter.used >= 0
        assert world.requests == before

    # ---- how the tests do it ---------------------------------------------------------------

    def _text(self, n: int) -> Value:
        return self.subject.create(n)[self.subject.text]

    def _creates(self, count: int, start: int = 0, since: float = 0.0) -> list[Write]:
        """Writes that create `count` different records; the ref is the number of each."""
        return [
            Write(
                n,
                "create",
                self.subject.object,
                "",
                self.subject.create(n),
                since=since,
                keys=(self.subject.key,),
            )
            for n in range(start, start + count)
        ]

    def _send(self, connector: Connector, writes: Iterable[Write]) -> list[Outcome]:
        batches: list[Batch] = connector.pack(list(writes))
        return [one for batch in batches for one in connector.send(batch)]

    def _create(self, connector: Connector, count: int, start: int = 0) -> list[str]:
        """The ids of `count` new records, in order."""
        done = {one.ref: one for one in self._send(connector, self._creates(count, start))}
        assert {one.kind for one in done.values()} == {"done"}
        return [done[n].id for n in range(start, start + count)]

    def _update(self, connector: Connector, id: str, text: Value) -> None:
        write = Write(1, "update", self.subject.object, id, {self.subject.text: text})
        assert [one.kind for one in self._send(connector, [write])] == ["done"]

    def _read(self, connector: Connector, cursor: str | None) -> list[Page]:
        ask = Read("far", self.subject.object, (self.subject.key, self.subject.text))
        return list(connector.read(ask, cursor))

    def _by_key(self, connector: Connector, write: Write) -> list[Record]:
        key = self.subject.key
        return connector.fetch(write.object, [key], key, [str(write.fields[key])])

    def _clean(self, error: SyncrulesError, settings: Mapping[str, str | Secret]) -> None:
        told = "".join(traceback.format_exception(error)) + repr(error) + error.why + error.fix
        for secret in _secrets(settings):
            assert secret not in told


def _secrets(settings: Mapping[str, str | Secret]) -> list[str]:
    return [one.reveal() for one in settings.values() if isinstance(one, Secret)]
