"""Clinical words and the plain words for their parts, as far as an index holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...indexer import parameters
from ...indexer.analysis import stem
from ...indexer.fields import ALL, NAMING
from ...indexer.snapshot import Snapshot
from ..cache import WorkedOut
from ..scoring import inverse_document_frequency
from ..words import InParts, Variant, Word
from .morphemes import endings_by_meaning, roots_by_meaning, take_apart

Expand = Callable[[str], tuple[Variant, ...]]

_KEPT = 20_000
_ENTRY = "part of a clinical word"
_NEAR = 3  # how many telling words apart the two parts of a clinical word may stand


class _Part(NamedTuple):
    """What the plain words for a part of clinical words match, whether any page may have it, and how rare it is."""

    variants: tuple[Variant, ...]
    known: bool
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
        self._clinical: WorkedOut[tuple[str, str], tuple[Variant, ...]] = WorkedOut(_KEPT)

    def in_plain_words(self, word: str) -> Any:
        """The query for pages with plain words for all parts of ``word``; None where they are not all known here."""
        return self._plain.of(word, self._all_parts)

    def in_one_word(self, words: Sequence[Word]) -> list[Word]:
        """The clinical words that say a part of the body and what is done to it, where both stand near in ``words``."""
        found = []
        endings, roots = endings_by_meaning(), roots_by_meaning()
        done = [(place, other) for place, other in enumerate(words) if stem(other.text) in endings]
        for place, word in enumerate(words) if done else ():
            if stem(word.text) not in roots:
                continue
            for other in [other for at, other in done if abs(at - place) <= _NEAR]:
                variants = self._clinical.of((stem(word.text), stem(other.text)), self._clinical_words)
                if variants:
                    parts = (word.text, other.text)
                    found.append(Word(ALL, " ".join(parts), variants, parameters.ONE_WORD_WEIGHT, parts))
        return found

    def _all_parts(self, word: str) -> Any:
        compound = take_apart(word)
        if compound is None:
            return None
        plain = [*(tuple(root.split()) for root in compound.roots), compound.ending]
        parts = []
        for words in plain:
            part = self._parts.of(words, self._any_of)
            if not part.known:
                return None
            parts.append(part)
        # Together the parts must not count more than the word they stand for.
        rarity = self._rarity(self._having(self._expand(word))) / max(sum(part.rarity for part in parts), 1e-9)
        weight = parameters.PARTS_WEIGHT * min(1.0, rarity)
        said = zip(map(" ".join, plain), parts, strict=True)
        return InParts(word, [Word(NAMING, text, part.variants, 1.0, (word,)) for text, part in said], weight)

    def _any_of(self, plain: Sequence[str]) -> _Part:
        found = {v.term: Variant(v.term, v.weight, "synonym", _ENTRY) for text in plain for v in self._expand(text)}
        variants = tuple(found.values())
        having = self._having(variants)
        phrases = any(" " in variant.term for variant in variants)
        return _Part(variants, having > 0 or phrases, self._rarity(having))

    def _having(self, variants: Sequence[Variant]) -> int:
        """In about how many pages any of ``variants`` stands, those of several words left out."""
        having = 0
        for segment in self._snapshot.segments:
            numbers = [segment.term_number(variant.term) for variant in variants]
            having += sum(segment.frequencies_of([number for number in numbers if number is not None]))
        return having

    def _rarity(self, having: int) -> float:
        pages = self._snapshot.live_count
        return inverse_document_frequency(pages, min(having, pages))

    def _clinical_words(self, said: tuple[str, str]) -> tuple[Variant, ...]:
        """The index's clinical words for a part of the body and what is done to it, both by their stems."""
        body, done = said
        endings = endings_by_meaning()[done]
        found: set[str] = set()
        for segment in self._snapshot.segments:
            for root in roots_by_meaning()[body]:
                terms = segment.terms(*segment.prefix_range(root))
                found.update(term for term in terms if term.endswith(endings) and _says(term, body, done))
        return tuple(Variant(term, 1.0, "synonym", f"parts of {term}") for term in sorted(found))


def _says(word: str, body: str, done: str) -> bool:
    """Whether ``word`` is made of a part of the body and what is done to it, both given by their stems."""
    compound = take_apart(word)
    return compound is not None and list(map(stem, compound.roots)) == [body] and done in map(stem, compound.ending)
