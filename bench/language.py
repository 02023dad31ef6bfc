"""How long commands take that need no system, beside what the parts they stand on take.

Whole processes, as someone who types a command waits for them: byte-compiled, in an environment of
their own, in turns, so that a busy machine is in both sides of a ratio. Counted is the processor
time of each, as its median.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from syncrules.connectors.base.schema import to_json

from . import written

COLUMNS = ["ms", "beside", "ms", "ratio", "goal"]
GROWTH = ["MB", "s for each", "s for ten times as many", "ratio", "goal"]
MOST_GROWTH = 11
ROOT = Path(__file__).parents[1]

PROGRAM = "import sys; from syncrules.cli import main; sys.exit(main())"
"""What the installed `syncrules` is."""

CLICK = """
import click
cli = click.Group("app", help="An app with two commands.")
cli.add_command(click.Command("one", help="The first."))
cli.add_command(click.Command("two", help="The second."))
cli()
"""

LARK = """
import sys
from pathlib import Path
from lark import Lark
grammar, kept, text = sys.argv[1:]
parser = Lark(Path(grammar).read_text(), parser="lalr", start="statement", cache=kept)
parts = Path(text).read_text().split("\\n\\n")
trees = [parser.parse(one + "\\n") for one in parts]
"""

PROJECT = """\
[systems.near]
connector = "apollo"
key = "env:KEY"

[systems.far]
connector = "salesforce"
client_id = "one"
client_secret = "env:SECRET"
"""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Milliseconds of one process and of the one beside it; `goal` is what the ratio should be at
    most."""

    name: str
    own: float
    beside: str
    other: float
    goal: float

    @property
    def ratio(self) -> float:
        return self.own / self.other

    def row(self) -> list[object]:
        return [self.name, self.own, self.beside, self.other, self.ratio, self.goal]


@dataclass(frozen=True, slots=True)
class Growth:
    """Most memory in MB, and seconds for some rules and for ten times as many."""

    name: str
    memory: float
    few: float
    many: float

    def row(self) -> list[object]:
        return [self.name, self.memory, self.few, self.many, self.many / self.few, MOST_GROWTH]


@dataclass(frozen=True, slots=True)
class Bench:
    """An environment with the product in it, and a folder for what is measured."""

    python: str
    folder: Path
    environ: Mapping[str, str]

    def project(self, rules: int) -> Path:
        """A project with that many rules, all of them right and laid out."""
        folder = self.folder / f"rules{rules}"
        for name in ("rules", "schema"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "syncrules.toml").write_text(PROJECT, encoding="utf-8")
        (folder / "rules" / "all.sync").write_text(written.rules(rules), encoding="utf-8")
        for name, schema in written.schemas(rules).items():
            text = json.dumps(to_json(schema))
            (folder / "schema" / f"{name}.json").write_text(text, encoding="utf-8")
        return folder

    def lark(self, project: Path) -> Sequence[str]:
        """Lark imported, its tables loaded, and the rules of a project parsed to plain trees."""
        grammar = str(ROOT / "dsl" / "grammar.lark")
        text = str(project / "rules" / "all.sync")
        return (self.python, "-c", LARK, grammar, str(self.folder / "lark.kept"), text)

    def syncrules(self, *words: str) -> Sequence[str]:
        return (self.python, "-c", PROGRAM, *words)

    def forget(self) -> None:
        """What `check` found the last time is gone; the tables of the grammar stay."""
        for what in ("found", "clusters"):
            for one in (self.folder / "cache" / "syncrules").glob(f"{what}-*"):
                one.unlink()

    def time(self, command: Sequence[str], folder: Path) -> tuple[float, float]:
        """Milliseconds of processor time, and the most memory it had, in MB."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                command, cwd=folder, env=self.environ, stdout=said, stderr=subprocess.STDOUT
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode > 1:  # 1: a file would change
                said.seek(0)
                raise RuntimeError(f"{command[-1]}: {said.read().decode(errors='replace')}")
        scale = 1e6 if sys.platform == "darwin" else 1e3
        return (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / scale


@contextmanager
def bench() -> Iterator[Bench]:
    """An environment that has what this one has, and nothing that runs when it starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "env", symlinks=True)
        (folder / "site").mkdir()
        (folder / "site" / "syncrules").symlink_to(ROOT)
        site = sysconfig.get_path("purelib", vars={"base": str(folder / "env")})
        paths = f"{sysconfig.get_path('purelib')}\n{folder / 'site'}\n"
        (Path(site) / "here.pth").write_text(paths, encoding="utf-8")
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        environ |= {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        yield Bench(str(folder / "env" / "bin" / "python"), folder, environ)


def starts(on: Bench, passes: int) -> list[Ratio]:
    """What a person waits for most often, with ten rules."""
    project = on.project(10)
    commands = {
        "nothing": (on.python, "-c", "pass"),
        "click": (on.python, "-c", CLICK, "--help"),
        "lark": on.lark(project),
        "version": on.syncrules("--version"),
        "help": on.syncrules("--help"),
        "check": on.syncrules("check"),
        "again": on.syncrules("check"),
    }
    took = _in_turns(on, project, commands, passes)
    return [
        Ratio("--version", took["version"], "python -c pass", took["nothing"], 2),
        Ratio("--help", took["help"], "--help of a click app", took["click"], 1.3),
        Ratio("check, 10 rules", took["check"], "Lark", took["lark"], 1.6),
        Ratio("the same, unchanged", took["again"], "Lark", took["lark"], 0.7),
    ]


def large(on: Bench, rules: int, passes: int) -> list[Ratio]:
    """Many rules: all proofs, after an edit of one rule, and laid out when nothing was."""
    project = on.project(rules)
    right = project / "rules" / "all.sync"
    untidy = right.read_text("utf-8").replace("\n    ", "\n  ").replace(" <-> ", "  <->  ")
    (project / "untidy.sync").write_text(untidy, encoding="utf-8")
    commands = {
        "lark": on.lark(project),
        "check": on.syncrules("check"),
        "edited": on.syncrules("check"),
        "fmt": on.syncrules("fmt", "--check", "untidy.sync"),
    }
    took = _in_turns(on, project, commands, passes)
    name = f"{rules:,} rules"
    return [
        Ratio(f"check, {name}", took["check"], "Lark", took["lark"], 2.5),
        Ratio("the same, one rule edited", took["edited"], "Lark", took["lark"], 0.4),
        Ratio(f"fmt, {name}", took["fmt"], "Lark", took["lark"], 1.8),
    ]


def growth(on: Bench, rules: int) -> list[Growth]:
    """What ten times as many rules cost; memory is that of the fewer."""
    few, many = on.project(rules), on.project(10 * rules)
    grown = []
    for words in (("check",), ("fmt", "--check")):
        on.forget()
        took, memory = on.time(on.syncrules(*words), few)
        longer, _ = on.time(on.syncrules(*words), many)
        grown.append(Growth(f"{words[0]}, {rules:,} rules", memory, took / 1000, longer / 1000))
    return grown


def _in_turns(
    on: Bench, project: Path, commands: Mapping[str, Sequence[str]], passes: int
) -> dict[str, float]:
    """The median of each; one turn before the first warms up. `check` finds nothing kept, what
    comes behind it what it kept."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    right = project / "rules" / "all.sync"
    text = right.read_text(encoding="utf-8")
    for turn in range(passes + 1):
        for name, command in commands.items():
            if name == "check":
                on.forget()
            right.write_text(written.edited(text) if name == "edited" else text, "utf-8")
            spent, _ = on.time(command, project)
            if turn:
                took[name].append(spent)
    return {name: median(all) for name, all in took.items()}
