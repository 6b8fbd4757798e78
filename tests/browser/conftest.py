"""Chromium as the distribution has it, and the service it visits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.hostile import index_samples_and_hostile
from tests.web.served import Served, served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the extra web is not installed")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_samples_and_hostile(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def service(index_path: Path) -> Iterator[Served]:
    with served(index_path) as service:
        yield service


@pytest.fixture
def visit(browser: Any, service: Served) -> Iterator[Callable[..., Any]]:
    """Opens a path of the service in a new window; the test fails on an error, or a request to any other host."""
    contexts = []
    troubles: list[str] = []

    def visit(path: str, *, of: Served = service, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("request", lambda asked: None if asked.url.startswith(of.address) else troubles.append(asked.url))
        page.goto(of.address + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not troubles
