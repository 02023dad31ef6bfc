"""What it finds
    A system that the project doesn't have.

Why it matters
    Rules are checked against the objects and fields of the systems in syncrules.toml, and
    nothing is known of this one.

Wrong
    sync apollo with sales_force
    push contact as Lead when stage is "Replied"
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
    Never. Add the system to syncrules.toml and run `syncrules schema pull`.
"""

from __future__ import annotations

CODE = "unknown-system"
