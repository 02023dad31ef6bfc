"""What every modifier of a row means, as tables over (base, left, right), and at the first link.

What is expected is worked out here from the meaning of the words alone: who changed, whom the
arrow lets speak, who wins, what a blank may do. It shares nothing with the decision but the cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import pytest
from syncrules.connectors.base.values import Value
from syncrules.dsl.conditions import Get, Truth
from syncrules.dsl.rules import SIDES, Direction, Side
from syncrules.engine.plan.model import Move, Row
from syncrules.engine.run.closures import Ready, ready
from syncrules.engine.run.decide import decide
from syncrules.engine.run.decision import Base, Decision
from syncrules.tests.run.test_decide import HERE, VALUES, Surroundings, flow, push, row

Written = tuple[object, object]
"""What is written to the left and to the right, "-" for nothing."""

NONE: Written = ("-", "-")
STOP = Truth(Get("halt", "boolean"))


@dataclass(frozen=True)
class Case:
    """A kind of row, the side that changed later, the sides that are stopped, and those on which
    records are created only."""

    direction: Direction
    prefer: Literal["left", "right", "latest"]
    later: Side = "right"
    clear: bool = False
    when_blank: bool = False
    ask: bool = False
    stopped: tuple[Side, ...] = ()
    once: tuple[Side, ...] = ()

    def ready(self, *more: Move) -> Ready:
        """A flow with this row alone, moves of both directions, and those of `more`."""
        one: Row = replace(
            row(self.direction, self.prefer, when_blank=self.when_blank),
            clear=self.clear,
            ask=self.ask,
        )
        moves = [
            push(stop=STOP if "right" in self.stopped else None, update="right" not in self.once),
            replace(
                push(stop=STOP if "left" in self.stopped else None, update="left" not in self.once),
                rule="pull Lead as contact",
                direction="pull",
                create=False,
            ),
        ]
        return ready(flow(one, moves=(*moves, *more)), "UTC")

    def around(self, **more: object) -> Surroundings:
        return Surroundings(later=self.later, values={"halt": True}, **more)  # type: ignore[arg-type]


def cases(*, stops: bool = False) -> Iterator[Case]:
    stopped: tuple[tuple[Side, ...], ...] = ((),)
    if stops:
        stopped = (("right",), ("left",), SIDES)
    for direction, prefer, clear, when_blank, ask, halted in product(
        ("both", "push", "pull"), ("left", "right"), *[(False, True)] * 3, stopped
    ):
        yield Case(direction, prefer, "right", clear, when_blank, ask, halted)  # type: ignore[arg-type]
    for later, clear in product(("left", "right"), (False, True)):
        yield Case("both", "latest", later, clear, False, False, stopped[0])  # type: ignore[arg-type]
    for direction, prefer, once in product(
        ("both", "push", "pull"), ("left", "right"), (("right",), ("left",), SIDES)
    ):
        yield Case(direction, prefer, once=once)  # type: ignore[arg-type]


def meant(case: Case, base: Value, left: Value, right: Value) -> Written:
    """What a linked pair should see written, whether or not somebody must be asked first."""
    speaks: set[Side] = set()
    if left != base and case.direction != "pull" and "right" not in case.once:
        speaks.add("left")
    if right != base and case.direction != "push" and "left" not in case.once:
        speaks.add("right")
    if left == right or not speaks:
        return NONE
    if len(speaks) == 2:
        blank = "left" if left is None else "right" if right is None else ""
        if blank and not case.clear:
            speaks.discard(blank)
        else:
            speaks = {case.later if case.prefer == "latest" else case.prefer}
    [speaker] = speaks
    value, there = (left, right) if speaker == "left" else (right, left)
    if value is None and not case.clear:
        return NONE
    if case.when_blank and there is not None:
        return NONE
    to: Side = "right" if speaker == "left" else "left"
    if to in case.stopped:
        return NONE
    return ("-", value) if to == "right" else (value, "-")


def met(case: Case, left: Value, right: Value) -> Written:
    """What two records should see written that have just been found to be one."""
    may_right = case.direction != "pull" and "right" not in (*case.stopped, *case.once)
    may_left = case.direction != "push" and "left" not in (*case.stopped, *case.once)
    if left == right:
        return NONE
    if left is None:
        return (right, "-") if may_left else NONE
    if right is None:
        return ("-", left) if may_right else NONE
    if case.when_blank or case.prefer == "latest":
        return NONE
    if case.prefer == "left":
        return ("-", left) if may_right else NONE
    return (right, "-") if may_left else NONE


def shown(decision: Decision, *, asked: bool) -> Written:
    """What is written, or with `asked` what somebody is asked about."""
    changes = decision.asks if asked else (*decision.left, *decision.right)
    found: dict[str, object] = {one.side: one.after for one in changes}
    assert all(one.side == ("left" if one.field == "title" else "right") for one in changes)
    return found.get("left", "-"), found.get("right", "-")


def carried_out(
    case: Case, base: Base, left: Value, right: Value, decision: Decision
) -> tuple[Base, Value, Value]:
    """Both records and the base once a decision has been written."""
    halves = {**base.left, **decision.agree[0]}, {**base.right, **decision.agree[1]}
    for one in (*decision.left, *decision.right):
        halves[0][one.key], halves[1][one.key] = one.agree
        if one.side == "left":
            left = one.after  # type: ignore[assignment]
        else:
            right = one.after  # type: ignore[assignment]
    return Base(*halves), left, right


@pytest.mark.parametrize("case", tuple(cases()), ids=str)
def test_every_combination_of_base_left_and_right(case: Case) -> None:
    """27 cases for each kind of row. What was written is at rest; what waits is not in the base;
    and once it has been let go, it is written."""
    given = case.ready()
    key = given.rows[0].key
    for base, left, right in product(VALUES, repeat=3):
        then = Base({key: base}, {key: base})
        wanted = meant(case, base, left, right)
        decision = decide(given, {"title": left}, {"Title": right}, then, case.around())
        assert shown(decision, asked=case.ask) == wanted, (base, left, right)
        assert shown(decision, asked=not case.ask) == NONE, (base, left, right)
        if case.ask and wanted != NONE:
            assert decision.action == "nothing"
            assert key not in decision.agree[0] and key not in decision.agree[1]
            [asked] = decision.asks
            let_go = case.around(let_go=frozenset({(asked.before, asked.after)}))
            decision = decide(given, {"title": left}, {"Title": right}, then, let_go)
            assert shown(decision, asked=False) == wanted
            assert decision.asks == ()
        now, *held = carried_out(case, then, left, right, decision)
        again = decide(given, {"title": held[0]}, {"Title": held[1]}, now, case.around())
        assert (again.left, again.right, again.asks) == ((), (), ())


@pytest.mark.parametrize("case", tuple(cases()), ids=str)
def test_every_combination_at_a_first_link(case: Case) -> None:
    """Blanks are filled as the arrow points, the rest follows `prefer` or is listed; `clear` has no
    past to clear by. Links are made at once, also where the values must wait."""
    given = case.ready()
    for left, right in product(VALUES, repeat=2):
        wanted = met(case, left, right)
        decision = decide(given, {"title": left}, {"Title": right}, None, case.around())
        assert decision.action == "link"
        assert shown(decision, asked=case.ask) == wanted, (left, right)
        assert shown(decision, asked=not case.ask) == NONE, (left, right)
        listed = (
            case.prefer == "latest" and None not in (left, right) and left != right
        ) and not case.when_blank
        assert [one.code for one in decision.problems] == (["conflict"] if listed else [])
        if not case.ask:
            now, *held = carried_out(case, Base({}, {}), left, right, decision)
            again = decide(given, {"title": held[0]}, {"Title": held[1]}, now, case.around())
            assert (again.left, again.right) == ((), ())


@pytest.mark.parametrize("case", tuple(cases(stops=True)), ids=str)
def test_while_a_side_is_stopped_nothing_is_written_there_and_then_all_of_it(case: Case) -> None:
    """The other side gets what it would get anyway. When the stop ends, the pair is written as if
    there had been none, or, where something flowed the other way meanwhile, is at rest with it."""
    if case.ask:
        return
    free = replace(case, stopped=())
    given, later = case.ready(), free.ready()
    key = given.rows[0].key
    for base, left, right in product(VALUES, repeat=3):
        then = Base({key: base}, {key: base})
        wanted, unstopped = meant(case, base, left, right), meant(free, base, left, right)
        decision = decide(given, {"title": left}, {"Title": right}, then, case.around())
        assert shown(decision, asked=False) == wanted, (base, left, right)
        assert bool(decision.stopped) == (wanted != unstopped), (base, left, right)
        if decision.stopped:
            assert key not in decision.agree[0] and key not in decision.agree[1]
            now, *held = carried_out(case, then, left, right, decision)
            free_now = decide(later, {"title": held[0]}, {"Title": held[1]}, now, free.around())
            assert shown(free_now, asked=False) == unstopped


@pytest.mark.parametrize("case", tuple(cases(stops=True)), ids=str)
def test_a_first_link_under_a_stop_fills_later_what_it_may_not_fill_now(case: Case) -> None:
    if case.ask:
        return
    free = replace(case, stopped=())
    given, later = case.ready(), free.ready()
    for left, right in product(VALUES, repeat=2):
        decision = decide(given, {"title": left}, {"Title": right}, None, case.around())
        assert decision.action == "link"
        assert shown(decision, asked=False) == met(case, left, right), (left, right)
        waits = met(case, left, right) != met(free, left, right)
        assert bool(decision.stopped) == waits
        if waits:
            now, *held = carried_out(case, Base({}, {}), left, right, decision)
            free_now = decide(later, {"title": held[0]}, {"Title": held[1]}, now, free.around())
            assert shown(free_now, asked=False) == met(free, left, right)


ENRICH = Move("enrich Lead with contact", HERE, "push", None, False, True, enrich="new")


@pytest.mark.parametrize("case", tuple(cases()), ids=str)
def test_a_record_that_is_enriched_keeps_what_it_has(case: Case) -> None:
    """Alone, `enrich` fills blanks on the right as the arrow points and writes nothing to the left.
    Beside other rules the left gets what they would write there."""
    if case.ask:
        return
    one = case.ready().flow.rows[0]
    alone = ready(flow(one, moves=(ENRICH,)), "UTC")
    beside = case.ready(ENRICH)
    for left, right in product(VALUES, repeat=2):
        fills = right is None and left is not None and case.direction != "pull"
        decision = decide(alone, {"title": left}, {"Title": right}, None, case.around())
        assert decision.action == "link"
        assert shown(decision, asked=False) == (("-", left) if fills else NONE), (left, right)
        assert decision.problems == ()
        decision = decide(beside, {"title": left}, {"Title": right}, None, case.around())
        to_left = met(case, left, right)[0]
        assert shown(decision, asked=False) == (to_left, left if fills else "-"), (left, right)


@pytest.mark.parametrize("text", ["-", None])
def test_an_approval_is_asked_for_what_it_will_do(text: str | None) -> None:
    """Erasing is a change, too, and waits like any other."""
    case = Case("push", "left", clear=True, ask=True)
    given = case.ready()
    key = given.rows[0].key
    decision = decide(
        given, {"title": text}, {"Title": "a"}, Base({key: "a"}, {key: "a"}), case.around()
    )
    assert [(one.field, one.before, one.after) for one in decision.asks] == [("Title", "a", text)]


# ---- shortening -----------------------------------------------------------------------------

E = "e\N{COMBINING ACUTE ACCENT}"
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
HAND = "\N{WAVING HAND SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"
FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}"


def shortens(direction: Direction = "both") -> Ready:
    one = replace(row(direction, "right"), convert=("same", "same"), truncate=True)
    return ready(flow(one, moves=(push(),)), "UTC")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0123456789", "0123456789"),
        ("0123456789x", "0123456789"),
        ("012345678 9", "012345678"),
        ("\N{GRINNING FACE}" * 11, "\N{GRINNING FACE}" * 10),
        ("012345678" + E, "012345678"),
        ("01234567" + E + "x", "01234567" + E),
        ("01234567" + FAMILY, "01234567"),
        ("012345678" + HAND, "012345678"),
        ("012345678" + FLAG, "012345678"),
        (FLAG * 6, FLAG * 5),
        ("e" + "\N{COMBINING ACUTE ACCENT}" * 20, "e" + "\N{COMBINING ACUTE ACCENT}" * 9),
    ],
)
def test_a_text_that_is_too_long_is_shortened_to_whole_characters(text: str, wanted: str) -> None:
    """Title takes ten. It is so in a record that is made, and in one that is changed."""
    given = shortens()
    key = given.rows[0].key
    made = decide(given, {"title": text}, None, None, Surroundings())
    assert [one.after for one in made.right] == [wanted]
    assert made.problems == ()
    base = Base({key: "a"}, {key: "a"})
    changed = decide(given, {"title": text}, {"Title": "a"}, base, Surroundings())
    assert [one.after for one in changed.right] == [wanted]


def test_what_was_shortened_does_not_come_back_as_an_edit() -> None:
    """The base remembers both; what a person makes of the short one is an edit, and comes over."""
    given = shortens()
    long = {"title": "0123456789 and more"}
    made = decide(given, long, None, None, Surroundings())
    halves = dict(made.agree[0]), dict(made.agree[1])
    for one in made.right:
        halves[0][one.key], halves[1][one.key] = one.agree
    base = Base(*halves)
    still = decide(given, long, {"Title": "0123456789"}, base, Surroundings())
    assert (still.action, still.left, still.right) == ("nothing", (), ())
    edited = decide(given, long, {"Title": "short"}, base, Surroundings())
    assert [one.after for one in edited.left] == ["short"]
    met = decide(given, long, {"Title": "0123456789"}, None, Surroundings())
    assert (met.left, met.right) == ((), ())


# ---- templates that fail --------------------------------------------------------------------


def test_a_template_that_fails_is_told_and_the_rest_moves() -> None:
    """For one record it divides by nothing: a problem with its place, where the record is made,
    found or changed; when it can be said, it is written."""
    text = replace(row("push", template="{{ 10 // (title | length - 3) }}"), right="Title")
    email = Row("m", HERE, "", "email", "Email", "both", ("same", "same"), prefer="left")
    given = ready(flow(text, email, moves=(push(),)), "UTC")
    bad = {"title": "CTO", "email": "x@y.example"}
    made = decide(given, bad, None, None, Surroundings())
    assert [(one.code, one.field, one.place) for one in made.problems] == [
        ("template-failed", "Title", "rules.sync:3")
    ]
    assert "zero" in made.problems[0].message
    assert [one.field for one in made.right] == ["Email"]
    base = Base(dict(made.agree[0]), dict(made.agree[1]))
    keys = [one.key for one in given.rows]
    base = Base({**base.left, keys[1]: bad["email"]}, {**base.right, keys[1]: bad["email"]})
    there = {"Title": None, "Email": "x@y.example"}
    still = decide(given, bad, there, base, Surroundings())
    assert [one.code for one in still.problems] == ["template-failed"]
    said = decide(given, {**bad, "title": "Chief"}, there, base, Surroundings())
    assert [(one.field, one.after) for one in said.right] == [("Title", "5")]
    assert said.problems == ()
    found = decide(given, bad, {**there, "Title": "old"}, None, Surroundings())
    assert found.action == "link"
    assert [one.code for one in found.problems] == ["template-failed"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ 1 // 0 }}",
        "{{ '{} {}'.format(title) }}",
        "{{ title + 1 }}",
        "{{ title.nothing }}",
        "{{ title.index('x') }}",
        "{{ title.__class__ }}",
        "{{ title | round }}",
    ],
)
def test_whatever_a_template_runs_into_stops_no_run(template: str) -> None:
    """A wrong number of arguments, a missing part, what the sandbox forbids: one field is left out
    and told."""
    text = row("push", template=template)
    made = decide(
        ready(flow(text, moves=(push(),)), "UTC"), {"title": "CTO"}, None, None, Surroundings()
    )
    assert (made.action, made.right) == ("create", ())
    assert [one.code for one in made.problems] == ["template-failed"]
    assert made.problems[0].message


def test_a_template_that_fails_leaves_the_default_to_a_new_record() -> None:
    text = row("push", template="{{ 1 // 0 }}", default="none")
    made = decide(
        ready(flow(text, moves=(push(),)), "UTC"), {"title": "x"}, None, None, Surroundings()
    )
    assert [one.after for one in made.right] == ["none"]
    assert [one.code for one in made.problems] == ["template-failed"]
