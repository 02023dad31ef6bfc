"""Strange values, at each kind of write that carries one."""

from __future__ import annotations

import pytest
from syncrules.connectors.base.values import text
from syncrules.tests.faults.writes import WRITES, Write, only, started

FACE = "\N{GRINNING FACE}"
STRANGE = {
    "emoji": FACE,
    "zero-width and joined": "a\u200bb\u200d\N{WOMAN}",
    "right to left": "\u202eabc\u202c",
    "a NUL": "a\0b",
    "a lone surrogate": "a\ud800b",
    "a line break": "a\nb\r\nc",
    "markup": "<b>&amp;</b>' OR 1=1 --",
    "a template": "{{ 7 * 7 }}",
    "a formula": "=HYPERLINK(1)",
    "ten megabytes": "x" * 10_000_000,
}
ONLY_APOLLO = ("a lone surrogate", "ten megabytes")
"""Salesforce keeps neither."""


@only(WRITES, "create", "update")
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_value_arrives_as_it_is_or_is_told(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly (line ends as LF, and without what no database keeps), or not at all and with an
    entry; the two others arrive."""
    if write.system == "apollo" and name in ONLY_APOLLO:
        return
    team = started(write, monkeypatch)
    ids = write.ready(team)
    ids = write.act(team, ids) or ids  # type: ignore[assignment]
    assert write.edit is not None
    write.edit((STRANGE[name], *write.new[1:]))(team, ids)
    team.hour()
    team.hour()
    came = write.held(team)
    others = sorted(write.new[1:])
    assert [one for one in came if one in others] == others
    strange = next((one for one in came if one not in others), None)
    if team.codes():
        assert strange in (None, "None", *write.old)
    else:
        assert strange == text(STRANGE[name])
    assert team.is_quiet()
