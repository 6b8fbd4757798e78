"""A node that is killed, while pages are written and while they are searched: nothing is lost, and searches answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from benchmarks.pages import generate
from procsearch import ProcsearchError, open_index, reindex
from procsearch.indexer.scaleout.address import read_address
from procsearch.indexer.scaleout.cluster import Cluster

PAGES = int(os.environ.get("PROCSEARCH_TEST_PAGES", "3000"))
NODE = Path(__file__).resolve().parents[2] / ".." / "shared" / "cluster" / "node"


class Nodes:
    """The three nodes that ``../shared/cluster/start HOME`` started."""

    def __init__(self, home: Path, cluster: Cluster) -> None:
        self._home = home
        self._cluster = cluster

    def kill(self, number: int) -> None:
        os.kill(int((self._home / f"node{number}.pid").read_text()), signal.SIGKILL)

    def start(self, number: int) -> None:
        # It outlives the tests, so a shell starts it.
        script = '"$0" "$1" "$2" >>"$1/node$2.log" 2>&1 & echo $! >"$1/node$2.pid"'
        subprocess.run(["bash", "-c", script, NODE, self._home, str(number)], check=True, start_new_session=True)

    def wait_until_whole(self) -> None:
        until = time.monotonic() + 300
        params = {"wait_for_status": "green", "wait_for_nodes": "3", "timeout": "5s"}
        while time.monotonic() < until:
            try:
                found = self._cluster.request("GET", "/_cluster/health", doing="waiting", params=params)
            except ProcsearchError:
                continue
            if found["status"] == "green" and found["number_of_nodes"] == 3:
                return
        pytest.fail("the cluster did not come together again")

    def master(self) -> int:
        (found,) = self._cluster.request("GET", "/_cat/master", doing="looking", params={"format": "json"})
        return int(found["node"].removeprefix("n"))


@pytest.fixture
def nodes(hosts: str) -> Iterator[Nodes]:
    home = os.environ.get("PROCSEARCH_TEST_CLUSTER_HOME")
    if not home or not NODE.exists():
        pytest.skip("PROCSEARCH_TEST_CLUSTER_HOME names no folder of nodes that may be killed")
    found = Nodes(Path(home), Cluster(read_address(f"opensearch://{hosts}/any")))
    found.wait_until_whole()
    yield found
    found.wait_until_whole()


def ids_at(address: str) -> list[str]:
    return [procedure.id for procedure in open_index(address).procedures()]


def searching(address: str, stop: Event, seen: dict[str, Any]) -> None:
    """Search until told to stop; note the answers, what was wrong and the longest time without an answer."""
    index = open_index(address)
    totals = {query: index.search(query).total for query in ("typically", '"reported with"', "minutes OR code")}
    seen.update(answers=0, errors=[], longest=0.0)
    last = time.monotonic()
    while not stop.is_set():
        for query, total in totals.items():
            try:
                found = index.search(query).total
                seen["answers"] += 1
                if found != total or not total:
                    seen["errors"].append(f"{query}: {found} of {total}")
            except ProcsearchError as error:
                seen["errors"].append(str(error))
            seen["longest"] = max(seen["longest"], time.monotonic() - last)
            last = time.monotonic()


def test_nothing_is_lost_and_searches_answer(
    nodes: Nodes, place: Callable[[], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages, address = tmp_path / "pages.jsonl", place()
    ids = []
    with pages.open("w") as file:
        for number, page in enumerate(generate(PAGES)):
            page["id"] = f"page{number:07}"
            ids.append(page["id"])
            file.write(json.dumps(page) + "\n")

    indexed = _index_and_kill(nodes, pages, address)
    back = _seconds(lambda: _start(nodes, 3))
    finished = _seconds(lambda: reindex([], address))
    assert ids_at(address) == ids
    seen, back_again = _search_and_kill(nodes, address)
    assert ids_at(address) == ids
    with capsys.disabled():
        print(
            f"\n{PAGES} pages indexed in {indexed:.0f} s by two processes while a node was killed, none lost; "
            f"it was back and had its copies after {back:.0f} s; finished in {finished:.0f} s; "
            f"{seen['answers']} searches while the master was killed, {len(seen['errors'])} errors, "
            f"longest pause {seen['longest']:.1f} s, back after {back_again:.0f} s"
        )
    assert seen["answers"] > 20
    assert not seen["errors"]


def _index_and_kill(nodes: Nodes, pages: Path, address: str) -> float:
    """Index ``pages`` in two processes and kill a node once a third is written; gives the seconds it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", "procsearch", "index", str(pages), "--index", address, "--jobs", "1", "--json"]
    parts = [subprocess.Popen([*command, "--shard", f"{part}/2"], stdout=subprocess.PIPE) for part in (1, 2)]
    counter = Cluster(read_address(address))
    while not counter.exists(f"/{counter.address.name}-000001", doing="testing"):
        assert all(part.poll() is None for part in parts)
        time.sleep(0.2)
    _flush_early(counter)
    while _written(counter) < PAGES / 3:
        assert all(part.poll() is None for part in parts)
        time.sleep(0.5)
    nodes.kill(3)
    reports = [json.loads(part.communicate()[0]) for part in parts]
    assert [part.returncode for part in parts] == [0, 0]
    assert sum(report["added"] for report in reports) == PAGES
    return time.monotonic() - started


def _search_and_kill(nodes: Nodes, address: str) -> tuple[dict[str, Any], float]:
    """Search while the master is killed and comes back; gives what was seen, and the seconds until it was back."""
    stop, seen = Event(), dict[str, Any]()
    searcher = Thread(target=searching, args=(address, stop, seen))
    searcher.start()
    try:
        time.sleep(3)
        master = nodes.master()
        nodes.kill(master)
        time.sleep(12)
        back = _seconds(lambda: _start(nodes, master))
        time.sleep(2)
    finally:
        stop.set()
        searcher.join()
    return seen, back


def _start(nodes: Nodes, node: int) -> None:
    nodes.start(node)
    nodes.wait_until_whole()


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _flush_early(cluster: Cluster) -> None:
    """Let the nodes flush as often, for the pages there are, as they do in an index of real size.

    By default that is at 512 MB, and a node that comes back would have to index everything once more.
    """
    settings = {"index.translog.flush_threshold_size": "32mb"}
    cluster.request("PUT", f"/{cluster.address.name}-000001/_settings", settings, doing="testing")


def _written(cluster: Cluster) -> int:
    """How many pages have been written."""
    found = cluster.request("GET", f"/{cluster.address.name}-000001/_stats/indexing", doing="testing", missing={})
    return int(found["_all"]["primaries"]["indexing"]["index_total"]) if found.get("_all", {}).get("primaries") else 0
