"""What it finds
    A `prefer` that names neither of the two systems nor `latest`.

Why it matters
    Nobody would win where both sides changed.

Wrong
    sync apollo with salesforce
    prefer hubspot
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    prefer salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never.
"""

from __future__ import annotations

CODE = "unknown-winner"
