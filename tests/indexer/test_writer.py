"""The writer: what a history of commits leaves is what is there, however it came about."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import IndexLocked, NoIndex
from procsearch.corpus.procedure import Procedure
from procsearch.indexer.check import check
from procsearch.indexer.manifest import Versions, read_manifest
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.writer import IndexWriter, path_order

from .histories import Commit, apply, grow, histories, indexable, live_after, make_procedure, sources_after


def page(source: str, id: str = "one", name: str = "clot") -> Procedure:
    return Procedure(id=id, name=name, source=source)


def put(path: Path, *pages: Procedure, compact: bool = False) -> None:
    apply(path, Commit(put=pages, compact=compact))


def names(path: Path) -> dict[str, str]:
    return {found.id: found.name for found in open_snapshot(Storage(path)).procedures()}


class TestAHistoryOfCommits:
    @settings(max_examples=40, deadline=None)
    @given(histories(most_commits=8))
    def test_leaves_the_pages_that_won(self, history: list[Commit]) -> None:
        live = live_after(history)
        with tempfile.TemporaryDirectory() as folder:
            snapshot = grow(Path(folder), history)
            assert [found.id for found in snapshot.procedures()] == sorted(live)
            assert {found.id: found for found in snapshot.procedures()} == live
            assert snapshot.live_count == len(live)
            for id in live:
                number = snapshot.find(id)
                assert number is not None
                assert snapshot.id(number) == id
            assert snapshot.find("absent") is None

    @settings(max_examples=20, deadline=None)
    @given(histories(most_commits=8))
    def test_leaves_the_same_where_many_ids_changed(self, history: list[Commit]) -> None:
        """They are settled in another way then."""
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            patch.setattr("procsearch.indexer.writer._MANY_IDS", 0)
            assert {found.id: found for found in grow(Path(folder), history).procedures()} == live_after(history)

    @settings(max_examples=20, deadline=None)
    @given(histories(most_commits=8))
    def test_keeps_each_source_once(self, history: list[Commit]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            grow(Path(folder), history)
            with IndexWriter(Storage(folder)) as writer:
                assert sorted(source for source, _ in writer.pages()) == sorted(sources_after(history))

    @settings(max_examples=20, deadline=None)
    @given(histories())
    def test_leaves_sound_files_and_no_others(self, history: list[Commit]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            snapshot = grow(Path(folder), history)
            assert check(Storage(folder)) == []
            files = {file.name for file in snapshot.manifest.files()}
            assert {found.name for found in Path(folder).iterdir()} == files | {"manifest", "write.lock"}

    @settings(max_examples=20, deadline=None)
    @given(histories())
    def test_compacts_into_one_segment_of_nothing_deleted(self, history: list[Commit]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            snapshot = grow(Path(folder), [*history, Commit(compact=True)])
            assert snapshot.pages == len(sources_after(history))
            assert len(snapshot.segments) == min(snapshot.pages, 1)

    def test_keeps_segments_few(self, tmp_path: Path) -> None:
        history = [Commit(put=(replace(make_procedure(n), source=f"{n}.html", id=str(n)),)) for n in range(40)]
        snapshot = grow(tmp_path, history)
        assert snapshot.live_count == 40
        assert len(snapshot.segments) <= 16


class TestPagesOfOneId:
    def test_the_last_in_path_order_wins_whenever_it_came(self, tmp_path: Path) -> None:
        put(tmp_path, page("b.html", name="second"))
        put(tmp_path, page("a.html", name="first"))
        assert names(tmp_path) == {"one": "second"}

    def test_records_of_a_file_are_ordered_by_number(self, tmp_path: Path) -> None:
        put(tmp_path, page("x.jsonl#10", name="tenth"), page("x.jsonl#9", name="ninth"))
        assert names(tmp_path) == {"one": "tenth"}

    @pytest.mark.parametrize("compact", [False, True])
    def test_the_loser_is_found_when_the_winner_is_gone(self, tmp_path: Path, compact: bool) -> None:
        put(tmp_path, page("a.html", name="first"), page("b.html", name="second"), compact=compact)
        apply(tmp_path, Commit(removed=("b.html",)))
        assert names(tmp_path) == {"one": "first"}

    def test_a_loser_that_was_replaced_comes_back_as_it_is_now(self, tmp_path: Path) -> None:
        put(tmp_path, page("a.html", name="old"), page("b.html", name="second"))
        apply(tmp_path, Commit(put=(page("a.html", name="new"),), in_place=True))
        apply(tmp_path, Commit(put=(page("c.html", id="two"),), compact=True))
        apply(tmp_path, Commit(removed=("b.html",)))
        assert names(tmp_path) == {"one": "new", "two": "clot"}

    def test_are_told(self, tmp_path: Path) -> None:
        with IndexWriter(Storage(tmp_path)) as writer:
            for source in ("c", "a", "b"):
                writer.add(indexable(page(source)))
            told = writer.commit()
        assert sorted((shadowing.loser, shadowing.winner) for shadowing in told) == [("a", "c"), ("b", "c")]

    def test_replacing_a_page_shadows_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, page("a"))
        with IndexWriter(Storage(tmp_path)) as writer:
            writer.add(indexable(page("a", name="new")))
            assert writer.commit() == []

    @given(
        st.lists(st.sampled_from("ab/.#0123"), max_size=6).map("".join), st.integers(0, 10**6), st.integers(0, 10**6)
    )
    def test_path_order_counts(self, path: str, first: int, second: int) -> None:
        assert (path_order(f"{path}#{first}") < path_order(f"{path}#{second}")) == (first < second)


class TestACommit:
    def test_that_never_comes_changes_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, page("a"))
        before = sorted(path.name for path in tmp_path.iterdir())
        with IndexWriter(Storage(tmp_path), memory=1) as writer:
            writer.add(indexable(page("b", id="two")))
        assert names(tmp_path) == {"one": "clot"}
        assert sorted(path.name for path in tmp_path.iterdir()) == before

    def test_that_fails_changes_nothing_and_gives_the_lock_back(self, tmp_path: Path) -> None:
        put(tmp_path, page("a"))

        def add_and_fail() -> None:
            with IndexWriter(Storage(tmp_path), memory=1) as writer:
                writer.add(indexable(page("b", id="two")))
                raise KeyError("on purpose")

        with pytest.raises(KeyError):
            add_and_fail()
        assert names(tmp_path) == {"one": "clot"}
        put(tmp_path, page("b", id="two"))
        assert names(tmp_path) == {"one": "clot", "two": "clot"}

    def test_is_not_seen_in_a_snapshot_opened_before(self, tmp_path: Path) -> None:
        put(tmp_path, page("a", name="old"), page("b", id="two"))
        before = open_snapshot(Storage(tmp_path))
        apply(tmp_path, Commit(put=(page("a", name="new"),), removed=("b",), compact=True))
        assert {found.id: found.name for found in before.procedures()} == {"one": "old", "two": "clot"}
        assert names(tmp_path) == {"one": "new"}

    def test_is_seen_whole_or_not_at_all_by_readers_meanwhile(self, tmp_path: Path) -> None:
        commits = [
            Commit(put=tuple(page(f"{n}", id=f"{n}", name=f"state {c}") for n in range(3)), compact=c % 3 == 0)
            for c in range(25)
        ]
        apply(tmp_path, commits[0])
        seen: list[set[str]] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append({found.name for found in open_snapshot(Storage(tmp_path)).procedures()})

        reader = threading.Thread(target=read)
        reader.start()
        for commit in commits[1:]:
            apply(tmp_path, commit)
        done.set()
        reader.join()
        assert seen
        assert all(len(state) == 1 for state in seen)

    def test_there_is_no_index_before_the_first(self, tmp_path: Path) -> None:
        with IndexWriter(Storage(tmp_path)), pytest.raises(NoIndex):
            open_snapshot(Storage(tmp_path))


class TestTheLock:
    def test_a_second_writer_that_does_not_wait_is_refused(self, tmp_path: Path) -> None:
        with IndexWriter(Storage(tmp_path)), pytest.raises(IndexLocked, match="process"):
            IndexWriter(Storage(tmp_path), wait=False).__enter__()

    def test_a_second_writer_that_waits_comes_next(self, tmp_path: Path) -> None:
        waiting = threading.Event()

        def write() -> None:
            with IndexWriter(Storage(tmp_path), waiting=lambda holder: waiting.set()) as writer:
                writer.add(indexable(page("b", id="two")))
                writer.commit()

        second = threading.Thread(target=write)
        with IndexWriter(Storage(tmp_path)) as writer:
            second.start()
            assert waiting.wait(10)
            writer.add(indexable(page("a")))
            writer.commit()
            assert names(tmp_path) == {"one": "clot"}
        second.join()
        assert names(tmp_path) == {"one": "clot", "two": "clot"}


class TestHealing:
    def test_an_index_of_another_version_is_indexed_anew(self, tmp_path: Path) -> None:
        put(tmp_path, page("a", name="first"), page("b", name="second"), page("c", id="two"), page("d", id="three"))
        apply(tmp_path, Commit(removed=("d",)))
        storage, told = Storage(tmp_path), list[str]()
        replace(read_manifest(storage), versions=Versions(fields=0)).write(storage)
        with pytest.raises(NoIndex, match="version"):
            open_snapshot(storage)
        with IndexWriter(storage, announce=told.append) as writer:
            writer.commit()
        assert len(told) == 1
        assert names(tmp_path) == {"one": "second", "two": "clot"}
        apply(tmp_path, Commit(removed=("b",)))
        assert names(tmp_path) == {"one": "first", "two": "clot"}

    def test_repairing_drops_the_damaged_segments_and_no_others(self, tmp_path: Path) -> None:
        put(tmp_path, page("a", name="clot " * 50))
        put(tmp_path, page("b", id="two"))
        damaged = min(tmp_path.glob("*.segment"))
        data = bytearray(damaged.read_bytes())
        data[len(data) // 2] ^= 1
        damaged.write_bytes(data)
        storage, told = Storage(tmp_path), list[str]()
        assert check(storage)
        with IndexWriter(storage, repair=True, announce=told.append) as writer:
            assert [source for source, _ in writer.pages()] == ["b"]
            writer.commit()
        assert damaged.name in told[0]
        assert names(tmp_path) == {"two": "clot"}
        assert check(storage) == []
