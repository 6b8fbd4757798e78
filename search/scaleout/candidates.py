"""The pages that the cluster proposes, as a segment that our own scoring runs over.

Only the words that a query asks for are looked up in them. What a word is worth depends on the whole index: the numbers
of pages, of words in them and of pages with the word come from the cluster.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ...corpus.procedure import Procedure
from ...indexer.analysis import stem
from ...indexer.fields import FIELDS
from ...indexer.inversion import FIELD_BITS, FIELD_MASK, Inverted, invert
from ...indexer.posting_lists import Codes, Documents, Span
from ...indexer.postings import gaps
from ...indexer.scaleout.documents import ClusterPage
from ...indexer.segment import Segment
from ...indexer.snapshot import Snapshot
from ..cache import BoundedCache
from ..evaluator import Evaluator, key_of
from ..expansion import Expander
from ..language import trees as q
from ..matches import Matches
from ..words import Word, leaves
from .analysed import Analysed, Analyser

_CACHE_BYTES = 16 * 2**20


class Wanted:
    """The terms that the leaves of a tree ask for. ``expanded`` gives those of a wildcard or a fuzzy word."""

    def __init__(self, tree: Any, expanded: Callable[[Any], Sequence[str]]) -> None:
        self.terms: set[str] = set()
        self.stems: set[str] = set()
        self._tests: list[Callable[[str], bool]] = []
        for leaf in leaves(tree):
            if isinstance(leaf, Word):
                for variant in leaf.variants:
                    words = variant.term.split(" ")
                    (self.terms.add(variant.term) if len(words) == 1 else self.stems.update(map(stem, words)))
            elif isinstance(leaf, q.Term):
                self.terms.add(leaf.text)
            elif isinstance(leaf, q.Phrase):
                self.terms.update(leaf.words)
            elif isinstance(leaf, q.Prefix):
                self._tests.append(_begins_with(leaf.text))
            elif isinstance(leaf, q.TermRange):
                self._tests.append(_in_range(leaf))
            else:
                self.terms.update(expanded(leaf))

    def among(self, analysed: Analysed) -> list[tuple[str, int]]:
        """The terms asked for that the pages have, in order, and their numbers."""
        words = analysed.words
        having = np.zeros(1 + max(int(analysed.numbers.max(initial=0)), max(analysed.asked, default=0)), bool)
        having[analysed.numbers] = True
        having[0] = False  # the end of a line
        found = {number for number in analysed.asked if having[number]}
        if self._tests:
            there = [(number, words[number].decode()) for number in np.flatnonzero(having).tolist()]
            found.update(number for number, term in there if any(test(term) for test in self._tests))
        return sorted((words[number].decode(), number) for number in found)


def _begins_with(prefix: str) -> Callable[[str], bool]:
    return lambda term: term.startswith(prefix)


def _in_range(leaf: Any) -> Callable[[str], bool]:
    low, high = leaf.start or "", leaf.end

    def holds(term: str) -> bool:
        return (low < term if leaf.startexcl and low else low <= term) and (
            high is None or (term < high if leaf.endexcl else term <= high)
        )

    return holds


class Candidates(Segment):
    """Pages as a segment with the terms that are ``wanted``. It is in memory only."""

    def __init__(self, pages: Sequence[ClusterPage], wanted: Wanted, analyser: Analyser) -> None:
        self.pages = len(pages)
        self.name = "candidates"
        self._pages = pages
        analysed = analyser.analyse(pages, wanted.terms, wanted.stems)
        found = wanted.among(analysed)
        self._listed = [term for term, _ in found]
        self._numbers = {term: number for number, term in enumerate(self._listed, 1)}
        here = np.full(1 + int(analysed.numbers.max(initial=0)), len(found) + 1, np.uint32)
        here[0] = 0
        here[[number for _, number in found]] = np.arange(1, len(found) + 1)
        places = analysed.pages << FIELD_BITS | analysed.fields
        self._inverted: Inverted = invert(here[analysed.numbers], places, analysed.counts)
        self._gaps_in_memory = gaps(self._inverted.pages, self._inverted.starts)

    # The dictionary: the first term has the number 1

    def term(self, number: int) -> str:
        """The term of that number."""
        return self._listed[number - 1]

    def term_number(self, term: str) -> int | None:
        """The number of ``term``, or None where no candidate has it."""
        return self._numbers.get(term)

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """The numbers [start, stop) of the terms that begin with ``prefix``."""
        return 1 + bisect_left(self._listed, prefix), 1 + bisect_left(self._listed, prefix + "\U0010ffff")

    def term_range(
        self, start: str | None, end: str | None, start_excluded: bool, end_excluded: bool
    ) -> tuple[int, int]:
        """The numbers [first, stop) of the terms from ``start`` to ``end``; None is an open end."""
        first = bisect_left(self._listed, start or "")
        if start and start_excluded and self._listed[first : first + 1] == [start]:
            first += 1
        stop = len(self._listed) if end is None else bisect_left(self._listed, end)
        if end and not end_excluded and self._listed[stop : stop + 1] == [end]:
            stop += 1
        return 1 + first, 1 + max(first, stop)

    def stem_terms(self, stem_: str) -> Mapping[str, int]:
        """All terms whose stem is ``stem_``, with their numbers."""
        return {term: number for number, term in enumerate(self._listed, 1) if stem(term) == stem_}

    # Postings

    def spans_of(self, numbers: Sequence[int]) -> Sequence[Span]:
        """Where the postings of each of some terms lie."""
        inverted = self._inverted
        places = inverted.terms.searchsorted([(number, number + 1) for number in numbers]).reshape(-1, 2)
        postings, positions = inverted.starts[places].tolist(), inverted.token_starts[places].tolist()
        return [
            (start, start, first, stop, stop, after)
            for (start, stop), (first, after) in zip(postings, positions, strict=True)
        ]

    def _between(self, start: int, stop: int) -> tuple[Documents, Codes]:
        low, high = self._inverted.starts[np.searchsorted(self._inverted.terms, (start, stop))]
        return self._inverted.pages[low:high].astype(np.int64), self._inverted.codes[low:high]

    def _each_codes(self, spans: Sequence[Span]) -> list[Codes]:
        return [self._inverted.codes[start:stop] for start, _, _, stop, _, _ in spans]

    def _each_gaps(self, spans: Sequence[Span]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        return [self._gaps_in_memory[start:stop] for _, start, _, _, stop, _ in spans]

    def postings_between(self, start: int, stop: int) -> int:
        """How many postings the terms numbered ``start`` to ``stop`` have together."""
        return len(self._between(start, stop)[0])

    def range_postings(self, start: int, stop: int, room: Documents | None = None) -> tuple[Documents, Codes]:
        """The postings of the terms numbered ``start`` to ``stop``, one term after the other."""
        return self._between(start, stop)

    def range_parts(self, start: int, stop: int, room: Documents) -> Iterator[tuple[Documents, Codes]]:
        """The postings of the terms numbered ``start`` to ``stop``, as many at a time as there is room for."""
        return _in_parts(self._between(start, stop), room)

    def positions(self, span: Span, occurrences: int) -> npt.NDArray[np.unsignedinteger[Any]]:
        """The positions of a term's occurrences in the order of :meth:`postings`."""
        _, _, low, _, _, high = span
        return self._inverted.positions[low:high]

    @cached_property
    def length_bytes(self) -> npt.NDArray[np.uint8]:
        """The length bytes of all fields (columns) of all pages (rows)."""
        lengths = np.zeros((self.pages, len(FIELDS)), np.uint8)
        places = self._inverted.run_places
        lengths[places >> FIELD_BITS, places & FIELD_MASK] = self._inverted.run_lengths
        return lengths

    def lengths_of(self, pages: Documents, fields: Codes) -> npt.NDArray[np.uint8]:
        """The length byte of each of ``fields`` of each of ``pages``."""
        return self.length_bytes[pages, fields]

    # Pages

    @property
    def all_live(self) -> bool:
        """Every candidate counts."""
        return True

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Every candidate counts."""
        return np.ones(self.pages, bool)

    def ids_of(self, pages: Sequence[int]) -> list[str]:
        """The id of each of some pages."""
        return [self._pages[page].id for page in pages]

    def procedure(self, page: int) -> Procedure:
        """The procedure of a page."""
        return self._pages[page].procedure


def _in_parts(found: tuple[Documents, Codes], room: Documents) -> Iterator[tuple[Documents, Codes]]:
    pages, codes = found
    for at in range(0, len(pages), len(room)):
        yield pages[at : at + len(room)], codes[at : at + len(room)]


class CandidateEvaluator(Evaluator):
    """Scores candidates of an index of which ``whole`` holds the statistics.

    ``counted`` tells in how many pages of the whole index each leaf of the tree stands, by :func:`counted_leaves`.
    """

    def __init__(
        self,
        whole: Snapshot,
        candidates: Candidates,
        boosts: Mapping[str, float],
        expander: Expander,
        counted: Mapping[Hashable, int],
    ) -> None:
        snapshot = Snapshot(whole.manifest, (candidates,), None)
        cache: BoundedCache[Matches] = BoundedCache(_CACHE_BYTES)
        super().__init__(snapshot, boosts, expander, cache)
        self.snapshot = snapshot
        self._counted = counted

    def having(self, leaf: Any, here: int, field: int | None = None) -> int:
        """In how many pages of the whole index ``leaf`` stands, in one field of it if given."""
        counted = self._counted.get((field, key_of(leaf)), here)
        return min(max(counted, here), self.snapshot.live_count)

    def best(self, matches: Matches, wanted: int) -> list[tuple[int, float]]:
        """The ``wanted`` best candidates with their scores; ties go by id."""
        pages, scores = matches.sparse()
        found = zip(pages.tolist(), scores.tolist(), strict=True)
        return sorted(found, key=lambda hit: (-hit[1], self.snapshot.id(hit[0])))[:wanted]
