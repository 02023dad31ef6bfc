"""Rules act from now on: which of them are new or edited, and since which run each is there.

Noted before anything is decided; marks what an edited rule may say otherwise now. What "from now
on" means for a record is asked in `around.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ...dsl import conditions
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow, Move
from ..plan.plain import canonical, fingerprint
from ..store import held, troubles
from ..store import statements as sql
from . import asks, newer, noted, problems
from .around import EXISTING
from .earlier import keys_of
from .session import Session

_NOTED = {"system": "", "object": "", "purpose": "rules"}
"""The cursor that says when rules were last noted."""
_Rule = tuple[Flow, Move, str]
"""A rule's flow, what it does, and its fingerprint."""


def note(session: Session) -> None:
    """Notes which rules are new or edited: they act on what changed since rules were last noted,
    so also on what a preview, or a run that came to nothing, has seen in between. What they would
    have done to records that were there before is looked through once, so that it can be counted,
    when a run is about them."""
    known = _known(session)
    since = _since(session, known)
    where = {"org": session.org, **_NOTED}
    session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=session.run, at=session.now)
    rows: list[dict[str, object]] = []
    rules = _rules(session)
    for name, (flow, move, mark) in rules.items():
        about = session.scope.is_about(flow.name) or not move.enrich
        if about and (name not in known or known[name][0] != mark):
            rows.append(_rule_row(session, name, mark, since))
    left_out = newer.left_out(session)
    asks.rules_gone(session)
    for flow in session.plan.flows:
        about = session.scope.is_about(flow.name)
        name = f"flow {flow.name}"
        if about and flow.moves and (name not in known or known[name][0] != flow.fingerprint):
            rows.append(_rule_row(session, name, flow.fingerprint, since))
            if name in known:
                _rule_changed(session, flow)
            newer.keep_rows(session, flow.name)
            for move in flow.moves:
                if move.enrich == "existing" and move.rule not in known:
                    _mark_unlinked(session, flow, "right", EXISTING)
        elif about and flow.name in left_out:
            newer.meet(session, flow)
            newer.keep_rows(session, flow.name)
    session.first_runs = _all_firsts(session, rules, known, since)
    rows += _keys_noted(session, known, since)
    rows += [_rule_row(session, *one) for one in noted.note(session, known, since)]
    session.db.many(sql.put_rule, rows)


def first_runs(session: Session) -> dict[str, int]:
    """The first run of each rule, as this one would note them."""
    known = _known(session)
    return _all_firsts(session, _rules(session), known, _since(session, known))


def follows_only_now(session: Session, system: str, object: str) -> bool:
    """Whether a rule says only now what follows where records of an object are deleted."""
    return noted.new_here(session, _known(session), system, object)


def is_edited(session: Session, flow: Flow) -> bool:
    """Whether the rules of a flow are others than those that the last run noted."""
    known = _known(session).get(f"flow {flow.name}")
    return known is not None and known[0] != flow.fingerprint


def _all_firsts(
    session: Session,
    rules: Mapping[str, _Rule],
    known: Mapping[str, tuple[str, int]],
    since: int,
) -> dict[str, int]:
    """The first run of each rule, of what it says of ends, and of the keys of each flow."""
    keys = {keys_of(flow): _keys_since(flow, known, since) for flow in session.plan.flows}
    return _firsts(rules, known, since) | noted.firsts(session, known, since) | keys


def _keys_since(flow: Flow, known: Mapping[str, tuple[str, int]], since: int) -> int:
    """The first run of the keys of a flow, 0 as long as they are those that were noted first."""
    mark, first = known.get(keys_of(flow), ("", 0))
    return since if mark and mark != _keys_print(flow) else first


def _keys_print(flow: Flow) -> str:
    return fingerprint(canonical(flow.keys))


def _keys_noted(
    session: Session, known: Mapping[str, tuple[str, int]], since: int
) -> list[dict[str, object]]:
    return [
        _rule_row(session, keys_of(flow), _keys_print(flow), _keys_since(flow, known, since))
        for flow in session.plan.flows
        if session.scope.is_about(flow.name)
        and known.get(keys_of(flow), ("", 0))[0] != _keys_print(flow)
    ]


def _firsts(
    rules: Mapping[str, _Rule], known: Mapping[str, tuple[str, int]], since: int
) -> dict[str, int]:
    return {
        name: known[name][1] if name in known and known[name][0] == mark else since
        for name, (_, _, mark) in rules.items()
    }


def _rules(session: Session) -> dict[str, _Rule]:
    """All rules that link or make records, by name. What comes with a rule carries its name, and in
    another flow may stand before it: it is not what the rule means."""
    moves = [(flow, move) for flow in session.plan.flows for move in flow.moves]
    first: dict[str, tuple[Flow, Move]] = {}
    for flow, move in sorted(moves, key=lambda one: one[1].implied):
        first.setdefault(move.rule, (flow, move))
    return {name: (flow, move, _fingerprint(move)) for name, (flow, move) in first.items()}


def _known(session: Session) -> dict[str, tuple[str, int]]:
    """Fingerprints and first runs of the rules that were noted before."""
    rows = session.db.rows(sql.rules, org=session.org)
    return {name: (print_, first) for name, print_, first, _ in rows}


def _since(session: Session, known: Mapping[str, tuple[str, int]]) -> int:
    """The first run since rules were last noted. Where some are `known`, they may be so by a
    version that didn't say when."""
    found = session.db.row(sql.cursor, org=session.org, **_NOTED)
    return found[2] + 1 if found else session.run if known else 1


def _rule_row(session: Session, name: str, mark: str, since: int) -> dict[str, object]:
    return {
        "org": session.org,
        "name": name,
        "fingerprint": mark,
        "first_run": since,
        "paused": "",
    }


def _fingerprint(move: Move) -> str:
    """What a rule means, without where it stands and how it is spelt."""
    when = conditions.text(move.when) if move.when is not None else ""
    parts = [move.direction, when, move.create, move.update, move.source]
    if move.stop is not None:
        parts.append(conditions.text(move.stop))
    text = json.dumps([*parts, move.enrich] if move.enrich else parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rule_changed(session: Session, flow: Flow) -> None:
    for side in SIDES:
        _mark_unlinked(session, flow, side, "the rule changed")
    session.db.run(held.release_errors, org=session.org, flow=flow.name)
    # What could not be decided may be no longer so: it is decided again, and stays where it is.
    rows = session.db.rows(troubles.undecided, org=session.org, flow=flow.name)
    ids = [id for (id,) in rows]
    for side in SIDES:
        end = flow.end(side)
        there = session.stored(end.system, end.object, ids)
        session.mark([(flow.name, side, id) for id in there], "the rule changed")
    problems.over(session, [(flow.name, "")])
    asks.rule_changed(session, flow)
    newer.meet(session, flow)


def _mark_unlinked(session: Session, flow: Flow, side: Side, cause: str) -> None:
    end = flow.end(side)
    session.db.run(
        sql.mark_unlinked_left if side == "left" else sql.mark_unlinked_right,
        org=session.org,
        flow=flow.name,
        side=side,
        system=end.system,
        object=end.object,
        why=cause,
        siblings=list(flow.siblings or (flow.name,)),
    )
