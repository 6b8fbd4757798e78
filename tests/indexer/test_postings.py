"""Postings in arrays: what goes in comes out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from procsearch.indexer import postings

values = st.integers(0, 300) | st.integers(0, 2**17) | st.integers(0, 2**32 - 1)
terms = st.lists(
    st.lists(values, min_size=1, max_size=9),
    max_size=9,
)


def laid_out(lists: list[list[int]]) -> tuple[postings.UInts, postings.Ints]:
    values = np.array([value for values in lists for value in values], np.uint32)
    return values, np.cumsum([0, *map(len, lists)], dtype=np.int64)


@given(terms)
def test_packed_values_come_back(lists: list[list[int]]) -> None:
    values, starts = laid_out(lists)
    packed, offsets = postings.pack(values, starts)
    assert postings.unpack(packed, offsets, starts).tolist() == values.tolist()


@given(terms)
def test_a_term_takes_as_few_bytes_as_its_largest_value_needs(lists: list[list[int]]) -> None:
    _, offsets = postings.pack(*laid_out(lists))
    widths = [1 if max(values) < 2**8 else 2 if max(values) < 2**16 else 4 for values in lists]
    assert np.diff(offsets).tolist() == [width * len(values) for width, values in zip(widths, lists, strict=True)]


@given(terms, st.data())
def test_some_terms_unpack_by_themselves(lists: list[list[int]], data: st.DataObject) -> None:
    values, starts = laid_out(lists)
    packed, offsets = postings.pack(values, starts)
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(lists))] * 2)))
    part = packed[offsets[low] : offsets[high]]
    found = postings.unpack(part, offsets[low : high + 1] - offsets[low], starts[low : high + 1] - starts[low])
    assert found.tolist() == values[starts[low] : starts[high]].tolist()


@given(terms)
def test_gaps_give_the_documents_back(lists: list[list[int]]) -> None:
    documents, starts = laid_out([sorted(values) for values in lists])
    assert postings.ungap(postings.gaps(documents, starts), starts).tolist() == documents.tolist()


@given(st.integers(0, 2**22))
def test_a_length_is_rounded_down_by_less_than_six_percent(length: int) -> None:
    kept = postings.LENGTHS[postings.length_bytes(np.array([length]))[0]]
    assert kept == length if length < 64 else 0.94 * length < kept <= length


def test_the_longest_field_still_has_a_byte() -> None:
    assert postings.length_bytes(np.array([2**31])).tolist() == [255]


@given(st.integers(0, 31), st.integers(1, postings.MAX_COUNT), st.integers(0, 255))
def test_a_code_holds_field_occurrences_and_length(field: int, count: int, length: int) -> None:
    codes = postings.make_codes(
        np.array([field], np.uint16), np.array([count], np.uint16), np.array([length], np.uint8)
    )
    assert codes.dtype == np.uint16
    assert codes[0] >> postings.FIELD_SHIFT == field
    assert postings.code_counts(codes)[0] == count
    assert codes[0] & 0xFF == length
