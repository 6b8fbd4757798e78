"""Fits the numbers of the ranking: ``python -m benchmarks.fitting --data FOLDER``.

One number after the other, over a few values of each, for the mean of nDCG@10 over all collections (each counts the
same, with at most MOST_QUERIES of its queries), and all of them once more where any has changed. The queries of every
collection are dealt into parts; each part is judged with the numbers that all other parts chose, so that the figures
say what the numbers are worth on queries they were not fitted on. Nothing is written: the numbers stand in
``indexer/parameters.py``, and a person decides. ``--semantic`` fits those of ranking by meaning, with sentence vectors.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from procsearch.indexer import parameters
from procsearch.search.evaluation import measure
from procsearch.search.index import open_index

from .relevance import Collection, collections, index_of

GRID: dict[str, tuple[float, ...]] = {
    "K1": (1.6, 2.0, 2.4, 2.8),
    "STEM_WEIGHT": (0.5, 0.6, 0.7, 0.8, 0.9),
    "SYNONYM_WEIGHT": (0.2, 0.3, 0.4, 0.6),
    "TERM_WEIGHT": (0.2, 0.3, 0.4, 0.6),
    "OPERATION_WEIGHT": (0.6, 0.8, 1.0, 1.3),
    "TERM_SYNONYM_WEIGHT": (0.4, 0.6, 0.8),
    "PARTS_WEIGHT": (0.4, 0.6, 0.8, 0.95),
    "CORRECTED_WEIGHT": (0.4, 0.6, 0.8),
    "COVERAGE_WEIGHT": (0.0, 0.3, 1.0),
    "PAIR_WEIGHT": (0.0, 0.05, 0.1, 0.2),
    "K3": (0.01, 0.4, 0.85, 2.0),
}
MEANING_GRID: dict[str, tuple[float, ...]] = {
    "MEANING_WEIGHT": (0.5, 1.0, 1.5, 2.0, 3.0),
    "LEADING_WEIGHT": (0.0, 0.4, 0.7, 1.0),
}
PARTS = 5
SWEEPS = 2
LEAST_GAIN = 1e-3
"""A change that gains less is left: it would follow the queries at hand."""
MOST_QUERIES = 400

Setting = tuple[float, ...]
Scores = dict[str, dict[str, float]]
"""nDCG@10 by collection and query."""


class Fit:
    """Judges settings of the numbers of a grid, each once."""

    def __init__(self, judged: list[tuple[Collection, Path]], grid: dict[str, tuple[float, ...]]) -> None:
        self._judged = judged
        self._grid = grid
        self._scores: dict[Setting, Scores] = {}

    def scores(self, setting: Setting) -> Scores:
        """Every query's nDCG@10 with the numbers of ``setting``."""
        if setting not in self._scores:
            for name, value in zip(self._grid, setting, strict=True):
                setattr(parameters, name, value)
            self._scores[setting] = {collection.name: _judge(collection, path) for collection, path in self._judged}
        return self._scores[setting]

    def mean(self, setting: Setting, part: int, held_out: bool) -> float:
        """The mean over collections of the queries of one part, or of all but it."""
        return fmean(self.by_collection(setting, part, held_out).values())

    def by_collection(self, setting: Setting, part: int, held_out: bool) -> dict[str, float]:
        """The same for each collection."""
        return {
            name: fmean(score for place, score in enumerate(scores.values()) if (place % PARTS == part) == held_out)
            for name, scores in self.scores(setting).items()
        }

    def best(self, start: Setting, part: int) -> Setting:
        """The best setting for the queries outside ``part`` that changing one number at a time comes to."""
        best = start
        for _ in range(SWEEPS):
            before = best
            for place, values in enumerate(self._grid.values()):
                for value in values:
                    other = (*best[:place], value, *best[place + 1 :])
                    if self.mean(other, part, held_out=False) > self.mean(best, part, held_out=False) + LEAST_GAIN:
                        best = other
            if best == before:
                break
        return best


def _sample(collection: Collection) -> Collection:
    """The collection with at most MOST_QUERIES of its queries, drawn by a hash of their ids."""
    drawn = sorted(collection.queries, key=lambda query: sha256(query.encode()).digest())[:MOST_QUERIES]
    return replace(
        collection,
        queries={query: collection.queries[query] for query in drawn},
        qrels={query: collection.qrels[query] for query in drawn},
    )


def _judge(collection: Collection, path: Path) -> dict[str, float]:
    index = open_index(path)
    run = {
        query: {hit.id: hit.score for hit in index.search(text, limit=10, plain=True).hits}
        for query, text in collection.queries.items()
    }
    return {query: values["nDCG@10"] for query, values in measure(collection.qrels, run).queries.items()}


def main() -> None:
    """Fit on all parts but one, for each part; print the numbers and what they are worth on the part left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of judged collections")
    parser.add_argument("--semantic", action="store_true", help="fit the numbers of ranking by meaning")
    asked = parser.parse_args()
    grid = MEANING_GRID if asked.semantic else GRID
    start: Setting = tuple(getattr(parameters, name) for name in grid)
    with TemporaryDirectory(prefix="fitting-") as scratch:
        folder = Path(scratch)
        found = [_sample(collection) for collection in collections(asked.data, folder)]
        fit = Fit([(collection, index_of(collection, folder, asked.semantic).path) for collection in found], grid)
        print("part ", *grid, "before after (on the part)", flush=True)
        for part in range(PARTS):
            best = fit.best(start, part)
            before, after = fit.mean(start, part, held_out=True), fit.mean(best, part, held_out=True)
            print(part, *best, f"{before:.4f} {after:.4f}", flush=True)
        whole = fit.best(start, PARTS)
        print("all", *whole, flush=True)
        for setting in (start, whole):
            print({name: round(value, 4) for name, value in fit.by_collection(setting, PARTS, held_out=False).items()})


if __name__ == "__main__":
    main()
