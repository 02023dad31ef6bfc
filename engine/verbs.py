"""The public verbs, one function each: `syncrules.check(project)` and the like.

Knows the order of the rooms and none of their work: `Project` has the files, `dsl` the meaning,
`plan/` the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..dsl import Checked
    from .plan.model import Plan
    from .project import Project


def check(project: Project) -> Checked:
    """All findings of the project's rules, and the rules where none of them is an error."""
    return project.check()


def compile(project: Project) -> tuple[Plan, ...]:
    """A plan for each two systems; `FindingsError` where a finding is an error."""
    return project.plans()
