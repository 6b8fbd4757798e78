"""One ranking, two engines: an index on a cluster answers as one in a folder does."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procsearch import Index, QueryError, UnknownId, open_index, reindex
from procsearch.indexer.fields import ALL, BOOSTS, FIELD_NUMBERS, NAMING
from procsearch.search.evaluation import measure, read_qrels, read_queries
from procsearch.search.scaleout.index import ClusterIndex
from procsearch.search.scaleout.ranking import ClusterSearch
from procsearch.search.words import Variant, Word
from tests.indexer.histories import make_procedure
from tests.search.random_queries import queries

from .conftest import SAMPLES

RELEVANCE = Path(__file__).resolve().parents[2] / ".." / "shared" / "relevance"

ASKED = (
    "clot in dialysis graft", "kidny stone", "heart attack", "how long does recovery take after knee arthroscopy",
    "nephrectomy", "oxygen", "the of", "",
    "knee AND pain", "knee OR hip", "screen* AND NOT risks:infection", "NOT pain", "knee ANDNOT replacement",
    "knee ANDMAYBE pain", "knee REQUIRE pain", "(knee OR hip) AND (pain OR surgery)", "*",
    '"local anesthesia"', '"informed consent"~3', 'risks:"blood loss"~5', '"of the"', '"side effects may"',
    "risks:bleeding", "name:ambulance^3 cost", "code:[a TO c]", "[x TO y]", "steps:*", "system:hcpcs",
    "knee~", "wheelch?ir", "name:*scopy", "ab*", "e01*", "*ing", "name:*y", "risks:*ion", "screning~2",
    "36904", "E0143", "hcpcs:e0143", "HCPCS E0143", "a430 OR hcpcs:v5008", "ICD10PCS:0SRC0J9", "E0143-59",
    "E-0143", "EO143", "OSRCOJ9", "hcpcs:e014", "E014", "hcpcs:e9999", "qqqqq zzzzz",
)  # fmt: skip


def shown(index: Index, query: str, **how: Any) -> Any:
    try:
        found = index.search(query, **how).to_json()
    except QueryError as error:
        return error.reason, error.position
    assert found.pop("took") > 0
    return found


@pytest.mark.parametrize("query", ASKED)
def test_the_same_json(both: tuple[Index, Index], query: str) -> None:
    folder, cluster = both
    assert shown(cluster, query, facets=["system", "section"]) == shown(folder, query, facets=["system", "section"])


@pytest.mark.parametrize(
    "how",
    [
        {"limit": 3, "offset": 5},
        {"limit": 0},
        {"offset": 500},
        {"filters": {"system": "HCPCS"}},
        {"filters": {"system": "icd-10-pcs"}},
        {"filters": {"system": ["HCPCS", "ICD10PCS"], "section": "risks"}, "facets": ["section"]},
        {"filters": {"section": ["risks", "recovery"]}, "facets": ["system"]},
        {"boosts": {"risks": 9, "name": 0}},
        {"boosts": {"similar_codes": 2}},
        {"plain": True},
        {"filters": {"system": ["HCPCS", "CPT9"], "code": "x"}},
        {"filters": {"system": "CPT9", "section": "risks"}},
        {"filters": {"nothing": "x"}},
        {"filters": {"section": "nothing"}},
        {"facets": ["nothing"]},
        {"boosts": {"nothing": 1}},
        {"limit": 2000},
    ],
)
def test_the_same_json_however_asked(both: tuple[Index, Index], how: dict[str, Any]) -> None:
    folder, cluster = both
    for query in ("knee pain", "bleeding after surgery", '"blood loss" OR infect*'):
        assert shown(cluster, query, **how) == shown(folder, query, **how)


def test_the_same_pages_and_statistics(both: tuple[Index, Index]) -> None:
    folder, cluster = both
    procedures = list(folder.procedures())
    assert list(cluster.procedures()) == procedures
    assert len(cluster) == len(folder)
    some = procedures[7].id
    assert cluster.get(some) == procedures[7]
    assert some in cluster
    assert "nothing" not in cluster
    for id in ("nothing", "E0143", "hcpcs:e014"):
        near = []
        for index in both:
            with pytest.raises(UnknownId) as raised:
                index.get(id)
            near.append(raised.value.near)
        assert near[0] == near[1]
        assert bool(near[0]) == (id != "nothing")
    mine, theirs = cluster.stats(), folder.stats()
    assert mine.keys() == theirs.keys()
    for name in ("documents", "shadowed", "systems", "terms", "versions"):
        assert mine[name] == theirs[name]
    assert cluster.check() == []


@pytest.mark.parametrize("query", ["knee pain", "clot in dialysis graft", "risks:bleeding", "screen*", "kidny"])
def test_the_same_explanations(both: tuple[Index, Index], query: str) -> None:
    folder, cluster = both
    hits = folder.search(query).hits
    for id in (hits[0].id, hits[-1].id, "hcpcs:E0143"):
        mine, theirs = cluster.explain(query, id).to_json(), folder.explain(query, id).to_json()
        assert json.loads(json.dumps(mine)) == json.loads(json.dumps(theirs))


def test_completions_and_neighbours(both: tuple[Index, Index]) -> None:
    folder, cluster = both
    for typed in ("throm", "knee ", "e01", "ambul", "total kn", "oxigen", "m", "st", "pr", "tin"):
        assert cluster.suggest(typed) == folder.suggest(typed)
    for hit in folder.search("knee").hits:
        mine, theirs = (index.similar(hit.id, limit=10) for index in (cluster, folder))
        assert [(other.id, other.score) for other in mine] == [(other.id, other.score) for other in theirs]


def test_pages_that_are_as_good_go_by_id(place: Callable[[], str], tmp_path: Path) -> None:
    """However many they are: more than the cluster proposes."""
    pages = tmp_path / "pages.jsonl"
    section = {"kind": "summary", "heading": "", "text": "A stone is taken out of the kidney."}
    numbers = random.Random(3).sample(range(1000), 450)
    pages.write_text("".join(
        json.dumps({"id": f"page{n:03}", "code": f"A{n:03}", "name": "Kidney stone", "sections": [section]}) + "\n"
        for n in numbers
    ))  # fmt: skip
    address = place()
    for where in (tmp_path / "index", address):
        reindex(pages, where)
    folder, cluster = open_index(tmp_path / "index"), open_index(address)
    first = [f"page{n:03}" for n in sorted(numbers)]
    for query in ("kidney stone", "kid*", "*", "stone AND NOT hip", "summary:kidney"):
        assert [hit.id for hit in cluster.search(query, limit=20, offset=3).hits] == first[3:23], query
        assert shown(cluster, query) == shown(folder, query)
    for index in (folder, cluster):
        assert [hit.id for hit in index.similar(first[4], limit=6)] == [*first[:4], *first[5:7]]
    assert shown(cluster, "A-0") == shown(folder, "A-0")
    assert cluster.suggest("kidn") == folder.suggest("kidn")
    assert cluster.suggest("a0") == folder.suggest("a0")


def test_a_commit_is_seen_by_itself(place: Callable[[], str], tmp_path: Path) -> None:
    address, pages = place(), tmp_path / "pages.jsonl"
    pages.write_text(json.dumps({"id": "a", "name": "Thrombectomy", "sections": []}) + "\n")
    reindex(pages, address)
    index = open_index(address)
    assert index.search("appendectomy").total == 0
    with pages.open("a") as file:
        file.write(json.dumps({"id": "b", "name": "Appendectomies", "sections": []}) + "\n")
    reindex(pages, address)
    until = time.monotonic() + 5
    while not (found := [hit.id for hit in index.search("appendectomy").hits]) and time.monotonic() < until:
        time.sleep(0.1)
    assert found == ["b"]


@pytest.fixture(scope="module")
def random_pages(place: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, ClusterIndex]:
    """Random pages in both."""
    folder = tmp_path_factory.mktemp("random")
    procedures = [replace(make_procedure(seed), id=f"id{seed}", source=f"{seed}.html") for seed in range(120)]
    records = folder / "pages.jsonl"
    pages = [procedure.to_json() for procedure in procedures]
    pages.append({"_id": "twice", "title": "", "text": "first second and more second then third"})
    records.write_text("".join(json.dumps(page) + "\n" for page in pages))
    address = place()
    for index in (folder / "index", address):
        reindex(records, index)
    cluster = open_index(address)
    assert isinstance(cluster, ClusterIndex)
    return open_index(folder / "index"), cluster


@pytest.mark.parametrize("slop", range(1, 6))
def test_a_phrase_goes_on_from_each_place_where_it_may(random_pages: tuple[Index, ClusterIndex], slop: int) -> None:
    folder, cluster = (index.search(f'"first second third"~{slop}').total for index in random_pages)
    assert cluster == folder == (slop >= 4)


TERMS = st.lists(st.sampled_from(("clot", "graft", "bleed", "of", "the", "vein", "absent")), min_size=2, max_size=4)
SAID = st.builds(
    lambda field, terms: Word(field, "clot", tuple(Variant(" ".join(term), 0.6, "synonym") for term in terms)),
    st.sampled_from((ALL, ALL, NAMING, "name", "risks")), st.lists(TERMS, min_size=1, max_size=3),
)  # fmt: skip
"""Words that terms of several words may stand for."""


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    asked=st.lists(queries | SAID, min_size=5, max_size=10),
    boosts=st.just({})
    | st.dictionaries(st.sampled_from(sorted(FIELD_NUMBERS)), st.sampled_from((0.0, 3.0)), max_size=3),
)
def test_random_trees_find_and_score_the_same(
    random_pages: tuple[Index, ClusterIndex], asked: list[Any], boosts: dict[str, float]
) -> None:
    folder, cluster = random_pages
    view = folder.view()
    weights = {**BOOSTS, **boosts}
    for tree in asked:
        pages, scores = view.evaluator(weights).evaluate(tree).sparse()
        theirs = {view.snapshot.id(page): score for page, score in zip(pages.tolist(), scores.tolist(), strict=True)}
        search = ClusterSearch(cluster.cluster, cluster.view(), tree, weights)
        search.run(1000)
        mine = {search.pages[page].id: score for page, score in search.best(1000)}
        assert search.total == len(theirs), tree
        assert mine.keys() == theirs.keys(), tree
        assert all(mine[id] == pytest.approx(theirs[id], rel=1e-5) for id in mine), tree


def collections(scratch: Path) -> Iterator[tuple[str, Path, Path]]:
    """The judged collections that are here: name, pages, folder of queries and judgements."""
    yield "samples", SAMPLES / "pages", SAMPLES
    for name in ("med", "nfcorpus"):
        if (RELEVANCE / name).is_dir():
            corpus = scratch / f"{name}.jsonl"
            corpus.write_bytes(gzip.decompress((RELEVANCE / name / "corpus.jsonl.gz").read_bytes()))
            yield name, corpus, RELEVANCE / name


def test_ranking_is_as_good_on_judged_collections(place: Callable[[], str], tmp_path: Path) -> None:
    for name, pages, judged in collections(tmp_path):
        address = place()
        run: dict[str, dict[str, dict[str, float]]] = {}
        qrels = read_qrels(next(judged.glob("qrels.tsv*")))
        asked = {id: text for id, text in read_queries(next(judged.glob("queries.jsonl*"))).items() if id in qrels}
        for engine, index in (("folder", tmp_path / name), ("cluster", address)):
            reindex(pages, index)
            opened = open_index(index)
            run[engine] = {
                id: {hit.id: hit.score for hit in opened.search(text, plain=True).hits} for id, text in asked.items()
            }
        means = {
            engine: measure({id: qrels[id] for id in asked}, found).mean["nDCG@10"] for engine, found in run.items()
        }
        assert means["cluster"] == pytest.approx(means["folder"], abs=0.02), name
