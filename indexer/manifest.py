"""The manifest: the one small file that says what an index consists of, and so what a commit is.

It is JSON on its first line and the CRC-32 of that line on the second. A commit replaces it in one step.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from ..corpus.errors import DamagedIndex, NoIndex
from .analysis import ANALYSIS_VERSION
from .fields import FIELDS, FIELDS_VERSION
from .files import FileRecord, SegmentRecord
from .storage import Storage
from .vectors import Model, SemanticRecord, VectorsRecord

MANIFEST = "manifest"
FORMAT = 3
_NAME = re.compile(r"[0-9]{8,}\.(segment|state|vectors)")  # no way out of the folder
_MOST_DIMENSIONS = 1 << 16


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that the terms of an index depend on; with another one its pages are indexed anew."""

    fields: int = FIELDS_VERSION
    analysis: int = ANALYSIS_VERSION


@dataclass(frozen=True, slots=True)
class Manifest:
    """One commit. ``generation`` counts commits; ``next_file`` is the number of the next new file.

    ``semantic`` tells of the sentence vectors of its pages, None where it is to have none.
    """

    generation: int
    next_file: int
    versions: Versions = Versions()
    segments: tuple[SegmentRecord, ...] = ()
    semantic: SemanticRecord | None = None

    @property
    def live(self) -> int:
        """How many pages are found."""
        return sum(segment.live for segment in self.segments)

    def files(self) -> list[FileRecord]:
        """Every file of the commit but the manifest itself."""
        files = [file for segment in self.segments for file in (segment.file, segment.state) if file is not None]
        return [*files, *(vectors.file for vectors in self.semantic.files)] if self.semantic else files

    def write(self, storage: Storage) -> None:
        """Make this the current commit, durably. Its files must be durable already."""
        line = json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"), sort_keys=True).encode()
        storage.replace(MANIFEST, line + b"\n%08x\n" % zlib.crc32(line))


def read_manifest(storage: Storage) -> Manifest:
    """The current commit; NoIndex where there is none."""
    try:
        data = storage.read(MANIFEST)
    except FileNotFoundError:
        raise NoIndex(f"there is no index at {storage.path}; indexing pages makes one") from None
    line, _, rest = data.partition(b"\n")
    if rest != b"%08x\n" % zlib.crc32(line):
        raise DamagedIndex(MANIFEST, "its checksum does not fit")
    try:
        content: dict[str, Any] = json.loads(line)
        if content["format"] == FORMAT:
            return _manifest(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DamagedIndex(MANIFEST, "it says what no manifest says") from None
    raise DamagedIndex(MANIFEST, f"format {content['format']} is not the format {FORMAT} of this version")


def _manifest(content: dict[str, Any]) -> Manifest:
    return Manifest(
        generation=_count(content["generation"]),
        next_file=_count(content["next_file"]),
        versions=Versions(**{name: _count(version) for name, version in content["versions"].items()}),
        segments=tuple(map(_segment_record, content["segments"])),
        semantic=_semantic_record(content["semantic"]) if content.get("semantic") else None,
    )


def _segment_record(data: dict[str, Any]) -> SegmentRecord:
    lengths, filled = (tuple(map(_count, data[name])) for name in ("lengths", "filled"))
    pages, live = _count(data["pages"]), _count(data["live"])
    state = None if data["state"] is None else _file_record(data["state"])
    if live > pages or len(lengths) != len(FIELDS) or len(filled) != len(FIELDS):
        raise ValueError("counts that do not fit together")
    if any(words < having for words, having in zip(lengths, filled, strict=True)):
        raise ValueError("fields without words")
    return SegmentRecord(_file_record(data["file"]), state, pages, live, lengths, filled)


def _semantic_record(data: dict[str, Any]) -> SemanticRecord:
    model = Model(**data["model"])
    texts = [model.name, model.digest, *([] if model.place is None else [model.place])]
    if not all(type(text) is str for text in texts) or not 0 < _count(model.dimensions) <= _MOST_DIMENSIONS:
        raise ValueError("no sentence model")
    files = tuple(VectorsRecord(vectors["segment"], _file_record(vectors["file"])) for vectors in data["files"])
    if not all(_NAME.fullmatch(vectors.segment) for vectors in files):
        raise ValueError("vectors of no segment")
    return SemanticRecord(model, files)


def _file_record(data: dict[str, Any]) -> FileRecord:
    if not _NAME.fullmatch(data["name"]):
        raise ValueError("a file that is not of an index")
    return FileRecord(data["name"], _count(data["size"]), _count(data["checksum"]))


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError("not a count")
    return value
