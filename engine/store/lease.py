"""The lease: who may write to the state of an org now, and when a holder counts as dead.

Each new holder gets a higher fence, and `database.py` compares it at every commit, so a runner that
slept through its lease commits nothing. It doesn't know what a run does with the time; a run renews
between its steps.
"""

from __future__ import annotations

import os
import platform
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import bindparam, select, update
from sqlmodel import col

from ...errors import FenceLost, LeaseHeld
from .database import Database, statement, upsert
from .tables import Lease as Row

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that may hold a lease.

    `host` is one where two processes with the same `pid` can't live at once, so it names the boot
    and the process namespace and not only the machine. `started` tells a process from a later one
    with its `pid`, "" where that is not known. `name` is the host's for people.
    """

    host: str
    pid: int
    started: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was got. `fence` is higher than that of every holder before."""

    org: str
    fence: int
    holder: Holder


@dataclass(frozen=True, slots=True)
class Words:
    """How somebody is told that a lease is another one's."""

    what: str
    does: str
    fix: str
    ends: str


RUN = Words("another run is at work", "held the lease", "wait for it", "its lease ends at")
SERVE = Words(
    "another `serve` is at work",
    "kept these systems in step",
    "leave the work to it, or stop it first",
    "its place is free at",
)

_of_org = col(Row.org) == bindparam("org")
_ours = (_of_org, col(Row.fence) == bindparam("ours"))

_create = upsert(
    Row,
    ("org",),
    (),
    first={
        "holder": "",
        "host": "",
        "pid": 0,
        "started": "",
        "since": 0.0,
        "until": 0.0,
        "fence": 0,
    },
)
_whole = select(
    col(Row.holder),
    col(Row.host),
    col(Row.pid),
    col(Row.started),
    col(Row.since),
    col(Row.until),
    col(Row.fence),
).where(_of_org)
_read = statement(_whole.with_for_update())
_seen = statement(_whole)
_take = statement(
    update(Row)
    .where(_of_org)
    .values(
        holder=bindparam("holder"),
        host=bindparam("host"),
        pid=bindparam("pid"),
        started=bindparam("started"),
        since=bindparam("since"),
        until=bindparam("until"),
        fence=bindparam("fence"),
    )
)
_extend = statement(update(Row).where(*_ours).values(until=bindparam("until")))


def this_process() -> Holder:
    """The process that this is."""
    pid = os.getpid()
    return Holder(_host(), pid, _started(pid) or "", platform.node())


def acquire(db: Database, org: str, holder: Holder, now: float, seconds: float) -> Lease:
    """Takes the lease of `org` for `seconds` from `now` (seconds UTC).

    From then on every commit of `db` needs it. It is taken where it is free, over, held by
    `holder` itself, or held by a process of the same host that lives no more. Else `LeaseHeld`
    says who has it.
    """
    db.fence = None
    taken = take(db, org, holder, now, seconds, RUN)
    db.fence = (org, taken.fence)
    return taken


def take(db: Database, org: str, holder: Holder, now: float, seconds: float, words: Words) -> Lease:
    """Takes a lease that no commit needs; as `acquire`, with the `words` of what it is for."""
    with db.transaction("lease"):
        found = db.row(_read, org=org)
        if found is None:
            db.run(_create, org=org)
            found = db.row(_read, org=org)
        assert found is not None
        name, host, pid, started, since, until, fence = found
        old = Holder(host, pid, started, name)
        if until > now and old != holder and _may_live(old, holder):
            raise LeaseHeld(
                words.what,
                why=f"process {pid} on {name or host} has {words.does} since {_told(since)}",
                fix=f"{words.fix}; without a sign of life {words.ends} {_told(until)}",
            )
        db.run(
            _take,
            org=org,
            holder=holder.name,
            host=holder.host,
            pid=holder.pid,
            started=holder.started,
            since=now,
            until=now + seconds,
            fence=fence + 1,
        )
    return Lease(org, fence + 1, holder)


def at_work(db: Database, org: str, asker: Holder, now: float) -> bool:
    """Whether somebody holds the lease at `now` (seconds UTC) and may live, as far as `asker` can
    tell."""
    found = db.row(_seen, org=org)
    if found is None:
        return False
    name, host, pid, started, _, until, _ = found
    return until > now and _may_live(Holder(host, pid, started, name), asker)


def renew(db: Database, lease: Lease, now: float, seconds: float) -> None:
    """Holds the lease for `seconds` from `now`; `FenceLost` where another runner took it over."""
    with db.transaction("lease"):
        if not db.run(_extend, org=lease.org, ours=lease.fence, until=now + seconds):
            raise FenceLost(
                "another run took over while this one was silent",
                why="its lease had ended",
                fix="nothing more is written here; the other run goes on with the work",
            )


def release(db: Database, lease: Lease) -> None:
    """Lets go of the lease; does nothing where another runner has it by now."""
    db.fence = None
    give_back(db, lease)


def give_back(db: Database, lease: Lease) -> None:
    """Lets go of a lease that no commit needs."""
    with db.transaction("lease"):
        db.run(_extend, org=lease.org, ours=lease.fence, until=0.0)


def _may_live(holder: Holder, asker: Holder) -> bool:
    """Whether a holder may still be at work; of one on another host nobody can tell."""
    return not (holder.host == asker.host and _dead(holder))


def _dead(holder: Holder) -> bool:
    """Whether a process of this host lives no more, or its number belongs to a later one."""
    if os.name != "posix":
        return False  # There os.kill(pid, 0) is no question; it sends a signal.
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    started = _started(holder.pid)
    return bool(holder.started) and started is not None and started != holder.started


def _host() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return f"{platform.node()} {uuid.getnode():012x}"


def _started(pid: int) -> str | None:
    """When a process started, in clock ticks since the boot; "" for one that only waits for its
    parent to see it dead; None where the system doesn't say. See proc(5), fields 3 and 22."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name in field 2 may hold spaces and brackets.
    fields = told.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def _told(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"
