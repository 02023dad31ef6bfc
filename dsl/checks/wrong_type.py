"""What it finds
    A comparison or a row between things that don't fit: a text and a date, a number and a
    yes-or-no, a text that is too long.

Why it matters
    Values move only where nothing is lost. What would be cut, guessed or refused is better
    known before a record moves.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage > 3
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
    Never. A moment may go to a date and a number to a text; for choices write a table of
    values.
"""

from __future__ import annotations

CODE = "wrong-type"
