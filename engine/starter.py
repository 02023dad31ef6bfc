"""The files of a new project: a project file, rules to start from, .gitignore and a CI job.

Knows where they go, and nothing of what is in a project that exists. Their text is in `rules/`;
what a project file may say is in `project.py`, what rules may say in `dsl/`.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

IGNORED = b".syncrules/"

JOB = """\
# Checks and tests the rules on every change, offline, against the schemas in schema/.
name: rules

on: [push, pull_request]

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install syncrules
      - run: syncrules check
      - run: syncrules test
"""

SHIPPED = Path(__file__).parent.parent / "rules"
"""The rule files that come with the product."""


def files(begin: str | None = None) -> dict[str, str]:
    """The text of each file of a new project, by its path. `begin` names the rules to start from;
    tests stand beside them where they are too many for one file."""
    rules = {f"rules/{begin}{more}.sync": f"{begin}{more}.sync" for more in ("", "-tests")}
    if begin is None:
        rules = {"rules/contacts.sync": "starter.sync"}
    shipped = {"syncrules.toml": "starter.toml", **rules}
    texts = {
        path: (SHIPPED / name).read_text(encoding="utf-8")
        for path, name in shipped.items()
        if (SHIPPED / name).exists()
    }
    return {**texts, ".github/workflows/rules.yml": JOB}


def start(folder: Path, begin: str | None = None) -> list[str]:
    """Writes the files of a new project and returns their paths from `folder`, in order. `begin` as
    for `files`.

    Refuses where one of them exists, and then writes none. A `.gitignore` that exists gets one line
    more, unless it has it.
    """
    texts = files(begin)
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder / there[0]} exists",
            why="nothing is ever overwritten, so nothing was written",
            fix="start the project in another folder: `syncrules init DIR`",
        )
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [*texts, *_ignore(folder / ".gitignore")]
    except OSError as error:
        raise UsageError(
            f"the project can't be written to {folder}", why=error.strerror or str(error)
        ) from None


def _ignore(path: Path) -> list[str]:
    """The state is the machine's, not the team's: keeps it out of version control."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    if IGNORED in lines:
        return []
    path.write_bytes(b"\n".join([*lines, IGNORED]) + b"\n")
    return [path.name]
