"""How good the ranking is on the sample pages, and how its floors are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.relevance import FLOORS, below_floor, collections, index_of, judge, new_floors


def test_the_sample_pages_reach_what_patients_need(tmp_path: Path) -> None:
    (samples,) = collections(None, tmp_path)
    index = index_of(samples, tmp_path)
    judged = judge(samples, index)
    lay = [values["nDCG@10"] for query, values in judged.queries.items() if query.startswith("L")]
    assert sum(lay) / len(lay) >= 0.85
    assert judged.mean["nDCG@10"] >= 0.9


FLOOR = {"a": {"data": "x", "nDCG@10": 0.5}}


class TestFloors:
    def test_a_figure_below_its_floor_fails(self) -> None:
        assert below_floor({"a": ("x", 0.49)}, FLOOR) == ["a: nDCG@10 is 0.4900, its floor 0.5"]
        assert below_floor({"a": ("x", 0.5)}, FLOOR) == []

    def test_a_floor_is_good_for_its_data_only(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert below_floor({"a": ("y", 0.1)}, FLOOR) == []
        assert "no floor for this data" in capsys.readouterr().err

    def test_lowering_one_takes_the_flag(self) -> None:
        assert new_floors({"a": ("x", 0.4)}, FLOOR, lower=False) == FLOOR
        assert new_floors({"a": ("x", 0.4)}, FLOOR, lower=True) == {"a": {"data": "x", "nDCG@10": 0.4}}
        assert new_floors({"a": ("x", 0.6)}, FLOOR, lower=False) == {"a": {"data": "x", "nDCG@10": 0.6}}

    def test_they_are_there(self) -> None:
        assert FLOORS.is_file()


def test_neighbours_are_pages_that_answer_the_same_queries(tmp_path: Path) -> None:
    (samples,) = collections(None, tmp_path)
    index = index_of(samples, tmp_path)
    alike: dict[str, set[str]] = {}
    for grades in samples.qrels.values():
        relevant = {id for id, grade in grades.items() if grade > 0}
        for id in relevant:
            alike.setdefault(id, set()).update(relevant - {id})
    shares = [
        len(others & {hit.id for hit in index.similar(id, limit=5)}) / min(len(others), 5)
        for id, others in alike.items()
        if others
    ]
    assert sum(shares) / len(shares) >= 0.85
