"""Pages for codes: findings of the language, entries of the error log, refusals of a system.

Knows where pages come from and none of their text. Codes of findings are in `dsl/checks`, those of
a run in `run/codes.py`, those of a system's refusals in its connector.
"""

from __future__ import annotations

from .. import dsl
from ..errors import UsageError
from .installed import connectors
from .systems import kind, nearest


def page(code: str) -> str:
    """The page of `code`; `UsageError` where nobody knows it."""
    found = dsl.explain(code)
    if found:
        return found.strip()
    from .run.codes import ADVICE

    if code in ADVICE:
        return f"{code}, an entry of the error log\n\n{ADVICE[code]}"
    for name in connectors():
        loaded = kind(name)
        advice = loaded.advice(code)
        if advice:
            return f"{code}, an answer of {loaded.label}\n\n{advice}"
    raise UsageError(
        f"there is no page for `{code}`",
        why="neither a check nor a connector gives that code",
        fix=nearest(code, dsl.CODES, "take a code from `syncrules check` or `syncrules errors`"),
    )
