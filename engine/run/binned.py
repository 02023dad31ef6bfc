"""Linked records that are gone while something of the two stands in the error log: which they are,
and whether they may come back.

While they may, nothing is decided of the two, and what was told of them stands: out of the bin they
are as they were. When it is over is known to `outlived.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...connectors.base.contract import KeepsDeleted
from ...dsl.rules import SIDES
from ..plan.model import Flow
from ..store import troubles
from ..store.database import Database
from .around import Pair
from .session import Session


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that is not there any more, and how that came."""

    system: str
    object: str
    id: str
    life: str

    @property
    def text(self) -> str:
        """What is said of it."""
        return f"the {self.object} {self.id} was {self.life} in {self.system}"


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a field of a linked pair: the number of the open error and its cause, whom
    it is entered for, and those of the two that are gone."""

    number: int
    cause: str
    flow: str
    record: str
    gone: tuple[Gone, ...]


def gone_of(flow: Flow, pair: Pair) -> tuple[Gone, ...]:
    """Those of a linked pair that are gone; what is out of sight is not."""
    if pair.link is None:
        return ()
    ends = zip(SIDES, (pair.left, pair.right), strict=True)
    return tuple(
        Gone(flow.end(side).system, flow.end(side).object, one.id, one.life)
        for side, one in ends
        if one is not None and one.life in troubles.GONE
    )


def told(db: Database, org: str, flows: Mapping[str, Flow]) -> list[Told]:
    """What stands in the error log of pairs of which one is gone."""
    rows = [row for row in db.rows(troubles.of_pairs, org=org) if row[2] in flows]
    ids: dict[tuple[str, str], set[str]] = {}
    for _, _, flow, _, _, _, *pair in rows:
        for side, id in zip(SIDES, pair, strict=True):
            end = flows[flow].end(side)
            ids.setdefault((end.system, end.object), set()).add(id)
    lives = {
        (system, object, id): Gone(system, object, id, life)
        for (system, object), some in ids.items()
        for id, life in db.rows(
            troubles.gone, org=org, system=system, object=object, ids=sorted(some)
        )
    }
    found = []
    for number, cause, flow, record, file, line, *pair in rows:
        ends = [flows[flow].end(side) for side in SIDES]
        keys = [(end.system, end.object, id) for end, id in zip(ends, pair, strict=True)]
        gone = tuple(lives[key] for key in keys if key in lives)
        if gone and (file, line) not in of_ends(flows[flow]):
            found.append(Told(number, cause, flow, record, gone))
    return found


def of_ends(flow: Flow) -> set[tuple[str, int]]:
    """Where a flow says what follows an end: what was told of that is no pair's, and waits on no
    bin."""
    events = (one for move in flow.moves for one in move.events)
    return {(one.place.file, one.place.line) for one in events}


def binned_text(one: Told) -> str:
    """Why an entry waits, and for what."""
    gone = " and ".join(each.text for each in one.gone)
    return (
        f"{gone}, so that nothing is decided of the two: out of the bin they are as before, and "
        "once that can't be any more the entry is over"
    )


def keeps(session: Session, one: Gone) -> bool:
    """Whether a record may be in a bin: whoever was converted is in none."""
    connector = session.connectors.get(one.system)
    return one.life != "converted" and isinstance(connector, KeepsDeleted)


def for_good(session: Session, some: Iterable[Gone]) -> set[Gone]:
    """Those that can't come back. Asks the systems that have a bin."""
    found = set(some)
    asked: dict[tuple[str, str], set[str]] = {}
    for one in found:
        if keeps(session, one):
            asked.setdefault((one.system, one.object), set()).add(one.id)
    back: set[tuple[str, str, str]] = set()
    for (system, object), ids in sorted(asked.items()):
        connector = session.connectors[system]
        if isinstance(connector, KeepsDeleted):
            back |= {(system, object, id) for id in connector.may_return(object, sorted(ids))}
    return {one for one in found if (one.system, one.object, one.id) not in back}
