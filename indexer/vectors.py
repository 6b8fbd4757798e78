"""Sentence vectors of pages: a file beside each segment, and how the writer keeps the two in step.

A vector is kept as whole numbers of one byte and a scale (384 numbers: 388 bytes). It belongs to a page of a segment,
and segments never change: a page that changed is another page of another segment, which has no vector until one is
made. A file may hold the vectors of only some of the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex
from .arrays import Array, ArrayFile, write_arrays
from .files import FileRecord
from .segment import DELETED, Segment
from .storage import Storage, damaged_if_missing

_BLOCK = 2048
"""So many vectors at a time are made floating-point numbers: they fit in the processor's cache."""

_MOST = 127


@dataclass(frozen=True, slots=True)
class Model:
    """The sentence model that vectors come from.

    ``place`` is its folder, None for the default model; ``digest`` identifies its content, and ``dimensions`` is the
    length of its vectors.
    """

    name: str
    place: str | None
    digest: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class VectorsRecord:
    """The file with the vectors of a segment, which is named by its own file, as the manifest knows it."""

    segment: str
    file: FileRecord


@dataclass(frozen=True, slots=True)
class SemanticRecord:
    """All vectors of a commit, as the manifest knows them."""

    model: Model
    files: tuple[VectorsRecord, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Vectors of pages of one segment: ``pages`` ascending, for each a row of ``values`` (int8) and its ``scale``."""

    pages: npt.NDArray[np.uint32]
    values: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]

    def dot(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The dot product of ``vector`` with each."""
        products = np.empty(len(self.pages), np.float32)
        floats = np.empty((min(_BLOCK, len(products)), len(vector)), np.float32)
        for start in range(0, len(products), _BLOCK):
            stop = min(start + _BLOCK, len(products))
            np.copyto(floats[: stop - start], self.values[start:stop])
            # Row by row in this thread: a threaded product waits 40 times longer where other work keeps the cores busy.
            np.vecdot(floats[: stop - start], vector, out=products[start:stop])
        products *= self.scales
        return products

    def row(self, place: int) -> npt.NDArray[np.float32]:
        """The vector in that place."""
        row: npt.NDArray[np.float32] = self.values[place] * self.scales[place]
        return row


def quantised(pages: Sequence[int], vectors: npt.NDArray[np.float32]) -> Vectors:
    """``vectors``, a row for each of the ascending ``pages``, in whole numbers from -127 to 127 times a scale."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / _MOST
    values = np.rint(vectors / scales[:, None]).astype(np.int8)
    return Vectors(np.array(pages, np.uint32), values, scales.astype(np.float32))


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Several as one."""
    pages = np.concatenate([part.pages for part in parts])
    order = np.argsort(pages, kind="stable")
    values, scales = (np.concatenate(rows)[order] for rows in zip(*((p.values, p.scales) for p in parts), strict=True))
    return Vectors(pages[order], values, scales)


class VectorsFile:
    """The vectors of a segment of ``pages`` pages, mapped; DamagedIndex where they do not fit the segment."""

    def __init__(self, storage: Storage, record: FileRecord, pages: int, dimensions: int) -> None:
        self._file = ArrayFile(record.name, damaged_if_missing(storage, record.name), record.size, record.checksum)
        self._name = record.name
        self._pages = pages
        self._dimensions = dimensions
        count = len(self._file["pages"])
        for name, dtype, length in (("pages", "<u4", count), ("scales", "<f4", count), ("values", "|u1", None)):
            column = self._file[name]
            wanted = count * dimensions if length is None else length
            if column.dtype.str != dtype or len(column) != wanted:
                raise DamagedIndex(record.name, f"array {name} does not fit the others")

    def read(self) -> Vectors:
        """All of them, verified when they are first read."""
        pages, scales = self._file["pages"].all(), self._file["scales"].all()
        ascending = bool(np.all(pages[1:] > pages[:-1])) and int(pages.max(initial=0)) < max(self._pages, 1)
        if not ascending or not np.all(np.isfinite(scales)):
            raise DamagedIndex(self._name, "its vectors do not belong to the pages of its segment")
        return Vectors(pages, self._file["values"].all().view(np.int8).reshape(-1, self._dimensions), scales)

    def verify(self) -> None:
        """Verify every byte anew, and that they fit the segment."""
        self._file.verify_all()
        self.read()


def open_vectors(
    storage: Storage, record: SemanticRecord | None, segments: Iterable[Segment]
) -> list[VectorsFile | None]:
    """The vectors of each of the ``segments``; None where it has none."""
    if record is None:
        return []
    files = {entry.segment: entry.file for entry in record.files}
    return [
        VectorsFile(storage, files[segment.name], segment.pages, record.model.dimensions)
        if segment.name in files
        else None
        for segment in segments
    ]


class KeptVectors:
    """The vectors of the commit being made, by segment."""

    def __init__(self, storage: Storage, record: SemanticRecord | None) -> None:
        self._storage = storage
        self.model = record.model if record else None
        self._records = {entry.segment: entry.file for entry in record.files} if record else {}
        self._new: dict[str, list[Vectors]] = {}
        self.changed = False

    def use(self, model: Model | None) -> None:
        """Keep vectors of this model from now on (None: of none at all); those of another are dropped."""
        if model != self.model:
            if model is None or self.model is None or model.digest != self.model.digest:
                self._records.clear()
                self._new.clear()
            self.model = model
            self.changed = True

    def add(self, segment: Segment, vectors: Vectors) -> None:
        """Take up vectors of pages that had none."""
        self._new.setdefault(segment.name, []).append(vectors)
        self.changed = True

    def missing(self, segment: Segment, states: Array) -> npt.NDArray[np.int64]:
        """The pages that have none, of those that are not DELETED."""
        wanted = states != DELETED
        for part in self._of(segment):
            wanted[part.pages] = False
        return np.flatnonzero(wanted)

    def move(self, segments: Sequence[Segment], states: Sequence[Array], into: Sequence[Segment]) -> None:
        """Keep the vectors of pages that went from ``segments`` ``into`` others, those not DELETED, in order."""
        first = 0
        for segment, state in zip(segments, states, strict=True):
            kept = state != DELETED
            numbers = np.cumsum(kept) - 1 + first
            for part in self._of(segment):
                self._spread(part, np.where(kept, numbers, -1)[part.pages], into)
            first += int(np.count_nonzero(kept))

    def _spread(self, part: Vectors, numbers: npt.NDArray[np.int64], into: Sequence[Segment]) -> None:
        """Give each vector to the segment that has the page with its number, counted through all; -1 to none."""
        first = 0
        for segment in into:
            rows = (numbers >= first) & (numbers < first + segment.pages)
            if rows.any():
                pages = (numbers[rows] - first).astype(np.uint32)
                self.add(segment, Vectors(pages, part.values[rows], part.scales[rows]))
            first += segment.pages

    def damaged(self, segments: Iterable[Segment]) -> list[str]:
        """Forget the files that are not what was written, and say what is wrong with them."""
        wrong = []
        for segment in segments:
            try:
                if (file := self._file(segment)) is not None:
                    file.verify()
            except DamagedIndex as damage:
                del self._records[segment.name]
                self.changed = True
                wrong.append(damage.file)
        return wrong

    def verify(self, segments: Iterable[Segment]) -> None:
        """Verify every byte; DamagedIndex names the first file that is not what was written."""
        for segment in segments:
            if (file := self._file(segment)) is not None:
                file.verify()

    def record(self, segments: Iterable[Segment], new_name: Callable[[], str]) -> SemanticRecord | None:
        """What the manifest is to say, after writing the vectors that no file holds yet."""
        if self.model is None:
            return None
        kept = {}
        for segment in segments:
            if segment.name in self._new:
                kept[segment.name] = self._write(joined(self._of(segment)), new_name())
            elif segment.name in self._records:
                kept[segment.name] = self._records[segment.name]
        return SemanticRecord(self.model, tuple(VectorsRecord(name, file) for name, file in kept.items()))

    def _of(self, segment: Segment) -> list[Vectors]:
        file = self._file(segment)
        return [*([] if file is None else [file.read()]), *self._new.get(segment.name, ())]

    def _file(self, segment: Segment) -> VectorsFile | None:
        record = self._records.get(segment.name)
        if record is None or self.model is None:
            return None
        return VectorsFile(self._storage, record, segment.pages, self.model.dimensions)

    def _write(self, vectors: Vectors, name: str) -> FileRecord:
        values = vectors.values.reshape(-1).view(np.uint8)
        arrays: dict[str, Array] = {"pages": vectors.pages, "scales": vectors.scales, "values": values}
        return FileRecord(name, *write_arrays(self._storage, name, arrays))
