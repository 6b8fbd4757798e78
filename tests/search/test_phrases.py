"""Words side by side, beyond what the oracle draws: words on both sides of where a field ends, what is left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from procsearch.corpus.errors import DamagedIndex
from procsearch.indexer.inversion import FIELD_BITS
from procsearch.indexer.segment import Segment
from procsearch.search import phrases
from procsearch.search.index import open_index

from .built import build, found, page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phrases")
    pages = {
        "apart": page("Repair blood", experience="clot", other="lung clot blood"),
        "together": page("Repair blood clot", experience="lung"),
        "turned": page("Repair clot blood", experience="blood lung clot"),
    }
    build(folder, pages)
    return folder / "index"


def test_words_of_two_fields_are_apart(folder: Path) -> None:
    """Though the second word stands right after the first's place."""
    index = open_index(folder)
    assert found(index, '"blood clot"') == ["together"]
    assert sorted(found(index, '"clot blood"')) == ["apart", "turned"]
    assert found(index, '"lung blood clot"') == []


def test_a_search_that_breaks_off_leaves_no_marks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks of one phrase must not be found by the next, which uses the same memory."""

    def broken(self: Segment, number: int, occurrences: int) -> None:
        raise DamagedIndex(self.name, "the positions cannot be read")

    with monkeypatch.context() as patched:
        patched.setattr(Segment, "positions", broken)
        with pytest.raises(DamagedIndex):
            open_index(folder).search('"blood clot"')
    with phrases.SCRATCH.marks(3 << FIELD_BITS) as marks:
        assert not len(marks.at(np.arange(3 << FIELD_BITS)))


def test_what_was_found_is_not_looked_for_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index(folder)
    before = found(index, '"blood clot"')

    def again(*arguments: object) -> phrases.Postings:
        raise AssertionError("looked for again")

    monkeypatch.setattr(phrases, "_side_by_side", again)
    assert found(index, 'name:"blood clot"') == before
