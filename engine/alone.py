"""That one `serve` at a time keeps a project running: a second one is told who does.

Kept in the state as a lease of its own, beside that of a run (`store/lease.py`), and renewed as
long as the schedule lives: one that was killed on this machine holds none, a silent one elsewhere
until its lease ends.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from ..connectors.base.world import World
from ..errors import SystemUnavailable
from .open import database
from .project import Project
from .store import lease as leases
from .store.database import Database

SECONDS = 120.0
"""How long a schedule may be silent before another one may take its place."""


class Alone:
    """The place of a schedule, for each two systems that it keeps running."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[str, leases.Lease] = {}
        self._renewed = 0.0

    def take(self, project: Project, orgs: Collection[str]) -> None:
        """Raises `LeaseHeld` where another one keeps any of them running."""
        missing = [org for org in orgs if org not in self._held]
        if not missing:
            return
        now = self._world.clock.now()
        with database(project, self._world) as db:
            for org in missing:
                self._held[org] = leases.take(
                    db, f"{org} serve", leases.this_process(), now, SECONDS, leases.SERVE
                )
        self._renewed = now

    def renew(self, db: Database) -> None:
        """Stays. Raises `FenceLost` where another one has taken the place meanwhile."""
        now = self._world.clock.now()
        if now - self._renewed > SECONDS / 4:
            for one in self._held.values():
                leases.renew(db, one, now, SECONDS)
            self._renewed = now

    def stay(self, project: Project) -> None:
        """The same between two runs; a state that can't be reached is for the next run to tell."""
        if self._world.clock.now() - self._renewed > SECONDS / 4:
            with suppress(SystemUnavailable), database(project, self._world) as db:
                self.renew(db)

    def leave(self, project: Project) -> None:
        """Another one may begin at once."""
        if not self._held:
            return
        with suppress(SystemUnavailable), database(project, self._world) as db:
            for one in self._held.values():
                leases.give_back(db, one)
        self._held.clear()
