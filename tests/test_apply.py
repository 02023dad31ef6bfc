"""`preview --out FILE` and `apply FILE`: exactly what was shown is done, or nothing.

At the command line, between two warehouses on real ports, as in `test_cli_run.py`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.engine.systems import kind
from syncrules.tests.cli import WAREHOUSE_KEY, Ended
from syncrules.tests.test_cli_run import RULES, Shop, ask, shop

__all__ = ["shop"]


@pytest.fixture
def saved(shop: Shop, tmp_path: Path) -> Iterator[Path]:
    """A preview of one item to be made and one to be renamed."""
    shop.type("run")
    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    assert shop.type("run").code == 0
    shop.save(shop.north, "create", sku="N-2", name="Chair")
    shop.save(shop.north, "update", id=_id(shop, "N-1"), name="Lantern")
    file = tmp_path / "changes.json"
    assert shop.type("preview", "--out", file).code == 0
    yield file


def _id(shop: Shop, sku: str) -> object:
    return next(row["id"] for row in ask(shop.north, "/item")["rows"] if row["sku"] == sku)


def _refused(shop: Shop, file: Path, why: str) -> Ended:
    """It isn't applied, with that reason, and the other warehouse is as it was."""
    before = shop.items(shop.south)
    ended = shop.type("apply", file)
    assert (ended.code, ended.out) == (3, "")
    assert f"{file} is not applied, and nothing was written: {why}" in ended.err
    assert "save" in ended.err or "preview --out" in ended.err
    assert shop.items(shop.south) == before
    return ended


def test_what_was_saved_is_what_is_done(shop: Shop, saved: Path) -> None:
    """The file is JSON, nobody else reads it, and its changes are those of the run that follows."""
    told = json.loads(saved.read_text(encoding="utf-8"))
    assert saved.stat().st_mode & 0o077 == 0
    assert WAREHOUSE_KEY not in saved.read_text(encoding="utf-8")
    shown = [(one["action"], one["key"], one["fields"]) for one in told["changes"]]
    assert {(action, key) for action, key, _ in shown} == {("create", "N-2"), ("update", "N-1")}
    assert shop.items(shop.south)["N-1"] == "Lamp"

    ended = shop.type("apply", saved, "--format", "json")
    assert ended.code == 0
    done = [(one["action"], one["key"], one["fields"]) for one in ended.json()["changes"]]
    assert done == shown
    south = shop.items(shop.south)
    assert (south["N-1"], south["N-2"]) == ("Lantern", "Chair")
    assert shop.type("run", "--format", "json").json()["changes"] == []
    # What has been applied can't be applied again, and it says when that was.
    run = ended.json()["summary"]["runs"][0]["run"]
    said = (
        f"update south item N-1 was made by run {run}; create south item N-2 was made by run {run}"
    )
    _refused(shop, saved, said)


def test_a_link_stays_one_and_what_is_no_file_is_written_to(
    shop: Shop, saved: Path, tmp_path: Path
) -> None:
    """A device or a pipe that a preview is sent to is not replaced by a file."""
    link, far = tmp_path / "latest.json", tmp_path / "far.json"
    link.symlink_to(far)
    assert shop.type("preview", "--out", link).code == 0
    assert link.is_symlink()
    assert len(json.loads(far.read_text(encoding="utf-8"))["changes"]) == 2

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert shop.type("preview", "--out", pipe).code == 0
        assert pipe.is_fifo()
        assert len(json.loads(os.read(end, 1_000_000))["changes"]) == 2
    finally:
        os.close(end)


def test_records_that_moved_since_are_named(shop: Shop, saved: Path) -> None:
    """A value that changed, a change that is new, and one that fell away."""
    shop.save(shop.north, "update", id=_id(shop, "N-2"), name="Stool")
    _refused(shop, saved, 'create south item N-2: name would become "Stool" by now')
    shop.save(shop.north, "update", id=_id(shop, "N-2"), name="Chair")
    shop.save(shop.north, "create", sku="N-3", name="Desk")
    _refused(shop, saved, "create south item N-3 would be new")
    shop.save(shop.north, "update", id=_id(shop, "N-1"), name="Lamp")
    ended = _refused(shop, saved, "")
    assert "update south item N-1 would not be made any more" in ended.err


def test_rules_that_were_edited_since_are_named(shop: Shop, saved: Path) -> None:
    """Even where it is a comment: what was shown is what these files said."""
    shop.rules(RULES + "# more\n")
    _refused(shop, saved, "the rules have changed since: rules/items.sync")
    shop.rules(RULES)
    (shop.folder / "rules" / "more.sync").write_text("sync north with south\n", encoding="utf-8")
    _refused(shop, saved, "the rules have changed since: rules/more.sync")


def test_a_schema_that_moved_since_is_named(shop: Shop, saved: Path) -> None:
    path = shop.folder / "schema" / "south.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Name", "Label"), encoding="utf-8")
    _refused(shop, saved, "the schema has changed since: south")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("Chair", "Throne"), "was changed since it was saved"),
        (
            lambda text: text.replace('"paths": []', '"paths": [7]'),
            "was changed since it was saved",
        ),
        (lambda text: text.replace('"runs": {"', '"runs": {"x": [], "'), "was changed since"),
        (lambda text: text[:-20], "is no saved preview"),
        (lambda text: text.replace("\n{", "\n" + "[" * 100_000, 1), "is no saved preview"),
        (lambda text: '{"changes": []}', "is no saved preview"),
        (lambda text: "", "is no saved preview"),
        (lambda text: text.replace('"version": 2', '"version": 9'), "is no saved preview"),
        (lambda text: "\x00\udcff", "is no saved preview"),
    ],
)
def test_a_file_that_is_none_is_refused(shop: Shop, saved: Path, damage: object, said: str) -> None:
    """One clear line, exit code 2, and nothing is written."""
    text = saved.read_text(encoding="utf-8")
    assert callable(damage)
    saved.write_bytes(damage(text).encode("utf-8", "surrogateescape"))
    ended = shop.type("apply", saved)
    assert ended.code == 2
    assert f"{saved} {said}" in ended.err
    assert "N-2" not in shop.items(shop.south)


def test_a_file_that_is_not_there_or_can_t_be_written(shop: Shop, tmp_path: Path) -> None:
    """No traceback, and no half of a file."""
    assert shop.type("apply", tmp_path / "none.json").code == 2
    ended = shop.type("preview", "--out", tmp_path / "no" / "changes.json")
    assert ended.code == 2
    assert "can't be written" in ended.err


def test_the_rule_files_that_were_previewed_are_the_ones_applied(
    shop: Shop, tmp_path: Path
) -> None:
    """PATHs of the preview are in the file."""
    other = tmp_path / "other.sync"
    other.write_text(RULES, encoding="utf-8")
    shop.rules("sync north with south\n")
    file = tmp_path / "changes.json"
    assert shop.type("preview", other, "--out", file).code == 0
    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    assert shop.type("preview", other, "--out", file).code == 0
    assert shop.type("apply", file).code == 0
    assert shop.items(shop.south)["N-1"] == "Lamp"


def test_a_large_first_run_is_a_preview(shop: Shop, tmp_path: Path) -> None:
    """It writes nothing, exits with 3 and says how to go on; once it was looked at, it is applied.
    (EDGE-20)"""
    shop.type("preview")
    for number in range(501):
        shop.save(shop.north, "create", sku=f"N-{number}", name="Lamp")
    before = shop.items(shop.south)
    ended = shop.type("run")
    assert ended.code == 3
    assert "501 records would be changed by the first run" in ended.err
    assert "`syncrules preview --out FILE`" in ended.err
    assert "`syncrules apply FILE`" in ended.err
    assert "`syncrules backfill`" in ended.err
    assert shop.items(shop.south) == before
    file = tmp_path / "changes.json"
    assert shop.type("preview", "--out", file).code == 3
    assert shop.items(shop.south) == before
    assert shop.type("apply", file).code == 0
    assert len(shop.items(shop.south)) == len(before) + 501


def test_undo_at_the_command_line(shop: Shop, saved: Path) -> None:
    """What can't be deleted is listed with exit code 1, in JSON, too."""
    done = shop.type("apply", saved, "--format", "json").json()
    [run] = done["summary"]["runs"]
    dry = shop.type("undo", run["run"], "--dry-run")
    assert 'name  "Lantern" -> "Lamp"' in dry.out
    assert shop.items(shop.south)["N-1"] == "Lantern"
    ended = shop.type("undo", run["run"], "--format", "json")
    assert ended.code == 1
    [change] = ended.json()["changes"]
    assert (change["key"], change["reason"]) == ("N-1", f"run {run['run']} is undone")
    [told] = ended.json()["summary"]["runs"]
    assert told["undoes"] == run["run"]
    [kept] = told["kept"]
    assert (kept["key"], kept["reason"]) == (
        *("N-2", "south deletes no item on request: delete it there"),
    )
    south = shop.items(shop.south)
    assert (south["N-1"], south["N-2"]) == ("Lamp", "Chair")
    assert shop.type("run", "--format", "json").json()["changes"] == []
    assert shop.type("undo", 99).code == 2


def test_of_several_pairs_what_was_written_is_told_where_the_next_has_moved(
    shop: Shop, tmp_path: Path
) -> None:
    """What goes from north to south would go on to west: nobody was shown that, so it isn't done,
    and it is said that the first part was."""
    made = kind("warehouse").simulate
    assert made is not None
    with Server(made(SimulatorOptions())) as west:
        file = shop.folder / "syncrules.toml"
        file.write_text(
            file.read_text(encoding="utf-8")
            + f'[systems.west]\nconnector = "warehouse"\nurl = "{west.url}"\nkey = "file:key"\n',
            encoding="utf-8",
        )
        onward = RULES.replace("north", "south").replace("with south", "with west")
        (shop.folder / "rules" / "onward.sync").write_text(onward, encoding="utf-8")
        assert shop.type("schema", "pull").code == 0
        shop.type("run")
        shop.save(shop.north, "create", sku="N-9", name="Lamp")
        out = tmp_path / "changes.json"
        assert shop.type("preview", "--out", out).code == 0
        ended = shop.type("apply", out)
        assert ended.code == 3
        assert f"{out} is applied in part: what it says of north with south was written" in (
            ended.err
        )
        assert "N-9" in shop.items(shop.south)
        assert "N-9" not in shop.items(west.simulator)
        assert shop.type("run").code == 0
        assert "N-9" in shop.items(west.simulator)


def test_an_edit_that_lost_is_listed_and_put_back_at_the_command_line(shop: Shop) -> None:
    """Both warehouses renamed it: the run says that one lost, `history --lost` which and by what
    word, and the command that it names brings the value back."""
    shop.type("run")
    shop.save(shop.north, "create", sku="N-1", name="Lamp")
    assert shop.type("run").code == 0
    assert shop.type("history", "--lost").out == "no edit lost\n"
    shop.save(shop.north, "update", id=_id(shop, "N-1"), name="Lantern")
    south = next(row["id"] for row in ask(shop.south, "/item")["rows"] if row["sku"] == "N-1")
    shop.save(shop.south, "update", id=south, name="Torch")
    assert "1  edit would lose to the other side" in shop.type("preview").out
    ended = shop.type("run", "--format", "json")
    [summary] = ended.json()["summary"]["runs"]
    assert summary["lost"] == 1
    [one] = shop.type("history", "--lost", "--format", "json").json()["lost"]
    assert (one["value"], one["won"], one["winner"]) == ("Torch", "Lantern", "north")
    assert (one["system"], one["object"], one["id"], one["key"]) == ("south", "item", south, "N-1")
    assert (one["policy"], one["rule"]) == ("prefer north", "map item with item")
    assert (one["file"], one["line"]) == ("rules/items.sync", 8)
    assert (one["run"], one["put_back_by_run"]) == (summary["run"], None)
    told = shop.type("history", "N-1", "--lost").out
    assert '"Torch" lost to "Lantern" of north: `prefer north`' in told
    command = re.search(r"`syncrules (undo [^`]+)` puts it back", told)
    assert command is not None
    assert shop.type(*command[1].split()).code == 0
    assert shop.items(shop.south)["N-1"] == "Torch"
    assert shop.items(shop.north)["N-1"] == "Lantern"
    assert "put back by run" in shop.type("history", "--lost").out
    assert shop.type("run", "--format", "json").json()["changes"] == []


def test_history_wants_a_record_or_lost_edits(shop: Shop) -> None:
    shop.type("run")
    ended = shop.type("history")
    assert ended.code == 2
    assert "name a record, or say --lost" in ended.err
    ended = shop.type("undo", 2, "N-404")
    assert ended.code == 2
    assert "syncrules history" in ended.err
