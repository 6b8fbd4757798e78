"""What can be wrong with a cluster, as errors that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opensearchpy import exceptions as theirs

from ...corpus.errors import EngineError, NoIndex, ProcsearchError

_MAPPING = ("mapper_parsing_exception", "strict_dynamic_mapping_exception", "illegal_argument_exception")
_UNAVAILABLE = (
    "no_shard_available_action_exception", "unavailable_shards_exception", "search_phase_execution_exception",
    "master_not_discovered_exception", "cluster_manager_not_discovered_exception", "cluster_block_exception",
)  # fmt: skip


def fault(error: Exception, start: str, secrets: Sequence[str]) -> ProcsearchError:
    """The error to raise for one of the client's; ``start`` begins its message with what was done, and where.

    The message holds what the server said of the cause, without the ``secrets`` if it repeats them, and nothing else
    that was sent.
    """
    if isinstance(error, theirs.ConnectionTimeout):
        return EngineError(
            f"{start}: no answer in time; the cluster is overloaded, has no master, or a node hangs: look at its health"
        )
    if isinstance(error, theirs.SSLError):
        return EngineError(f"{start}: {_tls(str(error.info))}")
    if isinstance(error, theirs.ConnectionError):
        return EngineError(
            f"{start}: no host answers; check that the cluster runs, that host and port are right, and that "
            "opensearch+https:// is written where it speaks TLS, opensearch:// where it does not"
        )
    status = error.status_code if isinstance(error, theirs.TransportError) else 0
    if status == 401 and secrets:
        return EngineError(
            f"{start}: the cluster refuses the user and password, or API key; check what the environment holds as "
            "PROCSEARCH_OPENSEARCH_USER and _PASSWORD, or _API_KEY"
        )
    kind, reason = _cause(error)
    for secret in secrets:
        reason = reason.replace(secret, "…")
    return refusal(status if isinstance(status, int) else 0, kind, reason, start)


def is_read_only(kind: str, reason: str) -> bool:
    """Whether an index takes no writes, as when a disk is nearly full."""
    return kind == "cluster_block_exception" and ("FORBIDDEN" in reason or "read-only" in reason)


def refusal(status: int, kind: str, reason: str, start: str) -> ProcsearchError:  # noqa: PLR0911 - a case for each
    """The error for an answer with this ``status``, or for one item of an answer; ``start`` begins its message."""
    if status == 401:
        return EngineError(
            f"{start}: the cluster asks who you are; set PROCSEARCH_OPENSEARCH_USER and _PASSWORD, or _API_KEY"
        )
    if is_read_only(kind, reason):
        return EngineError(
            f"{start}: the index is read-only, most likely because a disk is nearly full; make room on the nodes, "
            "then lift the block (index.blocks.read_only_allow_delete: null)"
        )
    if status == 403:
        return EngineError(f"{start}: not permitted; the user needs a role that may read, write and manage this index")
    if kind == "index_not_found_exception" or status == 404:
        return NoIndex(f"{start}: there is no such index; make it with procsearch index --index")
    if status == 429:
        return EngineError(f"{start}: the cluster turns work away; give it more nodes or send less at a time")
    if status == 503 or kind in _UNAVAILABLE:
        return EngineError(
            f"{start}: part of the index cannot be reached (the cluster is red); bring its nodes back: {reason or kind}"
        )
    if kind in _MAPPING:
        return EngineError(f"{start}: the index is not one that procsearch made, or was changed: {reason or kind}")
    if not status:
        return EngineError(f"{start}: what answers there is no cluster; check host and port")
    return EngineError(f"{start}: {reason or 'no reason given'} ({kind or 'error'}, status {status})")


def _tls(cause: str) -> str:
    """What to tell where no connection by TLS came about."""
    if "CERTIFICATE_VERIFY_FAILED" not in cause:
        return "TLS is not spoken there; write opensearch:// or another port"
    if "is not valid for" in cause or "doesn't match" in cause:
        return "its certificate is for another host; write the name that it was made for"
    if "expired" in cause:
        return "its certificate has expired; renew it"
    return "its certificate is not trusted; name the authority's file in PROCSEARCH_OPENSEARCH_CA"


def _cause(error: Exception) -> tuple[str, str]:
    """The kind of the server's error and what it says of the cause."""
    info: Any = error.info if isinstance(error, theirs.TransportError) else None
    found = info.get("error") if isinstance(info, dict) else None
    if isinstance(found, dict):
        roots = found.get("root_cause") or [found]
        root = roots[0] if isinstance(roots[0], dict) else found
        return str(root.get("type") or found.get("type") or ""), str(root.get("reason") or found.get("reason") or "")
    return type(error).__name__, str(found or "")[:300]
