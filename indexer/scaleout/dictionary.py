"""The dictionary of an index on a cluster: its terms and how many postings each has, as a segment without pages.

What a query's words may match, and what a misspelt one was meant to be, is worked out from it as from the dictionary of
an index in a folder. It is counted by the cluster when a run finishes, kept there in pieces, and read by who searches.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from ...corpus.errors import DamagedIndex, EngineError
from ..arrays import write_arrays
from ..columns import page_arrays, strings
from ..fields import FIELDS
from ..files import FileRecord, SegmentRecord
from ..layout import dictionary, spans
from ..manifest import Manifest, Versions
from ..segment import Segment
from ..snapshot import Snapshot
from ..storage import Storage
from .cluster import BULK_SECONDS, Cluster, Item
from .documents import LIVE, TERMS, postings_of, token
from .state import State

_NAME = "00000001.segment"
_TERMS_AT_ONCE = 8000  # about so many are counted in one request
_MOST_TERMS = 9999  # servers refuse more than ten thousand
_COUNTING_SECONDS = 10 * BULK_SECONDS
_PIECE = 2 * 2**20
_COUNTED_IN_FIELD = 1000
_KEPT_COUNTS = 100_000


class _Dictionary(Segment):
    """A segment of terms alone."""

    def __init__(self, storage: Storage, record: SegmentRecord, cluster: Cluster, index: str) -> None:
        super().__init__(storage, record)
        self._cluster = cluster
        self._index = index
        self._in_fields: dict[int, dict[int, int]] = {}

    def frequencies(self, numbers: npt.NDArray[np.int64], field: int | None = None) -> npt.NDArray[np.int64]:
        """How many postings each of the terms of ascending ``numbers`` has; in a ``field``, how many pages have it.

        In a field the cluster counts them, those that are the most frequent of all.
        """
        found = super().frequencies(numbers)
        if field is None:
            return found
        most = numbers[np.argsort(-found, kind="stable")[:_COUNTED_IN_FIELD]].tolist()
        counted = self._in_field(field, most)
        return np.array([counted.get(number, 0) for number in numbers.tolist()], np.int64)

    def _in_field(self, field: int, numbers: list[int]) -> dict[int, int]:
        """In how many pages each of the terms stands in ``field``; of other terms, too, what is known."""
        known = self._in_fields.get(field, {})
        if new := [number for number in numbers if number not in known]:
            path = f"words.{FIELDS[field].name}"
            queries = [{"term": {path: token(self.term(number))}} for number in new]
            counts = self._cluster.count_each(self._index, queries, doing="counting the words of a pattern")
            known = {**(known if len(known) < _KEPT_COUNTS else {}), **dict(zip(new, counts, strict=True))}
            self._in_fields[field] = known
        return known


def count(cluster: Cluster, state: State) -> tuple[State, bytes]:
    """What a run leaves behind of the pages in the index: the state of the next generation and the dictionary's file.

    Everything written must be visible to searches.
    """
    doing = "counting the index"
    sums = {field.name: {"stats": {"field": f"lengths.{field.name}"}} for field in FIELDS}
    body = {
        "query": LIVE, "size": 0, "track_total_hits": True,
        "aggs": {
            **sums,
            "systems": {"terms": {"field": "system", "size": 1000}},
            **{f"terms {name}": {"cardinality": {"field": f"terms.{name}"}} for name in TERMS},
        },
    }  # fmt: skip
    uncached = {"request_cache": "false"}
    found = cluster.search(state.index, body, doing=doing, params=uncached, seconds=_COUNTING_SECONDS)
    counted = found["aggregations"]
    terms = _terms(cluster, state, {name: counted[f"terms {name}"]["value"] for name in TERMS})
    systems = tuple(sorted(bucket["key"] for bucket in counted["systems"]["buckets"]))
    data, checksum = _written(terms, systems)
    return replace(
        state,
        generation=state.generation + 1,
        found=found["hits"]["total"]["value"],
        lengths=tuple(int(counted[field.name]["sum"] or 0) for field in FIELDS),
        filled=tuple(int(counted[field.name]["count"]) for field in FIELDS),
        systems=systems,
        size=len(data),
        checksum=checksum,
        pieces=-(-len(data) // _PIECE),
    ), data


def _terms(cluster: Cluster, state: State, about: Mapping[str, int]) -> Counter[str]:
    """Every term of the pages that can be found and its postings; there are ``about`` so many values in each field.

    Each field is read once for every _TERMS_AT_ONCE values in it.
    """
    found: Counter[str] = Counter()
    for asked in _at_once(about):
        body = {"query": LIVE, "size": 0, "aggs": asked}
        answer = cluster.search(state.index, body, doing="counting the words", seconds=_COUNTING_SECONDS)
        for counted in answer["aggregations"].values():
            if counted["sum_other_doc_count"]:
                return _terms(cluster, state, {name: 2 * values + 1 for name, values in about.items()})
            for bucket in counted["buckets"]:
                term, postings = postings_of(bucket["key"], bucket["doc_count"])
                found[term] += postings
    return found


def _at_once(about: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Aggregations that count all values, as many of them together as one request may ask for."""
    some: dict[str, Any] = {}
    values = 0
    for name, all_values in about.items():
        parts = max(1, -(-all_values // _TERMS_AT_ONCE))
        for part in range(parts):
            if some and values + all_values // parts > _TERMS_AT_ONCE:
                yield some
                some, values = {}, 0
            include = {"include": {"partition": part, "num_partitions": parts}} if parts > 1 else {}
            some[f"{name} {part}"] = {"terms": {"field": f"terms.{name}", "size": _MOST_TERMS, **include}}
            values += all_values // parts
    yield some


def _written(terms: dict[str, int], systems: tuple[str, ...]) -> tuple[bytes, int]:
    """The bytes of the dictionary's file and its checksum."""
    by_bytes = sorted((term.encode("utf-8", "replace"), postings) for term, postings in terms.items())
    ends = np.cumsum([0, *(postings for _, postings in by_bytes)], dtype=np.int64)
    arrays: dict[str, Any] = {
        **page_arrays([]),
        **strings("stored", []),
        "phrases": np.empty(0, np.uint8),
        **strings("system", [system.encode("utf-8", "replace") for system in systems]),
        **dictionary([term for term, _ in by_bytes]),
        "spans": spans(np.array([ends, 0 * ends, 0 * ends])),
        "gaps": np.empty(0, np.uint8), "codes": np.empty(0, np.uint16), "positions": np.empty(0, np.uint8),
        "lengths": np.empty(0, np.uint8),
    }  # fmt: skip
    with TemporaryDirectory(prefix="procsearch-") as folder:
        _, checksum = write_arrays(Storage(folder), _NAME, arrays)
        return (Path(folder) / _NAME).read_bytes(), checksum


def put(cluster: Cluster, state: State, data: bytes) -> None:
    """Keep the dictionary of a generation at the cluster."""
    for piece in range(state.pieces):
        packed = b64encode(zlib.compress(data[piece * _PIECE : (piece + 1) * _PIECE], 6)).decode()
        body = {"dictionary": state.generation, "stored": packed}
        item = Item("index", _key(state.generation, piece), body)
        cluster.bulk(state.index, [item], doing="keeping the dictionary")


def forget(cluster: Cluster, older: State) -> None:
    """Delete the dictionary of an ``older`` generation."""
    items = [Item("delete", _key(older.generation, piece)) for piece in range(older.pieces)]
    cluster.bulk(older.index, items, doing="deleting the older dictionary")


def read(cluster: Cluster, state: State, folder: Path) -> Snapshot | None:
    """The dictionary and statistics of ``state`` as a snapshot without pages; None where a newer one has replaced it.

    ``folder`` takes the file, which is mapped and may be deleted then.
    """
    record = SegmentRecord(
        FileRecord(_NAME, state.size, state.checksum), None, 0, state.found, state.lengths, state.filled
    )
    manifest = Manifest(state.generation, 0, Versions(), (record,) if state.pieces else ())
    with (folder / _NAME).open("wb") as file:
        for piece in range(state.pieces):
            path = f"/{state.index}/_doc/{_key(state.generation, piece).replace(' ', '%20')}"
            found = cluster.request("GET", path, doing="reading the dictionary", missing={})
            if not found.get("found"):
                return None
            file.write(zlib.decompress(b64decode(found["_source"]["stored"])))
    try:
        segments = tuple(_Dictionary(Storage(folder), record, cluster, state.index) for record in manifest.segments)
    except DamagedIndex as damage:
        raise EngineError(f"the dictionary at {cluster.address} is damaged ({damage.reason}); finish it anew") from None
    return Snapshot(manifest, segments, None)


def _key(generation: int, piece: int) -> str:
    return f"dictionary {generation} {piece}"
