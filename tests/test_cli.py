"""The command line keeps its promises: what it prints where, its exit codes, its quick start."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from syncrules.commands import COMMANDS, cli
from syncrules.commands.init import STARTS
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.engine.systems import kind
from syncrules.tests.cli import THIRD, WAREHOUSE_KEY, call, fresh, spawn, third_system

BROKEN = """\
from syncrules.connectors.base.contract import Kind

def simulate(options):
    raise RuntimeError("nobody expected this")

KIND = Kind("broken", "Broken", (), simulate, simulate)
"""

HEAVY = ("sqlmodel", "sqlalchemy", "httpx", "jinja2", "starlette", "uvicorn", "asyncio", "rich")

Shown = pytest.CaptureFixture[str]


@pytest.fixture(scope="module", autouse=True)
def warehouse() -> Iterator[str]:
    """The third connector is installed, and this is the URL of a made-up warehouse."""
    with third_system():
        made = kind("warehouse").simulate
        assert made is not None
        with Server(made(SimulatorOptions())) as server:
            yield server.url


@pytest.fixture
def project(tmp_path: Path, warehouse: str) -> Path:
    """The file of a project between two names of one warehouse."""
    systems = "".join(
        f'[systems.{name}]\nconnector = "warehouse"\nurl = "{warehouse}"\nkey = "file:key"\n'
        for name in ("north", "south")
    )
    (tmp_path / "syncrules.toml").write_text(systems, encoding="utf-8")
    (tmp_path / "key").write_text(WAREHOUSE_KEY, encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "items.sync").write_text(
        "sync north with south\n\npush item as item\n\nmap item with item {\n"
        "    sku  -> sku\n    name -> name\n}\n",
        encoding="utf-8",
    )
    return tmp_path / "syncrules.toml"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from commands(one, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(cli)), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...], capsys: Shown) -> None:
    """`--help` says what it does, its options, and shows at least one real line to type."""
    ended = call(capsys, *path, "--help")
    assert ended.code == 0
    assert f"  syncrules {' '.join(path)}" in ended.out
    for option in ("--quiet", "--no-color"):
        assert option in ended.out
    free = path[0] in ("init", "simulate", "demo", "explain", "fmt")
    assert ("--project FILE" in ended.out) is not free


def test_the_list_of_commands_says_what_they_say() -> None:
    """`--help` lists them without loading them, in the first sentence of each one's own help."""
    told = {name: one.get_short_help_str(100) for name, one in cli.commands.items()}
    assert told == COMMANDS


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--version"], ["check"], ["check", "--fix"], ["fmt"], ["plan", "--help"]],
    ids=" ".join,
)
def test_a_quick_command_loads_no_heavy_room(args: list[str], project: Path, capsys: Shown) -> None:
    """Help and `check` load neither the database, nor HTTP, nor templates."""
    assert call(capsys, "schema", "pull", "--project", project).code == 0
    _, loaded = loaded_by(project.parent, *args)
    assert {name.partition(".")[0] for name in loaded} & set(HEAVY) == set()


def loaded_by(folder: Path, *args: str) -> tuple[str, set[str]]:
    """What a command says that goes well, and the modules that it needs for that."""
    program = (
        "import json, sys; from syncrules.cli import main; code = main(sys.argv[1:]);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(THIRD)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, {*json.loads(done.stderr.splitlines()[-1])}


def test_what_is_asked_most_needs_next_to_nothing(project: Path, capsys: Shown) -> None:
    """The version needs nothing; a `check` of what hasn't changed neither Lark nor click, and says
    the same. The first `check` of rules that are right does without Lark once tables are kept."""
    assert call(capsys, "schema", "pull", "--project", project).code == 0
    assert call(capsys, "check", "--project", project).code == 0
    (project.parent / "rules" / "more.sync").write_text("sync north with south\n", "utf-8")
    asked = (["--version"], ["check"], ["check"], ["check", "--format", "json"])
    said, loaded = zip(*(loaded_by(project.parent, *args) for args in asked), strict=True)
    version, first, again, shown = loaded
    assert said[1] == said[2] == "no findings in 2 files\n"
    assert not {"click", "lark", "syncrules.dsl", "syncrules.engine"} & version
    assert "lark" not in first and "syncrules.dsl.prove" in first
    assert not {"click", "lark", "syncrules.dsl.prove", "syncrules.engine.project"} & again
    assert not {"lark", "syncrules.dsl.prove"} & shown


@pytest.mark.parametrize(
    "args",
    [["chek"], ["check", "--fromat", "json"], ["simulate"], ["schema", "show", "north"], []],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_2(args: list[str], capsys: Shown) -> None:
    """And says on stderr what is wrong; stdout stays empty."""
    ended = call(capsys, *args)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_without_a_project_the_command_that_starts_one_is_named(tmp_path: Path) -> None:
    """Exit code 2, one line for what is wrong and one for how to mend it."""
    ended = fresh(tmp_path, "check")
    assert ended.code == 2
    assert [line.partition(":")[0] for line in ended.err.splitlines()] == ["error", "help"]
    assert "syncrules init" in ended.err


def test_a_schema_that_was_never_pulled_ends_with_2(project: Path, capsys: Shown) -> None:
    """The message names the command that pulls it."""
    ended = call(capsys, "check", "--project", project)
    assert ended.code == 2
    assert "`syncrules schema pull`" in ended.err


def test_a_system_that_refuses_the_sign_in_ends_with_4(project: Path, capsys: Shown) -> None:
    """The message names the system; the key that was wrong is shown nowhere."""
    (project.parent / "key").write_text("SimulatedSecret", encoding="utf-8")
    ended = call(capsys, "schema", "pull", "--project", project)
    assert ended.code == 4
    assert "north refused the sign-in" in ended.err
    assert "SimulatedSecret" not in ended.err + ended.out


def test_an_unexpected_fault_is_one_line_with_a_reference(tmp_path: Path) -> None:
    """Exit code 70, no traceback; the details are in the log of the user, or of the project."""
    extra = tmp_path / "extra"
    info = extra / "broken-1.0.dist-info"
    info.mkdir(parents=True)
    (extra / "broken.py").write_text(BROKEN, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[syncrules.connectors]\nbroken = broken:KIND\n")
    env = {"PYTHONPATH": str(extra), "XDG_STATE_HOME": str(tmp_path / "home")}

    ended = fresh(tmp_path, "simulate", "broken", env=env)
    assert ended.code == 70
    assert "Traceback" not in ended.err + ended.out
    assert "nobody expected this" not in ended.err
    found = re.search(r"error: a fault of ours, reference (\w+)\n", ended.err)
    assert found
    log = tmp_path / "home" / "syncrules" / "syncrules.log"
    assert str(log) in ended.err
    assert found[1] in log.read_text()
    assert "nobody expected this" in log.read_text()

    (tmp_path / "syncrules.toml").write_text("")
    assert fresh(tmp_path, "simulate", "broken", env=env).code == 70
    assert (tmp_path / ".syncrules" / "syncrules.log").exists()


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    """`syncrules ... | head` is quiet."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m syncrules.cli --help | true; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_output_that_cannot_be_written_is_no_fault_of_ours(tmp_path: Path) -> None:
    """A full disk ends with 2 and one line; a stream that is closed is just not written to."""
    for command, code, said in (
        ("--help > /dev/full", 2, "error: the output can't be written: No space left on device\n"),
        ("explain syntax >&-", 0, ""),
        ("explain syntax 2>&-", 0, ""),
    ):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m syncrules.cli {command}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (code, said)


def test_a_folder_that_is_gone_is_an_error_in_one_line(tmp_path: Path) -> None:
    """Someone removed the folder that a terminal is in."""
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["bash", "-c", f"rmdir {gone}; {sys.executable} -m syncrules.cli check"],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: the current folder is gone\n")


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    """One line, no traceback."""
    process = spawn(tmp_path, "simulate", "warehouse")
    assert process.stdout is not None
    assert "warehouse" in process.stdout.readline().lower()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("help: type it again")
    assert "Traceback" not in err


def test_a_simulator_says_in_one_line_of_json_how_to_sign_in(tmp_path: Path) -> None:
    """It serves until SIGTERM, which is its usual end."""
    process = spawn(tmp_path, "simulate", "warehouse", "--format", "json", "--port", "0")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["url"])
    assert told["key"]
    process.terminate()
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_a_simulator_tells_people_what_to_put_where(tmp_path: Path, capsys: Shown) -> None:
    """The section of the project file and the variable for the secret."""
    process = spawn(tmp_path, "simulate", "warehouse")
    assert process.stdout is not None
    text = "".join(process.stdout.readline() for _ in range(10))
    process.terminate()
    process.communicate(timeout=20)
    assert '[systems.warehouse]\nconnector = "warehouse"\nurl = "http://127.0.0.1:' in text
    assert 'key = "env:WAREHOUSE_KEY"' in text
    assert f"export WAREHOUSE_KEY='{WAREHOUSE_KEY}'" in text


def test_a_port_that_is_taken_is_an_error_with_a_way_out(warehouse: str, capsys: Shown) -> None:
    """Exit code 2, as for any wrong option."""
    ended = call(capsys, "simulate", "warehouse", "--port", warehouse.rpartition(":")[2])
    assert ended.code == 2
    assert "--port 0" in ended.err


def test_a_new_project_is_complete_and_never_overwrites(tmp_path: Path, capsys: Shown) -> None:
    """Project file, starter rules, .gitignore, a CI job for both; twice is an error."""
    folder = tmp_path / "crm"
    ended = call(capsys, "init", folder)
    assert ended.code == 0
    files = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    assert files == {
        "syncrules.toml",
        "rules/contacts.sync",
        ".gitignore",
        ".github/workflows/rules.yml",
    }
    assert all(name in ended.out for name in files)
    job = (folder / ".github/workflows/rules.yml").read_text()
    assert "syncrules check" in job and "syncrules test" in job
    assert ".syncrules/" in (folder / ".gitignore").read_text().splitlines()

    before = (folder / "rules/contacts.sync").read_text()
    (folder / "rules/contacts.sync").write_text("mine")
    (folder / "syncrules.toml").unlink()
    again = call(capsys, "init", folder)
    assert again.code == 2
    assert (folder / "rules/contacts.sync").read_text() == "mine" != before
    assert not (folder / "syncrules.toml").exists()


@pytest.mark.parametrize("name", STARTS)
def test_a_project_may_start_from_other_rules(name: str, tmp_path: Path, capsys: Shown) -> None:
    """They land under their own name, with their tests, and nothing else is written."""
    ended = call(capsys, "init", tmp_path, "--start", name)
    assert ended.code == 0
    rules = {one.name for one in (tmp_path / "rules").iterdir()}
    assert f"{name}.sync" in rules <= {f"{name}.sync", f"{name}-tests.sync"}
    assert all(f"rules/{one}" in ended.out for one in rules)
    texts = [(tmp_path / "rules" / one).read_text("utf-8") for one in rules]
    assert any("\ntest " in one for one in texts)
    assert call(capsys, "fmt", "--check", tmp_path / "rules").code == 0
    assert (tmp_path / "syncrules.toml").is_file() and ended.out.count("\nnext: ") == 1


def test_init_says_what_there_is_to_start_from(tmp_path: Path, capsys: Shown) -> None:
    """`--help` says what each is; a name that isn't there is answered with those that are."""
    shown = " ".join(call(capsys, "init", "--help").out.split())
    assert all(f"{name}: {what}" in shown for name, what in STARTS.items())
    wrong = call(capsys, "init", tmp_path / "crm", "--start", "deals")
    assert wrong.code == 2 and "account-stages" in wrong.err
    assert not (tmp_path / "crm").exists()


def test_init_adds_one_line_to_a_gitignore_that_is_there(tmp_path: Path, capsys: Shown) -> None:
    """A project may start inside a repository that exists."""
    (tmp_path / ".gitignore").write_text("build/")
    assert call(capsys, "init", tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text() == "build/\n.syncrules/\n"


def test_a_schema_pull_is_stable_and_says_what_changed(project: Path, capsys: Shown) -> None:
    """The file stays as it is, to the byte, unless the system has something new."""
    first = call(capsys, "schema", "pull", "--project", project)
    assert first.out == "north: 2 objects, 7 fields\nsouth: 2 objects, 7 fields\n"
    path = project.parent / "schema" / "north.json"
    before = path.read_bytes()
    again = call(capsys, "schema", "pull", "--project", project)
    assert again.out == "north: nothing changed\nsouth: nothing changed\n"
    assert path.read_bytes() == before

    stored = json.loads(before)
    item = next(one for one in stored["objects"] if one["name"] == "item")
    item["fields"] = [one for one in item["fields"] if one["name"] != "stock"]
    next(one for one in item["fields"] if one["name"] == "name")["length"] = 40
    item["fields"].append({"name": "gone", "label": "Gone", "type": "text"})
    path.write_text(json.dumps(stored))
    diff = call(capsys, "schema", "diff", "north", "--project", project)
    assert diff.code == 1
    assert diff.out.splitlines() == [
        "north: 3 differences",
        "  removed  item.gone",
        "  changed  item.name  length: 40 -> 80",
        "           map item with item, rules/items.sync:7",
        "  added    item.stock",
    ]
    assert json.loads(path.read_text()) == stored
    assert call(capsys, "schema", "pull", "north", "--project", project).out == diff.out
    assert {**json.loads(path.read_bytes()), "taken": ""} == {**json.loads(before), "taken": ""}
    assert call(capsys, "schema", "diff", "north", "--project", project).code == 0


def test_a_schema_file_that_is_damaged_is_mended_by_a_pull(project: Path, capsys: Shown) -> None:
    """As its error says."""
    path = project.parent / "schema" / "north.json"
    path.parent.mkdir()
    path.write_text("{")
    assert call(capsys, "schema", "show", "north", "item", "--project", project).code == 2
    assert call(capsys, "schema", "pull", "--project", project).code == 0
    assert call(capsys, "schema", "show", "north", "item", "--project", project).code == 0


def test_the_fields_of_an_object_are_shown_with_type_and_rights(
    project: Path, capsys: Shown
) -> None:
    """For people as a table, for scripts as in the schema file; a wrong name offers the nearest."""
    call(capsys, "schema", "pull", "--project", project)
    table = call(capsys, "schema", "show", "north", "item", "--project", project)
    rows = {line.split()[0]: line for line in table.out.splitlines()}
    assert re.fullmatch(r"bin +reference to bin +yes", rows["bin"])
    assert re.fullmatch(r"sku +text +required", rows["sku"])
    assert re.fullmatch(r"id +id +no", rows["id"])
    shown = call(
        capsys, "schema", "show", "north", "item", "--format", "json", "--project", project
    )
    assert shown.json()["name"] == "item"
    assert {one["name"] for one in shown.json()["fields"]} >= {"sku", "stock"}
    wrong = call(capsys, "schema", "show", "north", "itm", "--project", project)
    assert (wrong.code, "`item`" in wrong.err) == (2, True)


def test_quiet_leaves_data_and_errors(project: Path, capsys: Shown) -> None:
    """What only a person likes to read is gone."""
    assert call(capsys, "schema", "pull", "--quiet", "--project", project).out == ""
    assert call(capsys, "schema", "show", "north", "bin", "--quiet", "--project", project).out


def test_fields_shows_all_of_two_objects(project: Path, capsys: Shown) -> None:
    """Where each is mapped, and how full; options go anywhere, JSON has the same."""
    assert call(capsys, "schema", "pull", "--project", project).code == 0
    told = call(capsys, "fields", "item", "item", "--project", project)
    assert told.code == 0
    assert "north item: 2 of 5 fields are mapped, filled as in 5 records" in told.out
    assert re.search(r"^    name +text 80 +100%  -> name  rules/items.sync:7$", told.out, re.M)
    data = call(capsys, "fields", "--format", "json", "item", "item", "--project", project).json()
    assert [one["name"] for one in data["left"]["fields"]][:2] == ["name", "sku"]
    wrong = call(capsys, "fields", "itm", "item", "--project", project)
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean `item`?" in wrong.err
    assert call(capsys, "fields", "item", "--project", project).code == 2


def test_fields_add_tells_what_to_create_where_a_connector_creates_none(
    project: Path, capsys: Shown
) -> None:
    """A connector that says nothing about custom fields gets plain words."""
    assert call(capsys, "schema", "pull", "--project", project).code == 0
    line = ("fields", "add", "north", "item", "Shelf Mark")
    told = call(capsys, *line, "--type", "text 20", "--project", project)
    assert told.code == 0
    assert "Warehouse has no request that creates such a field" in told.out
    assert "API name  shelf_mark" in told.out
    assert call(capsys, *line, "--project", project).code == 2
    wrong = call(capsys, *line, "--type", "nmber", "--project", project)
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean `number`?" in wrong.err
