"""Looking through a dictionary in bulk finds what looking at each term finds."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from procsearch.corpus.procedure import Procedure
from procsearch.indexer.segment import Segment
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.search.lexicon import fitting, near, pattern

from ..indexer.histories import Commit, apply
from .slow import edits as edits_between

WORDS = sorted({
    *(a + b + c for a in "abe" for b in ("", "b", "ba", "abab") for c in ("a", "bb", "e")),
    *"naïve αβγ αβ ab日本 日本 x²".split(), "a" * 64,
})  # fmt: skip


@pytest.fixture(scope="module")
def segment() -> Iterator[Segment]:
    with tempfile.TemporaryDirectory() as folder:
        apply(
            Path(folder),
            Commit(put=(Procedure(id="1", name=" ".join(WORDS), descriptor=" ".join(WORDS[::2]), source="1.html"),)),
        )
        (segment,) = open_snapshot(Storage(folder)).segments
        yield segment


letters = st.text("abe日β", max_size=5)


@given(st.text("ab?*e日β", min_size=1, max_size=9))
@example("a*?*b")
@example("*a?a*")
def test_a_pattern_fits_as_its_plain_regular_expression_does(segment: Segment, wildcard: str) -> None:
    plain = re.compile(re.escape(wildcard).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    terms = segment.terms()
    wanted = [term for term in terms if plain.fullmatch(term)]
    assert [segment.term(number) for number in fitting(segment, wildcard).tolist()] == wanted
    assert [term for term in terms if pattern(wildcard).fullmatch(term)] == wanted


@given(letters.filter(bool), st.integers(0, 3), st.integers(0, 1))
def test_near_words_are_those_within_the_distance(segment: Segment, word: str, edits: int, kept: int) -> None:
    start, stop = segment.prefix_range(word[:kept])
    wanted = [term for term in segment.terms(start, stop) if edits_between(word, term) <= edits]
    assert [segment.term(number) for number in near(segment, [word[:kept]], word, edits).tolist()] == wanted
    number_of = segment.term_number
    frequent = [term for term in wanted if segment.frequency(number_of(term) or 0) >= 2]
    assert [segment.term(number) for number in near(segment, [word[:kept]], word, edits, 2).tolist()] == frequent
    twice = near(segment, ["a", word[:kept]], word, edits).tolist()
    also = [term for term in segment.terms(*segment.prefix_range("a")) if edits_between(word, term) <= edits]
    assert [segment.term(number) for number in twice] == sorted({*wanted, *also}, key=str.encode)


def test_a_pattern_of_many_stars_takes_no_time_over_a_word_that_almost_fits(segment: Segment) -> None:
    assert "a" * 64 in segment.terms()
    assert pattern("*a" * 30 + "*b").fullmatch("日" + "a" * 20_000) is None  # would take longer than the universe
    assert fitting(segment, "*a" * 8 + "*b").tolist() == []
