"""The file of arrays: what was written is read, and nothing else is."""

from __future__ import annotations

import sys
import tempfile
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from procsearch.corpus.errors import DamagedIndex
from procsearch.indexer.arrays import ArrayFile, Spool, write_arrays
from procsearch.indexer.columns import sorted_strings
from procsearch.indexer.storage import Storage
from procsearch.indexer.strings import SortedStrings, Strings

BLOCK = 1 << 16

any_array = st.sampled_from(("u1", "<u2", "<u4", "<u8", "<i8", "<f4")).flatmap(
    lambda dtype: arrays_of.arrays(dtype, st.integers(0, 30))
)


def written(folder: str, arrays: dict[str, np.ndarray]) -> tuple[bytes, int, int]:
    size, checksum = write_arrays(Storage(folder), "some", arrays)
    return (Path(folder) / "some").read_bytes(), size, checksum


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=5), any_array, max_size=5))
def test_arrays_come_back(arrays: dict[str, np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = ArrayFile("some", *written(folder, arrays))
        for name, array in arrays.items():
            assert file[name].all().tobytes() == array.tobytes()
            assert file[name].all().dtype == array.dtype
        file.verify_all()


@settings(max_examples=25)
@given(st.lists(st.integers(1, 90_000), max_size=6))
def test_an_array_in_parts_is_the_array(tmp_path_factory: pytest.TempPathFactory, lengths: list[int]) -> None:
    storage = Storage(tmp_path_factory.mktemp("parts"))
    parts = [np.arange(length, dtype=np.uint16) for length in lengths]
    spool = Spool(storage, np.uint16)
    for part in parts:
        spool.append(part)
    whole = np.concatenate([*parts, np.empty(0, np.uint16)])
    assert spool.count == len(whole)
    in_parts = write_arrays(storage, "parts", {"a": spool, "b": np.ones(3)[:0]})
    at_once = write_arrays(storage, "whole", {"a": whole, "b": np.ones(3)[:0]})
    assert in_parts == at_once
    assert storage.read("parts") == storage.read("whole")


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_every_changed_byte_and_every_cut_is_noticed(tmp_path: Path, blocks: int) -> None:
    values = np.random.default_rng(blocks).integers(0, 256, blocks * BLOCK + 100, np.uint8)
    data, size, checksum = written(str(tmp_path), {"a": values})
    places = [*range(0, size, 997), *range(max(0, size - 300), size)]
    for place in places:
        changed = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        with pytest.raises(DamagedIndex):
            ArrayFile("some", changed, size, checksum).verify_all()
        with pytest.raises(DamagedIndex):
            ArrayFile("some", data[:place], size, checksum)


def test_only_what_is_touched_is_verified(tmp_path: Path) -> None:
    data, size, checksum = written(str(tmp_path), {"a": np.zeros(4 * BLOCK, np.uint8)})
    changed = data[: 3 * BLOCK] + b"\x01" + data[3 * BLOCK + 1 :]
    file = ArrayFile("some", changed, size, checksum)
    assert file["a"][0] == 0
    with pytest.raises(DamagedIndex, match="some"):
        file["a"].slice(2 * BLOCK, 4 * BLOCK)


@settings(max_examples=30)
@given(st.integers(1, 5 * BLOCK), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_of_many_blocks_verified_together_the_damaged_one_is_named(size: int, place: float, bit: int) -> None:
    values = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        data, length, checksum = written(folder, {"a": values})
    assert ArrayFile("some", data, length, checksum)["a"].all().tobytes() == values.tobytes()
    damaged = 64 + int(place * size)
    changed = data[:damaged] + bytes([data[damaged] ^ 1 << bit]) + data[damaged + 1 :]
    start = damaged // BLOCK * BLOCK
    with pytest.raises(DamagedIndex, match=f"bytes {start} to {min(start + BLOCK, 64 + size)} are not"):
        ArrayFile("some", changed, length, checksum)["a"].all()


def test_several_threads_may_touch_what_none_has_verified(tmp_path: Path) -> None:
    written_file = written(str(tmp_path), {"a": np.arange(BLOCK, dtype=np.uint32)})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(300):
                column = ArrayFile("some", *written_file)["a"]
                for places in pool.map(lambda column: column.slice(0, BLOCK), repeat(column, 4)):
                    assert len(places) == BLOCK
    finally:
        sys.setswitchinterval(interval)


def test_of_places_far_apart_each_is_verified_and_nothing_between_them(tmp_path: Path) -> None:
    values = np.arange(4 * BLOCK, dtype=np.uint32)
    data, size, checksum = written(str(tmp_path), {"a": values})
    for damaged, found in ((2 * BLOCK, True), (4 * BLOCK, True), (8 * BLOCK + 5, False), (15 * BLOCK + 5, True)):
        changed = data[:damaged] + bytes([data[damaged] ^ 1]) + data[damaged + 1 :]
        column = ArrayFile("some", changed, size, checksum)["a"]
        places = np.array([4 * BLOCK - 20, BLOCK + 3, BLOCK // 2])
        if found:
            with pytest.raises(DamagedIndex, match="some"):
                column.take(places)
        else:
            assert column.take(places).tolist() == places.tolist()


def test_places_outside_an_array_are_damage_not_a_crash(tmp_path: Path) -> None:
    file = ArrayFile("some", *written(str(tmp_path), {"a": np.arange(5)}))
    for start, stop in ((-1, 2), (3, 2), (0, 6)):
        with pytest.raises(DamagedIndex):
            file["a"].slice(start, stop)
        with pytest.raises(DamagedIndex):
            file["a"].slices((0, start), (1, stop))
    for place in (-1, 4, 5):
        with pytest.raises(DamagedIndex):
            file["a"].pair(place)
        with pytest.raises(DamagedIndex):
            file["a"].runs([0, place], 2)
    for place in (-1, 5):
        with pytest.raises(DamagedIndex):
            file["a"].take(np.array([0, place]))
    with pytest.raises(DamagedIndex):
        file["a"][5]
    with pytest.raises(DamagedIndex):
        file["b"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 2 * BLOCK - 2), min_size=1, max_size=8))
def test_several_places_give_what_each_gives(tmp_path_factory: pytest.TempPathFactory, places: list[int]) -> None:
    values = np.arange(2 * BLOCK, dtype=np.uint32)
    column = ArrayFile("some", *written(str(tmp_path_factory.mktemp("several")), {"a": values}))["a"]
    assert column.runs(places, 2) == [list(column.pair(place)) for place in places] == [[p, p + 1] for p in places]
    spans = [(min(pair), max(pair)) for pair in zip(places, places[::-1], strict=True)]
    assert column.take(np.array(places)).tolist() == places
    found = column.slices(*zip(*spans, strict=True))
    assert [part.tolist() for part in found] == [list(range(*span)) for span in spans]


@settings(max_examples=30)
@given(st.sets(st.binary(min_size=1, max_size=6), max_size=200), st.binary(max_size=6))
def test_strings_come_back_and_sorted_ones_are_found(some: set[bytes], wanted: bytes) -> None:
    values = sorted(some)
    with tempfile.TemporaryDirectory() as folder:
        file = ArrayFile("some", *written(folder, sorted_strings("word", values)))
        strings = Strings(file, "word")
        assert [strings[place] for place in range(len(strings))] == strings.all() == values
        found = SortedStrings(file, "word")
        assert found.find(wanted) == sum(value < wanted for value in values)
        for value in (wanted, b"", *values):
            assert found.place(value) == (values.index(value) if value in values else None)


@settings(max_examples=30)
@given(st.sets(st.text("abé", min_size=1, max_size=5), max_size=300), st.text("abé", max_size=3))
def test_sorted_strings_with_one_beginning_lie_side_by_side(some: set[str], beginning: str) -> None:
    values = sorted(map(str.encode, some))
    with tempfile.TemporaryDirectory() as folder:
        strings = SortedStrings(ArrayFile("some", *written(folder, sorted_strings("word", values))), "word")
        for prefix in (beginning.encode(), b"", *values):
            start, stop = strings.beginning_with(prefix)
            assert start == strings.find(prefix)
            assert values[start:stop] == [value for value in values if value.startswith(prefix)]


def test_a_search_among_many_strings_touches_a_small_part_of_them(tmp_path: Path) -> None:
    values = [b"%020d" % number for number in range(0, 1_000_000, 2)]
    file = ArrayFile("some", *written(str(tmp_path), sorted_strings("word", values)))
    strings = SortedStrings(file, "word")
    assert strings.find(b"%020d" % 777_777) == 388_889
    blocks = file._blocks.verified
    assert sum(blocks) < 10 < len(blocks) / 10
    for wanted in (*values[:: len(values) // 3000], b"", b"0", b"1", b"%020d" % 999_998, b"%020d" % 999_999):
        for near in (wanted, wanted + b"x", wanted[:-1]):
            place = bisect_left(values, near)
            assert strings.find(near) == place
            assert strings.place(near) == (place if values[place : place + 1] == [near] else None)
