"""Arms of an `infer` that look further than the related record."""

from __future__ import annotations

from syncrules.tests.both import Both

RULES = """\
sync apollo with salesforce
prefer salesforce
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities {
    "Current Client"     when any with won and AccountId.Industry is "Energy"
    "Active Opportunity" when any is open
}
"""


def test_an_arm_may_ask_what_a_dot_leads_to() -> None:
    """Of two accounts with a deal that was won, the one in the named industry gets the stage."""
    both = Both(RULES)
    both.run()
    both.clock.sleep(900)
    made = {}
    for name, industry in (("sun", "Energy"), ("shop", "Retail")):
        made[name] = both.salesforce.create(
            "Account", {"Name": name, "Website": f"https://{name}.example", "Industry": industry}
        )
        both.salesforce.create(
            "Opportunity",
            {
                "Name": name,
                "AccountId": made[name],
                "StageName": "Closed Won",
                "CloseDate": "2026-03-01",
            },
        )
    both.clock.sleep(900)
    both.run()
    stages = {one.id: one.name for one in both.apollo.team.account_stages}
    found = {
        row["name"]: stages[row["account_stage_id"]] for row in both.apollo.rows("account").values()
    }
    assert found == {"sun": "Current Client", "shop": "Cold"}


PEOPLE = """\
sync apollo with salesforce
prefer salesforce
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer Account Rating from contacts {
    "Hot"  when any with stage is "Replied"
    "Cold" when none
}
"""


def test_who_is_deleted_counts_no_more_though_nobody_tells() -> None:
    """Apollo tells of no deletion: who is around is looked at once a day, linked or not."""
    both = Both(PEOPLE)
    both.run()
    account = both.apollo.create("account", {"name": "Acme", "domain": "acme.example"})
    ada = {"last_name": "King", "email": "ada@acme.example", "stage": "Replied"}
    contact = both.apollo.create("contact", {**ada, "account_id": account})
    both.clock.sleep(900)
    both.run()
    [company] = both.salesforce.rows("Account").values()
    assert company["Rating"] == "Hot"
    both.apollo.delete("contact", contact)
    both.clock.sleep(25 * 3600)
    both.run()
    [company] = both.salesforce.rows("Account").values()
    assert company["Rating"] == "Cold"
    before = both.calls()
    both.clock.sleep(25 * 3600)
    both.run()
    asked = both.since(before)
    assert asked.apollo_writes == asked.salesforce_writes == 0
