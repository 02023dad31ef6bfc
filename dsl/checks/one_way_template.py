"""What it finds
    A quoted source in a row that goes both ways, or that points at the quotes.

Why it matters
    A text can be written into a field, but nothing can be written back into the text.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name  -> LastName
        "Unknown" <-> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name -> LastName
        "Unknown" -> Company
    }

When to allow it
    Never.
"""

from __future__ import annotations

CODE = "one-way-template"
