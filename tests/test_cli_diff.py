"""`diff` on the command line: files and Git revisions, for people, scripts and pull requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from syncrules.connectors.base.schema import to_json
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.wire import json_request
from syncrules.engine.compare.markdown import LONGEST
from syncrules.engine.run.session import UNREAD
from syncrules.engine.store import statements as sql
from syncrules.engine.store.database import Database
from syncrules.engine.systems import kind
from syncrules.tests.cli import WAREHOUSE_KEY, Ended, call, third_system
from syncrules.tests.dsl.schemas import SCHEMAS

PROJECT = """\
[systems.apollo]
connector = "apollo"
key = "env:KEY"
[systems.salesforce]
connector = "salesforce"
client_id = "env:ID"
client_secret = "env:SECRET"
"""
RULES = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage in ["Interested", "Replied"]

map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    organization_name  -> Company  default "Unknown"
}
"""
WIDER = RULES.replace('["', '["Cold", "')
TEXT = """\
+ now created: Lead from contact    [push contact as Lead]
    when         stage in ["Cold", "Interested", "Replied"]
    for example  contact stage "Cold"
    rules/contacts.sync:4
~ written differently: Lead.Company    [map contact with Lead]
    default  "Unknown" -> none
    rules/contacts.sync:10

       1  now created
       1  written differently
"""

Shown = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Repository:
    """A project in a Git repository, and the command line to use it."""

    folder: Path
    capsys: Shown

    def git(self, *args: str) -> None:
        who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            who |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.com"}
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env={**os.environ, **who},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "rules")

    def write(self, text: str, name: str = "rules/contacts.sync") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def type(self, *args: object) -> Ended:
        return call(self.capsys, *args, "--project", self.folder / "syncrules.toml")


@pytest.fixture
def repository(tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """One commit with the rules, and its project in a folder of the repository."""
    made = Repository(tmp_path / "crm", capsys)
    made.write(PROJECT, "syncrules.toml")
    for name, schema in SCHEMAS.items():
        made.write(json.dumps(to_json(schema)), f"schema/{name}.json")
    made.write(RULES)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    made.commit()
    monkeypatch.chdir(made.folder)
    return made


def test_a_change_of_rules_is_told_against_a_revision(repository: Repository) -> None:
    """What is different, by which rule and line, with an example; exit code 1."""
    repository.write(WIDER.replace('  default "Unknown"', ""))
    ended = repository.type("diff", "HEAD")
    assert (ended.code, ended.out) == (1, TEXT)
    repository.commit()
    assert repository.type("diff", "HEAD~1", "HEAD").out == TEXT
    back = repository.type("diff", "HEAD", "HEAD~1")
    assert "- no longer created: Lead from contact" in back.out


def test_what_changes_no_record_ends_with_exit_code_0(repository: Repository) -> None:
    """Moved to another file, and said in other words; new tests are told in one line."""
    first, rest = RULES.split("push", 1)
    push, maps = rest.split("map", 1)
    repository.write(f"{first}\nmap{maps}")
    said = push.replace('in ["Interested", "Replied"]', 'is "Replied" or stage is "Interested"')
    test = 'test "a" {\n    given contact { last_name "L" }\n    expect nothing\n}\n'
    repository.write(f"{first}push{said}\n{test}", "rules/more/people.sync")
    ended = repository.type("diff", "HEAD")
    assert ended.code == 0
    assert ended.out == "tests: 1 new\nno change: both versions do the same to every record\n"


def test_versions_of_each_kind_are_compared(repository: Repository) -> None:
    """A file, a folder, a revision, and a path in one, from the root or from where one is."""
    wider = repository.write(WIDER, "draft/contacts.sync")
    for old in (
        "HEAD",
        "HEAD:crm/rules",
        "HEAD:./rules/contacts.sync",
        "rules",
        "./rules/contacts.sync",
    ):
        for new in (wider, wider.parent, "draft"):
            ended = repository.type("diff", old, new)
            assert (ended.code, ended.err) == (1, ""), old
            assert "now created: Lead from contact" in ended.out
    assert repository.type("diff", "HEAD", "rules").code == 0


def test_a_revision_is_checked_against_what_the_systems_had_then(repository: Repository) -> None:
    """Rules on a field that is gone now are still told; without a schema then, with that of now."""
    schema = repository.folder / "schema" / "salesforce.json"
    text = schema.read_text("utf-8")
    repository.write(RULES.replace("Company  default", "Company default").replace(
        "    email ", '    title -> Title\n    email '))  # fmt: skip
    repository.commit()
    schema.write_text(text.replace('"Title"', '"Headline"'), "utf-8")
    repository.write(RULES)
    ended = repository.type("diff", "HEAD")
    assert "- no longer written: Lead.Title from contact.title" in ended.out
    repository.git("rm", "-q", "--cached", "schema/salesforce.json")
    repository.git("commit", "-q", "-m", "no schema")
    assert "has no field `Title`" in repository.type("diff", "HEAD").err


def test_json_has_a_stable_shape(repository: Repository) -> None:
    """Kind, title, rule, places, details and example of each; counts of kinds; tests."""
    repository.write(WIDER)
    found = repository.type("diff", "HEAD", "--format", "json").json()
    assert found == {
        "changes": [
            {
                "kind": "created",
                "systems": ["apollo", "salesforce"],
                "title": "Lead from contact",
                "rule": "push contact as Lead",
                "before": None,
                "after": {"file": "rules/contacts.sync", "line": 4},
                "details": [
                    {
                        "what": "when",
                        "before": None,
                        "after": 'stage in ["Cold", "Interested", "Replied"]',
                    }
                ],
                "example": 'contact stage "Cold"',
                "undecided": [],
                "records": None,
            }
        ],
        "summary": {"created": 1},
        "tests": {"new": [], "gone": [], "changed": []},
    }


def test_markdown_is_a_summary_and_details_to_unfold(repository: Repository) -> None:
    """Texts of rules stay texts: no sign of theirs is taken for Markdown or HTML."""
    repository.write(RULES.replace('"Unknown"', '"<b>`*|x</b>"'))
    out = repository.type("diff", "HEAD", "--format", "markdown").out
    summary, details = out.split("\n<details>", 1)
    assert "| written differently | 1 |" in summary
    assert "<summary>written differently: <code>Lead.Company</code></summary>" in details
    assert '- default: ``"Unknown" -> "<b>`*|x</b>"``' in details
    assert details.count("</details>") == 1


def test_markdown_fits_into_a_comment(repository: Repository) -> None:
    """Of very many differences the first are told, and how many more there are."""
    one = 'push contact as Lead when score is {} {{ source "{}" }}\n'
    many = "".join(one.format(number, "x" * 200) for number in range(400))
    repository.write(
        RULES + many.replace('"x', '"y').replace("score is", 'stage is "Cold" and score is')
    )
    out = repository.type("diff", "HEAD", "--format", "markdown").out
    assert len(out) < 65_536 and len(out) > LONGEST - 2000
    assert re.search(r"\.\.\. and \d+ more: `syncrules diff` tells all of them\.", out)


WRONG = [
    (("nope",), 2, "there is no file or folder nope, and no revision of that name"),
    (("HEAD~7",), 2, "no revision of that name"),
    (("HEAD", "nowhere/x.sync"), 2, "there is no file or folder nowhere/x.sync"),
    (("--", "-x"), 2, "there is no file or folder -x"),
    (("HEAD:",), 2, "HEAD: names no path"),
    (("HEAD:crm/none",), 2, "revision HEAD has no rules at crm/none"),
    (("HEAD:../../etc",), 2, "lies outside of the repository"),
    (("HEAD:./../../x",), 2, "lies outside of the repository"),
    (("",), 2, "there is no file or folder"),
    ((), 2, "Missing argument 'OLD'"),
]


@pytest.mark.parametrize(("args", "code", "says"), WRONG)
def test_what_names_nothing_is_one_clear_error(
    repository: Repository, args: tuple[str, ...], code: int, says: str
) -> None:
    """One line and how to mend it, on stderr; nothing on stdout."""
    file = repository.folder / "syncrules.toml"
    ended = call(repository.capsys, "diff", "--project", file, *args)
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert len(ended.err.splitlines()) <= 2 and "Traceback" not in ended.err


def test_without_git_or_a_repository_it_says_so(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files and folders are compared all the same."""
    (tmp_path / ".git").rename(tmp_path / "away")
    assert repository.type("diff", "rules", "rules").code == 0
    ended = repository.type("diff", "HEAD")
    assert ended.code == 2 and "not a git repository" in ended.err
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = repository.type("diff", "HEAD")
    assert ended.code == 2 and ended.err.startswith("error: Git isn't installed")


def test_in_a_hook_the_repository_is_that_of_the_project(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks set variables that are right in their own folder only."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_PREFIX", "elsewhere/")
    assert repository.type("diff", "HEAD").code == 0


def test_what_is_not_on_this_machine_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    """A clone without all files says so, and how they come."""
    clone = tmp_path.parent / f"{tmp_path.name}-clone"
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.write(WIDER)
    repository.commit()
    source = tmp_path.as_uri()
    repository.git("clone", "-q", "--filter=blob:none", "--no-local", source, str(clone))
    subprocess.run(["git", "remote", "set-url", "origin", "file:///nowhere"], cwd=clone, check=True)
    file = clone / "crm" / "syncrules.toml"
    ended = call(repository.capsys, "diff", "HEAD~1", "--project", file)
    assert ended.code == 2
    assert ended.err.startswith("error: revision HEAD~1 isn't whole on this machine")


def test_a_revision_without_the_project_is_told(repository: Repository) -> None:
    """The project came later, or was elsewhere: its rules are named by path."""
    repository.git("mv", "syncrules.toml", "other.toml")
    repository.commit()
    repository.write(PROJECT, "syncrules.toml")
    ended = repository.type("diff", "HEAD")
    assert ended.code == 2
    assert "revision HEAD has no crm/syncrules.toml" in ended.err
    assert repository.type("diff", "HEAD:crm/rules").code == 0


def test_a_link_in_a_revision_is_not_followed(repository: Repository, tmp_path: Path) -> None:
    """It may lead anywhere, and somewhere else than it did."""
    outside = tmp_path / "outside.sync"
    outside.write_text(RULES, encoding="utf-8")
    (repository.folder / "rules" / "linked.sync").symlink_to(outside)
    repository.commit()
    ended = repository.type("diff", "HEAD")
    assert ended.code == 2 and "crm/rules/linked.sync is a link in revision HEAD" in ended.err


def test_rules_with_errors_are_not_compared(repository: Repository) -> None:
    """The findings of the version are told, and the exit code is 1."""
    repository.write(RULES.replace("email ", "emial "))
    ended = repository.type("diff", "HEAD")
    assert (ended.code, ended.out) == (1, "")
    assert "rules/contacts.sync:9:5: error[unknown-field]" in ended.err
    assert "the rules now can't be compared: 1 finding is an error" in ended.err


def test_nothing_is_written_and_no_state_is_made(repository: Repository) -> None:
    """Neither in the repository nor for `--records`, where no run has been yet."""
    repository.write(WIDER)
    before = listing(repository.folder.parent)
    ended = repository.type("diff", "HEAD", "--records")
    assert "records were not counted: there is no state yet" in ended.out
    assert listing(repository.folder.parent) == before


def listing(folder: Path) -> dict[str, int]:
    return {str(one): one.stat().st_mtime_ns for one in sorted(folder.rglob("*")) if one.is_file()}


# ---- counted ----------------------------------------------------------------------------------

ITEMS = """\
sync north with south
prefer north

push item as item when stock > 5 and sku starts with "S"

map item with item {
    sku  <-> sku
    name <-> name
}
"""


@pytest.fixture
def counted(tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A project after its first run: seven items of ours in the north, two of them linked."""
    with third_system():
        made = kind("warehouse").simulate
        assert made is not None
        with (
            Server(made(SimulatorOptions(records=0))) as north,
            Server(made(SimulatorOptions(records=0))) as south,
        ):
            shop = Repository(tmp_path, capsys)
            monkeypatch.chdir(tmp_path)
            shop.write(
                "".join(
                    f'[systems.{name}]\nconnector = "warehouse"\n'
                    f'url = "{one.url}"\nkey = "file:key"\n'
                    for name, one in (("north", north), ("south", south))
                ),
                "syncrules.toml",
            )
            shop.write(WAREHOUSE_KEY, "key")
            shop.write(ITEMS, "rules/items.sync")
            assert shop.type("schema", "pull").code == 0
            assert shop.type("run").code == 0
            rows = [{"sku": f"S{n}", "name": f"N{n}", "stock": n} for n in range(1, 8)]
            save(north, rows)
            assert shop.type("run").code == 0
            yield shop


def save(server: Server, rows: Sequence[Mapping[str, object]]) -> None:
    body = {"rows": rows}
    request = json_request("POST", "http://here/item/create", body, x_key=WAREHOUSE_KEY)
    assert server.simulator.handle(request).status == 200


def test_records_of_the_present_state_are_counted(counted: Repository) -> None:
    """How many satisfy it now, how many of them are linked; and no system is asked."""
    wider = counted.write(ITEMS.replace("stock > 5", "stock > 2"), "wider.sync")
    out = counted.type("diff", "rules", wider, "--records").out
    assert "    3 of 12 item records satisfy it now; the others wait for" in out
    assert "for `syncrules backfill push item`" in out
    before = waiting(counted)
    counted.write(wider.read_text("utf-8"), "rules/items.sync")
    assert waiting(counted) == before + 3
    counted.write(ITEMS, "rules/items.sync")
    narrow = counted.write(ITEMS.replace("stock > 5", "stock > 6"), "narrow.sync")
    out = counted.type("diff", "rules", narrow, "--records").out
    assert "    1 of 12 item records satisfied it and no longer do; 1 of them linked already" in out
    rows = counted.write(ITEMS.replace("    name <-> name\n", ""), "rows.sync")
    [one, two] = counted.type("diff", "rules", rows, "--records", "--format", "json").json()[
        "changes"
    ]
    assert one["title"] == "item.name from item.name"
    for change in (one, two):
        assert change["records"] == {"found": 2, "linked": 2, "total": 2, "unread": 0}
    out = counted.type("diff", rows, "rules", "--records").out
    for way in ("push", "pull"):
        waits = f"what they hold by now waits for `syncrules backfill {way} item`"
        assert f"    2 item records linked with item; {waits}\n" in out


def waiting(repository: Repository) -> int:
    """How many records a run would leave to a backfill."""
    [run] = repository.type("preview", "--format", "json").json()["summary"]["runs"]
    return sum(run["waiting"].values())


def test_a_field_that_was_never_read_is_not_taken_for_blank(counted: Repository) -> None:
    """What the present rules don't read can't be counted, and it says so."""
    other = counted.write(
        ITEMS.replace("stock > 5", "(stock > 5 or bin.code is blank)"), "other.sync"
    )
    out = counted.type("diff", "rules", other, "--records").out
    assert (
        "0 of 12 item records satisfy it now; of 5 it can't be told: a field was never read" in out
    )


# ---- counted in a state that is written here ---------------------------------------------------

DEALS = """\
sync apollo with salesforce
prefer salesforce

pull Account as account

map account with Account {
    name <-> Name
}

infer account stage from opportunities {
    "Current Client"     when any is won
    "Active Opportunity" when any is open
}
"""
PEOPLE = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when account.domain is "a.example"

map contact with Lead {
    last_name         <-> LastName
    organization_name  -> Company  default "Unknown"
}
"""


Records = Mapping[str, Mapping[str, object]]
Objects = Mapping[tuple[str, str], Records]


def store(
    repository: Repository,
    records: Objects,
    links: Mapping[str, Mapping[str, str]],
) -> None:
    """Writes records by (system, object) and id, and links by flow, as a run leaves them."""
    state = repository.folder / ".syncrules" / "state.db"
    state.parent.mkdir(exist_ok=True)
    db = Database(f"sqlite:///{state}")
    org = "apollo~salesforce"
    for number, ((system, object), some) in enumerate(records.items(), 1):
        where = {"org": org, "system": system, "object": object}
        names = list(dict.fromkeys(name for one in some.values() for name in one))
        db.run(sql.put_layout, org=org, id=number, fields=json.dumps(names))
        db.run(sql.put_cursor, **where, purpose="changes", cursor="", layout=number, number=1, at=0)
        for id, values in some.items():
            body = json.dumps([values.get(name, UNREAD) for name in names])
            about = {"stamp": "", "life": "here", "into": "", "run": 1, "first": 1}
            db.run(sql.put_record, **where, id=id, layout=number, body=body, **about)
    for flow, pairs in links.items():
        for left, right in pairs.items():
            more = {"base_left": "{}", "base_right": "{}", "how": "", "run": 1, "ended": ""}
            db.run(sql.put_link, org=org, flow=flow, left=left, right=right, **more)
    db.close()


def test_accounts_that_get_another_stage_are_counted(repository: Repository) -> None:
    """Each by the deals around its partner; of nothing is known where no deal was ever read."""
    repository.write(DEALS)
    arms = DEALS.splitlines(keepends=True)
    turned = repository.write("".join([*arms[:10], arms[11], arms[10], *arms[12:]]), "turned.sync")
    accounts: Records = {f"a{n}": {"name": f"A{n}"} for n in range(4)}
    partners: Records = {f"A{n}": {"Name": f"A{n}"} for n in range(4)}
    deals = {
        "1": {"AccountId": "A0", "won": True, "open": True},
        "2": {"AccountId": "A1", "won": True, "open": False},
        "3": {"AccountId": "A2", "won": True, "open": False},
        "4": {"AccountId": "A2", "won": False, "open": True},
    }
    objects: Objects = {("apollo", "account"): accounts, ("salesforce", "Account"): partners}
    links = {"account~Account": {f"a{n}": f"A{n}" for n in range(4)}}
    store(repository, objects, links)
    out = repository.type("diff", "rules/contacts.sync", turned, "--records").out
    assert "0 of 4 account records linked with Account get another value; of 4 it can't" in out
    (repository.folder / ".syncrules" / "state.db").unlink()
    store(repository, {**objects, ("salesforce", "Opportunity"): deals}, links)
    out = repository.type("diff", "rules/contacts.sync", turned, "--records").out
    assert "    2 of 4 account records linked with Account get another value\n" in out


def test_records_behind_dots_are_counted(repository: Repository) -> None:
    """Over a reference and over the link; a record that isn't there is blank, one that was never
    read is not."""
    repository.write(PEOPLE)
    contacts: Records = {
        "1": {"last_name": "L", "account": "a"},
        "2": {"last_name": "L", "account": "b"},
        "3": {"last_name": "L", "account": None},
        "4": {"last_name": "L"},
    }
    accounts: Records = {"a": {"domain": "a.example"}, "b": {"domain": "b.example"}}
    leads: Records = {"L1": {"IsConverted": True}, "L2": {"IsConverted": False}}
    objects: Objects = {
        ("apollo", "contact"): contacts,
        ("apollo", "account"): accounts,
        ("salesforce", "Lead"): leads,
    }
    store(repository, objects, {"contact~Lead": {"1": "L1", "2": "L2"}})
    wider = repository.write(PEOPLE.replace('is "a.example"', "is known"), "wider.sync")
    out = repository.type("diff", "rules/contacts.sync", wider, "--records").out
    assert (
        "    1 of 4 contact records satisfy it now; 1 of them linked already; "
        "of 1 it can't be told: a field was never read\n"
    ) in out
    stop = 'is "a.example" {\n    stop when Lead.IsConverted\n}\n'
    stopped = repository.write(PEOPLE.replace('is "a.example"\n', stop), "stopped.sync")
    out = repository.type("diff", "rules/contacts.sync", stopped, "--records").out
    assert "    1 of 4 contact records are stopped now; 1 of them linked already\n" in out
