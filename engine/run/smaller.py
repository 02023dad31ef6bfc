"""Writes that got no reply go out in smaller requests: one record that its system can't bear, and
answers with a fault of its own for all of a request, holds up no other one for good.

A request that is refused tells that it was looked at, and is split at once (see the connectors).
One without a reply may have been carried out: it is looked for by the next run, and only then sent
again. So it is parted from run to run, until each record goes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt

from ...connectors.base.contract import Write
from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import troubles
from .codes import NO_REPLY
from .journal import Entry
from .problems import known_by
from .session import Session

REQUESTS = 50
"""As many go out of those that are parted at once: where thousands got no reply, the calls of a day
last."""


def smaller(
    session: Session,
    flow: Flow,
    side: Side,
    action: str,
    entries: Sequence[Entry],
    writes: Sequence[Write],
) -> Iterator[list[Write]]:
    """Writes by how many of them may go in one request: all of those that have never gone without a
    reply, few of those that have once, and one of each other."""
    where = {"org": session.org, "flow": flow.name, "code": NO_REPLY, "operation": action}
    often: dict[str, int] = (
        dict(session.db.rows(troubles.how_often, **where)) if session.open_errors else {}
    )
    if not often:
        yield [*writes]
        return
    few = isqrt(session.sizes[flow.end(side).system])
    times = {one.number: often.get(known_by(one), 0) for one in entries}
    session.apart |= {number for number, count in times.items() if count}
    kinds: dict[int, list[Write]] = {}
    # Who was in vain less often comes first, so that nobody waits behind the same ones for good.
    for write in sorted(writes, key=lambda one: times[one.ref]):
        kinds.setdefault(min(2, times[write.ref]), []).append(write)
    for kind, some in kinds.items():
        fewest = (len(some), few, 1)[kind]
        most = max(fewest, -(-len(some) // REQUESTS))
        for start in range(0, len(some), most):
            yield some[start : start + most]
