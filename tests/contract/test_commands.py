"""The command line: every command, the shape of its JSON, its exit codes and what goes to which stream."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from procsearch.corpus.procedure import SECTION_KINDS
from tests.places import SAMPLES

from .running import Ran, html, run, run_process, write_pages

COMMANDS = "index search show suggest similar parse stats check eval export demo".split()
PROCEDURE = [
    "id", "system", "code", "descriptor", "name", "common_names", "medical_terms", "sections", "similar_codes",
    "source", "warnings",
]  # fmt: skip
HIT = ["id", "code", "system", "name", "score", "section", "snippet", "marks", "match"]
INDEXED = ["added", "changed", "unchanged", "removed", "documents", "seconds", "failed"]
QUERIES, QRELS = SAMPLES / "queries.jsonl", SAMPLES / "qrels.tsv"


Asked = Callable[..., Ran]


@pytest.fixture
def asked(samples: Path, tmp_path: Path) -> Asked:
    """Ask a command of the sample index."""

    def ask(*arguments: object) -> Ran:
        return run(*arguments, at=tmp_path, env={"PROCSEARCH_INDEX": str(samples)})

    return ask


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_takes_it(self, command: str, tmp_path: Path) -> None:
        ran = run(command, "--help", at=tmp_path)
        assert ran.code == 0
        assert ran.out.startswith(f"Usage: procsearch {command}")
        assert ran.err == ""


class TestWhereTheIndexIs:
    def test_the_option_comes_before_the_environment_and_that_before_the_folder(self, tmp_path: Path) -> None:
        for number, name in enumerate(("procsearch-index", "named", "environment"), 1):
            pages = write_pages(tmp_path / name[:2], **{f"page{n}": "text" for n in range(number)})
            assert run("index", pages, "--index", name, at=tmp_path).code == 0

        def documents(*arguments: str, **env: str) -> int:
            count: int = run("stats", "--json", *arguments, at=tmp_path, env=env).json["documents"]
            return count

        assert documents() == 1
        assert documents(PROCSEARCH_INDEX="environment") == 3
        assert documents("--index", "named", PROCSEARCH_INDEX="environment") == 2
        assert documents(PROCSEARCH_INDEX="") == 1


class TestIndex:
    def test_json(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="one", b="two")
        (pages / "bad.html").write_bytes(bytes(range(256)))
        ran = run("index", "pages", "--json", at=tmp_path)
        assert ran.code == 1
        assert list(ran.json) == INDEXED
        assert [ran.json[key] for key in INDEXED[:5]] == [2, 0, 0, 0, 2]
        assert ran.json["failed"] == [{"page": "pages/bad.html", "reason": "binary data, not a page"}]
        assert "failed: pages/bad.html: binary data, not a page" in ran.err

    def test_standard_input_is_json_lines(self, tmp_path: Path) -> None:
        records = [
            {"_id": "b1", "title": "Graft", "text": "kidney"},
            {"url": "https://e.org/1", "html": html("C", "d")},
        ]
        ran = run("index", "-", "--json", at=tmp_path, stdin="\n".join(map(json.dumps, records)).encode())
        assert (ran.code, ran.json["added"]) == (0, 2)
        shown = run("show", "b1", "--json", at=tmp_path).json
        assert shown["name"] == "Graft"
        assert shown["sections"] == [{"kind": "summary", "heading": "", "text": "kidney"}]
        assert shown["source"] == "-#1"

    def test_what_export_writes_is_read_back_whole(self, asked: Asked, tmp_path: Path) -> None:
        exported = asked("export").out
        (tmp_path / "all.jsonl").write_text(exported)
        assert run("index", "all.jsonl", "--index", "again", at=tmp_path).code == 0
        again = run("export", "--index", "again", at=tmp_path).json_lines
        first = [json.loads(line) for line in exported.splitlines()]
        for procedure in (*first, *again):
            del procedure["source"]
        assert again == first

    def test_a_crawl_of_text(self, tmp_path: Path) -> None:
        text = "Kidney transplant\n\nPurpose\nTo live without dialysis.\n"
        (tmp_path / "c.jsonl").write_text(json.dumps({"url": "https://e.org/kidney", "text": text}))
        (found,) = run("parse", "c.jsonl", "--json", at=tmp_path).json_lines
        assert found["source"] == "https://e.org/kidney"
        assert [section["kind"] for section in found["sections"]] == ["purpose"]

    def test_pages_gone_from_a_folder_an_archive_and_a_file_are_removed(self, tmp_path: Path) -> None:
        names = [f"p{n:02}" for n in range(30)]
        pages = write_pages(tmp_path / "pages", **dict.fromkeys(names, "text"))

        def write(keep: int) -> None:
            with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
                for name in names[:keep]:
                    archive.writestr(f"{name}.html", html(name, "in an archive"))
            lines = [json.dumps({"_id": name, "title": name, "text": "in a file"}) for name in names[:keep]]
            (tmp_path / "a.jsonl").write_text("\n".join(lines))

        write(30)
        everything = ("index", "pages", "a.zip", "a.jsonl", "--json")
        assert run(*everything, at=tmp_path).json["added"] == 90
        write(28)
        (pages / "p07.html").unlink()
        told = run(*everything, at=tmp_path).json
        assert (told["removed"], told["unchanged"], told["documents"]) == (5, 85, 85)

    def test_pages_of_folders_that_are_not_named_stay(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "one", **dict.fromkeys("abcdef", "text"))
        write_pages(tmp_path / "two", g="text")
        run("index", tmp_path / "one", at=tmp_path)
        told = run("index", tmp_path / "two", "--json", at=tmp_path).json
        assert (told["added"], told["removed"], told["documents"]) == (1, 0, 7)
        for elsewhere in (".", ""):
            (tmp_path / "here").mkdir(exist_ok=True)
            told = run("index", elsewhere, "--index", "../procsearch-index", "--json", at=tmp_path / "here").json
            assert (told["removed"], told["documents"]) == (0, 7)

    def test_more_than_a_fifth_is_removed_only_when_allowed(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", **dict.fromkeys("abcdefghij", "text"))
        run("index", "pages", at=tmp_path)
        for name in "abc":
            (pages / f"{name}.html").unlink()
        ran = run("index", "pages", "--json", at=tmp_path)
        assert (ran.code, ran.out) == (4, "")
        assert "3 of 10 pages are gone" in ran.err
        assert "--allow-removals" in ran.err
        assert run("stats", "--json", at=tmp_path).json["documents"] == 10
        (pages / "a.html").write_text(html("a", "text"))
        assert run("index", "pages", "--json", at=tmp_path).json["removed"] == 2  # a fifth, and no more
        for name in "defg":
            (pages / f"{name}.html").unlink()
        assert run("index", "pages", "--allow-removals", "--json", at=tmp_path).json["removed"] == 4

    def test_an_unmounted_folder_empties_nothing(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="text", b="text")
        run("index", "pages", at=tmp_path)
        pages.rename(tmp_path / "elsewhere")
        ran = run("index", "pages", "--allow-removals", "--json", at=tmp_path)
        assert (ran.code, ran.json["documents"], ran.json["removed"]) == (1, 2, 0)
        pages.mkdir()
        assert run("index", "pages", at=tmp_path).code == 4
        assert run("stats", "--json", at=tmp_path).json["documents"] == 2

    def test_a_dry_run_tells_and_changes_nothing(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", **dict.fromkeys("abcdefghij", "text"))
        ran = run("index", "pages", "--dry-run", at=tmp_path)
        assert ran.code == 0
        assert "nothing was changed: 10 added" in ran.out
        assert not (tmp_path / "procsearch-index").exists()
        run("index", "pages", at=tmp_path)
        before = _content(tmp_path / "procsearch-index")
        write_pages(pages, a="other", k="new")
        (pages / "b.html").unlink()
        told = run("index", "pages", "--dry-run", "--json", at=tmp_path).json
        assert [told[key] for key in INDEXED[:5]] == [1, 1, 8, 1, 10]
        assert _content(tmp_path / "procsearch-index") == before

    def test_guard_refuses_what_ranks_worse(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", **dict.fromkeys("abcdefgh", "nothing"), wanted="kidney stone blasting")
        (tmp_path / "q.jsonl").write_text('{"_id":"1","text":"kidney stone"}')
        run("index", "pages", at=tmp_path)
        best = run("search", "kidney stone", "--json", at=tmp_path).json["hits"][0]["id"]
        (tmp_path / "r.tsv").write_text(f"query-id\tcorpus-id\tscore\n1\t{best}\t1\n")
        guarded = ("index", "pages", "--guard", "q.jsonl", "r.tsv")
        before = _content(tmp_path / "procsearch-index")
        write_pages(pages, wanted="a spleen")
        ran = run(*guarded, at=tmp_path)
        assert ran.code == 4
        assert "nDCG@10 would fall from 1.0000 to 0.0000; nothing was changed" in ran.err
        assert _content(tmp_path / "procsearch-index") == before
        write_pages(pages, wanted="kidney stone blasting and more")
        assert run(*guarded, at=tmp_path).code == 0

    def test_jobs_make_no_difference(self, tmp_path: Path) -> None:
        found = []
        for jobs in (1, 2):
            assert run("index", SAMPLES / "pages", "--jobs", jobs, "--index", f"x{jobs}", at=tmp_path).code == 0
            hits = run("search", "bleeding after knee surgery", "--index", f"x{jobs}", "--json", at=tmp_path).json[
                "hits"
            ]
            found.append((run("export", "--index", f"x{jobs}", at=tmp_path).out, hits))
        assert found[0] == found[1]


class TestSearch:
    def test_json(self, asked: Asked) -> None:
        ran = asked("search", "kidney stone", "-n", 3, "--offset", 1, "--facet", "system", "--json")
        assert list(ran.json) == ["query", "total", "corrected", "took", "notes", "hits", "facets"]
        assert ran.json["query"] == "kidney stone"
        assert len(ran.json["hits"]) == 3
        assert all(list(hit) == HIT for hit in ran.json["hits"])
        assert set(ran.json["facets"]) == {"system"}
        assert ran.err == ""

    def test_words_need_no_quotation_marks(self, asked: Asked) -> None:
        apart, together = (
            asked("search", "kidney", "stone", "--json").json,
            asked("search", "kidney stone", "--json").json,
        )
        assert apart["query"] == together["query"] == "kidney stone"
        assert apart["hits"] == together["hits"]

    def test_filters(self, asked: Asked) -> None:
        ran = asked("search", "knee", "--filter", "system=HCPCS", "--json")
        assert {hit["system"] for hit in ran.json["hits"]} == {"HCPCS"}
        both = asked("search", "knee", "--filter", "system=HCPCS", "--filter", "system=ICD10PCS", "-n", 50, "--json")
        assert {hit["system"] for hit in both.json["hits"]} == {"HCPCS", "ICD10PCS"}

    def test_explain(self, asked: Asked) -> None:
        (hit,) = asked("search", "kidney stone", "-n", 1, "--explain", "--json").json["hits"]
        assert list(hit) == [*HIT, "explanation"]
        assert sum(word["score"] for word in hit["explanation"]["words"]) == pytest.approx(hit["score"], abs=1e-4)
        assert "rarity" in asked("search", "kidney stone", "-n", 1, "--explain").out

    def test_explain_names_the_entry_of_the_vocabulary(self, asked: Asked, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("# mine\npipe peek = colonoscopy\n")
        ran = asked("search", "pipe peek", "--vocabulary", tmp_path / "own.txt", "-n", 1, "--explain")
        assert "colonoscopy (synonym, by own.txt 2)" in ran.out

    def test_why(self, asked: Asked) -> None:
        ran = asked("search", "kidney stone", "-n", 1, "--why", "hcpcs:G0121")
        assert "hcpcs:G0121" in ran.out
        assert "it is not among the hits" in ran.out
        assert "it does not have “kidney”" in ran.out
        found = asked("search", "colonoscopy", "-n", 1, "--why", "hcpcs:G0121", "--json").json
        assert len(found["hits"]) == 1
        assert found["why"]["rank"] >= 1
        left_out = asked("search", "colonoscopy", "--filter", "system=CPT4", "--why", "hcpcs:G0121").out
        assert "it matches, but the filter leaves it out" in left_out


class TestTheOthers:
    def test_show(self, asked: Asked) -> None:
        whole = asked("show", "hcpcs:G0121", "--json").json
        assert list(whole) == PROCEDURE
        part = asked("show", "hcpcs:G0121", "--section", "risks", "--json").json
        assert [section["kind"] for section in part["sections"]] == ["risks"]
        shown = asked("show", "hcpcs:G0121", "--section", "risks").out
        assert part["sections"][0]["text"].split("\n")[0] in shown
        assert whole["name"] not in shown

    def test_suggest(self, asked: Asked) -> None:
        found = asked("suggest", "colono", "--json").json
        assert found
        assert all(list(suggestion) == ["text", "kind", "id"] for suggestion in found)
        assert {"text": "G0121", "kind": "code", "id": "hcpcs:G0121"} in asked("suggest", "g012", "--json").json
        assert len(asked("suggest", "co", "-n", 2, "--json").json) == 2

    def test_similar(self, asked: Asked) -> None:
        found = asked("similar", "hcpcs:G0121", "-n", 3, "--json").json
        assert len(found) == 3
        assert all(list(hit) == HIT for hit in found)
        assert "hcpcs:G0121" not in {hit["id"] for hit in found}

    def test_parse_gives_a_procedure_a_line_and_indexes_nothing(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="one", b="two")
        ran = run("parse", "pages", "--json", at=tmp_path)
        assert [list(procedure) for procedure in ran.json_lines] == [PROCEDURE, PROCEDURE]
        assert not (tmp_path / "procsearch-index").exists()

    def test_parse_report(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="one", b="two")
        (pages / "c.html").write_text("<h1>C</h1><h2>Purpose</h2><p>x</p><h2>Parking</h2><p>y</p>")
        (pages / "d.html").write_bytes(b"")
        ran = run("parse", "pages", "--report", "--json", at=tmp_path)
        assert ran.code == 1
        assert "failed: pages/d.html: the page is empty" in ran.err
        assert (ran.json["pages"], ran.json["without_code"]) == (3, 3)
        assert list(ran.json["sections"]) == list(SECTION_KINDS)
        assert (ran.json["sections"]["purpose"], ran.json["sections"]["risks"]) == (3, 0)
        assert ran.json["unknown_headings"] == {"Parking": 1}
        told = run("parse", "pages", "--report", at=tmp_path).out
        assert "purpose\t3\t0" in told
        assert "Parking\t1" in told

    def test_stats(self, asked: Asked) -> None:
        told = asked("stats", "--json").json
        assert told["documents"] == sum(told["systems"].values()) > 60
        assert {"terms", "bytes", "versions"} <= set(told)

    @pytest.mark.damages
    def test_check(self, tmp_path: Path) -> None:
        run("index", write_pages(tmp_path / "pages", a="one"), at=tmp_path)
        assert run("check", "--json", at=tmp_path).json == {"ok": True, "problems": []}
        (segment,) = (tmp_path / "procsearch-index").glob("*.segment")
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 1
        segment.write_bytes(data)
        ran = run("check", "--json", at=tmp_path)
        assert ran.code == 3
        assert ran.json["ok"] is False
        assert segment.name in ran.json["problems"][0]
        assert segment.name in run("check", at=tmp_path).out

    def test_eval(self, asked: Asked, tmp_path: Path) -> None:
        ran = asked("eval", "--queries", QUERIES, "--qrels", QRELS, "--run-out", tmp_path / "run.txt", "--json")
        assert list(ran.json) == ["queries", "nDCG@10", "R@100", "AP", "RR"]
        assert all(0 < ran.json[measure] <= 1 for measure in ("nDCG@10", "R@100", "AP", "RR"))
        lines = [line.split() for line in (tmp_path / "run.txt").read_text().splitlines()]
        assert {len(line) for line in lines} == {6}
        assert len({line[0] for line in lines}) == ran.json["queries"]

    def test_eval_against_a_run_or_an_index(self, asked: Asked, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("!replace\n")
        judged = ("eval", "--queries", QUERIES, "--qrels", QRELS)
        before = asked(*judged, "--vocabulary", "own.txt", "--run-out", "run.txt", "--json").json
        found = asked(*judged, "--against", "run.txt", "--json").json
        compared = found["against"]["nDCG@10"]
        assert list(compared) == ["before", "difference", "p", "won", "lost"]
        assert compared["before"] == pytest.approx(before["nDCG@10"])
        assert compared["before"] + compared["difference"] == pytest.approx(found["nDCG@10"])
        assert 0 < compared["p"] < 0.05
        assert compared["won"][0]["after"] > compared["won"][0]["before"]
        told = asked(*judged, "--vocabulary", "own.txt", "--against", samples).out
        assert "Lost most, by nDCG@10:" in told
        assert compared["won"][0]["query"] in told
        same = asked(*judged, "--boost", "risks=1", "--against", samples, "--json").json["against"]
        assert same["AP"] == {"before": same["AP"]["before"], "difference": 0, "p": 1, "won": [], "lost": []}

    def test_eval_reads_queries_as_plain_words_of_any_length(self, asked: Asked, tmp_path: Path) -> None:
        text = 'NOT risks:[a TO ( " ' + "word " * 300 + "colonoscopy"
        (tmp_path / "q.jsonl").write_text(json.dumps({"_id": "1", "text": text}))
        (tmp_path / "r.tsv").write_text("query-id\tcorpus-id\tscore\n1\thcpcs:G0121\t1\n")
        ran = asked("eval", "--queries", "q.jsonl", "--qrels", "r.tsv", "--json")
        assert (ran.json["R@100"], ran.err) == (1, "")

    def test_eval_tells_of_judged_documents_that_are_not_there(self, asked: Asked, tmp_path: Path) -> None:
        (tmp_path / "q.jsonl").write_text(json.dumps({"_id": "1", "text": "colonoscopy"}))
        (tmp_path / "r.tsv").write_text("query-id\tcorpus-id\tscore\n1\thcpcs:G0121\t1\n1\tG0105\t1\n1\tno\t0\n")
        ran = asked("eval", "--queries", "q.jsonl", "--qrels", "r.tsv", "--json")
        assert ran.err == "warning: 1 of 2 relevant documents are not in the index, as G0105\n"
        assert ran.json["R@100"] == 0.5

    def test_export_gives_every_procedure_a_line(self, asked: Asked) -> None:
        found = asked("export").json_lines
        assert [list(procedure) for procedure in found] == [PROCEDURE] * len(found)
        assert [procedure["id"] for procedure in found] == sorted(procedure["id"] for procedure in found)
        assert len(found) == asked("stats", "--json").json["documents"]
        assert asked("export", "--json").json_lines == found

    def test_demo(self, tmp_path: Path) -> None:
        ran = run("demo", at=tmp_path)
        assert ran.code == 0
        assert "sample pages indexed" in ran.out
        assert ran.out.count("> procsearch search") >= 3
        assert list(tmp_path.iterdir()) == []


class TestExitCodes:
    def test_0_done(self, asked: Asked) -> None:
        assert asked("search", "kidney").code == 0
        assert asked("search", "zzzzqqqq").code == 0

    def test_1_some_pages_failed(self, tmp_path: Path) -> None:
        pages = write_pages(tmp_path / "pages", a="one")
        (pages / "b.html").write_bytes(b"")
        assert run("index", "pages", at=tmp_path).code == 1
        assert run("search", "one", "--json", at=tmp_path).json["total"] == 1

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("frobnicate",), "No such command 'frobnicate'"),
            (("search",), "Missing argument 'QUERY...'"),
            (("search", "x", "--nonesuch"), "No such option"),
            (("search", "x", "--filter", "system"), "field=value"),
            (("search", "x", "--filter", "nowhere=1"), "nowhere"),
            (("search", "x", "--facet", "nowhere"), "nowhere"),
            (("search", "x", "-n", "5000"), "1000th"),
            (("search", "x", "--boost", "risks=much"), "'much' is not a number"),
            (("search", "x", "--boost", "risks=nan"), "a boost is a number"),
            (("search", "x", "--vocabulary", QRELS), "qrels.tsv#1: "),
            (("search", "x", "--why", "cpt4:0"), "cpt4:0"),
            (("eval", "--queries", QUERIES, "--qrels", QRELS, "--against", QUERIES), "queries.jsonl#1: "),
            (("search", "risks:[a TO"), "the range is not closed"),
            (("show", "cpt4:0"), "cpt4:0"),
            (("show", "hcpcs:G0121", "--section", "nowhere"), "one of summary, purpose"),
            (("similar", "cpt4:0"), "cpt4:0"),
            (("index", "pages", "--headings", QRELS), "wording = kind"),
            (("index", "pages", "--guard", QRELS, QUERIES), "not a line of JSON"),
            (("eval", "--queries", QRELS, "--qrels", QRELS), "not a line of JSON"),
            (("eval", "--queries", QUERIES, "--qrels", QUERIES), "judgement"),
        ],
    )
    def test_2_wrong_usage_bad_query_or_unknown_id(
        self, asked: Asked, arguments: tuple[object, ...], told: str
    ) -> None:
        ran = asked(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert told in ran.err

    def test_a_bad_query_is_shown_with_its_place(self, asked: Asked) -> None:
        assert asked("search", "knee risks:[a TO").err.splitlines()[1:] == ["  knee risks:[a TO", "             ^"]

    @pytest.mark.parametrize(
        "command",
        [("search", "x"), ("show", "x"), ("suggest", "x"), ("similar", "x"), ("stats",), ("check",), ("export",),
         ("eval", "--queries", QUERIES, "--qrels", QRELS)],
    )  # fmt: skip
    def test_3_no_such_index_or_a_damaged_one(self, tmp_path: Path, command: tuple[object, ...]) -> None:
        ran = run(*command, at=tmp_path)
        assert (ran.code, ran.out) == (3, "")
        assert "there is no index at procsearch-index" in ran.err
        (tmp_path / "procsearch-index").mkdir()
        (tmp_path / "procsearch-index" / "manifest").write_text("nonsense")
        assert run(*command, at=tmp_path).code == 3

    def test_4_writing_failed(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="one")
        (tmp_path / "file").write_text("")
        ran = run("index", "pages", "--index", "file/x", at=tmp_path)
        assert (ran.code, ran.out) == (4, "")
        assert "file/x" in ran.err

    def test_results_that_cannot_be_written(self, samples: Path, tmp_path: Path) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full on this system")
        with Path("/dev/full").open("wb") as full:
            from .running import start

            process = start("export", "--index", samples, at=tmp_path, stdout=full)
            _, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (4, b"cannot write the results: No space left on device\n")

    def test_a_reader_that_has_seen_enough(self, samples: Path, tmp_path: Path) -> None:
        from .running import start

        process = start("export", "--index", samples, at=tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert (process.stderr.read(), process.wait(timeout=60)) == (b"", 0)
        process.stderr.close()

    def test_the_codes_of_a_process(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="one")
        assert run_process("stats", at=tmp_path).code == 3
        ran = run_process("index", "pages", at=tmp_path)
        assert (ran.code, ran.err) == (0, "reading pages …\nwriting the index …\n")
        assert ran.out.startswith(
            "1 added, 0 changed, 0 unchanged, 0 removed, 0 failed; 1 document in procsearch-index ("
        )


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "write.lock"}
