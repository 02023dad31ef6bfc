"""What it finds
    A field after `match on` that no row maps to the other side.

Why it matters
    It is not known which field of the other side it should equal, so this key never matches
    anything.

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
    Never; add a row for the field, or take the key out.
"""

from __future__ import annotations

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
