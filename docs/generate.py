"""Writes the pages of docs/ that follow from the product itself: `make docs`.

Knows the commands' own help and the checks' own pages, and how Markdown is written. A test compares
what is written here with what is in the folder, so no page can fall behind.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path

import click
from syncrules.commands import cli
from syncrules.docs import ebnf
from syncrules.docs.examples import answer, simulated, steps
from syncrules.dsl import CODES, explain
from syncrules.dsl.table import grammar as grammar_text
from syncrules.terminal import Commands

HERE = Path(__file__).parent
COMMON = {"file", "quiet", "no_color"}

EXIT_CODES = """\
| exit code | meaning |
| --- | --- |
| 0 | done, nothing to report |
| 1 | done, and there is something to look at: findings, failed tests, a difference, open errors |
| 2 | the command or the project file is wrong, or a schema was never pulled |
| 3 | a brake tripped: nothing was written |
| 4 | a system or the state could not be used, a sign-in was refused, or calls are spent |
| 5 | another runner is at work on the same state |
| 70 | a fault of ours |
| 130 | interrupted; the next run goes on from there |
"""


def commands() -> str:
    """The reference of all commands, from their help."""
    parts = [
        "# Commands",
        "Data goes to stdout, everything else to stderr; progress is shown on a terminal only.",
        EXIT_CODES.strip(),
        "All of them take:",
        "\n".join(_options(cli.commands["check"], COMMON)),
        "Those that work without a project take no `--project`.",
    ]
    for path, one in _commands(cli):
        parts.append(f"## `{' '.join(path)}`")
        parts += _paragraphs(one.help or "")
        own = {param.name or "" for param in one.params} - COMMON
        parts.append("\n".join(_options(one, own)))
        parts.append("```console\n" + "\n".join(f"$ {line}" for line in _example(one)) + "\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def findings() -> str:
    """The page of each finding, from the checks."""
    parts = [
        "# Findings",
        "What `syncrules check` finds, by code; `syncrules explain CODE` shows the same page.",
        "What the rules in the examples mean is told in the [language](language.md).",
        "\n".join(f"- [`{code}`](#{code})" for code in CODES),
    ]
    for code in CODES:
        parts.append(f"## `{code}`")
        for heading, body in _sections(explain(code) or ""):
            text = textwrap.dedent(body).strip("\n")
            shown = f"```\n{text}\n```" if heading in ("Wrong", "Right") else text
            parts += [f"**{heading}**", shown]
    return "\n\n".join(parts) + "\n"


def grammar() -> str:
    """How a rule file is spelled, from the grammar that reads it."""
    return ebnf.page(grammar_text())


def tutorial() -> str:
    """The tutorial as it is written, with what is said to its mistakes, and its whole file."""
    text = (HERE / "tutorial.md").read_text(encoding="utf-8")
    schemas = simulated()
    found = list(steps(text))
    for one in reversed(found):
        end = one.told.start + len(one.told.text)
        text = f"{text[: one.told.start]}{answer(one.wrong, schemas)}{text[end:]}"
    head, _, rest = text.rpartition("```sync whole\n")
    return f"{head}```sync whole\n{found[-1].file}{rest[rest.index('```') :]}"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "findings.md": findings,
    "grammar.md": grammar,
    "tutorial.md": tutorial,
}


def _sections(page: str) -> Iterator[tuple[str, str]]:
    """(heading, body) of a page; a heading stands at the margin, its body does not."""
    for part in re.split(r"\n(?=\S)", page)[1:]:
        heading, _, body = part.partition("\n")
        yield heading, body


def _commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, one in group.commands.items():
        if not isinstance(one, click.Group) or one.invoke_without_command:
            yield (*path, name, *_arguments(one)), one
        if isinstance(one, Commands) and one.plain is not None:
            yield (*path, name, *_arguments(one.plain)), one.plain
        if isinstance(one, click.Group):
            yield from _commands(one, (*path, name))


def _arguments(one: click.Command) -> Iterator[str]:
    for param in one.params:
        if isinstance(param, click.Argument):
            name = param.metavar or (param.name or "").upper()
            if isinstance(param.type, click.Choice):
                name = "|".join(param.type.choices)
            optional = not param.required and not name.startswith("[")
            yield f"[{name}]" if optional else name


def _options(one: click.Command, names: Set[str]) -> Iterator[str]:
    for param in one.params:
        if isinstance(param, click.Option) and param.name in names:
            words = " ".join(param.opts)
            if isinstance(param.type, click.Choice):
                words += f" {'|'.join(param.type.choices)}"
            elif not param.is_flag:
                words += f" {param.metavar or param.type.name.upper().split()[0]}"
            default = f" Default: {param.default}." if param.show_default else ""
            yield f"- `{words}`: {param.help}{default}"


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n")]


def _example(one: click.Command) -> list[str]:
    """The lines to type, from the epilog that every command has."""
    lines = (one.epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith("  ")]


def main() -> None:
    """Writes every page."""
    for name, write in PAGES.items():
        (HERE / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
