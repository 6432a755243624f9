"""The state of every part: what is worth a warning is told, and what is sound is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.faults.out_of_reach import refuse_looks
from tests.servers import running_redis
from tracker.clock import HOUR
from tracker.operations import details as parts
from tracker.operations.backup.manifest import FOLDER, Manifest, note_backup, write_manifest
from tracker.operations.details import Details, details, spool
from tracker.operations.versions import Verdict, Version
from tracker.settings import Settings
from tracker.store.heartbeats import beat
from tracker.store.jobs import add_server, note_server_trouble
from tracker.store.work import claim, enqueue, fail

NOW = 1_800_000_000_000
THEN = datetime.fromtimestamp(NOW / 1000, UTC)


@pytest.fixture
def now(settings: Settings, store: Path) -> Details:
    """The state of an empty tracker that has never been backed up."""
    return details(settings, published=None, now=NOW)


def of(settings: Settings) -> Details:
    return details(settings, published=NOW, now=NOW)


def backed_up(
    settings: Settings, hours: int, name: str = "x", findings: tuple[str, ...] | None = None
) -> None:
    folder = settings.home / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.db").touch()
    taken = THEN - timedelta(hours=hours)
    made = Manifest(f"{name}.db", taken, "1", (), 0, "", 0, {}, 0.0, findings=findings)
    write_manifest(folder, made)


def gone_wrong(times: int, *, now: int = NOW) -> None:
    """Have the upload that waits tried so often, in vain."""
    for _ in range(times):
        task = claim(["ingest"], now=now + HOUR, lease_ms=1)
        assert task is not None
        fail(task, now=now, error="no bytes")


def test_an_empty_tracker_is_told_whole(now: Details) -> None:
    assert now.revision == 0
    assert now.database_bytes > 0
    assert (now.workers, now.tasks, now.servers, now.published) == ([], [], [], None)
    assert now.versions


@pytest.mark.parametrize(("ago", "status"), [(0, "pass"), (119_000, "pass"), (121_000, "warn")])
def test_a_worker_is_alive_for_two_minutes(
    settings: Settings, store: Path, ago: int, status: str
) -> None:
    beat("w", now=NOW - ago, doing="polling")
    found = of(settings)
    assert found.checks["workers"].status == status
    assert found.workers[0].doing == "polling"


def test_one_that_only_publishes_is_no_worker_for_the_rest(settings: Settings, store: Path) -> None:
    beat("w", now=NOW, kinds=["publish"])
    found = of(settings)
    assert found.checks["workers"].status == "warn"
    assert "only publish" in found.checks["workers"].reason
    assert found.workers[0].does == ("publish",)


def test_no_worker_at_all_is_a_warning(now: Details) -> None:
    assert now.checks["workers"].status == "warn"


@pytest.mark.parametrize(("seconds", "status"), [(60, "pass"), (1000, "warn")])
def test_a_task_that_waits_for_long_is_a_warning(
    settings: Settings, store: Path, seconds: int, status: str
) -> None:
    enqueue("poll", "n", due=NOW - seconds * 1000)
    found = of(settings)
    assert found.checks["tasks"].status == status
    assert found.tasks[0].overdue_seconds == seconds


def test_an_upload_that_fails_for_ever_is_a_warning_though_it_is_never_late(
    settings: Settings, store: Path
) -> None:
    enqueue("ingest", "k", due=NOW, subject="nightly#12")
    gone_wrong(4)
    assert of(settings).checks["tasks"].status == "pass"
    gone_wrong(1)
    said = of(settings).checks["tasks"]
    assert (said.status, said.reason) == (
        "warn",
        "1 tasks go wrong again and again; 'ingest' for nightly#12 did so 5 times: no bytes",
    )


def test_a_server_that_cannot_be_read_is_named(settings: Settings, store: Path) -> None:
    add_server("main", "http://127.0.0.1:9/")
    assert of(settings).checks["servers"].status == "pass"
    note_server_trouble("main", "it hangs", now=NOW - 5000)
    found = of(settings)
    assert "main" in found.checks["servers"].reason
    assert (found.servers[0].error, found.servers[0].lag_seconds) == ("it hangs", 5.0)


def test_no_backup_is_a_warning(now: Details) -> None:
    assert "no backup" in now.checks["backup"].reason


@pytest.mark.parametrize(("hours", "status"), [(1, "pass"), (35, "pass"), (37, "warn")])
def test_a_backup_is_fresh_for_a_day_and_a_half(
    settings: Settings, store: Path, hours: int, status: str
) -> None:
    backed_up(settings, hours)
    assert of(settings).checks["backup"].status == status


def test_a_backup_that_is_no_longer_where_it_was_put_is_a_warning(
    settings: Settings, store: Path, tmp_path: Path
) -> None:
    manifest = Manifest("x.db", THEN, "1", (), 0, "", 5, {}, 0.0)
    note_backup(settings.home, tmp_path, manifest)
    assert str(tmp_path) in of(settings).checks["backup"].reason
    (tmp_path / "x.db").write_bytes(b"12345")
    assert of(settings).checks["backup"].status == "pass"


def test_a_backup_of_the_future_is_a_warning_until_there_is_another(
    settings: Settings, store: Path
) -> None:
    """Else no other would ever be missed until then."""
    backed_up(settings, -3, name="ahead")
    assert "dated in the future" in of(settings).checks["backup"].reason
    backed_up(settings, 1)
    assert of(settings).checks["backup"].status == "pass"
    backed_up(settings, 37)
    assert of(settings).checks["backup"].reason == "The newest backup is 37 hours old."


def test_a_backup_with_errors_is_a_warning(settings: Settings, store: Path) -> None:
    backed_up(settings, 1, findings=("integrity.orphans",))
    found = of(settings).checks["backup"]
    assert found.status == "warn"
    assert found.reason == "The newest backup has errors: integrity.orphans."
    backed_up(settings, 1, findings=())
    assert of(settings).checks["backup"].status == "pass"


@pytest.mark.parametrize("folder", ["elsewhere", f"home/{FOLDER}"])
def test_a_backup_that_is_out_of_reach_is_a_warning(
    settings: Settings, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    manifest = Manifest("x.db", THEN, "1", (), 0, "", 0, {}, 0.0)
    note_backup(settings.home, tmp_path / folder, manifest)
    refuse_looks(monkeypatch, tmp_path / folder)
    reason = f"The newest backup is not to be found in {tmp_path / folder}."
    assert of(settings).checks["backup"].reason == reason


def test_a_log_of_writes_that_is_not_emptied_is_a_warning(
    settings: Settings, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat("w", now=NOW)
    assert of(settings).checks["wal"].status == "pass"
    monkeypatch.setattr(parts, "WAL_BYTES", 1)
    assert of(settings).checks["wal"].status == "warn"


@pytest.mark.parametrize(
    ("found", "bad", "status"),
    [("3.40.0", "bad", "warn"), ("3.40.0", "guarded", "pass"), ("3.51.3", "good", "pass")],
)
def test_a_version_that_is_known_to_be_bad_is_marked(
    settings: Settings,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: str,
    bad: Verdict,
    status: str,
) -> None:
    one = Version("SQLite", found, "3.51.3", bad, "It may damage a database.", "Take a newer one.")
    monkeypatch.setattr(parts, "versions", lambda: (one,))
    monkeypatch.setattr(parts, "server_version", lambda _: ())
    check = of(settings).checks["versions"]
    assert check.status == status
    assert (check.reason == "Known to be bad: SQLite 3.40.0.") == (status == "warn")


def test_what_is_kept_and_what_is_coming_in_are_counted_apart(tmp_path: Path) -> None:
    for name, size in (("ab/abc", 10), ("ab/abd", 20), ("incoming/tmp1", 5)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    found = spool(tmp_path)
    assert (found.files, found.bytes) == (2, 30)
    assert (found.unfinished, found.unfinished_bytes) == (1, 5)


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert spool(tmp_path / "none").files == 0


def test_what_several_nodes_share_is_looked_at(settings: Settings, store: Path) -> None:
    with running_redis() as redis:
        its = msgspec.structs.replace(
            settings, limits_url=redis.address, spool_folder=str(settings.spool)
        )
        checks = details(its, published=None, now=1).checks
        assert (checks["spool"].status, checks["limits"].status) == ("pass", "pass")
    found = details(its, published=None, now=1).checks["limits"]
    assert found.status == "warn"
    assert found.reason.startswith(f"Requests cannot be counted: redis://127.0.0.1:{redis.port}:")


def test_one_machine_has_no_checks_of_what_is_shared(settings: Settings, store: Path) -> None:
    assert not {"spool", "limits"} & set(details(settings, published=None, now=1).checks)
