"""One search on a cluster: what is asked of it, and its answer ranked by our own scoring."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from ...corpus.errors import QueryError
from ...corpus.procedure import SECTION_KINDS
from ...indexer import parameters
from ...indexer.fields import BOOSTS
from ...indexer.scaleout import state
from ...indexer.scaleout.cluster import Cluster
from ...indexer.scaleout.documents import WHOLE, ClusterPage, key_of, read_page
from ...indexer.snapshot import Snapshot
from ..asked import asked_words
from ..cache import BoundedCache
from ..deadline import check_deadline, seconds_left
from ..facets import FACETS, SECTION, SYSTEM, most_first
from ..filters import read_filters
from ..index import Asked, View
from ..language import Bounds
from ..language import trees as q
from ..matches import Matches, within
from ..results import Hit
from ..scoring import inverse_document_frequency
from ..vocabulary.vocabulary import Vocabulary
from ..words import Variant, Word, leaves
from .analysed import Analyser
from .candidates import CandidateEvaluator, Candidates, Wanted
from .leaves import counted_leaves, in_field
from .translation import Query, Translator, any_of

CANDIDATES = 200
"""How many pages are ranked by our own scoring, at least; three times as many as are asked for, if that is more."""

SEARCH_SECONDS = 10.0
"""How long the cluster may take for a search."""

_MOST_CANDIDATES = 3000
_SAME = 0.1  # by so much the cluster's scores of pages that are as good for us may differ
_KEPT_COUNTS = 50_000


class ClusterView(View):
    """One generation of an index on a cluster, and all that is worked out about it on the way."""

    def __init__(
        self, snapshot: Snapshot, vocabulary: Vocabulary, bounds: Bounds, known: state.State, analyser: Analyser
    ) -> None:
        super().__init__(snapshot, vocabulary, bounds)
        self.state = known
        self.analyser = analyser
        self.counts: BoundedCache[int] = BoundedCache(_KEPT_COUNTS * 1000)

    def rarity(self, terms: Sequence[str]) -> float:
        """About how telling some terms are together."""
        having = 0
        for segment in self.snapshot.segments:
            numbers = [number for term in terms if (number := segment.term_number(term)) is not None]
            having += sum(map(segment.frequency, numbers))
        return inverse_document_frequency(self.snapshot.live_count, min(having, self.snapshot.live_count))


class ClusterSearch:
    """One search: what is asked of the cluster, and its answer ranked."""

    def __init__(self, cluster: Cluster, view: ClusterView, tree: Any, boosts: Mapping[str, float]) -> None:
        self.cluster = cluster
        self._view = view
        self.tree = tree
        self._boosts = boosts
        self._leaves = counted_leaves(tree)
        self.counted: dict[Hashable, int] = {}
        self.pages: list[ClusterPage] = []
        self.evaluator = self._evaluator()  # without candidates yet it tells what patterns stand for
        bonus = parameters.COVERAGE_WEIGHT * inverse_document_frequency(view.snapshot.live_count, 1)
        self._translator = Translator(
            boosts, self.evaluator.expansion, view.snapshot.inflections, view.rarity, bonus, len(leaves(tree))
        )
        self._filters: list[Query] = []
        self._facets: dict[str, Query] = {}
        self._found: Mapping[str, Any] = {}
        self.total = 0

    def _evaluator(self) -> CandidateEvaluator:
        candidates = Candidates(self.pages, Wanted(self.tree, self._expanded), self._view.analyser)
        return CandidateEvaluator(self._view.snapshot, candidates, self._boosts, self._view.expander, self.counted)

    def _expanded(self, leaf: Any) -> list[str]:
        return list(self._view.expander.pattern(leaf).terms)

    # What is asked

    def filter(self, filters: Mapping[str, str | Sequence[str]]) -> None:
        """Keep the pages that have one of the values asked for in every field."""
        for field, wanted in read_filters(filters, self._view.bounds).items():
            if field == SECTION:
                self._filters.append(any_of([self._in_section(kind) for kind in wanted]))
            else:
                self._filters.append(self._having(field, wanted))

    def _having(self, field: str, terms: Sequence[str]) -> Query:
        """Pages that have any of some terms in a field."""
        return any_of([self._translator.query(q.Term(field, term), False) for term in terms])

    def has(self, field: str, value: str) -> bool:
        """Whether any page at all has a value in a field."""
        terms = read_filters({field: value}, self._view.bounds)[field]
        body = {"query": self._having(field, terms), "size": 0, "terminate_after": 1}
        return bool(in_time(self.cluster, body, doing="searching")["hits"]["total"]["value"])

    def facet(self, name: str) -> None:
        """Count the matches by the values of a field."""
        if name == SYSTEM:
            self._facets[name] = {"terms": {"field": "system", "size": 1000}}
        elif name == SECTION:
            self._facets[name] = {"filters": {"filters": {kind: self._in_section(kind) for kind in SECTION_KINDS}}}
        else:
            raise QueryError(f"no facet {name!r}; there is {', '.join(FACETS)}")

    def _in_section(self, kind: str) -> Query:
        """Pages that have a word asked for in one kind of section."""
        nodes = [word.node for word in asked_words(self.tree, self._expanded) if word.stands_in(kind)]
        return any_of([self._translator.query(self._standing_in(node, kind), False) for node in nodes])

    def _standing_in(self, node: Any, kind: str) -> Any:
        """A leaf in one kind of section; a pattern stands for the terms that it stands for in the field asked for."""
        if isinstance(node, (q.Wildcard, q.FuzzyTerm)):
            return Word(kind, node.text, tuple(Variant(term, 1.0, "exact") for term in self._expanded(node)))
        return in_field(node, kind)

    def _query(self) -> Query:
        query = self._translator.query(self.tree)
        return {"bool": {"must": [query], "filter": self._filters}} if self._filters else query

    def _count_leaves(self) -> None:
        """Let the cluster count the pages of each leaf that has not been counted in this generation."""
        boosts = str(self._boosts if dict(self._boosts) != dict(BOOSTS) else None)
        kept = self._view.counts
        known = {key: kept.get((boosts, key)) for key in self._leaves}
        self.counted.update({key: count for key, count in known.items() if count is not None})
        new = [key for key, count in known.items() if count is None]
        if not new:
            return
        queries = [self._translator.query(self._leaves[key], False) for key in new]
        name = self.cluster.address.name
        counts = _by_deadline(
            lambda seconds: self.cluster.count_each(name, queries, doing="counting words", seconds=seconds)
        )
        for key, count in zip(new, counts, strict=True):
            self.counted[key] = count
            kept.put((boosts, key), count, 0)

    # What is found

    def run(self, wanted: int) -> None:
        """Ask the cluster for candidates for the ``wanted`` best hits."""
        aggregations = {f"facet {name}": asked for name, asked in self._facets.items()}
        size = min(max(CANDIDATES, 3 * wanted), max(_MOST_CANDIDATES, wanted)) if wanted else 0
        body = {
            "query": self._query(), "size": size, "_source": WHOLE, "track_total_hits": True, "aggs": aggregations,
            "sort": ["_score", {"id": "asc"}],
        }  # fmt: skip
        found = in_time(self.cluster, body, doing="searching")
        self.total = found["hits"]["total"]["value"]
        self._found = found.get("aggregations", {})
        if found["hits"]["hits"]:
            self._count_leaves()
        self._propose(found["hits"]["hits"])
        if 0 < size < self.total:
            self._propose_ties(wanted, found["hits"]["hits"])

    def _propose(self, hits: Sequence[Any]) -> None:
        """Take the pages of some ``hits`` of the cluster for candidates too."""
        there = {page.key for page in self.pages}
        self.pages += [read_page(hit) for hit in hits if hit["_id"] not in there]
        self.evaluator = self._evaluator()

    def _propose_ties(self, wanted: int, hits: Sequence[Any]) -> None:
        """Where pages as good as the last one wanted may be missing among the candidates, ask for the first by id.

        What the cluster makes of pages that are as good for us may differ a little from shard to shard.
        """
        scores = self.evaluator.evaluate(self.tree).dense(len(self.pages))
        last = np.sort(scores)[-min(wanted, len(scores))]
        theirs = np.array([hit["_score"] for hit in hits])[scores == last]
        if len(theirs) == 1 or theirs.min() > hits[-1]["_score"] * (1 + _SAME):
            return
        body = {
            "query": self._query(), "size": len(hits), "_source": WHOLE, "sort": [{"id": "asc"}],
            "track_total_hits": False, "track_scores": True, "min_score": float(theirs.min()) * (1 - _SAME),
        }  # fmt: skip
        self._propose(in_time(self.cluster, body, doing="searching")["hits"]["hits"])

    def count(self, facet: str) -> dict[str, int]:
        """How many matches have each value of a facet, most first."""
        buckets = self._found[f"facet {facet}"]["buckets"]
        if facet == SYSTEM:
            return most_first({bucket["key"]: bucket["doc_count"] for bucket in buckets})
        return most_first({kind: buckets[kind]["doc_count"] for kind in SECTION_KINDS})

    def best(self, wanted: int) -> list[tuple[int, float]]:
        """The ``wanted`` best candidates with their scores."""
        return self.evaluator.best(self.evaluator.evaluate(self.tree), wanted)

    def asked(self, query: str) -> Asked:
        """The query as it was evaluated, for snippets."""
        return Asked(self._view, query, self.tree, self.evaluator)

    def hit(self, page: int, score: float, asked: Asked) -> Hit:
        """A candidate as a hit."""
        there = self.pages[page]
        return Hit(there.id, score, lambda: there.procedure, asked.snippet)

    # For explanations

    def page(self, id: str) -> int | None:
        """The number of a candidate."""
        return next((number for number, page in enumerate(self.pages) if page.id == id), None)

    def add(self, page: ClusterPage) -> int:
        """Add a page to the candidates, and give its number."""
        self._count_leaves()
        self.pages.append(page)
        self.evaluator = self._evaluator()
        return len(self.pages) - 1

    def finds(self, id: str) -> bool:
        """Whether a page is among the matches."""
        body = {"query": {"bool": {"filter": [self._query(), {"ids": {"values": [key_of(id)]}}]}}, "size": 0}
        found = self.cluster.search(self.cluster.address.name, body, doing="searching")
        return bool(found["hits"]["total"]["value"])

    def hits(self, but: int | None) -> Matches:
        """The candidates that match, but for one."""
        mask = np.ones(len(self.pages), bool)
        if but is not None:
            mask[but] = False
        return within(self.evaluator.evaluate(self.tree), mask)


def in_time(cluster: Cluster, body: Mapping[str, Any], *, doing: str) -> Any:
    """The answer to a search, by the deadline; SearchTimeout where there is none by then."""
    params = {"search_type": "dfs_query_then_fetch"}
    return _by_deadline(
        lambda seconds: cluster.search(cluster.address.name, body, doing=doing, params=params, seconds=seconds)
    )


def _by_deadline(ask: Callable[[float], Any]) -> Any:
    """What ``ask`` gives in the seconds that there are; SearchTimeout where the deadline passes."""
    check_deadline()  # no seconds left would mean the client's own bound
    try:
        return ask(min(SEARCH_SECONDS, seconds_left()))
    finally:
        check_deadline()
