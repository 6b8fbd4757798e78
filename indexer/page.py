"""A page made ready for the index: parsed, analysed and compressed, so that all costly work can be done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..corpus.procedure import Procedure
from .analysis import LINE, words
from .fields import field_keywords, field_texts
from .stored import pack_procedure


class PageFacts(NamedTuple):
    """How an unchanged page is recognised without parsing it.

    ``container`` is the file on disk the page is in, ``size`` its bytes and ``mtime_ns`` its time of modification, -1
    where these two must not be relied on. ``digest`` is 16 bytes that identify the page's own content and ``parser`` a
    number that identifies how it was parsed.
    """

    container: str
    size: int
    mtime_ns: int
    digest: bytes
    parser: int = 0


NO_FACTS = PageFacts("", 0, -1, bytes(16))


SEPARATOR = "\n"
"""What stands between the terms of a page; no term holds it."""


@dataclass(frozen=True, slots=True)
class IndexablePage:
    """What the index needs of one page.

    ``fields`` holds (field number, how many terms) in order and ``terms`` all those terms; ``stored`` is the
    compressed procedure.
    """

    id: str
    source: str
    system: str
    facts: PageFacts
    fields: tuple[tuple[int, int], ...]
    terms: str
    stored: bytes


def indexable(procedure: Procedure, facts: PageFacts = NO_FACTS) -> IndexablePage:
    """Analyse and compress ``procedure``."""
    by_field: dict[int, str] = {}
    for number, text in field_texts(procedure):
        if text:
            by_field[number] = f"{by_field[number]}\n{text}" if number in by_field else text
    by_field = dict(sorted(by_field.items()))  # phrases are looked for in the order of fields
    found = words("\n".join([*by_field.values(), ""]))
    fields, start = [], 0
    for number, text in by_field.items():
        end = start
        for _ in range(text.count("\n") + 1):
            end = found.index(LINE, end) + 1
        fields.append((number, end - start))
        start = end
    for number, keyword in field_keywords(procedure):
        fields.append((number, 1))
        found.append(keyword.replace(SEPARATOR, " "))
    return IndexablePage(
        id=procedure.id,
        source=procedure.source,
        system=procedure.system or "",
        facts=facts,
        fields=tuple(fields),
        terms=SEPARATOR.join(found),
        stored=pack_procedure(procedure),
    )
