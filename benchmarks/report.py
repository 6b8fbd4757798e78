"""The results as a Markdown table for each corpus, as JSON, and as one chart for each figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .charts import bar_chart
from .figures import FIGURES, Figure, number

_RATIO_KEYS = (
    "pages_s", "cold_mean", "cold_p50", "cold_p95", "warm_p50", "warm_p95", "new_p50", "new_p95", "qps_1", "qps_4",
    "bytes_per_page", "open_ms",
)  # fmt: skip


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _corpus_tables(name: str, corpus: dict[str, Any], titles: dict[str, str]) -> str:
    figures: dict[str, dict[str, float]] = corpus["figures"]
    text = f"## {name}\n\n"
    if figures:
        rows = [
            [f"{figure.title}, {figure.unit}", *(number(found[figure.key]) for found in figures.values())]
            for figure in FIGURES
        ]
        rows.append(["Queries answered in time", *(number(found["queries"]) for found in figures.values())])
        text += _table(["", *(titles[engine] for engine in figures)], rows)
    for reference, ratios in corpus["ratios"].items():
        text += f"\nTimes better than {titles[reference]} (above 1 is better):\n\n"
        rows = [[_figure(key).title, *(number(found[key]) for found in ratios.values())] for key in _RATIO_KEYS]
        rows.append(["Share of its top 10 found", *(f"{share:.0%}" for share in corpus["overlap"][reference].values())])
        text += _table(["", *(titles[engine] for engine in ratios)], rows)
    for engine, reason in corpus["absent"].items():
        text += f"\n- {engine}: {reason}"
    return text + "\n"


def _figure(key: str) -> Figure:
    return next(figure for figure in FIGURES if figure.key == key)


def write_report(results: dict[str, Any], folder: Path) -> str:
    """Write ``engines.json``, ``engines.md`` and the charts into the folder; the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    titles = {name: found["title"] for name, found in results["engines"].items()}
    machine = results["machine"]
    text = "# The engines side by side\n\n"
    text += f"{results['date']}, Python {machine['python']}, {machine['cores']} cores, {machine['system']}.\n\n"
    text += "\n".join(_corpus_tables(name, corpus, titles) for name, corpus in results["corpora"].items())
    text += "\n## Settings\n\n"
    for name, found in results["engines"].items():
        text += f"- {titles[name]}: {', '.join(f'{key} {value}' for key, value in found['settings'].items())}\n"
    (folder / "engines.md").write_text(text, encoding="utf-8")
    (folder / "engines.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for figure in FIGURES:
        groups = {
            name: {titles[engine]: found[figure.key] for engine, found in corpus["figures"].items()}
            for name, corpus in results["corpora"].items()
        }
        better = "more is better" if figure.more_is_better else "less is better"
        chart = bar_chart(f"{figure.title}, {figure.unit} ({better})", groups, log=figure.log)
        (folder / f"{figure.key}.svg").write_text(chart, encoding="utf-8")
    return text
