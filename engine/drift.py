"""Whether the systems still have what the rules rest on: they are described again before a write.

Compares with the stored schemas, and asks the rules: where they would pass `check` as things are
now, nothing has to wait. Which writes wait for a touched rule is `run/paused.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import dsl
from ..connectors.base.schema import Schema
from ..dsl.uses import Touched, Use, uses
from .schemas import Difference, differences, whole

if TYPE_CHECKING:
    from ..connectors.base.contract import Connector
    from .plan.model import Plan
    from .project import Project


def drift(
    project: Project,
    plan: Plan,
    connectors: Mapping[str, Connector],
    names: Collection[tuple[str, str]],
) -> list[Touched]:
    """The rules of a plan that can't go on as the systems are now, with what is different. `names`
    are the objects (system, object) that are described again."""
    now = dict(project.schemas())
    found: list[tuple[str, Difference]] = []
    for system, connector in connectors.items():
        objects = {one[1] for one in names if one[0] == system}
        stored = now[system]
        before = replace(
            stored, objects=tuple(one for one in stored.objects if one.name in objects)
        )
        after = whole(connector.describe(objects))
        found += [(system, one) for one in differences(before, after) if one.object]
        now[system] = _with(stored, before, after)
    touched = _touched(project, plan, found) if found else []
    if touched and dsl.check(project.sources(), now).rules is not None:
        return []
    return touched


def _told(use: Use, system: str, difference: Difference, login: str) -> Touched:
    """Why a rule can't go on: a right that is missing is told as one."""
    if difference.right:
        return Touched(use, system, difference.missing(login), True)
    unseen = f", or is no longer visible to {login}" if difference.kind == "removed" else ""
    gone = difference.kind == "removed" and difference.choice is None
    return Touched(use, system, difference.sentence + unseen, gone=gone)


def _login(project: Project, system: str) -> str:
    """Whose rights they are, as far as it is known."""
    signers = project.signers.get(system)
    stored = project.stored_schema(system)
    return (signers.sync if signers else "") or (stored.login if stored else "") or "the login"


def _with(stored: Schema, before: Schema, after: Schema) -> Schema:
    """A stored schema with some objects as they are now."""
    kept = tuple(one for one in stored.objects if one.name not in before.by_name)
    return replace(stored, objects=(*kept, *after.objects))


def _touched(
    project: Project, plan: Plan, found: Collection[tuple[str, Difference]]
) -> list[Touched]:
    rules = project.check().rules
    sets = rules.sets if rules else ()
    touched: dict[Touched, None] = {}
    for one in sets:
        if (one.left, one.right) != (plan.left, plan.right):
            continue
        for use in uses(one):
            system = one.left if use.side == "left" else one.right
            for where, difference in found:
                if where == system and difference.touches(use):
                    touched[_told(use, system, difference, _login(project, system))] = None
    return list(touched)
