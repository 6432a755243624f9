"""One Chromium for all tests, and the rich history behind a real server and on the disk."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunningServer, running_gunicorn
from tests.site.rich import published_rich_history
from tracker.settings import Settings

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, started once."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of playwright's own pipes
        with playwright.sync_playwright() as running:
            browser = running.chromium.launch(executable_path=path, args=list(FLAGS))
            yield browser
            browser.close()


@pytest.fixture(scope="session")
def _page_of_all(chromium: Any) -> Iterator[Any]:
    """Another context would take longer than what most tests do in it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def page(_page_of_all: Any) -> Any:
    """A page, in the light, on which nothing is open."""
    _page_of_all.emulate_media(color_scheme="light")
    _page_of_all.goto("about:blank")
    return _page_of_all


@pytest.fixture(scope="session")
def rich_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tracker with the rich history, published."""
    return published_rich_history(tmp_path_factory)


@pytest.fixture(scope="session")
def server(rich_settings: Settings) -> Iterator[RunningServer]:
    """The rich history behind Gunicorn."""
    with running_gunicorn(rich_settings) as running:
        yield running


@pytest.fixture(scope="session")
def site(rich_settings: Settings) -> Path:
    """The published site on the disk."""
    return (rich_settings.output / "site").resolve()
