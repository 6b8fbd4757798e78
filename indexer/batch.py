"""Pages gathered in memory and laid out, in array operations, as the arrays of one segment."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from . import postings
from .analysis import LINE, stems
from .arrays import Array, narrow, pack_strings
from .fields import FIELDS
from .page import IndexablePage

_BYTES_PER_TOKEN = 60  # what laying out costs at its height
_BYTES_PER_PAGE = 2000


class _Numbers(dict[str, int]):
    """Terms numbered in the order they are first seen."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


class Batch:
    """Pages on their way into one segment. Adding a page either adds it whole or leaves the batch as it was."""

    def __init__(self) -> None:
        self._numbers = _Numbers({LINE: 0})
        self._tokens = array("I")
        self._runs: list[tuple[int, int, int]] = []  # document, field, how many tokens
        self._stored_bytes = 0
        self.pages: list[IndexablePage] = []

    def add(self, page: IndexablePage) -> None:
        """Add one page."""
        document = len(self.pages)
        found = page.words.split(" ") if page.words else []
        if len(found) != sum(count for _, count in page.fields):
            raise ValueError(f"{page.source}: the words do not match their counts")
        found += [term for _, term in page.keywords]
        self._tokens.extend(list(map(self._numbers.__getitem__, found)))
        self._runs += [(document, field, count) for field, count in page.fields]
        self._runs += [(document, field, 1) for field, _ in page.keywords]
        self._stored_bytes += len(page.stored) + _BYTES_PER_PAGE
        self.pages.append(page)

    @property
    def bytes_needed(self) -> int:
        """About how much memory laying out this batch takes."""
        return len(self._tokens) * _BYTES_PER_TOKEN + self._stored_bytes

    def arrays(self) -> dict[str, Array]:
        """The arrays of a segment of these pages, in the order they were added."""
        return {**self._inverted(), **page_arrays(self.pages)}

    def _inverted(self) -> dict[str, Array]:
        """Dictionary, postings and lengths."""
        run = np.array(self._runs, np.int64).reshape(-1, 3)
        # Keyword fields may repeat in a document: their runs become one, so that positions do not collide.
        place = run[:, 0] * len(FIELDS) + run[:, 1]
        numbers = np.frombuffer(self._tokens, np.uint32)
        token_place = np.repeat(place, run[:, 2])
        positions = _within_runs(token_place)
        real = numbers != 0
        lengths = np.bincount(token_place[real], minlength=len(self.pages) * len(FIELDS))
        length_bytes = postings.length_bytes(lengths)

        terms = sorted((term.encode() for term in self._numbers if term != LINE))
        rank = np.zeros(len(self._numbers), np.int64)
        ranks = {term: place for place, term in enumerate(terms)}
        rank[1:] = [ranks[term.encode()] for term in self._numbers if term != LINE]

        order = np.flatnonzero(real)
        key = (rank[numbers[order]] << 32) | np.arange(len(order))
        key.sort()
        order = order[key & 0xFFFFFFFF]
        term = key >> 32
        return {
            **dictionary(terms),
            **inverted(term, token_place[order], positions[order], length_bytes, len(terms)),
            "lengths": length_bytes,
        }


def _within_runs(place: Array) -> Array:
    """The position of each token within its (document, field), which stand together or far apart."""
    if not len(place):
        return np.empty(0, np.uint32)
    starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
    counts = np.diff(np.append(starts, len(place)))
    return (np.arange(len(place)) - np.repeat(starts, counts)).astype(np.uint32)


def inverted(term: Array, place: Array, positions: Array, length_bytes: Array, terms: int) -> dict[str, Array]:
    """Postings of tokens sorted by ``term``, then by ``place`` (document times fields plus field), then position."""
    new = np.ones(len(term), bool)
    new[1:] = (term[1:] != term[:-1]) | (place[1:] != place[:-1])
    first = np.flatnonzero(new)
    counts = np.diff(np.append(first, len(term)))
    # A posting holds a limited number of occurrences; what is more becomes further postings of the same place.
    pieces = -(-counts // postings.MAX_COUNT)
    if len(pieces) and pieces.max() > 1:
        piece = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        first = np.repeat(first, pieces) + piece * postings.MAX_COUNT
        counts = np.minimum(np.repeat(counts, pieces) - piece * postings.MAX_COUNT, postings.MAX_COUNT)
    posting_place = place[first]
    documents, fields = np.divmod(posting_place, len(FIELDS))
    codes = postings.make_codes(fields.astype(np.uint32), counts.astype(np.uint32), length_bytes[posting_place])
    starts = np.searchsorted(term[first], np.arange(terms + 1))
    token_starts = np.searchsorted(term, np.arange(terms + 1))
    return {**term_arrays(starts, documents.astype(np.uint32), codes), **position_arrays(token_starts, positions)}


def term_arrays(starts: Array, documents: Array, codes: Array) -> dict[str, Array]:
    """The postings arrays of terms whose postings start at ``starts``."""
    packed, offsets = postings.pack(postings.gaps(documents, starts), starts)
    return {
        "posting_offsets": narrow(starts),
        "gap_offsets": narrow(offsets),
        "gaps": packed,
        "codes": codes,
    }


def position_arrays(starts: Array, positions: Array) -> dict[str, Array]:
    """The positions arrays of terms whose occurrences start at ``starts``."""
    packed, offsets = postings.pack(positions, starts)
    return {"position_offsets": narrow(offsets), "positions": packed}


def dictionary(terms: list[bytes]) -> dict[str, Array]:
    """The sorted ``terms`` and, for every stem that is not its own only term, the numbers of its terms."""
    data, offsets = pack_strings(terms)
    members: dict[str, list[int]] = {}
    texts = [term.decode() for term in terms]
    for number, stem in enumerate(stems(texts)):
        members.setdefault(stem, []).append(number)
    shared = sorted(
        (stem.encode(), numbers)
        for stem, numbers in members.items()
        if len(numbers) > 1 or texts[numbers[0]] != stem
    )
    stem_data, stem_offsets = pack_strings(stem for stem, _ in shared)
    ends = list(accumulate((len(numbers) for _, numbers in shared), initial=0))
    return {
        "term_data": data,
        "term_offsets": offsets,
        "stem_data": stem_data,
        "stem_offsets": stem_offsets,
        "stem_ends": np.array(ends, np.uint32),
        "stem_terms": np.array([number for _, numbers in shared for number in numbers], np.uint32),
    }


@dataclass(slots=True)
class PageColumns:
    """What identifies and recognises each of a segment's pages, column by column."""

    ids: list[bytes]
    sources: list[bytes]
    systems: list[str]
    containers: list[str]
    sizes: Sequence[int] | Array
    mtimes: Sequence[int] | Array
    digests: list[bytes]
    parsers: Sequence[int] | Array

    def arrays(self) -> dict[str, Array]:
        """The columns as arrays of a segment."""
        system_names, systems = _numbered(self.systems)
        container_names, containers = _numbered(self.containers)
        return {
            **strings("id", self.ids),
            "id_order": np.array(sorted(range(len(self.ids)), key=self.ids.__getitem__), np.uint32),
            **strings("source", self.sources),
            **strings("system", system_names),
            "systems": systems.astype(np.uint16),
            **strings("container", container_names),
            "containers": containers,
            "sizes": np.asarray(self.sizes, np.int64),
            "mtimes": np.asarray(self.mtimes, np.int64),
            "digests": np.frombuffer(b"".join(self.digests), np.uint8),
            "parsers": np.asarray(self.parsers, np.uint32),
        }


def strings(name: str, values: Iterable[bytes]) -> dict[str, Array]:
    """The two arrays that :class:`~.arrays.Strings` of that name reads."""
    data, offsets = pack_strings(values)
    return {f"{name}_data": data, f"{name}_offsets": offsets}


def _numbered(values: list[str]) -> tuple[list[bytes], Array]:
    """The distinct values in order and the number of each value among them."""
    names = sorted(set(values))
    numbers = {name: number for number, name in enumerate(names)}
    return [name.encode("utf-8", "surrogateescape") for name in names], np.array(
        [numbers[value] for value in values], np.uint32
    )


def page_arrays(pages: list[IndexablePage]) -> dict[str, Array]:
    """The arrays by page: what is stored, identity, and how the page is recognised."""
    columns = PageColumns(
        ids=[page.id.encode("utf-8", "replace") for page in pages],
        sources=[page.source.encode("utf-8", "surrogateescape") for page in pages],
        systems=[page.system for page in pages],
        containers=[page.facts.container for page in pages],
        sizes=[page.facts.size for page in pages],
        mtimes=[page.facts.mtime_ns for page in pages],
        digests=[page.facts.digest for page in pages],
        parsers=[page.facts.parser for page in pages],
    )
    return {**strings("stored", (page.stored for page in pages)), **columns.arrays()}
