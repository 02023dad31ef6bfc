"""Which values may go where, and what becomes of them on the way: nothing is ever lost silently."""

from __future__ import annotations

import pytest
from syncrules.connectors.base.schema import Choice, Field
from syncrules.connectors.base.values import Value
from syncrules.dsl.types import Refusal, Unfit, conversion, convert

TEXT = Field("text", "Text", "text")
SHORT = Field("short", "Short", "text", length=5)
URL = Field("url", "URL", "text", "url")
DOMAIN = Field("domain", "Domain", "text", "domain")
NUMBER = Field("number", "Number", "number")
WHOLE = Field("whole", "Whole", "number", "integer", length=3)
YES = Field("yes", "Yes", "boolean")
DATE = Field("date", "Date", "date")
MOMENT = Field("moment", "Moment", "datetime")
AB = (Choice("A"), Choice("B"))
OPEN = Field("open", "Open", "choice", choices=AB)
STRICT = Field("strict", "Strict", "choice", choices=AB, restricted=True)
MORE = Field("more", "More", "choice", choices=(*AB, Choice("C"), Choice("D", active=False)))
SET = Field("set", "Set", "choices", choices=AB, restricted=True)
REFERENCE = Field("reference", "Reference", "reference", references=("user",))
ID = Field("id", "Id", "id")
OTHER = Field("other", "Other", "other")

TABLE = [
    (TEXT, TEXT, "same"),
    (URL, DOMAIN, "domain"),
    (DOMAIN, URL, "same"),
    (NUMBER, TEXT, "text"),
    (DATE, TEXT, "text"),
    (OPEN, TEXT, "text"),
    (ID, TEXT, "text"),
    (SET, TEXT, "joined"),
    (NUMBER, WHOLE, "number"),
    (MOMENT, DATE, "day of moment"),
    (DATE, DATE, "same"),
    (YES, YES, "same"),
    (TEXT, OPEN, "choice"),
    (OPEN, STRICT, "choice"),
    (MORE, OPEN, "choice"),
    (OPEN, SET, "set"),
    (SET, SET, "choices"),
    (SET, STRICT, "single"),
    (REFERENCE, REFERENCE, "reference"),
]
REFUSED = [
    (DATE, MOMENT),
    (TEXT, DATE),
    (TEXT, NUMBER),
    (TEXT, YES),
    (TEXT, STRICT),
    (TEXT, SET),
    (MORE, STRICT),
    (YES, TEXT),
    (YES, NUMBER),
    (NUMBER, YES),
    (NUMBER, OPEN),
    (NUMBER, DATE),
    (REFERENCE, TEXT),
    (TEXT, REFERENCE),
    (TEXT, ID),
    (OTHER, TEXT),
    (TEXT, OTHER),
]


@pytest.mark.parametrize(("source", "target", "name"), TABLE)
def test_what_loses_nothing_has_a_conversion(source: Field, target: Field, name: str) -> None:
    """The table of conversions, one line each."""
    assert conversion(source, target) == name


@pytest.mark.parametrize(("source", "target"), REFUSED)
def test_what_would_lose_or_guess_is_refused_with_a_reason(source: Field, target: Field) -> None:
    """A text may be no date, a date has no time, a choice may lack the value."""
    refusal = conversion(source, target)
    assert isinstance(refusal, Refusal) and refusal.why


VALUES: list[tuple[Field, Field, Value, Value]] = [
    (TEXT, SHORT, "12345", "12345"),
    (NUMBER, TEXT, 3, "3"),
    (NUMBER, TEXT, 2.5, "2.5"),
    (NUMBER, TEXT, 0.1, "0.1"),
    (URL, DOMAIN, "https://www.Acme.example/about", "acme.example"),
    (MOMENT, DATE, "2026-01-31T23:30:00.000Z", "2026-02-01"),
    (SET, TEXT, ("A", "B"), "A; B"),
    (SET, STRICT, ("A",), "A"),
    (OPEN, SET, "A", ("A",)),
    (OPEN, STRICT, "a", "A"),
    (TEXT, OPEN, "Something new", "Something new"),
    (NUMBER, WHOLE, 999, 999),
    (NUMBER, WHOLE, 7.0, 7.0),
    (YES, YES, False, False),
    (TEXT, TEXT, None, None),
    (REFERENCE, REFERENCE, "id-1", "id-1"),
]


@pytest.mark.parametrize(("source", "target", "value", "expected"), VALUES)
def test_values_take_the_form_of_their_target(
    source: Field, target: Field, value: Value, expected: Value
) -> None:
    """A blank stays blank; a day is the team's, here Berlin's."""
    name = conversion(source, target)
    assert isinstance(name, str)
    assert convert(name, value, source, target, "Europe/Berlin") == expected


UNFIT: list[tuple[Field, Field, Value, str]] = [
    (TEXT, SHORT, "123456", "too-long"),
    (NUMBER, SHORT, 1234567, "too-long"),
    (OPEN, STRICT, "Z", "not-a-choice"),
    (SET, SET, ("A", "Z"), "not-a-choice"),
    (SET, STRICT, ("A", "B"), "several-choices"),
    (NUMBER, WHOLE, 2.5, "not-whole"),
    (NUMBER, WHOLE, 1000, "out-of-range"),
]


@pytest.mark.parametrize(("source", "target", "value", "code"), UNFIT)
def test_a_value_that_does_not_fit_is_refused_with_a_code(
    source: Field, target: Field, value: Value, code: str
) -> None:
    """Never cut, never rounded: the field is left out and says why."""
    name = conversion(source, target)
    assert isinstance(name, str)
    with pytest.raises(Unfit) as caught:
        convert(name, value, source, target)
    assert caught.value.code == code


def test_a_number_survives_the_way_to_a_text() -> None:
    """No digit is lost, however small or large the number."""
    for value in (0.1, 1e-7, 123456789.125, 1e21, -2.5, 12345678901234567890):
        made = convert("text", value, NUMBER, TEXT)
        assert isinstance(made, str) and float(made) == float(value)
