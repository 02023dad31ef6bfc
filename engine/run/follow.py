"""Links follow their records: a merged record's link goes to the survivor, a converted one's to
what it became.

Done before anything else is decided, and at once: it writes nothing to a system, so a link, the
row of the journal that tells of it, and the marks of the two records are one commit. Where the
other record has a link of its own, nothing is moved; what then follows is `ended.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import held, lives
from ..store import statements as sql
from . import problems
from .around import FOLLOWED, key_text
from .closures import Values
from .heirs import heir
from .journal import doubts, dump_agree
from .session import Session, dump_values
from .settle import no_longer_waiting, tell_children
from .state import Linked, Stored


def follow(session: Session) -> None:
    """Moves the links of all marked records that became others."""
    sides: tuple[Side, Side] = ("left", "right")
    for name, ready in session.flows.items():
        for side in sides:
            end = ready.flow.end(side)
            rows = session.db.rows(
                lives.due_elsewhere,
                org=session.org,
                flow=name,
                side=side,
                system=end.system,
                object=end.object,
                now=session.now,
            )
            if rows and not ready.flow.users:
                with session.db.transaction("followed"):
                    _follow(session, ready.flow, side, [id for (id,) in rows])


def _follow(session: Session, flow: Flow, side: Side, ids: list[str]) -> None:
    end, open_ones = flow.end(side), doubts(session, flow.name).ids
    links = session.links(flow.name, side, ids)
    records = session.stored(end.system, end.object, ids)
    for id in ids:
        link = links.get(id)
        if link is None or link.ended or {("left", link.left), ("right", link.right)} & open_ones:
            continue
        found = heir(session, flow, side, records[id])
        if found.kind == "free" and found.record is not None:
            _move(
                session, flow, session.flows[found.flow].flow, side, link, records[id], found.record
            )


def _move(
    session: Session, old: Flow, new: Flow, side: Side, link: Linked, was: Stored, now: Stored
) -> None:
    left, right = (now.id, link.right) if side == "left" else (link.left, now.id)
    rows = {one.key for one in session.flows[new.name].rows}
    halves = (
        _kept(link.base.left, rows) if new.name != old.name else link.base.left,
        _kept(link.base.right, rows) if new.name != old.name else link.base.right,
    )
    where = {"org": session.org}
    session.db.run(lives.drop_link, **where, flow=old.name, one=link.left)
    session.db.run(lives.drop_ended, **where, flow=new.name, one_left=left, one_right=right)
    session.db.run(
        sql.put_link,
        **where,
        flow=new.name,
        left=left,
        right=right,
        base_left=dump_values(halves[0]),
        base_right=dump_values(halves[1]),
        how="followed",
        run=session.run,
        ended="",
    )
    problems.over(session, [(old.name, link.left), (old.name, link.right)])
    session.db.run(held.drop_pair, **where, flow=old.name, one=link.left, in_run=session.run)
    _tell(session, old, new, side, (left, right), was, now)
    session.mark([(new.name, "left", left), (new.name, "right", right)], FOLLOWED)
    no_longer_waiting(session, new, [(left, right)])
    tell_children(session, new.name, [(left, right)])


def _kept(half: Mapping[str, object], rows: set[str]) -> dict[str, object]:
    """What a half of a base says of the rows that both flows have."""
    return {key: one for key, one in half.items() if key in rows}


def _tell(
    session: Session,
    old: Flow,
    new: Flow,
    side: Side,
    pair: tuple[str, str],
    was: Stored,
    now: Stored,
) -> None:
    """The journal says that the link followed."""
    end = new.end(side)
    became = "merged into it" if was.life == "merged" else "converted into it"
    values: tuple[Values | None, Values | None]
    values = (now.values, None) if side == "left" else (None, now.values)
    session.db.run(
        sql.put_change,
        org=session.org,
        run=session.run,
        number=session.number(),
        flow=new.name,
        side=side,
        system=end.system,
        object=end.object,
        action="link",
        record=now.id,
        left=pair[0],
        right=pair[1],
        rule=next((one.rule for one in new.moves), f"map {new.left.object}"),
        key=key_text(new, *values),
        before="{}",
        after="{}",
        agree=dump_agree(({}, {})),
        reason=f"{old.end(side).object} {was.id} was {became}",
        parent="",
        state="done",
        sent=0.0,
        code="",
    )
