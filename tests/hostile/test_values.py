"""Thousands of hostile values against every type: moved exactly, or refused with a code.

`make soak PART=hostile` takes ten thousand at a time, and texts of ten megabytes as any type.
"""

from __future__ import annotations

from collections import Counter

from syncrules.connectors.base import values
from syncrules.tests.both import Both
from syncrules.tests.hostile.values import PAIRS, faults, hostile

COUNT = 4_000
RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead
map contact with Lead {
    email -> Email
    last_name -> LastName  truncate
    title -> Description
    "{{ title | truncate(40) }}" -> Title
    "Acme" -> Company
}
"""


def test_each_value_is_read_turned_and_written_or_refused() -> None:
    """By the readers of both connectors, through every conversion of the type table, into JSON:
    never another exception or another form, nothing lost without a word, never over a second."""
    told = Counter(one for raw in hostile(1, COUNT) for one in faults(raw))
    assert told.most_common(20) == []


def test_texts_of_ten_megabytes_take_no_second() -> None:
    pairs = [one for one in PAIRS if one[0].name == "text" and one[1].name in ("text", "short")]
    for text in ("x" * 10_000_000, "\x1b\0\ud800e\u0301" * 2_000_000):
        assert list(faults(text, pairs, ("text",), each=True)) == []


def test_a_share_of_them_goes_through_a_whole_run() -> None:
    """People whose titles are hostile: what arrives is exactly what stands there, the rest is an
    entry of its own, and a second run writes nothing."""
    both = Both(RULES)
    both.run()
    texts = [one for one in hostile(2, 1_200) if isinstance(one, str) and len(one) < 20_000][::4]
    for at, text in enumerate(texts):
        body = {"email": f"p{at}@some.example", "last_name": f"Berg {at}", "title": text}
        both.apollo.create("contact", body)
    result = both.run()
    assert result.exit_code in (0, 1)
    leads = {row["Email"]: row for row in both.salesforce.rows("Lead").values()}
    entries = {one.key for one in both.errors()}
    for at, text in enumerate(texts):
        email = f"p{at}@some.example"
        assert email in leads or email in entries, text[:80]
        if email in leads and email not in entries:
            assert leads[email].get("Description") == values.text(text), text[:80]
    assert len(leads) > 0.9 * len(texts)
    before = both.calls()
    both.run()
    assert both.since(before).salesforce_writes == 0
