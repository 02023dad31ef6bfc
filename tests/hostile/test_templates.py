"""Hostile templates are refused with a finding, or say something harmless, at once."""

from __future__ import annotations

import re
import time
import tracemalloc
from contextlib import suppress

import pytest
from syncrules import dsl
from syncrules.connectors.base.values import Value
from syncrules.dsl.templates import NotATemplate, is_template, names, refusal, render
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.hostile.templates import hostile

TEMPLATES = hostile()
SECONDS = 1.0


def _refused(template: str) -> bool:
    try:
        return bool(refusal(template))
    except NotATemplate:
        return True


REFUSED = frozenset(filter(_refused, TEMPLATES))
INSIDES = re.compile(r"__\w+__|<[a-z ]+ at 0x|<class|<function|<built-in|<bound|<module|root:x:")
"""What only Python's insides, or a file of the machine, would say."""
RULES = """\
sync apollo with salesforce
push contact as Lead update only
map contact with Lead {{
    last_name -> LastName
    "{}" -> Description
}}
"""
VALUES: tuple[Value, ...] = (
    *("CTO", None, "", 0, True, ("a", "b"), "{{ 7 * 7 }}", "{0.__class__}", "%s%n", "x" * 10_000),
    *(10**29, -1.5, "9" * 400, "\ud800\0", "1e308", "[" * 500),
)


def test_there_are_many_and_all_are_others() -> None:
    assert len(TEMPLATES) > 500


def test_check_answers_each_of_them_within_a_second() -> None:
    """A template with nothing to be said against it may run; each other has an error at its place,
    never an exception. Words of Python are repeated only where the file has them."""
    dsl.check({"a.sync": RULES.format("x")}, SCHEMAS)  # What the first check reads is not its own.
    refused = 0
    for template in filter(is_template, TEMPLATES):
        written = template.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        source = RULES.format(written.replace("\0", "").replace("\ud800", ""))
        began = time.process_time()
        found = dsl.check({"a.sync": source}, SCHEMAS).findings
        assert time.process_time() - began < SECONDS, template[:80]
        assert all(one.span.line == 5 for one in found), (template[:80], found)
        refused += bool(found)
    assert refused > 400


def test_what_is_refused_is_not_rendered_either() -> None:
    """Even where nobody checked, as with the plan of a preview that somebody wrote themselves."""
    for template in REFUSED:
        with pytest.raises(NotATemplate) as caught:
            render(template, {"title": "CTO"})
        assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_what_is_rendered_is_harmless_and_ends(value: Value) -> None:
    """No inside of Python, no file, no more than a million letters."""
    for template in TEMPLATES:
        if template in REFUSED:
            continue
        began = time.process_time()
        try:
            text = render(template, dict.fromkeys(names(template), value)) or ""
        except NotATemplate as error:
            text = str(error)
        assert time.process_time() - began < SECONDS, template[:80]
        assert len(text) <= 1_000_000
        strange = INSIDES.search(text)
        assert strange is None or strange[0] in f"{template} {value} {str(value)[::-1]}", (
            template[:80],
            text,
        )


@pytest.mark.parametrize(
    ("held", "times", "end"),
    [("title", 900, ""), ("title", 900, "| join"), ("title ~ title ~ title", 150, "| length")],
)
def test_what_is_made_on_the_way_fits_in_memory(held: str, times: int, end: str) -> None:
    """However often a long text is made within a template, or put together with others."""
    many = ", ".join([f"({held})"] * times)
    template = f"{{{{ [{many}] {end} }}}}"
    with suppress(NotATemplate):
        render(template, {"title": "a"})  # Reading it takes memory of its own.
    tracemalloc.start()
    with suppress(NotATemplate):
        render(template, {"title": "a" * 300_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ title.upper() }}", "filter"),
        ("{{ title.x }}", "dot"),
        ("{% for x in title %}{{ x }}{% endfor %}", "join"),
        ("{% set x = 1 %}{{ x }}", "set"),
        ("{{ 2 ** 9 }}", "**"),
        ("{{ title | attr('x') }}", "there are abs, capitalize"),
        ("{{ title is callable }}", "defined"),
        ("{{ title | upper(1) }}", "`upper`"),
        ("{{ title['x'] }}", "number"),
        ("{% include 'x' %}", "`if` alone"),
        (f"{{{{ {' ~ '.join(['(title | upper)'] * 101)} }}}}", "more than 100 filters"),
    ],
)
def test_what_is_refused_is_told_with_what_to_write_instead(template: str, why: str) -> None:
    assert why in refusal(template)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ title | upper }} {{ name | title | replace('A', 'O') }}", "CTO Oda King"),
        ("{{ name[:3] }}{{ name[-1] }} {{ name | truncate(6) }}", "adag ada..."),
        ("{{ skills | join(' and ') }}, {{ skills }}: {{ skills | length }}", "a and b, a, b: 2"),
        ("{{ (size / 4) | round(1) }} {{ size * 2 + 1 }} {{ size % 3 }}", "2.5 21 1"),
        ("{% if size > 9 and title is not none %}big{% else %}small{% endif %}", "big"),
        (
            "{{ title ~ '/' ~ name }} {{ '7x' | int(3) }} {{ gone or '-' }}",
            "CTO/ada king 3 -",
        ),
        ("{{ gone | default('?') }} {{ ' x ' | trim }} {{ skills | first }}", "? x a"),
        *((f"{{{{ {one} }}}}", None) for one in ("gone | upper", "title ~ gone", "gone[0]")),
        *((f"{{{{ {one} }}}}", None) for one in ("gone + 1", "gone | int", "gone[:2]", "gone")),
    ],
)
def test_what_people_write_goes_on_to_work(template: str, text: str | None) -> None:
    """And a blank is never written as `None`, whatever is done with it."""
    values: dict[str, Value] = {"title": "CTO", "name": "ada king", "skills": ("a", "b")}
    assert render(template, {**values, "size": 10, "gone": None}) == text
