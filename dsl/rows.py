"""The rows of `map OBJECT with TARGETS { ... }`: one typed row for each target it writes or reads.

Knows what stands on the sides of an arrow, what modifiers mean, and asks `types.py` whether values
can go that way. Tables of values are `tables.py`; whether two rows fight is told by `checks/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Field, Object
from . import templates, tree
from .bound import Bound, BoundMap, BoundRow, Placed, Winner, place
from .checks import no_winner
from .finding import Further
from .names import find_field, find_object
from .nearest import nearest
from .references import reference_kind
from .rules import Direction, RowRule, Side
from .types import KINDS, Refusal, conversion
from .written import literal, template_reads

DIRECTIONS: dict[str, Direction] = {"->": "push", "<-": "pull", "<->": "both"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, and what it says whichever target it is for."""

    bound: Bound
    file: tree.File
    node: tree.Row
    left: Object
    direction: Direction
    prefer: Winner
    flags: frozenset[str]
    default: tree.Default | None


def map_fields(bound: Bound, placed: Placed, node: tree.MapFields) -> None:
    """Add the map's rows to `bound`, or findings."""
    file = placed.file
    if turned_round(bound, file, node.object, node.targets):
        bound.lost_all = True
        return
    left = find_object(bound.report, file, bound.left, bound.left_name, node.object)
    found = [
        find_object(bound.report, file, bound.right, bound.right_name, one) for one in node.targets
    ]
    targets = [one for one in found if one is not None]
    if left is None or len(targets) < len(found):
        bound.lost_all = True
    if left is None:
        return
    pairs = tuple((left.name, one.name) for one in targets)
    bound.maps.append(BoundMap(file, node.span, pairs))
    if file.lost_rows_of(node.span):
        bound.lost_rows.update(pairs)
    for row in node.rows:
        _row(bound, placed, row, left, targets)


def turned_round(
    bound: Bound, file: tree.File, thing: tree.Name, targets: Sequence[tree.Name]
) -> bool:
    """The objects of a map stand on each other's side; reports it."""
    left, right = bound.left.by_name, bound.right.by_name
    if thing.text in left or thing.text not in right:
        return False
    if any(one.text in right or one.text not in left for one in targets):
        return False
    named = ", ".join(f"`{one.text}`" for one in targets)
    bound.report.add(
        "unknown-object",
        file,
        thing.span.to(targets[-1].span),
        f"`{thing.text}` belongs to `{bound.right_name}`, and {named} to `{bound.left_name}`",
        note=f"a map names the object of `{bound.left_name}` first",
        help=f"write `map {targets[0].text} with {thing.text}`, and turn what is below round",
    )
    return True


def winner(bound: Bound, file: tree.File, node: tree.Prefer) -> Winner:
    """Who wins by a `prefer`; `lost` after a finding."""
    who = node.who.text
    if who == "latest":
        return "latest"
    if who == bound.left_name:
        return "left"
    if who == bound.right_name:
        return "right"
    known = (bound.left_name, bound.right_name, "latest")
    near = nearest(who, known)
    bound.report.add(
        "unknown-winner",
        file,
        node.who.span,
        f"`{who}` can't win: it is neither of the two systems",
        help=f"did you mean `{near}`?" if near else f"write `{known[0]}`, `{known[1]}` or `latest`",
        fix=near or None,
    )
    return "lost"


def _row(bound: Bound, placed: Placed, node: tree.Row, left: Object, targets: list[Object]) -> None:
    row = _modifiers(bound, placed, node, left)
    chosen = _targets(row, targets)
    if chosen is None or not _source_side(row):
        lost = targets if chosen is None else chosen
        bound.lost_rows.update((left.name, one.name) for one in lost)
        return
    left_field = _left(row, chosen)
    done = False
    for target in chosen:
        done = _bind(row, left_field, target, _right(row, target, chosen))
        if not done:
            bound.lost_rows.update((left.name, one.name) for one in chosen)
            break
    if done and row.direction == "both" and row.prefer is None:
        no_winner.report(bound.report, row.file, node.arrow_span)


def _source_side(one: _Row) -> bool:
    """A quoted source stands where the arrow comes from, and nowhere else."""
    row = one.node
    quoted_sides = [side for side in (row.left, row.right) if isinstance(side, tree.Text)]
    if not quoted_sides:
        return True
    fine = (row.arrow == "->" and isinstance(row.right, tree.Path)) or (
        row.arrow == "<-" and isinstance(row.left, tree.Path)
    )
    if not fine:
        both = len(quoted_sides) == 2
        arrow = "->" if isinstance(row.left, tree.Text) else "<-"
        one.bound.report.add(
            "one-way-template",
            one.file,
            quoted_sides[1].span if both else row.arrow_span,
            "a text can't be written into a text"
            if both
            else "a quoted source goes one way only, from the quotes to the field",
            help="name the field on one side" if both else f"write `{arrow}`",
            fix=None if both else arrow,
        )
    return fine


def _targets(one: _Row, targets: list[Object]) -> list[Object] | None:
    """The targets a row is for: all, or the one before its dot."""
    row = one.node
    if isinstance(row.right, tree.Text) or len(row.right.parts) == 1:
        return targets
    name = row.right.parts[0]
    found = [each for each in targets if each.name == name.text]
    if found and len(row.right.parts) > 2:
        one.bound.report.add(
            "unknown-field",
            one.file,
            row.right.span,
            f"`{row.right}` is no field of `{name.text}` itself",
            help="a row moves fields of the records that are linked; name one of these",
        )
        return None
    if not found:
        names = ", ".join(f"`{each.name}`" for each in targets)
        near = nearest(name.text, [each.name for each in targets])
        one.bound.report.add(
            "unknown-object",
            one.file,
            name.span,
            f"`{name.text}` is no target of this map",
            note="before the dot stands the target that the row is for",
            help=f"did you mean `{near}`?" if near else f"targets: {names}",
            fix=near or None,
        )
        return None
    return found


def _left(row: _Row, chosen: list[Object]) -> Field | None:
    path = row.node.left
    if isinstance(path, tree.Text):
        return None
    if len(path.parts) == 2 and path.parts[0].text == row.left.name:
        begin, end = path.parts[0].span, path.parts[1].span
        row.bound.report.add(
            "unknown-field",
            row.file,
            tree.Span(begin.line, begin.column, end.line, end.column),
            f"`{row.left.name}` is the record itself",
            help=f"write `{path.parts[1].text}` alone",
            fix="",
        )
        return None
    if len(path.parts) > 1:
        row.bound.report.add(
            "unknown-field",
            row.file,
            path.span,
            f"`{path}` is no field of `{row.left.name}` itself",
            help="a row moves fields of the records that are linked; name one without a dot",
        )
        return None
    make = _command(row, "left", row.left, path.parts[0].text, _there(row, chosen))
    return find_field(row.bound.report, row.file, row.left, path.parts[0], make=make)


def _right(row: _Row, target: Object, chosen: list[Object]) -> Field | None:
    path = row.node.right
    if isinstance(path, tree.Text):
        return None
    name = path.parts[-1]
    others = [one for one in chosen if name.text in one.by_name]
    if name.text not in target.by_name and others:
        narrowed = f"{others[0].name}.{name.text}"
        row.bound.report.add(
            "unknown-field",
            row.file,
            name.span,
            f"`{target.name}` has no field `{name.text}`, and this map is for it, too",
            help=f"narrow the row to one target: `{narrowed}`",
            fix=narrowed,
        )
        return None
    given = row.node.left
    other = None if isinstance(given, tree.Text) else row.left.by_name.get(given.parts[-1].text)
    make = _command(row, "right", target, name.text, other)
    return find_field(row.bound.report, row.file, target, name, make=make)


def _there(row: _Row, chosen: list[Object]) -> Field | None:
    """The right field of a row, of the first target that has it."""
    path = row.node.right
    name = "" if isinstance(path, tree.Text) else path.parts[-1].text
    return next((one.by_name[name] for one in chosen if name in one.by_name), None)


def _command(row: _Row, side: Side, thing: Object, name: str, other: Field | None) -> str:
    """What creates a custom field of that name, of the type of the field at its other end; ""
    where nobody can make one like it."""
    if not (thing.creatable or thing.updatable):
        return ""
    kind = "text"
    if other is not None:
        if other.type in ("id", "reference", "other"):
            return ""
        kind = other.format if other.format not in ("", "domain", "rich") else other.type
        if other.type == "text" and other.length:
            kind += f" {other.length}"
    label = " ".join(name.removesuffix("__c").replace("_", " ").split())
    label = label[:1].upper() + label[1:]
    system = row.bound.system(side)
    return f'syncrules fields add {system} {thing.name} "{label}" --type "{kind}"'


def _modifiers(bound: Bound, placed: Placed, row: tree.Row, left: Object) -> _Row:
    prefer, own = placed.prefer, False
    flags: set[str] = set()
    default: tree.Default | None = None
    seen: dict[str, tree.Span] = {}
    for one in row.modifiers:
        word = one.word if isinstance(one, tree.Flag) else type(one).__name__.lower()
        if word in seen:
            bound.report.add(
                "syntax",
                placed.file,
                one.span,
                f"`{word}` stands twice in one row",
                further=(Further(placed.file.path, seen[word], "first here"),),
                help="keep one of the two",
            )
        seen[word] = one.span
        if isinstance(one, tree.Prefer) and not own:
            prefer, own = winner(bound, placed.file, one), True
        elif isinstance(one, tree.Default):
            default = one
        elif isinstance(one, tree.Flag):
            flags.add(one.word)
    if {"clear", "when blank"} <= flags:
        bound.report.add(
            "syntax",
            placed.file,
            seen["clear"],
            "`clear` erases a value, and `when blank` never replaces one",
            further=(Further(placed.file.path, seen["when blank"], "said here"),),
            help="keep one of the two",
        )
    direction = DIRECTIONS[row.arrow]
    return _Row(bound, placed.file, row, left, direction, prefer, frozenset(flags), default)


def _bind(row: _Row, left_field: Field | None, right: Object, right_field: Field | None) -> bool:
    """One typed row; False where something was reported."""
    bound, file, node, left = row.bound, row.file, row.node, row.left
    missing = (left_field is None and isinstance(node.left, tree.Path)) or (
        right_field is None and isinstance(node.right, tree.Path)
    )
    if missing:
        return False
    to_right = row.direction != "pull"
    target, owner = (right_field, right) if to_right else (left_field, left)
    assert target is not None
    if not _writable(row, node.right.span if to_right else node.left.span, owner, target):
        return False
    default = None
    if row.default is not None:
        users = _users(bound, owner, target)
        default = literal(bound, file, row.default.value, target, users=users)
        if default is None:
            return False
    rule = RowRule(
        place(file, node.span),
        file.text(node.span),
        left.name,
        right.name,
        left_field.name if left_field is not None else "",
        right_field.name if right_field is not None else "",
        row.direction,
        prefer=None if row.prefer == "lost" else row.prefer,
        when_blank="when blank" in row.flags,
        default=default,
        ask="ask" in row.flags,
        truncate="truncate" in row.flags,
        clear="clear" in row.flags,
    )
    if left_field is not None and right_field is not None:
        if row.direction == "both" and not _writable(row, node.left.span, left, left_field):
            return False
        converts = _conversions(row, left_field, right_field)
        made = None if converts is None else replace(rule, convert=converts)
    else:
        made = _from_text(row, rule, right, target)
    if made is None:
        return False
    bound.rows.append(BoundRow(made, file, node.span))
    return True


def _from_text(row: _Row, rule: RowRule, right: Object, target: Field) -> RowRule | None:
    """The row with its quoted source."""
    text = row.node.left if isinstance(row.node.left, tree.Text) else row.node.right
    source = row.left if isinstance(row.node.left, tree.Text) else right
    assert isinstance(text, tree.Text)
    if templates.is_template(text.value):
        reads = template_reads(row.bound, row.file, text, source, target)
        return None if reads is None else replace(rule, template=text.value, reads=reads)
    constant = literal(row.bound, row.file, text, target)
    return None if constant is None else replace(rule, constant=constant)


def _writable(row: _Row, span: tree.Span, owner: Object, field: Field) -> bool:
    if field.type == "id" or field.derived or not (field.creatable or field.updatable):
        login = row.bound.report.login(owner)
        why = "is computed from other fields" if field.derived else f"can't be written by {login}"
        row.bound.report.add(
            "read-only-field",
            row.file,
            span,
            f"`{owner.name}.{field.name}` {why}",
            help="turn the arrow round, or name a field that can be written",
        )
        return False
    return True


def _conversions(row: _Row, left: Field, right: Field) -> tuple[str, str] | None:
    """The conversions to the right and to the left, each where the row goes that way."""
    there: str | Refusal = ""
    back: str | Refusal = ""
    if left.type == right.type == "reference":
        kind = reference_kind(row.bound, left, right)
        there = kind if row.direction != "pull" else ""
        back = kind if row.direction != "push" else ""
    else:
        there = conversion(left, right) if row.direction != "pull" else ""
        back = conversion(right, left) if row.direction != "push" else ""
    if isinstance(there, Refusal):
        _refused(row, there, left, right)
        return None
    if isinstance(back, Refusal):
        _refused(row, back, right, left)
        return None
    return there, back


def _refused(row: _Row, refusal: Refusal, source: Field, target: Field) -> None:
    row.bound.report.add(
        "wrong-type",
        row.file,
        row.node.left.span.to(row.node.right.span),
        f"`{source.name}` can't go to `{target.name}`: {refusal.why}",
        note=f"`{source.name}` is {KINDS[source.type]}, `{target.name}` {KINDS[target.type]}",
        help=refusal.help,
    )


def _users(bound: Bound, owner: Object, field: Field) -> bool:
    """Whether a reference leads to users, who are named by their address."""
    side: Side = "right" if bound.right.by_name.get(owner.name) is owner else "left"
    known = bound.schema(side).by_name
    return any(known[one].thing == "user" for one in field.references if one in known)
