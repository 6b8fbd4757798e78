"""Vocabularies that people write: a text format of one entry a line.

::

    # Everything after a number sign is a comment.
    heart attack = myocardial infarction, MI     # two-way: each finds the others
    keyhole > laparoscopic, minimally invasive   # one-way: the left finds the right
    belly = abdomen *0.5                         # found pages count half as much for it
    !replace                                     # leave the shipped vocabulary out

The weight of an entry is above 0 and at most 1; without one it is 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...corpus.errors import PageError
from .terms import MAX_WORDS, Synonym, key_of, surface

_ENTRY = re.compile(r"(?P<left>[^=>*]+)(?P<way>[=>])(?P<right>[^=>*]+)(?:\*\s*(?P<weight>\S+)\s*)?")


def read_entries(path: str | Path) -> tuple[dict[str, list[Synonym]], bool]:
    """The synonyms of a file by key, and whether it replaces the shipped vocabulary.

    Raises PageError naming file and line.
    """
    found: dict[str, list[Synonym]] = {}
    replaces = False
    name = Path(path).name
    for place, number, line in _lines(path):
        if line == "!replace":
            replaces = True
            continue
        left, right, way, weight = _parse(line, place)
        entry = f"{name} {number}"
        pairs = [(one, other) for one in left for other in right]
        if way == "=":
            pairs = [(one, other) for one in left + right for other in left + right if one != other]
        for one, other in pairs:
            found.setdefault(key_of(one.split()), []).append(Synonym(other, weight, entry))
    return found, replaces


def _parse(line: str, place: str) -> tuple[list[str], list[str], str, float]:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise PageError(place, "not an entry: terms = terms, or terms > terms, with *weight after them")
    weight = 1.0
    if match["weight"]:
        try:
            weight = float(match["weight"])
        except ValueError:
            weight = 0.0
        if not 0 < weight <= 1:
            raise PageError(place, f"the weight {match['weight']} is not a number above 0 and at most 1")
    sides = []
    for side in (match["left"], match["right"]):
        terms = []
        for text in side.split(","):
            term = surface(text)
            if term is None or not 1 <= len(key_of(term.split()).split()) <= MAX_WORDS:
                raise PageError(place, f"{text.strip()!r} is not a term of one to {MAX_WORDS} words without digits")
            terms.append(term)
        sides.append(terms)
    return sides[0], sides[1], match["way"], weight


def _lines(path: str | Path) -> Iterator[tuple[str, int, str]]:
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PageError(str(path), "not UTF-8") from None
    except OSError as error:
        raise PageError(str(path), error.strerror or str(error)) from error
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.split("#", 1)[0].strip()
        if stripped:
            yield f"{path}#{number}", number, stripped
