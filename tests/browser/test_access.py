"""Everybody can read the pages: WCAG AA by axe, light and dark, wide and narrow, enlarged and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

AXE = Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = (
    "/", "/?q=kidney+stone", "/?q=colonscopy", "/?q=zzzzqqqq", "/?q=clot+AND+OR+graft", "/help", "/nothing",
    "/procedures/icd10pcs:05CD3ZZ?q=clot+in+dialysis+graft", "/?q=kidney&filter=system%3DHCPCS",
)  # fmt: skip
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}

Visit = Callable[..., Any]


def complaints(page: Any) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES)
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing(visit: Visit, scheme: str, screen: dict[str, int]) -> None:
    page = visit("/", color_scheme=scheme, viewport=screen, bypass_csp=True)
    root = page.url.rstrip("/")
    for path in PATHS:
        page.goto(root + path)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true }")
        assert complaints(page) == [], path
    page.goto(root)
    page.type("#q", "colono")
    page.wait_for_selector(".completions li")
    page.press("#q", "ArrowDown")
    assert complaints(page) == []


def test_dark_is_dark_and_light_is_light(visit: Visit) -> None:
    def brightness(scheme: str) -> int:
        page = visit("/?q=kidney", color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(","))

    assert brightness("dark") < 150
    assert brightness("light") > 600


@pytest.mark.parametrize("path", PATHS)
def test_nothing_runs_off_a_phone(visit: Visit, path: str) -> None:
    page = visit(path, viewport={"width": 320, "height": 640}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.is_visible("#q")


def test_the_keyboard_reaches_everything_in_order(visit: Visit) -> None:
    page = visit("/?q=kidney")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(
            "document.activeElement.id || document.activeElement.className || document.activeElement.textContent.trim()"
        ))  # fmt: skip
    assert reached[:5] == ["skip", "home", "q", "Search", "to-help"]
    assert reached[5].startswith("filter-")
    page.keyboard.press("Shift+Tab")
    page.evaluate("document.querySelector('.skip').focus()")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
