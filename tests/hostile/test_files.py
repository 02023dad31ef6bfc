"""Files of ours that somebody edited, merged or damaged: each part of each replaced by another.

Whatever stands there is understood, or told as what it is; none of it is a fault of ours.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import NO_SCHEMA, from_json, to_json
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_text
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.hostile.replies import OTHERS, Path, paths

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead
pull Account as account
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
    "{{ title }}" -> Title
    owner     <-> OwnerId
    "None"    -> Company
}
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def spoilt(whole: Any, seed: int) -> Iterator[tuple[Path, Any]]:
    """`whole` with one part replaced or gone, for each part a few times; and which part it is."""
    chance = random.Random(seed)
    for path in paths(whole):
        for other in (*chance.sample(OTHERS, 4), ...):
            if not path:
                yield path, other
                continue
            data = copy.deepcopy(whole)
            holder = data
            for step in path[:-1]:
                holder = holder[step]
            if other is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = other
            yield path, data


@pytest.mark.parametrize("system", list(SCHEMAS))
def test_a_schema_is_whole_or_none(system: str) -> None:
    """What `from_json` takes, `check` and `plan` can work with."""
    refused = 0
    for path, data in spoilt(to_json(SCHEMAS[system]), 0):
        try:
            schema = from_json(data)
        except NO_SCHEMA:
            refused += 1
            continue
        try:
            schemas = {**SCHEMAS, system: schema}
            rules = dsl.check({"a.sync": RULES}, schemas).rules
            for one in rules.sets if rules else ():
                as_text(compile(one, schemas), schemas)
        except Exception as error:
            raise AssertionError(f"{path}: {error!r}") from error
    assert refused > 100


def test_a_schema_that_is_whole_is_as_it_was() -> None:
    for one in SCHEMAS.values():
        assert from_json(json.loads(json.dumps(to_json(one)))) == one
