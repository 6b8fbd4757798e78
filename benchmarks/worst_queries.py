"""What the dearest queries that the bounds allow cost: ``python -m benchmarks.worst_queries``.

Each is measured with nothing kept from the queries before it, snippets of ten hits and both facets included, in
processor time of the process: the least of three runs. The dearest are measured again after all others, by turns, and
their least of all these runs counts, as what else the machine does only ever adds to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import procsearch
from procsearch.search.index import Index, View

from .hostile_queries import families, largest, random_queries
from .pages import page_file

JOINTS = (" ", " AND ", " OR NOT ")
_AGAIN = 8
_LONG = 30.0  # milliseconds


@dataclass
class Dear:
    """A query that costs much, and the milliseconds of processor time that it takes."""

    family: str
    query: str
    ms: float
    filters: Mapping[str, Sequence[str]] | None = None


def open_cold(index: Index) -> None:
    """Forget all that was worked out for earlier queries."""
    view = index.view()
    index._view = View(view.snapshot, index._vocabulary, view.bounds)


def cost(index: Index, query: str, filters: Mapping[str, Sequence[str]] | None = None) -> float | None:
    """Milliseconds of processor time; None where the query is refused."""
    best = float("inf")
    for _ in range(3):
        open_cold(index)
        started = time.process_time()
        try:
            index.search(query, filters=filters, facets=["system", "section"]).to_json()
        except procsearch.QueryError:
            return None
        best = min(best, time.process_time() - started)
    return best * 1e3


def frequent_words(index: Index, count: int) -> list[str]:
    """The most frequent words of letters in the index."""
    frequencies: dict[str, int] = {}
    for segment in index.view().snapshot.segments:
        for number, term in enumerate(segment.terms()):
            if term.isalpha():
                frequencies[term] = frequencies.get(term, 0) + segment.frequency(number)
    return sorted(frequencies, key=lambda term: (-frequencies[term], term))[:count]


def measure(index: Index, count: int, seed: int) -> dict[str, Any]:
    """The cost of the dearest query of every family, and the dearest of random ones."""
    words = frequent_words(index, 5000)
    dear_families = [Dear(family, *dearest(index, parts)) for family, parts in families(words).items()]
    wanted = words[: index.view().bounds.filter_values]
    for name, field in (("a filter by words", "risks"), ("a filter by codes", "code")):
        dear_families.append(Dear(name, "*:*", cost(index, "*:*", {field: wanted}) or 0.0, {field: wanted}))
    found = [(query, cost(index, query)) for query in random_queries(seed, words, count)]
    random = [Dear("random", query, ms) for query, ms in found if ms is not None]
    random.sort(key=lambda dear: -dear.ms)
    for _ in range(_AGAIN):
        for dear in (*dear_families, *random[:_AGAIN]):
            if dear.ms > _LONG:
                dear.ms = min(dear.ms, cost(index, dear.query, dear.filters) or dear.ms)
    most = sorted(random[:_AGAIN], key=lambda dear: -dear.ms)
    dear_families.sort(key=lambda dear: -dear.ms)
    return {
        "families, ms": {dear.family: [round(dear.ms, 1), dear.query[:200]] for dear in dear_families},
        "random queries": count,
        "seed": seed,
        "refused": count - len(random),
        "random, ms": {
            "p50": round(random[len(random) // 2].ms, 2),
            "most": [(round(dear.ms, 1), dear.query) for dear in most[:3]],
        },
        "most, ms": round(max(dear_families[0].ms, most[0].ms), 1),
    }


def dearest(index: Index, parts: Sequence[str]) -> tuple[str, float]:
    """The dearest query of as many of ``parts`` as the bounds allow, and its cost."""
    queries = [largest(parts, joint, lambda text: cost(index, text) is not None) for joint in JOINTS]
    costs = {query: cost(index, query) or 0.0 for query in queries}
    query = max(costs, key=costs.__getitem__)
    return query, costs[query]


@click.command()
@click.option("--pages", default=10_000, show_default=True)
@click.option("--queries", default=2_000, show_default=True, help="Random queries besides the families.")
@click.option("--seed", default=1, show_default=True)
@click.option("--index", type=click.Path(exists=True, path_type=Path), help="An index that stands already.")
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
def main(*, pages: int, queries: int, seed: int, index: Path | None, workdir: Path) -> None:
    """Measure the dearest queries and print them as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        if index is None:
            index = Path(folder) / "index"
            pages_file = str(page_file(workdir, pages))
            command = [sys.executable, "-m", "procsearch", "index", pages_file, "--index", str(index)]
            subprocess.run(command, check=True, stdout=sys.stderr)
        click.echo(json.dumps(measure(procsearch.open_index(index), queries, seed), indent=1, ensure_ascii=True))


if __name__ == "__main__":
    main()
