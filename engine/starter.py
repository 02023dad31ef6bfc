"""The files of a new project: a project file, a starter rule file, .gitignore and a CI job.

Knows their text and where they go, nothing of what is in a project that exists. What the project
file may say is in `project.py`, what rules may say in `dsl/`.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

IGNORED = ".syncrules/"

PROJECT = """\
# What `syncrules` syncs, and how it signs in. Secrets never stand here: `env:NAME` reads one from
# the environment, `file:PATH` from a file (from this folder) that is not under version control.

rules = ["rules"]

[team]
timezone = "UTC"                      # whose days dates are

[systems.apollo]
connector = "apollo"
key = "env:APOLLO_API_KEY"

[systems.salesforce]
connector = "salesforce"
login_url = "https://login.salesforce.com"
client_id = "env:SALESFORCE_CLIENT_ID"
client_secret = "env:SALESFORCE_CLIENT_SECRET"

[state]
url = "sqlite:///.syncrules/state.db"
"""

RULES = """\
# People of Apollo who answered become Leads in Salesforce, and both sides stay up to date.
# Nothing moves that no rule names. `syncrules check` proves the file, `syncrules preview` shows
# what a run would change, `syncrules run` does it.

sync apollo with salesforce
prefer salesforce                     # wins where both sides changed the same field

push contact as Lead when stage in ["Interested", "Replied"] {
    match on email                    # a Lead with this address is linked, not made twice
    source "Apollo"                   # the Lead Source of what this rule creates
}

map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company     default "Unknown"
}
"""

JOB = """\
# Checks the rules on every change, offline, against the schemas in schema/.
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
"""

FILES = {
    "syncrules.toml": PROJECT,
    "rules/contacts.sync": RULES,
    ".github/workflows/rules.yml": JOB,
}


def start(folder: Path) -> list[str]:
    """Writes the files of a new project and returns their paths from `folder`, in order.

    Refuses where one of them exists, and then writes none. A `.gitignore` that exists gets one line
    more, unless it has it.
    """
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder / there[0]} exists",
            why="nothing is ever overwritten, so nothing was written",
            fix="start the project in another folder: `syncrules init DIR`",
        )
    try:
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [*FILES, *_ignore(folder / ".gitignore")]
    except OSError as error:
        raise UsageError(
            f"the project can't be written to {folder}", why=error.strerror or str(error)
        ) from None


def _ignore(path: Path) -> list[str]:
    """The state is the machine's, not the team's: keeps it out of version control."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if IGNORED in lines:
        return []
    path.write_text("\n".join([*lines, IGNORED]) + "\n", encoding="utf-8")
    return [path.name]
