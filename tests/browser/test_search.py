"""Searching in a real browser: live, and in the static site from a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

BOX = "form.search input"


def ask(page: Any, text: str) -> None:
    """Fill the box of whatever page this is, and send it."""
    page.fill(BOX, text)
    page.press(BOX, "Enter")


def test_the_box_of_a_live_page_leads_to_what_is_found(page: Any, server: RunningServer) -> None:
    page.goto(f"{server.url}/jobs/team/nightly/")
    ask(page, "early LOGIN")
    assert page.title().startswith("early LOGIN")
    page.click("main table a >> nth=0")
    assert "/jobs/team/nightly/cases/" in page.url
    assert "login" in page.inner_text("h1")


def test_a_page_on_the_disk_leads_to_the_box_and_to_what_is_found(page: Any, site: Path) -> None:
    page.goto(f"file://{site}/jobs/team/nightly/index.html")
    page.click("nav >> text=Search")
    ask(page, "suite LOGIN")
    page.click("#found li a >> nth=0")
    assert page.url.startswith(f"file://{site}/jobs/team/nightly/cases/")
    assert "login" in page.inner_text("h1")


def test_what_is_found_on_the_disk_changes_with_each_letter(page: Any, site: Path) -> None:
    page.goto(f"file://{site}/search/index.html")
    assert page.inner_text("#said") == "Parts of the name of a test or a job find it."
    page.type(BOX, "nightly")
    assert "team/nightly" in page.inner_text("#found")
    page.type(BOX, " no such words")
    assert page.inner_text("#said") == "Names with all of these words: 0 jobs and 0 tests."
    assert page.inner_text("#found") == ""


def test_hostile_names_are_texts_on_the_disk(page: Any, site: Path) -> None:
    page.goto(f"file://{site}/search/index.html")
    page.type(BOX, "<i")
    assert "<i id=m" in page.inner_text("#found")
    assert page.query_selector("#found i") is None


def test_without_scripts_the_page_on_the_disk_says_so(chromium: Any, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{site}/search/index.html")
    assert "needs scripts, which do not run here" in page.inner_text("#said")
    assert not page.is_visible(BOX)
    context.close()
