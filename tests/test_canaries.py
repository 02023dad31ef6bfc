"""The search for secrets of `canaries.py` finds them, wherever and however a test leaves one."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote_plus

import pytest
from syncrules.connectors.base.serve import MADE_UP
from syncrules.tests.canaries import Watch

LEAKS = """
import base64, json, logging, sqlite3, subprocess, sys
import pytest
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import MADE_UP
from syncrules.connectors.base.wire import NoReply
from syncrules.engine.store.database import Database
from syncrules.errors import UsageError

KEY = MADE_UP + "-of-a-test"

def test_print(): print(KEY)
def test_read(capsys):
    print("x", file=sys.stderr); print(json.dumps({"key": KEY}))
    capsys.readouterr()
def test_process():
    code = "from syncrules.connectors.base.serve import MADE_UP; print(MADE_UP.encode().hex())"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
def test_log(): logging.getLogger("far").debug("sent %s", KEY)
def test_error():
    with pytest.raises(UsageError):
        raise UsageError("refused", why="it was " + KEY)
def test_no_reply():
    with pytest.raises(NoReply):
        raise NoReply("got " + KEY)
def test_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "log").write_text(base64.b64encode(b"ab" + KEY.encode()).decode())
def test_database(tmp_path):
    db = sqlite3.connect(tmp_path / "state.db")
    db.execute("CREATE TABLE t (x)"); db.execute("INSERT INTO t VALUES (?)", [KEY]); db.commit()
def test_memory():
    db = Database("sqlite://")
    statement = "INSERT INTO meta (key, value) VALUES ('x', ?)"
    db._driver._connection.execute(statement, [KEY])
def test_wrapped():
    print("the secret is " + Secret("no mark, 4711 of ours").reveal().upper())
def test_assertion(): assert KEY == ""
@pytest.mark.shows_secrets("it is about that")
def test_marked_error():
    print(KEY)
    with pytest.raises(UsageError):
        raise UsageError(KEY)

@pytest.mark.shows_secrets("it is about that")
def test_fine_marked(): print(KEY)
def test_fine_kept(tmp_path):
    (tmp_path / "far.key").write_text(KEY)
    print(Secret(KEY), MADE_UP[:-1])
"""


def test_a_test_that_leaves_a_secret_anywhere_fails() -> None:
    """Printed here or elsewhere, in a log, an error, a file, a database: the test is red, and its
    report doesn't repeat the secret."""
    with TemporaryDirectory() as folder:
        test = Path(folder) / "test_leaks.py"
        test.write_text(LEAKS, encoding="utf-8")
        options = ["-p", "syncrules.tests.canaries", "-p", "no:cacheprovider", "-c", "/dev/null"]
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *options, f"--basetemp={folder}/tmp", str(test), "-v"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    said = set(re.findall(r"::(test_\w+) shows a secret in ", ended.stdout))
    assert said == {one for one in re.findall(r"def (test_\w+)", LEAKS) if "fine" not in one}
    assert re.findall(r"::(test_fine\w+) (\w+)", ended.stdout) == [
        ("test_fine_marked", "PASSED"),
        ("test_fine_kept", "PASSED"),
    ]


@pytest.mark.parametrize("secret", [MADE_UP, "schön ist +/& 4711", "a\\b\"c'd e=f of ours"])
def test_each_spelling_of_a_secret_is_known(secret: str) -> None:
    """Raw, base64 wherever it begins, hex, of URLs and of JSON, in any letter case."""
    watch = Watch()
    watch.know(secret)
    raw = secret.encode()
    for before in range(4):
        around = b"x" * before + raw + b"yz"[: before % 3]
        assert watch.found(b"<" + base64.b64encode(around) + b">")
        assert watch.found(base64.urlsafe_b64encode(around))
    for spelled in (
        secret,
        secret.replace("s", "S"),
        json.dumps([secret]),
        quote_plus(secret),
        raw.hex(),
    ):
        assert watch.found(f"... {spelled} ...".encode())
    assert not watch.found(b"nothing of the kind, or " + raw[:-1])
