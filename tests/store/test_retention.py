"""Letting results go changes no verdict, can stop anywhere, and leaves the counts."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.factories import DAY, NOW, cluster_all, jenkins, judge_all, report, upload
from tests.factories import record as stored_again
from tests.store.fresh import fresh_store
from tracker.errors import Conflict, NotFound
from tracker.operations.retention import horizon, rules
from tracker.operations.retention.plan import job_ids, plan_job
from tracker.operations.retention.rules import Policy
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.explain import explain
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store import (
    build_verdicts,
    connection,
    families,
    lost,
    missing,
    outcomes,
    paces,
    reclustering,
    retention,
    unreferenced,
)
from tracker.store.identity import key
from tracker.store.judging import judge_from, rebuild
from tracker.store.models import database
from tracker.store.outcomes import Place
from tracker.store.records import BuildFacts
from tracker.store.sql import run

ONE = Policy(builds=1)


def let_go(policy: Policy = ONE, now: int = NOW) -> int:
    """Let all go that a policy lets go; how many builds that are."""
    count = 0
    for job in job_ids():
        found = plan_job(job, policy, now=now).plan
        count += len(found.builds)
        if found.builds:
            assert retention.mark(found, now=now)
    for each in retention.unfinished():
        while retention.clear(each):
            pass
    return count


def gone() -> set[int]:
    """The numbers of the builds whose results were let go."""
    return {number for (number,) in run("SELECT number FROM build WHERE let_go IS NOT NULL")}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of judging that a history of some builds outgrows."""
    shorten(monkeypatch)


def _windows(*sizes: int) -> tuple[Any, ...]:
    counts = [counts for counts, _ in horizon._WINDOWS]
    return tuple(zip(counts, sizes, strict=True))


def shorten(patch: pytest.MonkeyPatch) -> None:
    for module, names in (
        (outcomes, {"LOOK": 8, "REMEMBERED": 12, "BEFORE": 5}),
        (build_verdicts, {"LOOK": 8, "BEFORE": 5}),
        (missing, {"LOOK": 6}),
        (lost, {"LOOK": 6}),
        (paces, {"BUILDS": 6}),
        (horizon, {"_WINDOWS": _windows(10, 8, 8, 8, 3)}),
        (rules, {"LEAST": 4}),
    ):
        for name, value in names.items():
            patch.setattr(module, name, value)


# What judging says of builds is the same with and without their past.

OF_JOBS = ("job", "episode", "break window", "pace")
CASES = ("a", "b", "c", "d", "e")
LETTERS = st.sampled_from("PPPPPPFFS.")


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, str]]:
    """Builds of five cases, each with runs of its own of passes, failures and gaps."""
    size = draw(st.integers(26, 44))
    rows = {}
    for case in CASES:
        runs = draw(st.lists(st.tuples(LETTERS, st.integers(1, 14)), min_size=3, max_size=9))
        row = "".join(letter * length for letter, length in runs)
        rows[case] = (row * size)[:size]
    return [{case: row[at] for case, row in rows.items() if row[at] != "."} for at in range(size)]


def record(number: int, ran: dict[str, str]) -> None:
    result = "ABORTED" if number % 11 == 5 else "UNSTABLE"
    reports = [report(message="it failed", **ran)] if ran else []
    jenkins("nightly", number, *reports, result=result, started=NOW + number * DAY)


def said(numbers: set[int]) -> list[dict[str, Any]]:
    """What the canonical state says of these builds, and the episodes of the job."""
    rows = [json.loads(line) for line in lines()]
    of_jobs = [
        {name: value for name, value in row.items() if name != "evidence"}
        for row in rows
        if row["kind"] in OF_JOBS
    ]
    of_builds = [row for row in rows if row["kind"] not in OF_JOBS]
    return of_jobs + [row for row in of_builds if row.get("number", row.get("build")) in numbers]


EXAMPLES = {
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def check_that_verdicts_stay(history: list[dict[str, str]], cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        with fresh_store():
            for number, ran in enumerate(history, 1):
                record(number, ran)
                if number in cuts:
                    cluster_all()
                    let_go()
            left = {number for number in range(1, len(history) + 1) if number not in gone()}
            found = said(left)
            rebuild()
            assert said(left) == found
        with fresh_store():
            for number, ran in enumerate(history, 1):
                record(number, ran)
            assert said(left) == found


CUTS = st.lists(st.integers(18, 40), min_size=1, max_size=3)


@examples(max_examples=3, **EXAMPLES)
@given(histories(), CUTS)
def test_verdicts_are_those_of_a_history_of_which_nothing_was_let_go(
    history: list[dict[str, str]], cuts: list[int]
) -> None:
    check_that_verdicts_stay(history, cuts)


@pytest.mark.nightly
@examples(max_examples=60, **EXAMPLES)
@given(histories(), CUTS)
def test_verdicts_are_those_of_many_such_histories(
    history: list[dict[str, str]], cuts: list[int]
) -> None:
    check_that_verdicts_stay(history, cuts)


@pytest.mark.nightly
def test_with_the_windows_as_they_are_verdicts_stay() -> None:
    history = [
        {
            case: "F" if (number * 7 + place * 13) % 97 < 3 else "P"
            for place, case in enumerate(CASES)
        }
        for number in range(1, 261)
    ]
    with fresh_store():
        for number, ran in enumerate(history, 1):
            record(number, ran)
            cluster_all()
            if number in (200, 230):
                let_go()
        left = {number for number in range(1, len(history) + 1) if number not in gone()}
        assert len(gone()) > 30
        found = said(left)
    with fresh_store():
        for number, ran in enumerate(history, 1):
            record(number, ran)
        assert said(left) == found


# What a build keeps, and what not.


def saved() -> bytes:
    """The store that is open, for `put_back`."""
    run("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(database.database).read_bytes()


def put_back(settings: Settings, data: bytes) -> None:
    """Open a store as it was saved, in the place of one that was there."""
    connection.close_store()
    settings.home.mkdir(parents=True, exist_ok=True)
    for path in settings.home.glob("tracker.db*"):
        path.unlink()
    settings.database.write_bytes(data)
    connection.open_store(settings.store)


def record_forty() -> None:
    """Forty builds of a job, of which the third to fifth broke a test."""
    for number in range(1, 41):
        told = report(message=f"in {number}", login="F" if number in (3, 4, 5) else "P", search="P")
        jenkins("nightly", number, told, started=NOW + number * DAY)
    cluster_all()


@functools.cache
def forty_builds() -> bytes:
    """A file with them; recorded once."""
    with fresh_store():
        record_forty()
        return saved()


@pytest.fixture
def forty(short: None, settings: Settings) -> Iterator[Path]:
    """A store with these forty builds."""
    if settings.database_url:
        connection.open_store(settings.store)
        record_forty()
    else:
        put_back(settings, forty_builds())
    yield settings.database
    connection.close_store()


def test_a_build_keeps_its_counts_and_reports_without_its_results(forty: Path) -> None:
    before = build("nightly", "3")
    let_go()
    after = build("nightly", "3")
    assert (after.totals, after.newly_broken) == (before.totals, before.newly_broken)
    assert after.let_go is not None
    for table in ("result", "attempt", "output", "suite_run", "sighting"):
        assert (
            run(f"SELECT 1 FROM {table} x JOIN build b ON b.id = x.build_id WHERE b.number = 3")
            == []
        )
    assert run("SELECT cases FROM report r JOIN build b ON b.id = r.build_id WHERE number = 3") == [
        (2,)
    ]


@pytest.mark.parametrize("late", ["P", "F"])
@pytest.mark.parametrize("replace", [True, False], ids=["another report", "one more"])
def test_a_late_report_takes_nothing_back_that_cannot_be_said_again(
    forty: Path, replace: bool, late: str
) -> None:
    retention.keep("nightly", "3")
    let_go()
    before = build("nightly", "3")
    assert before.newly_broken == 1
    told = report("r.xml" if replace else "s.xml", suite="t", late=late, later="P")
    stored_again(BuildFacts("nightly", 3), told, replace=replace)
    judge_all()
    rebuild()
    after = build("nightly", "3")
    failures = {"P": [], "F": ["late"]}[late]
    assert after.totals.passed == (2 if replace else 3) - len(failures)
    assert after.judging == before.judging is not None
    assert (after.newly_broken, after.expected) == (before.newly_broken, before.expected)
    assert (after.still_failing, after.not_judged) == (0, len(failures))
    listed = {each: results("nightly", "3", each, limit=9) for each in ("failed", "incident")}
    assert {each: [row.name for row in rows] for each, rows in listed.items()} == {
        "failed": failures,
        "incident": [],
    }


def test_nothing_goes_without_a_policy(forty: Path) -> None:
    assert let_go(Policy()) == 0
    assert let_go(Policy(spool_days=1)) == 0


def test_results_younger_than_the_age_stay(forty: Path) -> None:
    let_go(Policy(results_days=20), now=NOW + 30 * DAY)
    assert gone() == set(range(1, 10))


def test_either_of_age_and_number_keeps_results(forty: Path) -> None:
    let_go(Policy(results_days=1, builds=35), now=NOW + 90 * DAY)
    assert gone() == set(range(1, 6))


def test_a_build_that_somebody_keeps_stays(forty: Path) -> None:
    retention.keep("nightly", "2")
    let_go()
    assert 2 not in gone() >= {1, 3}
    assert retention.kept_builds() == [("nightly", "2")]
    retention.keep_no_longer("nightly", "2")
    let_go()
    assert 2 in gone()


def test_a_build_that_is_not_here_cannot_be_kept(forty: Path) -> None:
    with pytest.raises(NotFound, match="no build 99 of the job 'nightly'"):
        retention.keep("nightly", "99")


def test_a_build_without_its_results_cannot_be_kept(forty: Path) -> None:
    let_go()
    with pytest.raises(Conflict, match="build 1 of 'nightly' were let go"):
        retention.keep("nightly", "1")


def test_the_build_in_which_a_test_broke_that_still_fails_stays(store: Path, short: None) -> None:
    for number in range(1, 41):
        jenkins("nightly", number, report(login="F" if number > 3 else "P", search="P"))
    cluster_all()
    let_go()
    assert 4 not in gone() >= {1, 2, 5, 6}


def test_the_last_days_of_a_job_of_a_release_stay(forty: Path) -> None:
    run("UPDATE job SET release = '1.4'")
    assert let_go() == 0


def test_a_job_that_waits_to_be_judged_again_is_left(forty: Path) -> None:
    upload("nightly", 1, report("late.xml", late="F"))
    assert let_go() == 0
    judge_all()
    cluster_all()
    assert let_go() > 0


def test_failures_go_once_they_are_in_families(store: Path, short: None) -> None:
    for number in range(1, 41):
        jenkins("nightly", number, report(login="F" if number == 3 else "P"))
    let_go()
    assert 3 not in gone() >= {1, 2, 4}


def test_a_job_that_changed_since_the_plan_is_not_touched(forty: Path) -> None:
    plan = plan_job(job_ids()[0], ONE, now=NOW).plan
    upload("nightly", 41, report(login="P"), complete=True)
    assert not retention.mark(plan, now=NOW)
    assert gone() == set()


# Afterwards.


def test_results_of_a_build_go_in_steps_that_can_stop_anywhere(forty: Path) -> None:
    plan = plan_job(job_ids()[0], ONE, now=NOW).plan
    retention.mark(plan, now=NOW)
    expected = [line for line in lines() if '"kind":"episode"' in line or '"kind":"build"' in line]
    steps = 0
    while builds := retention.unfinished():
        retention.clear(builds[0], most=1)
        steps += 1
        judge_from(plan.job_id, Place(0, 0, 0))
    assert steps > len(plan.builds)
    found = [line for line in lines() if '"kind":"episode"' in line or '"kind":"build"' in line]
    assert [line.partition('"evidence"')[0] for line in found] == [
        line.partition('"evidence"')[0] for line in expected
    ]


def test_letting_go_again_changes_nothing(forty: Path) -> None:
    let_go()
    state = list(lines())
    assert (let_go(), retention.unfinished()) == (0, [])
    assert list(lines()) == state


def test_no_report_is_added_to_a_build_without_its_results(forty: Path) -> None:
    let_go()
    with pytest.raises(Conflict, match=r"build 1 of 'nightly' were let go on 20\d\d-"):
        upload("nightly", 1, report("more.xml", more="P"))
    assert build("nightly", "1").totals.total == 2


def test_the_same_report_again_is_known(forty: Path) -> None:
    let_go()
    assert upload("nightly", 1, report(message="in 1", login="P", search="P")).added == ()


def test_what_a_verdict_of_let_go_builds_rests_on_goes_and_its_sentence_stays(forty: Path) -> None:
    sentences = run("SELECT json_extract(evidence, '$.sentence') FROM episode ORDER BY from_build")
    let_go()
    rows = run("SELECT evidence FROM episode ORDER BY from_build")
    assert [(json.loads(text)["sentence"],) for (text,) in rows] == sentences
    assert {tuple(json.loads(text)) for (text,) in rows} == {("sentence",)}
    [(number,)] = run("SELECT case_id FROM episode LIMIT 1")
    with pytest.raises(NotFound, match="was let go with the results"):
        explain("nightly", key(number), "4")


def test_what_was_taken_back_of_such_builds_goes(forty: Path) -> None:
    run(
        "INSERT INTO overruled (job_id, case_id, from_build, state, was_unsteady, evidence, said,"
        " unsaid) SELECT 1, 5, id, 'flaky', false, '{}', 1, 2 FROM build WHERE number IN (1, 40)"
    )
    let_go()
    assert not retention.forget_overruled(10)
    assert run("SELECT b.number FROM overruled o JOIN build b ON b.id = o.from_build") == [(40,)]


def test_texts_that_nothing_refers_to_go(forty: Path) -> None:
    let_go()
    for found in unreferenced.find():
        unreferenced.forget(found)
    assert run("SELECT message FROM failure") == []
    assert run("SELECT count(*) FROM test_case") == [(2,)]


def test_a_text_that_is_recorded_again_meanwhile_stays(forty: Path) -> None:
    let_go()
    found = next(unreferenced.find())
    assert (found.table, len(found.ids)) == ("failure", 3)
    upload("nightly", 41, report(message="in 4", login="F"), complete=True)
    assert unreferenced.forget(found) == 2
    assert run("SELECT message FROM failure") == [("in 4",)]


def test_names_of_tests_and_suites_that_are_gone_go(store: Path, short: None) -> None:
    jenkins("nightly", 1, report(suite="old", once="P"))
    for number in range(2, 41):
        jenkins("nightly", number, report(login="P"))
    let_go()
    run("DELETE FROM last_pass")
    run("DELETE FROM absence")
    for found in unreferenced.find():
        unreferenced.forget(found)
    assert run("SELECT c.name, s.path FROM test_case c JOIN suite s ON s.id = c.suite_id") == [
        ("login", "s")
    ]
    assert run("SELECT path FROM suite") == [("s",)]


# Families.


def test_families_stay_when_all_are_made_anew(forty: Path) -> None:
    let_go()
    before = run("SELECT id, family_id, first, last FROM signature")
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    assert run("SELECT id, family_id, first, last FROM signature") == before != []


def test_signatures_of_an_older_algorithm_that_cannot_be_made_anew_stay(forty: Path) -> None:
    let_go()
    run("UPDATE signature SET algorithm = 'older'")
    assert not families.cluster_waiting((), now=NOW)
    assert run("SELECT DISTINCT algorithm FROM signature") == [("older",)]


def test_what_jenkins_tells_later_of_such_a_build_empties_no_family(forty: Path) -> None:
    let_go()
    before = run("SELECT * FROM appearance ORDER BY 1, 2")
    jenkins("nightly", 3, result="ABORTED", started=NOW + 3 * DAY)
    cluster_all()
    assert run("SELECT * FROM appearance ORDER BY 1, 2") == before != []
