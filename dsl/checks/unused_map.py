"""What it finds
    A map for two objects that no `push`, `pull` or `enrich` links.

Why it matters
    Its rows still serve records that were linked earlier, but no new ones: often a rule was
    forgotten or misspelt.

Wrong
    sync apollo with salesforce
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
    While a rule is taken out for a time and its old links should keep flowing.
"""

from __future__ import annotations

from ..bound import Bound

CODE = "unused-map"


def find(bound: Bound) -> None:
    """Maps none of whose pairs is moved, enriched, referred to or inferred from."""
    if bound.lost_moves:
        return
    served = {one.pair for one in bound.moves} | {one.pair for one in bound.infers}
    served |= {one.pair for one in bound.enriches} | set(bound.implied)
    for one in bound.maps:
        lonely = [each for each in one.pairs if each not in served]
        if one.pairs and len(lonely) == len(one.pairs):
            left, right = lonely[0]
            named = " or ".join(f"`{a}` with `{b}`" for a, b in lonely)
            bound.report.add(
                CODE,
                one.file,
                one.span,
                f"no rule links {named}",
                severity="warning",
                note="only records that were linked earlier still follow this map",
                help=f"add `push {left} as {right}` or `pull {right} as {left}`",
            )
