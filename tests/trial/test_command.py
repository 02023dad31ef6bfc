"""`syncrules test`: what it prints, in which form, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import to_json
from syncrules.tests.cli import Ended, call
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.trial.rules import PEOPLE, block

GOOD = block(
    """given contact { email "ada@example.com", last_name "King", stage "Replied" }
    expect create Lead { LastName "King" }""",
    "who replied becomes a lead & more",
)
BAD = block(
    """given contact { email "ada@example.com", last_name "King", stage "Replied" }
    expect create Lead { LastName "Lovelace" }""",
    "a wrong name <here>",
)
FILE = """\
[systems.apollo]
connector = "apollo"
key = "env:APOLLO_API_KEY"

[systems.salesforce]
connector = "salesforce"
client_id = "env:SALESFORCE_CLIENT_ID"
client_secret = "env:SALESFORCE_CLIENT_SECRET"
"""

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose one rule file is `rules/people.sync`."""
    (tmp_path / "syncrules.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "schema").mkdir()
    for name, schema in SCHEMAS.items():
        (tmp_path / "schema" / f"{name}.json").write_text(json.dumps(to_json(schema)))
    (tmp_path / "rules").mkdir()
    write(tmp_path, PEOPLE)
    return tmp_path


def write(project: Path, text: str, name: str = "rules/people.sync") -> Path:
    (project / name).write_text(text, encoding="utf-8")
    return project / name


def run(capsys: Shown, project: Path, *args: object) -> Ended:
    return call(capsys, "test", *args, "--project", project / "syncrules.toml")


def test_tests_that_pass_end_with_0_and_a_failed_one_with_1(project: Path, capsys: Shown) -> None:
    write(project, PEOPLE + GOOD)
    good = run(capsys, project)
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("1 test passed in ")
    write(project, PEOPLE + GOOD + BAD)
    bad = run(capsys, project)
    assert bad.code == 1
    assert 'failed: "a wrong name <here>"' in bad.out
    assert 'expected "Lovelace", got "King"' in bad.out
    assert "1 of 2 tests passed in " in bad.out


def test_json_has_a_verdict_for_each_test(project: Path, capsys: Shown) -> None:
    write(project, PEOPLE + GOOD + BAD)
    found = run(capsys, project, "--format", "json").json()
    assert found["summary"] == {"tests": 2, "failed": 1}
    good, bad = found["tests"]
    assert (good["passed"], good["failures"]) == (True, [])
    assert bad["file"] == "rules/people.sync"
    [failure] = bad["failures"]
    assert failure["line"] == bad["line"] + 2
    assert failure["fields"]["LastName"]["expected"] == "Lovelace"
    assert failure["fields"]["LastName"]["got"] == "King"
    assert failure["rule"] == "push contact as Lead"


def test_junit_is_xml_with_a_case_for_each_test(project: Path, capsys: Shown) -> None:
    """Names with brackets and ampersands stay what they are."""
    write(project, PEOPLE + GOOD + BAD)
    run(capsys, project, "--junit", project / "tests.xml")
    root = ElementTree.parse(project / "tests.xml").getroot()
    [suite] = root
    assert (root.tag, suite.tag, suite.attrib["name"]) == (
        "testsuites",
        "testsuite",
        "rules/people.sync",
    )
    for one in (root, suite):
        assert (one.attrib["tests"], one.attrib["failures"]) == ("2", "1")
    failed = [case for case in suite if case.find("failure") is not None]
    assert [case.attrib["name"] for case in failed] == ["a wrong name <here>"]
    told = failed[0].find("failure")
    assert told is not None and 'got "King"' in (told.text or "")


def test_rules_without_tests_show_how_to_write_one(project: Path, capsys: Shown) -> None:
    """What is shown is right as it stands: behind the rules it passes."""
    ended = run(capsys, project)
    assert ended.code == 0
    head, _, example = ended.out.partition("\n\n")
    assert "no rule file has a `test` block yet" in head
    write(project, PEOPLE + example)
    assert run(capsys, project).out.startswith("1 test passed in ")


def test_rules_with_errors_are_told_as_check_does_and_not_tested(
    project: Path, capsys: Shown
) -> None:
    write(project, PEOPLE.replace("phone  ", "fone  ") + GOOD)
    ended = run(capsys, project)
    assert ended.code == 1
    assert "unknown-field" in ended.out
    assert "passed" not in ended.out
    found = run(capsys, project, "--format", "json").json()
    assert [one["code"] for one in found["findings"]] == ["unknown-field"]
    assert found["tests"] == []


def test_coverage_can_be_pasted_and_fail_under_ends_with_1(project: Path, capsys: Shown) -> None:
    """All that is printed is a comment or a test, so that it may go behind the rules."""
    write(project, PEOPLE + GOOD)
    some = run(capsys, project, "--coverage", "--fail-under", "90")
    assert some.code == 1
    printed = some.out.rpartition("\n\n")[0]
    write(project, PEOPLE + GOOD + "\n" + printed)
    whole = run(capsys, project, "--coverage", "--fail-under", "100")
    assert whole.code == 0, whole.out
    assert "(100 %)" in whole.out
    data = run(capsys, project, "--coverage", "--format", "json").json()["coverage"]
    assert (data["percent"], data["gaps"]) == (100.0, [])
    assert data["goals"] == data["reached"]


def test_fail_under_alone_asks_for_coverage(project: Path, capsys: Shown) -> None:
    write(project, PEOPLE + GOOD)
    assert run(capsys, project, "--fail-under", "1").code == 0
    assert run(capsys, project, "--fail-under", "90").code == 1
    assert run(capsys, project, "--fail-under", "101").code == 2


def test_mutate_tells_which_change_goes_unnoticed_and_where(project: Path, capsys: Shown) -> None:
    write(project, PEOPLE + GOOD)
    text = run(capsys, project, "--mutate")
    assert text.code == 0
    line = next(n for n, one in enumerate(PEOPLE.splitlines(), 1) if "prefer apollo" in one)
    assert f"# rules/people.sync:{line}, map contact with Lead: in `title" in text.out
    data = run(capsys, project, "--mutate", "--format", "json").json()["mutants"]
    assert data["tried"] == data["noticed"] + len(data["survivors"])
    assert run(capsys, project, "--mutate", "--fail-under", "95").code == 1


def test_changes_are_tried_only_where_the_tests_pass(project: Path, capsys: Shown) -> None:
    write(project, PEOPLE + BAD)
    ended = run(capsys, project, "--mutate")
    assert ended.code == 1
    assert "once all tests pass" in ended.out


def test_tests_in_a_file_of_their_own_stand_on_all_rules(project: Path, capsys: Shown) -> None:
    """A file of the project chooses its tests; one from elsewhere stands for itself."""
    write(project, PEOPLE + BAD)
    apart = write(project, "sync apollo with salesforce\n" + GOOD, "rules/people-tests.sync")
    assert "1 of 2 tests" in run(capsys, project).out
    assert run(capsys, project, apart).out.startswith("1 test passed in ")
    outside = write(project, PEOPLE + GOOD + BAD.replace("wrong", "bad"), "draft.sync")
    found = run(capsys, project, outside, "--format", "json").json()
    assert [one["file"] for one in found["tests"]] == ["draft.sync"] * 2


def test_it_needs_neither_the_state_nor_a_system(project: Path) -> None:
    """No database, no HTTP: it is quick, and runs where no secret is set."""
    write(project, PEOPLE + GOOD)
    program = (
        "import json, sys; from syncrules.cli import main; code = main(['test']);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert loaded & {"sqlmodel", "sqlalchemy", "httpx", "asyncio"} == set()
    assert not (project / ".syncrules").exists()


def test_the_texts_of_these_tests_are_right() -> None:
    """The blocks above are blocks: else each of these tests would be about something else."""
    found = dsl.check({"r.sync": PEOPLE + GOOD + BAD}, SCHEMAS).findings
    assert [one.title for one in found if one.severity == "error"] == []
