"""What it finds
    `on cancel` or `add unknown people` in a rule that moves no activities.

Why it matters
    Only meetings are cancelled, and only emails, calls and meetings have people on them; anywhere
    else the line would never do anything.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" {
        on cancel unlink
    }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" {
        on delete unlink
    }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never: take the line out.
"""

from __future__ import annotations

from ...connectors.base.schema import Object
from .. import tree
from ..bound import Report

CODE = "only-for-activities"


def report(report: Report, file: tree.File, span: tree.Span, words: str, thing: Object) -> None:
    """`words` stand in a rule that reads `thing`, which is no activity."""
    report.add(
        CODE,
        file,
        span,
        f"`{words}` is for activities, and `{thing.name}` is none",
        help="take the line out"
        if words != "on cancel"
        else "write `on delete` or `on merge`, or take the line out",
    )
