"""As-you-type completions: procedures whose names fit, codes, and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..corpus.procedure import Procedure
from ..indexer.analysis import STOP_WORDS, has_digit, terms
from ..indexer.fields import ALL, BOOSTS, FIELD_NUMBERS, FIELDS, field_texts
from ..indexer.postings import FIELD_SHIFT
from ..indexer.snapshot import Snapshot
from .language import trees as q
from .spelling import slips
from .words import Variant, Word

_NAMING = ("name", "common_names", "medical_terms", "descriptor")
NAMING_BOOSTS = {field: boost if field in _NAMING else 0.0 for field, boost in BOOSTS.items()}
"""The weights of fields among which names alone count."""
_SHORTEST = 4  # letters of a word in which a slip is looked for
_COMPLETIONS = 20  # terms that an unfinished word may stand for
_CANDIDATES = 3  # times as many names are looked at as are asked for: one that begins as typed comes first
_POSTINGS = 100_000  # about as many are read of them: a letter or two may stand for words of most pages

Terms = Mapping[str, int]
"""Terms with how many postings each has, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion: its ``text``, its ``kind`` (name, term or code), and for a procedure its ``id``."""

    text: str
    kind: str
    id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The suggestion as the JSON object of the command line and the HTTP API."""
        return {"text": self.text, "kind": self.kind, "id": self.id}


def suggest(
    snapshot: Snapshot,
    coded: Callable[[str, int], Iterable[Procedure]],
    named: Callable[[Any, int], Iterable[Procedure]],
    prefix: str,
    limit: int,
) -> list[Suggestion]:
    """Completions of ``prefix``: codes that begin with it, then names with all its words, then words.

    ``coded`` gives the first so many procedures whose code begins with something, ``named`` the best so many for a
    query with NAMING_BOOSTS.
    """
    typed = terms(prefix)
    if not typed or limit < 1:
        return []
    *whole, last = typed
    if prefix[-1:].isspace():
        whole, last = typed, ""
    completions = (_completions(snapshot, last) or _misspelt(snapshot, last)) if last else {}
    found = []
    if len(typed) == 1 and has_digit(typed[0]):
        found = [Suggestion(procedure.code or "", "code", procedure.id) for procedure in coded(typed[0], limit)]
    names = _names(snapshot, named, whole, completions, last, _CANDIDATES * limit)
    found += sorted(names, key=lambda name: not name.text.lower().startswith(prefix.lower()))[:limit]
    before = prefix[: prefix.lower().rfind(last)] if last else prefix
    found += [Suggestion(before + term, "term") for term in completions if term != last and not has_digit(term)][:limit]
    return found[:limit] if len(found) <= limit else _mixed(found, limit)


def _mixed(found: list[Suggestion], limit: int) -> list[Suggestion]:
    """The first ones, with room kept for two words so that a half-typed word can be finished."""
    words = [suggestion for suggestion in found if suggestion.kind == "term"][:2]
    others = [suggestion for suggestion in found if suggestion.kind != "term"][: limit - len(words)]
    return [*others, *words, *found[len(others) + len(words) :]][:limit]


def _completions(snapshot: Snapshot, prefix: str) -> Terms:
    """The most frequent terms that begin with ``prefix``."""
    found: Counter[str] = Counter()
    for segment in snapshot.segments:
        start, stop = segment.prefix_range(prefix)
        if start == stop:
            continue
        frequencies = np.diff(segment.posting_offsets(start, stop))
        for place in np.argsort(-frequencies, kind="stable")[:_COMPLETIONS].tolist():
            found[segment.term(start + place)] += int(frequencies[place])
    return _most_frequent(found)


def _misspelt(snapshot: Snapshot, prefix: str) -> Terms:
    """The most frequent terms that begin with ``prefix`` but for one slip after its third letter."""
    if len(prefix) < _SHORTEST or has_digit(prefix):
        return {}
    found: Counter[str] = Counter()
    for segment in snapshot.segments:
        start, _ = segment.prefix_range(prefix[:3])
        terms = segment.terms(*segment.prefix_range(prefix[:3]))
        for length in (len(prefix) - 1, len(prefix), len(prefix) + 1):
            for place in np.flatnonzero(slips(prefix, [term[:length] for term in terms]) <= 1).tolist():
                found[terms[place]] = max(found[terms[place]], segment.frequency(start + place))
    return _most_frequent(found)


def _most_frequent(found: Counter[str]) -> Terms:
    telling = [(term, frequency) for term, frequency in found.items() if term not in STOP_WORDS]
    return dict(sorted(telling, key=lambda item: (-item[1], item[0]))[:_COMPLETIONS])


def with_code(snapshot: Snapshot, prefix: str, limit: int) -> list[Procedure]:
    """The first procedures whose code begins with ``prefix``."""
    found: dict[str, Procedure] = {}
    for segment, base in zip(snapshot.segments, snapshot.bases, strict=False):
        start, stop = segment.prefix_range(prefix)
        for number in range(start, min(stop, start + 50 * limit)):
            pages, codes = segment.postings(number)
            for page in pages[codes >> FIELD_SHIFT == FIELD_NUMBERS["code"]].tolist():
                if segment.all_live or segment.live[page]:
                    procedure = snapshot.procedure(base + page)
                    found[procedure.id] = procedure
            if len(found) >= limit:
                break
    return sorted(found.values(), key=lambda procedure: (procedure.code or "", procedure.id))[:limit]


def _meant(snapshot: Snapshot, word: str) -> Any:
    """``word``, or what it was meant to be where no page has it."""
    if any(segment.term_number(word) is not None for segment in snapshot.segments):
        return q.Term(ALL, word)
    return Word(ALL, word, _variants([word], _misspelt(snapshot, word)))


def _variants(words: list[str], others: Terms) -> tuple[Variant, ...]:
    """``words`` and of the others as many as can be read at once, the most frequent first."""
    left = _POSTINGS
    chosen = dict.fromkeys(words)
    for term, frequency in others.items():
        if frequency <= left:
            left -= frequency
            chosen[term] = None
    return tuple(Variant(term, 1.0, "prefix") for term in chosen)


def _names(
    snapshot: Snapshot,
    named: Callable[[Any, int], Iterable[Procedure]],
    whole: list[str],
    completions: Terms,
    last: str,
    limit: int,
) -> list[Suggestion]:
    """The procedures that have every word typed, the last one completed, in their names."""
    parts = [_meant(snapshot, word) for word in whole if word not in STOP_WORDS or len(whole) == 1]
    unfinished = Word(ALL, last, _variants([] if last in STOP_WORDS else [last], completions))
    if not parts and not last:
        return []
    # Beside other words the last one may stand for rarer words than were read: the names themselves tell.
    tree = q.AndMaybe(q.And(parts), unfinished) if parts else unfinished
    found: dict[str, Suggestion] = {}
    for procedure in named(tree, limit):
        words = terms(" ".join(text for number, text in field_texts(procedure) if FIELDS[number].name in _NAMING))
        if any(word.startswith(last) or word in completions for word in words):
            found.setdefault(procedure.title, Suggestion(procedure.title, "name", procedure.id))
    return list(found.values())
