"""One word more, less or other: which small change lets a line be read that can't be.

Tries what the parser would have taken and keeps what makes the line right; so nothing is suggested
that does not help. Knows text and nothing of the language; who can read is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..connectors.base.frozen import dataclass

Reads = Callable[[str], bool]
"""Whether a statement can be read."""

MOST_NAMED = 3
_MARKS = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]*`|#.*|[{}]')
_JOINS = (",", "]", ")")
"""Signs that may be missing; others change what is said."""
_JOINING = ("and", "or")
_CLAUSES = ("when", "unless")
"""Words behind which a single name would do; that is rarely what was meant."""


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
        return reads(whole + "}" * _open(whole) + "\n")

    words = [one for one in could if one.isalpha() or one in _JOINS]
    if not refused.strip():
        added = [one for one in (*words, *({"{"} & set(could))) if helps(f" {one}")]
        return _several("add", added, " {}") if len(added) == 1 else None
    if len(rest.split()) < 2 and len(words) > 1:
        words = [one for one in words if one not in _CLAUSES]
    inserted = [one for one in words if helps(f"{one} {refused}")]
    if inserted:
        return _several("write", inserted, f"{{}} {refused}", " before it")
    instead = [one for one in words if helps(one)] if len(refused) > 1 or not before else []
    if instead:
        return _several("write", instead, "{}")
    joins = (before[-1:].isalnum() and rest[:1].isalnum()) or could == ["of"]
    return Attempt("take it out", "") if not joins and helps("") else None


def _several(word: str, found: Sequence[str], fix: str, behind: str = "") -> Attempt | None:
    if len(found) > MOST_NAMED:
        found = [one for one in found if one in _JOINING]
    if not 0 < len(found) <= MOST_NAMED:
        return None
    named = " or ".join(f"`{one}`" for one in found)
    one = fix.format(found[0]) if len(found) == 1 else None
    return Attempt(f"{word} {named}{behind}", one)


def _open(text: str) -> int:
    """How many blocks are open at the end of a text."""
    marks = [one for one in _MARKS.findall(text) if one in "{}"]
    return max(0, marks.count("{") - marks.count("}"))
