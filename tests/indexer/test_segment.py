"""Damage to the files of an index is found, and never believed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import DamagedIndex
from procsearch.indexer.check import check
from procsearch.indexer.postings import code_counts
from procsearch.indexer.segment import DELETED, LIVE, SHADOWED
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage

from .histories import VOCABULARY, Commit, apply, grow, make_procedure


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, one of them with pages that are deleted and shadowed."""
    folder = tmp_path_factory.mktemp("sound")
    pages = [replace(make_procedure(seed), source=f"{seed:02}.html") for seed in range(20)]
    apply(folder, Commit(put=tuple(pages[:16])))
    apply(folder, Commit(put=tuple(pages[16:]), removed=("03.html",)))
    return folder


def answers(folder: Path) -> list[Any]:
    """What the index in ``folder`` says, by way of every one of its arrays."""
    snapshot = open_snapshot(Storage(folder))
    found: list[Any] = [snapshot.average_lengths.tolist(), list(snapshot.procedures())]
    for segment in snapshot.segments:
        found += [segment.terms(), segment.ids(), segment.sources(), segment.states.tolist()]
        found += [segment.facts(page) for page in range(segment.pages)]
        for word in VOCABULARY:
            found.append(segment.stem_terms(word))
            number = segment.term_number(word)
            if number is not None:
                (span,) = segment.spans_of((number,))
                pages, codes = segment.postings_of((span,))
                occurrences = int(code_counts(codes).sum())
                found += [pages.tolist(), codes.tolist(), segment.positions(span, occurrences).tolist()]
        start, stop = segment.prefix_range("c")
        found.append([part.tolist() for part in segment.range_postings(start, stop)])
        found.append([list(segment.pages_of_id(f"id{n}")) for n in range(13)])
        found.append(segment.length_bytes.tolist())
    return found


def damaged(sound: Path, folder: Path, name: str, data: bytes) -> Iterator[DamagedIndex | None]:
    """The error, if any, that the index gives once its file ``name`` holds ``data``."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    (folder / name).write_bytes(data)
    assert check(Storage(folder))
    try:
        assert answers(folder) == answers(sound)
    except DamagedIndex as error:
        yield error


def drawn_file(sound: Path, data: st.DataObject) -> tuple[str, bytes]:
    """The name of any file of the index, and its bytes."""
    name = data.draw(st.sampled_from(sorted(path.name for path in sound.iterdir() if path.name != "write.lock")))
    return name, (sound / name).read_bytes()


class TestDamage:
    def test_there_is_none_at_first(self, sound: Path) -> None:
        assert check(Storage(sound)) == []
        suffixes = sorted(path.suffix for path in sound.iterdir() if path.suffix in (".segment", ".state"))
        assert suffixes == [".segment", ".segment", ".state"]

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_a_changed_byte_is_found_and_never_believed(
        self, sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        name, whole = drawn_file(sound, data)
        place = data.draw(st.integers(0, len(whole) - 1) | st.integers(1, 200).map(lambda n: max(len(whole) - n, 0)))
        flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
        folder = tmp_path_factory.getbasetemp() / "changed"
        for error in damaged(sound, folder, name, whole[:place] + flipped + whole[place + 1 :]):
            assert error is not None
            assert error.file == name

    @settings(max_examples=30, deadline=None)
    @given(st.data())
    def test_a_cut_or_padded_file_is_found_at_once(
        self, sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        name, whole = drawn_file(sound, data)
        other = data.draw(st.integers(0, len(whole) - 1).map(lambda end: whole[:end]) | st.just(whole + b"\0"))
        errors = list(damaged(sound, tmp_path_factory.getbasetemp() / "cut", name, other))
        assert [error is not None and error.file for error in errors] == [name]

    def test_a_missing_file_is_damage(self, sound: Path, tmp_path: Path) -> None:
        shutil.copytree(sound, tmp_path / "index")
        segment = next((tmp_path / "index").glob("*.segment"))
        segment.unlink()
        assert len(check(Storage(tmp_path / "index"))) == 1
        with pytest.raises(DamagedIndex, match="missing"):
            open_snapshot(Storage(tmp_path / "index"))


def test_states_tell_what_became_of_each_page(tmp_path: Path) -> None:
    pages = [replace(make_procedure(seed), id=id, source=source) for seed, id, source in
             ((1, "one", "a"), (2, "one", "b"), (3, "two", "c"))]  # fmt: skip
    snapshot = grow(tmp_path, [Commit(put=tuple(pages)), Commit(removed=("c",))])
    (segment,) = snapshot.segments
    assert segment.states.tolist() == [SHADOWED, LIVE, DELETED]
    assert snapshot.live_count == 1


def test_what_is_kept_at_hand_is_bounded_and_changes_no_answer(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(sound)
    monkeypatch.setattr("procsearch.indexer.segment._REMEMBERED", 2)
    assert answers(sound) == before
    (segment, *_) = open_snapshot(Storage(sound)).segments
    numbers = [segment.term_number(term) for term in segment.terms()]
    assert numbers == list(range(segment.term_count))
    assert len(segment._numbers) <= 4
