"""An index on a cluster as an app sees it: the same as one in a folder.

The cluster finds and counts: a search is one request for the candidates, the exact total and the facets, and one for
in how many pages each word stands, which is kept. What the words may match, how the candidates rank and what is shown
of them is worked out here, by the code that does it for a folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, NoReturn

from ...corpus.errors import EngineError, UnknownId
from ...corpus.procedure import Procedure
from ...indexer.fields import BOOSTS
from ...indexer.manifest import Versions
from ...indexer.scaleout import dictionary, state
from ...indexer.scaleout.address import read_address
from ...indexer.scaleout.cluster import Cluster
from ...indexer.scaleout.documents import LIVE, WHOLE, ClusterPage, key_of, read_page, token
from ..costs import check_costs
from ..deadline import deadline
from ..explanation import Explanation, explain
from ..index import Index, all_boosts, check_window, read_query
from ..language import Bounds
from ..language import trees as q
from ..neighbours import telling_terms
from ..nothing import near_codes, past_the_last, why_nothing
from ..results import Hit, Results
from ..suggestions import NAMING_BOOSTS, Suggestion, suggest
from ..vocabulary.vocabulary import Vocabulary
from ..words import leaves
from .analysed import Analyser
from .ranking import ClusterSearch, ClusterView, in_time

_FRESH = 1.0  # seconds for which what is known of an index is taken to be so
_PATIENCE = 8.0  # seconds for which a search is tried again


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
            search, corrected, notes = self._begin(view, query, all_boosts(boosts), plain)
            search.filter(filters or {})
            for name in facets:
                search.facet(name)
            search.run(offset + limit if limit else 0)
            if search.total and offset >= search.total:
                notes.append(past_the_last(search.total))
            if not search.total and not plain:
                notes += why_nothing(
                    query, filters or {}, view.snapshot.live_count, view.state.systems, search.has, self._coded
                )
        asked = search.asked(query)
        best = search.best(offset + limit)[offset:] if limit else []
        hits = tuple(search.hit(page, score, asked) for page, score in best)
        counted = {name: search.count(name) for name in facets}
        return Results(query, search.total, time.perf_counter() - started, hits, corrected, tuple(notes), counted)

    def _begin(
        self, view: ClusterView, query: str, boosts: Mapping[str, float], plain: bool = False
    ) -> tuple[ClusterSearch, str | None, list[str]]:
        """The search for ``query``, ready to be run, the query with its misspellings put right, and notes."""
        tree, corrected, notes = read_query(view, query, plain)
        search = ClusterSearch(self.cluster, view, tree, boosts)
        asked_for = leaves(tree)
        if not plain:
            check_costs(query, asked_for, view.snapshot, search.evaluator, view.bounds)
        return search, corrected, [*notes, *search.evaluator.notes_on(asked_for)]

    # Single procedures

    def get(self, id: str) -> Procedure:
        """The procedure with this id, whole; UnknownId where there is none."""
        return self._page(id).procedure

    def _page(self, id: str) -> ClusterPage:
        found = self._documents(id, WHOLE)
        if not found:
            raise UnknownId(id, near_codes(self._coded, id))
        return read_page(found[0])

    def _documents(self, id: str, source: list[str]) -> list[Any]:
        """The document of the page with this id, or none."""
        return self.cluster.documents(self.cluster.address.name, [key_of(id)], source, doing="reading a page")

    def __contains__(self, id: str) -> bool:
        return bool(self._documents(id, ["id"]))

    def __len__(self) -> int:
        return self.cluster.count(self.cluster.address.name, LIVE, doing="counting the pages")

    def procedures(self) -> Iterator[Procedure]:
        """Every procedure, in the order of ids."""
        after: list[Any] | None = None
        while True:
            body = {"query": LIVE, "size": 500, "_source": WHOLE, "sort": [{"id": "asc"}], "track_total_hits": False}
            if after is not None:
                body["search_after"] = after
            found = self.cluster.search(self.cluster.address.name, body, doing="reading all pages")["hits"]["hits"]
            if not found:
                return
            yield from (read_page(hit).procedure for hit in found)
            after = found[-1]["sort"]

    def similar(self, id: str, *, limit: int = 5) -> list[Hit]:
        """The procedures most like the one with this id, by the words that tell it from others; raises UnknownId."""
        view = self.view()
        tree = q.Or(telling_terms(view.snapshot, self.get(id)))
        search = ClusterSearch(self.cluster, view, tree, BOOSTS)
        search.run(max(limit, 0) + 1)
        asked = search.asked("")
        hits = [search.hit(page, score, asked) for page, score in search.best(max(limit, 0) + 1)]
        return [hit for hit in hits if hit.id != id][: max(limit, 0)]

    def _coded(self, beginning: str, wanted: int) -> list[Procedure]:
        """The first ``wanted`` procedures whose code begins so."""
        body = {
            "query": {"prefix": {"words.code": token(beginning)}}, "size": wanted, "_source": WHOLE,
            "sort": [{"words.code": "asc"}, {"id": "asc"}],
        }  # fmt: skip
        found = in_time(self.cluster, body, doing="completing a code")
        return [read_page(hit).procedure for hit in found["hits"]["hits"]]

    def suggest(self, prefix: str, *, limit: int = 8) -> list[Suggestion]:
        """Completions of what a user has typed so far: names, terms and codes."""
        view = self.view()

        def named(tree: Any, wanted: int) -> list[Procedure]:
            search = ClusterSearch(self.cluster, view, tree, NAMING_BOOSTS)
            search.run(wanted)
            return [search.pages[page].procedure for page, _ in search.best(wanted)]

        return suggest(view.snapshot, self._coded, named, prefix, limit)

    def explain(
        self,
        query: str,
        id: str,
        *,
        filters: Mapping[str, str | Sequence[str]] | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> Explanation:
        """Where every part of the score of one procedure comes from; see :meth:`Index.explain`.

        Its place is known as far as our own scoring goes, a thousand pages.
        """
        view = self.view()
        search, _, _ = self._begin(view, query, all_boosts(boosts))
        search.filter(filters or {})
        search.run(1000)
        page = search.page(id)
        if page is None:
            page = search.add(self._page(id))
        hits = search.hits(but=None if search.finds(id) else page)
        words = search.asked(query).words
        found = explain(search.evaluator.snapshot, search.evaluator, search.tree, words, hits, page)
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


def open_cluster_index(address: str, vocabulary: Vocabulary, bounds: Bounds) -> ClusterIndex:
    """Open the index at ``address``; NoIndex where there is none, EngineError where the cluster does not answer."""
    return ClusterIndex(Cluster(read_address(address), patience=_PATIENCE), vocabulary, bounds)
