"""From a rule file to changes in two systems, as an ops person does it at the command line.

The systems are two warehouses on real ports: what works here works with a connector that nobody of
ours wrote.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.base.serve import Server, Simulator, SimulatorOptions
from syncrules.connectors.base.wire import json_request
from syncrules.engine.systems import kind
from syncrules.tests.cli import WAREHOUSE_KEY, Ended, call, spawn, third_system

RULES = """\
sync north with south
prefer north

push item as item

map item with item {
    sku  <-> sku
    name <-> name
}
"""


@dataclass(frozen=True)
class Shop:
    """A project between two warehouses, and the command line to use it."""

    folder: Path
    north: Simulator
    south: Simulator
    capsys: pytest.CaptureFixture[str]

    def type(self, *args: object) -> Ended:
        return call(self.capsys, *args, "--project", self.folder / "syncrules.toml")

    def rules(self, text: str) -> None:
        (self.folder / "rules" / "items.sync").write_text(text, encoding="utf-8")

    def save(self, where: Simulator, action: str, **row: object) -> None:
        """Someone at the warehouse creates or updates an item."""
        ask(where, f"/item/{action}", {"rows": [row]})

    def items(self, where: Simulator) -> dict[str, Any]:
        """Names by SKU."""
        return {row["sku"]: row["name"] for row in ask(where, "/item")["rows"]}


def ask(where: Simulator, path: str, body: Mapping[str, object] | None = None) -> Any:
    method = "GET" if body is None else "POST"
    request = json_request(method, f"http://here{path}", body, x_key=WAREHOUSE_KEY)
    return where.handle(request).json()


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with third_system():
        made = kind("warehouse").simulate
        assert made is not None
        with Server(made(SimulatorOptions())) as north, Server(made(SimulatorOptions())) as south:
            (tmp_path / "syncrules.toml").write_text(
                "".join(
                    f'[systems.{name}]\nconnector = "warehouse"\n'
                    f'url = "{server.url}"\nkey = "file:key"\n'
                    for name, server in (("north", north), ("south", south))
                ),
                encoding="utf-8",
            )
            (tmp_path / "key").write_text(WAREHOUSE_KEY, encoding="utf-8")
            (tmp_path / "rules").mkdir()
            shop = Shop(tmp_path, north.simulator, south.simulator, capsys)
            shop.rules(RULES)
            assert shop.type("schema", "pull").code == 0
            yield shop


def test_check_tells_scripts_place_message_and_fix(shop: Shop) -> None:
    """The promised shape, lines and columns from 1, and exit code 1."""
    shop.rules(RULES.replace("name <-> name", "name <-> nmae"))
    ended = shop.type("check", "--format", "json")
    assert ended.code == 1
    [found] = ended.json()["findings"]
    place = {"line": 8, "column": 14, "end_line": 8, "end_column": 18}
    assert place.items() <= found.items()
    assert (found["code"], found["severity"]) == ("unknown-field", "error")
    assert (found["file"], found["fix"]) == ("rules/items.sync", "name")
    text = shop.type("check")
    assert "rules/items.sync:8:14" in text.out
    assert "1 error in 1 file" in text.out


def test_check_is_content_with_right_rules(shop: Shop) -> None:
    """Exit code 0; a list of no findings for scripts."""
    assert shop.type("check").out == "no findings in 1 file\n"
    assert shop.type("check", "--quiet").out == ""
    assert shop.type("check", "--format", "json").json() == {"findings": []}


def test_check_takes_a_file_that_is_no_text_for_a_finding(shop: Shop) -> None:
    """Not for a fault, and not for a project file that is wrong."""
    (shop.folder / "rules" / "items.sync").write_bytes(b"\x00\xff\xfe")
    ended = shop.type("check", "--format", "json")
    assert ended.code == 1
    assert [one["code"] for one in ended.json()["findings"]] == ["not-text"]


@pytest.mark.parametrize("verb", [["plan"], ["preview"], ["run"], ["backfill", "push", "item"]])
def test_nothing_starts_with_an_error_among_the_findings(shop: Shop, verb: list[str]) -> None:
    """Exit code 1; the finding is shown on stderr with its place, and nothing was written."""
    shop.rules(RULES.replace("name <-> name", "name <-> nmae"))
    ended = shop.type(*verb)
    assert (ended.code, ended.out) == (1, "")
    assert "rules/items.sync:8:14" in ended.err
    assert "nothing was started: 1 finding is an error" in ended.err
    assert not (shop.folder / ".syncrules" / "state.db").exists()


def test_the_plan_is_told_without_asking_any_system(shop: Shop) -> None:
    """For people and as JSON; it needs neither a key nor a network."""
    (shop.folder / "key").unlink()
    assert "push item as item" in shop.type("plan").out
    [plan] = shop.type("plan", "--format", "json").json()["plans"]
    assert [one["name"] for one in plan["flows"]] == ["item~item"]


def test_a_day_with_two_warehouses(shop: Shop) -> None:
    """What was there waits for a backfill; what comes moves; a second run has nothing to do."""
    waiting = shop.type("preview")
    assert waiting.code == 0
    assert "were there before `push item as item`" in waiting.out
    assert "syncrules backfill push item" in waiting.out
    assert shop.type("backfill", "push", "item").code == 0

    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    before = shop.items(shop.south)
    seen = shop.type("preview", "--format", "json")
    assert shop.items(shop.south) == before
    [change] = seen.json()["changes"]
    expected = {
        "rule": "push item as item",
        "action": "create",
        "system": "south",
        "object": "item",
        "id": None,
        "key": "N-1",
        "fields": {
            "sku": {"before": None, "after": "N-1"},
            "name": {"before": None, "after": "Lamp"},
        },
    }
    assert expected.items() <= change.items()
    assert change["reason"]
    assert shop.type("run", "--dry-run", "--format", "json").json()["changes"] == [change]

    done = shop.type("run", "--format", "json")
    assert done.code == 0
    [made] = done.json()["changes"]
    assert made["id"]
    assert {**made, "id": None, "state": change["state"]} == change
    assert shop.items(shop.south)["N-1"] == "Lamp"
    assert shop.type("run", "--format", "json").json()["changes"] == []
    assert "nothing to do" in shop.type("run").out

    story = shop.type("history", "N-1", "--format", "json").json()["changes"]
    assert [(one["action"], one["state"]) for one in story] == [("create", "done")]
    assert "Lamp" in shop.type("history", "N-1").out
    assert shop.type("history", "nobody").code == 0


def test_a_run_tells_the_number_that_undo_takes(shop: Shop) -> None:
    """Above what it did; `history` has the same one; a preview tells none."""
    assert shop.type("backfill", "push", "item").code == 0
    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    assert not re.search(r"^run \d", shop.type("preview").out, re.MULTILINE)
    [number] = re.findall(r"^run (\d+):\n +1  south item created$", shop.type("run").out, re.M)
    assert shop.type("history", "N-1").out.startswith(f"run {number}, ")
    assert "left as it is: south item N-1" in shop.type("undo", number).out


def test_an_error_stays_in_the_log_until_its_cause_is_gone(shop: Shop) -> None:
    """Exit code 1 while it is open; the connector's advice is there; `retry` sends again."""
    shop.type("run")
    shop.save(shop.north, "create", sku="N-2", name="Chair")
    [row] = [one for one in ask(shop.north, "/item")["rows"] if one["sku"] == "N-2"]
    shop.save(shop.north, "update", id=row["id"], sku=None)
    ended = shop.type("run")
    assert ended.code == 1
    [error] = shop.type("errors", "--format", "json").json()["errors"]
    assert (error["operation"], error["system"], error["object"]) == ("create", "south", "item")
    assert (error["code"], error["advice"]) == ("no-sku", "Give the item a SKU.")
    assert (error["rule"], error["line"], error["count"]) == ("push item as item", 4, 1)
    assert error["first"].endswith("Z")
    assert "Give the item a SKU." in shop.type("errors").out
    assert "no-sku" in shop.type("errors", "show", error["id"]).out
    assert shop.type("errors", "show", 99).code == 2
    assert shop.type("retry", 99).code == 2
    assert shop.type("retry").code == 2
    assert shop.type("retry", error["id"]).code == 1

    shop.save(shop.north, "update", id=row["id"], sku="N-2")
    assert shop.type("retry", "--all").code == 0
    assert shop.items(shop.south)["N-2"] == "Chair"
    assert shop.type("errors").out == "no open errors\n"


def test_status_tells_runs_and_rules_without_asking_any_system(shop: Shop) -> None:
    """Also while a rule is broken, and before the first run."""
    assert shop.type("status").out == "no run yet\n"
    shop.type("run")
    shop.rules("sync north with")
    (shop.folder / "key").unlink()
    [pair] = shop.type("status", "--format", "json").json()["status"]
    assert (pair["runs"][0]["verb"], pair["runs"][0]["exit"]) == ("run", 0)
    assert [one["name"] for one in pair["rules"]] == ["push item as item"]
    assert pair["rules"][0]["waiting"] >= 5
    assert "wait for a backfill" in shop.type("status").out
    assert shop.type("errors").code == 0


@pytest.mark.parametrize(("key", "url"), [("another", ""), (WAREHOUSE_KEY, "http://127.0.0.1:9")])
def test_each_code_of_the_error_log_has_a_page(shop: Shop, key: str, url: str) -> None:
    """Also that of a system which stops the run: `explain` says where to take a code from."""
    (shop.folder / "key").write_text(key, encoding="utf-8")
    file = shop.folder / "syncrules.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"http://[\d.:]+", url, text) if url else text, encoding="utf-8")
    assert shop.type("run").code == 4
    [error] = shop.type("errors", "--format", "json").json()["errors"]
    shown = call(shop.capsys, "explain", error["code"])
    assert (shown.code, shown.out.splitlines()[0]) == (
        *(0, f"{error['code']}, an entry of the error log"),
    )


@pytest.mark.parametrize(
    "line",
    [
        ("undo", 2, ""),
        ("undo", 2, "N-1", " "),
        ("run", "--rule", ""),
        ("push", ""),
        ("why", ""),
        ("history", ""),
        ("disconnect", "north", ""),
        ("connect", "north", "--as", ""),
    ],
    ids=lambda line: " ".join(map(repr, line)),
)
def test_a_name_that_is_given_and_empty_never_stands_for_all(
    shop: Shop, line: tuple[object, ...]
) -> None:
    """A script whose variable is not set undoes no whole run, and ends nobody else's login."""
    shop.type("run")
    shop.save(shop.north, "create", sku="N-1", name="Chair")
    shop.type("run")
    ended = shop.type(*line)
    assert (ended.code, "it is empty" in ended.err) == (2, True)
    assert shop.items(shop.south)["N-1"] == "Chair"


def test_status_knows_the_last_run_after_any_number_of_previews(shop: Shop) -> None:
    """Also one that was asked for something that isn't there."""
    shop.type("run")
    for _ in range(6):
        shop.type("preview")
    assert "last run   1 (run)" in shop.type("status").out
    assert shop.type("push", "nothing-of-ours").code == 2
    assert ": the command or the project file was wrong\n" in shop.type("status").out


BINS = """\
sync north with south
prefer north

push bin as bin { match on code }

map bin with bin {
    code <-> code
}
"""


def test_status_tells_a_rule_that_is_gone_only_where_something_waits_for_it(shop: Shop) -> None:
    """And what becomes of that: where other rules are about the same two objects the next run
    decides it, else it waits until the rule is back. While the files can't be read, nobody knows
    which rule is gone."""

    def told(*rules: str) -> list[str]:
        shop.rules("\n".join(rules))
        lines = shop.type("status").out.splitlines()
        return [line.removeprefix("  rule       ") for line in lines if line.startswith("  rule")]

    def run() -> int:
        return shop.type("run").code

    both = RULES + BINS.split("prefer north\n")[1]
    shop.rules(both)
    assert run() == 0
    pushes, items = told(both)
    [count] = re.findall(
        r"^push item as item, since run 1; (\d+) records wait for a backfill$", items
    )
    assert pushes == "push bin as bin, since run 1"
    # Nothing of it waits: that bins were ever pushed is no news.
    assert told(RULES) == [items]
    assert told("sync north with") == [pushes, items]
    gone = f"push item as item, in no rule file any more; {count} records wait until it is back"
    for _ in range(2):
        assert told(BINS) == [pushes, gone]
        assert run() == 0
    [pair] = shop.type("status", "--format", "json").json()["status"]
    assert [(one["name"], one["gone"]) for one in pair["rules"]] == [
        *(("push bin as bin", False), ("push item as item", True))
    ]
    assert {look["object"] for look in pair["looks"]} == {"bin"}
    assert told(both) == [pushes, items]
    pulled = RULES.replace("push item as item", "pull item as item")
    decided = f"the next run decides {count} records that waited for it"
    assert told(pulled) == [f"push item as item, in no rule file any more; {decided}"]
    run()
    assert [line.partition(",")[0] for line in told(pulled)] == ["pull item as item"]


def test_status_and_errors_tell_of_a_rule_that_is_gone(shop: Shop) -> None:
    """What it left stands until it is back, or somebody lets go of it with `retry`."""

    def told() -> tuple[str, ...]:
        """The entry: its head, its rule, what mends it."""
        head, *lines = shop.type("errors", "show", "1").out.splitlines()
        said = dict(re.findall(r"^ +(rule|mend) +(.*)$", "\n".join(lines), re.MULTILINE))
        return (head, said["rule"], said["mend"])

    shop.rules(RULES.replace("push item as item", "push item as item { match on sku }"))
    for where in (shop.south, shop.south, shop.north):
        shop.save(where, "create", sku="N-9", name="Desk")
    shop.type("run")
    shop.type("backfill", "push", "item")
    before = told()
    assert "ambiguous-match" in before[0]
    assert before[1] == "push item as item, rules/items.sync:4"
    shop.rules(BINS)
    assert shop.type("run").code == 1
    gone = "push item as item, in no rule file any more; 1 open error is about it\n"
    assert gone in shop.type("status").out
    assert told()[1:] == (
        "push item as item, in no rule file any more",
        "It waits until the rule is back; if it won't be, `syncrules retry 1` lets go of it.",
    )
    [entry] = shop.type("errors", "--format", "json").json()["errors"]
    assert entry["gone"] and "lets go of it" in entry["advice"]
    shop.rules("sync north with")
    assert told() == before, "nobody knows which rules there are"
    shop.rules(BINS)
    assert shop.type("retry", "--all").code == 0
    assert shop.type("errors").out == "no open errors\n"
    assert "push item as item" not in shop.type("status").out


def test_paths_are_read_instead_of_the_rules_of_the_project(shop: Shop) -> None:
    """`check PATH` finds what is wrong in that file, and says where."""
    draft = shop.folder / "draft.sync"
    draft.write_text(RULES.replace("push item", "push itm"), encoding="utf-8")
    assert shop.type("check").code == 0
    ended = shop.type("check", draft, "--format", "json")
    assert {one["file"] for one in ended.json()["findings"]} == {"draft.sync"}
    assert shop.type("check", shop.folder / "nowhere.sync").code == 2


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('key = "file:key"', 'key = "warehouse-key"', "is a secret and must not stand in the file"),
        ('key = "file:key"', 'kez = "file:key"', "did you mean `key`?"),
        ('"warehouse"', '"warehause"', "did you mean `warehouse`?"),
        ('key = "file:key"', 'key = "file:key"\ntimeout = "30 s"', "is not a length of time"),
    ],
)
def test_check_finds_what_is_wrong_in_the_project_file(
    shop: Shop, wrong: str, right: str, said: str
) -> None:
    """Before a run does, and before a secret gets under version control; it is not repeated."""
    path = shop.folder / "syncrules.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(wrong, right), encoding="utf-8")
    ended = shop.type("check")
    assert ended.code == 2
    assert said in ended.err
    assert "warehouse-key" not in ended.out + ended.err


def test_a_rule_file_without_rules_is_told_as_such(shop: Shop) -> None:
    """An empty file is no mistake, and no silence either."""
    shop.rules("# nothing yet\n")
    for verb in ("plan", "preview", "run"):
        ended = shop.type(verb)
        assert (ended.code, ended.out) == (0, "the rule files have no rules yet\n")


def test_the_state_is_told_in_words_for_people(shop: Shop) -> None:
    """Times without letters between, nothing in the plural that is one, no word of ours."""
    shop.save(shop.north, "create", sku="N-3", name="Desk")
    shop.type("run")
    status = shop.type("status").out
    assert re.search(r"last run   1 \(run\), \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: done\n", status)
    assert "to decide  0 records at the next run" in status
    shop.type("preview")
    assert "1 (run)" in shop.type("status").out


def test_a_stored_schema_that_is_damaged_names_the_command_that_mends_it(shop: Shop) -> None:
    """For `check` and for `schema diff`; what Python calls the error is nobody's business."""
    for damage in ("{ not", "[]", '{"a": 1}'):
        (shop.folder / "schema" / "north.json").write_text(damage, encoding="utf-8")
        for command in (["check"], ["schema", "diff", "north"]):
            ended = shop.type(*command)
            assert ended.code == 2
            assert "schema/north.json can't be read" in ended.err
            assert "syncrules schema pull north" in ended.err
            assert "Error" not in ended.err


def test_a_change_that_asks_waits_for_approve(shop: Shop) -> None:
    """`run` and `status` count it, `approve` lists it for people and scripts and lets it go, and
    the next run makes it."""
    shop.rules(RULES.replace("name <-> name", "name <-> name  ask"))
    assert shop.type("run").code == 0
    shop.save(shop.north, "create", sku="a1", name="Lamp")
    assert shop.type("run").code == 0
    [item] = [one for one in ask(shop.north, "/item")["rows"] if one["sku"] == "a1"]
    shop.save(shop.north, "update", id=item["id"], name="Light")
    assert shop.type("approve").out == "no change waits for anyone\n"
    ran = shop.type("run")
    assert ran.code == 0
    assert "1  change waits for a person: `syncrules approve`" in ran.out
    assert shop.items(shop.south)["a1"] == "Lamp"
    assert "approvals  1 change waits for a person" in shop.type("status").out
    listed = shop.type("approve").out
    assert 'name  "Lamp" -> "Light"' in listed
    assert "rule   map item with item, rules/items.sync:8" in listed
    [one] = shop.type("approve", "--format", "json").json()["approvals"]
    assert (one["key"], one["field"], one["before"], one["after"]) == (
        *("a1", "name", "Lamp", "Light"),
    )
    wrong = shop.type("approve", one["id"] + 1)
    assert (wrong.code, wrong.out) == (2, "")
    assert f"no change {one['id'] + 1} waits" in wrong.err
    assert shop.type("approve", one["id"], "--all").code == 2
    assert "1 change approved" in shop.type("approve", one["id"]).out
    assert shop.type("approve", one["id"]).out == "approved before\n"
    assert shop.type("approve", "--all").out == "no change waits for anyone\n"
    assert shop.type("run").code == 0
    assert shop.items(shop.south)["a1"] == "Light"


def test_one_rule_is_run_by_its_name(shop: Shop) -> None:
    """Exit code 2 for one that isn't there, with the nearest; a dry run of it writes nothing."""
    shop.type("run")
    shop.save(shop.north, "create", sku="r1", name="Lamp")
    wrong = shop.type("run", "--rule", "push item as itm")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean `push item as item`?" in wrong.err
    rule = ("--rule", "push item as item")
    [shown] = shop.type("run", *rule, "--dry-run", "--format", "json").json()["changes"]
    assert shown["key"] == "r1"
    assert "r1" not in shop.items(shop.south)
    assert shop.type("run", *rule).code == 0
    assert shop.items(shop.south)["r1"] == "Lamp"


def test_one_record_is_pushed_by_hand(shop: Shop) -> None:
    """Past the condition of its rule, by its key; nobody else goes with it."""
    shop.rules(RULES.replace("as item", 'as item when name is "Never"'))
    shop.type("run")
    for sku in ("p1", "p2"):
        shop.save(shop.north, "create", sku=sku, name="Lamp")
    assert "would change nothing" in shop.type("preview").out
    pushed = shop.type("push", "p1")
    assert pushed.code == 0
    assert "because pushed by hand" in pushed.out
    assert shop.items(shop.south).get("p1") == "Lamp"
    assert "p2" not in shop.items(shop.south)
    missing = shop.type("push", "p9")
    assert (missing.code, missing.out) == (2, "")
    assert "no record that a rule pushes is known as p9" in missing.err


def test_known_says_what_to_do_where_nothing_was_read_yet(shop: Shop) -> None:
    """Also where a system has no addresses: an answer from nothing would be wrong."""
    ended = shop.type("known", "ada@example.com")
    assert (ended.code, ended.out) == (2, "")
    assert "syncrules preview" in ended.err


def test_the_quiet_period_ends_a_run_with_3(shop: Shop) -> None:
    """`preview` works, and says what a run would say."""
    path = shop.folder / "syncrules.toml"
    path.write_text(path.read_text() + '[team]\nquiet_period = "6 hours"\n', encoding="utf-8")
    shop.type("run")
    shop.save(shop.north, "create", sku="q1", name="Lamp")
    seen = shop.type("preview")
    assert seen.code == 3
    assert "a run would write nothing, since nothing is written before" in seen.out
    ran = shop.type("run")
    assert ran.code == 3
    assert "`quiet_period` of [team] is 6 hours" in ran.err
    assert "q1" not in shop.items(shop.south)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_until_it_is_stopped(shop: Shop, number: signal.Signals) -> None:
    """A line for each run as it ends; a stop between two runs is the usual end, so exit code 0."""
    shop.type("run")
    shop.save(shop.north, "create", sku="s1", name="Lamp")
    process = spawn(shop.folder, "serve")
    assert process.stdout is not None
    assert process.stdout.readline().endswith("UTC  started\n")
    line = process.stdout.readline()
    assert line.endswith("UTC  run 2, every 15 minutes: 1 south item created\n")
    assert shop.items(shop.south)["s1"] == "Lamp"
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("UTC  stopped\n")


def test_serve_shows_what_is_wrong_with_rules_that_never_were_in_use(shop: Shop) -> None:
    """As `run` does: the findings, exit code 1, and nothing was asked of anyone."""
    shop.rules(RULES.replace("name <-> name", "name <-> nmae"))
    ended = shop.type("serve")
    assert ended.code == 1
    assert "rules/items.sync:8:14" in ended.err
    assert "nothing was started: 1 finding is an error" in ended.err
