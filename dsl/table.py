"""The tables of `grammar.lark`: made by Lark in a fifth of a second, and kept for the next start.

Knows Lark's grammar objects and nothing of the language. Who reads with the tables is `reader.py`;
where they are kept is `kept.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import kept
from .reader import Step, Table

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

START = "statement"
FORM = 3
"""Counts up when what is kept looks different."""


def table() -> Table:
    """The tables of the grammar as it is now."""
    text = grammar()
    found = kept.load("grammar", f"{FORM} {text}")
    try:
        return Table(**json.loads(found)) if found is not None else _made(text)
    except (ValueError, TypeError):
        return _made(text)


def grammar() -> str:
    """The grammar as it is written."""
    return Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")


@cache
def lark() -> Lark:
    """Lark's own parser, for saying why a statement can't be read."""
    from lark import Lark

    return Lark(
        grammar(),
        parser="lalr",
        lexer="contextual",
        start=START,
        maybe_placeholders=True,
        edit_terminals=_whole_words,
    )


def _whole_words(terminal: TerminalDef) -> None:
    """A word of the language ends where its letters end: `prefers` is no `prefer` with an `s`."""
    from lark.lexer import PatternStr

    pattern = terminal.pattern
    if type(pattern) is PatternStr and pattern.value.isalpha():
        whole = pattern.to_regexp() + r"(?!\w)"
        # Lark asks for the very class, so the one method is changed on the object.
        pattern.to_regexp = lambda: whole  # type: ignore[method-assign]


def _made(text: str) -> Table:
    made = json.dumps(tables(lark()))
    kept.store("grammar", f"{FORM} {text}", made.encode())
    return Table(**json.loads(made))


def tables(parser: Lark) -> dict[str, Any]:
    """What `Table` holds, as JSON has it."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = parser.memo_serialize([TerminalDef, Rule])
    lalr = data["parser"]["parser"]
    ignored = data["parser"]["lexer_conf"]["ignore"]
    names: Mapping[int, str] = lalr["tokens"]
    numbers = {_same(one): place for place, one in enumerate(parser.rules)}
    terminals = {one.name: one for one in parser.terminals}
    lexers: dict[str, int] = {}
    actions: dict[str, int] = {}
    gotos: dict[str, int] = {}
    states: dict[int, tuple[int, int, int]] = {}
    places = {state: place for place, state in enumerate(lalr["states"])}
    for state, row in lalr["states"].items():
        named = {names[token]: action for token, action in row.items()}
        goes, acts = {}, {}
        for name, (reduces, to) in named.items():
            if name in terminals or name == "$END":
                acts[name] = ~numbers[_memo(memo[to["@"]])] if reduces else places[to]
            else:
                goes[name] = places[to]
        accepted = [terminals[one] for one in {*acts, *ignored} if one in terminals]
        lexer = json.dumps(_lexer(accepted))
        states[state] = (
            lexers.setdefault(lexer, len(lexers)),
            actions.setdefault(json.dumps(acts), len(actions)),
            gotos.setdefault(json.dumps(goes), len(gotos)),
        )
    wanted = {
        one.name for rule in parser.rules for one in rule.expansion if one.is_term and _kept(one)
    }
    return {
        "lexers": [json.loads(one) for one in lexers],
        "everything": _lexer(list(parser.terminals)),
        "states": list(states.values()),
        "actions": [json.loads(one) for one in actions],
        "gotos": [json.loads(one) for one in gotos],
        "rules": [_rule(one) for one in parser.rules],
        "ignored": ignored,
        "dropped": sorted(set(terminals) - wanted),
        "start": places[lalr["start_states"][START]],
        "end": places[lalr["end_states"][START]],
    }


def _lexer(terminals: list[TerminalDef]) -> tuple[str, dict[str, dict[str, str]]]:
    """The pattern of a state and its words, as Lark's contextual lexer has them.

    A word that a more general terminal would take (`when`, a name) is looked up afterwards.
    """
    import re

    from lark.lexer import PatternStr

    def order(one: TerminalDef) -> tuple[int, int, int, str]:
        return (-one.priority, -one.pattern.max_width, -len(one.pattern.value), one.name)

    words: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    written = [one for one in terminals if isinstance(one.pattern, PatternStr)]
    for general in terminals:
        if isinstance(general.pattern, PatternStr):
            continue
        shape = re.compile(general.pattern.to_regexp())
        for word in written:
            found = shape.match(word.pattern.value)
            if word.priority == general.priority and found and found[0] == word.pattern.value:
                words.setdefault(general.name, {})[word.pattern.value] = word.name
                taken.add(word.name)
    left = sorted((one for one in terminals if one.name not in taken), key=order)
    parts = "|".join(f"(?P<{one.name}>{one.pattern.to_regexp()})" for one in left)
    return rf"[ \t]*(?:{parts})", words


def _rule(rule: Rule) -> tuple[str, int, str, bool, list[Step]]:
    """A rule as `Table` has it; the arguments are those of Lark's inline transformer."""
    origin = rule.origin.name
    missing = _missing(rule)
    steps: list[Step] = []
    for place, symbol in enumerate(rule.expansion):
        steps += [(-1, False)] * missing[place]
        if not symbol.is_term:
            steps.append((place, symbol.name.startswith("_")))
        elif _kept(symbol):
            steps.append((place, False))
    steps += [(-1, False)] * missing[-1]
    name = rule.alias or ("" if origin.startswith("_") else origin)
    alone = bool(rule.options.expand1 and not rule.alias)
    return origin, len(rule.expansion), name, alone, steps


def _missing(rule: Rule) -> list[int]:
    """How many optional parts are left out before each symbol, and behind the last."""
    gaps = "".join("1" if one else "0" for one in rule.options.empty_indices)
    return [len(one) for one in gaps.split("0")] if gaps else [0] * (len(rule.expansion) + 1)


def _kept(symbol: Any) -> bool:
    return not symbol.filter_out


def _same(rule: Rule) -> str:
    """What tells a rule from all others."""
    return json.dumps(
        [rule.origin.name, [one.name for one in rule.expansion], rule.alias, rule.order]
    )


def _memo(data: Mapping[str, Any]) -> str:
    """The same of a rule as it is written down."""
    expansion: Iterable[Mapping[str, Any]] = data["expansion"]
    return json.dumps(
        [data["origin"]["name"], [one["name"] for one in expansion], data["alias"], data["order"]]
    )
