"""Serving a simulated system until someone stops it, and how to sign in to it.

Knows that a connector's kind may bring a simulator, and that SIGTERM is the usual way to stop one.
What a simulator answers is in `connectors/<system>/simulator`, HTTP in `connectors/base/serve.py`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType

from ..connectors.base.contract import Kind, Setting
from ..connectors.base.serve import Server, SimulatorOptions
from ..errors import UsageError
from .systems import example, kind


@dataclass(frozen=True, slots=True)
class Serving:
    """A simulated system that listens at `url`. `sign_in` is made up, so it is shown."""

    kind: Kind
    url: str
    sign_in: Mapping[str, str]
    options: SimulatorOptions

    def as_json(self) -> str:
        """One line: `url`, and how to sign in."""
        return json.dumps({"url": self.url, **self.sign_in})

    def as_text(self) -> str:
        """What to put into the project file and the environment."""
        given = {**self.sign_in, "url": self.url}
        known = {one.name: one for one in (Setting("url"), *self.kind.settings)}
        lines, exports = [], []
        for name in [name for name in known if name in given]:
            place = example(self.kind.name, known[name]) if known[name].secret else ""
            lines.append(f'{name} = "{place or given[name]}"')
            if place:
                exports.append(f"export {place.removeprefix('env:')}='{given[name]}'")
        made = f"{self.options.records} people, seed {self.options.seed}"
        head = [
            f"{self.kind.label}, made up: {made}, at {self.url}",
            "",
            "# syncrules.toml",
            f"[systems.{self.kind.name}]",
            f'connector = "{self.kind.name}"',
        ]
        shell = ["", "# in the shell that runs syncrules", *exports]
        return "\n".join([*head, *lines, *shell, *self._person()])

    def _person(self) -> list[str]:
        """Who can sign in in the browser, where people do."""
        linking = self.kind.linking
        if linking is None or "password" not in self.sign_in:
            return []
        name, password = self.sign_in["username"], self.sign_in["password"]
        return [
            "",
            f"# or, without `{linking.instead}`: `syncrules connect {self.kind.name}`, as",
            f"# {name} with the password {password}",
        ]


def serve(
    name: str, port: int, options: SimulatorOptions, listening: Callable[[Serving], None]
) -> None:
    """Serves a simulated system on loopback, tells `listening`, and returns after SIGTERM.

    Ctrl-C is a `KeyboardInterrupt`, as ever.
    """
    found = kind(name)
    if found.simulate is None:
        raise UsageError(
            f"the connector `{name}` brings no simulator", fix="simulate another system"
        )

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    try:
        with Server(found.simulate(options), port) as server:
            earlier = signal.signal(signal.SIGTERM, stop)
            try:
                sign_in = server.simulator.sign_in(server.url)
                listening(Serving(found, server.url, sign_in, options))
                server.wait()
            finally:
                signal.signal(signal.SIGTERM, earlier)
    except _Stopped:
        return


class _Stopped(Exception):
    """SIGTERM: the way a simulator is meant to end."""
