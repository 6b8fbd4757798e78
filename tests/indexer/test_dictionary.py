"""The dictionary of stems: which terms share one, found in a line of text each."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.procedure import Procedure
from procsearch.indexer.analysis import stem
from procsearch.indexer.arrays import ArrayFile, write_arrays
from procsearch.indexer.layout import dictionary
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.strings import SortedLines

from .histories import Commit, apply

ROOTS = ("biops", "clot", "fractur", "heal", "kidney", "oper", "stent", "transplant", "ulcer", "vein")
ENDINGS = ("", "y", "ies", "s", "ed", "e", "ing", "ation", "ations", "es")
TERM = st.one_of(
    st.builds(str.__add__, st.sampled_from(ROOTS), st.sampled_from(ENDINGS)),
    st.text("aeéß²7'", min_size=1, max_size=4),
    st.sampled_from(["a\tb", "a\nb", "c\tds", "b12", "36904", "²s"]),
)


def lines_of(folder: str, terms: list[str]) -> SortedLines:
    """The dictionary of stems of ``terms``, written and read."""
    storage = Storage(folder)
    size, checksum = write_arrays(storage, "some", dictionary([term.encode() for term in terms]))
    return SortedLines(ArrayFile("some", (Path(folder) / "some").read_bytes(), size, checksum), "stem")


@settings(max_examples=60)
@given(st.sets(TERM, max_size=120))
def test_each_stem_has_its_terms(tmp_path_factory: pytest.TempPathFactory, some: set[str]) -> None:
    terms = sorted(some, key=str.encode)
    by_stem = defaultdict(list)
    for number, term in enumerate(terms):
        if not {"\t", "\n"} & set(term):
            by_stem[stem(term)].append((term, number))
    lines = lines_of(str(tmp_path_factory.mktemp("stems")), terms)
    for key, expected in by_stem.items():
        found = lines.find(key.encode())
        if expected == [(key, expected[0][1])]:
            assert found is None
        else:
            assert found == "\t".join(f"{term}\t{number}" for term, number in expected)
    assert len(list(lines.all())) == sum(1 for key, of in by_stem.items() if [term for term, _ in of] != [key])
    assert lines.find(b"") is None
    assert lines.find(b"clotx") is None


@pytest.mark.parametrize("system", ["odd\tones", "odd\nones", "\tone", "odd\t1"])
def test_a_code_system_may_hold_what_ends_a_line(tmp_path: Path, system: str) -> None:
    apply(tmp_path, Commit(put=(Procedure(id="a", name="Odd ones, oddly one", system=system, source="a"),)))
    (segment,) = open_snapshot(Storage(tmp_path)).segments
    term = system.lower()
    number = segment.term_number(term)
    assert number is not None
    assert segment.stem_terms(term) == {term: number}
    assert list(segment.stem_terms("odd")) == ["odd", "oddly"]
