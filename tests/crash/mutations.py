"""A child process that mutates the sample pages in every format and reads what comes of it.

``python -m tests.crash.mutations SEED FIRST LAST SAMPLES FOLDER`` tells the number of each page before it is
read. The kernel ends the child where a page takes too long or too much memory.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import signal
import sys
import tarfile
import zipfile
from pathlib import Path
from random import Random

from .reading import MEMORY

PAGE_SECONDS = 60

_PIECES = [
    b"<div>",
    b"</div>",
    b"<table><tr><td>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<script>",
    b"&amp;",
    b"&#0;",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"<h2>Risks</h2>",
    b"<?xml",
    b"<meta charset=utf-7>",
    b"{",
    b"[",
    b'"',
    b"\\u0000",
    b"\r\n\r\n",
    b"WARC/1.0\r\n",
    b"Content-Length: -1\r\n",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"9" * 400,
    b"# ",
    b"* " * 50,
    b"../" * 20,
    "é日\u202e".encode(),
]


def bases(samples: Path) -> list[tuple[str, bytes]]:
    """The sample pages, plain and in every kind of archive: names and bytes."""
    found = [(path.name, path.read_bytes()) for path in sorted(samples.rglob("*")) if path.is_file()]
    plain = [(name, data) for name, data in found if len(data) < 100_000][:40]
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive, tarfile.open(fileobj=tarred, mode="w") as tar:
        for number, (name, data) in enumerate(plain[:6]):
            archive.writestr(f"{number}-{name}", data)
            info = tarfile.TarInfo(f"{number}-{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    web = b"".join(_record(f"http://a.example/{name}", data) for name, data in plain[:6])
    packed = [
        ("a.zip", zipped.getvalue()),
        ("a.tar", tarred.getvalue()),
        ("a.tar.gz", gzip.compress(tarred.getvalue(), 1)),
    ]
    packed += [("a.warc", web), ("a.warc.gz", gzip.compress(web, 1)), ("a.html.gz", gzip.compress(plain[0][1], 1))]
    lines = b"\n".join(
        json.dumps({"url": f"http://a.example/{name}", "html": data.decode("utf-8", "replace")}).encode()
        for name, data in plain[:6]
    )
    return [*found, *packed * 4, ("a.jsonl", lines)]


def _record(url: str, page: bytes) -> bytes:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(answer)}\r\n\r\n"
    return head.encode() + answer + b"\r\n\r\n"


def mutated(chance: Random, data: bytes) -> bytes:
    """``data`` with bytes flipped, stretches cut, moved, doubled or repeated many times, and hostile pieces put in."""
    for _ in range(chance.choice((1, 1, 2, 4, 10))):
        low = chance.randrange(len(data) + 1)
        high = min(len(data), low + chance.choice((1, 8, 60, 1_000)))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:low] + chance.randbytes(high - low) + data[high:]
        elif kind == 1:
            data = data[:low] + data[high:]
        elif kind == 2:
            data = data[:low] + chance.choice(_PIECES) * chance.choice((1, 1, 3, 100, 5_000)) + data[low:]
        elif kind == 3:
            data = data[:low] + data[low:high] * chance.choice((2, 10, 1_000 if high - low < 100 else 20)) + data[high:]
        elif kind == 4:
            data = data[:high] + data[low:]
        else:
            data = data[: chance.randrange(len(data) + 1)]
    return data[: 4 * 2**20]


def _main(seed: str, first: int, last: int, samples: Path, folder: Path) -> None:
    from procsearch.corpus.errors import PageError
    from procsearch.corpus.pages import Page, find_pages
    from procsearch.corpus.records import parse

    documents = bases(samples)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number in range(first, last):
        print(number, flush=True)
        chance = Random(f"{seed} {number}")
        name, data = chance.choice(documents)
        path = folder / name
        path.write_bytes(mutated(chance, data))
        signal.alarm(PAGE_SECONDS)  # whose default is to end the process, whatever it does
        for found in find_pages([str(path)]):
            try:
                reason = (parse(found).id and "") if isinstance(found, Page) else found.reason  # type: ignore[union-attr]
            except PageError as error:
                reason = error.reason
                assert not reason.startswith("cannot be parsed"), reason  # a parser that broke, and was caught
            assert isinstance(reason, str)
        signal.alarm(0)
        path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak {peak}", flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
