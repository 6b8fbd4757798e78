"""procsearch: the search engine for medical procedure documents.

>>> import procsearch
>>> report = procsearch.reindex(["pages/"], "my-index")
>>> index = procsearch.open_index("my-index")
>>> for hit in index.search("clot in dialysis graft").hits:
...     print(hit.name, hit.snippet)

Everything named here is loaded when it is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what checkers take for true; importing typing would take longer than all of this
if TYPE_CHECKING:
    from typing import Any

    from .corpus.errors import (
        DamagedIndex,
        EngineError,
        IndexLocked,
        ModelError,
        NoIndex,
        PageError,
        ProcsearchError,
        QueryError,
        SearchTimeout,
        UnknownId,
    )
    from .corpus.limits import Limits
    from .corpus.parse import parse_page
    from .corpus.procedure import Procedure, Section, SimilarCode
    from .indexer.reindex import Report, reindex
    from .search.explanation import Explanation
    from .search.index import Index, open_index
    from .search.language import Bounds
    from .search.results import Hit, Results
    from .search.semantic.embedding import Embedded, EmbeddingProgress, embed
    from .search.suggestions import Suggestion

__version__ = "0.1.0"

_HOMES = {
    "Bounds": "search.language.reading",
    "DamagedIndex": "corpus.errors",
    "Embedded": "search.semantic.embedding",
    "EmbeddingProgress": "search.semantic.embedding",
    "EngineError": "corpus.errors",
    "Explanation": "search.explanation",
    "Hit": "search.results",
    "Index": "search.index",
    "IndexLocked": "corpus.errors",
    "Limits": "corpus.limits",
    "ModelError": "corpus.errors",
    "NoIndex": "corpus.errors",
    "PageError": "corpus.errors",
    "Procedure": "corpus.procedure",
    "ProcsearchError": "corpus.errors",
    "QueryError": "corpus.errors",
    "Report": "indexer.reindex",
    "Results": "search.results",
    "SearchTimeout": "corpus.errors",
    "Section": "corpus.procedure",
    "SimilarCode": "corpus.procedure",
    "Suggestion": "search.suggestions",
    "UnknownId": "corpus.errors",
    "embed": "search.semantic.embedding",
    "open_index": "search.index",
    "parse_page": "corpus.parse",
    "reindex": "indexer.reindex",
}

__all__ = [
    "Bounds",
    "DamagedIndex",
    "Embedded",
    "EmbeddingProgress",
    "EngineError",
    "Explanation",
    "Hit",
    "Index",
    "IndexLocked",
    "Limits",
    "ModelError",
    "NoIndex",
    "PageError",
    "Procedure",
    "ProcsearchError",
    "QueryError",
    "Report",
    "Results",
    "SearchTimeout",
    "Section",
    "SimilarCode",
    "Suggestion",
    "UnknownId",
    "embed",
    "open_index",
    "parse_page",
    "reindex",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
