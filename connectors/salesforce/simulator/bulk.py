"""Bulk API 2.0: jobs that take a sheet of rows and save them, or answer a query with a sheet.

Knows the states of a job, which call each allows, and the limits of a day. What is done with a row
is told in `ingest.py`, how sheets are spelled in `sheets.py`, what a query finds in `query.py`.
"""

from __future__ import annotations

import base64
import binascii
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import query, soql
from .calls import CSV, Call, Reply
from .errors import Refused, not_found, whole
from .ingest import CHUNK, OPERATIONS, Column, Result, Task
from .org import Org
from .query import Found
from .resources import only
from .saves import Actor
from .schema import ObjectType
from .sheets import DELIMITERS, ENDINGS, BadSheet, Form, cell
from .values import full_id, make_id, stamp

_DAY = 24 * 3600.0
_KEPT = 7 * _DAY
"""Seconds after which a job and its results are gone."""

_BATCH = 10_000
"""Rows that count as one batch of the day's allowance."""

_LISTED = 1000
_LARGEST = 150_000_000
"""Bytes of an upload, after the growth that base64 would bring."""

_MISSING = ("ContentNote", "TaskPriority", "TaskStatus")
"""Objects that Bulk API doesn't serve."""

_WORKING = ("UploadComplete", "InProgress")
_ENDED = ("JobComplete", "Failed", "Aborted")


@dataclass
class Job:
    """A job of either kind; `took` is how many seconds it takes once its data are there."""

    id: str
    kind: str
    operation: str
    object: str
    user: str
    version: str
    form: Form
    created: float
    took: float
    state: str = "Open"
    started: float = 0.0
    changed: float = 0.0
    problem: str = ""
    processed: int = 0
    failed: int = 0

    def due(self, now: float) -> float:
        """The share of its work that is to be done by now, 0 to 1."""
        return 1.0 if not self.took else min(max(now - self.started, 0.0) / self.took, 1.0)

    def brief(self) -> dict[str, Any]:
        """What every reply about it tells."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(self.changed),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.form.ending,
            "columnDelimiter": self.form.delimiter,
        }

    def info(self) -> dict[str, Any]:
        """What asking for it tells beside."""
        spent = int((self.changed - self.started) * 1000) if self.state in _ENDED else 0
        told = {"jobType": f"V2{self.kind.title()}", "retries": 0, "totalProcessingTime": spent}
        return {**self.brief(), **told, "numberRecordsProcessed": self.processed}


@dataclass(kw_only=True)
class Ingest(Job):
    """A job that saves rows, `CHUNK` at a time. `rows` are those that wait for it."""

    task: Task
    key: str = ""
    data: bytes | None = None
    header: Sequence[str] = ()
    columns: Sequence[Column | None] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    total: int = 0
    results: list[Result] = field(default_factory=list)

    def brief(self) -> dict[str, Any]:
        found = super().brief()
        if self.key:
            found["externalIdFieldName"] = self.key
        if self.state == "Open":
            path = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
            found["contentUrl"] = path
        return found

    def info(self) -> dict[str, Any]:
        found = super().info() | {"numberRecordsFailed": self.failed, "apexProcessingTime": 0}
        found["apiActiveProcessingTime"] = found["totalProcessingTime"]
        return found | ({"errorMessage": self.problem} if self.problem else {})

    def sheet(self, word: str) -> list[Sequence[str]]:
        """The rows of one kind of results, under their header."""
        if word == "unprocessedrecords":
            return [self.header, *self.rows]
        if word == "failedresults":
            failed = [[one.id, one.error, *one.row] for one in self.results if one.error]
            return [["sf__Id", "sf__Error", *self.header], *failed]
        saved = [
            [one.id, str(one.created).lower(), *one.row] for one in self.results if not one.error
        ]
        return [["sf__Id", "sf__Created", *self.header], *saved]


@dataclass(kw_only=True)
class Asked(Job):
    """A job that answers a query; `rows` are the answer as of when it was found."""

    parsed: soql.Query
    header: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        return super().info() | {"isPkChunkingSupported": True}


class Bulk:
    """The jobs of one org.

    Knobs: `seconds` is how long a job takes, 0 for at once; `hard_delete` whether the user may
    delete past the bin; `batches` and `queries` are the allowances of a day.
    """

    def __init__(self, org: Org, chance: random.Random) -> None:
        self.org = org
        self.seconds = 0.0
        self.hard_delete = False
        self.batches = 15_000
        self.queries = 10_000
        self._chance = chance
        self._jobs: dict[str, Job] = {}
        self._made = 0
        self._spent: list[tuple[float, str]] = []

    def answer(self, call: Call) -> Reply:
        """The reply to a call of `jobs`."""
        kind, *rest = [one.lower() for one in call.path[1:2]] + list(call.path[2:])
        if kind not in ("ingest", "query") or len(rest) > 2:
            raise not_found()
        if not rest:
            only(call, "GET", "POST")
            return self._list(call, kind) if call.method == "GET" else self._create(call, kind)
        job = self._job(kind, rest[0])
        word = rest[1].lower() if len(rest) == 2 else ""
        if word == "batches" and isinstance(job, Ingest):
            only(call, "PUT")
            return self._upload(call, job)
        if word in _RESULTS and isinstance(job, Ingest):
            only(call, "GET")
            _needs(job, *_ENDED)
            return Reply(200, job.form.write(job.sheet(word)), type=CSV)
        if word == "results" and isinstance(job, Asked):
            only(call, "GET")
            return _page(call, job)
        if word:
            raise not_found()
        only(call, "GET", "PATCH", "DELETE")
        if call.method == "GET":
            return Reply(200, job.info())
        return self._move(call, job) if call.method == "PATCH" else self._delete(job)

    def settle(self) -> None:
        """Does the work that is due by now, and forgets jobs that are a week old."""
        now = self.org.clock.now()
        for job in [*self._jobs.values()]:
            if now - job.created > _KEPT:
                del self._jobs[job.id]
            if job.state not in _WORKING or (job.took and now <= job.started):
                continue
            job.state, job.changed = "InProgress", now
            rights = self.org.schema.rights
            caller, rights.running = rights.running, job.user
            if isinstance(job, Ingest):
                self._save(job, now)
            elif isinstance(job, Asked) and job.due(now) >= 1:
                self._find(job)
            rights.running = caller

    def limits(self) -> dict[str, tuple[int, int]]:
        """What `/limits` tells, as (used, allowed)."""
        self._forget()
        return {
            "DailyBulkApiBatches": (self._used("batch"), self.batches),
            "DailyBulkV2QueryJobs": (self._used("query"), self.queries),
            "DailyBulkV2QueryFileStorageMB": (0, 976_562),
        }

    def _job(self, kind: str, text: str) -> Job:
        job = self._jobs.get(full_id(text) or "")
        if job is None or job.kind != kind:
            raise not_found()
        return job

    def _create(self, call: Call, kind: str) -> Reply:
        body = call.record()
        form = Form(
            _one_of(body, "columnDelimiter", DELIMITERS), _one_of(body, "lineEnding", ENDINGS)
        )
        if body.get("contentType", "CSV") != "CSV":
            raise whole(400, "INVALIDJOB", "contentType must be CSV")
        made = self._ingest if kind == "ingest" else self._asked
        job = made(call, body, form)
        self._made += 1
        job.id = make_id("750", self._made)
        self._jobs[job.id] = job
        reply = Reply(200, job.brief())
        self.settle()
        return reply

    def _ingest(self, call: Call, body: dict[str, Any], form: Form) -> Job:
        operation = body.get("operation")
        if operation not in OPERATIONS:
            raise whole(400, "INVALIDOPERATION", f"operation is none of {', '.join(OPERATIONS)}")
        if operation == "hardDelete" and not self.hard_delete:
            text = "hardDelete operation requires special user profile permission, please contact"
            raise whole(400, "FEATURENOTENABLED", f"{text} your system administrator")
        of = self.org.schema.get(str(body.get("object", "")))
        if of is None:
            raise whole(400, "INVALIDENTITY", f"Entity '{body.get('object')}' does not exist")
        _served(of)
        name = "Id"
        if operation == "upsert":
            name = str(body.get("externalIdFieldName") or "")
            if not name:
                raise whole(400, "INVALIDJOB", "externalIdFieldName is required for an upsert")
        key = self.org.schema.field(of, name)
        if key is None or not (key.key or key.name == "Id"):
            text = f"Field name provided, {name} does not match an External ID for {of.name}"
            raise whole(400, "INVALIDJOB", text)
        # Unlike REST, a bulk job runs assignment rules only where it names one.
        actor = Actor(call.user, assign=bool(body.get("assignmentRuleId")))
        now = self.org.clock.now()
        task = Task(self.org, of, operation, key, actor)
        shown = key.name if operation == "upsert" else ""
        made = (operation, of.name, call.user, call.version, form, now, self.seconds)
        return Ingest("", "ingest", *made, changed=now, task=task, key=shown)

    def _asked(self, call: Call, body: dict[str, Any], form: Form) -> Job:
        operation = body.get("operation")
        if operation not in ("query", "queryAll"):
            raise whole(400, "INVALIDOPERATION", "operation is none of query, queryAll")
        parsed = soql.parse(str(body.get("query", "")).strip())
        found = query.run(self.org, parsed, deleted_too=operation == "queryAll")
        _served(found.of)
        _askable(parsed, found)
        self._spend("query", self.queries)
        now = self.org.clock.now()
        made = (operation, found.of.name, call.user, call.version, form, now, self.seconds)
        return Asked(
            "", "query", *made, state="UploadComplete", started=now, changed=now, parsed=parsed
        )

    def _upload(self, call: Call, job: Ingest) -> Reply:
        _needs(job, "Open")
        if job.data is not None:
            raise whole(400, "INVALIDJOBSTATE", "The data of this job were uploaded before")
        if len(call.body) * 4 // 3 > _LARGEST:
            raise whole(413, "EXCEEDED_MAX_SIZE_REQUEST", "The data of a job may have 150 MB")
        job.data, job.changed = call.body, self.org.clock.now()
        return Reply(201)

    def _move(self, call: Call, job: Job) -> Reply:
        """Closes or aborts a job."""
        wanted = call.record().get("state")
        if wanted == "Aborted":
            _needs(job, "Open", *_WORKING)
        elif wanted == "UploadComplete" and isinstance(job, Ingest):
            _needs(job, "Open")
            self._open(job)
        else:
            raise whole(400, "INVALIDJOBSTATE", f"A {job.kind} job can't be put in state {wanted}")
        now = self.org.clock.now()
        job.state, job.changed = str(wanted), now
        if wanted == "UploadComplete":
            job.started = now
        reply = Reply(200, job.brief())
        self.settle()
        return reply

    def _open(self, job: Ingest) -> None:
        """Takes the sheet of a closed job apart; one that is bad is told when the job runs."""
        if job.data is None:
            return
        try:
            job.header, rows = job.form.read(job.data)
            job.rows, job.total = list(rows), len(rows)
            job.columns = job.task.columns(job.header, rows)
            for _ in range(0, job.total, _BATCH):
                self._spend("batch", self.batches)
        except BadSheet as error:
            job.problem = str(error)
        except Refused as error:
            job.problem = f"ExceededQuota : {error}"
        job.data = b""

    def _delete(self, job: Job) -> Reply:
        _needs(job, "UploadComplete", *_ENDED)
        del self._jobs[job.id]
        return Reply(204)

    def _list(self, call: Call, kind: str) -> Reply:
        found = [
            job.brief() | {"jobType": f"V2{kind.title()}"}
            for job in self._jobs.values()
            if job.kind == kind
        ]
        start = call.query.get("queryLocator", "0")
        if not start.isdigit():
            raise whole(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        end = int(start) + _LISTED
        done = end >= len(found)
        path = f"/services/data/v{call.version}/jobs/{kind}?queryLocator={end}"
        body = {"done": done, "nextRecordsUrl": None if done else path}
        return Reply(200, body | {"records": found[int(start) : end]})

    def _save(self, job: Ingest, now: float) -> None:
        """Saves the chunks that are due. Their results don't come in the order of the rows."""
        if job.problem:
            job.state = "Failed"
            return
        due = job.due(now)
        while job.rows and (job.total - len(job.rows) + CHUNK <= due * job.total or due >= 1):
            some, job.rows = job.rows[:CHUNK], job.rows[CHUNK:]
            found = list(job.task.chunk(job.columns, some))
            self._chance.shuffle(found)
            job.results += found
            job.processed += len(found)
            job.failed += sum(bool(one.error) for one in found)
        if due >= 1:
            job.state = "JobComplete"

    def _find(self, job: Asked) -> None:
        try:
            found = query.run(self.org, job.parsed, deleted_too=job.operation == "queryAll")
        except Refused:  # a field was hidden meanwhile
            job.state = "Failed"
            return
        job.header = [one.name for one in found.columns()]
        job.rows = list(_cells(found, self.org))
        job.processed = len(job.rows)
        job.state = "JobComplete"

    def _forget(self) -> None:
        oldest = self.org.clock.now() - _DAY
        self._spent = [one for one in self._spent if one[0] > oldest]

    def _used(self, what: str) -> int:
        return sum(one == what for _, one in self._spent)

    def _spend(self, what: str, allowed: int) -> None:
        self._forget()
        if self._used(what) >= allowed:
            name = "ApiBatchItems" if what == "batch" else "ApiBatchQueries"
            raise whole(400, "EXCEEDEDQUOTA", f"{name} Limit exceeded.")
        self._spent.append((self.org.clock.now(), what))


_RESULTS = ("successfulresults", "failedresults", "unprocessedrecords")


def _served(of: ObjectType) -> None:
    if of.name in _MISSING:
        text = f"Entity '{of.name}' is not supported by the Bulk API."
        raise whole(400, "INVALIDENTITY", text)


def _askable(parsed: soql.Query, found: Found) -> None:
    """Refuses what a query over REST may ask and one in bulk may not."""
    what = ""
    if parsed.counts:
        what = "Aggregate Relationships"
    elif parsed.offset:
        what = "OFFSET clause"
    elif any(one.field.type in ("address", "location") for one in found.columns()):
        what = "Selecting compound data"
    if what:
        raise whole(400, "FUNCTIONALITY_NOT_ENABLED", f"{what} not supported in Bulk Query")


def _cells(found: Found, org: Org) -> Iterator[Sequence[str]]:
    rows, columns = org.store.table(found.of).rows, found.columns()
    for id in found.ids:
        yield [cell(one.field, one.get(rows[id])) for one in columns]


def _page(call: Call, job: Asked) -> Reply:
    """Some rows of an answer, under the header that each page repeats."""
    _needs(job, "JobComplete")
    start = 0
    if locator := call.query.get("locator"):
        try:
            start = int(base64.b64decode(locator + "==", validate=False))
        except (binascii.Error, ValueError):
            raise whole(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None
    size = call.query.get("maxRecords") or str(max(len(job.rows), 1))
    if not size.isdigit() or not int(size):
        raise whole(400, "INVALID_ARGUMENT", "maxRecords must be a positive number")
    end = start + int(size)
    some = job.rows[start:end]
    following = base64.b64encode(str(end).encode()).decode().rstrip("=")
    headers = {
        "sforce-locator": following if end < len(job.rows) else "null",
        "sforce-numberofrecords": str(len(some)),
    }
    return Reply(200, job.form.write([job.header, *some]), headers, CSV)


def _needs(job: Job, *states: str) -> None:
    if job.state not in states:
        text = f"Job {job.id} is in state {job.state}; this needs {' or '.join(states)}"
        raise whole(400, "INVALIDJOBSTATE", text)


def _one_of(body: dict[str, Any], name: str, known: dict[str, str]) -> str:
    """A word of the body, the first of `known` for none."""
    found = body.get(name) or ("COMMA" if name == "columnDelimiter" else "LF")
    if found not in known:
        raise whole(400, "INVALIDJOB", f"{name} is none of {', '.join(known)}")
    return str(found)
