"""What it finds
    A text with a field's name in single braces.

Why it matters
    It is written into every record letter for letter; only double braces stand for a value.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{title}" -> Description
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{{ title }}"     -> Description
    }

When to allow it
    Where the braces are meant to be there, for a template of another tool.
"""

from __future__ import annotations

import re

from ..bound import Bound

CODE = "single-braces"
_BRACED = re.compile(r"(?<!\{)\{\s*(\w+)\s*\}(?!\})")


def find(bound: Bound) -> None:
    """Constants of rows that name a field of their source so."""
    for row in bound.rows:
        if not isinstance(row.rule.constant, str):
            continue
        pushes = row.rule.direction == "push"
        schema = bound.left if pushes else bound.right
        thing = schema.by_name[row.rule.left_object if pushes else row.rule.right_object]
        names = [one for one in _BRACED.findall(row.rule.constant) if one in thing.by_name]
        if names:
            bound.report.add(
                CODE,
                row.file,
                row.span,
                f"`{{{names[0]}}}` is written letter for letter",
                severity="warning",
                help=f"write `{{{{ {names[0]} }}}}` for the value of the field",
            )
