"""One commit of an index, as a reader sees it: its segments as one numbered row of pages, and their statistics."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex, NoIndex
from ..corpus.procedure import Procedure
from .analysis import stem
from .fields import FIELDS
from .manifest import MANIFEST, Manifest, Versions, read_manifest
from .segment import Segment
from .storage import Storage
from .vectors import VectorsFile, open_vectors

_serials = itertools.count()


class Snapshot:
    """An immutable view of one commit. Pages are numbered through all segments, from 0.

    ``vectors`` has the sentence vectors of each segment, if there are any; without it the view is of words alone.
    """

    def __init__(
        self,
        manifest: Manifest,
        segments: tuple[Segment, ...],
        stamp: tuple[int, int, int] | None,
        vectors: Sequence[VectorsFile | None] = (),
    ) -> None:
        self.manifest = manifest
        self.segments = segments
        self.stamp = stamp
        self.vectors = vectors
        self.bases = list(itertools.accumulate((segment.pages for segment in segments), initial=0))
        self.pages = self.bases[-1]
        self.live_count = manifest.live
        self.serial = next(_serials)

    @cached_property
    def average_lengths(self) -> npt.NDArray[np.float64]:
        """The mean length in words of each field over the live pages that have it (1 where none has)."""
        records = self.manifest.segments
        lengths = np.array([record.lengths for record in records], np.float64).reshape(-1, len(FIELDS)).sum(axis=0)
        filled = np.array([record.filled for record in records], np.float64).reshape(-1, len(FIELDS)).sum(axis=0)
        average: npt.NDArray[np.float64] = np.divide(lengths, filled, out=np.ones_like(lengths), where=filled > 0)
        return average

    @property
    def all_live(self) -> bool:
        """Whether no page is shadowed or deleted."""
        return self.live_count == self.pages

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which pages are found."""
        return np.concatenate([segment.live for segment in self.segments] or [np.zeros(0, bool)])

    @cached_property
    def system_terms(self) -> frozenset[str]:
        """The code systems of its pages as terms."""
        return frozenset(name.lower() for segment in self.segments for name in segment.system_names if name)

    def inflections(self, word: str) -> list[str]:
        """The terms with the stem of ``word``, in byte order."""
        shared = stem(word)
        if len(self.segments) == 1:
            return list(self.segments[0].stem_terms(shared))
        return sorted({term for segment in self.segments for term in segment.stem_terms(shared)})

    def locate(self, page: int) -> tuple[Segment, int]:
        """The segment of a page and the page's number in it."""
        place = bisect_right(self.bases, page) - 1
        return self.segments[place], page - self.bases[place]

    def id(self, page: int) -> str:
        """The id of a page."""
        segment, local = self.locate(page)
        return segment.id(local)

    def ids(self, pages: Sequence[int]) -> list[str]:
        """The id of each of some pages."""
        if len(self.segments) == 1:
            return self.segments[0].ids_of(pages)
        return [self.id(page) for page in pages]

    def find(self, id: str) -> int | None:
        """The live page with this id."""
        for segment, base in zip(self.segments, self.bases, strict=False):
            for page in segment.pages_of_id(id):
                if segment.all_live or segment.live[page]:
                    return base + page
        return None

    def procedure(self, page: int) -> Procedure:
        """The procedure of a page."""
        segment, local = self.locate(page)
        return segment.procedure(local)

    def procedures(self) -> Iterator[Procedure]:
        """Every live procedure, in the order of ids."""
        ids = [
            (id, base + page)
            for segment, base in zip(self.segments, self.bases, strict=False)
            for page, (id, live) in enumerate(zip(segment.ids(), segment.live.tolist(), strict=True))
            if live
        ]
        for _, page in sorted(ids):
            yield self.procedure(page)


def open_snapshot(storage: Storage) -> Snapshot:
    """The current commit. NoIndex where there is none, DamagedIndex where a file is not what was written.

    A commit may come, and sweep files away, between reading its manifest and opening its files; then the newer one is
    opened.
    """
    while True:
        stamp = storage.size_and_time(MANIFEST)
        manifest = read_manifest(storage)
        if stamp is None:
            continue  # the first commit came just now
        if manifest.versions != Versions():
            raise NoIndex(f"the index at {storage.path} was made by another version; index its pages again")
        try:
            segments = tuple(Segment(storage, record) for record in manifest.segments)
            vectors = open_vectors(storage, manifest.semantic, segments)
        except DamagedIndex:
            if storage.size_and_time(MANIFEST) == stamp:
                raise
        else:
            return Snapshot(manifest, segments, stamp, vectors)
