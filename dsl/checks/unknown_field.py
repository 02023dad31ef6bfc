"""What it finds
    A field that the object doesn't have, or that the connected login can't see.

Why it matters
    A condition on it would never hold, and a row with it would move nothing.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        lastname          -> LastName
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
    Never. Run `syncrules schema pull` if the field is new; give the login the right to see it
    if it is hidden; `syncrules fields add` creates a custom one, or says what to create.
"""

from __future__ import annotations

CODE = "unknown-field"
