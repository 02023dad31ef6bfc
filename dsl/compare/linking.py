"""Which pairs are linked and how their records find each other, and what follows once they have.

Here is what rules say about a pair as a whole, compared as it stands: match keys and tie-breakers,
which ways changes flow, enriching, stand-ins, what follows a deletion, how often. Conditions are
compared in `acting.py`, rows in `writing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..rules import GuardRule, Key, MoveRule, PairRules, Place, RuleSet, StandIn, TestRule, Tie
from .model import Detail, Difference, Kind, Records
from .setting import Setting
from .writing import flows, targets

Directions = tuple[Literal["push", "pull"], ...]
BOTH: Directions = ("push", "pull")


def linking(
    setting: Setting, pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    """The differences in what is linked, and in all that is said about links."""
    was, now = links(old), links(new)
    if was and now:
        yield from _match(pair, old, new)
        yield from _every(pair, old, new)
    elif was or now:
        yield _linked(pair, old, new)
    for direction in BOTH:
        yield from _flow(pair, direction, old, new)
        yield from _aside(pair, direction, old, new)
    yield from _enriched(pair, old, new)


def links(pair: PairRules | None) -> bool:
    """Whether some rule links records of this pair."""
    return pair is not None and bool(pair.moves or pair.infers or pair.enriches)


# ---- links


def _linked(pair: tuple[str, str], old: PairRules | None, new: PairRules | None) -> Difference:
    some = new if links(new) else old
    assert some is not None
    gone = some is not new
    rule, place = _first(some)
    keys = _keys(some)
    return Difference(
        "not-linked" if gone else "linked",
        f"{pair[0]} with {pair[1]}",
        rule,
        before=place if gone else None,
        after=None if gone else place,
        details=(Detail("match on", keys if gone else "", "" if gone else keys),) if keys else (),
        records=Records("left", pair[0], *pair),
    )


def _match(
    pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    assert old is not None and new is not None
    details = []
    if _needed(old.keys) != _needed(new.keys):
        details.append(Detail("match on", _keys(old) or "nothing", _keys(new) or "nothing"))
    if old.ties != new.ties:
        details.append(Detail("of several", _ties(old.ties), _ties(new.ties)))
    if details:
        rule, place = _first(new)
        yield Difference(
            "match",
            f"{pair[0]} with {pair[1]}",
            rule,
            before=_first(old)[1],
            after=place,
            details=tuple(details),
        )


def _needed(keys: tuple[Key, ...]) -> list[frozenset[tuple[str, str]]]:
    """The keys without those that ask for no less than one before them."""
    found: list[frozenset[tuple[str, str]]] = []
    for key in keys:
        pairs = frozenset(key.pairs)
        if not any(one <= pairs for one in found):
            found.append(pairs)
    return found


def _keys(pair: PairRules) -> str:
    shown = [
        " and ".join(left if left == right else f"{left} = {right}" for left, right in key.pairs)
        for key in pair.keys
    ]
    return ", else ".join(shown)


def _ties(ties: tuple[Tie, ...]) -> str:
    words = {"oldest": "oldest first", "newest": "newest first"}
    shown = []
    for tie in ties:
        field = tie.left or tie.right
        most = f"most {field.partition('.')[0]} first"
        shown.append(words.get(tie.kind) or (most if tie.kind == "most" else f"same {field} first"))
    return ", ".join(shown) or "none"


def _first(pair: PairRules) -> tuple[str, Place | None]:
    """The rule that a pair is known by, and where it stands."""
    moves = sorted(pair.moves, key=lambda one: (one.place, one.name))
    if moves:
        return moves[0].name, moves[0].place
    if pair.enriches:
        return pair.enriches[0].name, pair.enriches[0].place
    if pair.infers:
        return f"infer {pair.infers[0].object} {pair.infers[0].field}", pair.infers[0].place
    return f"map {pair.left} with {pair.right}", None


# ---- what flows, and what goes along


def _flow(
    pair: tuple[str, str],
    direction: Literal["push", "pull"],
    old: PairRules | None,
    new: PairRules | None,
) -> Iterator[Difference]:
    """`create only`: what was created gets no changes in this direction."""
    was, now = flows(old, direction), flows(new, direction)
    side: Literal["left", "right"] = "right" if direction == "push" else "left"
    if was == now or not (targets(old, side) and targets(new, side)):
        return
    words = {True: "flow to what is linked", False: "stay where they are: create only"}
    moves = _moves(new, direction) or _moves(old, direction)
    source, target = pair if direction == "push" else (pair[1], pair[0])
    yield Difference(
        "flow",
        f"{source} to {target}",
        moves[0].name,
        before=next((one.place for one in _moves(old, direction)), None),
        after=next((one.place for one in _moves(new, direction)), None),
        details=(Detail("changes", words[was], words[now]),),
        records=Records("left" if direction == "push" else "right", source, *pair),
    )


def _aside(
    pair: tuple[str, str],
    direction: Literal["push", "pull"],
    old: PairRules | None,
    new: PairRules | None,
) -> Iterator[Difference]:
    """What stands in for references, what follows an end, and who else comes along."""
    before, after = _moves(old, direction), _moves(new, direction)
    source, target = pair if direction == "push" else (pair[1], pair[0])
    kinds: tuple[tuple[Kind, dict[str, tuple[str, Place]], dict[str, tuple[str, Place]], str], ...]
    kinds = (
        ("stand-in", _stand_ins(before), _stand_ins(after), target),
        ("event", _events(before), _events(after), f"{source} to {target}"),
        ("people", _people(before), _people(after), f"people of {source}"),
    )
    for kind, was, now, title in kinds:
        for key in dict.fromkeys([*was, *now]):
            one, two = was.get(key), now.get(key)
            if (one and one[0]) == (two and two[0]):
                continue
            yield Difference(
                kind,
                f"{title}.{key}" if kind == "stand-in" else title,
                (after or before)[0].name,
                before=one[1] if one else None,
                after=two[1] if two else None,
                details=(
                    Detail(
                        "by" if kind == "stand-in" else key,
                        one[0] if one else "",
                        two[0] if two else "",
                    ),
                ),
            )


def _moves(pair: PairRules | None, direction: str) -> tuple[MoveRule, ...]:
    moves = sorted(pair.moves if pair else (), key=lambda one: (one.place, one.name))
    return tuple(one for one in moves if one.direction == direction)


def _stand_ins(moves: tuple[MoveRule, ...]) -> dict[str, tuple[str, Place]]:
    found: dict[str, tuple[str, Place]] = {}
    for move in moves:
        for one in move.stand_ins:
            found.setdefault(one.field, (_stand_in(one), one.place))
    return found


def _stand_in(one: StandIn) -> str:
    ties = f", {_ties(one.ties)}" if one.ties else ""
    return f"{one.object}.{one.key} = domain of {one.source}{ties}"


def _events(moves: tuple[MoveRule, ...]) -> dict[str, tuple[str, Place]]:
    found: dict[str, tuple[str, Place]] = {}
    for move in moves:
        for one in move.events:
            words = f'mark {one.field} "{one.text}"' if one.action == "mark" else one.action
            found.setdefault(f"on {one.on}", (words, one.place))
    return found


def _people(moves: tuple[MoveRule, ...]) -> dict[str, tuple[str, Place]]:
    first = next((one for one in moves if one.add_people), None)
    return {} if first is None else {"unknown people": ("are added", first.place)}


def _enriched(
    pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    before = {one.existing: one for one in (old.enriches if old else ())}
    after = {one.existing: one for one in (new.enriches if new else ())}
    for existing in (False, True):
        was, now = before.get(existing), after.get(existing)
        rule = now or was
        if rule is None or (was is not None and now is not None):
            continue
        yield Difference(
            "enriched" if now else "not-enriched",
            f"{'existing' if existing else 'new'} {pair[1]} with {pair[0]}",
            rule.name,
            before=was.place if was else None,
            after=now.place if now else None,
        )


# ---- how often


def _every(
    pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    """Times that both have and that differ; those of a rule that is new or gone go with it."""
    before, after = _times(old), _times(new)
    for title in sorted(before.keys() & after.keys()):
        (was, rule, place), (now, name, there) = before[title], after[title]
        if was != now:
            detail = Detail("every", _minutes(was), _minutes(now))
            yield Difference("every", title, name or rule, place, there, (detail,))


def _times(pair: PairRules | None) -> dict[str, tuple[int, str, Place | None]]:
    if pair is None:
        return {}
    found: dict[str, tuple[int, str, Place | None]] = {}
    if pair.moves:
        rule, place = _first(pair)
        found[f"{pair.left} with {pair.right}"] = (pair.every, rule, place)
    for infer in pair.infers:
        name = f"infer {infer.object} {infer.field}"
        found[f"{infer.object}.{infer.field}"] = (infer.every, name, infer.place)
    for one in pair.enriches:
        words = "existing" if one.existing else "new"
        found[f"{words} {pair.right} with {pair.left}"] = (one.every, one.name, one.place)
    return found


def _minutes(minutes: int) -> str:
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


# ---- what a set says as a whole


def guarding(setting: Setting, old: RuleSet | None, new: RuleSet | None) -> Iterator[Difference]:
    """Guards that are new, gone or wider: of several about the same, the narrowest counts."""
    before, after = _guards(old), _guards(new)
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None and was.number == now.number:
            continue
        rule = now or was
        assert rule is not None
        side, of, what, per, _ = key
        where = f"{setting.system(side)} {of}" if of != setting.system(side) else of
        yield Difference(
            "guard",
            f"{where} {what} per {per}",
            "guard",
            before=was.place if was else None,
            after=now.place if now else None,
            details=(Detail("at most", _limit(was), _limit(now)),),
        )


_GuardKey = tuple[Literal["left", "right"], str, str, str, bool]


def _guards(rules: RuleSet | None) -> dict[_GuardKey, GuardRule]:
    found: dict[_GuardKey, GuardRule] = {}
    for one in rules.guards if rules else ():
        for side in one.sides:
            key = (side, one.of, one.what, one.per, one.percent)
            if key not in found or one.number < found[key].number:
                found[key] = one
    return found


def _limit(guard: GuardRule | None) -> str:
    return "" if guard is None else f"{guard.number:,g}{'%' if guard.percent else ''}"


def testing(
    old: RuleSet | None, new: RuleSet | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The names of test blocks that are new, gone, and changed."""
    before = {one.name: _said(one) for one in (old.tests if old else ())}
    after = {one.name: _said(one) for one in (new.tests if new else ())}
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    return (
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(changed)),
    )


def _said(test: TestRule) -> object:
    """What a test says, wherever it stands and however it is laid out."""
    steps = [(one.kind, one.record, one.by) for one in test.steps]
    expects = [
        (one.kind, one.record, one.side, one.object, one.field, one.by) for one in test.expects
    ]
    return test.day, steps, expects
