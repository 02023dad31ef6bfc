"""What it finds
    A row or table that goes both ways and doesn't say who wins.

Why it matters
    Between two runs a person may change the value on the one side and another person on the other.
    Without a winner such a change could only be listed, never settled.

Wrong
    sync apollo with salesforce
    push contact as Contact
    map contact with Contact {
        last_name <-> LastName
    }

Right
    sync apollo with salesforce
    prefer salesforce
    push contact as Contact
    map contact with Contact {
        last_name <-> LastName
    }

When to allow it
    Never. `prefer latest` is the mildest answer: the last change we saw wins.
"""

from __future__ import annotations

from .. import tree
from ..bound import Report

CODE = "no-winner"


def report(to: Report, file: tree.File, span: tree.Span) -> None:
    """The row or table at `span` goes both ways, and neither it nor a line before says who wins."""
    to.add(
        CODE,
        file,
        span,
        "nobody wins where both sides changed",
        label="goes both ways",
        help="add `prefer SYSTEM` or `prefer latest` to the row, or on a line of its own above",
    )
