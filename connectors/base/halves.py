"""Finding the records that a whole request was refused for, in few requests.

Knows neither systems nor what they refuse: a connector hands in `once`, which sends some writes in
one request. What is still not told after the last request stays `together`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .contract import Outcome, Write

MOST = 64
"""Requests for one batch at most: enough for 32 records that are all sent alone, or for four that
are at fault among 200."""
FEW = 8
"""Records up to which nobody asks first whether they share the reason."""

Once = Callable[[Sequence[Write]], list[Outcome]]


def sifted(writes: Sequence[Write], once: Once) -> list[Outcome]:
    """The outcomes of some writes. Those that `once` tells to be `together` are sent again: by
    halves where they were refused, as they are where others were to blame. Where the first, the
    middle and the last of many are refused for one reason, each alone, no more are sent."""
    found = {one.ref: one for one in once(writes)}
    sent = 1
    suspects = _refused(writes, found)
    if len(suspects) > FEW:
        probes = [suspects[place] for place in (0, len(suspects) // 2, -1)]
        for one in probes:
            found.update(_told([one], once))
        sent += len(probes)
        reasons = {_reason(found.get(one.ref)) for one in probes}
        if len(reasons) == 1 and None not in reasons:
            return list(found.values())
    waiting = _parts(writes, found)
    while waiting and sent < MOST:
        some = waiting.pop()
        found.update(_told(some, once))
        sent += 1
        waiting += _parts(some, found)
    return list(found.values())


def _told(writes: Sequence[Write], once: Once) -> dict[int, Outcome]:
    return {one.ref: one for one in once(writes)}


def _parts(writes: Sequence[Write], found: Mapping[int, Outcome]) -> list[Sequence[Write]]:
    """What of some writes is to be sent again, the last first."""
    suspects = _refused(writes, found)
    half = len(suspects) // 2
    others = [one for one in writes if _together(found, one) and one not in suspects]
    return [some for some in (suspects[half:], suspects[:half], others) if some]


def _refused(writes: Sequence[Write], found: Mapping[int, Outcome]) -> list[Write]:
    return [one for one in writes if _together(found, one) and found[one.ref].kind == "refused"]


def _together(found: Mapping[int, Outcome], write: Write) -> bool:
    return write.ref in found and found[write.ref].together


def _reason(outcome: Outcome | None) -> tuple[str, tuple[str, ...]] | None:
    """What a record was refused for, None where it wasn't."""
    if outcome is None or outcome.kind != "refused":
        return None
    return outcome.code, outcome.fields
