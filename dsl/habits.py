"""What people write out of habit, from other languages and from prose, and what it is called here.

Knows the words and signs that newcomers reach for: `=`, `&&`, `if`, single quotes, labels with
blanks. It sees the text around the mistake and nothing else; `complaint.py` asks it first and makes
the finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """`written` is what stands there and is underlined, `help` what to do; `fix` the text to write
    instead of it, None where there is no sure one."""

    written: str
    help: str
    fix: str | None = None


_SIGNS: dict[str, tuple[str, str | None]] = {
    "==": ("write `is`", "is"),
    "=>": ("write `->`", "->"),
    "=": ("write `is`", "is"),
    "!=": ("write `is not`", "is not"),
    "<>": ("write `is not`", "is not"),
    "!": ("write `not`", "not"),
    "&&": ("write `and`", "and"),
    "&": ("write `and`", "and"),
    "||": ("write `or`", "or"),
    "|": ("write `or`", "or"),
    "→": ("write `->`", "->"),
    "←": ("write `<-`", "<-"),
    "↔": ("write `<->`", "<->"),
    "-->": ("write `->`", "->"),
    ";": ("one row a line, nothing between them", ""),
    ",": ("one row a line, no commas between them", ""),
    "，": ("one row a line, no commas between them", ""),
    "'": ('texts stand in double quotes: `"..."`', None),
    "“": ('texts stand in straight double quotes: `"..."`', None),
    "”": ('texts stand in straight double quotes: `"..."`', None),
    "//": ("a comment begins with `#`", "#"),
    "--": ("a comment begins with `#`", "#"),
    "/*": ("a comment begins with `#` on each of its lines", "#"),
    '"': ('end the text with `"` on the same line', None),
    "`": ("end the name with a backtick on the same line", None),
    "\u00a0": ("this is a blank of another kind; type a plain one", " "),
    "\u200b": ("an invisible letter stands here: take it out", ""),
    "\ufeff": ("an invisible letter stands here: take it out", ""),
}

_ARROWS = {
    "=>": "->",
    "→": "->",
    "-->": "->",
    "->>": "->",
    "<=>": "<->",
    "<>": "<->",
    "<-->": "<->",
    "↔": "<->",
    "<=": "<-",
    "<--": "<-",
    "←": "<-",
}
_NO_ARROWS = ("==", "=", ":", "--", "–", "—", "-", "~")

_COMPARE = {
    "equals": "is",
    "equal": "is",
    "eq": "is",
    "exists": "is known",
    "has": "contains",
    "includes": "contains",
    "like": "contains",
}
_FOR_WHEN = ("if", "where", "whenever", "while")
_LINKS = ("to", "into", "and", "as", "with", "by", "on", "from", "for", "onto", "using")
BLANK = ("empty", "null", "none", "nothing", "nil", "missing")
"""Words for a value that isn't there; here it is `blank`."""

_QUOTES = re.compile(r"""(?:['‘’‚]([^'‘’"\n]*)['‘’]|[“”„«»]([^“”„«»"\n]*)[“”«»"])""")
_CLOSED = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]+`')
_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}")
_NAMES_THEN_ARROW = re.compile(r"\w+(?:[ \t]+\w+)*[ \t]*(?:<->|->|<-)")
_RIGHT_NAME = re.compile(r"(?:<->|->|<-)[ \t]*[\w.]+[ \t]+$")
_MAP_TO = re.compile(r"\bmap[ \t]+\w+[ \t]+(?:to|into|and|as)[ \t]+$")
_LABEL = (
    "a name has no blanks: write the field's name, not its label;"
    " `syncrules schema show SYSTEM OBJECT` lists them"
)


def habit(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """The habit behind a mistake: `rest` is the line from its first letter, `before` the text ahead
    of it, `expected` the parser's names of what could come."""
    return (
        _quoted(rest)
        or _arrow(rest, expected)
        or _brackets(rest, before, expected)
        or _word(rest, before, expected)
        or _sign(rest)
    )


def _quoted(rest: str) -> Habit | None:
    found = _QUOTES.match(rest)
    if found:
        fix = f'"{found[1] or found[2] or ""}"'
        return Habit(found[0], f"texts stand in straight double quotes: write {fix}", fix)
    found = _TEMPLATE.match(rest)
    if found:
        return Habit(found[0], f'a template stands in quotes: write "{found[0]}"', f'"{found[0]}"')
    return None


def _arrow(rest: str, expected: Collection[str]) -> Habit | None:
    """Between the two sides of a row."""
    if "ARROW" not in expected:
        return None
    sign = _longest(rest, _ARROWS)
    if sign:
        return Habit(sign, f"write `{_ARROWS[sign]}`", _ARROWS[sign])
    sign = _longest(rest, _NO_ARROWS)
    if sign:
        return Habit(sign, "write an arrow for the way that values go: `->`, `<-` or `<->`")
    word = re.match(r"\w+", rest)
    if word is None:
        return None
    if _NAMES_THEN_ARROW.match(rest):
        return Habit(word[0], _LABEL)
    return Habit(word[0], "an arrow is missing before it: `->`, `<-` or `<->`")


def _brackets(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """Lists and blocks."""
    if "LSQB" in expected and rest[:1] in ('"', "("):
        written = "(" if rest[0] == "(" else rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, 'a list stands in square brackets: `in ["A", "B"]`')
    if rest.startswith('"') and re.search(r"\b(?:or|and)\s+$", before):
        written = rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, 'for one of several values write `in ["A", "B"]`')
    if "LBRACE" in expected and rest.startswith(":"):
        return Habit(":", "a block begins with `{` and ends with `}`", " {")
    if rest.startswith("}") and not before.strip():
        return Habit("}", "no block is open here: take it out", "")
    return None


def _word(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    found = re.match(r"[^\W\d]\w*", rest)
    if found is None:
        return None
    word = found[0]
    lower = word.lower()
    if "IS" in expected and lower in _COMPARE:
        return Habit(word, f"write `{_COMPARE[lower]}`", _COMPARE[lower])
    if "WHEN" in expected and lower in _FOR_WHEN:
        return Habit(word, "write `when`", "when")
    if {"ELSE", "OLDEST"} <= set(expected):
        return Habit(word, "write `else` before it", f"else {word}")
    if len(expected) == 1:
        (name,) = expected
        wanted = name.lower()
        if name in ("WITH", "AS", "ON", "FROM", "ELSE"):
            if lower in _LINKS or lower == wanted:
                return Habit(word, f"write `{wanted}`", wanted)
            if name == "WITH" and _MAP_TO.search(before):
                return Habit(word, "write `map ... with ...`")
            return Habit(word, f"write `{wanted}` before it", f"{wanted} {word}")
    if _RIGHT_NAME.search(before) and "DEFAULT" in expected and word == word.capitalize():
        return Habit(word, _LABEL)
    return None


def _sign(rest: str) -> Habit | None:
    if _CLOSED.match(rest):
        return None
    sign = _longest(rest, _SIGNS)
    return Habit(sign, *_SIGNS[sign]) if sign else None


def _longest(rest: str, signs: Collection[str]) -> str:
    """The longest sign that `rest` begins with, "" for none."""
    return max((one for one in signs if rest.startswith(one)), key=len, default="")
