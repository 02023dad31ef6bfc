"""What stands in the block of a `push` or a `pull` besides keys and a source: what stops it, what
stands in for a reference, what follows when a record ends.

Each function gives the typed part, or findings. Keys and their tie-breakers belong to the pair and
are known later (`pairs.py`); what the parts do to a record is the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..connectors.base.schema import Field, Object
from . import templates, tree
from .bound import Bound, Said, place
from .checks import never_told, only_for_activities
from .clauses import Clauses
from .finding import Further
from .names import find_field, object_like, text_of
from .rules import Event, Place, Side, StandIn, Tie
from .types import KINDS
from .written import literal, template_reads


def stop(bound: Bound, file: tree.File, node: tree.Move, clauses: Clauses) -> Said | None:
    """The condition of `stop when`, None where there is none or it was lost to a finding."""
    written = [one for one in node.block if isinstance(one, tree.Stop)]
    once(bound, file, written, "stop")
    if not written:
        return None
    condition = clauses.condition(written[0].condition)
    return None if condition is None else Said("stop", condition, written[0].condition)


def once(bound: Bound, file: tree.File, written: Sequence[tree.Setting], word: str) -> None:
    """A setting that a block can have once stands there once."""
    for extra in written[1:]:
        bound.report.add(
            "syntax",
            file,
            extra.span,
            f"`{word}` stands twice in one block",
            further=(Further(file.path, written[0].span, "first here"),),
            help="keep one of the two",
        )


# ---- what stands in for a reference ----------------------------------------------------------


def stand_ins(
    bound: Bound, file: tree.File, node: tree.Move, source: Object, target: Object
) -> tuple[StandIn, ...]:
    """The written ones; what an object has without a word is `own_stand_in`."""
    found: list[StandIn] = []
    first: dict[str, tree.Span] = {}
    for one in node.block:
        if not isinstance(one, tree.StandIn):
            continue
        if one.field.text in first:
            further = (Further(file.path, first[one.field.text], "first here"),)
            title = f"`{one.field.text}` has two that stand in for it"
            help = "keep one of the two"
            bound.report.add("syntax", file, one.span, title, further=further, help=help)
            continue
        first[one.field.text] = one.span
        made = _stand_in(bound, file, node, one, source, target)
        if made is not None:
            found.append(made)
    return tuple(found)


def own_stand_in(
    bound: Bound, where: Place, side: Side, source: Object, target: Object
) -> StandIn | None:
    """What an object without a reference to accounts has without a word: the account of its
    address's domain. `side` is the target's."""
    if not source.account_by:
        return None
    for field in target.fields:
        known = _known_by_domain(bound, side, field)
        if known is not None and (field.creatable or field.updatable):
            thing, key = known
            text = f"{field.name} by domain of {source.account_by}"
            return StandIn(where, text, field.name, thing.name, key, source.account_by)
    return None


def _stand_in(
    bound: Bound,
    file: tree.File,
    node: tree.Move,
    one: tree.StandIn,
    source: Object,
    target: Object,
) -> StandIn | None:
    side: Side = "right" if node.direction == "push" else "left"
    if one.function.text != "domain":
        bound.report.add(
            "syntax",
            file,
            one.function.span,
            f"`{one.function.text} of` can't stand in for a reference",
            help=f"write `{one.field.text} by domain of {one.path}`",
            fix="domain",
        )
        return None
    field = find_field(bound.report, file, target, one.field)
    address = _address(bound, file, one.path, source)
    if field is None or address is None:
        return None
    known = _known_by_domain(bound, side, field)
    if known is None:
        bound.report.add(
            "wrong-type",
            file,
            one.field.span,
            f"`{target.name}.{field.name}` is {KINDS[field.type]}, and no object that is known by "
            "its domain",
            help="name the reference to an account",
        )
        return None
    thing, key = known
    found = [
        tie(bound, file, each, *((None, thing) if side == "right" else (thing, None)))
        for each in one.ties
    ]
    ties = tuple(each for each in found if each is not None)
    if len(ties) < len(found):
        return None
    where, text = place(file, one.span), file.text(one.span)
    return StandIn(where, text, field.name, thing.name, key, address.name, ties)


def _address(bound: Bound, file: tree.File, path: tree.Path, source: Object) -> Field | None:
    if len(path.parts) > 1:
        title = f"`{path}` is no field of `{source.name}` itself"
        help = "name a field of the record that the rule reads, without a dot"
        bound.report.add("unknown-field", file, path.span, title, help=help)
        return None
    field = find_field(bound.report, file, source, path.parts[0])
    if field is not None and field.type != "text":
        title = f"`domain of` needs an address, and `{field.name}` is {KINDS[field.type]}"
        bound.report.add("wrong-type", file, path.span, title, help="name an email field")
        return None
    return field


def _known_by_domain(bound: Bound, side: Side, field: Field) -> tuple[Object, str] | None:
    """The object that a reference leads to and the field that holds its domain."""
    if field.type != "reference":
        return None
    schema = bound.schema(side)
    for name in field.references:
        thing = schema.by_name.get(name)
        if thing is None or thing.thing in ("person", "user", "activity"):
            continue
        names = [*thing.keys, *(one.name for one in thing.fields)]
        for wanted in ("domain", "url"):
            for each in names:
                if each in thing.by_name and thing.by_name[each].format == wanted:
                    return thing, each
    return None


# ---- which of several candidates -------------------------------------------------------------


def tie(
    bound: Bound,
    file: tree.File,
    node: tree.Tie,
    left: Object | None,
    right: Object | None,
    partners: dict[str, str] | None = None,
) -> Tie | None:
    """A tie-breaker over candidates of `left` or `right` (None: there are none on that side).
    `partners` gives the right field that a row moves a left one to."""
    things: dict[Side, Object] = {}
    if left is not None:
        things["left"] = left
    if right is not None:
        things["right"] = right
    if node.word in ("oldest", "newest"):
        fields = {side: one.created for side, one in things.items()}
        if not any(fields.values()):
            named = " or ".join(f"`{one.name}`" for one in things.values())
            _no_tie(bound, file, node, f"nothing tells when a {named} was made")
            return None
        return Tie(node.word, fields.get("left", ""), fields.get("right", ""))
    assert node.name is not None
    if node.word == "most":
        return _most(bound, file, node, node.name, things)
    return _same(bound, file, node, node.name, things, partners)


def _most(
    bound: Bound, file: tree.File, node: tree.Tie, name: tree.Name, things: dict[Side, Object]
) -> Tie | None:
    """`most contacts first`: an object of each side whose reference leads to the candidates."""
    found: dict[Side, str] = {}
    for side, candidate in things.items():
        counted = object_like(bound.schema(side), name.text)
        via = counted and next(
            (one.name for one in counted.fields if candidate.name in one.references), ""
        )
        if counted and via:
            found[side] = f"{counted.name}.{via}"
    if not found:
        named = " or ".join(f"`{one.name}`" for one in things.values())
        _no_tie(bound, file, node, f"no `{name.text}` refer to {named}")
        return None
    return Tie("most", found.get("left", ""), found.get("right", ""))


def _same(
    bound: Bound,
    file: tree.File,
    node: tree.Tie,
    name: tree.Name,
    things: dict[Side, Object],
    partners: dict[str, str] | None,
) -> Tie | None:
    """`same owner first`: a reference of both sides that a row moves."""
    if partners is None:
        title = "`same ... first` compares two records that may be linked, and an account has none"
        _no_tie(bound, file, node, title)
        return None
    field = find_field(bound.report, file, things["left"], name)
    if field is None:
        return None
    partner = partners.get(field.name, "")
    if field.type != "reference" or not partner:
        _no_tie(bound, file, node, f"no row moves `{name.text}` as a reference")
        return None
    return Tie("same", field.name, partner)


def _no_tie(bound: Bound, file: tree.File, node: tree.Tie, title: str) -> None:
    help = "write `oldest first`, `newest first`, `most contacts first` or `same owner first`"
    bound.report.add("unknown-tie", file, node.span, title, help=help)


# ---- what follows when a record ends ---------------------------------------------------------


def events(
    bound: Bound, file: tree.File, node: tree.Move, source: Object, target: Object
) -> tuple[Event, ...]:
    """What the block says under `on`."""
    found: list[Event] = []
    first: dict[str, tree.Span] = {}
    for one in node.block:
        if not isinstance(one, tree.Event):
            continue
        if one.on in first:
            further = (Further(file.path, first[one.on], "first here"),)
            title = f"`on {one.on}` stands twice in one block"
            help = "keep one of the two"
            bound.report.add("syntax", file, one.span, title, further=further, help=help)
            continue
        first[one.on] = one.span
        if one.on == "cancel" and source.thing != "activity":
            only_for_activities.report(bound.report, file, one.span, "on cancel", source)
            continue
        if one.on == "delete" and source.untold:
            system = bound.system("left" if node.direction == "push" else "right")
            never_told.report(bound.report, file, one.span, system, source)
        made = _event(bound, file, one, source, target)
        if made is not None:
            found.append(made)
    return tuple(found)


def _event(
    bound: Bound, file: tree.File, one: tree.Event, source: Object, target: Object
) -> Event | None:
    where = place(file, one.span)
    if one.action == "delete" and not target.deletable:
        bound.report.add(
            "read-only-field",
            file,
            one.span,
            f"{bound.report.login(target)} can't delete records of `{target.name}`",
            help="write `unlink`, or `mark FIELD TEXT`",
        )
        return None
    if one.action != "mark":
        return Event(where, one.on, one.action)
    assert one.field is not None
    assert one.text is not None
    field = find_field(bound.report, file, target, one.field)
    text = text_of(bound.report, file, one.text, field)
    if field is None or text is None or not isinstance(one.text, tree.Text):
        return None
    if field.derived or not field.updatable:
        login = bound.report.login(target)
        title = f"`{target.name}.{field.name}` can't be written by {login}"
        help = "mark another field"
        bound.report.add("read-only-field", file, one.field.span, title, help=help)
        return None
    if templates.is_template(text):
        reads = template_reads(bound, file, one.text, source, field)
        return None if reads is None else Event(where, one.on, "mark", field.name, text, reads)
    value = literal(bound, file, one.text, field)
    return None if value is None else Event(where, one.on, "mark", field.name, str(value))


def add_people(bound: Bound, file: tree.File, node: tree.Move, source: Object) -> bool:
    """Whether the block says `add unknown people`."""
    written = [one for one in node.block if isinstance(one, tree.AddPeople)]
    once(bound, file, written, "add unknown people")
    if written and source.thing != "activity":
        span = written[0].span
        only_for_activities.report(bound.report, file, span, "add unknown people", source)
    return bool(written)
