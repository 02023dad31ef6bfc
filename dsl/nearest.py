"""The nearest real name to a wrong one: the slips that people make, then likeness of letters.

Knows strings only. `names.py` asks with the names and labels of a schema, `parse.py` with the words
of the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def nearest(wrong: str, known: Iterable[str], labels: Mapping[str, str] | None = None) -> str:
    """The known name that was most likely meant, "" where none is near.

    `labels` maps a name to what people see. In this order: another letter case or other
    separators, the label, a missing or needless `__c`, a plural, the same letters in another order,
    then likeness.
    """
    names = list(known)
    plain = _bare(wrong)
    by_form: dict[str, str] = {}
    for form in (_bare, _without_suffix, _single):
        for name in names:
            by_form.setdefault(form(name), name)
        if form is _bare:
            for name, label in (labels or {}).items():
                by_form.setdefault(_bare(label), name)
    for written in (plain, _without_suffix(wrong), _single(wrong)):
        if written in by_form:
            return by_form[written]
    if len(plain) > 2:
        same = sorted(plain)
        for known_form, name in by_form.items():
            if sorted(known_form) == same:
                return name
    from difflib import get_close_matches

    close = get_close_matches(plain, list(by_form), n=1, cutoff=0.7)
    return by_form[close[0]] if close else ""


def singular(word: str) -> str:
    """An English plural without its ending: `opportunities` -> `opportunity`."""
    for ending, single in (("ies", "y"), ("ses", "s"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + single
    return word


def _bare(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()


def _without_suffix(name: str) -> str:
    return _bare(re.sub(r"__c$", "", name, flags=re.IGNORECASE))


def _single(name: str) -> str:
    return singular(_bare(name))
