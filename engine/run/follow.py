"""Links follow their records: a merged record's link goes to the survivor, a converted one's to
what it became. That of a deleted one is moved by `successor.py`.

Done before anything else is decided, and at once: it writes nothing to a system, so a link, the
row of the journal that tells of it, and the marks of the two records are one commit. Where the
other record has a link of its own, nothing is moved; what then follows is `ended.py`. One that no
look has shown is asked for by its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import held, lives
from ..store import statements as sql
from . import problems
from .around import FOLLOWED, key_text
from .closures import Values
from .decision import Base, filling, unsent
from .heirs import Heir, heir
from .journal import doubts, dump_agree
from .look import store
from .neighbours import tell_children
from .session import Session, dump_values
from .settle import no_longer_waiting
from .state import Linked, Stored

_ELSEWHERE = ["merged", "converted"]


def follow(session: Session) -> None:
    """Moves the links of all marked records that became others."""
    marked = set(session.db.rows(lives.due_sides, org=session.org, now=session.now))
    for name, ready in session.flows.items():
        for side in SIDES:
            if (name, side) not in marked:
                continue
            end = ready.flow.end(side)
            rows = session.db.rows(
                lives.due_elsewhere,
                org=session.org,
                flow=name,
                side=side,
                system=end.system,
                object=end.object,
                lives=_ELSEWHERE,
                now=session.now,
            )
            if rows and not ready.flow.users:
                ids = [id for (id,) in rows]
                _look_for(session, ready.flow, side, ids)
                with session.db.transaction("followed"):
                    _follow(session, ready.flow, side, ids)
                marked = set(session.db.rows(lives.due_sides, org=session.org, now=session.now))


def _look_for(session: Session, flow: Flow, side: Side, ids: list[str]) -> None:
    """Looks by id at what linked records became and no look has shown: it may have been out of
    sight until it became another itself, and no feed tells that again."""
    end = flow.end(side)
    linked = [id for id, one in session.links(flow.name, side, ids).items() if not one.ended]
    asked: set[tuple[str, str]] = set()
    while True:
        records = session.stored(end.system, end.object, linked).values()
        heirs = [heir(session, flow, side, one) for one in records if one.life in _ELSEWHERE]
        missing = {one.where for one in heirs if one.kind == "unseen"} - asked
        if not missing:
            return
        asked |= missing
        for object in sorted({object for object, _ in missing}):
            ask = session.reads[end.system, object]
            wanted = sorted(id for one, id in missing if one == object)
            found = session.connectors[end.system].fetch(object, ask.fields, "id", wanted)
            with session.db.transaction("page"):
                store(session, ask, [one for one in found if one.life != "out of sight"])


def _follow(session: Session, flow: Flow, side: Side, ids: list[str]) -> None:
    end, open_ones = flow.end(side), doubts(session, flow.name).ids
    links = session.links(flow.name, side, ids)
    records = session.stored(end.system, end.object, ids)
    for id in ids:
        link = links.get(id)
        if link is None or link.ended or {("left", link.left), ("right", link.right)} & open_ones:
            continue
        found, base = _became(session, flow, side, records[id], link)
        if found.kind != "free" or found.record is None:
            continue
        if (side, found.record.id) not in doubts(session, found.flow).ids:
            new = session.flows[found.flow].flow
            move_link(session, flow, new, side, replace(link, base=base), records[id], found.record)


def _became(
    session: Session, flow: Flow, side: Side, record: Stored, link: Linked
) -> tuple[Heir, Base]:
    """Where the link of a merged or converted record goes, and with which past."""
    found = heir(session, flow, side, record)
    if found.flow in ("", flow.name):
        return found, link.base
    # What the old rows have agreed on is the past of rows that the new flow has later, too.
    rows = {one.key for name in (flow.name, found.flow) for one in session.flows[name].rows}
    return found, Base(_kept(link.base.left, rows), _kept(link.base.right, rows))


def move_link(
    session: Session, old: Flow, new: Flow, side: Side, link: Linked, was: Stored, now: Stored
) -> None:
    """Moves a link from a record of a side to another, with the transaction under way."""
    left, right = (now.id, link.right) if side == "left" else (link.left, now.id)
    where = {"org": session.org}
    session.db.run(lives.drop_link, **where, flow=old.name, one=link.left)
    session.db.run(lives.drop_ended, **where, flow=new.name, one_left=left, one_right=right)
    session.db.run(
        sql.put_link,
        **where,
        flow=new.name,
        left=left,
        right=right,
        base_left=dump_values(link.base.left),
        base_right=dump_values(link.base.right),
        how="followed",
        run=session.run,
        ended="",
    )
    gone, stays = (link.left, link.right) if side == "left" else (link.right, link.left)
    problems.goes_on(session, old, new, link.left, left)
    problems.over(session, [(old.name, gone)])
    # What could not go of the one who stays is decided again, and told as long as it is so.
    problems.over(session, [(old.name, stays)], kept="decisions" if old is new else "")
    session.db.run(held.drop_pair, **where, flow=old.name, one=link.left, in_run=session.run)
    _tell(session, old, new, side, (left, right), was, now)
    session.mark([(new.name, "left", left), (new.name, "right", right)], FOLLOWED)
    no_longer_waiting(session, new, [(left, right)])
    tell_children(session, new.name, [(left, right)])


def _kept(half: Mapping[str, Value], rows: set[str]) -> dict[str, Value]:
    """What a half of a base says of rows, and not of ends or of stages."""
    known = rows | {name(key) for key in rows for name in (filling, unsent)}
    return {key: one for key, one in half.items() if key in known}


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
    became = {"merged": "merged into it", "converted": "converted into it"}
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
        author="",
        login="",
        lost="",
        reason=f"{old.end(side).object} {was.id} was {became.get(was.life, was.life)}",
        parent="",
        state="done",
        sent=0.0,
        code="",
    )
