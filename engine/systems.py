"""The systems of a project: which connectors there are, and signing in with the project's settings.

Finds connectors by their entry points and never by import, checks `[systems.NAME]` against what the
connector takes, and reads secrets from where the project file points to. Doesn't know what any
setting means; the file itself is read by `project.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..connectors.base.contract import Kind, Setting
from ..connectors.base.frozen import dataclass
from ..connectors.base.login import Secret
from ..errors import UsageError
from . import installed

if TYPE_CHECKING:
    from ..connectors.base.contract import Connector
    from ..connectors.base.wire import Request, Response
    from ..connectors.base.world import World

ANY_SYSTEM = (
    Setting("url", example="http://127.0.0.1:8701"),
    Setting("timeout", example="30 seconds"),
)
"""Settings that every system may have, whatever its connector says."""

OF_LOGINS = (
    Setting("sync_login", example="ops@ourcompany.example"),
    Setting("lost_login", example="wait"),
)
"""Settings of systems that people link logins of their own to; they are the engine's."""

_LOST = ("fall back", "wait")
_VARIABLE = re.compile(r"[A-Z]+(_[A-Z0-9]+)*")
_REFERENCES = ("env:", "file:", "keyring:")
_TIMEOUT = re.compile(r"(\d+(?:\.\d+)?) (second|minute)s?")
_SECONDS = {"second": 1.0, "minute": 60.0}


@dataclass(frozen=True, slots=True)
class System:
    """One `[systems.NAME]` of the project file, as written: secrets are still references."""

    name: str
    connector: str
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


def kind(name: str) -> Kind:
    """The connector of that name; `UsageError` names the nearest where there is none."""
    found = installed.connectors()
    if name not in found:
        raise UsageError(
            f"there is no connector called `{name}`",
            why=f"installed are {', '.join(found) or 'none'}",
            fix=nearest(name, found, "take one of those, or install the package that brings it"),
        )
    try:
        loaded = installed.load(found[name])
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the connector `{name}` can't be loaded",
            why=str(error),
            fix=f"install the package that brings `{found[name]}` again",
        ) from None
    if not isinstance(loaded, Kind):
        raise UsageError(
            f"the connector `{name}` can't be loaded",
            why=f"`{found[name]}` is no connector kind",
            fix="ask the author of the connector for an entry point that names its `Kind`",
        )
    return loaded


def kind_of(system: System) -> Kind:
    """The connector of a system. Messages don't repeat what the project file says instead of one:
    keys are easily pasted into the wrong line."""
    found = installed.connectors()
    if system.connector not in found:
        raise UsageError(
            f"`connector` of [systems.{system.name}] is none that is installed",
            why=f"installed are {', '.join(found) or 'none'}",
            fix=nearest(
                system.connector, found, "take one of those, or install the package that brings it"
            ),
        )
    return kind(system.connector)


def connect(system: System, folder: Path, environ: Mapping[str, str], world: World) -> Connector:
    """Signs in to `system`, under its sync login where people have linked some. `folder` is the
    project's, where `file:` paths start. Raises `UsageError` where nobody has signed in."""
    found = kind_of(system)
    given, world = ready(system, found, folder, environ, world)
    if found.linking is None:
        return found.connect(given, world)
    from .logins import Book, Linked, sync_login

    book = Book(folder, environ)
    linked = book.of(system.name)
    sync = sync_login(system, linked, found.linking.instead)
    if not sync and not (found.linking.personal and linked):
        return found.connect(given, world)
    return found.linking.connect(given, world, Linked(book, system.name, sync))


def ready(
    system: System, kind: Kind, folder: Path, environ: Mapping[str, str], world: World
) -> tuple[dict[str, str | Secret], World]:
    """The settings as a connector takes them, and a world whose requests wait as long as they say.
    Raises `UsageError` like `settings`."""
    given = settings(system, kind, folder, environ)
    timeout = given.pop("timeout", None)
    for one in OF_LOGINS:
        given.pop(one.name, None)
    return given, world if timeout is None else _Timed(world, float(str(timeout)))


class _Timed:
    """A world whose requests to one system wait so many seconds for a reply, and no longer."""

    def __init__(self, world: World, timeout: float) -> None:
        self.clock = world.clock
        self.random = world.random
        self.lanes = world.lanes
        self.point = world.point
        self._send = world.send
        self._timeout = timeout

    def send(self, request: Request) -> Response:
        return self._send(replace(request, timeout=self._timeout))


def settings(
    system: System, kind: Kind, folder: Path, environ: Mapping[str, str]
) -> dict[str, str | Secret]:
    """The settings as a connector takes them: secrets read, defaults filled in, all keys known.

    `system` is the name of the system, `timeout` seconds as text. Raises `UsageError`
    for a key the connector doesn't know, one that is missing, and a secret that is written out.
    """
    known = written(system, kind)
    result: dict[str, str | Secret] = {"system": system.name}
    for name, setting in known.items():
        text = system.settings.get(name, setting.default)
        if text:
            value = resolve(text, f"`{name}` of [systems.{system.name}]", folder, environ)
            result[name] = Secret(value) if setting.secret else value
    if "timeout" in result:
        result["timeout"] = _timeout(system.name, str(result["timeout"]))
    return result


def written(system: System, kind: Kind) -> dict[str, Setting]:
    """What the connector takes, by name, once all is right that can be told without a secret.

    Raises `UsageError` like `settings`; reads neither a file nor the environment.
    """
    personal = OF_LOGINS if kind.linking is not None and kind.linking.personal else ()
    known = {one.name: one for one in (*ANY_SYSTEM, *kind.settings, *personal)}
    for name in system.settings:
        if name not in known:
            raise UsageError(
                f"[systems.{system.name}] has no key `{name}`",
                why=f"the connector {kind.name} takes {', '.join(known)}",
                fix=nearest(name, known, "take the key out of syncrules.toml"),
            )
    for name, setting in known.items():
        text = system.settings.get(name, setting.default)
        if text and setting.secret and not is_reference(text):
            raise UsageError(
                f"`{name}` of [systems.{system.name}] is a secret and must not stand in the file",
                why="syncrules.toml is kept under version control",
                fix=f"write `{name} = {_quoted(example(system.name, setting))}` and set that"
                f" variable, or `{name} = {_quoted(f'file:secrets/{name}')}`",
            )
        if not text and setting.required:
            raise UsageError(
                f"[systems.{system.name}] needs the key `{name}`",
                why=f"the connector {kind.name} can't sign in without it",
                fix=f"add a line such as `{name} = {_quoted(example(system.name, setting))}`",
            )
    lost = system.settings.get("lost_login", _LOST[0])
    if "lost_login" in known and lost not in _LOST:
        raise UsageError(
            f"`lost_login` of [systems.{system.name}] is neither of the two things it can be",
            fix='write `lost_login = "fall back"` or `lost_login = "wait"`',
        )
    timeout = system.settings.get("timeout", "")
    if timeout and not is_reference(timeout):
        _timeout(system.name, timeout)
    return known


def resolve(written: str, called: str, folder: Path, environ: Mapping[str, str]) -> str:
    """What `env:NAME`, `file:PATH` or `keyring:NAME` stands for; any other text stands for itself.

    `called` is what messages call the setting. The text that was read is in no message.
    """
    way, _, rest = written.partition(":")
    if way == "env":
        text = environ.get(rest, "").strip()
        if not text:
            if not _VARIABLE.fullmatch(rest):  # perhaps what should be in one
                raise UsageError(
                    f"the environment variable that {called} names is not set",
                    fix="write the name of one behind `env:`, and set that to the value",
                )
            raise UsageError(
                f"the environment variable {rest} is not set",
                why=f"{called} is read from it",
                fix=f"set it: export {rest}=...",
            )
        return text
    if way == "file":
        path = folder / rest
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            no_text = "it is no text" if isinstance(error, UnicodeDecodeError) else ""
            cause = getattr(error, "strerror", "") or no_text or "it can't be read"
            raise UsageError(
                f"the file {rest} can't be read",
                why=f"{called} is kept there: {cause}",
                fix="write the secret into that file, alone, or point to another one",
            ) from None
        if not text:
            raise UsageError(
                f"the file {rest} is empty",
                why=f"{called} is kept there",
                fix="write the secret into that file, alone",
            )
        return text
    if way == "keyring":
        from .vault import from_keyring

        return from_keyring(rest, called).reveal()
    return written


def is_reference(written: str) -> bool:
    """Whether a text says where a secret is, and isn't one."""
    return written.startswith(_REFERENCES)


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    """A sentence that offers the known name nearest to `name`, or `otherwise`."""
    from difflib import get_close_matches

    spelled = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), list(spelled), 1, 0.6)
    return f"did you mean `{spelled[close[0]]}`?" if close else otherwise


def example(system: str, setting: Setting) -> str:
    """What might be written for a setting; of a secret, a variable that holds it."""
    if setting.secret and not is_reference(setting.example):
        return f"env:{system}_{setting.name}".upper().replace("ENV:", "env:", 1).replace("-", "_")
    return setting.example or "..."


def _quoted(text: str) -> str:
    return f'"{text}"'


def _timeout(system: str, written: str) -> str:
    match = _TIMEOUT.fullmatch(written)
    amount = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if amount <= 0:
        raise UsageError(
            f"`timeout` of [systems.{system}] is not a length of time",
            fix='write it like `timeout = "30 seconds"`',
        )
    return f"{amount:g}"
