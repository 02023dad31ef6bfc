"""Stored schemas: what changed between two of them, and writing one for version control.

Knows schemas as data; a connector describes, `project.py` says where files lie. Text for people is
made here too: a table of an object's fields, and a list of differences.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..connectors.base.schema import Field, Object, Schema, from_json, to_json
from ..connectors.base.understood import understood
from ..connectors.base.world import World, moment
from ..errors import SchemaMissing, UsageError
from .systems import nearest

if TYPE_CHECKING:
    from ..dsl.uses import Use
    from .project import Project

Named = TypeVar("Named", Object, Field)

_RIGHTS = {"creatable": "create", "updatable": "change", "deletable": "delete"}
"""Attributes of objects and fields that are rights of the login, and what each lets it do."""
_OWN = frozenset({"name", "fields", "choices", "count"})
"""Compared by themselves, or (the count) no difference: it moves with every record."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of an object, a field of it, a choice of that, or, with none of them, of the
    system's own facts. `attribute` and `detail` say which attribute changed and how."""

    kind: Literal["added", "removed", "changed"]
    object: str = ""
    field: str = ""
    choice: str | None = None
    attribute: str = ""
    detail: str = ""

    @property
    def what(self) -> str:
        """`Object.field: "choice"`, as far as it goes."""
        name = ".".join(part for part in (self.object, self.field) if part) or "the system"
        return name if self.choice is None else f'{name}: "{self.choice}"'

    def __str__(self) -> str:
        return f"{self.kind:8} {self.what}" + (f"  {self.detail}" if self.detail else "")

    @property
    def right(self) -> bool:
        """Whether a right is missing that the login had."""
        return self.attribute in _RIGHTS and self.detail.endswith("-> no")

    def missing(self, login: str) -> str:
        """What the login may no longer do, within a sentence."""
        return f"{login} may no longer {_RIGHTS[self.attribute]} {self.what}"

    @property
    def sentence(self) -> str:
        """The same within a sentence."""
        if self.kind == "changed":
            return f"{self.what} changed ({self.detail})"
        return f"{self.what} was {self.kind}"

    def touches(self, use: Use) -> bool:
        """Whether a rule that rests on this object may have to be another one now. A new choice
        matters where a table must have all, a new field where records can't be made without."""
        if use.object != self.object or self.attribute in ("label", "plural"):
            return False
        if self.attribute == "creatable" and not (self.field or use.makes):
            return False
        if self.choice is not None:
            if self.kind == "added":
                return use.whole and use.field == self.field
            named = use.choices is None or self.choice in use.choices
            return named and use.field == self.field
        if self.field:
            required = self.attribute == "required" and not use.field
            return self.kind != "added" and (use.field == self.field or required)
        if self.attribute == "updatable" and (use.side, use.field) in use.writes:
            return True
        return self.kind == "removed" or (self.kind == "changed" and not use.field)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A schema as it is now, how it differs from the stored one (`first`: there was none), and what
    the project's rules rest on in this system, as far as they pass `check`."""

    schema: Schema
    differences: tuple[Difference, ...]
    first: bool
    uses: tuple[Use, ...] = ()

    @property
    def text(self) -> str:
        """What was found, a line for each difference."""
        name = self.schema.system
        if self.first:
            fields = sum(len(one.fields) for one in self.schema.objects)
            return f"{name}: {_counted(len(self.schema.objects), 'object')}, " + _counted(
                fields, "field"
            )
        if not self.differences:
            return f"{name}: nothing changed"
        lines = [f"{name}: {_counted(len(self.differences), 'difference')}"]
        for one in self.differences:
            lines.append(f"  {one}")
            lines += [f"           {rule}, {place}" for rule, place in self.touched(one)]
        return "\n".join(lines)

    def touched(self, difference: Difference) -> list[tuple[str, str]]:
        """The rules that a difference touches, each with its place."""
        found = {
            (one.rule, f"{one.place.file}:{one.place.line}"): one.place
            for one in self.uses
            if difference.touches(one)
        }
        return sorted(found, key=lambda one: found[one])


def look(project: Project, system: str, world: World) -> Pulled:
    """Asks a system what it has now and compares that with the stored schema; writes nothing."""
    return _against(project.stored_schema(system), project, system, world)


def pull(project: Project, system: str, world: World) -> Pulled:
    """Refreshes `schema/<system>.json`. Where nothing but counts and the time changed, the file
    stays as it is, to the byte; one that can't be read counts as none."""
    try:
        old = project.stored_schema(system)
    except UsageError:
        old = None
    pulled = _against(old, project, system, world)
    if pulled.first or pulled.differences:
        _store(pulled.schema, project.schema_folder)
    return pulled


def whole(described: Schema) -> Schema:
    """The same; `SystemUnavailable` where a part of it is of a kind that can't be stored, and would
    not be read any more."""
    with understood(described.system):
        from_json(json.loads(text_of(described).encode()))
    return described


def _against(old: Schema | None, project: Project, system: str, world: World) -> Pulled:
    new = whole(project.connect(system, world).describe())
    new = replace(new, taken=moment(world.clock.now()))
    found = () if old is None else tuple(differences(old, new))
    return Pulled(new, found, old is None, _uses(project, system) if found else ())


def _uses(project: Project, system: str) -> tuple[Use, ...]:
    """What the rules rest on in a system, as they were checked against the stored schemas; nothing
    where they don't pass."""
    from ..dsl.uses import uses

    try:
        rules = project.check().rules
    except UsageError:
        rules = None
    return tuple(
        use
        for one in (rules.sets if rules else ())
        for use in uses(one)
        if (one.left if use.side == "left" else one.right) == system
    )


def differences(old: Schema, new: Schema) -> list[Difference]:
    """What `new` has, lacks or says otherwise, in the order of names; counts and times left out."""
    found = list(_attributes((), old, new, {"system", "objects", "taken"}))
    for name, before, after in _pairs(old.objects, new.objects):
        if before is None or after is None:
            found.append(Difference(_kind(after), name))
        else:
            found += _attributes((name,), before, after, _OWN)
            found += _fields(name, before, after)
    return found


def text_of(schema: Schema) -> str:
    """The schema file: JSON, objects and fields sorted by name, one attribute a line."""
    objects = tuple(
        replace(one, fields=tuple(sorted(one.fields, key=lambda each: each.name)))
        for one in sorted(schema.objects, key=lambda one: one.name)
    )
    data = to_json(replace(schema, objects=objects))
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _store(schema: Schema, folder: Path) -> None:
    path = folder / f"{schema.system}.json"
    draft = path.with_suffix(".json.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(text_of(schema), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} can't be written", why=error.strerror or str(error)) from None


def fields_table(item: Object) -> str:
    """The fields of an object for people: name, type, rights, and what else is known of each."""
    rows = [("FIELD", "TYPE", "WRITE", "")]
    for one in sorted(item.fields, key=lambda each: each.name):
        rows.append((one.name, type_of(one), _rights(one), _more(one)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]
        ).rstrip()
        for row in rows
    )


def fields_json(item: Object) -> dict[str, Any]:
    """The same for scripts, in the shape of the schema file."""
    schema = Schema("", "", "", (item,))
    return dict(to_json(schema)["objects"][0])


def type_of(one: Field) -> str:
    """A field's type in a few words: `text 80`, `reference to Account`."""
    if one.type == "reference":
        return f"reference to {' or '.join(one.references)}" if one.references else "reference"
    words: list[str] = [one.format or one.type]
    if one.length is not None:
        words.append(str(one.length))
    return " ".join(words)


def stored_object(project: Project, system: str, name: str) -> Object:
    """An object of a stored schema; `UsageError` names the nearest where there is none."""
    project.system(system)
    stored = project.stored_schema(system)
    if stored is None:
        raise SchemaMissing(
            f"the schema of {system} was never pulled", fix=f"run `syncrules schema pull {system}`"
        )
    if name not in stored.by_name:
        raise UsageError(
            f"{system} has no object `{name}`",
            why="this login sees none in schema/" + f"{system}.json",
            fix=nearest(name, stored.by_name, "it has " + ", ".join(sorted(stored.by_name))),
        )
    return stored.by_name[name]


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _rights(one: Field) -> str:
    if one.derived:
        return "derived"
    if one.creatable and one.updatable:
        return "required" if one.required else "yes"
    if one.creatable:
        return "on create"
    return "on update" if one.updatable else "no"


def _more(one: Field) -> str:
    parts = [one.label] if one.label and one.label.lower() != one.name.lower() else []
    active = [f'"{choice.value}"' for choice in one.choices if choice.active]
    shown = active[:8] + ([f"and {len(active) - 8} more"] if len(active) > 8 else [])
    if shown:
        parts.append(" ".join(shown))
    return "; ".join(parts)


def _fields(name: str, old: Object, new: Object) -> Iterator[Difference]:
    for field, before, after in _pairs(old.fields, new.fields):
        if before is None or after is None:
            yield Difference(_kind(after), name, field)
            continue
        yield from _attributes((name, field), before, after, _OWN)
        earlier = {one.value: one for one in before.choices}
        later = {one.value: one for one in after.choices}
        for value in sorted(earlier.keys() | later.keys()):
            if value in earlier and value in later:
                where = (name, field, value)
                yield from _attributes(where, earlier[value], later[value], frozenset())
            else:
                yield Difference(_kind(later.get(value)), name, field, value)


def _kind(after: object) -> Literal["added", "removed"]:
    return "removed" if after is None else "added"


def _pairs(
    old: Iterable[Named], new: Iterable[Named]
) -> Iterator[tuple[str, Named | None, Named | None]]:
    before = {one.name: one for one in old}
    after = {one.name: one for one in new}
    for name in sorted(before.keys() | after.keys()):
        yield name, before.get(name), after.get(name)


def _attributes(
    where: tuple[str, ...], old: Any, new: Any, without: Iterable[str]
) -> Iterator[Difference]:
    """Attributes that changed; `where` is an object, a field and a choice, as far as it goes."""
    for one in fields(old):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if one.name not in without and before != after:
            detail = f"{one.name}: {_shown(before)} -> {_shown(after)}"
            place = dict(zip(("object", "field", "choice"), where, strict=False))
            yield Difference("changed", **place, attribute=one.name, detail=detail)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
