"""The table of conversions: which value of one field may become a value of another, and how.

`conversion` is asked once for each row when rules are checked, `convert` for each value when they
run. Nothing here loses anything: what would is refused, by the table or for the single value.
Which records a reference leads to is not known here; the engine finds them by links.
"""

from __future__ import annotations

from collections.abc import Callable

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Field
from ..connectors.base.values import Value, domain
from .conditions import day_of, noon_of
from .shorten import shorten


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no value of the one field may become a value of the other, and what to write instead."""

    why: str
    help: str = ""


class Unfit(ValueError):
    """One value that does not fit its target: the field is left out, the rest of the record moves.

    `code` is `too-long`, `not-a-choice`, `out-of-range`, `not-whole` or `several-choices`. `held`
    is the value that the target takes no longer, and may hold from before.
    """

    def __init__(self, code: str, message: str, held: Value = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.held = held


def conversion(source: Field, target: Field) -> str | Refusal:
    """The name of the conversion for `convert`, or why there is none.

    `same`, `text`, `number`, `domain`, `day of moment`, `choice` (to the target's spelling),
    `choices`, `set` (one choice to a set of one), `single` (a set of one to a choice), `joined`
    (choices to a text), `reference` (between linked records; `user` is decided by who knows the
    objects).
    """
    if "other" in (source.type, target.type):
        odd = source if source.type == "other" else target
        why = f"no row can move `{odd.name}`: its values have no simple form"
        return Refusal(why, "map another field")
    if target.type == "id":
        return Refusal(f"`{target.name}` is given by its system", "map another field")
    if "reference" in (source.type, target.type):
        return _reference(source, target)
    if target.type == "text":
        return _to_text(source, target)
    if target.type in ("choice", "choices"):
        return _to_choice(source, target)
    if source.type == target.type:
        return "number" if target.type == "number" else "same"
    if (source.type, target.type) == ("datetime", "date"):
        return "day of moment"
    return Refusal(
        f"{KINDS[source.type]} can't become {KINDS[target.type]}", _other_way(source, target)
    )


def convert(
    name: str,
    value: Value,
    source: Field,
    target: Field,
    zone: str = "UTC",
    truncate: bool = False,
) -> Value:
    """A value of `source` in the form of `target`; a blank stays blank. Raises `Unfit`.

    `name` is from `conversion`, or `table` for a value that a value table gave, or `user`, or, in a
    standard row alone, `noon of day`.
    References come back as they are: the engine puts the linked record's id. `zone` is the team's
    time zone (an IANA name), which decides the day of a moment. With `truncate` a text that is too
    long is shortened.
    """
    if value is None:
        return None
    if name == "day of moment":
        return day_of(value, zone)
    if name == "noon of day":
        return _noon(value, zone)
    formed = _FORMS.get(name, _same)(value)
    if truncate and isinstance(formed, str) and target.type == "text" and target.length:
        formed = shorten(formed, target.length)
    return _fit(formed, target)


def _noon(value: Value, zone: str) -> Value:
    try:
        return noon_of(value, zone)
    except (ValueError, OverflowError):
        raise Unfit("out-of-range", f"{value} is no day that a moment can have") from None


KINDS = {
    "id": "an id",
    "text": "a text",
    "number": "a number",
    "boolean": "a yes-or-no",
    "date": "a date",
    "datetime": "a moment",
    "choice": "a choice",
    "choices": "a multiple choice",
    "reference": "a reference",
    "other": "a value without a simple form",
}
"""What people call the types of `schema.FieldType`, with the article."""


def spelled(value: str, field: Field) -> str | None:
    """The field's own spelling of a choice, letter case and outer spaces aside; None: no choice."""
    wanted = value.strip().casefold()
    for one in field.choices:
        if one.value == value:
            return one.value
    return next((one.value for one in field.choices if one.value.casefold() == wanted), None)


def _same(value: Value) -> Value:
    return value


def _as_text(value: Value) -> Value:
    if isinstance(value, float):
        from decimal import Decimal

        written = f"{Decimal(repr(value)):f}"
        return written.rstrip("0").rstrip(".") if "." in written else written
    return str(value)


def _joined(value: Value) -> Value:
    return "; ".join(value) if isinstance(value, tuple) else value


def _set(value: Value) -> Value:
    return (value,) if isinstance(value, str) else value


def _single(value: Value) -> Value:
    if not isinstance(value, tuple):
        return value
    if len(value) > 1:
        raise Unfit("several-choices", f"{len(value)} choices don't fit where one is wanted")
    return value[0] if value else None


_FORMS: dict[str, Callable[[Value], Value]] = {
    "text": _as_text,
    "domain": domain,
    "joined": _joined,
    "set": _set,
    "single": _single,
}


def _fit(value: Value, target: Field) -> Value:
    """The value as the target takes it: its length, its choices, its range."""
    if value is None or target.type == "reference":
        return value
    if target.type == "choice" and isinstance(value, str):
        return _choice(value, target)
    if target.type == "choices" and isinstance(value, tuple):
        return tuple(sorted({_choice(one, target) for one in value}))
    if isinstance(value, str) and target.type == "text":
        if target.length is not None and len(value) > target.length:
            raise Unfit(
                "too-long", f"{len(value)} characters, and `{target.name}` takes {target.length}"
            )
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value, target)
    elif isinstance(value, str) and target.whole_seconds:
        return f"{value[:19]}.000Z"
    return value


def _choice(value: str, target: Field) -> str:
    found = spelled(value, target)
    if found is None and target.restricted:
        raise Unfit("not-a-choice", f"`{target.name}` has no value {value!r}")
    if target.restricted and not any(one.value == found and one.active for one in target.choices):
        told = f"`{target.name}` takes {value!r} no longer: it is inactive"
        raise Unfit("not-a-choice", told, found)
    return found or value


def _number(value: int | float, target: Field) -> int | float:
    if target.format == "integer" and isinstance(value, float) and not value.is_integer():
        raise Unfit("not-whole", f"`{target.name}` takes whole numbers, not {value}")
    if target.length is not None and abs(value) >= 10**target.length:
        raise Unfit("out-of-range", f"`{target.name}` takes {target.length} digits, not {value}")
    return value


def _reference(source: Field, target: Field) -> str | Refusal:
    if source.type == target.type:
        return "reference"
    return Refusal(
        f"{KINDS[source.type]} can't become {KINDS[target.type]}",
        "a reference goes only to a reference, between records that are linked",
    )


def _to_text(source: Field, target: Field) -> str | Refusal:
    if source.type == "boolean":
        return Refusal("a yes-or-no goes only to a yes-or-no", "map a field of the same type")
    if target.format == "email" and source.type != "text":
        return Refusal(f"{KINDS[source.type]} is no email address", "map a field that holds one")
    if source.type == "choices":
        return "joined"
    if source.type != "text":
        return "text"
    if target.format == "domain" and source.format == "url":
        return "domain"
    return "same"


def _to_choice(source: Field, target: Field) -> str | Refusal:
    table = f"write a table of values: `map OBJECT {source.name} with OBJECT.{target.name} {{ }}`"
    if source.type not in ("text", "choice", "choices"):
        why = f"{KINDS[source.type]} can't become {KINDS[target.type]}"
        return Refusal(why, "map a field of the same type")
    if source.type == "text":
        if target.type == "choice" and not target.restricted:
            return "choice"
        why = f"a text may be none of the values that `{target.name}` takes"
        return Refusal(why, "map a field that is a choice, too")
    if target.restricted:
        missing = [
            one.value for one in source.choices if one.active and spelled(one.value, target) is None
        ]
        if missing or not source.choices:
            named = ", ".join(f'"{one}"' for one in missing[:3]) or "any value"
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            return Refusal(f"`{target.name}` doesn't take {named}{more}", table)
    if target.type == "choices":
        return "choices" if source.type == "choices" else "set"
    return "choice" if source.type == "choice" else "single"


def _other_way(source: Field, target: Field) -> str:
    if source.type == "date" and target.type == "datetime":
        return "a date has no time of day; a moment may go to a date, not the reverse"
    if source.type == "text":
        return "a text may hold anything; map a field of the same type"
    return "map a field of the same type"
