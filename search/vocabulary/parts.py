"""Clinical words and the plain words for their parts, as far as an index holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...indexer import parameters
from ...indexer.analysis import stem
from ...indexer.fields import ALL, NAMING
from ...indexer.snapshot import Snapshot
from ..cache import WorkedOut
from ..scoring import inverse_document_frequency
from ..words import InParts, Variant, Word
from .morphemes import endings_meanings, roots_by_meaning, take_apart

Expand = Callable[[str], tuple[Variant, ...]]

_KEPT = 20_000
_ENTRY = "part of a clinical word"
_NEAR = 3  # how many telling words apart the two parts of a clinical word may stand


class _Part(NamedTuple):
    """What the plain words for a part of clinical words match, and how rare they are together."""

    variants: tuple[Variant, ...]
    rarity: float


class Parts:
    """The parts of the words of one snapshot, each worked out once. ``expand`` gives the variants of a word.

    Safe to share between threads.
    """

    def __init__(self, snapshot: Snapshot, expand: Expand) -> None:
        self._snapshot = snapshot
        self._expand = expand
        self._plain: WorkedOut[str, Any] = WorkedOut(_KEPT)
        self._parts: WorkedOut[tuple[str, ...], _Part] = WorkedOut(_KEPT)
        self._clinical: dict[str, Mapping[str, tuple[Variant, ...]]] = {}

    def in_plain_words(self, word: str) -> Any:
        """The query for pages with plain words for all parts of ``word``; None where it is not made of known ones."""
        return self._plain.of(word, self._all_parts)

    def in_one_word(self, words: Sequence[Word]) -> list[Word]:
        """The clinical words that say a part of the body and what is done to it, where both stand near in ``words``."""
        found = []
        said_by_endings = endings_meanings()
        done = [(place, other) for place, other in enumerate(words) if stem(other.text) in said_by_endings]
        for place, word in enumerate(words) if done else ():
            for other in [other for at, other in done if abs(at - place) <= _NEAR]:
                variants = self._clinical_words(stem(word.text)).get(stem(other.text))
                if variants:
                    parts = (word.text, other.text)
                    found.append(Word(ALL, " ".join(parts), variants, parameters.ONE_WORD_WEIGHT, parts))
        return found

    def _all_parts(self, word: str) -> Any:
        compound = take_apart(word)
        if compound is None:
            return None
        plain = [*(tuple(root.split()) for root in compound.roots), compound.ending]
        parts = [self._parts.of(words, self._any_of) for words in plain]
        # Together the parts must not count more than the word they stand for.
        rarity = self._rarity(self._expand(word)) / max(sum(part.rarity for part in parts), 1e-9)
        weight = parameters.PARTS_WEIGHT * min(1.0, rarity)
        said = zip(map(" ".join, plain), parts, strict=True)
        return InParts(word, [Word(NAMING, text, part.variants, 1.0, (word,)) for text, part in said], weight)

    def _any_of(self, plain: Sequence[str]) -> _Part:
        found = {v.term: Variant(v.term, v.weight, "synonym", _ENTRY) for text in plain for v in self._expand(text)}
        variants = tuple(found.values())
        return _Part(variants, self._rarity(variants))

    def _rarity(self, variants: Sequence[Variant]) -> float:
        pages = self._snapshot.live_count
        having = 0
        for variant in variants:
            for segment in self._snapshot.segments:
                number = segment.term_number(variant.term)
                having += 0 if number is None else segment.frequency(number)
        return inverse_document_frequency(pages, min(having, pages))

    def _clinical_words(self, meaning: str) -> Mapping[str, tuple[Variant, ...]]:
        """The index's clinical words for a part of the body (by its stem), by the stem of what is done to it."""
        roots = roots_by_meaning().get(meaning)
        if roots is None:
            return {}
        found = self._clinical.get(meaning)
        if found is None:
            found = self._clinical[meaning] = self._collect(meaning, roots)
        return found

    def _collect(self, meaning: str, roots: Sequence[str]) -> dict[str, tuple[Variant, ...]]:
        found: dict[str, set[str]] = {}
        for segment in self._snapshot.segments:
            for root in roots:
                for term in segment.terms(*segment.prefix_range(root)):
                    compound = take_apart(term)
                    if compound and len(compound.roots) == 1 and stem(compound.roots[0]) == meaning:
                        for word in compound.ending:
                            found.setdefault(stem(word), set()).add(term)
        return {
            word: tuple(Variant(term, 1.0, "synonym", f"parts of {term}") for term in sorted(terms))
            for word, terms in found.items()
        }
