"""How good the ranking is: nDCG@10 on judged collections, beside other engines, with a floor for each.

``python -m benchmarks.relevance --data FOLDER`` measures every collection in FOLDER (a folder each with
``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``, or ``.gz``, as BEIR has them) and the sample pages, and fails
where one is below its floor in ``relevance_floors.json``. A floor is good for the data with its hash only. ``--peers``
measures SQLite FTS5, tantivy and bm25s too; ``--semantic`` ranks by meaning as well, with floors of its own;
``--raise-floors`` takes what was measured where it is better,
``--lower-floors`` where it is worse.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from procsearch.indexer.analysis import STOP_WORDS, terms
from procsearch.indexer.reindex import reindex
from procsearch.search.evaluation import Evaluation, measure, read_qrels, read_queries
from procsearch.search.guard import run_queries
from procsearch.search.index import Index, open_index
from procsearch.search.semantic.embedding import embed

from .peers import engine

FLOORS = Path(__file__).with_name("relevance_floors.json")
SAMPLES = Path(__file__).resolve().parent.parent / "corpus" / "samples"
PEERS = ("fts5", "tantivy", "bm25s")
TOLERANCE = 0.0005
"""How far below its floor a figure may be: libraries round differently."""


@dataclass(frozen=True)
class Collection:
    """A judged collection: pages, queries (id -> text), judgements (query -> page -> grade), the ``hash`` of all."""

    name: str
    pages: Path
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    hash: str


def collections(data: Path | None, scratch: Path) -> Iterator[Collection]:
    """The sample pages and every collection of the folder ``data``; ``scratch`` takes what has to be unpacked."""
    yield _collection("samples", SAMPLES / "pages", SAMPLES / "queries.jsonl", SAMPLES / "qrels.tsv")
    for folder in sorted(data.iterdir()) if data else ():
        corpus = _file(folder, "corpus.jsonl")
        if corpus is None:
            continue
        if corpus.suffix == ".gz":
            unpacked = scratch / f"{folder.name}.jsonl"
            unpacked.write_bytes(gzip.decompress(corpus.read_bytes()))
            corpus = unpacked
        queries, qrels = _file(folder, "queries.jsonl"), _file(folder, "qrels.tsv")
        if queries and qrels:
            yield _collection(folder.name, corpus, queries, qrels)


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _collection(name: str, pages: Path, queries: Path, qrels: Path) -> Collection:
    judged = read_qrels(qrels)
    asked = {query: text for query, text in read_queries(queries).items() if query in judged}
    digest = hashlib.sha256()
    files = sorted(path for path in pages.rglob("*") if path.is_file()) if pages.is_dir() else [pages]
    for path in files:
        digest.update(path.read_bytes())
    digest.update(json.dumps([asked, judged], sort_keys=True).encode())
    return Collection(name, pages, asked, {query: judged[query] for query in asked}, digest.hexdigest()[:16])


def index_of(collection: Collection, folder: Path, semantic: bool = False) -> Index:
    """An index of the collection, built in ``folder``; with sentence vectors if ``semantic``."""
    path = folder / f"{collection.name}-index"
    reindex([collection.pages], path)
    if semantic:
        embed(path, jobs=len(os.sched_getaffinity(0)))
    return open_index(path)


def judge(collection: Collection, index: Index) -> Evaluation:
    """How well ``index`` answers the queries of the collection."""
    return measure(collection.qrels, run_queries(index, collection.queries))


def judge_peer(name: str, collection: Collection, index: Index, folder: Path) -> Evaluation:
    """How well another engine answers the same queries over the same procedures."""
    pages = folder / f"{collection.name}-pages.jsonl"
    if not pages.exists():
        with pages.open("w") as file:
            for procedure in index.procedures():
                file.write(json.dumps(_merged(procedure.to_json())) + "\n")
    peer, path = engine(name), folder / f"{collection.name}-{name}"
    path.mkdir()
    peer.build(pages, path)
    searcher = peer.open(path)
    run = {}
    for query, text in collection.queries.items():
        words = list(dict.fromkeys(terms(text)))
        telling = [word for word in words if word not in STOP_WORDS] or words
        found = searcher.search(" ".join(telling), 100) if telling else []
        run[query] = {id: 1.0 / rank for rank, id in enumerate(found, 1)}
    return measure(collection.qrels, run)


def _merged(page: dict[str, object]) -> dict[str, object]:
    """The page as the peers index it: sections of one kind as one."""
    texts: dict[str, list[str]] = {}
    for section in page["sections"]:  # type: ignore[attr-defined]
        kind = "summary" if section["kind"] == "other" else section["kind"]
        texts.setdefault(kind, []).append(section["text"])
    return {**page, "sections": [{"kind": kind, "text": "\n".join(parts)} for kind, parts in texts.items()]}


def below_floor(figures: Mapping[str, tuple[str, float]], floors: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The collections that measured (hash, nDCG@10) below their floors, in words."""
    failures = []
    for name, (digest, figure) in figures.items():
        floor = floors.get(name)
        if floor is None or floor["data"] != digest:
            print(f"{name}: no floor for this data ({digest})", file=sys.stderr)
        elif figure < float(str(floor["nDCG@10"])) - TOLERANCE:
            failures.append(f"{name}: nDCG@10 is {figure:.4f}, its floor {floor['nDCG@10']}")
    return failures


def new_floors(
    figures: Mapping[str, tuple[str, float]], floors: Mapping[str, Mapping[str, object]], lower: bool
) -> dict[str, Mapping[str, object]]:
    """The floors after this measurement: raised to it, and only with ``lower`` lowered to it."""
    found = dict(floors)
    for name, (digest, figure) in figures.items():
        floor = floors.get(name)
        known = floor is not None and floor["data"] == digest
        if not known or lower or figure > float(str(floor["nDCG@10"])):  # type: ignore[index]
            found[name] = {"data": digest, "nDCG@10": round(figure, 4)}
    return found


def main() -> int:
    """Measure, print a table, and compare with the floors; 1 where one is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of judged collections")
    parser.add_argument("--semantic", action="store_true", help="rank by sentence vectors too (minutes a collection)")
    parser.add_argument("--peers", action="store_true", help="measure other engines too")
    parser.add_argument("--raise-floors", action="store_true", help="pin what is better than before")
    parser.add_argument("--lower-floors", action="store_true", help="pin what is worse than before, too")
    asked = parser.parse_args()
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    figures: dict[str, tuple[str, float]] = {}
    print(f"{'':12}{'queries':>8}{'nDCG@10':>9}{'R@100':>8}{'AP':>8}{'RR':>8}", *PEERS if asked.peers else ())
    with TemporaryDirectory(prefix="relevance-") as scratch:
        folder = Path(scratch)
        for collection in collections(asked.data, folder):
            index = index_of(collection, folder, asked.semantic)
            name = f"{collection.name}, semantic" if asked.semantic else collection.name
            mean = judge(collection, index).mean
            figures[name] = collection.hash, mean["nDCG@10"]
            peers = [judge_peer(name, collection, index, folder).mean for name in PEERS if asked.peers]
            print(f"{collection.name:12}{len(collection.queries):8}{mean['nDCG@10']:9.4f}"
                  f"{mean['R@100']:8.4f}{mean['AP']:8.4f}{mean['RR']:8.4f}",
                  *(f"{peer['nDCG@10']:.4f}" for peer in peers))  # fmt: skip
    if asked.raise_floors or asked.lower_floors:
        FLOORS.write_text(json.dumps(new_floors(figures, floors, asked.lower_floors), indent=2) + "\n")
        return 0
    failures = below_floor(figures, floors)
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
