"""What it finds
    A condition of a rule that creates, on a field of the very record that it would create.

Why it matters
    The condition is asked while there is no such record yet, so the field is always blank: the rule
    creates nothing, or doesn't keep out what it seems to.

Wrong
    sync apollo with salesforce
    push contact as Lead when not Lead.IsConverted
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" {
        stop when Lead.IsConverted
    }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never: `stop when` looks at the linked record, or take the part out.
"""

from __future__ import annotations

from ..bound import Bound, BoundMove
from ..conditions import Condition, reads
from ..parts import conjuncts

CODE = "always-blank"


def find(bound: Bound) -> None:
    """The first such part of each clause."""
    for move in bound.moves:
        if not move.creates:
            continue
        for said in move.said or ():
            for part in conjuncts(said.condition, said.node):
                name = _own(move, part.condition)
                if name:
                    bound.report.add(
                        CODE,
                        move.file,
                        part.node.span,
                        f"`{name}` is always blank here: the rule is asked while there is no "
                        f"`{move.target.name}`",
                        severity="warning",
                        help="say it with `stop when` in the block, or take it out",
                    )
                    break


def _own(move: BoundMove, condition: Condition) -> str:
    """A field of the record that the rule would create, "" where none is asked for."""
    for get in reads(condition):
        if get.hops and get.hops[0].kind == "link" and get.hops[0].object == move.target.name:
            return ".".join([*(hop.name for hop in get.hops), get.field])
    return ""
