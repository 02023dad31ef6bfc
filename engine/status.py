"""How things stand: rules, the last runs, what waits, open errors and calls, as data and as text.

Told from the state; no system is asked. A rule that no file has any more is told as long as
something waits for it: it would act again if it came back. What a single run is told to have done
is `report.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..connectors.base.world import moment
from .report import GONE, at_time, behind_json, behind_text, broken_off_json, broken_off_text
from .run.newer import behind
from .run.undo import BrokenOff, broken_off
from .store import asked, held, troubles
from .store import lease as leases
from .store import statements as sql

if TYPE_CHECKING:
    from .plan.model import Plan
    from .store.database import Database, Row


def status_json(
    db: Database, orgs: Iterable[str], now: float, plans: Mapping[str, Plan] | None = None
) -> dict[str, Any]:
    """Rules, the last runs, what waits, open errors and calls, as data. `plans` are what the rule
    files say, by org; None where nobody can tell, since they can't be compiled."""
    sets = []
    for org in orgs:
        plan = plans.get(org) if plans is not None else None
        reads = {(one.system, one.object) for one in plan.reads} if plan else set()
        runs = db.rows(sql.runs, org=org, most=5)
        last = db.row(asked.last_but_previews, org=org)
        asks = db.row(held.count, org=org)
        errors = db.row(troubles.count, org=org)
        due = db.rows(sql.count_due, org=org, now=now)
        busy = leases.at_work(db, org, leases.this_process(), now)
        waits = db.rows(sql.waiting, org=org)
        sets.append(
            {
                "systems": org,
                "rules": list(_rules(db, org, plan, waits, known=plans is not None)),
                "last_run": _run(last) if last else None,
                "at_work": busy,
                "runs": [_run(one) for one in runs],
                "behind": behind_json(behind(plan, waits) if plan else ()),
                "to_decide": sum(
                    count for flow, count in due if plans is None or flow in _flows(plan)
                ),
                "broken_off": broken_off_json(_broken_off(db, org, busy=busy)),
                "approvals": asks[0] if asks else 0,
                "open_errors": errors[0] if errors else 0,
                "oldest_error": moment(errors[1]) if errors and errors[1] else None,
                "looks": [
                    {"system": system, "object": object, "at": moment(at)}
                    for system, object, purpose, number, at in db.rows(sql.all_cursors, org=org)
                    if purpose == "changes" and number
                    if plans is None or (system, object) in reads
                ],
                "calls": [
                    {
                        "system": system,
                        "endpoint": endpoint,
                        "window": window,
                        "used": used,
                        "limit": limit,
                    }
                    for system, endpoint, window, used, limit, _ in db.rows(sql.meters, org=org)
                ],
            }
        )
    return {"status": sets}


def _run(row: Row) -> dict[str, Any]:
    number, verb, started, ended, code = row[:5]
    return {
        "run": number,
        "verb": verb,
        "started": moment(started),
        "ended": moment(ended) if ended else None,
        "exit": code if ended else None,
    }


def _rules(
    db: Database,
    org: str,
    plan: Plan | None,
    waits: Sequence[tuple[str, str, int]],
    *,
    known: bool,
) -> Iterator[dict[str, Any]]:
    """The rules of the state, where it is `known` which the files have: of others only those that
    something waits for. `waits` is what waits for a backfill: flow, rule, how much. `again` counts
    what of that the next run decides, since other rules are about the same two objects."""
    there = {one.rule for flow in plan.flows for one in flow.moves} if plan else set()
    waiting, stopped, again = Counter[str](), Counter[str](), Counter[str]()
    for counted, rows in ((waiting, waits), (stopped, db.rows(held.stopped, org=org))):
        for flow, rule, count in rows:
            counted[rule] += count
            again[rule] += count if flow in _flows(plan) else 0
    errors = Counter(rule for _, rule in {(row[0], row[5]) for row in _troubles(db, org)})
    for name, _, first, _ in db.rows(sql.rules, org=org):
        gone = known and name not in there
        if name.startswith("flow ") or (gone and not waiting[name] + stopped[name] + errors[name]):
            continue
        told = {"since_run": first, "waiting": waiting[name], "stopped": stopped[name]}
        more = {"errors": errors[name], "again": again[name]} if gone else {}
        yield {"name": name, **told, "gone": gone, **more}


def _troubles(db: Database, org: str) -> list[Row]:
    return db.rows(troubles.open_troubles, org=org)


def _flows(plan: Plan | None) -> set[str]:
    return {one.name for one in plan.flows} if plan else set()


def _broken_off(db: Database, org: str, *, busy: bool) -> list[BrokenOff]:
    """Undos that broke off before they had put anything back; the last run may be at work."""
    last = db.row(sql.last_run, org=org)
    found = broken_off(db, org)
    return [one for one in found if not (busy and last and one.run == last[0])]


def status_text(data: Mapping[str, Any]) -> str:
    """The same for people."""
    return "\n\n".join("\n".join(_status(one)) for one in data["status"]) or "no run yet"


def _status(one: Mapping[str, Any]) -> Iterator[str]:
    yield one["systems"].replace("~", " with ")
    run = one["last_run"]
    if run:
        end = _ENDS.get(run["exit"], f"exit {run['exit']}")
        if not run["ended"]:
            # What becomes of an undo that broke off is told below.
            rest = "" if run["verb"] == "undo" else ", and the next run goes on from there"
            end = "it is at work" if one["at_work"] else f"it broke off{rest}"
        yield f"  last run   {run['run']} ({run['verb']}), {at_time(run['started'])}: {end}"
    else:
        yield "  last run   none yet"
    for rule in one["rules"]:
        if rule["gone"]:
            yield f"  rule       {_gone(rule)}"
            continue
        count = rule["waiting"]
        wait = "record waits" if count == 1 else "records wait"
        waiting = f"; {count:,} {wait} for a backfill" if count else ""
        halted = rule["stopped"]
        are = "record is" if halted == 1 else "records are"
        stopped = f"; {halted:,} {are} stopped" if halted else ""
        yield f"  rule       {rule['name']}, since run {rule['since_run']}{waiting}{stopped}"
    for each in one["behind"]:
        count = each["count"]
        yield f"  new rows   {count:,} {behind_text(count, each['map'], each['command'])}"
    noun = "record" if one["to_decide"] == 1 else "records"
    yield f"  to decide  {one['to_decide']:,} {noun} at the next run"
    for broken in one["broken_off"]:
        yield f"  undo       {broken_off_text(broken['run'], broken['command'])}"
    if one["approvals"]:
        noun = "change waits" if one["approvals"] == 1 else "changes wait"
        yield f"  approvals  {one['approvals']:,} {noun} for a person"
    oldest = f", the oldest since {at_time(one['oldest_error'])}" if one["oldest_error"] else ""
    yield f"  errors     {one['open_errors']:,} open{oldest}"
    for look in one["looks"]:
        yield f"  last read  {look['system']} {look['object']}, {at_time(look['at'])}"
    for call in one["calls"]:
        limit = f" of {call['limit']:,}" if call["limit"] else ""
        used = f"{call['used']:,}{limit} this {call['window']}"
        yield f"  calls      {call['system']} {call['endpoint']}, {used}"


def _gone(rule: Mapping[str, Any]) -> str:
    """A rule that no file has any more, and what waits for it all the same."""
    parts = []
    again = rule["again"]
    if again:
        noun = "a record" if again == 1 else f"{again:,} records"
        parts.append(f"the next run decides {noun} that waited for it")
    rest = rule["waiting"] + rule["stopped"] - again
    if rest:
        wait = "record waits" if rest == 1 else "records wait"
        parts.append(f"{rest:,} {wait} until it is back")
    if rule["errors"]:
        are = "error is" if rule["errors"] == 1 else "errors are"
        parts.append(f"{rule['errors']:,} open {are} about it")
    return f"{rule['name']}, {GONE}; {'; '.join(parts)}"


_ENDS = {
    0: "done",
    1: "done, errors are open",
    2: "the command or the project file was wrong",
    3: "a brake stopped it, and `syncrules preview` tells which",
    4: "a system, or the state, could not be used",
    5: "another run was at work",
    70: "a fault of ours stopped it",
    130: "interrupted",
}
