"""Decisions a second on one core: fifteen mapped fields, nothing changed and everything changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from syncrules.connectors.base.schema import Field
from syncrules.connectors.base.values import Value
from syncrules.dsl.conditions import Get
from syncrules.dsl.rules import Key, Place, Side
from syncrules.engine.plan.model import End, Flow, Move, Row, StandIn
from syncrules.engine.run.closures import ReadyInfer, ReadyRow, Values, ready
from syncrules.engine.run.decide import decide
from syncrules.engine.run.decision import Base, Change, Match, Reference

from .journal import Rate

FIELDS = 15
_HERE = Place("bench.sync", 1, 1)


class Quiet:
    """Surroundings with nothing in them."""

    today = "2026-01-05"
    backfill = False
    brought = False
    match = Match()
    later: Side | Literal[""] = "right"

    def acts(self, move: Move) -> bool:
        return True

    def get(self, side: Side, get: Get) -> Value:
        return None

    def reference(self, row: ReadyRow, to: Side, id: str) -> Reference:
        return Reference("missing")

    def stand_in(self, stand_in: StandIn, to: Side, source: Values) -> Reference:
        return Reference("missing")

    def user(self, row: ReadyRow, to: Side, email: str) -> str:
        return ""

    def related(self, infer: ReadyInfer) -> Sequence[Values] | None:
        return None

    def approved(self, change: Change) -> bool:
        return False


def measure(pairs: int, passes: int) -> list[Rate]:
    """`passes` times `pairs` decisions of each kind."""
    rows = tuple(
        Row(
            "map contact with Lead",
            _HERE,
            "",
            f"field_{place}",
            f"Field{place}",
            "both",
            ("text", "text"),
            prefer="right",
        )
        for place in range(FIELDS)
    )
    flow = ready(
        Flow(
            "contact~Lead",
            End("apollo", "contact", tuple(Field(one.left, "", "text") for one in rows)),
            End("salesforce", "Lead", tuple(Field(one.right, "", "text") for one in rows)),
            (Key((("field_0", "Field0"),)),),
            (Move("push contact as Lead", _HERE, "push", None, create=True, update=True),),
            rows,
        ),
        "UTC",
    )
    old: dict[str, Value] = {one.left: f"value of {one.left}" for one in rows}
    new: dict[str, Value] = {name: f"{one} now" for name, one in old.items()}
    right: dict[str, Value] = {one.right: old[one.left] for one in rows}
    half = {one.key: old[one.row.left] for one in flow.rows}
    base, around = Base(half, half), Quiet()

    def rate(left: dict[str, Value]) -> float:
        began = time.perf_counter()
        for _ in range(pairs):
            decide(flow, left, right, base, around)
        return pairs / (time.perf_counter() - began)

    return [
        Rate("none changed", tuple(rate(old) for _ in range(passes))),
        Rate("all changed", tuple(rate(new) for _ in range(passes))),
    ]
