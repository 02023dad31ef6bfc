"""What is proved cluster by cluster is what is proved of the whole, whatever is known already."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

import pytest
from syncrules import dsl
from syncrules.bench import written
from syncrules.connectors.base.schema import Field, Object, Schema
from syncrules.dsl.apart import Memory, check
from syncrules.dsl.finding import to_data

from .corpus import RIGHT, wrong
from .schemas import SCHEMAS

FILE = "a.sync"


def kept(memory: Memory) -> Memory:
    """The memory of the next start."""
    return Memory(json.loads(json.dumps(memory.data())))


def both(
    sources: Mapping[str, str], memory: Memory, schemas: Mapping[str, Schema] = SCHEMAS
) -> tuple[list[list[object]], list[list[object]]]:
    """What is found by clusters and in the whole, as data, so that a difference can be read."""
    apart = check(sources, schemas, "", memory)
    return [to_data(one) for one in apart], [
        to_data(one) for one in dsl.check(sources, schemas).findings
    ]


def _schemas() -> Mapping[str, Schema]:
    """Deals that belong to firms, on both sides, under names that don't tell it."""
    name = Field("name", "Name", "text")
    near = (
        Object("deal", "Deal", (name, Field("of", "Of", "reference", references=("firm",)))),
        Object("firm", "Firm", (name,), thing="account", keys=("name",)),
    )
    far = (
        Object("D", "Big", (name, Field("whose", "Whose", "reference", references=("F",)))),
        Object("F", "Holder", (name,), thing="account", keys=("name",)),
    )
    sides = {"near": near, "far": far}
    return {name: Schema(name, name, "", objects) for name, objects in sides.items()}


DEALS = "sync near with far\nprefer near\npush deal as D { match on name }\n"
LINE = "map firm with F { name <-> name }\n"


def test_what_a_reference_leads_to_belongs_to_it() -> None:
    rows = "map deal with D { name <-> name\n of <-> whose }\n"
    apart, whole = both({FILE: DEALS + rows + LINE}, Memory(), _schemas())
    assert apart == whole == []
    rows = "map deal with D { name <-> name }\n"
    apart, whole = both({FILE: DEALS + rows + LINE}, Memory(), _schemas())
    assert apart == whole
    assert [one[0] for one in whole] == ["unused-map"]


def test_what_one_mistake_may_have_hidden_is_told_nowhere() -> None:
    """The rule that links firms may be the one with the mistake."""
    rows = "map deal with D { name <-> name }\n"
    memory = Memory()
    both({FILE: DEALS + rows + LINE}, memory, _schemas())
    apart, whole = both({FILE: DEALS + rows + LINE + "push dael as D\n"}, memory, _schemas())
    assert apart == whole
    assert [one[0] for one in whole] == ["unknown-object"]


def test_only_what_has_to_do_with_an_edit_is_proved_again() -> None:
    text, schemas = written.rules(1000), written.schemas(1000)
    memory = Memory()
    check({FILE: text}, schemas, "", memory)
    assert memory.made == 10
    memory = kept(memory)
    check({FILE: written.edited(text)}, schemas, "", memory)
    assert memory.made == 1
    memory = kept(memory)
    check({FILE: "# moved down\n" + text}, schemas, "", memory)
    assert memory.made == 0
    check({FILE: text}, schemas, "another schema", memory)
    assert memory.made == 10


def test_each_wrong_and_right_file_alone() -> None:
    for one in wrong():
        apart, whole = both({FILE: one.source}, Memory())
        assert apart == whole, one.where
    for path in RIGHT:
        apart, whole = both({FILE: path.read_text("utf-8")}, Memory())
        assert apart == whole, path.name


@pytest.mark.parametrize("seed", range(2))
def test_files_put_together_and_edited(seed: int) -> None:
    """Some files at once; one after the other changes, goes, or moves down, and the memory of the
    last time is used."""
    chance = random.Random(seed)
    known = [one.source for one in wrong()]
    known += [path.read_text("utf-8") for path in RIGHT] * 5
    memory = Memory()
    sources = {f"{number}.sync": chance.choice(known) for number in range(4)}
    for _ in range(60):
        path = chance.choice(sorted(sources))
        kind = chance.randrange(4)
        if kind == 0:
            sources[path] = chance.choice(known)
        elif kind == 1:
            lines = sources[path].split("\n")
            lines.insert(chance.randrange(len(lines)), chance.choice(["", "# a remark", "  "]))
            sources[path] = "\n".join(lines)
        elif kind == 2:
            lines = sources[path].split("\n")
            del lines[chance.randrange(len(lines))]
            sources[path] = "\n".join(lines)
        else:
            other = chance.choice(known).split("\n")
            sources[path] += "\n" + "\n".join(other[1:])
        apart, whole = both(sources, memory)
        assert apart == whole, sources
        memory = kept(memory)


@pytest.mark.parametrize("seed", range(2))
def test_many_rules_edited_line_by_line(seed: int) -> None:
    """Rules about many objects, with slips of any kind in some: the rest is not proved again."""
    chance = random.Random(seed)
    schemas = written.schemas(600)
    lines = written.rules(600).split("\n")
    memory = Memory()
    spared = 0
    for _ in range(25):
        place = chance.randrange(len(lines))
        line = lines[place]
        slip = chance.randrange(5)
        if slip == 0:
            lines[place] = line.replace("stage", "stagee").replace("<->", "->")
        elif slip == 1:
            lines[place] = line[: chance.randrange(len(line) + 1)]
        elif slip == 2:
            lines.insert(place, line)
        elif slip == 3:
            lines[place] = line.replace("_1", "_2")
        else:
            lines.insert(
                place, chance.choice(["", "every 30 minutes", "guard at most 5 far calls per day"])
            )
        apart, whole = both({FILE: "\n".join(lines)}, memory, schemas)
        assert apart == whole
        spared += memory.made < 6
        memory = kept(memory)
    assert spared
