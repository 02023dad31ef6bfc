"""What `check` found the last time, for as long as nothing has changed that it depends on.

That is the project file, the rule files and the schemas by their content, and the code that proved
them by the time of its files. Kept by `dsl/kept.py` for one project after the other; whatever is
not as it was is worked out anew, so nothing else is ever said than what `dsl` would say.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..dsl import kept
from ..errors import SyncrulesError
from . import files

if TYPE_CHECKING:
    from ..dsl import Finding
    from .project import Project

FORM = 3
"""Counts up when what is kept looks different."""
LARGE = 50_000
"""Bytes of rules from which on it pays to know them by cluster: fewer are proved as quickly as what
is kept of them is read."""

_OTHERWISE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a file ends in that is not of the form it should have."""

_LIBRARY = os.path.dirname(os.__file__)


class Found(NamedTuple):
    """The findings of a project, and its rule files as they were read."""

    folder: Path
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]


def last(file: Path, given: Sequence[str]) -> Found | None:
    """What was found the last time for a project file and the rule files `given` instead of its
    own; None where anything has changed since, or can't be read."""
    try:
        data = kept.load(_name("found", file), str(FORM))
        known = None if data is None else json.loads(data)
        if known is None or known["given"] != list(given) or not _same_code(known["code"]):
            return None
        sources = files.sources(file.parent, known["rules"])
        if _seen(file, known["rules"], known["systems"], sources) != known["seen"]:
            return None
        return Found(file.parent, _findings(known["findings"]), sources)
    except (SyncrulesError, OSError, *_OTHERWISE):
        return None


def nothing_new() -> str:
    """What `check` says of the project here, where that is known and there are no findings; else
    nothing."""
    try:
        found = last(files.project_file(Path.cwd()), ())
    except (SyncrulesError, OSError):
        return ""
    return "" if found is None or found.findings else tally((), len(found.sources))


def check(project: Project, given: Sequence[str]) -> Found:
    """What `dsl` finds, which is kept for the next time."""
    from ..dsl.finding import to_data

    before = _look(project)
    sources = project.sources()
    large = sum(map(len, sources.values())) >= LARGE
    findings = _by_clusters(project) if large else project.check().findings
    code = _code()
    if code is not None and before is not None and before == _look(project):
        known = {
            "given": list(given),
            "code": code,
            "rules": list(project.rules),
            "systems": list(project.systems),
            "seen": before,
            "findings": [to_data(one) for one in findings],
        }
        kept.store(_name("found", project.path), str(FORM), json.dumps(known).encode())
    return Found(project.folder, findings, sources)


def _by_clusters(project: Project) -> tuple[Finding, ...]:
    """What `dsl` finds in many rules: what has to do with an edit is proved, the rest is known."""
    from ..dsl.apart import Memory

    name = _name("clusters", project.path)
    memory = Memory()
    try:
        data = kept.load(name, str(FORM))
        known = None if data is None else json.loads(data)
        if known is not None and _same_code(known["code"]):
            memory = Memory(known["clusters"])
        findings = project.findings(memory)
    except _OTHERWISE:
        memory = Memory()
        findings = project.findings(memory)
    code = _code()
    if code is not None:
        kept.store(name, str(FORM), json.dumps({"code": code, "clusters": memory.data()}).encode())
    return findings


def _findings(known: Sequence[Sequence[Any]]) -> tuple[Finding, ...]:
    if not known:
        return ()
    from ..dsl.finding import from_data

    return tuple(map(from_data, known))


def tally(findings: Sequence[Finding], count: int) -> str:
    """`1 error and 2 warnings in 3 files`."""
    number = Counter(one.severity for one in findings)
    words = {"errors": number["error"], "warnings": number["warning"], "notes": number["info"]}
    parts = [f"{n} {word if n > 1 else word[:-1]}" for word, n in words.items() if n]
    return f"{' and '.join(parts) or 'no findings'} in {files.count_files(count)}"


def _name(what: str, file: Path) -> str:
    """What is kept about a project is called by where that lies."""
    return f"{what}-{sha256(os.fsencode(file)).hexdigest()[:32]}"


# ---- what it depends on -----------------------------------------------------------------------


def _look(project: Project) -> list[Any] | None:
    try:
        return _seen(project.path, project.rules, project.systems, project.sources())
    except (SyncrulesError, OSError, *_OTHERWISE):
        return None


def _seen(
    file: Path, rules: Sequence[str], systems: Iterable[str], sources: Mapping[str, bytes]
) -> list[Any]:
    """All that is read, by content, as JSON has it."""
    schemas = [(one, files.schema_file(file.parent, one).read_bytes()) for one in systems]
    return [
        _mark(file.read_bytes()),
        list(rules),
        [[name, _mark(raw)] for name, raw in sources.items()],
        [[name, _mark(raw)] for name, raw in schemas],
        _linked(file.parent),
    ]


def _linked(folder: Path) -> list[list[str]]:
    """Which logins are linked: where there are several, one has to be chosen."""
    try:
        data = json.loads(files.logins_file(folder).read_bytes())
    except FileNotFoundError:
        return []
    return [[one["system"], one["name"]] for one in data["logins"]]


def _mark(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def _code() -> list[Any] | None:
    """The code at work: which Python, what it can import, and what it has imported of ours and of
    others, each file with its time and size. None where a file of it is gone."""
    loaded = (getattr(one, "__file__", None) for one in list(sys.modules.values()))
    own = {one for one in loaded if one and not _of_python(one)}
    try:
        return [sys.version, _times(filter(os.path.isdir, sys.path)), _times(sorted(own))]
    except OSError:
        return None


def _same_code(known: list[Any]) -> bool:
    """Whether Python, what it can import, and the files of the code are what they were."""
    version, folders, modules = known
    if version != sys.version or folders != _times(filter(os.path.isdir, sys.path)):
        return False
    return bool(modules == _times(one[0] for one in modules))


def _of_python(file: str) -> bool:
    return file.startswith(_LIBRARY) and "site-packages" not in file


def _times(paths: Iterable[str]) -> list[list[Any]]:
    times = []
    for path in paths:
        about = os.stat(path)
        times.append([path, about.st_mtime_ns, about.st_size])
    return times
