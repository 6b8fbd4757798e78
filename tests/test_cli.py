"""What people see: colours and highlights on a terminal, plain text in a pipe, nothing that a page smuggles in."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from procsearch import reindex
from tests.contract.running import Ran, run, run_process, start, write_pages
from tests.places import ROOT

ESCAPE = "\x1b"
PAYLOAD = "\x1b]0;owned\x07 \x1b[31mred \x9b2Jcleared \u202eturned \x08\x08back"
HOSTILE = {
    "id": f"h1{PAYLOAD}", "name": f"Kidney {PAYLOAD}", "system": "HCPCS", "code": "G9999", "descriptor": PAYLOAD,
    "common_names": [PAYLOAD], "sections": [{"kind": "risks", "heading": PAYLOAD, "text": f"kidney {PAYLOAD} stone"}],
    "warnings": [PAYLOAD],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    write_pages(place / "pages", a="Shatters a kidney stone.", b="Removes a kidney.", c="Looks at the liver.")
    reindex([place / "pages"], place / "procsearch-index")
    return place


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    lines = [json.dumps(HOSTILE), json.dumps({**HOSTILE, "id": "h2"}), f'{{"{PAYLOAD}'.replace("\n", "")]
    (place / "h.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (place / f"b{PAYLOAD}.html".replace("/", "")).write_bytes(b"")
    reindex([place], place / "procsearch-index")
    return place


def on_terminal(*arguments: object, at: Path, **env: str) -> Ran:
    """Run the command on a terminal of 100 columns; both streams come out as one."""
    master, slave = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **env}
    process = start(*arguments, at=at, env=settings, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = bytearray()
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(master)
    return Ran(process.wait(timeout=60), seen.decode(), "")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")


class TestOnATerminal:
    def test_hits_are_coloured_and_the_matched_words_marked(self, place: Path) -> None:
        ran = on_terminal("search", "kidney stone", at=place)
        assert ran.code == 0
        assert "\x1b[1;32mkidney\x1b[0m" in ran.out
        assert "\x1b[1;32mstone\x1b[0m" in ran.out
        assert "purpose: Shatters a kidney stone." in plain(ran.out)

    def test_no_color_is_respected(self, place: Path) -> None:
        assert "\x1b[1;32m" not in on_terminal("search", "kidney stone", at=place, NO_COLOR="1", TERM="dumb").out

    def test_indexing_shows_a_bar_with_rate_and_time_left(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", **{f"p{n}": "text" for n in range(40)})
        ran = on_terminal("index", "pages", "--jobs", "1", at=tmp_path)
        assert ran.code == 0
        shown = plain(ran.out)
        assert "reading pages" in shown
        assert "40/40" in shown
        assert "pages/s" in shown
        assert "40 added, 0 changed" in shown

    def test_long_lines_are_broken_under_their_beginning(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="kidney " * 40)
        run("index", "pages", at=tmp_path)
        shown = plain(on_terminal("search", "kidney", at=tmp_path).out).splitlines()
        assert len(shown) > 3
        assert all(line.startswith("    ") and len(line.rstrip()) <= 100 for line in shown[1:-1])

    def test_tables_have_headings(self, place: Path) -> None:
        assert "completion" in plain(on_terminal("suggest", "kid", at=place).out)


class TestInAPipe:
    def test_everything_is_plain(self, place: Path) -> None:
        ran = run_process("search", "kidney stone", at=place, env={"FORCE_COLOR": "", "TERM": "xterm-256color"})
        assert ESCAPE not in ran.out + ran.err
        assert ran.err == ""

    def test_hits(self, place: Path) -> None:
        lines = run("search", "kidney stones?", at=place).out.splitlines()
        assert lines[0] == "Note: the question mark at the end is read as text"
        assert re.fullmatch(r" 1\. a  page:\w+  \d+\.\d\d \(stem\)", lines[1])
        assert lines[2] == "    purpose: Shatters a kidney stone."
        assert re.fullmatch(r"2 results in \d+\.\d ms", lines[-1])

    def test_a_name_is_not_said_twice(self, tmp_path: Path) -> None:
        names = ("Wheelchair accessory", "Tray for a wheelchair, " + "adjustable, " * 30 + "each")
        lines = [json.dumps({"id": f"x:{number}", "name": name}) for number, name in enumerate(names)]
        (tmp_path / "names.jsonl").write_text("\n".join(lines))
        run("index", "names.jsonl", at=tmp_path)
        shown = run("search", "wheelchair", at=tmp_path).out.splitlines()
        assert len(shown) == 3
        assert shown[0].startswith(f" 1. {names[0]}  x:0  ")
        assert shown[1].startswith(f" 2. {names[1]}  x:1  ")
        coloured = on_terminal("search", "tray wheelchair", at=tmp_path).out
        assert "\x1b[1;32mwheelchair\x1b[0m\x1b[1m, adjustable" in coloured

    def test_the_help_of_every_command_fits_its_line(self) -> None:
        listed = run_process("--help", at=ROOT).out.partition("Commands:")[2]
        assert listed.split()[:2] == ["index", "Bring"]
        assert "..." not in listed

    def test_nothing_found_is_said_kindly(self, place: Path) -> None:
        ran = run("search", "zzzz", at=place)
        assert (ran.code, ran.out.splitlines()[0]) == (0, "Nothing matches. Fewer or other words may.")
        ran = run("suggest", "zzzz", at=place)
        assert (ran.code, ran.out, ran.err) == (0, "", "nothing begins so\n")

    def test_numbers_go_on_where_the_page_before_ended(self, place: Path) -> None:
        assert run("search", "kidney", "--offset", "1", at=place).out.startswith(" 2. ")

    def test_a_correction_is_told(self, place: Path) -> None:
        assert run("search", "kidny", at=place).out.startswith("Showing results for kidney\n")

    def test_indexing_tells_a_line_a_stage(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="text")
        assert run("index", "pages", at=tmp_path).err == "reading pages …\nwriting the index …\n"
        assert run("index", "pages", at=tmp_path).err == "reading pages …\n"

    def test_many_warnings_are_counted_unless_all_are_asked_for(self, tmp_path: Path) -> None:
        for folder in ("one", "two"):
            write_pages(tmp_path / folder, **{f"hcpcs-G0{number}": "text" for number in range(100, 130)})
        told = run("index", "one", "two", "--index", "some", at=tmp_path).err
        assert told.count("has the same id") == 20
        assert told.endswith("\n10 more warnings; --verbose tells all\n")
        told = run("index", "one", "two", "--index", "all", "--verbose", at=tmp_path).err
        assert told.count("has the same id") == 30
        assert "more warnings" not in told

    def test_verbose_tells_what_was_odd(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", twins="text")
        assert "warning" not in run("index", "pages", "--index", "one", at=tmp_path).err
        told = run("index", "pages", "--index", "two", "--verbose", at=tmp_path).err
        assert "warning: pages/twins.html: no code found" in told

    def test_a_section_that_is_not_there_is_told(self, place: Path) -> None:
        id = run("search", "liver", "--json", at=place).json["hits"][0]["id"]
        ran = run("show", id, "--section", "risks", at=place)
        assert (ran.code, ran.out) == (0, "")
        assert "has no section risks" in ran.err

    @pytest.mark.parametrize("before", [0, 1, 30, 400])
    @pytest.mark.parametrize("after", [0, 30, 400])
    def test_a_bad_query_is_shown_around_its_place(self, place: Path, before: int, after: int) -> None:
        query = "kidney " * (before // 7) + " " * (before % 7) + "risks:[a TO" + " it" * (after // 3)
        ran = run("search", query, at=place)
        assert ran.code == 2
        shown, pointer = ran.err.splitlines()[1:]
        assert len(shown) < 100
        assert shown[pointer.index("^")] == "["

    @pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-"])
    def test_streams_that_are_closed(self, tmp_path: Path, closed: str) -> None:
        write_pages(tmp_path / "pages", a="text")
        for arguments in ("index pages", "search text"):
            command = f'"$0" -m procsearch {arguments} {closed}'
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            ran = subprocess.run(
                ["sh", "-c", command, sys.executable], cwd=tmp_path, env=environment, capture_output=True, check=False
            )
            assert ran.returncode == 0, ran.stderr

    def test_a_query_of_any_bytes(self, place: Path) -> None:
        query = os.fsdecode(b"kidney \xff\xfe")
        assert run("search", query, at=place).code == 0
        assert run_process("search", query, "--json", at=place, env={"PYTHONIOENCODING": "ascii"}).json["total"] == 2
        assert run_process("show", query, at=place).code == 2


class TestWhatPagesSmuggleIn:
    COMMANDS = (
        ("search", "kidney"), ("search", "kidney", "--explain"), ("search", "kidney", "--json"),
        ("show", "h2"), ("show", "h2", "--json"), ("show", "h1\x1b[31m"), ("suggest", "kid"),
        ("suggest", "kid", "--json"), ("similar", "h2"), ("export",), ("stats",),
        ("check",), ("parse", "."), ("parse", ".", "--json"),
        ("parse", ".", "--report"), ("index", ".", "--index", "other", "--verbose"),
        ("search", f"kidney risks:[{PAYLOAD} TO"),
    )  # fmt: skip

    @pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
    def test_never_reaches_the_terminal(self, hostile: Path, arguments: tuple[str, ...]) -> None:
        ran = run(*arguments, at=hostile)
        shown = ran.out + ran.err
        assert shown
        assert not set(shown) & {chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x202E)}

    def test_nor_through_colours(self, hostile: Path) -> None:
        for arguments in (("search", "kidney"), ("show", "h2"), ("suggest", "kid")):
            ran = on_terminal(*arguments, at=hostile)
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x7f-\x9f\u202e]", ran.out)
            assert not re.search(r"\x1b(?!\[[0-9;]*m)", ran.out)

    def test_json_still_says_what_the_page_says(self, hostile: Path) -> None:
        shown = run("show", "h2", "--json", at=hostile).json
        assert shown["name"] == HOSTILE["name"]


class TestStartingIt:
    def test_as_a_module(self, place: Path) -> None:
        ran = run_process("--version", at=place)
        assert ran.code == 0
        assert ran.out.startswith("procsearch, version ")

    def test_alone_it_shows_its_help(self, place: Path) -> None:
        ran = run(at=place)
        assert ran.code == 2
        assert "Commands:" in ran.err

    def test_in_a_checkout(self, place: Path) -> None:
        ran = subprocess.run(
            [sys.executable, ROOT / "cli.py", "search", "kidney", "--json"],
            cwd=place, capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        assert json.loads(ran.stdout)["total"] == 2
