"""Quoted sources with `{{ ... }}`: which fields they name, and what they say for a record.

Jinja2 in a sandbox without side effects (`allowed.py`); it is imported when the first template is
met, so that checking rules without templates stays fast. Which names are fields is decided in
`rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..connectors.base.values import Value, text

if TYPE_CHECKING:
    from jinja2 import Template, nodes

    from .allowed import Environment


class NotATemplate(ValueError):
    """The template can't be read; the message says why in Jinja2's words."""


def is_template(source: str) -> bool:
    """Whether a quoted source is a template; else it is a constant."""
    return "{{" in source or "{%" in source


def names(source: str) -> tuple[str, ...]:
    """The names that a template reads, sorted. Raises `NotATemplate`."""
    from .allowed import names as found

    return tuple(sorted(found(_parsed(source))))


def refusal(source: str) -> str:
    """What a template holds that none may, as a sentence; "" where all of it is harmless."""
    from .allowed import refusal as found

    return found(_parsed(source))


def same(one: str, other: str) -> bool:
    """Whether two templates say the same of every record: spaces inside the braces don't count."""
    return one == other or _parsed(one) == _parsed(other)


def render(source: str, values: Mapping[str, Value]) -> str | None:
    """The text for one record, None where a value it prints is blank.

    `values` has every name of `names`. A blank that the template handles itself
    (`{{ title or "someone" }}`) makes nothing blank. Raises `NotATemplate` where it fails.
    """
    from jinja2 import UndefinedError

    from .allowed import Blank

    template = _compiled(source)
    try:
        # What `render` does, without the traceback that it would dress up for each blank.
        return text("".join(_limited(template.root_render_func(template.new_context({**values})))))
    except Blank:
        return None
    except Exception as error:
        if isinstance(error, (TypeError, UndefinedError)) and None in values.values():
            return None
        # Whatever somebody's expression runs into for one record is told, and stops no run.
        raise NotATemplate(str(error) or type(error).__name__) from error


def _limited(parts: Iterator[str]) -> Iterator[str]:
    from .allowed import LONGEST, TooMuch

    made = 0
    for part in parts:
        made += len(part)
        if made > LONGEST:
            raise TooMuch(f"it makes more than {LONGEST:,} characters")
        yield part


@cache
def _environment() -> Environment:
    from jinja2 import StrictUndefined

    from .allowed import Environment

    return Environment(undefined=StrictUndefined)


def _parsed(source: str) -> nodes.Template:
    from jinja2 import TemplateSyntaxError

    from .allowed import LONGEST_SOURCE

    if len(source) > LONGEST_SOURCE:
        raise NotATemplate(f"it is longer than {LONGEST_SOURCE:,} characters")
    try:
        # A filter or a test that there is none of is told by the second step only.
        return _environment().parse(source)
    except TemplateSyntaxError as error:
        raise NotATemplate(error.message or "it can't be read") from error
    except (RecursionError, ValueError, OverflowError, MemoryError):
        raise NotATemplate("it is nested too deep, or a number in it is too long") from None


@cache
def _compiled(source: str) -> Template:
    from .allowed import without_concat

    tree = _parsed(source)
    if why := refusal(source):
        raise NotATemplate(why)
    return _environment().from_string(without_concat(tree))
