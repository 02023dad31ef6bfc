"""Many records or many calls in one request: Collections, composite and batch.

Knows how results are listed and when a whole is taken back. Single calls inside go through the
function that it is given, so they behave as they do alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from . import lives, saves
from .calls import Call, Reply, pairs, words
from .errors import Refused, bad_json, not_found, refused, whole
from .reading import record
from .resources import Resources
from .schema import Field, ObjectType
from .values import full_id

_MOST_RECORDS = 200
_MOST_RETRIEVED = 2000
_MOST_CHUNKS = 10
_MOST_CALLS = 25
_MOST_LARGE = 5
"""Calls of one composite that query or send Collections."""
_ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header"
)
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_LARGE = re.compile(r"/v\d+\.0/(query|queryall|composite/sobjects)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")


class _TakenBack(Exception):
    """Leaves an attempt so that its saves are undone."""


class Composite:
    """`one` answers a single call; `count` is told of each further call that counts as one."""

    def __init__(
        self, resources: Resources, one: Callable[[Call], Reply], count: Callable[[], None]
    ) -> None:
        self.resources = resources
        self.org = resources.org
        self._one = one
        self._count = count

    def answer(self, call: Call) -> Reply:
        """The reply to a call of `composite`."""
        rest = [call.path[1].lower(), *call.path[2:]] if len(call.path) > 1 else []
        if not rest and call.method == "POST":
            return self._composite(call)
        if rest == ["batch"] and call.method == "POST":
            return self._batch(call)
        if rest[:1] != ["sobjects"] or len(rest) > 3:
            raise not_found()
        if len(rest) == 1:
            works = {"POST": self._create, "PATCH": self._update, "DELETE": self._delete}
            if call.method not in works:
                raise whole(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")
            return works[call.method](call)
        of = self.resources.object(rest[1])
        if len(rest) == 2 and call.method in ("GET", "POST"):
            return self._retrieve(call, of)
        if len(rest) == 3 and call.method == "PATCH":
            return self._upsert(call, self.resources.key(of, rest[2]), of)
        raise not_found()

    def _create(self, call: Call) -> Reply:
        def work(element: dict[str, Any]) -> dict[str, Any]:
            of = self._type(element)
            id = saves.create(self.org, of, element, call.actor())
            return {"id": id, "success": True, "errors": []}

        return self._each(call, work)

    def _update(self, call: Call) -> Reply:
        seen: set[str] = set()

        def work(element: dict[str, Any]) -> dict[str, Any]:
            of = self._type(element)
            body = {key: value for key, value in element.items() if key.lower() != "id"}
            text = next((value for key, value in element.items() if key.lower() == "id"), None)
            if not text:
                raise refused("MISSING_ARGUMENT", "Id not specified in an update call")
            id = self._id(str(text), of)
            if id in seen:
                raise refused("INVALID_FIELD", f"duplicate id in list: {id}", "Id")
            seen.add(id)
            saves.update(self.org, of, id, body, call.actor())
            return {"id": id, "success": True, "errors": []}

        return self._each(call, work)

    def _upsert(self, call: Call, key: Field, of: ObjectType) -> Reply:
        def work(element: dict[str, Any]) -> dict[str, Any]:
            if self._type(element) is not of:
                raise refused("INVALID_TYPE", f"sObject type is not {of.name}")
            named = {name.lower(): value for name, value in element.items()}
            value = named.get(key.name.lower())
            if value in (None, ""):
                message = f"{key.name} not specified"
                raise refused("MISSING_ARGUMENT", message)
            lower = key.name.lower()
            body = {name: one for name, one in element.items() if name.lower() != lower}
            reply = self.resources.upsert(call, of, key, value, body)
            if reply.status == 300:
                message = f"duplicate external id value: {value}"
                raise refused("DUPLICATE_EXTERNAL_ID", message, key.name)
            return dict(reply.body)

        return self._each(call, work)

    def _delete(self, call: Call) -> Reply:
        texts = [one for one in call.query.get("ids", "").split(",") if one]
        whole_or_none = call.query.get("allOrNone", "").lower() == "true"

        def work(element: dict[str, Any]) -> dict[str, Any]:
            table = self.org.store.holding(element["id"])
            if table is None:
                raise refused("MALFORMED_ID", f"malformed id {element['id']}")
            id = self._id(element["id"], table.of)
            lives.delete(self.org, table.of, id, call.actor())
            return {"id": id, "success": True, "errors": []}

        return self._work([{"id": one} for one in texts], whole_or_none, work)

    def _retrieve(self, call: Call, of: ObjectType) -> Reply:
        if call.method == "POST":
            body = call.record()
            texts, names = (body.get(key) or [] for key in _ASKED)
            if not isinstance(texts, list) or not isinstance(names, list):
                raise bad_json("ids and fields are required to be lists")
        else:
            texts, names = ([p for p in call.query.get(k, "").split(",") if p] for k in _ASKED)
        if len(texts) > _MOST_RETRIEVED:
            raise whole(400, "EXCEEDED_ID_LIMIT", "too many ids in one retrieve call")
        if not names:
            raise whole(400, "MISSING_ARGUMENT", "fields are not specified")
        fields = self.resources.fields(of, names)
        rows = self.org.store.table(of).rows
        found = []
        for text in texts:
            id = full_id(str(text))
            if id is None or not id.startswith(of.prefix):
                message = f"{of.label} ID: id value of incorrect type: {text}"
                raise whole(400, "MALFORMED_ID", message)
            row = rows.get(id)
            live = row is not None and not row.get("IsDeleted") and id not in self.org.unshared
            found.append(record(of, row, fields, call.version) if row and live else None)
        return Reply(200, found)

    def _each(self, call: Call, work: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
        body = call.record()
        elements = body.get("records")
        if not isinstance(elements, list):
            raise whole(400, "INVALID_INPUT", "records is missing")
        for one in elements:
            if not _typed(one):
                raise whole(400, "INVALID_TYPE", "attributes.type is missing")
        types = [str(one["attributes"]["type"]).lower() for one in elements]
        if sum(1 for _ in groupby(types)) > _MOST_CHUNKS:
            text = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation"
            raise whole(400, "LIMIT_EXCEEDED", text)
        return self._work(elements, bool(body.get("allOrNone")), work)

    def _work(
        self,
        elements: list[dict[str, Any]],
        whole_or_none: bool,
        work: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> Reply:
        """Works through the elements; with all-or-none, one failure takes everything back."""
        if len(elements) > _MOST_RECORDS:
            text = "record limit reached. cannot submit more than 200 records into this call"
            raise whole(400, "EXCEEDED_ID_LIMIT", text)
        results: list[dict[str, Any]] = []
        try:
            with self.org.store.attempt():
                for element in elements:
                    try:
                        with self.org.store.attempt():
                            results.append(work(element))
                    except Refused as error:
                        results.append(error.element())
                if whole_or_none and not all(one["success"] for one in results):
                    raise _TakenBack
        except _TakenBack:
            back = refused("ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK).element()
            results = [back if one["success"] else one for one in results]
        return Reply(200, results)

    def _type(self, element: dict[str, Any]) -> ObjectType:
        name = str(element["attributes"]["type"])
        of = self.org.schema.get(name)
        if of is None:
            raise refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return of

    def _id(self, text: str, of: ObjectType) -> str:
        id = full_id(text)
        if id is None or not id.startswith(of.prefix):
            message = f"{of.label} ID: id value of incorrect type: {text}"
            raise refused("MALFORMED_ID", message, "Id")
        return id

    def _batch(self, call: Call) -> Reply:
        body = call.record()
        requests = _inside(body.get("batchRequests"), "method", "url")
        results: list[dict[str, Any]] = []
        halted = False
        for one in requests:
            if halted:
                text = "Batch processing has been halted"
                problem = whole(412, "BATCH_PROCESSING_HALTED", text)
                results.append({"statusCode": 412, "result": problem.listed()})
                continue
            self._count()
            path = "/services/data/" + one["url"].removeprefix("/services/data/").lstrip("/")
            reply = self._inner(call, one["method"], path, one.get("richInput"), {})
            results.append({"statusCode": reply.status, "result": reply.body})
            halted = bool(body.get("haltOnError")) and reply.status >= 400
        bad = any(one["statusCode"] >= 400 for one in results)
        return Reply(200, {"hasErrors": bad, "results": results})

    def _composite(self, call: Call) -> Reply:
        body = call.record()
        requests = _inside(body.get("compositeRequest"), "method", "url", "referenceId")
        if sum(_LARGE.search(one["url"]) is not None for one in requests) > _MOST_LARGE:
            text = f"Limit of {_MOST_LARGE} query and sobject collection subrequests exceeded"
            raise whole(400, "LIMIT_EXCEEDED", text)
        answers: dict[str, Any] = {}
        results: list[dict[str, Any]] = []
        try:
            with self.org.store.attempt():
                for one in requests:
                    reply = self._referring(call, one, answers)
                    if reply.status < 300:
                        answers[one["referenceId"]] = reply.body
                    results.append(
                        {
                            "body": reply.body,
                            "httpHeaders": {k.title(): v for k, v in reply.headers.items()},
                            "httpStatusCode": reply.status,
                            "referenceId": one["referenceId"],
                        }
                    )
                failed = any(one["httpStatusCode"] >= 300 for one in results)
                if body.get("allOrNone") and failed:
                    raise _TakenBack
        except _TakenBack:
            halted = whole(400, "PROCESSING_HALTED", _HALTED).listed()
            for one in results:
                if one["httpStatusCode"] < 300:
                    one |= {"body": halted, "httpHeaders": {}, "httpStatusCode": 400}
        return Reply(200, {"compositeResponse": results})

    def _referring(self, call: Call, one: dict[str, Any], answers: dict[str, Any]) -> Reply:
        """A call of a composite, with what it takes from the answers of earlier ones."""
        missing: list[str] = []

        def fill(match: re.Match[str]) -> str:
            found = answers.get(match[1])
            for word in re.findall(r"\w+", match[2]):
                if isinstance(found, list):
                    found = found[int(word)] if word.isdigit() and int(word) < len(found) else None
                else:
                    found = (found or {}).get(word)
            if found is None:
                missing.append(f"{match[1]}.{match[2]}")
            return str(found)

        url = _REFERENCE.sub(fill, one["url"])
        text = _REFERENCE.sub(fill, json.dumps(one.get("body")))
        if missing:
            name = missing[0].partition(".")[0]
            message = f"Invalid reference specified. No value for {missing[0]} found in {name}"
            return Reply(400, whole(400, "PROCESSING_HALTED", message).listed())
        headers = {key.lower(): value for key, value in (one.get("httpHeaders") or {}).items()}
        return self._inner(call, one["method"], url, json.loads(text), headers)

    def _inner(
        self, call: Call, method: str, url: str, body: Any, headers: dict[str, str]
    ) -> Reply:
        """The reply to a call inside this one, which an error is as well."""
        parts = urlsplit(url)
        match = re.fullmatch(r"/services/data/v(\d+\.0)/(.+)", parts.path)
        path = words(match[2]) if match else None
        try:
            if match is None or path is None:
                raise not_found()
            inner = replace(
                call,
                method=method.upper(),
                path=path,
                query=pairs(parts.query),
                headers={**call.headers, **headers},
                body=b"" if body is None else json.dumps(body).encode(),
                version=match[1],
            )
            with self.org.store.attempt():
                return self._one(inner)
        except Refused as error:
            return Reply(error.status, error.listed())


def _inside(requests: Any, *needed: str) -> list[dict[str, Any]]:
    """The calls inside a call, each with the keys it needs. Raises `Refused`."""
    if not isinstance(requests, list) or not all(isinstance(one, dict) for one in requests):
        raise bad_json("a list of subrequests is required")
    if len(requests) > _MOST_CALLS:
        text = f"Limit of {_MOST_CALLS} subrequests exceeded"
        raise whole(400, "LIMIT_EXCEEDED", text)
    for one in requests:
        if missing := [key for key in needed if not isinstance(one.get(key), str)]:
            raise whole(400, "MISSING_ARGUMENT", f"{missing[0]} is required in a subrequest")
    return requests


def _typed(element: Any) -> bool:
    """Whether a record says of which object it is."""
    named = element.get("attributes") if isinstance(element, dict) else None
    return isinstance(named, dict) and bool(named.get("type"))


_ASKED = ("ids", "fields")
