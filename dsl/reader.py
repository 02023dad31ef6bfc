"""Reads one statement by the tables of the grammar: text in, the node that `build.py` makes out.

Knows tables and no words of the language; where tables come from is `table.py`. It is made for
files that are right: of a statement that can't be read it says just that, and Lark is asked why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from ..connectors.base.frozen import dataclass

END = "$END"


class Token(str):
    """A word or a sign as it stands there, and its place: offset from 0, line and column from 1."""

    __slots__ = ("column", "line", "start_pos", "type")

    type: str
    start_pos: int
    line: int
    column: int

    @property
    def end_pos(self) -> int:
        return self.start_pos + len(self)


@dataclass(frozen=True, slots=True)
class Table:
    """The tables of an LALR parser and of the lexers of its states, as plain data.

    - `lexers`: a pattern with a named group for each terminal, and for some of these the words that
      are terminals of their own: `{"NAME": {"when": "WHEN"}}`.
    - `states`: for each state its lexer, its row of `actions` and its row of `gotos`. An action is
      the state to go on in, or `~number` of the rule that is complete.
    - `rules`: the symbol, how many symbols it is made of, what to call, whether one argument stands
      for itself, and what the arguments are: see `Step`.
    - `ignored` terminals separate others; `dropped` ones are asked for and mean nothing.
    """

    lexers: Sequence[tuple[str, Mapping[str, Mapping[str, str]]]]
    states: Sequence[tuple[int, int, int]]
    actions: Sequence[Mapping[str, int]]
    gotos: Sequence[Mapping[str, int]]
    rules: Sequence[tuple[str, int, str, bool, Sequence[Step]]]
    ignored: Sequence[str]
    dropped: Sequence[str]
    start: int
    end: int


Step = tuple[int, bool]
"""An argument: which symbol of the rule (-1: None, for an optional one that isn't there), and
whether it is itself a list of arguments."""

_Call = Callable[[list[Any]], Any]


class Reader:
    """Reads statements into what the methods of `build` make, one method for each rule."""

    def __init__(self, table: Table, build: object) -> None:
        self._table = table
        self._actions = [table.actions[one] for _, one, _ in table.states]
        self._gotos = [table.gotos[one] for _, _, one in table.states]
        self._rules = [
            (symbol, size, _call(build, size, name, alone, steps))
            for symbol, size, name, alone, steps in table.rules
        ]
        self._scan: list[Callable[[str, int], re.Match[str] | None] | None]
        self._scan = [None] * len(table.states)
        self._words = [table.lexers[one][1] for one, _, _ in table.states]
        self._ignored = frozenset(table.ignored)
        self._dropped = frozenset(table.dropped)

    def read(self, text: str, line: int = 1, every: list[Token] | None = None) -> Any:
        """The node of a statement that begins in `line`; None where it can't be read.

        `every` collects all words and signs, those that mean nothing as well. What a method of
        `build` raises goes through.
        """
        scan, words, ignored, dropped = self._scan, self._words, self._ignored, self._dropped
        actions, gotos, rules, end_state = self._actions, self._gotos, self._rules, self._table.end
        state = self._table.start
        states, values = [state], list[Any]()
        place, line_start = 0, -1
        while True:
            match = (scan[state] or self._scanner(state))(text, place)
            if match is None:
                if place < len(text):
                    return None
                kind, word, begin = END, "", place
            else:
                kind, begin = match.lastgroup or "", place
                word = match[kind]
                place = match.end()
                if "\n" in word:
                    line += word.count("\n")
                    line_start = begin + text[begin:place].rindex("\n")
                if kind in ignored:
                    continue
                own = words[state].get(kind)
                if own is not None:
                    kind = own.get(word, kind)
            row = actions[state].get(kind)
            while row is not None and row < 0:
                symbol, size, call = rules[~row]
                if size:
                    value = call(values[-size:])
                    del values[-size:], states[-size:]
                else:
                    value = call([])
                state = gotos[states[-1]][symbol]
                if state == end_state and kind == END:
                    return value
                states.append(state)
                values.append(value)
                row = actions[state].get(kind)
            if row is None:
                return None
            state = row
            states.append(state)
            if every is None and kind in dropped:
                values.append(None)
                continue
            token = Token(word)
            token.type = kind
            token.start_pos = place - len(word)
            token.line = line
            token.column = token.start_pos - line_start
            values.append(token)
            if every is not None:
                every.append(token)

    def _scanner(self, state: int) -> Callable[[str, int], re.Match[str] | None]:
        """The lexer of a state, and of all others with the same; patterns are made on first use."""
        lexer = self._table.states[state][0]
        made = re.compile(self._table.lexers[lexer][0]).match
        for number, (other, _, _) in enumerate(self._table.states):
            if other == lexer:
                self._scan[number] = made
        return made


def _call(build: object, size: int, name: str, alone: bool, steps: Sequence[Step]) -> _Call:
    """What makes the value of a rule from those of its symbols.

    `name` is the method, "" for a list of arguments for the rule around it; `alone`: one argument
    stands for itself.
    """
    plain = [place for place, spread in steps if not spread and place >= 0]
    given: Callable[[list[Any]], Sequence[Any]]
    if plain == list(range(size)) and len(steps) == size:
        given = _all
    elif len(plain) == len(steps) > 1:
        given = itemgetter(*plain)
    else:
        given = _spreading(steps)
    if not name:
        return lambda values: list(given(values))
    method = getattr(build, name, None)
    if method is None and not alone:
        raise TypeError(f"nothing is made of the rule {name} of the grammar")

    def call(values: list[Any]) -> Any:
        return method(*given(values))  # type: ignore[misc]

    def call_or_take(values: list[Any]) -> Any:
        found = given(values)
        return found[0] if len(found) == 1 else method(*found)  # type: ignore[misc]

    return call_or_take if alone else call


def _all(values: list[Any]) -> Sequence[Any]:
    return values


def _spreading(steps: Sequence[Step]) -> Callable[[list[Any]], Sequence[Any]]:
    def given(values: list[Any]) -> list[Any]:
        found: list[Any] = []
        for place, spread in steps:
            if place < 0:
                found.append(None)
            elif spread:
                found += values[place]
            else:
                found.append(values[place])
        return found

    return given
