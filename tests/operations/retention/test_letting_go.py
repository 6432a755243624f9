"""A whole run of retention: what it reports, raw reports, space, and processes that die."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import junit
from tests.factories import DAY, NOW, cluster_all, jenkins, report
from tests.store.fresh import fresh_store
from tests.store.test_retention import shorten
from tracker.clock import SECOND
from tracker.errors import StorageError
from tracker.intake import spool
from tracker.operations.retention import letting_go as run_of
from tracker.operations.retention.letting_go import let_go, policy_of, would_let_go
from tracker.operations.retention.rules import Policy
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store import retention, space
from tracker.store.sql import run
from tracker.store.without_bytes import let_go_before
from tracker.store.work import enqueue

ONE = Policy(builds=1)


@pytest.fixture
def short() -> Iterator[None]:
    """Windows of judging that a history of some builds outgrows."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        yield


def thirty() -> None:
    """Thirty builds of a job; each failure has a long trace of its own."""
    for number in range(1, 31):
        letters = {"login": "F" if number < 8 else "P", "search": "P"}
        jenkins(
            "nightly",
            number,
            report(message=f"in {number} " + "x" * 9000, **letters),
            started=NOW + number * DAY,
        )
    cluster_all()


def test_a_trial_says_what_would_go_and_changes_nothing(
    store: Path, settings: Settings, short: None
) -> None:
    thirty()
    before = list(lines())
    found = would_let_go(settings, ONE, now=NOW)
    assert list(lines()) == before
    assert (found.is_trial, found.builds, found.results) == (True, 16, 32)
    assert found.jobs == {"nightly": 16}
    assert {rule: count for rule, count in found.kept.items() if count} == {
        "newest": 1,
        "judging": 13,
    }
    done = let_go(settings, ONE, now=NOW)
    assert (done.builds, done.results, done.kept) == (found.builds, found.results, found.kept)


def test_a_run_gives_the_space_back_and_reports_it(
    store: Path, settings: Settings, short: None
) -> None:
    thirty()
    space.checkpoint()
    done = let_go(settings, ONE, now=NOW)
    assert done.after < done.before
    assert (done.free, store.stat().st_size) == (0, done.after)
    assert done.texts["failure"] == 7


def test_an_older_file_is_compacted_once_and_gives_space_back_from_then_on(
    store: Path, settings: Settings, short: None
) -> None:
    run("PRAGMA auto_vacuum = none")
    run("VACUUM")
    thirty()
    done = let_go(settings, ONE, now=NOW)
    assert not done.gives_back
    assert done.free > 0
    size = space.compact()
    assert (size.free, size.gives_back) == (0, True)
    assert size.file < done.after


def test_where_nothing_is_set_nothing_goes(store: Path, settings: Settings, short: None) -> None:
    thirty()
    assert policy_of(settings) == Policy()
    assert not policy_of(settings).lets_go
    done = let_go(settings, policy_of(settings), now=NOW + 10_000 * DAY)
    assert (done.builds, done.raw) == (0, 0)


@pytest.mark.parametrize("steps", [1, 7, 25])
def test_a_run_that_was_killed_is_finished_by_the_next(
    steps: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)
    with fresh_store():
        thirty()
        let_go(settings, ONE, now=NOW)
        expected = list(lines())
    with fresh_store():
        thirty()
        if child := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        else:
            _die_after(steps, settings)
        let_go(settings, ONE, now=NOW)
        assert list(lines()) == expected
        assert retention.unfinished() == []


def _die_after(steps: int, settings: Settings) -> None:
    left = iter(range(steps))
    clear = retention.clear

    def in_small_steps(build: int) -> bool:
        if next(left, None) is None:
            os._exit(9)
        return clear(build, 1)

    run_of.retention.clear = in_small_steps  # type: ignore[assignment]
    try:
        let_go(settings, ONE, now=NOW)
    finally:
        os._exit(1)


# Raw reports.

MONTH = Policy(spool_days=30)


def spooled(settings: Settings, data: bytes, age_days: int) -> Path:
    path = spool.store(settings.spool, [data]).path
    at = (NOW - age_days * DAY) / SECOND
    os.utime(path, (at, at))
    return path


def test_raw_reports_older_than_the_policy_go(store: Path, settings: Settings) -> None:
    old, young = spooled(settings, b"old", 31), spooled(settings, b"young", 29)
    done = let_go(settings, MONTH, now=NOW)
    assert (done.raw, done.raw_bytes) == (1, 3)
    assert (old.exists(), young.exists()) == (False, True)
    assert let_go_before() == NOW - 30 * DAY


def test_raw_reports_stay_where_nothing_is_set(store: Path, settings: Settings) -> None:
    old = spooled(settings, b"old", 3000)
    let_go(settings, Policy(builds=200), now=NOW)
    assert old.exists()


def test_a_raw_report_that_waits_to_be_read_stays(store: Path, settings: Settings) -> None:
    old = spooled(settings, junit(login="P"), 400)
    enqueue("ingest", "one", due=NOW, payload={"reports": [{"sha256": old.name}]})
    assert let_go(settings, MONTH, now=NOW).raw == 0
    assert old.exists()


def test_no_raw_report_goes_while_a_waiting_upload_cannot_be_read(
    store: Path, settings: Settings
) -> None:
    old = spooled(settings, b"old", 3000)
    enqueue("ingest", "one", due=NOW)
    run("UPDATE work SET payload = ''")
    with pytest.raises(StorageError, match="The upload one that waits is damaged"):
        let_go(settings, MONTH, now=NOW)
    assert old.exists()


def test_a_raw_report_that_comes_again_while_it_is_removed_stays(
    store: Path, settings: Settings
) -> None:
    from tracker.operations.retention import raw_reports

    path = spooled(settings, b"again", 31)
    [found] = raw_reports.find(settings.spool, MONTH, now=NOW)
    spool.store(settings.spool, [b"again"])
    assert not raw_reports.remove(found, MONTH, now=NOW)
    assert path.read_bytes() == b"again"


def test_what_a_killed_run_had_put_aside_is_back(store: Path, settings: Settings) -> None:
    path = spooled(settings, b"aside", 1)
    path.rename(path.with_name(f"{path.name}.going"))
    let_go(settings, MONTH, now=NOW)
    assert path.read_bytes() == b"aside"


def test_what_a_run_beside_this_one_had_put_aside_may_be_gone_meanwhile(
    store: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spooled(settings, b"aside", 31)
    aside = path.rename(path.with_name(f"{path.name}.going"))
    exists = Path.exists

    def is_faster(asked: Path) -> bool:
        aside.unlink(missing_ok=True)
        return exists(asked)

    monkeypatch.setattr(Path, "exists", is_faster)
    assert let_go(settings, MONTH, now=NOW).raw == 0


def test_settings_describe_the_policy(settings: Settings) -> None:
    given = Settings.load({}, home=settings.home, keep_results_days="400", keep_spool_days="60")
    assert policy_of(given) == Policy(results_days=400, spool_days=60)
    assert replace(policy_of(given), results_days=0).lets_go
