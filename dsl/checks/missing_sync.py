"""What it finds
    A file with rules whose first line isn't `sync LEFT with RIGHT`.

Why it matters
    Names of objects mean something only once the two systems are known, and which one is left.

Wrong
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never. A file with comments only needs none.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import tree
from ..bound import Report

CODE = "missing-sync"


def find(to: Report, file: tree.File, heads: Sequence[tree.Sync], systems: Sequence[str]) -> None:
    """The first statement is something else; a file without any statement is fine. `systems` are
    those of the project."""
    if not file.statements or isinstance(file.statements[0], tree.Sync):
        return
    help = "write `sync LEFT with RIGHT` above, with the names of two systems of the project"
    if len(systems) == 2:
        help = f"write `sync {systems[0]} with {systems[1]}` above"
    to.add(
        CODE,
        file,
        file.statements[0].span,
        "the file doesn't begin with its `sync` line",
        note=f"the `sync` line comes only in line {heads[0].span.line}" if heads else "",
        help=help,
    )
