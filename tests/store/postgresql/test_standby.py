"""A server and its standby: reading from that, and going on when it takes the other's place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests import clusters
from tests.commands import run_command
from tests.conftest import environ_of
from tests.factories import report, upload
from tracker.errors import StorageError
from tracker.queries.builds import build
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.probe import probe
from tracker.store.sql import run

pytestmark = pytest.mark.nightly  # two servers of its own


@pytest.fixture
def pair() -> Iterator[tuple[Path, Path, ExitStack]]:
    """Their folders, and what ends the first."""
    with ExitStack() as first:
        one = first.enter_context(clusters.own_cluster())
        with clusters.standby_of(one) as other:
            yield one, other, first
            close_store()


def address(*folders: Path) -> str:
    return f"postgresql://postgres@/postgres?host={','.join(map(str, folders))}"


def have_all(one: Path) -> None:
    """Wait until the standby has what the first server has."""
    asked = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()"
    with psycopg.connect(address(one), autocommit=True) as connection:
        while connection.execute(asked).fetchone() != (1,):
            time.sleep(0.02)


def test_a_standby_is_read_and_published_and_never_written(
    pair: tuple[Path, Path, ExitStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = pair
    open_store(address(one))
    upload("nightly", 1, report(login="F"))
    have_all(one)
    open_store(address(other))
    assert build("nightly", "1").totals.failed == 1
    assert "standby" in probe(address(other), 0.2).unwritable
    with pytest.raises(StorageError, match="cannot be written") as caught:
        upload("nightly", 2, report(login="P"))
    assert "primary" in caught.value.remedy
    settings = Settings.load({}, home=tmp_path, output=tmp_path, database_url=address(other))
    for name, value in environ_of(settings).items():
        monkeypatch.setenv(name, value)
    assert run_command("publish", "--check").code == 0


def test_who_names_both_goes_on_with_the_one_that_was_promoted(
    pair: tuple[Path, Path, ExitStack],
) -> None:
    one, other, first = pair
    both = f"{address(other, one)}&target_session_attrs=read-write"
    open_store(both)
    upload("nightly", 1, report(login="F"))
    have_all(one)
    first.close()
    with pytest.raises(StorageError, match="None of the servers"):
        upload("nightly", 2, report(login="P"))
    assert "None of the servers" in probe(both, 0.2).unreadable
    with psycopg.connect(address(other), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")
    upload("nightly", 2, report(login="P"))
    assert run("SELECT number FROM build ORDER BY number") == [(1,), (2,)]
