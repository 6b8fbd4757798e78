"""What is imported when: the package costs next to nothing, a command only what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from procsearch import reindex
from tests.contract.running import write_pages
from tests.places import ROOT

HEAVY = {"bs4", "lxml", "rich", "numpy", "whoosh", "click", "Stemmer", "warcio", "flask", "fastapi", "starlette"}


def modules_after(code: str, before: str = "", at: Path = ROOT) -> set[str]:
    """The modules that ``code`` imports in a new process that has run ``before``."""
    script = (
        f"import sys\n{before}\nknown = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - known), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=at,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return set(ran.stderr.decode().split())


def command(*arguments: str) -> str:
    return f"""
from procsearch.cli import main
sys.argv = ["procsearch", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code
"""


def heavy(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules} & HEAVY


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("imports")
    reindex(write_pages(place / "pages", a="kidney", b="spleen"), place / "procsearch-index")
    return place


def test_the_package_imports_itself_alone() -> None:
    assert modules_after("import procsearch", before="import __future__, typing") == {"procsearch"}


def test_errors_and_procedures_need_no_library() -> None:
    assert heavy(modules_after("from procsearch import NoIndex, Procedure, ProcsearchError, Section")) == set()


def test_parsing_needs_no_index() -> None:
    loaded = modules_after("from procsearch import parse_page; parse_page('<h1>A</h1><h2>Purpose</h2><p>b</p>')")
    assert heavy(loaded) <= {"bs4", "lxml"}
    assert not {module for module in loaded if module.startswith(("procsearch.indexer", "procsearch.search"))}


def test_opening_an_index_needs_no_parser(place: Path) -> None:
    loaded = modules_after(
        "from procsearch import open_index; open_index('procsearch-index').search('kidney')", at=place
    )
    assert heavy(loaded) <= {"numpy", "whoosh", "Stemmer"}


@pytest.mark.parametrize(
    "arguments", [("search", "kidney"), ("search", "kidney", "--json"), ("suggest", "kid"), ("stats",)]
)
def test_searching_in_a_pipe_needs_no_parser_and_no_colours(place: Path, arguments: tuple[str, ...]) -> None:
    assert heavy(modules_after(command(*arguments), at=place)) <= {"numpy", "whoosh", "Stemmer", "click"}


@pytest.mark.parametrize("query", ["kidnye", "kid*", "k?dney", "kidnez~1", '"kidney"'])
def test_no_query_needs_masked_arrays(place: Path, query: str) -> None:
    search = (
        f"from procsearch import open_index; i = open_index('procsearch-index'); i.search({query!r}).hits[0].snippet"
    )
    assert "numpy.ma" not in modules_after(f"{search}; i.explain({query!r}, i.search({query!r}).hits[0].id)", at=place)


def test_help_needs_click_alone(place: Path) -> None:
    assert heavy(modules_after(command("--help"), at=place)) == {"click"}
    assert heavy(modules_after(command("search", "--help"), at=place)) == {"click"}


def test_indexing_what_is_unchanged_needs_no_parser(place: Path) -> None:
    code = "from procsearch import reindex; assert reindex('pages', 'x').unchanged == 2"
    modules_after("from procsearch import reindex; reindex('pages', 'x')", at=place)
    assert not heavy(modules_after(code, at=place)) & {"bs4", "lxml", "rich", "click"}
