"""Files of ours that somebody edited, merged or damaged: each part of each replaced by another.

Whatever stands there is understood, or told as what it is; none of it is a fault of ours.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syncrules import dsl
from syncrules.connectors.base.linking import Grant
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import NO_SCHEMA, from_json, to_json
from syncrules.connectors.salesforce.door import Token
from syncrules.engine.files import logins_file
from syncrules.engine.generation import File
from syncrules.engine.logins import Book, Linked, signers, sync_login
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_text
from syncrules.engine.schemas import whole
from syncrules.engine.systems import System
from syncrules.errors import SyncrulesError, SystemUnavailable
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.hostile.replies import OTHERS, paths
from syncrules.tests.hostile.replies import Path as Place

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


def spoilt(good: Any, seed: int) -> Iterator[tuple[Place, Any]]:
    """`good` with one part replaced or gone, for each part a few times; and which part it is."""
    chance = random.Random(seed)
    for path in paths(good):
        for other in (*chance.sample(OTHERS, 4), ...):
            if not path:
                yield path, other
                continue
            data = copy.deepcopy(good)
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
    assert dsl.check({"a.sync": RULES}, SCHEMAS).rules is not None
    refused = 0
    good = json.loads(json.dumps(to_json(SCHEMAS[system])))
    for path, data in spoilt(good, 0):
        try:
            schema = from_json(data)
        except NO_SCHEMA:
            refused += 1
            continue
        if schema.system != system:
            continue  # The project tells it before anybody asks.
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
        assert from_json(to_json(one)) == one
        assert from_json(json.loads(json.dumps(to_json(one)))) == one


def test_the_book_of_logins_is_whole_or_none(tmp_path: Path) -> None:
    """What is read of it can be used, or is told as what it is."""
    book = Book(tmp_path, {"SYNCRULES_KEY": "k" * 43 + "="})
    for name in ("ann", "ben"):
        book.add(
            "crm", Grant(Secret("x"), "org", f"user {name}", name, f"{name}@a.example"), "", ""
        )
    path = logins_file(tmp_path)
    good = json.loads(path.read_bytes())
    system = System("crm", "crm", {"sync_login": "ann"})
    for place, data in (*spoilt(good, 1), *spoilt(good, 2), *spoilt(good, 3)):
        path.write_text("" if data is ... else json.dumps(data), encoding="utf-8")
        try:
            with suppress(SyncrulesError):
                logins = book.of("crm")
                signers(system, logins, sync_login(system, logins, "key"))
                linked = Linked(book, "crm", "ann")
                linked.renew("ann", linked.kept("ann"), lambda one: one)
        except Exception as error:
            raise AssertionError(f"{place}: {error!r}") from error


def test_what_this_machine_remembers_of_a_state_is_right_or_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    for place, data in spoilt({"run": 7, "started": 1.5, "ended": True}, 0):
        path.write_text("[" * 10_000 if data is ... else json.dumps(data), encoding="utf-8")
        last = File(path).last()
        assert last is None or 0 < last.run < 2**31, place


def test_what_is_kept_of_a_login_is_what_a_sign_in_gave() -> None:
    """In a keyring people can put anything there."""
    kept = Token(Secret("t"), "https://a.my.salesforce.com", "00D", "005").kept()
    assert Token.of(kept).instance == "https://a.my.salesforce.com"
    for _, data in spoilt(json.loads(kept.reveal()), 0):
        with suppress(SyncrulesError):
            Token.of(Secret("x" if data is ... else json.dumps(data)))


@pytest.mark.parametrize("wrong", [{"label": "\ud800"}, {"length": "x"}, {"type": "money"}])
def test_what_could_not_be_read_any_more_is_not_stored(wrong: dict[str, Any]) -> None:
    """Whatever a connector makes of what its system describes."""
    schema = SCHEMAS["apollo"]
    assert whole(schema) == schema
    one = schema.objects[0]
    fields = (replace(one.fields[0], **wrong), *one.fields[1:])
    with pytest.raises(SystemUnavailable, match="apollo answered in a way we can't read"):
        whole(replace(schema, objects=(replace(one, fields=fields),)))
