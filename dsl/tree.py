"""The syntax tree: what a file says, word for word, before any name in it is looked up.

Frozen nodes, each with the span of text it stands for; names are as written, with backticks gone.
`parse.py` makes them from text, `names.py` and its neighbours give them meaning.
"""

from __future__ import annotations

from typing import Literal

from ..connectors.base.frozen import dataclass
from .span import Span as Span  # noqa: PLC0414  what type checkers ask for


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes; `raw` is what stands between the quotes, `value` what it means."""

    value: str
    raw: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Day:
    """A date as written, `2026-01-31`; whether there is such a day is not known yet."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class YesNo:
    value: bool
    span: Span


Literal_ = Text | Number | Day | YesNo
Word = Literal_ | Name
"""A value, or a bare name where a value belongs (`stage is Replied`: most likely quotes forgot)."""


@dataclass(frozen=True, slots=True)
class Path:
    """Names with dots between them: `email`, `Lead.Company`, `account.domain`."""

    parts: tuple[Name, ...]
    span: Span

    def __str__(self) -> str:
        return ".".join(one.text for one in self.parts)


# ---- conditions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """`domain of FIELD`, `days since FIELD`."""

    name: Literal["domain of", "days since"]
    path: Path
    span: Span


Expression = Path | Function
Operator = Literal["is", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]


@dataclass(frozen=True, slots=True)
class Compare:
    left: Expression
    operator: Operator
    right: Literal_ | Expression
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class OneOf:
    left: Expression
    values: tuple[Word, ...]
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    """`is known`, and with `negated` `is blank`."""

    left: Expression
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Truth:
    left: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition
    span: Span


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...]
    span: Span


Condition = Compare | OneOf | Known | Truth | Not | All | Any


# ---- statements ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sync:
    left: Name
    right: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Every:
    minutes: int
    span: Span


@dataclass(frozen=True, slots=True)
class Prefer:
    """`prefer X`: on a line of its own, or as a modifier."""

    who: Name
    span: Span


@dataclass(frozen=True, slots=True)
class When:
    condition: Condition
    span: Span


@dataclass(frozen=True, slots=True)
class Unless:
    condition: Condition
    span: Span


@dataclass(frozen=True, slots=True)
class Flag:
    """A clause or modifier without an argument; `word` is as written, single blanks between."""

    word: Literal[
        "hidden", "visible", "create only", "update only",
        "when blank", "by name", "ask", "truncate", "clear",
    ]  # fmt: skip
    span: Span


@dataclass(frozen=True, slots=True)
class Tie:
    """Which of several candidates is taken: `oldest first`, `newest first`, and with a `name`
    `most contacts first`, `same owner first`."""

    word: Literal["oldest", "newest", "most", "same"]
    name: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    """`match on A and B, else C, oldest first`: keys in the order they are tried, each some
    names."""

    keys: tuple[tuple[Name, ...], ...]
    ties: tuple[Tie, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Source:
    text: Text | Name
    field: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Stop:
    """`stop when CONDITION`: meanwhile nothing is created or written in this direction."""

    condition: Condition
    span: Span


@dataclass(frozen=True, slots=True)
class StandIn:
    """`account by domain of Email`: what stands in for a reference that a record doesn't have."""

    field: Name
    function: Name
    path: Path
    ties: tuple[Tie, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Event:
    """`on delete mark Description "Gone"`; `field` and `text` go with `mark`."""

    on: Literal["delete", "merge", "cancel"]
    action: Literal["delete", "merge", "unlink", "mark"]
    field: Name | None
    text: Text | Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class AddPeople:
    """`add unknown people`."""

    span: Span


@dataclass(frozen=True, slots=True)
class Allow:
    """`allow CODE because "REASON"`: accepts the findings of that code in its block."""

    code: Name
    reason: Text
    span: Span


Setting = Match | Source | Stop | StandIn | Event | AddPeople | Allow


@dataclass(frozen=True, slots=True)
class Move:
    """A `push` or `pull`; `target` is the object that is written."""

    direction: Literal["push", "pull"]
    source: Name
    target: Name
    clauses: tuple[When | Unless | Flag, ...]
    block: tuple[Setting, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Default:
    value: Word
    span: Span


Modifier = Prefer | Default | Flag


@dataclass(frozen=True, slots=True)
class Row:
    left: Path | Text
    arrow: Literal["->", "<-", "<->"]
    arrow_span: Span
    right: Path | Text
    modifiers: tuple[Modifier, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MapFields:
    object: Name
    targets: tuple[Name, ...]
    rows: tuple[Row, ...]
    allows: tuple[Allow, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ValueRow:
    left: Text | Name
    arrow: Literal["->", "<-", "<->"]
    right: Text | Name
    span: Span


@dataclass(frozen=True, slots=True)
class MapValues:
    object: Name
    field: Name
    target: Path
    modifiers: tuple[Prefer | Flag, ...]
    rows: tuple[ValueRow, ...]
    allows: tuple[Allow, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Arm:
    value: Text | Name
    quantifier: Literal["any", "all", "none"]
    condition: Condition | None
    span: Span


@dataclass(frozen=True, slots=True)
class Infer:
    """`infer OBJECT FIELD from RELATED`; `arms` None: the bare sentence."""

    object: Name
    field: Name
    related: Name
    arms: tuple[Arm, ...] | None
    allows: tuple[Allow, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Enrich:
    """`enrich existing Lead, Contact with contact`."""

    existing: bool
    targets: tuple[Name, ...]
    object: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Guard:
    """`guard at most 5% of Lead changed per run`; `of` names an object or a system, `what` says
    what is counted."""

    number: Number
    percent: bool
    of: Name
    what: Name
    per: Literal["run", "day"]
    span: Span


# ---- tests of rules -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blank:
    span: Span


@dataclass(frozen=True, slots=True)
class Several:
    """`["A", "B"]`: the members of a multiple choice."""

    values: tuple[Word, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A field of a made-up record. A bare name means the last record given of that object."""

    field: Name
    value: Word | Blank | Several
    span: Span


@dataclass(frozen=True, slots=True)
class Made:
    """A record that a test makes up or expects: `contact { email "ada@example.com" }`."""

    object: Name
    values: tuple[GivenValue, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Step:
    """What was there (`given`, `linked`) or happened since (`change`, `delete`), by `by`."""

    kind: Literal["given", "linked", "change", "delete"]
    record: Made
    by: Text | None
    span: Span


@dataclass(frozen=True, slots=True)
class Expect:
    """What should come of it. `record` goes with `create` and `update`; `path` names an object,
    for an outcome also its field."""

    kind: Literal[
        "create", "update", "delete", "link", "unlink",
        "conflict", "approval", "refusal", "nothing",
    ]  # fmt: skip
    record: Made | None
    path: Path | None
    by: Text | None
    span: Span


@dataclass(frozen=True, slots=True)
class Test:
    """`test "NAME" on DAY { ... }`."""

    __test__ = False
    name: Text
    day: Day | None
    steps: tuple[Step, ...]
    expects: tuple[Expect, ...]
    span: Span


Statement = Sync | Every | Prefer | Move | MapFields | MapValues | Enrich | Infer | Guard | Test


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read: a statement that begins with `word`, or a row of one (`map row`).

    What is missing because of it is no finding.
    """

    word: str
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """A rule file as far as it could be read."""

    path: str
    lines: tuple[str, ...]
    statements: tuple[Statement, ...]
    broken: tuple[Broken, ...]

    def lost_rows_of(self, head: Span) -> bool:
        """Whether a row in the block of the statement at `head` could not be read."""
        rows = [one.span for one in self.broken if one.word.endswith(" row") and one.span > head]
        if not rows:
            return False
        end = min((one.span for one in self.statements if one.span > head), default=None)
        return any(end is None or one < end for one in rows)

    def text(self, span: Span) -> str:
        """What stands in the span, on one line, outer spaces gone."""
        lines = list(self.lines[span.line - 1 : span.end_line])
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return " ".join(one.strip() for one in lines).strip()
