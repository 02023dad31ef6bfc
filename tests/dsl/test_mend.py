"""`check --fix`: an edit is made where nothing else was meant, and it makes nothing worse."""

from __future__ import annotations

from collections import Counter

import pytest
from syncrules import dsl
from syncrules.dsl.finding import Finding
from syncrules.dsl.mend import HALF, Mended, edited
from syncrules.dsl.mend import mend as mended

from .schemas import SCHEMAS
from .test_findings import FIXES, HEAD, WRONG, contact, lead, of

OFFERED = [
    marked.replace("§", "")
    for marked in dict.fromkeys([*(one[1] for one in WRONG), *(one[0] for one in FIXES)])
    if any(
        one.fix is not None
        for one in dsl.check({"a.sync": marked.replace("§", "")}, SCHEMAS).findings
    )
]


def mend(source: str) -> Mended:
    return mended({"a.sync": source.encode()}, SCHEMAS)


def kinds(findings: tuple[Finding, ...]) -> Counter[tuple[str, int]]:
    return Counter((one.code, one.span.line) for one in findings)


@pytest.mark.parametrize("source", OFFERED)
def test_an_edit_takes_its_finding_away_and_brings_no_new_one(source: str) -> None:
    """For every code that offers an edit; what a line that couldn't be read had hidden is no new
    one, and no edit is made twice or in vain."""
    before = dsl.check({"a.sync": source}, SCHEMAS).findings
    done = mend(source)
    after = done.checked.findings
    made = kinds(done.done)
    assert kinds(after) & made == Counter()
    if all(one.code != "syntax" for one in done.done):
        assert kinds(after) - kinds(before) == Counter()
    assert after == dsl.check(done.sources, SCHEMAS).findings
    assert mended(done.sources, SCHEMAS).done == ()


def test_most_codes_that_offer_an_edit_have_one_made() -> None:
    """Of the files with one mistake and a text to write instead, nearly all are mended."""
    made = [source for source in OFFERED if mend(source).done]
    assert len(made) >= 0.85 * len(OFFERED)
    codes = {one.code for source in OFFERED for one in mend(source).done}
    offered = {
        one.code
        for source in OFFERED
        for one in dsl.check({"a.sync": source}, SCHEMAS).findings
        if one.fix is not None
    }
    assert offered - codes <= set(HALF)


@pytest.mark.parametrize("word", ["pusl", "pulh"])
def test_a_word_that_may_be_two_is_no_sure_edit(word: str) -> None:
    """Whether records go to the left or to the right is never guessed."""
    source = f"{HEAD}{word} contact as Lead update only\n"
    assert mend(source).sources["a.sync"] == source.encode()


def test_a_name_that_is_far_from_all_is_no_sure_edit() -> None:
    """What we would only take a guess at stays for the person."""
    source = of('age of email is "x"')
    assert mend(source).done == ()


def test_an_edit_that_makes_another_mistake_is_taken_back() -> None:
    """The nearest field may be one that another row fills: then that was not what was meant."""
    source = contact("email -> Email\n    title -> Emial")
    done = mend(source)
    assert done.done == ()
    assert done.sources["a.sync"] == source.encode()


def test_one_edit_that_does_not_help_holds_up_no_other() -> None:
    """Each is tried by itself where they don't help together."""
    source = contact("email -> Email\n    title -> Emial\n    frist_name -> FirstName")
    assert [one.fix for one in mend(source).done] == ["first_name"]


def test_what_a_mistake_had_hidden_is_mended_next() -> None:
    """A line that can't be read hides the names in it, and a wrong object its fields."""
    source = of('stage = "Repleid"') + "push contacts as Contact update only when titel is known\n"
    done = mend(source)
    assert [one.fix for one in done.done] == ["is", "contact", '"Replied"', "title"]
    assert [one.severity for one in done.checked.findings] == []


def test_a_sync_line_that_is_turned_round_is_left_to_the_person() -> None:
    """With the line alone all rules below it would say the reverse."""
    sources = {"a.sync": HEAD.encode(), "b.sync": b"sync salesforce with apollo\n"}
    done = mended(sources, SCHEMAS)
    assert [one.code for one in done.checked.findings] == ["sync-line"]
    assert (done.done, done.sources) == ((), sources)


def test_nothing_but_the_edit_changes() -> None:
    """Line ends of all kinds, a byte order mark, tabs, comments and wide letters stay."""
    source = "\ufeff" + lead("titel\t->  Title   # é寒い titel").replace("\n", "\r\n") + "# x\r# y"
    done = mend(source)
    assert done.sources["a.sync"] == source.replace("titel\t", "title\t").encode()


def test_two_edits_on_one_line_are_made_together() -> None:
    """Each at its place, though the first moves the second."""
    source = of('stage is "Repleid" and scor > 3 and emial is known')
    right = of('stage is "Replied" and score > 3 and email is known')
    assert mend(source).sources["a.sync"].decode() == right


def test_edits_are_put_in_by_line_and_column() -> None:
    """From the end to the start of a line, so that none moves another."""
    found = dsl.check({"a.sync": of("emial is known and titel is known")}, SCHEMAS).findings
    assert (
        edited(of("emial is known and titel is known").encode(), found)
        == of("email is known and title is known").encode()
    )
