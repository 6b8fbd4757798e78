"""JSON Lines records and what becomes of them: a procedure, a BEIR document, or a crawled page.

A record is of the first form that it fits:

* a crawled page: ``{"url", "html"}`` or ``{"url", "text"}`` (without the ``_id`` and ``title`` of a BEIR document);
* a BEIR document: ``{"_id", "title", "text"}``, an id or a title at least;
* a procedure as ``export`` writes it, of whose keys only one that says something of the procedure is needed. A code
  alone will do, but not beside text under keys that are not read: that text was meant to be found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from .errors import PageError
from .found import Failed, File, Page
from .procedure import SECTION_KINDS, Procedure, Section, SimilarCode
from .systems import procedure_id, read_code, system_named

PARSER_VERSION = 3
"""Raised with every change of what pages are parsed to: an index made by another version parses its pages anew."""

# What parses pages is imported where it is used: workers that only read records do without.

JSON = "application/json"

_TELLING = ("name", "descriptor", "common_names", "medical_terms", "sections", "similar_codes")
_BESIDES = frozenset((*_TELLING, "id", "_id", "url", "system", "code", "source", "warnings"))
_KINDS = frozenset(SECTION_KINDS)
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def parse(page: Page, headings: Mapping[str, str] | None = None) -> Procedure:
    """The procedure that a page is; PageError names ``page.source`` and the reason, whatever goes wrong.

    ``headings`` maps a site's own wordings of headings to section kinds.
    """
    data = page.read()
    try:
        if page.content_type == JSON:
            procedure = parse_record(data, page.source, headings=headings)
        else:
            from .parse import parse_page

            procedure = parse_page(data, page.source, url=page.url, content_type=page.content_type, headings=headings)
    except PageError as error:
        raise PageError(page.source, error.reason) from error
    except Exception as error:  # one bad page is one bad page, whatever it does to a parser
        raise PageError(page.source, f"cannot be parsed: {type(error).__name__}: {error}") from error
    if page.id or procedure.source != page.source:
        return replace(procedure, id=page.id or procedure.id, source=page.source)
    return procedure


def parse_record(data: bytes, source: str, *, headings: Mapping[str, str] | None = None) -> Procedure:
    """The procedure in a record of any of the three forms; PageError names the key that does not fit."""
    try:
        record = _load(data)
        if crawl := _crawl(record):
            from .parse import parse_page

            procedure = parse_page(
                crawl.data, crawl.url or source, url=crawl.url, content_type=crawl.content_type, headings=headings
            )
            return replace(procedure, id=crawl.id or procedure.id)
        _check_form(record)
        return _document(record, source) if _is_document(record) else _procedure(record, source)
    except ValueError as error:
        raise PageError(source, str(error)) from error


def page_of_record(data: bytes, file: File, source: str) -> Page | Failed:
    """The page in one record of a file: a crawled page unwrapped, any other record as it is."""
    if b'"sections"' in data and b'"html"' not in data:  # a procedure: what is wrong with it shows when it is parsed
        return file.page(source, data, content_type=JSON)
    try:
        record = _load(data)
        if crawl := _crawl(record):
            return file.page(crawl.url or source, **crawl._asdict())
        _check_form(record)
    except ValueError as error:
        return file.failed(source, error)
    return file.page(source, data, content_type=JSON)


def _load(data: bytes) -> dict[str, Any]:
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError:
        record = _load_leniently(data)
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    # NULs and lone surrogates can only come from escapes; without any there is nothing to look for.
    return _cleaned(record) if b"\\u" in data else record


def _load_leniently(data: bytes) -> Any:
    """What the standard library makes of JSON that is not all as it should be, or its words for what is wrong."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise ValueError("not a record: nested too deeply") from error


def _cleaned(value: Any) -> Any:
    """A JSON value with NULs and lone surrogates replaced in all its texts."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _cleaned(entry) for key, entry in value.items()}
    return value


class _Crawl(NamedTuple):
    """What a crawl record holds."""

    data: bytes
    content_type: str
    url: str | None
    id: str | None


def _crawl(record: Mapping[str, Any]) -> _Crawl | None:
    """The page in a crawl record; None where the record is of another form."""
    if "html" in record:
        key, content_type = "html", "text/html; charset=utf-8"
    elif "url" in record and "text" in record and not ("_id" in record and "title" in record):
        key, content_type = "text", "text/plain; charset=utf-8"
    else:
        return None
    url = _text(record, "url").strip() or None
    return _Crawl(_text(record, key).encode(), content_type, url, _own_id(record) or None)


def _is_document(record: Mapping[str, Any]) -> bool:
    return "text" in record and any(key in record for key in ("_id", "id", "title"))


def _check_form(record: Mapping[str, Any]) -> None:
    if _is_document(record) or any(record.get(key) for key in _TELLING):
        return
    if not record.get("code"):
        raise ValueError('of no known form: neither a procedure, nor {"_id", "title", "text"}, nor {"url", "html"}')
    unread = [key for key, value in record.items() if key not in _BESIDES and isinstance(value, str) and value.strip()]
    if unread:
        keys = ", ".join([f"`{key[:40]}`" for key in unread[:5]])
        raise ValueError(f"only its code is read, not {keys}: a procedure has its text in name, descriptor or sections")


def _document(record: Mapping[str, Any], source: str) -> Procedure:
    text = _text(record, "text").strip()
    name = _text(record, "title").strip()
    if not text and not name:
        raise ValueError("`title` and `text` are both empty")
    return Procedure(
        id=_own_id(record) or procedure_id(None, None, source),
        name=name,
        sections=(Section("summary", "", text),) if text else (),
        source=source,
    )


def _procedure(record: Mapping[str, Any], source: str) -> Procedure:
    system, code = _code(record)
    return Procedure(
        id=_own_id(record) or procedure_id(system, code, source),
        system=system,
        code=code,
        descriptor=_text(record, "descriptor"),
        name=_text(record, "name"),
        common_names=_texts(record, "common_names"),
        medical_terms=_texts(record, "medical_terms"),
        sections=tuple([_section(entry, n) for n, entry in enumerate(_objects(record, "sections"))]),
        similar_codes=tuple(
            _similar_code(entry, f"similar_codes[{n}].") for n, entry in enumerate(_objects(record, "similar_codes"))
        ),
        source=source,
        warnings=_texts(record, "warnings"),
    )


def _section(entry: Mapping[str, Any], number: int) -> Section:
    try:
        kind, heading, text = entry["kind"], entry["heading"], entry["text"]
        if kind in _KINDS and type(heading) is str and type(text) is str:
            return Section(kind, heading, text)
    except (KeyError, TypeError):
        pass  # what is wrong or missing is told below
    where = f"sections[{number}]."
    kind = _text(entry, "kind", where)
    if kind not in SECTION_KINDS:
        raise ValueError(f"`{where}kind` is none of {', '.join(SECTION_KINDS)}")
    return Section(kind, _text(entry, "heading", where), _text(entry, "text", where))


def _similar_code(entry: Mapping[str, Any], where: str) -> SimilarCode:
    system, code = _code(entry, where)
    return SimilarCode(system, code, _text(entry, "descriptor", where), _text(entry, "url", where) or None)


def _code(record: Mapping[str, Any], where: str = "") -> tuple[str | None, str | None]:
    """System and code in their usual spelling as far as they are known, else as they stand."""
    system = _text(record, "system", where).strip()
    code = _text(record, "code", where).strip()
    known = system_named(system)
    return known or system or None, read_code(code, known) or code or None


def _own_id(record: Mapping[str, Any]) -> str:
    """The record's ``id`` or ``_id`` as text; empty where it has none."""
    for key in ("id", "_id"):
        value = record.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if own := _text(record, key).strip():
            return own
    return ""


def _text(record: Mapping[str, Any], key: str, where: str = "") -> str:
    """The text at a key, empty where it is missing or null."""
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        hint = ": in quotes it keeps its zeros" if key == "code" and isinstance(value, int | float) else ""
        raise ValueError(f"`{where}{key}` is not text{hint}")
    return value


def _list(record: Mapping[str, Any], key: str, kind: type, name: str) -> list[Any]:
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not {kind}.issuperset(map(type, value)):
        raise ValueError(f"`{key}` is not a list of {name}")
    return value


def _texts(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(_list(record, key, str, "texts"))


def _objects(record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return _list(record, key, dict, "objects")
