"""What it finds
    A `sync` line that names one system twice, stands in a file for the second time, or names
    two systems the other way round than another file.

Why it matters
    Arrows point left and right. All files of two systems are one set of rules, so all must
    agree on which system is left.

Wrong
    sync apollo with apollo

Right
    sync apollo with salesforce

When to allow it
    Never. Split a file that speaks of several pairs of systems.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .. import tree
from ..bound import Report
from ..finding import Further

CODE = "sync-line"


def find(to: Report, file: tree.File, heads: Sequence[tree.Sync]) -> None:
    """One system twice, or a second `sync` line."""
    head = heads[0]
    own = {head.left.text, head.right.text}
    for extra in heads[1:]:
        same = {extra.left.text, extra.right.text} == own
        to.add(
            CODE,
            file,
            extra.span,
            "a file has one `sync` line",
            further=(Further(file.path, head.span, "the first one"),),
            help="take this one out"
            if same
            else "put the rules of the other two systems into a file of their own",
        )
    if head.left.text == head.right.text:
        to.add(
            CODE,
            file,
            head.right.span,
            f"`{head.right.text}` can't be synced with itself",
            help="name two different systems of the project",
        )


def turned_round(
    to: Report, file: tree.File, head: tree.Sync, known: Collection[tuple[str, str]]
) -> bool:
    """Another file has the same two systems the other way round."""
    left, right = head.left.text, head.right.text
    if (right, left) not in known:
        return False
    to.add(
        CODE,
        file,
        head.span,
        f"another file says `sync {right} with {left}`",
        note="all files of two systems are one set of rules, and arrows point left and right",
        help="name the two systems in the same order in all files, and turn the arrows round",
        fix=f"sync {right} with {left}",
    )
    return True
