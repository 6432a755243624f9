"""Jobs that are over: their results go by age alone, and one that comes back begins anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.factories import DAY, NOW, cluster_all, jenkins, judge_all, report, upload
from tests.operations.validation.histories import found_by
from tests.store.fresh import fresh_store
from tests.store.test_retention import shorten
from tracker.operations.export.everything import lines as exported
from tracker.operations.export.selection import Selection
from tracker.operations.imports import import_lines
from tracker.operations.retention.letting_go import let_go
from tracker.operations.retention.rules import Policy
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.readiness import judged
from tracker.settings import Settings
from tracker.site.check import broken_links
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store.connection import close_store
from tracker.store.judging import rebuild
from tracker.store.sql import run

AGED = Policy(results_days=40)
# When the branch had its last build, and the job beside it has had builds for long since.
THEN, TODAY = NOW - 95 * DAY, NOW


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)


def record(job: str, number: int, at: int, **letters: str) -> None:
    jenkins(job, number, report(**letters), started=at)


def record_branch(days: int = 1) -> None:
    """Five builds of a branch, so many days apart, in the third of which a test broke."""
    for number in range(1, 6):
        letters = {"login": "P" if number < 3 else "F", "search": "P", "last": "PF"[number == 5]}
        record("branch", number, THEN - (5 - number) * days * DAY, **letters)


def record_main(until: int = TODAY) -> None:
    """A job beside it that is built every tenth day, up to a time."""
    for number in range(1, 11):
        record("main", number, until - (10 - number) * 10 * DAY, login="P")


def run_retention(settings: Settings, policy: Policy = AGED, now: int = TODAY) -> int:
    cluster_all()
    return let_go(settings, policy, now=now).builds


def left(job: str = "branch") -> list[int]:
    """The builds of a job that have results."""
    rows = run(
        "SELECT DISTINCT b.number FROM build b JOIN job j ON j.id = b.job_id"
        " JOIN result r ON r.build_id = b.id WHERE j.name = ? ORDER BY b.number",
        job,
    )
    return [number for (number,) in rows]


def deleted() -> None:
    """Jenkins has the branch no more."""
    run("UPDATE job SET standing = 'deleted', standing_since = 1 WHERE name = 'branch'")


def test_a_branch_that_is_built_no_more_goes_whole(store: Path, settings: Settings) -> None:
    record_branch()
    record_main()
    assert run_retention(settings) == 5
    assert (left(), left("main")) == ([], list(range(1, 11)))
    assert build("branch", "3").newly_broken == 1


def test_a_job_that_jenkins_deleted_goes_beside_none(store: Path, settings: Settings) -> None:
    record_branch()
    deleted()
    assert run_retention(settings) == 5


def test_a_job_that_was_built_lately_is_not_over(store: Path, settings: Settings) -> None:
    record_branch()
    record_main()
    deleted()
    assert run_retention(settings, Policy(results_days=96)) == 0


@pytest.mark.parametrize(("days", "gone"), [(36, 0), (38, 5)])
def test_no_job_is_over_while_readiness_of_all_jobs_may_read_it(
    days: int, gone: int, store: Path, settings: Settings
) -> None:
    record_branch()
    deleted()
    assert run_retention(settings, Policy(results_days=3), THEN + days * DAY) == gone


def test_a_job_at_its_own_slow_pace_is_not_over(store: Path, settings: Settings) -> None:
    record_branch(days=60)
    record_main()
    assert run_retention(settings) == 0


def test_a_machine_whose_clock_is_ahead_ends_no_job(store: Path, settings: Settings) -> None:
    record_branch()
    record_main(until=THEN)
    assert run_retention(settings, now=TODAY + 4000 * DAY) == 0


def test_the_newest_by_number_stay_where_that_is_set(store: Path, settings: Settings) -> None:
    record_branch()
    deleted()
    assert run_retention(settings, Policy(builds=2)) == 3
    assert left() == [4, 5]


@pytest.mark.parametrize(("newer", "gone"), [(5, 0), (6, 5)])
def test_a_release_that_readiness_may_read_stays(
    newer: int, gone: int, store: Path, settings: Settings
) -> None:
    record_branch()
    record_main()
    run("UPDATE job SET release = '1.0' WHERE name = 'branch'")
    for number in range(1, newer + 1):
        record(f"later {number}", 1, TODAY, login="P")
        run("UPDATE job SET release = ? WHERE name = ?", f"1.{number}", f"later {number}")
    assert run_retention(settings) == gone


def test_builds_without_their_results_are_no_basis(store: Path, settings: Settings) -> None:
    record_branch()
    record_main()
    run_retention(settings)
    run("UPDATE job SET release = CASE name WHEN 'branch' THEN '1.0' ELSE '1.1' END")
    assert (judged("1.1").builds_before, judged("1.0").builds) == (0, 0)


@pytest.mark.parametrize("policy", [AGED, Policy(builds=2)], ids=["by age", "by number"])
def test_what_was_said_of_it_stays(policy: Policy, settings: Settings) -> None:
    with fresh_store():
        record_branch()
        record_main()
        before = _said()
        assert run_retention(settings, policy) > 2
        assert _said() == before
        run("UPDATE job SET revision = revision")
        rebuild()
        assert _said() == before


def _said() -> list[object]:
    columns = (
        "number, regressions, new_failures, fixed, suspects, expected, missing, added, judging"
    )
    return [
        *run(f"SELECT {columns} FROM build ORDER BY job_id, number"),
        *run(
            "SELECT job_id, case_id, from_build, until_build, state FROM episode ORDER BY 1, 2, 3"
        ),
    ]


def come_back(settings: Settings, policy: Policy = AGED, **letters: str) -> None:
    """The branch is let go, and built again."""
    record_branch()
    record_main()
    assert run_retention(settings, policy) > 2
    record("branch", 6, TODAY, **letters)


def test_a_job_that_comes_back_is_judged_by_what_is_there(store: Path, settings: Settings) -> None:
    come_back(settings, login="F", search="F", fresh="P")
    record("first", 1, TODAY, login="F", search="F", fresh="P")
    # No build before tells how often its tests fail, which were expected, or which are new.
    now, first = build("branch", "6"), build("first", "1")
    assert now.judging is not None
    assert first.judging is not None
    assert now.judging.limits.mix == first.judging.limits.mix
    assert (now.expected, now.added) == (0, 0)


def test_what_was_broken_when_it_was_over_goes_on(store: Path, settings: Settings) -> None:
    come_back(settings, login="F", search="P")
    assert build("branch", "6").still_failing == 1
    assert (3,) in run(
        "SELECT b.number FROM episode e JOIN build b ON b.id = e.since_build"
        " WHERE e.until_build IS NULL"
    )


def test_what_passed_before_is_no_new_failure_when_it_comes_back(
    store: Path, settings: Settings
) -> None:
    come_back(settings, login="F", search="F")
    record("branch", 7, TODAY + DAY, login="F", search="F")
    record("branch", 8, TODAY + 2 * DAY, login="F", search="F")
    counted = run("SELECT sum(new_failures), sum(regressions) FROM build WHERE number > 5")
    assert counted == [(0, 1)]


@pytest.mark.parametrize("policy", [AGED, Policy(builds=2)], ids=["by age", "by number"])
def test_a_job_that_came_back_is_judged_again_to_the_same(
    policy: Policy, settings: Settings
) -> None:
    with fresh_store():
        come_back(settings, policy, login="P", search="F")
        before = list(lines())
        rebuild()
        assert list(lines()) == before
        upload("branch", 6, report("more.xml", suite="more", more="P"))
        assert build("branch", "6").totals.total == 3


@pytest.mark.parametrize("policy", [AGED, Policy(builds=2)], ids=["by age", "by number"])
def test_an_export_says_the_same_elsewhere(policy: Policy, settings: Settings) -> None:
    with fresh_store():
        come_back(settings, policy, login="P", search="F")
        expected, export = list(lines()), list(exported(Selection(("*",)), now=NOW))
    with fresh_store():
        import_lines(export, now=NOW)
        judge_all()
        assert list(lines()) == expected


def test_nothing_is_found_in_it(store: Path, settings: Settings) -> None:
    come_back(settings, Policy(builds=2, spool_days=1), login="P", search="F")
    close_store()
    found = {each.check for each in found_by(settings).findings}
    assert not found - {"consistency.spool.missing", "integrity.identity.failure"}  # made by tests


def test_the_site_has_a_job_that_is_over(store: Path, settings: Settings, tmp_path: Path) -> None:
    record_branch()
    record_main()
    run_retention(settings)
    publish(tmp_path / "output", renderer(), newest=60, keep=3, now=NOW)
    site = (tmp_path / "output/site").resolve()
    assert list(broken_links(site)) == []
    assert (site / "jobs/branch/builds/5/index.html").exists()


def test_pages_show_a_job_that_is_over(client: FlaskClient, settings: Settings) -> None:
    record_branch()
    record_main()
    run_retention(settings)
    for page in ("/", "/jobs/branch/", "/jobs/branch/builds/5/", "/jobs/branch/builds/5/run/"):
        assert client.get(page).status_code == 200
    assert client.get("/compare/?a=branch&b=main").status_code == 404
    assert "were let go" in client.get("/jobs/branch/builds/5/").text
