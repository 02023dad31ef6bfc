"""What `check` remembers is what it would find, whatever has changed in between."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import to_json
from syncrules.engine import files
from syncrules.engine.project import Project
from syncrules.engine.remembered import last
from syncrules.tests.cli import call
from syncrules.tests.dsl.schemas import SCHEMAS

PROJECT = """\
[systems.apollo]
connector = "apollo"
key = "env:KEY"

[systems.salesforce]
connector = "salesforce"
client_id = "one"
client_secret = "env:SECRET"
"""

STATEMENTS = [
    "sync apollo with salesforce",
    "prefer salesforce",
    "every 5 minutes",
    'push contact as Lead when stage in ["Interested", "Replied"]',
    'push contact as Lead when stage is "Cold" and stage is "Replied"',
    "pull Account as account",
    "map contact with Lead {\n    last_name -> LastName\n    email <-> Email\n}",
    'map contact with Lead {\n    organization_name -> Company default "?"\n}',
    "map contact with Lead {\n    titel -> Title\n}",
    "map account with Account {\n    name <-> Name\n",
    "infer account stage from opportunities",
]

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is right, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "project"
    (made / "rules").mkdir(parents=True)
    (made / "schema").mkdir()
    (made / "syncrules.toml").write_text(PROJECT, encoding="utf-8")
    for name, schema in SCHEMAS.items():
        text = json.dumps(to_json(schema))
        (made / "schema" / f"{name}.json").write_text(text, encoding="utf-8")
    write(made / "rules" / "a.sync", [0, 1, 3, 6, 7])
    monkeypatch.chdir(made)
    return made


def write(path: Path, chosen: list[int]) -> None:
    path.write_text("\n\n".join(STATEMENTS[one] for one in chosen) + "\n", encoding="utf-8")


def found_fresh(project: Project) -> str:
    """What the language finds, with nothing remembered."""
    schemas = {one: project.stored_schema(one) for one in project.systems}
    known = {name: one for name, one in schemas.items() if one is not None}
    return dsl.to_json(dsl.check(project.sources(), known).findings)


def test_after_any_edits_the_same_is_said_as_without_a_memory(
    folder: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules, schemas and the project file change in turn, and often nothing does."""
    draw = random.Random(11)
    schema = folder / "schema" / "apollo.json"
    whole = schema.read_text(encoding="utf-8")

    def rules() -> None:
        write(folder / "rules" / f"{draw.choice('abc')}.sync", draw.choices(range(11), k=4))

    def right() -> None:
        for one in (folder / "rules").glob("*.sync"):
            one.unlink()
        write(folder / "rules" / "a.sync", [0, 1, 3, 6, 7])

    def one_letter() -> None:
        path = draw.choice(sorted((folder / "rules").glob("*.sync")))
        text = path.read_text(encoding="utf-8")
        place = draw.randrange(len(text))
        path.write_text(text[:place] + draw.choice("aA1 {\n") + text[place + 1 :], "utf-8")

    def fields() -> None:
        less = whole.replace('"name": "last_name"', '"name": "surname"')
        schema.write_text(draw.choice([whole, less]), encoding="utf-8")

    def settings() -> None:
        head = draw.choice(["", "# note\n", 'rules = ["rules"]\n', 'rules = ["rules/a.sync"]\n'])
        (folder / "syncrules.toml").write_text(head + PROJECT, encoding="utf-8")

    def touched() -> None:
        for one in folder.rglob("*.sync"):
            os.utime(one)

    def nothing() -> None:
        return

    edits: list[Callable[[], None]] = [
        *(rules, right, one_letter, fields, settings, touched, nothing, nothing, nothing)
    ]
    remembered = clean = 0
    for _ in range(120):
        draw.choice(edits)()
        if not (folder / "rules" / "a.sync").exists():
            right()
        remembered += last(folder / files.FILE, ()) is not None
        expected = found_fresh(Project.find(folder))
        assert call(capsys, "check", "--format", "json").out == expected + "\n"
        shown = call(capsys, "check").out
        assert shown.startswith("no findings in ") is ('"code"' not in expected)
        clean += '"code"' not in expected
    assert remembered > 20 and clean > 20


def test_files_that_are_named_are_remembered_by_their_names(folder: Path, capsys: Shown) -> None:
    """`check PATH` after `check` looks at that file, and the other way round."""
    write(folder / "rules" / "b.sync", [0, 8])
    for paths, files_seen in (((), 2), (("rules/a.sync",), 1), ((), 2), (("rules/b.sync",), 1)):
        for _ in range(2):
            said = call(capsys, "check", *paths).out.splitlines()[-1]
            assert said.endswith(f" in {files_seen} file{'s' * (files_seen > 1)}")


def test_a_schema_that_is_gone_or_damaged_is_told_though_all_was_well(
    folder: Path, capsys: Shown
) -> None:
    """And a rule file or the project file that can't be read any more."""
    assert call(capsys, "check").code == 0
    assert last(folder / files.FILE, ()) is not None
    for name in ("schema/apollo.json", "rules/a.sync", "syncrules.toml"):
        kept = (folder / name).read_bytes()
        (folder / name).unlink()
        assert call(capsys, "check").code == 2
        (folder / name).write_bytes(b"\xff{")
        assert call(capsys, "check").code != 0
        (folder / name).write_bytes(kept)
        assert call(capsys, "check").code == 0


def test_other_code_remembers_nothing(
    folder: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A module that has changed, or a folder more to import from, and all is proved again."""
    plugin = tmp_path / "more" / "remembered_plugin.py"
    plugin.parent.mkdir()
    plugin.write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(plugin.parent))
    __import__("remembered_plugin")
    assert call(capsys, "check").code == 0
    assert last(folder / files.FILE, ()) is not None
    plugin.write_text("changed = True\n", encoding="utf-8")
    assert last(folder / files.FILE, ()) is None
    assert call(capsys, "check").code == 0
    assert last(folder / files.FILE, ()) is not None
    monkeypatch.syspath_prepend(str(folder))
    assert last(folder / files.FILE, ()) is None


def test_check_works_where_nothing_can_be_kept(
    folder: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file in the way, no home at all, or a cache that goes while it is at work."""
    (tmp_path / "file").write_bytes(b"")
    for home in (str(tmp_path / "file"), "/dev/null", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", home)
        monkeypatch.setenv("HOME", home)
        for _ in range(2):
            assert call(capsys, "check").out == "no findings in 1 file\n"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert call(capsys, "check").code == 0
    shutil.rmtree(tmp_path / "cache")
    assert call(capsys, "check").code == 0
