"""A tracker whose store is a database of its own in a real PostgreSQL, whatever the others have."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests import servers
from tests.operations.validation.histories import fill
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Its settings; the database is empty and migrated."""
    folders = {"home": tmp_path / "home", "output": tmp_path / "output"}
    with servers.own_database() as address:
        yield Settings.load({}, **folders, database_url=address)


@pytest.fixture
def store(settings: Settings) -> Iterator[str]:
    """Its database, open in this process; the address."""
    settings.home.mkdir(mode=0o700)
    open_store(settings.store)
    yield settings.database_url
    close_store()


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tracker with rows in every table and nothing wrong; it is copied, nobody changes it."""
    folder = tmp_path_factory.mktemp("whole")
    made = Settings.load(
        {},
        home=folder / "home",
        output=folder / "output",
        database_url=servers.new_database(),
    )
    made.home.mkdir(mode=0o700)
    fill(made)
    return made


@pytest.fixture
def filled(whole: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of it, its store closed."""
    shutil.copytree(whole.home, tmp_path / "home")
    shutil.copytree(whole.output, tmp_path / "output", symlinks=True)
    yield msgspec.structs.replace(
        whole,
        home=tmp_path / "home",
        output=tmp_path / "output",
        database_url=servers.copied(whole.database_url),
    )
    close_store()
