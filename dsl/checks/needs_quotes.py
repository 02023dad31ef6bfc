"""What it finds
    A bare word where a value belongs.

Why it matters
    Without quotes a word is the name of a field, so the comparison would ask for a field called
    so.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is Replied
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

CODE = "needs-quotes"
