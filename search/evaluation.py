"""Judging results: queries, judgements and runs as files, four measures, and the comparison of two runs.

The measures are those of NIST's trec_eval, under the names ir-measures gives them: nDCG@10, R@100, AP, RR. trec_eval
reads a score as a 32-bit float and orders equal scores by id, descending. A search engine has an order of its own, so
here a run *is* its order: `measure` goes by it, `write_trec_run` writes scores that make trec_eval see it, and
`read_trec_run` gives the order trec_eval would see.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import IO, TYPE_CHECKING, Any, Literal, get_args

from ..corpus.errors import EngineError, PageError, ProcsearchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Measure = Literal["nDCG@10", "R@100", "AP", "RR"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

Qrels = Mapping[str, Mapping[str, int]]
"""Query id -> document id -> grade; a document of grade 1 or more is relevant."""

Run = Mapping[str, Mapping[str, float]]
"""Query id -> document id -> score, the documents of a query *in rank order*, whatever their scores."""

PERMUTATIONS = 10_000
_BLOCK = 1_000  # permutations held in memory at once
_SEED = 20070806

_SPACE = re.compile(r"\s+", re.ASCII)  # what C's isspace() knows, as trec_eval splits by it
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class Evaluation:
    """How good a run is: each measure (0 to 1) for each judged query, and its mean over them."""

    queries: dict[str, dict[Measure, float]]
    mean: dict[Measure, float]


@dataclass(frozen=True)
class Change:
    """One query on which two runs differ: the measure's value in run A and in run B."""

    query: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        """What B gains over A."""
        return self.b - self.a


@dataclass(frozen=True)
class Comparison:
    """Run B against run A over the same judged queries.

    ``difference`` is the mean of B minus that of A; ``p`` the probability of a mean difference at least as large,
    either way, if the two runs were equally good. ``won`` are the queries that B answers better, the largest gain
    first; ``lost`` those it answers worse, the largest loss first; the rest of the ``queries`` are even.
    """

    measure: Measure
    queries: int
    mean_a: float
    mean_b: float
    difference: float
    p: float
    won: tuple[Change, ...]
    lost: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON object; a change has the values before and after."""
        return {
            "before": self.mean_a,
            "difference": self.difference,
            "p": self.p,
            **{
                name: [{"query": change.query, "before": change.a, "after": change.b} for change in changes]
                for name, changes in (("won", self.won), ("lost", self.lost))
            },
        }


def read_queries(path: str | Path) -> dict[str, str]:
    """Read BEIR queries (``queries.jsonl``, or ``.gz``): query id -> text, in the order of the file.

    Raises PageError naming file and line.
    """
    queries: dict[str, str] = {}
    for place, line in _lines(path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise PageError(place, "not a line of JSON") from None
        if not isinstance(record, dict):
            raise PageError(place, 'not an object with "_id" and "text"')
        query, text = (_string(record, key, place) for key in ("_id", "text"))
        if query in queries:
            raise PageError(place, f"the query {query!r} stands here a second time")
        queries[query] = text
    if not queries:
        raise PageError(str(path), "holds no queries")
    return queries


def read_qrels(path: str | Path) -> dict[str, dict[str, int]]:
    """Read judgements (``.tsv`` or ``.gz``): query id -> document id -> grade, in the order of the file.

    The first line tells whether they are BEIR's (query, document, grade; tabs between them, a header above) or TREC's
    (query, 0, document, grade). Raises PageError naming file and line.
    """
    qrels: dict[str, dict[str, int]] = {}
    beir: bool | None = None
    for place, line in _lines(path):
        fields = line.split("\t")
        if beir is None:
            beir = len(fields) == 3
            if beir and not _INTEGER.fullmatch(fields[2].strip()):
                continue  # the header
        query, document, grade = _judgement(fields if beir else _SPACE.split(line), beir, place)
        if document in qrels.setdefault(query, {}):
            raise PageError(place, f"query {query!r} judges {document!r} a second time")
        qrels[query][document] = grade
    if not qrels:
        raise PageError(str(path), "holds no judgements")
    return qrels


def read_trec_run(path: str | Path) -> dict[str, dict[str, float]]:
    """Read a TREC run (query, Q0, document, rank, score, tag; or ``.gz``) in the order trec_eval gives it.

    As trec_eval does, this goes by the score and not by the rank. Raises PageError naming file and line.
    """
    import numpy as np

    run: dict[str, dict[str, float]] = {}
    for place, line in _lines(path):
        fields = _SPACE.split(line)
        if len(fields) != 6:
            raise PageError(place, f"a line of a TREC run has 6 columns, this one has {len(fields)}")
        query, _, document, _, score, _ = fields
        if document in run.setdefault(query, {}):
            raise PageError(place, f"query {query!r} ranks {document!r} a second time")
        run[query][document] = _finite(score, place)
    with np.errstate(over="ignore"):
        return {
            query: dict(sorted(ranked.items(), key=lambda hit: (np.float32(hit[1]), hit[0]), reverse=True))
            for query, ranked in run.items()
        }


def write_trec_run(run: Run, path: str | Path, tag: str = "procsearch") -> None:
    """Write ``run`` for trec_eval (gzipped if ``path`` ends in ``.gz``).

    A score that is not below the one before it is written as the next 32-bit float below that one, so that trec_eval
    sees the order of the run. Raises PageError, before anything is written, for an id or score that a TREC run cannot
    carry (white space, NaN), EngineError if writing fails.
    """
    lines = []
    for query, ranked in run.items():
        scores = _falling(list(ranked.values()), f"{path}: query {query!r}")
        for rank, (document, score) in enumerate(zip(ranked, scores, strict=True), start=1):
            for word in (query, document, tag):
                if not word or _SPACE.search(word) or not _encodable(word):
                    raise PageError(str(path), f"a TREC run cannot carry the id {word!r}")
            lines.append(f"{query} Q0 {document} {rank} {score:.9g} {tag}\n")
    try:
        with _open(path, "wb") as file:
            file.write("".join(lines).encode())
    except OSError as error:
        raise EngineError(f"writing the run {path}: {error.strerror or error}") from error


def measure(qrels: Qrels, run: Run) -> Evaluation:
    """Measure ``run`` by ``qrels``, as ``trec_eval -c`` does.

    Every query of ``qrels`` counts: one without results, or without a relevant document, counts 0. Queries of ``run``
    that ``qrels`` does not know are left out. A document without a grade is not relevant.
    Raises ProcsearchError if ``qrels`` is empty.
    """
    queries = _measure_queries(qrels, run)
    return Evaluation(queries, {name: fmean(values[name] for values in queries.values()) for name in MEASURES})


def compare(qrels: Qrels, run_a: Run, run_b: Run, measure: Measure = "nDCG@10") -> Comparison:
    """Compare ``run_b`` with ``run_a`` by one measure, query by query.

    Raises ProcsearchError if ``qrels`` is empty or the measure is none of MEASURES.
    """
    if measure not in MEASURES:
        raise ProcsearchError(f"no measure {measure!r}; there are {', '.join(MEASURES)}")
    a, b = _measure_queries(qrels, run_a), _measure_queries(qrels, run_b)
    changes = [Change(query, a[query][measure], b[query][measure]) for query in sorted(qrels)]
    won = [change for change in changes if change.difference > 0]
    lost = [change for change in changes if change.difference < 0]
    return Comparison(
        measure=measure,
        queries=len(changes),
        mean_a=fmean(change.a for change in changes),
        mean_b=fmean(change.b for change in changes),
        difference=fmean(change.difference for change in changes),
        p=_randomisation_test([change.difference for change in changes]),
        won=tuple(sorted(won, key=lambda change: -change.difference)),
        lost=tuple(sorted(lost, key=lambda change: change.difference)),
    )


def _measure_queries(qrels: Qrels, run: Run) -> dict[str, dict[Measure, float]]:
    if not qrels:
        raise ProcsearchError("there are no judgements to measure by")
    return {query: _measure_query(grades, list(run.get(query, ()))) for query, grades in qrels.items()}


def _measure_query(grades: Mapping[str, int], ranking: list[str]) -> dict[Measure, float]:
    relevant = sum(grade > 0 for grade in grades.values())
    ranks = [rank for rank, document in enumerate(ranking, start=1) if grades.get(document, 0) > 0]
    return {
        "nDCG@10": _ndcg(grades, ranking, 10),
        "R@100": sum(rank <= 100 for rank in ranks) / relevant if relevant else 0.0,
        "AP": sum(found / rank for found, rank in enumerate(ranks, start=1)) / relevant if relevant else 0.0,
        "RR": 1 / ranks[0] if ranks else 0.0,
    }


def _ndcg(grades: Mapping[str, int], ranking: list[str], depth: int) -> float:
    """Normalised discounted cumulative gain: the sum of grade / log2(rank + 1), over that of the best possible ranking.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, with the discount
    that trec_eval's ndcg_cut applies from rank 1 on. A grade below 0 gains nothing.
    """

    def discounted(gains: list[int]) -> float:
        return sum(max(gain, 0) / math.log2(rank + 1) for rank, gain in enumerate(gains[:depth], start=1))

    best = discounted(sorted(grades.values(), reverse=True))
    return discounted([grades.get(document, 0) for document in ranking]) / best if best else 0.0


def _randomisation_test(differences: list[float]) -> float:
    """Give the two-sided p of Fisher's paired randomisation test on the mean of ``differences``.

    If the runs are equally good, each difference might as well have the other sign. p is the share of random signings
    whose sum is as far from 0 as the observed one: Smucker, Allan and Carterette, "A comparison of statistical
    significance tests for information retrieval evaluation", CIKM 2007. The observed signing counts as one of them, so
    p is never 0: Phipson and Smyth, "Permutation p-values should never be zero", SAGMB 9(1), 2010.
    """
    import numpy as np

    paired = np.array([difference for difference in differences if difference])
    observed = abs(math.fsum(paired)) - 1e-9  # equal sums must not differ by their rounding
    random = np.random.default_rng(_SEED)
    as_far = 0
    for _ in range(PERMUTATIONS // _BLOCK):
        signs = random.integers(0, 2, size=(_BLOCK, len(paired)), dtype=np.int8) * 2 - 1
        as_far += int(np.count_nonzero(np.abs(signs @ paired) >= observed))
    return (as_far + 1) / (PERMUTATIONS + 1)


def _falling(scores: list[float], place: str) -> Iterator[np.float32]:
    """Give the scores as 32-bit floats, each lowered just as far as it takes to be below the one before it."""
    import numpy as np

    lowest = np.float32(-np.inf)
    with np.errstate(over="ignore"):
        singles: NDArray[np.float32] = np.array(scores, dtype=np.float64).astype(np.float32)
    previous = np.float32(np.inf)
    for score, single in zip(scores, singles, strict=True):
        previous = min(single, np.nextafter(previous, lowest))
        if not np.isfinite(previous):
            raise PageError(place, f"a TREC run cannot carry the score {score!r}")
        yield previous


def _lines(path: str | Path) -> Iterator[tuple[str, str]]:
    """Give each line that is not blank, without the white space at its ends, after its place (``file#line``)."""
    number = 0
    try:
        with _open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip(" \t\n\v\f\r")
                if text:
                    yield f"{path}#{number}", text
    except UnicodeDecodeError:
        raise PageError(f"{path}#{number}", "not UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise PageError(str(path), getattr(error, "strerror", None) or str(error)) from error


def _open(path: str | Path, mode: Literal["rb", "wb"]) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, mode) if str(path).endswith(".gz") else Path(path).open(mode)


def _judgement(fields: list[str], beir: bool, place: str) -> tuple[str, str, int]:
    """Give query, document and grade of one line's columns."""
    columns = 3 if beir else 4
    if len(fields) != columns:
        layout = "BEIR file has 3 columns (with tabs between them)" if beir else "TREC file has 4 columns"
        raise PageError(place, f"a judgement in a {layout}, this line has {len(fields)}")
    query, document, grade = (fields[column].strip() for column in (0, columns - 2, columns - 1))
    if not query or not document:
        raise PageError(place, "an id is empty")
    if not _INTEGER.fullmatch(grade):
        raise PageError(place, f"the grade {grade!r} is not a whole number")
    return query, document, int(grade)


def _string(record: dict[str, object], key: str, place: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value.strip() or not _encodable(value):
        raise PageError(place, f'"{key}" is not a text')
    return value


def _finite(score: str, place: str) -> float:
    try:
        number = float(score)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise PageError(place, f"the score {score!r} is not a number")
    return number


def _encodable(text: str) -> bool:
    """Tell whether ``text`` is free of lone surrogates, which JSON may hold and no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
