"""Without the collector of garbage: what reads and proves makes many nodes and no rings of them.

Looking for rings among nodes that all stay costs as much as making them. Knows nothing else.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """The collector rests meanwhile, and then is as it was."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
