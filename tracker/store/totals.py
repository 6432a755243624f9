"""The totals of builds, counted anew from their results: where they were damaged."""

from __future__ import annotations

from tracker.store.connection import reading, writing
from tracker.store.sql import Row, run
from tracker.verdicts.outcomes import Status

_RESULTS = ("total", *(each.word for each in Status))
_COUNTED = ", ".join(f"count(*) FILTER (WHERE status = {int(each)})" for each in Status)
_SETS = ", ".join(f"{name} = ?" for name in (*_RESULTS, "damaged"))


def count_again(job_id: int) -> None:
    """Have the builds of a job the totals that their results and reports give.

    Those of a build whose results were let go are kept: nothing else tells them any more. Only
    what is wrong is written, build by build, so that nobody waits.
    """
    with reading():
        builds = run("SELECT id FROM build WHERE job_id = ? ORDER BY id", job_id)
    for (build,) in builds:
        with reading():
            is_right = _on_record(build) == _counted(build)
        if not is_right:
            with writing():
                run(f"UPDATE build SET {_SETS} WHERE id = ?", *_counted(build), build)


def _on_record(build: int) -> Row:
    [row] = run(f"SELECT {', '.join(_RESULTS)}, damaged FROM build WHERE id = ?", build)
    return row


def _counted(build: int) -> Row:
    [(is_let_go,)] = run("SELECT let_go IS NOT NULL FROM build WHERE id = ?", build)
    if is_let_go:
        results = _on_record(build)[:-1]
    else:
        [results] = run(f"SELECT count(*), {_COUNTED} FROM result WHERE build_id = ?", build)
    [(damaged,)] = run(
        "SELECT count(*) FROM report WHERE build_id = ? AND (recovered OR failure <> '')", build
    )
    return (*results, damaged)
