"""What it finds
    A field after `match on` that no row maps to the other side, or whose values are never those of
    the other side: a reference, a choice that goes by a table, a moment that goes to a day.

Why it matters
    It is not known which field of the other side it should equal, or it equals none, so this key
    never matches anything.

Wrong
    sync apollo with salesforce
    push contact as Lead { match on email, else title }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead { match on email, else last_name }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never; add a row for the field, or take the key out. What a reference leads to may tell
    candidates apart: `match on last_name, same account first`.
"""

from __future__ import annotations

from ...connectors.base.schema import Field
from .. import tree
from ..bound import PairName, Report

CODE = "key-not-mapped"


def report(to: Report, file: tree.File, name: tree.Name, pair: PairName) -> None:
    """A match key without a partner on the right."""
    left, right = pair
    to.add(
        CODE,
        file,
        name.span,
        f"no row maps `{left}.{name.text}` to a field of `{right}`, so nothing matches on it",
        severity="warning",
        help=f"add a row `{name.text} -> FIELD`, or take the key out",
    )


def never_equal(
    to: Report, file: tree.File, name: tree.Name, left: Field, right: Field, by_table: bool
) -> None:
    """A match key whose two fields can't hold one value."""
    if "reference" in (left.type, right.type):
        why = "a reference leads to another record on each side"
        help = f"take the key out; `same {left.name} first` behind the keys tells candidates apart"
    elif by_table:
        why, help = "a table turns each value into another", "match on a field without a table"
    elif {left.type, right.type} == {"datetime", "date"}:
        why, help = "a moment is no day", "match on another field"
    else:
        return
    to.add(
        CODE,
        file,
        name.span,
        f"`{left.name}` never equals `{right.name}`, so nothing matches on it: {why}",
        help=help,
    )
