"""Nothing is left over when a command has ended: no thread, no connection, no open file.

Each command is typed in this process, against two made-up systems in processes of their own: where
it does its work, and where it can't. Then this process has the threads and the open files that it
had before.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from syncrules.commands import COMMANDS
from syncrules.tests.cli import call, spawn
from syncrules.tests.kills import PROJECT

HERE = Path("/proc/self/fd")
RULES = """\
sync apollo with salesforce
prefer apollo

push contact as Lead { match on email }
pull Lead as contact visible
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}

test "a title goes over" {
    given contact { last_name "King", email "ada@a.example", title "CTO" }
    expect create Lead { Title "CTO" }
}
"""

GOOD = (
    "schema pull",
    "check",
    "check --format sarif",
    "fmt --check",
    "explain no-winner",
    "test",
    "test --coverage",
    "plan",
    "diff rules rules",
    "schema diff",
    "schema show salesforce Lead",
    "fields contact Lead",
    "preview",
    "run --dry-run",
    "run",
    "preview --out saved.json",
    "apply saved.json",
    'run --rule "push contact as Lead"',
    "backfill push contact --dry-run",
    "backfill push contact",
    "run",
    "errors",
    "errors show 1",
    "retry --all",
    "approve",
    "status",
    "history {someone}",
    "why {someone}",
    "known {someone}",
    "push {someone}",
    "undo 1 --dry-run",
    "undo 4",
    "logins",
    "disconnect apollo",
    "connect apollo",
    "init there",
)
"""A day, with what is asked of it."""
NOT_HERE = {"errors show 1", "disconnect apollo", "connect apollo"}
"""There is no such error, and nobody signs in to Apollo but with a key."""
ASKS = ("preview", "run", "schema pull", "schema diff", "backfill push contact", "retry --all")
"""Commands that ask the systems."""
PROCESSES = {"simulate", "demo"}
"""Commands that are a process, or start some: those here are stopped at the end."""


class Place:
    """A project between two systems that are processes."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.codes: dict[str, int] = {}
        self._served = [
            spawn(folder, "simulate", name, "--records", "20", "--format", "json")
            for name in ("apollo", "salesforce")
        ]
        told = []
        for one in self._served:
            assert one.stdout is not None
            told.append(json.loads(one.stdout.readline()))
        self.apollo, self.salesforce = told
        self.write(self.apollo["url"])
        (folder / "rules").mkdir()
        (folder / "rules" / "people.sync").write_text(RULES, encoding="utf-8")

    def write(self, apollo: str) -> None:
        """The project file, with Apollo at that address."""
        urls = {"apollo": apollo, "salesforce": self.salesforce["url"]}
        text = PROJECT.format(**urls, client_id=self.salesforce["client_id"])
        (self.folder / "syncrules.toml").write_text(text, encoding="utf-8")

    def left_over(self, line: str) -> list[str]:
        """What there is after a command that wasn't there before."""
        words = shlex.split(line)
        alone = words[0] in ("init", "explain", "fmt")
        project = () if alone else ("--project", "syncrules.toml")
        before = things()
        ended = call(self._capsys, *words, *project)
        assert ended.code != 70, ended.err
        self.codes[line] = ended.code
        return sorted(things() - before)

    def someone(self) -> str:
        """An address of Apollo's."""
        line = "backfill push contact --dry-run --format json --project syncrules.toml"
        told = call(self._capsys, *line.split())
        return next(str(one["key"]) for one in told.json()["changes"] if "@" in (one["key"] or ""))

    def close(self) -> None:
        for one in self._served:
            one.send_signal(signal.SIGTERM)
            one.communicate(timeout=60)


def things() -> set[str]:
    """Threads and open files of this process, each by what it is."""
    threads = {f"thread {one.name} {one.ident}" for one in threading.enumerate()}
    files = set()
    for one in HERE.iterdir() if HERE.is_dir() else ():
        try:
            files.add(f"{one.name} {os.readlink(one)}")
        except OSError:
            continue  # The one that the folder itself was read with.
    return threads | files


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STATE_URL", "sqlite:///.syncrules/state.db")
    one = Place(tmp_path, capsys)
    monkeypatch.setenv("APOLLO_KEY", one.apollo["key"])
    monkeypatch.setenv("CLIENT_SECRET", one.salesforce["client_secret"])
    yield one
    one.close()


def test_a_day_of_commands_leaves_nothing_over(place: Place) -> None:
    """Each of them, in the order of a day."""
    assert place.left_over("schema pull") == []
    someone = place.someone()
    day = [line.format(someone=someone) for line in GOOD]
    left = {line: found for line in day if (found := place.left_over(line))}
    assert left == {}
    assert {line for line in day if place.codes[line] > 1} == NOT_HERE
    typed = {line.split(maxsplit=1)[0] for line in GOOD}
    assert typed == {*COMMANDS} - PROCESSES - {"serve"}


def test_a_schedule_that_is_stopped_leaves_nothing_over(place: Place) -> None:
    """Ctrl-C, while it waits for the next turn."""
    assert place.left_over("schema pull") == []
    stop = threading.Timer(5.0, os.kill, (os.getpid(), signal.SIGINT))
    stop.start()
    assert place.left_over("serve") == []
    stop.join()


def test_commands_that_fail_leave_nothing_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that is away, a key that is refused, rules with an error, a state that is none."""
    assert place.left_over("schema pull") == []
    left = {}

    def each(why: str) -> None:
        for line in ASKS:
            if found := place.left_over(line):
                left[f"{line}, {why}"] = found

    place.write("http://127.0.0.1:9")
    each("away")
    place.write(place.apollo["url"])
    with monkeypatch.context() as wrong:
        wrong.setenv("APOLLO_KEY", "nobody's")
        each("refused")
    rules = place.folder / "rules" / "people.sync"
    rules.write_text(RULES.replace("push contact", "push contakt"), encoding="utf-8")
    each("wrong rules")
    rules.write_text(RULES, encoding="utf-8")
    state = place.folder / "notes.txt"
    state.write_text("buy milk " * 200, encoding="utf-8")
    monkeypatch.setenv("STATE_URL", "sqlite:///notes.txt")
    each("no state")
    assert left == {}
