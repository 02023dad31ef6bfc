"""Reads SOQL: text in, a plain tree out. The part of the language that a sync needs.

Knows the grammar and the texts of MALFORMED_QUERY. Doesn't know objects or fields: names are
looked up, and literals are held against types, in `query.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal as OneOf
from typing import NamedTuple

from ...base.frozen import dataclass
from .errors import Refused, whole
from .values import instant

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
      | (?P<date>\d{4}-\d{2}-\d{2})
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w.]*(?::\d+)?)
      | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    **dict(zip("nrtbfNRTBF", "\n\r\t\b\f" * 2, strict=True)),
}
_LONGEST = 4000
"""Characters of one text literal."""

Operator = OneOf["=", "!=", "<", "<=", ">", ">=", "like", "in", "not in", "includes", "excludes"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: `kind` is text, like, number, boolean, null, date, datetime or days.

    Datetimes have the spelling of stored ones; `days` are the words for days, such as TODAY or
    LAST_N_DAYS:7. `like` keeps the escapes of its wildcards.
    """

    kind: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Compare:
    """A field held against one literal, or against several for the operators that take a list."""

    path: str
    at: int
    operator: Operator
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Compare | Every | Either | Not


@dataclass(frozen=True, slots=True)
class Order:
    path: str
    at: int
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query. `select` are (path, place in the text); `counts` is for `SELECT COUNT()`."""

    text: str
    select: tuple[tuple[str, int], ...]
    counts: bool
    object: str
    object_at: int
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Query:
    """The tree of a query. Raises `Refused` with MALFORMED_QUERY."""
    return _Parser(text).query()


def located(text: str, at: int, code: str, message: str) -> Refused:
    """An error that points at a place of the query, as Salesforce words it."""
    return whole(400, code, f"\n{text}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{message}")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.place = 0

    def _tokens(self) -> list[_Token]:
        found: list[_Token] = []
        at, end = 0, len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None:
                rest = self.text[at:].lstrip()
                start = len(self.text) - len(rest)
                raise self._error(start, f"unexpected token: '{rest[:1]}'")
            kind = match.lastgroup or ""
            found.append(_Token(kind, match[kind], match.start(kind)))
            at = match.end()
        found.append(_Token("end", "<EOF>", end))
        return found

    def query(self) -> Query:
        self._need("select")
        select: list[tuple[str, int]] = []
        counts = False
        while True:
            token = self._next()
            if token.kind != "word":
                raise self._unexpected(token)
            if self._sign("("):
                if token.text.lower() != "count" or not self._sign(")"):
                    raise self._unexpected(token)
                counts = True
            else:
                select.append((token.text, token.at))
            if not self._sign(","):
                break
        if counts and select:
            raise self._unexpected(self.tokens[self.place])
        self._need("from")
        source = self._next()
        if source.kind != "word":
            raise self._unexpected(source)
        where = self._condition() if self._word("where") else None
        order = self._order() if self._word("order") else ()
        limit = self._whole_number() if self._word("limit") else None
        offset = self._whole_number() if self._word("offset") else 0
        if self._word("for") and not (self._word("view") or self._word("reference")):
            raise self._unexpected(self.tokens[self.place])
        if self.tokens[self.place].kind != "end":
            raise self._unexpected(self.tokens[self.place])
        if offset > 2000:
            raise whole(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return Query(
            text=self.text,
            select=tuple(select),
            counts=counts,
            object=source.text,
            object_at=source.at,
            where=where,
            order=order,
            limit=limit,
            offset=offset,
        )

    def _condition(self) -> Condition:
        """Parts joined by AND or by OR; both in one row need parentheses, as in Salesforce."""
        parts = [self._part()]
        joined = ""
        while word := next((one for one in ("and", "or") if self._is(one)), ""):
            if joined not in ("", word):
                raise self._unexpected(self.tokens[self.place])
            joined = word
            self.place += 1
            parts.append(self._part())
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if joined == "and" else Either(tuple(parts))

    def _part(self) -> Condition:
        if self._word("not"):
            return Not(self._part())
        if self._sign("("):
            inner = self._condition()
            self._close()
            return inner
        field = self._next()
        if field.kind != "word":
            raise self._unexpected(field)
        token = self._next()
        word = token.text.lower()
        if token.kind == "sign" and word in ("=", "!=", "<>", "<", "<=", ">", ">="):
            operator: Operator = "!=" if word == "<>" else word  # type: ignore[assignment]
            return Compare(field.text, field.at, operator, (self._literal(),))
        if word == "like":
            return Compare(field.text, field.at, "like", (self._literal(like=True),))
        if word == "not" and self._word("in"):
            return Compare(field.text, field.at, "not in", self._list())
        if word in ("in", "includes", "excludes"):
            return Compare(field.text, field.at, word, self._list())  # type: ignore[arg-type]
        raise self._unexpected(token)

    def _list(self) -> tuple[Literal, ...]:
        token = self._next()
        if token.text != "(":
            raise self._unexpected(token)
        values = [self._literal()]
        while self._sign(","):
            values.append(self._literal())
        self._close()
        return tuple(values)

    def _literal(self, like: bool = False) -> Literal:
        token = self._next()
        lower = token.text.lower()
        if token.kind == "text":
            inner = token.text[1:-1]
            if len(inner) > _LONGEST:
                raise self._error(token.at, f"string literal is too long: {len(inner)}")
            return Literal("like" if like else "text", self._unescaped(token.at, inner, like))
        if token.kind == "number":
            return Literal("number", float(token.text))
        if token.kind == "date":
            return Literal("date", token.text)
        if token.kind == "datetime":
            return Literal("datetime", instant(token.text))
        if lower in ("true", "false"):
            return Literal("boolean", lower == "true")
        if lower == "null":
            return Literal("null", None)
        if token.kind == "word" and re.fullmatch(_DAYS, lower):
            return Literal("days", lower)
        raise self._unexpected(token)

    def _unescaped(self, at: int, text: str, like: bool) -> str:
        """The text that a literal stands for; in LIKE the wildcards keep their escapes."""

        def one(match: re.Match[str]) -> str:
            letter = match[1]
            if letter in "_%":
                return f"\\{letter}" if like else letter
            if letter not in _ESCAPES:
                raise self._error(at, f"Illegal string literal: invalid escape: \\{letter}")
            plain = _ESCAPES[letter]
            return "\\\\" if like and plain == "\\" else plain

        return re.sub(r"\\(.)", one, text, flags=re.DOTALL)

    def _order(self) -> tuple[Order, ...]:
        self._need("by")
        found: list[Order] = []
        while True:
            token = self._next()
            if token.kind != "word":
                raise self._unexpected(token)
            descending = self._word("desc")
            if not descending:
                self._word("asc")
            last = False
            if self._word("nulls"):
                last = self._word("last")
                if not last:
                    self._need("first")
            found.append(Order(token.text, token.at, descending, last))
            if not self._sign(","):
                return tuple(found)

    def _whole_number(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected(token)
        return int(token.text)

    def _next(self) -> _Token:
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def _is(self, word: str) -> bool:
        token = self.tokens[self.place]
        return token.kind == "word" and token.text.lower() == word

    def _word(self, word: str) -> bool:
        if not self._is(word):
            return False
        self.place += 1
        return True

    def _sign(self, sign: str) -> bool:
        token = self.tokens[self.place]
        if token.kind != "sign" or token.text != sign:
            return False
        self.place += 1
        return True

    def _need(self, word: str) -> None:
        if not self._word(word):
            raise self._unexpected(self.tokens[self.place])

    def _close(self) -> None:
        if not self._sign(")"):
            raise self._unexpected(self.tokens[self.place])

    def _unexpected(self, token: _Token) -> Refused:
        return self._error(token.at, f"unexpected token: '{token.text}'")

    def _error(self, at: int, message: str) -> Refused:
        return located(self.text, at, "MALFORMED_QUERY", message)


_DAYS = (
    r"today|yesterday|tomorrow|(last|this|next)_(week|month|year)|(last|next)_n_days:\d+"
    r"|last_90_days|next_90_days"
)
