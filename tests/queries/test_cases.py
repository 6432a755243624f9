"""One case build after build, and the jobs with their newest builds."""

from __future__ import annotations

import dataclasses

import pytest

from tests.factories import history, jenkins, key_of, record, report, upload
from tests.queries.growth import rows_read
from tracker.errors import NotFound
from tracker.queries import cases, jobs
from tracker.queries.details import Details
from tracker.store.identity import id_of
from tracker.store.jobs import track_job
from tracker.store.records import BuildFacts

pytestmark = pytest.mark.usefixtures("store")


def told(job: str = "nightly", case: str = "login") -> list[tuple[int, str | None, str]]:
    rows = cases.history(job, key_of(case), limit=99)
    return [(row.build.number, row.status, row.verdict) for row in rows]


def test_a_history_has_every_build_newest_first_with_its_gaps() -> None:
    history("nightly", login="P . F S P P", other="P P P P P P")
    assert told() == [
        (6, "passed", "fixed"),
        (5, "passed", "recovering"),
        (4, "skipped", ""),
        (3, "failed", "regression"),
        (2, None, ""),
        (1, "passed", ""),
    ]


def test_a_history_is_read_in_pages() -> None:
    history("nightly", login="P P P P P")
    rows = cases.history("nightly", key_of("login"), limit=2, offset=2)
    assert [row.build.number for row in rows] == [3, 2]


def test_a_history_for_programs_leaves_the_gaps_out() -> None:
    history("nightly", login="P . P P", other="P P P P")
    rows = cases.history_before("nightly", key_of("login"), (0, 4), 9)
    assert [row.build.number for row in rows] == [3, 1]


def test_a_history_tells_texts_and_outputs() -> None:
    history("nightly", login="F")
    [row] = cases.history("nightly", key_of("login"), limit=9)
    assert (row.message, row.trace, row.stdout) == ("it failed", "at a.b.c", "output of login")


def test_a_history_tells_attempts() -> None:
    made = report(login="P")
    tries = [(id_of(key_of("login")), 1, 1, 250, None)]
    contents = dataclasses.replace(made.contents, attempts=tries)
    record(BuildFacts("nightly", 1), dataclasses.replace(made, contents=contents))
    [row] = cases.history("nightly", key_of("login"), limit=9)
    assert [(each.n, each.status, each.duration) for each in row.attempts] == [(1, "failed", 0.25)]


def test_a_history_goes_on_over_an_aborted_build() -> None:
    jenkins("nightly", 1, report(login="P"))
    jenkins("nightly", 2, report(login="F"), result="ABORTED")
    jenkins("nightly", 3, report(login="F"))
    assert told() == [(3, "failed", "regression"), (2, "failed", ""), (1, "passed", "")]


def test_a_case_is_known_by_its_key() -> None:
    upload("nightly", 1, report(suite="shop", variant="os=linux", login="P"))
    found = cases.case("nightly", key_of("login", "shop", "os=linux"))
    assert (found.suite, found.name, found.variant) == (("shop",), "login", "os=linux")


@pytest.mark.parametrize("key", ["", "xyz", "f" * 16, "0" * 16, "-1", "9" * 40])
def test_a_case_that_never_ran_is_told_in_words(key: str) -> None:
    upload("nightly", 1, report(login="P"))
    with pytest.raises(NotFound, match="ran in the job 'nightly'"):
        cases.case("nightly", key)


def test_a_case_of_another_job_is_none_of_this() -> None:
    upload("smoke", 1, report(login="P"))
    upload("nightly", 1, report(other="P"))
    with pytest.raises(NotFound):
        cases.case("nightly", key_of("login"))


def test_cases_that_did_not_always_pass_lately() -> None:
    history("nightly", early="F P P", late="P P S", fine="P P P")
    assert cases.not_always_passed("nightly", 2) == [key_of("late")]
    assert cases.not_always_passed("nightly", 3) == sorted([key_of("late"), key_of("early")])


# Jobs.


def test_a_job_is_shown_by_its_newest_judged_build_and_a_newer_one_that_is_not() -> None:
    history("nightly", login="P F")
    jenkins("nightly", 3, result=None)
    for row in (jobs.job("nightly"), jobs.jobs()[0]):
        assert row.latest is not None
        assert row.unjudged is not None
        assert (row.latest.number, row.unjudged.number) == (2, 3)


def test_an_older_unjudged_build_is_not_shown_as_newer() -> None:
    jenkins("nightly", 1, result="ABORTED")
    jenkins("nightly", 2)
    assert jobs.job("nightly").unjudged is None


def test_a_job_without_builds_has_no_newest_build() -> None:
    track_job("empty")
    row = jobs.job("empty")
    assert (row.latest, row.unjudged) == (None, None)


def test_jobs_come_by_name_and_in_pages() -> None:
    for name in ("c", "a", "b/x", "d"):
        upload(name, 1)
    assert [row.name for row in jobs.jobs()] == ["a", "b/x", "c", "d"]
    assert [row.name for row in jobs.jobs_after("a", 2)] == ["b/x", "c"]


def test_a_job_nobody_knows_is_told_in_words() -> None:
    with pytest.raises(NotFound, match=r"'gone'.*job list"):
        jobs.job("gone")


def test_revisions_are_told_for_each_job_and_the_whole() -> None:
    upload("a", 1)
    upload("b", 1)
    assert jobs.revisions() == {"": 2, "a": 1, "b": 2}
    assert jobs.revision("gone") == 0


def test_a_history_tells_what_the_report_told_beyond_the_outcome() -> None:
    made = report(login="F")
    told = '{"file":"a.py","line":7,"properties":[["k","v"]]}'
    [row] = made.contents.results
    contents = dataclasses.replace(made.contents, results=[(*row[:4], 5)], details={5: told})
    upload("nightly", 1, dataclasses.replace(made, contents=contents))
    upload("nightly", 2, report(login="P"))
    newer, older = cases.history("nightly", key_of("login"), limit=9)
    assert older.details == Details(file="a.py", line=7, properties=(("k", "v"),))
    assert newer.details == Details()


def test_a_page_of_history_costs_the_same_however_long_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = report(login="P")
    tries = [(id_of(key_of("login")), 1, 1, 250, None)]
    tried = dataclasses.replace(made, contents=dataclasses.replace(made.contents, attempts=tries))
    read: list[int] = []
    for number in range(1, 10):
        upload("nightly", number, tried, complete=True)
        if number in (5, 9):
            assert [len(row.attempts) for row in two_newest()] == [1, 1]
            read.append(rows_read(monkeypatch, two_newest))
    assert read[0] == read[1]


def two_newest() -> list[cases.HistoryRow]:
    return cases.history("nightly", key_of("login"), limit=2)
