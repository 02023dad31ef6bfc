"""Which of Apollo's requests carries which writes: the fewest, within what each of them can take.

Knows the limits of bulk requests and which field only one of them takes. Pure: it asks nothing and
sends nothing. How a request is spelled and its reply read is in `writes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..base.contract import Batch, Write
from ..base.values import Value, domain, folded
from .activities import FORMS
from .describe import PAGE
from .feeds import plural_of

PATCH_ONLY: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"phone", "mobile_phone", "home_phone", "other_phone"}),
    "account": frozenset({"domain", "phone", "raw_address"}),
}
"""Fields that no bulk update takes."""
_NOT_BY_PATCH: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"owner", "linkedin_url"}),
    "account": frozenset(),
}
"""Fields that PATCH takes no notice of."""


_ALONE = ("/create", "/update", "/complete", "/skip", "/destroy")
"""Requests that carry one write."""
_ENDS = {"completed": "complete", "skipped": "skip"}

_Part = tuple[str, tuple[str, ...], Write]


@dataclass(slots=True)
class _Open:
    """A batch that still takes writes; `marks` is what no second write of it may share."""

    call: str
    writes: list[Write] = field(default_factory=list)
    marks: set[tuple[str, ...]] = field(default_factory=set)


def pack(writes: Sequence[Write]) -> list[Batch]:
    """The requests for `writes`, in their order where it can be kept.

    Creates go in bulk: a hundred, of one owner where they are contacts, and never two that Apollo
    could take for one. Updates go in bulk for the fields that can; stages of contacts by their
    target; a write with a field that only PATCH takes goes by PATCH with all that PATCH takes.
    Tasks and calls go one by one.
    """
    batches: list[_Open] = []
    groups: dict[tuple[str, ...], list[_Open]] = {}
    lone = _lone(writes)
    for write in writes:
        for call, group, part in _parts(write, lone):
            marks = _marks(part) if part.action == "create" else set()
            places = groups.setdefault((call, *group), [])
            fits = (one for one in places if len(one.writes) < PAGE and not marks & one.marks)
            into = next(fits, None) if not call.endswith(_ALONE) else None
            if into is None:
                into = _Open(call)
                places.append(into)
                batches.append(into)
            into.writes.append(part)
            into.marks |= marks
    return [Batch(one.call, tuple(one.writes)) for one in batches]


def parts(write: Write) -> list[Write]:
    """What of a write may arrive without the rest: requests of their own that it may take."""
    names = set(write.fields)
    ends = write.object == "task" and str(write.fields.get("status")) in _ENDS
    if write.action == "update" and ends and len(names) > 1:
        return [_only(write, names - {"status"}), _only(write, {"status"})]
    return [part for _, _, part in _parts(write, lone=False)]


def _lone(writes: Sequence[Write]) -> bool:
    """Whether there is only one update of contacts: then one PATCH saves a request."""
    return sum(1 for one in writes if one.object == "contact" and one.action == "update") == 1


def _parts(write: Write, lone: bool) -> list[_Part]:
    """The requests a write takes part in: the call, what else its batch has in common, its part."""
    plural, names = plural_of(write.object), set(write.fields)
    if write.action == "delete":
        return [(f"{plural}/destroy", (), write)]
    if write.object in FORMS:
        ending = _ENDS.get(str(write.fields.get("status"))) if write.object == "task" else None
        verb = write.action if write.action == "create" else ending or write.action
        return [(f"{plural}/{verb}", (), write)]
    if write.action == "create":
        owner = str(write.fields.get("owner") or "") if write.object == "contact" else ""
        return [(f"{plural}/bulk_create", (owner,), write)]
    by_patch_only = PATCH_ONLY.get(write.object, frozenset())
    not_by_patch = _NOT_BY_PATCH.get(write.object, frozenset())
    if write.object == "contact":
        both = "stage" in names and len(names) > 1 and not names & not_by_patch
        if lone and both:
            return [(f"{plural}/update", (), write)]
    if names & by_patch_only:
        parts: list[_Part] = [(f"{plural}/update", (), _only(write, names - not_by_patch))]
        if names & not_by_patch:
            rest = _only(write, names & not_by_patch)
            parts.append((f"{plural}/bulk_update", (), rest))
        return parts
    if write.object == "contact" and "stage" in names:
        staged = _only(write, {"stage"})
        parts = [(f"{plural}/update_stages", (str(write.fields["stage"]),), staged)]
        if len(names) > 1:
            parts.insert(0, (f"{plural}/bulk_update", (), _only(write, names - {"stage"})))
        return parts
    return [(f"{plural}/bulk_update", (), write)]


def _only(write: Write, names: set[str] | frozenset[str]) -> Write:
    fields: dict[str, Value] = {name: one for name, one in write.fields.items() if name in names}
    return replace(write, fields=fields)


def _marks(write: Write) -> set[tuple[str, ...]]:
    """What Apollo's own search for twins goes by."""
    value = {name: folded(one) for name, one in write.fields.items()}
    marks: set[tuple[str, ...]] = set()
    if write.object == "account":
        marks.add(("domain", folded(write.fields.get("domain"), "domain")))
        marks.add(("name", value.get("name", "")))
        return {one for one in marks if one[1]}
    email = value.get("email", "")
    person = (value.get("first_name", ""), value.get("last_name", ""))
    if email:
        marks.add(("email", email))
    if any(person):
        company = value.get("organization_name", "")
        marks.add(("company", *person, company))
        marks.add(("host", *person, domain(email) or ""))
    return marks
