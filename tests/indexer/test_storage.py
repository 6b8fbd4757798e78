"""The folder of an index: its files, its lock, and odd places to put one."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from procsearch.corpus.errors import DamagedIndex, EngineError, IndexLocked, NoIndex
from procsearch.indexer.arrays import ArrayFile, write_arrays
from procsearch.indexer.reindex import reindex
from procsearch.indexer.snapshot import Snapshot, open_snapshot
from procsearch.indexer.storage import LOCK_NAME, Storage, sweep
from procsearch.indexer.writer import IndexWriter

from ..crash.support import names_in, watched
from .histories import Commit, apply, indexable, make_procedure


class TestPlaces:
    @pytest.mark.parametrize("place", ["file", "file/index", "nowhere", "nowhere/index", "loop", "empty"])
    def test_without_an_index_are_told_so(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").write_text("not an index")
        (tmp_path / "empty").mkdir()
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(EngineError if place == "loop" else NoIndex, match=place):
            open_snapshot(Storage(tmp_path / place))

    @pytest.mark.parametrize("place", ["file", "file/index", "loop", "dangling"])
    def test_that_cannot_hold_one_are_refused_with_the_reason(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").write_text("not an index")
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "dangling").symlink_to("nowhere")
        with pytest.raises(EngineError, match=place):
            IndexWriter(Storage(tmp_path / place)).__enter__()
        assert (tmp_path / "file").read_text() == "not an index"

    def test_that_are_deep_are_made(self, tmp_path: Path) -> None:
        apply(tmp_path / "a" / "b" / "index", Commit())
        assert open_snapshot(Storage(tmp_path / "a" / "b" / "index")).live_count == 0

    def test_that_somebody_else_makes_at_the_same_moment_are_as_good(self, tmp_path: Path) -> None:
        def make_it_first(name: str, call: Any, arguments: Any, named: Any) -> Any:
            if name == "mkdir":
                Path(arguments[0]).mkdir()
            return call(*arguments, **named)

        with watched(make_it_first):
            apply(tmp_path / "a" / "index", Commit(put=(make_procedure(1),)))
        assert open_snapshot(Storage(tmp_path / "a" / "index")).live_count == 1

    @pytest.mark.skipif(os.geteuid() != 0, reason="another user's rights need the rights to become that user")
    def test_that_are_read_only_can_be_searched_and_not_written(self, tmp_path: Path) -> None:
        apply(tmp_path, Commit(put=(make_procedure(1),)))
        for path in (tmp_path, *tmp_path.parents):
            if not path.stat().st_mode & stat.S_IXOTH:  # the folders of pytest, and none that others may use
                path.chmod(0o755)
        code = (
            "import os, sys\n"
            "from procsearch.corpus.errors import EngineError\n"
            "from procsearch.indexer.storage import Storage\n"
            "from procsearch.indexer.writer import IndexWriter\n"
            "from procsearch.search.index import open_index\n"
            "os.setgid(65534); os.setuid(65534); print(len(open_index(sys.argv[1])))\n"
            "try: IndexWriter(Storage(sys.argv[1])).__enter__()\n"
            "except EngineError as error: print(error)\n"
        )
        run = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
        assert run.stdout.splitlines() == ["1", f"cannot lock {tmp_path / LOCK_NAME}: Permission denied"], run.stderr


class TestFiles:
    def test_are_never_overwritten(self, tmp_path: Path) -> None:
        storage = Storage(tmp_path)
        storage.write("one", lambda out: out.write(b"first"))
        with pytest.raises(EngineError, match=r"cannot write .*one: File exists"):
            storage.write("one", lambda out: out.write(b"second"))
        assert storage.read("one") == b"first"

    def test_of_others_are_not_swept_away(self, tmp_path: Path) -> None:
        others = {"notes.tmp", "2024-01.segment", "1.state", "manifest", "a.segment", "readme"}
        ours = {"00000001.segment", "00000002.state", "manifest.tmp", "scratch.tmp"}
        for name in others | ours:
            (tmp_path / name).touch()
        (tmp_path / "00000009.segment").mkdir()
        sweep(Storage(tmp_path), {"00000002.state"})
        assert names_in(tmp_path) == others | {"00000002.state", "00000009.segment"}

    @pytest.mark.parametrize("name", [LOCK_NAME, "scratch.tmp", "manifest.tmp", "00000001.segment"])
    @pytest.mark.parametrize("there", [True, False])
    def test_that_are_links_in_the_index_of_a_stranger_have_nothing_outside_written_to(
        self, tmp_path: Path, name: str, there: bool
    ) -> None:
        folder, outside = tmp_path / "index", tmp_path / "precious"
        folder.mkdir()
        if there:
            outside.write_text("precious")
        (folder / name).symlink_to(outside)
        if name == LOCK_NAME:
            with pytest.raises(EngineError, match=r"cannot lock .*write\.lock: "):
                apply(folder, Commit(put=(make_procedure(1),)))
            (folder / name).unlink()
        apply(folder, Commit(put=(make_procedure(1),), memory=1))
        assert open_snapshot(Storage(folder)).live_count == 1
        assert outside.read_text() == "precious" if there else not outside.exists()

    def test_that_are_loops_of_links_are_damage_that_indexing_anew_heals(self, tmp_path: Path) -> None:
        (tmp_path / "manifest").symlink_to("manifest")
        with pytest.raises(DamagedIndex, match="manifest: not a file"):
            open_snapshot(Storage(tmp_path))
        pages = tmp_path / "pages"
        pages.mkdir()
        (pages / "graft.html").write_text("<h1>Graft</h1><p>vein</p>")
        assert reindex([pages], tmp_path).documents == 1

    def test_that_are_too_long_for_a_manifest_are_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "manifest").open("wb") as file:
            file.truncate(2**40)
        with pytest.raises(DamagedIndex, match="bytes long"):
            open_snapshot(Storage(tmp_path))

    def test_that_are_cut_while_mapped_are_damage_where_they_were_not_read(self, tmp_path: Path) -> None:
        import numpy as np

        storage = Storage(tmp_path)
        size, checksum = write_arrays(storage, "some", {"a": np.zeros(2**20, np.uint8)})
        file = ArrayFile("some", storage.map("some"), size, checksum)
        assert file["a"][100] == 0
        os.truncate(tmp_path / "some", 8192)
        assert file["a"][200] == 0
        with pytest.raises(DamagedIndex, match="cannot be read"):
            file["a"][500_000]
        with pytest.raises(DamagedIndex, match="some"):
            file.verify_all()

    @pytest.mark.damages
    def test_that_are_cut_just_before_they_are_mapped_are_damage(self, tmp_path: Path) -> None:
        apply(tmp_path, Commit(put=(make_procedure(1),)))
        segment = next(tmp_path.glob("*.segment"))

        def cut_first(name: str, call: Any, arguments: Any, named: Any) -> Any:
            if name == "mmap":
                os.truncate(segment, 100)
            return call(*arguments, **named)

        with watched(cut_first), pytest.raises(DamagedIndex, match="became shorter") as damage:
            open_snapshot(Storage(tmp_path))
        assert damage.value.file == segment.name

    def test_have_stamps_that_differ_however_fast_they_are_replaced(self, tmp_path: Path) -> None:
        storage = Storage(tmp_path)
        stamps = []
        for _ in range(300):
            storage.replace("manifest", b"same")
            stamps.append(storage.size_and_time("manifest"))
        assert len(set(stamps)) == 300

    def test_of_scratch_have_no_name_and_end_when_forgotten(self, tmp_path: Path) -> None:
        before = len(names_in("/proc/self/fd"))
        scratch = Storage(tmp_path).scratch()
        scratch.write(b"spilled")
        assert names_in(tmp_path) == set()
        assert b"".join(scratch.parts(3)) == b"spilled"
        del scratch
        assert len(names_in("/proc/self/fd")) == before


class TestTheLock:
    def test_is_one_for_all_threads(self, tmp_path: Path) -> None:
        storage = Storage(tmp_path)
        refused = []

        def take() -> None:
            try:
                with Storage(tmp_path).lock(wait=False):
                    pass
            except IndexLocked as error:
                refused.append(str(error))

        with storage.lock(wait=False):
            thread = threading.Thread(target=take)
            thread.start()
            thread.join()
        take()
        assert refused == [f"{tmp_path} is being written by process {os.getpid()}"]

    def test_never_has_a_name_that_is_not_its_holders(self, tmp_path: Path) -> None:
        """Another process looks before and after each call that takes the lock and gives it back."""
        seen = set()

        def look(name: str, call: Any, arguments: Any, named: Any) -> Any:
            try:
                seen.add((tmp_path / LOCK_NAME).read_text().strip())
                return call(*arguments, **named)
            finally:
                seen.add((tmp_path / LOCK_NAME).read_text().strip())

        with Storage(tmp_path).lock(wait=False):
            pass
        with mock.patch.object(os, "getpid", lambda: 12345), watched(look), Storage(tmp_path).lock(wait=False):
            pass
        assert seen == {"", "process 12345"}

    def test_is_waited_for_until_its_new_holder_has_said_who_it_is(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_NAME).touch()
        with (tmp_path / LOCK_NAME).open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            tries = 0

            def say_so_at_the_second(name: str, call: Any, arguments: Any, named: Any) -> Any:
                nonlocal tries
                tries += name == "flock"
                if tries == 2 and name == "flock":
                    (tmp_path / LOCK_NAME).write_text("process 12345")
                return call(*arguments, **named)

            with (
                watched(say_so_at_the_second),
                pytest.raises(IndexLocked, match="by process 12345"),
                Storage(tmp_path).lock(wait=False),
            ):
                pass

    def test_is_waited_for_and_its_holder_told_once(self, tmp_path: Path) -> None:
        told: list[str] = []
        held, waiting = Storage(tmp_path).lock(wait=False), Storage(tmp_path).lock(wait=True, waiting=told.append)
        tries = 0

        def give_back_at_the_third(name: str, call: Any, arguments: Any, named: Any) -> Any:
            nonlocal tries
            tries += name == "flock"
            if tries == 3 and name == "flock":
                held.__exit__(None, None, None)
            return call(*arguments, **named)

        held.__enter__()
        with watched(give_back_at_the_third), waiting:
            assert told == [f"process {os.getpid()}"]

    @pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
    def test_is_given_back_though_a_forked_process_lives_on(self, tmp_path: Path) -> None:
        source, sink = os.pipe()
        with Storage(tmp_path).lock(wait=False):
            child = os.fork()
            if child == 0:  # pragma: no cover - in the other process
                os.close(sink)
                os.read(source, 1)
                os._exit(0)
        with Storage(tmp_path).lock(wait=False):
            pass
        os.close(sink)
        os.close(source)
        os.waitpid(child, 0)

    def test_holds_though_its_file_says_nonsense(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_NAME).write_bytes(b"\xff\xfe\x00" * 5000)
        with Storage(tmp_path).lock(wait=False), pytest.raises(IndexLocked):
            IndexWriter(Storage(tmp_path), wait=False).__enter__()

    def test_is_on_the_file_that_is_there_and_not_on_one_that_was_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between opening the file and locking it somebody removes it, and another writer makes and locks a new one."""
        real, storage = fcntl.flock, Storage(tmp_path)
        others = []

        def remove_first(descriptor: int, operation: int) -> None:
            if not others and operation & fcntl.LOCK_EX:
                (tmp_path / LOCK_NAME).unlink(missing_ok=True)
                others.append((tmp_path / LOCK_NAME).open("w"))
                real(others[0], fcntl.LOCK_EX)
            real(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", remove_first)
        with pytest.raises(IndexLocked), storage.lock(wait=False):
            pass
        others[0].close()
        with storage.lock(wait=False):
            pass


def test_the_first_commit_may_come_while_an_index_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Storage.size_and_time
    asked = []

    def none_at_first(storage: Storage, name: str) -> tuple[int, int, int] | None:
        asked.append(name)
        if len(asked) == 1:
            found = real(storage, name)
            apply(tmp_path, Commit(put=(make_procedure(1),)))
            return found
        return real(storage, name)

    monkeypatch.setattr(Storage, "size_and_time", none_at_first)
    snapshot = open_snapshot(Storage(tmp_path))
    assert snapshot.live_count == 1
    assert snapshot.stamp == real(Storage(tmp_path), "manifest")


def test_a_folder_that_is_removed_beneath_a_writer_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with IndexWriter(Storage(folder)) as writer:
        writer.add(indexable(make_procedure(1)))
        shutil.rmtree(folder)
        with pytest.raises(EngineError, match=r"cannot .*: No such file or directory"):
            writer.commit()
    apply(folder, Commit(put=(make_procedure(1),)))
    assert open_snapshot(Storage(folder)).live_count == 1


def test_an_interrupted_writer_leaves_what_was_there(tmp_path: Path) -> None:
    apply(tmp_path, Commit(put=(make_procedure(1),)))
    before = names_in(tmp_path)

    def interrupt(_: Snapshot) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), IndexWriter(Storage(tmp_path)) as writer:
        writer.add(indexable(make_procedure(2)))
        writer.commit(approve=interrupt)
    assert names_in(tmp_path) == before
    assert open_snapshot(Storage(tmp_path)).live_count == 1
