"""Analysis: one definition of a word, two ways of computing it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.indexer.analysis import (
    LINE,
    MAX_TERM,
    STOP_WORDS,
    fold,
    has_digit,
    stem,
    stems,
    terms,
    word_spans,
    words,
)

texts = st.text(st.sampled_from("ab sS's''’._-1 2.3\n\t\x01\x02éßİ–“A9٣"), max_size=40) | st.text(max_size=40)


@given(texts)
def test_terms_are_the_words_that_spans_point_at(text: str) -> None:
    assert terms(text) == [word for word, _, _ in word_spans(text)]


@given(texts)
def test_a_span_holds_its_word(text: str) -> None:
    for word, start, end in word_spans(text):
        assert fold(text[start:end])[:MAX_TERM] == word


@given(texts)
def test_each_line_end_is_marked(text: str) -> None:
    assert words(text).count(LINE) == text.count("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Crohn's disease", ["crohn", "disease"]),
        ("Crohn’s disease", ["crohn", "disease"]),
        ("X-ray of the knee", ["x", "ray", "of", "the", "knee"]),
        ("code 50.4, 2.5 mg.", ["code", "50.4", "2.5", "mg"]),
        ("Ménière", ["meniere"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_of_real_text(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_an_endless_word_is_cut() -> None:
    assert terms("x" * 1000) == ["x" * MAX_TERM]


def test_tokens_with_digits_are_never_stemmed() -> None:
    assert stem("0016070s") == "0016070s"
    assert stem("clots") == stem("clotting") == "clot"
    assert stems(["clots", "x7777s"]) == ["clot", "x7777s"]
    assert has_digit("t3")
    assert not has_digit("clot")


def test_stop_words_are_terms() -> None:
    assert all(terms(word) == [word] for word in STOP_WORDS)
