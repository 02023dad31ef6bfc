"""What a change of rules means: what some record notices is told, and nothing else is."""

from __future__ import annotations

import random
from textwrap import dedent

import pytest
from syncrules.dsl import Rules, check
from syncrules.dsl.compare import Difference, SetDifference, compare
from syncrules.dsl.conditions import holds

from . import compare_soak
from .schemas import SCHEMAS

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
MAP = """\
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title              -> Title
    organization_name  -> Company  default "Unknown"
}
"""
STAGES = """\
map contact stage with Lead.Status prefer latest {
    "Cold"       <-> "Open - Not Contacted"
    "Interested" <-> "Working - Contacted"
}
"""
DEALS = """\
pull Account as account
map account with Account { name <-> Name }
infer account stage from opportunities {
    "Current Client"     when any is won
    "Active Opportunity" when any is open
    "Dead Opportunity"   when all are lost
}
"""
PUSH = 'push contact as Lead when stage in ["Interested", "Replied"] { source "Web" }\n'


def rules(*texts: str) -> Rules:
    """The rules of some files."""
    sources = {f"{number}.sync": HEAD + text for number, text in enumerate(texts)}
    checked = check(sources, SCHEMAS)
    assert checked.rules is not None, [one.title for one in checked.findings]
    return checked.rules


def compared(old: str, new: str) -> SetDifference:
    [found] = compare(rules(old), rules(new), SCHEMAS, SCHEMAS)
    return found


def told(old: str, new: str) -> tuple[Difference, ...]:
    return compared(old, new).differences


def brief(some: tuple[Difference, ...]) -> list[str]:
    """A line for each difference, and one for each thing that is different in it."""
    found = []
    for one in some:
        found.append(f"{one.kind}: {one.title}")
        found += [f"    {each.what}: {each.before} => {each.after}" for each in one.details]
    return found


SAME = [
    (PUSH + MAP, MAP + PUSH),
    (PUSH + MAP, PUSH.replace(" {", "  {  # a word\n").replace("}", "\n}") + MAP),
    (
        'push contact as Lead when stage in ["Interested", "Replied"]\n' + MAP,
        'push contact as Lead when stage is "Replied" or stage is "Interested"\n' + MAP,
    ),
    (
        'push contact as Lead when title is known unless score > 3 or stage is "Cold"\n' + MAP,
        'push contact as Lead when not (stage is "Cold")\n'
        "    and not (title is blank) and (score <= 3 or score is blank)\n" + MAP,
    ),
    (PUSH + MAP, PUSH.replace("{", "{ match on email, else email and last_name\n") + MAP),
    (
        PUSH + MAP + STAGES,
        PUSH + MAP + "\n".join([STAGES.splitlines()[0], *STAGES.splitlines()[2:0:-1], "}\n"]),
    ),
    (
        PUSH + MAP.replace("title  ", '"{{ title }} at {{ email }}"'),
        PUSH + MAP.replace("title  ", '"{{title}} at {{email  }}"'),
    ),
    (
        DEALS.replace("all are lost", "all are lost and not open"),
        DEALS.replace("all are lost", "all are lost"),
    ),
    (
        PUSH + MAP.replace("-> Title", "<- Title"),
        PUSH + MAP.replace("-> Title", "<- Title truncate"),
    ),
    (
        "guard at most 5% of Lead changed per run\n" + PUSH + MAP,
        PUSH + MAP + "guard at most 5% of Lead changed per run\n"
        "guard at most 9% of Lead changed per run\n",
    ),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_no_record_notices_is_no_change(old: str, new: str) -> None:
    """Moved, laid out anew, said in other words, or never reached."""
    assert brief(told(old, new)) == []


OTHERS = [
    (
        ('["', '["Cold", "'),
        """
        created: Lead from contact
            when:  => stage in ["Cold", "Interested", "Replied"]
            source:  => LeadSource "Web"
        """,
    ),
    (
        ('"Interested", ', ""),
        """
        not-created: Lead from contact
            when: stage in ["Interested", "Replied"] =>
            source: LeadSource "Web" =>
        """,
    ),
    (
        ("Web", "Other"),
        """
        source: Lead from contact
            source: LeadSource "Web" => LeadSource "Other"
        """,
    ),
    (
        ("{", "{ stop when Lead.IsConverted\n"),
        """
        stopped: contact to Lead
            stop when:  => Lead.IsConverted
        """,
    ),
    (
        ("{", "{ match on email, else last_name, oldest first\n"),
        """
        match: contact with Lead
            match on: email = Email => email = Email, else last_name = LastName
            of several: none => oldest first
        """,
    ),
    (
        (" {", " create only {"),
        """
        flow: contact to Lead
            changes: flow to what is linked => stay where they are: create only
        """,
    ),
    (
        ("{", '{ on delete mark Description "Gone"\n'),
        """
        event: contact to Lead
            on delete:  => mark Description "Gone"
        """,
    ),
    (
        ("push", "enrich existing Lead with contact\npush"),
        """
        enriched: existing Lead with contact
        """,
    ),
    (
        ("push", "every 5 minutes\npush"),
        """
        every: contact with Lead
            every: 15 minutes => 5 minutes
        """,
    ),
    (
        ("push", "guard at most 3% of Lead changed per run\npush"),
        """
        guard: salesforce Lead changed per run
            at most:  => 3%
        """,
    ),
    (
        ("<-> LastName", "-> LastName"),
        """
        written-differently: Lead.LastName
            who wins: salesforce => apollo, at the first link salesforce
        not-written: contact.last_name from Lead.LastName
            from: Lead.LastName =>
            who wins: salesforce =>
        """,
    ),
    (
        ("<-> Email", "<-> Email prefer apollo"),
        """
        written-differently: Lead.Email and contact.email
            who wins: salesforce => apollo
        """,
    ),
    (
        ("title  ", "linkedin_url"),
        """
        written-differently: Lead.Title
            from: contact.title => contact.linkedin_url
        """,
    ),
    (
        ("-> Title", "-> Title when blank"),
        """
        written-differently: Lead.Title
            only where it is blank: no => yes
        """,
    ),
    (
        ("-> Title", "-> Title ask truncate clear"),
        """
        written-differently: Lead.Title
            what is too long: is refused => is shortened
            a change waits for a person: no => yes
            a blank erases: no => yes
        """,
    ),
    (
        ('"Unknown"', '"None"'),
        """
        written-differently: Lead.Company
            default: "Unknown" => "None"
        """,
    ),
    (
        ("-> Title", "-> Description"),
        """
        written: Lead.Description from contact.title
            from:  => contact.title
            who wins:  => apollo, at the first link salesforce
        not-written: Lead.Title from contact.title
            from: contact.title =>
            who wins: apollo, at the first link salesforce =>
        """,
    ),
]


@pytest.mark.parametrize(("change", "expected"), OTHERS)
def test_what_some_record_notices_is_told(change: tuple[str, str], expected: str) -> None:
    """One difference for each thing that some record notices, in the words of the rules."""
    old = PUSH + MAP
    assert old.count(change[0]) >= 1
    found = [one.rstrip() for one in brief(told(old, old.replace(*change, 1)))]
    assert "\n".join(found) == dedent(expected).strip()


def test_an_order_that_matters_is_seen() -> None:
    """The first rule that holds gives the source; the first arm that is true, the stage; the first
    row of a table that names a value, the way back."""
    some = [
        'push contact as Lead when score > 3 { source "Web" }\n',
        'push contact as Lead { source "Other" }\n',
    ]
    [one] = told(allowed("".join(some)) + MAP, allowed("".join(some[::-1])) + MAP)
    assert (one.kind, one.example) == ("source", "contact score 4")
    lines = DEALS.splitlines()
    [two] = told(DEALS, "\n".join([*lines[:3], lines[4], lines[3], *lines[5:], ""]))
    assert [(each.before, each.after) for each in two.details] == [
        ('"Current Client"', '"Active Opportunity"')
    ]
    assert two.example == "Opportunity won true, open true"


def allowed(text: str) -> str:
    """Rules that overlap, which `check` tells unless it is allowed."""
    return text.replace("{", '{ allow same-target-twice because "the first one acts"\n')


def test_the_way_back_of_a_shared_value_is_the_first_row_that_names_it() -> None:
    """So the order of those rows matters, and no other does."""
    rows = [
        f'    "{left}" <-> "{right}"\n'
        for left, right in (
            ("Cold", "Prospect"),
            ("Current Client", "Customer"),
            ("Active Opportunity", "Prospect"),
            ("Dead Opportunity", "Prospect"),
            ("Do Not Prospect", "Prospect"),
        )
    ]
    head = "push account as Account\nmap account with Account { name <-> Name }\n"
    table = head + "map account stage with Account.Type {\n{}}\n"
    old = table.replace("{}", "".join(rows))
    assert told(old, table.replace("{}", "".join([*rows[:2], *rows[:1:-1]]))) == ()
    assert brief(told(old, table.replace("{}", "".join([*rows[2:], *rows[:2]])))) == [
        "written-differently: account.stage",
        '    "Prospect": "Cold" => "Active Opportunity"',
    ]


def test_a_pull_that_becomes_visible_creates() -> None:
    """Records of the right side, shown by their own fields; a hidden one creates none."""
    new = DEALS.replace("as account", "as account visible when NumberOfEmployees > 10")
    [one] = told(DEALS, new)
    assert brief((one,)) == [
        "created: account from Account",
        "    when:  => NumberOfEmployees > 10",
    ]
    assert one.example == "Account NumberOfEmployees 11"
    assert told(DEALS, DEALS.replace("as account", "as account hidden")) == ()


def test_values_that_a_table_takes_for_the_same_are_told() -> None:
    """The way there may let a value stand that the way back would replace at the first link."""
    old = STAGES.replace("prefer latest", "prefer salesforce").replace(
        "}", '    "Replied" -> "Working - Contacted"\n}'
    )
    new = old.replace('    "Replied" -> "Working - Contacted"\n', "")
    assert brief(told(PUSH + MAP + old, PUSH + MAP + new)) == [
        "written-differently: Lead.Status",
        '    "Replied": "Working - Contacted" => nothing',
        "written-differently: contact.stage",
        '    taken for the same: "Replied" and "Working - Contacted" => none others',
    ]


def test_records_that_come_along_are_told_as_created() -> None:
    """A row with a reference makes accounts of contacts; not where a rule makes all of them."""
    people = "push contact as Contact\nmap contact with Contact { last_name <-> LastName }\n"
    accounts = "map account with Account { name <-> Name }\n"
    account = people.replace("{", "{\n    account -> AccountId\n")
    whole = "push account as Account\n"
    [one, two] = told(people + whole.replace("\n", " update only\n") + accounts,
                      account + whole.replace("\n", " update only\n") + accounts)  # fmt: skip
    assert (one.kind, two.kind, two.title) == ("written", "created", "Account from account")
    assert two.details[0].after == "contact.account -> Contact.AccountId"
    [only] = told(people + whole + accounts, account + whole + accounts)
    assert only.title == "Contact.AccountId from contact.account"
    [first, last] = told(account + accounts, people + accounts + "pull Account as account\n")[-2:]
    assert (first.kind, last.kind) == ("not-written", "not-created")


def test_pairs_of_a_table_are_told_one_by_one() -> None:
    """In both directions; what is only written in another order is not."""
    new = STAGES.replace('"Interested" <->', '"Replied"    <->')
    assert brief(told(PUSH + MAP + STAGES, PUSH + MAP + new)) == [
        "written-differently: Lead.Status",
        '    "Interested": "Working - Contacted" => nothing',
        '    "Replied": nothing => "Working - Contacted"',
        "written-differently: contact.stage",
        '    "Working - Contacted": "Interested" => "Replied"',
    ]


def test_the_example_is_one_for_which_it_is_so() -> None:
    """Each made-up record satisfies what is said of it, days and dots included."""
    old = (
        'push contact as Lead when domain of email is "a.example" unless days since last_seen > 9\n'
    )
    new = 'push contact as Lead when account.domain is "a.example" or days since last_seen < 3\n'
    found = told(old + MAP, new + MAP)
    assert [one.kind for one in found] == ["created", "not-created"]
    assert [one.example for one in found] == [
        'contact account.domain "a.example", last_seen blank, email blank on 2026-01-31',
        'contact email "ada@a.example", last_seen blank, account.domain blank on 2026-01-31',
    ]


def test_what_cannot_be_decided_is_said_to_be_so() -> None:
    """A difference without a proof is a maybe, with the tests that leave it open; one that is
    impossible whatever they say is none."""
    old = "push contact as Lead when first_name is last_name and last_name is title\n"
    [one] = told(
        old + MAP, old.replace("and last_name is title", "and not first_name is title") + MAP
    )[:1]
    assert one.undecided == () and one.example
    more = old.replace("and", "or")
    assert {one.kind for one in told(old + MAP, more + MAP)} == {"created"}
    turned = "push contact as Lead when last_name is title and first_name is last_name\n"
    assert told(old + MAP, turned + MAP) == ()


def test_tests_are_told_by_name_and_change_no_record() -> None:
    """New ones, those that are gone, and those that say something else."""
    block = (
        'test "{}" {{\n    given contact {{ email "{}", last_name "L" }}\n    expect nothing\n}}\n'
    )
    old = PUSH + MAP + block.format("one", "a@example.com") + block.format("two", "a@example.com")
    new = PUSH + MAP + block.format("three", "a@example.com") + block.format("two", "b@example.com")
    found = compared(old, new)
    assert found.differences == ()
    assert found.tests == (("three",), ("one",), ("two",))


def test_rules_of_new_systems_and_files_are_compared_as_a_whole() -> None:
    """Two files say what one file said; a set of rules that is not there says nothing."""
    one, two = rules(PUSH + MAP + DEALS), rules(DEALS, PUSH + MAP)
    [found] = compare(one, two, SCHEMAS, SCHEMAS)
    assert found.differences == ()
    [found] = compare(Rules(), one, SCHEMAS, SCHEMAS)
    kinds = {each.kind for each in found.differences}
    assert kinds == {"linked", "created", "written", "inferred"}


def test_what_is_told_is_what_the_engine_decides() -> None:
    """Random changes of random rules, against all records of a small world: created, with which
    source, and each field that is written, at creation, at the first link and later."""
    assert compare_soak.differences(60, seed=4) == []


def test_what_is_told_of_an_infer_is_so_for_all_sets_of_deals() -> None:
    """Random arms in two versions, against every set of up to four deals."""
    chance = random.Random(6)
    assert [one for one in (compare_soak.infer_wrong(chance) for _ in range(150)) if one] == []


def test_the_records_of_a_difference_are_those_it_is_about() -> None:
    """So that they can be counted: satisfied by a contact that becomes a lead only now."""
    [one] = told(PUSH + MAP, PUSH.replace('["', '["Cold", "') + MAP)
    assert one.records is not None and one.records.when is not None
    for stage, such in (("Cold", True), ("Replied", False), (None, False)):
        assert holds(one.records.when, lambda get, value=stage: value, "") is such  # type: ignore[misc]
