"""What it finds
    An `allow` that accepts nothing: its block has no finding of that code.

Why it matters
    What was accepted once is gone. An `allow` left behind would hide the next finding of that kind
    without a word.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" {
        allow never-true because "the stage comes next month"
    }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    push contact as Lead when title is "CEO" {
        allow same-target-twice because "a CEO counts, whatever the stage"
    }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never: take the `allow` out.
"""

from __future__ import annotations

from .. import tree
from ..finding import Finding

CODE = "unused-allow"


def finding(file: str, one: tree.Allow) -> Finding:
    """For an `allow` that no finding needs."""
    return Finding(
        CODE,
        "warning",
        file,
        one.span,
        f"nothing here gives `{one.code.text}`",
        help="take the `allow` out",
    )
