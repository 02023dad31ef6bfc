"""Rules on the way from tree to `rules.py`: each with the node it came from, for the checks.

A `Bound` holds all statements of one pair of systems whose names are known, and remembers what was
lost to findings, so that nothing is said about what is missing because of them. How names are
looked up is `names.py`; who fills this in is `resolve.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Literal

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Field, Object, Schema
from . import tree
from .conditions import Condition, Get
from .finding import Finding, Further, Severity
from .logic import Asked
from .rules import (
    EnrichRule,
    GuardRule,
    InferRule,
    MoveRule,
    Place,
    RowRule,
    Side,
    TestRule,
)

Winner = Literal["left", "right", "latest", "lost"] | None
"""Who wins; `lost` where a line that says so could not be understood."""

PairName = tuple[str, str]
"""(left object, right object)."""


@dataclass(slots=True)
class Report:
    """Collects findings. `schemas` tell who sees a system as they say it is."""

    findings: list[Finding] = field(default_factory=list)
    schemas: tuple[Schema, ...] = ()

    def login(self, thing: Object) -> str:
        """The login whose rights on an object those of its schema are, in words."""
        schema = next((one for one in self.schemas if one.by_name.get(thing.name) is thing), None)
        return login_of(schema)

    def add(
        self,
        code: str,
        file: tree.File,
        span: tree.Span,
        title: str,
        *,
        severity: Severity = "error",
        label: str = "",
        further: tuple[Further, ...] = (),
        note: str = "",
        help: str = "",
        fix: str | None = None,
        witness: str = "",
    ) -> None:
        """Add a finding; the arguments are those of `Finding`."""
        self.findings.append(
            Finding(
                code,
                severity,
                file.path,
                _inside(file, span),
                title,
                label=label,
                further=further,
                note=note,
                help=help,
                fix=fix,
                witness=witness,
            )
        )


def login_of(schema: Schema | None) -> str:
    """The login that sees a system as its schema says, in words."""
    return f"the login {schema.login}" if schema is not None and schema.login else "this login"


def _inside(file: tree.File, span: tree.Span) -> tree.Span:
    """The span without a brace that was put behind a block which isn't closed."""
    line = min(span.end_line, len(file.lines))
    column = len(file.lines[line - 1]) + 1
    if line == span.end_line and span.end_column <= column:
        return span
    return tree.Span(span.line, span.column, line, column)


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement with the file it stands in and what the lines before it say: how often, and who
    wins."""

    file: tree.File
    statement: tree.Statement
    every: int
    prefer: Winner


@dataclass(frozen=True, slots=True)
class Said:
    """A condition beside the node it came from, which has the same shape and the spans."""

    word: Literal["when", "unless", "stop"]
    condition: Condition
    node: tree.Condition


@dataclass(frozen=True, slots=True)
class BoundMove:
    """A push or a pull. `said` are its clauses; None where one of them was lost to a finding.
    `stop` is its `stop when`, `prefer` who wins by the lines before it."""

    rule: MoveRule
    file: tree.File
    node: tree.Move
    left: Object
    right: Object
    said: tuple[Said, ...] | None
    stop: Said | None = None
    prefer: Winner = None

    @property
    def pair(self) -> PairName:
        return (self.rule.left, self.rule.right)

    @property
    def creates(self) -> bool:
        """Whether the rule creates records at its target."""
        return self.rule.create and (self.rule.direction == "push" or self.rule.visible)

    @property
    def target(self) -> Object:
        return self.right if self.rule.direction == "push" else self.left

    @property
    def source(self) -> Object:
        return self.left if self.rule.direction == "push" else self.right

    @property
    def source_side(self) -> Side:
        return "left" if self.rule.direction == "push" else "right"

    @property
    def target_side(self) -> Side:
        return "right" if self.rule.direction == "push" else "left"


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A row, or a table as a whole, for one pair; a standard row is at its rule."""

    rule: RowRule
    file: tree.File
    span: tree.Span

    @property
    def pair(self) -> PairName:
        return (self.rule.left_object, self.rule.right_object)


@dataclass(frozen=True, slots=True)
class BoundMap:
    """A `map` statement and the pairs it speaks of."""

    file: tree.File
    span: tree.Span
    pairs: tuple[PairName, ...]


@dataclass(frozen=True, slots=True)
class BoundInfer:
    rule: InferRule
    file: tree.File
    node: tree.Infer
    pair: PairName


@dataclass(frozen=True, slots=True)
class BoundEnrich:
    """An `enrich` for one pair; `span` is the target's in its statement."""

    rule: EnrichRule
    file: tree.File
    span: tree.Span
    pair: PairName


@dataclass(frozen=True, slots=True)
class BoundGuard:
    rule: GuardRule
    file: tree.File
    node: tree.Guard


@dataclass(frozen=True, slots=True)
class BoundTest:
    rule: TestRule
    file: tree.File
    node: tree.Test


@dataclass(slots=True)
class Bound:
    """All statements between two systems, as far as their names are known.

    `pairs` are those that a `push`, a `pull` or a `map` names; `implied` those that a
    reference or an `infer` needs. `rows` are those of maps, `standard` those that activities have
    without a word. `lost_rows` are pairs whose rows are not all known, `lost_all`
    says that a whole map is missing, `lost_moves` a push or a pull; `lost_else` that rows of other
    pairs than these are not known.
    """

    left: Schema
    right: Schema
    left_name: str
    right_name: str
    report: Report
    pairs: dict[PairName, None] = field(default_factory=dict)
    implied: dict[PairName, None] = field(default_factory=dict)
    moves: list[BoundMove] = field(default_factory=list)
    maps: list[BoundMap] = field(default_factory=list)
    rows: list[BoundRow] = field(default_factory=list)
    standard: list[BoundRow] = field(default_factory=list)
    infers: list[BoundInfer] = field(default_factory=list)
    enriches: list[BoundEnrich] = field(default_factory=list)
    guards: list[BoundGuard] = field(default_factory=list)
    tests: list[BoundTest] = field(default_factory=list)
    lost_rows: set[PairName] = field(default_factory=set)
    lost_all: bool = False
    lost_moves: bool = False
    lost_else: bool = False
    _asked: dict[str, Asked] = field(default_factory=dict)

    def schema(self, side: Side) -> Schema:
        return self.left if side == "left" else self.right

    def system(self, side: Side) -> str:
        """What the project calls the system of that side."""
        return self.left_name if side == "left" else self.right_name

    def describe(self, side: Side, thing: Object) -> Callable[[Get], Field | None]:
        """The fields that conditions read from records of `thing`, over their hops."""

        def field_of(get: Get) -> Field | None:
            here, found = side, thing
            for hop in get.hops:
                if hop.kind == "link":
                    here = "right" if here == "left" else "left"
                found = self.schema(here).by_name[hop.object]
            return found.by_name.get(get.field)

        return field_of

    def asked(self, move: BoundMove) -> Asked:
        """Questions about the clauses of a rule, prepared once."""
        name = move.rule.name
        if name not in self._asked:
            when = [] if move.rule.when is None else [move.rule.when]
            self._asked[name] = Asked(when, self.describe(move.source_side, move.source))
        return self._asked[name]

    def related(self, infer: BoundInfer) -> Callable[[Get], Field | None]:
        """The fields that the arms of an `infer` read."""
        side: Side = "right" if infer.rule.side == "left" else "left"
        return self.describe(side, self.schema(side).by_name[infer.rule.related])

    def rows_known(self, pair: PairName) -> bool:
        return not self.lost_all and pair not in self.lost_rows


def place(file: tree.File, span: tree.Span) -> Place:
    """Where a rule says it is."""
    return Place(file.path, span.line, span.column)
