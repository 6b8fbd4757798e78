"""The engines side by side: ``python -m benchmarks.engines --pages 1000 --pages 10000``.

Every build and every search runs in a fresh process. In a round each engine builds its index, then they search by
turns, three times each; ratios are taken of searches in one turn, so that a busy machine is unfair to nobody.
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from os import cpu_count
from pathlib import Path
from typing import Any

import click

from .codesets import CODE_SETS, code_set_file
from .figures import Round, overlap, ratios, summary
from .pagefile import read_pages
from .pages import page_file
from .peers import ENGINES, engine
from .process import MeasurementFailed, measure
from .queries import draw_queries
from .report import write_report

REFERENCES = ("tantivy", "tantivy-fast-id", "whoosh")
_WORKER = "benchmarks.worker"
_QUERIES = 200
"""So many are asked with cold and with warm caches, and as many others after them."""
_SAMPLE = 1_000
"""Pages that queries are drawn from: the first of the generated ones, every so manieth of a code set."""
_SEARCHES = 3
"""So many processes search an index in each round."""
_LONG = 60.0
"""Seconds; an index that took longer is built once for all rounds, and searches that did are made once in a round."""


@dataclass
class Corpus:
    """Pages, the queries to ask of them, and what the engines did with both."""

    name: str
    file: Path
    pages: int
    queries: list[str]
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def _run(corpus: Corpus, engines: list[str], rounds: int, workdir: Path) -> None:
    queries = workdir / "queries.json"
    queries.write_text(json.dumps([corpus.queries[:_QUERIES], corpus.queries[_QUERIES:]]), encoding="utf-8")
    for number in range(rounds):
        turn = number % len(engines)
        builds: dict[str, Any] = {}
        for step in ("build", *["search"] * _SEARCHES):
            for name in engines[turn:] + engines[:turn]:
                if name in corpus.absent:
                    continue
                click.echo(f"{corpus.name}: round {number + 1}: {step}: {name}", err=True)
                done = corpus.rounds.setdefault(name, [])
                try:
                    if step == "build":
                        builds[name] = _build(corpus, name, workdir / name, done)
                    else:
                        done.append({"build": builds[name], "search": _search(name, workdir / name, queries, done)})
                except MeasurementFailed as failed:
                    corpus.absent[name] = str(failed)
                    corpus.rounds.pop(name, None)


def _build(corpus: Corpus, name: str, index: Path, done: list[Round]) -> Any:
    if done and done[-1]["build"]["seconds"] > _LONG:
        return done[-1]["build"]
    shutil.rmtree(index, ignore_errors=True)
    index.mkdir(parents=True)
    return measure(_WORKER, "build", name, str(corpus.file), str(index))


def _search(name: str, index: Path, queries: Path, done: list[Round]) -> Any:
    if len(done) % _SEARCHES and sum(done[-1]["search"]["cold_us"]) > _LONG * 1e6 / 5:  # of five such passes
        return done[-1]["search"]
    return measure(_WORKER, "search", name, str(index), str(queries))


def _corpora(sizes: list[int], code_sets: list[str], workdir: Path) -> Iterator[Corpus]:
    for size in sizes:
        file = page_file(workdir, size)
        yield Corpus(f"{size:,} pages", file, size, draw_queries(islice(read_pages(file), _SAMPLE), 2 * _QUERIES))
    for name in code_sets:
        try:
            file = code_set_file(workdir, name)
        except FileNotFoundError as missing:
            click.echo(f"skipped: {missing}", err=True)
            continue
        size = sum(1 for _ in read_pages(file))
        sample = islice(read_pages(file), 0, None, max(1, size // _SAMPLE))
        yield Corpus(f"{CODE_SETS[name]}, {size:,} codes", file, size, draw_queries(sample, 2 * _QUERIES))


def _results(corpora: list[Corpus]) -> dict[str, Any]:
    builds = [(name, done[0]["build"]) for corpus in corpora for name, done in corpus.rounds.items()]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": {"system": platform.platform(), "python": platform.python_version(), "cores": cpu_count()},
        "engines": {name: {"title": build["title"], "settings": build["settings"]} for name, build in builds},
        "corpora": {corpus.name: _compare(corpus) for corpus in corpora},
    }


def _compare(corpus: Corpus) -> dict[str, Any]:
    """The figures of every engine, and against each reference the ratios and the share of its top ten found."""
    done = corpus.rounds
    references = {name: done[name] for name in REFERENCES if name in done}
    return {
        "pages": corpus.pages,
        "absent": corpus.absent,
        "figures": {name: summary(rounds) for name, rounds in done.items()},
        "ratios": {
            reference: {name: ratios(rounds, theirs) for name, rounds in done.items()}
            for reference, theirs in references.items()
        },
        "overlap": {
            reference: {name: overlap(rounds, theirs) for name, rounds in done.items()}
            for reference, theirs in references.items()
        },
    }


def _too_large(name: str, pages: int) -> str | None:
    try:
        largest = engine(name).largest
    except ImportError as reason:
        return f"not available: {reason}"
    return f"not asked to index more than {largest:,} pages" if largest and pages > largest else None


@click.command()
@click.option("--pages", "sizes", type=int, multiple=True, default=(1_000, 10_000, 100_000), show_default=True)
@click.option("--codes", "code_sets", type=click.Choice(list(CODE_SETS)), multiple=True, help="Public code sets too.")
@click.option("--full", is_flag=True, help="1,000,000 pages too, for procsearch and tantivy.")
@click.option("--engine", "engines", type=click.Choice(list(ENGINES)), multiple=True, help="These alone; else all.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results")
def main(
    *,
    sizes: tuple[int, ...],
    code_sets: tuple[str, ...],
    full: bool,
    engines: tuple[str, ...],
    rounds: int,
    workdir: Path,
    out: Path,
) -> None:
    """Index and search the same pages with every engine; write a table, charts and all figures."""
    report = ""
    done = []
    for corpus in _corpora([*sizes, *([1_000_000] if full else [])], list(code_sets), workdir):
        chosen = list(engines or ENGINES)
        for name in chosen:
            if reason := _too_large(name, corpus.pages):
                corpus.absent[name] = reason
        with tempfile.TemporaryDirectory(dir=workdir, prefix="indexes-") as indexes:
            _run(corpus, chosen, rounds, Path(indexes))
        done.append(corpus)
        report = write_report(_results(done), out)  # after each, so that a run broken off has left its figures
    click.echo(report)


if __name__ == "__main__":
    main()
