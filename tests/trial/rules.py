"""Rules that tests of the `test` verb stand on, and a short way to carry test blocks out."""

from __future__ import annotations

from collections.abc import Sequence

from syncrules import dsl
from syncrules.connectors.base.schema import Schema
from syncrules.dsl import rules as typed
from syncrules.engine.trial.play import play
from syncrules.engine.trial.run import Suite
from syncrules.engine.trial.verdict import Verdict, judge
from syncrules.tests.dsl.schemas import SCHEMAS

TODAY = "2026-03-31"

PEOPLE = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage in ["Interested", "Replied"]
    unless email_status is "extrapolated" {
    match on email, else first_name and last_name and organization_name
    source "Apollo"
}
pull Contact as contact visible { match on email }

map contact with Lead, Contact {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title            prefer apollo
    phone              -> Phone            when blank
    organization_name  -> Lead.Company     default "Unknown"
    account           <-> Contact.AccountId
    owner              -> OwnerId          default "sync@example.com"
    "{{ title }} at {{ organization_name }}" -> Lead.Description
}

map contact stage with Lead.Status prefer latest {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}

pull Account as account hidden { match on domain, else name }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""


def rule_set(text: str, schemas: dict[str, Schema] = SCHEMAS) -> typed.RuleSet:
    """The rules of a text without errors; its first line is line 1 of `r.sync`."""
    checked = dsl.check({"r.sync": text}, schemas)
    assert checked.rules is not None, dsl.to_text(checked.findings, {"r.sync": text.encode()})
    return checked.rules.sets[0]


def suite(text: str, today: str = TODAY) -> Suite:
    """The tests of a text, ready to be carried out."""
    return Suite.of(rule_set(text), SCHEMAS, "UTC", today)


def verdicts(text: str, today: str = TODAY) -> list[Verdict]:
    """What became of the tests of a text."""
    ready = suite(text, today)
    return [judge(one, play(ready.ground, one, today)) for one in ready.tests]


def block(body: str, name: str = "one", on: str = "") -> str:
    """A test block of some lines."""
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    return f'test "{name}"{on} {{\n{lines}\n}}\n'


def failures(one: Verdict) -> Sequence[tuple[int, str, str]]:
    """Line, what was expected, what came instead."""
    return [(each.place.line, each.expected, each.got) for each in one.failures]
