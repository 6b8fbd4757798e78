"""Which pages match a query and how well, as arrays; and the arithmetic of AND, OR and NOT over them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .scratch import AT_A_TIME, SCRATCH

Pages = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

TINY = np.float32(1e-30)
"""The least score of a page that matches: a score of 0 means that it does not."""

# compress, here and elsewhere, takes half to a quarter of the time of a mask in brackets.

_DENSE_SHARE, _DENSE_SHARE_OF_MANY, _MANY = 12, 6, 1 << 14
"""With more than one page in so many, a score for every page is the faster form: of many pages it is new memory."""


@dataclass(slots=True)  # frozen ones take thrice as long to make
class Matches:
    """The matching pages, in one of two forms.

    Sparse: ``pages`` are ascending page numbers and ``scores`` theirs, all above 0. Dense: ``pages`` is None and
    ``scores`` has one for every page of the snapshot, 0 where it does not match.
    """

    pages: Pages | None
    scores: Scores

    def __len__(self) -> int:
        return int(np.count_nonzero(self.scores > 0)) if self.pages is None else len(self.pages)

    def dense(self, count: int) -> Scores:
        """A score for each of ``count`` pages; not to be written to."""
        if self.pages is None:
            return self.scores
        scores = np.zeros(count, np.float32)
        scores[self.pages] = self.scores
        return scores

    def score(self, page: int) -> float:
        """The score of one page, 0 where it does not match."""
        if self.pages is None:
            return float(self.scores[page]) if len(self.scores) else 0.0
        place = int(np.searchsorted(self.pages, page))
        return float(self.scores[place]) if place < len(self.pages) and self.pages[place] == page else 0.0

    def sparse(self) -> tuple[Pages, Scores]:
        """The matching pages and their scores."""
        if self.pages is not None:
            return self.pages, self.scores
        pages = (self.scores > 0).nonzero()[0]
        return pages, self.scores[pages]

    def scaled(self, factor: float) -> Matches:
        """The same pages with scores times ``factor``."""
        if factor == 1.0:
            return self
        scores = self.scores * np.float32(factor)
        return Matches(self.pages, np.where(self.scores > 0, np.maximum(scores, TINY), np.float32(0)))

    def constant(self, score: float) -> Matches:
        """The same pages, all with one score."""
        return Matches(self.pages, np.where(self.scores > 0, np.float32(score), np.float32(0)))

    @property
    def bytes_held(self) -> int:
        """How much memory the arrays take."""
        return self.scores.nbytes + (0 if self.pages is None else self.pages.nbytes)


NOTHING = Matches(np.empty(0, np.int64), np.empty(0, np.float32))


def is_dense(matching: int, count: int) -> bool:
    """Whether ``matching`` of ``count`` pages are better held as a score for every page."""
    return matching * (_DENSE_SHARE if count <= _MANY else _DENSE_SHARE_OF_MANY) >= count


def sum_by_page(pages: Pages, values: npt.NDArray[Any]) -> tuple[Pages, npt.NDArray[Any]]:
    """The distinct pages of ascending ``pages`` with the sum of each one's values."""
    if not len(pages):
        return pages, values
    new = begins(pages)
    return pages.compress(new), np.bincount(np.cumsum(new) - 1, values)


def begins(ascending: Pages) -> Mask:
    """Which of ``ascending`` numbers are other ones than the number before."""
    new = np.empty(len(ascending), bool)
    new[:1] = True
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return new


def any_of(parts: Sequence[Matches], count: int) -> Matches:
    """Pages that match at least one part; scores add up."""
    parts = [part for part in parts if len(part.scores)]
    if not parts:
        return NOTHING
    if len(parts) == 1:
        return parts[0]
    total = sum(len(part.scores) for part in parts)
    if not is_dense(total, count):
        found, sums = sum_by_page(*_in_order(parts))
        return Matches(found, sums.astype(np.float32))
    dense = [part.scores for part in parts if part.pages is None]
    scores = dense[0] + dense[1] if len(dense) > 1 else dense[0].copy() if dense else np.zeros(count, np.float32)
    for more in dense[2:]:
        scores += more
    for part in parts:
        if part.pages is not None:
            np.add.at(scores, part.pages, part.scores)
    return Matches(None, scores)


def _in_order(parts: Sequence[Matches]) -> tuple[Pages, Scores]:
    """The pages of sparse ``parts`` together, ascending, and their scores."""
    pages = np.concatenate([part.pages for part in parts if part.pages is not None])
    order = pages.argsort(kind="stable")
    return pages.take(order), np.concatenate([part.scores for part in parts]).take(order)


def best_of(parts: Sequence[Matches], tiebreak: float, count: int) -> Matches:
    """Pages that match at least one part; the best score counts, and ``tiebreak`` times the others."""
    parts = [part for part in parts if len(part.scores)]
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    if is_dense(sum(len(part.scores) for part in parts), count):
        first, *others = (part.dense(count) for part in parts)
        best, total = first, first
        for scores in others:
            best, total = np.maximum(best, scores), total + scores
        pages = None
    else:
        pages, scores = _in_order(parts)
        starts = begins(pages).nonzero()[0]
        pages, best, total = pages.take(starts), np.maximum.reduceat(scores, starts), np.add.reduceat(scores, starts)
    return Matches(pages, best + np.float32(tiebreak) * (total - best) if tiebreak else best)


def all_of(parts: Sequence[Matches]) -> Matches:
    """Pages that match every part; scores add up."""
    if not parts:
        return NOTHING
    parts = sorted(parts, key=lambda part: len(part.scores))
    result = parts[0]
    for part in parts[1:]:
        pages, mine, theirs = shared(result, part)
        result = Matches(pages, mine + theirs)
    return result


def shared(first: Matches, second: Matches) -> tuple[Pages | None, Scores, Scores]:
    """The pages of both and the scores of each; dense (None, with 0 elsewhere) only where both are."""
    if first.pages is None and second.pages is None:
        both = (first.scores > 0) & (second.scores > 0)
        return None, first.scores * both, second.scores * both
    if first.pages is None:
        pages, theirs, mine = shared(second, first)
        return pages, mine, theirs
    if second.pages is None:
        other = second.scores.take(first.pages)
        kept = other > 0
        return first.pages.compress(kept), first.scores.compress(kept), other.compress(kept)
    kept = among(first.pages, second.pages)
    pages = first.pages.compress(kept)
    return pages, first.scores.compress(kept), second.scores[np.searchsorted(second.pages, pages)]


def lift(found: Matches, needed: Sequence[Matches], bonus: float) -> None:
    """Add ``bonus`` to the scores in ``found``, which are written to, of the pages that every one of ``needed`` has."""
    needed = sorted(needed, key=lambda part: len(part.scores) if part.pages is not None else sys.maxsize)
    pages, scores = needed[0].pages, found.scores
    if pages is None:
        for start in range(0, len(scores), AT_A_TIME):
            here = slice(start, start + AT_A_TIME)
            mask = needed[0].scores[here] > 0
            for part in needed[1:]:
                mask &= part.scores[here] > 0
            scores[here] += np.multiply(mask, np.float32(bonus), out=SCRATCH.weights[: len(mask)])
        return
    for part in needed[1:]:
        pages = pages.compress(among(pages, part.pages) if part.pages is not None else part.scores.take(pages) > 0)
    scores[pages if found.pages is None else np.searchsorted(found.pages, pages)] += np.float32(bonus)


def among(some: npt.NDArray[np.int64], ascending: npt.NDArray[np.int64]) -> Mask:
    """Which of ``some`` are among ``ascending`` ones."""
    if not len(ascending):
        return np.zeros(len(some), bool)
    mask: Mask = ascending.take(ascending.searchsorted(some), mode="clip") == some
    return mask


def within(matches: Matches, mask: Mask) -> Matches:
    """The matches among the pages of ``mask``."""
    if matches.pages is None:
        return Matches(None, matches.scores * mask)
    kept = mask.take(matches.pages)
    return Matches(matches.pages.compress(kept), matches.scores.compress(kept))


def mask_of(matches: Matches, count: int) -> Mask:
    """Which of ``count`` pages match."""
    if matches.pages is None:
        return matches.scores > 0
    mask = np.zeros(count, bool)
    mask[matches.pages] = True
    return mask


def at_least_as_good(scores: Scores, wanted: int) -> Pages:
    """The places of the ``wanted`` best of ``scores``, of those that tie with the last of them, and maybe a few more.

    The best of each block of 64 gives a score that at least ``wanted`` places reach, in one pass over the array.
    """
    blocks = len(scores) // 64
    if blocks < 2 * wanted:
        if wanted >= len(scores):
            return (scores > 0).nonzero()[0]
        floor = nth_best(scores, wanted)
    else:
        floor = nth_best(np.maximum.reduce(scores[: blocks * 64].reshape(64, blocks)), wanted)
    return (scores >= max(floor, TINY)).nonzero()[0]


def nth_best(scores: Scores, n: int) -> np.float32:
    """The ``n``-th best of at least as many scores."""
    ordered = scores.copy()
    ordered.partition(len(scores) - n)
    best: np.float32 = ordered[len(scores) - n]
    return best
