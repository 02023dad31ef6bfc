"""What it finds
    A line that the language has no reading for: a misspelt word, a sign too many, a block or a
    text that isn't closed.

Why it matters
    The rule on that line is not known, so nothing is started. Rules on other lines are checked
    all the same.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage = "Replied"
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
    Never.
"""

from __future__ import annotations

CODE = "syntax"
