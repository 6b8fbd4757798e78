"""A search service over tantivy as one would write it in Python: the peer of ``benchmarks.load``.

Starlette under uvicorn, the JSON of our own service, serialised by orjson. Each hit reads its stored page; its snippet
comes from tantivy's own generator, of the first section in page order that holds a word of the query. There are no
limits, metrics, corrections, synonyms or notes. A query runs in the loop, which is quicker than handing it to a thread.
Connections are taken as our own service takes them.

``python -m benchmarks.peers.tantivy_service build PAGES INDEX``, ``… add PAGES INDEX``, ``… serve INDEX WORKERS``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import tantivy
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.supervisors import Multiprocess

from procsearch.search.web.listening import FairLoop, listen

from ..pagefile import read_pages
from .fields import BOOSTS, FIELDS, text_fields

_INDEX = "TANTIVY_INDEX"
_LIMIT = 10
_NAMES = ("name", "names", "descriptor")
_SECTIONS = tuple(field for field in FIELDS if field not in _NAMES)
_HEAP = 128 * 2**20


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in ("id", "system", "code"):
        builder.add_text_field(field, stored=True, tokenizer_name="raw", index_option="basic")
    for field in FIELDS:
        builder.add_text_field(field, stored=True, tokenizer_name="en_stem", index_option="position")
    return builder.build()


def add(pages: Path, index: tantivy.Index) -> None:
    writer = index.writer(heap_size=_HEAP, num_threads=1)
    for page in read_pages(pages):
        known = {name: page[name] for name in ("id", "system", "code")}
        writer.add_document(tantivy.Document(**known, **text_fields(page)))
    writer.commit()
    writer.wait_merging_threads()


class Service:
    """The index of one process."""

    def __init__(self, folder: str) -> None:
        self._schema = schema()
        self._index = tantivy.Index.open(folder)
        self._index.config_reader("commit")  # sees new commits by itself

    def search(self, text: str) -> dict[str, Any]:
        started = perf_counter()
        query = self._index.parse_query(text, list(FIELDS), field_boosts=BOOSTS)
        searcher = self._index.searcher()
        found = searcher.search(query, _LIMIT, count=True)
        snippers = [
            (field, tantivy.SnippetGenerator.create(searcher, query, self._schema, field)) for field in _SECTIONS
        ]
        hits = [_hit(searcher.doc(address), score, snippers) for score, address in found.hits]
        return {
            "query": text, "total": found.count, "corrected": None, "took": perf_counter() - started, "notes": [],
            "hits": hits, "facets": {},
        }  # fmt: skip


def _hit(page: tantivy.Document, score: float, snippers: list[tuple[str, Any]]) -> dict[str, Any]:
    section, snippet, marks = None, "", []
    for field, snipper in snippers:
        made = snipper.snippet_from_doc(page)
        marks = [[part.start, part.end] for part in made.highlighted()]
        if marks:
            section, snippet = field, made.fragment()
            break
    return {
        "id": page.get_first("id"), "code": page.get_first("code"), "system": page.get_first("system"),
        "name": page.get_first("name"), "score": score, "section": section, "snippet": snippet, "marks": marks,
        "match": "stem",
    }  # fmt: skip


def app() -> Starlette:
    service = Service(os.environ[_INDEX])

    async def search(request: Request) -> Response:
        found = service.search(request.query_params["q"])
        return Response(orjson.dumps(found), media_type="application/json")

    return Starlette(routes=[Route("/api/search", search)])


def serve(folder: str, workers: int) -> None:
    os.environ[_INDEX] = folder
    config = uvicorn.Config(
        f"{__spec__.name}:app", factory=True, workers=workers, http="httptools",
        loop=f"{FairLoop.__module__}:{FairLoop.__name__}",
        access_log=False, log_level="warning", lifespan="off", ws="none",
    )  # fmt: skip
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    if workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "serve":
        serve(arguments[0], int(arguments[1]))
    else:
        Path(arguments[1]).mkdir(exist_ok=True)
        if command == "build":
            tantivy.Index(schema(), path=arguments[1])
        add(Path(arguments[0]), tantivy.Index.open(arguments[1]))
