"""What it finds
    A rule that creates records without a field that its target requires.

Why it matters
    Every create would be refused, and the records would wait in the error log.

Wrong
    sync apollo with salesforce
    push contact as Lead
    map contact with Lead {
        last_name -> LastName
    }

Right
    sync apollo with salesforce
    push contact as Lead
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company  default "Unknown"
    }

When to allow it
    Never. Map the field, give it a constant, or write `update only` if the rule need not
    create.
"""

from __future__ import annotations

from ..bound import Bound, BoundMove
from ..rules import Side

CODE = "required-field-unfilled"


def find(bound: Bound) -> None:
    """Required fields of a target that no row, written or standard, and no source of a creating
    rule fills."""
    filled = _filled(bound)
    seen: set[tuple[str, str, Side]] = set()
    for move in bound.moves:
        key = (*move.pair, move.target_side)
        if not move.creates or key in seen or not bound.rows_known(move.pair):
            continue
        missing = _missing(move, filled.get(key, set()))
        if missing:
            seen.add(key)
            target = move.target.name
            named = " and ".join(f"`{one}`" for one in missing)
            bound.report.add(
                CODE,
                move.file,
                move.node.target.span,
                f"`{target}` requires {named}, and no row fills {_it(missing)}",
                label="can't be created like this",
                help=f"add {_rows(move, missing)}, with `default` for records that have nothing "
                "to give",
            )


def _filled(bound: Bound) -> dict[tuple[str, str, Side], set[str]]:
    """The fields that rows write, standard ones among them, by left object, right object and
    side."""
    filled: dict[tuple[str, str, Side], set[str]] = {}
    for row in (*bound.rows, *bound.standard):
        for side, _, field in row.rule.writes:
            filled.setdefault((*row.pair, side), set()).add(field)
    return filled


def _missing(move: BoundMove, filled: set[str]) -> list[str]:
    source = "" if move.rule.source is None else move.rule.source[0]
    required = [one.name for one in move.target.fields if one.required]
    given = {source, *filled}
    return [one for one in required if one not in given]


def _it(missing: list[str]) -> str:
    return "it" if len(missing) == 1 else "them"


def _rows(move: BoundMove, missing: list[str]) -> str:
    pushes = move.rule.direction == "push"
    rows = [f"`FIELD -> {one}`" if pushes else f"`{one} <- FIELD`" for one in missing]
    return f"{'a row' if len(rows) == 1 else 'rows'} {' and '.join(rows)}"
