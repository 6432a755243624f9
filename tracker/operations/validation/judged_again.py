"""Everything judged again in the copy, by the code of `tracker rebuild`, and what differs then."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.beat import Beat
from tracker.operations.validation.checks import Check, Look, Looking, Scene, counted
from tracker.operations.validation.naming import key_of, named
from tracker.operations.validation.remedies import REBUILD
from tracker.store.connection import reading, writing
from tracker.store.judging import BEGINNING, judge_from
from tracker.store.models import LACK_COUNTS, VERDICT_COUNTS, table_called
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import run

# What is derived row by row, and what that says.
ROWS = {
    "episode": "States of cases that are not what their results give",
    "break_window": "Builds between which a case broke that are not what its results give",
    "pace": "Cases slower or faster that are not what their durations give",
    "loss": "Losses of builds that are not what the builds before give",
    "absence": "Missing cases that are not what the builds before give",
}
# What is counted, where that is not so many cases.
_COUNTED = {
    "regressions": "regressions",
    "new_failures": "new failures",
    "suspects": "suspects",
    "in_incident": "failures in an incident",
}
# What is derived of a build, and what that is.
OF_BUILD = {
    **{
        name: f"a count of {_COUNTED.get(name, f'{name} cases'.replace('_', ' '))}"
        for name in (*VERDICT_COUNTS, *LACK_COUNTS)
    },
    "shortfall": "a sentence on what is missing",
    "judging": "limits of judging",
    "lifted": "a mark of a lifted incident",
}
# When something was first said is no function of the results.
_HISTORY = frozenset({"said"})


def judge_again(beat: Beat) -> list[str]:
    """Keep what is derived aside and derive it anew; the jobs that wait for that anyway.

    Theirs stays as it is: it is not compared, since the worker is about to make it again.
    """
    for table in (*ROWS, "build"):
        run(f"CREATE TEMP TABLE was_{table} AS SELECT * FROM {table}")
    with reading():
        waiting = waiting_jobs()
        jobs = [row for row in run("SELECT id, name FROM job ORDER BY id") if row[1] not in waiting]
    for job_id, name in jobs:
        beat(f"judging {name} again")
        with writing():
            judge_from(job_id, BEGINNING)
    return waiting


def derived() -> Iterator[Check]:
    """One check for each table and for each column of builds that is derived."""
    for table, sentence in ROWS.items():
        yield Check(f"calculation.{table}", sentence, REBUILD, _other_rows(table), is_derived=True)
    for column, what in OF_BUILD.items():
        yield Check(
            f"calculation.build.{column}",
            f"Builds with {what} that is not what the results give",
            REBUILD,
            _other_values(column),
            is_derived=True,
        )


def _other_rows(table: str) -> Looking:
    columns = ", ".join(
        field.column_name
        for field in table_called(table)._meta.sorted_fields
        if field.column_name not in _HISTORY
    )
    key = ", ".join(key_of(table))
    was = f"SELECT {columns} FROM was_{table}"
    now = f"SELECT {columns} FROM {table}"
    # A set operation of two statements runs from left to right: each side is its own.
    differing = (
        f"SELECT {key} FROM ({was} EXCEPT {now}) UNION SELECT {key} FROM ({now} EXCEPT {was})"
    )

    def look(scene: Scene) -> Look:
        return counted(scene, scene.counts[table], named(table), f"FROM ({differing}) t")

    return look


def _other_values(column: str) -> Looking:
    told = f"'{column} is ' || o.{column} || ', the results give ' || t.{column}"
    wrong = f"FROM build t JOIN was_build o ON o.id = t.id WHERE o.{column} IS NOT t.{column}"

    def look(scene: Scene) -> Look:
        return counted(scene, scene.counts["build"], f"{named('build')} || ': ' || {told}", wrong)

    return look
