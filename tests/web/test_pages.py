"""The half for people, as it comes from the server: everything works without a script."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import procsearch
from procsearch.search import web
from procsearch.search.web.help import EXAMPLES, TOPICS
from tests.web.hostile import HOSTILE


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', page)]


def test_the_start_tells_what_there_is_to_search(client: TestClient, index: procsearch.Index) -> None:
    page = client.get("/").text
    assert f"{len(index)} procedures" in page
    assert 'name="q"' in page
    assert "/?q=%2A%3A%2A&filter=system%3DHCPCS" in links(page)


def test_results_show_what_the_api_gives(client: TestClient) -> None:
    asked = {"q": "kidney stone", "filter": "system=ICD10PCS"}
    page = html.unescape(client.get("/", params=asked).text)
    hits = client.get("/api/search", params=asked).json()["hits"]
    places = [page.index(f">{hit['name']}</a>") for hit in hits]
    assert places == sorted(places)
    assert "Break <mark>kidney</mark> <mark>stones</mark>" in page


def test_the_results_lead_to_the_section_that_answers(client: TestClient) -> None:
    page = client.get("/", params={"q": "declotting"}).text
    address = next(link for link in links(page) if "#" in link and link.startswith("/procedures/"))
    path, _, anchor = address.partition("#")
    assert f'id="{anchor}"' in client.get(path).text


def test_facets_keep_their_other_values_when_one_is_chosen(client: TestClient) -> None:
    counts = client.get("/api/search?q=kidney&facet=system&limit=0").json()["facets"]["system"]
    page = client.get("/?q=kidney&filter=system=HCPCS").text
    for system, count in counts.items():
        (box,) = re.findall(rf'<input[^>]*value="system={system}"[^>]*>.*?class="number">(\d+)<', page)
        assert int(box) == count
    assert re.search(r'value="system=HCPCS" checked', page)
    assert not re.search(r'value="system=ICD10PCS" checked', page)


def test_the_section_facet_narrows_the_results(client: TestClient) -> None:
    page = client.get("/?q=bleeding").text
    (count,) = re.findall(r'value="section=risks".*?class="number">(\d+)<', page)
    narrowed = client.get("/?q=bleeding&filter=section=risks").text
    assert f"{count} results" in narrowed


def test_pages_of_results_follow_each_other(client: TestClient) -> None:
    first = client.get("/?q=*:*").text
    (following,) = [link for link in links(first) if "offset=10" in link]
    second = client.get(following).text
    assert "11–20 of" in second
    assert 'start="11"' in second
    assert "/?q=%2A%3A%2A" in links(second)


def test_a_misspelling_is_told_and_corrected(client: TestClient) -> None:
    page = client.get("/?q=colonscopy").text
    assert "Did you mean" in page
    assert "/?q=colonoscopy" in links(page)


def test_a_query_that_cannot_be_read_points_at_the_place(client: TestClient) -> None:
    answer = client.get("/", params={"q": "clot AND OR graft"})
    assert answer.status_code == 400
    assert re.search(r'<p class="problem">.*clot.*class="here".*graft', answer.text)
    assert 'value="clot AND OR graft"' in answer.text


def test_nothing_found_and_what_to_do_then(client: TestClient) -> None:
    page = client.get("/", params={"q": "zzzzqqqq", "filter": "system=HCPCS"}).text
    assert "Nothing found" in page
    assert "/?q=zzzzqqqq" in links(page)


def test_a_procedure_has_its_sections_as_anchors_and_the_words_marked(
    client: TestClient, index: procsearch.Index
) -> None:
    procedure = index.get("icd10pcs:05CD3ZZ")
    page = client.get("/procedures/icd10pcs:05CD3ZZ?q=dialysis").text
    for section in procedure.sections:
        assert f'<section id="{section.kind}"' in page
        assert f"#{section.kind}" in links(page)
    assert "<mark>Dialysis</mark> the same afternoon" in page
    assert "<mark>" not in client.get("/procedures/icd10pcs:05CD3ZZ").text
    assert "Why this page matched" in page
    for hit in index.similar(procedure.id):
        assert f"/procedures/{hit.id}" in links(page)


def test_an_unknown_procedure_is_a_page_of_its_own(client: TestClient) -> None:
    answer = client.get("/procedures/cpt4:00000")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "cpt4:00000" in answer.text
    meant = client.get("/procedures/05CD3ZZ").text
    assert "/procedures/icd10pcs:05CD3ZZ" in links(meant)
    assert "did you mean icd10pcs:05CD3ZZ?</p>" in meant


@pytest.mark.parametrize("query", [*EXAMPLES, *[example for _, examples in TOPICS for example, _ in examples]])
def test_every_example_of_the_help_is_a_query(client: TestClient, query: str) -> None:
    assert client.get("/", params={"q": query}).status_code == 200
    assert f">{html.escape(query)}<".replace("&quot;", "&#34;") in client.get("/help").text + client.get("/").text


@pytest.mark.parametrize(
    "path", ["/?q=hostilium", "/procedures/" + quote("web:<b>'\"/../?#", safe=":"), "/?" + "q=" + quote(HOSTILE),
             "/procedures/" + quote(HOSTILE), "/procedures/icd10pcs:05CD3ZZ?q=" + quote(HOSTILE),
             "/?q=kidney&filter=system=" + quote(HOSTILE), "/?q=kidney&filter=code=" + quote(HOSTILE)]
)  # fmt: skip
def test_hostile_text_comes_out_as_text(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert "alert(1)" in page
    assert "<script>" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert not any(link.strip().lower().startswith("javascript") for link in links(page))
    assert not re.search(r"<[^>]*\sonerror", re.sub(r'"[^"]*"', '""', page))


def test_an_empty_index_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    procsearch.reindex([empty], tmp_path / "index")
    with TestClient(web.app(procsearch.open_index(tmp_path / "index"))) as client:
        assert "holds no procedures yet" in client.get("/").text
        assert "Nothing found" in client.get("/?q=kidney").text


def test_no_page_names_another_host(client: TestClient) -> None:
    for path in ("/", "/help", "/?q=kidney", "/procedures/icd10pcs:05CD3ZZ?q=dialysis", "/?q=zzzzqqqq"):
        page = client.get(path).text
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in links(page))
        assert "style=" not in page
        assert not re.search(r"<script(?![^>]*src=)", page)


def test_what_pages_load_may_be_kept_for_good(client: TestClient) -> None:
    page = client.get("/").text
    for link in links(page):
        if "/static/" in link:
            answer = client.get(link)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/nothing.css").status_code == 404
    assert client.get("/static/..%2Fgate.py").status_code == 404
