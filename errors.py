"""All errors of the product, each with what went wrong, why, how to mend it, and an exit code.

Knows no room of the house; every room may import it. How errors are shown is `terminal.py`.

    SyncrulesError                    70  a fault of ours
    ├── UsageError                     2  the command or the project file is wrong
    │   └── SchemaMissing              2  a schema was never pulled
    ├── FindingsError                  1  rules with errors: nothing was started
    ├── Braked                         3  a brake tripped; nothing was written
    │   └── Stale                      3  ... since a saved preview is not what would be done now
    ├── SystemUnavailable              4  a system could not be reached
    │   ├── SignInRefused              4  ... or refused the sign-in
    │   │   └── LoginLost              4  ... of a linked login: someone has to sign in again
    │   ├── ReplyTooLarge              4  ... or answered with more than a reply may have
    │   └── BudgetSpent                4  ... or the call budget is spent
    ├── Interrupted                  130  somebody asked it to stop
    └── LeaseHeld                      5  another runner holds the lease
        └── FenceLost                  5  ours was taken over: nothing more is committed
"""

from __future__ import annotations


class SyncrulesError(Exception):
    """Any error that is told to a person.

    `what` says what happened in one sentence without a full stop, `why` the cause as far as it is
    known, `fix` what to do. None of the three may hold a secret.
    """

    exit_code = 70

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return ": ".join(part for part in (self.what, self.why) if part)


class UsageError(SyncrulesError):
    """The command line or `syncrules.toml` is wrong."""

    exit_code = 2


class SchemaMissing(UsageError):
    """The rules name a system whose schema was never pulled."""


class FindingsError(SyncrulesError):
    """The rules have findings that are errors, so nothing was started."""

    exit_code = 1


class Braked(SyncrulesError):
    """A brake tripped before the first write."""

    exit_code = 3


class Stale(Braked):
    """A saved preview is no longer what would be done."""


class SystemUnavailable(SyncrulesError):
    """A system could not be reached or did not answer in a way we can use."""

    exit_code = 4


class SignInRefused(SystemUnavailable):
    """A system refused the credentials of the project file, or a person's sign-in."""


class LoginLost(SignInRefused):
    """A linked login has ended: it was revoked, or its time is up."""


class ReplyTooLarge(SystemUnavailable):
    """A system answered with more bytes than a reply may have, which were not read to their end."""


class BudgetSpent(SystemUnavailable):
    """The calls a system allows are used up; the run stopped on a record boundary."""


class Interrupted(SyncrulesError):
    """A run was asked to stop, and did between two records: the next one goes on from there."""

    exit_code = 130


class LeaseHeld(SyncrulesError):
    """Another runner works on the same state."""

    exit_code = 5


class FenceLost(LeaseHeld):
    """Another runner took the lease over while this one was silent."""
