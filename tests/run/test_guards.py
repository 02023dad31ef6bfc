"""Guards, held against what a run is about to do, over both made-up systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.errors import Braked
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer apollo
push contact as Lead { match on email }
map contact with Lead {
    first_name        -> FirstName
    last_name         <-> LastName
    title             -> Title
    email             <-> Email
    organization_name -> Company default "Unknown"
}
"""


def of(*guards: str, state: str = "sqlite://") -> Both:
    both = Both(RULES + "".join(f"guard at most {one}\n" for one in guards), state=state)
    both.run()
    return both


def people(both: Both, count: int, first: int = 0, **values: object) -> list[str]:
    given = [
        {"last_name": f"Berg{n}", "email": f"p{n}@berg.example", **values}
        for n in range(first, first + count)
    ]
    made = [both.apollo.create("contact", one) for one in given]
    both.clock.sleep(HOUR)
    return made


def leads(both: Both) -> int:
    return len(both.salesforce.rows("Lead"))


def test_a_tripped_guard_writes_nothing_and_says_which_and_how_many() -> None:
    """One more than it allows: no write at all, and the sentence has the guard, its place, the
    number that would be, and the number that may."""
    both = of("3 Lead created per run")
    people(both, 4)
    before = both.calls()
    with pytest.raises(Braked) as told:
        both.run()
    assert both.since(before).salesforce_writes == 0
    assert leads(both) == 0
    assert told.value.exit_code == 3
    assert told.value.what == "4 Lead records in salesforce would be created"
    assert told.value.why == (
        "`guard at most 3 Lead created per run` (rules.sync:11) allows 3; nothing was written"
    )


def test_as_many_as_a_guard_allows_go() -> None:
    """The number itself is allowed."""
    both = of("3 Lead created per run")
    people(both, 3)
    assert both.run().exit_code == 0
    assert leads(both) == 3


def test_a_share_of_none_is_none() -> None:
    """Before anything is linked, a share lets nothing go: that is what it says."""
    both = of("5% of Lead created per run")
    people(both, 1)
    with pytest.raises(Braked, match="allows 0, 5% of 0 linked"):
        both.run()


def test_blanked_counts_records_that_lose_a_value() -> None:
    """A title that is cleared counts, another title doesn't."""
    both = Both(
        RULES.replace("title             -> Title", "title -> Title clear")
        + "guard at most 1 Lead blanked per run\n"
    )
    both.run()
    made = people(both, 4, title="CTO")
    both.run()
    for id in made[:2]:
        both.apollo.update("contact", id, {"title": "CEO"})
    both.clock.sleep(HOUR)
    both.run()
    for id in made[:2]:
        both.apollo.update("contact", id, {"title": ""})
    both.clock.sleep(HOUR)
    with pytest.raises(Braked, match="2 Lead records in salesforce would be blanked"):
        both.run()


def test_nothing_to_do_is_never_held() -> None:
    """A day's calls may be used up by others: what plans no write is no matter for a guard."""
    both = of("1 salesforce calls per day")
    assert both.run().exit_code == 0


def test_preview_shows_the_changes_and_what_would_stop_them() -> None:
    """All four creates are shown, the guard is named, and the exit code is the run's."""
    both = of("3 Lead created per run")
    people(both, 4)
    both.said.clear()
    result = both.preview()
    assert result.exit_code == 3
    assert sum("create salesforce Lead" in one for one in both.said) == 4
    assert "a run would write nothing, since 4 Lead records in salesforce" in both.said[-1]
    assert "guard at most 3 Lead created per run" in both.said[-1]


def test_a_backfill_is_held_by_a_written_guard() -> None:
    """Asked for or not: what is written down holds."""
    both = Both(RULES + "guard at most 3 Lead created per run\n")
    people(both, 4)
    both.run()
    with pytest.raises(Braked):
        both.backfill("push", "contact")
    assert leads(both) == 0


def test_a_share_is_one_of_those_linked() -> None:
    """Of 40 linked leads 5% are two: three changes trip it, two don't."""
    both = of("5% of Lead changed per run")
    made = people(both, 40)
    both.run()
    for id in made[:3]:
        both.apollo.update("contact", id, {"title": "CEO"})
    both.clock.sleep(HOUR)
    with pytest.raises(Braked, match=r"3 Lead records.*would be changed.*allows 2, 5% of 40"):
        both.run()
    both.apollo.update("contact", made[0], {"title": ""})
    both.clock.sleep(HOUR)
    both.run()
    assert sum(row.get("Title") == "CEO" for row in both.salesforce.rows("Lead").values()) == 2


@pytest.mark.parametrize(("guard", "held"), [("5% of", False), ("1", True)])
def test_what_a_first_link_fills_is_no_share_of_those_linked(guard: str, held: bool) -> None:
    """The first links go through under a share; a number counts what they fill."""
    both = of(f"{guard} Lead changed per run")
    for number in range(4):
        given = {"LastName": f"Berg{number}", "Email": f"p{number}@berg.example", "Company": "X"}
        both.salesforce.create("Lead", given)
    people(both, 4, title="CEO")
    if held:
        with pytest.raises(Braked, match=r"4 Lead records.*would be changed.*allows 1"):
            both.run()
    else:
        assert both.run().exit_code == 0
    titles = [row.get("Title") for row in both.salesforce.rows("Lead").values()]
    assert titles == [None if held else "CEO"] * 4


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_day_counts_what_earlier_runs_of_it_made_and_ends_at_midnight(
    database: str, request: pytest.FixtureRequest
) -> None:
    """Two runs of one day share what a guard allows; the next day has its own."""
    state = "sqlite://" if database == "sqlite" else request.getfixturevalue("postgres_url")
    both = of("3 Lead created per day", state=state)
    people(both, 2)
    both.run()
    people(both, 2, first=2)
    with pytest.raises(Braked, match=r"4 Lead records in salesforce would be created today"):
        both.run()
    both.clock.sleep(24 * HOUR)
    both.run()
    assert leads(both) == 4
    both.db.close()


def test_calls_are_those_that_the_plan_takes() -> None:
    """450 leads take three requests of 200: a guard of two stops them, one of three does not."""
    both = of("2 salesforce calls per run")
    people(both, 450)
    with pytest.raises(Braked, match="3 calls would be made in salesforce"):
        both.run()
    enough = of("3 salesforce calls per run")
    people(enough, 450)
    enough.run()
    assert leads(enough) == 450


def test_calls_of_a_day_are_those_the_system_has_counted() -> None:
    """Reading counts, too: a day's calls are what the system says was used, and what is planned."""
    both = of("1 salesforce calls per day")
    people(both, 1)
    with pytest.raises(Braked, match="calls would be made in salesforce today"):
        both.run()


def test_calls_of_a_day_are_counted_once_where_they_are_told_by_the_minute_too() -> None:
    """Apollo tells of each endpoint what was used in a minute, an hour and a day."""
    both = of()
    both.apollo.limits.plan = "basic"
    people(both, 1)
    both.run()
    [lead] = both.salesforce.rows("Lead")
    both.salesforce.update("Lead", lead, {"LastName": "Lovelace"})
    both.clock.sleep(HOUR)
    for _ in range(5):
        both.preview()
    meters = both.setup.connectors["apollo"].meters()
    used = sum(one.used for one in meters if one.window == "day")
    assert sum(one.used for one in meters) > 2 * used > 0
    for allowed, code in ((2 * used, 0), (used // 2, 3)):
        both.edit(RULES + f"guard at most {allowed} apollo calls per day\n")
        assert both.preview().exit_code == code


def test_calls_of_one_program_are_a_part_of_those_of_all() -> None:
    """Where an app has a limit of its own, Salesforce tells both in one header: a day's calls are
    not both, and a share is one of what either leaves."""
    both = of()
    plain = both.world.handlers["salesforce.test"]
    told = "api-usage=60/100000; per-app-api-usage=40/50(appName=syncrules)"

    def with_an_app(request: Request) -> Response:
        reply = plain(request)
        return replace(reply, headers={**reply.headers, "sforce-limit-info": told})

    both.world.handlers["salesforce.test"] = with_an_app
    people(both, 1)
    for most, code in (("70", 0), ("60", 3)):
        both.edit(RULES + f"guard at most {most} salesforce calls per day\n")
        assert both.preview().exit_code == code
    for most, code in (("10", 0), ("5", 3)):
        both.edit(RULES + f"guard at most {most}% of salesforce calls per run\n")
        assert both.preview().exit_code == code


def test_a_share_of_calls_is_one_of_what_is_left() -> None:
    """One request is more than a hundred-thousandth of a hundred thousand that are left."""
    both = of("0.00001% of salesforce calls per run")
    people(both, 1)
    with pytest.raises(Braked, match=r"1 call would be made in salesforce \(api\).*% of .* left"):
        both.run()
    enough = of("1% of salesforce calls per run")
    people(enough, 1)
    enough.run()
    assert leads(enough) == 1


def test_a_written_guard_moves_the_unwritten_brake() -> None:
    """More than half of 600 leads at once is braked; a guard that allows it lets it go."""

    def all_change(both: Both) -> None:
        made = people(both, 600)
        both.run()
        for id in made:
            both.apollo.update("contact", id, {"title": "CEO"})
        both.clock.sleep(HOUR)
        both.run()

    with pytest.raises(Braked, match="more than half of them"):
        all_change(of())
    allowed = of("100% of Lead changed per run")
    all_change(allowed)
    assert all(row["Title"] == "CEO" for row in allowed.salesforce.rows("Lead").values())


CASCADE = RULES.replace("match on email }", "match on email\n    on delete delete\n}")


def deleted(both: Both, count: int) -> None:
    """So many of the contacts are deleted in Apollo, which is found out a day later."""
    made = people(both, 205)
    both.run()
    for id in made[:count]:
        both.apollo.delete("contact", id)
    both.clock.sleep(25 * HOUR)


def test_deletes_that_follow_deletes_are_counted() -> None:
    """Three leads would follow their contacts; the guard allows two."""
    both = Both(CASCADE + "guard at most 2 Lead deleted per run\n")
    both.run()
    deleted(both, 3)
    with pytest.raises(Braked, match="3 Lead records in salesforce would be deleted"):
        both.run()
    assert leads(both) == 205


def test_a_mass_of_deletes_is_braked_unless_a_guard_allows_it() -> None:
    """More than a tenth, and more than a hundred: nothing is deleted by itself."""
    both = Both(CASCADE)
    both.run()
    deleted(both, 101)
    with pytest.raises(Braked, match="101 of 205 linked Lead records in salesforce would be del"):
        both.run()
    assert leads(both) == 205
    allowed = Both(CASCADE + "guard at most 90% of Lead deleted per run\n")
    allowed.run()
    deleted(allowed, 150)
    allowed.run()
    assert leads(allowed) == 55
