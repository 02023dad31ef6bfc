"""Quoted sources with `{{ ... }}`: what they read and say, and what they can't do."""

from __future__ import annotations

import pytest
from syncrules.dsl.templates import NotATemplate, is_template, names, render


def test_a_template_has_braces_and_a_constant_has_none() -> None:
    """`"Apollo"` is a constant, `"{{ title }}"` a template."""
    assert not is_template("Apollo {brace}")
    assert is_template("{{ title }}") and is_template("{% if title %}x{% endif %}")


def test_names_are_the_fields_that_a_template_reads() -> None:
    """Sorted, each once, whatever is done with them."""
    assert names("{{ b }} {{ a|upper }} {% if c %}{{ b }}{% endif %}") == ("a", "b", "c")


def test_one_blank_makes_the_whole_blank_unless_the_template_says_otherwise() -> None:
    """Half a sentence is never written."""
    values = {"title": None, "company": "Acme"}
    assert render("{{ title }} at {{ company }}", values) is None
    assert render('{{ title or "someone" }} at {{ company }}', values) == "someone at Acme"
    assert render("{% if title %}{{ title }}, {% endif %}{{ company }}", values) == "Acme"


def test_a_text_has_no_outer_spaces_and_an_empty_one_is_blank() -> None:
    """What a template makes is a text like any other."""
    assert render("  {{ a }} ", {"a": "x"}) == "x"
    assert render("{% if a %}x{% endif %}", {"a": False}) is None


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ a.append(1) }}",
        "{{ missing }}",
        "{{ a / 0 }}",
    ],
)
def test_a_template_can_neither_leave_its_sandbox_nor_change_anything(source: str) -> None:
    """Reaching for Python's insides fails, and says so in an error of ours."""
    with pytest.raises(NotATemplate):
        render(source, {"a": ("x",)})


@pytest.mark.parametrize("source", ["{{ a", "{% if a %}", "{{ a b }}", "{% include 'x' %}{{"])
def test_a_broken_template_is_told(source: str) -> None:
    """Reading the names of a broken template says what is wrong with it."""
    with pytest.raises(NotATemplate):
        names(source)
