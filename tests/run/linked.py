"""A contact and its lead, linked, and the hours that pass between a person's edits and the runs."""

from __future__ import annotations

from syncrules.engine.run.run import Result
from syncrules.tests.both import HOUR, Both


class Linked:
    """One contact of both made-up systems, made from `contact`, and the lead it is linked with."""

    def __init__(self, both: Both, contact: dict[str, object]) -> None:
        self.both = both
        self.contact = both.apollo.create("contact", {"email": "ada@a.example", **contact})
        self.run()
        [self.lead] = both.salesforce.rows("Lead")

    def run(self) -> Result:
        self.both.clock.sleep(HOUR)
        return self.both.run()

    def left(self, **values: object) -> None:
        self.both.apollo.update("contact", self.contact, values)

    def right(self, **values: object) -> None:
        self.both.salesforce.update("Lead", self.lead, values)

    def held(self, left: str, right: str) -> tuple[object, object]:
        """What the two hold in a field each."""
        return (
            self.both.apollo.rows("contact")[self.contact].get(left),
            self.both.salesforce.rows("Lead")[self.lead].get(right),
        )
