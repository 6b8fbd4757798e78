"""Words of a query and what they are allowed to match: the node that the evaluator scores as one word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .language.trees import And, FuzzyTerm, MultiTerm, Or, Phrase, Prefix, Term, TermRange, Wildcard

SEMANTIC = "semantic"
"""How a page is found that has none of the words."""

TIERS = ("exact", "stem", "synonym", "prefix", "corrected", SEMANTIC)
"""How a word of a query may match, the tightest first."""


class Variant(NamedTuple):
    """What a word of a query matches: a term, or several with spaces between that stand for a phrase.

    ``weight`` is what it counts beside the word itself (1.0); ``entry`` is the entry of the vocabulary that says so.
    """

    term: str
    weight: float
    tier: str
    entry: str = ""


class Together(Or):  # type: ignore[misc]  # Whoosh is not typed
    """Any of its parts, where pages with all the words of the query count more.

    ``words`` has for each word of the query the parts that say it. Whoosh's own searcher runs it as an Or.
    """

    def __init__(self, subqueries: list[Any], words: Sequence[Sequence[Any]]) -> None:
        super().__init__(subqueries)
        self.words = words


class InParts(And):  # type: ignore[misc]  # Whoosh is not typed
    """The plain words for all parts of the clinical ``word``; the same in every query over one snapshot."""

    def __init__(self, word: str, subqueries: list[Any], boost: float) -> None:
        super().__init__(subqueries, boost)
        self.word = word


class Word(MultiTerm):  # type: ignore[misc]  # Whoosh is not typed
    """A word or term of a query with its variants, scored as one: their occurrences add up before saturation.

    ``instead_of`` are the words of the query that it says in other words. Whoosh's own searcher runs it too, as the
    union of the variants that are single words.
    """

    def __init__(
        self,
        fieldname: str,
        text: str,
        variants: tuple[Variant, ...],
        boost: float = 1.0,
        instead_of: tuple[str, ...] = (),
    ) -> None:
        self.fieldname = fieldname
        self.text = text
        self.variants = variants
        self.boost = boost
        self.instead_of = instead_of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Word) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Word({self.fieldname!r}, {self.text!r}, {self.variants!r}, boost={self.boost})"

    @property
    def phrases(self) -> list[str]:
        """Its variants of several words."""
        return [variant.term for variant in self.variants if " " in variant.term]

    def _key(self) -> tuple[Any, ...]:
        return self.fieldname, self.text, self.variants, self.boost

    def _btexts(self, ixreader: Any) -> Iterator[bytes]:
        for variant in sorted(self.variants):
            text = variant.term.encode()
            if (self.fieldname, text) in ixreader:
                yield text


LEAVES = frozenset((Term, Word, Prefix, Wildcard, FuzzyTerm, TermRange, Phrase))
"""The words, patterns, ranges and phrases of a tree."""


def leaves(node: Any, kinds: frozenset[type] = LEAVES) -> list[Any]:
    """The parts of a tree of these ``kinds``, those that it excludes too."""
    if type(node) in kinds:
        return [node]
    parts = getattr(node, "subqueries", None)
    if parts is None:
        parts = [getattr(node, name) for name in ("a", "b", "query", "child") if hasattr(node, name)]
    return [leaf for part in parts for leaf in leaves(part, kinds)]
