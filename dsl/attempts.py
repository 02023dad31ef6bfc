"""One word more, less or other: which small change lets a line be read that can't be.

Tries what the parser would have taken and keeps what makes the line right; so nothing is suggested
that does not help. Knows text and nothing of the language; who can read is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..connectors.base.frozen import dataclass
from .nearest import nearest

Reads = Callable[[str], bool]
"""Whether a statement can be read."""

MOST_NAMED = 2
_MARKS = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]*`|#.*|[{}]')
_JOINS = (",", "]", ")")
"""Signs that may be missing; others change what is said."""
_JOINING = ("and", "or")
_BRACKETS = ("(", ")", "[", "]", "{", "}", '"')
_GREEDY = ("when", "unless", "prefer", "default")
_LONE = re.compile(r"\s*[^\W\d][\w.]*\s*[{}]?\s*")
"""Words behind which any single name would do; that is rarely what was meant."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`help` says what to do; `fix` is what to write instead of the word that was refused (where a
    line ends too early: in its place), None where several would do."""

    help: str
    fix: str | None


def attempt(text: str, begin: int, end: int, could: Sequence[str], reads: Reads) -> Attempt | None:
    """What to do about the word from `begin` to `end` of a statement, None where no one change to
    it helps. `could` are the words and signs that could have come instead."""
    line_end = text.find("\n", end)
    before, refused = text[:begin], text[begin:end]
    rest = text[end : line_end if line_end >= 0 else len(text)]

    def helps(written: str) -> bool:
        whole = f"{before}{written}{rest}\n"
        return reads(closed(whole))

    words = [one for one in could if (one.isalpha() and one != "allow") or one in _JOINS]
    if not refused.strip():
        if sum(one.isalpha() for one in words) > 1:
            words = [one for one in words if not one.isalpha()]
        added = [one for one in (*words, *({"{"} & set(could))) if helps(f" {one}")]
        return _several("add", added, before=" ") if len(added) == 1 else None

    line = before.rpartition("\n")[2]

    def fits(word: str, following: str) -> bool:
        lone = _LONE.fullmatch(following) is not None or (word == "prefer" and '"' not in following)
        again = word.isalpha() and re.search(rf"\b{word}\b", line) is not None
        return len(words) == 1 or word not in _GREEDY or not (lone or again)

    inserted = [x for x in words if fits(x, refused + rest) and helps(f"{x} {refused}")]
    if inserted:
        return _several("write", inserted, after=f" {refused}", behind=" before it")
    ends = not rest.strip(" {}") and len(words) > 1
    ends = ends or refused in _BRACKETS
    ends = ends or refused[:1] == '"' or refused[:1].isdigit()
    instead = [] if ends else [x for x in words if fits(x, rest) and helps(x)]
    if instead:
        return _several("write", instead)
    if "when" in could and _LONE.fullmatch(refused + rest):
        return None  # most likely a condition whose `when` was forgotten
    joins = (before[-1:].isalnum() and rest[:1].isalnum()) or could == ["of"]
    return Attempt("take it out", "") if not joins and helps("") else None


def closed(text: str) -> str:
    """The text with the blocks ended that are open at its end."""
    return text + "}" * _open(text) + "\n"


def before(
    text: str, begin: int, reads: Reads, known: Sequence[str], could: Sequence[str]
) -> tuple[str, Attempt] | None:
    """The word just before `begin`, where that is the one to change: needless, of another language,
    a slip of one of `known`, or one that needs the only word of `could` before it; None where
    changing it doesn't help."""
    found = re.search(r"(\w+)[ \t]+$", text[:begin])
    if found is None or (found[1] in known and found[1] not in _NEEDLESS):
        return None
    line_end = text.find("\n", begin)
    rest = text[begin : line_end if line_end >= 0 else len(text)]
    near = _OTHERS.get(found[1]) or nearest(found[1], known)
    for written in ("",) if found[1] in _NEEDLESS else (near,) if near else ():
        whole = f"{text[: found.start()]}{written} {rest}\n"
        if reads(closed(whole)):
            help = f"did you mean `{written}`?" if written else "take it out"
            return found[1], Attempt(help, written)
    for word in could if len(could) == 1 and could[0].isalpha() else ():
        whole = f"{text[: found.start()]}{word} {found[1]} {rest}\n"
        if reads(closed(whole)):
            return found[1], Attempt(f"write `{word}` before it", f"{word} {found[1]}")
    return None


_NEEDLESS = (
    "not",
    "the",
    "a",
    "an",
    "all",
    "new",
    "any",
    "every",
    "each",
    "your",
    "our",
    "some",
    "their",
)
_OTHERS = {"has": "with", "have": "with", "having": "with", "where": "with", "which": "with"}


def _several(
    word: str, found: Sequence[str], *, before: str = "", after: str = "", behind: str = ""
) -> Attempt | None:
    """What to do with one of the words found; `before` and `after` stand beside it in the fix."""
    if len(found) > MOST_NAMED:
        found = [one for one in found if one in _JOINING]
    if not 0 < len(found) <= MOST_NAMED:
        return None
    named = " or ".join(f"`{one}`" for one in found)
    one = f"{before}{found[0]}{after}" if len(found) == 1 and found[0] != "{" else None
    return Attempt(f"{word} {named}{behind}", one)


def _open(text: str) -> int:
    """How many blocks are open at the end of a text."""
    marks = [one for one in _MARKS.findall(text) if one in "{}"]
    return max(0, marks.count("{") - marks.count("}"))
