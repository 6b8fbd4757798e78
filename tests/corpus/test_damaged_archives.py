"""Archives with bytes changed at random."""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procsearch.corpus.pages import Failed, Page, find_pages

from .written_files import SMALL, write, write_tar, write_warc, write_zip

pytestmark = pytest.mark.usefixtures("in_tmp_path")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("archives")
    here = Path.cwd()
    os.chdir(folder)
    try:
        members = {"a.html": b"A" * 300, "b.jsonl": b'{"name":"x"}\n', "c/" + "d" * 120: b"long", "e.html.gz": gzip.compress(b"E")}  # fmt: skip  # noqa: E501
        write_zip("s.zip", members)
        write_tar("s.tar", members)
        write_tar("s.tar.gz", members, "w:gz", tarfile.GNU_FORMAT)
        write_warc("s.warc", gz=False)
        return {path.name: path.read_bytes()[:20_000] for path in folder.iterdir()}
    finally:
        os.chdir(here)


class TestDamage:
    """Whatever happens to an archive, what comes out are pages and failures."""

    @pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz", "s.warc"])
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_nothing_raises(self, name: str, archives: dict[str, bytes], data: st.DataObject) -> None:
        damaged = bytearray(archives[name])
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
            if not damaged:
                break
        write(name, bytes(damaged))
        for page in find_pages([name], limits=SMALL):
            assert isinstance(page, Page | Failed)
            assert isinstance(page, Failed) or len(page.read()) <= 1000
