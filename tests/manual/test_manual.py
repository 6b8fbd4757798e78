"""The manual tells the truth: every code block of it and of the README runs and shows what it says."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click
import pytest

from procsearch import reindex
from procsearch.cli import group
from tests.contract.running import run, start
from tests.places import ROOT, SAMPLES

from .blocks import Block, agrees, blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FROM_NOTHING = {"README.md", "tutorial.md", "scraping.md"}
"""Pages that make the index they speak of; the others find one of the sample pages."""

ELSEWHERE = ("make", "pip", "python3", ".", "docker", "systemctl", "nginx", "uvicorn", "flask", "apt-get")
"""Commands about another machine, or that set this one up; pip's extras and make's targets are looked at."""

PORT = "8017"


class Reader:
    """Somebody who follows a page to the letter in a folder of their own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.names: dict[str, Any] = {"__name__": "manual"}
        self.services: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def read(self, page: Path) -> None:
        """Do what each block says; an ``output`` block is what the block before it printed."""
        printed = ""
        for block in blocks(page):
            where = f"{page.name}:{block.line}"
            if block.language == "output":
                assert agrees(block.text, printed), f"{where} shows otherwise:\n{printed}"
            elif block.file:
                (self.place / block.file).write_text(block.text)
            elif block.language == "python":
                printed = self._python(block)
            elif block.language in {"", "sh", "console"}:
                for command, shown in block.commands():
                    ended, told = self._command(command)
                    assert shown or not ended, f"{where}: {command} fails:\n{told}"
                    assert shown is None or agrees(shown, told), f"{where}: {command} shows otherwise:\n{told}"
            else:
                assert block.language in {"nginx", "text", "ini"}, f"{where}: nobody runs {block.language}"

    def _python(self, block: Block) -> str:
        out = io.StringIO()
        if "opensearch://" not in block.text:
            with chdir(self.place), redirect_stdout(out):
                exec(compile(block.text.replace(PORT, self.port), f"line {block.line}", "exec"), self.names)
        return out.getvalue()

    def _command(self, command: str) -> tuple[int, str]:
        """The exit code of a command and what it wrote."""
        words = shlex.split(command, comments=True)
        if words[0] in ELSEWHERE:
            check_setting_up(words)
            return 0, ""
        command = command.replace(PORT, self.port)
        if words[0] == "procsearch" and not re.search(r"[|<>;&]", re.sub(r"'[^']*'|\"[^\"]*\"", "", command)):
            return self._procsearch(shlex.split(command, comments=True)[1:])
        if words[0] == "curl":
            with urlopen(shlex.split(command)[-1], timeout=30) as answer:
                return 0, answer.read().decode()
        return self._shell(command)

    def _procsearch(self, words: list[str]) -> tuple[int, str]:
        if words[0] == "embed" or any("opensearch" in word for word in words):
            # Embedding takes long, and a cluster is not at hand: tests of their own run them.
            command = group.commands[words[0]]
            command.make_parser(click.Context(command)).parse_args(words[1:])
            return 0, ""
        if words[0] == "serve":
            self._serve(words)
            return 0, ""
        ran = run(*words, at=self.place)
        return ran.code, ran.err + ran.out

    def _serve(self, words: list[str]) -> None:
        for service in self.services:
            end(service)
        words = words if "--port" in words else [*words, "--port", self.port]
        self.services.append(start(*words, at=self.place))
        for _ in range(600):
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=30) as answer:
                    assert json.load(answer)["status"] == "ok"
                return
            except URLError:
                assert self.services[-1].poll() is None, self.services[-1].communicate()
                time.sleep(0.05)
        raise AssertionError("the service does not come up")

    def _shell(self, command: str) -> tuple[int, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-c", command], cwd=self.place, env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip
        return ran.returncode, ran.stdout.decode()


def check_setting_up(words: list[str]) -> None:
    """What sets a machine up is not done here, but the extras and targets it names must be there."""
    if words[0] == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        named = re.findall(r"\[(.*?)\]", " ".join(words))
        assert {extra for names in named for extra in names.split(",")} <= set(extras), words
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
        assert {word for word in words[1:] if "=" not in word} <= targets, words


def end(service: subprocess.Popen[bytes]) -> None:
    service.terminate()
    service.communicate(timeout=30)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the sample pages, as most pages of the manual take it for granted."""
    place = tmp_path_factory.mktemp("manual")
    furnish(place)
    with chdir(place):
        reindex(["pages"], "procsearch-index")
    shutil.copytree(place / "procsearch-index", place / "my-index")
    return place


def furnish(place: Path) -> None:
    """What the pages name: sample pages in folders and files of the names that stand for the reader's own."""
    (place / "corpus").symlink_to(ROOT / "corpus")
    (place / "examples").symlink_to(ROOT / "examples")
    shutil.copytree(SAMPLES / "pages", place / "pages")
    shutil.move(place / "pages" / "html" / "colostomy.html", place / "pages" / "a.html")
    (place / "crawl.jsonl.gz").write_bytes(gzip.compress((SAMPLES / "pages" / "crawl.jsonl").read_bytes()))
    for kind, name in (("queries.jsonl", "q.jsonl"), ("qrels.tsv", "q.tsv")):
        shutil.copy(SAMPLES / kind, place / kind)
        shutil.copy(SAMPLES / kind, place / name)


@pytest.fixture
def reader(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader in a folder that has what the page takes for granted."""
    place = tmp_path / "place"
    if request.node.callspec.params["page"].name in FROM_NOTHING:
        place.mkdir()
        furnish(place)
    else:
        shutil.copytree(request.getfixturevalue("indexed"), place, symlinks=True)
    monkeypatch.syspath_prepend(place)
    before = set(sys.modules)
    reader = Reader(place)
    yield reader
    for service in reader.services:
        end(service)
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(place):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_block_runs(page: Path, reader: Reader) -> None:
    reader.read(page)


class TestAgreeing:
    """What lets a page pass: nothing but times, gaps that it shows, and small differences of scores."""

    @pytest.mark.parametrize(("shown", "told"), [
        ("1 result in 8.5 ms", "1 result in 12.0 ms\n"), ("Graft  12.30", "Graft  12.34"), ("a … c\n…", "a b c\nd"),
        ('{"took": 0.5}', '{"took": 1e-05}'), ("a", "reading pages …\na"), ("a\n", "a   \n\n"),
    ])  # fmt: skip
    def test_the_same(self, shown: str, told: str) -> None:
        assert agrees(shown, told)

    @pytest.mark.parametrize(("shown", "told"), [
        ("1 result in 8.5 ms", "2 results in 8.5 ms"), ("Graft  12.34", "Graft  14.34"), ("a … c", "a b d"),
        ("a", "a\nb"), ("Graft", "graft"),
    ])  # fmt: skip
    def test_another(self, shown: str, told: str) -> None:
        assert not agrees(shown, told)
