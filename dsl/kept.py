"""What was worked out once and is kept in this user's cache folder, so that it need not be again.

Knows files and no meaning. Whatever goes wrong, from a full disk to a file of somebody else, is
the same as nothing kept; what is kept is data, never code, and holds for the very key it was made
of.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256

LARGEST = 100_000_000
"""Bytes of a file that is kept."""


def load(name: str, key: str) -> bytes | None:
    """What is kept under a name for this very key; None for anything else."""
    folder = _folder()
    if folder is None:
        return None
    try:
        file = os.open(os.path.join(folder, name), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(file, "rb") as kept:
            about = os.fstat(kept.fileno())
            if not stat.S_ISREG(about.st_mode) or not _ours(about) or about.st_size > LARGEST:
                return None
            head, data = kept.read(64), kept.read()
    except OSError:
        return None
    return data if head == _seal(key, data) else None


def store(name: str, key: str, data: bytes) -> None:
    """Keeps `data` under a name, in place of what was there; does nothing where that can't be."""
    folder = _folder()
    if folder is None or len(data) > LARGEST:
        return
    draft = os.path.join(folder, f"{name}.{os.getpid()}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _safe(folder):
            return
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return
    try:
        with open(file, "wb") as kept:
            kept.write(_seal(key, data) + data)
        os.replace(draft, os.path.join(folder, name))
    except OSError:
        with suppress(OSError):
            os.unlink(draft)


def _seal(key: str, data: bytes) -> bytes:
    """What tells that `data` is whole and was made of `key`: 64 letters."""
    return sha256(sha256(key.encode(errors="surrogatepass")).digest() + data).hexdigest().encode()


def _folder() -> str | None:
    """The cache home of the XDG base directory specification; None where there is no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.environ.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    folder = os.path.join(base, "syncrules") if base else ""
    return folder if folder and (not os.path.lexists(folder) or _safe(folder)) else None


def _safe(folder: str) -> bool:
    """A folder that nobody but this user can write to."""
    try:
        about = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and _ours(about) and not about.st_mode & 0o022


def _ours(about: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or about.st_uid == os.getuid()
