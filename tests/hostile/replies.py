"""Replies as no API describes them: each node of each reply replaced by something else.

A `Tamperer` stands before a simulator and changes one reply of a piece of work; `works` are what a
connector is asked to do. What must come of it is told in `test_replies.py`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from syncrules.connectors.base.contract import Connector, Outcome, Record, Write
from syncrules.connectors.base.wire import NoReply, Request, Response
from syncrules.errors import SyncrulesError

Path = tuple[str | int, ...]
Change = Callable[[Response], Response]
Work = Callable[[Connector], Sequence[Record | Outcome] | None]

OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "x", "\ud800", "a\0b", "9" * 5_000),
    *([], {}, [None], [[]], {"id": None}, [{"id": 7}], ["x", "x"], "2026-13-45T99:99:99Z"),
    *("²", "null", "-0", "NaN", "//[", "https://evil.test/x", "../../x", "\r\nx: y"),
)
"""What a node may become. None of them is what stood there in kind, or in sense."""

BODIES: tuple[bytes, ...] = (
    *(b"", b"null", b"[]", b"{}", b"0", b'""', b"true", b"[[]]", b"[null]", b"NaN", b"{"),
    *(b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'"\xed\xa0\x80"', b" " * 100_000, b"9" * 6_000),
    *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"<html><body>Log in</body>"),
    *(b'{"id": 1, "id": [2]}', b'[{"errorCode": []}]', b'[{"message": {}, "errorCode": 5}]'),
    *(b'{"error": {"a": 1}}', b'{"error": null, "error_code": []}', b"\0", b"[1,2,3]"),
)
HEADERS: tuple[Mapping[str, str], ...] = (
    *({"date": one} for one in ("", "x", "Mon, 99 Jan 9999 99:99:99 GMT", "1 Jan 0001 00:00:00")),
    *({"sforce-limit-info": one} for one in ("api-usage=x/y", "api-usage=²/³", "api-usage=1/0")),
    {"sforce-limit-info": f"api-usage={'9' * 5_000}/1"},
    *({"retry-after": one} for one in ("²", "-1", "9" * 400, "x", "1e9", "Mon, 99 Jan")),
    *({"x-rate-limit-minute": one, "x-minute-usage": one} for one in ("²", "9" * 5_000, "-1")),
    *({"content-type": one} for one in ("", "text/html", "text/csv", "\xff")),
    *({"sforce-locator": one, "sforce-numberofrecords": one} for one in ("²", "../x", "1")),
    {"location": "https://evil.test/"},
)
STATUSES = (200, 201, 204, 300, 301, 302, 307, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503)


@dataclass
class Tamperer:
    """Hands requests on, and changes the reply of number `at` by `change`. `seen` are the replies
    as they were."""

    handle: Callable[[Request], Response]
    at: int = -1
    change: Change = lambda response: response
    seen: list[Response] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        response = self.handle(request)
        self.seen.append(response)
        return self.change(response) if len(self.seen) - 1 == self.at else response

    def begin(self, at: int = -1, change: Change = lambda response: response) -> None:
        self.at, self.change = at, change
        self.seen = []


def changes(response: Response, chance: random.Random, *, nodes: int) -> Iterator[Change]:
    """As many changes of the whole of a reply, and of its nodes, as `nodes` says."""
    whole = [
        *(partial(replace, body=body) for body in BODIES),
        *(partial(_with_headers, more=more) for more in HEADERS),
        *(partial(replace, status=status) for status in STATUSES),
        *(partial(replace, status=one, body=chance.choice(BODIES)) for one in STATUSES),
        *(partial(_cut, part=part) for part in (0.1, 0.5, 0.99)),
    ]
    yield from whole if nodes >= len(whole) else chance.sample(whole, nodes)
    places = list(paths(_json(response.body)))
    for _ in range(nodes if places else 0):
        path, other = chance.choice(places), chance.choice(OTHERS)
        gone = chance.random() < 0.15
        yield partial(_changed, path=path, other=other, gone=gone)


def paths(data: Any, at: Path = ()) -> Iterator[Path]:
    """The nodes of a reply, of each list the first and the last element."""
    yield at
    if isinstance(data, dict):
        for key, one in data.items():
            yield from paths(one, (*at, key))
    elif isinstance(data, list):
        for place in sorted({0, len(data) - 1}) if data else ():
            yield from paths(data[place], (*at, place))


def _with_headers(response: Response, more: Mapping[str, str]) -> Response:
    return replace(response, headers={**response.headers, **more})


def _cut(response: Response, part: float) -> Response:
    return replace(response, body=response.body[: int(len(response.body) * part)])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _changed(response: Response, path: Path, other: Any, gone: bool) -> Response:
    data = _json(response.body)
    if not path:
        return replace(response, body=json.dumps(other).encode())
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    if gone and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = other
    return replace(response, body=json.dumps(data).encode())


def wrong(work: Work, connector: Connector) -> str:
    """What is wrong with how a piece of work ended, "" where nothing is: its own errors are right,
    and so are records and outcomes of the forms that the contract has."""
    try:
        done = work(connector)
    except SyncrulesError as error:
        told = f"{error} {error.why} {error.fix}"
        return "" if error.what and len(told) < 2_000 else f"an error that tells nothing: {told}"
    except NoReply as error:
        return f"NoReply came through: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    for one in done or ():
        if bad := [value for value in (one.values or {}).values() if not _is_value(value)]:
            return f"a value of no form: {bad[0]!r:.80}"
        if one.id and not re.fullmatch(r"[!-~]+", one.id):
            return f"an id of no form: {one.id!r:.80}"
    return ""


def _is_value(value: object) -> bool:
    if isinstance(value, tuple):
        return all(isinstance(one, str) for one in value)
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    return value is None or isinstance(value, (bool, int, float))


def sending(*writes: Write) -> Work:
    """Writes are sent: each has one outcome, whatever came back."""

    def work(connector: Connector) -> Sequence[Record | Outcome]:
        outcomes = [one for batch in connector.pack(writes) for one in connector.send(batch)]
        assert sorted({one.ref for one in outcomes}) == sorted(one.ref for one in writes), outcomes
        return outcomes

    return work
