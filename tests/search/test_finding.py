"""Words are found where reading every word of the text finds them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from procsearch.indexer.analysis import word_spans
from procsearch.search.asked import AskedWord
from procsearch.search.finding import Finder

LETTERS = st.sampled_from(
    [*"aabbss155.''’_-  \n\n", "é", "Σ", "ſ", "ß", "ﬁ", "½", "²", "°", "A", "S", "x" * 70, "\x01", "İ"]
)
TEXTS = st.lists(LETTERS, max_size=25).map("".join)
TERMS = st.sampled_from(
    [
        "a",
        "b",
        "s",
        "ab",
        "as",
        "sa",
        "1",
        "5",
        "1.5",
        "15",
        "5.s",
        "e",
        "ae",
        "ς",
        "ss",
        "fi",
        "x" * 64,
        "2",
        "a2",
        "",
        ".5",
    ]
)


def listed(tiers: dict[str, str], field: str = "all", phrases: tuple[tuple[str, str], ...] = ()) -> AskedWord:
    return AskedWord(None, field, "word", tiers.get, frozenset(tiers), phrases=phrases)


def beginning(text: str) -> AskedWord:
    return AskedWord(None, "all", text, lambda term: "prefix" if term.startswith(text) else None, beginning=text)


@given(
    st.lists(st.tuples(st.sampled_from(("name", "risks")), TEXTS), max_size=4),
    st.lists(st.tuples(TERMS, st.sampled_from(("all", "risks"))), max_size=3),
    st.lists(TERMS, max_size=1),
)
@example([("risks", "x's s a'S")], [("s", "all")], [])
@example([("risks", "1.5 15.5 a.5 5.a 5.5")], [("5", "all"), ("1.5", "all")], [])
def test_words_stand_where_reading_every_word_finds_them(
    texts: list[tuple[str, str]], terms: list[tuple[str, str]], beginnings: list[str]
) -> None:
    asked = [*(listed({term: "exact"}, field) for term, field in terms), *map(beginning, beginnings)]
    expected = {}
    for number, (field, text) in enumerate(texts):
        places = [
            (start, end, answers)
            for term, start, end in word_spans(text)
            if (
                answers := tuple(
                    [
                        (n, tier)
                        for n, word in enumerate(asked)
                        if (tier := word.tier_of(term)) and word.stands_in(field)
                    ]
                )
            )
        ]
        if places:
            expected[number] = places
    assert Finder(asked).places(texts) == expected


def test_a_phrase_stands_in_one_line_in_any_inflection() -> None:
    asked = [listed({"clot": "exact"}, phrases=(("blood clot", "synonym"),)), listed({"clots": "stem"}, "risks")]
    texts = [("risks", "Blood: clots’ edges, blood\nclot"), ("name", "bloody Clotting")]
    exact, phrase = ((0, "exact"),), ((0, "synonym"),)
    assert Finder(asked).places(texts) == {
        0: [(0, 5, phrase), (7, 12, (*phrase, (1, "stem"))), (27, 31, exact)],
        1: [(0, 6, phrase), (7, 15, phrase)],
    }
