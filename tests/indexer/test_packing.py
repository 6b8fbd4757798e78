"""Stored procedures: packed against what their pages have in common, and read back whole whatever happens to them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from procsearch.corpus.procedure import Procedure, Section
from procsearch.indexer.manifest import read_manifest
from procsearch.indexer.reindex import reindex
from procsearch.indexer.segment import Segment
from procsearch.indexer.storage import Storage
from procsearch.indexer.stored import Packer, Unpacker, common_phrases, decoded, encoded, zstd
from procsearch.indexer.writer import IndexWriter

from .histories import indexable

WORDS = Path(__file__).with_name("test_packing.py").read_text().split()


def procedure(number: int) -> Procedure:
    random = Random(number)
    texts = [" ".join(random.choices(WORDS, k=400)) + f" né{number}" for _ in range(4)]
    return Procedure(
        id=f"id{number}",
        name=f"Graft {number}",
        source=f"{number}.html",
        sections=tuple(
            Section(kind, "", text) for kind, text in zip(("purpose", "steps", "risks", "recovery"), texts, strict=True)
        ),
    )


def segments(index: Path) -> list[Segment]:
    storage = Storage(index)
    return [Segment(storage, record) for record in read_manifest(storage).segments]


def assert_whole(index: Path, numbers: range) -> None:
    found = {}
    for segment in segments(index):
        found |= {segment.id(page): segment.procedure(page) for page in range(segment.pages) if segment.live[page]}
    assert found == {f"id{number}": procedure(number) for number in numbers}


def add(index: Path, numbers: range, compact: bool = False) -> None:
    with IndexWriter(Storage(index)) as writer:
        for number in numbers:
            writer.add(indexable(procedure(number)))
        writer.commit(compact=compact)


def test_many_pages_find_phrases_of_their_own_and_few_do_not(tmp_path: Path) -> None:
    add(tmp_path / "few", range(8))
    assert [segment.phrases for segment in segments(tmp_path / "few")] == [b""]
    assert_whole(tmp_path / "few", range(8))
    add(tmp_path / "many", range(330))
    (segment,) = segments(tmp_path / "many")
    assert segment.phrases
    assert_whole(tmp_path / "many", range(330))
    usual = sum(len(Packer().pack(encoded(procedure(number)))) for number in range(330))
    assert len(segment.file["stored_data"]) + len(segment.phrases) < usual


def test_pages_with_other_phrases_become_one_segment(tmp_path: Path) -> None:
    add(tmp_path, range(330))
    (large,) = segments(tmp_path)
    add(tmp_path, range(330, 338))
    assert sorted(bool(segment.phrases) for segment in segments(tmp_path)) == [False, True]
    add(tmp_path, range(338, 340), compact=True)
    (segment,) = segments(tmp_path)
    assert segment.phrases == large.phrases
    assert_whole(tmp_path, range(340))


def test_phrases_do_not_depend_on_who_packs_first(tmp_path: Path) -> None:
    with (tmp_path / "pages.jsonl").open("w") as lines:
        lines.writelines(json.dumps(procedure(number).to_json()) + "\n" for number in range(300))
    for jobs in (1, 2):
        reindex([tmp_path / "pages.jsonl"], tmp_path / str(jobs), jobs=jobs)
    (one,), (other,) = segments(tmp_path / "1"), segments(tmp_path / "2")
    assert one.phrases
    assert one.record.file == other.record.file


def test_a_lone_surrogate_does_not_stop_packing() -> None:
    page = Procedure(id="a", name="\ud800", sections=(Section("other", "", "x"),))
    assert decoded(encoded(page), "a", "").name == "?"


def test_what_unpacks_to_too_much_is_refused() -> None:
    packed = Packer().pack(bytes((1 << 27) + 1))
    with pytest.raises((ValueError, zstd.ZstdError)):
        Unpacker().unpack(packed)


def test_nothing_in_common_gives_no_phrases() -> None:
    assert common_phrases([]) == b""
    assert common_phrases([b"a"]) == b""
