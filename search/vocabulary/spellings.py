"""Words that are spelt in two ways, British and American, and the Latin endings of medical nouns and adjectives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

_PAIRS = (
    ("haem", "hem"), ("aemi", "emi"), ("aesthe", "esthe"), ("paed", "ped"), ("gynaec", "gynec"), ("caec", "cec"),
    ("faec", "fec"), ("caes", "ces"), ("aetio", "etio"), ("ischaem", "ischem"), ("praev", "prev"), ("leuka", "leuke"),
    ("oedem", "edem"), ("oesoph", "esoph"), ("oestr", "estr"), ("foet", "fet"), ("coeli", "celi"), ("rrhoea", "rrhea"),
    ("pnoea", "pnea"), ("amoeb", "ameb"), ("homoeo", "homeo"), ("manoeuv", "maneuv"), ("menorrhoe", "menorrhe"),
    ("orthopaed", "orthoped"), ("anaem", "anem"), ("haemorrh", "hemorrh"), ("naev", "nev"), ("palae", "pale"),
    ("tumour", "tumor"), ("colour", "color"), ("labour", "labor"), ("odour", "odor"), ("vapour", "vapor"),
    ("behaviour", "behavior"), ("humour", "humor"), ("favour", "favor"), ("neighbour", "neighbor"),
    ("centre", "center"), ("litre", "liter"), ("metre", "meter"), ("fibre", "fiber"), ("calibre", "caliber"),
    ("isation", "ization"), ("ising", "izing"), ("ised", "ized"), ("ise", "ize"), ("yse", "yze"), ("ysing", "yzing"),
    ("sulph", "sulf"), ("programme", "program"), ("mould", "mold"), ("grey", "gray"), ("ageing", "aging"),
    ("counselling", "counseling"), ("labelled", "labeled"), ("leucoc", "leukoc"), ("aluminium", "aluminum"),
    ("catheteris", "catheteriz"), ("draught", "draft"), ("plough", "plow"), ("disc", "disk"), ("skilful", "skillful"),
)  # fmt: skip

_BY_LETTER = groupby(sorted(spelling for pair in _PAIRS for spelling in pair), lambda spelling: spelling[0])
_EITHER = re.compile("|".join(f"{first}(?:{'|'.join(one[1:] for one in some)})" for first, some in _BY_LETTER))

_LATIN_ENDINGS = ("ae", "a", "us", "um", "is", "on", "i", "ia", "al", "ar")
_LATIN = re.compile(rf"(?P<stem>.{{5,}}?)(?:{'|'.join(_LATIN_ENDINGS)})(?<![st]ion)")  # fixation, incision


def other_spellings(word: str) -> set[str]:
    """How else ``word`` may be spelt; most of what comes out are no words, and stand in no index."""
    if not _EITHER.search(word):
        return set()
    found = {word}
    for one, other in _PAIRS:
        if one in word:
            found |= {spelling.replace(one, other) for spelling in found}
        elif other in word:
            found |= {spelling.replace(other, one) for spelling in found}
    return found - {word}


def latin_stem(word: str) -> str | None:
    """What ``humerus`` and ``humeral`` share, or ``ganglion`` and ``ganglia``; None where nothing tells."""
    match = _LATIN.fullmatch(word)
    return match["stem"] if match else None


def latin_forms(stem: str, terms: Iterable[str]) -> set[str]:
    """Those of ``terms`` that have this stem in Latin."""
    forms = {stem + ending for ending in _LATIN_ENDINGS}
    return {form for form in forms.intersection(terms) if latin_stem(form) == stem}
