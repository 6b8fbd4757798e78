"""The hot loop of a query: nanoseconds a posting, beside what the memory of this machine would allow.

``python -m benchmarks.hot_loop --pages 100000`` weighs frequent words of generated pages, one after the other with the
cache of words empty, and times each step of it by itself; then it times what a word costs that is at hand. Every figure
is the least of several runs, the whole and its steps in turns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import click
import numpy as np
import numpy.typing as npt

from procsearch import open_index
from procsearch.indexer.fields import ALL, BOOSTS
from procsearch.indexer.reindex import reindex
from procsearch.search.cache import BoundedCache
from procsearch.search.evaluator import Evaluator
from procsearch.search.index import View
from procsearch.search.matches import any_of
from procsearch.search.scoring import saturated
from procsearch.search.words import Variant, Word

from .pages import page_file

_WORDS = 20
_RUNS = 15
_BYTES = 3
"""What a posting of a frequent word takes: a gap of one byte, a code of two."""


def _least(runs: Callable[[], object]) -> float:
    """Nanoseconds of the fastest of several runs."""
    taken = []
    for _ in range(_RUNS):
        started = perf_counter_ns()
        runs()
        taken.append(perf_counter_ns() - started)
    return float(min(taken))


def _bandwidth() -> float:
    """Bytes a nanosecond that NumPy reads of an array too large for any cache."""
    large = np.ones(1 << 25, np.int64)
    return large.nbytes / _least(large.sum)


def _frequent_words(view: View) -> list[str]:
    """Words of one term each that a fifth to a twentieth of the pages have, so many of them."""
    segment = view.snapshot.segments[0]
    counts: npt.NDArray[np.int64] = segment.frequencies(np.arange(segment.term_count))
    chosen = np.flatnonzero((counts > segment.pages // 20) & (counts < segment.pages))
    return [segment.term(number) for number in chosen[:: max(1, len(chosen) // _WORDS)][:_WORDS].tolist()]


def _measure(view: View) -> dict[str, float]:
    """Nanoseconds a posting of weighing a word and of its steps, and nanoseconds a page of adding one at hand."""
    segment, table = view.snapshot.segments[0], view.evaluator(BOOSTS).table(ALL)
    words = _frequent_words(view)
    nodes = [Word(ALL, word, (Variant(word, 1.0, "exact"),)) for word in words]
    numbers = [number for word in words if (number := segment.term_number(word)) is not None]
    postings = [segment.postings(number) for number in numbers]
    count = sum(len(pages) for pages, _ in postings)
    tf = np.zeros(segment.pages, np.float32)
    weighed = [table.take(codes) for _, codes in postings]

    def whole() -> None:
        evaluator = Evaluator(view.snapshot, BOOSTS, view.expander, BoundedCache(0))
        for node in nodes:
            evaluator.evaluate(node)

    def add() -> None:
        for (pages, _), weights in zip(postings, weighed, strict=True):
            np.add.at(tf, pages, weights)

    at_hand = [view.evaluator(BOOSTS).evaluate(node) for node in nodes[:4]]
    steps = {
        "a word, whole": whole,
        "pages from gaps": lambda: [segment.postings(number) for number in numbers],
        "weights from codes": lambda: [table.take(codes) for _, codes in postings],
        "added by page": add,
        "saturated": lambda: [saturated(tf, segment.pages, 1000) for _ in numbers],
    }
    figures = {name: _least(step) / count for name, step in steps.items()}
    figures["as memory allows"] = _BYTES / _bandwidth()
    figures["a word at hand, by page"] = _least(lambda: any_of(at_hand, segment.pages)) / segment.pages / len(at_hand)
    return figures


@click.command()
@click.option("--pages", type=click.IntRange(1000), default=100_000, show_default=True)
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
def main(*, pages: int, workdir: Path) -> None:
    """Print what each step of weighing a word takes."""
    workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workdir) as folder:
        reindex([str(page_file(workdir, pages))], folder, jobs=2)
        figures = _measure(open_index(folder).view())
    for name, nanoseconds in figures.items():
        click.echo(f"{name:26s}{nanoseconds:6.2f} ns")


if __name__ == "__main__":
    main()
