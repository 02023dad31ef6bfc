"""What the parser's errors mean in plain words: what stands there, and what could stand instead.

Knows the parser's names for words and signs and turns them into the user's. It doesn't parse;
`parse.py` calls it after a failure, never on the way of a good file. What people write out of habit
is `habits.py`, how lines read `forms.py`, which small change would help `attempts.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, cached_property

from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from ..connectors.base.frozen import dataclass
from . import forms, phrases, tree
from .attempts import Reads, attempt, before, closed
from .build import NotAFunction
from .finding import Finding
from .habits import Habit, habit, joined
from .names import quoted
from .nearest import nearest
from .table import lark

_WORDS = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "DATE": "a date",
    "ARROW": "an arrow (`->`, `<-`, `<->`)",
    "ORDER": "`<`",
    "UNIT": "`minutes`, `hours` or `days`",
    "PERIOD": "`run` or `day`",
    "CODE": "the code of a finding",
    "_NL": "the end of the line",
    "$END": "the end of the line",
}
_TESTS = {"IS", "IN", "ORDER", "CONTAINS", "STARTS", "ENDS"}
_VALUES = {"STRING", "NUMBER", "DATE", "TRUE", "FALSE"}
MOST_LISTED = 6
"""Words that a note beside a help lists at most."""


def complaint(path: str, text: str, first: int, reads: Reads) -> Finding:
    """The finding for the first line that can't be read in a statement that begins in line `first`
    and ends with a line end. `reads` tells whether another one can."""
    interactive = lark().parse_interactive(text)
    try:
        interactive.resume_parse()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        return _complaint(_spot(path, text, first, error, reads))
    raise AssertionError(f"the tables refuse what the grammar allows: {text}")


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


@dataclass(frozen=True)
class _Spot:
    """Where reading stopped: `text` is the statement without comments, all in their old places, and
    from `begin` to `end` stands what can't stand there (nothing where a line ends too early)."""

    path: str
    text: str
    first: int
    begin: int
    end: int
    names: frozenset[str]
    ended: bool
    reads: Reads

    @property
    def word(self) -> str:
        return self.text[self.begin : self.end]

    @property
    def before(self) -> str:
        return self.text[: self.begin]

    @property
    def line(self) -> str:
        """The line up to the spot."""
        return self.before.rpartition("\n")[2]

    @property
    def rest(self) -> str:
        """The line from the spot on."""
        return self.text[self.begin :].partition("\n")[0]

    @cached_property
    def expected(self) -> dict[str, str]:
        """What could come here: the parser's name and the user's word for it."""
        return _expected(set(self.names))

    @cached_property
    def habit(self) -> Habit | None:
        """What people write out of habit, if that is what stands here."""
        return habit(self.rest, self.before, self.names)

    @property
    def could(self) -> list[str]:
        """The words and signs that could come here, letter for letter."""
        known = _literals()
        return [known[one] for one in sorted(self.names) if one in known]

    @property
    def block(self) -> str:
        """The kind of block that is open here, "" for none."""
        marks = [one for one in _MARKS.findall(self.before) if one in "{}"]
        if marks.count("{") <= marks.count("}"):
            return ""
        return "table" if _TABLE.match(self.text) else self.text.split()[0]

    @property
    def leads(self) -> str:
        """The word that the line begins with, one that is refused included."""
        found = re.match(r"\s*(\w+)", self.line + self.rest)
        return found[1] if found else ""

    def place(self, begin: int, end: int) -> tree.Span:
        """The span between two letters of the same line."""
        line = self.first + self.text.count("\n", 0, begin)
        start = begin - (self.text.rfind("\n", 0, begin) + 1) + 1
        return tree.Span(line, start, line, start + end - begin)

    @property
    def span(self) -> tree.Span:
        return self.place(self.begin, self.end)


_MARKS = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]*`|[{}]')
_TABLE = re.compile(r"\s*map[ \t]+\S+[ \t]+\S+[ \t]+with\b")
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*"|`[^`\n]*`)|#[^\n]*')
_REFUSED = re.compile(r'"(?:\\.|[^"\\\n])*"|\w+|\S+|.')


def _spot(path: str, text: str, first: int, error: UnexpectedInput, reads: Reads) -> _Spot:
    clean = _COMMENT.sub(lambda one: one[1] or " " * len(one[0]), text)
    interactive = getattr(error, "interactive_parser", None)
    names = set(interactive.accepts()) if interactive is not None else set()
    if len(names) > 1:
        names -= {"DOT"}
    if names == {"ALLOW", "NAME", "STRING"}:
        names -= {"ALLOW"}  # a field called so, behind an arrow
    begin = error.pos_in_stream or 0
    ended = isinstance(error, UnexpectedToken) and error.token.type in ("_NL", "$END")
    if ended:
        begin = end = len(clean[:begin].rstrip())
    elif isinstance(error, UnexpectedToken):
        end = begin + len(error.token)
    else:
        found = _REFUSED.match(clean, begin)
        end = found.end() if found else begin + 1
    return _Spot(path, clean, first, begin, end, frozenset(names), ended, reads)


def _complaint(spot: _Spot) -> Finding:
    if not spot.before.strip() and spot.word != "}":
        return _habit(spot, spot.habit) if spot.habit is not None else _no_rule(spot)
    if spot.ended:
        if _lone(spot):
            return _setting(spot)
        link = _nameless(spot) or _brace_below(spot)
        if link is not None:
            return link
        title = "the line ends too early"
        return _attempted(spot, title, label="something is missing")
    elsewhere = _misplaced(spot)
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
        several = None if near else _without_quotes(spot)
        if several is not None:
            return several
        if near:
            title, help = f"unexpected `{spot.word}`", f"did you mean `{near}`?"
            return _finding(spot, spot.span, title, help=help, fix=near, bare=_one(spot))
    link = _nameless(spot) or _dangling(spot) or _slip_before(spot)
    if link is not None:
        return link
    if spot.habit is not None:
        return _habit(spot, spot.habit)
    beside = forms.beside(spot.block, spot.word, spot.rest)
    if beside and spot.line.strip():
        return _finding(spot, spot.span, f"unexpected `{spot.word}`", help=beside, bare=True)
    if spot.block in ("push", "pull") and not spot.line.strip() and spot.word != "{":
        return _setting(spot)
    if spot.word == "{" and not spot.line.strip():
        help = "`{` stands at the end of its rule's line"
        return _finding(spot, spot.span, "unexpected `{`", help=help)
    return _attempted(spot, f"unexpected `{_short(spot.word)}`")


def _attempted(spot: _Spot, title: str, *, label: str = "") -> Finding:
    """With the one change that helps, else with how such a line reads."""
    found = attempt(spot.text, spot.begin, spot.end, spot.could, spot.reads)
    if found is not None:
        help, fix = found.help, found.fix
        return _finding(spot, spot.span, title, label=label, help=help, fix=fix, bare=_one(spot))
    return _finding(spot, spot.span, title, label=label, help=_form(spot))


def _slip_before(spot: _Spot) -> Finding | None:
    """The word before is the wrong one: it was taken for a name."""
    known = [one for one in _literals().values() if one.isalpha()]
    wrong = before(spot.text, spot.begin, spot.reads, known, spot.could)
    if wrong is None:
        return None
    word, change = wrong
    end = len(spot.before.rstrip())
    place = spot.place(end - len(word), end)
    return _finding(spot, place, f"unexpected `{word}`", help=change.help, fix=change.fix)


def _dangling(spot: _Spot) -> Finding | None:
    """An indented line that looks as if it went on from the one before."""
    if spot.block or spot.line.strip() or not spot.names <= {"_NL", "$END"}:
        return None
    if not spot.line or not re.fullmatch(r"\w+", spot.word):
        return None
    near = nearest(spot.word, ("and", "or", "when", "unless", "else"))
    title = f"unexpected `{spot.word}`"
    if near:
        help = f"did you mean `{near}`?"
        return _finding(spot, spot.span, title, help=help, fix=near, bare=True)
    help = "a line goes on from the one before where it begins with `when`, `unless`, `and` or `or`"
    return _finding(spot, spot.span, title, help=help, bare=True)


def _one(spot: _Spot) -> bool:
    """Only one thing could come: a help that writes it has said all."""
    return len(spot.expected) < 2


def _form(spot: _Spot) -> str:
    line = spot.before[_line_begin(spot.before) :]
    condition = _CONDITION.search(line)
    if condition and not (spot.block == "infer" and not condition[1].strip()):
        return f"a condition reads {forms.CONDITION}"
    if spot.block == "map" and _ARROWED.search(line) and not spot.names & {"NAME", "STRING"}:
        return f"behind a row can stand {forms.MODIFIERS}"
    if not spot.block and _TABLE.match(spot.text):
        return f"such a line reads `{forms.TABLE}`"
    first, second = (*line.split()[:2], "", "")[:2]
    found = forms.form(spot.block, first or spot.leads, second)
    return f"such a line reads `{found}`" if found else ""


_ARROWED = re.compile(r"(?:->|<-)[ \t]*\S")
_CONDITION = re.compile(r"\b(?:when|unless)\b(.*)", re.S)
_GOES_ON = re.compile(r"[ \t]*(?:and|or|when|unless|else)\b")


def _line_begin(before: str) -> int:
    """Where the line begins that the last one goes on from."""
    begin = before.rfind("\n") + 1
    while begin and _GOES_ON.match(before, begin):
        begin = before.rfind("\n", 0, begin - 1) + 1
    return begin


def _misplaced(spot: _Spot) -> Finding | None:
    """A line that belongs elsewhere, at its first word."""
    line = spot.line + spot.rest
    begin = len(spot.line) - len(spot.line.lstrip())
    word = spot.leads
    if not word or len(spot.line.split()) > 1 or spot.line.strip() not in ("", word):
        return None
    if _GOES_ON.match(line) and not spot.block:
        at = spot.begin - len(spot.line) + begin
        help = f"a line that begins so goes on from the one before, which takes no `{word}`"
        title = f"unexpected `{word}`"
        return _finding(spot, spot.place(at, at + len(word)), title, help=help, bare=True)
    help = forms.misplaced(spot.block, word, line.strip()[len(word) :])
    if not help:
        return None
    at = spot.begin - len(spot.line) + (len(line) - len(line.lstrip()))
    return _finding(
        spot, spot.place(at, at + len(word)), f"unexpected `{word}`", help=help, bare=True
    )


def _nameless(spot: _Spot) -> Finding | None:
    """`push as Lead`: the word that should follow a name stands where the name should."""
    wrong = _MAP_TO.search(spot.before)
    if wrong is not None and not re.search(r"\bwith\b", spot.rest):
        place, title = spot.place(*wrong.span(1)), f"unexpected `{wrong[1]}`"
        return _finding(spot, place, title, help="write `with`", fix="with", bare=True)
    without = _MAP_WITH.match(spot.text)
    if without is not None and spot.names == {"WITH"}:
        title = "a name is missing before `with`"
        return _finding(spot, spot.place(*without.span(1)), title, help=_form(spot), bare=True)
    bare = _BY_ADDRESS.search(spot.before)
    known = bare is None or bare[1] == "domain" or spot.word == "domain"
    if bare is not None and not known and spot.names == {"OF"}:
        place, title = spot.place(*bare.span(1)), f"unexpected `{bare[1]}`"
        help, fix = "write `domain of` before it", f"domain of {bare[1]}"
        return _finding(spot, place, title, help=help, fix=fix, bare=True)
    odd = _guarded(spot)
    if odd is not None:
        return odd
    line = spot.before.rstrip()
    word = next((x for x in spot.could if x in _LINKS and re.search(rf"\s{x}$", line)), "")
    if not word:
        return None
    place = spot.place(len(line) - len(word), len(line))
    help = _form(spot)
    what = "a value" if word == "when" else "a name"
    return _finding(spot, place, f"{what} is missing before `{word}`", help=help, bare=True)


def _brace_below(spot: _Spot) -> Finding | None:
    """The block's brace stands on the next line."""
    gap = re.match(r"\s*\{", spot.text[spot.end :])
    if gap is None or "{" not in spot.could:
        return None
    at = spot.end + gap.end()
    help = "`{` stands at the end of its rule's line"
    return _finding(spot, spot.place(at - 1, at), "unexpected `{`", help=help, bare=True)


def _lone(spot: _Spot) -> bool:
    """In the block of a rule: the first word was taken for a name, as in `account by domain of`."""
    return spot.names == {"BY"}


_LINKS = ("with", "as", "from", "of", "on", "by", "first", "per", "because", "when")


def _guarded(spot: _Spot) -> Finding | None:
    """`5 percent of Lead`, `5 of Lead`, `Lead and Contact`: what a guard took for names."""
    begin = spot.before.rfind("\n") + 1
    for pattern, help, fix in _GUARDS:
        found = pattern.search(spot.text, begin)
        if found is not None and spot.text[begin:].lstrip().startswith("guard"):
            title = f"unexpected `{found[1]}`"
            return _finding(spot, spot.place(*found.span(1)), title, help=help, fix=fix, bare=True)
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
_DOMAIN = re.compile(r"(?:\w+[ \t]+)?domain\b")
_EVENTS = ("delete", "merge", "cancel", "mark", "unlink")


def _setting(spot: _Spot) -> Finding:
    """The first word of the line was meant to begin a setting."""
    line = spot.before.rstrip() if spot.line.strip() else spot.text[: spot.end]
    word = line.split()[-1]
    at = len(line) - len(word)
    known = forms.words("push")
    near = nearest(word, known) if len(word) > 1 else ""
    place = forms.misplaced(spot.block, word, spot.rest)
    if word in _EVENTS:
        place = f"such a line reads `{forms.form('push', 'on')}`"
    listed = _or([*(f"`{one}`" for one in known), f"`{forms.form('push', '')}`"])
    return _finding(
        spot,
        spot.place(at, at + len(word)),
        f"unexpected `{_short(word)}`",
        help=place or (f"did you mean `{near}`?" if near else f"a line here begins with {listed}"),
        fix=near if near and not place else None,
        bare=True,
    )


def _phrase(spot: _Spot) -> Finding | None:
    """What people write in conditions out of habit."""
    start = spot.begin - len(spot.line)
    day = phrases.date(spot.line + spot.rest, len(spot.line))
    if day is not None:
        begin, end, written = start + day[0], start + day[1], day[2] or "2026-01-31"
        title = f"unexpected `{spot.text[begin:end]}`"
        help = f"a date is written `{written}`"
        return _finding(
            spot, spot.place(begin, end), title, help=help, fix=day[2] or None, bare=True
        )
    word = phrases.taken(spot.before, spot.names, spot.word)
    if word:
        end = len(spot.before.rstrip())
        help, fix = ("take it out", "") if word in phrases.NEEDLESS else (_form(spot), None)
        place, title = spot.place(end - len(word), end), f"unexpected `{word}`"
        return _finding(spot, place, title, help=help, fix=fix, bare=True)
    found = phrases.phrase(spot.rest, spot.before, spot.names)
    return None if found is None else _habit(spot, found)


def _habit(spot: _Spot, found: Habit) -> Finding:
    """The finding for what people write out of habit."""
    if found.written in ('"', "`") and found.help.startswith("end the"):
        title = "this text isn't closed" if found.written == '"' else "this name isn't closed"
        end = spot.begin + len(spot.rest.rstrip())
        return _finding(spot, spot.place(spot.begin, end), title, help=found.help)
    begin, end = spot.begin, spot.begin + len(found.written)
    fix, help = found.fix, found.help
    if fix is not None and not _goes_on(spot, begin, end, fix):
        fix, help = None, help if fix == "" else _form(spot) or help
    place = spot.place(begin, end)
    title = f"unexpected {_called(found)}"
    return _finding(spot, place, title, help=help, fix=fix, bare=_one(spot))


def _goes_on(spot: _Spot, begin: int, end: int, fix: str) -> bool:
    """Whether with a fix the line can be read at least to some word behind it."""
    rest = spot.text[end:].partition("\n")[0]
    whole = closed(f"{spot.text[:begin]}{fix}{rest}\n")
    if spot.reads(whole):
        return True
    try:
        lark().parse(whole)
    except UnexpectedInput as error:
        there = _spot("", whole, 1, error, spot.reads)
        return not there.ended and there.begin >= begin + len(fix) and fix != ""
    return True


def _called(found: Habit) -> str:
    """What stands there, as far as it can be seen."""
    return f"`{_short(found.written)}`" if found.written.strip("\u00a0\u200b\ufeff") else "letter"


def _without_quotes(spot: _Spot) -> Finding | None:
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


def _no_rule(spot: _Spot) -> Finding:
    near = nearest(spot.word, spot.could)
    place = forms.misplaced("", spot.word, spot.rest[len(spot.word) :])
    if near and not place:
        help = f"did you mean `{near}`?"
    else:
        help = place or f"a rule begins with {_or(f'`{one}`' for one in spot.could)}"
    return Finding(
        "syntax",
        "error",
        spot.path,
        spot.span,
        f"no rule begins with `{_short(spot.word.strip('`'))}`",
        help=help,
        fix=near if near and not place else None,
    )


def _finding(
    spot: _Spot,
    place: tree.Span,
    title: str,
    *,
    label: str = "",
    help: str = "",
    fix: str | None = None,
    bare: bool = False,
) -> Finding:
    """With what could come here beside the help, unless that is a long list or `bare`."""
    known = list(dict.fromkeys(spot.expected.values()))
    can = f"here can come {_or(known)}" if known else ""
    note = can if help and not bare and len(known) <= MOST_LISTED else ""
    return Finding(
        "syntax",
        "error",
        spot.path,
        place,
        title,
        label=label,
        note=note,
        help=help or can,
        fix=fix,
    )


def _expected(names: set[str]) -> dict[str, str]:
    """What could come: the parser's names and the user's words for them."""
    if names >= _TESTS:
        names -= _TESTS | {"NOT", "OF", "SINCE", "DOT"}
        extra = {"a comparison such as `is` or `in`": "a comparison such as `is` or `in`"}
    else:
        extra = {}
    if names >= _VALUES:
        names -= _VALUES
        extra["a value"] = "a value"
    if "$END" in names:
        names -= {"_NL"}
    known = _literals()
    found = dict(extra)
    for name in sorted(names):
        found[name] = _WORDS.get(name) or f"`{known.get(name, name)}`"
    return found


@cache
def _literals() -> dict[str, str]:
    """What is written for the words and signs of the grammar, by the parser's names."""
    return {
        one.name: one.pattern.value
        for one in lark().terminals
        if isinstance(one.pattern, PatternStr)
    }


def _or(words: Iterable[str]) -> str:
    unique = list(dict.fromkeys(words))
    if len(unique) > 12:
        unique = [*unique[:11], "…"]
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} or {unique[-1]}"


def _short(text: str) -> str:
    text = text.strip() or text
    return text if len(text) <= 40 else text[:39] + "…"
