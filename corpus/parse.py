"""One page to one procedure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from .blocks import RawPage
from .codes import FoundCode, bare_in_file_name, beside_title, first_of, in_file_name, in_metadata, in_url, labelled
from .decoding import clean_text, decode, looks_binary
from .errors import PageError
from .headings import heading_table
from .html import TooMuch, read_html
from .procedure import Procedure
from .sections import Parts, read_sections
from .similar import similar_codes
from .systems import procedure_id
from .text import read_text

_HTML_ENDINGS = frozenset({".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx", ".jsp", ".mhtml"})
_TEXT_ENDINGS = frozenset({".txt", ".text", ".md", ".markdown", ".mdown", ".rst"})
_IS_DOCUMENT = re.compile(
    r"\s*(<!--[^>]{0,500}-->\s*|<\?xml[^>]{0,200}\?>\s*)?<(!doctype\s+html|html|head|body)\b", re.IGNORECASE
)
_HTML_TAG = re.compile(
    r"</?(?:p|div|h[1-6]|ul|ol|li|br|b|strong|span|table|tr|td|section|article|dl|dt|dd|a|main|font|title)\b"
    r"[^<>]{0,200}>",
    re.IGNORECASE,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def parse_page(
    data: bytes | str,
    source: str = "",
    *,
    url: str | None = None,
    content_type: str | None = None,
    headings: Mapping[str, str] | None = None,
) -> Procedure:
    """The procedure that a page describes.

    ``data`` is HTML, Markdown or plain text; ``source`` is the page's path as named by the user, ``url`` its address
    if known, ``content_type`` the type its carrier declares ("text/html; charset=iso-8859-1"), and ``headings`` maps a
    site's own wordings to kinds of section. Raises PageError if there is no text to be had, and ProcsearchError if
    a kind is unknown.
    """
    source = source or url or ""
    page_name = source or "page"
    table = heading_table(headings)
    text = _text_of(data, page_name, content_type)
    try:
        page = read_html(text, table) if _is_html(text, source, content_type) else read_text(text, table)
    except TooMuch as error:
        raise PageError(page_name, str(error)) from None
    if not page.blocks:
        raise PageError(page_name, "no text on the page")
    parts = read_sections(page, table)
    found, warnings = _code_of(page, parts, source, url)
    return Procedure(
        id=procedure_id(found.system, found.code, source or text),
        system=found.system,
        code=found.code,
        descriptor=parts.descriptor,
        name=parts.name,
        common_names=parts.common_names,
        medical_terms=parts.medical_terms,
        sections=parts.sections,
        similar_codes=similar_codes(parts.similar, found.system),
        source=source,
        warnings=(*parts.warnings, *warnings),
    )


def _text_of(data: bytes | str, page_name: str, content_type: str | None) -> str:
    if isinstance(data, bytes):
        if looks_binary(data):
            raise PageError(page_name, "binary data, not a page")
        charset = _CHARSET.search(content_type or "")
        text = decode(data, charset[1] if charset else None)
    else:
        text = clean_text(data)
    if not text.strip():
        raise PageError(page_name, "the page is empty")
    return text


def _is_html(text: str, source: str, content_type: str | None) -> bool:
    """What the page looks like decides, then its declared type, then its ending, then the tags in it."""
    if _IS_DOCUMENT.match(text):
        return True
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared in ("text/html", "application/xhtml+xml"):
        return True
    ending = PurePosixPath(source.partition("?")[0]).suffix.lower()
    if declared in ("text/plain", "text/markdown", "text/x-markdown") or (not declared and ending in _TEXT_ENDINGS):
        return text.lstrip()[:1] == "<" and len(_HTML_TAG.findall(text[:20_000])) >= 6
    return ending in _HTML_ENDINGS or len(_HTML_TAG.findall(text[:20_000])) >= 3


def _code_of(page: RawPage, parts: Parts, source: str, url: str | None) -> tuple[FoundCode, list[str]]:
    """System and code of a page, looked for in its address, text, metadata and file name in this order; warnings."""
    in_text = first_of(parts.codes)
    candidates = [
        in_url(page.canonical),
        in_url(url),
        in_url(source if "://" in source else None),
        in_url(page.metadata.get("og:url")),
        in_text,
        in_metadata(page.metadata, in_text.system),
        labelled(page.title, in_text.system)[0],
        beside_title(page.title, in_text.system)[0],
        in_file_name(source),
        in_file_name(url or ""),
    ]
    if in_text.system:
        candidates.append(bare_in_file_name(source, in_text.system))
    found = first_of(candidates)
    warnings = [] if found.code else ["no code found"]
    codes = sorted({candidate.code for candidate in candidates if candidate.code})
    if len(codes) > 1:
        warnings.append(f"codes differ: {', '.join(codes)}; {found.code} taken")
    return found, warnings
