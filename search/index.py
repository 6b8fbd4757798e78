"""The index as an app sees it: one object, safe to share between threads, that sees new commits by itself."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from ..corpus.errors import QueryError, UnknownId
from ..corpus.procedure import Procedure
from ..indexer.fields import ALL, BOOSTS
from ..indexer.manifest import MANIFEST
from ..indexer.scaleout.address import is_address
from ..indexer.snapshot import Snapshot, open_snapshot
from ..indexer.storage import Storage
from .asked import AskedWord, asked_words
from .cache import BoundedCache, WorkedOut
from .correction import Corrector, likely_word
from .costs import check_costs
from .deadline import check_deadline, deadline
from .evaluator import Evaluator
from .expansion import Expander
from .explanation import Explanation, explain
from .facets import FACETS, SECTION, SYSTEM, MatchedSections, most_first
from .filters import read_filters
from .finding import Finder
from .language import Bounds, parse_query
from .language import trees as q
from .matches import NOTHING, Mask, Matches, Pages, at_least_as_good, mask_of, nth_best, within
from .neighbours import telling_terms
from .nothing import near_codes, past_the_last, why_nothing
from .questions import cues_of
from .results import Hit, Results
from .rewrite import Rewriter, plain_query, query_fields, tokens
from .semantic.ranking import Semantics
from .snippets import Snippet, make_snippet
from .suggestions import NAMING_BOOSTS, Suggestion, suggest, with_code
from .vocabulary.parts import Parts
from .vocabulary.synonyms import Synonyms
from .vocabulary.vocabulary import Vocabulary, read_vocabulary
from .warming import warm
from .words import SEMANTIC, leaves

BOUNDS = Bounds()

_CACHE_BYTES = 128 * 2**20
_PROCEDURES_BYTES = 64 * 2**20
_WORDS_KEPT = 20_000
_EVALUATORS_KEPT = 50


class View:
    """One commit of an index and all that is worked out about it on the way."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary, bounds: Bounds = BOUNDS) -> None:
        self.snapshot = snapshot
        self.bounds = bounds
        self.cache: BoundedCache[Matches] = BoundedCache(_CACHE_BYTES)
        self.synonyms = Synonyms(snapshot, vocabulary)
        self.expander = Expander(snapshot, self.synonyms.of_word, bounds.expansions)
        self.parts = Parts(snapshot, self.expander.word)
        self._likely: WorkedOut[str, str | None] = WorkedOut(_WORDS_KEPT)
        self._evaluators: WorkedOut[tuple[tuple[str, float], ...], Evaluator] = WorkedOut(_EVALUATORS_KEPT)
        self._procedures: BoundedCache[Procedure] = BoundedCache(_PROCEDURES_BYTES)

    def procedure(self, page: int) -> Procedure:
        """The procedure of a page, kept for the next query that finds it."""
        found = self._procedures.get(page)
        if found is None:
            found = self.snapshot.procedure(page)
            self._procedures.put(page, found, 3000 + sum([len(section.text) for section in found.sections]))
        return found

    def likely(self, word: str) -> str | None:
        """The word of the index that a ``word`` not in it was likely meant to be."""
        return self._likely.of(word, self._likely_word)

    def _likely_word(self, word: str) -> str | None:
        return None if self.synonyms.knows(word) else likely_word(self.snapshot, word)

    def evaluator(self, boosts: Mapping[str, float]) -> Evaluator:
        """The evaluator with these boosts."""
        return self._standing if boosts is BOOSTS else self._evaluators.of(tuple(boosts.items()), self._make_evaluator)

    @cached_property
    def _standing(self) -> Evaluator:
        """The one that nearly every query asks for."""
        return self._make_evaluator(BOOSTS.items())

    def _make_evaluator(self, boosts: Iterable[tuple[str, float]]) -> Evaluator:
        return Evaluator(self.snapshot, dict(boosts), self.expander, self.cache)

    @cached_property
    def systems(self) -> tuple[list[str], Any]:
        """The names of all code systems and the number of each page's among them."""
        names = sorted({name for segment in self.snapshot.segments for name in segment.system_names})
        place = {name: number for number, name in enumerate(names)}
        numbers = [
            np.array([place[name] for name in segment.system_names], np.int64)[segment.file["systems"].all()]
            for segment in self.snapshot.segments
        ]
        return names, np.concatenate([*numbers, np.zeros(0, np.int64)])

    def best(self, matches: Matches, wanted: int) -> list[tuple[int, float]]:
        """The ``wanted`` best pages with their scores; ties go by id."""
        pages: Pages
        if matches.pages is None:
            pages = at_least_as_good(matches.scores, wanted)
            scores = matches.scores[pages]
        else:
            places = at_least_as_good(matches.scores, wanted)
            pages, scores = matches.pages[places], matches.scores[places]
        if len(pages) > wanted:
            floor = nth_best(scores, wanted)
            kept = scores >= floor
            pages, scores = pages.compress(kept), scores.compress(kept)
            if len(pages) > wanted:
                clear = scores > floor
                tied = self._first_by_id(pages[~clear], wanted - int(np.count_nonzero(clear)))
                pages = np.concatenate((pages[clear], tied))
                scores = np.concatenate((scores[clear], np.full(len(tied), floor, np.float32)))
        each = scores.tolist()
        found = sorted(zip(pages.tolist(), each, strict=True), key=itemgetter(1), reverse=True)
        if len(set(each)) < len(found):
            numbers = [page for page, _ in found]
            ids = dict(zip(numbers, self.snapshot.ids(numbers), strict=True))
            found.sort(key=lambda hit: (-hit[1], ids[hit[0]]))
        return found

    def _first_by_id(self, pages: Pages, wanted: int) -> Pages:
        """The ``wanted`` first of many pages by id."""
        candidates: list[tuple[str, int]] = []
        snapshot = self.snapshot
        for segment, base in zip(snapshot.segments, snapshot.bases, strict=False):
            low, high = np.searchsorted(pages, (base, base + segment.pages))
            local = pages[low:high] - base
            ranks = segment.id_ranks[local]
            chosen = (
                local[np.argsort(ranks)[:wanted]]
                if len(ranks) <= wanted
                else local[np.argpartition(ranks, wanted)[:wanted]]
            )
            candidates += zip(segment.ids_of(chosen.tolist()), (chosen + base).tolist(), strict=True)
        return np.array([page for _, page in sorted(candidates)[:wanted]], np.int64)


class Index:
    """An index opened for searching. Safe to share between threads; sees new commits by itself.

    The first search of a ``lasting`` one has made ready what the next ones will need.
    """

    def __init__(
        self,
        storage: Storage,
        snapshot: Snapshot,
        vocabulary: Vocabulary | None = None,
        bounds: Bounds = BOUNDS,
        *,
        lasting: bool = False,
    ) -> None:
        self._storage = storage
        self._bounds = bounds
        self._opening = Lock()
        self._semantics = Semantics()
        self._vocabulary = vocabulary or read_vocabulary()
        self._view = View(snapshot, self._vocabulary, bounds)
        self._cold = iter([True] if lasting else [])

    def view(self) -> View:
        """The newest commit; of a snapshot that is no commit yet, always that."""
        if self._is_newest():
            return self._view
        with self._opening:
            if not self._is_newest():
                self._view = View(open_snapshot(self._storage), self._vocabulary, self._bounds)
            return self._view

    def _is_newest(self) -> bool:
        stamp = self._view.snapshot.stamp
        return stamp is None or self._storage.size_and_time(MANIFEST) == stamp

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
        """The procedures that match ``query``, best first.

        ``filters`` keeps those with one of the values in each field named; ``facets`` counts all matches by the values
        of fields. ``boosts`` changes the weights of fields for this query. With ``plain`` the query is read as plain
        words of any length instead of the query language. Raises QueryError for a query that cannot be read or costs
        too much, SearchTimeout where it is not done within ``timeout`` seconds.
        """
        started = time.perf_counter()
        check_window(limit, offset, plain, self._bounds)
        view = self.view()
        if next(self._cold, False):  # true for one thread alone
            warm(view.snapshot)
        with deadline(timeout):
            asked = self._ask(view, query, all_boosts(boosts), plain)
            matches = asked.matches
            if filters:
                matches = within(matches, asked.filter_mask(filters))
            counted = {name: asked.count(name, mask_of(matches, view.snapshot.pages)) for name in facets}
        total = len(matches)
        best = view.best(matches, offset + limit)[offset:] if limit and total > offset else []
        hits = tuple(self._hits(view, best, asked))
        notes = list(asked.notes)
        if total and offset >= total:
            notes.append(past_the_last(total))
        if not total and not plain:
            notes += asked.why_nothing(filters or {})
        return Results(query, total, time.perf_counter() - started, hits, asked.corrected, tuple(notes), counted)

    def _ask(self, view: View, query: str, boosts: Mapping[str, float], plain: bool = False) -> Asked:
        evaluator = view.evaluator(boosts)
        tree, corrected, notes = read_query(view, query, plain)
        asked_for = leaves(tree)
        if not plain:
            check_costs(query, asked_for, view.snapshot, evaluator, view.bounds)
        words = evaluator.evaluate(tree)
        ranked = self._semantics.ranked(view.snapshot, query, plain, tree, evaluator, words)
        notes = (*notes, *ranked.notes, *evaluator.notes_on(asked_for))
        return Asked(view, query, tree, evaluator, ranked.matches, words, corrected, notes)

    def _hits(self, view: View, best: Sequence[tuple[int, float]], asked: Asked) -> list[Hit]:
        pages, scores = [page for page, _ in best], [score for _, score in best]
        reads = map(partial, repeat(view.procedure), pages)
        return list(map(Hit, view.snapshot.ids(pages), scores, reads, asked.snippers(pages)))

    # Single procedures

    def get(self, id: str) -> Procedure:
        """The procedure with this id, whole; UnknownId where there is none."""
        view = self.view()
        return view.snapshot.procedure(_page(view, id))

    def __contains__(self, id: str) -> bool:
        return self.view().snapshot.find(id) is not None

    def __len__(self) -> int:
        return self.view().snapshot.live_count

    def procedures(self) -> Iterator[Procedure]:
        """Every procedure, in the order of ids."""
        return self.view().snapshot.procedures()

    def similar(self, id: str, *, limit: int = 5) -> list[Hit]:
        """The procedures most like the one with this id, by the words that tell it from others; raises UnknownId."""
        view = self.view()
        page = _page(view, id)
        tree = q.Or(telling_terms(view.snapshot, view.snapshot.procedure(page)))
        evaluator = view.evaluator(BOOSTS)
        found = view.best(evaluator.evaluate(tree), max(limit, 0) + 1)
        others = [(other, score) for other, score in found if other != page][: max(limit, 0)]
        return self._hits(view, others, Asked(view, "", tree, evaluator))

    def suggest(self, prefix: str, *, limit: int = 8) -> list[Suggestion]:
        """Completions of what a user has typed so far: names, terms and codes."""
        view = self.view()
        snapshot, evaluator = view.snapshot, view.evaluator(NAMING_BOOSTS)

        def named(tree: Any, wanted: int) -> Iterator[Procedure]:
            return (snapshot.procedure(page) for page, _ in view.best(evaluator.evaluate(tree), wanted))

        return suggest(snapshot, partial(with_code, snapshot), named, prefix, limit)

    def explain(
        self,
        query: str,
        id: str,
        *,
        filters: Mapping[str, str | Sequence[str]] | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> Explanation:
        """Where every part of the score of one procedure comes from, and what keeps it from a better place.

        Raises QueryError as a search does, UnknownId where there is no procedure with this id.
        """
        view = self.view()
        asked = self._ask(view, query, all_boosts(boosts))
        hits = within(asked.matches, asked.filter_mask(filters)) if filters else asked.matches
        return explain(view.snapshot, asked.evaluator, asked.tree, asked.words, hits, _page(view, id), asked.matches)

    # The whole

    def stats(self) -> dict[str, Any]:
        """Size and contents of the index."""
        view = self.view()
        snapshot, manifest = view.snapshot, view.snapshot.manifest
        names, numbers = view.systems
        counts = np.bincount(numbers[snapshot.live], minlength=len(names)).tolist()
        return {
            "documents": snapshot.live_count,
            "shadowed": sum(int(np.count_nonzero(segment.states == 1)) for segment in snapshot.segments),
            "systems": {name or "none": count for name, count in zip(names, counts, strict=True) if count},
            "terms": sum(segment.term_count for segment in snapshot.segments),
            "segments": len(snapshot.segments),
            "bytes": sum(file.size for file in manifest.files()),
            "generation": manifest.generation,
            "versions": {"fields": manifest.versions.fields, "analysis": manifest.versions.analysis},
        }

    def check(self) -> list[str]:
        """Verify every byte of every file of the index and give what is wrong, in words; empty where all is well."""
        from ..indexer.check import check

        return check(self._storage)

    def whoosh_searcher(self) -> Any:
        """Whoosh's own searcher over the same index."""
        from whoosh.searching import Searcher

        from ..indexer.codec import whoosh_reader

        return Searcher(whoosh_reader(self.view().snapshot))

    @property
    def path(self) -> Path:
        """The folder of the index."""
        return self._storage.path


class Asked:
    """One query as it was read and evaluated.

    ``matches`` are the pages found, ``by_words`` those of them that were not found by their meaning alone; without them
    it serves for snippets only. ``corrected`` is the query with its misspellings put right, or None.
    """

    def __init__(
        self,
        view: View,
        query: str,
        tree: Any,
        evaluator: Evaluator,
        matches: Matches = NOTHING,
        by_words: Matches = NOTHING,
        corrected: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._view = view
        self.by_words = by_words
        self._query = query
        self.tree = tree
        self.evaluator = evaluator
        self.matches = matches
        self.corrected = corrected
        self.notes = notes

    @cached_property
    def words(self) -> list[AskedWord]:
        """The words that the query asks for."""
        return list(asked_words(self.tree, self.evaluator.expanded))

    @cached_property
    def _weights(self) -> list[float]:
        return [self.evaluator.rarity(word.node) for word in self.words]

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.words)

    @cached_property
    def _sections(self) -> MatchedSections:
        return MatchedSections(self._view.snapshot, self.evaluator, self.words)

    def snippers(self, pages: Sequence[int]) -> list[Callable[[Procedure], Snippet]]:
        """What makes the snippet of each of some pages found: those near to the meaning only have words by chance."""
        if self.by_words is self.matches:
            return [self.snippet] * len(pages)
        return [self.snippet if self.by_words.score(page) else self.semantic_snippet for page in pages]

    def filter_mask(self, filters: Mapping[str, str | Sequence[str]]) -> Mask:
        """The pages that have one of the values asked for in every field of ``filters``."""
        fields = read_filters(filters, self._view.bounds)
        mask = np.ones(self._view.snapshot.pages, bool)
        if SECTION in fields:
            mask = self._sections.mask(fields.pop(SECTION))
        found = self.evaluator.filter_mask(fields)
        return mask if found is None else mask & found

    def why_nothing(self, filters: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
        """What to tell where nothing matches."""
        snapshot = self._view.snapshot

        def has(field: str, value: str) -> bool:
            return bool((self.filter_mask({field: value}) & snapshot.live).any())

        systems, coded = self._view.systems[0], partial(with_code, snapshot)
        return why_nothing(self._query, filters, snapshot.live_count, systems, has, coded)

    def count(self, facet: str, mask: Mask) -> dict[str, int]:
        """How many pages of ``mask`` have each value of a facet, most first."""
        if facet == SECTION:
            return self._sections.counts(mask)
        if facet != SYSTEM:
            raise QueryError(f"no facet {facet!r}; there is {', '.join(FACETS)}")
        names, numbers = self._view.systems
        counts = np.bincount(numbers[mask], minlength=len(names)).tolist()
        return most_first({name: count for name, count in zip(names, counts, strict=True) if name})

    def snippet(self, procedure: Procedure) -> Snippet:
        """The snippet of a hit."""
        check_deadline()
        return make_snippet(procedure, self._finder, self._weights, cues_of(self._query))

    def semantic_snippet(self, procedure: Procedure) -> Snippet:
        """The snippet of a hit that is near to the meaning of the query only."""
        return replace(self.snippet(procedure), tier=SEMANTIC)


def read_query(view: View, query: str, plain: bool) -> tuple[Any, str | None, tuple[str, ...]]:
    """The tree to evaluate for ``query``, the query with its misspellings put right, and what is to be noted."""
    notes: tuple[str, ...] = ()
    systems = view.snapshot.system_terms
    if plain:
        tree = plain_query(query)
    else:
        parsed = parse_query(query, fields=query_fields(systems), default_field=ALL, tokens=tokens, bounds=view.bounds)
        tree, notes = parsed.query, parsed.notes
    most = len(query) if plain else None  # plain words are judged queries: all of them are looked up
    corrector = Corrector(view.expander.word, view.likely, most or view.bounds.corrections)
    rewriter = Rewriter(corrector.variants, view.synonyms, view.parts, systems, most or view.bounds.compounds)
    tree = rewriter.rewrite(tree if isinstance(tree, q.Or) else q.Or([tree]))
    return tree, corrector.corrected(query, tree), (*notes, *(() if plain else (*rewriter.notes, *corrector.notes)))


def open_index(path: str | Path, *, vocabulary: str | Path | None = None, bounds: Bounds = BOUNDS) -> Index:
    """Open the index in the folder ``path``; NoIndex where there is none, DamagedIndex where it cannot be trusted.

    ``path`` may also be the address of an index on a cluster, ``opensearch://host:9200/name``. ``vocabulary`` is a file
    of synonyms of one's own; PageError names the line that cannot be read. ``bounds`` say how large a query may be.
    Raises EngineError where a cluster does not answer.

    Python's garbage collector looks through what is young, which it did amid a search otherwise. The first search of
    an index in a folder starts a short-lived thread that gets ready what the next ones need: up to 256 MiB of the index
    read, and 2 KiB of memory for each page, 96 MiB at most.
    """
    index = _opened(path, vocabulary, bounds, lasting=True)
    gc.collect(1)
    return index


def open_once(path: str | Path, *, vocabulary: str | Path | None = None) -> Index:
    """The same for a process that will search once: nothing is made ready for other searches."""
    return _opened(path, vocabulary, BOUNDS, lasting=False)


def _opened(path: str | Path, vocabulary: str | Path | None, bounds: Bounds, *, lasting: bool) -> Index:
    if is_address(path):
        from .scaleout.index import open_cluster_index

        return open_cluster_index(str(path), read_vocabulary(vocabulary), bounds)
    storage = Storage(path)
    return Index(storage, open_snapshot(storage), read_vocabulary(vocabulary), bounds, lasting=lasting)


def _page(view: View, id: str) -> int:
    page = view.snapshot.find(id)
    if page is None:
        raise UnknownId(id, near_codes(partial(with_code, view.snapshot), id))
    return page


def check_window(limit: int, offset: int, plain: bool, bounds: Bounds) -> None:
    """Raise QueryError where a page of results reaches too far; those of ``plain`` queries may reach anywhere."""
    if limit < 0 or offset < 0 or (limit + offset > bounds.window and not plain):
        raise QueryError(f"results can be read up to the {bounds.window}th; narrow the query instead")


def all_boosts(boosts: Mapping[str, float] | None) -> Mapping[str, float]:
    """The boosts of a query: the standing ones but for those that it changes; QueryError where they make no sense."""
    if not boosts:
        return BOOSTS
    unknown = [name for name in boosts if name not in BOOSTS]
    if unknown:
        raise QueryError(f"no field {unknown[0]!r} to boost; there is {', '.join(BOOSTS)}")
    if any(not 0 <= boost < 1e6 for boost in boosts.values()):
        raise QueryError("a boost is a number from 0 to a million")
    return {**BOOSTS, **boosts}
