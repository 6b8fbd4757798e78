"""Where on a page its own system and code are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .blocks import DASHES
from .systems import SYSTEMS, read_code, system_named


class FoundCode(NamedTuple):
    """A system and a code, each None where not known."""

    system: str | None
    code: str | None


NO_CODE = FoundCode(None, None)

# A code without its system is taken for one of the first system whose form it has, of those in _GUESSED.
_GUESSED = ("CPT4", "CDT", "HCPCS", "ICD10PCS")

_SPELLING = "|".join(
    sorted(
        (
            r"[\s_-]?".join(map(re.escape, re.split(r"[\s-]", spelling)))
            for system in SYSTEMS
            for spelling in (system.name, *system.spellings)
        ),
        key=len, reverse=True,
    )
)  # fmt: skip
_CODE_WORD = r"(?:procedure\s+|billing\s+|medical\s+|dental\s+)?codes?(?:\s+(?:no\.?|number))?"
_MARKS = r"[\s:#=®™()\[\]\-\u2013\u2014|.,]{0,6}"
_SOME_CODE = r"[0-9A-Z][0-9A-Z.]{1,17}(?:-\d{1,2}(?![0-9A-Z]))?"

_LABEL = re.compile(rf"({_SPELLING})[®™]?\s*(?:{_CODE_WORD})?\s*:?", re.IGNORECASE)
_LABELLED = re.compile(
    rf"\W{{0,3}}(?:(?P<system>{_SPELLING})[®™]?\s*(?:{_CODE_WORD})?|{_CODE_WORD})"
    rf"{_MARKS}(?P<code>{_SOME_CODE})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_SYSTEM_AFTER = re.compile(
    rf"({_SOME_CODE})\s*[(\[,]?\s*({_SPELLING})[®™]?\s*(?:{_CODE_WORD})?\s*[)\]]?", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_MAX_LABEL = 60  # characters of a line that only labels or tells the code
_TITLE_THEN_CODE = re.compile(r"(.{1,300}\S)\s*[(\[|,\u2013\u2014-]\s*([^()\[\]|]{5,40})[)\]]?")
_MAX_URL = 2_000
# Names of metadata that hold a code, and of those that hold its system.
_CODE_NAMES = (
    "code",
    "procedure-code",
    "procedurecode",
    "procedure_code",
    "codevalue",
    "medicalcode",
    "billing-code",
)
_SYSTEM_NAMES = ("system", "code-system", "codesystem", "code_system", "codingsystem", "coding-system")


def guess(text: str) -> FoundCode:
    """System and code of a text that is nothing but a code of a form that tells the system."""
    for name in _GUESSED:
        if code := read_code(text, name):
            return FoundCode(name, code)
    return NO_CODE


def system_of_label(text: str) -> str | None:
    """The system, where ``text`` is only its label, as in "CPT4 code"; that line is furniture."""
    label = _LABEL.fullmatch(text.strip()) if len(text) <= _MAX_LABEL else None
    return system_named(label[1]) if label else None


def labelled(text: str, system: str | None = None) -> tuple[FoundCode, str]:
    """System and code that open ``text`` ("CPT® code: 36904 - Removal…"), and the text after them.

    ``system`` is the page's, for a label that names none ("Code: 36904").
    """
    match = _LABELLED.match(text) if _DIGIT.search(text, 0, _MAX_LABEL) else None
    if match is None:
        return NO_CODE, text
    found = _of_form(match["code"], system_named(match["system"]), system)
    return (found, text[match.end() :].strip(" \t:|®™" + DASHES)) if found.code else (NO_CODE, text)


def in_line(text: str, system: str | None = None) -> FoundCode:
    """The code of a line that is nothing but it: "36904", "CPT 36904", "36904 (CPT4)", "Code: 36904"."""
    if len(text) > _MAX_LABEL or not _DIGIT.search(text):
        return NO_CODE
    text = text.strip(" \t:;,.()[]|")
    if code := read_code(text, system):
        return FoundCode(system, code)
    found, rest = labelled(text, system)
    if found.code and not rest:
        return found
    if match := _SYSTEM_AFTER.fullmatch(text):
        return _of_form(match[1], system_named(match[2]), None)
    return NO_CODE


def beside_title(text: str, system: str | None) -> tuple[FoundCode, str]:
    """The code at either end of a title: "Removal (CPT 36904)", "36904 - Removal"; and the title without it.

    A bare code counts only where ``system`` is known.
    """
    if match := _TITLE_THEN_CODE.fullmatch(text):
        found = in_line(match[2])
        if found.code:
            return found, match[1]
    first, _, rest = text.partition(" ")
    code = read_code(first.strip(":"), system)
    return (FoundCode(system, code), rest.strip(" \t:|" + DASHES)) if code and rest else (NO_CODE, text)


def in_url(url: str | None) -> FoundCode:
    """System and code from an address such as ``…/code/cpt4/50040-nephrostomy-nephrotomy-with-drainage``."""
    if not url or len(url) > _MAX_URL:
        return NO_CODE
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return NO_CODE
    return _in_path(parts.path, parts.query)


@lru_cache(maxsize=4096)
def _in_path(path: str, query: str) -> FoundCode:
    segments = [segment for segment in re.split(r"[/!#]", unquote(path)) if segment]
    segments += [unquote(value) for part in query.split("&") for value in part.split("=", 1)]
    system = None
    for segment in segments:
        named = system_named(segment)
        if named is None:
            found = _in_segment(segment, system)
            if found.code:
                return found
        system = named or system
    return FoundCode(system, None)


def in_file_name(source: str) -> FoundCode:
    """System and code from the last part of ``source``: ``36904.html``, ``cpt4-36904.html``, ``hcpcs_A0021.txt``."""
    stem = _file_stem(source)
    found = _in_segment(stem, None)
    return found if found.code else guess(re.split(r"[-_ ]", stem)[0])


def bare_in_file_name(source: str, system: str) -> FoundCode:
    """The code of ``system`` that a file is named by: ``55.01.html`` in ICD9Proc."""
    return in_line(_file_stem(source), system)


def in_metadata(metadata: Mapping[str, str], system: str | None) -> FoundCode:
    """System and code that meta tags, front matter or JSON-LD tell; ``system`` is the page's where they tell none."""
    named = next((s for name in _SYSTEM_NAMES if (s := system_named(metadata.get(name)))), None)
    for name in _CODE_NAMES:
        if value := metadata.get(name):
            found = in_line(value, named or system)
            if found.code or (found := guess(value)).code:
                return found
    for name, value in metadata.items():
        if (spelled := system_named(name)) and (code := read_code(value, spelled)):
            return FoundCode(spelled, code)
    return FoundCode(named, None)


def first_of(candidates: Iterable[FoundCode]) -> FoundCode:
    """The first candidate with a code, else the first system named."""
    system = None
    for found in candidates:
        if found.code:
            return found
        system = system or found.system
    return FoundCode(system, None)


def _of_form(code: str, named: str | None, otherwise: str | None) -> FoundCode:
    system = named or otherwise
    if system is None:
        return guess(code)
    read = read_code(code, system)
    return FoundCode(system, read) if read else NO_CODE


def _file_stem(source: str) -> str:
    """The last part of ``source`` without endings (``.html.gz``) or the number of a record."""
    name = unquote(re.split(r"[/\\!]", source.partition("?")[0].rstrip("/"))[-1])
    return re.sub(r"(\.[A-Za-z]{2,8}){1,2}$|#\d+$", "", name)


def _in_segment(segment: str, system: str | None) -> FoundCode:
    """A code at the start of one part of a path: ``50040-nephrostomy`` after a system, or ``cpt4-50040-…``."""
    words = re.split(r"[-_ .]", segment)
    if system:
        for text in (segment, ".".join(words[:2]), "-".join(words[:2]), words[0]):
            if code := read_code(text, system):
                return FoundCode(system, code)
        return NO_CODE
    for end in range(min(len(words) - 1, 4), 0, -1):
        if named := system_named("".join(words[:end])):
            rest = words[end + 1 :] if words[end].casefold() == "code" else words[end:]
            if rest and (found := _in_segment("-".join(rest), named)).code:
                return found
    return NO_CODE
