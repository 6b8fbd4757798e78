"""The list of similar codes at the foot of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .blocks import DASHES, Block
from .codes import NO_CODE, FoundCode, guess, in_line, in_url, labelled, system_of_label
from .procedure import SimilarCode
from .systems import read_code, system_named

_SEPARATORS = " \t:;|,." + DASHES
_FIRST_WORD = re.compile(r"[^\s:|,;\u2013\u2014]+")
_CODE_AT_END = re.compile(r"(.*\S)\s*[(\[]\s*([^()\[\]]{2,40})[)\]]")
_ONE_PART = re.compile(r"(?:\w+:)?(?://[^/]*)?/?[^/]*/?")


def similar_codes(blocks: list[Block], system: str | None) -> tuple[SimilarCode, ...]:
    """The references in ``blocks``; ``system`` is the page's, for codes whose own is not told."""
    found: list[SimilarCode] = []
    seen: set[SimilarCode] = set()
    some_code = False
    for reference in _references(blocks, system):
        last = found[-1] if found else None
        completes = reference.code == last.code or not (reference.code or reference.url) if last else False
        if last and last.code and not last.descriptor and completes:
            # The code and its descriptor stand in two lines, or two cells.
            found[-1] = SimilarCode(last.system, last.code, reference.descriptor, last.url or reference.url)
        elif reference not in seen and not _leads_elsewhere(reference, some_code):
            found.append(reference)
        seen.add(reference)
        some_code = some_code or reference.code is not None
    # Beside codes, what has neither code nor address is a remark: "8 in total", "Often billed together".
    return tuple(reference for reference in found if reference.code or reference.url or not some_code)


def _leads_elsewhere(reference: SimilarCode, some_code: bool) -> bool:
    """Whether a link without a code belongs to what follows the list: the site's own links."""
    if reference.code or not reference.url:
        return False
    return some_code or _ONE_PART.fullmatch(reference.url) is not None


def _references(blocks: list[Block], system: str | None) -> Iterator[SimilarCode]:
    for block in blocks:
        urls = list(dict.fromkeys(link.url for link in block.links))
        if len(urls) > 1:
            for link in block.links:
                yield _reference(link.text, link.url, system)
        else:
            yield _reference(block.text, urls[0] if urls else None, system)


def _reference(text: str, url: str | None, system: str | None) -> SimilarCode:
    from_url = in_url(url)
    own, descriptor = _split(text, from_url.system or system)
    code = from_url if from_url.code else own
    if from_url.code and not own.code:
        descriptor = text
    return SimilarCode(code.system, code.code, _bare(descriptor), url or None)


def _bare(descriptor: str) -> str:
    """``descriptor`` without separators at its ends, and without brackets around it or left there alone."""
    text = descriptor.strip(_SEPARATORS)
    for opening, closing in ("()", "[]"):
        inside = text[1:-1]
        if text.startswith(opening) and text.endswith(closing) and opening not in inside and closing not in inside:
            text = inside
        elif text.count(opening) > text.count(closing):
            text = text.removeprefix(opening).removesuffix(opening)
        elif text.count(closing) > text.count(opening):
            text = text.removeprefix(closing).removesuffix(closing)
    return text.strip(_SEPARATORS)


def _split(text: str, system: str | None) -> tuple[FoundCode, str]:
    """The code of one reference and its descriptor, whichever comes first."""
    found, rest = labelled(text, system)
    if found.code:
        return found, rest
    if match := _FIRST_WORD.match(text):
        first, rest = match[0], text[match.end() :].strip(_SEPARATORS)
        code = read_code(first, system)
        found = FoundCode(system, code) if code else guess(first)
        if found.code:
            return _with_system(found, rest)
    if (match := _CODE_AT_END.fullmatch(text)) and (found := in_line(match[2], system)).code:
        return found, match[1]
    head, _, last = text.rpartition(" ")
    if head and (code := read_code(last, system)) and any(map(str.isdigit, last)):
        return FoundCode(system, code), re.sub(r"\s*\b(?:CPT|HCPCS)?\s*(?:code)?\s*[:|\u2013\u2014-]?\s*$", "", head)
    return NO_CODE, text


def _with_system(found: FoundCode, rest: str) -> tuple[FoundCode, str]:
    """``rest`` without the system's name, where it is told after the code: in a column, in brackets, as a label."""
    label, _, after = rest.partition(",")
    if (named := system_of_label(label)) and read_code(found.code or "", named):
        return FoundCode(named, found.code), after
    match = re.match(r"[(\[|]?\s*([^()\[\]|:]{2,20}?)\s*[)\]|:]+\s*", rest)
    if match and (named := system_named(match[1])) and read_code(found.code or "", named):
        return FoundCode(named, found.code), rest[match.end() :]
    return found, rest
