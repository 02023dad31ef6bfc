"""What one decision says, as tables: (base, left, right) for every kind of row, and first links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

import pytest
from syncrules.connectors.base.schema import Field
from syncrules.connectors.base.values import Value
from syncrules.dsl.conditions import Get, OneOf, Truth
from syncrules.dsl.rules import Arm, Direction, InferRule, Key, Place, Side
from syncrules.engine.plan.model import End, Flow, Move, Row, StandIn
from syncrules.engine.run.closures import ReadyInfer, ReadyRow, Values, ready
from syncrules.engine.run.decide import decide
from syncrules.engine.run.decision import Base, Change, Coming, Decision, Match, Reference

HERE = Place("rules.sync", 3, 1)
LEFT = (
    Field("title", "Title", "text"),
    Field("stage", "Stage", "text"),
    Field("email", "", "text"),
)
RIGHT = (Field("Title", "Title", "text", length=10), Field("Email", "", "text"))
VALUES: tuple[Value, ...] = (None, "a", "b")


@dataclass
class Surroundings:
    """What a decision may ask, as plain data."""

    acting: bool = True
    match: Match = field(default_factory=Match)
    today: str = "2026-03-31"
    backfill: bool = False
    brought: bool = False
    later: Side | Literal[""] = "right"
    references: dict[str, Reference] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    children: Sequence[Values] | None = None
    values: Values = field(default_factory=dict)
    let_go: frozenset[tuple[object, object]] = frozenset()

    def acts(self, move: Move) -> bool:
        return self.acting

    def get(self, side: Side, get: Get) -> Value:
        return self.values.get(get.field)

    def reference(self, row: ReadyRow, to: Side, id: str) -> Reference:
        return self.references.get(id, Reference("missing"))

    def stand_in(self, stand_in: StandIn, to: Side, source: Values) -> Reference:
        return self.references.get(str(source.get(stand_in.source)), Reference("missing"))

    def user(self, row: ReadyRow, to: Side, email: str) -> str:
        return self.users.get(email, "")

    def related(self, infer: ReadyInfer) -> Sequence[Values] | None:
        return self.children

    def approved(self, change: Change) -> bool:
        return (change.before, change.after) in self.let_go


def row(
    direction: Direction = "both",
    prefer: Literal["left", "right", "latest"] | None = None,
    *,
    when_blank: bool = False,
    default: Value = None,
    table: tuple[tuple[str, str, Direction], ...] = (),
    reference: str = "",
    template: str = "",
) -> Row:
    return Row(
        "map contact with Lead",
        HERE,
        "title <-> Title",
        "" if template else "title",
        "Title",
        direction,
        ("text", "text"),
        prefer=prefer,
        when_blank=when_blank,
        default=default,
        table=table,
        through=(reference,) if reference else (),
        template=template,
        reads=("title",) if template else (),
    )


def push(**changes: object) -> Move:
    given: dict[str, object] = {"when": None, "create": True, "update": True, **changes}
    return Move("push contact as Lead", HERE, "push", **given)  # type: ignore[arg-type]


def flow(*rows: Row, moves: tuple[Move, ...] = (), infers: tuple[InferRule, ...] = ()) -> Flow:
    return Flow(
        "contact~Lead",
        End("apollo", "contact", LEFT),
        End("salesforce", "Lead", RIGHT),
        (Key((("email", "Email"),)),),
        moves,
        rows,
        infers,
    )


def linked(one: Row, base: Value, left: Value, right: Value, around: Surroundings) -> Decision:
    given = ready(flow(one, moves=(push(),)), "UTC")
    key = given.rows[0].key
    return decide(given, {"title": left}, {"Title": right}, Base({key: base}, {key: base}), around)


def after(decision: Decision) -> tuple[object, object]:
    """What is written to the left and to the right, "-" for nothing."""
    left = decision.left[0].after if decision.left else "-"
    right = decision.right[0].after if decision.right else "-"
    return left, right


def expected(
    direction: Direction, prefer: str, when_blank: bool, base: Value, left: Value, right: Value
) -> tuple[object, object]:
    """The rule in other words: who moved, who may be heard, and no blank ever wins."""
    to_right = left != base and direction != "pull"
    to_left = right != base and direction != "push"
    if to_right and to_left:
        if left == right:
            return "-", "-"
        if left is None or right is None:
            to_right, to_left = right is None, left is None
        else:
            to_right, to_left = prefer == "left", prefer == "right"
    if to_right and left is not None and left != right and not (when_blank and right is not None):
        return "-", left
    if to_left and right is not None and left != right and not (when_blank and left is not None):
        return right, "-"
    return "-", "-"


@pytest.mark.parametrize("when_blank", [False, True])
@pytest.mark.parametrize("prefer", ["left", "right"])
@pytest.mark.parametrize("direction", ["both", "push", "pull"])
def test_every_combination_of_base_left_and_right_has_its_outcome(
    direction: Direction, prefer: Literal["left", "right"], when_blank: bool
) -> None:
    """All 27 cases for each kind of row; a blank never erases a value (EDGE-8)."""
    for base, left, right in product(VALUES, repeat=3):
        decision = linked(
            row(direction, prefer, when_blank=when_blank), base, left, right, Surroundings()
        )
        wanted = expected(direction, prefer, when_blank, base, left, right)
        assert after(decision) == wanted, (base, left, right)


def test_the_value_that_lost_stands_in_the_change() -> None:
    """Both sides changed one field: `prefer` decides, and what is overwritten is kept (CFM-4)."""
    decision = linked(row("both", "right"), "a", "mine", "theirs", Surroundings())
    [change] = decision.left
    assert (change.before, change.after) == ("mine", "theirs")
    assert "both sides changed" in change.reason


def test_latest_follows_the_side_that_we_saw_change_later() -> None:
    for later in ("left", "right"):
        decision = linked(row("both", "latest"), "a", "b", "c", Surroundings(later=later))
        assert (decision.right[0] if later == "left" else decision.left[0]).after == (
            "b" if later == "left" else "c"
        )


@pytest.mark.parametrize(
    ("one", "left", "right", "wanted", "listed"),
    [
        (row("both", "left"), "a", "b", ("-", "a"), False),
        (row("both", "right"), "a", "b", ("b", "-"), False),
        (row("both", "latest"), "a", "b", ("-", "-"), True),
        (row("both", "left"), None, "b", ("b", "-"), False),
        (row("both", "right"), "a", None, ("-", "a"), False),
        (row("both", "left"), "a", "a", ("-", "-"), False),
        (row("push"), "a", "b", ("-", "a"), False),
        (row("push"), None, "b", ("-", "-"), False),
        (row("push", "right"), "a", "b", ("-", "-"), False),
        (row("pull"), "a", "b", ("b", "-"), False),
        (row("push", when_blank=True), "a", "b", ("-", "-"), False),
        (row("push", when_blank=True), "a", None, ("-", "a"), False),
    ],
)
def test_a_first_link_fills_blanks_and_never_guesses(
    one: Row, left: Value, right: Value, wanted: tuple[object, object], listed: bool
) -> None:
    """There is no past: blanks are filled, the rest follows `prefer` or is listed (EDGE-9)."""
    given = ready(flow(one, moves=(push(),)), "UTC")
    decision = decide(given, {"title": left}, {"Title": right}, None, Surroundings())
    assert decision.action == "link"
    assert after(decision) == wanted
    assert [problem.code for problem in decision.problems] == (["conflict"] if listed else [])
    assert all("which of them is later" in problem.message for problem in decision.problems)


def test_a_new_record_gets_values_defaults_and_the_source_label() -> None:
    """A default fills a blank at creation; the label goes on what is created (CPU-6, EDGE-10)."""
    given = flow(row("push", default="Unknown"), moves=(push(source=("Email", "Apollo")),))
    decision = decide(ready(given, "UTC"), {"title": None}, None, None, Surroundings())
    assert decision.action == "create"
    assert {one.field: one.after for one in decision.right} == {
        "Title": "Unknown",
        "Email": "Apollo",
    }


def test_the_source_label_takes_no_place_of_a_row() -> None:
    """Where a row has something for that field, the new record gets that."""
    given = ready(flow(row("push"), moves=(push(source=("Title", "Apollo")),)), "UTC")
    for title, wanted in (("CEO", "CEO"), (None, "Apollo")):
        decision = decide(given, {"title": title}, None, None, Surroundings())
        assert [(one.field, one.after) for one in decision.right] == [("Title", wanted)]


def test_a_default_never_replaces_a_value_later() -> None:
    """The source turns blank: what stands there stays (EDGE-10)."""
    assert after(linked(row("push", default="Unknown"), "a", None, "a", Surroundings())) == (
        "-",
        "-",
    )


def test_the_condition_gates_creation_only() -> None:
    """No record while the condition is false, but a linked one keeps flowing (CPU-2, CPU-9)."""
    when = OneOf(Get("stage", "text"), ("Interested",))
    given = ready(flow(row("push"), moves=(push(when=when),)), "UTC")
    cold = Surroundings(values={"stage": "Cold"})
    warm = Surroundings(values={"stage": "interested "})
    assert decide(given, {"title": "a"}, None, None, cold).action == "nothing"
    assert decide(given, {"title": "a"}, None, None, warm).action == "create"
    key = given.rows[0].key
    base = Base({key: "a"}, {key: "a"})
    assert after(decide(given, {"title": "b"}, {"Title": "a"}, base, cold)) == ("-", "b")


def test_what_was_there_before_the_rule_waits() -> None:
    """Rules count from now on: neither created nor linked, but counted (CPU-10)."""
    given = ready(flow(row("push"), moves=(push(),)), "UTC")
    before = Surroundings(acting=False)
    alone = decide(given, {"title": "a"}, None, None, before)
    matched = decide(given, {"title": "a"}, {"Title": "a"}, None, before)
    assert (alone.action, alone.rule) == ("wait", "push contact as Lead")
    assert matched.action == "wait"


@pytest.mark.parametrize("kind", ["several", "held"])
def test_several_candidates_are_reported_and_never_guessed(
    kind: Literal["several", "held"],
) -> None:
    """Two candidates, or one that another holds: an entry, and nothing is touched (CPL-2)."""
    around = Surroundings(match=Match(kind, "two of them"))
    decision = decide(
        ready(flow(row("push"), moves=(push(),)), "UTC"), {"title": "a"}, None, None, around
    )
    assert decision.action == "nothing"
    assert [one.code for one in decision.problems] in (["ambiguous-match"], ["match-taken"])


def test_a_text_that_is_too_long_is_refused_and_the_rest_moves() -> None:
    """The field is left out with a code; the record is made all the same (EDGE-12)."""
    email = Row("m", HERE, "", "email", "Email", "push", ("text", ""))
    given = ready(flow(row("push"), email, moves=(push(),)), "UTC")
    for length, fits in ((9, True), (10, True), (11, False)):
        values: Values = {"title": "\N{GRINNING FACE}" * length, "email": "x@y.example"}
        decision = decide(given, values, None, None, Surroundings())
        assert decision.action == "create"
        assert ("Title" in {one.field for one in decision.right}) is fits
        assert [one.code for one in decision.problems] == ([] if fits else ["too-long"])


def test_an_unknown_value_of_a_table_changes_nothing() -> None:
    """The value stays as it is, and one entry serves all records with that value (EDGE-11)."""
    table: tuple[tuple[str, str, Direction], ...] = (("Cold", "Open", "both"),)
    one = row("both", "left", table=table)
    known = linked(one, "x", "cold", "Closed", Surroundings())
    unknown = linked(one, "x", "Lukewarm", "Closed", Surroundings())
    assert after(known) == ("-", "Open")
    assert after(unknown) == ("-", "-")
    assert unknown.problems[0].code == "unknown-value"
    assert unknown.problems[0].shared


def test_a_reference_follows_the_link_of_its_parent() -> None:
    """Found: its id. Planned in this run: the one to come. Nowhere yet: brought along (APU-1)."""
    coming = Coming("account~Account", "left", "acc")
    one = row("push", reference="account~Account")
    given = ready(flow(one, moves=(push(),)), "UTC")

    def made(found: Reference) -> Decision:
        around = Surroundings(references={"acc": found})
        return decide(given, {"title": "acc"}, None, None, around)

    assert made(Reference("found", "001X")).right[0].after == "001X"
    assert made(Reference("coming", coming=coming)).right[0].after == coming
    assert made(Reference("wanted", coming=coming)).needs == (coming,)
    missing = made(Reference("missing"))
    assert (missing.action, missing.right) == ("create", ())
    assert missing.agree[0] == {given.rows[0].key: None}


def test_a_template_says_what_its_fields_will_hold() -> None:
    """A title that comes over from the other side is in the text that goes back with the same
    decision: at the first link, and later, where the text would be out of date at once."""
    text = replace(row("push", template="the {{ title }}"), right="Email", text="template")
    given = ready(flow(row("both", "right"), text, moves=(push(),)), "UTC")
    known: Values = {"Title": "CTO", "Email": None}
    met = decide(given, {"title": None}, known, None, Surroundings(match=Match("one", "same")))
    assert [(one.field, one.after) for one in met.left] == [("title", "CTO")]
    assert [(one.field, one.after) for one in met.right] == [("Email", "the CTO")]
    held = ({"title": "CTO"}, {"Title": "CEO", "Email": None})
    [titles, texts] = [one.key for one in given.rows]
    base = Base({titles: "CTO", texts: None}, {titles: "CTO", texts: None})
    later = decide(given, *held, base, Surroundings())
    assert [(one.field, one.after) for one in later.right] == [("Email", "the CEO")]


def test_a_text_that_stands_at_the_first_link_is_agreed_on_as_its_fields_will_make_it() -> None:
    """The link brings the title over, and the other side's text stands: that the template says more
    now is no news at the next decision, nor is a person's own text written over."""
    text = replace(
        *(row("push", "right", template="the {{ title or 'one' }}"),),
        right="Email",
        text="template",
    )
    given = ready(flow(row("both", "right"), text, moves=(push(),)), "UTC")
    known: Values = {"Title": "CTO", "Email": "mine"}
    met = decide(given, {"title": None}, known, None, Surroundings(match=Match("one", "same")))
    assert after(met) == ("CTO", "-")
    titles = given.rows[0].key
    base = Base(*met.agree).moved(({titles: "CTO"}, {titles: "CTO"}))
    for mine in ("mine", "mine, too", None):
        later = decide(given, {"title": "CTO"}, {**known, "Email": mine}, base, Surroundings())
        assert after(later) == ("-", "-")


def test_a_template_that_a_stop_holds_back_flows_when_that_ends() -> None:
    """What another row brings over changes the text, which can't be written now."""
    text = replace(row("push", template="the {{ title }}"), right="Email", text="template")
    stop = Truth(Get("halt", "boolean"))
    given = ready(flow(row("both", "right"), text, moves=(push(stop=stop),)), "UTC")
    [titles, texts] = [one.key for one in given.rows]
    base = Base({titles: "CTO", texts: "the CTO"}, {titles: "CTO", texts: "the CTO"})
    lead: Values = {"Title": "CEO", "Email": "the CTO"}
    decision = decide(given, {"title": "CTO"}, lead, base, Surroundings(values={"halt": True}))
    assert after(decision) == ("CEO", "-")
    assert decision.stopped == "push contact as Lead"
    base = base.moved(decision.agree).moved(({titles: "CEO"}, {titles: "CEO"}))
    assert after(decide(given, {"title": "CEO"}, lead, base, Surroundings())) == ("-", "the CEO")


def test_what_is_brought_along_is_held_back_by_a_stop_too() -> None:
    """Whatever its condition says; where all that a rule does is to update, none is made."""
    stop = Truth(Get("halt", "boolean"))
    given = ready(flow(row("push"), moves=(push(stop=stop),)), "UTC")
    for halt, action in ((True, "nothing"), (False, "create")):
        around = Surroundings(brought=True, values={"halt": halt})
        decision = decide(given, {"title": "a"}, None, None, around)
        assert (decision.action, bool(decision.stopped)) == (action, halt)
    updates = ready(flow(row("push"), moves=(push(create=False),)), "UTC")
    decision = decide(updates, {"title": "a"}, None, None, Surroundings(brought=True))
    assert decision.action == "nothing"


def test_two_one_way_rows_of_the_same_fields_both_write() -> None:
    """`title -> Title` in one map and `title <- Title` in another: neither takes back what the
    other has said."""
    for rows in ((row("push"), row("pull")), (row("pull"), row("push"))):
        given = ready(flow(*rows, moves=(push(),)), "UTC")
        then: dict[str, Value] = {one.key: "a" for one in given.rows}
        base = Base(then, then)
        for left, right, wanted in (("b", "a", ("-", "b")), ("a", "b", ("b", "-"))):
            decision = decide(given, {"title": left}, {"Title": right}, base, Surroundings())
            assert after(decision) == wanted


def test_an_owner_without_counterpart_falls_back_to_the_default() -> None:
    """At creation the row's default, else the sync login; later the old one stays (EDGE-16)."""
    one = row("push", reference="user~User", default="sync@example.com")
    around = Surroundings(users={"sync@example.com": "005S"})
    given = ready(flow(one, moves=(push(),)), "UTC")
    assert decide(given, {"title": "gone"}, None, None, around).right[0].after == "005S"
    assert after(linked(one, "u1", "gone", "005A", around)) == ("-", "-")


def test_a_template_with_a_blank_in_it_is_blank() -> None:
    one = row("push", template="{{ title }}!")
    given = ready(flow(one, moves=(push(),)), "UTC")
    assert decide(given, {"title": "CTO"}, None, None, Surroundings()).right[0].after == "CTO!"
    assert decide(given, {"title": None}, None, None, Surroundings()).right == ()


@pytest.mark.parametrize(
    ("children", "before", "stage", "wanted"),
    [
        ([{"won": True, "open": False}], None, "Cold", "Client"),
        ([{"won": True, "open": False}, {"won": False, "open": True}], None, "Cold", "Client"),
        ([{"won": False, "open": True}], None, "Cold", "Active"),
        ([{"won": False, "open": False}], None, "Cold", "-"),
        ([{"lost": True}, {"lost": True}], None, "Cold", "Lost"),
        ([{"lost": True}, {"lost": False}], None, "Cold", "-"),
        ([], None, "Cold", "None left"),
        ([{"won": True}], "Client", "by hand", "-"),
        ([{"won": False, "open": True}], "Client", "by hand", "Active"),
        ([{"won": True}], None, "Client", "-"),
    ],
)
def test_an_inferred_stage_is_written_when_the_inferred_value_changes(
    children: Sequence[Values], before: str | None, stage: str, wanted: str
) -> None:
    """Arms in order; no arm true keeps the value; a stage set by hand stays till then (AST-2)."""
    infer = InferRule(
        HERE,
        "infer account stage from opportunities",
        "left",
        "contact",
        "stage",
        "Opportunity",
        "AccountId",
        "Lead",
        (
            Arm(HERE, "Client", "any", Truth(Get("won", "boolean"))),
            Arm(HERE, "Active", "any", Truth(Get("open", "boolean"))),
            Arm(HERE, "Lost", "all", Truth(Get("lost", "boolean"))),
            Arm(HERE, "None left", "none", None),
        ),
        15,
    )
    given = ready(flow(moves=(push(),), infers=(infer,)), "UTC")
    base = Base({}, {"=stage": before} if before else {})
    around = Surroundings(children=children)
    decision = decide(given, {"stage": stage}, {}, base, around)
    assert after(decision)[0] == wanted


def test_a_field_that_was_not_read_is_never_taken_for_blank() -> None:
    """What is unknown of a side changes nothing and becomes the base as it is found."""
    given = ready(flow(row("both", "left"), moves=(push(),)), "UTC")
    key = given.rows[0].key
    decision = decide(
        given, {"title": "a"}, {"Title": "server"}, Base({key: "a"}, {}), Surroundings()
    )
    assert after(decision) == ("-", "-")
    assert decision.agree[1] == {key: "server"}
    assert after(
        decide(given, {}, {"Title": "b"}, Base({key: "a"}, {key: "a"}), Surroundings())
    ) == (
        "-",
        "-",
    )


def test_a_value_that_appears_on_a_record_of_ours_is_an_edit() -> None:
    """Made without a title, and somebody fills it in before we look again: it flows back."""
    given = ready(flow(row("both", "left"), moves=(push(),)), "UTC")
    made = decide(given, {"title": None}, None, None, Surroundings())
    base = Base(*made.agree)
    assert after(decide(given, {"title": None}, {"Title": "CTO"}, base, Surroundings())) == (
        "CTO",
        "-",
    )


def test_what_is_first_seen_on_a_record_of_ours_is_noted_where_nothing_can_flow() -> None:
    """A blank there leaves the other side to flow as soon as it can; a value is what edits of it
    are told from. It is the same on either side."""
    table: tuple[tuple[str, str, Direction], ...] = (("Cold", "Open", "both"),)
    moves = (push(), replace(push(), direction="pull"))
    given = ready(flow(row("both", "left", table=table), moves=moves), "UTC")
    [key] = [one.key for one in given.rows]
    nothing: Values = {}
    for held, noted in (("Open", nothing), (None, {key: None})):
        decision = decide(
            given, {"title": "Tepid"}, {"Title": held}, Base({key: "Warm"}, {}), Surroundings()
        )
        assert (after(decision), decision.agree) == (("-", "-"), (noted, {key: held}))
    for held, noted in (("Cold", nothing), (None, {key: None})):
        decision = decide(
            given, {"title": held}, {"Title": "Tepid"}, Base({}, {key: "Warm"}), Surroundings()
        )
        assert (after(decision), decision.agree) == (("-", "-"), ({key: held}, noted))


def test_constants_are_written_when_a_record_is_made() -> None:
    one = Row("m", HERE, "", "", "Title", "push", ("text", ""), constant="web")
    decision = decide(
        ready(flow(one, moves=(push(),)), "UTC"), {"email": "x"}, None, None, Surroundings()
    )
    assert [(change.field, change.after) for change in decision.right] == [("Title", "web")]
