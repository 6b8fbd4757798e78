"""Every error procsearch raises, as one tree.

ProcsearchError
├── QueryError      the query cannot be read; knows the position
├── UnknownId       no procedure of that id is in the index
├── NoIndex         there is no index at that place
├── DamagedIndex    a file of the index is not what was written
├── IndexLocked     another process is writing
├── PageError       a page cannot be read or parsed; knows page and reason
└── EngineError     the storage or the cluster beneath failed
    ├── ModelError      the sentence model is missing or cannot be used
    └── SearchTimeout   a search was not done in the time it was given

Each class carries the exit code that the command line ends with.
"""

from __future__ import annotations

from collections.abc import Sequence


class ProcsearchError(Exception):
    """The base of every error that procsearch raises."""

    exit_code = 4


class QueryError(ProcsearchError):
    """A query that cannot be read.

    ``query`` is the query as given, ``position`` the offset in characters of the place in question.
    """

    exit_code = 2

    def __init__(self, reason: str, query: str = "", position: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.query = query
        self.position = position


class UnknownId(ProcsearchError):  # noqa: N818 - the public name, as KeyError has its own
    """No procedure with this ``id`` is in the index; ``near`` are ids that may have been meant."""

    exit_code = 2

    def __init__(self, id: str, near: Sequence[str] = ()) -> None:
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no procedure {id!r} in the index{meant}")
        self.id = id
        self.near = tuple(near)


class NoIndex(ProcsearchError):  # noqa: N818 - the public name
    """There is no index at the place named."""

    exit_code = 3


class DamagedIndex(ProcsearchError):  # noqa: N818 - the public name
    """A file of the index is missing or is not what was written; ``file`` names it."""

    exit_code = 3

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"the index is damaged: {file}: {reason}; index the pages anew to heal it")
        self.file = file
        self.reason = reason


class IndexLocked(ProcsearchError):  # noqa: N818 - the public name
    """Another process is writing to the index."""


class PageError(ProcsearchError):
    """One page cannot be read or parsed; ``page`` is its source and ``reason`` says why."""

    exit_code = 1

    def __init__(self, page: str, reason: str) -> None:
        super().__init__(f"{page}: {reason}")
        self.page = page
        self.reason = reason


class EngineError(ProcsearchError):
    """The storage or the cluster beneath failed; the message tells the operation and the cause."""


class ModelError(EngineError):
    """The sentence model that search by meaning needs is missing or cannot be used; the message says why."""

    exit_code = 2


class SearchTimeout(EngineError):  # noqa: N818 - says what it is
    """A search was not done within the ``seconds`` it was given, and was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the search took longer than {seconds:g} s and was given up")
        self.seconds = seconds
