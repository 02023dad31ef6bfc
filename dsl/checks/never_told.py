"""What it finds
    An `on delete` for records of which their system never tells that they were deleted.

Why it matters
    A record that a search doesn't show may be deleted, out of sight, or of another day. Apollo
    shows tasks and meetings by their id, so that it can be asked; of calls, emails and notes nobody
    can tell, and what is not known to be gone is never taken for gone. The line would do nothing.

Wrong
    sync apollo with salesforce
    push call as Task {
        on delete unlink
    }

Right
    sync apollo with salesforce
    push task as Task when completed {
        on delete unlink
    }

When to allow it
    Never: take the line out, and delete the other record by hand.
"""

from __future__ import annotations

from ...connectors.base.schema import Object
from .. import tree
from ..bound import Report

CODE = "never-told"


def report(report: Report, file: tree.File, span: tree.Span, system: str, source: Object) -> None:
    """`on delete` stands in a rule that reads `source`."""
    report.add(
        CODE,
        file,
        span,
        f"{system} never tells that a record of `{source.name}` was deleted",
        severity="warning",
        note="nothing would ever follow",
        help="take the line out",
    )
