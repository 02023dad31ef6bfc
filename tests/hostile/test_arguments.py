"""What people type, and files of strangers: no fault of ours, and nothing steers a terminal."""

from __future__ import annotations

import json
import os
import re

import pytest
from syncrules import dsl
from syncrules.dsl.printers import to_sarif
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.hostile.cells import hostile
from syncrules.tests.test_cli_run import Shop, shop

__all__ = ["shop"]

WORDS = (
    "\x1b]0;x\x07",
    "\udcff",
    "",
    "x" * 9_000,
    "x y'" * 3_000,
    "-1",
    "/dev/null",
    "a\nb",
    "'",
    "\u202e",
    "9" * 99,
)
COMMANDS = (
    *("why", "history", "push", "undo", "retry", "approve", "known", "explain", "schema"),
    *("connect", "disconnect", "logins use", "fields", "apply", "check", "fmt --check", "test"),
    *("diff", "backfill", "backfill push", "run --rule", "history --lost", "preview --out"),
)
STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_is_typed_is_answered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Neither a traceback nor a letter that a terminal would obey, nor a screen full of it."""
    monkeypatch.chdir(shop.folder)
    for word in WORDS:
        for words in ([word], [word, word]):
            ended = shop.type(*command.split(), *words)
            assert ended.code != 70, (words, ended.err)
            assert not STEERING.search(ended.out + ended.err), words
            assert len(ended.out + ended.err) < 1_500, words


def test_the_middle_of_a_long_argument_is_left_out(shop: Shop) -> None:
    """Where a message repeats it, also behind the name of an option: whoever typed it knows it."""
    cut = f"{'ab' * 30}...{'ab' * 10}"
    assert f"is known as {cut}: it was looked for" in shop.type("why", "ab" * 5_000).err
    assert shop.type("history", "ab" * 5_000).out == f"nothing was ever done to {cut}\n"
    assert f"no rule called `{cut}`" in shop.type("run", f"--rule={'ab' * 5_000}").err
    assert f"no rule called `{'ab' * 90}`" in shop.type("run", f"--rule={'ab' * 90}").err


def test_findings_steer_no_terminal() -> None:
    """Neither by what stands in a file nor by what it is called; on one line stays on one line."""
    for one in hostile()[::3]:
        lines = (f"bogus {one}", f"push {one} as Lead", f'push contact as Lead when x = "{one}"')
        for line in lines:
            file = f"{one.replace('/', '_')}.sync"
            source = f"sync apollo with salesforce\n{line}\n"
            found = dsl.check({file: source}, SCHEMAS).findings
            shown = dsl.to_text(found, {file: source})
            assert not STEERING.search(shown), line
            assert shown.count(".sync:") >= len(found)
            for each in found:
                name = re.sub(r"[\n\r\t]", "\N{REPLACEMENT CHARACTER}", each.file)
                assert STEERING.sub("\N{REPLACEMENT CHARACTER}", name) in shown


def test_a_file_whose_name_is_no_text_has_its_place() -> None:
    """In the bytes that it has on the disk, as an address writes them."""
    name = os.fsdecode(b"rules/\xff.sync")
    found = dsl.check({name: "bogus"}, SCHEMAS).findings
    [result] = json.loads(to_sarif(found))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "rules/%FF.sync"
