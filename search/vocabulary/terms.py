"""What an entry of the vocabulary says, and the key that it is found by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...indexer.analysis import STOP_WORDS, has_digit, stem, terms

MAX_WORDS = 4
"""The longest terms that are looked up, in words that are not too common."""

AMBIGUOUS = "ambiguous"
"""How the entry of an abbreviation begins that may mean something else: other words of the query must support it."""

OPERATIONS = "operations"
"""The entry of what an operation is called in the words of a code system."""


class Synonym(NamedTuple):
    """Another ``term`` for the one looked up: one word, or several that stand for a phrase.

    ``weight`` (above 0, at most 1) is what it counts beside the term itself, ``entry`` the entry that says so.
    """

    term: str
    weight: float
    entry: str


def key_of(words: Iterable[str]) -> str:
    """The key of a term: the stems of its telling words in alphabetical order.

    So ``infarction of the myocardium`` and ``Infarction, Myocardium`` are one term. Empty where no word tells.
    """
    return " ".join(sorted({stem(word) for word in words if word not in STOP_WORDS}))


def surface(text: str) -> str | None:
    """``text`` as the words that pages are searched for; None where it holds digits, which are never expanded."""
    words = terms(text)
    return None if not words or any(map(has_digit, words)) else " ".join(words)
