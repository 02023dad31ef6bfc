"""The project file: what it may say, and how clearly it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syncrules.connectors.base.contract import Kind, Setting
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Schema, to_json
from syncrules.connectors.base.world import World
from syncrules.engine.project import Project
from syncrules.engine.systems import System, settings
from syncrules.errors import SchemaMissing, SyncrulesError, UsageError
from syncrules.tests.cli import call

GOOD = """\
rules = ["rules"]

[team]
timezone = "Europe/Berlin"
free_mail = ["Campus.example"]
quiet_period = "6 hours"

[systems.left]
connector = "warehouse"
key = "file:key.txt"
timeout = "30 seconds"

[systems.right]
connector = "warehouse"
"""

KIND = Kind(
    name="warehouse",
    label="Warehouse",
    settings=(Setting("key", required=True, secret=True), Setting("region", default="north")),
    connect=lambda settings, world: pytest.fail("nobody connects here"),
)


def load(folder: Path, text: str = GOOD) -> Project:
    (folder / "syncrules.toml").write_text(text, encoding="utf-8")
    return Project.load(folder / "syncrules.toml")


def refusal(folder: Path, text: str) -> SyncrulesError:
    with pytest.raises(UsageError) as caught:
        load(folder, text)
    return caught.value


def read(folder: Path, **written: str) -> dict[str, str | Secret]:
    return settings(System("left", "warehouse", written), KIND, folder, {"KEY": "from-env"})


def test_a_project_is_read_as_its_file_says(tmp_path: Path) -> None:
    """Zone, systems and the place of the state, which lies in the project's folder."""
    project = load(tmp_path)
    assert project.zone == "Europe/Berlin"
    assert project.free_mail == ("campus.example",)
    assert project.quiet == 6 * 3600
    assert list(project.systems) == ["left", "right"]
    assert project.systems["left"].connector == "warehouse"
    assert project.state_url == f"sqlite:///{tmp_path}/.syncrules/state.db"


def test_the_nearest_project_upwards_is_found(tmp_path: Path) -> None:
    """A command works in any folder of the project."""
    load(tmp_path)
    below = tmp_path / "rules" / "people"
    below.mkdir(parents=True)
    assert Project.find(below).folder == tmp_path


@pytest.mark.parametrize(
    ("text", "line", "offer"),
    [
        ('rulez = ["rules"]\n', 1, "rules"),
        ('\n[team]\ntimezone = "UTC"\ntimezoen = "UTC"\n', 4, "timezone"),
        ('[sistems.left]\nconnector = "x"\n', 0, "systems"),
        ('[state]\nurl = "sqlite:///a.db"\n\nurls = "x"\n', 4, "url"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(
    tmp_path: Path, text: str, line: int, offer: str
) -> None:
    """Nobody's typing mistake is taken for a wish."""
    error = refusal(tmp_path, text)
    assert f"`{offer}`" in error.fix
    assert not line or f"syncrules.toml, line {line}" in error.what


@pytest.mark.parametrize(
    "text",
    [
        "rules = [",
        "rules = 3",
        'rules = [""]',
        'team = "Berlin"',
        '[team]\ntimezone = "Europe/Berlim"',
        "[team]\ntimezone = 1",
        '[team]\nfree_mail = "campus.example"',
        '[team]\nfree_mail = ["ada@campus.example"]',
        '[team]\nquiet_period = "a while"',
        '[systems.left]\nkey = "env:KEY"',
        '[systems]\nleft = "warehouse"',
        '[systems."a/b"]\nconnector = "warehouse"',
        '[systems.left]\nconnector = "warehouse"\nretries = 3',
        '[state]\nurl = "mysql://here"',
        '[state]\nurl = "postgresql://me:hidden@here/db"',
        '[state]\nurl = "postgresql://me:hidden@[here/db"',
        '[state]\nurl = "//[here"',
        f"rules = {'[' * 3_000}{']' * 3_000}",
        f"rules = {'9' * 5_000}",
        f"{'a.' * 3_000}b = 1",
    ],
)
def test_a_wrong_project_file_is_refused_in_plain_words(tmp_path: Path, text: str) -> None:
    """Each names the file, and none shows a secret."""
    error = refusal(tmp_path, text)
    assert "syncrules.toml" in error.what
    assert "hidden" not in f"{error} {error.fix}"


def test_the_nearest_time_zone_is_offered(tmp_path: Path) -> None:
    """A slip of the pen in a zone's name costs no search."""
    assert "`Europe/Berlin`" in refusal(tmp_path, '[team]\ntimezone = "europe/berlim"').fix


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    """Also where someone names the wrong file with `--project`."""
    (tmp_path / "syncrules.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "other.toml"):
        with pytest.raises(UsageError):
            Project.load(path)


def test_rule_files_are_found_in_folders_and_listed_once(tmp_path: Path) -> None:
    """Their names are paths from the project's folder, in order."""
    project = load(tmp_path, 'rules = ["rules", "rules/b.sync"]')
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    for name in ("rules/b.sync", "rules/a.sync", "rules/deep/c.sync", "rules/notes.txt"):
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    assert list(project.sources()) == ["rules/a.sync", "rules/b.sync", "rules/deep/c.sync"]


def test_paths_replace_the_rule_files_of_the_project(tmp_path: Path) -> None:
    """`check PATH` reads that file and no other."""
    project = load(tmp_path, "")
    other = tmp_path / "draft.sync"
    other.write_text("", encoding="utf-8")
    assert list(project.with_rules([other]).sources()) == ["draft.sync"]


def test_rule_files_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    """A folder without rules is a mistake in the project file, not a run without rules."""
    with pytest.raises(UsageError, match="no rule file or folder rules"):
        load(tmp_path, "").rule_files()
    (tmp_path / "rules").mkdir()
    with pytest.raises(UsageError, match="no rule files"):
        load(tmp_path, "").rule_files()


def test_a_schema_that_was_never_pulled_names_the_command(tmp_path: Path) -> None:
    """And a file that is no schema does, too."""
    project = load(tmp_path)
    with pytest.raises(SchemaMissing) as missing:
        project.schemas()
    assert "left and right" in missing.value.what
    assert "syncrules schema pull" in missing.value.fix
    project.schema_folder.mkdir()
    (project.schema_folder / "left.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError) as broken:
        load(tmp_path).schemas()
    assert "syncrules schema pull left" in broken.value.fix
    other = json.dumps(to_json(Schema("right", "warehouse", "", ())))
    (project.schema_folder / "left.json").write_text(other, encoding="utf-8")
    with pytest.raises(UsageError, match="is no schema of left") as taken:
        load(tmp_path).schemas()
    assert "syncrules schema pull left" in taken.value.fix


def test_secrets_come_from_the_environment_or_a_file_and_show_themselves_nowhere(
    tmp_path: Path,
) -> None:
    """A connector gets a `Secret`; printing all settings prints none."""
    (tmp_path / "key.txt").write_text("from-file\n", encoding="utf-8")
    for written, text in (("env:KEY", "from-env"), ("file:key.txt", "from-file")):
        given = read(tmp_path, key=written)
        assert given["key"] == Secret(text)
        assert given["region"] == "north"
        assert text not in repr(given)


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """The error shows how to write it instead."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, key="SimulatedSecret")
    assert "SimulatedSecret" not in f"{caught.value} {caught.value.fix}"
    assert 'key = "env:LEFT_KEY"' in caught.value.fix
    assert "SimulatedSecret" not in repr(System("left", "warehouse", {"key": "SimulatedSecret"}))


@pytest.mark.parametrize(
    "written", ["env:NOBODY_SET_THIS", "file:nowhere.txt", "file:empty.txt", "file:a\0b"]
)
def test_a_secret_that_is_not_there_says_where_it_was_looked_for(
    tmp_path: Path, written: str
) -> None:
    """A variable that isn't set, a file that is missing or empty."""
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read(tmp_path, key=written)
    assert written.partition(":")[2] in caught.value.what
    assert "`key` of [systems.left]" in caught.value.why


def test_settings_are_held_against_what_the_connector_takes(tmp_path: Path) -> None:
    """Unknown ones name the nearest, missing ones an example; a URL and a timeout always go."""
    with pytest.raises(UsageError, match="no key `kee`") as unknown:
        read(tmp_path, kee="env:KEY")
    assert unknown.value.fix == "did you mean `key`?"
    with pytest.raises(UsageError, match="needs the key `key`"):
        read(tmp_path)
    given = read(tmp_path, key="env:KEY", url="http://127.0.0.1:1", timeout="2 minutes")
    assert (given["url"], given["timeout"]) == ("http://127.0.0.1:1", "120")
    with pytest.raises(UsageError, match="`timeout`"):
        read(tmp_path, key="env:KEY", timeout="soon")


def test_an_unknown_connector_lists_the_installed_ones(tmp_path: Path, world: World) -> None:
    """And offers the nearest."""
    project = load(tmp_path, '[systems.left]\nconnector = "apolo"')
    with pytest.raises(UsageError) as caught:
        project.connect("left", world)
    assert "apollo, salesforce" in caught.value.why
    assert caught.value.fix == "did you mean `apollo`?"


def test_the_state_may_be_a_url_that_is_kept_elsewhere(tmp_path: Path) -> None:
    """A database's URL holds a password, so it may come from a file or the environment."""
    (tmp_path / "url.secret").write_text(
        "postgresql://me:SimulatedSecret@db/state", encoding="utf-8"
    )
    project = load(tmp_path, '[state]\nurl = "file:url.secret"')
    assert project.state_url == "postgresql://me:SimulatedSecret@db/state"
    assert "SimulatedSecret" not in repr(project)


@pytest.fixture
def world() -> World:
    from syncrules.tests.worlds import SimWorld

    return SimWorld({})


PASTED = "Hk7PastedInto9"
SECTIONS = {
    "team": ("timezone", "free_mail", "domains", "quiet_period", "key"),
    "state": ("key", "password"),
    "systems.apollo": ("connector", "url", "timeout", "key", "undocumented", "token"),
    "systems.salesforce": (
        *("connector", "url", "timeout", "client_id", "client_secret", "password"),
        *("sync_login", "lost_login"),
    ),
}
SYSTEMS = {
    "systems.apollo": {"connector": "apollo", "key": "env:APOLLO_KEY"},
    "systems.salesforce": {"connector": "salesforce", "client_id": "abc"},
}


@pytest.mark.parametrize("command", ["check", "status", "schema pull"])
def test_what_is_pasted_into_the_wrong_key_is_in_no_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Whatever key it is, and also where a name of a variable should be."""
    (tmp_path / "rules").mkdir()
    for section, keys in SECTIONS.items():
        for key in keys:
            for value in (PASTED, f"env:{PASTED}"):
                sections = {**SYSTEMS, section: {**SYSTEMS.get(section, {}), key: value}}
                lines = [
                    line
                    for name, table in sections.items()
                    for line in (f"[{name}]", *(f'{key} = "{one}"' for key, one in table.items()))
                ]
                (tmp_path / "syncrules.toml").write_text("\n".join(lines), encoding="utf-8")
                ended = call(capsys, *command.split(), "--project", tmp_path)
                assert ended.code in (0, 1, 2), (section, key, ended.err)
                assert PASTED not in ended.out + ended.err, (section, key)
