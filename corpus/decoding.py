"""Bytes of a page to clean text.

The order of evidence: a byte order mark, UTF-16 seen by its zero bytes, UTF-8 where the bytes are valid (or all but
valid) UTF-8 whatever the page declares, the charset that the page or its carrier declares, Windows-1252.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_BINARY_STARTS = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x7fELF",
    b"RIFF", b"OggS", b"ID3", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"II*\x00", b"MM\x00*", b"7z\xbc\xaf",
)  # fmt: skip

# Codecs, as Python names them, that a page may declare. Others are not obeyed: utf-7 and its kin turn text into markup.
_DECLARABLE = re.compile(r"(cp|iso8859|iso2022_jp|koi8|mac|shift_jis|euc_|gb|big5|utf_16|utf_32|tis_620|hz)")
_LATIN_ONE = frozenset({"iso8859-1", "ascii"})  # what declares these means Windows-1252, as browsers know

_DECLARATION = re.compile(
    rb"""<meta[^<>]{0,300}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})"""
    rb"""|<\?xml[^<>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_LOOK_AHEAD = 4096  # bytes in which a declaration, or zero bytes, are looked for

# A byte that is not UTF-8 decodes to a lone surrogate ("surrogateescape"), from there to its Windows-1252 character.
_RESCUED = {0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0x100)}

_LONG_WORD = 500
_LONG_WORDS = re.compile(rf"\S{{{_LONG_WORD},}}")
_MOST_MARKS = 30  # combining marks on one letter

_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")

# Never part of text: controls, lone surrogates, non-characters, byte order marks, soft hyphens, zero-width spaces.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u2060\ud800-\udfff\ufeff\ufffe\uffff]"
)


def clean_text(text: str) -> str:
    """``text`` as NFC without controls, lone surrogates and invisible characters; line ends become ``\\n``."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text
    text = _UNWANTED.sub("", text)
    if text.isascii():
        return text
    if len(text) > _LONG_WORD:
        text = _LONG_WORDS.sub(_tame, text)
    return unicodedata.normalize("NFC", text)


def _tame(word: re.Match[str]) -> str:
    """``word`` without the marks that stack on one letter beyond use: to order them takes quadratic time."""
    kept: list[str] = []
    marks = 0
    for character in word[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def decode(data: bytes, charset: str | None = None) -> str:
    """The clean text of ``data``; ``charset`` is what its carrier declares. Any bytes decode; none raise."""
    return clean_text(_decode(data, charset))


def looks_binary(data: bytes) -> bool:
    """Whether ``data`` is an image, an archive or the like rather than text in any charset."""
    if data.startswith(_BINARY_STARTS):
        return True
    start = data[:_LOOK_AHEAD]
    if start.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS)) or _utf16_without_mark(start):
        return False
    controls = sum(start.count(byte) for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b")
    return controls > 8 and controls * 50 > len(start)


def _decode(data: bytes, charset: str | None) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if unmarked := _utf16_without_mark(data[:_LOOK_AHEAD]):
        return data.decode(unmarked, "replace")
    text = data.decode("utf-8", "surrogateescape")
    if text.isascii():
        return text
    broken = len(_NOT_UTF8.findall(text))
    if broken == 0 or broken * 5 <= len(_NOT_ASCII.findall(text)):
        return text.translate(_RESCUED) if broken else text
    for name in (charset, _declared(data)):
        if obeyed := _obeyed(name):
            try:
                return data.decode(obeyed)
            except (UnicodeError, ValueError):
                continue
    return data.decode("ascii", "surrogateescape").translate(_RESCUED)


def _declared(data: bytes) -> str | None:
    found = _DECLARATION.search(data[:_LOOK_AHEAD])
    return (found[1] or found[2]).decode("ascii") if found else None


def _obeyed(name: str | None) -> str | None:
    """The codec for a declared charset; None where it is unknown, or none a page may choose."""
    try:
        codec = codecs.lookup((name or "").strip("\"' ")).name
    except (LookupError, ValueError):
        return None
    if codec in _LATIN_ONE:
        return None  # the fallback, which unlike Python's cp1252 takes every byte
    return codec if _DECLARABLE.match(codec.replace("-", "_")) else None


def _utf16_without_mark(start: bytes) -> str | None:
    """The UTF-16 whose zero high bytes show in Latin text that has no byte order mark."""
    if len(start) < 4 or b"\x00" not in start:
        return None
    pairs = len(start) // 2
    high_first, high_last = start[0::2].count(0), start[1::2].count(0)
    if high_last > pairs * 0.6 and high_first < pairs * 0.1:
        return "utf-16-le"
    if high_first > pairs * 0.6 and high_last < pairs * 0.1:
        return "utf-16-be"
    return None
