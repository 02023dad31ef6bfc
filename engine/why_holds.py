"""What `why` says of what holds back what rules would do: the error log, and a brake. How an entry
comes and goes is known to `engine/run/problems.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..dsl.rules import Place
from ..errors import Braked
from .plan.model import Flow
from .run.problems import RUN
from .run.session import Session
from .run.since import is_edited
from .store import asked, held, troubles, undone
from .why_ends import waits_on_bin


class Holds:
    """The open errors of a state, read once, and what they and the rest of it hold back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open = session.db.rows(troubles.open_troubles, org=session.org)

    def runs(self) -> Iterator[str]:
        """What keeps runs from writing anything, whatever they are about."""
        for number, flow, _, *told in self._open:
            if flow == RUN:
                yield f"open error {number}: {told[5]}"
        last = self._session.db.row(asked.last_of_all, org=self._session.org)
        if last is not None and last[1] == Braked.exit_code:
            yield (
                f"a brake stopped run {last[0]} before it wrote anything: `syncrules preview` "
                "tells which, and whether it still would"
            )

    def entries(self, flow: Flow, ids: Collection[str]) -> Iterator[tuple[str, str, Place]]:
        """A sentence, the rule and its place for each open error about records of a flow, whatever
        rule it is of, or about a rule of it as a whole."""
        waits = waits_on_bin(self._session, flow)
        for number, of, record, *told in self._open:
            if record in ids if of == RUN else of == flow.name and (record in ids or not record):
                _, _, rule, file, line, message, *_ = told
                text = f"open error {number}: {message}{waits.get((number, record), '')}"
                yield text, rule, Place(file, line, 1)

    def undos(self, flow: Flow, ids: Collection[str]) -> Iterator[str]:
        """What was begun of undos, and is gone on with."""
        where = {"org": self._session.org, "flow": flow.name, "ids": sorted(ids)}
        for (run,) in self._session.db.rows(undone.due_of, **where):
            yield f"the next run goes on with the undo of run {run}"

    def unless(self, flow: Flow, rule: str) -> str:
        """The open errors for which a rule waits, behind what it would write: whether they hold up
        just that is for a run to find out, which looks at the schemas."""
        found = [
            str(number)
            for number, of, record, _, _, by, *_ in self._open
            if (of, record, by) == (flow.name, "", rule)
        ]
        return f", unless open error {' or '.join(found)} holds it back" if found else ""

    def decided_anew(self, flow: Flow, ids: Collection[str], *, linked: bool) -> bool:
        """Whether the next run decides about these records without anybody's edit, since their
        rules are others by now: all that have no partner, and what an error or a question held
        up."""
        if not is_edited(self._session, flow):
            return False
        refused = any(of == flow.name and record in ids for _, of, record, *_ in self._open)
        where = {"org": self._session.org, "flow": flow.name, "ids": sorted(ids)}
        return not linked or refused or bool(self._session.db.rows(held.of_pairs, **where))
