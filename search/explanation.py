"""Where every part of a score comes from, and why a page is not among the hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..indexer import postings as codec
from ..indexer.fields import ALL, FIELDS
from ..indexer.snapshot import Snapshot
from .asked import AskedWord
from .evaluator import Evaluator
from .language import trees as q
from .matches import Matches, Pages, Scores
from .words import Together, Word

ALL_WORDS = "(all words)"
"""The name of the part of a score that a page has for having all words of a short query."""

MEANING = "(meaning)"
"""The name of the part of a score that a page has for being near to the meaning of the query."""


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """One term in one field of the page: how often, in how many words, and what it adds to ``tf``.

    ``entry`` is the entry of the vocabulary by which it answers, empty where it is no synonym.
    """

    term: str
    tier: str
    field: str
    occurrences: int
    length: int
    tf: float
    entry: str = ""


@dataclass(frozen=True, slots=True)
class WordScore:
    """One word of the query: its part of the score, in how many pages it stands and how rare that makes it.

    ``instead_of`` are the words of the query that it says in other words; of two ways to say one word only the better
    adds to the score.
    """

    word: str
    field: str
    score: float
    pages: int
    rarity: float
    matches: tuple[FieldMatch, ...]
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one procedure (0 where it does not match) and the words it adds up from.

    ``all_words`` says whether it has all words of a short query, which counts more. ``rank`` is its place among the
    ``total`` hits, None where it is none of them; ``best`` the score of the first of them. ``filtered`` says that the
    filters alone leave it out.
    """

    id: str
    score: float
    words: tuple[WordScore, ...]
    all_words: bool
    rank: int | None
    total: int
    best: float
    filtered: bool

    def to_json(self) -> dict[str, Any]:
        """The explanation as a JSON object."""
        return {**asdict(self), "why": list(self.why())}

    def why(self) -> tuple[str, ...]:
        """What keeps the page from a better place, in words; empty for the first hit."""
        if self.rank == 1:
            return ()
        plain = [word for word in self.words if not word.instead_of and word.word not in (ALL_WORDS, MEANING)]
        missing = [word.word for word in plain if not _said(word, self.words)]
        absent = [word.word for word in plain if not word.pages]
        reasons = []
        if self.rank is None:
            reasons.append("it is not among the hits")
        else:
            reasons.append(
                f"it is hit {self.rank} of {self.total}, with a score of {self.score:.2f}, not {self.best:.2f}"
            )
        if absent:
            reasons.append(f"no page has {_listed(absent)}")
        if others := [word for word in missing if word not in absent]:
            reasons.append(f"it does not have {_listed(others)}")
        if self.filtered:
            reasons.append("it matches, but the filter leaves it out")
        elif self.rank is None and not missing:
            reasons.append("it has every word, but the query excludes it or asks for words in other places")
        loose = [word.word for word in plain if word.score and all(match.tier != "exact" for match in word.matches)]
        if loose:
            reasons.append(f"it has {_listed(loose)} in another form only")
        weak = [word.word for word in plain if 0 < word.score < word.rarity / 4 and word.word not in loose]
        if weak:
            reasons.append(f"it has {_listed(weak)} only in passing")
        return tuple(reasons)


def explain(
    snapshot: Snapshot,
    evaluator: Evaluator,
    tree: Any,
    asked: Sequence[AskedWord],
    hits: Matches,
    page: int,
    ranked: Matches | None = None,
) -> Explanation:
    """Explain the score of ``page`` among the ``hits`` of the query ``tree``, which asks for the words ``asked``.

    ``hits`` are what filters leave of the pages that match, ``ranked`` all of these where words are not all they are
    ranked by.
    """
    matches = evaluator.evaluate(tree)
    shares = dict(_shares(evaluator, tree, page, 1.0))
    words = []
    for word in asked:
        found = evaluator.evaluate(word.node)
        words.append(
            WordScore(
                word=word.text,
                field=word.field,
                score=found.score(page) * shares.get(id(word.node), 0.0),
                pages=evaluator.having(word.node, len(found)),
                rarity=evaluator.rarity(word.node),
                matches=tuple(_field_matches(snapshot, evaluator, word, page)),
                instead_of=word.instead_of,
            )
        )
    score = matches.score(page)
    all_words = all(_said(word, words) for word in words if not word.instead_of)
    if all_words and isinstance(tree, Together):
        bonus = score - sum(word.score for word in words)
        words.append(WordScore(ALL_WORDS, ALL, bonus, len(matches), 0.0, ()))
    if ranked is not None and (meaning := ranked.score(page) - score):
        words.append(WordScore(MEANING, ALL, meaning, len(ranked), 0.0, ()))
        score += meaning
    pages, scores = hits.sparse()
    rank = _rank(snapshot, pages, scores, page)
    return Explanation(
        id=snapshot.id(page),
        score=score,
        words=tuple(words),
        all_words=all_words,
        rank=rank,
        total=len(hits),
        best=float(scores.max(initial=0.0)),
        filtered=rank is None and score > 0,
    )


def _rank(snapshot: Snapshot, pages: Pages, scores: Scores, page: int) -> int | None:
    """The place of ``page`` among hits, where ties go by id; None where it is none of them."""
    place = int(np.searchsorted(pages, page))
    if place == len(pages) or pages[place] != page:
        return None
    own = snapshot.id(page)
    tied = pages[scores == scores[place]].tolist()
    return 1 + int(np.count_nonzero(scores > scores[place])) + sum(snapshot.id(other) < own for other in tied)


def _shares(evaluator: Evaluator, node: Any, page: int, share: float) -> Iterator[tuple[int, float]]:
    """What the score of each leaf of the tree is multiplied by on its way into the score of ``page``."""
    if not evaluator.evaluate(node).score(page):
        share = 0.0
    if isinstance(node, (q.AndNot, q.AndMaybe, q.Require)):
        yield from _shares(evaluator, node.a, page, share * node.boost)
        if isinstance(node, q.AndMaybe):
            yield from _shares(evaluator, node.b, page, share * node.boost)
    elif isinstance(node, q.DisjunctionMax):
        best = max(node.subqueries, key=lambda sub: evaluator.evaluate(sub).score(page))
        for sub in node.subqueries:
            counts = 1.0 if sub is best else node.tiebreak
            yield from _shares(evaluator, sub, page, share * node.boost * counts)
    elif isinstance(node, (q.Or, q.And)):
        for sub in node.subqueries:
            if not isinstance(sub, q.Not):
                yield from _shares(evaluator, sub, page, share * node.boost)
    else:
        yield id(node), share


def _said(word: WordScore, words: Sequence[WordScore]) -> bool:
    """Whether the page has ``word`` or says it in other words."""
    return bool(word.matches) or any(other.matches and word.word in other.instead_of for other in words)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _field_matches(snapshot: Snapshot, evaluator: Evaluator, word: AskedWord, page: int) -> list[FieldMatch]:
    segment, local = snapshot.locate(page)
    table = evaluator.table(word.field)
    variants = {variant.term: variant for variant in word.node.variants} if isinstance(word.node, Word) else {}
    matches = []
    for term, weight, pages, codes in evaluator.occurrences(word.node, segment).each():
        for code, count in sorted(Counter(codes[pages == local].tolist()).items()):
            tf = float(table[code]) * weight * count
            if tf > 0:
                variant = variants.get(term or "")
                tier = variant.tier if variant else term and word.tier_of(term)
                matches.append(
                    FieldMatch(
                        term=term or word.text,
                        tier=tier or "exact",
                        field=FIELDS[code >> codec.FIELD_SHIFT].name,
                        occurrences=int(codec.code_counts(code)) * int(count),
                        length=int(codec.LENGTHS[code & 0xFF]),
                        tf=tf,
                        entry=variant.entry if variant else "",
                    )
                )
    return sorted(matches, key=lambda match: (-match.tf, match.term, match.field))
