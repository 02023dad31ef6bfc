"""All tests of a project: which there are, on which rules they stand, and what became of each.

Knows the project and the order of the rooms; a single test is carried out in `play.py` and judged
in `verdict.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...connectors.base.schema import Schema
from ...dsl.rules import RuleSet, TestRule
from .ground import Ground, prepare
from .play import play
from .verdict import Verdict, judge

if TYPE_CHECKING:
    from ..project import Project


@dataclass(frozen=True)
class Suite:
    """The rules between two systems with their tests, ready to be carried out on `today`."""

    rules: RuleSet
    schemas: Mapping[str, Schema]
    zone: str
    today: str
    free_mail: tuple[str, ...]
    team: tuple[str, ...]
    tests: tuple[TestRule, ...]
    ground: Ground = field(repr=False)

    @classmethod
    def of(
        cls,
        rules: RuleSet,
        schemas: Mapping[str, Schema],
        zone: str,
        today: str,
        free_mail: tuple[str, ...] = (),
        team: tuple[str, ...] = (),
        wanted: Callable[[TestRule], bool] = lambda one: True,
    ) -> Suite:
        """Compiles the rules; `wanted` chooses among their tests."""
        ground = prepare(rules, schemas, zone, free_mail, team)
        tests = tuple(
            sorted((one for one in rules.tests if wanted(one)), key=lambda one: one.place)
        )
        return cls(rules, schemas, zone, today, free_mail, team, tests, ground)

    def verdicts(self, now: Callable[[], float]) -> tuple[list[Verdict], list[float]]:
        """The verdict on each test, and the seconds that it took; `now` reads the clock."""
        found, seconds = [], []
        for test in self.tests:
            began = now()
            found.append(judge(test, play(self.ground, test, self.today)))
            seconds.append(now() - began)
        return found, seconds


def suites(project: Project, today: str, paths: Sequence[Path] = ()) -> list[Suite]:
    """The suites of a project without errors; of `paths` alone, where some are given.

    Tests may stand in files of their own: files of the project are tested on all its rules.
    """
    checked = project.check()
    assert checked.rules is not None
    chosen = None
    if paths:
        given = project.with_rules(paths)
        chosen = set(given.sources())
    schemas = project.schemas()
    return [
        Suite.of(
            rules,
            schemas,
            project.zone,
            today,
            project.free_mail,
            project.domains,
            wanted=lambda one: chosen is None or one.place.file in chosen,
        )
        for rules in checked.rules.sets
    ]


def of_project(project: Project, paths: Sequence[Path]) -> bool:
    """Whether all files under `paths` are rule files of the project itself."""
    if not paths:
        return True
    own = {one.resolve() for one in project.rule_files()}
    return {one.resolve() for one in project.with_rules(paths).rule_files()} <= own
