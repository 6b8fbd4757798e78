"""What all tests share: no deadlines, since machines are busy, and failing examples that can be replayed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("procsearch", deadline=None, print_blob=True)
settings.load_profile("procsearch")


@pytest.fixture(scope="session", autouse=True)
def own_temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoosh's writers share one folder in the system's; a run of the tests beside this one must not sweep it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        yield
