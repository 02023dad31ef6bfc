"""A project's files as a preview finds them, and what people do to them before it is applied.

Its rules and schemas are those that the made-up systems run under; only what stands in the files is
read of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from syncrules.connectors.base.schema import to_json
from syncrules.engine.project import Project
from syncrules.tests.simulation.history import RULES, Machine

PROJECT = '[systems.apollo]\nconnector = "apollo"\n[systems.salesforce]\nconnector = "salesforce"\n'


class Papers:
    """The files of a project in a folder, with rules of a name in `simulation/`."""

    def __init__(self, folder: Path, rules: str) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        (folder / "schema").mkdir()
        (folder / "syncrules.toml").write_text(PROJECT, encoding="utf-8")
        (folder / "rules" / "people.sync").write_bytes(RULES.with_name(rules).read_bytes())
        for name, text in _schemas().items():
            (folder / "schema" / f"{name}.json").write_text(text, encoding="utf-8")

    @property
    def project(self) -> Project:
        return Project.load(self.folder)

    def changed(self, chance: random.Random) -> Callable[[], None]:
        """Somebody changes a file; what puts it right again."""
        return chance.choice(_CHANGES)(self.folder, chance)


def _edited(folder: Path, chance: random.Random) -> Callable[[], None]:
    """A letter of a rule file or of a schema is another, or gone."""
    files = sorted((folder / "rules").glob("*.sync")) + sorted((folder / "schema").glob("*.json"))
    file = chance.choice(files)
    text = file.read_bytes()
    if file.suffix == ".json":
        label = chance.choice(json.loads(text)["objects"])["label"]
        file.write_bytes(text.replace(f'"{label}"'.encode(), f'"My {label}"'.encode(), 1))
    else:
        at = chance.randrange(len(text))
        file.write_bytes(text[:at] + chance.choice((b"", b"#", b" ")) + text[at + 1 :])
    if file.read_bytes() == text:
        file.write_bytes(text + b"\n")
    return lambda: _restore(file, text)


def _more(folder: Path, chance: random.Random) -> Callable[[], None]:
    """There is another rule file."""
    file = folder / "rules" / f"more{chance.randrange(9)}.sync"
    file.write_text("sync apollo with salesforce\n", encoding="utf-8")
    return file.unlink


def _less(folder: Path, chance: random.Random) -> Callable[[], None]:
    """A rule file is called something else."""
    file = folder / "rules" / "people.sync"
    other = file.rename(file.with_name("persons.sync"))
    return lambda: _rename(other, file)


_CHANGES = (_edited, _edited, _edited, _more, _less)


def _restore(file: Path, text: bytes) -> None:
    file.write_bytes(text)


def _rename(file: Path, name: Path) -> None:
    file.rename(name)


@lru_cache
def _schemas() -> Mapping[str, str]:
    both = Machine(0).setup().connectors
    return {name: json.dumps(to_json(one.describe())) for name, one in both.items()}
