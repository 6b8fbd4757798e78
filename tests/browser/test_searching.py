"""Searching in a real browser: typing, facets, the back button, the keyboard, and all of it without a script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import procsearch
from tests.web.served import served

Visit = Callable[..., Any]


def names(page: Any) -> list[str]:
    return list(page.locator(".hits h2").all_inner_texts())


def until(page: Any, condition: str) -> None:
    """Waits for a JavaScript condition; Playwright's own way needs eval, which the pages forbid."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


def mark_window(page: Any) -> None:
    page.evaluate("window.still = true")


def is_still(page: Any) -> bool:
    """Whether the page has not been loaded anew since mark_window."""
    return bool(page.evaluate("window.still === true"))


@pytest.mark.parametrize("script", [True, False])
def test_from_the_start_to_a_procedure(visit: Visit, script: bool) -> None:
    page = visit("/", java_script_enabled=script)
    page.fill("#q", "kidney stone")
    page.press("#q", "Enter")
    page.wait_for_url("**/?q=kidney+stone")
    assert page.locator("#summary").inner_text().endswith("kidney stone")
    first = names(page)[0]
    page.click(".hits h2 a >> nth=0")
    assert page.locator("h1").inner_text() == first
    assert page.locator("mark").count() > 0
    page.click("text=Results for")
    assert names(page)[0] == first


def test_without_a_script_filters_and_pages_work(visit: Visit) -> None:
    page = visit("/?q=kidney", java_script_enabled=False)
    page.check('input[value="system=HCPCS"]')
    page.click("text=Apply filters")
    assert "filter=system%3DHCPCS" in page.url
    assert page.is_checked('input[value="system=HCPCS"]')
    assert all("HCPCS" in about for about in page.locator(".hits .about").all_inner_texts())
    page.goto(page.url.partition("?")[0] + "?q=*:*")
    page.click("text=Next")
    assert "offset=10" in page.url


def test_results_change_without_a_reload_and_the_address_holds_them(visit: Visit) -> None:
    page = visit("/?q=kidney")
    mark_window(page)
    all_of_them = names(page)
    page.check('input[value="system=HCPCS"]')
    page.wait_for_url("**filter=system%3DHCPCS")
    until(page, "document.getElementById('announcement').textContent !== ''")
    filtered = names(page)
    assert filtered != all_of_them
    assert all("HCPCS" in about for about in page.locator(".hits .about").all_inner_texts())
    assert page.evaluate("document.activeElement.value") == "system=HCPCS"
    page.fill("#q", "dialysis")
    page.press("#q", "Enter")
    page.wait_for_url("**/?q=dialysis&filter=system%3DHCPCS")
    until(page, "document.getElementById('announcement').textContent.includes('dialysis')")
    assert is_still(page)
    address = page.url
    page.go_back()
    until(page, "document.getElementById('q').value === 'kidney'")
    until(page, "document.title.startsWith('kidney')")
    assert names(page) == filtered
    page.go_back()
    until(page, "!document.querySelector('input[value=\"system=HCPCS\"]').checked")
    assert names(page) == all_of_them
    page.go_forward()
    page.go_forward()
    until(page, "document.title.startsWith('dialysis')")
    assert page.url == address
    assert is_still(page)
    shown = names(page)
    page.reload()
    assert names(page) == shown


def test_the_section_facet_narrows(visit: Visit) -> None:
    page = visit("/?q=bleeding")
    count = int(page.locator('label:has(input[value="section=risks"]) .number').inner_text())
    page.check('input[value="section=risks"]')
    until(page, f"document.getElementById('summary').textContent.startsWith('{count} result')")


def test_pages_of_results_take_the_keyboard_along(visit: Visit) -> None:
    page = visit("/?q=*:*")
    mark_window(page)
    page.click("text=Next")
    page.wait_for_url("**offset=10")
    until(page, "document.activeElement.id === 'summary'")
    assert page.locator(".hits").get_attribute("start") == "11"
    assert is_still(page)


def test_completions_follow_the_typing_and_late_ones_are_dropped(visit: Visit) -> None:
    page = visit("/")
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/suggest*", hold_the_first)
    page.type("#q", "col")
    page.wait_for_timeout(300)
    assert len(held) == 1
    page.type("#q", "ono")
    page.wait_for_selector(".completions li")
    shown = page.locator(".completions li").all_inner_texts()
    assert any("olonoscopy" in text for text in shown)
    held[0].fulfill(json=[{"text": "too late", "kind": "term", "id": None}])
    page.wait_for_timeout(200)
    assert page.locator(".completions li").all_inner_texts() == shown
    assert page.input_value("#q") == "colono"


def test_fast_typing_asks_seldom_and_enter_searches_what_was_typed(visit: Visit) -> None:
    page = visit("/?q=kidney")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/suggest" in request.url else None)
    page.fill("#q", "")
    page.type("#q", "hemodialysis", delay=15)
    page.press("#q", "Enter")
    until(page, "document.title.startsWith('hemodialysis')")
    page.wait_for_timeout(400)
    assert len(asked) <= 2
    assert not page.is_visible(".completions")
    assert page.input_value("#q") == "hemodialysis"


def test_the_completions_by_keyboard(visit: Visit) -> None:
    page = visit("/?q=kidney")
    page.press("body", "/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.type("#q", "colono")
    page.wait_for_selector(".completions li")
    assert page.get_attribute("#q", "aria-expanded") == "true"
    page.press("#q", "Escape")
    assert not page.is_visible(".completions")
    assert page.input_value("#q") == "colono"
    page.type("#q", "s")
    page.wait_for_selector(".completions li")
    page.press("#q", "ArrowDown")
    active = page.get_attribute("#q", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    chosen = page.get_attribute(f"#{active}", "data-text")
    assert page.input_value("#q") == "colonos"
    page.press("#q", "Enter")
    until(page, "document.title.includes('procsearch') && !document.title.startsWith('kidney')")
    assert page.input_value("#q") == chosen
    assert page.locator(".hits li").count()


def test_a_completion_by_mouse(visit: Visit) -> None:
    page = visit("/")
    page.type("#q", "colono")
    page.click(".completions li >> nth=0")
    page.wait_for_selector(".hits li")


def test_the_code_is_copied(visit: Visit) -> None:
    page = visit("/procedures/icd10pcs:05CD3ZZ", permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Copy code")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "05CD3ZZ"


def test_sections_are_anchors(visit: Visit) -> None:
    page = visit("/procedures/icd10pcs:05CD3ZZ?q=dialysis", reduced_motion="reduce")
    page.click("nav.sections >> text=Risks")
    assert page.url.endswith("#risks")
    top = page.locator("#risks").bounding_box()["y"]
    assert 0 <= top < page.viewport_size["height"]


def test_hostile_pages_and_queries_run_nothing(visit: Visit) -> None:
    attack = "hostilium <script>alert(1)</script><img src=x onerror=alert(1)>"
    page = visit("/?q=" + quote(attack))
    assert "<script>" in page.locator(".hits h2").first.inner_text()
    page.fill("#q", attack)
    page.press("#q", "Enter")
    page.click(".hits h2 a >> nth=0")
    page.wait_for_selector("article.procedure")
    assert "<script>" in page.locator("h1").inner_text()
    assert page.locator("main script, main img").count() == 0
    page.fill("#q", "")
    page.type("#q", "hostil")
    page.wait_for_selector(".completions li")
    assert page.locator(".completions img, .completions script").count() == 0


def test_an_empty_index_that_fills_while_it_is_looked_at(visit: Visit, tmp_path: Path) -> None:
    pages = tmp_path / "pages.jsonl"
    pages.write_text("")
    procsearch.reindex([pages], tmp_path / "index")
    with served(tmp_path / "index") as service:
        page = visit("/", of=service)
        assert "holds no procedures yet" in page.inner_text("main")
        page.fill("#q", "clot")
        page.press("#q", "Enter")
        page.wait_for_selector("text=Nothing found")
        for number in (1, 2, 3):
            texts = [{"_id": f"page:{n}", "title": f"Clot {n}", "text": "A clot."} for n in range(number)]
            pages.write_text("\n".join(map(json.dumps, texts)))
            procsearch.reindex([pages], tmp_path / "index")
            page.press("#q", "Enter")
            until(page, f"document.getElementById('summary').textContent.startsWith('{number} result')")
            assert len(names(page)) == number


def test_a_service_that_fails_is_told_by_the_page(visit: Visit, tmp_path: Path, index_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text(json.dumps({"_id": "page:1", "title": "Clot", "text": "A clot."}))
    procsearch.reindex([tmp_path / "pages.jsonl"], tmp_path / "index")
    with served(tmp_path / "index") as service:
        page = visit("/?q=clot", of=service)
        (tmp_path / "index").rename(tmp_path / "gone")
        page.press("#q", "Enter")
        page.wait_for_selector("text=Service Unavailable")
        (tmp_path / "gone").rename(tmp_path / "index")
        page.reload()
        assert names(page) == ["Clot"]


def test_a_query_that_cannot_be_read(visit: Visit) -> None:
    page = visit("/?q=kidney")
    page.fill("#q", "clot AND OR graft")
    page.press("#q", "Enter")
    page.wait_for_selector("text=This query cannot be read")
    assert re.search(r"clot.*▸.*graft", page.inner_text(".problem"))
    page.fill("#q", "clot")
    page.press("#q", "Enter")
    page.wait_for_selector(".hits li")
