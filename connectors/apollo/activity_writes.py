"""Writing what people did to Apollo: tasks and calls; nothing makes or changes the others.

Knows what a task takes while it waits and after it is done, and which of its values a change would
reset. Takes one write at a time, since no bulk request takes a title. What is read back is told in
`outcomes.py`; which batch a write is in, in `pack.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..base.contract import Batch, Outcome, Write
from ..base.understood import outcomes_of
from ..base.wire import NoReply
from ..base.world import moment
from .describe import Catalog, canonical
from .feeds import plural_of
from .fields import Row
from .outcomes import done, refused
from .refusals import CANNOT_CLEAR, NOT_DELETABLE, NOT_WRITABLE, TASK_CLOSED, complaint
from .session import Reply, Session

CLOSED = ("completed", "skipped")
_ENDS = {"completed": "complete", "skipped": "skip"}
_WRITTEN = ("task", "call")
_TAKEN_CLOSED = ("note", "contact")
_REPLY = {"task": "task", "call": "phone_call"}


class ActivityWrites:
    """The writing half of a connector, for what people did."""

    def __init__(self, session: Session, catalog: Catalog) -> None:
        self._session = session
        self._catalog = catalog

    def send(self, batch: Batch) -> list[Outcome]:
        """See `Connector.send`. A change of a task is a look at it and one request or two: what a
        request leaves out may be reset, and only an endpoint of its own completes a task."""
        return [self._sent(one) for one in batch.writes]

    def _sent(self, write: Write) -> Outcome:
        if write.action == "delete":
            text = "Apollo has no way to delete a record through its API"
            return _refusal(write, NOT_DELETABLE, text)
        if write.object not in _WRITTEN:
            text = f"Apollo's API only shows {write.object}s: it makes and changes none"
            return _refusal(write, NOT_WRITABLE, text)
        wrong = self._unwritable(write)
        if wrong is not None:
            return wrong
        try:
            if write.object == "task" and write.action == "update":
                return outcomes_of([write], lambda: [self._task(write)])[0]
            path = plural_of(write.object)
            if write.action == "update":
                method = "PUT"
                path = f"{path}/{write.id}"
            else:
                method = "POST"
            reply = self._session.write(method, path, self._spelled(write))
            return outcomes_of([write], lambda: [self._outcome(write, reply)])[0]
        except NoReply as error:
            return Outcome(write.ref, "unknown", write.id, message=str(error))

    def _unwritable(self, write: Write) -> Outcome | None:
        """The refusal of a field that this write can't have, or can't be without."""
        forms = self._catalog.forms(write.object)
        for name, value in write.fields.items():
            form = forms.get(name)
            right = form.field if form is not None and form.key else None
            creates = write.action == "create"
            if right is None or not (right.creatable if creates else right.updatable):
                return _refusal(write, NOT_WRITABLE, f"Apollo does not take {name}", name)
            needed = right.required or name in ("user", "due_at")
            if value is None and needed and not creates:
                text = f"Apollo can't be without a {name} of a {write.object}"
                return _refusal(write, CANNOT_CLEAR, text, name)
        return None

    def _spelled(self, write: Write, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The body of a request with all fields of a write, or with these; blank is an empty
        text."""
        forms = self._catalog.forms(write.object)
        sent: dict[str, Any] = {}
        for name in write.fields if names is None else names:
            value = write.fields[name]
            if value is None and write.action == "create":
                continue
            sent[forms[name].key] = "" if value is None else value
        if write.object == "task" and write.action == "create":
            # Apollo knows no task without a date; what has none elsewhere is due when it comes.
            sent.setdefault("due_at", moment(self._session.world.clock.now()))
            # Nor one of nobody: it is given to whom the key acts as, as other records are.
            if "user_id" not in sent:
                sent["user_id"] = self._session.user()
        if write.object == "call":
            if "user_id" in sent:
                sent["user_id"] = [sent["user_id"]]
            if "status" in sent:
                sent["status"] = str(sent["status"]).replace("-", "_")
            if write.action == "create":
                # Without it, no record of its own is made for the call.
                sent.setdefault("logged", True)
        return sent

    def _task(self, write: Write) -> Outcome:
        """A change of a task, from how it stands now."""
        held = self._session.look(f"tasks/{write.id}")
        if not held.good:
            return refused(write, complaint(held.response))
        row: Row | None = held.data.get("task") if isinstance(held.data, dict) else None
        if row is None:
            return Outcome(write.ref, "busy", write.id, message="Apollo does not show the task")
        if row.get("status") in CLOSED:
            return self._closed(write, row)
        wanted = str(write.fields.get("status") or "")
        rest = [name for name in write.fields if name != "status" or wanted not in CLOSED]
        ending = {}
        if wanted in CLOSED and rest == ["note"] and write.fields["note"]:
            ending, rest = self._spelled(write, rest), []
        if rest:
            kept = {"priority": row.get("priority"), "creator_id": row.get("creator_id")}
            body = {**kept, **self._spelled(write, rest)}
            reply = self._session.write("PATCH", f"tasks/{write.id}", body)
            if not reply.good or wanted not in CLOSED:
                return self._outcome(write, reply)
        try:
            ended = self._ended(write, _ENDS[wanted], ending)
        except NoReply as error:
            ended = Outcome(write.ref, "unknown", write.id, message=str(error))
        return ended if ended.kind == "done" else replace(ended, arrived=tuple(rest))

    def _ended(self, write: Write, verb: str, body: Mapping[str, Any]) -> Outcome:
        """A task that is completed or skipped."""
        reply = self._session.write("POST", f"tasks/{write.id}/{verb}", body)
        if reply.good or complaint(reply.response).code != TASK_CLOSED:
            return self._outcome(write, reply)
        # Somebody was quicker.
        return self._closed(write, self._session.get(f"tasks/{write.id}", "task")["task"])

    def _closed(self, write: Write, row: Row) -> Outcome:
        """A change of a task that is done: of what differs it still takes some, and keeps the
        rest."""
        forms = self._catalog.forms("task")
        held = canonical(row, forms, write.fields)
        differing = [name for name, one in write.fields.items() if held.get(name) != one]
        barred = tuple(name for name in differing if name not in _TAKEN_CLOSED)
        taken = [name for name in differing if name in _TAKEN_CLOSED]
        made = done(self._catalog, write, row)
        if taken:
            body = self._spelled(write, taken)
            made = self._outcome(write, self._session.write("PATCH", f"tasks/{write.id}", body))
        if not barred or made.kind != "done":
            return made
        text = f"the task is {row['status']} in Apollo and keeps its {', '.join(barred)}"
        refusal = Outcome(write.ref, "refused", write.id, None, TASK_CLOSED, text, barred)
        return replace(refusal, arrived=tuple(one for one in write.fields if one not in barred))

    def _outcome(self, write: Write, reply: Reply) -> Outcome:
        if not reply.good:
            return refused(write, complaint(reply.response))
        row: Mapping[str, Any] | None = reply.data.get(_REPLY[write.object])
        if row is None:
            return Outcome(write.ref, "unknown", write.id, message="an odd reply")
        if row.get("deleted") is True:
            return Outcome(write.ref, "gone", write.id)
        return done(self._catalog, write, row)


def _refusal(write: Write, code: str, text: str, field: str = "") -> Outcome:
    fields = (field,) if field else ()
    return Outcome(write.ref, "refused", write.id, None, code, text, fields)
