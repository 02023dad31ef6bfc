"""What it finds
    A row, a source or a rule that would write what the connected login can't write: a field
    that its system computes, or an object it may not create.

Why it matters
    Every such write would be refused.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        last_name -> Name
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never. Turn the arrow round, or give the login the right.
"""

from __future__ import annotations

CODE = "read-only-field"
