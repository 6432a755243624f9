"""What the tests of the site share: the rich history, recorded once, and its published site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.factories import NOW
from tests.site.rich import published_rich_history
from tracker.settings import Settings
from tracker.site.publish import Published, publish
from tracker.site.render import renderer
from tracker.store.connection import close_store, open_store


@pytest.fixture(scope="session")
def rich_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tracker with the rich history, published; its store is closed. Only to be read."""
    return published_rich_history(tmp_path_factory)


@pytest.fixture
def rich(rich_settings: Settings) -> Iterator[Settings]:
    """The rich history, its store open in this process."""
    open_store(rich_settings.store)
    yield rich_settings
    close_store()


@pytest.fixture
def publish_to(tmp_path: Path) -> Callable[..., Published]:
    """Publish what is recorded: `publish_to("a", newest=2)` makes the folder `a`."""

    def run(
        output: str = "output", *, newest: int = 60, now: int = NOW, **more: object
    ) -> Published:
        keep = more.pop("keep", 3)
        return publish(
            tmp_path / output,
            renderer(),
            newest=newest,
            keep=keep,  # type: ignore[arg-type]
            now=now,
            **more,  # type: ignore[arg-type]
        )

    return run
