"""All that is not ours: network, time, chance, threads. Passed in, so that a run can be replayed.

`Machine` is the real one. The simulated one lives in `tests/simulation`. Nothing else in the
product asks for the time, sleeps, draws a number, or opens a connection.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ...errors import UsageError
from .frozen import dataclass
from .wire import NoReply, NotSent, Request, Response

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
LANES = 4
"""Requests a system gets from us at once."""
CONNECT = 10.0
"""Seconds to get through to a system; the whole of a request has `Request.timeout`."""


ALIVE = 15.0
"""Seconds of waiting for jobs after which a world says that it is still there."""


def still() -> None:
    """Nobody has to hear of it."""


class Clock(Protocol):
    """Seconds since 1970 in UTC, and waiting."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """Work for a lane. Jobs that share a key of `holds` are never under way at once."""

    tag: Any
    holds: frozenset[str]
    call: Callable[[], T]


class World(Protocol):
    """The seam between us and everything else."""

    clock: Clock
    random: random.Random

    def send(self, request: Request) -> Response:
        """One request over the network. Raises `NotSent` or `NoReply`; `TooLarge`, which is one,
        where the reply has more than `Request.most` bytes; and `UsageError` where this machine's
        settings let nothing be sent at all."""

    def lanes(
        self, jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        """Runs jobs a few at a time and yields each with its result as it completes.

        `jobs` is drawn on the calling thread, one at a time, only when a lane is free: what its
        generator does (a commit) has happened before the job starts. An exception of a job is
        raised after the jobs under way have been yielded. While the calling thread waits for jobs,
        `alive` is called there now and then, where waiting takes real time.
        """

    def point(self, name: str) -> None:
        """Called at each commit and each request: where a simulation lets things happen."""


def moment(seconds: float) -> str:
    """A time as text: `2026-03-31T09:05:00.000Z`."""
    whole = datetime.fromtimestamp(seconds, UTC)
    return f"{whole.isoformat(timespec='milliseconds')[:23]}Z"


def seconds(moment: str) -> float:
    """The inverse of `moment`; takes any ISO 8601 spelling with a zone."""
    return datetime.fromisoformat(moment).timestamp()


class MachineClock:
    """The computer's clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Machine:
    """The real world: httpx with one client for the life of the process, threads, the clock."""

    def __init__(self, seed: int | None = None) -> None:
        self.clock: Clock = MachineClock()
        self.random = random.Random(seed)
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self._due = threading.local()

    def send(self, request: Request) -> Response:
        import httpx

        from .body import body_of

        client = self._open()
        try:
            built = client.build_request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body or None,
                timeout=httpx.Timeout(request.timeout, connect=min(CONNECT, request.timeout)),
            )
        except httpx.InvalidURL as error:
            raise NotSent(f"not a URL that can be called: {error}") from None
        except ValueError:
            raise NotSent("a header has a letter that none can have") from None
        self._due.at = time.monotonic() + request.timeout
        try:
            with closing(client.send(built, stream=True)) as reply:
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return Response(reply.status_code, headers, body_of(reply, request.most))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(_short(error)) from None
        except httpx.UnsupportedProtocol as error:
            raise NotSent(f"not a URL that can be called: {error}") from None
        except httpx.HTTPError as error:
            raise NoReply(_short(error)) from None
        except (httpx.InvalidURL, ValueError):
            # httpx reads where a reply would lead to, though nobody follows: it has come by then.
            raise NoReply("the reply leads to an address that can't be read") from None
        finally:
            self._due.at = None

    def lanes(
        self, jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        running: dict[Future[T], Job[T]] = {}
        failures: list[BaseException] = []

        def completed() -> Iterator[tuple[Job[T], T]]:
            while not (done := wait(running, ALIVE, FIRST_COMPLETED).done):
                alive()
            for future in done:
                job = running.pop(future)
                error = future.exception()
                if error is None:
                    yield job, future.result()
                else:
                    failures.append(error)

        with ThreadPoolExecutor(LANES) as pool:
            for job in jobs:
                while any(job.holds & other.holds for other in running.values()):
                    yield from completed()
                if failures:
                    break
                running[pool.submit(job.call)] = job
                while len(running) >= LANES:
                    yield from completed()
            while running:
                yield from completed()
        if failures:
            raise failures[0]

    def point(self, name: str) -> None:
        """Nothing happens here on a real machine."""

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        from .body import ACCEPTED
        from .sockets import hurry

        with self._lock:
            if self._client is None:
                # What a system lets a browser keep would follow one login into the next.
                none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
                try:
                    self._client = httpx.Client(
                        headers={"accept-encoding": ACCEPTED},
                        cookies=none,
                        follow_redirects=False,
                        trust_env=True,
                    )
                except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
                    raise _unusable(error) from None
                hurry(self._client, self._left)
            return self._client

    def _left(self) -> float:
        """Seconds until the request of this thread has had its time."""
        due: float | None = getattr(self._due, "at", None)
        return float("inf") if due is None else due - time.monotonic()


_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


def _unusable(error: Exception) -> UsageError:
    """The error for what the environment says of the network; a proxy's URL may hold a password."""
    names: tuple[str, ...] = _PROXIES
    why = "what is written there can't be used"
    if isinstance(error, OSError):
        names, why = _CERTIFICATES, error.strerror or why
    named = [one for one in names if os.environ.get(one) or os.environ.get(one.lower())]
    if isinstance(error, ImportError):
        why = "a SOCKS proxy needs a package: pip install 'httpx[socks]'"
    return UsageError(
        f"nothing can be sent the way that {' and '.join(named) or 'the environment'} says",
        why=why,
        fix="write proxies like http://HOST:PORT, and files of certificates that are there",
    )


def _short(error: Exception) -> str:
    """A network error in its own words, without its number; it holds no headers and no body."""
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    text = re.sub(r":? (bytearray\()?b['\"].*", "", text, flags=re.DOTALL)  # what was read or sent
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return text[:1].lower() + text[1:] if " " in text else f"{kind}: {text}".rstrip(": ")
