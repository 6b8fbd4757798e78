"""Where pages come from: each case with real files, folders and archives."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import socket
import stat
import sys
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from procsearch.corpus.errors import PageError
from procsearch.corpus.pages import Failed, Limits, Page, Unchanged, find_pages

SMALL = Limits(max_page_bytes=1000, max_ratio=50, max_archive_bytes=100_000)


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(*paths: str, limits: Limits | None = None) -> dict[str, bytes | str]:
    """Sources to the bytes of pages or the reasons of failures; no source may come twice."""
    result: dict[str, bytes | str] = {}
    for page in find_pages(paths, limits=limits or Limits()):
        assert isinstance(page, Page | Failed)
        assert page.source not in result
        try:
            result[page.source] = page.read() if isinstance(page, Page) else page.reason
        except PageError as error:
            assert error.page == page.source
            result[page.source] = error.reason
    return result


def write(path: str, data: bytes | str = "<p>page</p>") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data.encode() if isinstance(data, str) else data)


def link(target: str, path: str) -> None:
    Path(path).symlink_to(target)


def write_zip(path: str, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # the same bytes at any time


def write_tar(path: str, members: dict[str, bytes], mode: str = "w", format: int = tarfile.PAX_FORMAT) -> None:
    with tarfile.open(path, mode, format=format) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


class TestFolders:
    def test_pages_come_sorted_and_depth_first_and_are_not_read_before_asked_for(self) -> None:
        for name in ("b.html", "a/z.txt", "a/b/c.htm", "c"):
            write(f"pages/{name}")
        pages = list(find_pages(["pages/"]))
        assert [page.source for page in pages if isinstance(page, Page)] == [
            "pages/a/b/c.htm", "pages/a/z.txt", "pages/b.html", "pages/c",
        ]  # fmt: skip
        page = pages[-1]
        assert isinstance(page, Page)
        status = Path("pages/c").stat()
        assert (page.container, page.size, page.mtime_ns) == ("pages/c", status.st_size, status.st_mtime_ns)
        assert page.data is None
        assert pickle.loads(pickle.dumps(page)).read() == b"<p>page</p>"
        Path("pages/c").unlink()
        with pytest.raises(PageError, match="no such file"):
            page.read()

    def test_hidden_files_and_what_dresses_pages_are_passed_over_unless_named(self) -> None:
        for name in ("a.html", ".git/x.html", ".b.html", "style.CSS", "logo.png", "noending"):
            write(f"pages/{name}")
        assert list(found("pages")) == ["pages/a.html", "pages/noending"]
        assert list(found("pages/.b.html", "pages/style.CSS")) == ["pages/.b.html", "pages/style.CSS"]

    def test_a_path_named_twice_or_inside_a_named_folder_is_given_once(self) -> None:
        write("pages/a.html")
        write("pages/sub/b.html")
        assert sorted(found("pages", "./pages/", "pages/sub", "pages/a.html")) == ["pages/a.html", "pages/sub/b.html"]

    def test_the_current_folder_adds_no_prefix(self) -> None:
        write("pages/a.html")
        assert list(found(".")) == ["pages/a.html"]

    def test_what_is_missing_or_unnamed_fails(self) -> None:
        write("a.html")
        assert found("a.html", "none", "") == {
            "": "no such file or folder",
            "a.html": b"<p>page</p>",
            "none": "no such file or folder",
        }

    def test_links_are_followed_inside_the_folder_only(self) -> None:
        write("secret.html", "secret")
        write("outside/b.html", "secret")
        write("pages/.data/a.html", "inside")
        link(".data/a.html", "pages/a.html")
        link(".data", "pages/data")
        link("../secret.html", "pages/secret.html")
        link("../outside", "pages/outside")
        link("/etc/passwd", "pages/passwd")
        link("gone.html", "pages/gone")
        link("pages", "linked")
        result = found("pages")
        assert result.pop("pages/a.html") == result.pop("pages/data/a.html") == b"inside"
        assert "leads nowhere" in str(result.pop("pages/gone"))
        assert set(result) == {"pages/secret.html", "pages/outside", "pages/passwd"}
        assert all("leads out of pages" in str(reason) for reason in result.values())
        assert found("linked")["linked/a.html"] == b"inside"  # a link that the user names is followed

    def test_links_that_loop_or_multiply_end(self) -> None:
        write("pages/a/a.html")
        link("..", "pages/a/up")
        link("self", "pages/self")
        for n in range(20):
            write(f"pages/{n}/page.html")
            link(f"../{(n + 1) % 20}", f"pages/{n}/x")
            link(f"../{(n + 1) % 20}", f"pages/{n}/y")
        result = found("pages")
        assert "loop" in str(result["pages/a/up"])
        assert "Too many levels" in str(result["pages/self"])
        assert len(result) < 1000
        assert all(f"pages/{n}/page.html" in result for n in range(20))

    def test_pipes_sockets_and_devices_are_named_not_opened(self) -> None:
        write("pages/a.html")
        os.mkfifo("pages/pipe.html")
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("pages/socket")
            result = found("pages", "/dev/null")
        assert result["pages/a.html"] == b"<p>page</p>"
        assert "pipe" in str(result["pages/pipe.html"])
        assert "socket" in str(result["pages/socket"])
        assert "device" in str(result["/dev/null"])

    def test_a_file_replaced_by_a_pipe_before_it_is_read_fails(self) -> None:
        write("a.html")
        (page,) = find_pages(["a.html"])
        assert isinstance(page, Page)
        Path("a.html").unlink()
        os.mkfifo("a.html")
        with pytest.raises(PageError, match="not a regular file"):
            page.read()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_what_may_not_be_read_is_named(self) -> None:
        write("pages/a.html")
        write("pages/b/c.html")
        Path("pages/a.html").chmod(0)
        Path("pages/b").chmod(0)
        try:
            assert found("pages") == dict.fromkeys(["pages/a.html", "pages/b"], "no permission to read it")
        finally:
            Path("pages/b").chmod(stat.S_IRWXU)

    def test_a_folder_that_cannot_be_listed_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write("pages/a/a.html")
        write("pages/b/b.html")
        listdir = os.listdir

        def fail(path: str) -> list[str]:
            if path == "pages/a":
                raise PermissionError(13, "Permission denied")
            return listdir(path)

        monkeypatch.setattr(os, "listdir", fail)
        assert found("pages") == {"pages/a": "no permission to read it", "pages/b/b.html": b"<p>page</p>"}

    def test_a_name_that_is_not_utf8_is_readable_and_printable(self) -> None:
        Path("pages").mkdir()
        Path(os.fsdecode(b"pages/caf\xe9.html")).write_bytes(b"x")
        assert found("pages") == {"pages/caf\\xe9.html": b"x"}

    def test_a_deep_folder_is_walked(self) -> None:
        write("pages/" + "d/" * 300 + "a.html")
        assert list(found("pages")) == ["pages/" + "d/" * 300 + "a.html"]

    def test_an_oversized_page_names_the_limit(self) -> None:
        write("a.html", "x" * 1001)
        write("b.html", "x" * 1000)
        result = found(".", limits=SMALL)
        assert "limit of 1,000 bytes" in str(result["a.html"])
        assert len(result["b.html"]) == 1000


class TestUnchanged:
    def test_every_regular_file_is_asked_for_and_a_known_one_is_not_opened(self) -> None:
        write("pages/a.html")
        write("pages/b.zip", b"broken")
        write("pages/c.html", "new")
        asked = []

        def unchanged(path: str, size: int, mtime_ns: int) -> bool:
            asked.append((path, size, mtime_ns))
            return path != "pages/c.html"

        result = list(find_pages(["pages"], unchanged=unchanged))
        assert result[:2] == [Unchanged("pages/a.html"), Unchanged("pages/b.zip")]
        assert isinstance(result[2], Page)
        stats = [Path(path).stat() for path, _, _ in asked]
        assert [(s.st_size, s.st_mtime_ns) for s in stats] == [(size, mtime) for _, size, mtime in asked]


class TestZip:
    def test_members_are_pages(self) -> None:
        write_zip("s.zip", {"a.html": b"A", "sub/b.md": b"B", "./c.jsonl": b'{"name":"x"}\n{"name":"y"}\n', "d.html.gz": gzip.compress(b"D"), "e.png": b"", ".f": b"", "__MACOSX/g.html": b"", "h/": b""})  # fmt: skip  # noqa: E501
        assert found("s.zip") == {
            "s.zip!a.html": b"A",
            "s.zip!sub/b.md": b"B",
            "s.zip!c.jsonl#1": b'{"name":"x"}',
            "s.zip!c.jsonl#2": b'{"name":"y"}',
            "s.zip!d.html.gz": b"D",
        }
        page = next(iter(find_pages(["s.zip"])))
        assert isinstance(page, Page)
        assert (page.container, page.size) == ("s.zip", Path("s.zip").stat().st_size)

    def test_members_that_lead_out_link_or_are_archives_are_refused(self) -> None:
        link = zipfile.ZipInfo("link.html")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile("s.zip", "w") as archive:
            for name in ("../a.html", "/etc/b.html", "c/../../d.html", "C:\\e.html", "..\\f.html", "in.zip", "in.7z"):
                archive.writestr(name, "x")
            archive.writestr(link, "/etc/passwd")
            archive.writestr("ok.html", "ok")
        result = found("s.zip")
        assert result.pop("s.zip!ok.html") == b"ok"
        assert "archive inside" in str(result.pop("s.zip!in.zip"))
        assert "archive inside" in str(result.pop("s.zip!in.7z"))
        assert "a link" in str(result.pop("s.zip!link.html"))
        assert len(result) == 5 and set(result.values()) == {"its path leads out of the archive"}

    def test_an_encrypted_or_oddly_packed_member_is_named(self) -> None:
        with zipfile.ZipFile("s.zip", "w") as archive:
            archive.writestr("a.html", "secret")
            archive.writestr("b.html", "bzip", zipfile.ZIP_BZIP2)
            archive.writestr("c.html", "ok")
        data = bytearray(Path("s.zip").read_bytes())
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
        Path("s.zip").write_bytes(data)
        result = found("s.zip")
        assert result["s.zip!a.html"] == "encrypted"
        assert "method" in str(result["s.zip!b.html"])
        assert result["s.zip!c.html"] == b"ok"

    def test_a_damaged_member_leaves_the_others(self) -> None:
        with zipfile.ZipFile("s.zip", "w") as archive:
            archive.writestr("a.html", "aaaaaaaa")
            archive.writestr("b.html", "b")
        Path("s.zip").write_bytes(Path("s.zip").read_bytes().replace(b"aaaaaaaa", b"aaaaXaaa"))
        result = found("s.zip")
        assert "CRC" in str(result["s.zip!a.html"])
        assert result["s.zip!b.html"] == b"b"

    def test_what_is_no_zip_is_named_once(self) -> None:
        write_zip("whole.zip", {"a.html": b"A" * 100})
        write("s.zip", Path("whole.zip").read_bytes()[:-30])
        assert list(found("s.zip")) == ["s.zip"]

    def test_bombs_are_defused(self) -> None:
        write_zip("page.zip", {"a.html": bytes(900), "big.html": bytes(5000), "c.html": b"c"})
        result = found("page.zip", limits=SMALL)
        assert "limit of 1,000 bytes" in str(result["page.zip!big.html"])
        assert len(result["page.zip!a.html"]) == 900 and result["page.zip!c.html"] == b"c"
        write_zip("ratio.zip", {"a.html": b"A"} | {f"{n}.html": bytes(1000) for n in range(1000)})
        write_zip("lines.zip", {"a.jsonl": b"\n" * 10**7})
        bound = Limits(max_page_bytes=1000, max_ratio=2)
        assert "times its size" in str(found("ratio.zip", limits=bound)["ratio.zip"])
        assert "times its size" in str(found("lines.zip", limits=bound)["lines.zip"])
        assert "limit of 100,000 bytes" in str(found("ratio.zip", limits=SMALL)["ratio.zip"])

    def test_a_huge_table_of_contents_is_not_taken_into_memory(self) -> None:
        write_zip("s.zip", {f"{n:0100}.html": b"" for n in range(100)})
        assert "table of contents" in str(found("s.zip", limits=Limits(max_directory_bytes=1000))["s.zip"])

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_members_of_one_name_are_both_given_in_order(self) -> None:
        with zipfile.ZipFile("s.zip", "w") as archive:
            archive.writestr("a.html", "old")
            archive.writestr("a.html", "new")
        assert [page.read() for page in find_pages(["s.zip"]) if isinstance(page, Page)] == [b"old", b"new"]


class TestTar:
    @pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    @pytest.mark.parametrize(("name", "mode"), [("s.tar", "w"), ("s.tar.gz", "w:gz"), ("s.tgz", "w:gz")])
    def test_members_are_pages_in_every_format(self, name: str, mode: str, format: int) -> None:
        long = "/".join(["long" * 8] * 6) + "/x.html"  # more than the 100 bytes of a plain header
        write_tar(name, {"./a.html": b"A" * 512, "é.html": b"", long: b"L" * 5000, "b.jsonl": b'{"name":"x"}'}, mode, format)  # fmt: skip  # noqa: E501
        assert found(name) == {
            f"{name}!a.html": b"A" * 512,
            f"{name}!é.html": b"",
            f"{name}!{long}": b"L" * 5000,
            f"{name}!b.jsonl#1": b'{"name":"x"}',
        }

    def test_links_devices_and_paths_that_lead_out_are_refused(self) -> None:
        with tarfile.open("s.tar", "w") as archive:
            for name, kind in (
                ("sym.html", tarfile.SYMTYPE),
                ("hard.html", tarfile.LNKTYPE),
                ("dev.html", tarfile.CHRTYPE),
                ("fifo.html", tarfile.FIFOTYPE),
                ("folder", tarfile.DIRTYPE),
                ("../up.html", tarfile.REGTYPE),
                ("/etc/passwd", tarfile.REGTYPE),
            ):
                info = tarfile.TarInfo(name)
                info.type = kind
                info.linkname = "/etc/passwd"
                archive.addfile(info)
            info = tarfile.TarInfo("ok.html")
            info.size = 2
            archive.addfile(info, io.BytesIO(b"ok"))
        result = found("s.tar")
        assert result.pop("s.tar!ok.html") == b"ok"
        assert {source: str(reason).split(";")[0] for source, reason in result.items()} == {
            "s.tar!sym.html": "a link",
            "s.tar!hard.html": "a link",
            "s.tar!dev.html": "a device",
            "s.tar!fifo.html": "a device",
            "s.tar!../up.html": "its path leads out of the archive",
            "s.tar!/etc/passwd": "its path leads out of the archive",
        }

    @pytest.mark.parametrize("gz", [False, True])
    def test_members_before_a_break_are_given_and_the_break_is_told_once(self, gz: bool) -> None:
        noise = random.Random(1)
        members = {f"{n}.html": noise.randbytes(3000) for n in range(10)}
        name = "s.tar.gz" if gz else "s.tar"
        write_tar(name, members, "w:gz" if gz else "w")
        Path(name).write_bytes(Path(name).read_bytes()[:20_000])
        result = found(name)
        assert "cut off" in str(result.pop(name))
        assert len(result) >= 5
        assert all(data == members[source.split("!")[1]] for source, data in result.items())

    def test_bytes_that_are_no_tar_are_told(self) -> None:
        write("a.tar", b"<html>" * 1000)
        write("b.tar.gz", b"<html>" * 1000)
        result = found("a.tar", "b.tar.gz")
        assert "checksum" in str(result["a.tar"]) or "number" in str(result["a.tar"])
        assert "gzip" in str(result["b.tar.gz"])

    def test_bombs_are_defused(self) -> None:
        write_tar("s.tar.gz", {"a.html": b"A"} | {f"{n}.html": bytes(900) for n in range(1000)}, "w:gz")
        result = found("s.tar.gz", limits=Limits(max_page_bytes=100_000, max_ratio=5))
        assert result["s.tar.gz!a.html"] == b"A"
        assert "5 times its size" in str(result["s.tar.gz"])

    def test_an_oversized_member_is_passed_by(self) -> None:
        write_tar("s.tar", {"a.html": bytes(5000), "b.html": b"b"})
        result = found("s.tar", limits=SMALL)
        assert "limit of 1,000 bytes" in str(result["s.tar!a.html"])
        assert result["s.tar!b.html"] == b"b"

    def test_a_huge_extended_header_is_not_taken_into_memory(self) -> None:
        info = tarfile.TarInfo("x")
        info.type = tarfile.XHDTYPE
        info.size = 2**33
        write("s.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
        assert "extended header" in str(found("s.tar")["s.tar"])

    def test_a_sparse_member_is_refused(self) -> None:
        info = tarfile.TarInfo("sparse.html")
        info.type = tarfile.GNUTYPE_SPARSE
        write("s.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        assert "sparse" in str(found("s.tar")["s.tar!sparse.html"])
        with tarfile.open("pax.tar", "w") as archive:
            archive.addfile(tarfile.TarInfo("x.html"))
            info = tarfile.TarInfo("GNUSparseFile.0/y.html")
            info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "y.html"}
            archive.addfile(info)
        result = found("pax.tar")
        assert result.pop("pax.tar!x.html") == b""
        assert "sparse" in str(result.popitem()[1])

    def test_headers_of_every_age_are_understood(self) -> None:
        with tarfile.open("s.tar", "w", pax_headers={"comment": "holds for all"}, format=tarfile.PAX_FORMAT) as archive:
            folder = tarfile.TarInfo("old/")  # before 1988 a slash alone made it a folder
            folder.type = tarfile.AREGTYPE
            archive.addfile(folder)
            for n, size in enumerate([3, 2000]):
                info = tarfile.TarInfo(f"{n}.html")
                info.size = size
                info.pax_headers = {"size": str(size)}
                archive.addfile(info, io.BytesIO(b"x" * size))
        with tarfile.open("gnu.tar", "w", format=tarfile.GNU_FORMAT) as archive:
            info = tarfile.TarInfo("link.html")
            info.type, info.linkname = tarfile.SYMTYPE, "x" * 200
            archive.addfile(info)
            odd = tarfile.TarInfo("odd.html")
            odd.type = b"V"
            archive.addfile(odd)
        assert found("s.tar") == {"s.tar!0.html": b"xxx", "s.tar!1.html": b"x" * 2000}
        assert "a link" in str(found("gnu.tar")["gnu.tar!link.html"])
        assert "of a kind" in str(found("gnu.tar")["gnu.tar!odd.html"])

    @pytest.mark.parametrize("extended", [b"9 size=x\n", b"99999999999999999999999 a=b", b"5 ab\n", b"0 a=b\n"])
    def test_an_extended_header_that_is_nonsense_is_told(self, extended: bytes) -> None:
        info = tarfile.TarInfo("x")
        info.type = tarfile.XHDTYPE
        info.size = len(extended)
        page = tarfile.TarInfo("x.html").tobuf(tarfile.USTAR_FORMAT)
        write("s.tar", info.tobuf(tarfile.USTAR_FORMAT) + extended.ljust(512, b"\0") + page + bytes(1024))
        assert "header" in str(found("s.tar")["s.tar"])

    def test_a_size_in_base_256_is_understood(self) -> None:
        header = bytearray(tarfile.TarInfo("big.html").tobuf(tarfile.GNU_FORMAT))
        header[124:136] = b"\x80" + (600).to_bytes(11, "big")
        header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * 32)
        write("s.tar", bytes(header) + b"y" * 600 + bytes(424 + 1024))
        assert found("s.tar") == {"s.tar!big.html": b"y" * 600}

    def test_memory_does_not_grow_with_the_archive(self) -> None:
        page = random.Random(2).randbytes(50_000) + bytes(1_950_000)
        with tarfile.open("s.tar.gz", "w:gz", compresslevel=1) as archive:
            for n in range(100):
                info = tarfile.TarInfo(f"{n}.html")
                info.size = len(page)
                archive.addfile(info, io.BytesIO(page))
        tracemalloc.start()
        try:
            count = sum(len(p.read()) for p in find_pages(["s.tar.gz"]) if isinstance(p, Page))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == 200_000_000
        assert peak < 12_000_000


class TestGzip:
    def test_a_packed_page_is_unpacked_when_read(self) -> None:
        write("a.html.gz", gzip.compress(b"A") + gzip.compress(b"B"))
        write("b.md.gz", gzip.compress(b"# B"))
        pages = [page for page in find_pages(["."]) if isinstance(page, Page)]
        assert [(page.data, page.read(), page.content_type) for page in pages] == [
            (None, b"AB", None),
            (None, b"# B", "text/markdown"),
        ]

    def test_a_broken_cut_or_swollen_one_is_named(self) -> None:
        write("broken.html.gz", b"no gzip")
        write("cut.html.gz", gzip.compress(random.Random(3).randbytes(5000))[:1000])
        write("bomb.html.gz", gzip.compress(bytes(10**7)))
        result = found(".", limits=Limits(max_page_bytes=10**6))
        assert "gzip" in str(result["broken.html.gz"])
        assert "cut off" in str(result["cut.html.gz"])
        assert "limit of 1,000,000 bytes" in str(result["bomb.html.gz"]) or "times" in str(result["bomb.html.gz"])

    def test_other_packings_are_told(self) -> None:
        write("a.tar.xz")
        write("b.7z")
        assert all("not read" in str(reason) for reason in found(".").values())


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


def _record(kind: str, url: str, content_type: str, block: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


class TestWarc:
    @staticmethod
    def write(path: str, gz: bool = True) -> None:
        html = ("Content-Type", "text/html")
        answers: list[tuple[str, str, list[tuple[str, str]], bytes]] = [
            ("koi8", "200 OK", [("Content-Type", "text/html; charset=koi8-r")], "Цель".encode("koi8-r")),
            ("gone", "404 Not Found", [html], b"gone"),
            ("logo", "200 OK", [("Content-Type", "image/png")], b"png"),
            ("gzip", "200 OK", [html, ("Content-Encoding", "gzip")], gzip.compress(b"<p>packed</p>")),
            ("chunked", "200 OK", [html, ("Transfer-Encoding", "chunked")], b"4\r\nPurp\r\n3;x=y\r\nose\r\n0\r\n\r\n"),
            ("undone", "200 OK", [html, ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")], b"<p>bare"),
            ("raw", "200 OK", [html, ("Content-Encoding", "deflate")], zlib.compress(b"<p>raw", wbits=-15)),
            ("cut", "200 OK", [html, ("Content-Encoding", "gzip")], b"\x1f\x8b\x08\x00broken" * 5),
            ("br", "200 OK", [html, ("Content-Encoding", "br")], b"\x0b"),
            ("bomb", "200 OK", [html, ("Content-Encoding", "deflate")], zlib.compress(bytes(10**7))),
            ("big", "200 OK", [html], random.Random(5).randbytes(1_100_000)),
            ("bare", "200 OK", [], b"<p>bare</p>"),
        ]
        records = [_record("warcinfo", "", "application/warc-fields", b"software: test")]
        for name, status, headers, body in answers:
            head = "".join(f"{key}: {value}\r\n" for key, value in headers)
            http = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
            records.append(_record("response", f"https://example.org/{name}", "application/http; x=y", http))
        records.append(_record("resource", "urn:page", "text/markdown", b"# R"))
        Path(path).write_bytes(b"".join(gzip.compress(record) if gz else record for record in records))

    @pytest.mark.parametrize("gz", [False, True])
    def test_answers_and_resources_are_pages_named_by_their_url(self, gz: bool) -> None:
        name = "crawl.warc.gz" if gz else "crawl.warc"
        self.write(name, gz)
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
        self.write("crawl.warc.gz")
        ours = {page.source: page.read() for page in find_pages(["crawl.warc.gz"]) if isinstance(page, Page)}
        with Path("crawl.warc.gz").open("rb") as file:
            theirs = {
                record.rec_headers["WARC-Target-URI"]: record.content_stream().read()
                for record in ArchiveIterator(file)
            }
        assert len(ours) == 9
        assert ours == {url: theirs[url] for url in ours}

    def test_a_web_archive_in_an_archive_breaks_alone(self) -> None:
        self.write("crawl.warc")
        data = Path("crawl.warc").read_bytes()
        self.write("crawl.warc", gz=False)
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


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("archives")
    here = Path.cwd()
    os.chdir(folder)
    try:
        members = {"a.html": b"A" * 300, "b.jsonl": b'{"name":"x"}\n', "c/" + "d" * 120: b"long", "e.html.gz": gzip.compress(b"E")}  # fmt: skip  # noqa: E501
        write_zip("s.zip", members)
        write_tar("s.tar", members)
        write_tar("s.tar.gz", members, "w:gz", tarfile.GNU_FORMAT)
        TestWarc.write("s.warc", gz=False)
        return {path.name: path.read_bytes()[:20_000] for path in folder.iterdir()}
    finally:
        os.chdir(here)


class TestDamage:
    """Whatever happens to an archive, what comes out are pages and failures."""

    @pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz", "s.warc"])
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_nothing_raises(self, name: str, archives: dict[str, bytes], data: st.DataObject) -> None:
        damaged = bytearray(archives[name])
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
            if not damaged:
                break
        write(name, bytes(damaged))
        for page in find_pages([name], limits=SMALL):
            assert isinstance(page, Page | Failed)
            assert isinstance(page, Failed) or len(page.read()) <= 1000


def test_the_stream_gives_a_page_before_it_looks_for_the_next() -> None:
    write("a.html")
    write("b.zip", b"broken")
    stream: Iterator[object] = find_pages(["a.html", "b.zip"])
    assert isinstance(next(stream), Page)
    write_zip("b.zip", {"c.html": b"C"})
    assert isinstance(next(stream), Page)
