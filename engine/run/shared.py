"""A record that has partners in several objects: what one of its flows writes to it is news to the
others.

An account may be linked with an Account and with a record of a custom object. No look finds our own
write, since what was written is known by then, so the other flows are told here. Flows that are one
thing share no record: it has its link in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..plan.model import Flow
from .journal import Entry
from .session import Session
from .state import Stored


def others(session: Session, entry: Entry) -> list[tuple[Flow, Side]]:
    """The flows beside an entry's own that are about the record it writes to."""
    own = session.flows[entry.flow].flow
    kin = {own.name, *own.siblings}
    ends = session.ends(entry.system, entry.object)
    return [(flow, side) for flow, side in ends if flow.name not in kin]


def is_news(before: Stored | None, written: Mapping[str, Value]) -> bool:
    """Whether a record holds something else by now than it did before a write."""
    known = before.values if before else {}
    return before is None or any(known.get(name) != one for name, one in written.items())


def tell_others(session: Session, news: Sequence[tuple[Entry, str]]) -> None:
    """What one flow has changed, by entry and id, is decided in the others, in this run."""
    marks = [
        (flow.name, side, id)
        for entry, id in news
        for flow, side in others(session, entry)
        if not flow.users
    ]
    session.mark(marks, "changed")
    session.again = session.again or bool(marks)
