"""What it finds
    A tie-breaker that can't tell the candidates apart: nothing says when a record was made, nothing
    refers to them, or no row moves the reference that is compared.

Why it matters
    A tie-breaker that never decides leaves every ambiguous match in the error log.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" { match on email, most widgets first }
    map contact with Lead {
        last_name         -> LastName
        email             -> Email
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" { match on email, oldest first }
    map contact with Lead {
        last_name         -> LastName
        email             -> Email
        organization_name -> Company
    }

When to allow it
    Never: take the tie-breaker out, or write one that decides.
"""

from __future__ import annotations

CODE = "unknown-tie"
