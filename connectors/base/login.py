"""Credentials: a type that can't be printed, and renewing a sign-in once for all lanes.

Knows nothing of where secrets are kept (`engine/project.py` reads them) or of any system's way to
sign in: the connector hands in a function that gets a token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


class Secret:
    """A text that shows itself to nobody: not in messages, logs, JSON, pickles or tracebacks."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not stored")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Login(Generic[T]):
    """Holds what a sign-in gave (a token and its host), and renews it once however many ask."""

    def __init__(self, sign_in: Callable[[], T]) -> None:
        self._sign_in = sign_in
        self._lock = threading.Lock()
        self._held: T | None = None

    def get(self) -> T:
        """What the last sign-in gave; signs in where there was none."""
        with self._lock:
            if self._held is None:
                self._held = self._sign_in()
            return self._held

    def renew(self, stale: T | None) -> T:
        """Signs in again, unless another lane has replaced `stale` meanwhile."""
        with self._lock:
            if self._held is None or self._held is stale:
                self._held = self._sign_in()
            return self._held
