"""Forty strings a terminal would obey, in pages, queries and arguments: no terminal, pipe or JSON shows them raw."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from procsearch import reindex
from tests.contract.running import run
from tests.escapes import CONTROLS, ESCAPES, WORD, as_read, record, write_escapes
from tests.places import ROOT

DRIVER = """
import json, sys
from procsearch.cli import main
for number, arguments in enumerate(json.load(open(sys.argv[1]))):
    for stream in (sys.stdout, sys.stderr):
        print(f"== {number}", file=stream, flush=True)
    sys.argv = ["procsearch", *arguments]
    try:
        main()
    except SystemExit as end:
        print(f"-- {end.code}", flush=True)
"""
"""Runs the command once for each list of arguments, all in one process."""

STYLES = re.compile(r"[0-4]|1;3|(1;)?3[236]|38;5;\d+")
"""The colours that the command itself uses."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("escapes")
    (place / "all.jsonl").write_text(json.dumps({
        **record("all", ""), "common_names": [*ESCAPES.values()], "warnings": [*ESCAPES.values()],
        "sections": [{"kind": "other", "heading": text, "text": f"{text}\n{text}"} for text in ESCAPES.values()],
    }))  # fmt: skip
    reindex([write_escapes(place / "pages.jsonl"), place / "all.jsonl"], place / "procsearch-index")
    bad = place / "bad"
    bad.mkdir()
    for number, text in enumerate(ESCAPES.values()):
        name = text.encode("utf-8", "surrogatepass").replace(b"/", b"|").replace(b"\0", b"|")
        (bad / os.fsdecode(b"%d %b.html" % (number, name))).write_bytes(b"")
        (bad / f"{number}.jsonl").write_text(
            json.dumps({"sections": [{"kind": text}], "warnings": text}) + f"\n{{{text!r}"
        )
    return place


def commands() -> list[list[str]]:
    """The command with pages that hold the strings, and with the strings as whatever it takes."""
    found = [
        ["search", WORD, "-n", "50"], ["search", "crawled", "-n", "50"], ["search", WORD, "-n", "50", "--explain"],
        ["search", WORD, "--facet", "system", "--facet", "code"], ["suggest", "hos", "-n", "50"],
        ["suggest", "h1", "-n", "50"], ["similar", "escape:none", "-n", "50"], ["show", "all"], ["stats"], ["check"],
        ["parse", "pages.jsonl", "bad", "--report"], ["parse", "pages.jsonl", "bad"],
        ["index", "bad", "--index", "other", "--verbose", "--dry-run", "--jobs", "1"],
    ]  # fmt: skip
    for number, text in enumerate(map(as_argument, ESCAPES.values())):
        forms = [
            ["search", text], ["search", f"risks:[{text} TO"], ["search", f"{text}: {WORD}"], ["show", text],
            ["suggest", text], ["search", WORD, "--filter", text], ["search", WORD, "--facet", text],
            ["search", WORD, f"--{text}"], [text], ["search", WORD, "--index", text], ["search", WORD, "-n", text],
            ["index", text, "--index", "other"],
            ["index", "pages.jsonl", "--dry-run", "--index", text],
        ]  # fmt: skip
        found += [forms[number % len(forms)], forms[(number + 6) % len(forms)]]
    return found


def as_argument(text: str) -> str:
    """``text`` as a process gets it from the one that starts it."""
    return os.fsdecode(text.replace("\0", "").encode("utf-8", "surrogatepass"))


def in_a_pipe(arguments: list[str], place: Path) -> str:
    """What the command writes to both streams, each a pipe."""
    ran = subprocess.run(
        arguments, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False, timeout=120
    )
    assert b"Traceback" not in ran.stderr
    return ran.stdout.decode() + ran.stderr.decode()


def on_a_terminal(arguments: list[str], place: Path) -> str:
    """What the command writes to a terminal, without its own colours and what moves the bar of `index`."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST  # lines end as they are written
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "400"}
    process = subprocess.Popen(
        arguments, cwd=place, env=env, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    seen = bytearray()
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:  # nobody has the other end any more
        pass
    os.close(master)
    process.wait(timeout=60)
    text = re.sub(r"\x1b\[([0-9;]*)m", lambda found: "" if STYLES.fullmatch(found[1]) else found[0], seen.decode())
    return re.sub(r"\x1b\[(\?25[lh]|1A|2K)|\r(?=\x1b\[)", "", text)


@pytest.mark.parametrize("written", [in_a_pipe, on_a_terminal])
def test_no_control_reaches_a_terminal(place: Path, written: Callable[[list[str], Path], str]) -> None:
    asked = commands()
    (place / "commands.json").write_text(json.dumps(asked))
    text = written([sys.executable, "-c", DRIVER, str(place / "commands.json")], place)
    assert text.count("\n-- ") == len(asked)
    assert "Traceback" not in text
    parts = re.split(r"^== (\d+)$", text, flags=re.MULTILINE)
    for number, part in zip(parts[1::2], parts[2::2], strict=True):
        arguments = asked[int(number)]
        is_table = arguments[0] in ("suggest", "similar") or "--report" in arguments
        between_cells = "\t" if written is in_a_pipe and is_table else ""
        assert {*CONTROLS.findall(part)} <= {between_cells}, arguments


def test_json_is_valid_and_says_what_the_pages_say(place: Path) -> None:
    asked = [["export"], ["search", WORD, "-n", "100", "--json"], ["suggest", "hos", "-n", "50", "--json"]]
    (place / "json.json").write_text(json.dumps(asked))
    text = in_a_pipe([sys.executable, "-c", DRIVER, str(place / "json.json")], place)
    assert not CONTROLS.search(text)
    pages = {}
    for line in text.split("\n"):
        if line.startswith(("{", "[")):
            value = json.loads(line)
            if "sections" in value:
                pages[value["id"]] = value
    for number, text in enumerate(ESCAPES.values()):
        wanted = record("", as_read(text))
        for field in ("name", "code", "descriptor", "common_names", "sections", "similar_codes", "warnings"):
            assert pages[f"escape:{number}"][field] == wanted[field]
    assert {as_read(text) for text in ESCAPES.values()} <= {page["source"] for page in pages.values()}


@pytest.mark.parametrize("text", [text for text in ESCAPES.values() if "\0" not in text and "\ud83d" not in text])
def test_a_query_comes_back_in_json(place: Path, text: str) -> None:
    ran = run("search", f'"{text.replace(chr(34), " ")}"', "--json", at=place)
    assert ran.code == 0
    assert ran.json["query"] == f'"{text.replace(chr(34), " ")}"'
    assert not CONTROLS.search(ran.out)
