"""One bad page is one bad page, whatever it holds and whatever it makes the code raise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from procsearch.corpus import records
from procsearch.indexer import page as page_module
from procsearch.indexer.check import check
from procsearch.indexer.reindex import Report, reindex
from procsearch.indexer.storage import Storage
from procsearch.search.index import open_index

from .support import dose, seeded

POISON = "poisonous"
PLACES = (
    (page_module, "texts_by_field"),
    (page_module, "readied"),
    (page_module, "encoded"),
    (records, "parse_record"),
    (records, "_procedure"),
)


def exceptions() -> list[type[Exception]]:
    """Every exception there is by default, but those that end a program."""
    found, waiting = [], [Exception]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__ == "builtins" and not issubclass(kind, StopIteration):  # within a loop that is no exception
            found.append(kind)
    return found


def raised(kind: type[Exception]) -> Exception:
    if kind is UnicodeEncodeError:
        return UnicodeEncodeError("utf-8", "\ud800", 0, 1, POISON)
    if kind is UnicodeDecodeError:
        return UnicodeDecodeError("utf-8", b"\xff", 0, 1, POISON)
    if kind is UnicodeTranslateError:
        return UnicodeTranslateError("\ud800", 0, 1, POISON)
    if issubclass(kind, ExceptionGroup):
        return kind(POISON, [ValueError(POISON)])
    return kind(POISON)


def poisoned(real: Callable[..., Any], kind: type[Exception]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if POISON in repr(arguments):
            raise raised(kind)
        return real(*arguments, **named)

    return call


def record(id: str, text: str) -> dict[str, Any]:
    section = {"kind": "purpose", "heading": "Purpose", "text": f"To graft {text}."}
    return {"id": id, "code": None, "name": f"Graft {id}", "sections": [section], "similar_codes": []}


def write_pages(path: Path, numbers: range, bad: dict[int, dict[str, Any]]) -> None:
    lines = [bad.get(number, record(f"id{number}", f"vein{number}")) for number in numbers]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def assert_others_stand(index: Path, report: Report, numbers: range, bad: set[int]) -> None:
    opened = open_index(index)
    for number in set(numbers) - bad:
        assert opened.get(f"id{number}").sections[0].text == f"To graft vein{number}."
        assert [hit.id for hit in opened.search(f"vein{number}").hits] == [f"id{number}"]
    assert check(Storage(index)) == []
    assert {failed.page.rpartition("#")[2] for failed in report.failed} <= {str(number + 1) for number in bad}


def test_only_the_page_that_raises_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = seeded()
    kinds = exceptions()
    for batch in range(dose(150, 1000)):
        numbers = range(random.randint(1, 7))
        bad = random.choice(numbers)
        write_pages(tmp_path / "pages.jsonl", numbers, {bad: record(f"id{bad}", POISON)})
        index = tmp_path / f"index{batch % 3}"
        with monkeypatch.context() as patch:
            module, name = random.choice(PLACES)
            kind = kinds[batch % len(kinds)]
            patch.setattr(module, name, poisoned(getattr(module, name), kind))
            report = reindex([tmp_path / "pages.jsonl"], index, allow_removals=True, memory=random.choice((1, 2**29)))
        told = f"{kind.__name__} in {name}"
        assert [failed.page for failed in report.failed] == [f"{tmp_path}/pages.jsonl#{bad + 1}"], told
        assert_others_stand(index, report, numbers, {bad})


ODD = (
    "\ud800", "a\udfffb", "\0", "\x1b[31m", "\u202e", "\ufdd0", "x" * 70_000, "\U0010ffff", " ", "\n", "é" * 300,
    "\u2028\u2029", "a\rb", "#", "../../etc", "%s%n", "'", "<b>", "\ufeff", "1" * 5000,
)  # fmt: skip


FIELDS = (
    "id", "system", "code", "name", "descriptor", "common_names", "medical_terms", "text", "kind", "heading", "similar",
    "warnings", "sections", "source", "url",
)  # fmt: skip


def odd_record(number: int, random: Random) -> dict[str, Any]:
    found: dict[str, Any] = record(f"id{number}", "odd")
    odd = random.choice((*ODD, None, 5, 1.5, True, [], {}, ["\ud800"], [[]], -1, 10**400))
    place = random.choice(FIELDS)
    if place in ("text", "kind", "heading"):
        found["sections"][0][place] = odd
    elif place == "similar":
        found["similar_codes"] = [{"system": odd, "code": odd, "descriptor": odd, "url": odd}]
    elif place in ("common_names", "medical_terms", "warnings"):
        found[place] = [odd, "graft"]
    else:
        found[place] = odd
    return found


def test_odd_values_in_any_field_are_kept_or_refused_alone(tmp_path: Path) -> None:
    random = seeded()
    for _ in range(dose(200, 1000)):
        numbers = range(6)
        bad = set(random.sample(numbers, 2))
        write_pages(tmp_path / "pages.jsonl", numbers, {number: odd_record(number, random) for number in bad})
        report = reindex([tmp_path / "pages.jsonl"], tmp_path / "index", allow_removals=True)
        assert_others_stand(tmp_path / "index", report, numbers, bad)


def test_two_pages_of_one_id_in_a_batch_become_one_document(tmp_path: Path) -> None:
    random = seeded()
    for batch in range(dose(20, 200)):
        lines = [record(f"id{number % 3}", f"vein{number}") for number in range(9)]
        (tmp_path / "pages.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        index = tmp_path / f"index{batch}"
        report = reindex([tmp_path / "pages.jsonl"], index, memory=random.choice((1, 2**29)))
        assert report.documents == 3
        assert len(report.warnings) == 6
        opened = open_index(index)
        assert [opened.get(f"id{number}").sections[0].text for number in range(3)] == [
            f"To graft vein{number}." for number in (6, 7, 8)
        ]
        assert opened.search("graft").total == 3
        assert check(Storage(index)) == []


def test_pages_may_be_seen_again_in_a_segment_that_loses_others(tmp_path: Path) -> None:
    """Found by the batches above: a page that was touched beside one that is gone, in a segment with a state."""
    folder, index = tmp_path / "pages", tmp_path / "index"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.html").write_text(f"<h1>Graft {number}</h1><p>To graft vein{number}.</p>")
    reindex([folder], index)
    for gone in range(2):
        (folder / f"{gone}.html").unlink()
        os.utime(folder / "5.html", ns=(10**18 + gone, 10**18 + gone))
        assert reindex([folder], index).removed == 1
    assert reindex([folder], index).documents == 10
    assert check(Storage(index)) == []
