"""Hostile texts in SOQL stay data: as values they change no structure, as names they are refused.

The statements are read by the grammar of the simulator, which is not that of the product.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.connectors.base.schema import Field
from syncrules.connectors.base.values import folded, text
from syncrules.connectors.salesforce import soql
from syncrules.connectors.salesforce.simulator import soql as far
from syncrules.errors import SystemUnavailable
from syncrules.tests.hostile.soql import hostile
from syncrules.tests.salesforce_connected import Org, update

TEXTS = hostile()
ROOM = 9_000
FIELDS = (
    Field("Name", "Name", "text"),
    Field("Email", "Email", "text", "email"),
    Field("Phone", "Phone", "text", "phone"),
    Field("Website", "Website", "text", "url"),
    Field("Id", "Id", "id"),
    Field("OwnerId", "Owner", "reference"),
    Field("Status", "Status", "choice"),
    Field("Amount", "Amount", "number"),
    Field("Done", "Done", "boolean"),
    Field("Day", "Day", "date"),
    Field("At", "At", "datetime"),
)


def test_there_are_many_and_all_are_others() -> None:
    assert len(TEXTS) >= 300


def where(condition: str) -> far.Condition:
    found = far.parse(soql.select(["Id"], "Lead", condition)).where
    assert found is not None
    return found


def compares(node: far.Condition) -> list[far.Compare]:
    if isinstance(node, far.Compare):
        return [replace(node, at=0)]
    assert isinstance(node, far.Either), node
    return [one for part in node.parts for one in compares(part)]


@pytest.mark.parametrize("field", FIELDS, ids=lambda one: one.name)
def test_a_value_never_changes_what_is_asked(field: Field) -> None:
    """Alone and among others: comparisons of that field with literals, as many as for harmless
    texts, and nothing else; a text without a pattern comes back as it was."""
    for one in TEXTS:
        for condition in soql.among(field, [one], ROOM):
            [found] = compares(where(condition))
            assert (found.path, len(found.values)) == (field.name, 1)
            assert found.operator in ("in", "like")
            assert soql.cost(condition) <= ROOM, one[:50]
            if found.operator == "in" and found.values[0].kind == "text":
                assert found.values[0].value == one.strip().replace("\0", "")
    every = [each for one in soql.among(field, TEXTS, ROOM) for each in compares(where(one))]
    alone = [each for one in TEXTS for each in soql.among(field, [one], ROOM)]
    assert sum(len(one.values) for one in every) == len(alone)
    assert {one.path for one in every} <= {field.name}


def test_a_name_is_a_name_or_refused() -> None:
    """Objects and fields can't be quoted: whatever is no API name never gets into a statement."""
    for one in TEXTS:
        try:
            statement = soql.select(["Id", one], "Lead")
        except ValueError as error:
            assert "no name" in str(error)
        else:
            assert [name for name, _ in far.parse(statement).select] == ["Id", one]
        if one.isidentifier() and one.isascii():
            continue
        with pytest.raises(ValueError, match="no name"):
            soql.select(["Id"], one)


@pytest.fixture(scope="module")
def org() -> Org:
    made = Org()
    made.people(1, LastName="Other")
    return made


def test_a_name_that_the_schema_lacks_is_refused_before_anything_is_asked(org: Org) -> None:
    for one in TEXTS[::7]:
        before = org.sim.counts["GET query"]
        with pytest.raises(SystemUnavailable, match="shows no"):
            org.connector.fetch("Lead", ("LastName",), one or "x", ["x"])
        assert org.sim.counts["GET query"] == before


def test_what_is_looked_for_is_found_and_nobody_else(org: Org) -> None:
    """Each text as the last name of somebody: written, read and found by it as data."""
    [lead] = org.people(1, LastName="Name", Email="one@some.example")
    for one in [one for one in TEXTS if text(one) and len(one) <= 80][::3]:
        wanted = text(one) or ""
        [outcome] = org.send(update(1, lead, LastName=wanted)).values()
        assert outcome.kind == "done", (one, outcome)
        found = org.connector.fetch("Lead", ("LastName",), "LastName", [wanted])
        assert [(each.id, each.values["LastName"]) for each in found] == [(lead, wanted)], one
        assert folded(found[0].values["LastName"]) == folded(wanted)
