"""Pages gathered in memory and laid out, in array operations, as the arrays of one segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from . import postings
from .analysis import stems
from .arrays import Array, narrow, pack_strings
from .fields import FIELDS
from .page import FIELD_BITS, FIELD_MASK, IndexablePage, IndexablePages, TermNumbers

_BYTES_PER_TOKEN = 60  # what laying out costs at its height
_BYTES_PER_PAGE = 2000


class Batch:
    """Pages on their way into one segment."""

    def __init__(self) -> None:
        self._numbers = TermNumbers()
        self._tokens: list[Array] = []
        self._run_places: list[Array] = []
        self._run_counts: list[Array] = []
        self._bytes_needed = 0
        self.pages: list[IndexablePage] = []

    def add(self, pages: IndexablePages) -> None:
        """Add pages."""
        numbers = np.array(list(map(self._numbers.__getitem__, pages.terms)), np.uint32)
        tokens = numbers[np.frombuffer(pages.tokens, np.uint32)]
        places = np.frombuffer(pages.run_places, np.uint32) + np.uint32(len(self.pages) << FIELD_BITS)
        self._tokens.append(tokens)
        self._run_places.append(places)
        self._run_counts.append(np.frombuffer(pages.run_counts, np.uint32))
        self.pages += pages.pages
        self._bytes_needed += len(tokens) * _BYTES_PER_TOKEN
        self._bytes_needed += sum(len(page.stored) + _BYTES_PER_PAGE for page in pages.pages)

    @property
    def bytes_needed(self) -> int:
        """About how much memory laying out this batch takes."""
        return self._bytes_needed

    def arrays(self) -> dict[str, Array]:
        """The arrays of a segment of these pages, in the order they were added."""
        return {**self._inverted(), **page_arrays(self.pages)}

    def _inverted(self) -> dict[str, Array]:
        """Dictionary, postings and lengths."""
        encoded = [term.encode() for term in self._numbers.terms]
        order = sorted(range(1, len(encoded)), key=encoded.__getitem__)
        terms = [encoded[number] for number in order]
        rank = np.zeros(len(encoded), np.int64)
        rank[order] = np.arange(1, len(encoded))
        numbers = np.concatenate([*self._tokens, np.empty(0, np.uint32)])
        places = np.concatenate([*self._run_places, np.empty(0, np.uint32)])
        counts = np.concatenate([*self._run_counts, np.empty(0, np.uint32)]).astype(np.int64)
        runs = _Runs(places, counts, numbers == 0)

        # Ends of lines have rank 0: they come first and are cut off.
        key = (rank << 32)[numbers]
        key |= np.arange(len(key))
        key.sort()
        key = key[np.count_nonzero(numbers == 0) :]
        token = (key & 0xFFFFFFFF).astype(np.uint32)
        key >>= 32
        run = runs.of_tokens[token]
        return {
            **dictionary(terms),
            **_inverted(key, run, (token - runs.starts[run]).astype(np.uint32), runs, len(terms)),
            "lengths": runs.all_length_bytes(len(self.pages)),
        }


class _Runs:
    """The tokens of one field of one document stand together: a run. ``line_ends`` tells which tokens are no words.

    The values of a keyword field are a run each; one term is never in two of them.
    """

    def __init__(self, places: Array, counts: Array, line_ends: Array) -> None:
        self.places = places
        self.starts = np.cumsum(counts) - counts
        words = counts.copy()
        if len(counts):
            words -= np.add.reduceat(line_ends, self.starts, dtype=np.int64)
        self.length_bytes = postings.length_bytes(words)
        self.of_tokens = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)

    def all_length_bytes(self, documents: int) -> Array:
        """The length bytes of every field of every document."""
        lengths = np.zeros((documents, len(FIELDS)), np.uint8)
        lengths[self.places >> FIELD_BITS, self.places & FIELD_MASK] = self.length_bytes
        return lengths.ravel()


def _inverted(term: Array, run: Array, positions: Array, runs: _Runs, terms: int) -> dict[str, Array]:
    """Postings of tokens sorted by ``term`` (numbered from 1), then by ``run``, then by position."""
    new = np.ones(len(term) + 1, bool)
    np.not_equal(term[1:], term[:-1], out=new[1:-1])
    new[1:-1] |= run[1:] != run[:-1]
    first = np.flatnonzero(new)
    counts = np.diff(first)
    full = np.flatnonzero(counts > postings.MAX_COUNT)
    if len(full):
        # A posting holds a limited number of occurrences; what is more becomes further postings of the same place.
        pieces = (counts[full] - 1) // postings.MAX_COUNT
        piece = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
        new[np.repeat(first[full], pieces) + piece * postings.MAX_COUNT] = True
        first = np.flatnonzero(new)
        counts = np.diff(first)
    first = first[:-1]
    posting_run = run[first]
    place = runs.places[posting_run]
    documents, fields = place >> FIELD_BITS, (place & FIELD_MASK).astype(np.uint16)
    codes = postings.make_codes(fields, counts.astype(np.uint16), runs.length_bytes[posting_run])
    token_starts = np.searchsorted(term, np.arange(1, terms + 2))
    starts = np.searchsorted(first, token_starts)
    return {**term_arrays(starts, documents, codes), **position_arrays(token_starts, positions)}


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
