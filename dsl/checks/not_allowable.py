"""What it finds
    An `allow` for something that can't be accepted: what is spelt wrong, values that go round for
    ever, fields without rights or that two rules write.

Why it matters
    Such a rule would fail, or do something else each time; a reason doesn't change that.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" {
        allow conflicting-writes because "it has always been like this"
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
    Never: mend what the finding says.
"""

from __future__ import annotations

from .. import tree
from ..finding import Finding

CODE = "not-allowable"


def finding(file: str, one: tree.Allow) -> Finding:
    """For an `allow` of a code that can't be accepted."""
    return Finding(
        CODE,
        "error",
        file,
        one.code.span,
        f"`{one.code.text}` can't be accepted",
        note=f"`syncrules explain {one.code.text}` says why",
        help="mend what it says, and take the `allow` out",
    )
