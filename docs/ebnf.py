"""The grammar as a page: `dsl/grammar.lark` with its words written out, for people.

Knows how that file is laid out (sections, comments above a rule, one rule on some lines) and
nothing of what the words mean, which is docs/language.md. `generate.py` writes the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

WIDEST = 96

INTRO = """\
How a rule file is spelled, for those who write an editor, a generator, or want to know exactly.
The page is made from `dsl/grammar.lark`, which the product reads rule files with. What the words
mean is in the [language](language.md).

`"push"` is a word as it stands. `a | b` is one of the two, `[ a ]` may be left out, `( a )*`
comes any number of times, also not at all. A name in small letters is another rule of this page;
one that begins with `_` only groups others. Names in capitals are told in [words and
signs](#words-and-signs). Words of the language are words only where one can come: a field may be
called `match` or `default`.

A file is lines of statements. Each begins on a line of its own and is read by itself, so a
mistake in one hides no other.
"""

MEANT: Mapping[str, str] = {
    "ARROW": "which way values go",
    "ORDER": "how numbers and days are compared",
    "UNIT": "a unit of time, with or without `s`",
    "PERIOD": "what a guard counts over",
    "CODE": "a code of a finding, such as `same-target-twice`",
    "DATE": "a day, such as `2026-01-31`",
    "NUMBER": "a number of at most 18 digits before and after the point",
    "STRING": r"a text in double quotes on one line; `\"`, `\\`, `\n`, `\t` stand for letters",
    "NAME": "letters, digits and `_`, no digit first; or anything on one line in backticks",
    "COMMENT": "from `#` to the end of the line; it may stand anywhere between words",
    "GO_ON": "a line that goes on from the one before, since it begins with one of five words",
    "_NL": "the end of a line, with the empty lines and comments after it",
}
"""What the words are that have no fixed letters."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the grammar under its title, "" for the first; `lines` as they will be shown."""

    title: str
    lines: tuple[str, ...]


def page(source: str) -> str:
    """The whole page."""
    parts = ["# Grammar", INTRO.strip()]
    for one in sections(source):
        if one.title:
            parts.append(f"## {one.title.capitalize()}")
        if one.lines:
            parts.append("```ebnf\n" + "\n".join(one.lines) + "\n```")
    rows = [f"| `{name}` | {MEANT[name]} | {_cell(body)} |" for name, body in signs(source)]
    parts.append("\n".join(["| name | what it is | exactly |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def sections(source: str) -> Iterator[Section]:
    """The parts of the grammar, rules only; what is above the first rule is for developers."""
    words = _words(source)
    blocks = re.split(r"^// -+ (.*?) -+$", source, flags=re.M)
    defined: set[str] = set()
    for title, text in zip(["", *blocks[1::2]], blocks[::2], strict=True):
        lines: list[str] = []
        for comment, name, body in _rules(text):
            if lines and comment and lines[-1]:
                lines.append("")
            lines += [f"(* {one} *)" for one in comment]
            lines += _shown(name, body, words, defined)
            lines += [""] if comment else []
        yield Section(title, tuple(lines[:-1] if lines and not lines[-1] else lines))


def names(source: str) -> set[str]:
    """All rules, and what single alternatives of them are called."""
    found = {name for _, name, _ in _rules(source)}
    return found | set(re.findall(r"->\s+(\w+)", _without_signs(source)))


def signs(source: str) -> Iterator[tuple[str, str]]:
    """The words without fixed letters, with the regular expression of each."""
    for one in re.finditer(r"^(_?[A-Z_]+)(?:\.\d+)?: /(.*)/$|^(_NL): (.*)$", source, re.M):
        yield (one[1], one[2]) if one[1] else (one[3], one[4])


def words(source: str) -> set[str]:
    """The words of the language as they are typed, signs left out."""
    found = {*_words(source).values(), *re.findall(r'"([^"]+)"', _without_signs(source))}
    return {one for one in found if one.isalpha()}


def _words(source: str) -> dict[str, str]:
    return dict(re.findall(r'^(_?[A-Z_]+): "(.*)"$', source, re.M))


def _without_signs(source: str) -> str:
    return re.sub(r"^(?:_?[A-Z_]+(?:\.\d+)?:|%).*$|//.*$", "", source, flags=re.M)


def _rules(text: str) -> Iterator[tuple[list[str], str, str]]:
    """(comment lines, name, what stands behind the colon) for each rule."""
    for one in re.finditer(
        r"^((?://(?! ?-).*\n)*)\??([a-z_]+): ((?:.*)(?:\n[ \t]+\S.*)*)", text, re.M
    ):
        body = re.sub(r"\s*//.*", lambda found: f"  // {found[0].strip()[2:].strip()}", one[3])
        yield [line[2:].strip() for line in one[1].splitlines()], one[2], body


def _shown(name: str, body: str, words: Mapping[str, str], defined: set[str]) -> Iterator[str]:
    """A rule as lines, and each of its alternatives that has a name of its own."""
    note = re.search(r"  // (.*)$", body)
    said = f"  (* {note[1]} *)" if note else ""
    own: list[tuple[str, str]] = []
    parts: list[str] = []
    for part in _alternatives(body.partition("  // ")[0]):
        rule, _, called = (
            part.partition("->") if re.search(r"->\s+\w+\s*$", part) else (part, "", "")
        )
        if called.strip():
            own.append((called.strip(), rule))
        parts.append(called.strip() or rule)
    defined.add(name)
    yield from _wrapped(name, [_written(one, words) for one in parts], said)
    for called, rule in own:
        if called not in defined:
            defined.add(called)
            yield from _wrapped(called, [_written(rule, words)], "")


def _alternatives(body: str) -> list[str]:
    """The body cut at each `|` that stands in no bracket."""
    found, depth, start = [], 0, 0
    for at, sign in enumerate(body):
        depth += (sign in "([") - (sign in ")]")
        if sign == "|" and depth == 0:
            found.append(body[start:at])
            start = at + 1
    return [one.strip() for one in (*found, body[start:])]


def _written(rule: str, words: Mapping[str, str]) -> str:
    """A part of a rule, words in quotes and blanks inside brackets."""
    rule = re.sub(r'"[()\[\]{}]"', lambda one: one[0].translate(_HIDE), rule)
    for name, word in words.items():
        rule = re.sub(rf"(?<![\w\"]){name}(?!\w)", f'"{word}"'.translate(_HIDE), rule)
    rule = re.sub(r"([(\[])\s*", r"\1 ", rule)
    rule = re.sub(r"\s*([)\]])", r" \1", rule)
    return " ".join(rule.split()).translate(_SHOW)


_HIDE = {ord(one): 0xE000 + ord(one) for one in "()[]"}
_SHOW = {there: here for here, there in _HIDE.items()}


def _wrapped(name: str, parts: list[str], said: str) -> Iterator[str]:
    whole = f"{name} = {' | '.join(parts)}{said}"
    if len(whole) <= WIDEST:
        yield whole
        return
    yield f"{name} = {parts[0]}"
    for one in parts[1:]:
        yield f"{' ' * len(name)} | {one}"


def _cell(body: str) -> str:
    """Code in a table, whose own bars and backticks end nothing."""
    code = body.replace("|", "\\|")
    return f"`` {code} ``" if "`" in code else f"`{code}`"
