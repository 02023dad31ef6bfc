"""Files as they stand in a Git revision, read by Git itself and without a shell.

Knows a few read-only calls of `git` and how each of them fails; what the files mean is in
`versions.py`. Nothing is checked out and nothing in the repository changes.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
}
"""Messages in one language, paths that are no patterns, nothing written and nothing fetched."""

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")
"""What a hook sets for its own folder; here the repository is the one that holds the project."""

_FILES = ("100644", "100755", "100664")
"""Modes of what is a file: no link, and no other repository."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of the repository that holds `folder`.

    `name` is as typed. `prefix` is where `folder` lies in the repository, "" at its root. `blobs`
    are all files below the paths that were asked for: id by path from the root.
    """

    name: str
    folder: Path
    prefix: str
    commit: str

    def path(self, name: str) -> str:
        """A path from `folder` as one from the root; `UsageError` where it leads out of the
        repository."""
        path = posixpath.normpath(posixpath.join(self.prefix, name))
        if path.startswith(("../", "/")) or path == "..":
            raise UsageError(
                f"{name} isn't in revision {self.name}",
                why="it lies outside of the repository",
                fix="compare files or folders instead: name two paths",
            )
        return "" if path == "." else path

    def files(self, path: str) -> dict[str, str]:
        """The files at or below a path from the root: ids by path. `UsageError` for a link."""
        listed = _git(
            self.folder,
            ["ls-tree", "-r", "-z", "--full-tree", self.commit, "--", *([path] if path else [])],
        )
        found = {}
        for line in listed.decode("utf-8", "surrogateescape").split("\0"):
            about, tab, name = line.partition("\t")
            if not tab:
                continue
            mode, _, id = about.split(" ")
            if mode in _FILES:
                found[name] = id
            elif name.endswith(".sync") or name == path:
                raise UsageError(
                    f"{name} is a link in revision {self.name}",
                    why="where it leads may have changed since",
                    fix="compare files or folders instead: name two paths",
                )
        return found

    def read(self, files: Mapping[str, str]) -> dict[str, bytes]:
        """The bytes of files by path, all of them in one call."""
        if not files:
            return {}
        asked = "".join(f"{id}\n" for id in files.values()).encode()
        try:
            answer = _git(self.folder, ["cat-file", "--batch"], asked)
        except _Failed as failed:
            raise self._not_whole(failed.message) from None
        found: dict[str, bytes] = {}
        start = 0
        for path in files:
            end = answer.index(b"\n", start)
            about = answer[start:end].split(b" ")
            if len(about) < 3:
                raise self._not_whole(f"{path} is missing")
            size = int(about[2])
            found[path] = answer[end + 1 : end + 1 + size]
            start = end + 1 + size + 1
        return found

    def _not_whole(self, why: str) -> UsageError:
        """A clone may have left out what files held."""
        return UsageError(
            f"revision {self.name} isn't whole on this machine",
            why=why,
            fix="`git fetch --refetch` brings what is missing",
        )


def revision(name: str, folder: Path) -> Revision:
    """The commit that a name stands for in the repository of `folder`; `UsageError` says what is
    wrong: no Git, no repository, no such revision."""
    try:
        shown = _git(folder, ["rev-parse", "--show-prefix"])
    except _Failed as failed:
        raise UsageError(
            f"there is no file or folder {name}, and no revision of that name",
            why=f"Git says of {folder}: {failed.message}",
            fix="name a file or a folder, or work in a Git repository",
        ) from None
    # A name that began with a dash would be taken for an option.
    wanted = (
        [] if name.startswith("-") else ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]
    )
    try:
        commit = _git(folder, wanted).decode("ascii").strip() if wanted else ""
    except _Failed:
        commit = ""
    if not commit:
        raise UsageError(
            f"there is no file or folder {name}, and no revision of that name",
            why="Git knows no commit by it",
            fix="`git log --oneline` lists revisions; one of another machine is fetched first",
        )
    prefix = shown.decode("utf-8", "surrogateescape").strip("\n").rstrip("/")
    return Revision(name, folder, prefix, commit)


class _Failed(UsageError):
    """Git said no; `message` is its own word for it."""

    def __init__(self, message: str) -> None:
        super().__init__("Git can't read the revision", why=message)
        self.message = message


def _git(folder: Path, arguments: Sequence[str], given: bytes = b"") -> bytes:
    """What one call of Git prints. Raises `_Failed`, and `UsageError` where there is no Git."""
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=kept | _ENVIRONMENT,
            input=given,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(
            "Git isn't installed",
            why="what is no file or folder is looked for among its revisions",
            fix="install Git, or name two files or folders",
        ) from None
    except OSError as error:
        raise UsageError("Git can't be started", why=error.strerror or str(error)) from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        lines.sort(key=lambda one: not one.startswith("fatal: "))
        raise _Failed(lines[0].removeprefix("fatal: ") if lines else "it gave no reason")
    return done.stdout
