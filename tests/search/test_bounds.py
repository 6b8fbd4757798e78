"""Every bound on a query is a setting, and past it there is an error with a place, or a note; nothing is silent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import procsearch
from procsearch.corpus.errors import SearchTimeout
from procsearch.search.deadline import check_deadline, deadline
from procsearch.search.index import Index, open_index
from procsearch.search.language import Bounds

from ..indexer.histories import Commit, apply

LETTERS = "abcdefghij"
WORDS = [f"{first}{second}{third}o" for first in LETTERS for second in LETTERS for third in LETTERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pages with a thousand words between them."""
    folder = tmp_path_factory.mktemp("bounds") / "index"
    pages = [
        procsearch.Procedure(
            id=f"p{n}", name=" ".join([*WORDS[n * 34 : n * 34 + 34], "vein of the leg"]), source=f"{n}"
        )
        for n in range(30)
    ]
    apply(folder, Commit(put=tuple(pages)))
    return folder


def opened(folder: Path, **bounds: Any) -> Index:
    return open_index(folder, bounds=Bounds(**bounds))


def refused(index: Index, query: str) -> tuple[int, str]:
    with pytest.raises(procsearch.QueryError) as refusal:
        index.search(query)
    assert refusal.value.query == query
    return refusal.value.position, refusal.value.reason


@pytest.mark.parametrize(
    ("bounds", "fits", "past", "position"),
    [
        ({"characters": 10}, "vein of leg", "vein of legs", 10),
        ({"terms": 2}, "vein leg", "vein leg of", 9),
        ({"depth": 2}, "((vein))", "(((vein)))", 2),
        ({"slop": 2}, '"vein leg"~2', '"vein leg"~3', 10),
        ({"fuzzy_edits": 1}, "veim~1", "veim~2", 4),
        ({"fuzzy_prefix": 2}, "veim~1/2", "veim~1/1", 4),
        ({"wildcards": 2}, "v*i*", "v*i*n*", 0),
        ({"boost": 2}, "vein^2", "vein^3", 4),
        ({"all_expansions": 100, "expansions": 50}, "*a*o *b*o", "*a*o *b*o ve*n", 10),
    ],
)  # fmt: skip
def test_each_is_a_setting(folder: Path, bounds: dict[str, Any], fits: str, past: str, position: int) -> None:
    if "characters" in bounds:
        bounds = {"characters": len(fits)}
        position = len(fits)
    index = opened(folder, **bounds)
    index.search(fits)
    assert refused(index, past)[0] == position
    opened(folder).search(past)


def test_the_values_to_filter_by(folder: Path) -> None:
    index = opened(folder, filter_values=30)
    values = [f"p{n}" for n in range(30)]
    assert index.search("vein", filters={"name": ["leg", *values[1:]]}).total == 30
    with pytest.raises(procsearch.QueryError, match="may name 30 values at most"):
        index.search("vein", filters={"name": values, "system": "CPT4"})
    nothing = index.search("vein", filters={"code": values})
    assert "no page has code=p19" in nothing.notes
    assert "which values of code no page has was looked up for the first 20 only" in nothing.notes
    assert index.search("vein", filters={"code": []}).total == 0


def test_the_window(folder: Path) -> None:
    index = opened(folder, window=20)
    assert len(index.search("vein", limit=10, offset=10).hits) == 10
    with pytest.raises(procsearch.QueryError, match="up to the 20th"):
        index.search("vein", limit=11, offset=10)
    past = opened(folder).search("vein", offset=40)
    assert past.total == 30
    assert past.notes == ("there are only 30 results",)
    one = opened(folder).search(WORDS[0], offset=1)
    assert one.total == 1
    assert one.notes == ("there is only 1 result",)


def test_a_pattern_and_a_fuzzy_word_stand_for_the_most_frequent_words_and_say_so(folder: Path) -> None:
    index = opened(folder, expansions=5)
    for query, text in (("a?ao", "a?ao"), ("aaao~2", "aaao")):
        assert f"{text} stands for the 5 most frequent words that it fits" in index.search(query).notes
    assert index.search("aa?o").total == 1
    assert opened(folder).search("aa?o").notes == ()


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("leg a*", 4),
        ("leg *a*", 4),
        ("leg [a TO z]", 4),
        ("leg name:*a*", 9),
        ('leg "of the"~10', 5),
        ("leg aaao~2", 4),
        ("leg code:{a TO]", 9),
        ("vein leg aaao abao acao adao", 0),
    ],
)
def test_what_stands_for_too_much_is_refused_at_its_place(
    folder: Path, query: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procsearch.search.costs._FEWEST_PAGES", 1)
    assert opened(folder, occurrences=400).search(query)
    position, reason = refused(opened(folder, occurrences=1), query)
    assert position == place
    assert "stand for too much" in reason


def test_spelling_is_looked_up_for_a_few_words_and_the_others_are_named(folder: Path) -> None:
    results = opened(folder, corrections=1).search("veinn leggg thee")
    assert results.corrected == "vein leggg thee"
    assert results.notes == ("taken as they are, their spelling looked up for 1 words at most: leggg, thee",)


def test_a_few_clinical_words_are_looked_for_by_their_parts_and_the_others_are_named(folder: Path) -> None:
    results = opened(folder, compounds=1).search("nephrectomy vein colectomy nephrectomy gastrectomy")
    told = "not looked for by their parts, as 1 words at most are: colectomy, gastrectomy"
    assert told in results.notes
    assert opened(folder).search("nephrectomy vein colectomy").notes == ()


class TestDeadline:
    def test_a_search_past_its_time_is_stopped(self, folder: Path) -> None:
        index = opened(folder)
        with pytest.raises(SearchTimeout, match=r"longer than 1e-09 s"):
            index.search("vein a* [a TO b]", timeout=1e-9)
        assert index.search("vein", timeout=60).total == 30

    def test_it_stops_between_the_steps(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each word takes 20 ms here: of fifty of them only a few are looked up."""
        index = opened(folder)
        from procsearch.search.evaluator import Evaluator

        looked_up: list[Any] = []
        sought = Evaluator.sought

        def slow(self: Evaluator, query: Any, segment: Any) -> Any:
            looked_up.append(query)
            time.sleep(0.02)
            return sought(self, query, segment)

        monkeypatch.setattr(Evaluator, "sought", slow)
        with pytest.raises(SearchTimeout):
            index.search(" ".join(WORDS[:50]), timeout=0.05)
        assert len(looked_up) < 10

    def test_what_is_read_of_hits_later_has_the_deadline_of_its_time(self, folder: Path) -> None:
        hits = opened(folder).search("vein", timeout=30).hits
        with pytest.raises(SearchTimeout), deadline(-1):
            hits[0].to_json()
        assert hits[0].to_json()["snippet"]

    def test_the_nearer_deadline_holds(self) -> None:
        with deadline(None):
            check_deadline()
        with pytest.raises(SearchTimeout, match="longer than 0 s"), deadline(0), deadline(60):
            time.sleep(0.001)
            check_deadline()
        check_deadline()


def test_a_code_of_spaces_is_a_code_that_no_page_has(folder: Path) -> None:
    assert opened(folder).search("code:\" \" system:' '").total == 0
