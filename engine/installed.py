"""Which connectors are installed: what their packages say in `entry_points.txt`.

Reads the same files as `importlib.metadata`, in a tenth of the time, as every `check` has to know;
where it finds none (packages in an archive), that is asked. Loads no connector.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module

GROUP = "syncrules.connectors"


def connectors() -> dict[str, str]:
    """`module:attribute` of each connector by its name, in order of names."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for name, value in _said_in(folder or os.curdir):
            found.setdefault(name, value)
    if not found:
        from importlib.metadata import entry_points

        found = {one.name: one.value for one in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def load(value: str) -> object:
    """What stands behind `module:attribute`."""
    module, _, attribute = value.partition(":")
    found: object = import_module(module.strip())
    for name in filter(None, attribute.strip().split(".")):
        found = getattr(found, name)
    return found


def _said_in(folder: str) -> Iterator[tuple[str, str]]:
    """What the packages of one folder of Python's path say."""
    try:
        names = [one for one in os.listdir(folder) if one.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return
    for name in sorted(names):
        try:
            with open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        if GROUP in text:
            yield from _group(text)


def _group(text: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each line of our group; what stands behind a blank is no part of a value."""
    inside = False
    for line in (one.strip() for one in text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{GROUP}]"
        elif inside and "=" in line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield name.strip(), value.split("[")[0].strip()
