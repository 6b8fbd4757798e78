"""Re-indexing: what is recognised, replaced, removed and kept, and that it is one commit."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import pytest

import procsearch
from procsearch.corpus.errors import ProcsearchError
from procsearch.indexer import preparation
from procsearch.indexer.reindex import Progress, Report, reindex
from tests.contract.running import html, write_pages


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_pages(Path("pages"), **dict.fromkeys("abcdefgh", "kidney"))
    return tmp_path


@pytest.fixture
def no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"parsed: {arguments}")

    monkeypatch.setattr(preparation, "parse", refuse)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed


def failed(report: Report) -> list[str]:
    return [page.page for page in report.failed]


def sources(path: str = "x") -> list[str]:
    return sorted(procedure.source for procedure in procsearch.open_index(path).procedures())


class Told(Progress):
    def __init__(self) -> None:
        self.messages: list[str] = []
        self.stages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)

    def stage(self, name: str) -> None:
        self.stages.append(name)


class TestUnchangedPages:
    def test_are_neither_parsed_nor_opened(self, place: Path, request: pytest.FixtureRequest) -> None:
        reindex("pages", "x")
        request.getfixturevalue("no_parsing")
        for name in "abcdefgh":  # as long as before, and of the same time: nobody looks inside
            path = Path(f"pages/{name}.html")
            status = path.stat()
            path.write_bytes(b"\0" * status.st_size)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        told = Told()
        assert counts(reindex("pages", "x", progress=told)) == (0, 0, 8, 0)
        assert told.stages == ["reading pages"]

    def test_touched_ones_are_recognised_by_their_content(self, place: Path, request: pytest.FixtureRequest) -> None:
        reindex("pages", "x")
        request.getfixturevalue("no_parsing")
        os.utime("pages/a.html", (1, 1))
        told = Told()
        assert counts(reindex("pages", "x", progress=told)) == (0, 0, 8, 0)
        assert told.stages == ["reading pages", "writing the index"]  # the new time is noted
        assert counts(reindex("pages", "x", progress=told)) == (0, 0, 8, 0)
        assert told.stages[2:] == ["reading pages"]

    def test_members_and_records_are_recognised_one_by_one(self, place: Path, request: pytest.FixtureRequest) -> None:
        def write(*names: str) -> None:
            with zipfile.ZipFile("a.zip", "w") as archive:
                for name in names:
                    archive.writestr(f"{name}.html", html(name, "in a zip"))
            lines = [json.dumps({"_id": name, "title": name, "text": "in a file"}) for name in names]
            with gzip.open("a.jsonl.gz", "wt") as file:
                file.write("\n".join(lines))

        write("a", "b", "c")
        reindex(["a.zip", "a.jsonl.gz"], "x")
        write("a", "b", "c", "d")
        assert counts(reindex(["a.zip", "a.jsonl.gz"], "x")) == (2, 0, 6, 0)
        os.utime("a.zip", (1, 1))
        request.getfixturevalue("no_parsing")
        assert counts(reindex(["a.zip", "a.jsonl.gz"], "x")) == (0, 0, 8, 0)

    def test_a_page_is_the_same_however_it_is_named(self, place: Path) -> None:
        reindex("pages", "x")
        assert counts(reindex("./pages/", "x")) == (0, 0, 8, 0)
        assert counts(reindex(Path("pages"), "x")) == (0, 0, 8, 0)
        assert counts(reindex(["pages", "pages/a.html"], "x")) == (0, 0, 8, 0)
        assert counts(reindex("pages/a.html", "x")) == (0, 0, 1, 0)


class TestChangedPages:
    def test_are_replaced(self, place: Path) -> None:
        reindex("pages", "x")
        index = procsearch.open_index("x")
        write_pages(Path("pages"), a="spleen")
        assert counts(reindex("pages", "x")) == (0, 1, 7, 0)
        assert index.search("spleen").total == 1
        assert index.search("kidney").total == 7

    def test_new_and_vanished_ones(self, place: Path) -> None:
        reindex("pages", "x")
        Path("pages/b.html").unlink()
        write_pages(Path("pages"), z="new")
        assert counts(reindex("pages", "x")) == (1, 0, 7, 1)
        assert "pages/b.html" not in sources()
        assert "pages/z.html" in sources()

    def test_other_headings_or_another_parser_parse_anew(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("pages/a.html").write_text("<h1>A</h1><h2>Purpose</h2><p>x</p><h2>Watch out</h2><p>bleeding</p>")
        reindex("pages", "x")
        assert procsearch.open_index("x").search("risks:bleeding").total == 0
        told = Told()
        assert counts(reindex("pages", "x", headings={"watch out": "risks"}, progress=told)) == (0, 8, 0, 0)
        assert told.messages == ["pages parsed by another version, or with other headings, are parsed anew"]
        assert procsearch.open_index("x").search("risks:bleeding").total == 1
        assert counts(reindex("pages", "x", headings={"watch out": "risks"})) == (0, 0, 8, 0)
        monkeypatch.setattr(preparation, "PARSER_VERSION", preparation.PARSER_VERSION + 1)
        assert counts(reindex("pages", "x", headings={"watch out": "risks"})) == (0, 8, 0, 0)


class TestPagesThatFail:
    def test_keep_their_old_version_and_are_told_by_every_run(self, place: Path) -> None:
        reindex("pages", "x")
        Path("pages/a.html").write_bytes(bytes(range(256)))
        for _ in range(3):
            report = reindex("pages", "x")
            assert counts(report) == (0, 0, 7, 0)
            assert failed(report) == ["pages/a.html"]
            assert "pages/a.html" in sources()
        write_pages(Path("pages"), a="kidney and spleen")
        assert counts(reindex("pages", "x")) == (0, 1, 7, 0)

    def test_that_were_never_indexed_are_told_by_every_run(self, place: Path) -> None:
        Path("pages/empty.html").write_bytes(b"")
        for _ in range(3):
            assert failed(reindex("pages", "x")) == ["pages/empty.html"]

    @pytest.mark.parametrize("place_of_bad", [0, 2, 5])
    @pytest.mark.parametrize("jobs", [1, 2])
    def test_so_are_records(self, place: Path, place_of_bad: int, jobs: int) -> None:
        lines = [json.dumps({"_id": str(n), "title": "kidney", "text": str(n)}) for n in range(5)]
        lines.insert(place_of_bad, "no record")
        Path("a.jsonl").write_text("\n".join(lines))
        told = Told()
        for run in range(3):
            report = reindex("a.jsonl", "x", jobs=jobs, progress=told)
            assert failed(report) == [f"a.jsonl#{place_of_bad + 1}"]
            assert counts(report) == ((5, 0, 0, 0) if run == 0 else (0, 0, 5, 0))
        assert told.stages.count("writing the index") == 1
        Path("a.jsonl").write_text("\n".join(line for line in lines if line != "no record"))
        for _ in range(2):
            assert reindex("a.jsonl", "x").failed == ()
        told = Told()
        assert reindex("a.jsonl", "x", progress=told).failed == ()
        assert told.stages == ["reading pages"]

    def test_so_are_members_and_those_gone_from_the_archive_still_go(self, place: Path) -> None:
        def write(names: str) -> None:
            with zipfile.ZipFile("a.zip", "w") as archive:
                for name in names:
                    archive.writestr(f"{name}.html", html(name, "kidney") if name != "m" else "")

        write("abcdefghijklmno")
        for _ in range(2):
            assert failed(reindex("a.zip", "x")) == ["a.zip!m.html"]
        write("abcdefghijkmn")
        report = reindex("a.zip", "x")
        assert (failed(report), report.removed) == (["a.zip!m.html"], 2)

    def test_that_are_merged_are_told_by_the_next_run(self, place: Path) -> None:
        lines = [json.dumps({"_id": str(n), "title": "kidney", "text": str(n)}) for n in range(6)]
        Path("a.jsonl").write_text("\n".join(lines))
        reindex("a.jsonl", "x")
        lines[2:5] = [line.replace("kidney", "spleen") for line in lines[2:5]]
        Path("a.jsonl").write_text("\n".join([*lines, "no record"]))
        for _ in range(2):
            assert failed(reindex("a.jsonl", "x")) == ["a.jsonl#7"]
        lines[0] = lines[0].replace("kidney", "spleen")
        Path("a.jsonl").write_text("\n".join(lines))
        reindex("a.jsonl", "x")
        told = Told()
        reindex("a.jsonl", "x", progress=told)
        assert told.stages == ["reading pages"]

    def test_a_broken_archive_keeps_its_pages(self, place: Path) -> None:
        with zipfile.ZipFile("a.zip", "w") as archive:
            for name in "abc":
                archive.writestr(f"{name}.html", html(name, "kidney"))
        whole = Path("a.zip").read_bytes()
        reindex("a.zip", "x")
        Path("a.zip").write_bytes(whole[: len(whole) // 2])
        for _ in range(2):
            report = reindex("a.zip", "x", allow_removals=True)
            assert (failed(report), report.documents) == (["a.zip"], 3)
        Path("a.zip").unlink()
        report = reindex("a.zip", "x", allow_removals=True)
        assert (failed(report), report.documents) == (["a.zip"], 3)

    def test_half_a_gzip_gives_its_first_records_and_keeps_the_last(self, place: Path) -> None:
        lines = [json.dumps({"_id": str(n), "title": "kidney", "text": os.urandom(3000).hex()}) for n in range(50)]
        whole = gzip.compress("\n".join(lines).encode())
        Path("a.jsonl.gz").write_bytes(whole)
        assert reindex("a.jsonl.gz", "x").added == 50
        Path("a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
        report = reindex("a.jsonl.gz", "x", allow_removals=True)
        assert (failed(report), report.documents) == (["a.jsonl.gz"], 50)

    def test_a_record_of_an_address_that_breaks_is_kept(self, place: Path) -> None:
        lines = [json.dumps({"url": f"https://e.org/{n}", "html": html(str(n), "kidney")}) for n in range(8)]
        Path("a.jsonl").write_text("\n".join(lines))
        reindex("a.jsonl", "x")
        lines[3] = lines[3][:-9]
        Path("a.jsonl").write_text("\n".join(lines))
        report = reindex("a.jsonl", "x")
        assert (failed(report), report.documents) == (["a.jsonl#4"], 8)

    def test_symbolic_links_in_circles_are_told_and_the_rest_is_indexed(self, place: Path) -> None:
        Path("pages/loop").symlink_to(".", target_is_directory=True)
        Path("pages/nowhere.html").symlink_to("gone.html")
        for run in range(2):
            report = reindex("pages", "x")
            assert counts(report) == ((8, 0, 0, 0) if run == 0 else (0, 0, 8, 0))
            assert failed(report) == ["pages/loop", "pages/nowhere.html"]

    def test_an_unreadable_folder_keeps_its_pages(self, place: Path) -> None:
        write_pages(Path("pages/sub"), i="kidney")
        reindex("pages", "x")
        Path("pages/sub").rename("elsewhere")
        Path("pages/sub").symlink_to("../elsewhere", target_is_directory=True)
        report = reindex("pages", "x")
        assert (failed(report), report.documents) == (["pages/sub"], 9)


class TestOneCommit:
    def test_an_index_opened_before_sees_the_old_state_until_then(self, place: Path) -> None:
        reindex("pages", "x")
        index = procsearch.open_index("x")
        before = index.search("kidney")
        seen: list[int] = []
        for name in "abcdefgh":
            write_pages(Path("pages"), **{name: "spleen"})
        reindex("pages", "x", approve=lambda snapshot: seen.append(index.search("kidney").total))
        assert seen == [8]
        assert (index.search("kidney").total, index.search("spleen").total) == (0, 8)
        assert {"kidney" in hit.snippet for hit in before.hits} == {True}  # results stay those of their commit

    def test_a_search_during_commits_sees_one_state_or_the_other_never_a_mix(self, place: Path) -> None:
        reindex("pages", "x")
        index = procsearch.open_index("x")
        done = threading.Event()
        seen: set[tuple[str, ...]] = set()
        broken: list[Exception] = []

        def search() -> None:
            try:
                while not done.is_set():
                    hits = index.search("kidney spleen").hits
                    seen.add(tuple(sorted({hit.snippet for hit in hits})) if len(hits) == 8 else ("not all",))
            except Exception as error:
                broken.append(error)

        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        for text in ("spleen", "kidney") * 4:
            write_pages(Path("pages"), **dict.fromkeys("abcdefgh", text))
            assert reindex("pages", "x").changed == 8
        done.set()
        for thread in threads:
            thread.join()
        assert broken == []
        assert seen <= {("kidney",), ("spleen",)}

    def test_without_jobs_no_process_is_started(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "Popen", None)
        assert reindex("pages", "x").added == 8

    def test_what_is_not_approved_is_as_if_it_had_not_been(self, place: Path) -> None:
        reindex("pages", "x")
        before = {path.name for path in Path("x").iterdir()}
        write_pages(Path("pages"), a="spleen")

        def refuse(snapshot: object) -> None:
            raise ProcsearchError("not so")

        with pytest.raises(ProcsearchError, match="not so"):
            reindex("pages", "x", approve=refuse)
        assert {path.name for path in Path("x").iterdir()} == before
        assert procsearch.open_index("x").search("spleen").total == 0
        assert counts(reindex("pages", "x")) == (0, 1, 7, 0)

    def test_an_empty_folder_makes_an_index_without_pages_and_both_are_told(self, place: Path) -> None:
        Path("none").mkdir()
        report = reindex("none", "x")
        assert (counts(report), report.warnings) == ((0, 0, 0, 0), ("no pages found in none",))
        results = procsearch.open_index("x").search("kidney")
        assert (results.total, results.notes) == (0, ("the index has no pages yet",))

    def test_processes_make_no_difference(self, place: Path) -> None:
        write_pages(Path("pages"), **{f"p{n:03}": f"kidney {n % 7} stone" for n in range(150)})
        Path("pages/bad.html").write_bytes(b"")
        one, two = reindex("pages", "x1"), reindex("pages", "x2", jobs=2)
        assert (counts(one), one.failed, one.oddities) == (counts(two), two.failed, two.oddities)
        first, second = procsearch.open_index("x1"), procsearch.open_index("x2")
        assert list(first.procedures()) == list(second.procedures())
        for query in ("kidney", "stone 3", "purpose:stone AND 4", '"kidney 2"'):
            found = [[(hit.id, hit.score) for hit in index.search(query, limit=200).hits] for index in (first, second)]
            assert found[0] == found[1]

    def test_little_memory_makes_no_difference(self, place: Path) -> None:
        write_pages(Path("pages"), **{f"p{n:03}": f"kidney {n % 7} stone" for n in range(150)})
        reindex("pages", "x1")
        reindex("pages", "x2", memory=20_000)
        first, second = procsearch.open_index("x1"), procsearch.open_index("x2")
        assert list(first.procedures()) == list(second.procedures())
        assert [hit.id for hit in first.search("stone 3").hits] == [hit.id for hit in second.search("stone 3").hits]

    def test_progress_counts_every_file(self, place: Path) -> None:
        files: list[str] = []

        class Counting(Progress):
            def page(self, container: str) -> None:
                files.append(container)

        reindex("pages", "x", progress=Counting())
        assert files == [f"pages/{name}.html" for name in "abcdefgh"]
        files.clear()
        reindex("pages", "x", progress=Counting())
        assert sorted(files) == [f"pages/{name}.html" for name in "abcdefgh"]

    @pytest.mark.parametrize("named", [".", "{0}", "../{0.name}"])
    def test_the_index_itself_is_no_page(self, place: Path, named: str) -> None:
        for run in range(3):
            report = reindex(named.format(place), "x")
            assert (counts(report), report.failed) == ((8, 0, 0, 0) if run == 0 else (0, 0, 8, 0), ())

    def test_another_index_among_the_pages_is_none(self, place: Path) -> None:
        reindex("pages", "pages/other")
        write_pages(Path("pages/other"), stray="a page that lies in it")
        for run in range(2):
            report = reindex("pages", "x")
            assert (counts(report), report.failed) == ((8, 0, 0, 0) if run == 0 else (0, 0, 8, 0), ())

    def test_seconds_are_those_it_took(self, place: Path) -> None:
        started = time.perf_counter()
        report = reindex("pages", "x")
        assert 0 < report.seconds <= time.perf_counter() - started
