"""What people write out of habit, from other languages and from prose, and what it is called here.

Knows the words and signs that newcomers reach for: `=`, `&&`, `if`, single quotes, labels with
blanks. It sees the text around the mistake and nothing else; `complaint.py` asks it first and makes
the finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ..connectors.base.frozen import dataclass


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
    ",": ("no comma stands here: take it out", ""),
    ":": ("no colon stands here: take it out", ""),
    "，": ("no comma stands here: take it out", ""),
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
_LONG_NUMBER = re.compile(r"-?\d{19,}")
_NAMES_THEN_ARROW = re.compile(r"\w+(?:[ \t]+\w+)*[ \t]*(?:<->|->|<-)")
_RIGHT_NAME = re.compile(r"(?:<->|->|<-)[ \t]*[\w.]+[ \t]+$")
_MAP_TO = re.compile(r"\bmap[ \t]+\w+[ \t]+(?:to|into|and|as)[ \t]+$")
_LABEL = (
    "a name has no blanks: write the field's name, not its label;"
    " `syncrules schema show SYSTEM OBJECT` lists them"
)


_PHRASES = (
    "update only", "create only", "match on", "stop when", "when blank", "by name", "at most",
    "oldest first", "newest first", "add unknown people", "linked with", "starts with",
    "ends with", "is not", "is blank", "is known", "not in", "domain of", "days since",
)  # fmt: skip
"""Words of the language that go together, and are written as one by some."""


def joined(word: str, could: Collection[str]) -> str:
    """`update_only`, `startsWith`: the words that were meant, "" for none. `could` are the words
    that could come."""
    plain = re.sub(r"[_\W]", "", word).casefold()
    for phrase in _PHRASES:
        if phrase.replace(" ", "") == plain and phrase.split()[0] in could:
            return phrase
    return ""


def habit(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """The habit behind a mistake: `rest` is the line from its first letter, `before` the text ahead
    of it, `expected` the parser's names of what could come."""
    return (
        _quoted(rest)
        or _arrow(rest, expected)
        or _brackets(rest, before, expected)
        or _number(rest, expected)
        or _between(rest, before, expected)
        or _word(rest, before, expected)
        or _long_number(rest)
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


def _long_number(rest: str) -> Habit | None:
    found = _LONG_NUMBER.match(rest)
    return Habit(found[0], "a number has at most 18 digits") if found else None


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _number(rest: str, expected: Collection[str]) -> Habit | None:
    """`every 15min`, `every hour`, `every 15 min`."""
    word = re.match(r"\w+", rest)
    if word is None or not {"UNIT", "NUMBER"} & set(expected) or "NAME" in expected:
        return None
    amount, letters = re.match(r"(\d*)([a-z]*)", word[0].lower()).groups()  # type: ignore[union-attr]
    if letters in ("s", "sec", "secs", "second", "seconds"):
        return Habit(word[0], "the shortest time is a minute")
    unit = _UNITS.get(letters[:1], "")
    if not unit or not unit.startswith(letters.rstrip("s")[:3]):
        return None
    if "UNIT" in expected:
        unit = letters if letters.rstrip("s") == unit.rstrip("s") else unit
        return Habit(word[0], f"write `{unit}`", unit)
    if not amount and re.match(r"\w+[ \t]+\d", rest):
        return None
    fix = f"{amount} {unit}" if amount else f"1 {unit[:-1]}"
    return Habit(word[0], f"write `{fix}`", fix)


def _between(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """What depends on the line it stands in."""
    line = before.rpartition("\n")[2]
    first = re.match(r"\w+|.", rest)
    word = first[0] if first else ""
    lower = word.lower()
    move = _MOVE.match(line)
    if move and lower in (",", "and", "&", "or", "+"):
        what = "target" if move[1] else "object"
        return Habit(word, f"a rule has one {what}: write one rule for each")
    if word in ",，" and {"RBRACE", "_NL"} <= set(expected):
        return Habit(word, "one row a line, no commas between them", "")
    if line.lstrip().startswith("push") and "UPDATE" in expected and lower in ("hidden", "visible"):
        return Habit(word, "`hidden` and `visible` are for a `pull`: take it out", "")
    if "UNLESS" in expected and lower in ("except", "besides", "without"):
        return Habit(word, "write `unless`", "unless")
    if "LBRACE" in expected and word == "(" and not re.search(r"\b(?:when|unless)\b", line):
        return Habit(word, "a block begins with `{` and ends with `}`")
    if rest.startswith("}") and "RBRACE" not in expected and "_NL" in expected:
        return Habit(word, "no block is open here: take it out", "")
    if line.rstrip().endswith("}") and lower in _BEFORE_BLOCK and "_NL" in expected:
        return Habit(word, f"`{word}` stands before the block, behind the names")
    if rest.strip() in (")", "]", ">") and "RBRACE" in expected and not line.strip():
        return Habit(word, "a block ends with `}`", "}")
    found = _keys(rest, word, lower, expected) if re.search(r"\bmatch on\b", line) else None
    if found is None and "OLDEST" in expected and lower in _TIES:
        found = Habit(word, f"write `{_TIES[lower]}`", _TIES[lower])
    if {"DELETE", "MERGE"} <= set(expected) and _ON.match(line):
        found = _ends(word, lower)
    if found is not None:
        return found
    if re.search(r"\bsource[ \t]+\S", line) and lower in ("on", "to", "into", "as", "for", "-"):
        written = "->" if rest.startswith("->") else word
        return Habit(written, "write `in`", "in") if "IN" in expected else None
    if re.match(r"[ \t]*source[ \t]+\w+[ \t]+$", line) and rest.startswith('"'):
        written = rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, 'the text comes first: `source "TEXT" in FIELD`')
    if set(expected) <= {"STRING", "NAME"} and "STRING" in expected and _SAID.match(rest):
        written = _SAID.match(rest)[1]  # type: ignore[index]
        return Habit(written, f"nothing stands before the text: take `{written}` out", "")
    if "NAME" in expected and "STRING" not in expected and rest.startswith('"') and line.strip():
        written = rest[: rest.find('"', 1) + 1] or rest
        inner = written.strip('"')
        fix = inner if _NAME.fullmatch(inner) else None
        return Habit(
            written, f"a name stands without quotes{f': write `{inner}`' if fix else ''}", fix
        )
    return None


_MOVE = re.compile(r"[ \t]*(?:push|pull)[ \t]+\w+([ \t]+as[ \t]+\w+)?[ \t]*$")
_BEFORE_BLOCK = ("hidden", "visible", "when", "unless", "update", "create")
_SAID = re.compile(r'(=|:|->|is|as|to|with)[ \t]*"')
_ON = re.compile(r"[ \t]*on\b")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_TIES = {
    "old": "oldest", "earliest": "oldest", "eldest": "oldest", "new": "newest", "latest": "newest",
    "last": "newest", "youngest": "newest",
}  # fmt: skip


def _keys(rest: str, word: str, lower: str, expected: Collection[str]) -> Habit | None:
    """Behind `match on`."""
    if rest.startswith((".", "->", "<-", "=")):
        written = word if word in ".=" else rest[:2]
        return Habit(written, "a key is a field of the left object alone: `match on FIELD`")
    if "COMMA" in expected and lower in ("else", "or"):
        return Habit(word, "write `, else`", ", else")
    if "COMMA" in expected and re.match(r"(?:oldest|newest|most|same)\b", rest):
        return Habit(word, "write a comma before it", f", {word}")
    if "OLDEST" in expected and lower == "else":
        return Habit(word, "tie-breakers stand last: `match on FIELD, else FIELD, oldest first`")
    if "ELSE" in expected and lower == "or":
        return Habit(word, "write `else`", "else")
    if "OLDEST" in expected and lower == "first":
        help = "`oldest first`, `newest first`, `most OBJECTS first` or `same FIELD first`"
        return Habit(word, f"write {help}")
    return None


def _ends(word: str, lower: str) -> Habit | None:
    """Behind `on delete`."""
    if lower in ("remove", "destroy", "erase"):
        return Habit(word, "write `delete`", "delete")
    if lower in ("disconnect", "detach", "separate", "forget"):
        return Habit(word, "write `unlink`", "unlink")
    if lower.startswith("conver"):
        return Habit(word, "take the line out: a link follows a conversion by itself")
    if lower in ("or", "and", ","):
        return Habit(word, "each has a line of its own: `on delete ...`, `on merge ...`")
    if lower in ("nothing", "ignore", "keep", "none"):
        return Habit(word, "take the line out: nothing else happens then, either")
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
    if {"ELSE", "OLDEST"} <= set(expected) and not re.match(r"\w+[ \t]+\w+[ \t]+first\b", rest):
        return Habit(word, "write `else` before it", f"else {word}")
    if len(expected) == 1:
        (name,) = expected
        wanted = name.lower()
        if name in ("WITH", "AS", "ON", "FROM", "ELSE"):
            if lower == wanted or (lower in _LINKS and f" {wanted} " not in rest):
                return Habit(word, f"write `{wanted}`", wanted)
            if name == "WITH" and _MAP_TO.search(before):
                return Habit(word, "write `map ... with ...`")
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
