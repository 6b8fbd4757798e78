"""Pages in files and folders, links and odd files among them."""

from __future__ import annotations

import os
import pickle
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from procsearch.corpus.errors import PageError
from procsearch.corpus.pages import Page, Unchanged, find_pages

from .written_files import SMALL, found, link, write, write_zip

pytestmark = pytest.mark.usefixtures("in_tmp_path")


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


def test_the_stream_gives_a_page_before_it_looks_for_the_next() -> None:
    write("a.html")
    write("b.zip", b"broken")
    stream: Iterator[object] = find_pages(["a.html", "b.zip"])
    assert isinstance(next(stream), Page)
    write_zip("b.zip", {"c.html": b"C"})
    assert isinstance(next(stream), Page)
