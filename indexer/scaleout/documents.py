"""A page as a document of the cluster: our own terms, one after the other, and what is kept of it.

The server analyses nothing: it splits at spaces what :mod:`~...indexer.analysis` found. Ends of lines are terms of
their own, so that every position is that of the index in a folder; they come before any term in order, so that ranges
leave them out. Each text is sent once: the server itself copies it to the fields that hold several.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from hashlib import blake2b
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from ...corpus.procedure import Procedure
from ..analysis import LINE, MAX_TERM, sound
from ..fields import FIELDS
from ..page import IndexablePage, PageFacts, tokens_by_field
from ..postings import LENGTHS, MAX_COUNT, length_bytes
from ..stored import unpack_procedure

LAYOUT = 4
"""Raised when the same pages give other documents or another dictionary; an index of another layout is built anew."""

FIRST_TERM = "\x02"
"""Every term comes after this, every end of a line before it."""

ALL_WORDS = "words.all"
"""The field with the words of all fields that bare words look in."""

NAMES = "words.names"
"""The field with the words of all names."""

BARE = frozenset(field.name for field in FIELDS if field.boost)
"""The fields that bare words look in."""

NAMED = frozenset(("name", "common_names", "medical_terms", "descriptor"))
"""The fields that hold names."""

PARTS = 1 << 30
"""Pages are numbered from 0 to here by a hash of their source, so that a part of them is a range."""

LIVE = {"term": {"live": True}}
"""The query for all pages that can be found."""

TERMS = tuple(map(str, range(32)))
"""The fields under ``terms`` that a page's terms are dealt to, so that those of one can be counted in one go."""

FACTS = ["id", "source", "container", "size", "mtime", "digest", "parser"]
"""What must be read of a document to recognise its page."""

WHOLE = [*FACTS, "stored"]
"""What must be read of a document to have its page whole."""

_LONGEST_KEY = 480  # bytes; the server takes 512
_SPACE = re.compile(r"\s")
_UNDECODED = {0xDC00 + byte: 0xF700 + byte for byte in range(128, 256)}
_DECODED = {there: here for here, there in _UNDECODED.items()}

_KEYWORD = {"type": "keyword", "ignore_above": 8000}
_KEPT: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
_NUMBER = {"type": "long", "index": False, "doc_values": False}


def mapping() -> dict[str, Any]:
    """The mapping of the fields of a document."""
    text = {"type": "text", "analyzer": "whitespace"}
    lengths = {field.name: {"type": "integer", "index": False} for field in FIELDS}
    words: dict[str, Any] = {"all": text, "names": text}
    for field in FIELDS:
        copies = ([ALL_WORDS] if field.name in BARE else []) + ([NAMES] if field.name in NAMED else [])
        kind = {"type": "keyword", "doc_values": field.name == "code"} if field.keyword else text
        words[field.name] = {**kind, "copy_to": copies} if copies else kind
    return {
        "dynamic": "strict",
        "_source": {"excludes": ["words.*", "lengths.*", "terms"]},
        "properties": {
            "id": _KEYWORD, "container": {**_KEYWORD, "doc_values": False}, "system": _KEYWORD, "source": _KEPT,
            "size": _NUMBER, "mtime": _NUMBER, "digest": _KEPT, "parser": {"type": "long"},
            "part": {"type": "integer", "doc_values": False}, "live": {"type": "boolean", "doc_values": False},
            "stored": {"type": "binary"}, "dictionary": _NUMBER,
            "words": {"properties": words},
            "lengths": {"properties": lengths},
            "terms": {"properties": {name: {"type": "keyword", "index": False} for name in TERMS}},
        },
    }  # fmt: skip


class ClusterPage(NamedTuple):
    """A page of the cluster as it was read: its place (document, version) and what recognises it."""

    key: str
    id: str
    source: str
    facts: PageFacts
    stored: bytes
    seq_no: int
    primary_term: int

    @property
    def container(self) -> str:
        """The file on disk that it is in."""
        return self.facts.container

    @property
    def procedure(self) -> Procedure:
        """The procedure, whole."""
        return unpack_procedure(self.stored, self.id, self.source)

    def is_in(self, size: int, mtime_ns: int, parser: int) -> bool:
        """Whether it was parsed by ``parser`` from a file that had this size and time of modification."""
        facts = self.facts
        return facts.mtime_ns == mtime_ns and facts.size == size and facts.parser == parser

    def as_indexable(self, facts: PageFacts | None = None) -> IndexablePage:
        """The page ready to be written again, with other ``facts`` if given; it must have been read whole."""
        system = sound(self.procedure.system or "")
        return IndexablePage(self.id, self.source, system, facts or self.facts, self.stored)


def key_of(id: str) -> str:
    """The document of the page that is found by ``id``."""
    key = "page " + id
    return key if len(key.encode("utf-8", "replace")) <= _LONGEST_KEY else "long " + _hash(id)


def shadow_key(source: str) -> str:
    """The document of a page that another of the same id won over, by its source."""
    return "shadow " + _hash(source)


def number_of(source: str) -> int:
    """The number of a page, below PARTS, by its source."""
    return int(_hash(source)[:8], 16) % PARTS


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def token(term: str) -> str:
    """``term`` as the cluster holds it: the value of a keyword may have spaces, which part terms there."""
    return _SPACE.sub("␣", term)


def json_path(text: str) -> str:
    """A path as JSON can hold it; :func:`own_path` is the way back."""
    return text if text.isascii() else text.translate(_UNDECODED)


def own_path(text: str) -> str:
    """What :func:`json_path` was given."""
    return text if text.isascii() else text.translate(_DECODED)


def read_page(hit: Any) -> ClusterPage:
    """The page of a document as a search or a look-up gives it."""
    found = hit["_source"]
    facts = PageFacts(
        own_path(found["container"]), found["size"], found["mtime"], bytes.fromhex(found["digest"]), found["parser"]
    )
    return ClusterPage(
        hit["_id"], found["id"], own_path(found["source"]), facts, b64decode(found.get("stored", "")),
        hit.get("_seq_no", 0), hit.get("_primary_term", 0),
    )  # fmt: skip


def document(page: IndexablePage) -> dict[str, Any]:
    """The document of a page that can be found."""
    procedure = unpack_procedure(page.stored, page.id, page.source)
    return {**shadow(page), "live": True, **_searchable(procedure)}


def shadow(page: IndexablePage) -> dict[str, Any]:
    """The document of a page that is kept but not found."""
    facts = page.facts
    return {
        "id": page.id, "source": json_path(page.source), "container": json_path(facts.container), "size": facts.size,
        "mtime": facts.mtime_ns, "digest": facts.digest.hex(), "parser": facts.parser, "part": number_of(page.source),
        "stored": b64encode(page.stored).decode(),
    }  # fmt: skip


def _searchable(procedure: Procedure) -> dict[str, Any]:
    """The words of a page field by field, how many there are, and its terms with how many postings each is."""
    found, runs = tokens_by_field(procedure)
    postings: Counter[str] = Counter()
    words: dict[str, list[str]] = {}
    lengths: dict[str, int] = {}
    start = 0
    for number, count in runs:
        field, tokens = FIELDS[number], found[start : start + count]
        start += count
        if field.keyword:
            text = token(tokens[0][:MAX_TERM])
            lengths[field.name] = 1
        else:
            tokens = [word[:MAX_TERM] for word in tokens]
            text = " ".join(tokens)
            length = count - tokens.count(LINE)
            if length:
                lengths[field.name] = int(LENGTHS[length_bytes(np.array([length]))][0])
        words.setdefault(field.name, []).append(text)
        for term, occurrences in Counter(word[:MAX_TERM] for word in tokens).items():
            postings[term] += -(-occurrences // MAX_COUNT)
    del postings[LINE]
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for term, count in postings.items():
        terms[TERMS[crc32(term.encode("utf-8", "replace")) % len(TERMS)]].append(f"{term} {count}")
    return {"system": procedure.system, "words": words, "lengths": lengths, "terms": terms}


def postings_of(value: str, pages: int) -> tuple[str, int]:
    """The term that a value of ``terms`` is for, and how many postings it makes of the ``pages`` that have it."""
    term, _, count = value.rpartition(" ")
    return term, int(count) * pages
