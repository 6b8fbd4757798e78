"""Pages in zip and tar archives and packed by gzip, whole and hostile."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from procsearch.corpus.pages import Limits, Page, find_pages

from .written_files import SMALL, found, write, write_tar, write_zip

pytestmark = pytest.mark.usefixtures("in_tmp_path")


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

    def test_a_member_without_a_name_is_told(self) -> None:
        with zipfile.ZipFile("s.zip", "w") as archive:
            archive.writestr("a.html", "x")
            archive.writestr("b.html", "b")
            archive.filelist[0].filename = ""
        assert found("s.zip") == {"s.zip!.": "it has no name", "s.zip!b.html": b"b"}

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
