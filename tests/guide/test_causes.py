"""One entry for each cause, however many records meet it; each of them can be tried again, and the
entry is over when the last got through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import report
from syncrules.engine.run import causes
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Desk, Team

RULES = (
    HEAD
    + """\
push contact as Lead { match on email }
pull Contact as contact visible { match on email }
"""
    + LEADS
    + CONTACTS
)
NAMES = ("ada", "bea", "cleo", "dora", "emil")


def refuses(title: str, message: str = "Ask Eva first") -> Validation:
    return Validation("Lead", message, lambda row: row.get("Title") == title, "Title")


def five() -> Team:
    """Five contacts that one rule of the org refuses as leads."""
    team = Team(RULES).began()
    team.salesforce.org.validations.append(refuses("CEO"))
    for name in NAMES:
        team.contact(name, title="CEO")
    team.hour()
    return team


def names(entry: report.ErrorEntry) -> list[str]:
    return [one.name.partition("@")[0] for one in entry.records]


def test_what_many_are_refused_for_is_one_entry_that_lists_them() -> None:
    """For people the first few and how many more; `show` has them all; no key is everybody's
    (ERR-1, ERR-3)."""
    team = five()
    [entry] = team.errors()
    assert sorted(names(entry)) == list(NAMES)
    assert (entry.key, entry.record, entry.count) == (None, "", 5)
    told = report.error_json(entry)
    assert (told["operation"], told["object"], told["key"]) == ("create", "Lead", None)
    assert {one["rule"] for one in told["records"]} == {"push contact as Lead"}
    listed = report.error_text(entry)
    assert "create salesforce Lead 5 records" in listed
    assert " and 2 more\n" in listed
    shown = report.error_text(entry, whole=True)
    assert all(f"- {name}@berg.example (" in shown for name in NAMES)


def test_an_entry_is_over_when_its_last_record_got_through() -> None:
    """One after the other is mended; the others stay listed (ERR-1)."""
    team = five()
    [first] = team.errors()
    for left, id in enumerate(sorted(team.apollo.rows("contact"))[::-1]):
        [entry] = team.errors()
        assert (entry.id, len(entry.records)) == (first.id, 5 - left)
        team.apollo.update("contact", id, {"title": "CTO"})
        team.hour()
    assert team.errors() == []
    assert len(team.salesforce.rows("Lead")) == 5
    assert team.is_quiet()


def test_every_record_of_an_entry_is_tried_again() -> None:
    """While the cause stands each of them counts once more; then all are written, once (ERR-5,
    ERR-6)."""
    team = five()
    [entry] = team.errors()
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    [again] = team.errors()
    assert (again.id, again.count, again.first) == (entry.id, 10, entry.first)
    assert {one.count for one in again.records} == {2}
    team.salesforce.org.validations.clear()
    team.retry(entry.id)
    assert team.errors() == []
    assert len(team.salesforce.rows("Lead")) == 5


def test_another_reason_is_another_entry_and_the_old_one_is_over() -> None:
    """Who is refused for something else now is not told of what is mended (ERR-1)."""
    team = five()
    [first] = team.errors()
    team.salesforce.org.validations[:] = [refuses("CEO", "Ask Max first")]
    team.clock.sleep(HOUR)
    team.retry(first.id)
    [second] = team.errors()
    assert second.id != first.id
    assert "Ask Max first" in second.message
    assert len(second.records) == 5


def test_two_reasons_are_two_entries() -> None:
    """Each with those that met it (ERR-1)."""
    team = Team(RULES).began()
    team.salesforce.org.validations += [refuses("CEO"), refuses("CFO", "Ask Max first")]
    for name, title in zip(NAMES, ("CEO", "CFO", "CEO", "CFO", "CTO"), strict=True):
        team.contact(name, title=title)
    team.hour()
    eva, max = sorted(team.errors(), key=lambda one: one.message)
    assert (sorted(names(eva)), sorted(names(max))) == (["ada", "cleo"], ["bea", "dora"])


def test_creates_and_updates_that_one_rule_of_the_org_refuses_are_one_entry() -> None:
    """It says `write` of both, and of each record what was tried (ERR-3)."""
    team = Team(RULES).began()
    ada = team.contact("ada", title="CTO")
    team.hour()
    team.salesforce.org.validations.append(refuses("CEO"))
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.contact("bea", title="CEO")
    team.hour()
    [entry] = team.errors()
    assert entry.operation == "write"
    assert {(one.name[:3], one.operation) for one in entry.records} == {
        ("ada", "update"),
        ("bea", "create"),
    }


def test_records_that_share_a_key_are_one_entry_together() -> None:
    """Two contacts and two Leads of one address, whoever of them the rules ask about; once one of
    each has it they are linked, and the entry is over (ERR-1, CPL-2)."""
    team = Team(RULES.replace("pull Contact", "pull Lead as contact\npull Contact")).began()
    for _ in range(2):
        twin = team.lead("ada")
        double = team.contact("ada", title="CTO")
    team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.key) == ("ambiguous-match", "ada@berg.example")
    assert len({one.record for one in entry.records}) == 4
    team.salesforce.delete("Lead", twin)
    team.apollo.update("contact", double, {"email": "other@berg.example"})
    team.hour()
    assert team.errors() == []


def test_a_domain_of_two_accounts_is_one_entry_for_all_who_write_from_it() -> None:
    """(ERR-1, EDGE-1)"""
    names = LEADS.replace('    organization_name -> Company default "Unknown"\n', "")
    team = Team(HEAD + "pull Lead as contact visible\n" + names).began()
    for name in ("Berg", "Tal"):
        team.account(name)
    for name in NAMES:
        made = team.contact(name)
        team.apollo.update("contact", made, {"account_id": None})
        team.lead(name)
    team.hour()
    [entry] = team.errors()
    assert (entry.code, len(entry.records)) == ("ambiguous-account", 5)


def test_a_value_that_is_in_no_table_lists_who_has_it_and_is_over_with_them() -> None:
    """Nobody has to touch the rules: whoever gets another value is off the list (EDGE-11)."""
    table = 'map contact stage with Lead.Status { "Cold" <-> "Open - Not Contacted" }\n'
    rules = HEAD + "pull Lead as contact visible { match on email }\n" + LEADS + table
    team = Team(rules).began()
    leads = [team.lead(name, Status="Working - Contacted") for name in NAMES]
    team.hour()
    for left, lead in enumerate(leads):
        [entry] = team.errors()
        assert (entry.code, len(entry.records)) == ("unknown-value", 5 - left)
        team.salesforce.update("Lead", lead, {"Status": "Open - Not Contacted"})
        team.hour()
    assert team.errors() == []


def test_what_could_not_go_stays_told_while_it_is_so() -> None:
    """Deciding the record for another reason mends nothing, nor does a merge of its partner into a
    record that a person has given the default (EDGE-11)."""
    table = 'map contact stage with Lead.Status { "Cold" <-> "Open - Not Contacted" }\n'
    rules = HEAD + "push contact as Lead { match on email }\n" + LEADS + table
    team = Team(rules).began()
    ada = team.contact("ada", stage="Replied")
    team.hour()
    assert team.codes() == ["unknown-value"]
    [lead] = team.salesforce.rows("Lead")
    team.apollo.update("contact", ada, {"title": "CTO"})
    team.hour()
    assert team.codes() == ["unknown-value"]
    winner = team.lead("bea")
    team.salesforce.merge("Lead", winner, [lead])
    team.hour()
    team.hour()
    assert team.codes() == ["unknown-value"]
    team.apollo.update("contact", ada, {"stage": "Cold"})
    team.hour()
    assert team.errors() == []


def test_a_rule_that_is_mended_takes_up_what_it_could_not_do() -> None:
    """A text that is too long flows once the row says `truncate`: nobody touches the record."""
    rules = HEAD + "push contact as Lead { match on email }\n" + LEADS
    team = Team(rules).began()
    long = "x" * 200
    ids = [team.contact(name, title="CTO") for name in NAMES]
    team.hour()
    for id in ids:
        team.apollo.update("contact", id, {"title": long})
    team.hour()
    [entry] = team.errors()
    assert (entry.code, len(entry.records)) == ("too-long", 5)
    team.rewrite(rules.replace("title      <-> Title", "title      <-> Title truncate"))
    team.hour()
    assert team.errors() == []
    assert team.right("Lead", "Title") == ["x" * 128] * 5


def test_status_and_the_last_line_of_a_run_count_causes(desk: Callable[..., Desk]) -> None:
    """`errors show` names every record, and `retry` takes them all (ERR-6, ERR-8)."""
    here = desk(RULES)
    assert here.type("run").code == 0
    here.salesforce.org.validations.append(refuses("CEO"))
    for name in NAMES:
        here.apollo.create(
            "contact", {"last_name": "Berg", "email": f"{name}@berg.example", "title": "CEO"}
        )
    ended = here.type("run")
    assert ended.code == 1
    assert ended.out.splitlines()[-1].endswith("1  open error is listed by `syncrules errors`")
    [entry] = here.type("errors", "--format", "json").json()["errors"]
    assert len(entry["records"]) == 5
    assert here.type("errors", "show", entry["id"]).out.count("@berg.example (") == 5
    assert "errors     1 open" in here.type("status").out
    here.salesforce.org.validations.clear()
    assert here.type("retry", entry["id"]).code == 0
    assert here.type("errors").out == "no open errors\n"


@pytest.mark.parametrize(
    ("said", "own", "left"),
    [
        ("Title: bad value: CEO", {"CEO"}, "Title: bad value: …"),
        ("The CEO is asked first", {"CEO"}, "The CEO is asked first"),
        ("Nobody called Lovelace may", {"Lovelace"}, "Nobody called … may"),
        ("ada@berg.example is taken", (), "… is taken"),
        ("duplicates 00QSy0000000002IAA", (), "duplicates …"),
        ('Title is "a", Title is blank', (), 'Title is "…", Title is blank'),
        ("No such column 'Title' on Lead", (), "No such column 'Title' on Lead"),
        ("can't be read, and won't", (), "can't be read, and won't"),
        ("ErrorId: 1234567890-12345 (-12345)", (), "ErrorId: …"),
        ("max length=128", (), "max length=128"),
    ],
)
def test_what_is_said_of_one_record_alone_makes_no_other_cause(
    said: str, own: set[str], left: str
) -> None:
    """Values, addresses, ids and what stands in quotes; words of the text stay."""
    assert causes.of_all(said, own, {"Title"}) == left
