"""What it finds
    An `allow` for a code that there is none of.

Why it matters
    It would accept nothing, and the finding that it was meant for stays.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    push contact as Lead when title is "CEO" {
        allow same-target because "a CEO counts, whatever the stage"
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
    Never: name the code that `check` prints.
"""

from __future__ import annotations

from .. import tree
from ..finding import Finding
from ..nearest import nearest

CODE = "unknown-code"


def finding(file: str, code: tree.Name, codes: tuple[str, ...]) -> Finding:
    """For an `allow` of `code`, which is none of `codes`."""
    near = nearest(code.text, codes)
    return Finding(
        CODE,
        "error",
        file,
        code.span,
        f"no finding has the code `{code.text}`",
        help=f"did you mean `{near}`?" if near else "write the code that `check` prints",
        fix=near or None,
    )
