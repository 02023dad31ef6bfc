"""Proofs over several rules: values that go round, costs, what is never asked; and what `allow`
takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules import dsl

from .schemas import APOLLO, SALESFORCE, SCHEMAS

HEAD = "sync apollo with salesforce\nprefer latest\n"
LEAD = 'push contact as Lead when stage is "Replied"\n'
ROWS = "    last_name         -> LastName\n    organization_name -> Company\n"


def found(source: str, **systems: object) -> list[tuple[str, int]]:
    """Codes and lines of all findings."""
    schemas = {**SCHEMAS, **systems}
    checked = dsl.check({"a.sync": source}, schemas)  # type: ignore[arg-type]
    return [(one.code, one.span.line) for one in checked.findings]


def mapped(*rows: str, tables: str = "") -> str:
    lines = "".join(f"    {one}\n" for one in rows)
    return f"{HEAD}{LEAD}map contact with Lead {{\n{ROWS}{lines}}}\n{tables}"


def test_a_template_that_reads_what_it_comes_back_to_grows_for_ever() -> None:
    """The values in turn are shown."""
    source = mapped('"{{ title }} at {{ organization_name }}" -> Title', "title <- Title")
    finding = dsl.check({"a.sync": source}, SCHEMAS).findings[0]
    assert (finding.code, finding.span.line) == ("value-loop", 7)
    assert finding.witness.count("→") == 4
    assert [one.span.line for one in finding.further] == [8]


@pytest.mark.parametrize(
    "rows",
    [
        ('"{{ title }} at {{ organization_name }}" -> Title when blank', "title <- Title"),
        ('"{{ title }} at {{ organization_name }}" -> Title', "title <- Title when blank"),
        ('"{{ title }} at {{ organization_name }}" -> Title ask', "title <- Title"),
        ('"{{ title }} at {{ organization_name }}" -> Description', "title <-> Title"),
        ("title <-> Title",),
        ("title -> Description", "headline <- Description truncate"),
        ("headline <-> Title truncate",),
    ],
)
def test_values_that_come_to_rest_are_no_loop(rows: tuple[str, ...]) -> None:
    """Rows that only fill, that ask, that lead on, and one two-way row, which knows its echo."""
    assert found(mapped(*rows)) == []


def test_two_tables_that_send_a_stage_in_a_circle_are_a_loop() -> None:
    """Out as one value, back as another, and again."""
    tables = (
        'map contact stage with Lead.Status {\n    "Replied"    -> "Working - Contacted"\n'
        '    "Interested" -> "Open - Not Contacted"\n}\n'
        'map contact stage with Lead.Status {\n    "Interested" <- "Working - Contacted"\n'
        '    "Replied"    <- "Open - Not Contacted"\n}\n'
    )
    assert found(mapped(tables=tables)) == [("value-loop", 8)]


def test_a_text_that_comes_back_shorter_is_told() -> None:
    """One row cuts it off, the other brings the rest home."""
    assert found(mapped("headline -> Title truncate", "headline <- Title")) == [
        ("lossy-round-trip", 7)
    ]


def test_an_allow_takes_the_findings_of_its_own_block_only() -> None:
    """The same finding in the next rule stays, and an allow of another code takes nothing."""
    head = 'push contact as Lead when title is "{}" and title is "C" {{\n'
    rule = head + '    allow {} because "x"\n}}\n'
    taken = mapped(tables=rule.format("A", "never-true") + rule.format("B", "always-true"))
    assert found(taken) == [("never-true", 11), ("unused-allow", 12)]


def test_an_allow_with_a_slip_in_its_code_is_one_finding() -> None:
    """What it was meant for is not told as well."""
    head = 'push contact as Lead when title is "A" and title is "C" {\n'
    rule = head + '    allow nver-true because "x"\n}\n'
    assert found(mapped(tables=rule)) == [("unknown-code", 9)]


@pytest.mark.parametrize(
    ("guard", "trips"),
    [
        ("guard at most 100 salesforce calls per day", True),
        ("guard at most 200 salesforce calls per day", False),
        ("guard at most 1 salesforce calls per run", True),
        ("guard at most 2 salesforce calls per run", False),
    ],
)
def test_a_guard_that_looking_alone_goes_over_is_told(guard: str, trips: bool) -> None:
    """Two objects every 15 minutes are 192 calls a day, and two a run."""
    source = f"{HEAD}pull Account as account\npull Lead as contact\n{guard}\n"
    assert found(source) == ([("cost-over-limit", 5)] if trips else [])


def test_a_limit_of_the_system_that_looking_alone_goes_over_is_told() -> None:
    """Every minute is 1,440 calls a day."""
    source = f"{HEAD}every 1 minute\npull Account as account\n"
    small = replace(SALESFORCE, limits={"api": 1000})
    assert found(source, salesforce=small) == [("cost-over-limit", 4)]
    assert found(source, salesforce=replace(SALESFORCE, limits={"api": 2000})) == []


@pytest.mark.parametrize(
    ("condition", "good"),
    [
        ("when completed", True),
        ('when status is "completed"', True),
        ('when priority is "high"', False),
        ('when completed or priority is "high"', False),
        ("unless open", False),
        ("when not open and completed", True),
        ("", False),
    ],
)
def test_a_push_of_tasks_lets_only_completed_ones_through(condition: str, good: bool) -> None:
    """A status that stands for done is as good as the word."""
    source = f"{HEAD}push task as Task {condition}\n"
    assert found(source) == ([] if good else [("open-task-pushed", 3)])


def test_reading_an_inferred_field_is_no_second_decision() -> None:
    """A table that only pushes an inferred stage is fine; one that pulls it is not."""
    stages = [one.value for one in APOLLO.by_name["account"].by_name["stage"].choices]
    rows = "".join(f'    "{one}" {{0}} "Hot"\n' for one in stages)
    source = (
        f"{HEAD}pull Account as account\ninfer account stage from opportunities\n"
        f"map account stage with Account.Rating {{{{\n{rows}}}}}\n"
    )
    assert "table-twice-with-infer" not in [code for code, _ in found(source.format("->"))]
    assert "table-twice-with-infer" in [code for code, _ in found(source.format("<->"))]


def test_a_stop_that_always_or_never_holds_is_told() -> None:
    """The rule would never act, or never stop."""
    head = f"{HEAD}push contact as Lead update only {{ stop when "
    assert found(head + 'title is "A" and title is "B" }\n') == [("never-true", 3)]
    assert found(head + "title is known or title is blank }\n") == [("always-true", 3)]


def test_a_contact_that_becomes_a_lead_and_a_contact_is_told() -> None:
    """A person is one of the two, so rules that take the same person clash."""
    source = (
        f"{HEAD}{LEAD}push contact as Contact when title is known\n"
        f"map contact with Lead, Contact {{\n    last_name         -> LastName\n"
        "    organization_name -> Lead.Company\n}\n"
    )
    assert found(source) == [("same-target-twice", 4)]
    apart = source.replace("title is known", 'stage is "Cold"')
    assert found(apart) == []


def test_a_source_and_a_row_for_one_field_are_a_double_writer() -> None:
    """A row that only reads the field is none."""
    source = mapped("title -> LeadSource").replace(LEAD, LEAD.strip() + ' { source "Apollo" }\n')
    assert found(source) == [("conflicting-writes", 3)]
    assert found(source.replace("title -> LeadSource", "title <- LeadSource")) == []
