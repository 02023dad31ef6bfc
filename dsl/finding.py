"""What `check` found: one frozen type, and the two ways in which it is shown here.

A finding knows its place, what is wrong there and what to write instead. It doesn't know how it was
found (`checks/`, `names.py`); the page that explains its code is read by `explain` in `checks`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from ..connectors.base.frozen import dataclass
from .span import Span

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Further:
    """Another place that explains the finding."""

    file: str
    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a rule file.

    `title` says what is wrong and stands alone: lower case, no full stop, names in backticks.
    `label` is the short word at the underlined text, `note` why it matters, `help` what to do.
    `fix` is the text to write instead of what `span` covers; None where there is no sure one.
    `witness` is a made-up record that shows it, in words.
    """

    code: str
    severity: Severity
    file: str
    span: Span
    title: str
    label: str = ""
    further: tuple[Further, ...] = ()
    note: str = ""
    help: str = ""
    fix: str | None = None
    witness: str = ""

    @property
    def order(self) -> tuple[str, Span, str, str]:
        """By file and position, and the same on each run."""
        return (self.file, self.span, self.code, self.title)


def to_json(findings: Iterable[Finding]) -> str:
    """`{"findings": [...]}`: the shape that scripts rely on; lines and columns from 1."""
    rows = [
        {
            "code": one.code,
            "severity": one.severity,
            "file": one.file,
            "line": one.span.line,
            "column": one.span.column,
            "end_line": one.span.end_line,
            "end_column": one.span.end_column,
            "message": one.title,
            "fix": one.fix,
        }
        for one in findings
    ]
    return json.dumps({"findings": rows}, ensure_ascii=False, indent=2)


def to_data(one: Finding) -> list[Any]:
    """A finding as a list of what JSON can hold; `from_data` is the inverse."""
    further = [[each.file, *each.span, each.label] for each in one.further]
    texts = [one.title, one.label, one.note, one.help, one.fix, one.witness]
    return [one.code, one.severity, one.file, *one.span, further, *texts]


def from_data(data: Sequence[Any]) -> Finding:
    """The inverse of `to_data`; `ValueError` or `TypeError` where `data` is none."""
    code, severity, file, *place = data[:7]
    further, title, label, note, help, fix, witness = data[7:]
    return Finding(
        code,
        severity,
        file,
        Span(*place),
        title,
        label=label,
        further=tuple(Further(one[0], Span(*one[1:5]), one[5]) for one in further),
        note=note,
        help=help,
        fix=fix,
        witness=witness,
    )


def to_text(
    findings: Iterable[Finding], sources: Mapping[str, str | bytes], *, color: bool = False
) -> str:
    """All findings as a person reads them, each with its line underlined; ends with a newline.

    `sources` are the files as they were checked; `color` adds ANSI colours.
    """
    lines = {path: _lines(text) for path, text in sources.items()}
    shown = [_block(one, lines, _paint if color else _plain) for one in findings]
    return "\n".join(shown)


def _lines(text: str | bytes) -> list[str]:
    """The lines of a file; none of one that is no text, whose bytes a terminal might obey."""
    try:
        whole = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        return []
    if "\0" in whole:
        return []
    whole = whole.translate(_CONTROLS)
    return whole.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


_STEERING = (
    *(*range(9), 11, 12, *range(14, 32), *range(127, 160), 0x61C, 0x200E, 0x200F),
    *(*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)),
)
"""What a terminal would obey, or words be turned round by: a rule file may be a stranger's."""
_CONTROLS = dict.fromkeys(_STEERING, "\N{REPLACEMENT CHARACTER}")
_ON_A_LINE = _CONTROLS | dict.fromkeys((9, 10, 13), "\N{REPLACEMENT CHARACTER}")


class _Painter:
    """Wraps a text in a colour; the one without colours gives it back."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text


_STYLES = {"error": "1;31", "warning": "1;33", "info": "1;36", "bold": "1", "dim": "2"}
_plain, _paint = _Painter(False), _Painter(True)
_WIDEST = 160


def _block(one: Finding, lines: Mapping[str, Sequence[str]], paint: _Painter) -> str:
    file, title = one.file.translate(_ON_A_LINE), one.title.translate(_ON_A_LINE)
    place = f"{file}:{one.span.line}:{one.span.column}"
    head = f"{paint(one.severity, one.severity)}{paint(f'[{one.code}]', 'dim')}"
    parts = [f"{paint(place, 'bold')}: {head}: {paint(title, 'bold')}"]
    width = max(len(str(each.line)) for each in (one.span, *(f.span for f in one.further)))
    own = lines.get(one.file, ())
    parts += _quote(own, one.span, one.label, width=width, paint=paint, style=one.severity)
    for each in one.further:
        where = f"{each.file.translate(_ON_A_LINE)}:{each.span.line}: "
        where = "" if each.file == one.file else where
        label = f"{where}{each.label}"
        other = lines.get(each.file, ())
        parts += _quote(other, each.span, label, width=width, paint=paint, style="info")
    margin = " " * width
    texts = (("note", one.note), ("for example", one.witness), ("help", one.help))
    for word, text in texts:
        if text:
            parts.append(f"{margin} = {paint(word, 'bold')}: {text.translate(_CONTROLS)}")
    return "\n".join(parts) + "\n"


def _quote(
    lines: Sequence[str], span: Span, label: str, *, width: int, paint: _Painter, style: str
) -> list[str]:
    """The source line and, under it, carets from the start of the span to its end on that line."""
    if span.line > len(lines):
        return []
    line = lines[span.line - 1]
    if len(line) > _WIDEST:
        return [f"{span.line:>{width}} | {line[: _WIDEST - 1]}…"]
    end = span.end_column if span.end_line == span.line else len(line) + 1
    carets = "^" * max(1, end - span.column)
    said = f"{carets} {label.translate(_ON_A_LINE)}".rstrip()
    lead = "".join("\t" if one == "\t" else " " for one in line[: span.column - 1])
    return [
        f"{paint(f'{span.line:>{width}} |', 'dim')} {line}",
        f"{paint(' ' * width + ' |', 'dim')} {lead}{paint(said, style)}",
    ]
