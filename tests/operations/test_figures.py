"""The figures that are read at a scrape: right, and of a bounded number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import report
from tests.faults.out_of_reach import refuse_looks
from tests.operations.test_details import NOW, THEN, backed_up, gone_wrong
from tracker.operations import figures
from tracker.operations.backup.manifest import Manifest, note_backup
from tracker.operations.figures import Moment, gauges
from tracker.operations.health import Check, Checks
from tracker.queries.jobs import revision
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.heartbeats import beat
from tracker.store.jobs import track_job
from tracker.store.record import record_build
from tracker.store.records import BuildFacts
from tracker.store.work import enqueue


def values(
    settings: Settings,
    published: int | None = None,
    shown: int | None = None,
    checks: Checks | None = None,
) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in gauges(Moment(NOW, settings, published, shown, checks or {}))
        for sample in family.samples
    }


def test_an_empty_tracker_has_figures(settings: Settings, store: Path) -> None:
    found = values(settings)
    assert found["tracker_jobs",] == 0
    assert found["tracker_workers", "tasks"] == found["tracker_workers", "publish"] == 0
    assert found["tracker_database_readable",] == 1
    assert found["tracker_database_bytes",] == store.stat().st_size


def test_only_a_check_that_fails_is_0(settings: Settings, store: Path) -> None:
    said = {name: Check(name, "") for name in ("pass", "warn", "fail")}
    found = values(settings, checks=said)
    assert [found["tracker_check", name] for name in said] == [1, 1, 0]


def test_tasks_and_workers_are_told(settings: Settings, store: Path) -> None:
    enqueue("poll", "n", due=NOW - 4000)
    beat("w", now=NOW - 1000)
    found = values(settings)
    assert found["tracker_work_queue", "poll", "due"] == 1
    assert found["tracker_work_oldest_seconds", "poll"] == 4
    assert found["tracker_workers", "tasks"] == 1
    assert found["tracker_worker_heartbeat_timestamp_seconds",] == (NOW - 1000) / 1000


def test_tasks_that_go_wrong_for_ever_are_told(settings: Settings, store: Path) -> None:
    enqueue("ingest", "k", due=NOW)
    gone_wrong(4)
    assert values(settings)["tracker_work_failing", "ingest"] == 0
    gone_wrong(1)
    assert values(settings)["tracker_work_failing", "ingest"] == 1


@pytest.mark.parametrize(
    ("kinds", "tasks", "publish"),
    [(("poll", "publish"), 1, 1), (("poll", "ingest"), 1, 0), (("publish",), 0, 1), ((), 1, 1)],
    ids=["all", "publishes elsewhere", "publishes only", "of an older version"],
)
def test_workers_are_counted_by_what_they_do(
    settings: Settings, store: Path, kinds: tuple[str, ...], tasks: int, publish: int
) -> None:
    beat("w", now=NOW - 1000, kinds=kinds)
    found = values(settings)
    assert (found["tracker_workers", "tasks"], found["tracker_workers", "publish"]) == (
        tasks,
        publish,
    )


def test_publish_and_backup_are_told_once_there_were_any(settings: Settings, store: Path) -> None:
    names = {name for name, *_ in values(settings)}
    assert not names & {
        "tracker_publish_timestamp_seconds",
        "tracker_publish_revision",
        "tracker_backup_timestamp_seconds",
    }
    backed_up(settings, 2)
    found = values(settings, published=NOW - 5000, shown=7)
    assert found["tracker_publish_revision",] == 7
    assert found["tracker_publish_timestamp_seconds",] == NOW / 1000 - 5
    assert found["tracker_backup_timestamp_seconds",] == NOW / 1000 - 7200


def test_of_disks_that_are_out_of_reach_all_else_is_told(
    settings: Settings, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_backup(settings.home, tmp_path / "far", Manifest("x.db", THEN, "1", (), 0, "", 0, {}, 0.0))
    refuse_looks(monkeypatch, tmp_path / "far")
    refuse_looks(monkeypatch, settings.spool)
    found = values(settings)
    assert found["tracker_database_readable",] == 1
    assert not {"tracker_free_bytes", "tracker_backup_timestamp_seconds"} & {n for n, *_ in found}


def test_a_backup_of_the_future_has_no_age(settings: Settings, store: Path) -> None:
    backed_up(settings, -3)
    assert ("tracker_backup_timestamp_seconds",) not in values(settings)


@pytest.mark.parametrize(("findings", "told"), [(None, None), ((), 0), (("a", "b"), 2)])
def test_the_errors_of_the_newest_backup_are_told_where_it_was_validated(
    settings: Settings, store: Path, findings: tuple[str, ...] | None, told: int | None
) -> None:
    backed_up(settings, 1, findings=findings)
    assert values(settings).get(("tracker_backup_findings",)) == told


def test_the_revision_at_which_results_changed_is_told(settings: Settings, store: Path) -> None:
    assert values(settings)["tracker_recorded_revision",] == 0
    record_build(BuildFacts(job="n", number=1), [report(a="P")], now=NOW)
    assert values(settings)["tracker_recorded_revision",] == revision()


def test_jobs_beyond_the_limit_are_one(
    settings: Settings, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MOST_JOBS", 3)
    for number in range(6):
        record_build(BuildFacts(job=f"j{number}", number=1, complete=True), [], now=NOW - number)
    found = values(settings)
    jobs = {labels[0] for name, *labels in found if name == "tracker_job_regressions"}
    assert jobs == {"j0", "j1", "j2", "other"}
    assert found["tracker_last_ingest_timestamp_seconds", "other"] == (NOW - 3) / 1000
    patience = {labels[0] for name, *labels in found if name == "tracker_job_patience_seconds"}
    assert patience == {"j0", "j1", "j2"}
    assert found["tracker_jobs",] == 6


def test_a_job_without_builds_is_told_too(settings: Settings, store: Path) -> None:
    track_job("n")
    assert values(settings)["tracker_job_regressions", "n"] == 0


def test_of_a_damaged_database_only_that_is_told(settings: Settings, store: Path) -> None:
    connection.close_store()
    store.write_bytes(b"\xff" * 8192)
    found = values(settings)
    assert found["tracker_database_readable",] == 0
    assert ("tracker_jobs",) not in found
    assert found["tracker_free_bytes",] > 0
