"""From raw HTML to searchable, beside what BeautifulSoup alone takes: ``python -m benchmarks.raw_html``.

The baseline reads the same files and calls ``BeautifulSoup(page, "lxml")`` on each, in as many processes, and throws
the trees away. Both include starting their processes; they take turns, and the ratio is the median over rounds.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import click

from .markup import html_folder
from .process import MeasurementFailed, bytes_on_disk, measure


@click.command()
@click.option("--pages", default=2_000, show_default=True)
@click.option("--jobs", "all_jobs", type=int, multiple=True, default=(1, 2), show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results")
def main(*, pages: int, all_jobs: tuple[int, ...], rounds: int, workdir: Path, out: Path) -> None:
    """Print seconds of both and their ratio; write raw_html.json."""
    folder = html_folder(workdir, pages)
    size = bytes_on_disk(folder)
    click.echo(f"{pages:,} HTML pages of {size / pages:,.0f} bytes")
    results: dict[str, Any] = {"pages": pages, "bytes_per_page": size / pages, "jobs": {}}
    for jobs in all_jobs:
        alone, ours = [], []
        for _ in range(rounds):
            alone.append(measure("benchmarks.worker", "parse", str(folder), str(jobs))["seconds"])
            try:
                ours.append(measure("benchmarks.worker", "searchable", str(folder), str(jobs))["seconds"])
            except MeasurementFailed as failed:
                click.echo(f"procsearch: {failed}", err=True)
        found = {"beautifulsoup_s": median(alone)}
        line = f"{jobs} processes: BeautifulSoup alone {median(alone):.2f} s ({pages / median(alone):,.0f} pages/s)"
        if len(ours) == rounds:
            ratio = median(mine / other for mine, other in zip(ours, alone, strict=True))
            found |= {"procsearch_s": median(ours), "times_beautifulsoup": ratio}
            line += f"; procsearch, to searchable {median(ours):.2f} s ({pages / median(ours):,.0f} pages/s)"
            line += f", {ratio:.2f} times as long"
        results["jobs"][str(jobs)] = found
        click.echo(line)
    out.mkdir(parents=True, exist_ok=True)
    (out / "raw_html.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
