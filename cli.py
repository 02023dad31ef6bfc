"""Where the program begins: answers what needs nothing, and hands the rest to `commands/`.

Knows no command. It is imported on each start, so it imports nothing itself.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    given = sys.argv[1:] if args is None else args
    if list(given) == ["--version"] and sys.stdout is not None:
        from . import __version__

        try:
            sys.stdout.write(f"syncrules {__version__}\n")
            sys.stdout.flush()
            return 0
        except OSError:
            pass  # the whole program knows what to say of a reader that is gone or a full disk
    from . import commands

    return commands.main(args)


if __name__ == "__main__":
    sys.exit(main())
