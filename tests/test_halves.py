"""A batch that is refused as a whole costs few requests, whoever is to blame, and loses nobody.

The far side is a function from writes to outcomes first, then each of the two made-up systems in a
run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log2

import pytest
from syncrules.connectors.base.contract import Outcome, Write
from syncrules.connectors.base.halves import FEW, MOST, sifted
from syncrules.connectors.base.wire import Request, Response
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import HEAD, LEADS, Team

JSON = {"content-type": "application/json"}


def writes(count: int) -> list[Write]:
    return [Write(number, "update", "Lead", f"id{number}", {}) for number in range(count)]


class Far:
    """A system that refuses a request as soon as one of the `bad` is in it, and counts."""

    def __init__(self, bad: Sequence[int], reason: Callable[[int], str] = lambda ref: "BAD"):
        self.bad, self.reason = set(bad), reason
        self.asked = 0
        self.written: list[int] = []

    def once(self, some: Sequence[Write]) -> list[Outcome]:
        self.asked += 1
        wrong = [one.ref for one in some if one.ref in self.bad]
        if not wrong:
            self.written += [one.ref for one in some]
            return [Outcome(one.ref, "done", one.id) for one in some]
        code = self.reason(wrong[0])
        together = len(some) > 1
        return [Outcome(o.ref, "refused", o.id, code=code, together=together) for o in some]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 32, 100, 200, 1000])
def test_one_record_is_found_and_the_others_are_written(count: int) -> None:
    """Wherever it stands, in two requests for each time the batch can be halved, and the three that
    ask whether it is alone."""
    for bad in {0, 1 % count, count // 2, count - 1}:
        far = Far([bad])
        found = {one.ref: one for one in sifted(writes(count), far.once)}
        assert sorted(far.written) == sorted(set(range(count)) - {bad})
        assert [ref for ref, one in found.items() if one.kind != "done"] == [bad]
        assert not found[bad].together
        assert far.asked <= 1 + 3 * (count > FEW) + 2 * ceil(log2(count) if count > 1 else 0)


@pytest.mark.parametrize("count", [FEW + 1, 100, 200, 1000])
def test_what_all_are_refused_for_is_told_after_three(count: int) -> None:
    """One request for all, then the first, the middle and the last: the rest is not sent alone, and
    not taken for looked at."""
    far = Far(range(count))
    found = sifted(writes(count), far.once)
    assert far.asked == 4
    assert len(found) == count and {one.kind for one in found} == {"refused"}
    assert [one.ref for one in found if not one.together] == [0, count // 2, count - 1]


def test_what_all_of_a_few_are_refused_for_is_told_of_each() -> None:
    far = Far(range(FEW))
    found = sifted(writes(FEW), far.once)
    assert far.asked == 2 * FEW - 1
    assert not any(one.together for one in found)


@pytest.mark.parametrize("count", [100, 200, 1000])
@pytest.mark.parametrize("every", [2, 3, 7, 20])
def test_however_many_are_to_blame_the_requests_have_an_end(count: int, every: int) -> None:
    """Each is written, refused alone, or left for the next run; what is left comes to an end with a
    few runs more, and nobody who is sound is refused alone."""
    bad = range(1, count, every)
    left = writes(count)
    runs, written, refused = 0, set[int](), set[int]()
    while left:
        runs += 1
        far = Far(bad, lambda ref: f"BAD{ref}")
        found = {one.ref: one for one in sifted(left, far.once)}
        assert far.asked <= MOST and set(found) == {one.ref for one in left}
        written |= set(far.written)
        refused |= {ref for ref, one in found.items() if one.kind == "refused" and not one.together}
        left = [one for one in left if found[one.ref].together]
        assert runs < 60
    assert (written, refused) == (set(range(count)) - set(bad), set(bad))


def test_who_is_kept_out_by_others_goes_with_the_next_request() -> None:
    """Where a system names who is to blame, the rest is sent as it is."""
    asked: list[int] = []

    def once(some: Sequence[Write]) -> list[Outcome]:
        asked.append(len(some))
        if some[0].ref == 0:
            named = Outcome(0, "refused", code="BAD")
            return [named] + [Outcome(one.ref, "busy", together=True) for one in some[1:]]
        return [Outcome(one.ref, "done") for one in some]

    found = sifted(writes(100), once)
    assert asked == [100, 99]
    assert sum(one.kind == "done" for one in found) == 99


# ---- a run ----------------------------------------------------------------------------------

RULES = HEAD + "push contact as Lead { match on email }\npull Lead as contact visible\n" + LEADS
REFUSALS = {
    "salesforce": (
        "/composite/sobjects",
        400,
        '[{"errorCode": "JSON_PARSER_ERROR", "message": "No double at [line:1, column:9]"}]',
    ),
    "apollo": ("/contacts/bulk_create", 422, '{"error": "The team is read-only today"}'),
}


@pytest.mark.parametrize("system", REFUSALS)
def test_a_run_whose_batches_are_all_refused_sends_few_requests_and_tells_once(system: str) -> None:
    """A hundred people, every request refused for the same: four requests, one entry with all of
    them. The three that were looked at alone are held until somebody retries them, the others are
    tried by the next run, and arrive once the cause is gone (ERR-1, ERR-6)."""
    team = Team(RULES).began()
    for number in range(100):
        (team.lead if system == "apollo" else team.contact)(f"p{number}")
    plain = team.world.handlers[f"{system}.test"]
    path, status, body = REFUSALS[system]
    tried: list[Request] = []

    def spoiled(request: Request) -> Response:
        if not request.url.endswith(path):
            return plain(request)
        tried.append(request)
        return Response(status, JSON, body.encode())

    def there() -> int:
        return len(team.apollo.rows("contact") if system == "apollo" else team.right("Lead", "Id"))

    team.world.handlers[f"{system}.test"] = spoiled
    team.hour()
    [entry] = team.errors()
    assert (len(tried), len(entry.records), there()) == (4, 100, 0)
    team.world.handlers[f"{system}.test"] = plain
    team.hour()
    [entry] = team.errors()
    assert (len(entry.records), there()) == (3, 97)
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    assert (team.errors(), there()) == ([], 100)
    assert team.is_quiet()
