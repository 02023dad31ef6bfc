"""What comes before what: an order in which whatever others need stands first.

Knows nothing of flows or reads; `compile.py` orders flows with it, `needs.py` reads. Where needs
run in a circle (an account whose parent is an account) the circle is cut at its last step, in the
same way each time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def needed_first(these: Iterable[T], needs: Mapping[T, Iterable[T]]) -> tuple[T, ...]:
    """`these`, each after what it needs and otherwise as given; needs outside `these` are ignored.

    Walks with a list of its own, so that no depth of needs is too deep.
    """
    wanted = tuple(these)
    known = frozenset(wanted)
    started: set[T] = set()
    done: dict[T, None] = {}
    for first in wanted:
        path = [first] if first not in started else []
        while path:
            one = path[-1]
            started.add(one)
            ahead = (need for need in needs.get(one, ()) if need in known and need not in started)
            following = next(ahead, None)
            if following is None:
                done.setdefault(path.pop())
            else:
                path.append(following)
    return tuple(done)
