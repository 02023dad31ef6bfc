"""A person at the terminal and their browser: what `syncrules connect` asks, and who comes back.

Listens on loopback for the one request that a sign-in ends with. Knows nothing of any system: that
asks through `connectors/base/linking.py`.
"""

from __future__ import annotations

import secrets
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from ..connectors.base.login import Secret
from ..connectors.base.world import Clock
from ..errors import SignInRefused, UsageError

PATIENCE = 300.0
"""Seconds that a sign-in in the browser may take."""


class AtTerminal:
    """Whoever runs the command; see `linking.Person`. `say` shows a line, `ask` gives the answer to
    a question without showing it."""

    def __init__(
        self, say: Callable[[str], None], ask: Callable[[str], str], clock: Clock, *, device: bool
    ) -> None:
        self.device = device
        self._say = say
        self._ask = ask
        self._clock = clock

    def browse(self, address: str, callback: str, state: str) -> Mapping[str, str]:
        with Listener(callback, state) as listener:
            self._say(f"sign in in the browser:\n\n    {address}\n")
            _open(address)
            return listener.wait(self._clock, self._clock.now() + PATIENCE)

    def enter(self, address: str, code: str) -> None:
        self._say(f"on any machine, open {address} and enter the code {code}")

    def secret(self, question: str) -> Secret:
        given = "".join(self._ask(question).split())
        if not given:
            raise UsageError("nothing was given", fix="paste it, or pipe it to the command")
        return Secret(given)

    def nonce(self) -> str:
        """Not from the chance of the world: whoever could foresee it could take over a sign-in."""
        return secrets.token_urlsafe(32)


class Listener:
    """Listens where the browser is sent back to, for the request that has the right state."""

    def __init__(self, callback: str, state: str) -> None:
        parts = urlsplit(callback)
        self._port = parts.port or 80
        came: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        self._came = came

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0

            def do_GET(self) -> None:
                there = urlsplit(self.path)
                query = dict(parse_qsl(there.query))
                if there.path != (parts.path or "/"):
                    self._answer(404, "Nothing is here", "")
                elif not secrets.compare_digest(query.get("state", ""), state):
                    text = "Start again with syncrules connect, and take the newest window."
                    self._answer(400, "This is not the sign-in that is under way", text)
                else:
                    title = "Signed in" if "code" in query else "Not signed in"
                    self._answer(200, title, "You can close this window and go to the terminal.")
                    came.put(query)

            def _answer(self, status: int, title: str, text: str) -> None:
                body = _PAGE.format(title=escape(title), text=escape(text)).encode()
                self.send_response(status)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.send_header("referrer-policy", "no-referrer")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The address holds the code, so it is told nowhere."""

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        except OSError as error:
            raise UsageError(
                f"port {self._port} of this machine can't be used",
                why=error.strerror or str(error),
                fix="end what uses it (another `syncrules connect`?), or change `callback`",
            ) from None
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def wait(self, clock: Clock, until: float) -> Mapping[str, str]:
        """The query of that request. Raises `SignInRefused` where none comes in time."""
        while clock.now() < until:
            with suppress(Empty):
                return self._came.get(timeout=0.5)
        raise SignInRefused(
            "nobody came back from the browser",
            why=f"waited {PATIENCE / 60:.0f} minutes",
            fix="run it again; `--device` where the browser is on another machine",
        )

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    "<body style='font: 18px system-ui; max-width: 30em; margin: 15vh auto'>"
    "<h1>{title}</h1><p>{text}</p>"
)


def _open(address: str) -> None:
    """Opens the browser, where there is one; the address stands on the terminal anyway."""
    with suppress(webbrowser.Error, OSError):
        webbrowser.open(address)
