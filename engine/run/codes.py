"""What goes wrong in a run by our own words: codes of the error log, and what each asks for.

What a system's own codes mean is known to its connector (`advice`).
"""

from __future__ import annotations

from ...connectors.base.linking import LOGIN_LOST

CHANGED = "schema-changed"
"""Code of a rule that waits because a system has changed under it."""
MISSING = "missing-right"
"""Code of a rule that waits because the sync login has lost a right."""
OUT_OF_SIGHT = "out-of-sight"
"""The code of a record that a system doesn't show to us any more."""
UNTOLD = frozenset({"ambiguous-match", "match-taken"})
"""Codes of records whose partner can't be told: several want one, or the other way round."""
IN_DOUBT = "in-doubt"
"""The code of a write without a reply of which nobody can tell whether it happened."""
NO_REPLY = "no-reply"
"""The code of a write without a reply that did not happen."""
OUT_OF_REACH = "out-of-reach"
"""The code of a system that could not be read or written for another reason than by its own code:
a sign-in that is refused, calls that are spent, a reply that is too large."""
MERGE = "merge-by-hand"
"""The code of a record that a person is to merge into another, as happened on the other side."""
GOES_ALONG = "goes-along"
"""The code of a record that is not deleted, since its system would delete others with it."""

ADVICE = {
    MISSING: "Give the login the right back, and what waits goes on; or mend the rule: `syncrules"
    " schema pull`, then `syncrules check`.",
    CHANGED: "Run `syncrules schema pull`, mend the rule until `syncrules check` is content: what"
    " waits then goes on.",
    "ambiguous-match": "Merge the records that share this key, or change the key of one of them;"
    " then retry.",
    "ambiguous-account": "Merge them, or say in the rule which comes first: `oldest first`.",
    "match-taken": "Two records want the same partner: merge them, or change the key of one;"
    " then retry.",
    "conflict": "Make the two values equal by hand; `prefer` in the row says who wins later ones.",
    "unknown-value": "Add the value to the table of the rule, or change it in the record.",
    "too-long": "Shorten the text, or let its row `truncate` it. Where the field has been made"
    " longer: `syncrules schema pull`, then `syncrules retry`.",
    "not-a-choice": "Map the value with a table, or add it to the picklist, then `syncrules schema"
    " pull` and `syncrules retry`.",
    "not-whole": "The field takes whole numbers only: correct the number, or map another field.",
    "several-choices": "The field takes one value only: leave one of them, or map another field.",
    "template-failed": "Let the template allow for such a record, or correct the record.",
    "out-of-range": "The value doesn't fit the field of the other system: correct it.",
    GOES_ALONG: "Give what belongs to the record to another one, or delete it by hand: the record"
    " is looked at again each day, and deleted once nothing belongs to it.",
    "to-and-fro": "Look which automation, or who, changes the value back, and let one side decide:"
    " `->` or `<-` in the row. A day later `syncrules retry` tries it again.",
    MERGE: "Merge this one, in that system, into the partner of the record that is left. The entry"
    " is over within a day then, or at once with `syncrules retry`.",
    IN_DOUBT: "Nobody can tell whether this write happened: look the record up by hand, and delete"
    " what is there twice. Until then, others of its kind that have no partner wait.",
    NO_REPLY: "The next run sends it again. Where that is in vain, too, look whether the system"
    " takes writes, and whether a proxy answers in its place.",
    "busy": "The system kept it locked; the next run tries again.",
    "gone": "Nobody can tell whether this record is deleted: look at it by hand, then retry.",
    OUT_OF_SIGHT: "Share it with the sync login again, or delete it for everybody; then retry.",
    "existed": "The record is there already under another key: give both the same key by hand.",
    OUT_OF_REACH: "The entry says which system could not be used, or that the state could not, and"
    " what to do. It is over with the first run that gets through.",
    "sign-in-refused": "Check the credentials that the section of the system in syncrules.toml"
    " points to, or sign in again with `syncrules connect`.",
    "calls-spent": "Wait until the system allows calls again: the next run goes on from there. A"
    " tenth of a day's calls is left to other programs, where no `guard` on calls is written.",
    "reply-too-large": "Check that no proxy answers in place of the system; where records are that"
    " large, take the longest texts out of the rules.",
    LOGIN_LOST: "The person has to sign in again: `syncrules connect SYSTEM --as USER`.",
}
