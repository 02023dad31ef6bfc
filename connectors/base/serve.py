"""A simulator behind real HTTP: one plain function from request to response, served by uvicorn.

Knows Starlette and uvicorn; imported only where a server is started. What a simulator answers is
in `connectors/<system>/simulator`.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import UsageError
from .wire import NoReply, Request, Response
from .world import Clock, MachineClock

if TYPE_CHECKING:
    import uvicorn

MADE_UP = "".join(("Simulated", "Secret"))
"""What every secret of a simulator holds: wherever one turns up, it is known for what it is. Put
together here, so that this file holds none."""


@dataclass(frozen=True)
class SimulatorOptions:
    """How to make a simulated system: `records` people and what goes with them, from `seed`.

    `describe` is a folder of recorded object descriptions. Simulators of one seed share about a
    third of their people.
    """

    seed: int = 1
    records: int = 1000
    describe: Path | None = None
    clock: Clock = field(default_factory=MachineClock)

    def random(self, purpose: str) -> random.Random:
        """A source of chance of its own for each purpose, the same for each run of a seed."""
        return random.Random(f"{self.seed} {purpose}")


class Simulator(Protocol):
    """A system made up for tests and the demo."""

    def handle(self, request: Request) -> Response:
        """The reply. Raises `NoReply` where the knobs say that the reply gets lost."""

    def sign_in(self, url: str) -> dict[str, str]:
        """What to put into the project file when it listens at `url`."""


class Server:
    """A simulator that listens on a port of loopback, in a thread of this process.

    `url` is `http://127.0.0.1:PORT`. Use it as a context manager, or call `close`.
    """

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        import uvicorn

        config = uvicorn.Config(
            application(simulator.handle),
            host="127.0.0.1",
            port=port,
            log_level="critical",
            lifespan="off",
            access_log=False,
            date_header=False,
            server_header=False,
        )
        self.simulator = simulator
        self._server: uvicorn.Server = uvicorn.Server(config)
        try:
            self._socket = socket.create_server(("127.0.0.1", port), backlog=128)
        except OSError as error:
            raise UsageError(
                f"port {port} of this machine can't be used",
                why=error.strerror or str(error),
                fix="take another one, or `--port 0` for any that is free",
            ) from None
        # Head and body go out in two pieces: without this, each second piece waits 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.005)

    def wait(self) -> None:
        """Returns when the server has stopped."""
        self._thread.join()

    def close(self) -> None:
        """Stops listening and waits for the thread."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def application(handle: Callable[[Request], Response]) -> Any:
    """An ASGI application around `handle`, which sees one request at a time, as bytes.

    A lost reply is a connection that closes in the middle of the body.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request as Incoming

    lock = threading.Lock()

    def serially(request: Request) -> Response:
        with lock:
            return handle(request)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        incoming = Incoming(scope, receive)
        path = scope.get("raw_path", b"").decode("latin-1") or incoming.url.path
        query = scope["query_string"].decode("latin-1")
        url = f"{incoming.url.scheme}://{incoming.url.netloc}{path}{'?' if query else ''}{query}"
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        request = Request(scope["method"], url, headers, await incoming.body())
        try:
            response = await run_in_threadpool(serially, request)
        except NoReply:
            start: list[tuple[bytes, bytes]] = [(b"content-length", b"1000000")]
            await send({"type": "http.response.start", "status": 200, "headers": start})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            return
        shown = [(name.encode(), text.encode("latin-1")) for name, text in response.headers.items()]
        if not any(name == b"content-length" for name, _ in shown):
            shown.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": shown})
        await send({"type": "http.response.body", "body": response.body})

    return app
