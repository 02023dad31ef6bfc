"""What it finds
    Two rules for the same pair and direction that would create the same record.

Why it matters
    Which of the two acts, and which source the record gets, would depend on the order of lines.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage in ["Interested", "Replied"]
    push contact as Lead when email_status is "verified" { source "Web" }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage in ["Interested", "Replied"] unless email_status is "verified"
    push contact as Lead when email_status is "verified" { source "Web" }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Where the overlap is meant, the first rule acts; better write the second condition so that
    it excludes the first.

    An overlap is told with a record for which it is so. Where it hangs on parts of texts or on two
    fields compared, and no such record is found, nothing is told.
"""

from __future__ import annotations

from .. import logic
from ..bound import Bound, BoundMove
from ..finding import Further

CODE = "same-target-twice"


def find(bound: Bound) -> None:
    """Each rule that takes a record which an earlier one takes, with such a record."""
    groups: dict[tuple[str, ...], list[BoundMove]] = {}
    for move in bound.moves:
        if move.said is None:
            continue
        groups.setdefault((*move.pair, move.rule.direction), []).append(move)
        thing = move.target.thing
        if move.creates and thing not in ("", "user", "activity"):
            groups.setdefault(("", move.source.name, thing, move.rule.direction), []).append(move)
    for key, moves in groups.items():
        if len(moves) > 1:
            _overlaps(bound, moves, one_thing=not key[0])


def _overlaps(bound: Bound, moves: list[BoundMove], *, one_thing: bool) -> None:
    """`one_thing`: rules for several objects that are one thing to their system (a person is a Lead
    or a Contact), of which a record gets one."""
    describe = bound.describe(moves[0].source_side, moves[0].source)
    conditions = [one.rule.when for one in moves]
    for number, before, witness in logic.overlaps(conditions, describe):
        move, first = moves[number], moves[before]
        if one_thing and move.pair == first.pair:
            continue
        note = f"a {move.target.thing} is a `{first.target.name}` or a `{move.target.name}`"
        bound.report.add(
            CODE,
            move.file,
            move.node.span,
            f"`{move.rule.name}` takes records that `{first.rule.name}` takes",
            further=(Further(first.file.path, first.node.span, "takes them, too"),),
            note=f"{note}, never both" if one_thing else "",
            witness="" if witness.undecided else witness.shown(),
            help="give the two rules conditions that exclude each other",
        )
