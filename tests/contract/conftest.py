"""What the tests of the contract share."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch import reindex
from tests.places import SAMPLES


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample pages, for reading only."""
    path = tmp_path_factory.mktemp("samples") / "index"
    assert not reindex(SAMPLES / "pages", path).failed
    return path
