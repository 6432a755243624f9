"""PostgreSQL as the store: one writer at a time, snapshots, and faults in words."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from peewee import IntegrityError, InternalError, ProgrammingError

from tests import servers
from tests.factories import report, upload
from tracker.errors import Busy, StorageError
from tracker.queries.jobs import names
from tracker.store.connection import (
    close_connection,
    close_store,
    connected,
    open_store,
    reading,
    writing,
)
from tracker.store.engine import engine, engine_of
from tracker.store.models import Job
from tracker.store.postgresql import WRITING, without_password
from tracker.store.postgresql.addresses import connect
from tracker.store.reading_time import reading_at_most
from tracker.store.sql import change, run, run_many


@pytest.fixture
def other(store: str) -> Iterator[psycopg.Connection]:
    """A session of somebody else."""
    with closing(psycopg.connect(store, autocommit=True)) as connection:
        yield connection


def cut_others(connection: psycopg.Connection) -> None:
    """End all sessions but this one."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_a_writer_keeps_others_out(other: psycopg.Connection) -> None:
    with writing():
        found = other.execute("SELECT pg_try_advisory_lock(%s)", (WRITING,)).fetchone()
    assert found == (False,)


def test_the_lock_is_given_back_with_the_transaction(other: psycopg.Connection) -> None:
    with pytest.raises(RuntimeError), writing():
        raise RuntimeError
    assert other.execute("SELECT pg_try_advisory_lock(%s)", (WRITING,)).fetchone() == (True,)


def test_a_writer_sees_what_was_written_while_it_waited(
    other: psycopg.Connection, store: str
) -> None:
    """Whatever the server's default: that of REPEATABLE READ is a snapshot of before the wait."""
    other.execute(
        f"ALTER DATABASE {other.info.dbname} SET default_transaction_isolation = 'repeatable read'"
    )
    close_store()
    open_store(store)
    with other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        waiting = threading.Thread(target=_count_on)
        waiting.start()
        _wait_for_a_waiter(other)
        other.execute("INSERT INTO counter (name, value) VALUES ('n', 1)")
    waiting.join()
    assert run("SELECT value FROM counter WHERE name = 'n'") == [(2,)]


def _count_on() -> None:
    with writing():
        run(
            "INSERT INTO counter (name, value) VALUES ('n', 1)"
            " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1"
        )
    close_connection()


def _wait_for_a_waiter(other: psycopg.Connection) -> None:
    waiters = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while other.execute(waiters).fetchone() == (0,):
        time.sleep(0.01)


def test_what_was_taken_back_is_never_called_committed(store: str) -> None:
    """There a statement that fails ends the transaction, and its COMMIT is no error."""

    def swallow() -> None:
        with writing():
            run("INSERT INTO suite (id, path) VALUES (1, 'kept')")
            with contextlib.suppress(IntegrityError):
                run("INSERT INTO suite (id, path) VALUES (1, 'again')")

    with pytest.raises(InternalError, match="nothing was committed"):
        swallow()


def test_nobody_writes_between_two_migrations(other: psycopg.Connection) -> None:
    with connected(), engine().migrating():
        with engine().database.atomic():  # as each migration is
            run("INSERT INTO suite (id, path) VALUES (1, 'moved')")
        assert other.execute("SELECT pg_try_advisory_lock(%s)", (WRITING,)).fetchone() == (False,)
        assert other.execute("SELECT count(*) FROM suite").fetchone() == (0,)


def test_a_writer_waits_for_the_one_before(other: psycopg.Connection) -> None:
    done = threading.Event()

    def write() -> None:
        upload("nightly", 1, report(login="P"))
        close_connection()
        done.set()

    with other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.3)
    thread.join()
    assert names() == ["nightly"]


def test_a_writer_waits_until_its_deadline(other: psycopg.Connection) -> None:
    with other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        with pytest.raises(Busy), writing(time.monotonic() + 0.05):
            pass
    with writing(time.monotonic() + 5):
        run("SELECT 1")


def test_who_does_not_get_the_lock_in_time_is_told(other: psycopg.Connection) -> None:
    with other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        with pytest.raises(Busy), engine().writing(time.monotonic() + 0.05):
            pytest.fail("there are two writers")


def test_a_reader_sees_one_state(other: psycopg.Connection) -> None:
    with reading():
        before = names()
        other.execute(
            "INSERT INTO job (name, jenkins_name, url, revision, error)"
            " VALUES ('new', '', '', 0, '')"
        )
        assert names() == before
    assert names() == ["new"]


def test_a_reader_cannot_write(store: str) -> None:
    with pytest.raises(Exception, match="read-only"), reading():
        run("DELETE FROM job")


def test_a_connection_that_was_cut_is_replaced(other: psycopg.Connection) -> None:
    upload("nightly", 1, report(login="P"))
    cut_others(other)
    upload("nightly", 2, report(login="F"))
    assert run("SELECT count(*) FROM build") == [(2,)]


def test_who_lost_the_network_does_not_keep_the_lock_for_hours(store: str) -> None:
    """The server only tells it of connections by TCP, which that of the tests has none of."""
    with closing(connect(store)) as beside:
        for each in (engine().database.connection(), beside):
            told = each.info.get_parameters()
            assert "-c tcp_keepalives_idle=10" in told["options"]
            assert told["keepalives_idle"] == "10"


def test_a_pooler_that_lends_sessions_out_is_refused(store: str) -> None:
    """What one connection prepared another would run."""
    close_store()
    with (
        servers.pooled(store, "transaction") as address,
        pytest.raises(StorageError, match="pooler lends"),
    ):
        open_store(address)
    close_store()


def test_a_pooler_that_keeps_sessions_is_well(store: str) -> None:
    with servers.pooled(store, "session") as address:
        open_store(address)
        upload("nightly", 1, report(login="P"))
        close_store()


def test_a_cut_in_the_middle_of_a_transaction_is_a_fault_in_words(
    other: psycopg.Connection,
) -> None:
    def write_half() -> None:
        with writing():
            run("INSERT INTO suite (id, path) VALUES (1, 'half')")
            cut_others(other)
            run("INSERT INTO suite (id, path) VALUES (2, 'half')")

    with pytest.raises(StorageError, match="cannot be reached"):
        write_half()
    with reading():
        assert run("SELECT count(*) FROM suite") == [(0,)]


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StorageError, match="cannot be reached") as caught:
        open_store("postgresql://anna:secret@127.0.0.1:1/tracker")
    close_store()
    assert "secret" not in f"{caught.value.message} {caught.value.remedy}"


def test_a_database_that_is_not_there_is_told(address: str) -> None:
    with pytest.raises(StorageError, match="is not there"):
        open_store(address.replace("@/t", "@/none"))
    close_store()


def test_a_role_that_is_not_there_is_told(address: str) -> None:
    with pytest.raises(StorageError, match="The role is not there, or may not log in") as caught:
        open_store(address.replace("postgres@", "nobody@"))
    close_store()
    assert "createuser" in caught.value.remedy


@pytest.mark.parametrize(
    ("granted", "told"), [("USAGE", "may not do this"), ("nothing", "may not use the schema")]
)
def test_a_role_that_may_not_make_tables_is_told(granted: str, told: str) -> None:
    with (
        servers.own_database("template0") as address,
        psycopg.connect(address, autocommit=True) as connection,
    ):
        connection.execute("REVOKE ALL ON SCHEMA public FROM public; CREATE ROLE guest LOGIN")
        if granted != "nothing":
            connection.execute("GRANT USAGE ON SCHEMA public TO guest")
        with pytest.raises(StorageError, match=told):
            open_store(address.replace("postgres@", "guest@"))
        close_store()
        connection.execute("DROP OWNED BY guest; DROP ROLE guest")


def test_a_statement_that_is_wrong_is_no_fault_of_the_server(store: str) -> None:
    with pytest.raises(ProgrammingError, match="does not exist"), reading():
        run("SELECT nonsense FROM job")


def test_a_database_of_another_encoding_is_refused() -> None:
    address = servers.new_database("template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StorageError, match="LATIN1"):
        open_store(address)
    close_store()


def test_a_database_that_may_not_be_written_is_told(other: psycopg.Connection, store: str) -> None:
    name = other.info.dbname
    other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    close_store()
    open_store(store)
    with pytest.raises(StorageError, match="standby"):
        upload("nightly", 1, report(login="P"))


def test_a_statement_that_reads_for_too_long_is_ended(store: str) -> None:
    with pytest.raises(Busy, match="was ended"), reading_at_most(0.2):
        run("SELECT pg_sleep(20)")
    with reading():
        assert run("SHOW statement_timeout") == [("0",)]


def test_a_name_with_a_nul_is_kept_without_it(store: str) -> None:
    run_many("INSERT INTO suite (id, path) VALUES (?, ?)", [(1, "a\0b"), (2, "c")])
    assert run("SELECT path FROM suite ORDER BY id") == [("a\ufffdb",), ("c",)]


def test_nothing_is_found_by_a_name_with_a_nul(store: str) -> None:
    assert Job.get_or_none(Job.name == "a\0b") is None
    assert run("SELECT 1 FROM job WHERE name = ?", "a\0b") == []


def test_sums_are_numbers_as_in_sqlite(store: str) -> None:
    [row] = run("SELECT sum(x), avg(x) FROM (VALUES (CAST(1 AS bigint)), (2)) AS v (x)")
    assert [type(value) for value in row] == [int, float]


def test_how_many_rows_changed_is_told(store: str) -> None:
    run_many("INSERT INTO suite (id, path) VALUES (?, ?)", [(1, "a"), (2, "b")])
    assert change("DELETE FROM suite WHERE id > ?", 0) == 2


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql://anna:secret@db.example:5433/tracker",
            "postgresql://anna@db.example:5433/tracker",
        ),
        ("postgresql:///tracker?host=/run/postgresql", "postgresql:///tracker"),
        ("postgresql://db/t?password=secret", "postgresql://db/t"),
        ("postgresql://anna:se?et@db/t", "postgresql://anna@db/t"),
        ("postgresql://anna:se#et@[::1]:5433/t", "postgresql://anna@[::1]:5433/t"),
        ("postgresql://anna:secret@one:5433,two:5434/t", "postgresql://anna@one:5433,two:5434/t"),
    ],
)
def test_people_see_the_address_without_the_password(address: str, shown: str) -> None:
    assert without_password(address) == shown


@pytest.mark.parametrize("password", ["12/secret", "se/secret", "a@secret", "%zzsecret"])
def test_a_password_that_cuts_the_address_short_is_not_told(password: str) -> None:
    with pytest.raises(StorageError, match="no address") as caught:
        engine_of(f"postgresql://anna:{password}@db.example/t")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["postgresql://[::1/t", "postgresql://db/t?nonsense=1"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(StorageError, match="no address"):
        engine_of(address)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("json_extract('{\"a\": {\"b\": 5}}', '$.a.b')", "5"),
        ("json_extract('{\"a\": \"text\"}', '$.a')", "text"),
        ("json_extract('{\"a\": null}', '$.a')", None),
        ("json_extract('{}', '$.a')", None),
        ("json_extract('[7, 8]', '$[0]')", "7"),
        ("json_array_length('[7, 8]')", 2),
        ("(SELECT json_group_array(x) FROM (VALUES (1), (2)) AS v (x))", "[1,2]"),
        ("(SELECT json_group_array(path) FROM suite)", "[]"),
        ("json_array(1, NULL)", "[1,null]"),
        ("json_object('a', 'b\"')", '{"a":"b\\""}'),
        ("max(1, 2)", 2),
        ("max(1, NULL)", None),
        ("min(1, 2)", 1),
        ("(SELECT sum(value) FROM json_each('[3, 4]'))", 7),
        ('(SELECT max(atom) FROM json_each(\'["a", "b"]\'))', "b"),
        ("(SELECT count(*) FROM json_each('[]'))", 0),
    ],
)
def test_a_function_answers_as_sqlites_does(store: str, call: str, answer: object) -> None:
    assert run(f"SELECT {call}") == [(answer,)]
