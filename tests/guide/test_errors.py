"""The error log: each trouble once, with what, where, why, since when; closed when it is over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from syncrules.connectors.apollo.connector import KIND as APOLLO
from syncrules.connectors.apollo.simulator import Fault as ApolloFault
from syncrules.connectors.salesforce.connector import KIND as SALESFORCE
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
from syncrules.engine import report
from syncrules.errors import SystemUnavailable
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Desk, Team

RULES = (
    HEAD
    + """\
push contact as Lead {
    match on email
    on delete delete
}
pull Contact as contact visible { match on email }
"""
    + LEADS.replace("}", "    nickname <-> Description\n}")
    + CONTACTS.replace("}", "    nickname <-> Description\n    mobile_phone <- MobilePhone\n}")
)


@dataclass(frozen=True)
class Trouble:
    """Something that keeps a write from being carried out, and how it goes away."""

    name: str
    code: str
    begin: Callable[[Team], object]
    end: Callable[[Team], object]


def validation(team: Team) -> None:
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CEO", "Title")
    team.salesforce.org.validations.append(refuses)


def answered(code: str, method: str = "", fields: tuple[str, ...] = ()) -> Callable[[Team], None]:
    """Salesforce refuses the only record of a request with a code."""
    error = {"statusCode": code, "message": f"{code} it is", "fields": list(fields)}
    body = json.dumps([{"success": False, "errors": [error]}])

    def begin(team: Team) -> None:
        fault = Fault("reply", method, "composite/sobjects", times=0, status=200, body=body)
        team.salesforce.faults.rules.append(fault)

    return begin


def line(wrong: str) -> Callable[[Team], None]:
    return lambda team: team.field("Lead", wrong)


def calm(team: Team) -> None:
    team.salesforce.faults.rules.clear()
    team.apollo.faults.clear()
    team.salesforce.org.validations.clear()
    team.salesforce.org.duplicates.clear()
    team.salesforce.org.schema.locked.clear()


def duplicates(team: Team) -> None:
    """Another lead has the title; the rule of the org takes the two for one person."""
    team.lead("zoe", Title="CEO")
    team.salesforce.org.duplicates.append(DuplicateRule("Lead", ("Title",)))


TITLE = "Title string 128 CUN"
REFUSALS = (
    Trouble("validation rule", "FIELD_CUSTOM_VALIDATION_EXCEPTION", validation, calm),
    Trouble(
        "required field",
        "REQUIRED_FIELD_MISSING",
        answered("REQUIRED_FIELD_MISSING", fields=("Must__c",)),
        calm,
    ),
    Trouble("too long", "STRING_TOO_LONG", line("Title string 2 CUN"), line(TITLE)),
    Trouble(
        "restricted picklist",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        line("Title picklist 255 CUNR = CFO"),
        line(TITLE),
    ),
    Trouble("duplicate rule", "DUPLICATES_DETECTED", duplicates, calm),
    Trouble(
        "field-level right",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        lambda team: team.salesforce.org.schema.locked.add(("Lead", "Title")),
        calm,
    ),
    Trouble(
        "record-level right",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        answered("INSUFFICIENT_ACCESS_OR_READONLY"),
        calm,
    ),
    Trouble("inactive owner", "INACTIVE_OWNER_OR_USER", answered("INACTIVE_OWNER_OR_USER"), calm),
    Trouble("storage", "STORAGE_LIMIT_EXCEEDED", answered("STORAGE_LIMIT_EXCEEDED"), calm),
    Trouble("lock that stays", "UNABLE_TO_LOCK_ROW", answered("UNABLE_TO_LOCK_ROW"), calm),
    Trouble(
        "trigger", "CANNOT_EXECUTE_FLOW_TRIGGER", answered("CANNOT_EXECUTE_FLOW_TRIGGER"), calm
    ),
)


def named(troubles: tuple[Trouble, ...]) -> list[str]:
    return [one.name for one in troubles]


def assert_retry_mends(team: Team, trouble: Trouble) -> None:
    """Once the trouble is over, trying its entry again closes that, and the value is there."""
    [entry] = team.errors()
    trouble.end(team)
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    assert team.errors() == []
    titles = {row["Email"]: row.get("Title") for row in team.salesforce.rows("Lead").values()}
    assert titles["ada@berg.example"] == "CEO"
    assert team.is_quiet()


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("trouble", REFUSALS, ids=named(REFUSALS))
def test_what_salesforce_refuses_is_one_entry_until_it_is_written(
    trouble: Trouble, kind: str
) -> None:
    """However many runs meet it; then the cause goes away, the entry is tried again, and closed;
    the value is there (ERR-1)."""
    team = Team(RULES).began()
    if kind == "update":
        ada = team.contact(title="CTO")
        team.hour()
        team.apollo.update("contact", ada, {"title": "CEO"})
        trouble.begin(team)
    else:
        trouble.begin(team)
        team.contact(title="CEO")
    team.hour()
    team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.operation, entry.object) == (trouble.code, kind, "Lead")
    assert_retry_mends(team, trouble)


@pytest.mark.parametrize("trouble", REFUSALS, ids=named(REFUSALS))
def test_what_was_refused_is_told_again_once_its_row_is_back(trouble: Trouble) -> None:
    """Without the row nothing is to be written, so that the entry is over; the two still differ
    when somebody puts it back (ERR-1)."""
    team = Team(RULES).began()
    ada = team.contact(title="CTO")
    team.hour()
    with_row = team.setup
    team.edit(RULES.replace("    title      <-> Title\n", "", 1))
    without = team.setup
    team.setup = with_row
    team.apollo.update("contact", ada, {"title": "CEO"})
    trouble.begin(team)
    team.hour()
    assert team.codes() == [trouble.code]
    team.setup = without
    team.hour()
    assert team.codes() == []
    team.setup = with_row
    team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.operation, entry.object) == (trouble.code, "update", "Lead")
    assert_retry_mends(team, trouble)


def test_a_delete_that_salesforce_refuses_is_one_entry_until_it_is_done() -> None:
    """Something depends on the lead (ERR-1)."""
    team = Team(RULES).began()
    ada = team.contact()
    team.hour()
    team.apollo.delete("contact", ada)
    answered("DELETE_FAILED", "DELETE")(team)
    for _ in range(3):
        team.clock.sleep(24 * HOUR)
        team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.operation, entry.object) == ("DELETE_FAILED", "delete", "Lead")
    calm(team)
    team.retry(entry.id)
    assert team.errors() == []
    assert team.salesforce.rows("Lead") == {}


APOLLO_REFUSALS = (
    ("422", 422, '{"message": "Name is too long"}', "refused"),
    ("422 of an id", 422, '{"message": "Value for contact_stage_id is not a valid ID"}', ""),
    ("403", 403, '{"error": "no", "error_code": "API_INACCESSIBLE"}', "API_INACCESSIBLE"),
)


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [one[1:] for one in APOLLO_REFUSALS],
    ids=[one[0] for one in APOLLO_REFUSALS],
)
def test_what_apollo_refuses_is_one_entry_until_it_is_written(
    status: int, body: str, code: str, kind: str
) -> None:
    """The other direction is in the same list (ERR-1)."""
    team = Team(RULES).began()
    fault = ApolloFault("reply", path=f"contacts/bulk_{kind}", times=None, status=status, body=body)
    if kind == "update":
        there = team.sf_contact(Title="CTO")
        team.hour()
        team.salesforce.update("Contact", there, {"Title": "CEO"})
    else:
        team.sf_contact(Title="CEO")
    team.apollo.faults += [
        fault,
        ApolloFault("reply", "PATCH", "contacts/", 0, None, 1.0, status, body),
    ]
    team.hour()
    team.hour()
    [entry] = team.errors()
    assert (entry.system, entry.operation, entry.object) == ("apollo", kind, "contact")
    assert entry.code == code or not code
    calm(team)
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    assert team.errors() == []
    assert team.left("contact", "title") == ["CEO"]


def test_a_custom_field_that_apollo_does_not_store_is_one_entry() -> None:
    """The reply is good, and names the field: the rest is written (ERR-1)."""
    team = Team(RULES).began()
    there = team.sf_contact(Title="CEO", Description="x" * 50)
    team.hour()
    team.hour()
    [entry] = team.errors()
    assert entry.system == "apollo"
    assert team.left("contact", "title") == ["CEO"]
    team.salesforce.update("Contact", there, {"Description": "short"})
    team.hour()
    assert team.errors() == []


PASSING = {
    "time-out before": lambda team: team.salesforce.faults.rules.append(
        Fault("lost before", "", "composite")
    ),
    "time-out after": lambda team: team.salesforce.faults.rules.append(
        Fault("lost after", "", "composite")
    ),
    "slow reply": lambda team: team.salesforce.faults.rules.append(
        Fault("slow", "", "composite", seconds=3600)
    ),
    "cut off": lambda team: team.salesforce.faults.rules.append(
        Fault("truncated", "", "composite")
    ),
    "log-in page": lambda team: team.salesforce.faults.rules.append(
        Fault("reply", "", "composite", status=200, body="<html>", content_type="text/html")
    ),
    "session ends": lambda team: team.salesforce.faults.rules.append(
        Fault("expire", "", "composite")
    ),
    "busy for a while": lambda team: team.salesforce.faults.rules.append(
        Fault("reply", "", "composite")
    ),
    "too many at once": lambda team: team.salesforce.faults.rules.append(
        Fault(
            "reply",
            "",
            "composite",
            status=403,
            body='[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests"}]',
        )
    ),
    "server error": lambda team: team.salesforce.faults.rules.append(
        Fault("reply", "", "composite", status=500, body="oops", content_type="text/plain")
    ),
}


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("name", PASSING)
def test_a_trouble_that_passes_leaves_no_entry_and_one_record(name: str, kind: str) -> None:
    """It is settled by itself, in this run or before the next decides anything (ERR-1)."""
    team = Team(RULES).began()
    ada = team.contact(title="CTO" if kind == "update" else "CEO")
    if kind == "update":
        team.hour()
        team.apollo.update("contact", ada, {"title": "CEO"})
    PASSING[name](team)
    team.hour()
    team.hour()
    assert team.right("Lead", "Title") == ["CEO"]
    assert team.errors() == []
    assert team.is_quiet()


APOLLO_PASSING = {
    "time-out before": ApolloFault("lost before", path="bulk_"),
    "time-out after": ApolloFault("lost after", path="bulk_"),
    "slow reply": ApolloFault("slow", path="bulk_", seconds=3600),
    "cut off": ApolloFault("cut off", path="bulk_"),
    "log-in page": ApolloFault("reply", path="bulk_", status=200, body="<html>"),
    "too many at once": ApolloFault(
        "reply", path="bulk_", status=429, body="{}", headers={"retry-after": "7"}
    ),
    "too many without a wait": ApolloFault("reply", path="bulk_", status=429, body="{}"),
    "unavailable": ApolloFault("reply", path="bulk_", status=503),
    "server error": ApolloFault("reply", path="bulk_", status=500, body="<html>"),
}


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("name", APOLLO_PASSING)
def test_a_trouble_of_apollo_that_passes_leaves_no_entry_and_one_record(
    name: str, kind: str
) -> None:
    """As in the other direction (ERR-1)."""
    team = Team(RULES).began()
    there = team.sf_contact(Title="CTO" if kind == "update" else "CEO")
    if kind == "update":
        team.hour()
        team.salesforce.update("Contact", there, {"Title": "CEO"})
    team.apollo.faults.append(replace(APOLLO_PASSING[name]))
    team.hour()
    team.hour()
    assert team.left("contact", "title") == ["CEO"]
    assert team.apollo.faults[0].times == 0
    assert team.errors() == []
    assert team.is_quiet()


def away(team: Team) -> Callable[[], None]:
    handler = team.world.handlers.pop("salesforce.test")
    return lambda: team.world.handlers.__setitem__("salesforce.test", handler)


def spent(team: Team) -> Callable[[], None]:
    team.salesforce.daily_limit = 1
    return lambda: setattr(team.salesforce, "daily_limit", 5_000_000)


def revoked(team: Team) -> Callable[[], None]:
    fault = ApolloFault("reply", path="/search", times=None, status=401, body="{}")
    team.apollo.faults.append(fault)
    return team.apollo.faults.clear


@pytest.mark.parametrize(
    ("begin", "code"),
    [(away, "out-of-reach"), (spent, "calls-spent"), (revoked, "sign-in-refused")],
    ids=["out of reach", "calls spent", "key revoked"],
)
def test_a_system_that_stops_runs_is_one_entry_until_one_gets_through(
    begin: Callable[[Team], Callable[[], None]], code: str
) -> None:
    """Whatever waits for it: one entry with a count, and none once a run comes to its end
    (ERR-1)."""
    team = Team(RULES).began()
    for name in ("ada", "bea", "cleo"):
        team.contact(name)
    end = begin(team)
    for _ in range(3):
        with pytest.raises(SystemUnavailable):
            team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.operation, entry.count) == (code, "run", 3)
    assert entry.system == ("apollo" if begin is revoked else "salesforce")
    assert entry.message and entry.advice
    end()
    team.clock.sleep(24 * HOUR)
    team.hour()
    assert team.errors() == []
    assert len(team.salesforce.rows("Lead")) == 3


def test_a_key_that_is_wrong_from_the_start_is_an_entry_too(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that got nowhere is told by `errors` and `status`, until one gets through (ERR-1,
    ERR-8)."""
    here = desk(RULES)
    assert here.type("run").code == 0
    with monkeypatch.context() as wrong:
        wrong.setenv("APOLLO_KEY", "revoked")
        assert here.type("run").code == 4
    assert "sign-in-refused: run apollo" in here.type("errors").out
    end = "a system, or the state, could not be used"
    assert re.search(rf"last run   2 .*: {end}$", here.type("status").out, re.M)
    assert here.type("run").code == 0
    assert here.type("errors").out == "no open errors\n"


def test_one_wrong_record_holds_up_nothing_but_itself() -> None:
    """Of fifty in one request one is refused: an entry for it, and the others are there (ERR-1)."""
    team = Team(RULES).began()
    validation(team)
    for number in range(50):
        team.contact(f"p{number}", title="CEO" if number == 7 else "CTO")
    team.hour()
    [entry] = team.errors()
    assert entry.key == "p7@berg.example"
    assert len(team.salesforce.rows("Lead")) == 49


def test_the_list_is_there_without_being_asked_for(desk: Callable[..., Desk]) -> None:
    """Before the first run and after it, with nothing set up (ERR-2)."""
    here = desk(RULES, people=5)
    assert here.type("errors").out == "no open errors\n"
    here.type("run")
    assert here.type("errors", "--format", "json").json() == {"errors": []}


def refused() -> Team:
    """A lead that the org's validation refuses."""
    team = Team(RULES).began()
    validation(team)
    team.contact(title="CEO")
    team.hour()
    return team


def test_an_entry_says_which_write_failed() -> None:
    """Operation, system, object, record, rule and the line it stands in, for people and for
    scripts (ERR-3)."""
    team = refused()
    [entry] = team.errors()
    told = report.error_json(entry)
    wanted = {
        "operation": "create",
        "system": "salesforce",
        "object": "Lead",
        "key": "ada@berg.example",
        "rule": "push contact as Lead",
        "file": "rules.sync",
        "line": 3,
    }
    assert wanted.items() <= told.items()
    assert "create salesforce Lead ada@berg.example" in team.said[-1]
    assert "push contact as Lead, rules.sync:3" in team.said[-1]


@pytest.mark.parametrize(
    ("fields", "told"), [((), None), (("Title",), "Title"), (("Title", "Company"), None)]
)
def test_an_entry_says_which_field_was_refused(fields: tuple[str, ...], told: str | None) -> None:
    """For scripts, where the system names one and no more (ERR-3)."""
    team = Team(RULES).began()
    answered("STRING_TOO_LONG", fields=fields)(team)
    team.contact()
    team.hour()
    [entry] = team.errors()
    assert report.error_json(entry)["field"] == told


CODES = (
    *("REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG"),
    *("FIELD_FILTER_VALIDATION_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION", "MALFORMED_ID"),
    *("NUMBER_OUTSIDE_VALID_RANGE", "INVALID_EMAIL_ADDRESS", "INVALID_ID_FIELD"),
    *("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "DUPLICATE_VALUE", "DUPLICATES_DETECTED"),
    *("DUPLICATE_EXTERNAL_ID", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    *("INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS", "ENTITY_IS_LOCKED"),
    *("UNABLE_TO_LOCK_ROW", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "TRANSFER_REQUIRES_READ"),
    *("CANNOT_EXECUTE_FLOW_TRIGGER", "INACTIVE_OWNER_OR_USER", "STORAGE_LIMIT_EXCEEDED"),
    *("LIMIT_EXCEEDED", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    *("UNKNOWN_EXCEPTION", "INVALID_FIELD"),
)
"""What Salesforce says of a single record that it doesn't take."""


@pytest.mark.parametrize("code", CODES)
def test_an_entry_says_why_in_the_systems_words_and_in_ours(code: str) -> None:
    """Code and text as Salesforce has them, and a sentence on what to do (ERR-4)."""
    team = Team(RULES).began()
    answered(code)(team)
    team.contact()
    team.hour()
    [entry] = team.errors()
    assert entry.code == code
    assert entry.message.endswith(f"{code} it is")
    assert entry.advice == SALESFORCE.advice(code)
    assert len(entry.advice) > 20
    assert f"mend   {entry.advice}" in team.said[-1]


def test_apollos_refusals_say_what_to_do_too() -> None:
    """Each of the codes that tell one of Apollo's texts from another (ERR-4)."""
    from syncrules.connectors.apollo import refusals

    codes = [one for name, one in vars(refusals).items() if name.isupper() and name[0] != "_"]
    known = [one for one in codes if isinstance(one, str)]
    assert len(known) > 10
    assert [one for one in known if len(APOLLO.advice(one)) < 20] == []


def test_an_entry_says_since_when_until_when_and_how_often() -> None:
    """To the second, in UTC; what is met again is the same entry (ERR-5)."""
    team = refused()
    [first] = team.errors()
    for _ in range(2):
        team.clock.sleep(HOUR)
        team.retry(first.id)
    [entry] = team.errors()
    assert (entry.id, entry.count, entry.first) == (first.id, 3, first.first)
    assert 2 * HOUR <= entry.last - entry.first < 2 * HOUR + 60
    told = report.error_json(entry)
    for moment in (told["first"], told["last"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)
    assert re.search(r"since  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, 3 times, last ", team.said[-1])


def test_an_entry_can_be_tried_again() -> None:
    """The cause is there still: the same entry, one more; it is gone: written once, and closed
    (ERR-6)."""
    team = refused()
    [entry] = team.errors()
    team.retry(entry.id)
    assert [(one.id, one.count) for one in team.errors()] == [(entry.id, 2)]
    calm(team)
    team.retry(entry.id)
    assert team.errors() == []
    assert team.right("Lead", "Title") == ["CEO"]


def test_what_is_tried_again_is_todays_truth() -> None:
    """The contact has changed since: its present values are sent, and twice makes no second record
    (ERR-7)."""
    team = refused()
    [entry] = team.errors()
    [ada] = team.apollo.rows("contact")
    team.apollo.update("contact", ada, {"title": "CTO", "last_name": "King"})
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    [lead] = team.salesforce.rows("Lead").values()
    assert (lead["Title"], lead["LastName"]) == ("CTO", "King")
    team.retry()
    assert len(team.salesforce.rows("Lead")) == 1
    assert team.errors() == []


def test_an_entry_is_over_once_one_of_the_two_is_found_gone() -> None:
    """Apollo doesn't tell that a contact was deleted: it is found so when it is to be written, and
    what its lead was refused needs nobody any more."""
    team = Team(RULES).began()
    ada = team.contact()
    team.hour()
    validation(team)
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.hour()
    assert len(team.errors()) == 1
    team.apollo.delete("contact", ada)
    [lead] = team.salesforce.rows("Lead")
    team.salesforce.update("Lead", lead, {"FirstName": "Adah"})
    team.hour()
    assert team.errors() == []


def test_an_entry_that_no_rule_is_about_any_more_can_be_let_go_of() -> None:
    """A run leaves it, since the rule may come back; `retry` ends it. Should the rule be back all
    the same, what it was refused is tried."""
    team = refused()
    team.rewrite(HEAD + "push account as Account { match on domain }\n" + ACCOUNTS)
    assert team.hour().exit_code == 1
    team.retry()
    assert team.errors() == []
    assert team.hour().exit_code == 0
    calm(team)
    team.rewrite(RULES)
    assert team.hour().exit_code == 0
    assert team.right("Lead", "Title") == ["CEO"]


PULLED = HEAD + "pull Lead as contact hidden { match on email }\n" + LEADS
"""Rules about the same two objects as those that push a contact as a Lead, less these."""


def test_what_other_rules_are_about_as_well_is_told_to_be_decided_by_them() -> None:
    """Of a rule that is gone; what it was refused, the next run has no reason to try again."""
    team = refused()
    assert not team.errors()[0].gone
    team.rewrite(PULLED)
    [entry] = team.errors()
    assert entry.advice == "The next run decides it again, as the rules say now."
    assert "rule   push contact as Lead, in no rule file any more\n" in team.said[-1]
    team.hour()
    assert team.errors() == []


def test_what_is_so_for_rules_of_now_as_well_keeps_its_advice() -> None:
    """That the rule is gone is told, and what to do is what it was."""
    team = Team(RULES).began()
    for _ in range(2):
        team.lead()
    team.contact()
    team.hour()
    [before] = team.errors()
    assert before.code == "ambiguous-match"
    team.rewrite(PULLED)
    team.hour()
    [entry] = team.errors()
    assert (entry.advice, entry.gone) == (before.advice, "stands")
    assert "rule   push contact as Lead, in no rule file any more\n" in team.said[-1]


def test_of_an_entry_of_several_rules_those_that_are_gone_are_told() -> None:
    """One cause, met by two rules: the entry is about the one that is there, and its advice."""
    team = Team(RULES).began()
    ada = team.contact(title="CTO")
    team.hour()
    validation(team)
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.contact("bea", title="CEO")
    team.hour()
    [before] = team.errors()
    team.rewrite(PULLED)
    [entry] = team.errors()
    assert (entry.rule, entry.gone, entry.advice) == ("map contact with Lead", "", before.advice)
    told = report.error_text(entry, whole=True)
    assert told.count("in no rule file any more") == 1
    bea = told.partition("- bea@berg.example")[2]
    assert "by push contact as Lead, in no rule file any more" in bea


def test_status_exit_code_and_last_line_say_that_there_is_something(
    desk: Callable[..., Desk],
) -> None:
    """How many, and since when the oldest is; without one they say nothing (ERR-8)."""
    here = desk(RULES)
    assert here.type("run").code == 0
    assert re.search(r"errors     0 open$", here.type("status").out, re.MULTILINE)
    refuses = Validation("Lead", "No", lambda row: row.get("LastName") == "Berg")
    here.salesforce.org.validations.append(refuses)
    here.apollo.create("contact", {"last_name": "Berg", "email": "ada@berg.example"})
    ended = here.type("run")
    assert ended.code == 1
    assert ended.out.splitlines()[-1].endswith("1  open error is listed by `syncrules errors`")
    status = here.type("status").out
    assert re.search(
        r"errors     1 open, the oldest since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", status
    )
    here.salesforce.org.validations.clear()
    assert here.type("retry", "--all").code == 0
    assert here.type("run").code == 0
