"""`python -m tests.simulation SEED [COUNT]`: one history told step by step, or many counted."""

from __future__ import annotations

import sys
import time

from syncrules.tests.simulation.history import play


def main(arguments: list[str]) -> int:
    seed, count = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
    began, broken = time.perf_counter(), 0
    for one in range(seed, seed + count):
        outcome = play(one)
        lines = outcome.story if count == 1 else []
        lines += [f"seed {one}: {text}" for text in outcome.violations]
        broken += bool(outcome.violations)
        if count == 1:
            lines.append(
                f"seed {one}, {outcome.rules}: {outcome.runs} runs, {outcome.crashes} crashes, "
                f"{outcome.requests} requests, {outcome.writes} writes, "
                f"{len(outcome.violations)} violations, {outcome.digest[:16]}"
            )
        if lines:
            sys.stdout.write("\n".join(lines) + "\n")
    if count > 1:
        took = time.perf_counter() - began
        rate = count / took
        sys.stdout.write(f"{count} histories, {broken} with violations, {rate:.0f} a second\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
