"""Generated pages: contract-form procedures of 13 sections, names and a descriptor, about 480 words each.

A page is a dict as ``procsearch export`` prints it. The pages of a seed are the same everywhere, and the first
thousand are the same however many are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .pagefile import Page, write_pages
from .vocabulary import STOP_WORDS, vocabulary

SEED = 1
GENERATOR = 1
"""Counted up whenever the generator writes other pages than before: cached page files carry it in their name."""
_BATCH = 500
_TOPIC_WORDS, _TOPIC_PHRASES = 16, 4

HEADINGS = {
    "summary": "Summary", "purpose": "Purpose", "indications": "Indications", "preparation": "Preparation",
    "steps": "Procedure Description", "duration": "Duration", "setting": "Setting", "personnel": "Personnel",
    "risks": "Risks and Complications", "benefits": "Benefits", "recovery": "Recovery",
    "alternatives": "Alternatives", "experience": "Patient Experience",
}  # fmt: skip

_LINES = {  # field: lines, words a line
    "descriptor": (1, 18), "name": (1, 7), "common_names": (2, 3), "medical_terms": (1, 4), "summary": (2, 20),
    "purpose": (2, 13), "indications": (4, 10), "preparation": (4, 9), "steps": (6, 12), "duration": (1, 7),
    "setting": (1, 10), "personnel": (4, 3), "risks": (4, 10), "benefits": (3, 10), "recovery": (4, 10),
    "alternatives": (3, 11), "experience": (3, 11),
}  # fmt: skip
_NAMES = ("descriptor", "name", "common_names", "medical_terms")
_PROSE_SHARES = (0.38, 0.58, 0.61)  # up to here a stop word, a word of the page's topic, a phrase; else any word
_NAME_SHARES = (0.10, 0.75, 0.80)


@dataclass(frozen=True)
class _Tables:
    """Every unit of text as one array, and the cumulated weights to draw from its parts."""

    units: NDArray[np.object_]
    stop: NDArray[np.float64]
    word: NDArray[np.float64]
    topic: NDArray[np.float64]
    phrases: int


def _cumulated(weights: list[float]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.cumsum(np.asarray(weights))
    return np.asarray(total / total[-1])


@cache
def _tables(seed: int) -> _Tables:
    words = vocabulary(seed)
    return _Tables(
        units=np.array([*STOP_WORDS, *words.words, *words.phrases], dtype=object),
        stop=_cumulated([1 / (rank + 2) for rank in range(len(STOP_WORDS))]),
        word=_cumulated(words.weights),
        topic=_cumulated(words.topic_weights),
        phrases=len(words.phrases),
    )


def _draw_lines(batch: int, seed: int) -> list[list[str]]:
    """For each page of the batch its lines of text, in the order of ``_LINES``."""
    tables = _tables(seed)
    rng = np.random.Generator(np.random.PCG64([seed, batch]))
    line_fields = [field for field, (lines, _) in _LINES.items() for _ in range(lines)]
    planned = np.array([_LINES[field][1] for field in line_fields])
    lengths = np.rint(planned * (0.6 + 0.8 * rng.random((_BATCH, len(planned))))).astype(np.int64)
    shares = np.array([_NAME_SHARES if field in _NAMES else _PROSE_SHARES for field in line_fields])

    tokens = int(lengths.sum())
    share = np.repeat(np.tile(shares, (_BATCH, 1)), lengths.ravel(), axis=0)
    page = np.repeat(np.arange(_BATCH), lengths.sum(axis=1))
    kind, chance = rng.random(tokens), rng.random(tokens)
    first_word, first_phrase = len(tables.stop), len(tables.stop) + len(tables.word)
    topics = first_word + np.searchsorted(tables.topic, rng.random((_BATCH, _TOPIC_WORDS)))
    phrases = first_phrase + rng.integers(0, tables.phrases, (_BATCH, _TOPIC_PHRASES))
    drawn = np.where(
        kind < share[:, 0],
        np.searchsorted(tables.stop, chance),
        np.where(
            kind < share[:, 1],
            topics[page, (chance**1.5 * _TOPIC_WORDS).astype(np.int64)],
            np.where(
                kind < share[:, 2],
                phrases[page, (chance * _TOPIC_PHRASES).astype(np.int64)],
                first_word + np.searchsorted(tables.word, chance),
            ),
        ),
    )
    words = tables.units[drawn].tolist()
    ends = np.cumsum(lengths.ravel()).tolist()
    lines = [" ".join(words[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return [lines[at : at + len(line_fields)] for at in range(0, len(lines), len(line_fields))]


def code_of(number: int) -> tuple[str, str]:
    """The system and code of the page of this number: no two pages share one."""
    quarter = number // 4
    if number % 4 == 0 and quarter < 90_000:
        return "CPT4", f"{10_000 + quarter:05d}"
    if number % 4 == 1 and quarter < 170_000:
        return "HCPCS", f"{'ABCDEGHJKLMPQRSTV'[quarter // 10_000]}{quarter % 10_000:04d}"
    alphabet, rest, letters = "0123456789BCDFGHJKLMNPQRSTVWXYZ", number * 7_919_993 % 31**6, ""
    for _ in range(6):
        rest, digit = divmod(rest, 31)
        letters += alphabet[digit]
    return "ICD10PCS", "0" + letters


def _sentence(line: str) -> str:
    return line[:1].upper() + line[1:] + "."


def _page(number: int, lines: list[str]) -> Page:
    system, code = code_of(number)
    text: dict[str, list[str]] = {}
    at = 0
    for field, (count, _) in _LINES.items():
        drawn = lines[at : at + count]
        text[field] = [line.title() for line in drawn] if field in _NAMES[1:] else [_sentence(line) for line in drawn]
        at += count
    text["steps"].append(f"Reported with {system} code {code}.")
    text["duration"].append(f"Typically takes {10 + number % 50} to {60 + number % 120} minutes.")
    return {
        "id": f"{system.lower()}:{code}",
        "system": system,
        "code": code,
        "descriptor": text["descriptor"][0],
        "name": text["name"][0],
        "common_names": text["common_names"],
        "medical_terms": text["medical_terms"],
        "sections": [
            {"kind": kind, "heading": heading, "text": "\n".join(text[kind])} for kind, heading in HEADINGS.items()
        ],
        "similar_codes": [],
        "source": f"generated/{number}.html",
        "warnings": [],
    }


def generate(count: int, *, seed: int = SEED) -> Iterator[Page]:
    """The first ``count`` pages of a seed, one at a time."""
    for first in range(0, count, _BATCH):
        drawn = islice(_draw_lines(first // _BATCH, seed), count - first)
        yield from (_page(first + offset, lines) for offset, lines in enumerate(drawn))


def page_file(workdir: Path, count: int, *, seed: int = SEED) -> Path:
    """The JSON Lines file of the first ``count`` pages, written at the first call."""
    path = workdir / f"pages-v{GENERATOR}-seed{seed}-{count}.jsonl"
    if not path.exists():
        write_pages(generate(count, seed=seed), path)
    return path
