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
_NO_ARROWS = ("==", "=", ":", "--", "–", "—", "-", "~", ">", "<")

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
        or _sign(rest, expected)
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
    found = _alone(rest, word, lower, expected) or _guard(rest, word, lower, line, expected)
    if found is not None:
        return found
    if re.match(r"[ \t]*infer[ \t]+\w+$", line) and word == ".":
        return Habit(word, "write `infer OBJECT FIELD from`, without the dot")
    if before.rstrip().endswith("<-") and rest.startswith("->"):
        return Habit("->", "write `<->`, without a gap")
    if _ROW.match(line):
        found = _behind_row(rest, word, lower, line)
        if found is not None:
            return found
    found = _map_head(rest, word, line, expected) if line.lstrip().startswith("map ") else None
    if found is not None:
        return found
    if line.lstrip().startswith("map ") and lower in ("when", "unless", "hidden", "visible"):
        return Habit(word, "conditions and the like belong to a `push` or a `pull`")
    if _NEXT_ROW.match(rest) and {"RBRACE", "_NL"} <= set(expected) and line.strip():
        return Habit(word, "each row stands on a line of its own")
    if word in ",，" and {"RBRACE", "_NL"} <= set(expected):
        return Habit(word, "one row a line, no commas between them", "")
    if line.lstrip().startswith("push") and "UPDATE" in expected and lower in ("hidden", "visible"):
        return Habit(word, "`hidden` and `visible` are for a `pull`: take it out", "")
    if "UNLESS" in expected and lower in ("except", "besides", "without"):
        return Habit(word, "write `unless`", "unless")
    if "LBRACE" in expected and word == "(" and not re.search(r"\b(?:when|unless)\b", line):
        return Habit(word, "a block begins with `{` and ends with `}`")
    if rest.startswith("}") and before.rstrip().endswith(","):
        return Habit(word, "take the comma before it out")
    if {"CONFLICT", "NOTHING"} <= set(expected):
        return _expected(word, lower)
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
    if (
        rest.startswith('"')
        and re.search(r"\w[ \t]*\{(?:.*,)?[ \t]*$", line)
        and "NAME" in expected
    ):
        return Habit(rest[: rest.find('"', 1) + 1] or rest, "the name of a field stands before it")
    if rest.startswith('"') and line.rstrip().endswith("mark"):
        written = rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, "the field comes first: `mark FIELD TEXT`")
    if "NAME" in expected and "STRING" not in expected and rest.startswith('"') and line.strip():
        written = rest[: rest.find('"', 1) + 1] or rest
        inner = written.strip('"')
        fix = inner if _NAME.fullmatch(inner) else None
        return Habit(
            written, f"a name stands without quotes{f': write `{inner}`' if fix else ''}", fix
        )
    return None


_MOVE = re.compile(r"[ \t]*(?:push|pull)[ \t]+\w+([ \t]+as[ \t]+\w+)?[ \t]*$")
_ROW = re.compile(r'[ \t]*(?:[\w.]+|"[^"]*")[ \t]*(?:<->|->|<-)[ \t]*(?:[\w.]+|"[^"]*")')
_NEXT_ROW = re.compile(r"\w+[ \t]*(?:<->|->|<-)")
_BEFORE_BLOCK = ("hidden", "visible", "when", "unless", "update", "create")
_SAID = re.compile(r'(=|:|->|is|as|to|with)[ \t]*"')
_ON = re.compile(r"[ \t]*on\b")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_TIES = {
    "old": "oldest", "earliest": "oldest", "eldest": "oldest", "new": "newest", "latest": "newest",
    "last": "newest", "youngest": "newest",
}  # fmt: skip


_MARKS = (",", ":", ";", "=", "-", "+", "&")


def _alone(rest: str, word: str, lower: str, expected: Collection[str]) -> Habit | None:
    """Where only one word could come, or one of the words for how many."""
    if len(expected) == 1 and word in _MARKS and not rest.startswith("->"):
        (name,) = expected
        joins = name in ("WITH", "AS", "FROM", "WHEN", "BECAUSE", "PER", "BY")
        if joins and not (name == "BECAUSE" and word == ","):
            return Habit(word, f"write `{name.lower()}`", f" {name.lower()}")
    if "ANY" in expected and "ALL" in expected:
        if lower in ("no", "zero") and re.match(r"\w+[ \t]+\w", rest):
            return Habit(word, "write `all with not CONDITION`; `none`: nothing is related")
        for right, written in _HOW_MANY.items():
            if lower in written:
                return Habit(word, f"write `{right}`", right)
    return None


_HOW_MANY = {
    "any": ("some", "one", "a", "an", "at"),
    "all": ("every", "each", "both"),
    "none": ("no", "nothing", "zero", "nobody"),
}


def _guard(rest: str, word: str, lower: str, line: str, expected: Collection[str]) -> Habit | None:
    if set(expected) == {"AT"} and line.strip() == "guard":
        found = re.match(r"(?:less|fewer|no more|not more|up)[ \t]+(?:than|to)\b", rest)
        if found:
            return Habit(found[0], "write `at most`", "at most")
        if lower in ("max", "maximum", "under", "below", "maximal"):
            return Habit(word, "write `at most`", "at most")
        if word.isdigit():
            return Habit(word, "write `at most` before it", f"at most {word}")
    if set(expected) == {"PER"} and lower in ("a", "an", "each", "every", "in", "by"):
        return Habit(word, "write `per`", "per")
    if set(expected) == {"PERIOD"}:
        if lower in ("runs", "days"):
            return Habit(word, f"write `{lower[:-1]}`", lower[:-1])
        return Habit(word, "a guard counts per `run` or per `day`")
    code = re.match(r'"?([\w-]+)"?', rest)
    if re.search(r"\ballow[ \t]+[\w-]*$", line) and code and {"CODE", "BECAUSE"} & set(expected):
        begun = re.findall(r"[\w-]*$", line)[0]
        meant = re.sub(r"[_-]+", "-", (begun + code[1]).lower())
        if re.fullmatch(r"[a-z]+(?:-[a-z]+)+", meant) and (begun or "CODE" in expected):
            help = f"a code is written `{meant}`"
            return Habit(code[0], help, None if begun else meant)
    if re.search(r"\bnone[ \t]+$", line) and lower in ("is", "are", "of", "with"):
        return Habit(word, "`none` stands alone: it means that nothing is related")
    return None


def _map_head(rest: str, word: str, line: str, expected: Collection[str]) -> Habit | None:
    """In the first line of a map."""
    if word == "." and "WITH" in expected:
        return Habit(word, "write `map OBJECT FIELD with`, without the dot")
    if "BY" in expected and word in (",", "and", "&") and "with" in line:
        return Habit(word, "a table has one target: write one for each")
    target = re.search(r"\bwith[ \t]+(\w+)[ \t]+$", line)
    if "BY" in expected and target and re.match(r"(?!ask\b|by\b|prefer\b|name\b)\w+", rest):
        return Habit(word, f"a dot joins the two: `{target[1]}.{word}`", f".{word}")
    return None


_OUTCOMES = {
    "update": ("change", "changed", "set", "write"),
    "create": ("make", "new", "insert", "add"),
    "delete": ("remove", "removed"),
    "nothing": ("none", "nobody"),
    "refusal": ("error", "failure", "rejection", "rejected", "ambiguous"),
    "approval": ("ask", "question"),
}


def _expected(word: str, lower: str) -> Habit | None:
    """Behind `expect`."""
    if lower in ("no", "not"):
        return Habit(word, "take the line out: any change that is not expected fails anyway")
    for right, written in _OUTCOMES.items():
        if lower in written:
            return Habit(word, f"write `{right}`", right)
    return None


def _behind_row(rest: str, word: str, lower: str, line: str) -> Habit | None:
    """Behind both sides of a row."""
    if rest.startswith(("->", "<-")):
        return Habit(rest[:2], "a row has one arrow")
    if lower in (",", "and", "&", "+") and re.match(
        r"\W?\w*[ \t]+(?!ask|clear|tru|def|whe|pre)\w", rest
    ):
        return Habit(word, "a row moves one field: write a row for each")
    if lower in ("approve", "approval", "confirm", "review"):
        return Habit(word, "write `ask`", "ask")
    if lower in ("shorten", "cut"):
        return Habit(word, "write `truncate`", "truncate")
    if lower in (",", "and") and re.match(r"\W?\w*[ \t]+\w", rest):
        return Habit(word, "take it out", "")
    if lower.isdigit() and line.rstrip().endswith("truncate"):
        return Habit(word, "the length is the field's own: take it out", "")
    if lower in ("empty", "null") and line.rstrip().endswith("when"):
        return Habit(word, "write `blank`", "blank")
    if lower in ("blank", "empty"):
        return Habit(word, "write `when blank`", "when blank")
    return None


def _keys(rest: str, word: str, lower: str, expected: Collection[str]) -> Habit | None:
    """Behind `match on`."""
    if rest.startswith((".", "->", "<-", "=")):
        written = word if word in ".=" else rest[:2]
        return Habit(written, "a key is a field of the left object alone: `match on FIELD`")
    if "COMMA" in expected and lower in ("else", "or"):
        return Habit(word, "write `, else`", ", else")
    if "COMMA" in expected and re.match(r"(?:oldest|newest|most|same)\b", rest):
        return Habit(word, "write a comma before it", f", {word}")
    found = re.match(r"the[ \t]+(oldest|newest)(?:[ \t]+first)?", rest)
    if found and "OLDEST" in expected:
        return Habit(found[0], f"write `{found[1]} first`", f"{found[1]} first")
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
    if rest.startswith(","):
        return Habit(",", "one thing on each side of an arrow: write a row for each")
    sign = _longest(rest, _ARROWS)
    if sign:
        return Habit(sign, f"write `{_ARROWS[sign]}`", _ARROWS[sign])
    sign = _longest(rest, _NO_ARROWS)
    if sign:
        return Habit(sign, "write an arrow for the way that values go: `->`, `<-` or `<->`")
    word = re.match(r"\w+", rest)
    if word is None:
        return None
    if re.match(r"[\w.]+[ \t]*(?:<->|->|<-)[ \t]*$", rest):
        return Habit(word[0], "the arrow stands between the two: `FIELD -> FIELD`")
    if _NAMES_THEN_ARROW.match(rest):
        return Habit(word[0], _LABEL)
    return Habit(word[0], "an arrow is missing before it: `->`, `<-` or `<->`")


def _brackets(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """Lists and blocks."""
    if "LSQB" in expected and "STRING" not in expected and rest[:1] in ('"', "("):
        written = "(" if rest[0] == "(" else rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, 'a list stands in square brackets: `in ["A", "B"]`')
    if rest.startswith('"') and re.search(r"\b(?:or|and)\s+$", before):
        written = rest[: rest.find('"', 1) + 1] or rest
        return Habit(written, 'for one of several values write `in ["A", "B"]`')
    if "LBRACE" in expected and rest.startswith(":"):
        return Habit(":", "a block begins with `{` and ends with `}`")
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
        link = lower in _LINKS and f" {wanted} " not in rest
        if name in ("WITH", "AS", "ON", "FROM", "ELSE") and (link or lower == wanted):
            return Habit(word, f"write `{wanted}`", wanted)
    if _RIGHT_NAME.search(before) and "DEFAULT" in expected and word == word.capitalize():
        return Habit(word, _LABEL)
    return None


_ONLY_FOR = {
    "=": "IS", "==": "IS", "=>": "ARROW", "!=": "IS", "<>": "IS", "!": "NOT", "&&": "AND",
    "&": "AND", "||": "OR", "|": "OR",
}  # fmt: skip
"""Signs that mean a word only where that word could come."""


def _sign(rest: str, expected: Collection[str]) -> Habit | None:
    if _CLOSED.match(rest):
        return None
    sign = _longest(rest, _SIGNS)
    if (
        sign == ","
        and "OF" not in expected
        and re.match(r",[ \t]*(?!when|unless)\w", rest)
        and "RBRACE" not in expected
    ):
        return Habit(",", "only one stands here: write a line for each")
    needs = _ONLY_FOR.get(sign)
    if not sign or (needs is not None and needs not in expected):
        return None
    return Habit(sign, *_SIGNS[sign])


def _longest(rest: str, signs: Collection[str]) -> str:
    """The longest sign that `rest` begins with, "" for none."""
    return max((one for one in signs if rest.startswith(one)), key=len, default="")
