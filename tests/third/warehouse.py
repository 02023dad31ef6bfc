"""A third system: a warehouse with items and bins, as someone else would write its connector.

Uses nothing but `syncrules.connectors.base` and `syncrules.errors`, and comes in by its entry
point. Its feed is `whole`: the API has no stamps, so each read gets all there is. The made-up
warehouse is at the end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from syncrules.connectors.base import values as forms
from syncrules.connectors.base.contract import (
    Batch,
    Connector,
    Kind,
    Meter,
    Outcome,
    Page,
    Read,
    Record,
    Setting,
    Write,
)
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Field, Object, Schema
from syncrules.connectors.base.serve import MADE_UP, SimulatorOptions
from syncrules.connectors.base.wire import (
    OK,
    NoReply,
    Request,
    Response,
    Verdict,
    Wire,
    json_request,
    with_headers,
)
from syncrules.connectors.base.world import Clock, World, moment

KEY = f"{MADE_UP}-warehouse"
LOT = 50
"""Rows a request writes at most."""

OBJECTS = (
    Object(
        "item",
        "Item",
        (
            Field("id", "Id", "id", creatable=False, updatable=False),
            Field("sku", "SKU", "text", required=True),
            Field("name", "Name", "text", length=80),
            Field("stock", "Stock", "number", format="integer"),
            Field("bin", "Bin", "reference", references=("bin",)),
        ),
        plural="Items",
        feed="whole",
        keys=("sku",),
    ),
    Object(
        "bin",
        "Bin",
        (
            Field("id", "Id", "id", creatable=False, updatable=False),
            Field("code", "Code", "text", required=True),
        ),
        plural="Bins",
        feed="whole",
        keys=("code",),
    ),
)


class Warehouse:
    """The connector."""

    def __init__(self, settings: Mapping[str, str | Secret], world: World) -> None:
        key = settings["key"]
        self._key = key if isinstance(key, Secret) else Secret(key)
        self._system = str(settings.get("system", "warehouse"))
        self._url = str(settings.get("url", "https://warehouse.example"))
        self._world = world
        self._wire = Wire(world, self._system, _judge, self._sign)

    def identity(self) -> str:
        return str(self._get("/whoami")["warehouse"])

    def describe(self, names: Collection[str] | None = None) -> Schema:
        chosen = tuple(one for one in OBJECTS if names is None or one.name in names)
        return Schema(
            self._system,
            "warehouse",
            self.identity(),
            chosen,
            taken=moment(self._world.clock.now()),
            read_page=10_000,
            write_batch=LOT,
        )

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        rows = self._get(f"/{ask.object}")["rows"]
        yield Page(tuple(_record(ask.object, row, ask.fields) for row in rows), "seen", True)

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        wanted = {forms.folded(one) for one in values}
        rows = self._get(f"/{object}")["rows"]
        return [
            _record(object, row, fields) for row in rows if forms.folded(row.get(key)) in wanted
        ]

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        groups: dict[str, list[Write]] = {}
        for write in writes:
            groups.setdefault(f"{write.action} {write.object}", []).append(write)
        return [
            Batch(call, tuple(group[start : start + LOT]))
            for call, group in groups.items()
            for start in range(0, len(group), LOT)
        ]

    def send(self, batch: Batch) -> list[Outcome]:
        action, _, object = batch.call.partition(" ")
        rows = [{**one.fields, **({"id": one.id} if one.id else {})} for one in batch.writes]
        request = json_request("POST", f"{self._url}/{object}/{action}", {"rows": rows})
        try:
            results = self._wire.call(request, repeatable=False).json()["results"]
        except NoReply as error:
            return [Outcome(one.ref, "unknown", message=str(error)) for one in batch.writes]
        return [
            Outcome(one.ref, "done", result["id"])
            if "id" in result
            else Outcome(one.ref, "refused", code=result["code"], message=result["code"])
            for one, result in zip(batch.writes, results, strict=True)
        ]

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        found = []
        for write in doubtful:
            rows = self._get(f"/{write.object}")["rows"]
            same = [
                row
                for row in rows
                if row["id"] not in write.taken
                and all(row.get(name) == value for name, value in write.fields.items())
                and (row["id"] == write.id if write.id else row["made"] >= write.since - 300)
            ]
            kind: Literal["done", "absent", "unknown"]
            kind = "done" if len(same) == 1 else "unknown" if same else "absent"
            found.append(Outcome(write.ref, kind, same[0]["id"] if len(same) == 1 else write.id))
        return found

    def meters(self) -> list[Meter]:
        return [Meter("api", "run", self._wire.calls)]

    def _get(self, path: str) -> Any:
        return self._wire.call(json_request("GET", self._url + path), repeatable=True).json()

    def _sign(self, request: Request, renew: bool) -> Request:
        return with_headers(request, x_key=self._key.reveal())


def _judge(response: Response) -> Verdict:
    if response.status == 401:
        return Verdict("refused", text="the key is wrong")
    return Verdict("lost", text=f"HTTP {response.status}") if response.status >= 500 else OK


def _record(object: str, row: Mapping[str, Any], fields: Collection[str]) -> Record:
    return Record(object, row["id"], {name: row.get(name) for name in fields})


class MadeUpWarehouse:
    """A warehouse in memory, seen through requests only."""

    def __init__(self, clock: Clock, key: str = KEY) -> None:
        self._clock = clock
        self._key = key
        self._rows: dict[str, dict[str, dict[str, Any]]] = {one.name: {} for one in OBJECTS}

    def sign_in(self, url: str) -> dict[str, str]:
        return {"url": url, "key": self._key}

    def handle(self, request: Request) -> Response:
        if request.headers.get("x-key") != self._key:
            return _json(401, {"error": "key"})
        path = urlsplit(request.url).path
        if path == "/whoami":
            return _json(200, {"warehouse": "north"})
        object, _, action = path.removeprefix("/").partition("/")
        if object not in self._rows:
            return _json(404, {"error": "path"})
        if request.method == "GET":
            return _json(200, {"rows": list(self._rows[object].values())})
        rows = json.loads(request.body)["rows"]
        return _json(200, {"results": [self._save(object, action, row) for row in rows]})

    def _save(self, object: str, action: str, row: dict[str, Any]) -> dict[str, str]:
        held = self._rows[object]
        if action == "create":
            id = f"{object}-{len(held) + 1}"
            key = "sku" if object == "item" else "code"
            if not row.get(key):
                return {"code": f"no-{key}"}
            held[id] = {**row, "id": id, "made": self._clock.now()}
            return {"id": id}
        if row["id"] not in held:
            return {"code": "no-such-row"}
        held[row["id"]].update(row)
        return {"id": row["id"]}


def _json(status: int, data: object) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(data).encode())


def connect(settings: Mapping[str, str | Secret], world: World) -> Connector:
    return Warehouse(settings, world)


def simulate(options: SimulatorOptions) -> MadeUpWarehouse:
    """A warehouse with a few items; `options.records` doesn't matter here."""
    made = MadeUpWarehouse(options.clock)
    draw = options.random("warehouse")
    made.handle(
        json_request(
            "POST",
            "https://warehouse.example/item/create",
            {
                "rows": [
                    {"sku": f"W-{n}", "name": "Crate", "stock": draw.randrange(9)} for n in range(5)
                ]
            },
            x_key=KEY,
        )
    )
    return made


KIND = Kind(
    name="warehouse",
    label="Warehouse",
    settings=(Setting("key", required=True, secret=True), Setting("url")),
    connect=connect,
    simulate=simulate,
    advice=lambda code: "Give the item a SKU." if code == "no-sku" else "",
)
