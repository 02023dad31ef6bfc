"""`fields`: the whole list of two objects of made-up systems, and a field that is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.base.contract import NewField
from syncrules.engine import fields, new_field
from syncrules.engine.new_field import wanted
from syncrules.errors import SystemUnavailable, UsageError
from syncrules.tests.desk import HOUR, Desk

RULES = """\
sync apollo with salesforce
prefer apollo

push contact as Lead
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    nickname           -> Region__c
    organization_name  -> Company default "Unknown"
    "{{ title }} of {{ organization_name }}" -> Description
}
map contact stage with Lead.Status {
    "Cold"       <-> "Open - Not Contacted"
    "Interested" <-> "Working - Contacted"
}

push account as Account
map account with Account {
    name   <-> Name
    domain <-> Website
    tier    -> Rating
}
infer account stage from opportunities
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, "sync apollo with salesforce\n", records=200)
    made.salesforce.org.schema.add_field("Lead", "Region__c string 80 NCU", made.clock.now())
    made.pull()
    made.write(RULES.replace("    tier    -> Rating\n", ""))
    return made


def shown(desk: Desk, left: str, right: str) -> Any:
    return fields.as_json(fields.fields(desk.project, desk.world, left, right))


def by_name(half: Any) -> dict[str, Any]:
    return {one["name"]: one for one in half["fields"]}


def test_every_field_of_both_is_told_with_type_and_mapping(desk: Desk) -> None:
    """The systems' own and the custom ones, by every kind of row; a row over a custom field moves
    values. (CFM-1)"""
    found = shown(desk, "contact", "Lead")
    left, right = by_name(found["left"]), by_name(found["right"])
    schemas = desk.project.schemas()
    assert left.keys() == {one.name for one in schemas["apollo"].by_name["contact"].fields}
    assert left["nickname"]["custom"]
    assert left["nickname"]["type"] == "text 40"
    assert right["Region__c"]["custom"]
    assert right["Region__c"]["mapped"] == [
        {
            "way": "<-",
            "with": "nickname",
            "rule": "map contact with Lead",
            "place": "rules/rules.sync:8",
            "standard": False,
        }
    ]
    ways = {name: [(one["way"], one["with"]) for one in left[name]["mapped"]] for name in left}
    assert ways["email"] == [("<->", "Email")]
    assert ways["title"] == [("->", "Description (in a text)")]
    assert ways["stage"] == [("<->", "Status")]
    assert ways["city"] == []
    desk.run()
    id = next(one.id for one in desk.apollo.team.fields if one.label == "Nickname")
    values = {"last_name": "King", "email": "ada@a.example", "typed_custom_fields": {id: "Ada"}}
    desk.apollo.create("contact", values)
    desk.clock.sleep(HOUR)
    desk.run()
    leads = desk.salesforce.rows("Lead").values()
    assert [one["Region__c"] for one in leads if one.get("Email") == "ada@a.example"] == ["Ada"]


@pytest.mark.parametrize(("left", "right"), [("contact", "Lead"), ("account", "Account")])
def test_what_is_not_mapped_comes_last_the_fullest_first(desk: Desk, left: str, right: str) -> None:
    """So that nobody forgets one that people use; fill rates are those of the records.
    (CFM-8, AFM-1, AFM-4)"""
    found = shown(desk, left, right)
    for half in (found["left"], found["right"]):
        mapped = [bool(one["mapped"]) for one in half["fields"]]
        assert mapped == sorted(mapped, reverse=True)
        assert {True, False} == set(mapped)
        rates = [one["filled"] for one in half["fields"] if not one["mapped"]]
        told = [one for one in rates if one is not None]
        assert told == sorted(told, reverse=True)
        assert half["sampled"] > 20
    rows = desk.apollo.rows(left)
    name = "city" if left == "contact" else "phone"
    have = sum(1 for row in rows.values() if row.get(name)) / len(rows)
    if found["left"]["sampled"] == len(rows):
        assert by_name(found["left"])[name]["filled"] == pytest.approx(have, abs=0.001)
    text = fields.as_text(fields.fields(desk.project, desk.world, left, right))
    assert text.count("  not mapped\n") == 2
    if left == "account":
        assert by_name(found["left"])["stage"]["mapped"][0]["way"] == "<-"


def test_the_standard_rows_of_an_activity_are_shown(desk: Desk) -> None:
    """Also where no rule takes them along yet: what goes with what, by its role."""
    right = by_name(shown(desk, "call", "Task")["right"])
    assert right["Subject"]["mapped"][0] == {
        "way": "=",
        "with": "subject",
        "rule": "standard row: subject",
        "place": None,
        "standard": True,
    }
    assert right["CallType"]["mapped"] == []


def test_a_system_that_is_away_leaves_the_list_without_fill_rates(desk: Desk) -> None:
    """And says so; what the stored schemas and the rules know is there all the same."""
    del desk.world.handlers["salesforce.test"]
    found = fields.fields(desk.project, desk.world, "contact", "Lead")
    assert {one.filled for one in found.right.fields} == {None}
    assert any(one.filled for one in found.left.fields)
    assert "nobody can tell how full they are: salesforce" in fields.as_text(found)
    desk.write("sync apollo with salesforce\nmap contact with Lead { nothing -> LastName }\n")
    assert "so nobody can tell what is mapped" in fields.as_text(
        fields.fields(desk.project, desk.world, "contact", "Lead")
    )
    with pytest.raises(UsageError, match="no system has an object `Leed`"):
        fields.fields(desk.project, desk.world, "contact", "Leed")
    with pytest.raises(UsageError, match="no two systems have `contact` and `account`"):
        fields.fields(desk.project, desk.world, "contact", "account")


def test_a_custom_field_that_is_missing_is_created_by_the_command_that_check_offers(
    desk: Desk,
) -> None:
    """In Apollo by its API; then the map works, and values move. (CFM-2, AFM-1)"""
    desk.write(RULES.replace("nickname           -> Region__c", "territory          -> Region__c"))
    [finding] = [one for one in desk.project.check().findings if one.span.line == 8]
    command = 'syncrules fields add apollo contact "Territory" --type "text 80"'
    assert f"`{command}`" in finding.help
    added = new_field.add(
        desk.project, desk.world, "apollo", "contact", wanted("Territory", "text 80")
    )
    assert added.made
    assert "created `territory` of apollo contact" in added.text
    assert "added    contact.territory" in added.text
    desk.write(
        (desk.folder / "rules" / "rules.sync").read_text().replace("    tier    -> Rating\n", "")
    )
    assert desk.found() == []
    desk.run()
    id = next(one.id for one in desk.apollo.team.fields if one.label == "Territory")
    values = {"last_name": "King", "email": "ada@a.example", "typed_custom_fields": {id: "EMEA"}}
    desk.apollo.create("contact", values)
    desk.clock.sleep(HOUR)
    desk.run()
    leads = desk.salesforce.rows("Lead").values()
    assert [one["Region__c"] for one in leads if one.get("Email") == "ada@a.example"] == ["EMEA"]
    with pytest.raises(UsageError, match="has a field `territory` already"):
        new_field.add(desk.project, desk.world, "apollo", "contact", wanted("Territory", "text"))


def test_what_a_system_creates_by_no_request_is_told_for_who_can(desk: Desk) -> None:
    """Label, API name, type and length in Salesforce's own words; a picklist of Apollo, too.
    (CFM-9, AFM-4)"""
    desk.write(RULES.replace("tier    -> Rating", "name    -> Legal_Name_of_It__c"))
    [finding] = desk.project.check().findings
    assert 'fields add salesforce Account "Legal Name of It" --type "text' in finding.help
    before = len(desk.world.sent)
    told = new_field.add(
        desk.project, desk.world, "salesforce", "Account", wanted("Legal Name of It", "text 120")
    )
    assert not told.made
    assert len(desk.world.sent) == before
    assert [one.split(None, 1)[-1].strip() for one in told.text.splitlines()[1:-1]] == [
        "Account",
        "Legal Name of It",
        "name  Legal_Name_of_It__c",
        "Text(120)",
        "120",
    ]
    assert not new_field.add(
        desk.project, desk.world, "apollo", "contact", wanted("Tier", "choice")
    ).made


def test_a_refusal_of_a_new_field_is_told(desk: Desk) -> None:
    """A key without the scope, with what to do about it."""
    desk.apollo.keys[desk.apollo.key] = frozenset(
        {"users/api_profile", "typed_custom_fields/index"}
    )
    with pytest.raises(SystemUnavailable) as told:
        new_field.add(desk.project, desk.world, "apollo", "contact", wanted("Tier", "text"))
    assert "did not create the field" in told.value.what
    assert "Make a key with that endpoint in its scope" in told.value.fix


def test_a_type_is_written_as_the_schema_shows_it() -> None:
    """`text 80`, `currency`, `choice`; anything else is told with the nearest."""
    assert wanted("Tier", "text 80") == NewField("Tier", "text", "", 80)
    assert wanted(" Tier ", "Currency") == NewField("Tier", "number", "currency")
    for wrong in ("texd", "number 8", "text 0", "reference", ""):
        with pytest.raises(UsageError):
            wanted("Tier", wrong)
    with pytest.raises(UsageError, match="label is blank"):
        wanted(" ", "text")
