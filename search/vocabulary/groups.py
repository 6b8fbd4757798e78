"""Terms of several words in a query, and abbreviations whose meaning the other words tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from ...indexer import parameters
from ...indexer.analysis import has_digit, stem
from ...indexer.fields import ALL
from ..words import Variant, Word
from .synonyms import UNKNOWN, Found
from .terms import MAX_WORDS, OPERATIONS, key_of

Lookup = Callable[[str], Found]


def terms_of(words: Sequence[Word], synonyms: Lookup) -> list[Word]:
    """The terms of the vocabulary among telling ``words``, side by side, the longest first, as words of their own.

    Each matches the term as written or any of its synonyms, so that what says the same in other words counts once.
    """
    found: list[Word] = []
    stems = [stem(word.text) for word in words]
    known = [synonyms(word_stem) is not UNKNOWN for word_stem in stems]
    start = 0
    while start < len(words) - 1:
        end = start
        while end < min(start + MAX_WORDS, len(words)) and known[end]:
            end += 1
        for stop in range(end, start + 1, -1):
            variants = synonyms(" ".join(sorted(set(stems[start:stop])))).sure
            if variants:
                found += _term(words[start:stop], variants)
                start = stop - 1
                break
        start += 1
    return found


def hyphenated(words: Sequence[str], synonyms: Lookup) -> Word | None:
    """A term of the vocabulary written as one word (``c-section``), with its synonyms; None where it is none."""
    variants = synonyms(key_of(words)).sure
    if not variants or any(map(has_digit, words)):
        return None
    text = " ".join(words)
    others = (v._replace(weight=v.weight * parameters.SYNONYM_WEIGHT) for v in variants if v.term != text)
    return Word(ALL, text, (Variant(text, 1.0, "exact"), *others))


def pairs_of(words: Sequence[Word], terms: Sequence[Word]) -> list[Word]:
    """The pairs of telling ``words`` side by side, as phrases of their own, but for those that are among ``terms``.

    They are the ordered features of the sequential dependence model: Metzler and Croft, "A Markov random field model
    for term dependencies", SIGIR 2005.
    """
    known = {term.text for term in terms}
    pairs = {f"{one.text} {other.text}": (one.text, other.text) for one, other in pairwise(words)}
    return [
        Word(ALL, text, (Variant(text, 1.0, "exact"),), parameters.PAIR_WEIGHT, pair)
        for text, pair in pairs.items() if text not in known
    ]  # fmt: skip


def _term(words: Sequence[Word], variants: tuple[Variant, ...]) -> list[Word]:
    """The term of these ``words``, and what a code system calls the operation that it is."""
    text = " ".join(word.text for word in words)
    weighted = [v._replace(weight=v.weight * parameters.TERM_SYNONYM_WEIGHT) for v in variants if v.term != text]
    instead_of = tuple(word.text for word in words)
    said = {text: 1.0}
    if len(words) == 2:  # transplant kidney, kidney transplant: tighter than any other word for them
        said.setdefault(" ".join(reversed(instead_of)), parameters.STEM_WEIGHT)
    own = (Variant(term, weight, "exact") for term, weight in said.items())
    others = [v for v in weighted if v.term not in said]
    operations = tuple(v for v in others if v.entry == OPERATIONS)
    found = [Word(ALL, text, (*own, *(v for v in others if v.entry != OPERATIONS)), parameters.TERM_WEIGHT, instead_of)]
    if operations:
        found.append(Word(ALL, text, operations, parameters.OPERATION_WEIGHT * len(words), instead_of))
    return found


def support(word: Word, words: Sequence[Word], synonyms: Lookup) -> None:
    """Let ``word`` match those meanings of an ambiguous abbreviation that other ``words`` of the query speak for."""
    uncertain = synonyms(stem(word.text)).uncertain
    if not uncertain:
        return
    others = {stem(other.text) for other in words if other is not word}
    word.variants += tuple(
        variant._replace(weight=variant.weight * parameters.SYNONYM_WEIGHT)
        for supporters, variants in uncertain
        if not others.isdisjoint(supporters)
        for variant in variants
    )
