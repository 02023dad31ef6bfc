"""The made-up people are the same for every simulator of a seed, and as untidy as real ones.

Nothing here knows what a system makes of them.
"""

from __future__ import annotations

from collections import Counter

import pytest
from syncrules.connectors.base.people import companies, people, slice_for, users


def test_the_sides_share_a_third_of_their_people() -> None:
    """A third of each side's people is known to the other, under one index."""
    left, right = set(slice_for("left", 2700)), set(slice_for("right", 2700))
    assert len(left) == len(right) == 2700
    assert len(left & right) == 900


def test_a_bigger_slice_holds_the_smaller_one() -> None:
    """More records are more of the same world, not another one."""
    small, big = people(1, "right", 50), people(1, "right", 200)
    assert big[:50] == small


@pytest.mark.parametrize("seed", [1, 7])
def test_an_address_is_nobody_elses(seed: int) -> None:
    """One person, one address, on both sides, also where the case differs."""
    holders: dict[str, set[int]] = {}
    for one in [*people(seed, "left", 2000), *people(seed, "right", 2000)]:
        if one.email:
            holders.setdefault(one.email.lower(), set()).add(one.index)
    assert max(len(indices) for indices in holders.values()) == 1


def test_shared_people_agree_but_for_their_spelling() -> None:
    """Both sides have the same person at the same company, typed in twice."""
    left = {one.index: one for one in people(1, "left", 900)}
    pairs = [(left[one.index], one) for one in people(1, "right", 900) if one.index in left]
    assert all(a.email.lower() == b.email.lower() for a, b in pairs)
    assert all(a.company == b.company for a, b in pairs)
    assert any(a.email != b.email for a, b in pairs)
    assert any(a.phone != b.phone for a, b in pairs)


def test_people_are_untidy() -> None:
    """Blank and free-mail addresses, capitals, outer blanks, accents, several spellings."""
    them = people(1, "left", 900)
    assert any(not one.email for one in them)
    assert any(one.email.endswith("@gmail.com") for one in them)
    assert any(one.email.isupper() for one in them)
    assert any(one.first != one.first.strip() or one.last != one.last.strip() for one in them)
    assert any(not one.last.isascii() for one in them)
    starts = {one.phone[:1] for one in them if one.phone}
    assert {"+", "(", "0"} <= starts
    full = Counter((one.first.strip(), one.last.strip()) for one in them)
    assert full.most_common(1)[0][1] > 1


def test_companies_have_a_domain_of_their_own() -> None:
    """Nobody's domain is another's, and none is a real one."""
    firms = companies(1, people(1, "left", 900))
    assert len({one.domain for one in firms}) == len(firms)
    assert all(one.domain.endswith(".example") and one.domain in one.website for one in firms)


def test_one_of_our_own_staff_has_left() -> None:
    """There are a few users, with an address each, and the last is inactive."""
    staff = users(1)
    assert [one.active for one in staff] == [True, True, True, True, False]
    assert len({one.email for one in staff}) == 5
