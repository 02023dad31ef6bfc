"""The heart: what should happen to one pair of records, from what both sides and the past say.

Pure: no network, no database, no clock. `run` carries a decision out, `preview` prints it. A
*field that was not read* is never taken for a blank one. What each case is called stands in the
language reference; the tables it must satisfy are in `tests/run/test_decide.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Side
from .activities import somebody
from .carry import (
    NO_STOPS,
    Draft,
    begin,
    carry,
    conflict,
    equal,
    fill_blank,
    flow_on,
    move,
    place,
    problem,
    unread,
)
from .closures import (
    NOT_READ,
    Failed,
    Moved,
    NotRead,
    Ready,
    ReadyMove,
    ReadyRow,
    Seen,
    Values,
)
from .decision import (
    NOTHING,
    Around,
    Base,
    Change,
    Coming,
    Decision,
    Halves,
    Problem,
    apart,
    filling,
    unsent,
)
from .fill import fill, fill_new, lacking
from .inferred import infer_to, inferred, write
from .state import other


def decide(
    flow: Ready, left: Values | None, right: Values | None, base: Base | None, around: Around
) -> Decision:
    """What should happen to this pair; None for a record that isn't there.

    With `base` the two are linked. With both records and no base they have just been matched.
    """
    if base is not None and left is not None and right is not None:
        return _linked(flow, left, right, base, around)
    if around.match.kind in ("several", "held"):
        return _no_guess(flow, "right" if left is not None else "left", around)
    if left is not None and right is not None:
        return _first_link(flow, left, right, around)
    if around.match.kind == "elsewhere":
        return NOTHING
    if left is not None:
        return _create(flow, "right", left, around)
    if right is not None:
        return _create(flow, "left", right, around)
    return NOTHING


# ---- two linked records ---------------------------------------------------------------------


def _linked(flow: Ready, left: Values, right: Values, base: Base, around: Around) -> Decision:
    agreed = not flow.infers and as_agreed(flow.rows, left, right, base)
    if agreed and not (flow.stand_ins and lacking(flow, left, right)):
        return NOTHING
    draft = Draft(_stops(flow, around))

    def judge(row: ReadyRow, lv: Seen, rv: Seen, into: Draft) -> None:
        if filling(row.key) in base.left:
            _filling_row(flow, row, (lv, rv), base.left[filling(row.key)], around, into)
            return
        if row.key in base.left or row.key in base.right:
            then = base.left.get(row.key, NOT_READ), base.right.get(row.key, NOT_READ)
            if (to := base.unsent_to(row.key)) and not any(_changed(row, lv, rv, then)):
                _unsent_row(row, to, (lv, rv), around, into)
            else:
                _later_row(flow, row, (lv, rv), then, around, into)
            return
        key = apart(row.key)
        then = base.left.get(key, NOT_READ), base.right.get(key, NOT_READ)
        if not around.backfill or _moved_on(row, (lv, rv), then):
            _later_row(flow, row, (lv, rv), then, around, into, new=True)
        elif flow.moves and all(one.move.enrich for one in flow.moves):
            _enriched_row(flow, row, (lv, rv), True, around, into)
        else:
            _first_row(flow, row, lv, rv, around, into, "at the backfill")

    def fill_in() -> None:
        fill(flow, left, right, base, around, draft)

    _each_row(flow, left, right, draft, judge, fill_in)
    for infer in flow.infers:
        infer_to(infer, left, right, base, around, draft)
    return _finish("update", flow, draft, "")


def met(flow: Ready, left: Values, right: Values, base: Base, around: Around) -> Halves:
    """What two linked records hold in the rows that are newer than their link, as they meet them:
    nothing of it flows before it changes."""
    draft = Draft()
    for row in unmet(flow, base):
        lv, rv = row.left(left), row.right(right)
        if not (isinstance(lv, NotRead) or isinstance(rv, NotRead)):
            then = (NOT_READ, NOT_READ)
            _later_row(flow, row, (lv, rv), then, around, draft, new=True)
    return draft.agree_left, draft.agree_right


def unmet(flow: Ready, base: Base) -> list[ReadyRow]:
    """The rows of which a base says nothing yet."""
    known = (base.left, base.right)
    return [
        row
        for row in flow.rows
        if not any(key in half for key in (row.key, apart(row.key)) for half in known)
    ]


def as_agreed(rows: Iterable[ReadyRow], left: Values, right: Values, base: Base) -> bool:
    """Whether both sides hold in each of these rows what they held when they last agreed."""
    then_left, then_right = base.left, base.right
    return all(
        not base.unsent_to(row.key)
        and then_left.get(row.key, NOT_READ) == row.left(left)
        and then_right.get(row.key, NOT_READ) == row.right(right)
        for row in rows
    )


def _stops(flow: Ready, around: Around) -> Mapping[Side, ReadyMove]:
    """The sides to which nothing may be written now, with the rule that says so."""
    if not flow.stops:
        return NO_STOPS
    found: dict[Side, ReadyMove] = {}
    for one in flow.stops:
        to: Side = "right" if one.move.direction == "push" else "left"
        if to not in found and _is_stopped(one, "left" if to == "right" else "right", around):
            found[to] = one
    return found


def _is_stopped(move: ReadyMove, origin: Side, around: Around) -> bool:
    return move.stopped is not None and move.stopped(
        lambda get: around.get(origin, get), around.today
    )


def _each_row(
    flow: Ready,
    left: Values,
    right: Values,
    draft: Draft,
    judge: Callable[[ReadyRow, Seen, Seen, Draft], None],
    fill_in: Callable[[], None],
) -> None:
    """Every row; then once more those that read what another row has just changed: a template says
    what its fields will hold, not what they held. In between blank references are filled."""
    for row in flow.rows:
        judge(row, row.left(left), row.right(right), draft)
    if flow.stand_ins:
        fill_in()
    if not (draft.left or draft.right):
        return
    written = {one.key for one in (*draft.left, *draft.right)}
    new_left, new_right = _written(left, draft.left), _written(right, draft.right)
    for row in flow.rows:
        if row.key in written and row.pushes and row.pulls:
            continue
        lv, rv = row.left(left), row.right(right)
        if row.key not in written:
            then = row.left(new_left), row.right(new_right)
        else:
            then = (row.left(new_left), rv) if row.pushes else (lv, row.right(new_right))
        if then == (lv, rv):
            continue
        again = Draft(draft.stops)
        judge(row, *then, again)
        # A row of the same fields that goes the other way keeps what it said.
        left_of, right_of = (row.key, row.pulls), (row.key, row.pushes)
        draft.left = [one for one in draft.left if (one.key, True) != left_of] + again.left
        draft.right = [one for one in draft.right if (one.key, True) != right_of] + again.right
        draft.asks = [one for one in draft.asks if one.key != row.key] + again.asks
        draft.agree_left |= again.agree_left
        draft.agree_right |= again.agree_right
        draft.stopped = draft.stopped or again.stopped
        draft.needs += again.needs
        draft.problems += [one for one in again.problems if one not in draft.problems]


def _written(values: Values, changes: Sequence[Change]) -> Values:
    """A record with its changes; what is only coming is not known yet."""
    known = {one.field: one.after for one in changes if not isinstance(one.after, Coming)}
    return {**values, **known}


def _later_row(
    flow: Ready,
    row: ReadyRow,
    now: tuple[Seen, Seen],
    then: tuple[Seen, Seen],
    around: Around,
    draft: Draft,
    *,
    new: bool = False,
) -> None:
    """A row of two records with a past: what changed flows, as the arrow points. `new`: the two
    have never agreed in this row."""
    lv, rv = now
    if isinstance(lv, NotRead) or isinstance(rv, NotRead):
        unread(row, lv, rv, draft=draft)
        return
    bl, br = then
    left_changed, right_changed = _changed(row, lv, rv, then)
    # What we left blank on a record that we made, and now isn't, was filled in since.
    if left_changed and bl is None and isinstance(br, NotRead):
        right_changed = rv is not None
    if right_changed and br is None and isinstance(bl, NotRead):
        left_changed = lv is not None
    to_right = left_changed and row.push_later
    to_left = right_changed and row.pull_later
    if lv is None and bl is None and isinstance(br, NotRead):
        # A record of ours was made without this value, and now it is there.
        to_left = rv is not None and row.pull_later
    elif rv is None and br is None and isinstance(bl, NotRead):
        to_right = lv is not None and row.push_later
    if left_changed and right_changed and equal(row, lv, rv, around):
        draft.agree(row.key, lv, rv)
        return
    if to_right and to_left:
        # A blank wins only where it may erase.
        if (lv is None or rv is None) and not row.row.clear:
            to_right, to_left = rv is None, lv is None
        else:
            winner = row.row.prefer if row.row.prefer in SIDES else around.later
            if not winner:
                draft.problems.append(conflict(row, lv, rv))
                return
            to_right, to_left = winner == "left", winner == "right"
    if to_right:
        flow_on(row, "right", (lv, rv), then, around, draft, _why(flow, "left", right_changed))
    elif to_left:
        flow_on(row, "left", (lv, rv), then, around, draft, _why(flow, "right", left_changed))
    elif isinstance(bl, NotRead) != isinstance(br, NotRead) and (lv is None) != (rv is None):
        # One of them is our work and had not been seen in full: what stands on one side only has
        # been filled in since.
        _first_row(flow, row, lv, rv, around, draft)
    else:
        # What somebody made of the side that a one-way row writes to is agreed on by nobody.
        own_left, own_right = left_changed and not row.pushes, right_changed and not row.pulls
        key = apart(row.key) if new and _first_way(row, lv, rv, around) else row.key
        draft.agree(key, NOT_READ if own_left else lv, NOT_READ if own_right else rv)


def _changed(row: ReadyRow, lv: Seen, rv: Seen, then: tuple[Seen, Seen]) -> tuple[bool, bool]:
    """Which of the sides hold something else than then, where both are known."""
    bl, br = then
    if isinstance(lv, NotRead) or isinstance(rv, NotRead):
        return False, False
    left_changed = not isinstance(bl, NotRead) and not row.same_left(lv, bl)
    right_changed = not isinstance(br, NotRead) and not row.same_right(rv, br)
    return left_changed, right_changed


def _unsent_row(
    row: ReadyRow, to: Side, now: tuple[Seen, Seen], around: Around, draft: Draft
) -> None:
    """A value that could not go to a record when that was made: it goes as soon as it can, where
    neither side has been edited since. What its system has put there meanwhile is nobody's edit."""
    lv, rv = now
    if unread(row, lv, rv, draft=draft) or isinstance(lv, NotRead) or isinstance(rv, NotRead):
        return
    why = "it could not go when the record was made"
    if to == "right":
        draft.agree(row.key, NOT_READ, rv)
        carry(row, to, lv, rv, around, draft, why)
    else:
        draft.agree(row.key, lv, NOT_READ)
        carry(row, to, rv, lv, around, draft, why)


def _moved_on(row: ReadyRow, now: tuple[Seen, Seen], then: tuple[Seen, Seen]) -> bool:
    """Whether two who met in a newer row have changed since in what it brings over: that flows
    also where a backfill is asked for, as at any run before it."""
    left_changed, right_changed = _changed(row, *now, then)
    to_right = left_changed and row.push_later
    return to_right or (right_changed and row.pull_later)


def _why(flow: Ready, winner: Side, both: bool) -> str:
    return f"both sides changed, {_system(flow, winner)} wins" if both else "changed"


def _system(flow: Ready, side: Side) -> str:
    return (flow.flow.end(side)).system


# ---- two records that have just found each other --------------------------------------------


def _first_link(flow: Ready, left: Values, right: Values, around: Around) -> Decision:
    """Blanks are filled as arrows point; differing values follow `prefer`, else are listed."""
    if not (flow.flow.users or flow.flow.identity or around.brought):
        acting = [one for one in flow.moves if around.acts(one.move)]
        if not acting:
            waits = any(not one.move.enrich for one in flow.moves)
            return Decision("wait", rule=_any_rule(flow)) if waits else NOTHING
        rule = acting[0].move.rule
    else:
        acting, rule = [], _any_rule(flow)
    draft = Draft(_stops(flow, around))
    enriches = any(one.move.enrich for one in acting)
    alone = all(one.move.enrich for one in acting)

    def judge(row: ReadyRow, lv: Seen, rv: Seen, into: Draft) -> None:
        if enriches:
            _enriched_row(flow, row, (lv, rv), alone, around, into)
        else:
            _first_row(flow, row, lv, rv, around, into)

    def fill_in() -> None:
        if not (enriches and alone):
            fill(flow, left, right, None, around, draft)

    _each_row(flow, left, right, draft, judge, fill_in)
    for infer in flow.infers:
        infer_to(infer, left, right, None, around, draft)
    return _finish("link", flow, draft, rule, reason=around.match.text)


def _first_row(
    flow: Ready,
    row: ReadyRow,
    lv: Seen,
    rv: Seen,
    around: Around,
    draft: Draft,
    when: str = "at the first link",
) -> None:
    if unread(row, lv, rv, draft=draft) or isinstance(lv, NotRead) or isinstance(rv, NotRead):
        if isinstance(lv, Failed) and not isinstance(rv, NotRead):
            draft.agree(row.key, None, rv)
        elif isinstance(rv, Failed) and not isinstance(lv, NotRead):
            draft.agree(row.key, lv, None)
        return
    way = _first_way(row, lv, rv, around)
    if way is None or way == "nobody's":
        if way:
            draft.problems.append(conflict(row, lv, rv))
        draft.agree(row.key, lv, rv)
        return
    why = f"blank was filled {when}"
    if lv is not None and rv is not None:
        why = f"differed {when}, {_system(flow, other(way))} wins"
    begin(row, way, lv, rv, around, draft, why)


def _first_way(
    row: ReadyRow, lv: Value, rv: Value, around: Around
) -> Side | Literal["nobody's"] | None:
    """The side to which a value goes at the first link; None where both stay as they are, nobody's
    where a person has to say which one stands."""
    if lv is None and rv is not None and row.pull_later:
        return "left"
    if rv is None and lv is not None and row.push_later:
        return "right"
    if lv is None or rv is None or row.row.when_blank or equal(row, lv, rv, around):
        return None
    winner = _first_winner(row)
    if winner is None:
        return "nobody's"
    if winner == "left":
        return "right" if row.push_later else None
    return "left" if row.pull_later else None


def _first_winner(row: ReadyRow) -> Side | None:
    """Whose value stands at the first link where both have one; None: nobody's, it is listed."""
    if row.row.prefer is not None and row.row.prefer != "latest":
        return row.row.prefer
    return "left" if not row.pulls else "right" if not row.pushes else None


def _enriched_row(
    flow: Ready,
    row: ReadyRow,
    now: tuple[Seen, Seen],
    alone: bool,
    around: Around,
    draft: Draft,
) -> None:
    """A right record is enriched: its blanks are filled, and what stands there stays. To the left
    goes what another rule would bring there; `alone`: there is none."""
    lv, rv = now
    if isinstance(lv, NotRead) or isinstance(rv, NotRead):
        _first_row(flow, row, lv, rv, around, draft)
    elif rv is None and lv is not None and row.pushes:
        fill_blank(row, lv, around, draft)
    elif alone or (lv is not None and rv is not None and _first_winner(row) == "left"):
        draft.agree(row.key, lv, rv)
    else:
        _first_row(flow, row, lv, rv, around, draft)


def _filling_row(
    flow: Ready,
    row: ReadyRow,
    now: tuple[Seen, Seen],
    then: Value,
    around: Around,
    draft: Draft,
) -> None:
    """A row whose blank on the right was to be filled from `then`, which did not arrive: it is
    filled still, unless somebody has filled it meanwhile; from then on it is a row like others."""
    lv, rv = now
    if rv is None and lv is not None and not isinstance(lv, NotRead):
        fill_blank(row, lv, around, draft)
    else:
        _later_row(flow, row, now, (then, None), around, draft)


# ---- one record without a partner -----------------------------------------------------------


def _create(flow: Ready, to: Side, source: Values, around: Around) -> Decision:
    """The first rule that makes a record of this one, if it is satisfied from now on."""
    direction = "push" if to == "right" else "pull"
    origin: Side = "left" if to == "right" else "right"
    makers = [one for one in flow.moves if one.move.direction == direction and one.move.create]
    days = any(one.days for one in makers)
    waiting = ""
    for maker in makers:
        if not around.brought and not maker.holds(
            lambda get: around.get(origin, get), around.today
        ):
            continue
        if around.acts(maker.move):
            return _held(flow, to, around) or _new(flow, to, source, around, maker)
        waiting = waiting or maker.move.rule
    if waiting:
        return Decision("wait", rule=waiting)
    if around.brought and flow.rows and flow.flow.brings:
        return _new(flow, to, source, around, None)
    return Decision("nothing", look_again=days) if days else NOTHING


def _held(flow: Ready, to: Side, around: Around) -> Decision | None:
    """What is decided where nothing may be created now."""
    stop = _stops(flow, around).get(to)
    if stop is None:
        return None
    return Decision("nothing", stopped=stop.move.rule, look_again=stop.stop_days)


def _new(
    flow: Ready, to: Side, source: Values, around: Around, maker: ReadyMove | None
) -> Decision:
    draft = Draft()
    made = draft.right if to == "right" else draft.left
    stood_in = ""
    for row in flow.rows:
        given = (row.left if to == "right" else row.right)(source)
        target = row.row.field(to)
        if unread(row, given, draft=draft) or isinstance(given, NotRead):
            if not isinstance(given, Failed):
                continue
            given = None
        if not (row.pushes if to == "right" else row.pulls):
            half = (given, NOT_READ) if to == "right" else (NOT_READ, given)
            draft.agree(row.key, *half)
            continue
        moved = move(row, to, given, around, draft)
        after = moved if isinstance(moved, Coming) else None if moved.code else moved.value
        if isinstance(moved, Moved) and moved.code and moved.code != "nowhere":
            draft.problems.append(problem(row, to, moved))
            if row.push_later if to == "right" else row.pull_later:
                mark = unsent(row.key)
                draft.agree(mark, *((given, NOT_READ) if to == "right" else (NOT_READ, given)))
        if isinstance(moved, Moved) and moved.code == "nowhere" and "user" in row.row.convert:
            owner = row.row.field(other(to))
            stood_in = f"; its {owner} has no active counterpart"
        if after is None:
            after = _default(row, to, around)
        if after is None:
            # A reference that leads nowhere yet is remembered as blank, so that it flows later.
            blank: Value = None if row.row.through else given
            if to == "right":
                draft.agree(row.key, blank, NOT_READ)
            else:
                draft.agree(row.key, NOT_READ, blank)
            continue
        agreed = after if not isinstance(after, Coming) else None
        agree = (given, agreed) if to == "right" else (agreed, given)
        made.append(Change(target, None, after, row.row.rule, place(row), row.key, agree, to))
    fill_new(flow, to, source, around, draft)
    for infer in flow.infers:
        value = inferred(infer, around) if infer.infer.side == to else None
        if value is not None:
            write(infer, None, value, draft)
    if maker and maker.move.source and maker.move.source[0] not in {one.field for one in made}:
        name, text = maker.move.source
        reason = f"{maker.move.place.file}:{maker.move.place.line}"
        made.append(Change(name, None, text, maker.move.rule, reason, "", (None, None), to))
    rule = maker.move.rule if maker else _any_rule(flow)
    if draft.needs:
        return Decision("need", needs=tuple(draft.needs), rule=rule)
    if flow.flow.activity and not somebody(flow, to, [one.field for one in made]):
        return Decision("nothing", rule=rule, reason="nobody it is about is known yet", waits=True)
    reason = "brought along" if around.brought else f"{rule} is satisfied"
    reason += stood_in
    return _finish("create", flow, draft, rule, side=to, reason=reason)


def _default(row: ReadyRow, to: Side, around: Around) -> Value:
    default = row.row.default
    if default is not None and row.row.through:
        return around.user(row, to, str(default)) or None
    return default


def _no_guess(flow: Ready, to: Side, around: Around) -> Decision:
    """Several candidates, or one that another record holds: never a guess."""
    direction = "push" if to == "right" else "pull"
    # What is only looked up is told where the rule itself stands.
    written = [one for one in flow.moves if not one.move.implied]
    wanted = any(
        (one.move.direction == direction or one.move.enrich) and around.acts(one.move)
        for one in (written and flow.moves)
    )
    if flow.flow.users or not (around.brought or wanted):
        return NOTHING
    rule = _any_rule(flow)
    named = sorted(flow.moves, key=lambda one: one.move.rule != rule)
    place = named[0].move.place if named else None
    code = "ambiguous-match" if around.match.kind == "several" else "match-taken"
    where = f"{place.file}:{place.line}" if place else ""
    found = around.match
    told = Problem(code, found.text, rule, where, shared=found.about)
    return Decision("nothing", problems=(told,))


# ---- values ---------------------------------------------------------------------------------


def _finish(
    action: Literal["link", "update", "create"],
    flow: Ready,
    draft: Draft,
    rule: str,
    *,
    side: Side = "right",
    reason: str = "",
) -> Decision:
    if draft.needs:
        return Decision("need", needs=tuple(draft.needs), rule=rule)
    changed = draft.left or draft.right
    nothing = action == "update" and not changed
    return Decision(
        "nothing" if nothing else action,
        side,
        rule or ("" if nothing else (draft.right or draft.left)[0].rule),
        reason,
        tuple(draft.left),
        tuple(draft.right),
        (draft.agree_left, draft.agree_right),
        problems=tuple(draft.problems),
        look_again=draft.stopped is not None and draft.stopped.stop_days,
        asks=tuple(draft.asks),
        stopped=draft.stopped.move.rule if draft.stopped else "",
    )


def _any_rule(flow: Ready) -> str:
    return flow.push_rule or flow.pull_rule or f"map {flow.flow.left.object}"
