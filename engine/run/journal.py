"""The rows of the journal as the steps of a run see them.

A row's life: planned, sent, then done, refused, dropped, or doubt; what an undo didn't get to is
due, a delete with which others would go is spared. *Sent* is committed before the request goes out,
so what a crash leaves behind as sent may have happened. The statements are in `engine/store`, what
moves a row on is `write.py` and `settle.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field

from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..store import statements as sql
from .decision import Coming
from .lost import Loss
from .lost import dump as dump_lost
from .lost import load as load_lost
from .session import Session, dump_values, load_coming
from .state import NO_DOUBTS, Doubts


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a record of `system` to create, update, or a link to make.

    `left` and `right` are the ids of the pair, "" for the one that isn't there yet. `agree` is what
    the two halves of the base hold once it is done. `author` is the address of the person whose
    change it is, "" where nobody has a login of their own; `login` the name of the one that it is
    written under, "" for the sync login. `lost` has the fields in which an edit loses. `undoes` is
    the run that it puts back a part of, 0 for none.
    """

    number: int
    flow: str
    side: Side
    system: str
    object: str
    action: str
    record: str
    left: str
    right: str
    rule: str
    key: str
    before: Mapping[str, Value | Coming]
    after: Mapping[str, Value | Coming]
    agree: tuple[Mapping[str, Value | Coming], Mapping[str, Value | Coming]]
    reason: str
    parent: str
    state: str
    sent: float
    run: int
    author: str = ""
    login: str = ""
    lost: Mapping[str, Loss] = field(default_factory=dict)
    undoes: int = 0
    code: str = ""

    @property
    def put_off(self) -> str:
        """The state of what was not made: a decision is made again, what puts something back is
        due."""
        return "due" if self.undoes else "dropped"

    @property
    def alone(self) -> bool:
        """Whether it makes a record that has no partner yet."""
        return self.action == "create" and not (self.left or self.right)


def entry(row: tuple[object, ...]) -> Entry:
    """A row of the journal, from the columns of `statements.changes_of_run`."""
    values = list(row)
    values[11], values[12] = load_coming(str(row[11])), load_coming(str(row[12]))
    halves = json.loads(str(row[13]))
    values[13] = (load_coming(halves["left"]), load_coming(halves["right"]))
    values[21] = load_lost(str(row[21]))
    return Entry(*values)  # type: ignore[arg-type]


def row_of(session: Session, one: Entry) -> dict[str, object]:
    """An entry as `statements.put_change` takes it: the inverse of `entry`."""
    return {
        "org": session.org,
        **{name: getattr(one, name) for name in Entry.__dataclass_fields__},
        "before": dump_values(one.before),
        "after": dump_values(one.after),
        "agree": dump_agree(one.agree),
        "lost": dump_lost(one.lost),
    }


def dump_agree(halves: tuple[Mapping[str, object], Mapping[str, object]]) -> str:
    """The halves of a base as a row of the journal holds them."""
    return dump_values({"left": dump_values(halves[0]), "right": dump_values(halves[1])})


def doubts(session: Session, flow: str) -> Doubts:
    """Writes of a flow whose outcome nobody knows."""
    if not session.doubtful:
        return NO_DOUBTS
    rows = session.db.rows(sql.doubtful_pairs, org=session.org, flow=flow)
    ids = {("left", left) for left, *_ in rows if left} | {
        ("right", one[1]) for one in rows if one[1]
    }
    made = {(system, object) for _, _, object, system, action in rows if action == "create"}
    return Doubts(frozenset(ids), frozenset(made))
