"""An index on a cluster as an app sees it: the same as one in a folder.

The cluster finds and counts: every search is one request for the candidates, the exact total, the facets and in how
many pages each word stands. What the words may match, how the candidates rank and what is shown of them is worked out
here, by the code that does it for a folder.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, NoReturn

import numpy as np

from ...corpus.errors import EngineError, QueryError, UnknownId
from ...corpus.procedure import SECTION_KINDS, Procedure
from ...indexer import parameters
from ...indexer.fields import BOOSTS
from ...indexer.manifest import Versions
from ...indexer.scaleout import dictionary, state
from ...indexer.scaleout.address import read_address
from ...indexer.scaleout.cluster import Cluster
from ...indexer.scaleout.documents import FACTS, LIVE, Kept, kept, key_of, token
from ...indexer.snapshot import Snapshot
from ..asked import asked_words
from ..cache import BoundedCache
from ..costs import check_costs
from ..deadline import check_deadline, deadline, seconds_left
from ..explanation import Explanation, explain
from ..facets import FACETS, SECTION, SYSTEM, most_first
from ..index import Asked, Index, View, all_boosts, check_filters, check_window, read_query, values_of
from ..language import Bounds
from ..language import trees as q
from ..matches import NOTHING, Matches, within
from ..neighbours import telling_terms
from ..results import Hit, Results
from ..scoring import inverse_document_frequency
from ..suggestions import NAMING_BOOSTS, Suggestion, suggest
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
_FRESH = 1.0  # seconds for which what is known of an index is taken to be so
_PATIENCE = 8.0  # seconds for which a search is tried again
_KEPT_COUNTS = 50_000
_READ = ["id", "source", "stored", *FACTS]


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


class ClusterIndex(Index):
    """An index on a cluster. Safe to share between threads; sees new commits by itself."""

    def __init__(self, cluster: Cluster, vocabulary: Vocabulary, bounds: Bounds) -> None:
        self.cluster = cluster
        self._bounds = bounds
        self._vocabulary = vocabulary
        self._analyser = Analyser()
        self._opening = Lock()
        self._looked = 0.0
        self._seen: ClusterView | None = None
        self.view()

    def view(self) -> ClusterView:
        """The newest generation."""
        seen = self._seen
        if seen is not None and time.monotonic() - self._looked < _FRESH:
            return seen
        with self._opening:
            known = state.searched(self.cluster)
            while self._seen is None or self._seen.state != known:
                with TemporaryDirectory(prefix="procsearch-") as folder:
                    snapshot = dictionary.read(self.cluster, known, Path(folder))
                if snapshot is not None:
                    self._seen = ClusterView(snapshot, self._vocabulary, self._bounds, known, self._analyser)
                else:
                    known = state.searched(self.cluster)
            self._looked = time.monotonic()
            return self._seen

    # Searching

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        offset: int = 0,
        filters: Mapping[str, str | Sequence[str]] | None = None,
        facets: Sequence[str] = (),
        boosts: Mapping[str, float] | None = None,
        plain: bool = False,
        timeout: float | None = None,
    ) -> Results:
        """The procedures that match ``query``, best first; see :meth:`Index.search`."""
        started = time.perf_counter()
        check_window(limit, offset, plain, self._bounds)
        with deadline(timeout):
            view = self.view()
            tree, corrected, notes = read_query(view, query, plain)
            search = Ranking(self.cluster, view, tree, all_boosts(boosts))
            if not plain:
                check_costs(query, tree, view.snapshot, search.evaluator, view.bounds)
            search.filter(filters or {})
            for name in facets:
                search.facet(name)
            search.run(offset + limit if limit else 0)
        asked = search.asked(query, corrected, (*notes, *search.evaluator.notes_on(tree)))
        best = search.best(offset + limit)[offset:] if limit else []
        hits = tuple(search.hit(page, score, asked) for page, score in best)
        told = list(asked.notes)
        if search.total and offset >= search.total:
            told.append(f"there are only {search.total} results")
        counted = {name: search.count(name) for name in facets}
        return Results(query, search.total, time.perf_counter() - started, hits, corrected, tuple(told), counted)

    # Single procedures

    def get(self, id: str) -> Procedure:
        """The procedure with this id, whole; UnknownId where there is none."""
        return self._page(id).procedure

    def _page(self, id: str) -> Kept:
        found = self._get(id, ["stored", *FACTS])
        if found is None:
            raise UnknownId(id)
        return kept(found)

    def _get(self, id: str, source: Sequence[str]) -> Any:
        body = {"docs": [{"_id": key_of(id), "_source": list(source)}]}
        answer = self.cluster.request("POST", f"/{self.cluster.address.name}/_mget", body, doing="reading a page")
        (found,) = answer["docs"]
        if "error" in found:
            raise EngineError(f"reading a page at {self.cluster.address}: {found['error'].get('reason')}")
        return found if found.get("found") else None

    def __contains__(self, id: str) -> bool:
        return self._get(id, ["id"]) is not None

    def __len__(self) -> int:
        doing = "counting the pages"
        answer = self.cluster.request("POST", f"/{self.cluster.address.name}/_count", {"query": LIVE}, doing=doing)
        return int(self.cluster.whole(answer, doing)["count"])

    def procedures(self) -> Iterator[Procedure]:
        """Every procedure, in the order of ids."""
        after: list[Any] | None = None
        while True:
            body = {"query": LIVE, "size": 500, "_source": _READ, "sort": [{"id": "asc"}], "track_total_hits": False}
            if after is not None:
                body["search_after"] = after
            found = self.cluster.search(self.cluster.address.name, body, doing="reading all pages")["hits"]["hits"]
            if not found:
                return
            yield from (kept(hit).procedure for hit in found)
            after = found[-1]["sort"]

    def similar(self, id: str, *, limit: int = 5) -> list[Hit]:
        """The procedures most like the one with this id, by the words that tell it from others."""
        view = self.view()
        tree = q.Or(telling_terms(view.snapshot, self.get(id)))
        search = Ranking(self.cluster, view, tree, BOOSTS)
        search.run(max(limit, 0) + 1)
        asked = search.asked("", None, ())
        hits = [search.hit(page, score, asked) for page, score in search.best(max(limit, 0) + 1)]
        return [hit for hit in hits if hit.id != id][: max(limit, 0)]

    def suggest(self, prefix: str, *, limit: int = 8) -> list[Suggestion]:
        """Completions of what a user has typed so far: names, terms and codes."""
        view = self.view()

        def coded(beginning: str, wanted: int) -> list[Procedure]:
            body = {
                "query": {"prefix": {"words.code": token(beginning)}}, "size": wanted, "_source": _READ,
                "sort": [{"words.code": "asc"}, {"id": "asc"}],
            }  # fmt: skip
            found = self.cluster.search(self.cluster.address.name, body, doing="completing a code")
            return [kept(hit).procedure for hit in found["hits"]["hits"]]

        def named(tree: Any, wanted: int) -> list[Procedure]:
            search = Ranking(self.cluster, view, tree, NAMING_BOOSTS)
            search.run(wanted)
            return [search.pages[page].procedure for page, _ in search.best(wanted)]

        return suggest(view.snapshot, coded, named, prefix, limit)

    def explain(
        self,
        query: str,
        id: str,
        *,
        filters: Mapping[str, str | Sequence[str]] | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> Explanation:
        """Where every part of the score of one procedure comes from, and what keeps it from a better place.

        Its place is known as far as our own scoring goes, a thousand pages.
        """
        view = self.view()
        tree, _, _ = read_query(view, query, False)
        search = Ranking(self.cluster, view, tree, all_boosts(boosts))
        search.filter(filters or {})
        search.run(1000)
        page = search.page(id)
        if page is None:
            page = search.add(self._page(id))
        hits = search.hits(but=None if search.finds(id) else page)
        words = search.asked(query, None, ()).words
        found = explain(search.evaluator.snapshot, search.evaluator, tree, words, hits, page)
        return replace(found, total=search.total)

    # The whole

    def stats(self) -> dict[str, Any]:
        """Size and contents of the index."""
        view = self.view()
        doing, name = "looking at the index", view.state.index
        body = {"size": 0, "query": {"exists": {"field": "parser"}}, "track_total_hits": True, "aggs": {
            "live": {"filter": LIVE, "aggs": {"systems": {"terms": {"field": "system", "size": 1000}}}}}}  # fmt: skip
        found = self.cluster.search(name, body, doing=doing)
        told = self.cluster.request("GET", f"/{name}/_stats", doing=doing)["_all"]["primaries"]
        live = found["aggregations"]["live"]
        systems = {bucket["key"]: bucket["doc_count"] for bucket in live["systems"]["buckets"]}
        if without := live["doc_count"] - sum(systems.values()):
            systems["none"] = without
        return {
            "documents": live["doc_count"],
            "shadowed": found["hits"]["total"]["value"] - live["doc_count"],
            "systems": dict(sorted(systems.items())),
            "terms": sum(segment.term_count for segment in view.snapshot.segments),
            "segments": told["segments"]["count"],
            "bytes": told["store"]["size_in_bytes"],
            "generation": view.state.generation,
            "versions": asdict(Versions()),
        }

    def check(self) -> list[str]:
        """What keeps the index from being whole and safe, in words; empty where all is well."""
        view, doing = self.view(), "looking at the cluster"
        health = self.cluster.request("GET", f"/_cluster/health/{view.state.index}", doing=doing)
        problems = []
        if health["status"] == "red":
            problems.append(f"the index is red: {health['unassigned_shards']} copies of its shards are on no node")
        elif health["status"] == "yellow":
            problems.append(f"the index is yellow: {health['unassigned_shards']} copies of its shards have no node")
        if len(self) != view.state.found:
            problems.append("pages were written and the index was not finished (procsearch index --finish)")
        return problems

    def whoosh_searcher(self) -> NoReturn:
        """Whoosh reads folders only."""
        raise EngineError("Whoosh's own searcher reads an index in a folder, not one on a cluster")

    @property
    def path(self) -> Path:
        """The address, as a path that names it."""
        return Path(str(self.cluster.address))


class Ranking:
    """One search: what is asked of the cluster, and its answer ranked."""

    def __init__(self, cluster: Cluster, view: ClusterView, tree: Any, boosts: Mapping[str, float]) -> None:
        self.cluster = cluster
        self._view = view
        self._tree = tree
        self._boosts = boosts
        self._leaves = counted_leaves(tree)
        self._bonus = parameters.COVERAGE_WEIGHT * inverse_document_frequency(view.snapshot.live_count, 1)
        self.counted: dict[Hashable, int] = {}
        self.pages: list[Kept] = []
        self.evaluator = self._evaluator()
        self._translator = Translator(
            boosts, self.evaluator.expansion, view.snapshot.inflections, view.rarity, self._bonus, len(leaves(tree))
        )
        self._filters: list[Query] = []
        self._facets: dict[str, Query] = {}
        self._found: Mapping[str, Any] = {}
        self.total = 0

    def _evaluator(self) -> CandidateEvaluator:
        # A tree may hold patterns, whose terms only an evaluator can tell.
        candidates = Candidates(self.pages, Wanted(self._tree, self._expanded), self._view.analyser)
        return CandidateEvaluator(self._view.snapshot, candidates, self._boosts, self._view.expander, self.counted)

    def _expanded(self, leaf: Any) -> list[str]:
        expander = self._view.expander
        if isinstance(leaf, q.Wildcard):
            return list(expander.wildcard(leaf.fieldname, leaf.text).terms)
        return list(expander.fuzzy(leaf.fieldname, leaf.text, leaf.maxdist, leaf.prefixlength).terms)

    # What is asked

    def filter(self, filters: Mapping[str, str | Sequence[str]]) -> None:
        """Keep the pages that have one of the values asked for in every field."""
        check_filters(filters, self._view.bounds)
        for field, wanted in filters.items():
            values = values_of(wanted)
            if field == SECTION:
                self._filters.append(any_of([self._in_section(kind) for kind in values]))
            else:
                parts = [self._translator.query(q.Term(field, value.lower()), False) for value in values]
                self._filters.append(any_of(parts))

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
        nodes = [word.node for word in asked_words(self._tree, self._expanded) if word.stands_in(kind)]
        return any_of([self._translator.query(self._standing_in(node, kind), False) for node in nodes])

    def _standing_in(self, node: Any, kind: str) -> Any:
        """A leaf in one kind of section; a pattern stands for the terms that it stands for in the field asked for."""
        if isinstance(node, (q.Wildcard, q.FuzzyTerm)):
            return Word(kind, node.text, tuple(Variant(term, 1.0, "exact") for term in self._expanded(node)))
        return in_field(node, kind)

    def _query(self) -> Query:
        query = self._translator.query(self._tree)
        return {"bool": {"must": [query], "filter": self._filters}} if self._filters else query

    def _counting(self) -> dict[str, Query]:
        """The queries for the pages of each leaf that has not been counted in this generation."""
        usual = self._boosts if dict(self._boosts) != dict(BOOSTS) else None
        asked = {}
        for number, (key, leaf) in enumerate(self._leaves.items()):
            known = self._view.counts.get((str(usual), key))
            if known is None:
                asked[str(number)] = self._translator.query(leaf, False)
            else:
                self.counted[key] = known
        return asked

    # What is found

    def run(self, wanted: int) -> None:
        """Ask the cluster for candidates for the ``wanted`` best hits."""
        counting = self._counting()
        aggregations: dict[str, Any] = {f"facet {name}": asked for name, asked in self._facets.items()}
        if counting:
            counted = {"whole": {"filters": {"filters": counting}}}
            aggregations["count"] = {"global": {}, "aggs": counted}
        size = min(max(CANDIDATES, 3 * wanted), max(_MOST_CANDIDATES, wanted)) if wanted else 0
        body = {"query": self._query(), "size": size, "_source": _READ, "track_total_hits": True, "aggs": aggregations}
        check_deadline()  # no seconds left would mean the client's own bound
        try:
            found = self.cluster.search(
                self.cluster.address.name, body, doing="searching", seconds=min(SEARCH_SECONDS, seconds_left()),
                params={"search_type": "dfs_query_then_fetch"},
            )  # fmt: skip
        finally:
            check_deadline()
        self.total = found["hits"]["total"]["value"]
        self._found = found.get("aggregations", {})
        for number, bucket in self._found.get("count", {}).get("whole", {}).get("buckets", {}).items():
            key = list(self._leaves)[int(number)]
            self.counted[key] = bucket["doc_count"]
            usual = self._boosts if dict(self._boosts) != dict(BOOSTS) else None
            self._view.counts.put((str(usual), key), bucket["doc_count"], 0)
        self.pages = [kept(hit) for hit in found["hits"]["hits"]]
        self.evaluator = self._evaluator()

    def count(self, facet: str) -> dict[str, int]:
        """How many matches have each value of a facet, most first."""
        buckets = self._found[f"facet {facet}"]["buckets"]
        if facet == SYSTEM:
            return most_first({bucket["key"]: bucket["doc_count"] for bucket in buckets})
        return most_first({kind: buckets[kind]["doc_count"] for kind in SECTION_KINDS})

    def best(self, wanted: int) -> list[tuple[int, float]]:
        """The ``wanted`` best candidates with their scores."""
        return self.evaluator.best(self.evaluator.evaluate(self._tree), wanted)

    def asked(self, query: str, corrected: str | None, notes: tuple[str, ...]) -> Asked:
        """The query as it was evaluated, for snippets."""
        return Asked(self._view, query, self._tree, self.evaluator, NOTHING, corrected, notes)

    def hit(self, page: int, score: float, asked: Asked) -> Hit:
        """A candidate as a hit."""
        there = self.pages[page]
        return Hit(there.id, score, lambda: there.procedure, asked.snippet)

    # For explanations

    def page(self, id: str) -> int | None:
        """The number of a candidate."""
        return next((number for number, page in enumerate(self.pages) if page.id == id), None)

    def add(self, page: Kept) -> int:
        """Add a page to the candidates, and give its number."""
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
        return within(self.evaluator.evaluate(self._tree), mask)


def open_cluster_index(address: str, vocabulary: Vocabulary, bounds: Bounds) -> ClusterIndex:
    """Open the index at ``address``; NoIndex where there is none, EngineError where the cluster does not answer."""
    return ClusterIndex(Cluster(read_address(address), patience=_PATIENCE), vocabulary, bounds)
