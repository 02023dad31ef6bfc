"""Whether what came of a test is what it expects: each expectation met, and no other change.

Compares deeds with expectations and tells differences field by field; carries nothing out and
prints nothing. An expectation lists the fields that matter: others of the same record may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...connectors.base.values import Value
from ...dsl.rules import Expectation, Place, TestRule
from ..run.decision import Change, Coming
from .play import CHANGES, Deed, Played, meant

UNEXPECTED = "no other change"
"""What a test expects of all that it doesn't name."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that isn't as expected. `expected` is None where nothing was; `changed` says
    whether `got` is what was written, and `before` what stood there."""

    field: str
    expected: tuple[Value, ...] | None
    got: Value | Coming
    before: Value = None
    changed: bool = True
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a test fails: `expected` as written, what happened instead, and why."""

    place: Place
    expected: str
    got: str
    differences: tuple[Difference, ...] = ()
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a test. `notes` are what rules could not do and nobody expected: they fail no
    test, and often say why one fails."""

    test: TestRule
    failures: tuple[Failure, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures


def judge(test: TestRule, played: Played) -> Verdict:
    """The verdict on a test that was carried out."""
    wanted = [one for one in test.expects if one.kind != "nothing"]
    met = _met(wanted, played)
    left = [deed for deed in played.deeds if id(deed) not in {id(one) for one in met.values()}]
    failures = []
    for number, one in enumerate(wanted):
        if number in met:
            continue
        near = _nearest(one, left, played)
        if near is None:
            failures.append(_nothing_like(one, left))
        else:
            left.remove(near)
            found = _differences(one, near, played)
            got = f"{_done(near)}, but not so" if near.kind == one.kind else _done(near)
            failures.append(Failure(one.place, one.text, got, found, near.rule, near.reason))
    nothing = next((one for one in test.expects if one.kind == "nothing"), None)
    place = nothing.place if nothing else test.place
    failures += [
        Failure(
            place,
            nothing.text if nothing else UNEXPECTED,
            _done(deed),
            tuple(_unexpected(one) for one in deed.changes),
            deed.rule,
            deed.reason,
        )
        for deed in left
        if deed.kind in CHANGES
    ]
    if not failures:
        return Verdict(test, ())
    notes = tuple(
        dict.fromkeys(
            f"{deed.object}: {deed.reason} ({deed.place})"
            for deed in left
            if deed.kind not in CHANGES
        )
    )
    return Verdict(test, tuple(failures), notes)


def _met(wanted: Sequence[Expectation], played: Played) -> dict[int, Deed]:
    """The deed that meets each expectation, by the expectation's number; each deed meets one."""
    fitting = {
        number: [deed for deed in played.deeds if _meets(one, deed, played)]
        for number, one in enumerate(wanted)
    }
    taken: dict[int, int] = {}
    met: dict[int, Deed] = {}

    def give(number: int, tried: set[int]) -> bool:
        """Finds a deed for an expectation, moving others to another one where that helps."""
        for deed in fitting[number]:
            if id(deed) in tried:
                continue
            tried.add(id(deed))
            holder = taken.get(id(deed))
            if holder is None or give(holder, tried):
                taken[id(deed)] = number
                met[number] = deed
                return True
        return False

    for number in fitting:
        give(number, set())
    return met


def _called(one: Expectation, deed: Deed) -> bool:
    return (one.side, one.object, one.field) in deed.names


def _meets(one: Expectation, deed: Deed, played: Played) -> bool:
    return deed.kind == one.kind and _called(one, deed) and not _differences(one, deed, played)


def _differences(one: Expectation, deed: Deed, played: Played) -> tuple[Difference, ...]:
    """What differs between an expected record and what is written; who writes it, too."""
    found = []
    if one.record is not None:
        changes = {each.field: each for each in deed.changes}
        now = _values(deed, played)
        for name, value in one.record.values:
            expected = meant(value, played.last)
            change = changes.get(name)
            got = change.after if change else now.get(name)
            if not _equal(expected, got):
                found.append(
                    Difference(
                        name,
                        (expected,),
                        got,
                        now.get(name),
                        change is not None,
                        change.rule if change else "",
                        change.reason if change else "",
                    )
                )
        listed = [name for name, _ in one.record.values]
        if not found and deed.kind == "update" and listed and not changes.keys() & set(listed):
            found = [_unexpected(each) for each in deed.changes]
    if one.by and one.by.casefold() != deed.by:
        found.append(Difference("by", (one.by,), deed.by or None, why=deed.reason))
    return tuple(found)


def _values(deed: Deed, played: Played) -> dict[str, Value]:
    """The record before the deed; nothing for one that is made."""
    system = played.memory.ground.systems[deed.side]
    record = played.memory.records.get((system, deed.object), {}).get(deed.id)
    return dict(record.values) if record else {}


def _equal(expected: Value, got: Value | Coming) -> bool:
    return expected == got and isinstance(expected, bool) == isinstance(got, bool)


def _unexpected(change: Change) -> Difference:
    return Difference(
        change.field, None, change.after, change.before, True, change.rule, change.reason
    )


def _nearest(one: Expectation, left: Sequence[Deed], played: Played) -> Deed | None:
    """What was probably meant: of the same kind and object, with the fewest differences; else
    another change of that object."""
    alike = [deed for deed in left if deed.kind == one.kind and _called(one, deed)]
    if alike:
        return min(alike, key=lambda deed: len(_differences(one, deed, played)))
    others = [
        deed
        for deed in left
        if deed.kind in CHANGES and (one.side, one.object, "") in deed.names and one.kind in CHANGES
    ]
    return others[0] if others else None


def _nothing_like(one: Expectation, left: Sequence[Deed]) -> Failure:
    """No such change; where a rule could not do something to that object, that is why."""
    about = [
        deed
        for deed in left
        if deed.kind not in CHANGES and (one.side, one.object, "") in deed.names
    ]
    if about:
        return Failure(
            one.place, one.text, "nothing of the kind", (), about[0].rule,
            f"{about[0].reason} ({about[0].place})" if about[0].place else about[0].reason,
        )  # fmt: skip
    return Failure(one.place, one.text, "nothing of the kind")


_VERBS = {
    "create": "would be created",
    "update": "would be updated",
    "delete": "would be deleted",
    "link": "would be linked",
    "unlink": "would be unlinked",
    "approval": "would wait for approval",
    "conflict": "is a conflict",
    "refusal": "is refused",
}


def _done(deed: Deed) -> str:
    return f"{deed.object} {_VERBS[deed.kind]}"
