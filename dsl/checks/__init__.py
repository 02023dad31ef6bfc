"""One file for each code: its page, and the function that finds it where it looks at whole sets.

Codes whose findings come up while names and types are looked up (`unknown-field`, `wrong-type`)
have only their page here. To add a check, add its file, its code to `CODES`, and its function to
`CHECKS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from ..bound import Bound
from . import (
    always_blank,
    always_true,
    conflicting_writes,
    cost_over_limit,
    creation_only,
    enrich_without_map,
    may_not_fit,
    never_true,
    open_task_pushed,
    redundant_part,
    required_field_unfilled,
    rules_differ,
    same_target_twice,
    single_braces,
    table_twice_with_infer,
    unreachable_arm,
    unused_condition,
    unused_guard,
    unused_map,
    unused_test,
    value_loop,
)

CODES = (
    "not-text",
    "syntax",
    "missing-sync",
    "sync-line",
    "unknown-system",
    "unknown-object",
    "unknown-field",
    "unknown-value",
    "unknown-winner",
    "unknown-name-in-template",
    "needs-quotes",
    "wrong-type",
    "read-only-field",
    "one-way-template",
    "no-winner",
    "required-field-unfilled",
    "never-true",
    "always-true",
    "redundant-part",
    "unreachable-arm",
    "same-target-twice",
    "conflicting-writes",
    "match-twice",
    "rules-differ",
    "key-not-mapped",
    "table-not-one-to-one",
    "table-not-total",
    "shared-value",
    "table-twice-with-infer",
    "infer-not-related",
    "unused-map",
    "value-loop",
    "lossy-round-trip",
    "always-blank",
    "single-braces",
    "creation-only",
    "cost-over-limit",
    "enrich-without-map",
    "unused-condition",
    "unused-test",
    "unused-guard",
    "may-not-fit",
    "unknown-tie",
    "only-for-activities",
    "never-told",
    "open-task-pushed",
    "unknown-code",
    "not-allowable",
    "unused-allow",
)
"""All codes of findings; a code is never used again for something else."""

ALLOWABLE = frozenset(
    {
        "never-true",
        "always-true",
        "redundant-part",
        "unreachable-arm",
        "same-target-twice",
        "unused-map",
        "shared-value",
        "lossy-round-trip",
        "creation-only",
        "single-braces",
        "cost-over-limit",
        "unused-condition",
        "may-not-fit",
    }
)
"""What `allow CODE because "REASON"` can accept: what is odd and may be meant. What is spelt wrong,
loops, rights and fields that two rules write can't be accepted."""

CHECKS: tuple[Callable[[Bound], None], ...] = (
    required_field_unfilled.find,
    never_true.find,
    always_true.find,
    redundant_part.find,
    unreachable_arm.find,
    same_target_twice.find,
    conflicting_writes.find,
    table_twice_with_infer.find,
    unused_map.find,
    rules_differ.find,
    value_loop.find,
    always_blank.find,
    single_braces.find,
    creation_only.find,
    cost_over_limit.find,
    enrich_without_map.find,
    unused_condition.find,
    unused_test.find,
    unused_guard.find,
    may_not_fit.find,
    open_task_pushed.find,
)
"""What looks at all rules of two systems at once, after names and types are known."""


def explain(code: str) -> str | None:
    """The page of a code: what, why, a wrong and a right file; None for no code of ours."""
    if code not in CODES:
        return None
    page = importlib.import_module(f".{code.replace('-', '_')}", __name__).__doc__
    return None if page is None else f"{code}\n\n{page.strip()}\n"
