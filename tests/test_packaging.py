"""What is installed is what is here: packages, data, entry points, the public face."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import syncrules

ROOT = Path(__file__).parents[1]
NOT_INSTALLED = {"tests", "bench", "docs", "build", "dist"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_of_the_product_is_a_package(project: dict[str, Any]) -> None:
    """A room that is not on the list would be missing from what people install."""
    folders = {
        path.parent.relative_to(ROOT).parts
        for path in ROOT.rglob("__init__.py")
        if not {part for part in path.relative_to(ROOT).parts if part[0] == "."} and path.parent
    }
    here = {
        ".".join(("syncrules", *parts))
        for parts in folders
        if not parts or parts[0] not in NOT_INSTALLED
    }
    assert set(project["tool"]["setuptools"]["packages"]) == here


def test_the_public_face_is_what_it_says() -> None:
    """Each public name is there, and nothing else pretends to be."""
    assert sorted(syncrules.__all__) == ["Project", "check", "compile", "preview", "run"]
    for name in syncrules.__all__:
        assert callable(getattr(syncrules, name))
    with pytest.raises(AttributeError):
        _ = syncrules.nothing


def test_the_version_is_told_once(project: dict[str, Any]) -> None:
    """By the package, and by the metadata it is installed with."""
    assert project["project"]["version"] == syncrules.__version__


def test_a_wheel_has_all_it_needs_and_works_on_its_own(tmp_path: Path) -> None:
    """Grammar, rules and types are inside; installed elsewhere, the command starts a project."""
    build = (
        "import sys; from setuptools import build_meta;"
        "print(build_meta.build_wheel(sys.argv[1]), file=sys.stderr)"
    )
    copy = tmp_path / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        # Tests name what they look for, and nobody installs them.
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    built = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=copy, capture_output=True, check=False
    )
    assert built.returncode == 0, built.stderr.decode()
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(site)
    starts = [f"rules/{one.name}" for one in (ROOT / "rules").iterdir()]
    for name in ("py.typed", "dsl/grammar.lark", "rules/starter.sync", *starts):
        assert f"syncrules/{name}" in names
    assert not [name for name in names if name.startswith(("syncrules/tests", "syncrules/bench"))]

    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import syncrules; from syncrules.cli"
        " import main; assert syncrules.__file__.startswith(sys.path[0]); sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(site), "init", "crm"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "crm" / "rules" / "contacts.sync").is_file()
