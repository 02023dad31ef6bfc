"""What it finds
    An `infer` over records that have no reference to the object concerned.

Why it matters
    Which records belong to which account can't be told, so the value would never change.

Wrong
    sync apollo with salesforce
    pull Account as account
    infer account stage from leads {
        "Cold" when none
    }

Right
    sync apollo with salesforce
    pull Account as account
    infer account stage from opportunities {
        "Cold" when none
    }

When to allow it
    Never. Name an object that has a reference, or pair the two objects with a `push` or a
    `pull`.
"""

from __future__ import annotations

from ...connectors.base.schema import Object
from .. import tree
from ..bound import Report

CODE = "infer-not-related"


def report(to: Report, file: tree.File, node: tree.Infer, thing: Object, related: Object) -> None:
    """No reference of `related` leads to an object that `thing` is paired with."""
    to.add(
        CODE,
        file,
        node.related.span,
        f"`{related.name}` doesn't lead to the records that `{thing.name}` is linked with",
        help=f"pair `{thing.name}` with a `push` or a `pull`, or name an object that refers to it",
    )
