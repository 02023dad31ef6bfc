"""What the README shows is what the product says: its day at the terminal is gone through by hand.

Two made-up systems listen, and each command is typed as it is written there, after the edits that
its sentences tell. `...` stands for lines that are left out; times and ids may be others. The demo
has its own test, and what takes a browser or many minutes is in `test_logins.py` and
`test_schedule.py`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.engine import starter
from syncrules.engine.simulate import Serving
from syncrules.engine.systems import kind
from syncrules.tests.cli import call

README = Path(__file__).parents[1] / "README.md"
NOT_HERE = ("init", "simulate", "serve", "connect", "logins")
"""Commands that serve for ever, ask a person, or were typed before."""
WENDY = "wendy_w@quietforge-finance.example"
RULES = Path("rules/contacts.sync")
LOOSE = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC": "TIME",
    r"in \d+\.\d\d seconds": "in SOME seconds",
    r"\b0\w{17}\b|\b[0-9a-f]{24}\b": "ID",
}


def typed() -> Iterator[tuple[str, list[str]]]:
    """Each command of the day with the lines that are shown below it."""
    text = README.read_text("utf-8")
    day = text[text.index("## By hand") : text.index("## For scripts and CI")]
    for block in re.findall(r"```console\n(.*?)```", day, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            if shlex.split(command)[1] not in NOT_HERE and command.startswith("syncrules "):
                yield command, shown.strip("\n").splitlines()


def loosened(text: str) -> str:
    for what, instead in LOOSE.items():
        text = re.sub(what, instead, text)
    return text.strip("\n")


def pattern(shown: list[str]) -> str:
    """A regular expression for the lines, each `...` for any number of them."""
    lines = [r"(.*\n)*" if one == "..." else re.escape(one) + "\n" for one in shown]
    return "".join(lines)


@pytest.fixture
def apollo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApolloSimulator]:
    """The project of the README, which the terminal is in, between two systems that listen."""
    options = SimulatorOptions(records=200)
    apollo, salesforce = made_up_apollo(options), made_up_salesforce(options)
    with Server(apollo) as left, Server(salesforce) as right:
        monkeypatch.chdir(tmp_path)
        starter.start(tmp_path)
        told = [
            Serving(kind(name), one.url, one.simulator.sign_in(one.url), options).as_text()
            for name, one in (("apollo", left), ("salesforce", right))
        ]
        for variable, value in re.findall(r"^export (\w+)='(.*)'", "\n".join(told), re.M):
            monkeypatch.setenv(variable, value)
        sections = [one[one.index("[systems.") : one.index("# in the shell")] for one in told]
        file = tmp_path / "syncrules.toml"
        head, rest = file.read_text("utf-8").split("[systems.apollo]")
        tail = rest[rest.index("[state]") :]
        file.write_text("\n".join([head, *sections, tail]), encoding="utf-8")
        for words in ("init", "add .", "-c user.name=n -c user.email=e commit -m rules"):
            subprocess.run(["git", *words.split()], check=True, capture_output=True)
        yield apollo


def edited(*changes: tuple[str, str]) -> None:
    text = RULES.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    RULES.write_text(text, encoding="utf-8")


def test_the_day_in_the_readme_is_as_it_is_shown(
    apollo: ApolloSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Word for word, from `schema pull` to `diff`."""
    right = RULES.read_text("utf-8")

    def title(text: str) -> None:
        [wendy] = [id for id, row in apollo.rows("contact").items() if row["email"] == WENDY]
        apollo.update("contact", wendy, {"title": text})

    def ask() -> None:
        edited(("<-> Title", "<-> Title ask"))
        title("CEO")
        call(capsys, "run")

    meanwhile: dict[tuple[str, int], Callable[[], None]] = {
        ("check", 2): lambda: edited(("    title ", "    titel ")),
        ("test", 1): lambda: edited(("prefer salesforce", "prefer apollo")),
        ("approve", 1): ask,
        ("apply changes.json", 1): lambda: title("Chair"),
        ("diff HEAD --records", 1): lambda: edited(
            ('"Replied"]', '"Replied", "Approaching"]'), ("title             <->", "title ->")
        ),
    }
    times = Counter[str]()
    for command, shown in typed():
        words = command.removeprefix("syncrules ")
        times[words] += 1
        meanwhile.pop((words, times[words]), lambda: None)()
        ended = call(capsys, *shlex.split(words))
        said = loosened(ended.out + (ended.err if ended.code > 1 else "")) + "\n"
        wanted = pattern(loosened("\n".join(shown)).splitlines())
        assert re.fullmatch(wanted, said), f"{command}\n{said}"
        if words != "approve":
            RULES.write_text(right, encoding="utf-8")
    assert not meanwhile
