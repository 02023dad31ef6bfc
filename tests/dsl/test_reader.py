"""What is read by the kept tables is what Lark reads; a table that isn't ours is not used."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lark import Tree
from lark.exceptions import UnexpectedInput
from syncrules.bench.written import rules
from syncrules.dsl import kept
from syncrules.dsl import table as tables
from syncrules.dsl.parse import pieces
from syncrules.dsl.reader import Reader
from syncrules.dsl.table import lark, table

ROOT = Path(__file__).parents[2]
PIECES = re.compile(r'"[^"\n]*"|\w+|[^\w\s]|\n|[ \t]+')
SPACES = [" ", "\t", "\n", "\n\n", " # note\n", "\n  and ", "\n    when ", "\n\tor "]


class Plain:
    """Makes of each rule its name and its parts."""

    def __getattr__(self, name: str) -> Callable[..., tuple[object, ...]]:
        return lambda *parts: (name, *parts)


def statements() -> list[str]:
    """Each statement of the rule files that come with the product, of its pages, and of some that
    were made up."""
    texts = [one.read_text("utf-8") for one in sorted((ROOT / "rules").rglob("*.sync"))]
    for page in sorted((ROOT / "docs").glob("*.md")):
        texts += re.findall(r"```\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    cut = (piece.lines for text in [*texts, rules(100)] for piece in pieces(text.split("\n")))
    return list(dict.fromkeys("\n".join(lines) + "\n" for lines in cut))


def plain(found: Any) -> Any:
    """What was read, with the place of each word."""
    if isinstance(found, Tree):
        return (str(found.data), *map(plain, found.children))
    if isinstance(found, tuple):
        return tuple(map(plain, found))
    if found is None or type(found) is str:
        return found
    start, end = found.start_pos, found.end_pos
    return (found.type, str(found), start, end, found.line, found.column)


def by_lark(text: str) -> Any:
    try:
        return plain(lark().parse(text))
    except UnexpectedInput:
        return None


def test_statements_are_read_as_lark_reads_them() -> None:
    """Word for word and place for place; as they are, and with words and spaces put in, taken out
    and swapped, most of which neither can read."""
    reader, draw = Reader(table(), Plain()), random.Random(7)
    whole = [one for one in statements() if by_lark(one) is not None]
    known = sorted({word for one in whole for word in PIECES.findall(one)})
    tried = list(whole)
    for _ in range(3000):
        words = PIECES.findall(draw.choice(whole))
        for _ in range(draw.randint(1, 2)):
            place, kind = draw.randrange(len(words)), draw.randrange(5)
            if kind == 0 and len(words) > 1:
                del words[place]
            elif kind == 1:
                words.insert(place, draw.choice(known))
            elif kind == 2:
                words[place] = draw.choice(known)
            else:
                words.insert(place, draw.choice(SPACES))
        tried.append("".join(words) + "\n")
    right = 0
    for text in tried:
        found = by_lark(text)
        assert plain(reader.read(text)) == found, text
        right += found is not None
    assert len(whole) > 60 and len(tried) * 0.2 < right < len(tried) * 0.9


def test_a_place_counts_from_the_line_a_statement_begins_in() -> None:
    """And a comment before it, or a line that goes on, moves nothing."""
    read = Reader(table(), Plain()).read("# a\n\npush a as b # x\n    when c\n", 40)
    found = re.findall(r"'(NAME|WHEN)', '(\w+)', \d+, \d+, (\d+), (\d+)", str(plain(read)))
    assert found == [
        ("NAME", "a", "42", "6"),
        ("NAME", "b", "42", "11"),
        ("WHEN", "when", "43", "5"),
        ("NAME", "c", "43", "10"),
    ]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which things are kept, in a cache home of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "syncrules"


def test_what_is_kept_comes_back_for_its_key_alone(cache: Path) -> None:
    """In a folder that nobody else can look into."""
    kept.store("one", "key", b"data")
    assert kept.load("one", "key") == b"data"
    assert kept.load("one", "other") is None
    assert kept.load("two", "key") is None
    assert cache.stat().st_mode & 0o777 == 0o700
    kept.store("one", "other", b"new")
    assert (kept.load("one", "key"), kept.load("one", "other")) == (None, b"new")
    assert [one.name for one in cache.iterdir()] == ["one"]


def test_what_is_damaged_or_not_ours_is_as_if_it_were_not_there(cache: Path) -> None:
    """A file cut off or changed in one letter, a link, a folder that others can write to."""
    kept.store("one", "key", b"data of some length")
    whole = (cache / "one").read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:-1] + b"x", whole + b"x"):
        (cache / "one").write_bytes(damaged)
        assert kept.load("one", "key") is None
    (cache / "one").write_bytes(whole)
    assert kept.load("one", "key") is not None
    (cache / "link").symlink_to(cache / "one")
    assert kept.load("link", "key") is None
    cache.chmod(0o777)
    assert kept.load("one", "key") is None
    kept.store("two", "key", b"data")
    assert not (cache / "two").exists()


def test_where_nothing_can_be_kept_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No home, or a file where the folder should be; the table is made each time."""
    for home in ("", "not/from/the/root"):
        monkeypatch.setenv("XDG_CACHE_HOME", home)
        monkeypatch.setenv("HOME", home)
        kept.store("one", "key", b"data")
        assert kept.load("one", "key") is None
    (tmp_path / "syncrules").write_bytes(b"a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept.store("one", "key", b"data")
    assert kept.load("one", "key") is None
    assert table().states


def test_a_table_that_is_kept_but_is_none_is_made_again(cache: Path) -> None:
    """With the right seal and the wrong contents, as an older version may have left it."""
    made = table()
    for wrong in (b"[]", b"{}", b"no json", b'{"lexers": []}'):
        kept.store("grammar", f"{tables.FORM} {tables.grammar()}", wrong)
        assert table() == made


def test_a_full_disk_leaves_nothing_behind(cache: Path) -> None:
    """What was kept before stays as it was."""
    kept.store("one", "key", b"data")
    program = (
        "import resource, signal; from syncrules.dsl import kept;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "kept.store('one', 'key', b'x' * 5000)"
    )
    subprocess.run([sys.executable, "-B", "-c", program], check=True)
    assert [one.name for one in cache.iterdir()] == ["one"]
    assert kept.load("one", "key") == b"data"


def test_two_at_once_keep_one_or_the_other(cache: Path) -> None:
    """Who reads meanwhile gets either whole, never a mixture of both."""
    program = (
        "import sys; from syncrules.dsl import kept\n"
        "for _ in range(300): kept.store('one', 'key', sys.argv[1].encode() * 100_000)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, one]) for one in "ab"]
    seen: set[bytes | None] = set()
    while any(one.poll() is None for one in writers):
        seen.add(kept.load("one", "key"))
    assert [one.returncode for one in writers] == [0, 0]
    assert seen <= {None, b"a" * 100_000, b"b" * 100_000} and len(seen) > 1
