"""An index on a cluster, measured: ``python -m benchmarks.scaleout --hosts 127.0.0.1:9411,127.0.0.1:9412``.

Generated pages (see pages.py) are indexed by 1, 2 and 4 processes at once (``procsearch index --shard``), each time
into an empty index with a replica; then queries are asked. Writes ``scaleout-PAGES.json`` to benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from procsearch import open_index
from procsearch.indexer.scaleout import state
from procsearch.indexer.scaleout.address import read_address
from procsearch.indexer.scaleout.cluster import Cluster

from .figures import percentile
from .pagefile import read_pages
from .pages import page_file
from .queries import draw_queries

RESULTS = Path(__file__).with_name("results")


def cluster_cpu(cluster: Cluster) -> float:
    """The processor time in seconds that the nodes have taken since they started."""
    nodes = cluster.request("GET", "/_nodes/stats/process", doing="measuring")["nodes"].values()
    return sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000


def index_in_parts(cluster: Cluster, pages: Path, address: str, processes: int) -> dict[str, Any]:
    """Index by so many processes; seconds on the clock and of the processor, of the processes and of the cluster."""
    command = [sys.executable, "-m", "procsearch", "index", str(pages), "--index", address, "--jobs", "1"]
    before, nodes_before, started = os.times(), cluster_cpu(cluster), time.perf_counter()
    parts = [
        subprocess.Popen([*command, "--shard", f"{number}/{processes}"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        for number in range(1, processes + 1)
    ]  # fmt: skip
    if any(part.wait() for part in parts):
        raise SystemExit("a part failed")
    seconds = time.perf_counter() - started
    after, nodes_after = os.times(), cluster_cpu(cluster)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "procsearch", "index", "--finish", "--index", address],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    used = sum(after[2:4]) - sum(before[2:4])
    return {
        "processes": processes,
        "seconds": seconds,
        "client_cpu_seconds": used,
        "cluster_cpu_seconds": nodes_after - nodes_before,
        "finish_seconds": time.perf_counter() - started,
    }


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
            "cluster_cpu_ms": 1000 * (cluster_cpu(cluster) - nodes_before) / len(own)}  # fmt: skip


def measure(hosts: str, count: int, workdir: Path) -> dict[str, Any]:
    """All figures for ``count`` pages."""
    pages = page_file(workdir, count)
    remover = Cluster(read_address(f"opensearch://{hosts}/bench"))
    found: dict[str, Any] = {"pages": count, "cores": os.cpu_count(), "runs": []}
    for processes in (1, 2, 4):
        remover.request("DELETE", "/bench-scaleout*", doing="cleaning up", missing={})
        address = f"opensearch://{hosts}/bench-scaleout?shards=3&replicas=1"
        run = index_in_parts(remover, pages, address, processes)
        run["pages_per_second"] = count / run["seconds"]
        found["runs"].append(run)
        print(json.dumps(run), flush=True)
    index = open_index(address)
    stats = index.stats()
    known = state.searched(Cluster(read_address(address)))
    found |= {
        "documents": stats["documents"], "terms": stats["terms"], "dictionary_bytes": known.size,
        "bytes_per_page": stats["bytes"] / stats["documents"], "queries": ask(remover, address, pages),
    }  # fmt: skip
    remover.request("DELETE", "/bench-scaleout*", doing="cleaning up", missing={})
    return found


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", required=True, help="host:port of the nodes, with commas")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--workdir", type=Path, default=Path(gettempdir()) / "procsearch-bench")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    found = measure(asked.hosts, asked.pages, asked.workdir)
    print(json.dumps(found, indent=2))
    (asked.out / f"scaleout-{asked.pages}.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
