"""One measurement, in a process of its own.

``build ENGINE PAGES INDEX``, ``search ENGINE INDEX QUERIES``, ``parse FOLDER JOBS`` or ``searchable FOLDER JOBS``;
prints one JSON object. Started by the other commands.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

from .pagefile import read_pages
from .peers import Searcher, engine
from .peers.fields import text_fields
from .process import bytes_on_disk, cpu_seconds, largest_child_mb, peak_memory_mb

K = 10
_WARM_PASSES = 3
_PASS_BUDGET = 30.0
"""Seconds a pass over the queries may take; a slower engine answers the first queries only."""
_THROUGHPUT_SECONDS = 2.0
_FIRST_QUERY = "blood clot graft"


def build(name: str, pages: Path, index: Path) -> dict[str, Any]:
    """Build an index; reading the pages once beforehand puts the file into the system's cache and counts its text."""
    count = text_bytes = 0
    started = perf_counter()
    for page in read_pages(pages):
        count += 1
        text_bytes += sum(len(text.encode()) for text in text_fields(page).values())
    read_seconds = perf_counter() - started
    builder = engine(name)
    builder.load_writer()
    started, cpu_started = perf_counter(), cpu_seconds()
    builder.build(pages, index)
    seconds, cpu = perf_counter() - started, cpu_seconds() - cpu_started
    return {
        "pages": count,
        "text_bytes": text_bytes,
        "read_seconds": read_seconds,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "index_bytes": bytes_on_disk(index),
        "peak_mb": peak_memory_mb(),
        "largest_child_mb": largest_child_mb(),
        "title": builder.title,
        "settings": builder.settings(),
    }


def search(name: str, index: Path, queries: list[str], others: list[str]) -> dict[str, Any]:
    """Open an index and answer queries: once with its caches cold, the same thrice more, then others."""
    started = perf_counter()
    opener = engine(name)
    import_seconds = perf_counter() - started
    started = perf_counter()
    searcher = opener.open(index)
    searcher.search(_FIRST_QUERY, K)
    first_seconds = perf_counter() - started
    tops: list[list[str]] = []
    cold = _pass(searcher, queries, tops)
    warm = [_pass(searcher, queries[: len(cold)], []) for _ in range(_WARM_PASSES)]
    new = _pass(searcher, others, [])
    answered = others[: len(new)]
    return {
        "import_ms": import_seconds * 1e3,
        "open_to_first_ms": first_seconds * 1e3,
        "cold_us": cold,
        "warm_us": warm,
        "new_us": new,
        "qps": {str(threads): _throughput(searcher, answered, threads) for threads in (1, 4)},
        "peak_mb": peak_memory_mb(),
        "tops": tops,
    }


def _pass(searcher: Searcher, queries: list[str], tops: list[list[str]]) -> list[float]:
    """Microseconds of each query, in order, as far as the budget reaches; ``tops`` gathers the ids found."""
    times = []
    deadline = perf_counter() + _PASS_BUDGET
    for query in queries:
        started = perf_counter()
        found = searcher.search(query, K)
        ended = perf_counter()
        times.append((ended - started) * 1e6)
        tops.append(found)
        if ended > deadline:
            break
    return times


def _throughput(searcher: Searcher, queries: list[str], threads: int) -> float:
    """Queries a second answered by so many threads together, each beginning at another query."""
    searchers = [searcher, *(searcher.for_thread() for _ in range(threads - 1))]
    counts = [0] * threads
    deadline = perf_counter() + _THROUGHPUT_SECONDS

    def answer(thread: int) -> None:
        at = thread * len(queries) // threads
        while perf_counter() < deadline:
            searchers[thread].search(queries[at % len(queries)], K)
            counts[thread] += 1
            at += 1

    running = [threading.Thread(target=answer, args=(thread,)) for thread in range(threads)]
    started = perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (perf_counter() - started)


def _tree(file: Path) -> int:
    from bs4 import BeautifulSoup

    return len(BeautifulSoup(file.read_bytes(), "lxml").contents)


def parse(folder: Path, jobs: int) -> dict[str, Any]:
    """Parse every file of a folder with BeautifulSoup and lxml in ``jobs`` processes, and drop the trees."""
    from concurrent.futures import ProcessPoolExecutor

    files = sorted(folder.iterdir())
    started = perf_counter()
    if jobs == 1:
        parsed = sum(1 for file in files if _tree(file))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            parsed = sum(1 for _ in pool.map(_tree, files, chunksize=64))
    return {"pages": parsed, "seconds": perf_counter() - started}


def searchable(folder: Path, jobs: int) -> dict[str, Any]:
    """Index a folder of HTML files with procsearch in ``jobs`` processes, and ask one query of it."""
    from .peers.ours import index_folder

    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        index = Path(scratch) / "index"
        started = perf_counter()
        index_folder(folder, index, jobs)
        found = engine("procsearch").open(index).search(_FIRST_QUERY, K)
        return {"found": len(found), "seconds": perf_counter() - started}


def main(arguments: list[str]) -> None:
    match arguments:
        case ["build", name, pages, index]:
            figures = build(name, Path(pages), Path(index))
        case ["search", name, index, queries]:
            figures = search(name, Path(index), *json.loads(Path(queries).read_text(encoding="utf-8")))
        case ["parse", folder, jobs]:
            figures = parse(Path(folder), int(jobs))
        case ["searchable", folder, jobs]:
            figures = searchable(Path(folder), int(jobs))
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
