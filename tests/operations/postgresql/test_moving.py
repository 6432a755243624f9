"""Moving from a file to PostgreSQL: all of it or nothing, and both say the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.factories import history
from tests.operations.backup.writing import dump_of
from tests.operations.validation.histories import fill
from tracker.errors import Busy, StorageError
from tracker.operations.moving import move
from tracker.operations.validation.validate import validate
from tracker.settings import Settings
from tracker.store import catalogue
from tracker.store.connection import close_store, open_store, writing
from tracker.store.jobs import track_job
from tracker.store.rows import shapes
from tracker.store.sql import run
from tracker.store.sqlite.locks import using

NOW = 1_795_000_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tracker with a SQLite file that has rows in every table."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    fill(settings)
    open_store(settings.store)
    told = catalogue.Catalogue(
        releases=(catalogue.ReleaseFacts("1.4", main_job="1.4/all"),),
        tests=(catalogue.TestFacts("1.4", "login", case_ref="C1"),),
        issues=(catalogue.IssueFacts("SHOP-1", refs=("C1",)),),
    )
    catalogue.take_catalogue(told, now=NOW)
    close_store()
    return settings


@pytest.fixture
def file(made: Settings, tmp_path: Path) -> Path:
    """A copy of its database, to be moved."""
    (tmp_path / "home").mkdir()
    return Path(shutil.copy(made.database, tmp_path / "home" / "tracker.db"))


@pytest.fixture
def empty() -> str:
    """A database that nobody has touched yet."""
    return servers.new_database("template0")


def counts(where: Path | str) -> dict[str, int]:
    open_store(where)
    found = {each.name: run(f'SELECT count(*) FROM "{each.name}"')[0][0] for each in shapes()}
    close_store()
    return found


def test_both_say_the_same_and_have_all_rows(file: Path, empty: str, tmp_path: Path) -> None:
    before = counts(file)
    moved = move(file, empty)
    assert moved.counts == before
    assert moved.lines["result"] == before["result"]
    assert dump_of(empty) == dump_of(file, tmp_path / "copy")
    assert counts(empty) == before | {"audit": before["audit"] + 1}


def test_what_is_recorded_next_gets_new_ids(file: Path, empty: str) -> None:
    move(file, empty)
    open_store(empty)
    history("after-the-move", login="P F")
    track_job("and-another")
    close_store()


def test_what_was_moved_is_valid(made: Settings, file: Path, empty: str) -> None:
    move(file, empty)
    there = Settings.load(
        {}, home=made.home, output=made.output, database_url=empty, spool_folder=str(made.spool)
    )
    assert validate(there, now=NOW).findings == []


def test_the_file_stays_as_it_was(file: Path, empty: str) -> None:
    before = file.read_bytes()
    move(file, empty)
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".restore-*"))


def test_a_trial_keeps_nothing(file: Path, empty: str) -> None:
    assert move(file, empty, is_trial=True).counts["result"] > 0
    assert set(counts(empty).values()) == {0}
    move(file, empty)


def test_a_database_with_rows_is_refused(file: Path, empty: str) -> None:
    open_store(empty)
    track_job("mine")
    close_store()
    with pytest.raises(StorageError, match="not empty: it has rows of counter, job"):
        move(file, empty)
    assert counts(empty)["build"] == 0


def test_a_database_of_something_else_gets_no_tables(file: Path, empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE TABLE customer (id integer)")
    with pytest.raises(StorageError, match="something else: customer"):
        move(file, empty)
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == [("customer",)]


def test_a_file_in_use_is_refused(file: Path, empty: str) -> None:
    with using(file), pytest.raises(Busy):
        move(file, empty)


def test_what_cannot_be_there_leaves_nothing_there(file: Path, empty: str) -> None:
    open_store(file)
    with writing():
        run("UPDATE build SET started = 'yesterday' WHERE number = 3")
    close_store()
    with pytest.raises(StorageError, match="A row of build cannot be in PostgreSQL"):
        move(file, empty)
    assert set(counts(empty).values()) == {0}
