"""Whatever a system answers: records, outcomes or an error that says what is wrong, and no other.

Each node of each reply becomes something else, or is gone; bodies are cut off, doubled, nested or
no JSON; headers and statuses are others. The long form is `make soak PART=hostile`.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from syncrules.connectors.base.contract import Connector, Read
from syncrules.connectors.base.wire import Request, Response
from syncrules.errors import SystemUnavailable
from syncrules.tests.hostile.works import BENCHES, Bench
from syncrules.tests.salesforce_connected import HOST, Org

NODES = 10
WORKS = [(name, work) for name, make in BENCHES.items() for work in make().works]


@pytest.fixture(scope="module")
def benches() -> dict[str, Bench]:
    return {name: make() for name, make in BENCHES.items()}


@pytest.mark.parametrize(("system", "work"), WORKS, ids=lambda one: str(one).replace(" ", "-"))
def test_no_reply_makes_a_traceback(benches: dict[str, Bench], system: str, work: str) -> None:
    """Reads end with records of the forms of the contract or with one clear error; each write has
    one outcome, and is in doubt where nothing can be read."""
    nodes = 3 if work == "describe all" else NODES
    told = list(benches[system].spoilt(work, seed=1, nodes=nodes, replies=12))
    assert [one for one in told if one] == []
    assert len(told) > nodes


def test_an_error_names_no_part_of_what_was_read() -> None:
    """Only the kind and the place of what was missed: a reply may hold anything."""
    org = Org()

    def far(request: Request) -> Response:
        told = Response(200, {}, b'{"records": {"private": "told nobody"}}')
        return told if "/query" in request.url else org.sim.handle(request)

    org.world.handlers[HOST] = far
    with pytest.raises(SystemUnavailable) as caught:
        org.connect().fetch("Lead", ("Email",), "Email", ["x@some.example"])
    told = f"{caught.value} {caught.value.fix}"
    assert "can't read" in told and "line" in told
    assert "private" not in told and "told nobody" not in told


@pytest.mark.parametrize(
    "following",
    [
        *("https://evil.test/services/data/v59.0/query/01gx-2000", "//evil.test/x", "", None, 7),
        *(
            "/services/data/v59.0/query/../../../x",
            "/services/data/v59.0/query/a?x=1",
            "@evil.test",
        ),
        *("/services/data/v59.0/query/a\r\nhost: evil.test", "\\\\evil.test\\x", "/services/x"),
    ],
)
def test_a_next_page_is_one_of_the_same_org_or_the_read_is_not_complete(following: object) -> None:
    """Nothing is asked anywhere else, and half of the records is never taken for all."""
    org = Org()
    org.people(2)

    def far(request: Request) -> Response:
        reply = org.sim.handle(request)
        if "/query" not in request.url:
            return reply
        data = {**reply.json(), "done": False, "nextRecordsUrl": following}
        return Response(reply.status, reply.headers, json.dumps(data).encode())

    org.world.handlers[HOST] = far
    connector: Connector = org.connect()
    pages = connector.read(Read("salesforce", "Lead", ("Email",)), None)
    with pytest.raises(SystemUnavailable, match="can't read"):
        list(pages)
    assert {one.url.partition("//")[2].partition("/")[0] for one in org.world.sent} == {HOST}


def test_names_of_a_list_are_texts_like_any_other(benches: dict[str, Bench]) -> None:
    """A stage whose name has half of a character is read without it."""
    bench = benches["apollo"]

    def half(reply: Response) -> Response:
        return replace(reply, body=reply.body.replace(b'"Cold"', b'" Cold\\ud800"'))

    bench.tamperer.begin()
    bench.works["fetch"](bench.connect())
    at = next(n for n, one in enumerate(bench.tamperer.seen) if half(one) != one)
    bench.tamperer.begin(at, half)
    found = bench.works["fetch"](bench.connect()) or ()
    assert "Cold" in {(one.values or {}).get("stage") for one in found}
