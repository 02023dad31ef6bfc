"""Rules on what people did, as far as they can be checked: schemas pulled from both made-up
systems over real HTTP, and conditions that name what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.engine.systems import kind
from syncrules.tests.cli import Ended, call

RULES = """\
sync apollo with salesforce

push email as Task when direction is "outgoing" and mailbox is "apollo"
push task as Task when completed
"""


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, dict[str, str]]]:
    """What both simulators say is to be written to sign in to them."""
    served = {}
    for name in ("apollo", "salesforce"):
        make = kind(name).simulate
        assert make is not None
        served[name] = Server(make(SimulatorOptions(records=20)))
    yield {name: {"url": one.url, **one.simulator.sign_in(one.url)} for name, one in served.items()}
    for one in served.values():
        one.close()


class Desk:
    """A project between the two, and the command line to use it."""

    def __init__(
        self, folder: Path, told: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.capsys = folder, capsys
        lines = []
        for name, sign_in in told.items():
            lines += [f"[systems.{name}]", f'connector = "{name}"']
            for setting in kind(name).settings:
                text = sign_in.get(setting.name)
                if text is not None and setting.secret:
                    (folder / f"{name}.{setting.name}").write_text(text, encoding="utf-8")
                    text = f"file:{name}.{setting.name}"
                if text is not None:
                    lines.append(f"{setting.name} = {json.dumps(text)}")
        (folder / "syncrules.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "rules").mkdir()
        self.rules(RULES)

    def rules(self, text: str) -> None:
        (self.folder / "rules" / "activities.sync").write_text(text, encoding="utf-8")

    def type(self, *args: object) -> Ended:
        return call(self.capsys, *args, "--project", self.folder / "syncrules.toml")


@pytest.fixture
def desk(
    tmp_path: Path, urls: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, urls, capsys)


def test_a_schema_pull_brings_what_people_did(desk: Desk) -> None:
    """Five kinds in Apollo, three in Salesforce; a second pull finds nothing new."""
    first = desk.type("schema", "pull")
    assert (first.code, first.err) == (0, "")
    found = {
        name: {
            one["name"]: one
            for one in json.loads((desk.folder / "schema" / f"{name}.json").read_text("utf-8"))[
                "objects"
            ]
            if one.get("thing") == "activity"
        }
        for name in ("apollo", "salesforce")
    }
    assert set(found["apollo"]) == {"task", "call", "email", "meeting", "note"}
    assert set(found["salesforce"]) == {"Task", "Event", "Note"}
    fields = {one["name"]: one for one in found["salesforce"]["Task"]["fields"]}
    assert fields["ActivityDate"]["role"] == "when"
    assert {"value": "Completed", "means": "done"} in fields["Status"]["choices"]
    again = desk.type("schema", "pull")
    assert again.out == "apollo: nothing changed\nsalesforce: nothing changed\n"


def test_people_see_the_fields_of_an_activity(desk: Desk) -> None:
    """With their values, and which of them nobody writes."""
    desk.type("schema", "pull")
    shown = desk.type("schema", "show", "apollo", "email")
    assert shown.code == 0
    [line] = [one for one in shown.out.splitlines() if one.startswith("mailbox ")]
    assert line.split() == ["mailbox", "choice", "derived", '"apollo"', '"connected"']
    shown = desk.type("schema", "show", "apollo", "task")
    [line] = [one for one in shown.out.splitlines() if one.startswith("status ")]
    assert line.split()[:3] == ["status", "choice", "required"]


def test_a_condition_on_an_activity_is_checked_against_it(desk: Desk) -> None:
    """A value that Apollo doesn't have is found with the nearest one that it has."""
    desk.type("schema", "pull")

    def codes() -> set[str]:
        return {one["code"] for one in desk.type("check", "--format", "json").json()["findings"]}

    assert not codes() & {"unknown-object", "unknown-field", "unknown-value", "wrong-type"}
    desk.rules(RULES.replace('"outgoing"', '"outgoin"').replace("completed", "complete"))
    assert {"unknown-value", "unknown-field"} <= codes()


def test_what_the_standard_rows_fill_is_enough_for_both_systems(desk: Desk) -> None:
    """Every kind goes over without a map; a task of Salesforce has all that Apollo requires."""
    desk.type("schema", "pull")
    desk.rules(
        "sync apollo with salesforce\n"
        "prefer salesforce\n"
        "push task as Task when completed\n"
        "push call as Task\n"
        "push email as Task\n"
        "push meeting as Event\n"
        "push note as Note create only\n"
        "pull Task as task visible when open\n"
    )
    checked = desk.type("check", "--format", "json")
    assert (checked.code, checked.json()["findings"]) == (0, [])
