"""The verbs of the product, one function each, for a whole project: what the command line calls.

Knows the order of the rooms and none of their work. A project may sync several pairs of systems:
each verb takes them one after the other, and its results come in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import Stale, SyncrulesError, UsageError
from .open import Progress, database, opened, silent
from .systems import nearest

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..dsl import Checked
    from .approvals import Approval
    from .history import History
    from .known import Known
    from .lost import Lost
    from .plan.model import Plan
    from .project import Project
    from .report import ErrorEntry
    from .run.journal import Entry
    from .run.run import OnChange, Result, Setup
    from .run.undo import Part
    from .saved import Keep
    from .store.database import Database
    from .why import Why


def check(project: Project) -> Checked:
    """All findings of the project's rules, and the rules where none of them is an error."""
    return project.check()


def compile(project: Project) -> tuple[Plan, ...]:
    """A plan for each two systems; `FindingsError` where a finding is an error."""
    return project.plans()


def preview(
    project: Project,
    world: World,
    on_change: OnChange | None = None,
    progress: Progress = silent,
    rule: str = "",
    out: Path | None = None,
) -> list[Result]:
    """Every change that `run` would make now; reads both systems and writes to neither. `out` is
    the file that it is saved in, for `apply`."""
    from .run import run as way
    from .saved import head, saving

    with opened(project, world, progress=progress) as setups:
        about = _about(setups, rule)
        if out is None:
            return [way.preview(one, on_change) for one in about]
        with saving(out, head(project)) as keep:
            return [way.preview(one, _also(keep, one.org, on_change)) for one in about]


def apply(
    project: Project,
    world: World,
    file: Path,
    on_change: OnChange | None = None,
    progress: Progress = silent,
) -> list[Result]:
    """Makes exactly the changes of a saved preview. Raises `Stale` where other ones would be made
    now, before anything is written. Of several pairs of systems one is written after the other:
    where what was written for one makes the next stale, that is told."""
    from .run import run as way
    from .saved import load

    saved = load(file)
    project = saved.project(project)
    saved.must_fit(project)
    with opened(project, world, progress=progress) as setups:
        for one in setups:
            way.preview(one, agreed=partial(saved.agreed, one.org, one.db))
        results: list[Result] = []
        for one in setups:
            try:
                results.append(way.apply(one, partial(saved.agreed, one.org, one.db), on_change))
            except Stale as error:
                raise _in_part(saved.path, setups, results, error) from None
        return results


def _in_part(path: Path, setups: Sequence[Setup], done: Sequence[Result], error: Stale) -> Stale:
    """What is raised where a preview of several pairs of systems was carried out for some."""
    written = [one.org for one, result in zip(setups, done, strict=False) if result.counts]
    if not written:
        return error
    names = ", ".join(one.replace("~", " with ") for one in written)
    return Stale(
        f"{path} is applied in part: what it says of {names} was written, the rest was not",
        why=error.why,
        fix="`syncrules preview` shows what is left; save it, or leave it to the next run",
    )


def undo(
    project: Project,
    world: World,
    part: Part,
    on_change: OnChange | None = None,
    progress: Progress = silent,
    *,
    dry_run: bool = False,
) -> list[Result]:
    """Puts back what a run changed, or a part of that, where it is still as that run left it."""
    from .run import run as way
    from .store import undone

    run = part.run

    with opened(project, world, progress=progress) as setups:
        had = [one for one in setups if one.db.row(undone.verb_of, org=one.org, run=run)]
        if len(had) > 1:
            raise UsageError(
                f"several pairs of systems have a run {run}: {', '.join(one.org for one in had)}",
                fix="name the rule files of one pair in `rules` of syncrules.toml meanwhile",
            )
        about = had or setups[:1]
        return [way.undo(one, part, on_change, dry_run=dry_run) for one in about]


def run(
    project: Project,
    world: World,
    on_change: OnChange | None = None,
    progress: Progress = silent,
    rule: str = "",
) -> list[Result]:
    """The main job: brings over what changed since the last run, or what one `rule` says of it."""
    from .run import run as way

    with opened(project, world, progress=progress) as setups:
        return [way.run(one, on_change) for one in _about(setups, rule)]


def push(
    project: Project,
    world: World,
    record: str,
    rule: str = "",
    on_change: OnChange | None = None,
    progress: Progress = silent,
) -> list[Result]:
    """Sends one record by hand, past the condition of its rule."""
    from .run import run as way
    from .run.by_hand import pushing

    with opened(project, world, progress=progress) as setups:
        about = [one for one in _about(setups, rule) if pushing(one.plan, rule)]
        if len(about) == 1:
            return [way.push(about[0], record, rule, on_change)]
        rules = [one.rule for each in about for flow in pushing(each.plan) for one in flow.moves]
    raise UsageError(
        "rules of several systems push records" if about else "no rule pushes records",
        why="" if about else "only a `push` that may create says where a record goes",
        fix=f"name one with --rule: {', '.join(rules)}" if about else "write one, or name another",
    )


def backfill(
    project: Project,
    world: World,
    direction: Literal["push", "pull"],
    object: str,
    on_change: OnChange | None = None,
    progress: Progress = silent,
    *,
    dry_run: bool = False,
) -> list[Result]:
    """Brings over what was there before the rules; `object` is the one that is read. What touches
    everything at once doesn't start while a finding is open. `dry_run`: writes to neither."""
    from .run import run as way

    project.must_be_sound()
    with opened(project, world, progress=progress) as setups:
        about = [one for one in setups if object in _read_by(one.plan, direction)]
        return [
            way.backfill(one, direction, object, on_change, dry_run=dry_run)
            for one in about or setups
        ]


def retry(
    project: Project,
    world: World,
    ids: Sequence[int] | None,
    on_change: OnChange | None = None,
    progress: Progress = silent,
) -> list[Result]:
    """Decides the records behind open errors again; `ids` None: behind all of them."""
    from .run import run as way

    results = []
    with opened(project, world, progress=progress) as setups:
        left = set(ids or ())
        for one in setups:
            mine = None if ids is None else sorted(left & _open(one))
            if mine is None or mine:
                results.append(way.retry(one, mine, on_change))
                left -= set(mine or ())
    if left:
        raise UsageError(f"there is no open error {min(left)}", fix="`syncrules errors` lists them")
    return results


def errors(project: Project, world: World) -> list[ErrorEntry]:
    """The open entries of the error log, oldest first. Asks no system. Which rules are gone from
    the files is told where these can be compiled."""
    from .report import open_errors

    with database(project, world) as db:
        return open_errors(db, _orgs(project, db), _plans(project))


def approvals(project: Project, world: World) -> list[Approval]:
    """Changes that wait for a person, oldest first. Asks no system."""
    from .approvals import waiting

    with database(project, world) as db:
        return waiting(db, _orgs(project, db))


def approve(project: Project, world: World, ids: Sequence[int] | None) -> list[Approval]:
    """Lets changes go that the next run then makes; `ids` None: all that wait. Asks no system."""
    from .approvals import approve

    with database(project, world) as db:
        return approve(db, _orgs(project, db), ids)


def known(project: Project, world: World, emails: Sequence[str]) -> list[Known]:
    """The records of either system with these addresses. Asks no system."""
    from .known import known

    with database(project, world) as db:
        return known(db, _orgs(project, db), project.schemas(), emails)


def status(project: Project, world: World) -> dict[str, Any]:
    """Rules, last runs, what waits, open errors and calls, as data. Asks no system. Which rules are
    gone from the files is told where these can be compiled."""
    from .status import status_json

    with database(project, world) as db:
        return status_json(db, _orgs(project, db), world.clock.now(), _plans(project))


def history(project: Project, world: World, record: str) -> History:
    """Everything we ever did to a record, named by its key or its id, and what became of it. Asks
    no system."""
    from .history import history

    with database(project, world) as db:
        return history(db, _orgs(project, db), record)


def lost(project: Project, world: World, record: str = "") -> list[Lost]:
    """The edits that lost to the other side, of one record or of all. Asks no system."""
    from .lost import lost

    with database(project, world) as db:
        return lost(db, _orgs(project, db), record)


def why(project: Project, world: World, record: str, field: str = "") -> list[Why]:
    """Why a record is as it is, or one field of it, and what would come next. Asks no system."""
    from .open import org
    from .why import why
    from .why_fields import must_know

    plans = project.plans()
    if field:
        must_know(plans, project.schemas(), field)
    with database(project, world) as db:
        found = [told for one in plans for told in why(one, org(one), db, world, record, field)]
    if not found:
        raise UsageError(
            f"no record that rules are about is known as {record}",
            why="it was looked for by id and by the keys that records are matched on, among what "
            "runs and previews have read",
            fix="name it by its address, its domain or its id; `syncrules preview` reads what is "
            "new",
        )
    return found


def _also(keep: Keep, org: str, on_change: OnChange | None) -> OnChange:
    """Keeps a change, then tells it; what is left of an undo is none of `apply`."""

    def tell(change: Entry) -> None:
        if not change.undoes:
            keep(org, change)
        if on_change:
            on_change(change)

    return tell


def _about(setups: list[Setup], rule: str) -> list[Setup]:
    """The set-ups with that rule, about nothing else; all where none is named."""
    from .run.scope import of_rule, rules_of

    if not rule:
        return setups
    found = [(one, of_rule(one.plan, rule)) for one in setups]
    about = [replace(one, scope=scope) for one, scope in found if scope is not None]
    if not about:
        names = {name for one in setups for flow in one.plan.flows for name in rules_of(flow)}
        listed = ", ".join(sorted(names)) or "none"
        raise UsageError(
            f"there is no rule called `{rule}`",
            fix=nearest(rule, names, f"the rules are: {listed}"),
        )
    return about


def _read_by(plan: Plan, direction: str) -> set[str]:
    return {(flow.left if direction == "push" else flow.right).object for flow in plan.flows}


def _open(setup: Setup) -> set[int]:
    from .report import open_errors

    return {one.id for one in open_errors(setup.db, [setup.org])}


def _plans(project: Project) -> dict[str, Plan] | None:
    """What the rule files say, by org; None where they can't be compiled."""
    from .open import org

    with suppress(SyncrulesError):
        return {org(one): one for one in project.plans()}
    return None


def _orgs(project: Project, db: Database) -> list[str]:
    """What the state has of the project's systems, told without compiling its rules: the error log
    can be read while a rule is broken."""
    from .store import statements as sql

    pairs = (f"{left}~{right}" for left, right in permutations(project.systems, 2))
    return [org for org in pairs if db.row(sql.runs, org=org, most=1)]
