"""What it finds
    A second `match on` for a pair that says something else than the first.

Why it matters
    Match keys belong to the pair and are good for both directions, so there can be only one
    list of them.

Wrong
    sync apollo with salesforce
    push contact as Lead { match on email }
    pull Lead as contact { match on last_name }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead { match on email, else last_name }
    pull Lead as contact
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never. Write the keys once, in the `push` or in the `pull`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import tree
from ..bound import Report
from ..finding import Further

CODE = "match-twice"


def find(to: Report, written: Sequence[tuple[tree.File, tree.Match]]) -> None:
    """`written` are all `match on` of one pair, in order."""
    first_file, first = written[0]
    for file, match in written[1:]:
        if _names(match) != _names(first):
            to.add(
                CODE,
                file,
                match.span,
                "this pair is matched on other keys already",
                further=(Further(first_file.path, first.span, "said first here"),),
                help="write the keys once; they are good for both directions",
            )


def _names(match: tree.Match) -> list[list[str]]:
    return [[one.text for one in key] for key in match.keys]
