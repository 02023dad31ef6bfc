"""A field may be called like any word of the language: bare where that is clear, in backticks
always. The words are taken from the grammar, so a new one is tried by itself."""

from __future__ import annotations

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import Choice, Field, Object, Schema
from syncrules.dsl.table import lark

WORDS = sorted(
    {
        one.pattern.value
        for one in lark().terminals
        if type(one.pattern).__name__ == "PatternStr" and one.pattern.value.isalpha()
    }
    | {"minutes", "hour", "day", "run", "of", "since", "is", "in", "domain", "days", "latest"}
)

HEAD = "sync a with b\nprefer a\n"
MOVE = HEAD + "push thing as Thing update only "
ROW = "map thing with Thing {\n    FIELD -> FIELD\n}\n"
PLACES = {
    "both sides of a row": HEAD + "push thing as Thing update only\n" + ROW,
    "the left of a first row": HEAD + "push thing as Thing update only\n"
    "map thing with Thing {\n    FIELD <-> plain\n    plain <- FIELD2\n}\n",
    "the right of a row with modifiers": HEAD + "push thing as Thing update only\n"
    'map thing with Thing {\n    plain -> FIELD when blank default "x"\n    plain2 -> plain\n}\n',
    "behind a dot in a row": HEAD + "push thing as Thing update only\n"
    "map thing with Thing {\n    FIELD -> Thing.FIELD\n}\n",
    "an arrow to the left": HEAD + "push thing as Thing update only\n"
    "map thing with Thing {\n    FIELD <- FIELD\n}\n",
    "a row at the start of its line": HEAD + "push thing as Thing update only\n"
    "map thing with Thing {\nFIELD -> FIELD\n}\n",
    "a value table": HEAD + "push thing as Thing update only\n"
    "map thing CHOICE with Thing.CHOICE by name\n",
    "a key": MOVE + "{ match on FIELD }\n" + ROW,
    "the second of two keys": MOVE
    + "{ match on plain, else FIELD and plain }\n"
    + ROW.replace("}", "    plain -> plain\n}"),
    "the left of a comparison": MOVE + 'when FIELD is "x"\n',
    "the left of other tests": MOVE + 'when FIELD contains "x" and FIELD2 is known\n',
    "a list": MOVE + 'when FIELD in ["x"] or FIELD not in ["y", "x"]\n',
    "the right of a comparison": MOVE + "when plain is FIELD\n",
    "a yes-or-no alone": MOVE + "when YESNO\n",
    "a yes-or-no behind not": MOVE + "when not YESNO and plain is known\n",
    "an address": MOVE + 'when domain of FIELD is "x.example"\n',
    "a moment": MOVE + "when days since DAY > 3\n",
    "behind a dot in a condition": MOVE + 'when parent.FIELD is "x"\n',
    "behind a linked record": MOVE + 'when Thing.FIELD is "x"\n',
    "before a dot in a condition": MOVE + 'when REFERENCE.plain is "x"\n',
    "on a line of its own": MOVE + 'when plain is "x"\n    and FIELD is "y"\n',
    "the field of a source": MOVE + '{ source "x" in FIELD }\n',
    "a reference with a stand-in": MOVE + "{ REFERENCE by domain of plain }\n",
    "the address of a stand-in": MOVE + "{ parent by domain of FIELD }\n",
    "a mark": MOVE + '{ on delete mark FIELD "x" }\n',
    "a tie-breaker": MOVE
    + "{ match on plain, same REFERENCE first }\n"
    + "map thing with Thing {\n    REFERENCE -> REFERENCE\n    plain -> plain\n}\n",
    "a stop": MOVE + '{ stop when Thing.FIELD is "x" }\n',
    "a record of a test": HEAD + "push thing as Thing update only\n"
    'test "t" {\n    given thing { FIELD "x", plain "y" }\n'
    '    change thing { plain "z", FIELD blank }\n    expect update Thing { FIELD "x" }\n}\n',
    "what a test expects": HEAD + "push thing as Thing update only\n"
    'test "t" {\n    given thing { plain "x" }\n    expect conflict on thing.FIELD\n}\n',
    "what is inferred": HEAD + "push parent as Parent update only\n"
    'infer parent FIELD from things { "x" when any with FIELD is "y" }\n',
}
MISREAD = {
    **dict.fromkeys(
        (
            "the left of a comparison",
            "the left of other tests",
            "a list",
            "a yes-or-no alone",
            "a yes-or-no behind not",
            "before a dot in a condition",
            "on a line of its own",
            "what is inferred",
        ),
        frozenset({"not"}),
    ),
    "the right of a comparison": {"not", "true", "false"},  # and `is blank` is no field
    "a value table": {"with"},
    "a reference with a stand-in": {"add", "allow", "match", "on", "source", "stop"},
}
"""Where a word would be read as what it means; there it stands in backticks."""


def schema(name: str, word: str) -> Schema:
    """A system with a `thing` whose fields are called `word`, one for each kind."""
    upper = name == "b"
    thing, parent = ("Thing", "Parent") if upper else ("thing", "parent")
    kinds = (
        Field(word, word, "text"),
        Field(f"{word}2", word, "text"),
        Field(f"{word}_choice", word, "choice", choices=(Choice("A"), Choice("B"))),
        Field(f"{word}_yes", word, "boolean"),
        Field(f"{word}_day", word, "datetime"),
        Field(f"{word}_one", word, "reference", references=(parent,)),
        Field("plain", "plain", "text"),
        Field("plain2", "plain2", "text"),
        Field("parent", "parent", "reference", references=(parent,)),
    )
    own = (Field(word, word, "text"), Field("domain_name", "d", "text", "domain"))
    objects = (
        Object(thing, thing, kinds, plural="Things", keys=("plain",)),
        Object(parent, parent, (*own, Field("plain", "plain", "text")), plural="Parents"),
    )
    return Schema(name, name, "x", objects)


def checked(place: str, word: str, *, quoted: bool) -> str:
    """What is found in a file where fields are called `word`."""
    source = PLACES[place]
    schemas = {}
    for kind, ending, type_ in (
        ("FIELD2", "2", "text"),
        ("FIELD", "", "text"),
        ("CHOICE", "", "choice"),
        ("YESNO", "", "boolean"),
        ("DAY", "", "datetime"),
        ("REFERENCE", "", "reference"),
    ):
        if kind not in source:
            continue
        name = word + ending
        source = source.replace(kind, f"`{name}`" if quoted else name)
        if type_ != "text":
            schemas = {one: typed(one, word, type_) for one in ("a", "b")}
    if not schemas:
        schemas = {one: schema(one, word) for one in ("a", "b")}
    found = dsl.check({"a.sync": source}, schemas).findings
    return dsl.to_text(found, {"a.sync": source})


def typed(name: str, word: str, kind: str) -> Schema:
    """The schema with the field `word` of another type."""
    whole = schema(name, word)
    ending = {"choice": "choice", "boolean": "yes", "datetime": "day", "reference": "one"}[kind]
    thing, parent = whole.objects
    fields = tuple(
        Field(word, word, one.type, choices=one.choices, references=one.references)
        for one in thing.fields
        if one.name == f"{word}_{ending}"
    )
    rest = tuple(one for one in thing.fields if one.name != word)
    changed = Object(
        thing.name, thing.label, (*fields, *rest), plural=thing.plural, keys=thing.keys
    )
    return Schema(whole.system, whole.connector, "x", (changed, parent))


@pytest.mark.parametrize("place", PLACES)
def test_a_field_called_like_a_word_of_the_language_works_bare(place: str) -> None:
    """With no finding, save where the word is one that could stand there itself."""
    wrong = {word for word in WORDS if checked(place, word, quoted=False)}
    assert wrong == MISREAD.get(place, set())


@pytest.mark.parametrize("place", PLACES)
def test_in_backticks_it_works_anywhere(place: str) -> None:
    """Every word at every place where a field can stand."""
    for word in WORDS:
        assert checked(place, word, quoted=True) == ""
