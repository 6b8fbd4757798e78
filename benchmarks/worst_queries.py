"""What the dearest queries that the bounds allow cost: ``python -m benchmarks.worst_queries``.

Each is measured with nothing kept from the queries before it, snippets of ten hits and both facets included, in
processor time of the process: the least of three runs, of fifteen where those took long, as the machine's other work
only ever adds to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import procsearch
from procsearch.search.index import Index, View

from .hostile_queries import families, largest, random_queries
from .pages import page_file

JOINTS = (" ", " AND ", " OR NOT ")
_RUNS, _MOST_RUNS = 3, 15
_LONG = 0.03  # seconds


def open_cold(index: Index) -> None:
    """Forget all that was worked out for earlier queries."""
    view = index.view()
    index._view = View(view.snapshot, index._vocabulary, view.bounds)


def cost(index: Index, query: str, filters: Mapping[str, Sequence[str]] | None = None) -> float | None:
    """Milliseconds of processor time; None where the query is refused."""
    best = float("inf")
    for run in range(_MOST_RUNS):
        if run >= _RUNS and best < _LONG:
            break
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
    costs: dict[str, tuple[float, str]] = {}
    refused = 0
    for family, parts in families(words).items():
        for joint in JOINTS:
            query = largest(parts, joint, lambda text: cost(index, text) is not None)
            found = cost(index, query)
            if found is not None and found > costs.get(family, (0.0, ""))[0]:
                costs[family] = found, query
    wanted = words[: index.view().bounds.filter_values]
    for name, filters in (("a filter by words", {"risks": wanted}), ("a filter by codes", {"code": wanted})):
        costs[name] = cost(index, "*:*", filters) or 0.0, "*:*"
    times = []
    for query in random_queries(seed, words, count):
        found = cost(index, query)
        refused += found is None
        if found is not None:
            times.append((found, query))
    times.sort(reverse=True)
    return {
        "families, ms": {
            family: [round(ms, 1), query[:200]] for family, (ms, query) in sorted(costs.items(), key=lambda f: -f[1][0])
        },
        "random queries": count,
        "seed": seed,
        "refused": refused,
        "random, ms": {"p50": round(times[len(times) // 2][0], 2), "most": [(round(ms, 1), q) for ms, q in times[:3]]},
        "most, ms": round(max(times[0][0], *(ms for ms, _ in costs.values())), 1),
    }


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
