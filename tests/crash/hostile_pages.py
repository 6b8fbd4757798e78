"""Hostile pages and archives by name: each writes files into a folder and says what must become of them."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from procsearch.corpus.html import MAX_DEPTH, MAX_TAGS
from procsearch.corpus.limits import Limits

CANARY = "quagmirefinch"
"""Stands in a file outside every root."""

PAGE = b"<title>Graft</title><h1>Vein graft</h1><h2>Risks</h2><p>Bleeding of the vein.</p>"
READ, TOLD = "is read", ""
"""The page is parsed; it is parsed or refused."""

Expected = dict[str, str]
"""For the end of each source READ, TOLD, or a part of the reason why it is refused."""

Case = Callable[[Path], Expected]
CASES: dict[str, Case] = {}


def html(name: str, body: bytes | str, expected: str = READ, head: bytes = b"<h1>Vein graft</h1>") -> None:
    """A case of a single HTML page."""
    data = head + (body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)

    def write(root: Path) -> Expected:
        (root / "page.html").write_bytes(data)
        return {"page.html": expected}

    CASES[name] = write


def case(name: str) -> Callable[[Case], Case]:
    """Add a function as a case."""

    def add(write: Case) -> Case:
        CASES[name] = write
        return write

    return add


TOO_MANY, TOO_DEEP, ATTRIBUTES = f"more than {MAX_TAGS:,} tags", f"more than {MAX_DEPTH:,} deep", "attributes"

html("deep nesting", "<div>" * 50_000 + "vein", TOO_DEEP)
html("inline elements nested", "<b><i>" * 20_000 + "vein", TOO_DEEP)
html("a million attributes", "<p " + "a=1 " * 10**6 + ">vein", ATTRIBUTES)
html("a million attributes without values", "<p " + "a " * 10**6 + ">vein", ATTRIBUTES)
html("an attribute of megabytes", f"<p class='{'x' * 5_000_000}'>vein")
html("more tags than are parsed", "<br>" * 300_000, TOO_MANY)
html("as many <br> as are parsed", "<br>" * (MAX_TAGS - 10) + "vein")
html("closing tags only", "</p></div></b>" * 200_000 + "vein")
html("a flood of entities", "&amp;" * 1_000_000)
html("a flood of unknown entities", "&quagga" * 500_000)
html("numbers that are no characters", "&#0;&#x110000;&#xD800;&#99999999999999999999;" * 20_000 + "vein")
html(
    "entities that multiply",
    "",
    head=b"<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'vein'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10 if n > 1 else b"&a;" * 10) for n in range(1, 12))
    + b"]><h1>Vein graft</h1><p>&a11;</p>",
)
html("an external entity", "", head=b"<!DOCTYPE x [<!ENTITY e SYSTEM '../outside/secret.html'>]><h1>Vein graft</h1>&e;")
html("NULs", b"<p>ve\0in" * 10_000, "binary")
html("a few NULs", b"<p>ve\0in of the leg" * 8 + b"<p>vein of the leg" * 1_000)
html("lone surrogates", "<p>vein \ud800\udfff" * 10_000)
html("a page of control characters", bytes(range(1, 32)) * 10_000, "binary")
html(
    "utf-7 declared", "+ADw-script+AD4-alert(1)+ADw-/script+AD4- vein", head=b"<meta charset=utf-7><h1>Vein graft</h1>"
)
html("a codec that is no charset", "vein", head=b"<meta charset=zlib><h1>Vein graft</h1>")
html("marks that stack", "vein e" + "\u0301\u0327" * 500_000)
html("one text of megabytes", "vein " * 3_000_000)
html("one word of megabytes", "v" * 15_000_000)
html("unclosed tags", "<a href=x><b>vein " * 900, READ)
html("unclosed quotes", '<p class="vein ' * 90_000, ATTRIBUTES)
html("an unclosed comment", "<!--" * 500_000 + "vein")
html("comments", "<!-- vein -->" * 300_000 + "vein")
html("CDATA", "<![CDATA[ vein ]]>" * 200_000)
html("unclosed CDATA", "<![CDATA[" * 300_000)
html("processing instructions", "<?php echo 1 ?>" * 200_000 + "vein")
html("declarations", "<!DOCTYPE html>" * 200_000 + "vein")
html("scripts", "<script>if (a < b) {}</script>" * 40_000 + "vein")
html("a script without an end", "<script>" + "a<b;" * 90_000)
html("tables in tables", "<table><tr><td>vein" * 600)
html("a table of many cells", "<table>" + ("<tr>" + "<td>vein</td>" * 90) * 1_000)
html("cells that span a billion", "<table><tr><td colspan=999999999 rowspan=999999999>vein</td><td>a</table>" * 100)
html("lists in lists", "<ul><li>vein" * 900)
html("a thousand headings", "".join(f"<h2>Risks {n}</h2><p>vein" for n in range(1_000)))
html("a heading in every tag", "<h2>Risks</h2>" * 40_000)
html("a name of megabytes", "<p>vein", head=b"<h1>Vein graft " + b"vein " * 1_000_000 + b"</h1>")
html("names without end", "<p>Common names: " + "vein, (vein " * 300_000)
html("an absurd code", f"<p>CPT code {'9' * 1_000_000}</p><p>HCPCS code {'A' * 500_000}")
html("similar codes without end", "<h2>Similar codes</h2><ul>" + "<li>36904 vein" * 40_000)
html("links without end", "<a href='/code/cpt4/36904'>vein</a>" * 40_000)
html("metadata", "".join(f"<meta name=m{n} content=vein>" for n in range(40_000)) + "vein")
html("JSON in a script", f"<script type='application/ld+json'>{'[' * 1_000_000}</script><p>vein")
html("forms and options", "<select>" + "<option>vein" * 90_000)
html(
    "UTF-16 cut in the middle",
    "vein".encode("utf-16-le") * 100_000 + b"\0",
    head=b"\xff\xfe" + "<h1>Vein graft</h1>".encode("utf-16-le"),
)
html(
    "UTF-32",
    "vein \U0010ffff".encode("utf-32-le") * 100_000,
    head=b"\xff\xfe\0\0" + "<h1>Vein graft</h1>".encode("utf-32-le"),
)


@case("a page of gigabytes")
def _(root: Path) -> Expected:
    with (root / "page.html").open("wb") as file:
        file.truncate(5 * 2**30)
    return {"page.html": "larger than the limit"}


@case("markdown floods")
def _(root: Path) -> Expected:
    texts = (
        "#" * 10**6 + " vein",
        "**vein " * 300_000,
        "| vein " * 300_000,
        "> " * 500_000 + "vein",
        "[" * 10**6 + "vein",
    )
    for number, text in enumerate(texts):
        (root / f"{number}.md").write_text("# Vein graft\n\n" + text)
    return {f"{number}.md": READ for number in range(len(texts))}


@case("reader text of one line")
def _(root: Path) -> Expected:
    (root / "page.txt").write_text("Vein graft\n\nRisks: " + "vein. " * 2_000_000)
    return {"page.txt": READ}


@case("a zip bomb")
def _(root: Path) -> Expected:
    with zipfile.ZipFile(root / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.html", PAGE)
        archive.writestr("bomb.html", bytes(60 * 2**20))
        archive.writestr("after.html", PAGE)
    return {"good.html": READ, "bomb.zip": "as only a trap does"}


@case("a zip of members over one another")
def _(root: Path) -> Expected:
    """A thousand entries of the table of contents lead to one member of ten megabytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.html", bytes(10 * 2**20))
        info = archive.infolist()[0]
        for number in range(1_000):
            copy = zipfile.ZipInfo(f"{number}.html")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits"):
                setattr(copy, name, getattr(info, name))
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive._didModify = True  # type: ignore[attr-defined]  # zipfile's own: writes its end anew
    (root / "over.zip").write_bytes(made.getvalue())
    return {f"{number}.html": "differ" for number in range(1_000)} | {"a.html": "binary"}


@case("archives in an archive")
def _(root: Path) -> Expected:
    inner = b"PK\x03\x04"
    for _ in range(5):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("inner.zip", inner)
            archive.writestr("page.html", PAGE)
        inner = made.getvalue()
    (root / "outer.zip").write_bytes(inner)
    return {"inner.zip": "an archive inside an archive", "outer.zip!page.html": READ}


@case("a zip with names that lead out")
def _(root: Path) -> Expected:
    with zipfile.ZipFile(root / "out.zip", "w") as archive:
        for name in ("../outside/secret.html", "/etc/passwd.html", "..\\secret.html", "C:\\secret.html"):
            archive.writestr(name, PAGE)
    return {
        "!../outside/secret.html": "leads out",
        "!/etc/passwd.html": "leads out",
        "!..\\secret.html": "leads out",
        "!C:\\secret.html": "leads out",
    }


@case("a zip that lies about sizes")
def _(root: Path) -> Expected:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.html", PAGE * 100)
    data = made.getvalue().replace(struct.pack("<I", len(PAGE) * 100), struct.pack("<I", 10))
    (root / "lies.zip").write_bytes(data)
    return {"page.html": "CRC"}


@case("a zip with a link")
def _(root: Path) -> Expected:
    with zipfile.ZipFile(root / "link.zip", "w") as archive:
        info = zipfile.ZipInfo("link.html")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "../outside/secret.html")
    return {"link.html": "a link"}


@case("a zip cut in half")
def _(root: Path) -> Expected:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("page.html", PAGE * 100)
    (root / "cut.zip").write_bytes(made.getvalue()[: len(PAGE) * 50])
    return {"cut.zip": "zip"}


@case("a gzip bomb")
def _(root: Path) -> Expected:
    info = tarfile.TarInfo("page.html")
    info.size = 40 * 2**20
    for name in ("page.html.gz", "crawl.jsonl.gz", "pages.tar.gz"):
        with gzip.open(root / name, "wb") as file:
            file.write(info.tobuf() if name == "pages.tar.gz" else b"")
            for _ in range(40):
                file.write(bytes(2**20))
    return {
        "page.html.gz": "as only a trap does",
        "crawl.jsonl.gz": "as only a trap does",
        "pages.tar.gz": "as only a trap does",
    }


@case("gzip that unpacks to nothing: a name without end, empty members without end, padding")
def _(root: Path) -> Expected:
    plain = gzip.compress(PAGE)
    named = plain[:3] + b"\x08" + plain[4:10] + b"a" * 200_000_000 + b"\0" + plain[10:]
    (root / "name.html.gz").write_bytes(named)
    (root / "members.html.gz").write_bytes(gzip.compress(b"") * 2_000_000 + plain)
    (root / "padding.html.gz").write_bytes(plain + bytes(100_000_000))
    (root / "some.html.gz").write_bytes(gzip.compress(b"") * 100 + plain + bytes(100_000))
    told = dict.fromkeys(("name.html.gz", "members.html.gz", "padding.html.gz"), "unpack to nothing")
    return {**told, "some.html.gz": READ}


@case("gzip in gzip, cut off, and none")
def _(root: Path) -> Expected:
    (root / "twice.html.gz").write_bytes(gzip.compress(gzip.compress(PAGE)))
    (root / "cut.html.gz").write_bytes(gzip.compress(PAGE)[:-20])
    (root / "none.html.gz").write_bytes(PAGE)
    return {"twice.html.gz": "binary", "cut.html.gz": "cut off", "none.html.gz": "gzip"}


def _tar(root: Path, *members: tuple[str, bytes, str]) -> None:
    with tarfile.open(root / "pages.tar", "w") as archive:
        for name, kind, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = len(PAGE) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(PAGE) if info.size else None)


@case("tar members that climb out")
def _(root: Path) -> Expected:
    names = ("../outside/secret.html", "/etc/passwd.html", "a/../../outside/secret.html")
    _tar(root, *((name, tarfile.REGTYPE, "") for name in names), ("page.html", tarfile.REGTYPE, ""))
    return {f"!{name}": "leads out" for name in names} | {"!page.html": READ}


@case("tar links, pipes and devices")
def _(root: Path) -> Expected:
    kinds = {
        "sym": tarfile.SYMTYPE,
        "hard": tarfile.LNKTYPE,
        "pipe": tarfile.FIFOTYPE,
        "disk": tarfile.BLKTYPE,
        "tty": tarfile.CHRTYPE,
    }
    _tar(root, *((f"{name}.html", kind, "../outside/secret.html") for name, kind in kinds.items()))
    return {f"!{name}.html": "a link" if name in ("sym", "hard") else "a device" for name in kinds}


@case("a tar with a header of gigabytes")
def _(root: Path) -> Expected:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 2**32
    (root / "pages.tar").write_bytes(info.tobuf() + bytes(10_000))
    return {"pages.tar": TOLD}


@case("a tar that lies about a size")
def _(root: Path) -> Expected:
    info = tarfile.TarInfo("page.html")
    info.size = 2**40
    (root / "pages.tar").write_bytes(info.tobuf() + PAGE)
    return {"pages.tar": "cut off"}


@case("links that lead out, nowhere and in circles")
def _(root: Path) -> Expected:
    (root / "in").mkdir()
    (root / "in" / "page.html").write_bytes(PAGE)
    (root / "out.html").symlink_to("../outside/secret.html")
    (root / "folder").symlink_to("../outside")
    (root / "nowhere.html").symlink_to("missing.html")
    (root / "self.html").symlink_to("self.html")
    (root / "in" / "loop").symlink_to("..")
    return {
        "in/page.html": READ,
        "out.html": "leads out",
        "/folder": "leads out",
        "nowhere.html": "nowhere",
        "self.html": "symbolic links",
        "in/loop": "a loop",
    }


@case("a hard path: folders without end")
def _(root: Path) -> Expected:
    folder = root
    for _ in range(300):
        folder /= "a"
        folder.mkdir()
    (folder / "page.html").write_bytes(PAGE)
    return {"page.html": READ}


@case("pipes, sockets and devices")
def _(root: Path) -> Expected:
    os.mkfifo(root / "pipe.html")
    here = os.open(".", os.O_RDONLY)
    os.chdir(root)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket.html")
    finally:
        os.fchdir(here)
        os.close(here)
    (root / "zero.html").symlink_to("/dev/zero")
    return {"pipe.html": "a pipe", "socket.html": "a socket", "zero.html": "leads out"}


@case("names that are no text")
def _(root: Path) -> Expected:
    (root / os.fsdecode(b"\xff\xfe.html")).write_bytes(PAGE)
    (root / "\x1b[31m\n.html").write_bytes(PAGE)
    return {"\\xff\\xfe.html": READ, "\x1b[31m\n.html": READ}


def _lines(root: Path, *lines: bytes) -> None:
    (root / "pages.jsonl").write_bytes(b"\n".join(lines) + b"\n")


GOOD = json.dumps({"_id": "good", "title": "Vein graft", "text": "vein"}).encode()


@case("JSON nested deeply")
def _(root: Path) -> Expected:
    _lines(root, b'{"a":' * 200_000, b"[" * 500_000, b'{"title":"t","text":' + b"[" * 9_000 + b"]" * 9_000 + b"}", GOOD)
    return {"#1": "too deeply", "#2": "too deeply", "#3": TOLD, "#4": READ}


@case("JSON numbers, keys and texts that are absurd")
def _(root: Path) -> Expected:
    _lines(
        root,
        b'{"_id":"a","title":"Vein graft","text":' + b"9" * 100_000 + b"}",
        b'{"_id":1e999,"title":"Vein graft","text":"a"}',
        b'{"_id":"b","title":"x","title":"Vein graft","text":"vein"}',
        b'{"_id":"c","title":"Vein graft","text":"\\ud800\\u0000 vein"}',
        b'{"_id":"\xff\xfe","title":"a","text":"b"}',
        b'{"sections":[' + b"{}," * 100_000 + b"{}]}",
        b"NaN",
        b"",
        GOOD,
    )
    return {"#1": TOLD, "#2": TOLD, "#3": READ, "#4": READ, "#5": "UTF-8", "#6": TOLD, "#7": TOLD, "#9": READ}


@case("a line of many megabytes")
def _(root: Path) -> Expected:
    _lines(root, b'{"text":"' + b"vein " * 10_000_000 + b'"}', GOOD)
    return {"#1": f"longer than the limit of {Limits().max_page_bytes:,}", "#2": READ}


def _record(block: bytes, length: int | None = None, kind: str = "response", head: bytes = b"") -> bytes:
    told = len(block) if length is None else length
    start = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/{told}\r\n"
    return (
        start.encode()
        + b"Content-Type: application/http; msgtype=response\r\n"
        + head
        + b"Content-Length: %d\r\n\r\n" % told
        + block
        + b"\r\n\r\n"
    )


def _answer(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: text/html", *headers, b"", body])


@case("WARC records that lie about their length")
def _(root: Path) -> Expected:
    answer = _answer(PAGE)
    (root / "long.warc").write_bytes(_record(answer) + _record(answer, 10**12))
    (root / "short.warc").write_bytes(_record(answer, len(answer) - 30))
    (root / "negative.warc").write_bytes(_record(answer, -1))
    return {f"/{len(answer)}": READ, "long.warc": TOLD, "short.warc": TOLD, "negative.warc": "no length"}


@case("WARC chunks and encodings that lie")
def _(root: Path) -> Expected:
    chunked = b"Transfer-Encoding: chunked"
    bodies = [
        _answer(b"FFFFFFFFFFFF\r\n" + PAGE, chunked),
        _answer(b"-5\r\n" + PAGE + b"1", chunked),
        _answer(b"zz\r\n" + PAGE + b"22", chunked),
        _answer(PAGE + b"333", b"Content-Encoding: gzip"),
        _answer(gzip.compress(bytes(50 * 2**20)), b"Content-Encoding: gzip"),
        _answer(gzip.compress(PAGE)[:-9], b"Content-Encoding: gzip"),
        _answer(PAGE, b"Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n" + PAGE,
    ]
    (root / "crawl.warc").write_bytes(b"".join(map(_record, bodies)) + _record(_answer(PAGE + b"4444")))
    return {f"/{len(body)}": TOLD for body in bodies} | {f"/{len(_answer(PAGE + b'4444'))}": READ}


@case("a WARC of headers without end")
def _(root: Path) -> Expected:
    (root / "crawl.warc").write_bytes(b"WARC/1.0\r\n" + b"X: y\r\n" * 2_000_000)
    return {"crawl.warc": TOLD}
