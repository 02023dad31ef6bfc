"""`fmt` and `check --fix` on the command line: which files they write, when, and what they say."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from syncrules.connectors.base.schema import Schema, to_json
from syncrules.engine.rewrite import replace
from syncrules.errors import UsageError
from syncrules.tests.cli import PROGRAM, Ended, call, fresh
from syncrules.tests.dsl.schemas import SCHEMAS

UGLY = "prefer   a # x"
NEAT = "prefer a  # x\n"
PROJECT = """\
rules = ["crm"]
[systems.apollo]
connector = "apollo"
key = "env:KEY"
[systems.salesforce]
connector = "salesforce"
client_id = "env:ID"
client_secret = "env:SECRET"
"""
WRONG = (
    "\ufeff# of people\r\n"
    "sync apollo with salesforce\r\n"
    'push contact as Lead update only when stage == "Repleid" && emial is known\r\n'
    "map contact with Lead {\r\n    titel   -> Title # Ada's\r\n    nonsense -> Title\r\n}"
)
RIGHT = (
    WRONG.replace("==", "is")
    .replace("Repleid", "Replied")
    .replace("&&", "and")
    .replace("emial", "email")
    .replace("titel", "title")
)

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rule files, one of them laid out; one in a folder of a tool, and one of another kind."""
    for name, text in (
        ("ugly.sync", UGLY),
        ("sub/neat.sync", NEAT),
        (".tool/ugly.sync", UGLY),
        ("ugly.txt", UGLY),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with wrong rules, and the schemas they are checked against."""
    (tmp_path / "syncrules.toml").write_text(PROJECT, "utf-8")
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "people.sync").write_bytes(WRONG.encode())
    store(tmp_path, SCHEMAS)
    return tmp_path


def store(folder: Path, schemas: dict[str, Schema]) -> None:
    (folder / "schema").mkdir()
    for name, schema in schemas.items():
        (folder / "schema" / f"{name}.json").write_text(json.dumps(to_json(schema)), "utf-8")


def test_fmt_needs_no_project_and_lays_out_what_is_below(folder: Path) -> None:
    """Without PATHs all .sync files here and below; a second time nothing is left to do."""
    ended = fresh(folder, "fmt")
    assert (ended.code, ended.out) == (0, "laid out ugly.sync\n1 of 2 files changed\n")
    assert (folder / "ugly.sync").read_text("utf-8") == NEAT
    for name in (".tool/ugly.sync", "ugly.txt"):
        assert (folder / name).read_text("utf-8") == UGLY
    assert fresh(folder, "fmt").out == "nothing to change in 2 files\n"


def test_fmt_takes_the_rules_of_the_project(project: Path) -> None:
    """In a project, and in any folder of it, its rule files are meant."""
    (project / "other.sync").write_text(UGLY, "utf-8")
    ended = fresh(project / "schema", "fmt", "--check")
    assert ended.code == 1
    assert "people.sync" in ended.out and "other.sync" not in ended.out


def test_check_writes_nothing_and_says_whether_it_would(folder: Path, capsys: Shown) -> None:
    """Exit code 1 where a file would change, 0 where none would."""
    ended = call(capsys, "fmt", "--check", folder)
    assert ended.code == 1
    assert ended.out == f"would change {folder / 'ugly.sync'}\n1 of 2 files would change\n"
    assert (folder / "ugly.sync").read_text("utf-8") == UGLY
    assert call(capsys, "fmt", "--check", folder / "sub" / "neat.sync").code == 0


def test_diff_writes_nothing_and_shows_each_change(folder: Path) -> None:
    """As unified diff; the exit code is that of `--check` with it only."""
    ended = fresh(folder, "fmt", "--diff", "ugly.sync", "--quiet")
    assert ended.out == (
        "--- ugly.sync\n+++ ugly.sync\n@@ -1 +1 @@\n"
        "-prefer   a # x\n\\ No newline at end of file\n+prefer a  # x\n"
    )
    assert ended.code == 0
    assert fresh(folder, "fmt", "--diff", "--check").code == 1
    assert (folder / "ugly.sync").read_text("utf-8") == UGLY


def piped(text: bytes, *args: str) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr of a `fmt` that reads from a pipe."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "fmt", *args], input=text, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr.decode()


def test_a_pipe_gets_the_text_and_nothing_else() -> None:
    """For editors: what can't be laid out comes back as it was, and the exit code tells."""
    assert piped(UGLY.encode(), "-") == (0, NEAT.encode(), "")
    assert piped(UGLY.encode(), "-", "--check")[:2] == (1, b"would change -\n")
    code, out, err = piped(b"prefer \xff", "-")
    assert (code, out) == (1, b"prefer \xff")
    assert "not a text file" in err
    code, out, err = piped(b"push a  to b\nprefer   a\n", "-")
    assert (code, out) == (0, b"push a  to b\nprefer a\n")
    assert err.startswith("-:1: ")


def test_no_rule_files_is_an_error(tmp_path: Path) -> None:
    """Exit code 2, and what to do."""
    for args in (["fmt"], ["fmt", "nothing.sync"]):
        ended = fresh(tmp_path, *args)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("error: there ")


def test_a_file_keeps_its_rights_and_its_place_behind_a_link(folder: Path, capsys: Shown) -> None:
    """What is written anew is the same file for everyone else, and no draft is left behind."""
    real, link = folder / "ugly.sync", folder / "sub" / "link.sync"
    real.chmod(0o640)
    link.symlink_to(real)
    assert call(capsys, "fmt", link).code == 0
    assert link.is_symlink() and real.read_text("utf-8") == NEAT
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(os.listdir(folder)) == [".tool", "sub", "ugly.sync", "ugly.txt"]


def check(project: Path, capsys: Shown, *args: object) -> Ended:
    return call(capsys, "check", "--project", project / "syncrules.toml", *args)


def test_check_fix_writes_what_is_sure_and_shows_what_is_left(project: Path, capsys: Shown) -> None:
    """Line ends, byte order mark, comments and blanks stay; each edit is told with its place."""
    ended = check(project, capsys, "--fix")
    assert (project / "crm" / "people.sync").read_bytes().decode() == RIGHT
    assert [line.rpartition(": ")[2] for line in ended.err.splitlines()] == [
        "wrote `is`",
        "wrote `and`",
        'wrote `"Replied"`',
        "wrote `email`",
        "wrote `title`",
    ]
    assert "unknown-field" in ended.out and "nonsense" in ended.out
    assert ended.out.endswith("1 error in 1 file\n")
    assert ended.code == 1
    again = check(project, capsys, "--fix", "--format", "json")
    assert again.err == ""
    assert [one["code"] for one in again.json()["findings"]] == ["unknown-field"]


def test_check_without_fix_writes_nothing(project: Path, capsys: Shown) -> None:
    """It only looks."""
    assert check(project, capsys).code == 1
    assert (project / "crm" / "people.sync").read_bytes().decode() == WRONG


def test_check_fix_leaves_a_file_alone_that_is_no_text(project: Path, capsys: Shown) -> None:
    """It is told as a finding; its neighbours are mended."""
    other = project / "crm" / "picture.sync"
    other.write_bytes(b"sync apolo with\xff\r\n")
    ended = check(project, capsys, "--fix", "--quiet")
    assert "not-text" in ended.out
    assert other.read_bytes() == b"sync apolo with\xff\r\n"
    assert (project / "crm" / "people.sync").read_bytes().decode() == RIGHT


def test_tools_get_paths_from_the_root_of_the_repository(project: Path, capsys: Shown) -> None:
    """GitHub and code scanning look there, wherever in it the project lies."""
    (project.parent / ".git").mkdir()
    path = f"{project.name}/crm/people.sync"
    ended = check(project, capsys, "--format", "github")
    assert ended.code == 1
    assert ended.out.startswith(f"::error file={path},line=3,")
    log = check(project, capsys, "--format", "sarif").json()
    [place, *_] = log["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == path


def test_nothing_found_is_an_empty_log_for_tools(project: Path, capsys: Shown) -> None:
    """SARIF says so in a whole log, GitHub needs no line; the exit code is 0."""
    (project / "crm" / "people.sync").write_text("sync apollo with salesforce\n", "utf-8")
    log = check(project, capsys, "--format", "sarif")
    assert (log.code, log.json()["runs"][0]["results"]) == (0, [])
    ended = check(project, capsys, "--format", "github")
    assert (ended.code, ended.out) == (0, "")


def test_a_file_that_someone_else_is_writing_is_left_as_it_is(tmp_path: Path) -> None:
    """What was read is not there any more: nothing is overwritten, and no draft stays behind."""
    path = tmp_path / "a.sync"
    path.write_bytes(b"newer")
    with pytest.raises(UsageError, match="changed meanwhile"):
        replace(path, b"older", b"laid out")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"newer"]
