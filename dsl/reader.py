"""Reads one statement by the tables of the grammar: text in, the node that `build.py` makes out.

Knows tables and no words of the language; where tables come from is `table.py`. It is made for
files that are right: of a statement that can't be read it says just that, and Lark is asked why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from ..connectors.base.frozen import dataclass
from .trail import Mark, Stop, Trail, mark

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
    - `everything`: a lexer of all terminals, for what no state takes.
    - `ignored` terminals separate others; `dropped` ones are asked for and mean nothing.
    """

    lexers: Sequence[tuple[str, Mapping[str, Mapping[str, str]]]]
    everything: tuple[str, Mapping[str, Mapping[str, str]]]
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
        self._all: re.Pattern[str] | None = None

    def read(
        self,
        text: str,
        line: int = 1,
        every: list[Token] | None = None,
        trail: Trail | None = None,
    ) -> Any:
        """The node of a statement that begins in `line`; None where it can't be read.

        `every` collects all words and signs, those that mean nothing as well. With a `trail` that
        has marks, reading goes on from the last: up to there the text must be as it was, and of the
        words behind it what decided that the mark's word ended. What a method of `build` raises
        goes through.
        """
        scan, words, ignored, dropped = self._scan, self._words, self._ignored, self._dropped
        actions, gotos, rules, end_state = self._actions, self._gotos, self._rules, self._table.end
        states, values = [self._table.start], list[Any]()
        place, line_start, solid, taken = 0, -1, 0, ""
        ended: Mark | None = None
        if trail is not None:
            trail.stop = None
            if trail.marks:
                last = trail.marks.pop()
                trail.back(last.line + 1)
                states, values = list(last.states), last.restored()
                place = solid = last.place
                line, line_start, taken = last.line, last.line_start, last.taken
                if trail.each:
                    trail.add(last)
        state = states[-1]
        while True:
            match = (scan[state] or self._scanner(state))(text, place)
            if match is None:
                if place < len(text):
                    if trail is not None:
                        trail.stop = self._stopped(text, place, states)
                    return None
                kind, word, begin = END, "", place
            else:
                kind, begin = match.lastgroup or "", place
                word = match[kind]
                place = match.end()
                if "\n" in word:
                    if trail is not None and not trail.each:
                        ended = mark(solid, line, line_start, taken, states, values)
                        if kind in ignored:
                            trail.add(replace(ended, key=(*states, -1)))
                            ended = None
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
                if trail is not None:
                    begin = solid - len(taken) if kind == END else place - len(word)
                    trail.stop = Stop(begin, word, kind, self._could(states))
                return None
            state = row
            states.append(state)
            if every is None and kind in dropped:
                values.append(None)
            else:
                token = Token(word)
                token.type = kind
                token.start_pos = place - len(word)
                token.line = line
                token.column = token.start_pos - line_start
                values.append(token)
                if every is not None:
                    every.append(token)
            if trail is not None:
                solid, taken = place, word
                trail.steps += 1
                if trail.each:
                    trail.add(mark(place, line, line_start, word, states, values))
                elif ended is not None:
                    trail.add(replace(ended, key=tuple(states)))
                    ended = None

    def _stopped(self, text: str, place: int, states: Sequence[int]) -> Stop:
        """At what no terminal of the state takes: another may."""
        if self._all is None:
            self._all = re.compile(self._table.everything[0])
        names = self._could(states)
        match = self._all.match(text, place)
        while match is not None and match.lastgroup in self._ignored:
            match = self._all.match(text, match.end())
        if match is None:
            return Stop(place, "", "", names)
        kind = match.lastgroup or ""
        word = match[kind]
        own = self._table.everything[1].get(kind, {})
        return Stop(match.end() - len(word), word, own.get(word, kind), names)

    def _could(self, states: Sequence[int]) -> frozenset[str]:
        """The terminals that can follow, `END` among them."""
        return frozenset(one for one in self._actions[states[-1]] if self._takes(states, one))

    def _takes(self, states: Sequence[int], kind: str) -> bool:
        stack = list(states)
        row = self._actions[stack[-1]].get(kind)
        while row is not None and row < 0:
            symbol, size, _ = self._rules[~row]
            if size:
                del stack[-size:]
            stack.append(self._gotos[stack[-1]][symbol])
            if stack[-1] == self._table.end and kind == END:
                return True
            row = self._actions[stack[-1]].get(kind)
        return row is not None

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
        grows = len(steps) > 1 and tuple(steps[0]) == (0, True)
        return _growing(steps) if grows else lambda values: list(given(values))
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


def _growing(steps: Sequence[Step]) -> _Call:
    """A list that begins with another: that one grows, or long ones would be copied row by row."""
    rest = _spreading(steps[1:])

    def grown(values: list[Any]) -> list[Any]:
        found: list[Any] = values[0]
        found += rest(values)
        return found

    return grown


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
