"""Mistakes that are told by the words around them: a name that is missing, a line that belongs
elsewhere, quotes that were forgotten.

Each function gives the finding, or None where it is something else. The order in which they are
asked is `complaint.py`'s; where reading stopped is `spot.py`'s.
"""

from __future__ import annotations

import re

from . import forms
from .attempts import before
from .finding import Finding
from .names import quoted
from .nearest import nearest
from .spot import GOES_ON, Spot, finding, form, literals


def slip_before(spot: Spot) -> Finding | None:
    """The word before is the wrong one: it was taken for a name."""
    known = [one for one in literals().values() if one.isalpha()]
    text, gap = spot.local
    wrong = before(text, spot.begin - gap, spot.probe.reads, known, spot.could)
    if wrong is None:
        return None
    word, change = wrong
    end = len(spot.before.rstrip())
    place = spot.place(end - len(word), end)
    return finding(spot, place, f"unexpected `{word}`", help=change.help, fix=change.fix)


def dangling(spot: Spot) -> Finding | None:
    """An indented line that looks as if it went on from the one before."""
    if spot.block or spot.line.strip() or not spot.names <= {"_NL", "$END"}:
        return None
    if not spot.line or not re.fullmatch(r"\w+", spot.word):
        return None
    near = nearest(spot.word, ("and", "or", "when", "unless", "else"))
    title = f"unexpected `{spot.word}`"
    if near:
        help = f"did you mean `{near}`?"
        return finding(spot, spot.span, title, help=help, fix=near, bare=True)
    help = "a line goes on from the one before where it begins with `when`, `unless`, `and` or `or`"
    return finding(spot, spot.span, title, help=help, bare=True)


def misplaced(spot: Spot) -> Finding | None:
    """A line that belongs elsewhere, at its first word."""
    line = spot.line + spot.rest
    begin = len(spot.line) - len(spot.line.lstrip())
    word = spot.leads
    if not word or len(spot.line.split()) > 1 or spot.line.strip() not in ("", word):
        return None
    if GOES_ON.match(line) and not spot.block:
        at = spot.begin - len(spot.line) + begin
        help = f"a line that begins so goes on from the one before, which takes no `{word}`"
        title = f"unexpected `{word}`"
        return finding(spot, spot.place(at, at + len(word)), title, help=help, bare=True)
    help = forms.misplaced(spot.block, word, line.strip()[len(word) :])
    if not help:
        return None
    at = spot.begin - len(spot.line) + (len(line) - len(line.lstrip()))
    return finding(
        spot, spot.place(at, at + len(word)), f"unexpected `{word}`", help=help, bare=True
    )


def nameless(spot: Spot) -> Finding | None:
    """`push as Lead`: the word that should follow a name stands where the name should."""
    wrong = _MAP_TO.search(spot.before)
    if wrong is not None and not re.search(r"\bwith\b", spot.rest):
        place, title = spot.place(*wrong.span(1)), f"unexpected `{wrong[1]}`"
        return finding(spot, place, title, help="write `with`", fix="with", bare=True)
    without = _MAP_WITH.match(spot.text)
    if without is not None and spot.names == {"WITH"}:
        title = "a name is missing before `with`"
        return finding(spot, spot.place(*without.span(1)), title, help=form(spot), bare=True)
    bare = _BY_ADDRESS.search(spot.before)
    known = bare is None or bare[1] == "domain" or spot.word == "domain"
    if bare is not None and not known and spot.names == {"OF"}:
        place, title = spot.place(*bare.span(1)), f"unexpected `{bare[1]}`"
        help, fix = "write `domain of` before it", f"domain of {bare[1]}"
        return finding(spot, place, title, help=help, fix=fix, bare=True)
    odd = _guarded(spot)
    if odd is not None:
        return odd
    line = spot.before.rstrip()
    word = next((x for x in spot.could if x in _LINKS and re.search(rf"\s{x}$", line)), "")
    if not word:
        return None
    place = spot.place(len(line) - len(word), len(line))
    help = form(spot)
    what = "a value" if word == "when" else "a name"
    return finding(spot, place, f"{what} is missing before `{word}`", help=help, bare=True)


def brace_below(spot: Spot) -> Finding | None:
    """The block's brace stands on the next line."""
    gap = re.match(r"\s*\{", spot.text[spot.end :])
    if gap is None or "{" not in spot.could:
        return None
    at = spot.end + gap.end()
    help = "`{` stands at the end of its rule's line"
    return finding(spot, spot.place(at - 1, at), "unexpected `{`", help=help, bare=True)


_LINKS = ("with", "as", "from", "of", "on", "by", "first", "per", "because", "when")


def _guarded(spot: Spot) -> Finding | None:
    """`5 percent of Lead`, `5 of Lead`, `Lead and Contact`: what a guard took for names."""
    begin = spot.before.rfind("\n") + 1
    for pattern, help, fix in _GUARDS:
        found = pattern.search(spot.text, begin)
        if found is not None and spot.text[begin:].lstrip().startswith("guard"):
            title = f"unexpected `{found[1]}`"
            return finding(spot, spot.place(*found.span(1)), title, help=help, fix=fix, bare=True)
    return None


_GUARDS: tuple[tuple[re.Pattern[str], str, str | None], ...] = (
    (re.compile(r"\d[ \t]*(percent|pct)\b"), "write `%`", "%"),
    (re.compile(r"\bmost[ \t]+\d+[ \t]+(of)\b"), "a share has a `%`: `5% of OBJECT`", None),
    (
        re.compile(r"\w[ \t]*(and|or|,)[ \t]+\w+[ \t]+\w+[ \t]+per\b"),
        "write a guard for each",
        None,
    ),
)
_BY_ADDRESS = re.compile(r"\bby[ \t]+(\w+)[ \t]*$")
_MAP_TO = re.compile(r"\bmap[ \t]+\w+[ \t]+(to|into|and|as|on|onto)[ \t]+$")
_MAP_WITH = re.compile(r"\s*map[ \t]+(with)\b")


def without_quotes(spot: Spot) -> Finding | None:
    """`stage is Not Interested`: a value of one or several words whose quotes are missing."""
    begin = spot.begin
    if re.search(r"\b(?:any|all)[ \t]+is[ \t]+\w+[ \t]+$", spot.before):
        return None
    if spot.names != {"STRING"}:
        first = _VALUE_BEGINS.search(spot.before) or (
            _GIVEN.search(spot.before) if spot.block == "test" else None
        )
        if first is None or (
            first[0][0] in "[,"
            and spot.block != "test"
            and spot.before.rfind("[") <= spot.before.rfind("]")
        ):
            return None
        begin = first.start(1)
    elif spot.word in ("is", "as", "to", "in", "with"):
        return None
    found = _WORDS_GO_ON.match(spot.rest)
    end = spot.begin + (found.end() if found else len(spot.word))
    value = spot.text[begin:end]
    written = quoted(" ".join(value.split()))
    if value.isdigit():
        title, help = f"`{value}` is no text", f"write {written}"
        place = spot.place(begin, end)
        return Finding("wrong-type", "error", spot.path, place, title, help=help, fix=written)
    what = "is a name" if value == spot.word else "are several words without quotes"
    return Finding(
        "needs-quotes",
        "error",
        spot.path,
        spot.place(begin, end),
        f"`{value}` {what}{' here' if what == 'is a name' else ''}, and a value is wanted",
        note="text in quotes is a value, a word without quotes is the name of a field",
        help=f"write {written}",
        fix=written,
    )


_VALUE_BEGINS = re.compile(
    r"(?:\b(?:is(?:[ \t]+not)?|contains|(?:starts|ends) with|default|source)[ \t]+|[\[,][ \t]*)"
    r"((?!(?:and|or|when|unless|blank|known|not|in|one|any|true|false|greater|more|less|larger|smaller|higher|lower|fewer|"
    r"later|earlier|equal)\b)\w+)[ \t]+$"
)
_GIVEN = re.compile(r"[{,][ \t]*\w+[ \t]+(\w+)[ \t]+$")
_WORDS_GO_ON = re.compile(
    r"\w+(?:[ \t]+(?!(?:on[ \t]+\d+|and|or|else|when|unless|in|by|per|prefer|default|ask|truncate|"
    r"clear)\b)\w+)*"
)
