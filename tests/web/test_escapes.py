"""Forty strings a browser would run, load or obey, in pages and in queries: in HTML and JSON they are only text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra web is not installed")

from lxml import html
from starlette.testclient import TestClient

import procsearch
from procsearch.search import web
from procsearch.search.printing import printable
from tests.escapes import CONTROLS, ESCAPES, WORD, as_read, record, write_escapes

NUMBERED = list(enumerate(ESCAPES.values()))
each = pytest.mark.parametrize(("number", "text"), NUMBERED, ids=list(ESCAPES))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("escapes")
    report = procsearch.reindex([write_escapes(folder / "pages.jsonl")], folder / "index")
    assert not report.failed
    with TestClient(web.app(procsearch.open_index(folder / "index")), raise_server_exceptions=False) as client:
        yield client


def page_of(client: TestClient, path: str, **params: str) -> Any:
    """The parsed page at ``path``, which shows no control character."""
    text = client.get(path, params=params).text
    assert not CONTROLS.search(text)
    page = html.document_fromstring(text)
    for link in page.xpath("//@href | //@src | //@action | //@data-suggest"):
        assert link.startswith(("/", "#")) and not link.startswith("//"), link
    (script,) = page.iter("script")
    assert script.get("src").startswith("/static/page.js")
    assert not script.text
    return page


def shape(element: Any) -> Any:
    """The element names and attribute names of a page or a part of it; marks of words are text."""
    within = [shape(child) for child in element if child.tag != "mark"]
    return element.tag, sorted(element.keys()), within


def shown(text: str) -> str:
    return " ".join(printable(as_read(text)).split())


def read(element: Any) -> str:
    return " ".join(element.text_content().split())


@pytest.fixture(scope="module")
def hits(client: TestClient) -> dict[str, Any]:
    """The items of all pages of results by the address of the page they lead to."""
    found = {}
    for offset in range(0, len(NUMBERED) * 2 + 1, 10):
        for item in page_of(client, "/", q=WORD, offset=str(offset)).xpath("//ol[@class='hits']/li"):
            found[item.xpath("./h2/a/@href")[0].partition("?")[0]] = item
    return found


@each
def test_in_a_page_among_the_results(hits: dict[str, Any], number: int, text: str) -> None:
    hit = hits[f"/procedures/escape:{number}"]
    assert shape(hit) == shape(hits["/procedures/escape:none"])
    assert read(hit.find("h2")) == shown(f"{WORD} {text}")
    assert shown(text)[:40] in read(hit.find("p[@class='snippet']"))


@each
def test_in_a_page_shown_whole(client: TestClient, number: int, text: str) -> None:
    page = page_of(client, f"/procedures/escape:{number}", q=WORD)
    plain = page_of(client, "/procedures/escape:none", q=WORD)
    assert shape(page.find("head")) == shape(plain.find("head"))
    assert shape(page.xpath("//article/section")[0]) == shape(plain.xpath("//article/section")[0])
    assert {element.tag for element in page.iter()} <= {element.tag for element in plain.iter()}
    assert {name for element in page.iter() for name in element.attrib} <= {
        name for element in plain.iter() for name in element.attrib
    }
    assert read(page.find(".//h1")) == shown(f"{WORD} {text}")
    assert read(page.find(".//section[@id='risks']/p")) == shown(f"{WORD} {text}")
    assert page.find(".//button[@data-copy]").get("data-copy").split() == shown(f"H1 {text}").split()


def test_in_sources(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "crawled", "limit": "100"}).json()["hits"]
    pages = [page_of(client, f"/procedures/{hit['id']}") for hit in found]
    sources = {read(page.find(".//span[@class='source']")) for page in pages}
    assert sources == {shown(text) for text in ESCAPES.values()}


@pytest.fixture(scope="module")
def tags(client: TestClient) -> set[str]:
    """The elements of pages that answer, correct, refuse and find nothing."""
    queries = (WORD, f"{WORD}m", "zzzz: qqqq", "risks:[a TO")
    return {element.tag for query in queries for element in page_of(client, "/", q=query).iter()}


@each
def test_in_a_query(client: TestClient, tags: set[str], number: int, text: str) -> None:
    """Whether it is answered, corrected or refused."""
    text = as_read(text)
    for query in (text, f"{WORD} {text}", f"risks:[{text} TO", f'"{text}', f"{text}: {WORD}"):
        page = page_of(client, "/", q=query)
        assert {element.tag for element in page.iter()} <= tags
        assert not [name for element in page.iter() for name in element.attrib if name.startswith(("on", "style"))]
        assert shown(page.find(".//input[@id='q']").get("value")) == shown(query)
        assert shown(query) in shown(page.find(".//title").text)
        page_of(client, "/procedures/escape:none", q=query)
    for params in ({"q": WORD, "filter": f"system={text}"}, {"q": WORD, "filter": text}, {"q": WORD, "offset": text}):
        assert {element.tag for element in page_of(client, "/", **params).iter()} <= tags


@each
def test_in_json(client: TestClient, number: int, text: str) -> None:
    """It is what the page says, and no control character stands in it as itself."""

    def answer(path: str, **params: str) -> Any:
        found = client.get(path, params=params)
        assert found.headers["content-type"] == "application/json"
        assert not CONTROLS.search(found.text)
        return json.loads(found.content)

    text = as_read(text)
    kept, wanted = answer(f"/api/procedures/escape:{number}"), record("", text)
    for field in ("name", "code", "descriptor", "common_names", "medical_terms", "sections", "similar_codes"):
        assert kept[field] == wanted[field]
    for query in (text, f"risks:[{text} TO", f"{text}: {WORD}"):
        found = answer("/api/search", q=query)
        assert found.get("query", query) == query
        answer("/api/suggest", q=query[:100])
        answer("/api/search", q=WORD, filter=query)
        answer("/api/search", q=WORD, facet=query)
