"""A sign-in is renewed once however many ask for it, in one process and in several.

The book, its lock and the processes are real; Salesforce is simulated behind real HTTP, and gives
another refresh token with each renewal, so that a second use of one would be refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from syncrules.connectors.base.contract import Connector
from syncrules.connectors.base.world import Machine
from syncrules.engine.project import Project
from syncrules.tests.cli import spawn
from syncrules.tests.signed_in import ANN, OPS, Team, team


@pytest.fixture
def here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    with team(tmp_path, capsys, monkeypatch) as made:
        made.salesforce.sign_ins.rotates = True
        made.connect(OPS)
        yield made


def renewals(here: Team) -> int:
    return here.salesforce.sign_ins.counts["refresh_token"]


def opened(here: Team) -> Connector:
    return Project.load(here.file).connect("salesforce", Machine())


def test_many_lanes_renew_once(here: Team) -> None:
    """Eight threads find the token ended; one renewal serves them all. (CON-2)"""
    connector = opened(here)
    connector.describe(["Lead"])
    here.salesforce.sign_ins.expire()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: connector.describe([name]), ["Lead", "Contact"] * 4))
    assert all(one.objects for one in found)
    assert renewals(here) == 1


def test_many_processes_renew_once(here: Team) -> None:
    """Four processes at once, each with the ended token of the book: one of them renews it, and the
    others take what it got. (CON-2)"""
    here.good("schema", "pull", "salesforce")
    here.salesforce.sign_ins.expire()
    env = {**os.environ}
    running = [spawn(here.folder, "schema", "diff", "salesforce", env=env) for _ in range(4)]
    ended = [(one.communicate(timeout=60), one.returncode) for one in running]
    assert [code for _, code in ended] == [0] * 4, ended
    assert renewals(here) == 1


def test_what_another_process_renewed_is_picked_up(here: Team) -> None:
    """A process that has been running for long, with a refresh token that is used up by now, goes
    on with the newest one; also where that has ended, too. (CON-2)"""
    old, other = opened(here), opened(here)
    old.describe(["Lead"])
    here.salesforce.sign_ins.expire()
    other.describe(["Lead"])
    assert renewals(here) == 1
    assert old.describe(["Lead"]).objects
    assert renewals(here) == 1
    here.salesforce.sign_ins.expire()
    other.describe(["Lead"])
    here.salesforce.sign_ins.expire()
    assert old.describe(["Lead"]).objects
    assert renewals(here) == 3


def test_a_login_that_was_disconnected_is_not_used_any_more(here: Team) -> None:
    """A process that holds it finds out with the next renewal, and says what to do."""
    here.connect(ANN, "--as", ANN)
    here.good("logins", "use", "salesforce", OPS)
    old = opened(here)
    old.describe(["Lead"])
    here.good("disconnect", "salesforce", OPS)
    with pytest.raises(Exception, match="is not linked to salesforce any more"):
        old.describe(["Lead"])
