"""Small wrong files, each with the finding it gives and the place that is underlined.

`§` stands just before the first letter that must be underlined; it is taken out before the file is
checked. Where a file has several marks, it gives as many findings, in that order.
"""

from __future__ import annotations

import random

import pytest
from syncrules import dsl

from .schemas import SCHEMAS

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
LEAD = "push contact as Lead update only\n"
CONTACT = "push contact as Contact update only\n"
ACCOUNT = "pull Account as account\n"


def of(condition: str) -> str:
    return f"{HEAD}push contact as Lead update only when {condition}\n"


def lead(row: str) -> str:
    return f"{HEAD}{LEAD}map contact with Lead {{\n    {row}\n}}\n"


def contact(row: str) -> str:
    return f"{HEAD}{CONTACT}map contact with Contact {{\n    {row}\n}}\n"


def account_stages(rows: str) -> str:
    return f"{HEAD}{ACCOUNT}map account stage with §Account.Rating {{\n{rows}\n}}\n"


def arms(*rows: str) -> str:
    inner = "".join(f"    {one}\n" for one in rows)
    return f"{HEAD}{ACCOUNT}infer account stage from opportunities {{\n{inner}}}\n"


WRONG = [
    # ---- what can't be read
    ("syntax", HEAD + "§psuh contact as Lead\n"),
    ("syntax", HEAD + "push contact §to Lead\n"),
    ("syntax", HEAD + "push contact as§\n"),
    ("syntax", HEAD + "every 15 §parsecs\n"),
    ("syntax", HEAD + "every §soon\n"),
    ("syntax", HEAD + "§every 0 minutes\n"),
    ("syntax", HEAD + "§every -1 hours\n"),
    ("syntax", "sync apollo §and salesforce\n"),
    ("syntax", of('stage §= "Replied"')),
    ("syntax", of('stage §!= "Replied"')),
    ("syntax", of('stage §== "Replied" and email is known')),
    ("syntax", of('stage in §"Replied"')),
    ("syntax", of('stage is §"Replied')),
    ("syntax", of("stage is §'Replied'")),
    ("syntax", of("stage is §“Replied”")),
    ("syntax", of('(stage is "Replied"§')),
    ("syntax", of('stage is "Replied" §&& email is known')),
    ("syntax", of('§age of email is "x"')),
    ("syntax", of("§years since birthday > 2")),
    ("syntax", HEAD + LEAD + "map contact with Lead §{\n    email -> Email\n"),
    ("syntax", lead("last_name §LastName")),
    ("syntax", lead("last_name ->§")),
    ("syntax", lead("last_name -> LastName§, ")),
    ("syntax", lead("last_name §=> LastName")),
    ("syntax", lead("last_name §→ LastName")),
    ("syntax", lead("last_name -> LastName §perfer apollo")),
    ("syntax", lead("last_name -> LastName prefer apollo §prefer salesforce")),
    ("syntax", HEAD + "push contact as Lead update only §hidden\n"),
    ("syntax", HEAD + "pull Lead as contact hidden §visible\n"),
    ("syntax", HEAD + "pull Lead as contact when IsConverted §when Email is known\n"),
    ("syntax", HEAD + "pull Lead as contact\n§{ match on email }\n"),
    ("syntax", HEAD + "pull Lead as contact {\n    §mach on email\n}\n"),
    ("syntax", HEAD + "pull Lead as contact {\n    match on email§;\n}\n"),
    (
        "syntax",
        HEAD + ACCOUNT + 'infer account stage from opportunities {\n    "Cold" when §some\n}\n',
    ),
    ("syntax", lead('§"{{ title " -> Description')),
    ("syntax", HEAD + "§}\n"),
    ("syntax", HEAD + LEAD + "map contact with Lead, Contact §Account { email -> Email }\n"),
    # ---- the head of a file
    ("missing-sync", "§push contact as Lead\n"),
    ("missing-sync", "§every 15 minutes\nsync apollo with salesforce\n"),
    ("sync-line", "sync apollo with §apollo\n"),
    ("sync-line", "sync apollo with salesforce\n§sync apollo with salesforce\n"),
    ("unknown-system", "sync §appollo with salesforce\n"),
    ("unknown-system", "sync apollo with §hubspot\n"),
    # ---- names
    ("unknown-object", HEAD + "push §contacts as Lead update only\n"),
    ("unknown-object", HEAD + "push contact as §lead update only\n"),
    ("unknown-object", HEAD + "§push Lead as contact\n"),
    ("unknown-object", HEAD + LEAD + "map contact with Lead, §Contakt { email -> Email }\n"),
    ("unknown-object", lead("email -> §Contact.Email")),
    ("unknown-object", HEAD + ACCOUNT + "infer account stage from §oportunities\n"),
    ("unknown-field", of("§emial is known")),
    ("unknown-field", of("§Email is known")),
    ("unknown-field", of('account.§domian is "x"')),
    ("unknown-field", of("§Contact.Email is known")),
    ("unknown-field", of("Lead.§Convertd")),
    ("unknown-field", lead("§last_nam -> LastName")),
    ("unknown-field", lead("last_name -> §Last_Name")),
    ("unknown-field", lead("§account.name -> Company")),
    (
        "unknown-field",
        f"{HEAD}{LEAD}{CONTACT}map contact with Lead, Contact {{\n    title -> §Company\n}}\n",
    ),
    ("unknown-field", HEAD + 'push contact as Lead update only { source "Web" in §Origin }\n'),
    ("unknown-field", HEAD + 'pull Account as account { §source "x" }\n'),
    ("unknown-field", HEAD + CONTACT + "map contact stage with §Contact by name\n"),
    ("unknown-field", HEAD + CONTACT + "map contact §stag with Contact.Status__c by name\n"),
    ("unknown-field", HEAD + ACCOUNT + "infer account §stagee from opportunities\n"),
    ("unknown-field", HEAD + "pull Lead as contact { match on §e_mail }\n"),
    # ---- values
    ("unknown-value", of('stage is §"Repleid"')),
    ("unknown-value", of('stage in ["Replied", §"interested"]')),
    ("unknown-value", of('stage is not §"Gone"')),
    ("unknown-value", of('lists contains §"Newsleter"')),
    ("unknown-value", lead('§"Lukewarm" -> Rating')),
    ("unknown-value", contact('stage <-> Status__c default §"Kold"')),
    (
        "unknown-value",
        HEAD + LEAD + 'map contact stage with Lead { §"Frozen" -> "Open - Not Contacted" }\n',
    ),
    ("unknown-value", HEAD + LEAD + 'map contact stage with Lead { "Cold" -> §"Open" }\n'),
    (
        "unknown-value",
        HEAD + ACCOUNT + 'infer account stage from opportunities { §"Lost" when none }\n',
    ),
    ("needs-quotes", of("stage is §Replied")),
    ("needs-quotes", of('stage in ["Replied", §Interested]')),
    ("needs-quotes", of("title contains §sales")),
    ("needs-quotes", of("stage is §Not Interested")),
    ("needs-quotes", of("stage is not §Do Not Contact and title is known")),
    ("needs-quotes", of('stage in ["Cold", §Bad Data]')),
    ("needs-quotes", of('stage in [§Bad Data, "Cold"]')),
    ("needs-quotes", lead("organization_name -> Company default §Unknown")),
    (
        "needs-quotes",
        HEAD + LEAD + 'map contact stage with Lead { §Cold -> "Closed - Converted" }\n',
    ),
    ("needs-quotes", HEAD + "push contact as Lead update only { source §Apollo }\n"),
    # ---- types
    ("wrong-type", of("§stage")),
    ("wrong-type", of("§stage > 3")),
    ("wrong-type", of('score is §"high"')),
    ("wrong-type", of('score > §"3"')),
    ("wrong-type", of("title is §3")),
    ("wrong-type", of('created_at > §"2026-01-31"')),
    ("wrong-type", of("created_at > §2026-02-30")),
    ("wrong-type", of('email_unsubscribed is §"yes"')),
    ("wrong-type", of('§lists is "Newsletter"')),
    ("wrong-type", of('owner is §"ann@example.com"')),
    ("wrong-type", of("§score contains 3")),
    ("wrong-type", of("days since §title > 3")),
    ("wrong-type", of('domain of §score is "x"')),
    ("wrong-type", of('§stage.name is "x"')),
    ("wrong-type", of("§score is title")),
    ("wrong-type", contact("§email -> Birthdate")),
    ("wrong-type", contact("§birthday <-> Description")),
    ("wrong-type", contact("§email_unsubscribed -> Description")),
    ("wrong-type", contact("§title -> DoNotCall")),
    ("wrong-type", contact("§account -> Description")),
    ("wrong-type", contact("§account -> ReportsToId")),
    ("wrong-type", lead("§title -> Rating")),
    ("wrong-type", lead("§stage -> Rating")),
    (
        "wrong-type",
        contact("§birthday <- Topics__c"),
    ),
    ("wrong-type", lead('§"{{ title }}" -> NumberOfEmployees')),
    ("wrong-type", contact("first_name -> FirstName default §5")),
    ("wrong-type", contact(f'§"{"x" * 90}" -> LastName')),
    ("wrong-type", HEAD + LEAD + 'map contact §title with Lead.Status { "a" -> "b" }\n'),
    (
        "wrong-type",
        HEAD + ACCOUNT + 'infer account §employees from opportunities { "x" when none }\n',
    ),
    # ---- rights, winners, tables
    ("read-only-field", lead("last_name -> §Name")),
    ("read-only-field", lead("§created_at <- CreatedDate")),
    ("read-only-field", lead("§email_unsubscribed <-> IsConverted")),
    ("read-only-field", HEAD + "push user as §User\n"),
    ("read-only-field", HEAD + 'push contact as Lead update only { source "x" in §Name }\n'),
    ("required-field-unfilled", HEAD + "push contact as §Lead\n"),
    (
        "required-field-unfilled",
        HEAD + "push contact as §Contact\nmap contact with Contact { last_name <- LastName }\n",
    ),
    ("required-field-unfilled", HEAD + "pull Account as §account visible\n"),
    ("no-winner", lead("last_name §<-> LastName").replace("prefer salesforce\n", "")),
    (
        "no-winner",
        "sync apollo with salesforce\n"
        + CONTACT
        + "§map contact stage with Contact.Status__c by name\n",
    ),
    ("unknown-winner", "sync apollo with salesforce\nprefer §hubspot\n"),
    ("unknown-winner", lead("last_name <-> LastName prefer §Salesforce")),
    (
        "unknown-winner",
        HEAD + CONTACT + "map contact stage with Contact.Status__c by name prefer §left\n",
    ),
    ("one-way-template", lead('"Unknown" §<-> Company')),
    ("one-way-template", lead('"{{ title }}" §<- Description')),
    ("one-way-template", lead('title §-> "{{ Title }}"')),
    ("one-way-template", lead('"a" -> §"b"')),
    ("unknown-name-in-template", lead('"Hi {{ §titel }}" -> Description')),
    ("unknown-name-in-template", lead('title <- "{{ §title }}"')),
    ("conflicting-writes", lead("email -> Email\n    §title -> Email")),
    (
        "conflicting-writes",
        HEAD + LEAD + "map contact with Lead { email -> Email }\n"
        "map contact with Lead { §title -> Email }\n",
    ),
    # ---- what conditions say together
    ("never-true", of('stage is "Replied" and §stage is "Interested"')),
    ("never-true", of('stage in ["Cold", "Replied"] and title is known and §stage is "Bad Data"')),
    ("never-true", of("score > 5 and (title is known and §score < 3)")),
    ("never-true", of('not (stage is not "Cold" or §stage is not "Replied")')),
    ("never-true", of('title is blank and §title contains "sales"')),
    ("never-true", of('title contains "sales" and §title is "CEO"')),
    ("never-true", of('account is blank and §account.domain is "acme.example"')),
    ("never-true", of('email is "ann@a.example" and §domain of email is "b.example"')),
    ("never-true", of('lists contains "Newsletter" and §lists is blank')),
    ("never-true", of('title starts with "VP" and §title starts with "Head"')),
    ("never-true", of('title ends with "sales" and §not title contains "sale"')),
    ("never-true", of("birthday is blank and §days since birthday > 3")),
    ("never-true", of("created_at < 2025-01-01 and §days since created_at < 30")),
    ("never-true", of('§title is ""')),
    ("never-true", of("email_unsubscribed\n    unless §email_unsubscribed is true")),
    ("never-true", of('stage is "Cold"\n    unless title is known or §stage is "Cold"')),
    ("never-true", arms('"Cold" when any with Amount > 5 and §Amount < 3')),
    ("always-true", of('§stage is not "Cold" or stage is not "Replied"')),
    ("always-true", of("§title is known or title is blank")),
    ("always-true", of("§score >= 3 or score < 3 or score is blank")),
    ("always-true", HEAD + 'push contact as Lead update only unless §title is ""\n'),
    ("redundant-part", of('stage is "Replied" and §stage is not "Cold"')),
    ("redundant-part", of("score > 3 or §score > 5")),
    ("redundant-part", of("§score is known and score > 5")),
    ("redundant-part", of("title is known and (score > 3 or §score is 7)")),
    ("redundant-part", of('title is known and §title is not ""')),
    ("redundant-part", of('title is "CEO" or §title is "ceo"')),
    ("redundant-part", of('stage is "Cold"\n    unless §title is ""')),
    ("redundant-part", arms('"Cold" when any with Amount > 5 and §Amount > 3')),
    ("unreachable-arm", arms('"Cold" when any is open', '§"Current Client" when any is open')),
    (
        "unreachable-arm",
        arms('"Cold" when any is open', '§"Current Client" when any with open and Amount > 3'),
    ),
    ("unreachable-arm", arms('"Cold" when any is open', '§"Current Client" when all are open')),
    ("unreachable-arm", arms('"Cold" when all are open', '§"Current Client" when all are open')),
    ("unreachable-arm", arms('"Cold" when none', '§"Current Client" when none')),
    (
        "unreachable-arm",
        arms(
            '"Cold" when any with Amount > 5',
            '"Dead Opportunity" when any with Amount is blank',
            '§"Current Client" when all with Amount > 9 or Amount is blank',
        ),
    ),
    (
        "unreachable-arm",
        arms(
            '"Cold" when all with Amount > 5',
            '"Dead Opportunity" when any with not Amount > 5',
            '§"Current Client" when any is won',
        ),
    ),
    ("same-target-twice", of("score > 3") + "§push contact as Lead update only when score < 5\n"),
    (
        "same-target-twice",
        of('title contains "sales"')
        + '§push contact as Lead update only when domain of email is "a.example"\n',
    ),
    ("same-target-twice", HEAD + LEAD + "§push contact as Lead update only when title is known\n"),
    (
        "same-target-twice",
        of("title is known") + "§push contact as Lead update only when title is known\n",
    ),
    (
        "match-twice",
        HEAD + "pull Lead as contact { match on email }\n"
        "push contact as Lead update only { §match on email, else title }\n"
        "map contact with Lead { title -> Title }\n",
    ),
    ("key-not-mapped", HEAD + "pull Lead as contact { match on email, else §title }\n"),
    (
        "key-not-mapped",
        HEAD + "pull Contact as contact { match on last_name and §account }\n"
        "map contact with Contact {\nlast_name -> LastName\naccount -> AccountId\n}\n" + ACCOUNT,
    ),
    (
        "key-not-mapped",
        HEAD + "pull Lead as contact { match on §stage }\n"
        'map contact stage with Lead.Status { "Cold" -> "Open - Not Contacted" }\n',
    ),
    (
        "key-not-mapped",
        HEAD + "pull Contact as contact { match on §last_seen }\n"
        "map contact with Contact { last_seen -> Met_On__c }\n",
    ),
    ("unused-map", HEAD + "§map contact with Lead { email -> Email }\n"),
    ("syntax", HEAD + "pull Lead as contact {\n    match on email\n§\x0b\n}\n"),
    ("unknown-tie", HEAD + "pull Lead as contact { match on email, §most widgets first }\n"),
    ("only-for-activities", HEAD + "pull Lead as contact { §on cancel unlink }\n"),
    ("never-told", HEAD + "push call as Task { §on delete unlink }\n"),
    (
        "unknown-code",
        of('stage is "Cold" and stage is "Replied" { allow §never-treu because "later" }'),
    ),
    ("not-allowable", HEAD + 'pull Lead as contact { allow §syntax because "later" }\n'),
    ("unused-allow", HEAD + 'pull Lead as contact { §allow never-true because "later" }\n'),
    ("unknown-system", HEAD + "guard at most 5 §apolo calls per day\n"),
    (
        "unknown-object",
        HEAD + LEAD + "map contact with Lead { email -> Email }\n"
        "guard at most 5% of §Led changed per run\n",
    ),
    ("unknown-object", HEAD + "§enrich contact with Lead\n"),
    ("read-only-field", HEAD + "pull Lead as contact { §on delete delete }\n"),
    (
        "syntax",
        HEAD + LEAD + 'test "t" {\n    given contact { email "a@b.example" }\n'
        "    change §Lead { LastName blank }\n    expect nothing\n}\n",
    ),
    (
        "table-not-one-to-one",
        HEAD + LEAD + "map contact stage with Lead {\n"
        '    "Cold" <-> "Open - Not Contacted"\n'
        '    "Approaching" <-> §"Open - Not Contacted"\n}\n',
    ),
    (
        "table-not-one-to-one",
        HEAD + LEAD + "map contact stage with Lead {\n"
        '    "Cold" -> "Open - Not Contacted"\n'
        '    §"Cold" -> "Closed - Converted"\n}\n',
    ),
    (
        "table-not-total",
        HEAD + ACCOUNT + '§map account stage with Account.Rating { "Cold" -> "Cold" }\n',
    ),
    ("table-not-total", HEAD + CONTACT + "§map contact stage with Contact.LeadSource by name\n"),
    (
        "table-twice-with-infer",
        HEAD + ACCOUNT + 'map account stage with Account.Rating { "Cold" <- "Cold" }\n'
        "§infer account stage from opportunities\n",
    ),
    (
        "table-twice-with-infer",
        HEAD + ACCOUNT + "infer account stage from opportunities\n"
        '§infer account stage from opportunities { "Cold" when none }\n',
    ),
    ("infer-not-related", HEAD + ACCOUNT + "infer account stage from §leads\n"),
]


@pytest.mark.parametrize(("code", "marked"), WRONG)
def test_a_mistake_gives_one_finding_at_its_place(code: str, marked: str) -> None:
    """One mistake: one finding, with its code, at the very letter."""
    places = list(marks(marked))
    found = dsl.check({"a.sync": marked.replace("§", "")}, SCHEMAS).findings
    assert [(one.code, one.span.line, one.span.column) for one in found] == [
        (code, line, column) for line, column in places
    ], dsl.to_text(found, {"a.sync": marked.replace("§", "")})


def marks(marked: str) -> list[tuple[int, int]]:
    """Line and column of each mark, as they are once the marks are gone."""
    return [
        (number, place - before + 1)
        for number, line in enumerate(marked.split("\n"), 1)
        for before, place in enumerate(i for i, letter in enumerate(line) if letter == "§")
    ]


RIGHT = [
    of('stage in ["Interested", "Replied"] unless email_status is "extrapolated"'),
    of("score >= 2.5 and score < 100 and score is not 7"),
    of("score < 3 or score >= 3"),  # not of a blank
    of("score > 3 and score < 4"),
    of("email is known and domain of email is account.domain"),
    of('email is known and domain of email in ["a.example"]'),
    of("match is `when` and `match` is known"),
    of('title contains "sales" or title contains "sales engineer"'),
    of('title starts with "a" and title ends with "b" and title is not "ab"'),
    of("account is blank or account.domain is blank"),
    of("email_unsubscribed is not true unless email_unsubscribed"),
    of("days since last_seen <= 7 and last_seen > 2026-01-31"),
    of("days since created_at > 3 or created_at is blank"),
    of('not (email is blank or domain of email in ["a.example"])'),
    of("title is known") + "push contact as Lead update only when title is blank\n",
    of('stage is "Cold"') + 'push contact as Lead update only when stage is "Replied"\n',
    of("score > 3") + "push contact as Lead update only unless score > 3\n",
    of('title starts with "a"') + 'push contact as Lead update only when title starts with "b"\n',
    of("days since created_at < 9")
    + "push contact as Lead update only when created_at < 2025-01-01\n",
    of("title is known")
    + "pull Lead as contact visible when Title is known\n"
    + "map contact with Lead { last_name <- LastName }\n",
    arms(
        '"Current Client" when any is won',
        '"Active Opportunity" when any is open',
        '"Dead Opportunity" when all are lost',
        '"Cold" when none',
    ),
    arms('"Cold" when all are open', '"Current Client" when any is open', '"Cold" when none'),
    arms('"Cold" when any with Amount > 5 and open', '"Current Client" when any is open'),
]


@pytest.mark.parametrize("source", RIGHT)
def test_conditions_that_make_sense_give_no_finding(source: str) -> None:
    """A false alarm is a mistake of ours: what may hold, differ or be reached is left in peace."""
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert dsl.to_text(found, {"a.sync": source}) == ""


EXAMPLES = [
    ('stage is "Replied"', "email is blank", 'stage "Replied", email blank'),
    ("score > 3", "score < 5 and title is known", 'score 4, title "Other"'),
    ('title contains "Sales"', 'title ends with "Officer"', 'title "sales officer"'),
    ("email is known", 'domain of email in ["a.example"]', 'email "ada@a.example"'),
    (
        "days since last_seen <= 7",
        "title is blank",
        "last_seen 2026-01-31, title blank on 2026-01-31",
    ),
    ('stage is "Cold"', "Lead.IsConverted", 'stage "Cold", Lead.IsConverted true'),
    ('lists contains "Newsletter"', "account is known", 'lists "Newsletter", account known'),
]


@pytest.mark.parametrize(("first", "second", "example"), EXAMPLES)
def test_rules_that_overlap_are_told_with_a_record(first: str, second: str, example: str) -> None:
    """Someone who reads the finding sees for whom both rules would act."""
    source = of(first) + f"push contact as Lead update only when {second}\n"
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert [(one.code, one.witness) for one in found] == [("same-target-twice", example)]
    assert f" = for example: {example}\n" in dsl.to_text(found, {"a.sync": source})


def test_a_contradiction_underlines_every_part_of_it_and_no_other() -> None:
    """The parts that clash are named and shown, in whichever clause they stand."""
    source = of('title is known and stage is "Cold" and score > 1\n    unless stage is "Cold"')
    (found,) = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert found.title == (
        'no record satisfies `stage is "Cold"` and `stage is not "Cold"` together'
    )
    spans = [found.span, *(one.span for one in found.further)]
    assert [(one.line, one.column) for one in spans] == [(4, 12), (3, 58)]


def test_a_clause_that_was_not_understood_is_not_judged() -> None:
    """What is left of a condition says nothing about the whole of it."""
    source = of('emial is known unless title is ""') + "push contact as Lead update only\n"
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert [one.code for one in found] == ["unknown-field"]


def test_four_mistakes_give_four_findings_each_at_its_place() -> None:
    """A misspelt field, a value that isn't there, a text mapped to a date, and a broken line."""
    source = (
        "sync apollo with salesforce\n"
        'push contact as Contact when stage is "Repleid"\n'
        "map contact with Contact {\n"
        "    last_nam -> LastName\n"
        "    title    -> Birthdate\n"
        "    email       Email\n"
        "}\n"
    )
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert [(one.code, one.span.line, one.span.column) for one in found] == [
        ("unknown-value", 2, 39),
        ("unknown-field", 4, 5),
        ("wrong-type", 5, 5),
        ("syntax", 6, 17),
    ]


FIXES = [
    (of("§emial is known"), "email"),
    (of("§Email is known"), "email"),
    (of("§Title is known"), "title"),
    (of('stage is §"Repleid"'), '"Replied"'),
    (of("stage is §replied"), '"Replied"'),
    (of("stage is §Do Not Contact or title is known"), '"Do Not Contact"'),
    (of('score > §"3"'), "3"),
    (of("title is §3"), '"3"'),
    (of('created_at > §"2026-01-31"'), "2026-01-31"),
    (of('stage §= "Replied"'), "is"),
    (HEAD + "§psuh contact as Lead\n", "push"),
    (HEAD + "push contact as §Leads update only\n", "Lead"),
    (contact("stage -> §Status"), "Status__c"),
    (lead("last_name -> §Last_name"), "LastName"),
    (lead("last_name <-> LastName prefer §Salesforce"), "salesforce"),
    (lead('"Unknown" §<-> Company'), "->"),
    (lead('"{{ §titel }}" -> Description'), "title"),
    (HEAD + ACCOUNT + "infer account stage from §opportunites\n", "opportunities"),
]


@pytest.mark.parametrize(("marked", "fix"), FIXES)
def test_a_fix_put_in_place_mends_the_file(marked: str, fix: str) -> None:
    """The text to write instead is the nearest real name; with it the finding is gone."""
    source = marked.replace("§", "")
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert [one.fix for one in found] == [fix]
    span, lines = found[0].span, source.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + fix + line[span.end_column - 1 :]
    left = dsl.check({"a.sync": "\n".join(lines)}, SCHEMAS).findings
    assert [one.code for one in left if one.code == found[0].code] == []


def test_shared_account_stages_are_a_remark_and_stop_nothing() -> None:
    """Several account stages may share a right value; on the way back the first row is taken."""
    source = (
        HEAD + ACCOUNT + "map account stage with Account.Rating {\n"
        '"Cold" <-> "Cold"\n"Dead Opportunity" <-> "Cold"\n"Do Not Prospect" -> "Cold"\n'
        '"Active Opportunity" <-> "Warm"\n"Current Client" <-> "Hot"\n}\n'
    )
    checked = dsl.check({"a.sync": source}, SCHEMAS)
    assert [(one.code, one.severity, one.span.line) for one in checked.findings] == [
        ("shared-value", "info", 6)
    ]
    assert checked.rules is not None
    (row,) = checked.rules.sets[0].pairs[0].rows
    assert [one[2] for one in row.table] == ["both", "push", "push", "both", "both"]


def test_an_error_keeps_the_rules_back_and_a_warning_does_not() -> None:
    """Rules with an error are not handed on; a warning is no reason to stop."""
    assert dsl.check({"a.sync": of("stage is Replied")}, SCHEMAS).rules is None
    warned = dsl.check({"a.sync": HEAD + "map contact with Lead { email -> Email }\n"}, SCHEMAS)
    assert [one.severity for one in warned.findings] == ["warning"]
    assert warned.rules is not None


def test_findings_of_several_files_come_by_file_and_place() -> None:
    """The order is that of the files and their lines, whatever order the files were given in."""
    files = {
        "b.sync": of("stage is Replied"),
        "a.sync": of("emial is known") + LEAD.replace("Lead", "Leed"),
    }
    found = dsl.check(files, SCHEMAS).findings
    assert [(one.file, one.span.line) for one in found] == [
        ("a.sync", 3),
        ("a.sync", 4),
        ("b.sync", 3),
    ]


def test_files_of_two_systems_are_one_set_and_must_agree_which_is_left() -> None:
    """A map may stand in another file than its rule; a turned `sync` line is a finding."""
    good = dsl.check(
        {"a.sync": HEAD + LEAD, "b.sync": HEAD + "map contact with Lead { email -> Email }\n"},
        SCHEMAS,
    )
    assert good.findings == () and good.rules is not None and len(good.rules.sets) == 1
    turned = dsl.check({"a.sync": HEAD, "b.sync": "sync salesforce with apollo\n"}, SCHEMAS)
    assert [(one.code, one.file) for one in turned.findings] == [("sync-line", "b.sync")]


SETS = {
    "same-target-twice",
    "conflicting-writes",
    "match-twice",
    "key-not-mapped",
    "table-twice-with-infer",
    "unused-map",
    "required-field-unfilled",
}
"""Codes that look at all rules together: another file's rules may well change them."""


def test_two_mistakes_give_two_findings_whatever_they_are() -> None:
    """No mistake hides another, and none is told twice: pairs of wrong files, put together."""
    chance = random.Random(3)
    alone = [
        (code, marked.removeprefix(HEAD))
        for code, marked in WRONG
        if marked.startswith(HEAD) and code not in SETS | {"sync-line"}
        if "Contact.Email" not in marked  # known once the other rule links contacts
    ]
    for _ in range(300):
        (code, first), (other, second) = chance.sample(alone, 2)
        source = (HEAD + first + second).replace("§", "")
        found = [one.code for one in dsl.check({"a.sync": source}, SCHEMAS).findings]
        assert sorted(set(found) - SETS) == sorted({code, other}), source
        assert len([one for one in found if one not in SETS]) == 2, source
