"""Pages in JSON Lines and in web archives (WARC)."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import tracemalloc
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from procsearch.corpus.pages import Failed, Limits, Page, find_pages

from .written_files import found, write, write_tar, write_warc

pytestmark = pytest.mark.usefixtures("in_tmp_path")


class TestJsonLines:
    def test_records_of_every_form(self) -> None:
        records = [
            {"id": "p1", "name": "A"},
            {"_id": "d1", "title": "T", "text": "x"},
            {"url": "https://example.org/a", "html": "<p>é</p>", "_id": 7},
            {"url": "https://example.org/b", "text": "Purpose"},
        ]
        lines = [json.dumps(record).encode() for record in records]
        write("crawl.jsonl", b"\xef\xbb\xbf" + lines[0] + b"\r\n\n" + b"\n".join(lines[1:]))
        pages = [page for page in find_pages(["crawl.jsonl"]) if isinstance(page, Page)]
        assert [(page.source, page.url, page.content_type, page.id) for page in pages] == [
            ("crawl.jsonl#1", None, "application/json", None),
            ("crawl.jsonl#3", None, "application/json", None),
            ("https://example.org/a", "https://example.org/a", "text/html; charset=utf-8", "7"),
            ("https://example.org/b", "https://example.org/b", "text/plain; charset=utf-8", None),
        ]
        assert [page.read() for page in pages[1:]] == [lines[1], "<p>é</p>".encode(), b"Purpose"]
        assert {page.container for page in pages} == {"crawl.jsonl"}

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"name": "caf\xe9"}', "not UTF-8 (byte 14)"),
            (b'{"name": ', "not JSON: Expecting value at character 9"),
            (b'["name"]', "not a JSON object"),
            (b'{"sku": 1}', "of no known form"),
            (b'{"name": ""}', "of no known form"),
            (b'{"url": 3, "html": "x"}', "`url` is not text"),
            (b'{"url": "u", "html": ["x"]}', "`html` is not text"),
            (b'{"url": "u", "html": "x", "id": true}', "`id` is not text"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"name": "' + b"x" * 200_000 + b'"}', "limit of 150,000 bytes"),
            (b'{"n":' + b"1" * 5000 + b"}", "limit (4300 digits)"),
        ],
        ids=range(11),
    )
    def test_a_bad_line_is_named_and_the_rest_goes_on(self, line: bytes, reason: str) -> None:
        write("a.jsonl", b'{"name":"1"}\n' + line + b'\n{"name":"3"}')
        result = found("a.jsonl", limits=Limits(max_page_bytes=150_000))
        assert reason in str(result["a.jsonl#2"])
        assert result["a.jsonl#1"] == b'{"name":"1"}' and result["a.jsonl#3"] == b'{"name":"3"}'

    def test_packed_lines_and_lines_cut_off(self) -> None:
        lines = b"".join(
            b'{"name":"%d %s"}\n' % (n, random.Random(n).randbytes(20).hex().encode()) for n in range(2000)
        )
        write("a.ndjson.gz", gzip.compress(lines))
        write("b.jsonl.gz", Path("a.ndjson.gz").read_bytes()[:-2000])
        assert len(found("a.ndjson.gz")) == 2000
        result = found("b.jsonl.gz")
        assert "cut off" in str(result.pop("b.jsonl.gz"))
        assert 1000 < len(result) < 2000

    def test_a_json_file_is_one_record(self) -> None:
        write("a.json", '{\n "name": "A"\n}')
        write("b.json", '{"url": "https://example.org", "html": "x"}')
        write("c.json", "{}")
        result = found(".")
        assert json.loads(result["a.json"]) == {"name": "A"}
        assert result["https://example.org"] == b"x"
        assert "no known form" in str(result["c.json"])

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write("a.html")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"name":"x"}\nno\n')))
        result = found("a.html", "-")
        assert result["-#1"] == b'{"name":"x"}'
        assert "not JSON" in str(result["-#2"])
        assert result["a.html"] == b"<p>page</p>"

    def test_standard_input_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        assert found("-") == {"-": "standard input is closed"}

    def test_memory_does_not_grow_with_the_file(self) -> None:
        with Path("a.jsonl").open("wb") as file:
            for _ in range(200):
                file.write(b'{"name":"' + b"x" * 100_000 + b'"}\n')
            file.write(b"x" * 20_000_000)
        tracemalloc.start()
        try:
            kinds = [type(page) for page in find_pages(["a.jsonl"], limits=Limits(max_page_bytes=10**6))]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert kinds == [Page] * 200 + [Failed]
        assert peak < 5_000_000


class TestWarc:
    @pytest.mark.parametrize("gz", [False, True])
    def test_answers_and_resources_are_pages_named_by_their_url(self, gz: bool) -> None:
        name = "crawl.warc.gz" if gz else "crawl.warc"
        write_warc(name, gz)
        limits = Limits(max_page_bytes=10**6)
        pages = {page.source: page for page in find_pages([name], limits=limits) if isinstance(page, Page)}
        assert {source: (page.url, page.content_type, page.read()) for source, page in pages.items()} == {
            source: (source, *rest)
            for source, rest in {
                "https://example.org/koi8": ("text/html; charset=koi8-r", "Цель".encode("koi8-r")),
                "https://example.org/gzip": ("text/html", b"<p>packed</p>"),
                "https://example.org/chunked": ("text/html", b"Purpose"),
                "https://example.org/raw": ("text/html", b"<p>raw"),
                "https://example.org/undone": ("text/html", b"<p>bare"),
                "https://example.org/bare": (None, b"<p>bare</p>"),
                "urn:page": ("text/markdown", b"# R"),
            }.items()
        }
        failed = {f.source: f.reason for f in find_pages([name], limits=limits) if isinstance(f, Failed)}
        assert set(failed) == {f"https://example.org/{n}" for n in ("cut", "br", "bomb", "big")}
        assert "content encoding br" in failed["https://example.org/br"]
        assert "limit of 1,000,000 bytes" in failed["https://example.org/bomb"]

    def test_another_reader_sees_the_same_pages(self) -> None:
        write_warc("crawl.warc.gz")
        ours = {page.source: page.read() for page in find_pages(["crawl.warc.gz"]) if isinstance(page, Page)}
        with Path("crawl.warc.gz").open("rb") as file:
            theirs = {
                record.rec_headers["WARC-Target-URI"]: record.content_stream().read()
                for record in ArchiveIterator(file)
            }
        assert len(ours) == 9
        assert ours == {url: theirs[url] for url in ours}

    def test_a_web_archive_in_an_archive_breaks_alone(self) -> None:
        write_warc("crawl.warc")
        data = Path("crawl.warc").read_bytes()
        write_warc("crawl.warc", gz=False)
        plain = Path("crawl.warc").read_bytes()
        cut = plain[: plain.index(b"Purp")]
        write_tar("s.tar", {"a.warc.gz": data, "b.warc": cut, "c.warc": b"no warc", "d.html": b"D"})
        pages = list(find_pages(["s.tar"]))
        assert isinstance(pages[-1], Page) and pages[-1].source == "s.tar!d.html"
        reasons = {page.source: page.reason for page in pages if isinstance(page, Failed)}
        assert "cut off" in reasons["s.tar!b.warc"]
        assert "WARC record" in reasons["s.tar!c.warc"]

    def test_endless_headers_are_told(self) -> None:
        write("a.warc", b"WARC/1.0\r\n" + b"x" * 10**6)
        assert "headers longer" in str(found("a.warc")["a.warc"])
