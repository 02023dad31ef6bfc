"""What follows on the other side when a record of a linked pair has ended, as its rule says.

Pure, like `decide.py`. Without such a rule nothing follows: the link stays as a tombstone, so that
nothing is made again. What a base remembers of an end keeps it from following twice. Which ends
there are, and links that go on elsewhere, is `follow.py`; of meetings it is `cancelled.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ...dsl import templates
from ...dsl.rules import Event, Side
from ..plan.model import Flow, Move
from .closures import Ready, Values
from .codes import MERGE
from .decision import NOTHING, Around, Change, Decision, Problem

End = Literal["delete", "merge", "cancel"]

_SAID = {"delete": "was deleted", "merge": "was merged into another", "cancel": "was cancelled"}


def once(event: End) -> str:
    """What the half of a base calls an end of its record that has been followed."""
    return f"!{event}"


def back(event: End) -> str:
    """What the half of a base calls what is still to be taken back, now that its record is there
    again."""
    return f"!un{event}"


TO_BE_DELETED = "!undone"
"""What the half of a base calls a record that an undo has asked a person to delete; until a rule
writes to one of the two again."""
ENDS: tuple[End, ...] = ("delete", "merge")
"""The ends after which a record is not there any more."""
ONCE = tuple(once(one) for one in (*ENDS, "cancel"))
BACK = tuple(back(one) for one in ENDS)


def says(flow: Flow, side: Side, event: End) -> tuple[Move, Event] | None:
    """The rule that says what follows where a record of a side ends that way, and what it says."""
    direction = "push" if side == "left" else "pull"
    return next(
        (
            (one, each)
            for one in flow.moves
            if one.direction == direction
            for each in one.events
            if each.on == event
        ),
        None,
    )


def place_of(event: Event) -> str:
    """The line that says what follows, as people are told it."""
    return f"{event.place.file}:{event.place.line}"


def ended(
    flow: Ready,
    side: Side,
    event: End,
    left: Values | None,
    right: Values | None,
    around: Around,
) -> Decision:
    """What follows on the other side of `side`, whose record has ended that way. `left` and
    `right` are what the two last held; None for what is not there any more."""
    found = says(flow.flow, side, event)
    source, target = (left, right) if side == "left" else (right, left)
    if found is None or target is None:
        return NOTHING
    return _FOLLOWS[found[1].action](flow, side, *found, source or {}, target)


def parted(flow: Ready, side: Side, follows: Decision, same: str) -> Decision:
    """What follows in place of a delete or a mark where another record of `side` has the key of
    the one left over: that one is matched with it."""
    end = flow.flow.end(side)
    reason = f"its {end.object} was deleted in {end.system}, and {end.object} {same} has its key"
    return Decision("unlink", _other(side), follows.rule, reason)


_Follow = Callable[[Ready, Side, Move, Event, Values, Values], Decision]


def _delete(
    flow: Ready, side: Side, move: Move, event: Event, source: Values, target: Values
) -> Decision:
    return Decision("delete", _other(side), move.rule, _why(flow, side, event), once=once(event.on))


def _unlink(
    flow: Ready, side: Side, move: Move, event: Event, source: Values, target: Values
) -> Decision:
    return Decision("unlink", _other(side), move.rule, _why(flow, side, event))


def _merge(
    flow: Ready, side: Side, move: Move, event: Event, source: Values, target: Values
) -> Decision:
    """No system merges two records on request, so a person is told to."""
    end, to = flow.flow.end(side), flow.flow.end(_other(side))
    message = (
        f"the {end.object} {_SAID[event.on]}; its {to.object} in {to.system} is to be merged, too, "
        f"and {to.system} does that for people only"
    )
    wrong = Problem(MERGE, message, move.rule, place_of(event), "", _other(side))
    return Decision("nothing", problems=(wrong,))


def _mark(
    flow: Ready, side: Side, move: Move, event: Event, source: Values, target: Values
) -> Decision:
    text: str | None = event.text
    if templates.is_template(event.text):
        try:
            text = templates.render(event.text, {name: source.get(name) for name in event.reads})
        except templates.NotATemplate as error:
            wrong = Problem(
                "template-failed", str(error), move.rule, place_of(event), event.field, _other(side)
            )
            return Decision("nothing", problems=(wrong,))
    key = once(event.on)
    before = target.get(event.field)
    if text is None or before == text:
        return Decision("nothing", agree=({key: True}, {}) if side == "left" else ({}, {key: True}))
    reason = f"{_why(flow, side, event)}; {place_of(event)}"
    halves = (True, None) if side == "left" else (None, True)
    change = Change(event.field, before, text, move.rule, reason, key, halves)
    changes = ((change,), ()) if side == "right" else ((), (change,))
    return Decision("update", _other(side), move.rule, reason, *changes)


_FOLLOWS: dict[str, _Follow] = {
    "delete": _delete,
    "unlink": _unlink,
    "merge": _merge,
    "mark": _mark,
}


def _why(flow: Ready, side: Side, event: Event) -> str:
    end = flow.flow.end(side)
    return f"its {end.object} {_SAID[event.on]} in {end.system}"


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"
