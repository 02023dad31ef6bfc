"""The diff of a layout says what changes, and grows no faster than the file."""

from __future__ import annotations

import cProfile
import random
import re

from syncrules.bench.written import rules
from syncrules.dsl.fmt import format
from syncrules.engine.rewrite import difference


def applied(diff: str, text: str) -> str:
    """The text once a unified diff is applied; what it says of the text must be so."""
    lines = text.splitlines(keepends=True)
    made: list[str] = []
    place = 0
    shown = diff.replace("\n\\ No newline at end of file\n", "\0\n").splitlines(keepends=True)
    for line in (one.removesuffix("\0\n") for one in shown[2:]):
        head = re.match(r"@@ -(\d+)(?:,(\d+))? ", line)
        if head:
            begin = int(head[1]) - (head[2] != "0")
            made += lines[place:begin]
            place = begin
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert lines[place] == line[1:]
            place += 1
            made += [line[1:]] if line[0] == " " else []
    return "".join(made + lines[place:])


def test_a_diff_of_a_layout_leads_to_it() -> None:
    """Blanks and line ends are put in and taken out all over; a few lines around each are shown."""
    draw, right = random.Random(3), rules(30)
    changed = 0
    for _ in range(200):
        text = right
        for _ in range(draw.randint(0, 8)):
            place = draw.choice([one.start() for one in re.finditer(r"[ \n]", text)])
            more = draw.choice([" \n", "\n\n"]) if text[place] == "\n" else "  "
            text = text[:place] + more + text[place + 1 :]
        text = text.rstrip("\n") if draw.random() < 0.2 else text
        done = format(text)
        assert not done.refused
        diff = difference("a.sync", text.encode(), done.text)
        assert bool(diff) == (text != done.text)
        assert not diff or applied(diff, text) == done.text
        changed += bool(diff)
    assert changed > 100


def test_a_long_diff_takes_as_long_as_the_file_is() -> None:
    """Ten times the lines are ten times the calls."""
    calls = []
    for count in (100, 1000):
        text = rules(count)
        untidy = text.replace("\n    ", "\n  ").replace(" <-> ", "  <->  ")
        profile = cProfile.Profile()
        diff = profile.runcall(difference, "a.sync", untidy.encode(), text)
        assert applied(diff, untidy) == text
        calls.append(sum(one.callcount for one in profile.getstats()))
    assert calls[1] < 11 * calls[0]
