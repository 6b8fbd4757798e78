"""Text to terms: one definition of a word for pages, queries and snippets alike.

A word is a run of letters and digits, in lower case and without accents; a possessive ``'s`` is dropped and a
decimal number or dotted code (``50.4``) stays whole. Words are indexed as they are, stop words too; stems only
say which words belong together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

ANALYSIS_VERSION = 2
"""Raised when the same text gives other terms or stems; an index of another version is built anew."""

MAX_TERM = 64
"""Longer words are cut to this many characters: they are no words, and a dictionary must stay small."""

LINE = "\x01"
"""What :func:`words` gives at the end of a line, so that no phrase runs from one item into the next."""

_WORD = re.compile(r"([^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*)(?:['’](?<=\w.)s\b)*")

# The same definition for plain ASCII text, four times as fast: bytes.translate in place of a match a word.
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_POSSESSIVE = re.compile(r"'(?<=[^\W_].)s\b")
_POINT = re.compile(rb"\.(?<=\d\.)(?=\d)")
_DIGITS_ALIKE = bytes(ord("0") if chr(c).isdigit() and c < 128 else c for c in range(256))
_POINT_MARK = "\x02"
_KEPT = {LINE: LINE, _POINT_MARK: "."}
_TO_WORDS = bytes(ord(_KEPT.get(c, c.lower() if c.isalnum() else " ")) for c in map(chr, range(128))) + bytes(128)
# The same for text with letters that are no Latin ones.
_TO_SPACED = {c: chr(c).lower() if chr(c).isalnum() or chr(c) == "." else " " for c in range(128)}
_LONE_POINT = re.compile(r"\.(?!(?<=\d\.)\d)")
TYPOGRAPHY = (("’", "'"), ("“", " "), ("”", " "), ("–", " "), ("—", " "), ("•", " "), ("…", " "), ("\xa0", " "))
"""Marks of typeset text, and plain ones that part words in the same way."""

STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be been before being but by can could did do does doing for from
    had has have having he her here him his how i if in into is it its me my no not of on or our she should so some
    such than that the their them then there these they this those to too under up us very was we were what when
    where which while who whom why will with would you your""".split()
)
"""Words too common to rank by; they still count in phrases and where a query has nothing else."""


def words(text: str) -> list[str]:
    """The words of ``text`` in order, :data:`LINE` at each end of a line; a term is the first part of a long one."""
    if text.isascii() and text.isalnum():
        return [text.lower()]
    if not text.isascii():
        for mark, plain in TYPOGRAPHY:
            text = text.replace(mark, plain)
    if not text.isascii() or LINE in text or _POINT_MARK in text:
        first, *lines = text.split("\n")
        if not lines:
            return [fold(word) for word in _WORD.findall(text)]
        found = words(first)
        for line in lines:
            found.append(LINE)
            found += words(line)
        return found
    return _spaced(text.replace("\n", f" {LINE} ")).split()


def _spaced(text: str) -> str:
    """ASCII ``text`` with each character as terms have it, and a space for each that is no part of one."""
    if "'" in text:
        text = _POSSESSIVE.sub("  ", text)
    data = text.encode("ascii")
    if b"0.0" in data.translate(_DIGITS_ALIKE):
        data = _POINT.sub(_POINT_MARK.encode(), data)
    return data.translate(_TO_WORDS).decode("ascii")


def word_spans(text: str, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Each term of ``text`` from ``start`` on with the [start, end) characters it stands at, without ends of lines."""
    for match in _WORD.finditer(text, start):
        yield fold(match[1])[:MAX_TERM], *match.span(1)


def terms(text: str) -> list[str]:
    """The terms of ``text`` without ends of lines: what a query's words are looked up as."""
    return [word[:MAX_TERM] for word in words(text) if word != LINE]


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """``word`` in lower case without accents: ``Ménière`` and ``meniere`` are one term."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower()).lower()
    # Some letters are decomposed to more than letters: a number in parentheses, say. Those are no part of a word.
    return (
        "".join(c for c in decomposed if not unicodedata.combining(c) and (c > "\x7f" or c.isalnum() or c == "."))
        or word
    )


def spaced(text: str) -> str | None:
    """``text`` with each character in its place as terms have it, and a space for each that is no part of one.

    None where a character has no such form of one character.
    """
    if LINE in text or _POINT_MARK in text:
        text = text.replace(LINE, " ").replace(_POINT_MARK, " ")
    if text.isascii():
        return _spaced(text)
    for character in set(_FOREIGN.findall(text)):
        plain = _folded_character(character)
        if plain is None:
            return None
        text = text.replace(character, plain)
    return _spaced(text) if text.isascii() else _LONE_POINT.sub(" ", _POSSESSIVE.sub("  ", text).translate(_TO_SPACED))


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str | None:
    if not character.isalnum():
        return "'" if character == "’" else " "
    plain = fold(character)
    alike = len(plain) == 1 and plain.isalnum() and plain.isdecimal() == character.isdecimal()
    # How a capital sigma is lowered depends on where it stands; a few letters become capitals without their style.
    return plain if alike and character != "Σ" and plain == plain.lower() else None


def sound(text: str) -> str:
    """``text`` with lone surrogates, which UTF-8 cannot hold, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def has_digit(term: str) -> bool:
    """Whether ``term`` holds a digit: such terms are never stemmed, corrected or expanded."""
    return not term.isalpha() and any(map(str.isdigit, term))


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)


@lru_cache(maxsize=65536)
def stem(term: str) -> str:
    """The stem that ``term`` shares with its inflections (Snowball English); a term with digits is its own."""
    return term if has_digit(term) else str(_stemmer().stemWord(term))


def stems(of: list[str]) -> list[str]:
    """The stem of each of some terms without digits, in one call."""
    stemmed: list[str] = _stemmer().stemWords(of)
    return stemmed


@cache
def whoosh_analyzer() -> Any:
    """The same analysis as a Whoosh analyser, for Whoosh's own parser, searcher and writer."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from whoosh.analysis import Token, Tokenizer

    class WordTokenizer(Tokenizer):  # type: ignore[misc]  # Whoosh is not typed
        def __call__(self, value: str, positions: bool = False, chars: bool = False, start_pos: int = 0,
                     **kwargs: Any) -> Iterator[Any]:  # fmt: skip
            token = Token(positions, chars, **kwargs)
            for position, word in enumerate(words(value), start_pos):
                if word != LINE:
                    token.text = token.original = word[:MAX_TERM]
                    token.boost, token.stopped = 1.0, False
                    token.pos = position
                    yield token

    return WordTokenizer()
