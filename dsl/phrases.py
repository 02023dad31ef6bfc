"""What people write in conditions out of habit: comparisons in words, dates, lists.

Knows the words around the mistake and nothing else, as `habits.py` does for all other lines;
`complaint.py` asks it first.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .habits import Habit

_ORDERS = {
    ">": ("greater than", "more than", "larger than", "bigger than", "higher than", "later than",
          "after", "above", "over"),
    "<": ("less than", "fewer than", "smaller than", "lower than", "earlier than", "before",
          "below", "under"),
    ">=": ("at least", "from"),
    "<=": ("at most", "up to", "until"),
    "is": ("equal to", "equals to", "matches exactly"),
    "starts with": ("begins with", "begin with", "beginning with", "start with", "starting with"),
    "ends with": ("end with", "ending with", "finishes with"),
    "contains": ("contain", "~", "includes", "include", "matches"),
    "is blank": ("empty", "is null", "blank", "missing", "isn't known"),
    "is known": ("known", "set", "present", "filled", "isn't blank"),
    "is not": ("isn't", "isnt", "aint"),
    "not in": ("is none of",),
}  # fmt: skip
_WRITTEN = sorted(
    ((phrase, sign) for sign, phrases in _ORDERS.items() for phrase in phrases),
    key=lambda one: -len(one[0]),
)
_DATE = re.compile(r"\b(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\b")
_TAKEN = re.compile(r"\b(and|or|is|in|not|contains|the|an?)[ \t]+$")
NEEDLESS = ("and", "or", "not", "the", "a", "an")
"""Words that can go where they are taken for names."""


def phrase(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """As `habits.habit`: what stands at the start of `rest`, and what to write instead."""
    word = re.match(r"\w+|.", rest)
    if word is None:
        return None
    return (
        _function(rest, word[0], before, expected)
        or _compared(rest, before, expected)
        or _listed(rest, word[0], before, expected)
        or _signs(rest, before, expected)
    )


def date(line: str, column: int) -> tuple[int, int, str] | None:
    """A date that is written in another way around a place of a line: where it begins and ends,
    from 0, and how it is written here ("" where day and month could be taken for each other)."""
    for one in _DATE.finditer(line):
        first, sign, middle, last = one.groups()
        ours = sign == "-" and len(first) == 4
        dated = not ours and (len(first) == 4 or len(last) in (2, 4))
        if dated and one.start() <= column < one.end():
            if len(first) == 4:
                return one.start(), one.end(), f"{first}-{middle:0>2}-{last:0>2}"
            day = first if sign == "." or int(first) > 12 else ""
            known = day and len(last) == 4 and int(middle) <= 12
            return one.start(), one.end(), f"{last}-{middle:0>2}-{day:0>2}" if known else ""
    return None


def _compared(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    """`score greater than 3`, `score is greater than 3`."""
    lower = rest.lower()
    if "IS" in expected:
        for written, sign in _WRITTEN:
            if re.match(re.escape(written) + r"(?!\w)", lower):
                return Habit(rest[: len(written)], f"write `{sign}`", sign)
        if lower.startswith("between"):
            return Habit(rest[:7], "write two comparisons: `FIELD >= 3 and FIELD <= 5`")
        if re.match(r"not\b(?![ \t]+in\b)", lower) and {"AND", "OR"} <= set(expected):
            return Habit("not", "write `and not`, or `is not` before a value")
    found = re.search(r"\bis[ \t]+(not[ \t]+)?(\w+)[ \t]+$", before)
    if found and re.match(r"(?:than|to)\b", lower):
        written = f"{found[2]} {rest.split(maxsplit=1)[0]}".lower()
        sign = dict(_WRITTEN).get(written, "")
        if sign:
            return Habit(rest.split(maxsplit=1)[0], f"write `{sign}` instead of `is {written}`")
    return None


def _listed(rest: str, word: str, before: str, expected: Collection[str]) -> Habit | None:
    """Lists and what stands in them."""
    if rest.startswith("[") and ("BLANK" in expected or re.search(r"\bis(?: \w+)? \w+ +$", before)):
        return Habit("[", 'for one of several values write `in ["A", "B"]`')
    if word == "in" and "BLANK" in expected:
        return Habit(word, "write `in` without `is`")
    if "LSQB" in expected and re.match(r"\w", rest):
        return Habit(word, 'a list stands in square brackets: `in ["A", "B"]`')
    if re.search(r"\bnot[ \t]+$", before) and rest.startswith('"') and "IN" in expected:
        end = rest.find('"', 1) + 1
        return Habit(rest[:end], 'write `is not "A"`, or `not in ["A", "B"]`')
    if "IN" in expected and word in ("blank", "known") and re.search(r"\bnot[ \t]+$", before):
        return Habit(word, f"write `is not {word}`")
    if {"RSQB", "COMMA"} & set(expected) and re.match(r"[;|/][ \t]*\S", rest):
        return Habit(word, "write `,`", ",")
    value = re.match(r'"(?:\\.|[^"\\\n])*"|\w+', rest)
    if value and set(expected) <= {"RSQB", "RBRACE"} and not before.rpartition("\n")[2].strip():
        return Habit(value[0], "a comma is missing at the end of the line before")
    if rest.startswith("]") and "STRING" in expected:
        comma = before.rstrip().endswith(",")
        return Habit(
            "]", "take the comma before it out" if comma else "a list has at least one value"
        )
    if rest.startswith((",", "}")) and "STRING" in expected:
        return Habit(rest[0], "a value is missing before it")
    return None


def _function(rest: str, word: str, before: str, expected: Collection[str]) -> Habit | None:
    """`domain(email)`, `domain email`, `email.domain`."""
    if re.search(r"\bdays[ \t]+$", before) and word in ("until", "to", "before", "after", "ago"):
        return Habit(word, "only `days since FIELD` is known")
    if "OF" in expected and re.search(r"\bdomain[ \t]+$", before) and re.match(r"\w", rest):
        return Habit(word, "write `of` before it", f"of {word}")
    if "SINCE" in expected and re.search(r"\bdays[ \t]+$", before) and re.match(r"\w", rest):
        return Habit(word, "write `since` before it", f"since {word}")
    if rest.startswith("(") and re.search(r"\bby[ \t]+domain[ \t]*$", before):
        return Habit("(", "write `domain of FIELD`")
    if rest.startswith("(") and re.search(r"\b(?:when|unless)\b.*[ \t.](?!in$|is$)\w+$", before):
        if re.search(r"\bdomain$", before):
            return Habit("(", "write `domain of FIELD`")
        return Habit("(", "functions are written `domain of FIELD` and `days since FIELD`")
    return None


def _signs(rest: str, before: str, expected: Collection[str]) -> Habit | None:
    if "ORDER" in expected and rest.startswith(("=>", "=<")):
        right = ">=" if rest[1] == ">" else "<="
        return Habit(rest[:2], f"write `{right}`", right)
    if before.endswith("<") and rest.startswith(">"):
        return Habit(">", "write `is not` instead of `<>`")
    if re.search(r"\d$", before) and re.match(r",\d", rest):
        whole = re.findall(r"\d+$", before)[0] + re.findall(r"^[\d,]+", rest)[0]
        return Habit(",", f"a number has no commas: write `{whole.replace(',', '')}`")
    if re.search(r"[^\W\d]\w*$", before) and re.match(r"-\w", rest) and "IS" in expected:
        written = re.match(r"-[\w-]+", rest)
        return Habit(written[0] if written else "-", "a name has no dashes")
    if rest.strip() == '"' or re.match(r'"[ \t]*(?:\{|and\b|or\b)', rest):
        if before.endswith('"'):
            return Habit('"', "take it out", "")
        found = re.search(r"\b(\w[\w ]*)$", before)
        if found and not before.endswith(" "):
            value = re.split(r"\b(?:is|not|contains|with|default)\b", found[1])[-1].strip()
            return Habit('"', f'the text has no beginning: write "{value}"')
    return None


def taken(before: str, expected: Collection[str], word: str) -> str:
    """The word of the language just before, where it was taken for the name of a field: "and" of
    `and and title is known`; "" for none."""
    found = _TAKEN.search(before)
    if found is None or "STRING" in expected or word in ("and", "or", "in", "is", "["):
        return ""
    if found[1] == "not" and not re.search(r"\bnot[ \t]+not[ \t]+$", before):
        return ""
    return found[1] if "IS" in expected or "_NL" in expected or "$END" in expected else ""
