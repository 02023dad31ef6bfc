"""Servers that misbehave, on real sockets: what one does to each connection is a function."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def server(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that does to each connection what it is told to; its address."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listening.accept()
                    threading.Thread(target=one, args=(near,), daemon=True).start()

        def one(near: socket.socket) -> None:
            with near, suppress(OSError):
                behave(near, over)

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        over.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
