"""What makes two problems one cause: the same thing refused for the same reason, on any record.

Pure. The error log (`problems.py`) has one entry for each cause, which lists the records that met
it. Records that share a key, or want the same partner, are one cause together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from ...connectors.base.contract import Outcome
from ..plan.model import Flow
from .decision import Coming, Problem
from .journal import Entry

_MATCH = "match"
_ADDRESS = re.compile(r"[^\s@:;,<>()]+@[^\s@:;,<>()]+\.\w+")
_ID = re.compile(r"\b(?=[A-Za-z]*\d)[A-Za-z0-9]{15,}\b|\b\d+-\d+\b(?: \(-?\d+\))?|\[line[^\]]*\]")
"""Ids of records, the numbers under which a system's support finds an internal error, and places in
what was sent."""
_QUOTED = re.compile(r'"([^"]*)"|`([^`]*)`|(?<!\w)\'([^\']*)\'(?!\w)')
_LONG = 4
"""Characters from which on a value is taken out of a text wherever it stands: shorter ones are
words of the text by chance."""


def of_problem(flow: Flow, problem: Problem) -> str:
    """The cause of what a decision could not do."""
    if _MATCH in problem.code:
        kin = " ".join(sorted(flow.siblings or (flow.name,)))
        return one_of(kin, problem.code, problem.shared)
    return one_of(flow.name, problem.rule, problem.code, problem.shared, problem.field)


def of_write(change: Entry, outcome: Outcome, said: str) -> str:
    """The cause of a write that wasn't carried out; `said` is what a person is told."""
    fields = ",".join(outcome.fields)
    told = of_all(said, own_of(change), {*change.after})
    return one_of(change.system, change.object, outcome.code or outcome.kind, fields, told)


def one_of(*parts: str) -> str:
    """What tells a cause from all others."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def own_of(change: Entry) -> set[str]:
    """What a text may say of the record of a change that it would say of no other."""
    return {change.record, change.left, change.right, *_texts(change)} - {""}


def _texts(change: Entry) -> Iterator[str]:
    for one in change.after.values():
        if isinstance(one, tuple):
            yield from one
        elif one is not None and not isinstance(one, Coming | bool):
            yield str(one)


def of_all(text: str, own: Iterable[str] = (), names: Iterable[str] = ()) -> str:
    """A text without what is said of one record alone: values of its `own`, whatever is quoted and
    isn't one of the `names` of fields, addresses, ids."""
    for one in sorted(own, key=len, reverse=True):
        end = r"(?!\w)" if one[-1:].isalnum() else ""
        begin = r"(?<!\w)" if len(one) >= _LONG else r"(?<=: )"
        text = re.sub(begin + re.escape(one) + end, "…", text)
    kept = {*names}

    def less(found: re.Match[str]) -> str:
        inner = next((one for one in found.groups() if one is not None), "")
        return found[0] if inner in kept else f"{found[0][0]}…{found[0][-1]}"

    return _ID.sub("…", _ADDRESS.sub("…", _QUOTED.sub(less, text)))
