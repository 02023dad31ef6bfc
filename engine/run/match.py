"""Finding a record's partner by the keys, before anything is created.

Keys are tried in order, a blank key matches nothing, and the first key with a candidate decides.
One candidate on each side is a match; of more on either side the written tie-breakers may tell one
(`ties.py`), else it is ambiguous and never a guess. It reads the index that looks have filled and
knows nothing of rules' conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from ...connectors.base.frozen import dataclass
from ...connectors.base.schema import Format
from ...connectors.base.values import alike, folded
from ...dsl.rules import SIDES, Key, Side
from ..plan.model import End, Flow
from .closures import Values
from .decision import Match
from .state import State, fields_of, other
from .ties import first_pair, said

NO_MATCH = Match()


@dataclass(frozen=True, slots=True)
class Found:
    """What matching gave for a record: a match, and the partner's id where it is one."""

    match: Match = NO_MATCH
    id: str = ""


def match(
    session: State, flow: Flow, side: Side, records: Mapping[str, Values]
) -> dict[str, Found]:
    """Partners of unlinked records of one side, over all flows whose records are one thing."""
    found: dict[str, Found] = {}
    for name in flow.siblings:
        sibling = session.flows[name].flow
        if not _same_end(flow, sibling, side):
            continue
        left = {id: values for id, values in records.items() if id not in found}
        for id, candidate in in_flow(session, sibling, side, left).items():
            if name == flow.name or candidate.match.kind != "one":
                found[id] = candidate
            else:
                found[id] = Found(Match("elsewhere", candidate.match.text), candidate.id)
    return {id: found.get(id, Found()) for id in records}


def _same_end(flow: Flow, sibling: Flow, side: Side) -> bool:
    one, two = (flow.left, sibling.left) if side == "left" else (flow.right, sibling.right)
    return (one.system, one.object) == (two.system, two.object)


def in_flow(
    session: State, flow: Flow, side: Side, records: Mapping[str, Values]
) -> dict[str, Found]:
    """Partners of records of one side within one flow; records without a candidate are left out."""
    decided: dict[str, Found] = {}
    for key in flow.keys:
        wanted = {
            id: parts
            for id, values in records.items()
            if id not in decided and (parts := key_parts(flow, key, side, values)) is not None
        }
        if not wanted:
            continue
        there = _ids(session, flow, key, other(side), wanted.values())
        here = _ids(session, flow, key, side, wanted.values())
        text = " and ".join(f"{left} = {right}" for left, right in key.pairs)
        for id, parts in wanted.items():
            candidates = there.get(parts, [])
            twins = [one for one in here.get(parts, []) if one != id]
            if flow.ties and (twins or len(candidates) > 1):
                chosen = _chosen(session, flow, side, id, twins, candidates)
                if chosen is not None and not chosen:
                    continue  # It is the one to go on with, and nothing has this key there.
                if chosen:
                    why = f"the same {text}, {said(flow.ties)}"
                    decided[id] = Found(Match("one", why), chosen)
                    continue
            if twins:
                # Twins on our own side: making or linking one of them would be a guess, too.
                decided[id] = Found(_several(parts, flow.end(side), [id, *twins]))
            elif len(candidates) > 1:
                decided[id] = Found(_several(parts, flow.end(other(side)), candidates))
            elif candidates:
                decided[id] = Found(Match("one", f"the same {text}"), candidates[0])
    return _held(session, flow, side, decided)


def sharing(session: State, flow: Flow, side: Side, values: Values) -> list[str]:
    """The records of the other side that a record of `side` has the key in common with by which it
    would be matched."""
    for key in flow.keys:
        parts = key_parts(flow, key, side, values)
        if parts is None:
            continue
        there = _ids(session, flow, key, other(side), [parts]).get(parts, [])
        if there or len(_ids(session, flow, key, side, [parts]).get(parts, [])) > 1:
            return there
    return []


def candidates(session: State, flow: Flow, side: Side, values: Values, there: Side) -> set[str]:
    """The records of one side or the other that have some key in common with one of `side`."""
    parts = ((key, key_parts(flow, key, side, values)) for key in flow.keys)
    return {
        id
        for key, each in parts
        if each is not None
        for id in _ids(session, flow, key, there, [each]).get(each, [])
    }


def _chosen(
    session: State, flow: Flow, side: Side, id: str, twins: Sequence[str], there: Sequence[str]
) -> str | None:
    """The partner of a record by the tie-breakers of its rule, "" for one that isn't there yet;
    None where it isn't the one that is taken on its side, or nobody can tell."""
    here = [id, *twins]
    lefts, rights = (here, there) if side == "left" else (there, here)
    pair = first_pair(session, flow, sorted(lefts), sorted(rights))
    mine, theirs = pair[:: 1 if side == "left" else -1] if pair else ("", "")
    return theirs if mine == id else None


def _held(session: State, flow: Flow, side: Side, decided: dict[str, Found]) -> dict[str, Found]:
    """A partner that has one already, in this flow or one like it, is nobody else's."""
    there = other(side)
    wanted = {one.id for one in decided.values() if one.match.kind == "one"}
    if not wanted:
        return decided
    holders: dict[str, str] = {}
    better: set[str] = set()
    for name in flow.siblings:
        if not _same_end(flow, session.flows[name].flow, there):
            continue
        held: dict[str, str] = {}
        for id, link in session.links(name, there, wanted).items():
            held[id] = link.left if there == "right" else link.right
        for left, right in session.planned_pairs(name, wanted):
            mine, theirs = (left, right) if side == "left" else (right, left)
            if theirs in wanted:
                held[theirs] = mine
        holders |= held
        if name in flow.siblings[: flow.siblings.index(flow.name)]:
            better |= held.keys()
    return {
        id: Found(_not_free(flow, side, one, better), one.id)
        if one.match.kind == "one" and one.id in holders and holders[one.id] != id
        else one
        for id, one in decided.items()
    }


def _not_free(flow: Flow, side: Side, found: Found, better: Set[str]) -> Match:
    """Why a candidate can't be linked. Who has a link with a first choice (a Contact) is known by
    it, and a second one (a Lead) that is the same person is no news."""
    if found.id in better:
        return Match("elsewhere", found.match.text)
    return Match("held", _taken(flow, side, found.id), found.id)


def key_parts(flow: Flow, key: Key, side: Side, values: Values) -> tuple[str, ...] | None:
    """A record's key, folded; None where a part is blank or wasn't read."""
    formats = key_formats(flow)
    place = 0 if side == "left" else 1
    parts = tuple(folded(values.get(pair[place]), formats[pair]) for pair in key.pairs)
    return parts if all(parts) else None


def key_formats(flow: Flow) -> dict[tuple[str, str], Format]:
    """How the two fields of each pair of a flow's keys are compared."""
    left, right = ({one.name: one.format for one in fields_of(flow, side)} for side in SIDES)
    pairs = (pair for key in flow.keys for pair in key.pairs)
    return {pair: alike(left.get(pair[0], ""), right.get(pair[1], "")) for pair in pairs}


def _ids(
    session: State, flow: Flow, key: Key, side: Side, wanted: Iterable[tuple[str, ...]]
) -> dict[tuple[str, ...], list[str]]:
    """The ids on a side by key."""
    end = flow.end(side)
    wanted = list(wanted)
    by_part: list[dict[str, set[str]]] = []
    for place, pair in enumerate(key.pairs):
        rows = session.by_value(
            end.system,
            end.object,
            pair[0 if side == "left" else 1],
            {parts[place] for parts in wanted},
        )
        ids: dict[str, set[str]] = {}
        for value, id in rows:
            ids.setdefault(value, set()).add(id)
        by_part.append(ids)
    return {
        parts: sorted(
            set.intersection(
                *(ids.get(part, set()) for part, ids in zip(parts, by_part, strict=True))
            )
        )
        for parts in wanted
    }


def _several(parts: Sequence[str], end: End, ids: Sequence[str]) -> Match:
    text = f"{_key(parts)} belongs to {len(ids)} records of {end.object}: {listed(ids)}"
    return Match("several", text, _key(parts))


def _taken(flow: Flow, side: Side, id: str) -> str:
    end = flow.right if side == "left" else flow.left
    return f"{end.object} {id} is linked with another record already"


def _key(parts: Sequence[str]) -> str:
    return " / ".join(parts)


def listed(ids: Sequence[str]) -> str:
    """The first few ids and how many more there are."""
    shown = ", ".join(sorted(ids)[:3])
    return shown if len(ids) <= 3 else f"{shown} and {len(ids) - 3} more"
