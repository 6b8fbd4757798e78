"""What a search gives: results with their hits, each of which reads more of its page only when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..corpus.procedure import Procedure
from .snippets import Snippet


class Hit:
    """One procedure that matches. ``score`` is higher the better it matches.

    Everything but ``id`` and ``score`` is read from the index when it is first asked for.
    """

    def __init__(
        self, id: str, score: float, read: Callable[[], Procedure], snip: Callable[[Procedure], Snippet]
    ) -> None:
        self.id = id
        self.score = score
        self._read = read
        self._snip = snip

    @cached_property
    def procedure(self) -> Procedure:
        """The procedure, whole."""
        return self._read()

    @cached_property
    def _snippet(self) -> Snippet:
        return self._snip(self.procedure)

    @property
    def code(self) -> str | None:
        """The procedure code, None where it is not known."""
        return self.procedure.code

    @property
    def system(self) -> str | None:
        """The code system, None where it is not known."""
        return self.procedure.system

    @property
    def name(self) -> str:
        """What to call the procedure: its name, else its official wording, else its code or id."""
        return self.procedure.title

    @property
    def section(self) -> str | None:
        """The kind of the section that answers the query best; None where the page has no sections."""
        return self._snippet.section

    @property
    def snippet(self) -> str:
        """Plain text of that section around the words that match; never empty where the page has text."""
        return self._snippet.text

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        """The [start, end) of each matched word in the snippet, in characters."""
        return self._snippet.marks

    @property
    def name_marks(self) -> tuple[tuple[int, int], ...] | None:
        """The matched words in ``name``, where the snippet only repeats it; None where the snippet says more."""
        text = self.snippet
        repeated = text.strip("…")
        if self.section is not None or not repeated or (place := self.name.find(repeated)) < 0:
            return None
        shift = place - text.find(repeated)
        return tuple((start + shift, end + shift) for start, end in self.marks)

    @property
    def match(self) -> str:
        """The loosest tier that a word needed: exact, stem, synonym, prefix, corrected or semantic."""
        return self._snippet.tier

    def to_json(self) -> dict[str, Any]:
        """The hit as the JSON object of the command line and the HTTP API."""
        return {
            "id": self.id,
            "code": self.code,
            "system": self.system,
            "name": self.name,
            "score": round(self.score, 6),
            "section": self.section,
            "snippet": self.snippet,
            "marks": [list(mark) for mark in self.marks],
            "match": self.match,
        }

    def __repr__(self) -> str:
        return f"Hit({self.id!r}, score={self.score:.3f})"


@dataclass(frozen=True, slots=True)
class Results:
    """The hits of one page of results and what there is to say about all of them.

    ``total`` counts every match exactly; ``took`` is in seconds. ``corrected`` is the query with its misspellings put
    right, or None; ``notes`` says in words what was not taken literally. ``facets`` counts the matches by value.
    """

    query: str
    total: int
    took: float
    hits: tuple[Hit, ...]
    corrected: str | None = None
    notes: tuple[str, ...] = ()
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The results as the JSON object of the command line and the HTTP API."""
        return {
            "query": self.query,
            "total": self.total,
            "corrected": self.corrected,
            "took": round(self.took, 6),
            "notes": list(self.notes),
            "hits": [hit.to_json() for hit in self.hits],
            "facets": {name: dict(counts) for name, counts in self.facets.items()},
        }
