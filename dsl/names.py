"""Names and values of a rule file, looked up in the systems' schemas: found, or a finding.

Each function returns None after it has reported, and whoever asked says no more: one cause,
one finding. What may stand beside what is decided in `clauses.py` and `types.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from ..connectors.base.schema import Field, Object, Schema
from . import tree
from .bound import Report, login_of
from .habits import BLANK
from .nearest import nearest, singular

_SLIP = 0.85
"""Likeness from which on a name is surely a known one with a slip."""


def find_system(
    report: Report, file: tree.File, schemas: Mapping[str, Schema], name: tree.Name
) -> Schema | None:
    """The schema of a system of the project."""
    if name.text in schemas:
        return schemas[name.text]
    near = nearest(name.text, schemas)
    known = ", ".join(f"`{one}`" for one in sorted(schemas)) or "none"
    report.add(
        "unknown-system",
        file,
        name.span,
        f"this project has no system `{name.text}`",
        note=f"systems with a schema: {known}",
        help=f"did you mean `{near}`?"
        if near
        else f"add `[systems.{name.text}]` to syncrules.toml and run `syncrules schema pull`",
        fix=near or None,
    )
    return None


def find_object(
    report: Report, file: tree.File, schema: Schema, system: str, name: tree.Name
) -> Object | None:
    """An object, by the letters of its name."""
    found = schema.by_name.get(name.text)
    if found is None:
        labels = {one.name: one.label for one in schema.objects}
        near = nearest(name.text, schema.by_name, labels)
        report.add(
            "unknown-object",
            file,
            name.span,
            f"`{system}` has no object `{name.text}`",
            note=_missing("object", name.text, near, login_of(schema)),
            help=f"did you mean `{near}`?" if near else f"objects: {_list(schema.by_name)}",
            fix=near or None,
        )
    return found


def object_like(schema: Schema, word: str) -> Object | None:
    """An object by its name, label or plural, in any letter case; None where there is none."""
    wanted = {word.casefold(), singular(word.casefold())}
    for one in schema.objects:
        names = (one.name, one.label, one.plural)
        if wanted & {each.casefold() for each in names if each}:
            return one
    return None


def find_field(
    report: Report,
    file: tree.File,
    thing: Object,
    name: tree.Name,
    *,
    help: str = "",
    make: str = "",
) -> Field | None:
    """A field of an object, by the letters of its name. `make` is the command that creates it, for
    where no other can be meant."""
    found = thing.by_name.get(name.text)
    if found is None:
        near = near_field(thing, name.text)
        report.add(
            "unknown-field",
            file,
            name.span,
            f"`{thing.name}` has no field `{name.text}`",
            note=_missing("field", name.text, near, report.login(thing)),
            help=help or (f"did you mean `{near}`?" if near else _look(thing, make)),
            fix=near if near and not help else None,
        )
    return found


def _missing(kind: str, wrong: str, near: str, login: str) -> str:
    """Why a name may be unknown that is spelt rightly; "" for one that is surely a slip."""
    from difflib import SequenceMatcher

    known = login != "this login"
    slip = near and SequenceMatcher(None, wrong.lower(), near.lower()).ratio() >= _SLIP
    if slip or (near and not known):
        return ""
    return f"the {kind} doesn't exist, or is not visible to {login}"


def near_field(thing: Object, wrong: str) -> str:
    """The field most likely meant, "" where none is near."""
    return nearest(wrong, thing.by_name, {one.name: one.label for one in thing.fields})


def find_choice(
    report: Report, file: tree.File, field: Field, word: tree.Text, *, written: bool = False
) -> str | None:
    """A value of a choice, letter for letter. `written` asks that records may still get it."""
    found = next((one for one in field.choices if one.value == word.value), None)
    if found is not None and (found.active or not written):
        return found.value
    if found is not None:
        title, near = f"`{field.name}` no longer takes {quoted(word.value)}", ""
    else:
        title = f"`{field.name}` has no value {quoted(word.value)}"
        values = [one.value for one in field.choices]
        near = nearest(word.value, values, {one.value: one.label for one in field.choices})
    report.add(
        "unknown-value",
        file,
        word.span,
        title,
        help=f"did you mean {quoted(near)}?" if near else f"values: {values_of(field)}",
        fix=quoted(near) if near else None,
    )
    return None


def values_of(field: Field) -> str:
    """The values of a choice as one writes them, some of many."""
    known = [quoted(one.value) for one in field.choices if one.active]
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return ", ".join(known[:8]) + more if known else "none"


def text_of(report: Report, file: tree.File, word: tree.Word, field: Field | None) -> str | None:
    """A text in quotes; a finding for anything else where only a text can stand."""
    if isinstance(word, tree.Text):
        return word.value
    if isinstance(word, tree.Name):
        needs_quotes(report, file, word, field)
    else:
        written = file.text(word.span)
        report.add(
            "wrong-type",
            file,
            word.span,
            f"`{written}` is no text",
            help=f"write {quoted(written)}",
            fix=quoted(written),
        )
    return None


def is_day(report: Report, file: tree.File, word: tree.Day) -> bool:
    """Whether there is such a day; a finding where there is none."""
    try:
        date.fromisoformat(word.value)
    except ValueError:
        title, help = f"there is no day {word.value}", "write a day of the calendar"
        report.add("wrong-type", file, word.span, title, help=help)
        return False
    return True


def needs_quotes(
    report: Report,
    file: tree.File,
    word: tree.Name,
    field: Field | None,
    *,
    blank: bool = False,
) -> None:
    """A bare name stands where a value belongs; with `blank` that could be `blank`, too."""
    values = [one.value for one in field.choices] if field is not None else []
    meant = nearest(word.text, values) or word.text
    help, fix = f"write {quoted(meant)}", quoted(meant)
    if blank and word.text.lower() in BLANK and meant == word.text:
        help, fix = "write `blank`", "blank"
    report.add(
        "needs-quotes",
        file,
        word.span,
        f"`{word.text}` is a name here, and a value is wanted",
        note="text in quotes is a value, a word without quotes is the name of a field",
        help=help,
        fix=fix,
    )


def quoted(value: str) -> str:
    """A text as one writes it in a rule."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _look(thing: Object, make: str) -> str:
    names = _list(thing.by_name)
    known = (
        f"`{thing.name}` has {names}"
        if len(thing.fields) <= 8
        else (f"`syncrules schema show SYSTEM {thing.name}` lists its fields")
    )
    return f"{known}; `{make}` makes a new one" if make else known


def _list(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return ", ".join(f"`{one}`" for one in known[:8]) + more if known else "none"
