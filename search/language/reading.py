"""What is known while one query is read: its bounds, the notes for the user, the count of its terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from ...corpus.errors import QueryError
from .trees import Query

SENTENCE_MARKS = ",.;:!…"
"""Marks that no one means to search for: left out without a note."""

SHOWN_CHARACTERS = 40
"""How much of the user's text a note or an error repeats."""

SHOWN_TEXTS = 10
"""How many pieces of it one note lists."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a query may be; what goes past a bound is a ``QueryError`` that says which."""

    characters: int = 1000
    """Length of the query."""
    terms: int = 64
    """Words to look up, those inside phrases included."""
    depth: int = 20
    """Parentheses within parentheses, and ANDNOT, ANDMAYBE or REQUIRE in a row."""
    slop: int = 10
    """The number after the tilde of a phrase."""
    fuzzy_edits: int = 2
    """Letters that a fuzzy word may differ in."""
    fuzzy_prefix: int = 1
    """First letters that a fuzzy word keeps, at the least."""
    wildcards: int = 8
    """Stars and question marks in one word."""
    boost: float = 1000.0
    """The number after ^."""
    expansions: int = 50
    """Words of the index that one pattern or fuzzy word stands for: the most frequent, with a note."""
    all_expansions: int = 1000
    """Words of the index that all patterns and fuzzy words of a query stand for."""
    corrections: int = 8
    """Words that no page has of which the likely spelling is looked for; others are taken as they are, with a note."""
    compounds: int = 8
    """Clinical words that are looked for by their parts, too; of others a note tells."""
    occurrences: int = 120
    """What patterns, ranges and phrases may make a search look at: so many places of words for each page of the index,
    and for 10,000 pages where there are fewer."""
    filter_values: int = 1000
    """Values that the filters of a search may name."""
    window: int = 1000
    """How far into the results a page of them may reach."""


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as it was understood.

    Every leaf of ``query`` knows where it stood in the text, as Whoosh's own do: ``leaf.startchar``, ``leaf.endchar``.
    """

    query: Query
    """The tree, of Whoosh's query classes; ``NullQuery`` where nothing is asked."""
    notes: tuple[str, ...]
    """What was not taken literally, in words for the user."""


class Reading:
    """One query being read: ``original`` as the user typed it."""

    __slots__ = ("_left_out", "_notes", "_terms", "bounds", "original", "tokens")

    def __init__(self, original: str, tokens: Callable[[str, str], list[str]], bounds: Bounds) -> None:
        self.original = original
        self.tokens = tokens
        self.bounds = bounds
        self._terms = 0
        self._notes: dict[str, None] = {}
        self._left_out: dict[str, None] = {}

    def terms(self, field: str, text: str, position: int) -> list[str]:
        """The terms that ``field`` makes of ``text``, counted."""
        terms = self.tokens(field, text)
        self.count(len(terms), position)
        return terms

    def count(self, terms: int, position: int) -> None:
        """Count terms to be looked up; QueryError past the bound."""
        self._terms += terms
        if self._terms > self.bounds.terms:
            raise self.error(f"a query may have {self.bounds.terms} words at most", position)

    def error(self, reason: str, position: int) -> QueryError:
        """The error to raise for what stands at ``position``."""
        return QueryError(reason, self.original, position)

    def note(self, note: str) -> None:
        """Tell the user of something that was not taken literally; once is enough."""
        self._notes[note] = None

    def left_out(self, text: str) -> None:
        """Tell the user that nothing in ``text`` can be searched for."""
        if text.strip(SENTENCE_MARKS):
            self._left_out[shown(text)] = None

    def notes(self) -> tuple[str, ...]:
        """All notes, in the order of the query."""
        if not self._left_out:
            return tuple(self._notes)
        texts = ", ".join(islice(self._left_out, SHOWN_TEXTS)) + (", …" if len(self._left_out) > SHOWN_TEXTS else "")
        return (*self._notes, f"left out, nothing in it to search for: {texts}")


def shown(text: str) -> str:
    """``text`` in quotation marks, fit for any terminal or page: shortened, unprintable characters replaced."""
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return '"' + "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text) + '"'
