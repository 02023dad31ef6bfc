"""What happens when a system changes under the rules: told by `schema`, by `check`, and by a run.

The systems are changed as their admins change them; nothing is told to syncrules but through them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from syncrules.connectors.apollo.simulator.team import Stage
from syncrules.engine import daybook, schemas
from syncrules.engine.report import result_text
from syncrules.errors import Braked
from syncrules.tests.desk import HOUR, Desk

RIGHTS = ("Prospect", "Customer", "Open", "Lost", "Never")
STATUS = f"Status__c picklist 40 NCU = {', '.join(RIGHTS)}"

RULES = """\
sync apollo with salesforce
prefer apollo

push contact as Lead
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
map contact stage with Lead.Status {
    "Cold"       <-> "Open - Not Contacted"
    "Interested" <-> "Working - Contacted"
}

push account as Account
map account with Account {
    name   <-> Name
    domain <-> Website
}
map account stage with Account.Status__c {
ROWS
}
"""


def rules(stages: list[str]) -> str:
    """All account stages are in the table, since it must be total."""
    rows = [f'    "{left}" <-> "{right}"' for left, right in zip(stages, RIGHTS, strict=True)]
    return RULES.replace("ROWS", "\n".join(rows))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, "sync apollo with salesforce\n")
    field(made, "Account", STATUS)
    made.pull()
    made.write(rules([one.name for one in made.apollo.team.account_stages]))
    assert made.found() == []
    made.run()
    return made


def field(desk: Desk, object: str, line: str) -> None:
    """An admin adds a field to the org, or changes one."""
    desk.salesforce.org.schema.add_field(object, line, desk.clock.now())


def statuses(desk: Desk, *values: str) -> None:
    field(desk, "Lead", f"Status picklist 255 CUD = {', '.join(values)}")


def contact(desk: Desk, name: str, stage: str = "Cold") -> str:
    email = f"{name}@a.example".lower()
    return desk.apollo.create("contact", {"last_name": name, "email": email, "stage": stage})


def leads(desk: Desk) -> list[str]:
    return sorted(str(one["LastName"]) for one in desk.salesforce.rows("Lead").values())


def test_statuses_that_changed_are_listed_with_the_rules_they_touch(desk: Desk) -> None:
    """Added, renamed and removed ones; `diff` changes nothing, after a `pull` the findings of the
    file follow, and once it is mended nothing is left to say. (CST-6, AST-10)"""
    statuses(desk, "New", "Working", "Closed - Converted", "Open - Not Contacted")
    before = (desk.folder / "schema" / "salesforce.json").read_bytes()
    told = schemas.look(desk.project, "salesforce", desk.world).text.splitlines()
    assert (desk.folder / "schema" / "salesforce.json").read_bytes() == before
    assert '  added    Lead.Status: "New"' in told
    assert '  added    Lead.Status: "Working"' in told
    removed = told.index('  removed  Lead.Status: "Working - Contacted"')
    assert told[removed + 1] == (
        "           map contact stage with Lead.Status, rules/rules.sync:11"
    )
    kept = told.index('  removed  Lead.Status: "Closed - Not Converted"')
    assert not told[kept + 1].startswith("           map")
    assert desk.found() == []
    assert schemas.pull(desk.project, "salesforce", desk.world).text.splitlines() == told
    assert desk.found() == [("unknown-value", 13)]
    text = (desk.folder / "rules" / "rules.sync").read_text(encoding="utf-8")
    desk.write(text.replace("Working - Contacted", "Working"))
    assert desk.found() == []
    assert "nothing changed" in schemas.pull(desk.project, "salesforce", desk.world).text


def test_a_field_that_was_created_can_be_named_after_a_pull(desk: Desk) -> None:
    """Until then it is a finding with the nearest name; the same for statuses of accounts.
    (CFM-5, AST-5, AST-6)"""
    text = (desk.folder / "rules" / "rules.sync").read_text(encoding="utf-8")
    desk.write(
        text.replace("    domain <-> Website", "    domain <-> Website\n    name -> Region__c")
    )
    [finding] = desk.project.check().findings
    assert (finding.code, finding.span.line) == ("unknown-field", 20)
    near = text.replace("Website", "Websit")
    desk.write(near)
    assert desk.project.check().findings[0].help == "did you mean `Website`?"
    desk.write(
        text.replace("    domain <-> Website", "    domain <-> Website\n    name -> Region__c")
    )
    field(desk, "Account", "Region__c string 80 NCU")
    assert desk.found() == [("unknown-field", 20)]
    assert "added    Account.Region__c" in desk.pull()
    assert desk.found() == []


@pytest.mark.parametrize(
    ("object", "finds"), [("contact", []), ("account", [("table-not-total", 21)])]
)
def test_a_stage_that_was_added_is_in_the_schema_after_a_pull(
    desk: Desk, object: str, finds: list[tuple[str, int]]
) -> None:
    """And a finding where the table must have every stage. (CST-3, AST-11, AST-8)"""
    team = desk.apollo.team
    stages = team.contact_stages if object == "contact" else team.account_stages
    stages.append(Stage("f" * 24, "Champion", None, None))
    assert f'added    {object}.stage: "Champion"' in desk.pull()
    assert desk.found() == finds


def test_the_next_run_says_that_a_stage_was_added_and_its_table_waits(desk: Desk) -> None:
    """One entry however often it runs; contacts go on, and so do the accounts once the table has
    the stage. (AST-8, AST-11)"""
    desk.apollo.team.account_stages.append(Stage("f" * 24, "Champion", None, None))
    account = desk.apollo.create("account", {"name": "Analytical", "domain": "a.example"})
    contact(desk, "King")
    for count in (1, 2):
        desk.clock.sleep(HOUR)
        result = desk.run()
        assert result.exit_code == 1
        assert leads(desk) == ["King"]
        assert desk.salesforce.rows("Account") == {}
        [error] = desk.errors()
        assert (error.code, error.count) == ("schema-changed", count)
        assert error.message == (
            "`map account stage with Account.Status__c` waits, since apollo has changed: "
            'account.stage: "Champion" was added'
        )
        assert (error.file, error.line) == ("rules/rules.sync", 21)
    assert "not created: a system has changed" in result_text(result)
    desk.pull()
    text = (desk.folder / "rules" / "rules.sync").read_text(encoding="utf-8")
    desk.write(text.rstrip("}\n") + '\n    "Champion" -> "Customer"\n}\n')
    assert desk.found() == []
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 0
    [made] = desk.salesforce.rows("Account").values()
    assert made["Website"] == "a.example"
    assert desk.errors() == []
    assert account


def test_only_records_that_a_touched_rule_has_to_do_with_wait(desk: Desk) -> None:
    """The status that a table names is gone: whose stage moved waits whole, whose title changed
    goes on. When the admin takes it back, what waited flows. (CST-6)"""
    moved, edited = contact(desk, "King"), contact(desk, "Byron")
    desk.clock.sleep(HOUR)
    desk.run()
    before = desk.salesforce.org.schema.objects["lead"].fields["Status"].values
    statuses(desk, "Open - Not Contacted", "Nurturing", "Closed - Converted")
    desk.apollo.update("contact", moved, {"stage": "Interested", "title": "CTO"})
    desk.apollo.update("contact", edited, {"title": "Poet"})
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 1
    titles = {one["LastName"]: one.get("Title") for one in desk.salesforce.rows("Lead").values()}
    assert titles == {"King": None, "Byron": "Poet"}
    [error] = desk.errors()
    assert error.rule == "map contact stage with Lead.Status"
    statuses(desk, *before)
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 0
    [king] = [one for one in desk.salesforce.rows("Lead").values() if one["LastName"] == "King"]
    assert (king["Title"], king["Status"]) == ("CTO", "Working - Contacted")


SEEN = (
    *(("Lead", name) for name in ("Email", "Title", "Company", "Status")),
    *(("Account", name) for name in ("Website", "Status__c")),
)


@pytest.mark.parametrize("hidden", [SEEN[:2], SEEN], ids=["two fields", "most fields"])
def test_a_schema_that_has_shrunk_holds_the_run(
    desk: Desk, hidden: tuple[tuple[str, str], ...]
) -> None:
    """Of most fields that rules name the login sees nothing any more: nothing is written, no rule
    is told of apart, and it goes on once the rights are back. Of two, their rules wait, and the
    others go on (CON-9)."""
    contact(desk, "King")
    desk.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    for object, name in hidden:
        desk.salesforce.take("read", object, name)
    desk.clock.sleep(HOUR)
    if hidden == SEEN:
        for _ in range(2):
            with pytest.raises(Braked, match=r"6 of 9 fields .* salesforce are gone") as caught:
                desk.run()
            assert "Lead.Email" in str(caught.value.why)
            assert "syncrules schema pull salesforce" in str(caught.value.fix)
        assert desk.errors() == []
        assert desk.salesforce.rows("Account") == {}
    else:
        assert desk.run().exit_code == 1
        assert {one.code for one in desk.errors()} == {"schema-changed"}
        assert [one["Name"] for one in desk.salesforce.rows("Account").values()] == ["Berg"]
    assert leads(desk) == []
    for object, name in hidden:
        desk.salesforce.give("read", object, name)
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 0
    assert leads(desk) == ["King"]
    assert desk.errors() == []


def test_a_rule_that_only_reads_an_object_needs_no_right_to_make_it(desk: Desk) -> None:
    """The login may make no tasks in Salesforce: what was completed in Apollo waits, and what was
    asked for in Salesforce comes over all the same. (CON-9, ACT-19)"""
    desk.write(
        RULES.partition("map contact stage")[0]
        + "push task as Task when completed\npull Task as task visible when open\n"
    )
    king = contact(desk, "King")
    desk.clock.sleep(HOUR)
    desk.run()
    [lead] = desk.salesforce.rows("Lead")
    desk.salesforce.take("create", "Task")
    due = {"contact_id": king, "type": "call", "due_at": "2026-01-09T09:00:00Z"}
    done = desk.apollo.create("task", {**due, "title": "Ring"})
    desk.apollo.update("task", done, {"status": "completed"})
    desk.salesforce.create("Task", {"Subject": "Ask", "Status": "Not Started", "WhoId": lead})
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 1
    assert sorted(row["title"] for row in desk.apollo.rows("task").values()) == ["Ask", "Ring"]
    assert [error.rule for error in desk.errors()] == ["push task as Task"]
    desk.salesforce.give("create", "Task")
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 0
    assert sorted(row["Subject"] for row in desk.salesforce.rows("Task").values()) == [
        "Ask",
        "Ring",
    ]


def test_what_no_rule_minds_holds_nothing_back(desk: Desk) -> None:
    """A status more, a field more, another label: the rules would pass as things are now."""
    before = desk.salesforce.org.schema.objects["lead"].fields["Status"].values
    statuses(desk, *before, "Nurturing")
    field(desk, "Lead", "Region__c string 80 NCU")
    desk.apollo.team.contact_stages[0] = replace(desk.apollo.team.contact_stages[0], override=True)
    contact(desk, "King")
    desk.clock.sleep(HOUR)
    assert desk.run().exit_code == 0
    assert leads(desk) == ["King"]


def test_a_run_without_a_write_describes_nothing(desk: Desk) -> None:
    """Looking again costs requests: a quiet run asks for what changed, and no more."""
    desk.clock.sleep(HOUR)
    desk.run()
    before = dict(desk.salesforce.counts)
    desk.clock.sleep(HOUR)
    desk.run()
    asked = {name for name, count in desk.salesforce.counts.items() if count > before.get(name, 0)}
    assert not any("describe" in name for name in asked), asked


def test_a_schedule_goes_on_while_a_rule_waits_for_a_schema(desk: Desk) -> None:
    """A pull that breaks the rules is said once; the last good ones go on, the touched one waits,
    and mending the file is all there is to do. (ACT-3)"""
    statuses(desk, "Open - Not Contacted", "Working", "Closed - Converted")
    contact(desk, "King")
    contact(desk, "Byron", "Interested")
    desk.pull()
    text = (desk.folder / "rules" / "rules.sync").read_text(encoding="utf-8")
    desk.write(text.replace("Working - Contacted", "Working"))
    told = desk.serve(0.3)
    assert leads(desk) == ["Byron", "King"]
    assert "salesforce Lead created" in daybook.line(told.runs[0])
