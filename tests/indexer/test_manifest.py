"""The manifest: what was written is read, and nothing else is believed."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.corpus.errors import DamagedIndex, NoIndex
from procsearch.indexer.fields import FIELDS
from procsearch.indexer.files import FileRecord, SegmentRecord
from procsearch.indexer.manifest import FORMAT, Manifest, Versions, read_manifest
from procsearch.indexer.storage import Storage

counts = st.integers(0, 2**62)
files = st.builds(
    FileRecord, st.integers(1, 10**12).map(lambda number: f"{number:08d}.segment"), counts, st.integers(0, 2**32 - 1)
)
fields = st.tuples(*[st.integers(0, 10**9)] * len(FIELDS))
segments = st.builds(
    lambda file, state, pages, filled: SegmentRecord(
        file, state, pages, pages // 2, tuple(count * 3 for count in filled), filled
    ),
    files, st.none() | files, counts, fields,
)  # fmt: skip
manifests = st.builds(Manifest, counts, counts, st.builds(Versions, counts, counts), st.lists(segments).map(tuple))


@given(manifests)
def test_a_manifest_comes_back(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> None:
    storage = Storage(tmp_path_factory.mktemp("manifest"))
    manifest.write(storage)
    assert read_manifest(storage) == manifest


def test_there_may_be_none(tmp_path: Path) -> None:
    with pytest.raises(NoIndex, match=str(tmp_path)):
        read_manifest(Storage(tmp_path))


def sealed(folder: Path, line: bytes) -> Storage:
    (folder / "manifest").write_bytes(line + b"\n%08x\n" % zlib.crc32(line))
    return Storage(folder)


def content() -> dict[str, Any]:
    count = [0] * len(FIELDS)
    file = {"name": "00000001.segment", "size": 1, "checksum": 1}
    segment = {"file": file, "state": None, "pages": 1, "live": 1, "lengths": count, "filled": count}
    return {"format": FORMAT, "generation": 1, "next_file": 1, "versions": {"fields": 1, "analysis": 1},
            "segments": [segment]}  # fmt: skip


def test_the_content_below_is_sound(tmp_path: Path) -> None:
    assert read_manifest(sealed(tmp_path, json.dumps(content()).encode())).live == 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), FORMAT + 1), (("format",), None), (("generation",), -1), (("generation",), "1"),
        (("generation",), True),
        (("next_file",), 2**70), (("versions",), []), (("versions", "fields"), None), (("versions", "other"), 1),
        (("segments",), 5), (("segments",), {}), (("segments", 0), None), (("segments", 0, "pages"), 0),
        (("segments", 0, "live"), 2), (("segments", 0, "lengths"), []), (("segments", 0, "filled"), [1] * len(FIELDS)),
        (("segments", 0, "file", "name"), "../../etc/passwd"), (("segments", 0, "file", "name"), "/dev/zero"),
        (("segments", 0, "file", "name"), "00000001.segment\n"), (("segments", 0, "file", "size"), -1),
        (("segments", 0, "file"), None), (("segments", 0, "state"), "00000001.state"),
    ],
)  # fmt: skip
def test_what_no_writer_wrote_is_damage_though_its_checksum_fits(tmp_path: Path, place: Any, value: Any) -> None:
    changed = content()
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    if place == ("segments",) and value == {}:
        value = {"a": 1}
    holder[place[-1]] = value
    with pytest.raises(DamagedIndex, match="manifest"):
        read_manifest(sealed(tmp_path, json.dumps(changed).encode()))


def with_vectors() -> dict[str, Any]:
    file = {"name": "00000002.vectors", "size": 1, "checksum": 1}
    model = {"name": "small", "place": "/models/small", "digest": "ab", "dimensions": 8}
    return {**content(), "semantic": {"model": model, "files": [{"segment": "00000001.segment", "file": file}]}}


def test_the_vectors_of_a_commit_come_back(tmp_path: Path) -> None:
    read = read_manifest(sealed(tmp_path, json.dumps(with_vectors()).encode()))
    assert [file.name for file in read.files()] == ["00000001.segment", "00000002.vectors"]
    read.write(Storage(tmp_path))
    assert read_manifest(Storage(tmp_path)) == read


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("model",), None), (("model", "name"), 5), (("model", "place"), ["/etc"]), (("model", "digest"), None),
        (("model", "dimensions"), 0), (("model", "dimensions"), 1 << 17), (("model", "dimensions"), 8.0),
        (("model", "code"), "x"), (("files",), 5), (("files", 0), None), (("files", 0, "segment"), "../other.segment"),
        (("files", 0, "file", "name"), "/etc/passwd"),
    ],
)  # fmt: skip
def test_vectors_that_no_writer_wrote_are_damage(tmp_path: Path, place: Any, value: Any) -> None:
    changed = with_vectors()
    holder: Any = changed["semantic"]
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    with pytest.raises(DamagedIndex, match="manifest"):
        read_manifest(sealed(tmp_path, json.dumps(changed).encode()))


@pytest.mark.parametrize(
    "line", [b"", b"null", b"[]", b"5", b"{}", b"[" * 200_000, b"\xff", b'{"format": 1e999}', b"nan"]
)
def test_other_lines_are_damage_too(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(DamagedIndex, match="manifest"):
        read_manifest(sealed(tmp_path, line))
