"""The language: text of `.sync` files and schemas in, findings and typed rules out.

No network, no database, no clock. `check` is the whole way, in `prove.py`: `parse.py` reads,
`resolve.py` gives meaning, `checks/` proves; what the rules say then is `rules.py`, how findings
look `finding.py`. Each is imported when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .checks import CODES, explain
    from .finding import Finding, to_json, to_text
    from .prove import Checked, check
    from .rules import Rules

_ROOMS = {
    "CODES": "checks",
    "Checked": "prove",
    "Finding": "finding",
    "Rules": "rules",
    "check": "prove",
    "explain": "checks",
    "to_json": "finding",
    "to_text": "finding",
}

__all__ = ["CODES", "Checked", "Finding", "Rules", "check", "explain", "to_json", "to_text"]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
