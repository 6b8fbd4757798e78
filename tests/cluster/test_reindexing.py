"""Re-indexing into a cluster: as into a folder, and in parts that need no coordination."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from procsearch import ModelError, NoIndex, ProcsearchError, embed, open_index, reindex
from procsearch.indexer.scaleout import state
from procsearch.indexer.scaleout.address import read_address
from procsearch.indexer.scaleout.cluster import Cluster

PAGE = "# {name}\n\nProcedure code: {code}\n\n## Summary\n\n{text}\n"


def write(folder: Path, name: str, seed: int, text: str = "") -> None:
    """A page; those of one seed have one id."""
    page = PAGE.format(name=f"Procedure {seed}", code=f"A{seed:04}", text=text or f"About clots and veins, {name}.")
    (folder / name).write_text(page)


def shown(report: Any) -> dict[str, Any]:
    found = report.to_json()
    del found["seconds"]
    return {**found, "warnings": sorted(report.warnings)}


def test_a_random_history_ends_as_in_a_folder(place: Callable[[], str], tmp_path: Path) -> None:
    pages, folder, address = tmp_path / "pages", tmp_path / "index", place()
    pages.mkdir()
    random = Random(7)
    for step in range(8):
        for _ in range(random.randrange(1, 9)):
            name, seed = f"{random.randrange(25):02}.md", random.randrange(12)
            match random.choice(("write", "write", "write", "remove", "touch", "break")):
                case "write":
                    write(pages, name, seed, f"Step {step} of {name}.")
                case "remove":
                    (pages / name).unlink(missing_ok=True)
                case "touch" if (pages / name).exists():
                    os.utime(pages / name, (step, step))
                case "break":
                    (pages / name).write_bytes(b"")
        records = [{"id": f"r{random.randrange(6)}", "name": f"Record {step}", "sections": []} for _ in range(5)]
        (pages / "records.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        theirs = shown(reindex(pages, folder, allow_removals=True))
        dry = shown(reindex(pages, address, allow_removals=True, dry_run=True)) if step else None
        mine = shown(reindex(pages, address, allow_removals=True))
        assert mine == theirs
        assert dry is None or {**dry, "warnings": [], "documents": 0} == {**mine, "warnings": [], "documents": 0}
        assert list(open_index(address).procedures()) == list(open_index(folder).procedures())
        again = shown(reindex(pages, address))
        assert (again["added"], again["changed"], again["removed"]) == (0, 0, 0)


def test_parts_in_any_order_and_twice_make_the_whole(place: Callable[[], str], tmp_path: Path) -> None:
    pages, address = tmp_path / "pages", place()
    pages.mkdir()
    for number in range(60):
        write(pages, f"{number:02}.md", number % 50)
    reindex(pages, tmp_path / "index")
    whole = list(open_index(tmp_path / "index").procedures())
    added = [reindex(pages, address, shard=(number, 4)).added for number in (3, 1, 4, 3, 2)]
    assert sum(added) == 60
    assert added[3] == 0
    with pytest.raises(NoIndex, match=r"not finished.*index --finish --index"):
        open_index(address)
    assert reindex([], address).documents == 50
    assert list(open_index(address).procedures()) == whole

    # A part removes nothing, even if it finds nothing; the run that finishes does.
    for number in range(5):
        (pages / f"{number:02}.md").unlink()
    assert sum(reindex(pages, address, shard=(number, 4)).removed for number in (1, 2, 3, 4)) == 0
    assert reindex(pages, address).removed == 5
    reindex(pages, tmp_path / "index")
    assert list(open_index(address).procedures()) == list(open_index(tmp_path / "index").procedures())


def test_what_is_written_to_an_index_that_was_finished_empty_is_found(place: Callable[[], str], tmp_path: Path) -> None:
    pages, address = tmp_path / "pages", place()
    pages.mkdir()
    reindex(pages, address)
    for number in range(4):
        write(pages, f"{number}.md", number)
    reindex(pages, address, shard=(1, 1))
    index = open_index(address)
    assert index.search("clots and veins").total == 4
    assert index.search("*").total == 4
    assert "not finished" in index.check()[0]
    reindex([], address)
    assert open_index(address).check() == []


def test_parts_at_once_that_share_ids(place: Callable[[], str], tmp_path: Path) -> None:
    """Pages with one id meet in different parts; the last in path order must win whoever writes first."""
    pages, address = tmp_path / "pages", place()
    pages.mkdir()
    for number in range(240):
        write(pages, f"{number:03}.md", number % 30)
    reindex(pages, tmp_path / "index")
    reindex([], address)
    parts = [
        Thread(target=reindex, args=(pages, address), kwargs={"shard": (number % 4 + 1, 4)}) for number in range(8)
    ]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    assert reindex(pages, address).documents == 30
    index = open_index(address)
    assert list(index.procedures()) == list(open_index(tmp_path / "index").procedures())
    assert index.stats()["shadowed"] == 210


def test_another_version_is_indexed_anew_and_then_takes_its_place(
    place: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, address = tmp_path / "pages", place()
    pages.mkdir()
    for number in range(20):
        write(pages, f"{number:02}.md", number % 18)
    reindex(pages, address)
    old = list(open_index(address).procedures())
    shutil.rmtree(pages)  # all that is needed is in the index
    monkeypatch.setattr(state, "versions", lambda: {"fields": 1, "analysis": 99, "documents": 1})
    with pytest.raises(NoIndex, match="another version"):
        open_index(address)
    reindex([], address, shard=(1, 2))
    with pytest.raises(NoIndex, match="another version"):
        open_index(address)
    reindex([], address)
    assert list(open_index(address).procedures()) == old
    assert open_index(address).search("clots").total == 18
    cluster = Cluster(read_address(address))
    assert [found.index[-6:] for found in state.indexes(cluster).all] == ["000002"]
    reindex([], address)
    assert [found.index[-6:] for found in state.indexes(cluster).all] == ["000002"]


def test_an_unmounted_folder_does_not_empty_it(place: Callable[[], str], tmp_path: Path) -> None:
    pages, address = tmp_path / "pages", place()
    pages.mkdir()
    for number in range(10):
        write(pages, f"{number}.md", number)
    reindex(pages, address)
    for page in list(pages.iterdir())[:4]:
        page.unlink()
    write(pages, "new.md", 99)
    with pytest.raises(ProcsearchError, match=r"4 of 10 pages are gone; .*nothing was removed.*--allow-removals"):
        reindex(pages, address)
    assert reindex(pages, address, allow_removals=True).removed == 4
    assert len(open_index(address)) == 7


def test_what_only_a_folder_or_only_a_cluster_can_do(place: Callable[[], str], tmp_path: Path) -> None:
    with pytest.raises(ProcsearchError, match="one writer"):
        reindex([], tmp_path / "index", shard=(1, 2))
    with pytest.raises(ProcsearchError, match="no part 5 of 4"):
        reindex([], place(), shard=(5, 4))
    with pytest.raises(ProcsearchError, match="cannot be guarded"):
        reindex([], place(), approve=lambda snapshot: None)
    with pytest.raises(ModelError, match="only one in a folder holds sentence vectors"):
        embed(place())
