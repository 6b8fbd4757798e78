"""An index on a cluster, measured: ``python -m benchmarks.scaleout --hosts 127.0.0.1:9411,127.0.0.1:9412``.

Generated pages (see pages.py) are indexed by 1, 2 and 4 processes at once (``procsearch index --shard``), each time
into an empty index with a replica; then queries are asked. Writes ``scaleout-PAGES.json`` to benchmarks/results.

With ``--share 0.03`` each process has a file of its own with so many pages, and is held to so much of a core, as on a
small machine of its own: what they write adds up until the cluster is the limit. Writes ``scaleout-at-once.json``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import click
import psutil

from procsearch import open_index
from procsearch.indexer.scaleout import state
from procsearch.indexer.scaleout.address import read_address
from procsearch.indexer.scaleout.cluster import Cluster

from .figures import percentile
from .pagefile import read_pages
from .pages import page_file
from .parts import run
from .process import largest_child_mb, measure, peak_memory_mb
from .queries import draw_queries


def cluster_cpu(cluster: Cluster) -> float:
    """The processor time in seconds that the nodes have taken since they started."""
    nodes = cluster.request("GET", "/_nodes/stats/process", doing="measuring")["nodes"].values()
    return sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000


def busy_seconds() -> float:
    """The seconds that the cores of this machine have been busy, whatever with."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def shards(pages: Path, processes: int) -> list[list[str]]:
    """What each process is to index: its part of the same pages."""
    return [[str(pages), "--shard", f"{number}/{processes}"] for number in range(1, processes + 1)]


def own_files(pages: Path, processes: int) -> list[list[str]]:
    """What each process is to index: a file of its own with as many of the pages as those of the others have."""
    with pages.open("rb") as lines, ExitStack() as files:
        names = [pages.with_suffix(f".{number}.jsonl") for number in range(processes)]
        for file, line in zip(cycle([files.enter_context(name.open("wb")) for name in names]), lines, strict=False):
            file.write(line)
    return [[str(name), "--shard", "1/1"] for name in names]


def index_at_once(
    cluster: Cluster, parts: list[list[str]], count: int, address: str, share: float | None
) -> dict[str, Any]:
    """Index by a process for each of ``parts``: how fast, and where the time of the processes and of the cores goes."""
    command = [sys.executable, "-m", "procsearch", "index", "--index", address]
    busy_before, nodes_before, started = busy_seconds(), cluster_cpu(cluster), time.perf_counter()
    ended = run([[*command, "--jobs", "1", *part] for part in parts], share)
    seconds, busy, nodes = (
        time.perf_counter() - started, busy_seconds() - busy_before, cluster_cpu(cluster) - nodes_before
    )  # fmt: skip
    own = sum(part.running for part in ended)
    lived = sum(part.seconds for part in ended)
    queued, held = sum(part.queued for part in ended), sum(part.held for part in ended)
    started = time.perf_counter()
    subprocess.run([*command, "--finish"], check=True, stdout=subprocess.DEVNULL)
    return {
        "processes": len(parts),
        "pages": count,
        "share_of_a_core": share,
        "seconds": seconds,
        "pages_per_second": count / seconds,
        "client_cpu_seconds": own,
        "cluster_cpu_seconds": nodes,
        "cores_busy": {"clients": own / seconds, "cluster": nodes / seconds, "others": (busy - own - nodes) / seconds},
        "time_of_the_processes": {
            "running": own / lived, "kept_from_a_core": queued / lived, "held_to_their_share": held / lived,
            "waiting_for_answers": 1 - (own + queued + held) / lived,
        },
        "client_peak_mb": largest_child_mb(),
        "finish_seconds": time.perf_counter() - started,
    }  # fmt: skip


def ask(cluster: Cluster, address: str, pages: Path) -> dict[str, Any]:
    """The milliseconds on the clock of 100 new queries, and of the processor, of this process and of the cluster."""
    index = open_index(address)
    asked = draw_queries(islice(read_pages(pages), 1000), 120)
    for query in asked[:20]:
        index.search(query)
    times, own, nodes_before = [], [], cluster_cpu(cluster)
    for query in asked[20:]:
        started, worked = time.perf_counter(), time.thread_time()
        for hit in index.search(query).hits:
            assert hit.id
        times.append(1000 * (time.perf_counter() - started))
        own.append(1000 * (time.thread_time() - worked))
    return {"p50_ms": percentile(times, 50), "p95_ms": percentile(times, 95), "own_cpu_ms": sum(own) / len(own),
            "cluster_cpu_ms": 1000 * (cluster_cpu(cluster) - nodes_before) / len(own),
            "client_peak_mb": peak_memory_mb()}  # fmt: skip


def memory(cluster: Cluster, index: str) -> dict[str, float]:
    """What the nodes hold in memory, in MB: their heaps together, and of these what they keep of the index itself."""
    nodes = cluster.request("GET", "/_nodes/stats/jvm", doing="measuring")["nodes"].values()
    segments = cluster.request("GET", f"/{index}/_stats/segments", doing="measuring")["_all"]["total"]["segments"]
    return {
        "heaps_mb": sum(node["jvm"]["mem"]["heap_used_in_bytes"] for node in nodes) / 2**20,
        "of_the_index_mb": segments["memory_in_bytes"] / 2**20,
    }


def measure_cluster(hosts: str, count: int, all_processes: Sequence[int], share: float | None, workdir: Path) -> Any:
    """All figures for ``count`` pages."""
    cluster = Cluster(read_address(f"opensearch://{hosts}/bench"))
    found: dict[str, Any] = {"pages": count, "cores": os.cpu_count(), "runs": []}
    for processes in all_processes:
        cluster.request("DELETE", "/bench-scaleout*", doing="cleaning up", missing={})
        address = f"opensearch://{hosts}/bench-scaleout?shards=3&replicas=1"
        many = count if share is None else count * processes
        pages = page_file(workdir, many)
        parts = shards(pages, processes) if share is None else own_files(pages, processes)
        found["runs"].append(index_at_once(cluster, parts, many, address, share))
        print(json.dumps(found["runs"][-1]), flush=True)
    stats = open_index(address).stats()
    known = state.searched(Cluster(read_address(address)))
    found |= {
        "documents": stats["documents"], "terms": stats["terms"], "dictionary_bytes": known.size,
        "bytes_per_page": stats["bytes"] / stats["documents"], "memory": memory(cluster, known.index),
    }  # fmt: skip
    if share is None:
        found["queries"] = measure("benchmarks.scaleout", "--hosts", hosts, "--ask", str(pages))
    cluster.request("DELETE", "/bench-scaleout*", doing="cleaning up", missing={})
    return found


@click.command()
@click.option("--hosts", required=True, help="host:port of the nodes, with commas.")
@click.option("--pages", type=int, default=10_000, show_default=True)
@click.option("--processes", "all_processes", type=int, multiple=True, default=(1, 2, 4), show_default=True)
@click.option("--share", type=float, help="Hold each process to so much of a core, with as many pages for each.")
@click.option("--ask", "asked", type=click.Path(path_type=Path), help="Only ask queries drawn from this file.")
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(gettempdir()) / "procsearch-bench")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).with_name("results"))
def main(
    *,
    hosts: str,
    pages: int,
    all_processes: tuple[int, ...],
    share: float | None,
    asked: Path | None,
    workdir: Path,
    out: Path,
) -> None:
    """Measure and write the figures."""
    if asked is not None:
        address = f"opensearch://{hosts}/bench-scaleout"
        print(json.dumps(ask(Cluster(read_address(address)), address, asked)))
        return
    found = measure_cluster(hosts, pages, all_processes, share, workdir)
    print(json.dumps(found, indent=2))
    name = f"scaleout-{pages}.json" if share is None else "scaleout-at-once.json"
    (out / name).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
