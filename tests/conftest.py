"""What all tests share: no deadlines, since machines are busy, and failing examples that can be replayed."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from procsearch.indexer.check import check
from procsearch.indexer.manifest import MANIFEST
from procsearch.indexer.storage import Storage
from procsearch.indexer.writer import IndexWriter

settings.register_profile("procsearch", deadline=None, print_blob=True)
settings.load_profile("procsearch")

# Where the tests run in the background Ctrl-C is ignored, by the processes they start as well; some are interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoosh's writers share one folder in the system's; a run of the tests beside this one must not sweep it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        yield


@pytest.fixture(scope="session", autouse=True)
def written_indexes() -> Iterator[set[Path]]:
    """The folders that writers of this process have left since the last look."""
    written: set[Path] = set()
    leave = IndexWriter.__exit__

    def leave_and_tell(writer: IndexWriter, *exception: object) -> None:
        leave(writer, *exception)
        if type(writer._storage) is Storage:  # not one that a test makes fail
            written.add(writer._storage.path.absolute())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IndexWriter, "__exit__", leave_and_tell)
        yield written


@pytest.fixture(autouse=True)
def written_indexes_are_whole(request: pytest.FixtureRequest, written_indexes: set[Path]) -> Iterator[None]:
    """Every index that a test wrote checks when it ends, but where the test says that it ``damages`` one."""
    yield
    folders = {folder for folder in written_indexes if (folder / MANIFEST).is_file()}
    written_indexes.clear()
    if request.node.get_closest_marker("damages") is None:
        assert {folder: wrong for folder in folders if (wrong := check(Storage(folder)))} == {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "damages: the test damages an index on purpose and leaves it so")
