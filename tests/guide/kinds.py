"""A field of every type that Apollo and Salesforce have, and what becomes of its values on the way.

Written by hand from what the two systems say of their types. `test_types.py` holds the product
against it, cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping

LEFT: Mapping[str, str] = {
    "string": "string",
    "textarea": "textarea",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
    "picklist": "picklist",
    "multipicklist": "multipicklist",
    "user": "lookup_user",
    "account": "",
    "id": "",
    "file": "file",
}
"""What a team may add to its contacts, by our word for it and Apollo's; "" is a standard field.
`file` stands for what Apollo may add one day."""

OPTIONS = ("Gold", "Silver", "Bronze")

RIGHT: Mapping[str, str] = {
    "string": "string 255 CUN",
    "textarea": "textarea 32000 CUNL",
    "phone": "phone 40 CUN",
    "email": "email 80 CUN",
    "url": "url 255 CUN",
    "combobox": "combobox 255 CUN = Gold, Silver, Bronze",
    "encryptedstring": "encryptedstring 175 CUN",
    "int": "int 8 CUN",
    "double": "double 16.2 CUN",
    "currency": "currency 16.2 CUN",
    "percent": "percent 16.2 CUN",
    "boolean": "boolean CUD",
    "date": "date CUN",
    "datetime": "datetime CUN",
    "picklist": "picklist 255 CUN = Gold, Silver, Bronze",
    "closed_picklist": "picklist 255 CUNR = Gold, Silver, Bronze",
    "multipicklist": "multipicklist 4099 CUN = Gold, Silver, Bronze",
    "closed_multipicklist": "multipicklist 4099 CUNR = Gold, Silver, Bronze",
    "user": "reference CUN -> User as Partner__r",
    "account": "",
    "id": "",
    "address": "address N",
    "time": "time 24 CUN",
}
"""The types of Salesforce, each as a field of a Contact (`standard.py` has the spelling)."""

WORDS: Mapping[str, str] = {
    "=": "as it is",
    "t": "as a text",
    "n": "as a number",
    "d": "the day of a moment",
    "c": "a value of the list",
    "s": "a set of one",
    "1": "the one of a set",
    "m": "a set",
    "j": "a set, written one behind the other",
    "r": "the linked record",
    ".": "refused",
}
"""What a letter of the tables means."""

PUSH = """\
string        = = = = = = = . . . . . . . c . . . . . . . .
textarea      = = = = = = = . . . . . . . c . . . . . . . .
number        t t t . t t t n n n n . . . . . . . . . . . .
date          t t t . t t t . . . . . = . . . . . . . . . .
datetime      t t t . t t t . . . . . d = . . . . . . . . .
boolean       . . . . . . . . . . . = . . . . . . . . . . .
picklist      t t t . t t t . . . . . . . c c s s . . . . .
multipicklist j j j . j j j . . . . . . . 1 1 m m . . . . .
user          . . . . . . . . . . . . . . . . . . r . . . .
account       . . . . . . . . . . . . . . . . . . . r . . .
id            t t t . t t t . . . . . . . . . . . . . . . .
file          . . . . . . . . . . . . . . . . . . . . . . .
"""
"""From Apollo (down) to Salesforce (across, in the order of `RIGHT`)."""
PULL = """\
string        = = = = = = = t t t t . t t t t j j . . t . .
textarea      = = = = = = = t t t t . t t t t j j . . t . .
number        . . . . . . . n n n n . . . . . . . . . . . .
date          . . . . . . . . . . . . = d . . . . . . . . .
datetime      . . . . . . . . . . . . . = . . . . . . . . .
boolean       . . . . . . . . . . . = . . . . . . . . . . .
picklist      . . . . . . . . . . . . . . c c 1 1 . . . . .
multipicklist . . . . . . . . . . . . . . s s m m . . . . .
user          . . . . . . . . . . . . . . . . . . r . . . .
account       . . . . . . . . . . . . . . . . . . . r . . .
id            . . . . . . . . . . . . . . . . . . . . . . .
file          . . . . . . . . . . . . . . . . . . . . . . .
"""
"""From Salesforce (across) to Apollo (down)."""
