"""What `check --fix` does: puts the sure edits of findings in place, and proves each.

An edit is sure where nothing else could have been meant, and it stays only if its finding is gone
with it and nothing new is found, save what the mistake had hidden. Knows texts, findings and
schemas; the files are written by `engine/rewrite.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Schema
from . import Checked, Finding, check
from .parse import RULE_WORDS, decoded

HIDING = ("syntax", "needs-quotes", "unknown-system", "unknown-object", "unknown-code")
"""Codes of mistakes that keep us from looking further: what is found behind them is new then."""
HALF = ("sync-line",)
"""Codes whose edit is one half of the work: turned round, the rules below would say the reverse."""
MOST_ROUNDS = 100
NEAR = 0.7
"""How like two words must be (`SequenceMatcher.ratio`) for the one to be a slip of the other."""

_LINE_END = re.compile(r"(\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class Mended:
    """What the files are to hold, what was found in them then, and the findings that were mended,
    each with its place at the time."""

    sources: Mapping[str, bytes]
    checked: Checked
    done: tuple[Finding, ...]


def mend(sources: Mapping[str, bytes], schemas: Mapping[str, Schema]) -> Mended:
    """Applies edits until none is left that helps.

    `sources` and `schemas` as for `check`. Changes nothing but what an edit covers: line ends, a
    byte order mark and all else stay.
    """
    now = Mended(sources, check(sources, schemas), ())
    words = _words(schemas)
    hopeless: set[tuple[str, int, str, str]] = set()
    for _ in range(MOST_ROUNDS):
        open = [one for one in now.checked.findings if _key(one) not in hopeless]
        edits = _next([one for one in open if _sure(one, now.sources[one.file], words)])
        if not edits:
            break
        for batch in (edits, *([one] for one in edits if len(edits) > 1)):
            then = _with(now, batch, schemas)
            if then is not None:
                now = then
                break
            if len(batch) == 1:
                hopeless.add(_key(batch[0]))
    return now


def edited(source: bytes, edits: Iterable[Finding]) -> bytes:
    """The file with the text of each finding's `fix` instead of what the finding underlines.

    The edits must not overlap, and each lies on one line. `source` is UTF-8.
    """
    text = source.decode("utf-8")
    start = "\ufeff" if text.startswith("\ufeff") else ""
    parts = _LINE_END.split(text.removeprefix("\ufeff"))
    for one in sorted(edits, key=lambda each: each.span, reverse=True):
        at = 2 * (one.span.line - 1)
        line = parts[at]
        parts[at] = line[: one.span.column - 1] + (one.fix or "") + line[one.span.end_column - 1 :]
    return (start + "".join(parts)).encode("utf-8")


# ---- which edits are sure -----------------------------------------------------------------


def _words(schemas: Mapping[str, Schema]) -> frozenset[str]:
    """All that could have been meant: what the systems have, and the words that begin a rule."""
    found = {*RULE_WORDS, *schemas}
    for schema in schemas.values():
        for thing in schema.objects:
            found.add(thing.name)
            for field in thing.fields:
                found |= {field.name, *(one.value for one in field.choices)}
    return frozenset(map(_bare, found))


def _sure(one: Finding, source: bytes, words: frozenset[str]) -> bool:
    """Whether the edit writes what was meant: the same word in another form, a sign, or a slip of
    a word to which no other is as near (`pul` is `pull`, but `pusl` may be `push` as well)."""
    text = decoded(source)
    if one.fix is None or text is None or one.code in HALF or one.span.line != one.span.end_line:
        return False
    line = text.split("\n")[one.span.line - 1]
    written, meant = (
        _bare(x) for x in (line[one.span.column - 1 : one.span.end_column - 1], one.fix)
    )
    if not written or not meant or written == meant:
        return True
    matcher = SequenceMatcher(b=written)
    likeness = _likeness(matcher, meant, NEAR)
    if not likeness:
        return False
    return not any(_likeness(matcher, word, likeness) for word in words - {written, meant})


def _likeness(matcher: SequenceMatcher[str], word: str, least: float) -> float:
    """How like a word is to the other of the matcher; 0 where that is less than `least`."""
    matcher.set_seq1(word)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0


def _bare(text: str) -> str:
    """A word without letter case, quotes and separators."""
    return re.sub(r"[\W_]+", "", text).casefold()


# ---- edits --------------------------------------------------------------------------------


def _next(findings: Iterable[Finding]) -> list[Finding]:
    """Edits that can be made together: those of mistakes that hide others come first, and of two
    that overlap the second waits."""
    found = list(findings)
    hiding = [one for one in found if one.code in HIDING]
    edits: list[Finding] = []
    for one in sorted(hiding or found, key=lambda each: (each.file, each.span)):
        last = edits[-1] if edits else None
        if last is None or last.file != one.file or _ends_before(last, one):
            edits.append(one)
    return edits


def _ends_before(one: Finding, other: Finding) -> bool:
    end = (one.span.end_line, one.span.end_column)
    return end <= (other.span.line, other.span.column) and one.span != other.span


def _with(now: Mended, edits: Sequence[Finding], schemas: Mapping[str, Schema]) -> Mended | None:
    """What comes of these edits, None where they don't help."""
    sources = dict(now.sources)
    for file in {one.file for one in edits}:
        sources[file] = edited(sources[file], [one for one in edits if one.file == file])
    checked = check(sources, schemas)
    before = Counter(map(_key, now.checked.findings))
    after = Counter(map(_key, checked.findings))
    gone = Counter(map(_key, edits))
    expected = before - gone
    new = after - expected
    if any(new[key] for key in gone) or (new and edits[0].code not in HIDING):
        return None
    return Mended(sources, checked, (*now.done, *edits))


def _key(one: Finding) -> tuple[str, int, str, str]:
    """A finding wherever it stands on its line: an edit before it moves it."""
    return (one.file, one.span.line, one.code, one.title)
