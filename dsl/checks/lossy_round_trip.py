"""What it finds
    Rows that bring a value back as another one: it is shortened, or two tables disagree.

Why it matters
    A value that somebody entered is replaced by what came back, with nobody to ask about it.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }
    map contact stage with Lead.Status {
        "Replied" -> "Working - Contacted"
    }
    map contact stage with Lead.Status {
        "Interested" <- "Working - Contacted"
    }

Right
    sync apollo with salesforce
    prefer latest
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }
    map contact stage with Lead.Status {
        "Replied"     -> "Working - Contacted"
        "Interested" <-> "Working - Contacted"
    }

When to allow it
    Where what comes back is better than what went out, for instance a cleaned spelling. One two-way
    row knows its own echo and changes nothing.
"""

from __future__ import annotations

CODE = "lossy-round-trip"
