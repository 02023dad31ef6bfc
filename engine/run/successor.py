"""The link of a deleted record goes to another of its side that is the same person or company: of
two that somebody merged where that is told as a deletion, one entered anew, the Lead beside a
Contact.

Done where records are decided, since the other one may come long after the deletion; like what
`follow.py` does, it writes nothing to a system. Where more than one could be meant, nothing is
moved, and what follows on the deletion is `ended.py`.
"""

from __future__ import annotations

from dataclasses import replace

from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..plan.model import Flow
from .around import Pair
from .decision import Base
from .ended import once, says
from .follow import move_link
from .heirs import alias
from .session import Session
from .state import Linked, Stored, other


@dataclass(frozen=True, slots=True)
class Successor:
    """A record that is to have the link of a deleted one: the `ids` of these two and of the
    partner, by side."""

    ids: frozenset[tuple[Side, str]]
    old: Flow
    new: Flow
    side: Side
    link: Linked
    gone: Stored
    record: Stored

    def take_over(self, session: Session) -> None:
        """Moves the link, with the transaction under way."""
        move_link(session, self.old, self.new, self.side, self.link, self.gone, self.record)


def successor(session: Session, flow: Flow, pair: Pair) -> Successor | None:
    """The record that takes the place of the deleted one of a pair; for one without a link, whose
    match has one with a deleted record, itself: it may have been entered long after that."""
    link, sides = pair.link, (pair.left, pair.right)
    if link is None and pair.match.kind == "held":
        there, about = other(pair.side), pair.match.about
        link = session.links(flow.name, there, [about]).get(about)
        sides = _stored(session, flow, link) if link else sides
    if link is None or link.ended or flow.users or None in sides:
        return None
    left, right = sides
    side: Side = "left" if right and right.life == "here" else "right"
    gone, partner = (left, right) if side == "left" else (right, left)
    if not (gone and gone.life == "deleted" and partner and partner.life == "here"):
        return None
    own = link.base.left if side == "left" else link.base.right
    said = says(flow, side, "delete")
    if said and said[1].action not in ("delete", "mark"):
        return None
    found = alias(session, flow, side, partner, () if said else flow.siblings)
    if found is None or (not pair.link and found[1].id != pair.id):
        return None
    # The two have no past but the mark of the deletion, which is to be taken back.
    word = own.get(once("delete"))
    past: dict[str, Value] = {once("delete"): word} if word else {}
    base = Base(past, {}) if side == "left" else Base({}, past)
    ids: frozenset[tuple[Side, str]]
    ids = frozenset({("left", link.left), ("right", link.right), (side, found[1].id)})
    new, link = session.flows[found[0]].flow, replace(link, base=base)
    return Successor(ids, flow, new, side, link, gone, found[1])


def _stored(session: Session, flow: Flow, link: Linked) -> tuple[Stored | None, Stored | None]:
    left, right = flow.left, flow.right
    return (
        session.stored(left.system, left.object, [link.left]).get(link.left),
        session.stored(right.system, right.object, [link.right]).get(link.right),
    )
