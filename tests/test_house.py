"""The house keeps its rules: floors, names, sizes, words, and where chance and time come from.

Reads the source of the product, and runs none of it but `errors.py`.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from syncrules import errors

ROOT = Path(__file__).parents[1]
APART = {"tests", "bench", "docs", "build", ".venv", "dist"}
SYSTEMS = ("apollo", "salesforce")
EXIT_CODES = {0, 1, 2, 3, 4, 5, 70, 130}
TARGETS = ("demo", "test", "lint", "guide", "bench", "mutants", "soak")
LONGEST = 600

MODULES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0] not in APART and "node_modules" not in path.parts
)

FLOORS = {
    "errors": 0,
    "connectors.base": 1,
    "dsl": 2,
    "engine": 3,
    "terminal": 4,
    "web": 4,
    "audit": 4,
    "": 5,
    "demo": 5,
    "commands": 6,
    "cli": 7,
}
SHOWS = ("audit", "demo")
"""Users of the whole product, who start the simulators by name."""


def name_of(path: Path) -> str:
    """`engine.run.look` for a path; "" for the root."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module of ours) for each import, wherever it stands; `!` marks an absolute name."""
    name = name_of(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = package.split(".") if package else []
            base = ".".join(parts[: len(parts) - node.level + 1])
            found = ".".join(part for part in (base, node.module) if part)
            for one in node.names:
                inner = f"{found}.{one.name}" if found else one.name
                yield node.lineno, inner if is_module(inner) else found
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("syncrules"):
            yield node.lineno, f"!{node.module}"
        elif isinstance(node, ast.Import):
            for one in node.names:
                if one.name.startswith("syncrules"):
                    yield node.lineno, f"!{one.name}"


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "connectors" else parts[0]


def may_import(importer: str, imported: str) -> bool:
    """Whether one module of ours may import another: only down, and systems only the base."""
    here, there = room_of(importer), room_of(imported)
    if here == there:
        return True
    if here.startswith("connectors.") and here != "connectors.base":
        return there in ("connectors.base", "errors")
    if here in ("", "testing"):
        return True
    if here in SHOWS and there.startswith("connectors."):
        return "simulator" in imported or there == "connectors.base"
    return here in FLOORS and there in FLOORS and FLOORS[here] > FLOORS[there]


def test_imports_only_go_down() -> None:
    """cli -> commands, web -> engine -> dsl -> connectors/base -> errors, all of them relative."""
    wrong = [
        f"{name_of(path)}, line {line}: {found}"
        for path in MODULES
        for line, found in imports(path)
        if found.startswith("!") or not may_import(name_of(path), found)
    ]
    assert wrong == []


def test_the_plan_knows_no_state_and_no_run() -> None:
    """Compiling is pure: `engine/plan` imports neither the store, the run, the wire nor a world."""
    barred = ("engine.store", "engine.run", "connectors.base.wire", "connectors.base.world")
    wrong = [
        (name_of(path), found)
        for path in MODULES
        if name_of(path).startswith("engine.plan")
        for _, found in imports(path)
        if found.startswith(barred)
    ]
    assert wrong == []


def test_no_system_is_named_below_the_connectors() -> None:
    """The engine, the language and the base know systems by entry point, never by name."""
    wrong = [
        (name_of(path), line, words)
        for path in MODULES
        if room_of(name_of(path)) in ("engine", "dsl", "connectors.base")
        for line, words in names_and_texts(tree_of(path))
        if any(system in words.lower() for system in SYSTEMS)
    ]
    assert wrong == []


def names_and_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) for each name and each text of the code, docstrings left out."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.lineno, node.name


def test_a_module_says_what_it_knows_and_can_be_read_in_one_sitting() -> None:
    """Each module opens with a docstring and has at most 600 lines."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)) or not text.strip(), name_of(path)
        assert len(text.splitlines()) <= LONGEST, name_of(path)


def test_time_and_chance_are_passed_in() -> None:
    """Only the real world asks the machine for the time or draws numbers of its own."""
    barred = {
        *(("time", one) for one in ("time", "sleep", "monotonic", "perf_counter")),
        *(("datetime", one) for one in ("now", "utcnow", "today")),
        ("date", "today"),
        ("uuid", "uuid4"),
    }
    wrong = [
        (name_of(path), node.lineno, f"{node.value.id}.{node.attr}")
        for path in MODULES
        if name_of(path) != "connectors.base.world"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in barred
        or (node.value.id == "random" and node.attr != "Random")
    ]
    assert wrong == []


def test_library_code_prints_nothing() -> None:
    """Only the command line writes to the terminal, and through click."""
    wrong = [
        (name_of(path), node.lineno)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert wrong == []


def test_no_file_names_a_machine_or_leaves_something_undone() -> None:
    """What is under version control works on any machine, and is finished."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    barred = re.compile(
        r"(?<![\w.])/(work|root|home)/|pythonhosted|pypi\.org|\b(TODO|FIXME|XXX)\b"
        r"|pytest\.mark\.(skip|xfail)\b"
    )
    wrong = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            found = barred.search(path.read_bytes().decode("utf-8", "replace"))
            if found:
                wrong.append((name, found.group()))
    assert wrong == []


def test_every_error_has_an_exit_code_of_the_table() -> None:
    """The tree at the head of `errors.py` names each error with the exit code that it has."""
    tree = (errors.__doc__ or "").splitlines()
    kinds = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.SyncrulesError)
    ]
    assert len(kinds) > 5
    for one in kinds:
        assert one.exit_code in EXIT_CODES
        assert any(re.search(rf"\b{one.__name__}\s+{one.exit_code}\b", line) for line in tree)


def test_the_makefile_has_the_promised_targets() -> None:
    """`make demo`, `make test` and the others are there, each with a word on what it does."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in TARGETS:
        assert re.search(rf"^{target}:.*## \w", text, re.MULTILINE)
