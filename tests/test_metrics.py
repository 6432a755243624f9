"""Counting: each process in a slot, a slot's files go on, and nothing that fails disturbs."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.out_of_reach import refuse_looks
from tracker import metrics
from tracker.pages import PAGES
from tracker.settings import Settings
from tracker.web import create_app
from tracker.worker.tasks import TASKS

COUNT = """
import sys
from pathlib import Path
from tracker import metrics
metrics.begin(Path(sys.argv[1]))
metrics.count_task("poll", "done", 0.2)
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home; afterwards this process counts nothing any more."""
    yield tmp_path
    metrics._counting, metrics._folder = None, None
    metrics._not_before.clear()


@pytest.fixture
def counter(home: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a process that counts one task and lives until its input ends."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", COUNT, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"counted\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def value(home: Path, name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels."""
    return sum(
        sample.value
        for family in metrics.counted(home)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_what_is_counted_is_added_up(home: Path) -> None:
    metrics.begin(home)
    metrics.count_request("/jobs/{job}/", "GET", 200, 0.1)
    metrics.count_request("/jobs/{job}/", "GET", 200, 0.3)
    assert value(home, "tracker_http_requests_total", route="/jobs/{job}/", status="200") == 2
    assert value(home, "tracker_http_request_duration_seconds_sum") == pytest.approx(0.4)


def test_every_count_has_its_family(home: Path) -> None:
    metrics.begin(home)
    metrics.count_reports([("junit", "read"), ("none", "refused")], 0.2)
    metrics.count_ingest(0.5)
    metrics.count_task("poll", "failed", 1)
    metrics.count_poll_error("Refused")
    assert value(home, "tracker_ingest_reports_total", outcome="refused") == 1
    assert value(home, "tracker_parse_duration_seconds_sum") == pytest.approx(0.2)
    assert value(home, "tracker_ingest_duration_seconds_sum") == pytest.approx(0.5)
    assert value(home, "tracker_tasks_total", kind="poll", outcome="failed") == 1
    assert value(home, "tracker_poll_errors_total", reason="Refused") == 1


def test_a_process_that_was_told_no_home_counts_nothing(home: Path) -> None:
    metrics.count_task("poll", "done", 1)
    assert metrics.counted(home) == []


def test_a_home_that_is_not_there_is_not_made(home: Path) -> None:
    metrics.begin(home / "none")
    assert not (home / "none").exists()


def test_a_method_nobody_knows_makes_no_label_of_its_own(home: Path) -> None:
    metrics.begin(home)
    for method in ("BREW", "PROPFIND"):
        metrics.count_request("none", method, 405, 0)
    assert value(home, "tracker_http_requests_total", method="other") == 2


def test_two_processes_at_once_have_a_slot_each(home: Path, counter: Callable[[], object]) -> None:
    counter()
    counter()
    assert value(home, "tracker_tasks_total") == 2
    assert len(list((home / "metrics").glob("counter_*.db"))) == 2


def test_a_process_goes_on_in_the_slot_of_one_that_was_killed(
    home: Path, counter: Callable[[], subprocess.Popen[bytes]]
) -> None:
    for _ in range(5):
        process = counter()
        process.kill()
        process.wait()
    assert value(home, "tracker_tasks_total") == 5
    assert [path.name for path in (home / "metrics").glob("counter_*.db")] == ["counter_0.db"]


def test_a_forked_child_counts_in_a_slot_of_its_own(home: Path) -> None:
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)
    child = os.fork()
    if child == 0:
        metrics.count_task("poll", "done", 1)
        os._exit(0)
    os.waitpid(child, 0)
    metrics.count_task("poll", "done", 1)
    assert value(home, "tracker_tasks_total") == 3
    assert len(list((home / "metrics").glob("counter_*.db"))) == 2


def test_a_damaged_file_is_left_out_and_begun_anew(
    home: Path, counter: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = counter()
    process.kill()
    process.wait()
    file = home / "metrics" / "counter_0.db"
    with file.open("r+b") as stream:
        stream.write(b"\xff\xff\x00\x00")
        stream.seek(8)
        stream.write(b"\xff" * 200)
    assert value(home, "tracker_tasks_total") == 0
    counter()
    assert value(home, "tracker_tasks_total") == 1


def test_the_reserved_room_is_enough_for_all_routes_and_tasks(
    home: Path, settings: Settings
) -> None:
    metrics.begin(home)
    rules = {rule.rule for rule in create_app(settings).url_map.iter_rules()}
    for route in rules | {page.route for page in PAGES}:
        for status in (200, 304, 400, 401, 404, 503):
            metrics.count_request(route, "GET", status, 1)
    for kind in TASKS:
        for outcome in ("done", "failed", "not_yet", "given_back"):
            metrics.count_task(kind, outcome, 1)
    for kind, size in metrics.RESERVED.items():
        assert (home / "metrics" / f"{kind}_0.db").stat().st_size == size


def test_where_the_files_cannot_be_made_work_goes_on(home: Path) -> None:
    (home / "metrics").write_text("in the way")
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)
    assert metrics.counted(home) == []


def test_where_the_home_is_out_of_reach_nothing_is_counted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_looks(monkeypatch, home)
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)
    assert metrics.counted(home) == []


def test_where_the_folder_vanishes_work_goes_on(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gone = tmp_path_factory.mktemp("gone")
    metrics.begin(gone)
    shutil.rmtree(gone)
    metrics.count_reports([("junit", "read")], 0.2)
    metrics.begin(home)
    metrics.count_reports([("junit", "read")], 0.2)
    assert value(home, "tracker_ingest_reports_total") == 1


def test_a_folder_that_is_back_is_counted_in_a_minute_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.begin(home)
    shutil.rmtree(home / "metrics")
    metrics.count_task("poll", "done", 1)
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)
    assert metrics.counted(home) == []
    monkeypatch.setattr(metrics, "AGAIN_SECONDS", 0.0)
    metrics._not_before.clear()
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)
    assert value(home, "tracker_tasks_total") == 1


def test_a_fork_that_gets_no_room_for_its_counts_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.begin(home)
    metrics.count_task("poll", "done", 1)

    def full(_file: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(os, "posix_fallocate", full)
        metrics.count_task("poll", "done", 1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert value(home, "tracker_tasks_total") == 1
