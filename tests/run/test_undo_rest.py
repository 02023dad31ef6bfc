"""An undo whose requests were lost, or whose process died, is finished by the next run: once, and
where nobody has changed anything since. One that died before it had begun is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from syncrules.connectors.salesforce.simulator.faults import Fault, Kind
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.daybook import line
from syncrules.engine.report import result_text, summary
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import Result
from syncrules.engine.schedule import Ran
from syncrules.engine.status import status_json, status_text
from syncrules.errors import UsageError
from syncrules.tests.both import HOUR, ORG
from syncrules.tests.run.test_undo import COMPANIES, World


class Dead(BaseException):
    """A process is killed."""


METHODS = ("POST", "PATCH", "DELETE")


class Mortal(World):
    """Processes may be killed."""

    def dies(self, number: int, verb: Callable[[], object]) -> None:
        """A process is killed at a point of a verb, counted from 0; the next one begins later."""
        left = iter([False] * number + [True])
        self._dies(lambda name: next(left), verb)

    def dies_at(self, place: str, verb: Callable[[], object]) -> None:
        self._dies(lambda name: name == place, verb)

    def _dies(self, now: Callable[[str], bool], verb: Callable[[], object]) -> None:
        def on_point(name: str) -> None:
            if now(name):
                raise Dead

        self.both.world.on_point = on_point
        try:
            verb()
        finally:
            self.both.world.on_point = None
            self.both.setup = replace(self.both.setup, connectors=self.both.sign_in())
            self.both.clock.sleep(HOUR)


class Promoted(Mortal):
    """Three contacts became CEOs, and their leads with them; then that run is to be undone."""

    def __init__(self, state: str = "sqlite://") -> None:
        super().__init__(state=state)
        names = ("ada", "bea", "cid")
        self.people = [
            self.contact(last_name=name.title(), email=f"{name}@a.example", title="CTO")
            for name in names
        ]
        self.run()
        for one in self.people:
            self.both.apollo.update("contact", one, {"title": "CEO"})
        self.wrong = self.run().run

    def fails(self, kind: Kind) -> None:
        """The next write of each kind in Salesforce meets a fault."""
        faults = self.both.salesforce.faults.rules
        faults += [Fault(kind, method, "/composite") for method in METHODS]

    def retry(self) -> Result:
        self.both.clock.sleep(HOUR)
        return verbs.retry(self.both.setup, None, self.both._show)

    def runs(self) -> list[tuple[int, str]]:
        """The last runs that `status` knows, by number and verb."""
        [told] = status_json(self.both.db, [ORG], self.both.clock.now())["status"]
        return [(one["run"], one["verb"]) for one in told["runs"]]

    def told(self) -> list[str]:
        """What `status` says of undos."""
        text = status_text(status_json(self.both.db, [ORG], self.both.clock.now()))
        lines = (line.split(maxsplit=1) for line in text.splitlines()[1:])
        return [said for name, said in lines if name == "undo"]

    def last_run(self) -> str:
        """What `status` says of the last run."""
        text = status_text(status_json(self.both.db, [ORG], self.both.clock.now()))
        return next(line for line in text.splitlines() if line.startswith("  last run"))

    def titles(self) -> list[object]:
        return [row["Title"] for _, row in sorted(self.leads().items())]

    def writes(self) -> int:
        return self.both.calls().salesforce_writes


def test_what_was_lost_on_its_way_is_put_back_by_the_next_run() -> None:
    """The request never arrived: the undo says that it doesn't know, the run that it went on."""
    world = Promoted()
    world.fails("lost before")
    lost = result_text(world.undo(world.wrong))
    assert "sent without a reply" in lost
    assert world.titles() == ["CEO"] * 3
    result = world.run()
    assert world.titles() == ["CTO"] * 3
    assert f"went on with the undo of run {world.wrong}" in result_text(result)
    assert "nothing to do" not in result_text(result)
    world.quiet()


def test_a_run_that_only_goes_on_with_an_undo_says_so() -> None:
    """Its own line is never left empty: here a preview has found out about the request before."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    world.both.clock.sleep(HOUR)
    world.both.preview()
    result = world.run()
    own, _, went, *_ = result_text(result).splitlines()
    assert own == f"run {result.run}: nothing else to do"
    assert went == f"run {result.run + 1} went on with the undo of run {world.wrong}:"


def test_what_arrived_without_a_reply_is_not_put_back_twice() -> None:
    world = Promoted()
    world.fails("lost after")
    world.undo(world.wrong)
    assert world.titles() == ["CTO"] * 3
    before = world.writes()
    assert world.run().finished == ()
    assert world.writes() == before
    assert world.titles() == ["CTO"] * 3
    world.quiet()


def test_what_somebody_has_changed_since_stays_and_is_told_once() -> None:
    """In the field that was to be put back: that one is theirs. Another field of theirs is no
    reason to keep ours."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    first, second, _ = sorted(world.leads())
    world.both.salesforce.update("Lead", first, {"Title": "Chair"})
    world.both.salesforce.update("Lead", second, {"Phone": "17"})
    result = world.run()
    assert world.titles() == ["Chair", "CTO", "CTO"]
    [rest] = result.finished
    assert [(one.record, one.field) for one in rest.kept] == [
        *((first, "Title"), (first, "Description"))
    ]
    assert result.exit_code == 1
    assert world.contacts()[world.people[0]]["title"] == "Chair"
    assert world.run().finished == ()
    world.quiet()


def test_a_process_that_dies_is_gone_on_from_or_told_wherever_it_was() -> None:
    """At each of its commits. What had begun to be put back is, by the next run; what hadn't is
    left alone, since who has broken it off may not want it any more. The next run says so, once,
    and `status` until it is asked for again: as it was, of one record. Nobody is told of what did
    not die."""
    whole = Promoted()
    whole.both.world.points.clear()
    whole.undo(whole.wrong, "ada@a.example")
    assert whole.told() == []
    points = whole.both.world.points
    begun, last = points.index("after undo begun"), points.index("after ended")
    assert 10 < begun < last
    for number in range(points.index("after begun"), len(points)):
        world = Promoted()
        with pytest.raises(Dead):
            world.dies(number, partial(world.undo, world.wrong, "ada@a.example"))
        command = f"syncrules undo {world.wrong} ada@a.example"
        broke_off = f"run {world.wrong + 1} broke off before it had put anything back"
        said = [f"{broke_off}: `{command}` asks for it again"]
        gone_on = number >= begun
        assert world.told() == ([] if gone_on else said)
        result = world.run()
        assert result_text(result).count("broke off") == (not gone_on)
        assert result.exit_code == (not gone_on)
        assert world.titles() == [*(["CTO"] if gone_on else ["CEO"]), "CEO", "CEO"]
        assert "broke off" not in result_text(world.run())
        assert world.told() == ([] if gone_on else said)
        if not gone_on:
            assert world.undo(world.wrong, "ada@a.example").broken_off == ()
        assert world.titles() == ["CTO", "CEO", "CEO"]
        assert world.told() == []
        world.quiet()


def test_one_that_dies_before_it_has_its_number_never_began() -> None:
    """By then neither system was asked anything, and no run of it is known, so that nothing is told
    of it: whoever types it again gets all of it, under the number that it would have had."""
    whole = Promoted()
    whole.both.world.points.clear()
    whole.undo(whole.wrong)
    before = whole.both.world.points.index("before begun")
    assert before > 0
    for number in range(before + 1):
        world = Promoted()
        runs, asked = world.runs(), len(world.both.world.sent)
        with pytest.raises(Dead):
            world.dies(number, partial(world.undo, world.wrong))
        assert (world.runs(), len(world.both.world.sent)) == (runs, asked)
        assert world.told() == []
        assert world.both.preview().broken_off == ()
        result = world.undo(world.wrong)
        assert (result.broken_off, world.titles()) == ((), ["CTO"] * 3)
        assert "broke off" not in result_text(world.run())
        world.quiet()


def test_status_tells_a_run_that_is_at_work_from_one_that_broke_off() -> None:
    """Neither has ended; of the one nobody needs to wait for an end."""
    world = Promoted()
    seen: list[str] = []
    world.both.world.on_point = lambda name: seen.append(world.last_run())
    world.run()
    world.both.world.on_point = None
    assert "it is at work" in seen[len(seen) // 2]
    assert world.last_run().endswith(": done")
    with pytest.raises(Dead):
        world.dies_at("before ended", world.run)
    assert world.last_run().endswith(": it broke off, and the next run goes on from there")


def test_a_run_that_dies_leaves_it_to_the_next_to_tell() -> None:
    """And so does a preview: of a saved one that is applied nobody sees what it says."""
    world = Promoted()
    with pytest.raises(Dead):
        world.dies_at("before undo begun", lambda: world.undo(world.wrong))
    assert len(world.both.preview().broken_off) == 1
    with pytest.raises(Dead):
        world.dies_at("before ended", world.run)
    result = world.run()
    [told] = result.broken_off
    assert (told.part.run, told.run) == (world.wrong, world.wrong + 1)
    assert f"; run {told.run} broke off" in line(Ran(0.0, world.both.plan, (15,), result))
    assert summary(world.undo(world.wrong)).get("broken_off") is None


def test_another_part_does_not_stand_for_what_broke_off() -> None:
    """An undo of one record is asked for again by one of the whole run, and not the other way
    round; one that is only looked at asks for nothing."""
    world = Promoted()
    with pytest.raises(Dead):
        world.dies_at("before undo begun", lambda: world.undo(world.wrong, "ada@a.example"))
    world.undo(world.wrong, "bea@a.example")
    world.undo(world.wrong, "ADA@a.example", "Title")
    world.undo(world.wrong, dry_run=True)
    assert len(world.told()) == 1
    world.undo(world.wrong)
    assert world.told() == []


def test_an_undo_that_is_under_way_has_not_broken_off() -> None:
    """Its lease tells; that of a process which lives no more is soon over."""
    world = Promoted()
    told: list[list[str]] = []

    def look(name: str) -> None:
        if name == "after planned":
            told.append(world.told())

    world.both.world.on_point = look
    world.undo(world.wrong)
    assert told == [[]]


def test_what_was_refused_before_it_began_has_not_broken_off() -> None:
    """Whoever asked for it was told why: here, that the run did nothing to that record."""
    world = Promoted()
    with pytest.raises(UsageError):
        world.undo(world.wrong, "nobody@a.example")
    assert world.told() == []
    assert world.run().broken_off == ()


def test_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    """One that breaks off is told and asked for again, what is lost then is gone on with."""
    world = Promoted(postgres_url)
    with pytest.raises(Dead):
        world.dies_at("before undo begun", lambda: world.undo(world.wrong))
    assert len(world.run().broken_off) == len(world.told()) == 1
    world.fails("lost before")
    world.undo(world.wrong)
    assert world.told() == []
    assert world.titles() == ["CEO"] * 3
    [rest] = world.run().finished
    assert (rest.undone, world.titles()) == (world.wrong, ["CTO"] * 3)
    world.quiet()
    world.both.db.close()


def test_who_asks_for_it_once_more_gets_it_once() -> None:
    """A second undo takes up what the first one lost, and leaves nothing to the next run."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    world.undo(world.wrong)
    assert world.titles() == ["CTO"] * 3
    assert world.run().finished == ()
    world.quiet()


def test_only_the_value_that_was_asked_for_is_put_back_later() -> None:
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong, "ada@a.example", "Title")
    world.run()
    assert world.titles() == ["CTO", "CEO", "CEO"]
    assert [one["Description"] for one in world.leads().values()] == [
        *("CEO of Ada", "CEO of Bea", "CEO of Cid")
    ]


def test_a_preview_shows_what_a_run_would_go_on_with() -> None:
    """And writes nothing; the run then does that."""
    world = Promoted()
    world.fails("lost before")
    world.undo(world.wrong)
    world.both.clock.sleep(HOUR)
    # What became of the request is known by now.
    assert world.both.preview().finished[0].counts == {
        ("salesforce", "Lead", "update", "planned"): 3
    }
    assert world.titles() == ["CEO"] * 3
    world.both.said.clear()
    assert world.both.preview().finished
    said = "\n".join(world.both.said)
    assert f"a run would go on with the undo of run {world.wrong}:" in said
    assert "3  salesforce Lead would be updated" in said
    world.run()
    assert world.titles() == ["CTO"] * 3


def test_what_a_run_had_made_is_deleted_later_and_not_made_again() -> None:
    world = World()
    world.contact()
    wrong = world.run().run
    world.both.salesforce.faults.rules.append(Fault("lost before", "DELETE", "/composite"))
    world.undo(wrong)
    assert len(world.leads()) == 1
    world.run()
    assert world.leads() == {}
    world.quiet()


def test_what_belongs_to_it_still_is_not_deleted_along() -> None:
    """Somebody of Salesforce got a company with its link: Salesforce deletes people with theirs,
    and what was to take them out of it was lost on its way. The next run does one, then the other.
    """
    world = World(COMPANIES)
    own = {"LastName": "King", "Email": "ada@a.example"}
    person = world.both.salesforce.create("Contact", own)
    world.run()
    company = world.both.apollo.create("account", {"name": "Acme"})
    world.contact(account_id=company)
    run = world.run().run
    [made] = world.both.salesforce.rows("Account")
    assert world.both.salesforce.rows("Contact")[person]["AccountId"] == made
    world.both.salesforce.faults.rules.append(Fault("lost before", "PATCH", "/composite"))
    result = world.undo(run)
    assert result.counts["salesforce", "Account", "delete", "due"] == 1
    assert [*world.both.salesforce.rows("Account")] == [made]
    world.run()
    assert world.both.salesforce.rows("Account") == {}
    [left] = world.both.salesforce.rows("Contact").values()
    assert (left["LastName"], left.get("AccountId")) == ("King", None)
    world.quiet()


def test_what_was_deleted_without_a_reply_is_not_made_again() -> None:
    """Nobody heard that it is gone: once it is known, it is as if it had never been made."""
    world = World()
    contact = world.contact()
    wrong = world.run().run
    world.both.salesforce.faults.rules.append(Fault("lost after", "DELETE", "/composite"))
    world.undo(wrong)
    world.quiet()
    assert world.leads() == {}
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    assert [one["Title"] for one in world.leads().values()] == ["CEO"]


def test_what_is_refused_is_put_back_by_retry() -> None:
    """Once the cause is gone; the entry is over then. (ERR-6)"""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    [told] = world.both.errors()
    assert (told.code, len(told.troubles)) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 3)
    assert world.run().finished == ()
    world.retry()
    assert [one.count for one in world.both.errors()] == [6]
    world.both.salesforce.org.validations.clear()
    world.retry()
    assert world.titles() == ["CTO"] * 3
    assert world.both.errors() == []
    world.quiet()


@pytest.mark.parametrize(
    ("side", "values", "left"),
    [
        ("Lead", {"Company": "B"}, "CTO"),
        ("contact", {"last_name": "Byron"}, "CTO"),
        ("Lead", {"Title": "Chair"}, "Chair"),
        ("Lead", {"Title": "CTO"}, "CTO"),
    ],
)
def test_what_is_refused_is_told_until_the_undo_itself_is_tried_again(
    side: str, values: dict[str, object], left: str
) -> None:
    """Whatever rules decide of the two meanwhile, and write: that is no answer to it. A retry puts
    it back, or says why not."""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    world.both.salesforce.org.validations.clear()
    first = min(world.leads())
    if side == "Lead":
        world.both.salesforce.update("Lead", first, values)
    else:
        world.both.apollo.update("contact", world.people[0], values)
    world.run()
    [told] = world.both.errors()
    assert (told.operation, len(told.troubles)) == ("undo", 3)
    [went_on] = world.retry().finished
    kept = {one.record for one in went_on.kept if one.field == "Title"}
    assert kept == ({first} if left == "Chair" else set())
    assert world.titles() == [left, "CTO", "CTO"]
    assert world.both.errors() == []
    world.quiet()


def test_what_is_refused_is_told_no_more_once_it_was_asked_for_again() -> None:
    """A second undo says itself what it leaves."""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    for one in world.leads():
        world.both.salesforce.update("Lead", one, {"Title": "Chair"})
    world.run()
    assert len(world.both.errors()) == 1
    assert {one.record for one in world.undo(world.wrong).kept} == {*world.leads()}
    assert world.both.errors() == []


@pytest.mark.parametrize("dies", [False, True])
def test_what_a_run_did_not_get_done_is_not_made_up_for_once_it_is_undone(dies: bool) -> None:
    """Two were linked, and the update that went with it was lost: parted, they stay as they are,
    until one of them is changed; also where the undo dies once they are parted."""
    world = Mortal()
    made = {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    world.both.salesforce.create("Lead", made)
    world.run()
    contact = world.contact(title="CTO")
    world.both.salesforce.faults.rules.append(Fault("lost before", "PATCH", "/composite"))
    run = world.run().run
    if dies:
        with pytest.raises(Dead):
            world.dies_at("after linked", lambda: world.undo(run))
    else:
        world.undo(run)
    world.quiet()
    [lead] = world.leads().values()
    assert lead.get("Title") is None
    assert world.both.errors() == []
    world.both.apollo.update("contact", contact, {"title": "CEO"})
    world.run()
    [lead] = world.leads().values()
    assert lead["Title"] == "CEO"


def test_what_is_refused_stands_in_the_log_while_something_else_is_put_back() -> None:
    """A title of today, and a name of the run that is undone."""
    world = World()
    contact = world.contact(title="CTO")
    world.run()
    world.both.apollo.update("contact", contact, {"last_name": "Byron"})
    wrong = world.run().run
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "Chair", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.both.apollo.update("contact", contact, {"title": "Chair"})
    world.run()
    assert len(world.both.errors()) == 1
    world.undo(wrong)
    [lead] = world.leads().values()
    assert (lead["LastName"], lead["Title"]) == ("King", "CTO")
    assert len(world.both.errors()) == 1
    world.both.salesforce.org.validations.clear()
    world.both.clock.sleep(HOUR)
    verbs.retry(world.both.setup, None)
    [lead] = world.leads().values()
    assert (lead["LastName"], lead["Title"]) == ("King", "Chair")
    assert world.both.errors() == []


def test_nothing_is_told_any_more_of_two_that_were_parted_once_one_is_given_up() -> None:
    """The Lead went out of sight just as its title was to be put back: that stays, and a `retry`
    says so; the entry is over, since nothing is to be written to it."""
    world = Mortal()
    made = {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
    lead = world.both.salesforce.create("Lead", made)
    world.run()
    world.contact(title="CTO")
    run = world.run().run

    def hidden(point: str) -> None:
        if point == "after undo begun":
            world.both.salesforce.org.unshared.add(lead)

    world.both.world.on_point = hidden
    world.undo(run)
    world.both.world.on_point = None
    [told] = world.both.errors()
    assert told.code == "out-of-sight"
    world.both.clock.sleep(HOUR)
    [rest] = verbs.retry(world.both.setup, None).finished
    assert [one.record for one in rest.kept] == [lead]
    assert world.both.errors() == []


def test_what_was_refused_and_put_back_since_is_no_matter_of_a_later_retry() -> None:
    """A second undo got through; then Salesforce refuses something else of the same record."""
    world = Promoted()
    refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") == "CTO", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.undo(world.wrong)
    world.both.salesforce.org.validations.clear()
    world.undo(world.wrong)
    assert world.both.errors() == []
    refuses = Validation("Lead", "Ask Bob", lambda row: row.get("Title") == "Chair", "Title")
    world.both.salesforce.org.validations.append(refuses)
    world.both.apollo.update("contact", world.people[0], {"title": "Chair"})
    world.run()
    world.both.salesforce.org.validations.clear()
    world.retry()
    assert sorted(map(str, world.titles())) == ["CTO", "CTO", "Chair"]
    assert world.both.errors() == []
