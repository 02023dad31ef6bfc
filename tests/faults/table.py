"""The fault table as data: each fault, its outcome, and the tests that show it.

Which kinds of write a test goes over is read from the test itself, so `docs/reliability.md`, which
`rendered` is compared with, can't say more than is tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from syncrules.connectors.base import halves
from syncrules.engine.run import struck
from syncrules.tests.faults import (
    test_meanwhile,
    test_passing,
    test_refusals,
    test_time,
    test_values,
)
from syncrules.tests.faults.between import ORDER, faults
from syncrules.tests.faults.writes import WRITES, Write

HERE: tuple[ModuleType, ...] = (
    test_passing,
    test_refusals,
    test_meanwhile,
    test_time,
    test_values,
)
KINDS = ("create", "update", "delete")
PASSES = "a_fault_that_passes_loses_nothing_and_doubles_nothing"
STORM = "a_storm_ends_the_run_or_leaves_doubt_and_is_told_once"
STOPS = "what_stops_a_run_at_a_write_is_told_once_and_nothing_is_sent_twice"


@dataclass(frozen=True)
class Fault:
    """A row: `tests` of this folder that show it, less their `test_`; `ways` are its names in
    `between.py`; `elsewhere`, files with other tests; `why` a kind of write can't meet it, or where
    it is not one write that meets it."""

    fault: str
    outcome: str
    tests: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    why: str = ""
    ways: tuple[str, ...] = ()

    def writes(self) -> list[Write]:
        """The kinds of write that its tests go over, and that it can strike."""
        met = [one for name in self.tests for one in gone_over(name)]
        return [one for one in met if not self.ways or {*self.ways} & {*faults(one)}]


TABLE = (
    Fault(
        "Connection refused, no such host, TLS",
        "Nothing was sent: tried again with growing waits, then exit code 4 and one entry; nothing "
        "is lost",
        (PASSES, STORM),
        ("tests/test_faults.py",),
        ways=("connection refused",),
    ),
    Fault(
        "Time-out before, during or after the work; reply lost",
        "In doubt: looked up before anything else is decided, never sent again blindly; one entry "
        "where it was in vain twice. Where "
        "somebody has changed what it wrote, before it or after, both sides count as edited",
        (PASSES, STORM),
        ("tests/run/test_doubts.py",),
        ways=("time-out before", "time-out after", "time-out by an hour", "reply lost"),
    ),
    Fault(
        "Reply cut off, empty, no JSON, of a wrong type, a log-in page, a redirect to one",
        "In doubt, and looked up; a read is tried again",
        (PASSES,),
        ("tests/test_contract.py",),
        ways=(
            "reply cut off",
            "reply empty",
            "reply no JSON",
            "reply another JSON",
            "reply of a wrong type",
            "log-in page",
            "redirect to a log-in page",
        ),
    ),
    Fault(
        "401 of a session that ended",
        "Signed in once more, under a lock; what another process has renewed is taken",
        (PASSES,),
        ("tests/test_renewal.py",),
        "An Apollo key has no session: its 401 is the next row.",
        ("401 of a session that ended",),
    ),
    Fault(
        "401 of a login that was revoked",
        "Exit code 4 and one entry; a person's own login falls back or waits, the others go on",
        (STOPS,),
        ("tests/test_whose_name.py",),
    ),
    Fault(
        "403: no right on an object, a field or a record",
        "One entry with login, object and field, which lists the records; the rest of a record "
        "moves, and what waits goes through once the right is there; where its rule waits, too, "
        "within a day",
        (
            "a_right_on_an_object_that_is_missing_is_told_with_login_and_object",
            "a_right_on_a_field_that_is_missing_is_told_with_login_object_and_field",
            "an_endpoint_that_the_key_may_not_call_is_told_with_login_and_object",
        ),
        ("tests/test_whose_name.py", "tests/guide/test_errors.py", "tests/run/test_struck.py"),
    ),
    Fault(
        "404: deleted meanwhile, in the recycle bin",
        "Nothing is made again, nobody is told; out of the bin the two are linked as before, with "
        "what a rule marked taken back. What the error log has of them waits for that, and is over "
        "once they can't come back",
        ("a_record_that_is_deleted_meanwhile_is_not_made_again",),
        ("tests/run/test_life.py", "tests/run/test_returned.py", "tests/run/test_binned.py"),
        "What is created is not there to be deleted.",
    ),
    Fault(
        "Converted or merged meanwhile",
        "The link follows; a change goes to what it became, in the same run; a deletion does not",
        ("a_record_that_becomes_another_meanwhile_is_found_in_the_same_run",),
        ("tests/run/test_life.py", "tests/run/test_twins.py"),
        "Leads are converted, leads and accounts merged. Nobody merges activities, and Apollo "
        "tells of a merge as of a deletion: the link goes to the one other record with its key.",
    ),
    Fault(
        "A lock",
        "Waited for within the run; records of one parent go out one after the other",
        ("a_record_that_somebody_saves_just_now_is_written_in_the_same_run", PASSES),
        ("tests/test_salesforce_writing.py",),
        "Apollo knows no locks.",
        ("a whole batch that can't lock",),
    ),
    Fault(
        "Moved since it was read",
        "Decided again from what it is now, in the same run, up to three times; then by the next",
        (
            "a_record_that_moved_since_it_was_read_is_decided_again_in_the_same_run",
            "a_record_that_keeps_moving_is_left_to_the_next_run",
            "a_record_that_somebody_edits_before_it_is_deleted_goes_once_in_the_same_run",
        ),
    ),
    Fault(
        "429, or too many at once, with and without a wait",
        "Waited for",
        (PASSES,),
        ways=("429 with a wait", "429 without", "too many at once"),
    ),
    Fault(
        "The calls of a day or an hour spent",
        "Exit code 4 between two records, one entry; goes on where it was when they are back;"
        " writes leave a tenth of a day's calls to others",
        (STOPS,),
        ("tests/test_faults.py",),
    ),
    Fault(
        "500, 502, 503: once, and for three runs",
        "Tried again with growing waits; one entry from the second run on; nothing is lost. "
        "What got no reply goes out in smaller requests from then on: one record that a system "
        "can't bear holds up no other",
        (PASSES, STORM),
        ("tests/run/test_poison.py",),
        ways=("500", "502 of a proxy", "503", "503 with a wait"),
    ),
    Fault(
        "Partial success; replies in another order; one missing",
        "Told by reference; what is missing is in doubt, and looked up. Of a record whose write "
        "takes two requests, or is stored in part, what arrived is done and a row of the journal "
        "of its own; the rest alone is refused or in doubt",
        (PASSES, "one_record_that_is_refused_holds_up_nobody_else"),
        (
            "tests/run/test_in_part.py",
            "tests/test_salesforce_composed.py",
            "tests/test_apollo_connector.py",
        ),
        ways=("one missing in the reply", ORDER),
    ),
    Fault(
        "A whole batch refused for one record",
        "Split by halves to that record: the others arrive in the same run, it alone is an entry. "
        f"At most {halves.MOST} requests for a batch, four where more than {halves.FEW} are all "
        "refused for one reason; who was not looked at alone is tried by the next run",
        ("a_whole_batch_that_is_refused_for_one_record_is_split_to_that_record",),
        ("tests/test_halves.py",),
    ),
    Fault(
        "Validation rule, required field, picklist, too long, duplicate rule; a delete refused",
        "One entry for the cause, with those that met it; each is held until it or the cause "
        f"changes, alone. Once {struck.MANY} of what a rule writes in one way, and more than half, "
        "are refused for one cause, the rule waits for the rest of the run: the same entry lists "
        "what was not sent, and the next run tries that",
        (
            "what_many_records_are_refused_for_is_one_entry",
            "deletions_that_are_refused_are_one_entry",
            "a_whole_batch_that_is_refused_for_one_record_is_split_to_that_record",
        ),
        ("tests/guide/test_errors.py", "tests/guide/test_causes.py", "tests/run/test_struck.py"),
    ),
    Fault(
        "A system changed between a preview and its `apply`",
        "The preview is stale: exit code 3, nothing written. A run goes on without the rules that "
        "it touches, with one entry",
        ("a_preview_is_not_applied_where_the_system_has_changed_since",),
        ("tests/test_apply.py", "tests/test_schema_drift.py"),
        "A preview is applied as a whole: no kind of write is looked at alone.",
    ),
    Fault(
        "A search behind the truth: without the record we made, or as it was before our write",
        "No edit is read into it; nobody is made twice; looked for again until the lag is over",
        ("time_that_differs_changes_nothing",),
        ("tests/run/test_lag.py",),
    ),
    Fault(
        'A create answered by "exists already", with and without an id',
        "Linked after a look, never forced",
        (
            "a_create_of_somebody_who_is_there_already_links_the_two",
            "a_create_that_is_answered_by_exists_already_is_linked_after_a_look",
        ),
        ("tests/guide/test_edges.py",),
        "Only creates are answered so, and no system looks for doubles of activities.",
    ),
    Fault(
        "Saves that show late, clocks 15 minutes off",
        "No effect",
        ("time_that_differs_changes_nothing",),
    ),
    Fault(
        "A crash at any commit or request",
        "Gone on from",
        ("a_crash_at_any_point_of_a_write_is_gone_on_from",),
        ("tests/test_kills.py", "tests/test_simulation.py"),
    ),
    Fault(
        "Power lost, disk full, database locked, at every point of a run",
        "Told, and gone on from",
        (),
        ("tests/run/test_state_troubles.py", "tests/store/test_failures.py"),
        "It is the state that meets it, in a run that writes in all ways.",
    ),
    Fault(
        "Database lost, or restored from yesterday",
        "Known as an older copy: all is read again and compared before anything is written; "
        "nobody is made twice",
        (),
        (
            "tests/run/test_restored.py",
            "tests/run/test_brought_back.py",
            "tests/run/test_disasters.py",
        ),
        "It is the state that meets it, whatever is written.",
    ),
    Fault(
        "The clock back by an hour, a day, a year, or ahead by a year",
        "No effect; held where it is back by more than a day",
        (),
        ("tests/run/test_state_troubles.py", "tests/run/test_disasters.py"),
        "It is the run that meets it, whatever is written.",
    ),
    Fault(
        "A server that sends a byte a second, or takes none; a system that answers nobody",
        "The request ends with its deadline, and a write is in doubt; after ten failures in a row "
        "a system gets nothing for a minute, and the other one is read",
        (),
        ("tests/test_deadlines.py",),
        "It is the way that meets it, whatever is written.",
    ),
    Fault(
        "A reply without end, of gigabytes, or packed so that it unpacks to them",
        "Read up to 100 MB, unpacked, and no further, and taken into memory only with up to four "
        "million values: exit code 4 and one entry that says so, a write is in doubt; what "
        "Salesforce answers in bulk is asked for in smaller sheets",
        (),
        ("tests/test_large_replies.py",),
        "It is the way that meets it, whatever is written.",
    ),
    Fault(
        "A second runner; one that wakes up after its lease",
        "Refused, or fenced out; a second `serve` is told who is at work",
        (),
        ("tests/test_faults.py", "tests/store/test_lease.py", "tests/test_schedule.py"),
        "It is the run that meets it, whatever is written.",
    ),
    Fault(
        "One side empty, half of it missing",
        "A brake: nothing is written",
        (),
        ("tests/run/test_disasters.py",),
        "It is the run that meets it, whatever is written.",
    ),
    Fault(
        "Emoji, NUL, halves of characters, marks of direction, markup, ten megabytes",
        "Moved exactly (line ends as LF, without NUL and halves), or an entry",
        ("a_strange_value_arrives_as_it_is_or_is_told",),
        ("tests/guide/test_types.py",),
        "A deletion carries no value. Numbers and dates at the edges are in the table of types.",
    ),
)


def gone_over(name: str) -> list[Write]:
    """The kinds of write that a test of this folder goes over."""
    marks = getattr(test_of(name), "pytestmark", ())
    return [one for mark in marks for each in mark.args[1] for one in _writes_of(each)]


def test_of(name: str) -> Any:
    """The test itself."""
    return next(getattr(one, f"test_{name}") for one in HERE if hasattr(one, f"test_{name}"))


def _writes_of(case: object) -> Iterator[Write]:
    values = getattr(case, "values", case)
    for one in values if isinstance(values, tuple) else (values,):
        if isinstance(one, Write):
            yield one


def cell(fault: Fault, kind: str) -> str:
    """The writes of one kind that meet a fault, in a few words."""
    there = [one for one in WRITES if one.kind == kind]
    met = [one for one in there if one in fault.writes()]
    for word, some in (
        ("all", there),
        ("all in Salesforce", [one for one in there if one.system == "salesforce"]),
        ("all in Apollo", [one for one in there if one.system == "apollo"]),
    ):
        if met and met == some:
            return word
    return _listed(f"{one.object} in bulk" if one.composed else one.object for one in met) or "-"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def rendered() -> str:
    """The table as `docs/reliability.md` shows it."""
    lines = [
        "| Fault | Outcome | Creates | Updates | Deletions | Other tests |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in TABLE:
        cells = " | ".join(cell(one, kind) for kind in KINDS)
        files = ", ".join(f"`{name}`" for name in one.elsewhere)
        why = f" {one.why}" if one.why else ""
        lines.append(f"| {one.fault} | {one.outcome}.{why} | {cells} | {files} |")
    return "\n".join(lines)
