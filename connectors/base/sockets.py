"""Network streams that end when a request has had its time, however slowly bytes come or go.

httpx counts a timeout anew for each piece that arrives: a server that sends a byte a second would
be listened to for ever. It knows httpcore, and neither the clock nor requests: `world.py` says how
many seconds the request of this thread has left.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

PIECE = 65_536
"""Bytes that are sent before the time is looked at again."""

Left = Callable[[], float]


def hurry(client: httpx.Client, left: Left) -> None:
    """Has all connections of a client end in time, those through a proxy as well.

    httpx has no public place for this; `tests/test_deadlines.py` would show that it has moved.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Backend(pool._network_backend, left)


def _least(timeout: float | None, left: Left, late: type[Exception]) -> float:
    seconds = left()
    if seconds <= 0:
        raise late("timed out")
    return seconds if timeout is None else min(timeout, seconds)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, left: Left) -> None:
        self._inner = inner
        self._left = left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        least = _least(timeout, self._left, httpcore.ConnectTimeout)
        made = self._inner.connect_tcp(host, port, least, local_address, socket_options)
        return _Stream(made, self._left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, left: Left) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _least(timeout, self._left, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            least = _least(timeout, self._left, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + PIECE], least)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        least = _least(timeout, self._left, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, least), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
