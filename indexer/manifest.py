"""The manifest: the one small file that says what an index consists of, and so what a commit is.

It is JSON on its first line and the CRC-32 of that line on the second. A commit replaces it in one step.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from ..corpus.errors import DamagedIndex, NoIndex
from .analysis import ANALYSIS_VERSION
from .fields import FIELDS_VERSION
from .segment import FileRecord, SegmentRecord
from .storage import Storage

MANIFEST = "manifest"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that the terms of an index depend on; with another one its pages are indexed anew."""

    fields: int = FIELDS_VERSION
    analysis: int = ANALYSIS_VERSION


@dataclass(frozen=True, slots=True)
class Manifest:
    """One commit. ``generation`` counts commits; ``next_file`` is the number of the next new file."""

    generation: int
    next_file: int
    versions: Versions = Versions()
    segments: tuple[SegmentRecord, ...] = ()

    @property
    def live(self) -> int:
        """How many pages are found."""
        return sum(segment.live for segment in self.segments)

    def files(self) -> list[FileRecord]:
        """Every file of the commit but the manifest itself."""
        return [file for segment in self.segments for file in (segment.file, segment.state) if file is not None]

    def write(self, storage: Storage) -> None:
        """Make this the current commit, durably. Its files must be durable already."""
        line = json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"), sort_keys=True).encode()
        storage.replace(MANIFEST, line + b"\n%08x\n" % zlib.crc32(line))


def read_manifest(storage: Storage) -> Manifest:
    """The current commit; NoIndex where there is none."""
    try:
        data = storage.read(MANIFEST)
    except FileNotFoundError:
        raise NoIndex(f"there is no index at {storage.path}") from None
    line, _, rest = data.partition(b"\n")
    if rest != b"%08x\n" % zlib.crc32(line):
        raise DamagedIndex(MANIFEST, "its checksum does not fit")
    content: dict[str, Any] = json.loads(line)
    if content["format"] != FORMAT:
        raise DamagedIndex(MANIFEST, f"format {content['format']} is not the format {FORMAT} of this version")
    return Manifest(
        generation=content["generation"],
        next_file=content["next_file"],
        versions=Versions(**content["versions"]),
        segments=tuple(map(_segment_record, content["segments"])),
    )


def _segment_record(data: dict[str, Any]) -> SegmentRecord:
    return SegmentRecord(
        file=FileRecord(**data["file"]),
        state=FileRecord(**data["state"]) if data["state"] else None,
        pages=data["pages"],
        live=data["live"],
        lengths=tuple(data["lengths"]),
        filled=tuple(data["filled"]),
    )
