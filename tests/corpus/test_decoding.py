"""Bytes to text: declared, detected and wrong charsets."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.corpus.decoding import clean_text, decode, looks_binary

TEXT = "Ménière\u2019s “naïve” \u2013 5 µg"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_comes_back_from_every_usual_encoding_undeclared(encoding: str) -> None:
    page = f"<html><head><title>A page of some length</title></head><body>{TEXT}</body></html>"
    assert TEXT in decode(page.encode(encoding))


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="{}">',
        "<meta http-equiv=Content-Type content='text/html; charset={}'>",
        '<?xml version="1.0" encoding="{}"?>',
    ],
)
def test_a_declared_charset_is_obeyed(declaration: str) -> None:
    assert "Čapek" in decode(declaration.format("iso-8859-2").encode() + "Čapek".encode("iso-8859-2"))


def test_the_carrier_declares_too() -> None:
    assert decode("Čapek".encode("cp1250"), "windows-1250") == "Čapek"
    assert decode("日本語".encode("shift_jis"), "Shift_JIS") == "日本語"


@pytest.mark.parametrize(
    "wrong", ["iso-8859-1", "utf-16", "shift_jis", "no-such-charset", "utf-7", "rot13", "idna", ""]
)
def test_a_wrong_declaration_does_no_harm(wrong: str) -> None:
    assert TEXT in decode(f"<meta charset='{wrong}'>{TEXT}".encode(), wrong)


def test_utf_7_is_never_obeyed() -> None:
    assert "<script" not in decode(b"<meta charset=utf-7>+ADw-script+AD4-", "utf-7")


def test_latin_1_means_windows_1252() -> None:
    assert decode(TEXT.encode("cp1252"), "iso-8859-1") == TEXT


def test_utf_8_with_a_broken_byte_is_still_utf_8() -> None:
    assert decode(("é" * 20).encode() + b" \x93 " + b"end \xc3") == "é" * 20 + " “ end Ã"


def test_text_is_clean() -> None:
    assert clean_text("a\x00b\ud800c\ufeff d\u200b\r\ne\rf") == "abc d\ne\nf"
    assert clean_text("e\u0301") == "é"


@given(st.binary(max_size=300))
def test_any_bytes_decode_to_clean_text(data: bytes) -> None:
    text = decode(data)
    text.encode("utf-8")
    assert "\x00" not in text
    assert unicodedata.is_normalized("NFC", text)


def test_binary_is_told_from_text() -> None:
    assert looks_binary(b"\x89PNG\r\n\x1a\n")
    assert looks_binary(b"\x00" * 100)
    assert not looks_binary(TEXT.encode("utf-16"))
    assert not looks_binary(TEXT.encode("utf-16-le"))
    assert not looks_binary(b"one NUL \x00 in a text")
    assert not looks_binary(TEXT.encode("cp1252"))
