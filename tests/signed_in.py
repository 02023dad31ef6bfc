"""A team whose people sign in to a made-up Salesforce, over real HTTP, at the command line.

Apollo has contacts, each with an owner; Salesforce has the same people as users, with profiles.
Knows how a person signs in and what is to be looked at afterwards, and no rule of the product.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.people import users
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.tests.cli import Ended, call

BROWSER = Path(__file__).with_name("browser.py")
SEED = 1
ANN, BEN, CARL = (users(SEED)[place].email for place in (1, 2, 3))
OPS = users(SEED)[0].email
"""People who work there; their names in Salesforce are their addresses."""

RULES = """\
sync apollo with salesforce
prefer apollo

push contact as Lead

map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
"""

PROJECT = """\
rules = ["rules"]

[systems.apollo]
connector = "apollo"      # the left one
key = "file:apollo.key"
url = "{apollo}"

[systems.salesforce]
connector = "salesforce"  # people sign in
login_url = "{salesforce}"
client_id = "{client_id}"
callback = "http://localhost:{port}/OauthRedirect"
timeout = "20 seconds"

[state]
url = "sqlite:///.syncrules/state.db"
"""


@dataclass(frozen=True)
class Team:
    """A project, its two systems, and the command line to use it. `said` is all that was shown."""

    folder: Path
    apollo: ApolloSimulator
    salesforce: SalesforceSimulator
    said: list[str]
    capsys: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    @property
    def file(self) -> Path:
        return self.folder / "syncrules.toml"

    def type(self, *args: object) -> Ended:
        ended = call(self.capsys, *args, "--project", self.file)
        self.said.extend((ended.out, ended.err))
        return ended

    def good(self, *args: object) -> Ended:
        ended = self.type(*args)
        assert ended.code == 0, ended
        return ended

    def connect(self, name: str, *args: object) -> Ended:
        """The person of that name signs in, in a browser that knows nobody."""
        password = self.salesforce.sign_ins.passwords[name.lower()]
        self.patch.setenv("SIGN_IN_AS", f"{name} {password}")
        return self.type("connect", "salesforce", *args)

    def setting(self, line: str) -> None:
        """One more line of [systems.salesforce]."""
        text = self.file.read_text(encoding="utf-8")
        self.file.write_text(text.replace("timeout =", f"{line}\ntimeout ="), encoding="utf-8")

    def rules(self, text: str) -> None:
        (self.folder / "rules" / "team.sync").write_text(text, encoding="utf-8")

    def contact(self, owner: str, email: str, **more: Any) -> str:
        """Somebody makes a contact in Apollo that belongs to `owner`."""
        ids = {row["email"]: id for id, row in self.apollo.rows("user").items()}
        body = {"email": email, "last_name": email.partition("@")[0], "owner_id": ids[owner]}
        return str(self.apollo.create("contact", {**body, **more}))

    def lead(self, email: str) -> dict[str, Any]:
        found = [one for one in self.salesforce.rows("Lead").values() if one.get("Email") == email]
        assert len(found) == 1, (email, found)
        return found[0]

    def name_of(self, user: str) -> str:
        return str(self.salesforce.rows("User")[user]["Username"])

    def modifier(self, email: str) -> str:
        """Whose name the lead with that address carries."""
        return self.name_of(self.lead(email)["LastModifiedById"])

    def errors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.type("errors", "--format", "json").json()["errors"]
        return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def team(
    folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """A project without any login; no keyring works on this machine."""
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.setenv("BROWSER", f"{sys.executable} {BROWSER} %s")
    patch.delenv("SYNCRULES_KEY", raising=False)
    apollo = made_up_apollo(SimulatorOptions(seed=SEED, records=0))
    salesforce = made_up_salesforce(SimulatorOptions(seed=SEED, records=0))
    project = folder / "project"
    with Server(apollo) as left, Server(salesforce) as right:
        known = salesforce.sign_in(right.url)
        (project / "rules").mkdir(parents=True)
        (project / "apollo.key").write_text(apollo.key, encoding="utf-8")
        one = Team(project, apollo, salesforce, [], capsys, patch)
        one.file.write_text(
            PROJECT.format(
                apollo=left.url,
                salesforce=right.url,
                client_id=known["client_id"],
                port=free_port(),
            ),
            encoding="utf-8",
        )
        one.rules(RULES)
        yield one


def secrets_of(team: Team) -> list[str]:
    """Every secret that the systems gave out or were given."""
    sign_ins = team.salesforce.sign_ins
    return [
        *sign_ins.every_secret(),
        team.apollo.key,
        sign_ins.client_secret,
        *sign_ins.passwords.values(),
    ]


def files_below(folder: Path) -> dict[Path, bytes]:
    return {
        Path(at) / name: (Path(at) / name).read_bytes()
        for at, _, names in os.walk(folder)
        for name in names
    }
