"""Opens a project for work: plans, signed-in systems and the state, as `run/run.py` takes them.

It knows where each part comes from and none of what is done with them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .systems import kind_of

if TYPE_CHECKING:
    from ..connectors.base.contract import Connector
    from ..connectors.base.world import World
    from .plan.model import Plan
    from .project import Project
    from .run.run import Setup
    from .store.database import Database
    from .store.lease import Holder

Progress = Callable[[str], None]
"""Is told what is going on, for someone who waits."""


def silent(text: str) -> None:
    """Nobody waits."""


@contextmanager
def database(project: Project, world: World) -> Iterator[Database]:
    """The state of a project, closed afterwards. What its damage makes impossible inside is told
    as that."""
    from .run.damage import told
    from .store.database import Database

    db = Database(project.state_url, world.point)
    try:
        with told(db):
            yield db
    finally:
        db.close()


@contextmanager
def opened(
    project: Project,
    world: World,
    holder: Holder | None = None,
    progress: Progress = silent,
) -> Iterator[list[Setup]]:
    """A set-up for each two systems that rules name. Raises `FindingsError` and its kin before
    anything is opened, `SystemUnavailable` where a sign-in fails."""
    plans = project.plans()
    with database(project, world) as db:
        connectors: dict[str, Connector] = {}
        for plan in plans:
            for system in (plan.left, plan.right):
                if system not in connectors:
                    connectors[system] = project.connect(system, world)
        made = [_setup(project, world, plan, db, connectors, holder) for plan in plans]
        yield [replace(one, progress=progress) for one in made]


def org(plan: Plan) -> str:
    """What all keys of the state begin with: one for each two systems of a project."""
    return f"{plan.left}~{plan.right}"


def _setup(
    project: Project,
    world: World,
    plan: Plan,
    db: Database,
    connectors: dict[str, Connector],
    holder: Holder | None,
) -> Setup:
    from .drift import drift
    from .generation import generation
    from .run.run import Setup
    from .store.lease import this_process

    systems = (plan.left, plan.right)
    schemas = project.schemas()
    return Setup(
        org=org(plan),
        plan=plan,
        world=world,
        db=db,
        connectors={name: connectors[name] for name in systems},
        deadlines={name: deadline(project, name) for name in systems},
        sizes={name: schemas[name].write_batch for name in systems},
        advise=adviser(project),
        holder=holder or this_process(),
        signers={name: one for name, one in project.signers.items() if name in systems},
        lags={
            (name, one.name): one.lag
            for name in systems
            for one in schemas[name].objects
            if one.lag
        },
        quiet=project.quiet,
        generation=generation(project.state_url, org(plan), os.environ),
        drift=partial(drift, project, plan, {name: connectors[name] for name in systems}),
    )


def deadline(project: Project, system: str) -> float:
    """Seconds after which no request to a system can be under way any more."""
    from .systems import settings

    one = project.system(system)
    its = kind_of(one)
    given = settings(one, its, project.folder, os.environ)
    return float(str(given.get("timeout", its.deadline)))


def adviser(project: Project) -> Callable[[str, str], str]:
    """What each system's connector says of a code."""
    kinds = {name: kind_of(one) for name, one in project.systems.items()}
    return lambda system, code: kinds[system].advice(code)
