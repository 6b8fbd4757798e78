"""Judged queries put to an index: to tell how good it is, and to refuse a commit that would make it worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..corpus.errors import NoIndex, PageError, ProcsearchError
from ..indexer.snapshot import Snapshot, open_snapshot
from ..indexer.storage import Storage
from .evaluation import Qrels, measure, read_qrels, read_queries, read_trec_run
from .index import Index, open_index

DEPTH = 1000
"""How many hits a query is judged by."""

_TOLERANCE = 1e-6


def run_queries(
    index: Index, queries: Mapping[str, str], *, boosts: Mapping[str, float] | None = None
) -> dict[str, dict[str, float]]:
    """The hits of each query, read as plain words, best first with their scores; ``boosts`` as in a search."""
    return {
        name: {hit.id: hit.score for hit in index.search(text, limit=DEPTH, plain=True, boosts=boosts).hits}
        for name, text in queries.items()
    }


def judged(queries: Mapping[str, str], qrels: Qrels) -> tuple[dict[str, str], Qrels]:
    """The queries that are judged, and their judgements; PageError where there are none."""
    both = [name for name in queries if name in qrels]
    if not both:
        raise PageError("the judgements", "none of them is about one of the queries")
    return {name: queries[name] for name in both}, {name: qrels[name] for name in both}


def unknown_documents(index: Index, qrels: Qrels) -> list[str]:
    """A warning where documents judged relevant are not in the index, and so count as not found."""
    relevant = {id for grades in qrels.values() for id, grade in grades.items() if grade > 0}
    unknown = sorted(id for id in relevant if id not in index)
    if not unknown:
        return []
    return [f"{len(unknown)} of {len(relevant)} relevant documents are not in the index, as {unknown[0]}"]


def other_run(path: str | Path, queries: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """The run to compare with: that of another index where ``path`` is a folder, else a TREC run."""
    return run_queries(open_index(path), queries) if Path(path).is_dir() else read_trec_run(path)


def guard(index: str | Path, queries: str | Path, qrels: str | Path) -> Callable[[Snapshot], None]:
    """For re-indexing: refuses an index whose nDCG@10 is below that of the one there, with a ProcsearchError."""
    asked, judgements = judged(read_queries(queries), read_qrels(qrels))

    def ndcg(snapshot: Snapshot) -> float:
        return measure(judgements, run_queries(Index(Storage(index), snapshot), asked)).mean["nDCG@10"]

    def approve(new: Snapshot) -> None:
        try:
            there = open_snapshot(Storage(index))
        except NoIndex:
            return
        # By words alone: the new pages have no sentence vectors yet.
        before, after = ndcg(Snapshot(there.manifest, there.segments, None)), ndcg(new)
        if after < before - _TOLERANCE:
            raise ProcsearchError(f"nDCG@10 would fall from {before:.4f} to {after:.4f}; nothing was changed")

    return approve
