"""Quoted sources with `{{ ... }}`: which fields they name, and what they say for a record.

Jinja2 in a sandbox without side effects; it is imported when the first template is met, so that
checking rules without templates stays fast. Which names are fields is decided in `rows.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..connectors.base.values import Value, text

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment


class NotATemplate(ValueError):
    """The template can't be read; the message says why in Jinja2's words."""


class _Blank(Exception):
    pass


def is_template(source: str) -> bool:
    """Whether a quoted source is a template; else it is a constant."""
    return "{{" in source or "{%" in source


def names(source: str) -> tuple[str, ...]:
    """The names that a template reads, sorted. Raises `NotATemplate`."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        # A filter or a test that there is none of is told by the second step only.
        return tuple(sorted(meta.find_undeclared_variables(_environment().parse(source))))
    except TemplateSyntaxError as error:
        raise NotATemplate(error.message or "it can't be read") from error


def same(one: str, other: str) -> bool:
    """Whether two templates say the same of every record: spaces inside the braces don't count."""
    parsed = _environment().parse
    return one == other or parsed(one) == parsed(other)


def render(source: str, values: Mapping[str, Value]) -> str | None:
    """The text for one record, None where a value it prints is blank.

    `values` has every name of `names`. A blank that the template handles itself
    (`{{ title or "someone" }}`) makes nothing blank. Raises `NotATemplate` where it fails.
    """
    template = _compiled(source)
    try:
        # What `render` does, without the traceback that it would dress up for each blank.
        return text("".join(template.root_render_func(template.new_context({**values}))))
    except _Blank:
        return None
    except Exception as error:
        # Whatever somebody's expression runs into for one record is told, and stops no run.
        raise NotATemplate(str(error) or type(error).__name__) from error


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.finalize = _known
    environment.globals.clear()
    return environment


@cache
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


def _known(value: object) -> object:
    """What a template is about to print; blank texts count as blank."""
    if value is None or value == "":
        raise _Blank
    return value
