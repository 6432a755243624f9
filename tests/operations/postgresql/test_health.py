"""The probes of a tracker whose store is in PostgreSQL, and what its details and figures tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
import pytest

from tests import servers
from tests.operations.test_details import NOW
from tests.operations.test_figures import values
from tracker.errors import StorageError, UsageError
from tracker.operations.details import details
from tracker.operations.health import checks, word
from tracker.settings import Settings
from tracker.store import space
from tracker.store.connection import close_store, open_store
from tracker.store.postgresql.addresses import WRITING
from tracker.store.probe import Probe, probe
from tracker.store.versions import migrations
from tracker.web import create_app

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"


@contextmanager
def beside(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield connection


def refused(settings: Settings) -> dict[str, str]:
    said = checks(settings)
    return {name: each.reason for name, each in said.items() if each.status == "fail"}


def test_a_sound_store_passes_every_check(settings: Settings) -> None:
    said = checks(settings)
    assert set(said) == {"database", "migrations", "write", "space"}
    assert word(said) == "pass"


def test_a_look_writes_nothing_and_leaves_no_session(settings: Settings) -> None:
    with beside(settings) as connection:
        before = _there(connection)
        for _ in range(3):
            checks(settings)
        deadline = time.monotonic() + 10  # the server ends a session a little after its connection
        while (after := _there(connection)) != before and time.monotonic() < deadline:
            time.sleep(0.02)
    assert after == before


def _there(connection: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    return [connection.execute(each).fetchall() for each in (NEXT_TRANSACTION, SESSIONS)]


def test_another_process_that_writes_is_told_and_then_no_more(settings: Settings) -> None:
    with beside(settings) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (WRITING,))
        assert refused(settings) == {
            "write": "The write lock cannot be had: another process is writing."
        }
    assert refused(settings) == {}


def test_a_database_that_lets_nobody_write_is_told(settings: Settings) -> None:
    with beside(settings) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert refused(settings) == {"write": "The database lets nobody write."}


def test_a_server_that_does_not_answer_is_told_without_its_address(settings: Settings) -> None:
    gone = msgspec.structs.replace(
        settings, database_url="postgresql://anna:secret@127.0.0.1:1/tracker"
    )
    assert refused(gone) == {"database": "The database cannot be reached."}


def test_an_empty_database_waits_for_all_migrations() -> None:
    assert probe(servers.new_database("template0"), 0.2) == Probe(pending=migrations())


def test_a_migration_nobody_knows_is_newer(settings: Settings) -> None:
    with beside(settings) as connection:
        connection.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_x', now())")
    assert "9999_x" in refused(settings)["database"]


def test_the_server_says_what_it_checked(settings: Settings) -> None:
    client = create_app(settings).test_client()
    assert client.get("/health/startup").status_code == 200
    assert client.get("/health/ready").json["status"] == "pass"
    close_store()
    assert settings.home.stat().st_mode & 0o777 == 0o700


def test_a_process_that_cannot_reach_its_database_says_so(settings: Settings) -> None:
    gone = msgspec.structs.replace(settings, database_url="postgresql://127.0.0.1:1/tracker")
    response = create_app(gone).test_client().get("/health/ready")
    assert response.status_code == 503
    assert response.json["checks"]["database"]["status"] == "fail"


def test_details_have_the_server_and_no_log_of_ours(settings: Settings, store: str) -> None:
    found = details(settings, published=None, now=NOW)
    assert found.database_bytes > 1_000_000
    assert found.wal_bytes is None
    assert "wal" not in found.checks
    assert found.checks["backup"].status == "warn"
    assert found.versions[-1].name == "PostgreSQL"


def test_figures_have_the_size_of_the_database(settings: Settings, store: str) -> None:
    found = values(settings)
    assert found["tracker_database_bytes",] > 1_000_000
    assert ("tracker_wal_bytes",) not in found


def test_nothing_is_compacted_by_the_tracker(settings: Settings, store: str) -> None:
    assert not space.give_back()
    assert "autovacuum" in space.space().words
    with pytest.raises(UsageError, match="autovacuum"):
        space.compact()


def test_a_server_that_is_too_old_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.postgresql._OLDEST", 99)
    with pytest.raises(StorageError, match="Version 99 is the oldest"):
        open_store(settings.store)
    close_store()
