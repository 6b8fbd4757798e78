"""What is got ready beside the first searches: that it is, that it changes no result, and that it may fail."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import pytest

from procsearch.corpus.errors import DamagedIndex
from procsearch.indexer.segment import Segment
from procsearch.search import index as index_module
from procsearch.search import warming
from procsearch.search.index import Index, open_index, open_once

from .built import build, found, page

BLOCK = 1 << 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose words fill many blocks of its file."""
    folder = tmp_path_factory.mktemp("warming")
    words = [f"word{number:05d}" for number in range(20_000)]
    pages = {
        f"p{number:03d}": page(f"graft {number}", purpose=" ".join(words[100 * number : 100 * number + 400]))
        for number in range(197)
    }
    build(folder, pages)
    return folder / "index"


def warming_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "procsearch-warming"]


def warmed(index: Index, *queries: str) -> list[list[str]]:
    """What ``queries`` find, once the thread that the first may start has ended."""
    results = [found(index, query) for query in queries]
    for thread in warming_threads():
        thread.join()
    return results


def segment_of(index: Index) -> Segment:
    return index.view().snapshot.segments[0]


def sought(segment: Segment) -> set[int]:
    """The blocks of the file that hold terms, their postings or positions."""
    blocks: set[int] = set()
    for name in ("term_data", "stem_data", "spans", "gaps", "codes", "positions", "id_data"):
        column = segment.file[name]
        start = column._lead * column._itemsize
        blocks.update(range(start // BLOCK, (start + column.nbytes - 1) // BLOCK + 1))
    return blocks


def verified(segment: Segment) -> set[int]:
    return {number for number, known in enumerate(segment.file._blocks.verified) if known}


def test_an_index_for_one_search_is_left_alone_but_for_what_that_touches(folder: Path) -> None:
    index = open_once(folder)
    assert warmed(index, "word00500", "word01000")
    assert not sought(segment_of(index)) <= verified(segment_of(index))


def test_the_first_search_has_all_read_that_searches_look_for_and_finds_the_same(folder: Path) -> None:
    queries = ["word00500", "word01000 word01001", '"word00020 word00021"', "word1*"]
    index = open_index(folder)
    first = warmed(index, queries[0])
    assert sought(segment_of(index)) <= verified(segment_of(index))
    rest = warmed(index, *queries[1:])
    assert first + rest == warmed(index, *queries) == warmed(open_once(folder), *queries)


def test_only_one_search_does_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, calls = open_index(folder), []
    monkeypatch.setattr(index_module, "warm", calls.append)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(tuple, pool.map(found, repeat(index, 40), repeat("word00500"))))) == 1
    assert calls == [index.view().snapshot]


def test_what_does_not_fit_is_left_to_the_searches(folder: Path) -> None:
    segment = segment_of(open_once(folder))
    before = verified(segment)
    assert segment.bring_in(0) == 0
    assert verified(segment) == before
    terms = sum(segment.file[name].nbytes for name in segment.file.names() if name.startswith("term_"))
    assert segment.bring_in(terms) == 0
    assert len(verified(segment) - before) <= terms // BLOCK + 4


def test_damage_is_told_by_the_search_that_comes_upon_it(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "index"
    copy.mkdir()
    positions = segment_of(open_once(folder)).file["positions"]
    for file in folder.iterdir():
        data = bytearray(file.read_bytes())
        if file.suffix == ".segment":
            data[positions._lead * positions._itemsize + positions.nbytes // 2] ^= 1
        (copy / file.name).write_bytes(data)
    index = open_index(copy)
    assert warmed(index, "word00500", "word01000") == warmed(open_once(folder), "word00500", "word01000")
    with pytest.raises(DamagedIndex, match="not what was written"):
        for number in range(0, 19_000, 50):
            index.search(f'"word{number:05d} word{number + 1:05d}"')


def test_opening_for_many_searches_collects_what_is_young(folder: Path) -> None:
    collected: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            collected.append(info["generation"])

    gc.callbacks.append(note)
    try:
        open_index(folder)
    finally:
        gc.callbacks.remove(note)
    assert collected[-1] == 1


@pytest.mark.parametrize("missing", ["room", "Thread"])
def test_without_memory_or_threads_searches_see_to_it_themselves(
    folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def refuse(*arguments: object, **named: object) -> object:
        raise MemoryError if missing == "room" else RuntimeError("can't start new thread")

    monkeypatch.setattr(warming, missing, refuse)
    index = open_index(folder)
    assert warmed(index, "word00500") == [found(open_once(folder), "word00500")]
