"""A rule whose records are refused one after the other waits, is told once, and loses nobody.

In Apollo each record with a phone takes a request of its own, in Salesforce two hundred share one.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import report
from syncrules.engine.run import struck
from syncrules.tests.guide.team import HEAD, LEADS, Team

RULES = (
    HEAD
    + """\
push contact as Lead { match on email }
pull Lead as contact visible { match on email }
pull Account as account visible
map account with Account { name <-> Name }
"""
    + LEADS.replace("}", "    phone <-> Phone\n}")
)
MANY = struck.MANY
JSON = {"content-type": "application/json"}
NO_ROOM = (422, '{"error": "This team takes no phone numbers"}')
NO_RIGHT = (403, '{"error": "not allowed", "error_code": "API_INACCESSIBLE"}')


class Patches:
    """The requests to change one contact, and whom Apollo refuses them for."""

    def __init__(self, team: Team, refuses: Callable[[str], bool], answer: tuple[int, str]) -> None:
        self.team = team
        self.plain = team.world.handlers["apollo.test"]
        self.refuses, self.answer = refuses, answer
        self.tried: list[str] = []
        team.world.handlers["apollo.test"] = self.handle

    def handle(self, request: Request) -> Response:
        if request.method != "PATCH" or "/contacts/" not in request.url:
            return self.plain(request)
        self.tried.append(request.url.rpartition("/")[2])
        if self.refuses(self.tried[-1]):
            return Response(self.answer[0], JSON, self.answer[1].encode())
        return self.plain(request)

    def ends(self) -> None:
        self.refuses = lambda id: False

    def hour(self) -> int:
        """The requests of one run more."""
        before = len(self.tried)
        self.team.hour()
        return len(self.tried) - before


def phoned(count: int) -> tuple[Team, list[str]]:
    """So many linked people whose phone has just been entered in Salesforce; their ids in Apollo,
    in the order in which they are written."""
    team = Team(RULES).began()
    for number in range(count):
        team.lead(f"p{number:03}")
    team.hour()
    assert len(team.apollo.rows("contact")) == count
    for number, id in enumerate(sorted(team.salesforce.rows("Lead"))):
        team.salesforce.update("Lead", id, {"Phone": f"+49 30 {1000 + number}"})
    return team, sorted(team.apollo.rows("contact"))


def phones(team: Team) -> int:
    return sum(one is not None for one in team.left("contact", "sanitized_phone"))


def test_after_ten_refusals_for_one_cause_the_rest_of_a_rule_is_not_sent() -> None:
    """Of forty, ten requests, one entry with all forty of them, which says how many were not sent
    and what mends it; once the cause is gone the thirty go by themselves and `retry` brings the
    ten (ERR-1, ERR-4, ERR-6)."""
    team, _ = phoned(40)
    patches = Patches(team, lambda id: True, NO_ROOM)
    assert patches.hour() == MANY
    [entry] = team.errors()
    assert (len(entry.records), entry.waiting, entry.count) == (40, 30, MANY)
    assert (entry.operation, entry.rule) == ("update", "map contact with Lead")
    assert "takes no phone numbers" in entry.message and entry.advice
    told = report.error_text(entry)
    assert "30 of them were not sent; the next run tries them" in told
    patches.ends()
    assert patches.hour() == 30
    [entry] = team.errors()
    assert (len(entry.records), entry.waiting, phones(team)) == (MANY, 0, 30)
    assert "not sent" not in report.error_text(entry)
    team.retry(entry.id)
    assert (team.errors(), phones(team)) == ([], 40)
    assert team.is_quiet()


def test_one_retry_brings_all_whether_they_were_sent_or_not() -> None:
    """Those who were refused and those who waited (ERR-6)."""
    team, _ = phoned(25)
    patches = Patches(team, lambda id: True, NO_ROOM)
    patches.hour()
    [entry] = team.errors()
    patches.ends()
    team.clock.sleep(60)
    team.retry(entry.id)
    assert (team.errors(), phones(team)) == ([], 25)


def test_each_run_tries_others_first_so_that_nobody_sound_waits_for_good() -> None:
    """Twenty-five who are refused stand before ten who aren't: three runs later these are there."""
    team, ids = phoned(35)
    patches = Patches(team, lambda id: id in set(ids[:25]), NO_ROOM)
    assert [patches.hour() for _ in range(4)] == [MANY, MANY, 5 + 10, 0]
    assert len(set(patches.tried)) == 35 and phones(team) == 10
    [entry] = team.errors()
    assert (len(entry.records), entry.waiting) == (25, 0)


def test_nine_refusals_or_half_of_what_is_sent_stop_nothing() -> None:
    """A rule goes on while it gets through as often as not."""
    team, ids = phoned(MANY - 1)
    patches = Patches(team, lambda id: True, NO_ROOM)
    assert patches.hour() == MANY - 1
    team, ids = phoned(60)
    patches = Patches(team, lambda id: ids.index(id) % 2 == 1, NO_ROOM)
    assert patches.hour() == 60
    assert phones(team) == 30 and team.errors()[0].waiting == 0


def test_who_lacks_a_right_does_not_stand_before_the_others_at_each_run() -> None:
    """Where a right is missing each run tries again: with twelve of them in front, the twentieth
    still gets through, and the twelve do so within a day once the right is there."""
    team, ids = phoned(20)
    patches = Patches(team, lambda id: id in set(ids[:12]), NO_RIGHT)
    for _ in range(3):
        patches.hour()
    assert phones(team) == 8
    patches.ends()
    team.clock.sleep(struck.A_WHILE)
    team.run()
    assert (team.errors(), phones(team)) == ([], 20)
    assert team.is_quiet()


def test_other_rules_go_on() -> None:
    """And the same rule the other way, and what it creates."""
    team, _ = phoned(15)
    patches = Patches(team, lambda id: True, NO_ROOM)
    team.sf_account("Fern", "fern.example")
    team.contact("new")
    team.lead("fresh")
    assert patches.hour() == MANY
    assert "Fern" in team.left("account", "name")
    assert "new@berg.example" in team.right("Lead", "Email")
    assert "fresh@berg.example" in team.left("contact", "email")


def test_who_was_not_sent_and_changes_is_sent_as_it_is_then() -> None:
    """What waits is no copy: the next run decides with today's values (ERR-7)."""
    team, _ = phoned(15)
    patches = Patches(team, lambda id: True, NO_ROOM)
    patches.hour()
    patches.ends()
    last = sorted(team.salesforce.rows("Lead"))[-1]
    team.salesforce.update("Lead", last, {"Phone": "+49 30 7"})
    team.hour()
    assert "+49307" in {
        str(one).replace(" ", "") for one in team.left("contact", "sanitized_phone")
    }


def test_a_validation_rule_of_salesforce_stops_after_the_first_batch() -> None:
    """A thousand new leads that a rule of the org refuses: one request of two hundred instead of
    five, one entry; the others are there with the run after it is mended (ERR-1)."""
    team = Team(RULES + "guard at most 2000 Lead created per run\n").began()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CEO", "Title")
    team.salesforce.org.validations.append(refuses)
    for number in range(1000):
        team.contact(f"p{number}", title="CEO")
    sent = team.salesforce.counts["POST composite/sobjects"]
    team.hour()
    assert team.salesforce.counts["POST composite/sobjects"] == sent + 1
    [entry] = team.errors()
    assert (len(entry.records), entry.waiting) == (1000, 800)
    assert entry.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION" and "validation rule" in entry.advice
    assert entry.key is None
    team.salesforce.org.validations.clear()
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 800
    team.retry(entry.id)
    assert len(team.salesforce.rows("Lead")) == 1000
    assert team.errors() == [] and team.is_quiet()


@pytest.mark.parametrize("mended", [False, True])
def test_a_run_that_dies_while_a_rule_waits_is_gone_on_from(mended: bool) -> None:
    """Nothing that was not sent is taken for sent."""

    class Dead(BaseException):
        pass

    team, _ = phoned(30)
    patches = Patches(team, lambda id: True, NO_ROOM)
    seen: list[str] = []

    def dies(name: str) -> None:
        seen.append(name)
        if name == "before struck":
            raise Dead

    team.world.on_point = dies
    with pytest.raises(Dead):
        team.hour()
    team.world.on_point = None
    assert len(patches.tried) == MANY
    if mended:
        patches.ends()
    team.clock.sleep(600)
    team.hour()
    [entry] = team.errors()
    assert len(entry.records) == (MANY if mended else 30)
    assert phones(team) == (20 if mended else 0)


def test_a_run_says_how_many_wait_and_scripts_see_which() -> None:
    """Each record of the entry says what was tried of it (ERR-3)."""
    team, _ = phoned(12)
    Patches(team, lambda id: True, NO_ROOM)
    told = report.result_text(team.hour())
    assert "2  apollo contact not updated: others of their rule were refused" in told
    assert "10  apollo contact not updated: refused" in told
    [entry] = json.loads(json.dumps(report.errors_json(team.errors())))["errors"]
    tried = [one["operation"] for one in entry["records"]]
    assert sorted(tried) == ["update"] * MANY + ["wait"] * 2
    [waits, _] = [one for one in entry["records"] if one["operation"] == "wait"]
    assert "not sent" in waits["message"] and waits["key"]
