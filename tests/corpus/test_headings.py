"""The user's own wordings, read from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.corpus.errors import ProcsearchError
from procsearch.corpus.headings import SUBORDINATE, WORDINGS, heading_table, load_headings, squeeze
from procsearch.corpus.parse import parse_page


def test_a_file_of_wordings(tmp_path: Path) -> None:
    file = tmp_path / "site.headings"
    file.write_text("# ours\n\nThe small print = risks\n a = b = Common Names\n", encoding="utf-8-sig")
    headings = load_headings(file)
    assert headings == {"The small print": "risks", "a = b": "common_names"}
    page = "<h2>THE SMALL PRINT:</h2><p>Bleeding.</p>"
    assert parse_page(page, headings=headings).sections[0].kind == "risks"


@pytest.mark.parametrize(
    ("line", "reason"), [("no kind", "wording = kind"), ("= risks", "wording = kind"), ("x = y", "unknown kind")]
)
def test_an_error_names_file_and_line(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "site.headings"
    file.write_text(f"Fine = risks\n{line}\n", encoding="utf-8")
    with pytest.raises(ProcsearchError, match=rf"site\.headings, line 2: .*{reason}"):
        load_headings(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcsearchError, match="absent"):
        load_headings(tmp_path / "absent")


def test_no_wording_stands_in_two_kinds() -> None:
    seen: dict[str, str] = {}
    for table in (WORDINGS, SUBORDINATE):
        for kind, wordings in table.items():
            for wording in filter(None, map(squeeze, wordings.replace("\n", "|").split("|"))):
                assert seen.setdefault(wording, kind) == kind, f"{wording} heads {seen[wording]} and {kind}"


def test_every_wording_of_the_table_is_read_as_its_kind() -> None:
    table = heading_table()
    for kind, wordings in WORDINGS.items():
        for wording in filter(None, map(str.strip, wordings.replace("\n", "|").split("|"))):
            found = table.read(wording.title() + ":")
            assert found is not None
            assert found.kind == kind
