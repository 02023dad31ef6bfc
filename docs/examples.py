"""The rules that the pages show, taken out of them, so that every one can be run.

Knows how a page marks an example (the words behind ```` ```sync ````) and what stands around one
that is only part of a file. What the language says to it is asked of `dsl` and `engine/trial`;
`tests/test_language_pages.py` holds the pages to it, and `generate.py` writes what was answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.dsl import Checked, check, to_text
from syncrules.engine.systems import kind
from syncrules.engine.trial.report import failed_text
from syncrules.engine.trial.run import Suite
from syncrules.tests.worlds import SimWorld

HEAD = "sync apollo with salesforce\nprefer salesforce\n"
AROUND: Mapping[str, str] = {
    "": "",
    "push": 'push contact as Lead when stage is "Replied"\n',
    "people": "push contact as Contact update only\n",
    "map": (
        "map contact with Lead {\n"
        "    last_name         -> LastName\n"
        '    organization_name -> Company  default "Unknown"\n'
        "}\n"
    ),
    "push-rows": (
        "map contact with Lead {\n"
        "    last_name         <-> LastName\n"
        "    title             <-> Title\n"
        '    organization_name  -> Company  default "Unknown"\n'
        "}\n"
    ),
    "accounts": "pull Account as account\n",
    "owners": "map contact with Lead { owner <-> OwnerId }\n",
    "account-rows": "map account with Account { name -> Name }\n",
}
"""What stands around an example of the reference that isn't a whole file, by the word of its mark
(`with=push,map`)."""
FILE = "rules/contacts.sync"
DAY = "2026-01-31"

_FENCE = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.S | re.M)


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of a page: its language, the words behind it, its text, and where the text stands."""

    language: str
    words: str
    text: str
    start: int
    line: int

    def mark(self, name: str) -> str:
        """`b` of the word `name=b`, "" where there is none."""
        found = re.search(rf"\b{name}=(\S+)", self.words)
        return found[1] if found else ""

    @property
    def whole(self) -> str:
        """The file that an example of the reference stands in."""
        if self.text.startswith("sync ") or "alone" in self.words.split():
            return self.text
        around = (AROUND[one] for one in self.mark("with").split(","))
        return HEAD + "".join(around) + self.text


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the tutorial: the file so far, and what a newcomer gets wrong there.

    `wrong` is the file with that mistake, `told` the block of the page with what is said to it.
    """

    title: str
    file: str
    wrong: str
    told: Fence


def fences(page: str) -> Iterator[Fence]:
    """The blocks of a page in order."""
    for one in _FENCE.finditer(page):
        yield Fence(one[1], one[2], one[3], one.start(3), page.count("\n", 0, one.start()) + 1)


def steps(page: str) -> Iterator[Step]:
    """The steps of the tutorial, each under a heading that begins with its number.

    The `sync` block of a step is added to the file, its `sync wrong` block stands in its place
    where a newcomer is mistaken, and the block after `told` is what is said to that.
    """
    file = ""
    found = list(fences(page))
    for part in re.finditer(r"^## (\d+\. [^\n]*)\n.*?(?=^## |\Z)", page, re.S | re.M):
        own = [one for one in found if part.start() < one.start < part.end()]
        right, wrong = (one.text for one in own if one.language == "sync")
        (told,) = (one for one in own if one.words == "told")
        mistaken, file = added(file, wrong), added(file, right)
        yield Step(part[1], file, mistaken, told)


def added(file: str, text: str) -> str:
    """A file with further paragraphs; one that begins like another of the file replaces it."""
    known = {_called(one): one for one in _paragraphs(file)}
    known |= {_called(one): one for one in _paragraphs(text)}
    return "\n\n".join(known.values()) + "\n"


def _paragraphs(file: str) -> list[str]:
    return [one.strip("\n") for one in re.split(r"\n{2,}", file) if one.strip()]


def _called(paragraph: str) -> str:
    """The first words of what stands in it: `push contact as Lead`; of a test its name."""
    line = next(one for one in paragraph.split("\n") if not one.startswith("#"))
    return line if line.startswith("test") else " ".join(re.findall(r"\w+", line)[:4])


def checked(file: str, schemas: Mapping[str, Schema]) -> Checked:
    """What `check` says of a file."""
    return check({FILE: file}, schemas)


def answer(file: str, schemas: Mapping[str, Schema]) -> str:
    """What a person is told about a file: findings, else the tests that fail; "" for neither."""
    found = checked(file, schemas)
    if found.findings or found.rules is None:
        return to_text(found.findings, {FILE: file})
    return "".join(f"{one}\n" for one in failed(found, schemas))


def failed(found: Checked, schemas: Mapping[str, Schema]) -> list[str]:
    """The failed tests of rules without findings, as `syncrules test` tells them."""
    assert found.rules is not None
    told = []
    for rules in found.rules.sets:
        verdicts, _ = Suite.of(rules, schemas, "UTC", DAY).verdicts(lambda: 0.0)
        told += [failed_text(one) for one in verdicts if not one.passed]
    return told


def simulated() -> dict[str, Schema]:
    """The schemas of both simulated systems, as `schema pull` gets them."""
    found = {}
    for name in ("apollo", "salesforce"):
        loaded = kind(name)
        assert loaded.simulate is not None
        simulator = loaded.simulate(SimulatorOptions(records=5))
        signs_in = simulator.sign_in(f"https://{name}.example")
        known = {one.name: one for one in loaded.settings}
        given: dict[str, str | Secret] = {
            key: Secret(text) if known[key].secret else text
            for key, text in {"url": f"https://{name}.example", **signs_in}.items()
            if key in known
        }
        world = SimWorld({f"{name}.example": simulator.handle})
        found[name] = loaded.connect({"system": name, **given}, world).describe()
    return found
