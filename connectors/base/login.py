"""Credentials: a type that can't be printed, where it may be sent, renewing a sign-in once.

Knows nothing of where secrets are kept (`engine/project.py` reads them) or of any system's way to
sign in: the connector hands in a function that gets a token.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Generic, NoReturn, TypeVar
from urllib.parse import urlsplit

from ...errors import UsageError

T = TypeVar("T")

_BARE = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?")


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


def safe(url: str) -> bool:
    """Whether secrets may go there: over TLS, or to this very machine."""
    try:
        parts = urlsplit(url)
        near = parts.hostname in ("localhost", "127.0.0.1", "::1") and parts.port != 0
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and near))


def bare(url: str) -> bool:
    """Whether secrets may go there, and it is a host, perhaps with a port, and nothing else: no
    user, path or query, and no letter that two programs may read in two ways."""
    return bool(_BARE.fullmatch(url)) and safe(url)


def address(url: str, called: str, example: str) -> str:
    """An address of the settings that secrets may be sent to, without a slash at its end.

    `called` is what messages call the setting. Raises `UsageError` for anything else.
    """
    if not safe(url):
        raise UsageError(
            f"{called} can't be used",
            why="secrets are sent there, so it must begin with https:// and name a host",
            fix=f"write it like {example}",
        )
    if not bare(url):
        raise UsageError(
            f"{called} can't be used",
            why="it has more than a host: a user, a path, a query or a letter that no host has",
            fix=f"write it without, like {example}",
        )
    return url.rstrip("/")


def plain(text: str, called: str) -> None:
    """Raises `UsageError` for a secret that no request can carry; it is not in the message.

    `called` is what messages call the setting.
    """
    if not (text.isascii() and text.isprintable()):
        raise UsageError(
            f"{called} can't be used",
            why="it has a line break, or a letter that no such secret has",
            fix="copy it anew, alone and on one line",
        )


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
