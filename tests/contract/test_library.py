"""The library: the example of the contract, and what it promises to any app."""

from __future__ import annotations

import inspect
import json
import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import procsearch

from .running import html, write_pages

PUBLIC = {
    "Bounds", "DamagedIndex", "Embedded", "EmbeddingProgress", "EngineError", "Explanation", "Hit", "Index",
    "IndexLocked", "Limits", "ModelError", "NoIndex", "PageError", "Procedure", "ProcsearchError", "QueryError",
    "Report", "Results", "SearchTimeout", "Section", "SimilarCode", "Suggestion", "UnknownId", "embed", "open_index",
    "parse_page", "reindex",
}  # fmt: skip
ERRORS = ("QueryError", "UnknownId", "NoIndex", "DamagedIndex", "IndexLocked", "PageError", "EngineError")


@pytest.fixture(scope="module")
def index(samples: Path) -> procsearch.Index:
    return procsearch.open_index(samples)


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clot = html("Clot removal from a dialysis graft", "Restores flow in a dialysis graft that a clot has closed.")
    write_pages(Path("pages"), filler="Nothing of that kind.")
    Path("pages/cpt4_36904.html").write_text(clot)
    data = Path("pages/cpt4_36904.html").read_bytes()

    procedure = procsearch.parse_page(data, source="cpt4_36904.html")
    assert isinstance(procedure, procsearch.Procedure)
    assert procedure == procsearch.parse_page(clot, source="cpt4_36904.html")
    report = procsearch.reindex(["pages/"], "my-index")
    assert (report.added, report.changed, report.unchanged, report.removed, report.failed) == (2, 0, 0, 0, ())
    index = procsearch.open_index("my-index")
    results = index.search("clot in dialysis graft", limit=10, offset=0, filters={"system": "CPT4"}, facets=["system"])
    assert results.total == 1
    assert isinstance(results.took, float)
    assert results.corrected is None
    assert results.notes == ("too common to rank by: in",)
    assert results.facets == {"system": {"CPT4": 1}}
    hit = results.hits[0]
    assert (hit.id, hit.code, hit.system) == ("cpt4:36904", "36904", "CPT4")
    assert hit.name == "Clot removal from a dialysis graft"
    assert hit.score > 0
    assert hit.section == "purpose"
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["dialysis", "graft", "clot"]
    assert hit.match == "exact"
    found = index.get(hit.id)
    assert (found.name, found.sections) == (procedure.name, procedure.sections)
    suggestions = index.suggest("dial", limit=8)
    assert {suggestion.kind for suggestion in suggestions} == {"name", "term"}
    assert suggestions[0].text == "Clot removal from a dialysis graft"
    assert suggestions[0].id == "cpt4:36904"
    assert index.similar(hit.id, limit=5) == []
    explanation = index.explain("clot dialysis", hit.id)
    assert explanation.score == pytest.approx(sum(word.score for word in explanation.words), rel=1e-5)


class TestResults:
    def test_total_is_exact_whatever_the_limit(self, index: procsearch.Index) -> None:
        whole = index.search("bleeding", limit=1000)
        assert whole.total == len(whole.hits) == len({hit.id for hit in whole.hits})
        assert index.search("bleeding", limit=0).total == whole.total

    def test_pages_of_results_are_the_whole_cut_up(self, index: procsearch.Index) -> None:
        whole = [hit.id for hit in index.search("bleeding infection", limit=60).hits]
        cut = [
            hit.id
            for offset in range(0, 60, 7)
            for hit in index.search("bleeding infection", limit=7, offset=offset).hits
        ]
        assert cut[: len(whole)] == whole

    def test_a_filter_keeps_those_with_the_value_in_any_case(self, index: procsearch.Index) -> None:
        for value in ("HCPCS", "hcpcs", ["HCPCS"]):
            assert {hit.system for hit in index.search("knee", filters={"system": value}).hits} == {"HCPCS"}

    def test_facets_count_every_match(self, index: procsearch.Index) -> None:
        results = index.search("knee", limit=1, facets=["system"])
        without_system = sum(hit.system is None for hit in index.search("knee", limit=1000).hits)
        assert sum(results.facets["system"].values()) + without_system == results.total

    def test_a_misspelt_word_is_corrected(self, index: procsearch.Index) -> None:
        results = index.search("colonscopy")
        assert results.corrected == "colonoscopy"
        assert "Colonoscopy" in results.hits[0].name
        assert results.hits[0].match == "corrected"

    def test_match_is_the_loosest_tier(self, index: procsearch.Index) -> None:
        tiers = {
            hit.match for query in ("biopsies", "colonscopy", "heart", "stone") for hit in index.search(query).hits
        }
        assert tiers <= {"exact", "stem", "synonym", "prefix", "corrected", "semantic"}
        assert {"exact", "stem", "corrected"} <= tiers

    def test_a_snippet_is_never_empty_where_the_page_has_text(self, index: procsearch.Index) -> None:
        for query in ("*:*", "G0121", "system:HCPCS", "name:biopsy"):
            assert all(hit.snippet for hit in index.search(query, limit=200).hits)

    def test_marks_lie_in_the_snippet_in_order(self, index: procsearch.Index) -> None:
        for hit in index.search("bleeding after surgery", limit=50).hits:
            places = [place for mark in hit.marks for place in mark]
            assert places == sorted(places)
            assert all(hit.snippet[start:end].strip() for start, end in hit.marks)


class TestAnyApp:
    def test_an_index_sees_new_commits_by_itself(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="kidney")
        procsearch.reindex(pages, tmp_path / "x")
        index = procsearch.open_index(tmp_path / "x")
        assert index.search("kidney").total == 1
        write_pages(pages, b="kidney stone")
        procsearch.reindex(pages, tmp_path / "x")
        assert index.search("kidney").total == 2

    def test_an_index_is_shared_between_threads(self, index: procsearch.Index) -> None:
        queries = ["knee", "biopsy of the liver", "risks:bleeding", "G0121", "colonscopy"]
        alone = {query: index.search(query).to_json()["hits"] for query in queries}
        wrong: list[str] = []

        def search() -> None:
            wrong.extend(query for query in queries * 5 if index.search(query).to_json()["hits"] != alone[query])

        threads = [threading.Thread(target=search) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_it_never_prints_or_configures_logging(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        root = logging.getLogger()
        before = (list(root.handlers), root.level, dict(logging.root.manager.loggerDict))
        pages = write_pages(tmp_path / "pages", a="kidney", b="")
        (pages / "bad.html").write_bytes(bytes(range(256)))
        report = procsearch.reindex(pages, tmp_path / "x", jobs=2)
        assert [failed.page for failed in report.failed] == [f"{pages}/bad.html"]
        index = procsearch.open_index(tmp_path / "x")
        index.search("kidny stone?").to_json()
        index.suggest("kid")
        index.check()
        assert capfd.readouterr() == ("", "")
        assert (list(root.handlers), root.level) == before[:2]
        assert all(not getattr(logging.root.manager.loggerDict[name], "handlers", ())
                   for name in logging.root.manager.loggerDict.keys() - before[2].keys())  # fmt: skip

    def test_one_path_may_stand_alone(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="kidney")
        assert procsearch.reindex(str(pages), tmp_path / "x").added == 1
        assert procsearch.reindex(pages, str(tmp_path / "x")).unchanged == 1

    def test_results_survive_as_json(self, index: procsearch.Index) -> None:
        results = index.search("knee", facets=["system"])
        assert json.loads(json.dumps(results.to_json())) == results.to_json()


class TestErrors:
    @pytest.mark.parametrize("name", ERRORS)
    def test_each_is_a_procsearch_error(self, name: str) -> None:
        assert issubclass(getattr(procsearch, name), procsearch.ProcsearchError)

    def test_a_query_error_has_a_position(self, index: procsearch.Index) -> None:
        with pytest.raises(procsearch.QueryError) as caught:
            index.search("kidney risks:[a TO")
        assert "kidney risks:[a TO"[caught.value.position] == "["

    def test_unknown_id(self, index: procsearch.Index) -> None:
        for ask in (index.get, index.similar, lambda id: index.explain("knee", id)):
            with pytest.raises(procsearch.UnknownId, match="cpt4:0"):
                ask("cpt4:0")

    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(procsearch.NoIndex, match="nowhere"):
            procsearch.open_index(tmp_path / "nowhere")

    def test_damaged_index(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="kidney")
        procsearch.reindex(pages, tmp_path / "x")
        manifest = tmp_path / "x" / "manifest"
        manifest.write_bytes(manifest.read_bytes().replace(b"generation", b"gemeration"))
        with pytest.raises(procsearch.DamagedIndex, match="manifest"):
            procsearch.open_index(tmp_path / "x")
        assert procsearch.reindex(pages, tmp_path / "x").added == 1
        assert len(procsearch.open_index(tmp_path / "x")) == 1

    def test_page_error_names_page_and_reason(self) -> None:
        with pytest.raises(procsearch.PageError) as caught:
            procsearch.parse_page(b"", source="void.html")
        assert (caught.value.page, caught.value.reason) == ("void.html", "the page is empty")

    @settings(max_examples=150, deadline=None)
    @given(
        query=st.text(max_size=60) | st.text('ab*?~^"()[]{}:TO ANDNOT019/-+', max_size=30),
        limit=st.integers(-2, 1200),
        offset=st.integers(-2, 1200),
        filters=st.dictionaries(
            st.sampled_from(["system", "code", "risks", "nowhere", ""]), st.text(max_size=8), max_size=2
        ),
        facets=st.lists(st.sampled_from(["system", "code", ""]), max_size=2),
        boosts=st.dictionaries(st.sampled_from(["risks", "name", "nowhere"]), st.floats(), max_size=2),
        plain=st.booleans(),
    )
    def test_a_search_gives_results_or_a_procsearch_error(
        self, index: procsearch.Index, query: str, limit: int, offset: int, filters: dict[str, str],
        facets: list[str], boosts: dict[str, float], plain: bool,
    ) -> None:  # fmt: skip
        try:
            results = index.search(
                query, limit=limit, offset=offset, filters=filters, facets=facets, boosts=boosts, plain=plain
            )
        except procsearch.ProcsearchError as error:
            assert str(error)
            if isinstance(error, procsearch.QueryError):
                assert 0 <= error.position <= len(error.query)
        else:
            assert len(results.hits) <= limit
            assert results.total >= len(results.hits)
            json.dumps(results.to_json())

    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=80) | st.text(max_size=80) | st.text("<>/h1p2ulibodyPurpose: \n-*#&;&", max_size=120))
    def test_a_page_gives_a_procedure_or_a_page_error(self, data: bytes | str) -> None:
        try:
            procedure = procsearch.parse_page(data, source="x.html")
        except procsearch.PageError as error:
            assert error.page == "x.html"
            assert error.reason
        else:
            assert procedure.id
            json.dumps(procedure.to_json(), ensure_ascii=False).encode()

    @settings(max_examples=30, deadline=None)
    @given(limit=st.integers(0, 200))
    def test_neighbours_of_any_number(self, index: procsearch.Index, limit: int) -> None:
        assert len(index.similar("hcpcs:G0121", limit=limit)) <= limit

    def test_neighbours_of_a_negative_number(self, index: procsearch.Index) -> None:
        assert index.similar("hcpcs:G0121", limit=-2) == []

    @settings(max_examples=60, deadline=None)
    @given(prefix=st.text(max_size=20), limit=st.integers(-1, 30))
    def test_suggesting_never_fails(self, index: procsearch.Index, prefix: str, limit: int) -> None:
        assert len(index.suggest(prefix, limit=limit)) <= max(limit, 0)


class TestThePublicFace:
    def test_is_pinned(self) -> None:
        assert set(procsearch.__all__) == PUBLIC
        assert {name for name in dir(procsearch) if not name.startswith("_")} - PUBLIC <= {
            "annotations", "TYPE_CHECKING", "Any", "cli", "corpus", "indexer", "search",
        }  # fmt: skip

    def test_a_name_that_is_none_is_an_attribute_error(self) -> None:
        with pytest.raises(AttributeError, match="nonesuch"):
            _ = procsearch.nonesuch

    @pytest.mark.parametrize("name", sorted(PUBLIC))
    def test_every_public_name_is_documented(self, name: str) -> None:
        value = getattr(procsearch, name)
        assert value.__doc__
        assert not value.__doc__.startswith(f"{name}("), "made by dataclass"
        if inspect.isclass(value):
            for attribute, member in vars(value).items():
                if not attribute.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                    assert inspect.getdoc(member), f"{name}.{attribute}"
