"""How findings are shown: to people as text, to scripts as JSON."""

from __future__ import annotations

import json
import re

from syncrules import dsl
from syrupy.assertion import SnapshotAssertion

from .schemas import SCHEMAS

SOURCE = """\
sync apollo with salesforce
push contact as Contact when stage is "Repleid" or scor > 3
map contact with Contact {
\temail    -> Email     # first
    title    -> Email
    birthday -> Birthdte
    phone       Phone
    last_name <-> LastName
}
"""


def test_findings_are_shown_with_their_line_and_carets(snapshot: SnapshotAssertion) -> None:
    """Place, code, what is wrong; the line with the very words underlined; what to write."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    assert dsl.to_text(found, {"rules/a.sync": SOURCE}) == snapshot


def test_json_has_the_promised_shape(snapshot: SnapshotAssertion) -> None:
    """The keys that scripts rely on, lines and columns from 1, `fix` or null."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    data = json.loads(dsl.to_json(found))
    assert set(data) == {"findings"}
    for one in data["findings"]:
        assert set(one) == {
            "code",
            "severity",
            "file",
            "line",
            "column",
            "end_line",
            "end_column",
            "message",
            "fix",
        }
    assert data == snapshot


def test_colours_come_only_when_asked_for_and_change_no_word() -> None:
    """A pipe gets plain text; a terminal the same words in colour."""
    found = dsl.check({"a.sync": SOURCE}, SCHEMAS).findings
    plain = dsl.to_text(found, {"a.sync": SOURCE})
    colored = dsl.to_text(found, {"a.sync": SOURCE}, color=True)
    assert "\x1b[" not in plain and "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_file_of_bytes_with_windows_line_ends_is_shown_like_any_other() -> None:
    """Neither a byte order mark nor carriage returns get into the output."""
    raw = ("\ufeff" + SOURCE.replace("\n", "\r\n")).encode()
    found = dsl.check({"a.sync": raw}, SCHEMAS).findings
    assert dsl.to_text(found, {"a.sync": raw}) == dsl.to_text(found, {"a.sync": SOURCE})


def test_no_findings_are_shown_as_nothing() -> None:
    """A clean file leaves the screen empty."""
    assert dsl.to_text((), {}) == ""
    assert json.loads(dsl.to_json(())) == {"findings": []}
