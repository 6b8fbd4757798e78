"""Judging results: equal to trec_eval, honest about bad files, fair in comparing."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import EngineError, PageError, ProcsearchError
from procsearch.search.evaluation import (
    MEASURES,
    compare,
    measure,
    read_qrels,
    read_queries,
    read_trec_run,
    write_trec_run,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "relevance"
ORACLE = ir_measures.providers.registry["pytrec_eval"]

documents = st.sampled_from([f"cpt4:{n}" for n in range(30)] + ["é", "Ω", "𝛀", "\ufb01", "a", "B"])
topics = st.sampled_from(["q1", "q2", "q3", "q10", "ü"])
tied_scores = st.sampled_from([0.0, -0.0, 1.0, 1 + 1e-7, 1 + 1e-9, 2.5, -3.0, 1e-46, 1e300, -1e30])
scores = tied_scores | st.floats(allow_nan=False, allow_infinity=False)
qrels_of = st.dictionaries(
    topics, st.dictionaries(documents, st.integers(-1, 4), min_size=1, max_size=20), min_size=1, max_size=5
)
runs = st.dictionaries(topics, st.dictionaries(documents, scores, max_size=30), max_size=5)


def oracle(qrels, run):
    """What trec_eval's own code says of the run: query -> measure -> value, and the means."""
    evaluator = ORACLE.evaluator([ir_measures.parse_measure(name) for name in MEASURES], qrels)
    queries: dict[str, dict[str, float]] = {}
    for metric in evaluator.iter_calc(run):
        queries.setdefault(metric.query_id, {})[str(metric.measure)] = metric.value
    return queries, {str(name): value for name, value in evaluator.calc_aggregate(run).items()}


def as_dicts(scored):
    run: dict[str, dict[str, float]] = {}
    for hit in scored:
        run.setdefault(hit.query_id, {})[hit.doc_id] = hit.score
    return run


def assert_equal(evaluation, expected):
    queries, mean = expected
    assert evaluation.queries.keys() == queries.keys()
    for query, values in queries.items():
        assert evaluation.queries[query] == pytest.approx(values, abs=1e-9)
    assert evaluation.mean == pytest.approx(mean, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(qrels_of, runs)
def test_the_order_of_a_run_is_what_trec_eval_judges_once_written(qrels, run):
    """Scores may tie, rise or differ beyond 32 bits: the run's order stands, in our figures and in trec_eval's."""
    run = {query: {d: s for d, s in ranked.items() if s > -3e38} for query, ranked in run.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.txt"
        write_trec_run(run, path)
        assert_equal(measure(qrels, run), oracle(qrels, as_dicts(ir_measures.read_trec_run(str(path)))))
        again = read_trec_run(path)
    assert {q: list(ranked) for q, ranked in again.items()} == {q: list(r) for q, r in run.items() if r}


@settings(max_examples=200, deadline=None)
@given(qrels_of, runs)
def test_a_run_of_another_program_is_read_in_trec_evals_order(qrels, run):
    """Whatever rank is written, the score decides, and among equal scores the greater id."""
    lines = [f"{q} Q0 {d} 7 {score!r} other\n" for q, ranked in run.items() for d, score in ranked.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.txt"
        path.write_text("".join(lines), encoding="utf-8")
        assert_equal(measure(qrels, read_trec_run(path)), oracle(qrels, run))


def test_long_rankings_are_cut_where_the_measures_say():
    qrels = {"q": {"d10": 3, "d11": 2, "d100": 1, "d101": 1, "unseen": 1}}
    run = {"q": {f"d{rank}": 1 / rank for rank in range(1, 1001)}}
    evaluation = measure(qrels, run)
    assert_equal(evaluation, oracle(qrels, run))
    assert evaluation.queries["q"]["R@100"] == 3 / 5
    assert evaluation.queries["q"]["RR"] == 1 / 10


@given(qrels_of)
def test_a_perfect_run_scores_one_and_no_run_zero(qrels):
    qrels = {query: grades for query, grades in qrels.items() if max(grades.values()) > 0} or {"q1": {"a": 1}}
    perfect = {
        q: dict.fromkeys(sorted(grades, key=grades.__getitem__, reverse=True), 1.0) for q, grades in qrels.items()
    }
    assert measure(qrels, perfect).mean == pytest.approx(dict.fromkeys(MEASURES, 1.0))
    assert measure(qrels, {}).mean == dict.fromkeys(MEASURES, 0.0)


def test_every_judged_query_counts_and_no_other():
    qrels = {"answered": {"a": 1}, "silent": {"a": 1}, "hopeless": {"a": 0}}
    evaluation = measure(qrels, {"answered": {"a": 1.0}, "unjudged": {"a": 1.0}})
    assert evaluation.queries.keys() == qrels.keys()
    assert evaluation.mean["nDCG@10"] == pytest.approx(1 / 3)


@given(qrels_of, runs, runs, st.sampled_from(MEASURES))
@settings(max_examples=60, deadline=None)
def test_a_comparison_reads_the_same_from_both_sides(qrels, run_a, run_b, name):
    there, back = compare(qrels, run_a, run_b, measure=name), compare(qrels, run_b, run_a, measure=name)
    assert 0 < there.p <= 1
    assert there.p == back.p
    assert there.difference == pytest.approx(-back.difference)
    assert there.difference == pytest.approx(measure(qrels, run_b).mean[name] - measure(qrels, run_a).mean[name])
    assert [change.query for change in there.won] == [change.query for change in back.lost]
    assert [change.query for change in there.lost] == [change.query for change in back.won]
    gains = [change.difference for change in there.won]
    assert gains == sorted(gains, reverse=True)
    assert there.queries == len(qrels) >= len(there.won) + len(there.lost)


def test_p_is_the_share_of_signings_as_far_from_zero():
    """Three queries better by the same amount: 2 of the 8 signings are as far away, so p is near 1/4."""
    qrels = {f"q{n}": {"a": 1} for n in range(5)}
    good = {query: {"a": 1.0} for query in qrels}
    comparison = compare(qrels, {q: good[q] for q in ("q0", "q1")}, good)
    assert comparison.p == pytest.approx(0.25, abs=0.02)
    assert [change.query for change in comparison.won] == ["q2", "q3", "q4"]
    assert compare(qrels, good, good).p == 1


def test_p_agrees_with_the_exact_test_and_tells_luck_from_skill():
    """Against scipy's exact permutation of twelve unequal differences; and a steady gain is significant."""
    stats = pytest.importorskip("scipy.stats")
    ranks_a, ranks_b = [1, 4, 2, 7, 3, 5, 9, 2, 6, 1, 8, 3], [2, 1, 1, 3, 5, 2, 4, 3, 1, 1, 2, 7]
    qrels = {f"q{n:02}": {"right": 1} for n in range(12)}

    def ranked(ranks):
        wrong = [f"wrong{n}" for n in range(10)]
        return {q: dict.fromkeys([*wrong[: rank - 1], "right"], 1.0) for q, rank in zip(qrels, ranks, strict=True)}

    comparison = compare(qrels, ranked(ranks_a), ranked(ranks_b), measure="RR")
    differences = [1 / b - 1 / a for a, b in zip(ranks_a, ranks_b, strict=True)]
    exact = stats.permutation_test((differences,), lambda x: x.mean(), permutation_type="samples", n_resamples=2**12)
    assert comparison.p == pytest.approx(exact.pvalue, abs=0.02)
    assert compare(qrels, ranked([2] * 12), ranked([1] * 12)).p < 0.01


@pytest.mark.parametrize("name", ["med", "nfcorpus", "pcs", "scifact"])
def test_shared_collections_are_read_whole(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the judged collection {name} is not beside the repository")
    queries, qrels = read_queries(folder / "queries.jsonl.gz"), read_qrels(folder / "qrels.tsv.gz")
    expected: dict[str, dict[str, int]] = {}
    for row in gzip.decompress((folder / "qrels.tsv.gz").read_bytes()).decode().splitlines()[1:]:
        query, document, grade = row.split("\t")
        expected.setdefault(query, {})[document] = int(grade)
    assert qrels == expected
    assert qrels.keys() <= queries.keys()
    assert all(text.strip() for text in queries.values())


def test_both_kinds_of_judgements_say_the_same(tmp_path):
    beir, trec, packed = tmp_path / "q.tsv", tmp_path / "q.qrels", tmp_path / "q.tsv.gz"
    text = "query-id\tcorpus-id\tscore\nq 1\tpage one\t2\r\n\nq 1\tp2\t-1\n"
    beir.write_text(text, encoding="utf-8")
    packed.write_bytes(gzip.compress(text.encode()))
    trec.write_text("\ufeffq1 0 page1 2\nq1\t0\tp2\t-1\n", encoding="utf-8")
    assert read_qrels(beir) == read_qrels(packed) == {"q 1": {"page one": 2, "p2": -1}}
    assert read_qrels(trec) == {"q1": {"page1": 2, "p2": -1}}


GOOD_QUERY = json.dumps({"_id": "1", "text": "gallbladder removal"})


@pytest.mark.parametrize(
    ("read", "text", "place", "reason"),
    [
        (read_queries, f"{GOOD_QUERY}\n{{", "#2", "JSON"),
        (read_queries, "[" * 100_000, "#1", "JSON"),
        (read_queries, '["1"]', "#1", "object"),
        (read_queries, '{"_id": 1, "text": "x"}', "#1", '"_id"'),
        (read_queries, '{"_id": "1"}', "#1", '"text"'),
        (read_queries, r'{"_id": "1", "text": "\ud800"}', "#1", '"text"'),
        (read_queries, f"{GOOD_QUERY}\n\n{GOOD_QUERY}", "#3", "second time"),
        (read_queries, "", "", "no queries"),
        (read_qrels, "", "", "no judgements"),
        (read_qrels, "query-id\tcorpus-id\tscore\n", "", "no judgements"),
        (read_qrels, "query-id\tcorpus-id\tscore\nq\td\n", "#2", "3 columns"),
        (read_qrels, "query-id\tcorpus-id\tscore\nq\td\tgood", "#2", "whole number"),
        (read_qrels, "query-id\tcorpus-id\tscore\nq\t \t1", "#2", "empty"),
        (read_qrels, "q 0 d 1\nq 0 d 0", "#2", "second time"),
        (read_qrels, "q d 1", "#1", "4 columns"),
        (read_qrels, "q 0 d 0.5", "#1", "whole number"),
        (read_trec_run, "q Q0 d 1 2.5", "#1", "6 columns"),
        (read_trec_run, "q Q0 d 1 2.5 t\nq Q0 d 2 1.5 t", "#2", "second time"),
        (read_trec_run, "q Q0 d 1 high t", "#1", "not a number"),
        (read_trec_run, "q Q0 d 1 nan t", "#1", "not a number"),
    ],
)
def test_a_bad_line_is_named(tmp_path, read, text, place, reason):
    path = tmp_path / "input"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PageError) as caught:
        read(path)
    assert caught.value.page == f"{path}{place}"
    assert reason in caught.value.reason


@pytest.mark.parametrize("read", [read_queries, read_qrels, read_trec_run])
@given(data=st.binary(max_size=200), packed=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(read, data, packed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("input.gz" if packed else "input")
        path.write_bytes(data)
        try:
            read(path)
        except PageError as error:
            assert str(path) in str(error)


def test_files_that_cannot_be_opened_or_unpacked_are_named(tmp_path):
    broken, latin = tmp_path / "broken.gz", tmp_path / "latin"
    broken.write_bytes(gzip.compress(GOOD_QUERY.encode() * 100)[:-12])
    latin.write_bytes(f"{GOOD_QUERY}\n\xe9".encode("latin-1"))
    for path, place in (
        (broken, broken),
        (latin, f"{latin}#2"),
        (tmp_path, tmp_path),
        (tmp_path / "no", tmp_path / "no"),
    ):
        with pytest.raises(PageError) as caught:
            read_queries(path)
        assert caught.value.page == str(place)


@pytest.mark.parametrize(
    "run", [{"q": {"a b": 1.0}}, {"": {"a": 1.0}}, {"q": {"a": float("nan")}}, {"q": {"\ud800": 1.0}}]
)
def test_a_run_that_the_format_cannot_carry_is_not_written(tmp_path, run):
    with pytest.raises(PageError, match="cannot carry"):
        write_trec_run(run, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_writing_packs_labels_and_tells_of_failure(tmp_path):
    path = tmp_path / "run.gz"
    write_trec_run({"q": {"a": 2.5, "b": 2.5}}, path, tag="mine")
    first, second = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert first == "q Q0 a 1 2.5 mine"
    assert second.startswith("q Q0 b 2 2.49999976 ")
    assert list(read_trec_run(path)["q"]) == ["a", "b"]
    with pytest.raises(EngineError, match="nowhere"):
        write_trec_run({}, tmp_path / "nowhere" / "run")


def test_nothing_to_judge_by_is_an_error():
    with pytest.raises(ProcsearchError, match="no judgements"):
        measure({}, {})
    with pytest.raises(ProcsearchError, match="nDCG@10"):
        compare({"q": {"a": 1}}, {}, {}, measure="nDCG@5")  # type: ignore[arg-type]
