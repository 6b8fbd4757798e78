"""The indexes behind a name: which one is searched, which one is written to, and what is known of each.

``name`` is an alias; the indexes behind it are ``name-000001`` and so on. An index is made anew, under the next number,
when the fields or the analysis change, and the alias moves to it in one step when it is whole. What is known of an
index stands in its mapping, so that one small request tells it.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from ...corpus.errors import EngineError, NoIndex
from ..manifest import Versions
from .cluster import BULK_SECONDS, Cluster
from .documents import LAYOUT, mapping

_KEY = "procsearch"


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one index.

    ``generation`` counts the runs that finished; the rest is as the last of them left it: the number of pages that can
    be ``found``, their words and how many have any for each field (``lengths``, ``filled``), their ``systems``, the
    ``size``, ``checksum`` and ``pieces`` of the dictionary, and ``writes``, how many there had been.
    """

    index: str
    versions: dict[str, int]
    generation: int = 0
    found: int = 0
    lengths: tuple[int, ...] = ()
    filled: tuple[int, ...] = ()
    systems: tuple[str, ...] = ()
    size: int = 0
    checksum: int = 0
    pieces: int = 0
    writes: int = -1

    @property
    def is_current(self) -> bool:
        """Whether its documents are those that this version makes."""
        return self.versions == versions()

    def told(self) -> dict[str, Any]:
        """What stands in the mapping."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "index"}


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes behind a name: the one the alias points to, if any, and all by number."""

    searched: State | None = None
    all: tuple[State, ...] = field(default=())


def versions() -> dict[str, int]:
    """The versions that the documents of an index depend on."""
    return {**asdict(Versions()), "documents": LAYOUT}


def searched(cluster: Cluster) -> State:
    """The index that is searched; NoIndex where there is none or it is of another version."""
    name = cluster.address.name
    found = cluster.request("GET", f"/{name}/_mapping", doing="opening the index", missing={})
    if not found:
        if indexes(cluster).all:
            raise NoIndex(
                f"the index at {cluster.address} is not finished; once all its shards are written: "
                f"procsearch index --finish --index {cluster.address}"
            )
        raise NoIndex(f"no index at {cluster.address}; make one with procsearch index --index {cluster.address}")
    state = _state(cluster, *next(iter(found.items())))
    if not state.is_current:
        raise NoIndex(f"the index at {cluster.address} was made by another version; index its pages again")
    return state


def indexes(cluster: Cluster) -> Indexes:
    """All indexes behind the name of the cluster's address."""
    name, doing = cluster.address.name, "looking at the index"
    found = cluster.request("GET", f"/{name}-*/_mapping", doing=doing, missing={})
    ours = re.compile(re.escape(name) + r"-[0-9]{6,}")
    states = {index: _state(cluster, index, told) for index, told in sorted(found.items()) if ours.fullmatch(index)}
    pointed = cluster.request("GET", f"/_alias/{name}", doing=doing, missing={})
    if not pointed and cluster.exists(f"/{name}", doing=doing):
        raise EngineError(f"{doing} at {cluster.address}: {name} is an index of something else; choose another name")
    return Indexes(next((states[index] for index in pointed if index in states), None), tuple(states.values()))


def target(cluster: Cluster) -> tuple[State, State | None]:
    """The index to write to, made if need be, and the one whose pages it is to take over, if any."""
    found = indexes(cluster)
    if found.searched is not None and found.searched.is_current:
        return found.searched, None
    for state in reversed(found.all):
        if state.is_current:
            return state, found.searched
    last = max((int(state.index.rpartition("-")[2]) for state in found.all), default=0)
    return _make(cluster, f"{cluster.address.name}-{last + 1:06d}"), found.searched


def tell(cluster: Cluster, state: State) -> None:
    """Let everybody know ``state``."""
    cluster.request(
        "PUT", f"/{state.index}/_mapping", {"_meta": {_KEY: state.told()}},
        doing="finishing the index", seconds=BULK_SECONDS,
    )  # fmt: skip


def search_this(cluster: Cluster, state: State) -> None:
    """Point the alias to an index, in one step, and delete those that are of no more use."""
    found = indexes(cluster)
    if found.searched is not None and found.searched.index == state.index:
        return
    name = cluster.address.name
    others = [other.index for other in found.all if other.index < state.index]
    actions: list[dict[str, Any]] = [{"remove_index": {"index": other}} for other in others]
    actions.append({"add": {"index": state.index, "alias": name}})
    doing = "pointing the alias to the new index"
    refreshing = {"index": {"refresh_interval": None}}
    cluster.request("PUT", f"/{state.index}/_settings", refreshing, doing=doing, seconds=BULK_SECONDS)
    cluster.request("POST", "/_aliases", {"actions": actions}, doing=doing, seconds=BULK_SECONDS)


def _make(cluster: Cluster, index: str) -> State:
    """A new index; one that somebody else has just made is as good.

    Until it is searched it is refreshed only when told to: else there would be many small segments to merge.
    """
    state = State(index, versions())
    body = {
        "settings": {"index": {**cluster.address.settings, "refresh_interval": "-1"}},
        "mappings": {**mapping(), "_meta": {_KEY: state.told()}},
    }
    doing = "making the index"
    try:
        cluster.request("PUT", f"/{index}", body, doing=doing, seconds=BULK_SECONDS)
    except EngineError:
        if not cluster.exists(f"/{index}", doing=doing):
            raise
        (told,) = cluster.request("GET", f"/{index}/_mapping", doing=doing).values()
        return _state(cluster, index, told)
    return state


def _state(cluster: Cluster, index: str, told: Any) -> State:
    known = told.get("mappings", {}).get("_meta", {}).get(_KEY)
    try:
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in known.items()}
        return State(index, **values)
    except (AttributeError, TypeError):
        raise EngineError(
            f"the index {index} at {cluster.address} is not one that this version of procsearch made; choose another "
            "name, or delete it and index the pages again"
        ) from None
