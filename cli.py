"""Where the program begins: answers at once what needs nothing, hands the rest to `commands/`.

Knows what is typed most and no more: the version, and a `check` of what hasn't changed since there
were no findings. It is imported on each start, so it imports nothing itself.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    given = sys.argv[1:] if args is None else list(args)
    answer = ""
    if given == ["--version"]:
        from . import __version__

        answer = f"syncrules {__version__}"
    elif given == ["check"]:
        from .engine.remembered import nothing_new

        answer = nothing_new()
    if answer and sys.stdout is not None:
        try:
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()
            return 0
        except OSError:
            pass  # the whole program knows what to say of a reader that is gone or a full disk
    from . import commands

    return commands.main(given)


if __name__ == "__main__":
    sys.exit(main())
