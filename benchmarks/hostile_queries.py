"""Queries that nobody means well: strings to break the parser with, and the dearest that the bounds allow."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from random import Random

from procsearch.indexer.analysis import STOP_WORDS

_SIGNS = [
    *"\"()[]{}^~*?:-+'/& \n\t0aé\0\ud800\u202e日", "AND", "OR", "NOT", "ANDNOT", "ANDMAYBE", "REQUIRE", "TO", "*:*",
    "~2", "~10", "^2", "^0.5", "~2/3", "risks:", "code:", "system:", "nofield:", "cpt4:", "::", "((", "))",
    "[a TO z]", "{a TO]",
]  # fmt: skip
_OPERATORS = " AND | OR | | NOT | AND NOT | ANDNOT | ANDMAYBE | REQUIRE ".split("|")
_FIELDS = ("", "", "", "risks:", "name:", "code:", "steps:", "system:", "cpt4:", "nofield:")


def grammatical(chance: Random, words: Sequence[str], depth: int = 0) -> str:
    """A query of the language, of every kind of node, most of them within the bounds."""
    if depth < 4 and chance.random() < 0.45:
        parts = [grammatical(chance, words, depth + 1) for _ in range(chance.randint(1, 5))]
        joined = parts[0]
        for part in parts[1:]:
            joined += chance.choice(_OPERATORS) + part
        boost = f"^{chance.randint(1, 9)}" if chance.random() < 0.2 else ""
        return f"{chance.choice(_FIELDS)}({joined}){boost}"
    return chance.choice(_FIELDS) + _leaf(chance, words)


def _leaf(chance: Random, words: Sequence[str]) -> str:
    word, other = chance.choice(words), chance.choice(words)
    cut = chance.randint(1, max(len(word) - 1, 1))
    return chance.choice([
        word, word, f"{word} {other}", f"{word[:cut]}*", f"*{word[cut:]}", f"{word[:cut]}*{word[-1]}", f"?{word[1:]}",
        f"{word}~", f"{word}~2", f'"{word} {other}"', f'"{word} {other}"~{chance.randint(1, 10)}', f"{word}-{other}",
        f"[{min(word, other)} TO {max(word, other)}]", f"{{{word} TO]", f"{word}^{chance.randint(1, 9)}", "*:*", "*",
        f"NOT {word}", "".join(chance.sample(word, len(word))),
    ])  # fmt: skip


def broken(chance: Random, words: Sequence[str]) -> str:
    """A string of any signs, or a query with some of its letters changed, moved, doubled, or made of any bytes."""
    kind = chance.randrange(4)
    if kind == 0:
        return "".join(chance.choice(_SIGNS) for _ in range(chance.randint(0, 40)))
    if kind == 1:
        return chance.randbytes(chance.randint(0, 60)).decode("utf-8", chance.choice(["replace", "surrogateescape"]))
    text = grammatical(chance, words)
    for _ in range(chance.randint(1, 6)):
        low, high = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        changed = (
            text[:low] + chance.choice(_SIGNS) + text[low:], text[:low] + text[min(high, low + 8) :],
            text[:high] + text[low:], text[:low] + text[low:high][::-1] + text[high:],
            text[:low] + text[low : low + 1] * chance.randint(2, 400) + text[low:],
        )  # fmt: skip
        text = chance.choice(changed)
    return text


def families(common: Sequence[str]) -> dict[str, list[str]]:
    """Parts of one kind that each cost as much as a part of that kind can; a query is made of as many as are allowed.

    ``common`` are the words of the index, the most frequent first.
    """
    letters, vowels = string.ascii_lowercase, "aeiou"
    pairs = [(a, b) for a in common[:8] for b in common[:8]]
    return {
        "common words": list(common[:64]),
        "telling words": [word for word in common if word not in STOP_WORDS][:64],
        "words of a section": [f"risks:{word}" for word in common[:64]],
        "words of a system": [f"cpt4:{word}" for word in common[:64]],
        "exclusions": [f"(*:* AND NOT {word})" for word in common[:64]],
        "prefixes": [f"{letter}*" for letter in letters],
        "prefixes of two letters": [f"{a}{b}*" for a in "sprcdabe" for b in vowels],
        "prefixes in sections": [f"{field}:{letter}*" for field in ("risks", "steps") for letter in letters],
        "patterns": [f"*{letter}*" for letter in letters],
        "patterns of four stars": [f"*{a}*{b}*" for a in "aeiost" for b in "aeiostrnlc"],
        "patterns of eight stars": [f"*{a}*{b}*{a}*{b}*{a}*{b}*{a}*" for a in vowels for b in "strnlc"],
        "patterns of question marks": ["?" * k + a + "?" * (7 - k) for a in letters for k in range(1, 7)],
        "patterns in a section": [f"risks:*{letter}*" for letter in letters],
        "rare patterns": [f"*{a}{b}{c}*" for a in "zxqj" for b in vowels for c in "zxkw"],
        "fuzzy words": [f"{a}{b}ti~2" for a in "scpad" for b in letters],
        "long fuzzy words": [f"c{a}{b}rdiography~2" for a in letters for b in vowels],
        "fuzzy words in a section": [f"risks:c{a}{b}rdio~2" for a in letters for b in vowels],
        "misspelt words": [f"{c}{a}{b}rdiogrphy" for c in "cps" for a in letters for b in vowels],
        "phrases": [f'"{a} {b}"~10' for a, b in pairs],
        "hyphenated words": [f"{a}-{b}" for a, b in pairs],
        "one long phrase": ['"' + " ".join([*common[:n]]) + '"~10' for n in range(60, 1, -4)],
        "ranges": [f"[{a} TO {a}z]" for a in letters],
        "small ranges": [f"[{a}z TO {b}a]" for a, b in pairwise(letters)],
        "ranges of codes": [f"code:1{n:02d}00-9{n:02d}99" for n in range(60)],
        "excluded ranges": [f"NOT [{a}a TO {a}k]" for a in letters],
        "sections": [f"{field}:*^{n}" for n in range(1, 30) for field in ("risks", "steps")],
        "clinical words": [root + end for end in ("ectomy", "otomy", "oplasty", "oscopy") for root in _ROOTS],
        "parts of clinical words": [f"{part} {done}" for part in _PARTS for done in ("removal", "repair", "cutting")],
        "codes": [str(number) for number in range(10_000, 10_064)],
    }


_ROOTS = "nephr hyster append cholecyst col gastr thyroid mast prostat splen tonsill laryng pancreat hepat cyst".split()
_PARTS = "kidney womb stomach bowel breast spleen throat liver heart lung skin bone eye nerve joint vein".split()


def largest(parts: Sequence[str], joint: str, accepted: Callable[[str], bool]) -> str:
    """The query of the most ``parts`` that is accepted; of the first single part that is, where two are too many."""
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        if accepted(joint.join(parts[:middle])):
            low = middle
        else:
            high = middle - 1
    return joint.join(parts[:low]) or next(filter(accepted, parts), "")


def random_queries(seed: int, words: Sequence[str], count: int) -> Iterator[str]:
    """Grammatical and broken queries by turns."""
    chance = Random(seed)
    for number in range(count):
        yield grammatical(chance, words) if number % 2 else broken(chance, words)
