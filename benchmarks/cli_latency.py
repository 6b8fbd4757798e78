"""What a user waits for at the command line: ``procsearch search`` from the interpreter's start on.

``python -m benchmarks.cli_latency``; it and ``python -c pass`` take turns, each in a fresh process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import click

from .figures import percentile
from .pagefile import read_pages
from .pages import page_file
from .process import MeasurementFailed, measure
from .queries import draw_queries


def _milliseconds(command: list[str]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (perf_counter() - started) * 1e3


def _commands(index: Path, query: str) -> dict[str, list[str]]:
    installed = Path(sys.executable).parent / "procsearch"
    procsearch = [str(installed)] if installed.exists() else [sys.executable, "-m", "procsearch"]
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import procsearch": [sys.executable, "-c", "import procsearch"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "procsearch --version": [*procsearch, "--version"],
        "procsearch search": [*procsearch, "search", query, "--index", str(index)],
        "procsearch search --json": [*procsearch, "search", query, "--json", "--index", str(index)],
    }


@click.command()
@click.option("--pages", default=10_000, show_default=True)
@click.option("--times", default=21, show_default=True, help="How often each command is run.")
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results")
def main(*, pages: int, times: int, workdir: Path, out: Path) -> None:
    """Print the median and the 95th percentile of each command; write cli_latency.json."""
    file = page_file(workdir, pages)
    queries = draw_queries(islice(read_pages(file), 1_000), times)
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=workdir) as scratch:
        index = Path(scratch) / "index"
        try:
            measure("benchmarks.worker", "build", "procsearch", str(file), str(index))
        except MeasurementFailed as failed:
            raise click.ClickException(f"procsearch: {failed}") from failed
        for query in queries:
            for name, command in _commands(index, query).items():
                taken.setdefault(name, []).append(_milliseconds(command))
    results: dict[str, Any] = {
        name: {"median_ms": median(each), "p95_ms": percentile(each, 95)} for name, each in taken.items()
    }
    for name, found in results.items():
        click.echo(f"{name:26} median {found['median_ms']:7.1f} ms   p95 {found['p95_ms']:7.1f} ms")
    out.mkdir(parents=True, exist_ok=True)
    (out / "cli_latency.json").write_text(json.dumps({"pages": pages, "commands": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
