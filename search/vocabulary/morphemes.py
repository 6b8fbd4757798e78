"""The parts of clinical words: ``nephrectomy`` is a kidney and a removal, and the other way round.

A word is taken apart only where roots and one ending cover all of it, so that nothing is found in words that merely
look alike.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from ...indexer.analysis import stem

_TABLE = Path(__file__).with_name("morphemes.txt")
_LINKS = ("", "o", "i", "a", "eo", "io")
_SHORTEST = 6


class Compound(NamedTuple):
    """A clinical word taken apart: what each root says, and the words for what its ending says."""

    roots: tuple[str, ...]
    ending: tuple[str, ...]


@cache
def _morphemes() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """What roots and endings say."""
    tables: dict[str, dict[str, tuple[str, ...]]] = {"[roots]": {}, "[endings]": {}}
    table = tables["[roots]"]
    for line in _TABLE.read_text().splitlines():
        if line in tables:
            table = tables[line]
        elif line and not line.startswith("#"):
            forms, meanings = line.split(" = ")
            table.update(dict.fromkeys(forms.split(", "), tuple(meanings.split(", "))))
    return {root: said[0] for root, said in tables["[roots]"].items()}, tables["[endings]"]


@cache
def _endings() -> tuple[str, ...]:
    return tuple(_morphemes()[1])


@lru_cache(maxsize=20_000)
def take_apart(word: str) -> Compound | None:
    """The parts of ``word``; None where it is not made of known roots and one ending."""
    if len(word) < _SHORTEST or not word.endswith(_endings()):
        return None
    roots, endings = _morphemes()
    for length in range(len(word) - 2, 2, -1):
        ending = endings.get(word[-length:])
        if ending and (found := _roots_of(word[:-length], roots)):
            return Compound(found, ending)
    return None


def _roots_of(text: str, roots: dict[str, str]) -> tuple[str, ...] | None:
    """What the roots say that ``text`` is joined from, the longest taken first."""
    for length in range(len(text), 1, -1):
        meaning = roots.get(text[:length])
        if meaning is None:
            continue
        rest = text[length:]
        if rest in _LINKS:
            return (meaning,)
        for link in _LINKS:
            if rest.startswith(link) and (others := _roots_of(rest[len(link) :], roots)):
                return (meaning, *others)
    return None


@cache
def roots_by_meaning() -> dict[str, tuple[str, ...]]:
    """The roots for a plain word of one part of the body, by its stem."""
    found: dict[str, list[str]] = {}
    for root, meaning in _morphemes()[0].items():
        if " " not in meaning:
            found.setdefault(stem(meaning), []).append(root)
    return {word: tuple(roots) for word, roots in found.items()}


@cache
def endings_by_meaning() -> dict[str, tuple[str, ...]]:
    """The endings for each word for what they say, by its stem."""
    found: dict[str, list[str]] = {}
    for ending, meanings in _morphemes()[1].items():
        for word in {stem(meaning) for meaning in meanings}:
            found.setdefault(word, []).append(ending)
    return {word: tuple(endings) for word, endings in found.items()}
