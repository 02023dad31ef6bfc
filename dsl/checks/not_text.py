"""What it finds
    A rule file that is not plain text in UTF-8.

Why it matters
    Nothing in it can be read, so what it was meant to say is missing from the sync.

Wrong
    A spreadsheet or a photograph that was saved as contacts.sync.

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never. Save the file as UTF-8, or move it out of the rules folder.
"""

from __future__ import annotations

CODE = "not-text"
