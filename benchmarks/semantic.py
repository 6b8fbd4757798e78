"""What ranking by meaning costs a query: ``python -m benchmarks.semantic --pages 100000``.

The vectors are random, in the form an index keeps them: the time does not depend on what they say. It is told with and
without the query's own vector, as the least and the median of many runs. Making vectors is timed on the sample pages.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np

from procsearch.indexer.reindex import reindex
from procsearch.indexer.vectors import quantised
from procsearch.search.matches import Matches
from procsearch.search.semantic.embedding import embed
from procsearch.search.semantic.fusion import Meaning
from procsearch.search.semantic.model import SentenceModel, model_files

from .relevance import SAMPLES

QUERY = "clot in a dialysis graft that has to be removed"


def meaning_of(pages: int, model: SentenceModel) -> Meaning:
    """Random vectors of so many pages, as one segment."""
    vectors = np.random.default_rng(1).standard_normal((pages, model.model.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = quantised(range(pages), vectors)
    snapshot: Any = SimpleNamespace(
        bases=[0, pages], vectors=[SimpleNamespace(read=lambda: kept)], pages=pages,
        live=np.ones(pages, bool), live_count=pages,
    )  # fmt: skip
    return Meaning(snapshot, model)


def milliseconds(work: Callable[[], object], runs: int = 40) -> str:
    """The least and the median time of ``work``."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return f"{min(times):8.1f}{median(times):8.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    pages = parser.parse_args().pages
    model = SentenceModel(model_files(None))
    meaning = meaning_of(pages, model)
    random = np.random.default_rng(2)
    scores = np.where(random.random(pages) < 0.2, random.random(pages), 0).astype(np.float32)
    print(f"{'ms':32}{'least':>8}{'median':>8}")
    print(f"{'vector of a query':32}{milliseconds(lambda: model.query(QUERY))}")
    ranked = milliseconds(lambda: meaning.ranked(QUERY, Matches(None, scores), scores > 0.9))
    print(f"{f'ranking {pages:,} pages with it':32}{ranked}")
    with TemporaryDirectory(prefix="semantic-") as folder:
        reindex([SAMPLES / "pages"], folder)
        done = embed(folder)
        print(f"vectors of {done.pages} sample pages, one core: {done.pages / done.seconds:.1f} pages/s")


if __name__ == "__main__":
    main()
