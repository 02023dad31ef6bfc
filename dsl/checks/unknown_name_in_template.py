"""What it finds
    A name in `{{ ... }}` that is no field of the record the text is made from.

Why it matters
    The text would be blank, or nothing would be written, for every record.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{{ titel }}"     -> Description
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{{ title }}"     -> Description
    }

When to allow it
    Never.
"""

from __future__ import annotations

CODE = "unknown-name-in-template"
