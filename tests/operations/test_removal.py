"""A job that is removed leaves nothing behind, and takes nothing from others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import NOW, cluster_all, history, jenkins, report, upload
from tests.store.fresh import fresh_store
from tracker.errors import Busy, Conflict, NotFound
from tracker.intake import spool
from tracker.operations import removal as run_of
from tracker.operations.removal import remove_job
from tracker.queries.dump import lines
from tracker.queries.families import families
from tracker.settings import Settings
from tracker.store import retention
from tracker.store.jobs import add_server, track_job
from tracker.store.models import TABLES
from tracker.store.sql import run
from tracker.store.work import claim, enqueue

LATER = NOW + 1000


def secret(number: int = 1) -> None:
    """A build of the job `typo` with a report that should never have been sent."""
    upload("typo", number, report(suite="own", message="hunter is the password", login="F"))


def rows_with(text: str) -> list[str]:
    """The tables that hold a text, wherever."""
    found = []
    for model in TABLES:
        if any(text in repr(row) for row in run(f"SELECT * FROM {model._meta.table_name}")):
            found.append(model._meta.table_name)
    return found


def test_nothing_of_a_removed_job_is_left_but_that_it_was(store: Path, settings: Settings) -> None:
    secret()
    cluster_all()
    assert {"failure", "signature"} <= {*rows_with("hunter")}
    gone = remove_job(settings, "typo", now=LATER)
    assert (gone.builds, gone.results, gone.reports) == (1, 1, 1)
    assert rows_with("hunter") == []
    assert rows_with("typo") == ["audit"]
    assert run("SELECT what, subject, outcome FROM audit") == [
        ("job removed", "typo", "1 builds, 1 results, 1 reports")
    ]


def test_others_say_what_they_said(store: Path, settings: Settings) -> None:
    def others() -> None:
        history("nightly", login="P P F F P P", search="P P P P P P")
        cluster_all()

    others()
    expected = list(lines())
    with fresh_store():
        others()
        history("typo", login="P F F P", own="F F F F")
        cluster_all()
        remove_job(settings, "typo", now=LATER)
        told = list(lines())
    assert told == expected


def test_a_family_of_others_counts_them_alone(store: Path, settings: Settings) -> None:
    for job in ("nightly", "typo"):
        upload(job, 1, report(login="F"), complete=True)
    cluster_all()
    remove_job(settings, "typo", now=LATER)
    [family] = families(limit=9)
    assert (family.failures, family.jobs) == (1, 1)


def test_builds_that_a_removed_one_started_stay_and_name_none(
    store: Path, settings: Settings
) -> None:
    secret()
    jenkins("child", 1, report(login="P"), upstream_job="typo", upstream_number=1)
    [before] = run("SELECT revision FROM job WHERE name = 'child'")
    remove_job(settings, "typo", now=LATER)
    assert run("SELECT upstream_job, upstream_number FROM build") == [("", None)]
    assert run("SELECT revision FROM job") > [before]


def test_raw_reports_go_that_nobody_else_sent(store: Path, settings: Settings) -> None:
    own, both, waiting = (spool.store(settings.spool, [text]) for text in (b"1", b"2", b"3"))
    for kept in (own, both, waiting):
        os.utime(kept.path, (1, 1))
    secret()
    secret(2)
    upload("nightly", 1, report(login="P"))
    for kept, which in ((own, "1"), (both, "2")):
        run(f"UPDATE report SET sha256 = ? WHERE build_id = {which}", kept.sha256)
    run("UPDATE report SET archive = ? WHERE build_id = 3", both.sha256)
    run("UPDATE report SET archive = ? WHERE build_id = 1", waiting.sha256)
    enqueue("ingest", "q", due=NOW, payload={"reports": [{"sha256": waiting.sha256}]})
    remove_job(settings, "typo", now=LATER)
    assert [each.path.exists() for each in (own, both, waiting)] == [False, True, True]


def test_a_job_that_a_jenkins_would_bring_back_is_refused(store: Path, settings: Settings) -> None:
    add_server("main", "https://jenkins.example/")
    track_job("typo", server="main")
    with pytest.raises(Conflict, match="is read from the Jenkins 'main'") as refused:
        remove_job(settings, "typo", now=LATER)
    assert "--exclude 'typo'" in str(refused.value.remedy)
    add_server("main", "https://jenkins.example/", patterns=["*", "!typo"])
    remove_job(settings, "typo", now=LATER)
    assert run("SELECT 1 FROM job") == []


def a_worker_is_at_it() -> None:
    enqueue("judge", "typo", due=NOW, subject="typo")
    assert claim(["judge"], now=LATER, lease_ms=60_000)


def an_upload_waits() -> None:
    enqueue("ingest", "q", due=NOW, subject="typo#7", payload={"reports": []})


@pytest.mark.parametrize(
    ("busy", "words"),
    [(a_worker_is_at_it, "A worker is at the job"), (an_upload_waits, "wait to be read")],
)
def test_a_job_that_somebody_is_at_is_left(
    busy: Callable[[], None], words: str, store: Path, settings: Settings
) -> None:
    secret()
    busy()
    with pytest.raises(Busy, match=words):
        remove_job(settings, "typo", now=LATER)
    assert run("SELECT let_go FROM build") == [(None,)]


def test_a_job_that_is_not_here_cannot_be_removed(store: Path, settings: Settings) -> None:
    with pytest.raises(NotFound, match="No job named 'typo'"):
        remove_job(settings, "typo", now=LATER)


def test_what_is_recorded_meanwhile_goes_too(
    store: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret()
    arriving = iter([2])
    forget = run_of.removal.forget_signatures

    def meanwhile(*, now: int) -> None:
        for number in arriving:
            secret(number)
        forget(now=now)

    monkeypatch.setattr(run_of.removal, "forget_signatures", meanwhile)
    remove_job(settings, "typo", now=LATER)
    assert rows_with("hunter") == []


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_removal_that_was_killed_can_be_done_again(steps: int, settings: Settings) -> None:
    with fresh_store():
        history("typo", login="P F F P", own="F F F F")
        cluster_all()
        if child := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        else:
            _die_after(steps, settings)
        remove_job(settings, "typo", now=LATER)
        assert rows_with("typo") == ["audit"]
        assert run("SELECT 1 FROM test_case UNION SELECT 1 FROM family") == []


def _die_after(steps: int, settings: Settings) -> None:
    left = iter(range(steps))
    clear = retention.clear

    def in_small_steps(build: int) -> bool:
        if next(left, None) is None:
            os._exit(9)
        return clear(build, 1)

    run_of.retention.clear = in_small_steps  # type: ignore[assignment]
    try:
        remove_job(settings, "typo", now=LATER)
    finally:
        os._exit(1)


def test_a_job_is_made_anew_by_an_upload(store: Path, settings: Settings) -> None:
    secret()
    remove_job(settings, "typo", now=LATER)
    assert upload("typo", 1, report(login="P")).created
