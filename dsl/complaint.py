"""What the parser's errors mean in plain words: what stands there, and what could stand instead.

Knows the parser's names for words and signs and turns them into the user's. It doesn't parse;
`parse.py` calls it after a failure, never on the way of a good file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from . import tree
from .build import NotAFunction
from .finding import Finding
from .habits import Habit, habit
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
    "_NL": "the end of the line",
    "$END": "the end of the line",
}
_TESTS = {"IS", "IN", "ORDER", "CONTAINS", "STARTS", "ENDS"}
_VALUES = {"STRING", "NUMBER", "DATE", "TRUE", "FALSE"}


def complaint(path: str, text: str, first: int) -> Finding:
    """The finding for the first line that can't be read in a statement that begins in line `first`
    and ends with a line end."""
    interactive = lark().parse_interactive(text)
    state = interactive.lexer_thread.state
    assert state is not None
    state.line_ctr.line = first
    try:
        interactive.resume_parse()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        return _complaint(path, error, lark(), first)
    raise AssertionError(f"the tables refuse what the grammar allows: {text}")


def _complaint(path: str, error: UnexpectedInput, parser: Lark, first: int) -> Finding:
    expected = _expected(error, parser)
    if isinstance(error, UnexpectedToken):
        return _token(path, error, expected, first)
    assert isinstance(error, UnexpectedCharacters)
    return _characters(path, error, expected)


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


def span(token: Token) -> tree.Span:
    """Where a token of Lark's stands."""
    return tree.Span(token.line or 1, token.column or 1, token.end_line or 1, token.end_column or 1)


def _token(path: str, error: UnexpectedToken, expected: dict[str, str], first: int) -> Finding:
    token = error.token
    if token.type in ("_NL", "$END"):
        place = _line_end(error, first)
        title = "the line ends too early"
        return _finding(path, place, title, expected, label="something is missing")
    text = str(token)
    before = _before(error)
    rest = _source(error)[error.pos_in_stream or 0 :].partition("\n")[0]
    if not before.strip() and text != "}":
        return _no_rule(path, token, expected)
    if _names(error) == {"BY"} and not nearest(text, ["by"]):
        return _setting(path, error)
    if re.fullmatch(r"\w+", text):
        near = nearest(text, [one.strip("`") for one in expected.values() if _WORD.fullmatch(one)])
        several = None if near else _several_words(path, error)
        if several is not None:
            return several
        if near:
            title, help = f"unexpected `{text}`", f"did you mean `{near}`?"
            return _finding(path, span(token), title, expected, help=help, fix=near)
    found = habit(rest, before, _names(error))
    if found is not None:
        return _habit(path, span(token), found, expected)
    if text == "{" and not before.rpartition("\n")[2].strip():
        help = "`{` stands at the end of its rule's line"
        return _finding(path, span(token), "unexpected `{`", expected, help=help)
    return _finding(path, span(token), f"unexpected `{_short(text)}`", expected)


_WORD = re.compile(r"`\w+`")
_SETTINGS = ("match", "source", "stop", "on", "add", "allow")


def _setting(path: str, error: UnexpectedToken) -> Finding:
    """In the block of a rule: the word before was taken for a name, as in `account by domain of`,
    and was meant to begin a setting."""
    before = _before(error).rstrip()
    word = before[len(before.rstrip(_LETTERS)) :]
    place = span(error.token)
    begin = len(before.rpartition("\n")[2]) - len(word) + 1
    line = place.line - _before(error)[len(before) :].count("\n")
    near = nearest(word, _SETTINGS)
    return _finding(
        path,
        tree.Span(line, begin, line, begin + len(word)),
        f"unexpected `{_short(word)}`",
        {one: f"`{one}`" for one in _SETTINGS} | {"by": "`FIELD by domain of ADDRESS`"},
        help=f"did you mean `{near}`?" if near else "",
        fix=near or None,
    )


_LETTERS = "".join(chr(one) for one in range(128) if chr(one).isalnum()) + "_`"


def _habit(path: str, begin: tree.Span, found: Habit, expected: dict[str, str]) -> Finding:
    """The finding for what people write out of habit, from `begin` on."""
    end = begin.column + len(found.written)
    place = tree.Span(begin.line, begin.column, begin.line, end)
    title = f"unexpected {_called(found.written)}"
    more = expected if len(expected) > 1 or not found.help else {}
    return _finding(path, place, title, more, help=found.help, fix=found.fix)


def _called(written: str) -> str:
    """What stands there, as far as it can be seen."""
    return f"`{_short(written)}`" if written.strip("\u00a0\u200b\ufeff") else "letter"


def _several_words(path: str, error: UnexpectedToken) -> Finding | None:
    """`stage is Not Interested`: a value of several words whose quotes are missing."""
    before = _before(error)
    first = _VALUE_BEGINS.search(before)
    if first is None or (first[0][0] in "[," and before.rfind("[") <= before.rfind("]")):
        return None
    rest = _source(error)[error.pos_in_stream or 0 :]
    found = _WORDS_GO_ON.match(rest)
    value = before[first.start(1) :] + (found[0] if found else str(error.token))
    begin = span(error.token).column - (len(before) - first.start(1))
    line = span(error.token).line
    written = '"' + " ".join(value.split()) + '"'
    return Finding(
        "needs-quotes",
        "error",
        path,
        tree.Span(line, begin, line, begin + len(value)),
        f"`{value}` are several words without quotes, and a value is wanted",
        note="text in quotes is a value, a word without quotes is the name of a field",
        help=f"write {written}",
        fix=written,
    )


_VALUE_BEGINS = re.compile(
    r"(?:\b(?:is(?:[ \t]+not)?|contains|(?:starts|ends) with|default|source)[ \t]+|[\[,][ \t]*)"
    r"(\w+)[ \t]+$"
)
_WORDS_GO_ON = re.compile(r"\w+(?:[ \t]+(?!(?:and|or|when|unless|in|prefer|default)\b)\w+)*")


def _no_rule(path: str, token: Token, expected: dict[str, str]) -> Finding:
    known = [one for one in expected.values() if one.startswith("`")]
    near = nearest(str(token), [one.strip("`") for one in known])
    return Finding(
        "syntax",
        "error",
        path,
        span(token),
        f"no rule begins with `{_short(str(token))}`",
        help=f"did you mean `{near}`?" if near else f"a rule begins with {_or(known)}",
        fix=near or None,
    )


def _characters(path: str, error: UnexpectedCharacters, expected: dict[str, str]) -> Finding:
    rest = _source(error)[error.pos_in_stream or 0 :][:200].split("\n")[0]
    begin = tree.Span(error.line, error.column, error.line, error.column)
    found = habit(rest, _before(error), _names(error))
    if found is None:
        shown = re.match(r'"(\\.|[^"\\])*"|\S+|.', rest)[0]  # type: ignore[index]
        return _habit(path, begin, Habit(shown, ""), expected)
    if found.written in ('"', "`"):
        title = "this text isn't closed" if found.written == '"' else "this name isn't closed"
        end = error.column + len(rest.rstrip())
        place = tree.Span(error.line, error.column, error.line, end)
        return _finding(path, place, title, expected, help=found.help)
    return _habit(path, begin, found, expected)


def _finding(
    path: str,
    place: tree.Span,
    title: str,
    expected: dict[str, str],
    *,
    label: str = "",
    help: str = "",
    fix: str | None = None,
) -> Finding:
    can = f"here can come {_or(expected.values())}" if expected else ""
    return Finding(
        "syntax",
        "error",
        path,
        place,
        title,
        label=label,
        note=can if help else "",
        help=help or can,
        fix=fix,
    )


def _names(error: UnexpectedInput) -> set[str]:
    """What could come here, as the parser calls it."""
    interactive = getattr(error, "interactive_parser", None)
    names = set(interactive.accepts()) if interactive is not None else set()
    return names - {"DOT"} if len(names) > 1 else names


def _expected(error: UnexpectedInput, parser: Lark) -> dict[str, str]:
    """What could come here: the parser's name and the user's word for it."""
    names = _names(error)
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
    patterns = {one.name: one.pattern for one in parser.terminals}
    found = dict(extra)
    for name in sorted(names):
        pattern = patterns.get(name)
        written = f"`{pattern.value}`" if isinstance(pattern, PatternStr) else name
        found[name] = _WORDS.get(name, written)
    return found


def _source(error: UnexpectedInput) -> str:
    """The text that was being read."""
    interactive = getattr(error, "interactive_parser", None)
    return str(interactive.lexer_thread.state.text.text) if interactive is not None else ""


def _before(error: UnexpectedInput) -> str:
    """What stands before the token that failed, without comments."""
    return _COMMENT.sub(lambda one: one[1] or "", _source(error)[: error.pos_in_stream or 0])


def _line_end(error: UnexpectedToken, first: int) -> tree.Span:
    """Just behind the last letter of the line that ends too early."""
    lines = _before(error).rstrip().split("\n")
    line, column = first + len(lines) - 1, len(lines[-1].rstrip()) + 1
    return tree.Span(line, column, line, column)


_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|#[^\n]*')


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
