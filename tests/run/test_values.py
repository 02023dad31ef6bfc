"""Values that are erased, shortened, or can't be told, over both made-up systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.connectors.apollo.simulator.team import CustomField
from syncrules.connectors.salesforce.simulator.schema import Field
from syncrules.tests.both import HOUR, Both
from syncrules.tests.run.linked import Linked

RULES = """\
sync apollo with salesforce
prefer apollo
push contact as Lead { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    organization_name  -> Company default "Unknown"
    {row}
}
"""
PULLED = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible
map contact with Lead {
    last_name         <-> LastName
    {row}
}
"""


class World(Linked):
    """One contact and its lead, linked under a row of its own."""

    def __init__(
        self, row: str, own: tuple[str, CustomField] | None = None, **values: object
    ) -> None:
        """`own`: a custom field of the Lead, and one of contacts."""
        self.rules = RULES.replace("{row}", row)
        both = Both(RULES.replace("{row}", "") if own else self.rules)
        if own:
            both.salesforce.org.schema.add_field("Lead", own[0], both.clock.now())
            both.apollo.team.fields.append(own[1])
            both.setup = replace(both.setup, connectors=both.sign_in())
            both.edit(self.rules)
        both.run()
        super().__init__(both, {"last_name": "King", **values})

    def now(self, left: str, right: str) -> tuple[object, object]:
        there, here = self.held(left, right)
        return there or None, here

    def rests(self) -> bool:
        """Whether two further runs write nothing."""
        before = self.both.calls()
        self.run()
        self.run()
        spent = self.both.since(before)
        return spent.apollo_writes == spent.salesforce_writes == 0


def test_a_blank_erases_on_either_side_where_the_row_says_so() -> None:
    world = World("title <-> Title clear", title="CTO")
    world.left(title=None)
    world.run()
    assert world.now("title", "Title") == (None, None)
    assert world.rests()
    world.left(title="CEO")
    world.run()
    world.right(Title=None)
    world.run()
    assert world.now("title", "Title") == (None, None)
    assert world.rests()


def test_a_blank_erases_nothing_where_no_row_says_so() -> None:
    world = World("title <-> Title", title="CTO")
    world.left(title=None)
    world.run()
    assert world.now("title", "Title") == (None, "CTO")
    assert world.rests()


def test_a_text_that_is_too_long_is_shortened_and_does_not_come_back() -> None:
    """A FirstName takes forty; Apollo keeps the whole, until a person edits the short one."""
    long = "Ada Augusta " * 6
    world = World("first_name <-> FirstName truncate", first_name=long)
    short = "Ada Augusta Ada Augusta Ada Augusta Ada"
    assert world.now("first_name", "FirstName") == (long.strip(), short)
    assert world.both.errors() == []
    assert world.rests()
    world.left(first_name="Grace " + long)
    world.run()
    assert world.now("first_name", "FirstName")[1] == ("Grace " + short)[:40].strip()
    assert world.rests()
    world.right(FirstName="Ada")
    world.run()
    assert world.now("first_name", "FirstName") == ("Ada", "Ada")


def test_a_template_that_fails_stands_in_the_error_log_until_it_can_be_said() -> None:
    """The record is made without it, and the entry names the rule's place; a title that the
    template allows for closes it."""
    row = '"{{ 100 // (title | length - 3) }}" -> Description'
    world = World(row, title="CTO")
    [error] = world.both.errors()
    assert (error.code, error.file, error.line) == ("template-failed", "rules.sync", 8)
    assert "division" in error.message
    assert error.advice
    assert world.now("title", "Description") == ("CTO", None)
    world.left(title="Chief")
    world.run()
    assert world.now("title", "Description") == ("Chief", "50")
    assert world.both.errors() == []
    assert world.rests()


@pytest.mark.parametrize(
    "row",
    [
        '"{{ organization_name }}" -> Title',
        '"{{ last_name }} of {{ organization_name or 1 }}" -> Title',
    ],
)
def test_what_somebody_fills_in_of_a_text_before_the_next_look_flows(row: str) -> None:
    """Of a contact that we have just made: what its template said then is known, so that what it
    says now is news, although the lead has a text of its own."""
    both = Both(PULLED.replace("{row}", row))
    both.run()
    both.clock.sleep(HOUR)
    lead = both.salesforce.create("Lead", {"LastName": "King", "Company": "Acme", "Title": "own"})
    both.run()
    [contact] = both.apollo.rows("contact")
    assert both.salesforce.rows("Lead")[lead]["Title"] == "own"
    both.apollo.update("contact", contact, {"organization_name": "Acme"})
    both.clock.sleep(HOUR)
    both.run()
    assert str(both.salesforce.rows("Lead")[lead]["Title"]).endswith("Acme")


def test_an_entry_that_was_over_begins_anew_when_it_happens_again() -> None:
    """It has its number still, and counts from now on."""
    row = '"{{ 100 // (title | length - 3) }}" -> Description'
    world = World(row, title="CTO")
    [before] = world.both.errors()
    world.left(title="Chief")
    world.run()
    assert world.both.errors() == []
    world.left(title="CEO")
    world.run()
    [again] = world.both.errors()
    assert (again.id, again.count) == (before.id, 1)
    assert again.first > before.last
    world.left(title="CFO")
    world.run()
    [still] = world.both.errors()
    assert (still.count, still.first) == (2, again.first)


def test_another_word_of_a_phone_is_an_edit() -> None:
    """Digits in another spelling are none; what is spelled in letters, or noted beside them, is."""
    world = World("phone <-> Phone", direct_phone="1-800-FLOWERS")
    for phone in ("1-800-FLORIST", "+1 415 555 0100", "+1 415 555 0100 (ask for Eva)"):
        world.right(Phone=phone)
        world.run()
        [number] = world.both.apollo.rows("contact")[world.contact]["phone_numbers"]
        assert number["raw_number"] == phone
        assert world.rests()
    world.right(Phone="(415) 555-0100 ask for Eva")
    assert world.rests()


def test_the_parts_of_a_second_are_left_out_where_they_are_not_kept() -> None:
    """Apollo tells milliseconds and Salesforce keeps seconds: nobody has changed anything."""
    exact = "2026-01-01T10:00:00.123+00:00"
    lead, contact = "Met__c datetime CUN", CustomField("f" * 24, "contact", "Met at", "datetime")
    world = World("met_at <-> Met__c", (lead, contact), typed_custom_fields={"f" * 24: exact})
    assert world.held("typed_custom_fields", "Met__c") == (
        {"f" * 24: exact},
        "2026-01-01T10:00:00.000+0000",
    )
    assert world.rests()
    assert world.held("typed_custom_fields", "Met__c")[0] == {"f" * 24: exact}
    world.right(Met__c="2026-02-01T10:00:00Z")
    world.run()
    world.left(typed_custom_fields={"f" * 24: exact})
    world.run()
    assert world.held("typed_custom_fields", "Met__c")[1] == "2026-01-01T10:00:00.000+0000"
    assert world.rests()


def test_a_choice_that_is_taken_no_longer_keeps_nothing_else_back() -> None:
    """It is told, the rest of the record moves, and who holds it still is left as they are."""
    options = (("e" * 24, "North"), ("d" * 24, "East"))
    lead = "Region__c picklist 255 CUNR = North, East"
    contact = CustomField("f" * 24, "contact", "Where", "picklist", options)
    world = World("where -> Region__c\n    title -> Title", (lead, contact), title="CTO")
    assert world.both.errors() == []
    of = world.both.salesforce.org.schema.objects["lead"]
    raw = of.fields["Region__c"].raw
    values = [{**one, "active": one["value"] != "East"} for one in raw["picklistValues"]]
    of.add(Field.of({**raw, "picklistValues": values}))
    world.both.setup = replace(world.both.setup, connectors=world.both.sign_in())
    world.both.edit(world.rules)
    world.left(title="CEO", typed_custom_fields={"f" * 24: "d" * 24})
    world.run()
    assert world.held("title", "Title") == ("CEO", "CEO")
    assert told(world) == ["Region__c: `Region__c` takes 'East' no longer: it is inactive"]
    world.left(typed_custom_fields={"f" * 24: "e" * 24})
    world.run()
    assert (told(world), world.held("title", "Region__c")[1]) == ([], "North")


def test_a_rich_text_is_read_and_written_as_what_it_says() -> None:
    """Its layout is Salesforce's own: nothing of it goes over, and it stays as long as nobody
    changes what the text says. No sign of a plain text is taken for markup."""
    lead = "Story__c textarea 32000 CUNLH"
    contact = CustomField("f" * 24, "contact", "Story", "textarea")
    said = "a < b & <c>\n\n  d;"
    world = World("story <-> Story__c", (lead, contact), typed_custom_fields={"f" * 24: said})

    def now() -> tuple[object, object]:
        left, right = world.held("typed_custom_fields", "Story__c")
        return left["f" * 24], right  # type: ignore[index]

    assert now() == (said, "a &lt; b &amp; &lt;c&gt;<br><br>  d;")
    assert world.rests()
    world.right(Story__c="<p>One &amp; <b>two</b></p>\n<p><br></p><ul><li>three</li></ul>")
    world.run()
    assert now()[0] == "One & two\n\nthree"
    assert world.rests()
    bold = "<p><b>One</b> &amp; two</p><p><br></p><p>three</p>"
    world.right(Story__c=bold)
    assert world.rests()
    assert now() == ("One & two\n\nthree", bold)


STAGES = """title <-> Title
}
map contact stage with Lead.Status {
    "Cold"           <-> "Open - Not Contacted"
    "Not Interested" <-> "Closed - Not Converted\""""


def test_a_value_that_is_not_in_the_table_is_told_whatever_stood_there_meanwhile() -> None:
    """It was there before, and so was another one that isn't in the table, either."""
    world = World(STAGES, stage="Approaching")
    assert told(world) == ['Status: "Approaching" is not in the table']
    world.left(stage="Bad Data")
    world.run()
    assert told(world) == ['Status: "Bad Data" is not in the table']
    world.left(stage="Approaching")
    world.run()
    world.run()
    assert told(world) == ['Status: "Approaching" is not in the table']
    world.left(stage="Cold")
    world.run()
    world.run()
    assert world.now("title", "Status")[1] == "Open - Not Contacted"
    assert told(world) == []


def told(world: World) -> list[str]:
    return [one.message for one in world.both.errors()]
