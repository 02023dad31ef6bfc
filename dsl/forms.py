"""How each line of a rule file reads, and in which block it belongs: for the help of a finding.

Knows lines by their first word and the rule around them. What could come next, letter for letter,
is the grammar's (`complaint.py`); these are the sentences a person would be shown.
"""

from __future__ import annotations

import re

CONDITION = '`FIELD is "VALUE"`, `FIELD in ["A", "B"]` or `FIELD is known`'

MODIFIERS = "`prefer`, `default`, `when blank`, `ask`, `truncate` or `clear`"
TABLE = "map OBJECT FIELD with OBJECT.FIELD { ... }"

_RULES = {
    "sync": "sync SYSTEM with SYSTEM",
    "every": "every 15 minutes",
    "prefer": "prefer SYSTEM",
    "push": "push OBJECT as OBJECT when CONDITION",
    "pull": "pull OBJECT as OBJECT when CONDITION",
    "map": "map OBJECT with OBJECT { ... }",
    "enrich": "enrich OBJECT with OBJECT",
    "infer": "infer OBJECT FIELD from OBJECTS",
    "guard": "guard at most 5% of OBJECT changed per run",
    "test": 'test "WHAT IT SHOWS" { ... }',
}
_ALLOW = {"allow": 'allow CODE because "REASON"'}
_SETTINGS = {
    "match": "match on FIELD, else FIELD and FIELD, oldest first",
    "source": 'source "TEXT" in FIELD',
    "stop": "stop when CONDITION",
    "on": 'on delete mark FIELD "TEXT"',
    "add": "add unknown people",
    "": "FIELD by domain of ADDRESS",
    **_ALLOW,
}
_BLOCKS = {
    "": _RULES,
    "push": _SETTINGS,
    "pull": _SETTINGS,
    "map": {"": "FIELD -> FIELD", **_ALLOW},
    "table": {"": '"VALUE" <-> "VALUE"', **_ALLOW},
    "infer": {"": '"VALUE" when any is CONDITION', **_ALLOW},
    "test": {
        "given": 'given OBJECT { FIELD "VALUE", FIELD blank }',
        "linked": 'linked with OBJECT { FIELD "VALUE" }',
        "change": 'change OBJECT { FIELD "VALUE" } by "LOGIN"',
        "delete": "delete OBJECT",
        "expect": 'expect create OBJECT { FIELD "VALUE" }',
    },
}

_MOVE = "in the block of a `push` or a `pull`: `push OBJECT as OBJECT { ... }`"
_NAMES = "behind the names, before the block"
_ROW = "at the end of a row"
_HOMES = {
    **dict.fromkeys(("match", "source", "stop", "on", "add"), _MOVE),
    **dict.fromkeys(("given", "linked", "change", "expect"), "in the block of a `test`"),
    **dict.fromkeys(("when", "unless", "hidden", "visible", "update", "create"), _NAMES),
    **dict.fromkeys(("default", "ask", "truncate", "clear"), _ROW),
    "allow": "in the block of the rule that it speaks for",
}


_EXPECTS = {
    **dict.fromkeys(("delete", "link", "unlink"), "expect delete OBJECT"),
    **dict.fromkeys(("conflict", "approval", "refusal"), "expect conflict on OBJECT.FIELD"),
    "nothing": "expect nothing",
}


def form(block: str, word: str, second: str = "") -> str:
    """How a line that begins with one or two words reads in a block ("": outside of all), "" where
    nothing like it belongs there."""
    if word == "expect" and second in _EXPECTS:
        return _EXPECTS[second]
    lines = _BLOCKS.get(block, {})
    return lines.get(word) or lines.get("", "")


def words(block: str) -> tuple[str, ...]:
    """The words that lines of a block begin with."""
    return tuple(one for one in _BLOCKS.get(block, {}) if one)


def misplaced(block: str, word: str, rest: str) -> str:
    """Where a line belongs that begins with `word` and goes on with `rest`, "" where it may well
    stand in this block."""
    if block and word in _RULES:
        if word == "prefer" and block in ("map", "table"):
            return f"`prefer` stands {_ROW}, or on a line before the `map`"
        return f"`{word}` begins a rule: end the block before it with `}}`"
    if block == "infer" and word in ("else", "otherwise", "default"):
        return "where no arm holds, the value stays; `none` means that nothing is related"
    if block == "infer" and word == "when":
        return ""
    if rest.lstrip().startswith(("->", "<-")):
        return "" if block in ("map", "table") else "a row stands in the block of a `map`"
    named = _HOMES.get(word) == _NAMES and block in ("", "test")
    if word not in _HOMES or word in words(block) or named:
        return ""
    return f"`{word}` stands {_HOMES[word]}"


def beside(block: str, word: str, rest: str) -> str:
    """What to do about a word in the middle of a line that begins lines, "" for any other. `rest`
    is the line from that word on."""
    if word in ("on", "add") and not re.match(r"\w+[ \t]+(delete|merge|cancel|unknown)\b", rest):
        return ""
    if word in _RULES:
        return "" if block else f"`{word}` begins a rule: it stands on a line of its own"
    if block and word in words(block):
        return f"`{word}` stands on a line of its own"
    return f"`{word}` stands {_HOMES[word]}" if not block and _HOMES.get(word) == _MOVE else ""
