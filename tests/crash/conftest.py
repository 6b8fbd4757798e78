"""What all tests of crashes share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def written_indexes_are_whole() -> None:
    """The tests here damage indexes, fail calls under them, and check them where it matters."""
