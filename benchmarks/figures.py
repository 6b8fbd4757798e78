"""From raw timings to figures: medians over rounds, percentiles over queries, ratios within a round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

Round = dict[str, Any]
"""What one engine did in one round: ``build`` and ``search`` as the worker printed them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured: how it is called, in which unit, and whether more is better."""

    key: str
    title: str
    unit: str
    more_is_better: bool = False
    log: bool = False


FIGURES = (
    Figure("pages_s", "Indexing", "pages/s", more_is_better=True, log=True),
    Figure("cold_mean", "First pass mean", "µs", log=True),
    Figure("cold_p50", "First pass p50", "µs", log=True),
    Figure("cold_p95", "First pass p95", "µs", log=True),
    Figure("cold_p99", "First pass p99", "µs", log=True),
    Figure("warm_p50", "Warm p50", "µs", log=True),
    Figure("warm_p95", "Warm p95", "µs", log=True),
    Figure("warm_p99", "Warm p99", "µs", log=True),
    Figure("new_p50", "New queries p50", "µs", log=True),
    Figure("new_p95", "New queries p95", "µs", log=True),
    Figure("new_p99", "New queries p99", "µs", log=True),
    Figure("qps_1", "Throughput, 1 thread", "queries/s", more_is_better=True, log=True),
    Figure("qps_4", "Throughput, 4 threads", "queries/s", more_is_better=True, log=True),
    Figure("bytes_per_text_byte", "Index size", "bytes per byte of text"),
    Figure("bytes_per_page", "Index size", "bytes per page"),
    Figure("build_mb", "Peak memory, indexing", "MB", log=True),
    Figure("search_mb", "Peak memory, searching", "MB", log=True),
    Figure("open_ms", "Open to first result", "ms", log=True),
    Figure("import_ms", "Import", "ms", log=True),
)


def number(value: float) -> str:
    """Three significant digits or all whole ones, with thousands separated."""
    return f"{value:,.0f}" if round(value) >= 100 else f"{value:#.3g}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def value(measured: Round, key: str, queries: int | None = None) -> float:
    """One figure of one round; latencies over the first ``queries`` queries only where given."""
    build, search = measured["build"], measured["search"]
    if key == "cold_mean":
        return fmean(search["cold_us"][:queries])
    kind, _, detail = key.partition("_p")
    if kind == "warm":
        return percentile([time for passed in search["warm_us"] for time in passed[:queries]], int(detail))
    if kind in ("cold", "new"):
        return percentile(search[f"{kind}_us"][:queries], int(detail))
    if key.startswith("qps_"):
        return float(search["qps"][key[4:]])
    return float(
        {
            "pages_s": build["pages"] / build["seconds"],
            "bytes_per_text_byte": build["index_bytes"] / build["text_bytes"],
            "bytes_per_page": build["index_bytes"] / build["pages"],
            "build_mb": max(build["peak_mb"], build["largest_child_mb"]),
            "search_mb": search["peak_mb"],
            "open_ms": search["open_to_first_ms"],
            "import_ms": search["import_ms"],
        }[key]
    )


def summary(rounds: Sequence[Round]) -> dict[str, float]:
    """Every figure of an engine: the median over its rounds, and how many queries it answered in time."""
    figures = {figure.key: median(value(each, figure.key) for each in rounds) for figure in FIGURES}
    figures["queries"] = median(len(each["search"]["cold_us"]) for each in rounds)
    figures["build_cpu_s"] = median(each["build"]["cpu_seconds"] for each in rounds)
    figures["rounds"] = len(rounds)
    return figures


def ratios(ours: Sequence[Round], reference: Sequence[Round]) -> dict[str, float]:
    """How many times better than the reference each figure is: the median of the ratios within each round.

    Latencies are compared over the queries that both answered in time.
    """
    better: dict[str, float] = {}
    for figure in FIGURES:
        within = []
        for mine, other in zip(ours, reference, strict=False):
            answered = "new_us" if figure.key.startswith("new") else "cold_us"
            queries = min(len(each["search"][answered]) for each in (mine, other))
            a, b = value(mine, figure.key, queries), value(other, figure.key, queries)
            within.append(a / b if figure.more_is_better else b / a)
        better[figure.key] = median(within)
    return better


def overlap(ours: Sequence[Round], reference: Sequence[Round]) -> float:
    """The mean share of the reference's top ten that this engine's top ten holds: a check that both did the work."""
    shares = [
        len(set(mine) & set(other)) / len(other)
        for mine, other in zip(ours[0]["search"]["tops"], reference[0]["search"]["tops"], strict=False)
        if other
    ]
    return sum(shares) / len(shares)
