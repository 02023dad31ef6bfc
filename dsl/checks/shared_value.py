"""What it finds
    Left values of a table that share a right one, where the schema lets values share.

Why it matters
    On the way back the first row that names the right value is taken. That may be what you want; it
    is said so that it is no surprise.

Wrong
    sync apollo with salesforce
    prefer salesforce
    pull Account as account
    map account stage with Account.Rating {
        "Cold"               <-> "Cold"
        "Dead Opportunity"   <-> "Cold"
        "Do Not Prospect"     -> "Cold"
        "Active Opportunity" <-> "Warm"
        "Current Client"     <-> "Hot"
    }

Right
    sync apollo with salesforce
    prefer salesforce
    pull Account as account
    map account stage with Account.Rating {
        "Cold"               <-> "Cold"
        "Dead Opportunity"    -> "Cold"
        "Do Not Prospect"     -> "Cold"
        "Active Opportunity" <-> "Warm"
        "Current Client"     <-> "Hot"
    }

When to allow it
    It is a remark and stops nothing. `->` on the later rows says the same and ends it.
"""

from __future__ import annotations

from .. import tree
from ..bound import Report
from ..finding import Further

CODE = "shared-value"


def report(
    to: Report,
    file: tree.File,
    word: tree.Text | tree.Name,
    value: str,
    first: tree.ValueRow | None,
) -> None:
    """The right value `word` came before, in the row `first`, which is taken on the way back."""
    to.add(
        CODE,
        file,
        word.span,
        f'on the way back "{value}" becomes the value of an earlier row',
        severity="info",
        further=() if first is None else (Further(file.path, first.span, "this row is taken"),),
        help="write `->` in this row to say so",
    )
