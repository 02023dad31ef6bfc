"""Which company an address belongs to: the domain under which somebody registered.

`ada@eu.berg.co.uk` is of `berg.co.uk`, and nobody is of `co.uk`. What can be registered is told by
the Public Suffix List, as the library `publicsuffixlist` keeps it; it is loaded when it is first
asked, which takes a moment. Domains that say nothing of a company are in `free_mail.py`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .values import domain

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def domains(value: object) -> tuple[str, ...]:
    """The domains that a value stands for, the nearest first: that of a website; that of an
    address, and the one that was registered where this is another. None for one that nobody can
    have registered."""
    own = domain(value)
    if own is None or "@" not in str(value):
        return () if own is None else (own,)
    registered = _suffixes().privatesuffix(own)
    if registered is None:
        return ()
    return (own,) if registered == own else (own, registered)


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)
