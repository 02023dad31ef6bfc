"""Rules to plan: the same rules give the same plan, to the byte.

`PASSES` is the design: each pass takes a draft and gives a fuller one, and none looks at a record.
What the rules say is `dsl/rules.py`, what comes out is `model.py`; which fields, watches and
indexes the rules need is worked out in `needs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ...connectors.base.contract import Read
from ...connectors.base.schema import Object, Schema
from ...dsl import rules as typed
from ...dsl.rules import EnrichRule, MoveRule, PairRules, RowRule, RuleSet, Side
from ...errors import SyncrulesError
from .model import Author, Editor, End, Flow, Index, Move, People, Plan, Row, StandIn, Tie, Watch
from .needs import (
    Need,
    author_needs,
    authors_of,
    editor_needs,
    editors_of,
    every_of,
    flow_name,
    indexes_of,
    layout,
    looks_of,
    needs_of,
    parts_of,
    reads_of,
    sights_of,
    sources_of,
    sweeps_of,
    watches_of,
)
from .order import needed_first
from .plain import NO_MEANING, canonical, fingerprint

_TRANSLATED = ("reference", "user")
"""Conversions that go through the links of another flow."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan in the making: the rules it comes from, and what the passes so far have found."""

    rules: RuleSet
    schemas: Mapping[Side, Schema]
    flows: tuple[Flow, ...] = ()
    needs: tuple[Need, ...] = ()
    reads: tuple[Read, ...] = ()
    watches: tuple[Watch, ...] = ()
    indexes: tuple[Index, ...] = ()
    personal: Collection[str] = ()
    authors: tuple[Author, ...] = ()
    editors: tuple[Editor, ...] = ()


def compile(
    rules: RuleSet,
    schemas: Mapping[str, Schema],
    zone: str = "UTC",
    free_mail: Collection[str] = (),
    team: Collection[str] = (),
    personal: Collection[str] = (),
) -> Plan:
    """The plan of one rule set. `schemas` are those the rules were checked against, by system;
    `zone` is the team's time zone (an IANA name); `free_mail` free-mail domains besides the
    well-known ones; `team` the team's own domains; `personal` are the systems in which people have
    linked logins of their own."""
    sides: Mapping[Side, Schema] = {"left": schemas[rules.left], "right": schemas[rules.right]}
    draft = Draft(rules, sides, personal=personal)
    for one in PASSES:
        draft = one(draft)
    sweeps = sweeps_of(draft.flows, draft.schemas)
    return Plan(
        rules.left,
        rules.right,
        draft.reads,
        draft.flows,
        draft.watches,
        draft.indexes,
        zone,
        tuple(sorted(rules.guards, key=lambda one: one.place)),
        tuple(sorted({one.strip().lower() for one in free_mail})),
        tuple(sorted({one.strip().lower() for one in team})),
        sweeps,
        draft.authors,
        sights_of(draft.flows, draft.schemas),
        draft.editors,
        parts_of(draft.reads, schemas, sweeps),
    )


def _rules_in_order(draft: Draft) -> Draft:
    """Files come in any order; rules count by path and line."""
    pairs = (
        replace(
            pair,
            moves=tuple(sorted(pair.moves, key=lambda one: (one.place, one.name))),
            rows=tuple(sorted(pair.rows, key=lambda one: (one.place, one.left, one.right))),
            infers=tuple(sorted(pair.infers, key=lambda one: (one.place, one.field))),
            enriches=tuple(sorted(pair.enriches, key=lambda one: (one.place, one.name))),
        )
        for pair in draft.rules.pairs
    )
    in_order = tuple(sorted(pairs, key=lambda one: (one.left, one.right)))
    return replace(draft, rules=replace(draft.rules, pairs=in_order))


def _a_flow_for_each_pair(draft: Draft) -> Draft:
    """What all rules say about two objects is one flow, with one link between two records."""
    return replace(draft, flows=tuple(_flow(pair, draft) for pair in draft.rules.pairs))


def _references_through_links(draft: Draft) -> Draft:
    """A reference row names the flow whose links translate it, and that flow is a parent."""
    return replace(draft, flows=tuple(_with_references(flow, draft) for flow in draft.flows))


def _one_thing_once(draft: Draft) -> Draft:
    """Flows whose records are one thing (a person is a Lead or a Contact) know of each other."""
    return replace(
        draft,
        flows=tuple(replace(one, siblings=_siblings(one, draft)) for one in draft.flows),
    )


def _what_people_did(draft: Draft) -> Draft:
    """Activities know whom they are with, and a task and the call it led to know of each other,
    since they are one."""
    flows = (_counting_once(one, draft) for one in draft.flows)
    return replace(draft, flows=tuple(replace(one, people=_people(one, draft)) for one in flows))


def _parents_first(draft: Draft) -> Draft:
    """Users, then what others refer to, then the rest; each after its parents."""
    flows = {one.name: one for one in draft.flows}
    parents = {one.name: one.parents for one in draft.flows}
    referred = {name for one in draft.flows for name in one.parents}
    given = sorted(flows, key=lambda one: (not flows[one].users, one not in referred, one))
    return replace(draft, flows=tuple(flows[one] for one in needed_first(given, parents)))


def _how_often(draft: Draft) -> Draft:
    """Each flow at the shortest period of its rules, with all that has to be looked at for it."""
    systems: dict[Side, str] = {"left": draft.rules.left, "right": draft.rules.right}
    every = every_of(draft.rules, draft.flows)
    flows = tuple(replace(one, every=every[one.name]) for one in draft.flows)
    looks = looks_of(draft.rules, flows, systems)
    return replace(draft, flows=tuple(replace(one, looks=looks[one.name]) for one in flows))


def _only_what_is_needed(draft: Draft) -> Draft:
    """The fields that some rule needs, those that tell whose a change is, and no other."""
    needs = needs_of(draft.rules, draft.flows, draft.schemas)
    found = authors_of(draft.flows, draft.schemas, draft.personal, needs)
    more = dict.fromkeys([*needs, *author_needs(found, needs)])
    authors = tuple(one for each in found.values() for one in each)
    told = editors_of(draft.flows, draft.schemas, more)
    editors = tuple(one for each in told.values() for one in each)
    more |= dict.fromkeys(editor_needs(told, more))
    return replace(draft, needs=tuple(more), authors=authors, editors=editors)


def _one_read_an_object(draft: Draft) -> Draft:
    """However many rules look at an object, it is read once."""
    return replace(draft, reads=reads_of(draft.needs, draft.flows, draft.schemas))


def _layouts(draft: Draft) -> Draft:
    """Both ends of a flow store values in the order in which they are read."""
    reads = {(one.system, one.object): one for one in draft.reads}

    def laid_out(end: End, side: Side) -> End:
        read = reads[end.system, end.object]
        return replace(end, fields=layout(read, draft.schemas[side]))

    return replace(
        draft,
        flows=tuple(
            replace(one, left=laid_out(one.left, "left"), right=laid_out(one.right, "right"))
            for one in draft.flows
        ),
    )


def _what_depends_on_what(draft: Draft) -> Draft:
    """A change of a related record makes those dirty whose rules look at it."""
    systems: dict[Side, str] = {"left": draft.rules.left, "right": draft.rules.right}
    return replace(draft, watches=watches_of(draft.flows, systems))


def _look_ups(draft: Draft) -> Draft:
    """Match keys and references are kept by value."""
    return replace(draft, indexes=indexes_of(draft.flows, draft.watches, draft.schemas))


def _fingerprints(draft: Draft) -> Draft:
    """What a flow means, in sixteen digits; where its rules stand and how they are laid out does
    not count."""
    return replace(
        draft, flows=tuple(replace(one, fingerprint=_meaning(one)) for one in draft.flows)
    )


PASSES: tuple[Callable[[Draft], Draft], ...] = (
    _rules_in_order,
    _a_flow_for_each_pair,
    _references_through_links,
    _one_thing_once,
    _what_people_did,
    _parents_first,
    _how_often,
    _only_what_is_needed,
    _one_read_an_object,
    _layouts,
    _what_depends_on_what,
    _look_ups,
    _fingerprints,
)
"""What compiling does, in order."""


def _flow(pair: PairRules, draft: Draft) -> Flow:
    moves = [_move(one) for one in pair.moves]
    activity = _is_activity(pair, draft)
    if not moves:
        moves += _looking(pair, draft)
    if not (activity or any(one.direction == "pull" for one in moves)):
        named = [(one.rule, one.place) for one in moves]
        # What is inferred needs links, also where no other rule asks for them.
        named = named or [(one.text, one.place) for one in pair.infers]
        moves += [
            Move(rule, place, "pull", None, create=False, update=True, implied=True)
            for rule, place in named
        ]
    moves += [_enrich(one) for one in pair.enriches]
    users = _object(draft, "left", pair.left).thing == "user"
    return Flow(
        name=flow_name(pair),
        left=_end(draft, "left", pair.left),
        right=_end(draft, "right", pair.right),
        keys=pair.keys,
        moves=tuple(moves),
        rows=tuple(_row(one) for one in pair.rows),
        infers=pair.infers,
        users=users,
        identity=not (users or moves or pair.rows) and _is_met(pair, draft),
        ties=_ties(pair.ties),
        activity=activity,
    )


def _end(draft: Draft, side: Side, name: str) -> End:
    system = draft.rules.left if side == "left" else draft.rules.right
    return End(system, name, (), _object(draft, side, name).deletable)


def _is_activity(pair: PairRules, draft: Draft) -> bool:
    ends = (_object(draft, "left", pair.left), _object(draft, "right", pair.right))
    return all(one.thing == "activity" for one in ends)


def _looking(pair: PairRules, draft: Draft) -> list[Move]:
    """What comes with a rule that makes the same thing of the same records: who is a Contact is
    linked as one, and no Lead is made."""
    return [
        Move(each.name, each.place, each.direction, None, create=False, update=True, implied=True)
        for one in draft.rules.pairs
        if one is not pair
        for each in one.moves
        if (each.direction == "push" or each.visible)
        and _same_thing(one, pair, each.direction, draft)
    ]


def _same_thing(one: PairRules, other: PairRules, direction: str, draft: Draft) -> bool:
    """Whether records of the same object become the same thing in both pairs."""
    if direction == "push":
        same, side, a, b = one.left == other.left, "right", one.right, other.right
    else:
        same, side, a, b = one.right == other.right, "left", one.left, other.left
    at: Side = "right" if side == "right" else "left"
    things = {_object(draft, at, a).thing, _object(draft, at, b).thing}
    return same and len(things) == 1 and not things & {"", "user", "activity"}


def _is_met(pair: PairRules, draft: Draft) -> bool:
    """Whether records that rules move refer to the objects of a pair."""
    return any(
        "reference" in row.convert and _leads(one, row, pair, draft)
        for one in draft.rules.pairs
        if one.moves
        for row in one.rows
    )


def _leads(pair: PairRules, row: RowRule, to: PairRules, draft: Draft) -> bool:
    """Whether the two references of a row lead to the objects of another pair."""
    left = _object(draft, "left", pair.left).by_name[row.left]
    right = _object(draft, "right", pair.right).by_name[row.right]
    return to.left in left.references and to.right in right.references


def _move(rule: MoveRule) -> Move:
    """A pull that nobody made visible creates nothing."""
    create = rule.create and (rule.direction == "push" or rule.visible)
    return Move(
        rule.name,
        rule.place,
        rule.direction,
        rule.when,
        create=create,
        update=rule.update,
        source=rule.source,
        stop=rule.stop,
        stand_ins=tuple(_stand_in(rule, one) for one in rule.stand_ins),
        events=rule.events,
        add_people=rule.add_people,
    )


def _stand_in(move: MoveRule, rule: typed.StandIn) -> StandIn:
    return StandIn(
        rule.place,
        rule.text,
        "right" if move.direction == "push" else "left",
        rule.field,
        rule.object,
        rule.key,
        rule.source,
        _ties(rule.ties),
    )


def _ties(ties: tuple[typed.Tie, ...]) -> tuple[Tie, ...]:
    return tuple(Tie(one.kind, one.left, one.right) for one in ties)


def _enrich(rule: EnrichRule) -> Move:
    return Move(
        rule.name,
        rule.place,
        "push",
        None,
        create=False,
        update=True,
        enrich="existing" if rule.existing else "new",
    )


def _row(rule: RowRule) -> Row:
    return Row(
        rule=rule.called,
        place=rule.place,
        text=rule.text,
        left=rule.left,
        right=rule.right,
        direction=rule.direction,
        convert=rule.convert,
        constant=rule.constant,
        template=rule.template,
        reads=rule.reads,
        prefer=rule.prefer,
        when_blank=rule.when_blank,
        default=rule.default,
        table=rule.table,
        ask=rule.ask,
        truncate=rule.truncate,
        clear=rule.clear,
    )


def _with_references(flow: Flow, draft: Draft) -> Flow:
    rows = tuple(
        replace(row, through=_through(flow, row, draft))
        if any(one in _TRANSLATED for one in row.convert)
        else row
        for row in flow.rows
    )
    parents = dict.fromkeys(one for row in rows for one in row.through)
    parents.pop(flow.name, None)
    through = {(row.left, row.right): row.through[0] for row in rows if row.through}
    ties = tuple(
        replace(one, through=through.get((one.left, one.right), "")) if one.kind == "same" else one
        for one in flow.ties
    )
    return replace(flow, rows=rows, parents=tuple(sorted(parents)), ties=ties)


def _through(flow: Flow, row: Row, draft: Draft) -> tuple[str, ...]:
    """The flows that link what the reference points to on the left with what it points to on the
    right: several where that may be one or the other (a task's person is a Contact or a Lead)."""
    left = _object(draft, "left", flow.left.object).by_name[row.left].references
    right = _object(draft, "right", flow.right.object).by_name[row.right].references
    found = sorted(
        (_rank(one, draft), one.name)
        for one in draft.flows
        if one.left.object in left
        and one.right.object in right
        and one.users == ("user" in row.convert)
    )
    if not found:
        raise SyncrulesError(
            f"{row.left} and {row.right} can't be translated into each other",
            why=f"no pair of objects links {' or '.join(left)} with {' or '.join(right)}",
            fix=f"map those two objects, or take the row at {row.place.file}:{row.place.line} out",
        )
    return tuple(name for _, name in found)


def _siblings(flow: Flow, draft: Draft) -> tuple[str, ...]:
    alike = [one for one in draft.flows if one is flow or _alike(flow, one, draft)]
    return tuple(one.name for one in sorted(alike, key=lambda one: (_rank(one, draft), one.name)))


def _alike(one: Flow, two: Flow, draft: Draft) -> bool:
    """The same object on one side, the same thing on the other."""
    if one.left.object == two.left.object:
        a, b = (_object(draft, "right", flow.right.object).thing for flow in (one, two))
    elif one.right.object == two.right.object:
        a, b = (_object(draft, "left", flow.left.object).thing for flow in (one, two))
    else:
        return False
    return a == b and a not in ("", "user")


def _people(flow: Flow, draft: Draft) -> tuple[People, ...]:
    """What the address of an activity leads to, on the sides that others are made of."""
    found: list[People] = []
    for side in sources_of(flow) if flow.activity else ():
        known = draft.schemas[side].by_name
        roles = known[flow.end(side).object].by_role
        address, person = roles.get("address"), roles.get("person")
        if address is None or person is None:
            continue
        called = roles["name"].name if "name" in roles else ""
        for one in (known[name] for name in person.references if name in known):
            through = [
                each
                for row in flow.rows
                if person.name in (row.left, row.right)
                for each in row.through
                if _named(draft, each).end(side).object == one.name
            ]
            keys = [each for each in one.keys if one.by_name[each].format == "email"]
            if through and keys:
                found.append(
                    People(
                        through[0],
                        side,
                        address.name,
                        called,
                        person.name,
                        one.name,
                        keys[0],
                        one.first_last,
                    )
                )
    return tuple(found)


def _named(draft: Draft, flow: str) -> Flow:
    return next(one for one in draft.flows if one.name == flow)


def _counting_once(flow: Flow, draft: Draft) -> Flow:
    """What left records that are pushed came of is told by the reference to another activity."""
    if not flow.activity:
        return flow
    pushed = [
        one
        for one in draft.flows
        if one.activity and any(move.direction == "push" and move.create for move in one.moves)
    ]
    if flow not in pushed:
        return flow
    led = [
        (one.left.object, field.name)
        for one in pushed
        for field in _object(draft, "left", one.left.object).fields
        if flow.left.object in field.references
    ]
    leads = [
        (one.name, field.name)
        for field in _object(draft, "left", flow.left.object).fields
        for one in pushed
        if one.left.object in field.references
    ]
    return replace(flow, led=tuple(dict.fromkeys(led)), leads=tuple(dict.fromkeys(leads)))


def _rank(flow: Flow, draft: Draft) -> tuple[int, int]:
    left = _object(draft, "left", flow.left.object)
    right = _object(draft, "right", flow.right.object)
    return left.rank, right.rank


def _meaning(flow: Flow) -> str:
    """Moves and keys count in their order (the first one acts), rows and infers without it."""
    moves = [canonical(one, NO_MEANING) for one in flow.moves]
    keys = [canonical(one) for one in flow.keys]
    rows = sorted(canonical(one, NO_MEANING) for one in flow.rows)
    infers = sorted(canonical(one, NO_MEANING) for one in flow.infers)
    marks = [one.text for move in flow.moves for one in move.events]
    parts = (tuple(moves), tuple(keys), tuple(rows), tuple(infers))
    if flow.ties or any(marks):
        return fingerprint(canonical((*parts, canonical(flow.ties), tuple(marks))))
    return fingerprint(canonical(parts))


def _object(draft: Draft, side: Side, name: str) -> Object:
    return draft.schemas[side].by_name[name]
