"""One layout for rule files: nothing is lost or moved, no meaning changes, twice is as once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from syncrules.dsl import explain
from syncrules.dsl.checks import CODES
from syncrules.dsl.fmt import format
from syncrules.dsl.parse import parse

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "cases" / "plan").glob("*.sync"))

LAYOUTS = ROOT / "tests" / "cases" / "fmt.txt"

ODD = {
    "blank lines at both ends": ("\n\n  \nprefer a\n\n\n", "prefer a\n"),
    "tabs": ("map a with B {\n\ta\t->\tA\t# x\n}\n", "map a with B {\n    a -> A  # x\n}\n"),
    "line ends of Windows and of old": (
        "\ufeffsync a with b\r\n\r\nprefer a\rprefer b\r\n",
        "sync a with b\n\nprefer a\nprefer b\n",
    ),
    "a byte order mark alone": ("\ufeffprefer a\n", "prefer a\n"),
    "no line end at the end": ("prefer a # x", "prefer a  # x\n"),
    "texts and names stay letter for letter": (
        'push  a as B when `wh  en` is "a  \\"b\\" # {c" and x > 2.50\n',
        'push a as B when `wh  en` is "a  \\"b\\" # {c" and x > 2.50\n',
    ),
    "letters that are wide": (
        'map a s with B {\n"寒い" <-> "C"\n"Warm" <-> "W"\n"e\u0301" <-> "E"\n}\n',
        'map a s with B {\n    "寒い" <-> "C"\n    "Warm" <-> "W"\n    "e\u0301"    <-> "E"\n}\n',
    ),
    "nothing": ("", ""),
}


def pairs() -> Iterator[tuple[str, str, str]]:
    """Name, before and after of each construct."""
    for part in LAYOUTS.read_text("utf-8").split("==== ")[1:]:
        name, _, both = part.partition("\n")
        before, _, after = both.partition("---\n")
        yield name, before, after
    for name, (before, after) in ODD.items():
        yield name, before, after


@pytest.mark.parametrize(
    ("before", "after"), [one[1:] for one in pairs()], ids=[one[0] for one in pairs()]
)
def test_there_is_one_layout(before: str, after: str) -> None:
    """Each construct before and after; what is laid out stays so."""
    assert format(before).text == after
    assert format(after).text == after
    assert (format(before).changed, format(after).changed) == (True, False) or before == after


def test_what_comes_with_the_product_is_laid_out() -> None:
    """The rule files of the product and the right ones of its pages are as `fmt` writes them."""
    shipped = [path.read_text("utf-8") for path in sorted((ROOT / "rules").glob("*.sync"))]
    readme = re.findall(r"```\n(sync .*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    for text in shipped + readme + [example(code) for code in CODES]:
        assert format(text).text == text


def example(code: str) -> str:
    """The right file of the page of a finding."""
    found = re.search(r"^Right\n(.*?)\n\n\w", explain(code) or "", re.S | re.M)
    assert found is not None
    return "\n".join(line.removeprefix("    ") for line in found[1].split("\n")) + "\n"


def test_a_file_that_is_no_rule_file_is_left_alone_and_the_reason_told() -> None:
    """What is no text, or far too long, is never written."""
    for raw, reason in (
        (b"\xff\xfe", "not a text file"),
        ("prefer \0", "not a text file"),
        ("prefer a # " + "x" * 10_000, "longer than"),
    ):
        done = format(raw)
        assert (done.text, done.changed) == ("", False)
        assert reason in done.refused


def test_a_layout_that_would_make_a_line_too_long_to_read_is_refused() -> None:
    """What would come out is read again before it is handed on; else the file stays as it is."""
    line = "push a as B when c in [" + ",".join(["1"] * 4_900) + "]\n"
    done = format(line)
    assert not done.changed and done.text == ""
    assert "longer than" in done.refused


def test_lines_of_what_could_not_be_read_are_told() -> None:
    """The first line of each statement that stays as it is, in the file as it was."""
    done = format("prefer a\n\n\n# x\npush  a to B\n\nevery 1 hour\nmap a with B {\n")
    assert done.kept == (5, 8)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_comment_at_any_place_stays_there(path: Path) -> None:
    """Before each line and behind each: same words before it, behind or below them as it was."""
    lines = path.read_text("utf-8").split("\n")
    for step in (1, 2, 3):
        text = "".join(
            f"# before {n}\n{line} # behind {n}\n" if n % step == 0 else f"{line}\n"
            for n, line in enumerate(lines)
        )
        proved(text)


def test_random_files_keep_their_words_comments_and_meaning() -> None:
    """Right rules with blanks, line ends, comments and mistakes put in and letters taken out."""
    chance = random.Random(7)
    files = [path.read_text("utf-8") for path in CASES]
    rules = [re.split(r"\n(?=[a-z#])", text) for text in files]
    for _ in range(1_500):
        some = chance.choice(rules)
        first = chance.randrange(len(some))
        proved(mutated(chance, "\n".join(some[first : first + chance.randrange(1, 4)])))


def mutated(chance: random.Random, text: str) -> str:
    """The text with changes at some places: harmless ones mostly, where a blank or a line ends."""
    for _ in range(chance.randrange(1, 12)):
        places = [one.start() for one in re.finditer(r"[ \n]|(?<=[{}\[\](,])", text)]
        at = chance.choice(places or [0])
        if chance.random() < 0.15:
            at = chance.randrange(len(text) + 1)
        put = chance.choice(
            (" ", "  ", "\n", "\n\n\n", "\t", " # c\n", "\n# c\n", '\n  # c { "\n', "\n    when ")
            if chance.random() < 0.8
            else ("", "\r\n", "}", "{\n", "[", '"', "`", "->", "\né", " or ", ",", "push ", "\n\n]")
        )
        text = text[:at] + put + text[at + (0 if put else 1) :]
    return text


def proved(text: str) -> None:
    """What is true of any file that is laid out."""
    done = format(text)
    assert done.refused == "", text
    assert format(done.text).text == done.text, text
    assert comments(done.text) == comments(text), text
    assert meaning(done.text) == meaning(text), text


def comments(text: str) -> list[tuple[int, bool, str]]:
    """Each comment: how many letters stand before it, whether on its own line, its text."""
    found, before = [], 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        marks = re.finditer(r'"(?:\\.|[^"\\])*"|`[^`]*`|#.*', line)
        at = next((one.start() for one in marks if one[0][0] == "#"), len(line))
        solid = len(re.sub(r"\s", "", line[:at]))
        before += solid
        if line[at:]:
            found.append((before, solid == 0, line[at:].rstrip()))
    return found


def meaning(text: bytes | str) -> tuple[str, list[str]]:
    """What is read in a text and what is found wrong there, wherever it stands."""
    file, findings = parse("a.sync", text)
    read = re.sub(r"Span\([^)]*\)", "", repr(file.statements))
    return read, [one.title for one in findings if "line" not in one.title]
