"""A team with both systems and some rules, in the words of its users: who is there, what an hour
brings, what was written.

Everything goes through the simulators' own bytes (`tests/both.py`). `Desk` is the same at the
command line, with both systems on real ports. Which row asks for what is in the tests.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.docs.examples import simulated
from syncrules.engine.plan.compile import compile
from syncrules.engine.run import run as verbs
from syncrules.engine.run.journal import Entry
from syncrules.engine.run.past import changes
from syncrules.engine.run.run import Result
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.cli import PROGRAM, Ended, call
from syncrules.tests.kills import PROJECT, STATE

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
NAMES = """\
    first_name <-> FirstName
    last_name  <-> LastName
    email      <-> Email
    title      <-> Title
"""
LEADS = f"""\
map contact with Lead {{
{NAMES}    organization_name -> Company default "Unknown"
}}
"""
CONTACTS = f"map contact with Contact {{\n{NAMES}}}\n"
ACCOUNTS = """\
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


class Team(Both):
    """Both systems under `rules`, which have not run yet; `began` runs them once."""

    def began(self) -> Team:
        """The same, after the first run."""
        self.run()
        self.clock.sleep(HOUR)
        return self

    def hour(self) -> Result:
        """An hour later there is a run."""
        self.clock.sleep(HOUR)
        return self.run()

    def rewrite(self, rules: str) -> None:
        """The rule file is another one from now on; the schemas are pulled again, by a new
        process."""
        connectors = self.sign_in()
        schemas = {name: one.describe() for name, one in connectors.items()}
        checked = dsl.check({"rules.sync": rules}, schemas)
        assert checked.rules is not None, checked.findings
        plan = compile(checked.rules.sets[0], schemas)
        self.setup = replace(self.setup, plan=plan, connectors=connectors)

    def schemas(self) -> dict[str, Schema]:
        """What `schema pull` would get now."""
        return {name: one.describe() for name, one in self.sign_in().items()}

    def retry(self, *ids: int) -> Result:
        """`syncrules retry ID...`, of all errors where none is named."""
        return self._told(verbs.retry(self.setup, list(ids) or None, self._show))

    def contact(self, name: str = "ada", **values: object) -> str:
        """A contact that somebody enters in Apollo, or that comes in another way."""
        given = {"first_name": name.title(), "last_name": "Berg", "email": f"{name}@berg.example"}
        return self.apollo.create("contact", {**given, **values})

    def lead(self, name: str = "ada", **values: object) -> str:
        """A lead that somebody enters in Salesforce."""
        return self.salesforce.create("Lead", {"Company": "Berg", **_person(name), **values})

    def sf_contact(self, name: str = "ada", **values: object) -> str:
        """A contact that somebody enters in Salesforce."""
        return self.salesforce.create("Contact", {**_person(name), **values})

    def account(self, name: str = "Berg", domain: str = "berg.example", **values: object) -> str:
        """An account that somebody enters in Apollo, or that comes in another way."""
        return self.apollo.create("account", {"name": name, "domain": domain, **values})

    def sf_account(
        self, name: str = "Berg", website: str = "berg.example", **values: object
    ) -> str:
        """An account that somebody enters in Salesforce."""
        return self.salesforce.create("Account", {"Name": name, "Website": website, **values})

    def field(self, object: str, line: str) -> None:
        """An admin of Salesforce adds a field, or makes it another one (`standard.py` has how)."""
        self.salesforce.org.schema.add_field(object, line, self.clock.now())

    def left(self, object: str, field: str) -> list[object]:
        """What a field holds in the records of Apollo, in the order of their ids."""
        rows = self.apollo.rows(object)
        return [rows[id].get(field) for id in sorted(rows)]

    def right(self, object: str, field: str) -> list[object]:
        """What a field holds in the records of Salesforce, in the order of their ids."""
        rows = self.salesforce.rows(object)
        return [rows[id].get(field) for id in sorted(rows)]

    def stage(self, id: str, object: str = "contact") -> str:
        """The stage of a contact or an account, by its name."""
        team = self.apollo.team
        stages = team.contact_stages if object == "contact" else team.account_stages
        row = self.apollo.rows(object)[id]
        return next(one.name for one in stages if one.id == row[f"{object}_stage_id"])

    def stages(self, object: str = "contact") -> list[str]:
        """The names of all stages."""
        team = self.apollo.team
        return [
            one.name
            for one in (team.contact_stages if object == "contact" else team.account_stages)
        ]

    def writes(self, act: Callable[[], object]) -> tuple[int, int]:
        """How many requests to write, in Apollo and in Salesforce, something comes to."""
        before = self.calls()
        act()
        asked = self.since(before)
        return asked.apollo_writes, asked.salesforce_writes

    def is_quiet(self) -> bool:
        """Whether two further runs write nothing."""
        return self.writes(lambda: (self.hour(), self.hour())) == (0, 0)

    def codes(self) -> list[str]:
        """The codes of the open errors."""
        return [one.code for one in self.errors()]

    def history(self, record: str) -> list[Entry]:
        """`syncrules history RECORD`."""
        return changes(self.db, ORG, record)

    def during(self, point: str, act: Callable[[], object]) -> None:
        """Something happens once, when a run gets to a point of its work."""

        def watch(name: str) -> None:
            if name == point:
                self.world.on_point = None
                act()

        self.world.on_point = watch


def _person(name: str) -> dict[str, str]:
    return {"FirstName": name.title(), "LastName": "Berg", "Email": f"{name}@berg.example"}


def findings(rules: str, schemas: Mapping[str, Schema] | None = None) -> list[tuple[str, str]]:
    """What `check` finds: each code with the text that is underlined."""
    checked = dsl.check({"rules.sync": rules}, schemas or simulated())
    lines = rules.splitlines()
    return [
        (one.code, lines[one.span.line - 1][one.span.column - 1 : one.span.end_column - 1])
        for one in checked.findings
    ]


def codes(rules: str, schemas: Mapping[str, Schema] | None = None) -> list[str]:
    """The codes of what `check` finds."""
    return [code for code, _ in findings(rules, schemas)]


class Desk:
    """A project at the command line, between two systems on real ports."""

    def __init__(
        self, folder: Path, rules: str, capsys: pytest.CaptureFixture[str], people: int = 0
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        self._open = ExitStack()
        options = SimulatorOptions(seed=1, records=people)
        self.apollo, self.salesforce = made_up_apollo(options), made_up_salesforce(options)
        urls = [self._open.enter_context(Server(one)).url for one in (self.apollo, self.salesforce)]
        given = self.salesforce.sign_in(urls[1])
        patch = self._open.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("APOLLO_KEY", self.apollo.key)
        patch.setenv("CLIENT_SECRET", given["client_secret"])
        patch.setenv("STATE_URL", STATE)
        (folder / "rules").mkdir()
        text = PROJECT.format(apollo=urls[0], salesforce=urls[1], client_id=given["client_id"])
        (folder / "syncrules.toml").write_text(text, encoding="utf-8")
        self.rules(rules)
        assert self.type("schema", "pull").code == 0

    def rules(self, text: str) -> None:
        """The rule file is this one."""
        (self.folder / "rules" / "people.sync").write_text(text, encoding="utf-8")

    def type(self, *words: object) -> Ended:
        """Types a command."""
        return call(self._capsys, *words, "--project", self.folder / "syncrules.toml")

    def at_terminal(self, answer: str, *words: str) -> str:
        """Types a command at a real terminal and answers its question; all that is shown."""
        near, far = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            stdin=far,
            stdout=far,
            stderr=far,
            close_fds=True,
        )
        os.close(far)
        os.write(near, f"{answer}\n".encode())
        shown = b""
        with suppress(OSError):  # What Linux says at the end of a terminal.
            while part := os.read(near, 65536):
                shown += part
        process.wait(timeout=60)
        os.close(near)
        return shown.decode()

    def requests(self) -> int:
        """How many requests the two systems have had."""
        return len(self.apollo.requests) + len(self.salesforce.requests)

    def close(self) -> None:
        """Both systems go away."""
        self._open.close()


def listed(values: Iterable[str]) -> str:
    """A list as a rule writes it."""
    return "[" + ", ".join(f'"{one}"' for one in values) + "]"
