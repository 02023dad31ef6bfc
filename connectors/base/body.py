"""The body of a reply, read piece by piece and unpacked, up to the most that it may have.

httpx would read a reply to its end and unpack each piece whole: one without end, or a small one
that unpacks to gigabytes, would fill the memory. Knows httpx's streams and gzip; how much is
allowed is said with the request (`wire.py`).
"""

from __future__ import annotations

import zlib
from typing import Protocol

import httpx

from .wire import NoReply, TooLarge

ACCEPTED = "gzip"
"""The one way in which we let replies be packed."""
_GZIP = zlib.MAX_WBITS | 16


class _Unpacking(Protocol):
    def piece(self, data: bytes, room: int) -> bytes:
        """What a piece unpacks to, of which no more is made than a byte over `room`."""

    def is_whole(self) -> bool:
        """Whether all of it has come."""


class _Plain:
    def piece(self, data: bytes, room: int) -> bytes:
        return data

    def is_whole(self) -> bool:
        return True


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._begun = False

    def piece(self, data: bytes, room: int) -> bytes:
        made = bytearray()
        try:
            while data and len(made) <= room:
                if self._inner.eof:  # what is packed may have several parts (RFC 1952, 2.2)
                    self._inner = zlib.decompressobj(_GZIP)
                self._begun = True
                made += self._inner.decompress(data, room + 1 - len(made))
                data = self._inner.unused_data
        except zlib.error:
            raise NoReply("the reply can't be unpacked") from None
        return bytes(made)

    def is_whole(self) -> bool:
        return self._inner.eof or not self._begun


def body_of(reply: httpx.Response, most: int) -> bytes:
    """All bytes of a reply, unpacked. Raises `TooLarge` as soon as it is known to have more than
    `most`, `NoReply` where it is packed in another way or cut off, and what httpx raises."""
    unpacking, found = _unpacking(reply), bytearray()
    for data in reply.iter_raw():
        found += unpacking.piece(data, most - len(found))
        if len(found) > most:
            raise TooLarge(most)
    if not unpacking.is_whole():
        raise NoReply("the reply is cut off")
    return bytes(found)


def _unpacking(reply: httpx.Response) -> _Unpacking:
    packed = reply.headers.get("content-encoding", "").strip().lower()
    if packed in ("", "identity"):
        return _Plain()
    if packed in ("gzip", "x-gzip"):
        return _Gzip()
    raise NoReply("the reply is packed in a way that was not asked for")
