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
        organization_name -> Company default "Unknown"
    }

When to allow it
    Never. Map the field, give it a constant, or write `update only` if the rule need not
    create.
"""

from __future__ import annotations

from ..bound import Bound, BoundMove

CODE = "required-field-unfilled"


def find(bound: Bound) -> None:
    """Required fields of a target that no row and no source of a creating rule fills."""
    seen: set[tuple[str, str, str]] = set()
    for move in bound.moves:
        key = (*move.pair, move.rule.direction)
        if not move.creates or key in seen or not bound.rows_known(move.pair):
            continue
        missing = _missing(bound, move)
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
                help=f"add a row: `... {_arrow(move, missing[0])}`, with `default` for records "
                "that have nothing to give",
            )


def _missing(bound: Bound, move: BoundMove) -> list[str]:
    pushes = move.rule.direction == "push"
    other = "pull" if pushes else "push"
    rows = [one.rule for one in bound.rows if one.pair == move.pair]
    filled = {one.right if pushes else one.left for one in rows if one.direction != other}
    if move.rule.source is not None:
        filled.add(move.rule.source[0])
    return [one.name for one in move.target.fields if one.required and one.name not in filled]


def _it(missing: list[str]) -> str:
    return "it" if len(missing) == 1 else "them"


def _arrow(move: BoundMove, name: str) -> str:
    return f"-> {name}" if move.rule.direction == "push" else f"{name} <- ..."
