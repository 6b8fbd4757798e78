"""Whoosh over our segments: a codec that reads, so that Whoosh's own reader and searcher run over the index.

What Whoosh calls a document is a page of a segment, the weight of a posting its number of occurrences, and a field's
length the rounded one. The field ``all`` is the union of the fields that bare words rank by. Nothing is unpickled:
positions come as plain numbers, and there is no table of contents.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import postings
from .fields import ALL, FIELD_NUMBERS, FIELDS, field_keywords, field_texts, schema
from .segment import Segment
from .snapshot import Snapshot

with warnings.catch_warnings():  # Whoosh 2.7.4 spells some regular expressions in a way newer Pythons warn of
    warnings.simplefilter("ignore")
    from whoosh.codec import base
    from whoosh.formats import Positions
    from whoosh.matching import ListMatcher
    from whoosh.reading import EmptyReader, IndexReader, MultiReader, SegmentReader, TermInfo, TermNotFound

_POSITION_BITS = 24

_MEMBERS = {
    **{name: (number,) for name, number in FIELD_NUMBERS.items()},
    ALL: tuple(number for number, field in enumerate(FIELDS) if field.boost > 0),
}
"""The numbers of the fields that a field of the schema is made of."""


def whoosh_reader(snapshot: Snapshot) -> IndexReader:
    """A Whoosh reader over one commit. Documents are numbered as the pages of ``snapshot``."""
    generation = snapshot.manifest.generation
    readers = [
        SegmentReader(None, schema(), _WhooshSegment(segment), generation=generation, codec=ArrayCodec())
        for segment in snapshot.segments
    ]
    if not readers:
        return EmptyReader(schema())
    return readers[0] if len(readers) == 1 else MultiReader(readers, generation)


class ArrayCodec(base.Codec):  # type: ignore[misc]  # Whoosh is not typed
    """The parts that Whoosh's reader of a segment is put together from. Writing is the business of our own writer."""

    def terms_reader(self, storage: None, segment: _WhooshSegment) -> _TermsReader:
        """The dictionary and postings of a segment."""
        return _TermsReader(segment.segment)

    def per_document_reader(self, storage: None, segment: _WhooshSegment) -> _PageReader:
        """The pages of a segment."""
        return _PageReader(segment.segment)


class _WhooshSegment(base.Segment):  # type: ignore[misc]
    def __init__(self, segment: Segment) -> None:
        super().__init__(segment.name)
        self.segment = segment


class _PositionNumbers(Positions):  # type: ignore[misc]
    """The positions of a posting as numbers of four bytes; Whoosh's own format pickles them."""

    def encode(self, positions: Any) -> bytes:
        return np.asarray(positions, "<u4").tobytes()

    def decode_positions(self, value: bytes) -> list[int]:
        found: list[int] = np.frombuffer(value, "<u4").tolist()
        return found

    def decode_frequency(self, value: bytes) -> int:
        return len(value) // 4


class _Matcher(ListMatcher):  # type: ignore[misc]
    """The postings of one term. Whoosh's ListMatcher forgets what it knows of the term when it is copied."""

    def copy(self) -> _Matcher:
        return copy(self)


class _Found(NamedTuple):
    """The postings of a term in a field of the schema, one a page."""

    pages: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    positions: npt.NDArray[np.uint32]
    """Of all occurrences; those of one page ascend. Positions in different fields are far apart."""


class _TermsReader(base.TermsReader):  # type: ignore[misc]
    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    @cached_property
    def _fields_of_terms(self) -> npt.NDArray[np.uint32]:
        """The fields that each term stands in, a bit a field."""
        file = self._segment.file
        starts = self._segment.posting_offsets()[:-1]
        bits = np.left_shift(np.uint32(1), file["codes"].all() >> postings.FIELD_SHIFT, dtype=np.uint32)
        return np.bitwise_or.reduceat(bits, starts) if len(starts) else np.zeros(0, np.uint32)

    def present(self, fieldname: str, start: int = 0) -> npt.NDArray[np.int64]:
        """The numbers from ``start`` of the terms of a field."""
        mask = np.uint32(sum(1 << number for number in _MEMBERS[fieldname]))
        return np.flatnonzero(self._fields_of_terms[start:] & mask) + start

    def _number(self, fieldname: str, text: bytes) -> int:
        number = self._segment.term_number(text.decode("utf-8", "replace"))
        members = _MEMBERS.get(fieldname, ())
        if number is None or not any(int(self._fields_of_terms[number]) >> member & 1 for member in members):
            raise KeyError(f"no term {fieldname}:{text!r}")  # as Whoosh's reader of a segment expects it
        return number

    def _find(self, fieldname: str, text: bytes) -> _Found:
        number = self._number(fieldname, text)
        (span,) = self._segment.spans_of((number,))
        pages, codes = self._segment.postings_of((span,))
        counts = postings.code_counts(codes).astype(np.int64)
        fields = (codes >> postings.FIELD_SHIFT).astype(np.uint32)
        places = np.repeat(fields, counts).astype(np.int64) << _POSITION_BITS
        places |= self._segment.positions(span, int(counts.sum()))
        kept = np.isin(fields, _MEMBERS[fieldname])
        found, starts = np.unique(pages[kept], return_index=True)
        positions = places[np.repeat(kept, counts)].astype(np.uint32)
        return _Found(found, np.add.reduceat(counts[kept], starts), positions)

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        try:
            self._number(*term)
        except KeyError:
            return False
        return True

    def indexed_field_names(self) -> list[str]:
        return [name for name in _MEMBERS if len(self.present(name))]

    def terms(self) -> Iterator[tuple[str, bytes]]:
        for name in sorted(_MEMBERS):
            yield from self.terms_from(name, b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        if fieldname not in _MEMBERS:
            raise TermNotFound(f"no field {fieldname!r}")
        start = self._segment.first_term(prefix.decode("utf-8", "replace"))
        return ((fieldname, self.text(number).encode()) for number in self.present(fieldname, start).tolist())

    def text(self, number: int) -> str:
        """The term of that number."""
        return self._segment.term(number)

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        return self._info(fieldname, self._find(fieldname, text))

    def _info(self, fieldname: str, found: _Found) -> TermInfo:
        lengths = _lengths(self._segment, fieldname)[found.pages]
        return TermInfo(
            weight=float(found.counts.sum()),
            df=len(found.pages),
            minlength=int(lengths.min()),
            maxlength=int(lengths.max()),
            maxweight=float(found.counts.max()),
            minid=int(found.pages[0]),
            maxid=int(found.pages[-1]),
        )

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ListMatcher:
        try:
            found = self._find(fieldname, text)
        except KeyError as error:
            raise TermNotFound(*error.args) from None
        ends = np.cumsum(found.counts).tolist()
        data = found.positions.astype("<u4").tobytes()
        return _Matcher(
            found.pages.tolist(),
            weights=found.counts.astype(float).tolist(),
            values=[data[4 * start : 4 * end] for start, end in zip([0, *ends], ends, strict=False)],
            format=_PositionNumbers(),
            scorer=scorer,
            term=(fieldname, text),
            terminfo=self._info(fieldname, found),
        )

    def cursor(self, fieldname: str, fieldobj: Any) -> _Cursor:
        return _Cursor(self, self._segment, fieldname)


class _Cursor(base.FieldCursor):  # type: ignore[misc]
    """Goes through the terms of a field; Whoosh's fuzzy queries leap about with it."""

    def __init__(self, reader: _TermsReader, segment: Segment, fieldname: str) -> None:
        self._reader = reader
        self._segment = segment
        self._fieldname = fieldname
        self._numbers = reader.present(fieldname)
        self._place = 0

    def first(self) -> str | None:
        self._place = 0
        return self.text()

    def find(self, term: str | bytes) -> str | None:
        text = term if isinstance(term, str) else term.decode("utf-8", "replace")
        self._place = int(np.searchsorted(self._numbers, self._segment.first_term(text)))
        return self.text()

    def next(self) -> str | None:
        self._place += 1
        return self.text()

    def text(self) -> str | None:
        return self._reader.text(int(self._numbers[self._place])) if self.is_valid() else None

    term = text

    def term_info(self) -> TermInfo | None:
        text = self.text()
        return None if text is None else self._reader.term_info(self._fieldname, text.encode())

    def is_valid(self) -> bool:
        return self._place < len(self._numbers)


class _PageReader(base.PerDocumentReader):  # type: ignore[misc]
    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def doc_count(self) -> int:
        return self._segment.record.live

    def doc_count_all(self) -> int:
        return self._segment.pages

    def has_deletions(self) -> bool:
        return not self._segment.all_live

    def is_deleted(self, docnum: int) -> bool:
        return docnum in self._deleted

    @cached_property
    def _deleted(self) -> frozenset[int]:
        return frozenset(np.flatnonzero(~self._segment.live).tolist())

    def deleted_docs(self) -> frozenset[int]:
        return self._deleted

    def all_doc_ids(self) -> Iterator[int]:
        return iter(np.flatnonzero(self._segment.live).tolist())

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        return int(_lengths(self._segment, fieldname, docnum)) or default

    def field_length(self, fieldname: str) -> int:
        return int(_lengths(self._segment, fieldname).sum())

    def min_field_length(self, fieldname: str) -> int:
        lengths = _lengths(self._segment, fieldname)
        return int(lengths[lengths > 0].min(initial=np.iinfo(np.int64).max)) if lengths.any() else 0

    def max_field_length(self, fieldname: str) -> int:
        return int(_lengths(self._segment, fieldname).max(initial=0))

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        procedure = self._segment.procedure(docnum)
        texts: dict[str, list[str]] = {}
        for number, text in (*field_texts(procedure), *field_keywords(procedure)):
            if text:
                texts.setdefault(FIELDS[number].name, []).append(text)
        return {"id": procedure.id, **{name: "\n".join(parts) for name, parts in texts.items()}}


def _lengths(segment: Segment, fieldname: str, pages: Any = slice(None)) -> npt.NDArray[np.int64]:
    """The length in words of a field of the schema in each of the pages."""
    rows = postings.LENGTHS[segment.length_bytes[pages]]
    lengths: npt.NDArray[np.int64] = rows[..., list(_MEMBERS.get(fieldname, ()))].sum(axis=-1).astype(np.int64)
    return lengths
