"""What the parser's errors mean in plain words: what stands there, and what could stand instead.

It doesn't parse; `parse.py` calls it after a failure, never on the way of a good file. Here is the
order in which the causes are asked for: `misses.py` knows words around a mistake, `habits.py` and
`phrases.py` what people write out of habit, `attempts.py` which small change would help.
"""

from __future__ import annotations

import re

from . import forms, phrases
from .attempts import attempt, closed
from .build import NotAFunction
from .finding import Finding
from .habits import Habit, joined
from .misses import brace_below, dangling, misplaced, nameless, slip_before, without_quotes
from .nearest import nearest
from .reader import Reader
from .shortened import shortened
from .spot import ENDS, Spot, finding, form, listed, one_way, short, spot_of
from .trail import Trail


def complaint(path: str, text: str, first: int, trail: Trail, reader: Reader) -> Finding:
    """The finding for the first line that can't be read in a statement that begins in line `first`
    and ends with a line end. `trail` is what `reader` has left behind of it."""
    few, stop, gaps = shortened(text, first, trail)
    return _complaint(spot_of(path, few, first, stop, reader, gaps))


def not_a_function(path: str, error: NotAFunction) -> Finding:
    """The finding for `X of FIELD` with an X that is no function."""
    word = "domain of" if error.known == "domain" else "days since"
    return Finding(
        "syntax",
        "error",
        path,
        error.name.span,
        f"`{error.name.text}` can't stand here",
        label=f"only `{word}` is known",
        help=f"write `{word} FIELD`",
        fix=error.known,
    )


def _complaint(spot: Spot) -> Finding:
    if not spot.before.strip() and spot.word != "}":
        return _habit(spot, spot.habit) if spot.habit is not None else _no_rule(spot)
    if spot.ended:
        if _lone(spot):
            return _setting(spot)
        link = nameless(spot) or brace_below(spot)
        if link is not None:
            return link
        title = "the line ends too early"
        return _attempted(spot, title, label="something is missing")
    if spot.word.isspace() and spot.habit is None:
        help = "this is a blank of another kind; type a plain one"
        return finding(spot, spot.span, "unexpected letter", help=help, fix=" ", bare=True)
    elsewhere = misplaced(spot)
    if elsewhere is not None:
        return elsewhere
    if _lone(spot) and not nearest(spot.word, ["by"]) and not _DOMAIN.match(spot.rest):
        return _setting(spot) if spot.habit is None else _habit(spot, spot.habit)
    found = _phrase(spot)
    if found is not None:
        return found
    if re.fullmatch(r"\w+", spot.word):
        near = joined(spot.word, spot.could) or nearest(
            spot.word, [one for one in spot.could if one.isalpha()]
        )
        if near and spot.habit is not None:
            own = {"ANY", "ALL"} <= spot.names and near != spot.word.lower()
            if own or not _goes_on(spot, spot.begin, spot.end, near):
                near = ""
        several = None if near else without_quotes(spot)
        if several is not None:
            return several
        if near:
            title, help = f"unexpected `{spot.word}`", f"did you mean `{near}`?"
            return finding(spot, spot.span, title, help=help, fix=near, bare=one_way(spot))
    link = nameless(spot) or dangling(spot) or slip_before(spot)
    if link is not None:
        return link
    if spot.habit is not None:
        return _habit(spot, spot.habit)
    beside = forms.beside(spot.block, spot.word, spot.rest)
    if beside and spot.line.strip():
        return finding(spot, spot.span, f"unexpected `{spot.word}`", help=beside, bare=True)
    if spot.block in ("push", "pull") and not spot.line.strip() and spot.word != "{":
        return _setting(spot)
    if spot.word == "{" and not spot.line.strip():
        help = "`{` stands at the end of its rule's line"
        return finding(spot, spot.span, "unexpected `{`", help=help)
    return _attempted(spot, f"unexpected `{short(spot.word)}`")


def _attempted(spot: Spot, title: str, *, label: str = "") -> Finding:
    """With the one change that helps, else with how such a line reads."""
    text, gap = spot.local
    found = attempt(text, spot.begin - gap, spot.end - gap, spot.could, spot.probe.reads)
    if found is not None:
        help, fix = found.help, found.fix
        return finding(spot, spot.span, title, label=label, help=help, fix=fix, bare=one_way(spot))
    return finding(spot, spot.span, title, label=label, help=form(spot))


def _lone(spot: Spot) -> bool:
    """In the block of a rule: the first word was taken for a name, as in `account by domain of`."""
    return spot.names == {"BY"}


_DOMAIN = re.compile(r"(?:\w+[ \t]+)?domain\b")
_EVENTS = ("delete", "merge", "cancel", "mark", "unlink")


def _setting(spot: Spot) -> Finding:
    """The first word of the line was meant to begin a setting."""
    line = spot.before.rstrip() if spot.line.strip() else spot.text[: spot.end]
    word = line.split()[-1]
    at = len(line) - len(word)
    known = forms.words("push")
    near = nearest(word, known) if len(word) > 1 else ""
    place = forms.misplaced(spot.block, word, spot.rest)
    if word in _EVENTS:
        place = f"such a line reads `{forms.form('push', 'on')}`"
    begins = listed([*(f"`{one}`" for one in known), f"`{forms.form('push', '')}`"])
    return finding(
        spot,
        spot.place(at, at + len(word)),
        f"unexpected `{short(word)}`",
        help=place or (f"did you mean `{near}`?" if near else f"a line here begins with {begins}"),
        fix=near if near and not place else None,
        bare=True,
    )


def _phrase(spot: Spot) -> Finding | None:
    """What people write in conditions out of habit."""
    start = spot.begin - len(spot.line)
    day = phrases.date(spot.line + spot.rest, len(spot.line))
    if day is not None:
        begin, end, written = start + day[0], start + day[1], day[2] or "2026-01-31"
        title = f"unexpected `{spot.text[begin:end]}`"
        help = f"a date is written `{written}`"
        return finding(
            spot, spot.place(begin, end), title, help=help, fix=day[2] or None, bare=True
        )
    word = phrases.taken(spot.before, spot.names, spot.word)
    if word:
        end = len(spot.before.rstrip())
        help, fix = ("take it out", "") if word in phrases.NEEDLESS else (form(spot), None)
        place, title = spot.place(end - len(word), end), f"unexpected `{word}`"
        return finding(spot, place, title, help=help, fix=fix, bare=True)
    found = phrases.phrase(spot.rest, spot.before, spot.names)
    return None if found is None else _habit(spot, found)


def _habit(spot: Spot, found: Habit) -> Finding:
    """The finding for what people write out of habit."""
    if found.written in ('"', "`") and found.help.startswith("end the"):
        title = "this text isn't closed" if found.written == '"' else "this name isn't closed"
        end = spot.begin + len(spot.rest.rstrip())
        return finding(spot, spot.place(spot.begin, end), title, help=found.help)
    begin, end = spot.begin, spot.begin + len(found.written)
    fix, help = found.fix, found.help
    if fix is not None and not _goes_on(spot, begin, end, fix):
        fix, help = None, help if fix == "" else form(spot) or help
    place = spot.place(begin, end)
    title = f"unexpected {_called(found)}"
    return finding(spot, place, title, help=help, fix=fix, bare=one_way(spot))


def _goes_on(spot: Spot, begin: int, end: int, fix: str) -> bool:
    """Whether with a fix the line can be read at least to some word behind it."""
    text, gap = spot.local
    begin, end = begin - gap, end - gap
    rest = text[end:].partition("\n")[0]
    whole = closed(f"{text[:begin]}{fix}{rest}\n")
    there = spot.probe.stop(whole)
    if there is None:
        return True
    return there.kind not in ENDS and there.place >= begin + len(fix) and fix != ""


def _called(found: Habit) -> str:
    """What stands there, as far as it can be seen."""
    return f"`{short(found.written)}`" if found.written.strip("\u00a0\u200b\ufeff") else "letter"


def _no_rule(spot: Spot) -> Finding:
    near = nearest(spot.word, spot.could)
    place = forms.misplaced("", spot.word, spot.rest[len(spot.word) :])
    if near and not place:
        help = f"did you mean `{near}`?"
    else:
        help = place or f"a rule begins with {listed(f'`{one}`' for one in spot.could)}"
    return Finding(
        "syntax",
        "error",
        spot.path,
        spot.span,
        f"no rule begins with `{short(spot.word.strip('`'))}`",
        help=help,
        fix=near if near and not place else None,
    )
