"""A page made ready for the index: parsed, analysed and compressed, so that all costly work can be done elsewhere."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import NamedTuple

from ..corpus.procedure import Procedure
from .analysis import LINE, words
from .fields import field_keywords, field_texts


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


@dataclass(frozen=True, slots=True)
class IndexablePage:
    """What the index needs of one page.

    ``fields`` holds (field number, how many words) in order and ``words`` all those words with spaces between them;
    ``keywords`` holds (field number, term). ``stored`` is the compressed procedure.
    """

    id: str
    source: str
    system: str
    facts: PageFacts
    fields: tuple[tuple[int, int], ...]
    words: str
    keywords: tuple[tuple[int, str], ...]
    stored: bytes


def indexable(procedure: Procedure, facts: PageFacts = NO_FACTS) -> IndexablePage:
    """Analyse and compress ``procedure``."""
    by_field: dict[int, list[str]] = {}
    for number, text in field_texts(procedure):
        found = words(text)
        if not found:
            continue
        if number in by_field:
            by_field[number] += [LINE, *found]
        else:
            by_field[number] = found
    return IndexablePage(
        id=procedure.id,
        source=procedure.source,
        system=procedure.system or "",
        facts=facts,
        fields=tuple((number, len(found)) for number, found in by_field.items()),
        words=" ".join([" ".join(found) for found in by_field.values()]),
        keywords=tuple(field_keywords(procedure)),
        stored=pack_procedure(procedure),
    )


def pack_procedure(procedure: Procedure) -> bytes:
    """``procedure`` as compressed JSON."""
    data = json.dumps(procedure.to_json(), ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8; parsing removes them, an embedding app's own procedures may hold one.
    return zlib.compress(data.encode("utf-8", "replace"), 6)


def unpack_procedure(stored: bytes) -> Procedure:
    """The procedure that :func:`pack_procedure` packed."""
    return Procedure.from_json(json.loads(zlib.decompress(stored)))
