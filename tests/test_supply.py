"""What is installed is locked with hashes, and its licences are listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.places import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ELSEWHERE = re.compile(r"sys_platform == '(win32|darwin|emscripten)'|platform_system == 'Windows'|os_name == 'nt'")


def locked(path: Path) -> dict[str, tuple[str, str]]:
    """The packages of a lock: what stands in the line of each, and its hashes."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", path.read_text("utf-8"))
    return {normal(entry.partition("==")[0]): (entry.partition("\n")[0], entry) for entry in entries}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_has_one_version_and_hashes(path: Path) -> None:
    assert len(locked(path)) >= 5
    for line, entry in locked(path).values():
        assert re.match(r"[A-Za-z0-9._-]+==[^ ]+", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), line


def test_locks_name_no_place_to_install_from() -> None:
    for path in LOCKS:
        assert not re.search(r"://|--(extra-)?index|--find-links", path.read_text("utf-8"))


def test_what_procsearch_needs_is_locked() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = re.findall(r'"([A-Za-z][\w.-]*)[^"]*"', re.search(r"\ndependencies = \[(.*?)\n\]", project, re.DOTALL)[1])  # type: ignore[index]
    for lock in ("image.txt", "development.txt"):
        assert {normal(name) for name in needed} <= set(locked(ROOT / "requirements" / lock))


def test_the_image_installs_what_is_locked() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    for install in re.findall(r"pip install[^&]*", dockerfile):
        assert "--require-hashes" in install or "--no-deps" in install


def test_the_licence_of_every_package_is_listed() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| (\S+) +\| (.+?) +\|$", page, re.MULTILINE)
    told_above = re.findall(r"^`([^`]+)` .* tells its licence", page, re.MULTILINE)
    licences = {normal(name): licence for name, licence in rows} | dict.fromkeys(told_above, "told above")
    for path in LOCKS:
        for name, (line, _) in locked(path).items():
            if not ELSEWHERE.search(line):
                assert licences.get(name, "UNKNOWN") != "UNKNOWN", name
