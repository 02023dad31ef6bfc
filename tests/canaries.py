"""Secrets are looked for wherever a test may have left one: a plugin of pytest for every test.

Simulators mark each secret that they make up, and what is wrapped in a `Secret` is known by its
text; both are looked for as they are, and as base64, hex, URLs and JSON spell them. It is looked
for in what was printed, here and by other processes, in logs, in the texts of errors, in reports
and in files. A test that means to show one (`simulate` tells how to sign in) says so:
`@pytest.mark.shows_secrets("why")`, which lets it print them and no more.
"""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
import subprocess
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from syncrules import errors
from syncrules.connectors.base import login, wire
from syncrules.connectors.base.serve import MADE_UP
from syncrules.engine.store.drivers import SQLite

SHORTEST = 12
"""Characters of a secret that is worth looking for: a shorter one is found in any text."""
HOLDERS = ("key", "secret", "keyring")
"""How the names of files end in which a test hands secrets to the product."""
LARGEST = 1 << 26
"""Bytes of a file that is looked into."""


def spelled(text: str) -> Iterator[bytes]:
    """A secret as something else may spell it, in lower case: see `found`."""
    raw = text.encode("utf-8", "replace")
    yield from (raw, json.dumps(text)[1:-1].encode(), quote_plus(raw).encode(), raw.hex().encode())
    yield "".join(f"%{one:02x}" for one in raw).encode()
    yield "".join(f"\\u{ord(one):04x}" for one in text).encode()
    for before in range(3):
        # The letters of base64 in the middle are the same whatever stands around the secret.
        coded = base64.b64encode(b"\0" * before + raw)
        inner = coded[(0, 2, 3)[before] : len(coded) - (0, 3, 2)[(before + len(raw)) % 3]]
        yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))


@cache
def _needles(text: str) -> frozenset[bytes]:
    return frozenset(one.lower() for one in spelled(text))


class Watch:
    """What is looked for, and where it was found."""

    def __init__(self) -> None:
        self.secrets = {MADE_UP}
        self.hits: list[str] = []
        self.printed: list[str] = []
        self.states: list[SQLite] = []
        self._seen: dict[Path, tuple[int, int]] = {}

    def know(self, text: str) -> None:
        """One more secret; what has the mark of a simulator is known already."""
        if len(text) >= SHORTEST and MADE_UP not in text:
            self.secrets.add(text)

    def found(self, data: bytes) -> bool:
        """Whether a secret is in there, in any spelling."""
        low = data.lower()
        return any(needle in low for one in tuple(self.secrets) for needle in _needles(one))

    def look(self, where: str, data: object, *, printed: bool = False) -> None:
        """Notes where a secret was found."""
        raw = data if isinstance(data, bytes) else str(data).encode("utf-8", "replace")
        if raw and self.found(raw):
            (self.printed if printed else self.hits).append(where)

    def walk(self, folder: Path) -> None:
        """Looks into the files below a folder that are new or were written to."""
        for path in folder.rglob("*"):
            if path.name.endswith(HOLDERS) or path.is_symlink() or not path.is_file():
                continue
            try:
                now = path.stat()
                state = (now.st_mtime_ns, now.st_size)
                if self._seen.get(path) != state and now.st_size < LARGEST:
                    self._seen[path] = state
                    self.look(f"the file {path.relative_to(folder)}", path.read_bytes())
            except OSError:
                continue  # It has gone meanwhile, or is not ours to read.

    def remember(self, *, at_most: int = 0) -> None:
        """Looks into what is in memory of all but the newest states."""
        while len(self.states) > at_most:
            self.into(self.states.pop(0))

    def into(self, state: SQLite) -> None:
        """Looks into a state in memory; one that was closed was looked into then."""
        if state._path == ":memory:":
            with suppress(sqlite3.Error):
                self.look("a state in memory", state._connection.serialize())

    def taken(self, *, may_print: bool) -> list[str]:
        """What was found since the last time, each place once."""
        found = [*self.hits, *(() if may_print else self.printed)]
        self.hits.clear()
        self.printed.clear()
        return list(dict.fromkeys(found))


WATCH = Watch()


class _Log(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        WATCH.look(f"the log {record.name}", self.format(record))


def _after(
    owner: Any, name: str, look: Callable[[Any, Any], None], before: Callable[[Any], object] = id
) -> None:
    """Calls `look` with the object and what a method of its class gave, each time; `before` with
    the object before that."""
    plain = getattr(owner, name)

    @wraps(plain)
    def watched(self: Any, *args: Any, **named: Any) -> Any:
        before(self)
        given = plain(self, *args, **named)
        look(self, given)
        return given

    setattr(owner, name, watched)


def _told(error: Any, _: object) -> None:
    kind = type(error).__name__
    WATCH.look(f"the error {kind}", [*error.args, *getattr(error, "__dict__", {}).values()])


def _output(_: object, given: Iterable[Any]) -> None:
    for one in given:
        WATCH.look("what was printed", one or "", printed=True)


def _opened(state: SQLite, _: object) -> None:
    WATCH.states.append(state)
    WATCH.remember(at_most=8)


def pytest_configure(config: pytest.Config) -> None:
    """From now on secrets are known, and what may show them is looked at."""
    config.addinivalue_line("markers", "shows_secrets(why): what this test prints may hold secrets")
    _after(login.Secret, "__init__", lambda secret, _: WATCH.know(secret.reveal()))
    for kind in (errors.SyncrulesError, wire.NotSent, wire.NoReply):
        _after(kind, "__init__", _told)
    _after(pytest.CaptureFixture, "readouterr", _output)
    _after(subprocess.Popen, "communicate", _output)
    _after(SQLite, "__init__", _opened)
    _after(SQLite, "close", lambda state, _: None, WATCH.into)
    logging.getLogger().addHandler(_Log())
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)  # It tells which selector it takes.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test fails where it left a secret; the report doesn't repeat it."""
    report = yield
    for name, text in report.sections:
        WATCH.look(name.lower(), text, printed=True)
    WATCH.look("the report", report.longrepr or "")
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.when == "teardown" and folder is not None:
        WATCH.walk(folder)
    WATCH.remember()
    if report.when == "teardown":
        WATCH.secrets = {MADE_UP}
    marked = item.get_closest_marker("shows_secrets") is not None
    if report.when != "setup" and (found := WATCH.taken(may_print=marked)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} shows a secret in {', '.join(found)}"
        report.sections.clear()
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What tests share, and what is kept for the next start, is looked at once, at the end."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is not None and factory._basetemp is not None:
        WATCH.walk(factory._basetemp)
    if found := WATCH.taken(may_print=False):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[_LEFT] = found


_LEFT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was found at the end, when no test could be blamed for it any more."""
    for place in config.stash.get(_LEFT, []):
        terminalreporter.write_line(f"a secret is in {place}", red=True)
