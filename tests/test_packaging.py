"""The package as users get it: built, installed into an environment of its own, beside an app with its own names."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.places import ROOT

BUILD = "import sys, hatchling.build as backend; print(getattr(backend, sys.argv[1])(sys.argv[2]))"

pytestmark = [
    pytest.mark.skipif(
        not importlib.util.find_spec("hatchling"), reason="hatchling, which builds it, is not installed"
    ),
    pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="pip, which installs it, is not installed"),
]

APP = """
import json, sys
import cli, corpus, search
import procsearch
report = procsearch.reindex("pages", "index", jobs=2)
hits = procsearch.open_index("index").search("kidney stone").hits
print(json.dumps([report.added, [hit.name for hit in hits], search.MINE, cli.MINE, corpus.MINE, procsearch.__file__]))
"""


def build(what: str, source: Path, out: Path) -> Path:
    ran = _run(sys.executable, "-c", BUILD, what, out, at=source)
    return out / ran.split()[-1]


def _run(*command: object, at: Path) -> str:
    ran = subprocess.run(list(map(str, command)), cwd=at, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("build_sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """A wheel built from what the sdist holds, as pip builds it."""
    with tarfile.open(sdist) as archive:
        # The first releases of Python 3.11 know no filters; later ones warn where none is named.
        archive.extractall(sdist.parent, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return build("build_wheel", sdist.with_name(sdist.name.removesuffix(".tar.gz")), sdist.parent)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel, and the libraries that it needs from the environment of the tests."""
    home = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", "--without-pip", home, at=home)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python"]
    _run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", wheel, at=home)
    (site,) = home.glob("lib/python*/site-packages")
    libraries = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (site / "libraries.pth").write_text("\n".join(libraries))
    return home


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if ".dist-info/" not in name)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = names_in(wheel)
    assert {PurePosixPath(name).parts[0] for name in names} == {"procsearch"}
    rooms = {PurePosixPath(name).parts[1] for name in names}
    assert rooms == {"__init__.py", "__main__.py", "cli.py", "py.typed", "corpus", "indexer", "search"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


@pytest.mark.parametrize("room", ["corpus", "indexer", "search"])
def test_every_file_of_a_room_is_in_the_wheel(wheel: Path, room: str) -> None:
    here = {
        f"procsearch/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }  # fmt: skip
    assert {name for name in names_in(wheel) if name.startswith(f"procsearch/{room}/")} == here
    assert here


def test_the_sdist_holds_the_sources_and_nothing_that_was_made_of_them(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {PurePosixPath(*PurePosixPath(name).parts[1:]) for name in archive.getnames()}
    assert {path.parts[0] for path in names if len(path.parts) > 1} == {
        "benchmarks", "corpus", "docs", "examples", "indexer", "procsearch", "requirements", "search", "tests",
    }  # fmt: skip
    assert not [path for path in names if {"_build", "__pycache__"} & set(path.parts) or path.suffix in {".pyc", ".so"}]


def test_it_is_the_same_built_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    assert names_in(build("build_wheel", ROOT, tmp_path)) == names_in(wheel)


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = archive.read(f"{info}/METADATA").decode()
        licenses = [name for name in archive.namelist() if name.startswith(f"{info}/licenses/")]
        entries = archive.read(f"{info}/entry_points.txt").decode()
    assert "Name: procsearch" in metadata
    assert "procsearch = procsearch.cli:main" in entries
    assert {PurePosixPath(name).name for name in licenses} == {"LICENSE", "NOTICE"}


def test_it_works_beside_an_app_that_owns_the_names_of_its_rooms(installed: Path, tmp_path: Path) -> None:
    for name in ("search", "cli", "corpus", "indexer"):
        (tmp_path / f"{name}.py").write_text(f"MINE = {name!r}\n")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text("<h1>Blasting</h1><h2>Purpose</h2><p>Breaks a kidney stone.</p>")
    added, found, *mine, place = json.loads(_run(installed / "bin" / "python", "app.py", at=tmp_path))
    assert (added, found, mine) == (1, ["Blasting"], ["search", "cli", "corpus"])
    assert Path(place).is_relative_to(installed)


def test_the_command_works_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    shown = _run(installed / "bin" / "procsearch", "demo", at=tmp_path)
    assert "sample pages indexed" in shown
    assert "Colonoscopy" in shown
    assert _run(installed / "bin" / "python", "-m", "procsearch", "--version", at=tmp_path).startswith("procsearch")
