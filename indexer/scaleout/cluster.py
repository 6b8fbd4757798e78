"""The client of a cluster: every request has a time limit, and every failure is an error that says what to do."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...corpus.errors import EngineError, ProcsearchError
from .address import Address, read_credentials

REQUEST_SECONDS = 10.0
BULK_SECONDS = 60.0
"""How long one request may take, and one that writes many pages or makes an index."""

PATIENCE = 60.0
"""How long a writer tries again while nodes are away or turn work down; who searches does not wait so long."""

_FIRST_PAUSE = 0.1
_TURNED_AWAY = frozenset({429, 502, 503, 504})
_LOST_A_NODE = re.compile("node_(?:disconnected|not_connected|closed)_exception")
_SPEAKS = re.compile(r"[23]\.")
_SPEAKS_ELASTIC = re.compile(r"7\.")
_SCROLL = "5m"
_SCANNED_AT_ONCE = 1000  # documents in an answer
_REQUEST_CHARACTERS = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Item:
    """One operation of a bulk request: ``action`` (index, create, delete), its ``id`` and conditions, the document."""

    action: str
    id: str
    document: Mapping[str, Any] | None = None
    seq_no: int | None = None
    primary_term: int | None = None

    def lines(self) -> str:
        """The operation as the lines of a bulk request."""
        head: dict[str, Any] = {"_id": self.id}
        if self.seq_no is not None:
            head |= {"if_seq_no": self.seq_no, "if_primary_term": self.primary_term}
        lines = json.dumps({self.action: head}, separators=(",", ":")) + "\n"
        if self.document is not None:
            lines += json.dumps(self.document, separators=(",", ":")) + "\n"
        return lines


class _Pauses:
    """The pauses between tries, each twice as long as the one before up to the ``longest``, in ``seconds`` in all."""

    def __init__(self, seconds: float, longest: float = 2.0) -> None:
        self._ends = time.monotonic() + seconds
        self._longest = longest
        self._next = _FIRST_PAUSE

    @property
    def are_over(self) -> bool:
        """Whether there is no time left for the next one."""
        return time.monotonic() + self._next > self._ends

    def wait(self) -> None:
        """Let the next one pass."""
        time.sleep(self._next)
        self._next = min(2 * self._next, self._longest)


class Cluster:
    """A cluster. Safe to share between threads. Raises EngineError, or NoIndex where an index asked for is missing."""

    def __init__(self, address: Address, *, patience: float = PATIENCE) -> None:
        try:
            from opensearchpy import ImproperlyConfigured, OpenSearch
        except ImportError:
            raise EngineError("an index on a cluster needs the extra: pip install 'procsearch[opensearch]'") from None
        credentials = read_credentials()
        self.address = address
        self._patience = patience
        self._secrets = credentials.secrets()
        options: dict[str, Any] = {}
        if credentials.api_key is not None:
            options["headers"] = {"Authorization": f"ApiKey {credentials.api_key}"}
        elif credentials.user is not None:
            options["http_auth"] = (credentials.user, credentials.password)
        if address.tls:
            options |= {"use_ssl": True, "verify_certs": True}
            if credentials.authority is not None:
                options["ca_certs"] = credentials.authority
        try:
            ssl.create_default_context(cafile=credentials.authority)  # the client would tell when it connects only
            self._client = OpenSearch(
                hosts=[{"host": host, "port": port} for host, port in address.hosts],
                timeout=REQUEST_SECONDS, max_retries=len(address.hosts), retry_on_status=(), pool_maxsize=16,
                dead_timeout=1, timeout_cutoff=0, **options,
            )  # fmt: skip
        except (OSError, ValueError, ImproperlyConfigured):
            raise EngineError(
                f"connecting at {address}: the certificates in {credentials.authority} cannot be read; "
                "PROCSEARCH_OPENSEARCH_CA names a file of them"
            ) from None
        self._check_version()

    def _fault(self, error: Exception, doing: str) -> ProcsearchError:
        from .faults import fault

        return fault(error, f"{doing} at {self.address}", self._secrets)

    def _check_version(self) -> None:
        found = self.request("GET", "/", doing="connecting", missing={})
        version = found.get("version") if isinstance(found, dict) else None
        number = str(version.get("number", "")) if isinstance(version, dict) else ""
        opensearch = isinstance(version, dict) and version.get("distribution") == "opensearch"
        if not (_SPEAKS if opensearch else _SPEAKS_ELASTIC).match(number):
            raise EngineError(
                f"connecting at {self.address}: the server is of an unknown version ({number or 'none given'}); "
                "procsearch speaks to OpenSearch 2 and 3 and to servers with the API of Elasticsearch 7"
            )

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        missing: Any = None,
    ) -> Any:
        """One request and its answer, tried again for a while where nodes are away or turn work down.

        ``doing`` says in words what for. ``missing`` is the answer where the server says 404, unless it is None.
        """
        from opensearchpy.exceptions import ConnectionError as NoConnection
        from opensearchpy.exceptions import ConnectionTimeout, NotFoundError, OpenSearchException, SSLError

        pauses = _Pauses(min(self._patience, seconds or self._patience))
        while True:
            try:
                return self._client.transport.perform_request(
                    method, path, params=dict(params or {}), body=body, timeout=seconds or REQUEST_SECONDS
                )
            except NotFoundError as error:
                if missing is not None:
                    return missing
                raise self._fault(error, doing) from None
            except (OpenSearchException, OSError, ValueError, AttributeError, TypeError) as error:
                # The last two come of answers that are JSON, but not as of a cluster.
                status = getattr(error, "status_code", None)
                away = isinstance(error, NoConnection) and not isinstance(error, (ConnectionTimeout, SSLError))
                if not (away or _passes(status, getattr(error, "info", ""))) or pauses.are_over:
                    raise self._fault(error, doing) from None
            pauses.wait()

    def bulk(self, index: str, items: Iterable[Item], *, doing: str) -> list[Mapping[str, Any]]:
        """Carry out ``items`` and give the outcome of each: a mapping with its ``status``, 409 for a conflict.

        What the cluster turns away is sent again, slower and slower; what it refuses for good raises.
        """
        outcomes: list[Mapping[str, Any]] = []
        for lines in _requests(items):
            outcomes += self._bulk(index, lines, doing)
        return outcomes

    def _bulk(self, index: str, lines: list[str], doing: str) -> list[Mapping[str, Any]]:
        """One bulk request, and more while part of it is turned away."""
        outcomes: list[Mapping[str, Any]] = [{} for _ in lines]
        waiting = list(range(len(lines)))
        pauses = _Pauses(self._patience, longest=5.0)
        while waiting:
            body = "".join([lines[place] for place in waiting])
            answer = self.request("POST", f"/{index}/_bulk", body, doing=doing, seconds=BULK_SECONDS)
            for place, told in zip(waiting, answer["items"], strict=True):
                outcomes[place] = next(iter(told.values()))
            patient = not pauses.are_over
            waiting = [place for place in waiting if self._is_turned_away(outcomes[place], patient, doing)]
            if waiting:
                pauses.wait()
        return outcomes

    def _is_turned_away(self, outcome: Mapping[str, Any], patient: bool, doing: str) -> bool:
        """Whether an operation should be sent again; raises where it was refused."""
        from .faults import is_read_only

        status = outcome["status"]
        if status < 400 or status in (404, 409):
            return False
        error = outcome.get("error") or {}
        read_only = is_read_only(str(error.get("type")), str(error.get("reason")))
        if status in _TURNED_AWAY and patient and not read_only:
            return True
        raise self._refused(error, doing, status)

    def scan(self, index: str, query: Any, source: list[str], *, doing: str) -> Iterator[Any]:
        """Every document of ``index`` that matches ``query``, in no order, as it was when the scan began."""
        body = {
            "query": query,
            "size": _SCANNED_AT_ONCE,
            "_source": source,
            "sort": ["_doc"],
            "seq_no_primary_term": True,
        }
        found = self.request(
            "POST", f"/{index}/_search", body, doing=doing, params={"scroll": _SCROLL}, seconds=BULK_SECONDS
        )
        scroll = found.get("_scroll_id")
        try:
            while found["hits"]["hits"]:
                self._whole(found, doing)
                yield from found["hits"]["hits"]
                body = {"scroll": _SCROLL, "scroll_id": scroll}
                found = self.request("POST", "/_search/scroll", body, doing=doing, seconds=BULK_SECONDS)
                scroll = found.get("_scroll_id", scroll)
        finally:
            self.request("DELETE", "/_search/scroll", {"scroll_id": [scroll]}, doing=doing, missing={})

    def search(
        self,
        index: str,
        body: Mapping[str, Any],
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
    ) -> Any:
        """The answer to a search, complete: one that lacks a shard, or the time for one, raises."""
        told = {"allow_partial_search_results": "false", **(params or {})}
        answer = self.request("POST", f"/{index}/_search", body, doing=doing, params=told, seconds=seconds)
        return self._whole(answer, doing)

    def documents(
        self, index: str, keys: Iterable[str], source: list[str], *, doing: str, seconds: float | None = None
    ) -> list[Any]:
        """Those of the documents ``keys`` that there are, each as a search gives it with the fields of ``source``."""
        body = {"docs": [{"_id": key, "_source": source} for key in keys]}
        answer = self.request("POST", f"/{index}/_mget", body, doing=doing, seconds=seconds)
        for found in answer["docs"]:
            if "error" in found:
                raise self._refused(found["error"], doing)
        return [found for found in answer["docs"] if found.get("found")]

    def count(self, index: str, query: Mapping[str, Any], *, doing: str) -> int:
        """How many documents match ``query``."""
        answer = self.request("POST", f"/{index}/_count", {"query": query}, doing=doing)
        return int(self._whole(answer, doing)["count"])

    def count_each(
        self, index: str, queries: Iterable[Mapping[str, Any]], *, doing: str, seconds: float | None = None
    ) -> list[int]:
        """How many documents match each of ``queries``."""
        head = json.dumps({"allow_partial_search_results": False})
        bodies = [json.dumps({"query": query, "size": 0, "track_total_hits": True}) for query in queries]
        lines = "".join(f"{head}\n{body}\n" for body in bodies)
        pauses = _Pauses(min(self._patience, seconds or self._patience))
        while True:
            found = self.request("POST", f"/{index}/_msearch", lines, doing=doing, seconds=seconds)["responses"]
            passing = any(_passes(each.get("status"), each["error"]) for each in found if "error" in each)
            if not passing or pauses.are_over:
                return [self._total(each, doing) for each in found]
            pauses.wait()

    def _refused(self, error: Mapping[str, Any], doing: str, status: int = 500) -> ProcsearchError:
        """The error to raise for that of one item of an answer."""
        from .faults import refusal

        return refusal(status, str(error.get("type")), str(error.get("reason")), f"{doing} at {self.address}")

    def _total(self, found: Any, doing: str) -> int:
        if error := found.get("error"):
            raise self._refused(error, doing, found.get("status", 500))
        return int(self._whole(found, doing)["hits"]["total"]["value"])

    def _whole(self, answer: Any, doing: str) -> Any:
        """``answer``, if every shard gave its part."""
        if answer.get("timed_out"):
            raise EngineError(f"{doing} at {self.address}: no answer in time; the cluster is overloaded")
        if answer.get("_shards", {}).get("failed"):
            raise EngineError(f"{doing} at {self.address}: part of the index cannot be reached; bring its nodes back")
        return answer

    def exists(self, path: str, *, doing: str) -> bool:
        """Whether there is an index, alias or document at ``path``."""
        return bool(self.request("HEAD", path, doing=doing))


def _passes(status: Any, error: Any) -> bool:
    """Whether what came of a request is due to pass: nodes are busy or away."""
    # Or the node that was asked lost another one on the way: the next try asks a copy.
    return status in _TURNED_AWAY or (status == 500 and bool(_LOST_A_NODE.search(str(error))))


def _requests(items: Iterable[Item]) -> Iterator[list[str]]:
    """The lines of ``items`` in requests that servers take."""
    some: list[str] = []
    characters = 0
    for item in items:
        lines = item.lines()
        if some and characters + len(lines) > _REQUEST_CHARACTERS:
            yield some
            some, characters = [], 0
        some.append(lines)
        characters += len(lines)
    if some:
        yield some
