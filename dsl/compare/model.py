"""What a comparison of two versions of the rules says, as frozen data.

Knows no logic and no layout: differences are found by the modules beside it, counted and shown by
`engine/compare/`. Each is a difference in what happens to some record; text, order and layout that
change no record are none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from ..conditions import Condition
from ..rules import InferRule, Place, Side

Kind = Literal[
    "created",
    "not-created",
    "stopped",
    "not-stopped",
    "source",
    "linked",
    "not-linked",
    "match",
    "flow",
    "written",
    "not-written",
    "written-differently",
    "inferred",
    "not-inferred",
    "inferred-differently",
    "enriched",
    "not-enriched",
    "stand-in",
    "event",
    "people",
    "guard",
    "every",
]
"""Scripts rely on these words."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is different: `what`, before and after, in words; "" where there was none."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Records:
    """The records that a difference is about, so that they can be counted.

    - `when`: those of `object` of `side` that satisfy it.
    - `infers`: those of `object` of `side` whose inferred value is another by the second rule.
    - neither: the linked records of `object` of `side`; `field`: those that are known there.

    Linked means: in the pair (`left`, `right`).
    """

    side: Side
    object: str
    left: str
    right: str
    when: Condition | None = None
    infers: tuple[InferRule | None, InferRule | None] | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that another version of the rules does to records.

    `title` says to what it happens (`Lead from contact`), `rule` what the rule is called, `before`
    and `after` where it stands in the two versions. `example` is a made-up record of `records` for
    which it is so; where `undecided` names tests, no such record could be made up, and maybe there
    is none.
    """

    kind: Kind
    title: str
    rule: str = ""
    before: Place | None = None
    after: Place | None = None
    details: tuple[Detail, ...] = ()
    example: str = ""
    undecided: tuple[str, ...] = ()
    records: Records | None = None


@dataclass(frozen=True, slots=True)
class SetDifference:
    """All differences between two versions of the rules between two systems. `tests` are the names
    of test blocks that are (new, gone, changed)."""

    left: str
    right: str
    differences: tuple[Difference, ...]
    tests: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = ((), (), ())

    @property
    def counts(self) -> dict[Kind, int]:
        """How many of each kind."""
        return dict(Counter(one.kind for one in self.differences))
