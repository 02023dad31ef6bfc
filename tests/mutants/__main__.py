"""`python -m tests.mutants [--most N] [ID ...]`: each bug in a process of its own, two at once.

Tells of each which history found it, and what that one said. Exit code 1 where one survives, or no
longer applies. Once all have been found, the table of the page on reliability is written anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from syncrules.tests.mutants import page
from syncrules.tests.mutants.bugs import Bug, NoLongerApplies, bugs, sources
from syncrules.tests.mutants.trial import Seen

MOST = 2_000
"""Histories within which each bug must be found."""
AT_ONCE = 2


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    known = {one.id: one for one in bugs()}
    if strange := [one for one in asked.ids if one not in known]:
        raise SystemExit(f"there is no mutant {strange[0]}; known: {', '.join(known)}")
    wanted = [known[id] for id in asked.ids or known]
    found: dict[str, int] = {}
    for bug, seen in tried(wanted, asked.most):
        _say(_told(bug, seen))
        if isinstance(seen, Seen) and seen.said:
            found[bug.id] = seen.history
    broken = [seed for seed in sorted(set(found.values())) if _breaks_by_itself(seed)]
    for seed in broken:
        _say(f"history {seed} breaks a promise without any mutant: mend that first")
    if len(found) == len(known) and not broken:
        page.write(wanted, found)
    _say(f"{len(wanted)} mutants, {len(wanted) - len(found)} survived")
    return 0 if len(found) == len(wanted) and not broken else 1


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--most", type=int, default=MOST, help="histories for each of them")
    return parser.parse_args(arguments)


def tried(wanted: Sequence[Bug], most: int) -> Iterator[tuple[Bug, Seen | str]]:
    """Each bug with what its histories showed, or why it could not be tried; as they are done."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        trials = {pool.submit(_try, one, most): one for one in wanted}
        for done in as_completed(trials):
            yield trials[done], done.result()


def _breaks_by_itself(seed: int) -> bool:
    from syncrules.tests.simulation.history import play

    return bool(play(seed).violations)


def _try(bug: Bug, most: int) -> Seen | str:
    try:
        sources(bug)
    except NoLongerApplies as error:
        return str(error)
    command = [sys.executable, "-m", "syncrules.tests.mutants.trial", bug.id, str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"mutant {bug.id} does not run: {done.stderr.strip().splitlines()[-1]}"
    return Seen(**json.loads(done.stdout))


def _told(bug: Bug, seen: Seen | str) -> str:
    if isinstance(seen, str):
        return seen
    if not seen.said:
        return f"{bug.id}: SURVIVED {seen.histories} histories. {bug.what}"
    where = f"history {seen.history} ({seen.seconds:.1f} s)"
    return f"{bug.id}: found in {where}. {bug.what}\n    {seen.said}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
