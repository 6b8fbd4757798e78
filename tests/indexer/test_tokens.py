"""Words of many texts at once: the same words as one text after the other gives, whatever was met before."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.indexer import tokens
from procsearch.indexer.analysis import LINE, MAX_TERM, words
from procsearch.indexer.tokens import WordNumbers, readied

texts = (
    st.text(st.sampled_from("ab sS's''’._-1 2.3\n\t\x01\x02\x03éßİ–“A9٣ﷺⒻ⑴⒈½ℋ_"), max_size=40)
    | st.text(max_size=40)
    | st.text("abc", max_size=90)
)


def expected(of: list[str]) -> list[bytes]:
    """The words, with an empty one at the end of each line."""
    found = [word for text in of for word in [*words(text), LINE]]
    return [b"" if word == LINE else word[:MAX_TERM].encode() for word in found]


def assert_same(numbers: WordNumbers, of: list[str]) -> None:
    found, counts = numbers.tokens(readied(of))
    assert [numbers.words[number] for number in found] == expected(of)
    assert counts.tolist() == [len(words(text)) + 1 for text in of]


@given(st.lists(st.lists(texts, max_size=5), max_size=4))
def test_the_words_are_those_of_analysis(batches: list[list[str]]) -> None:
    numbers = WordNumbers()
    for of in [*batches, *batches]:
        assert_same(numbers, of)
    assert len(set(numbers.words)) == len(numbers.words)


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_many_words_that_begin_alike_are_told_apart(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few words are told apart at once: whoever knows the hash can write words of one hash."""
    monkeypatch.setattr(tokens, "_ROUNDS", rounds)
    random = Random(1)
    vocabulary = ["".join(random.choices("ab", k=random.randrange(1, 45))) for _ in range(20_000)]
    numbers = WordNumbers()
    for _ in range(20):
        assert_same(numbers, [" ".join(random.choices(vocabulary, k=2000))])
    assert_same(numbers, [" ".join(vocabulary)])


def test_a_keyword_is_the_word_of_the_same_letters() -> None:
    numbers = WordNumbers()
    code = numbers.number(b"36904")
    other = numbers.number(b"icd-10 pcs")
    found, _ = numbers.tokens(readied(["Code 36904", "36904"]))
    assert found.tolist().count(code) == 2
    assert other not in found
