"""The page of releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW, history
from tracker.errors import NotFound
from tracker.pages import releases
from tracker.store.catalogue import Catalogue, ReleaseFacts, take_catalogue


def test_without_releases_it_is_empty(store: Path) -> None:
    history("nightly", login="P")
    found = releases.show()
    assert (found.releases, found.without_release) == ((), 1)
    assert list(releases.every(5)) == [{"page": "1"}]


def test_many_releases_are_several_pages(store: Path) -> None:
    told = tuple(ReleaseFacts(f"1.{number}") for number in range(501))
    take_catalogue(Catalogue(told), now=NOW)
    assert [row.name for row in releases.show("2").releases] == ["1.0"]
    assert list(releases.every(5)) == [{"page": "1"}, {"page": "2"}]
    with pytest.raises(NotFound):
        releases.show("3")
