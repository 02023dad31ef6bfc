"""A frozen dataclass that is made quickly is what the standard library would have made."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field, fields, replace
from typing import Any

import pytest
from syncrules.connectors.base import frozen


def made_by(dataclass: Any) -> Any:
    """One class with a default, a factory, a field that isn't shown and one that isn't compared."""

    @dataclass(frozen=True, slots=True)
    class Some:
        """Some data."""

        name: str
        number: int = 3
        more: list[int] = field(default_factory=list)
        secret: str = field(default="s", repr=False)
        note: str = field(default="", compare=False)

        @property
        def double(self) -> int:
            return self.number * 2

    return Some


OURS, THEIRS = made_by(frozen.dataclass), made_by(dataclasses.dataclass)


def test_it_is_made_shown_and_compared_alike() -> None:
    """With arguments by place and by name, and equal where what is compared is equal."""
    cases: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("a",), {}),
        (("a", 4), {"note": "x"}),
        ((), {"name": "a", "more": [1]}),
        (("b", 3, []), {"secret": "t"}),
    ]
    ours, theirs = ([kind(*a, **b) for a, b in cases] for kind in (OURS, THEIRS))
    assert list(map(repr, ours)) == list(map(repr, theirs))
    for one, other in zip(ours, theirs, strict=True):
        assert [one == each for each in ours] == [other == each for each in theirs]
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert one != other and one.double == other.double
        assert replace(one, number=9) == OURS(one.name, 9, one.more, one.secret, one.note)
        assert copy.deepcopy(one) == one
    assert OURS("a").more is not OURS("a").more
    assert [each.name for each in fields(OURS)] == [each.name for each in fields(THEIRS)]
    assert OURS.__slots__ == THEIRS.__slots__ and OURS.__match_args__ == THEIRS.__match_args__


def test_it_is_frozen_and_has_no_other_attributes() -> None:
    """And refuses arguments it doesn't know."""
    one = OURS("a")
    for name in ("name", "other"):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
            setattr(one, name, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    for wrong in ({}, {"name": "a", "other": 1}):
        with pytest.raises(TypeError):
            OURS(**wrong)


def test_equal_ones_have_one_hash_and_survive_a_pickle() -> None:
    """As keys of dicts and between processes."""
    one, other = Plain("a", (1, 2)), Plain("a", (1, 2))
    assert one == other and hash(one) == hash(other) and len({one, other}) == 1
    assert pickle.loads(pickle.dumps(one)) == one
    assert Plain("a", (1, 2)) != Plain("a", (2, 1))


@frozen.dataclass(frozen=True, slots=True)
class Plain:
    name: str
    numbers: tuple[int, ...]
