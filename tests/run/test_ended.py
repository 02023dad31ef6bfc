"""What one end of a record says, as a table: event and action, on either side."""

from __future__ import annotations

from typing import Literal

import pytest
from syncrules.dsl.rules import Event, Side
from syncrules.engine.plan.model import Move
from syncrules.engine.run.closures import Ready, ready
from syncrules.engine.run.decision import NOTHING, Decision
from syncrules.engine.run.ended import ended
from syncrules.tests.run.test_decide import HERE, Surroundings, flow, row

On = Literal["delete", "merge", "cancel"]
LEFT = {"title": "Call", "email": "ada@berg.example"}
RIGHT = {"Title": "Old", "Email": "ada@berg.example"}


def of(direction: Literal["push", "pull"], *events: Event) -> Ready:
    move = Move("the rule", HERE, direction, None, create=True, update=True, events=events)
    return ready(flow(row(), moves=(move,)), "UTC")


def said(given: Ready, side: Side, on: On) -> Decision:
    return ended(given, side, on, LEFT, RIGHT, Surroundings())


@pytest.mark.parametrize("on", ["delete", "merge", "cancel"])
@pytest.mark.parametrize(("direction", "side"), [("push", "left"), ("pull", "right")])
def test_each_action_is_about_the_other_side(
    direction: Literal["push", "pull"], side: Side, on: On
) -> None:
    """A push says what follows on the right, a pull what follows on the left."""
    there = "right" if side == "left" else "left"
    delete = said(of(direction, Event(HERE, on, "delete")), side, on)
    assert (delete.action, delete.side, delete.rule) == ("delete", there, "the rule")
    unlink = said(of(direction, Event(HERE, on, "unlink")), side, on)
    assert (unlink.action, unlink.left, unlink.right) == ("unlink", (), ())
    field = "Title" if there == "right" else "title"
    mark = said(of(direction, Event(HERE, on, "mark", field, "Gone")), side, on)
    (change,) = mark.right if there == "right" else mark.left
    assert (mark.action, change.field, change.after, change.rule) == (
        "update",
        field,
        "Gone",
        "the rule",
    )
    assert not (mark.left if there == "right" else mark.right)
    merge = said(of(direction, Event(HERE, on, "merge")), side, on)
    assert merge.action == "nothing"
    assert [(one.code, one.side) for one in merge.problems] == [("merge-by-hand", there)]


def test_nothing_follows_that_no_rule_says() -> None:
    """Another event, the other direction, or a partner that is gone as well."""
    given = of("push", Event(HERE, "delete", "delete"))
    assert said(given, "left", "cancel") is NOTHING
    assert said(given, "right", "delete") is NOTHING
    assert ended(given, "left", "delete", LEFT, None, Surroundings()) is NOTHING


def test_a_mark_says_what_the_record_last_held() -> None:
    """A template reads the record that ended; a blank in it leaves the field as it is."""
    event = Event(HERE, "cancel", "mark", "Title", "Cancelled: {{ title }}", ("title",))
    (change,) = said(of("push", event), "left", "cancel").right
    assert (change.before, change.after) == ("Old", "Cancelled: Call")
    blank = ended(of("push", event), "left", "cancel", {"title": None}, RIGHT, Surroundings())
    assert (blank.action, blank.right) == ("nothing", ())


def test_a_mark_that_stands_there_already_is_not_written() -> None:
    """It is remembered as done all the same."""
    given = of("push", Event(HERE, "delete", "mark", "Title", "Old"))
    found = said(given, "left", "delete")
    assert (found.action, found.agree) == ("nothing", ({"!delete": True}, {}))


def test_a_template_that_fails_is_a_problem_and_not_silence() -> None:
    """It stands in the error log with its place."""
    event = Event(HERE, "delete", "mark", "Title", "{{ 1 / 0 }}{{ title }}", ("title",))
    found = said(of("push", event), "left", "delete")
    assert [(one.code, one.field, one.place) for one in found.problems] == [
        ("template-failed", "Title", "rules.sync:3")
    ]
