"""What it finds
    An object that the system doesn't have, or that the connected login can't see.

Why it matters
    A rule for it would never find a record.

Wrong
    sync apollo with salesforce
    push contacts as Lead when stage is "Replied"
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
    Never. Run `syncrules schema pull` if the object is new.
"""

from __future__ import annotations

CODE = "unknown-object"
