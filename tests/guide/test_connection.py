"""Connection and logins: nothing moves by itself. Logins have tests of their own."""

from __future__ import annotations

from collections.abc import Callable

from syncrules.tests.guide.team import HEAD, LEADS, Desk, Team


def test_without_rules_nothing_moves_and_it_is_said(desk: Callable[..., Desk]) -> None:
    """A file with a head alone, and one without anything: no request writes, and the run says
    that there is nothing to do (CON-1)."""
    here = desk("", people=20)
    left, right = here.apollo.rows("contact"), here.salesforce.rows("Lead")
    nothing = "the rule files have no rules yet\n"
    for rules, said in (("", nothing), ("# to come\n", nothing), (HEAD, "run 1: nothing to do\n")):
        here.rules(rules)
        ended = here.type("run")
        assert (ended.code, ended.out) == (0, said)
    assert not [name for name in here.salesforce.counts if not name.startswith("GET ")]
    assert {one.method for one in here.apollo.requests} == {"GET", "POST"}
    assert (here.apollo.rows("contact"), here.salesforce.rows("Lead")) == (left, right)


def test_only_what_is_named_moves() -> None:
    """A rule for contacts moves no account, and a row for one field no other field (CON-1)."""
    team = Team(
        HEAD + "push contact as Lead\nmap contact with Lead { last_name -> LastName\n"
        '"Unknown" -> Company }\n'
    ).began()
    team.account()
    team.contact(title="CTO")
    team.hour()
    [lead] = team.salesforce.rows("Lead").values()
    assert (lead["LastName"], lead.get("Title"), lead.get("Email")) == ("Berg", None, None)
    assert team.salesforce.rows("Account") == team.salesforce.rows("Contact") == {}
    assert team.writes(lambda: (team.sf_account(), team.hour())) == (0, 0)
    assert LEADS not in team.rules
