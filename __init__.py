"""CRM sync as code: rules that read like sentences, proved before a record moves.

The public face: `Project`, and a function for each verb. Each is imported when it is first used, so
that a quick command stays quick. For connectors there is `connectors.base`, and `testing` to show
that one keeps the contract.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what `typing` has is the same, and takes longer than all of the rest
if TYPE_CHECKING:
    from typing import Any

    from .engine.project import Project
    from .engine.verbs import check, compile, preview, run

__version__ = "0.1.0"
__all__ = ["Project", "check", "compile", "preview", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    room = ".engine.project" if name == "Project" else ".engine.verbs"
    return getattr(import_module(room, __name__), name)
