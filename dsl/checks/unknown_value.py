"""What it finds
    A value that the choice field doesn't have, or no longer takes.

Why it matters
    A comparison with it is never true; a record that got it would be refused.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Repleid"
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
    Never. Run `syncrules schema pull` if the value is new.
"""

from __future__ import annotations

CODE = "unknown-value"
