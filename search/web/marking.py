"""Text with the words that matched, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Set

from markupsafe import Markup, escape

from ...indexer.analysis import word_spans
from ..explanation import Explanation
from ..printing import printable


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """``text`` as HTML with each [start, end) of ``marks`` in a ``mark`` element."""
    parts = []
    end = 0
    for start, stop in marks:
        parts += [_plain(text[end:start]), Markup("<mark>"), _plain(text[start:stop]), Markup("</mark>")]
        end = stop
    return Markup("").join([*parts, _plain(text[end:])])


def mark_terms(text: str, terms: Set[str]) -> Markup:
    """``text`` as HTML with each word that is one of ``terms`` marked."""
    if not terms:
        return _plain(text)
    return marked(text, [(start, end) for term, start, end in word_spans(text) if term in terms])


def matched_terms(explanation: Explanation) -> dict[str, set[str]]:
    """For each field of a page the terms in it that matched a query; a phrase counts as its words."""
    found: dict[str, set[str]] = {}
    for word in explanation.words:
        for match in word.matches:
            found.setdefault(match.field, set()).update(match.term.split())
    return found


def _plain(text: str) -> Markup:
    return escape(printable(text))
