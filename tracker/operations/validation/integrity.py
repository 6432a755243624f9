"""Integrity: rows that refer to nothing, are there twice, or hold what no row may."""

from __future__ import annotations

from contextlib import closing

from tracker.operations.validation.checks import Check, Look, Scene, rows_of, seen
from tracker.operations.validation.findings import Severity
from tracker.operations.validation.identities import identities
from tracker.operations.validation.naming import named
from tracker.operations.validation.numbers import NUMBERS
from tracker.operations.validation.references import orphans
from tracker.operations.validation.remedies import REBUILD, RESTORE
from tracker.operations.validation.values import values
from tracker.store.sql import run
from tracker.store.sqlite.driver import sqlite3


def _pages(_scene: Scene) -> Look:
    """Look at the file itself: its pages, its indexes, what is said to be unique.

    On a connection of its own, since SQLite may find the file too damaged to go on.
    """
    [path] = [row[2] for row in run("PRAGMA database_list") if row[1] == "main"]
    with closing(sqlite3.connect(path)) as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
        said: list[str] = []
        try:
            said += [text for (text,) in connection.execute("PRAGMA integrity_check(20)")]
        except sqlite3.DatabaseError as error:
            said.append(str(error))
    return seen(pages, (text for text in said if text != "ok"))


# Where this finds anything no other check is made: what it reads may not be what was written.
FILE = Check(
    "integrity.file",
    "Damage of the database file, as SQLite says",
    f"{RESTORE} Then look at the disk: its own log, and how old it is.",
    _pages,
)


def _twice(id: str, sentence: str, remedy: str, of: str, statement: str) -> Check:
    return Check(
        f"integrity.duplicates.{id}", sentence, remedy, rows_of(of, statement), Severity.ERROR
    )


def _open_twice(table: str) -> Check:
    return _twice(
        table,
        f"Cases of a job with two rows of {table} that last",
        REBUILD,
        table,
        f"SELECT {named(table)} FROM {table} t WHERE t.until_build IS NULL"
        " GROUP BY t.job_id, t.case_id HAVING count(*) > 1",
    )


DUPLICATES = (
    _twice(
        "report.bytes",
        "Reports that are in their build twice, byte for byte",
        RESTORE,
        "report",
        f"SELECT {named('report')} || ': ' || t.name FROM report t"
        " WHERE t.sha256 <> '' AND t.failure = ''"
        " GROUP BY t.build_id, t.sha256, t.variant HAVING count(*) > 1",
    ),
    _twice(
        "report.n",
        "Reports whose number in their build another one has, so that results name both",
        RESTORE,
        "report",
        f"SELECT {named('report')} || ': number ' || t.n FROM report t WHERE EXISTS"
        " (SELECT 1 FROM temp.told o WHERE o.build_id = t.build_id AND o.report = t.n)"
        " GROUP BY t.build_id, t.n HAVING count(*) > 1",
    ),
    _twice(
        "suite",
        "Suites of one path with two ids",
        RESTORE,
        "suite",
        f"SELECT {named('suite')} || ': ' || t.path FROM suite t WHERE t.path NOT LIKE '%…%'"
        " GROUP BY t.path HAVING count(*) > 1",
    ),
    _twice(
        "test_case",
        "Cases of one suite, name and variant with two ids",
        RESTORE,
        "test_case",
        f"SELECT {named('test_case')} || ': ' || t.name FROM test_case t"
        # A test may itself be called as the second of a name is.
        " WHERE t.name NOT LIKE '% #%' AND t.name NOT LIKE '%…'"
        " GROUP BY t.suite_id, t.name, t.variant HAVING count(*) > 1",
    ),
    _open_twice("episode"),
    _open_twice("pace"),
    _twice(
        "former",
        "Former names of jobs that another job has now",
        RESTORE,
        "former",
        "SELECT t.name FROM former t JOIN job j ON j.name = t.name",
    ),
)

CHECKS: tuple[Check, ...] = (*orphans(), *DUPLICATES, *values(), *NUMBERS, *identities())
