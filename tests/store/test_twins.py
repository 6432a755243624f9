"""Reports of one build that tell of the same run: their tests are counted once."""

from __future__ import annotations

import itertools

import pytest

from tests.factories import record
from tracker.queries.dump import lines
from tracker.store import identity
from tracker.store.merge import Merged, merge, totals
from tracker.store.records import BuildFacts, Contents, ReadReport
from tracker.verdicts.outcomes import Status

STATUS = {status.name[0]: status for status in Status}


def told(
    name: str,
    *results: tuple[str, str, str, int | None],
    format: str = "junit",
    variant: str = "",
    tries: tuple[tuple[str, str], ...] = (),
    rerun: bool = False,
) -> ReadReport:
    """A report of (suite path, name, letter of its status, ms); `tries` are (name, letter)."""
    suites: dict[int, str] = {}
    cases: dict[int, tuple[int, str]] = {}
    rows = []
    ids = {}
    for path, case_name, letter, ms in results:
        suite = identity.suite_id(tuple(path.split(" > ")))
        suites[suite] = path.replace(" > ", identity.SUITE_SEPARATOR)
        case = identity.case_id(suite, case_name, variant)
        cases[case] = (suite, case_name)
        ids[case_name] = case
        rows.append((case, int(STATUS[letter]), ms, None, None))
    attempts = [
        (ids[case_name], n, int(STATUS[letter]), None, None)
        for n, (case_name, letter) in enumerate(tries, start=1)
    ]
    contents = Contents(suites, cases, rows, attempts=attempts, variant=variant)
    digest = f"{identity.number(repr((name, results, tries, variant))):064x}"
    return ReadReport(name, digest, 1, variant, format, 1, contents=contents, rerun=rerun)


def passing(path: str, *names: str, first_ms: int = 0) -> list[tuple[str, str, str, int | None]]:
    """Passing tests of one class; with `first_ms` each takes longer than the one before."""
    return [(path, name, "P", first_ms and first_ms + 7 * n) for n, name in enumerate(names)]


def count(*reports: ReadReport) -> int:
    return totals(merge(reports).results)["total"]


def test_the_same_run_in_two_formats_is_counted_once() -> None:
    junit = told("a.xml", *passing("com.acme.FooTest", "one", "two"))
    testng = told("b.xml", *passing("All > Fast > com.acme.FooTest", "one", "two"), format="testng")
    assert count(junit, testng) == 2


def test_a_build_says_that_it_counts_a_run_once() -> None:
    junit = told("a.xml", *passing("FooTest", "one", "two"))
    testng = told("b.xml", *passing("All > FooTest", "one", "two"), format="testng")
    [said] = merge([junit, testng]).overlaps.items()
    assert said == (
        "b.xml",
        "It tells of a run that another report tells of too; these tests are counted once, the"
        " worse status kept: 2 as in a.xml.",
    )


def test_tests_that_only_one_of_them_tells_of_are_counted_too() -> None:
    junit = told("a.xml", *passing("FooTest", "one", "two", "three", "four"))
    other = told(
        "b.xml", *passing("x > FooTest", "one", "two", "three", "four", "five"), format="t"
    )
    assert count(junit, other) == 5


def test_the_worse_status_of_a_test_told_twice_is_kept() -> None:
    names = [str(n) for n in range(10)]
    junit = told("a.xml", *passing("FooTest", *names[:-1]), ("FooTest", "9", "P", 0))
    other = told(
        "b.xml", *passing("x > FooTest", *names[:-1]), ("x > FooTest", "9", "E", 0), format="t"
    )
    assert totals(merge([junit, other]).results) == {
        "total": 10,
        "passed": 9,
        "error": 1,
        "failed": 0,
        "skipped": 0,
        "unknown": 0,
    }


def test_reports_whose_tests_ended_otherwise_are_two_runs() -> None:
    one = told("a.xml", ("FooTest", "one", "P", 1), ("FooTest", "two", "P", 1))
    other = told(
        "b.xml", ("x > FooTest", "one", "F", 1), ("x > FooTest", "two", "F", 1), format="t"
    )
    assert count(one, other) == 4


def test_reports_that_share_a_few_names_are_two_runs() -> None:
    one = told("a.xml", *passing("FooTest", "one", "a", "b", "c"))
    other = told("b.xml", *passing("x > FooTest", "one", "d", "e", "f"), format="t")
    assert count(one, other) == 8


def test_reports_whose_times_are_far_apart_are_two_runs() -> None:
    one = told("a.xml", *passing("FooTest", "one", "two", first_ms=100))
    other = told("b.xml", *passing("x > FooTest", "one", "two", first_ms=900), format="t")
    assert count(one, other) == 4


def test_reports_of_two_variants_are_two_runs() -> None:
    one = told("a.xml", *passing("FooTest", "one", "two"), variant="browser=firefox")
    other = told("b.xml", *passing("x > FooTest", "one", "two"), format="t", variant="browser=edge")
    assert count(one, other) == 4


def test_two_junit_reports_with_the_same_times_are_one_run() -> None:
    names = [str(n) for n in range(6)]
    one = told("TEST-FooTest.xml", *passing("FooTest", *names, first_ms=31))
    other = told("Suite/Test.xml", *passing("Test > FooTest", *names, first_ms=31))
    assert count(one, other) == 6


def test_two_browsers_are_two_runs_though_their_tests_are_the_same() -> None:
    names = [str(n) for n in range(6)]
    one = told("chromium.xml", *passing("chromium > login", *names, first_ms=31))
    other = told("firefox.xml", *passing("firefox > login", *names, first_ms=44))
    assert count(one, other) == 12


def test_two_runs_of_tests_too_fast_to_measure_are_not_taken_for_one() -> None:
    names = [str(n) for n in range(500)]
    one = told("chromium.xml", *[("a > x", name, "P", 1) for name in names])
    other = told("firefox.xml", *[("b > x", name, "P", 1) for name in names])
    assert count(one, other) == 1000


def test_data_rows_of_a_method_are_paired_whatever_they_are_called() -> None:
    one = told("a.xml", ("T", "add[1]", "P", 5), ("T", "add[2]", "F", 9))
    other = told(
        "b.xml", ("x > T", "add(3, 4)", "F", 9), ("x > T", "add(1, 2)", "P", 5), format="t"
    )
    assert totals(merge([one, other]).results)["total"] == 2
    assert totals(merge([one, other]).results)["failed"] == 1


def test_three_forms_of_one_run_are_counted_once() -> None:
    names = ["one", "two", "three"]
    reports = [
        told("Suite/Test.xml", *passing("Test > a.Foo", *names)),
        told("junit/TEST-a.Foo.xml", *passing("a.Foo", *names)),
        told("testng-results.xml", *passing("Suite > Test > a.Foo", *names), format="testng"),
    ]
    assert {count(*order) for order in itertools.permutations(reports)} == {3}


def test_the_small_files_of_a_folder_are_judged_together() -> None:
    """One of two tests of the second class is told by one format alone."""
    junit = [
        told("j/TEST-A.xml", *passing("A", *"abcdefgh")),
        told("j/TEST-B.xml", *passing("B", "a", "setUp")),
    ]
    whole = told("t.xml", *passing("x > A", *"abcdefgh"), *passing("x > B", "a"), format="t")
    assert count(*junit, whole) == 10


def test_repeats_that_the_other_report_tells_as_attempts_are_attempts() -> None:
    junit = told("a.xml", ("T", "x", "S", 1), ("T", "x #2", "P", 1), ("T", "y", "P", 1))
    other = told(
        "b.xml", ("s > T", "x", "P", 1), ("s > T", "y", "P", 1), format="t", tries=(("x", "F"),)
    )
    merged = merge([junit, other])
    assert totals(merged.results)["passed"] == totals(merged.results)["total"] == 2
    assert kept_names(merged, junit) == {"x", "y"}
    assert [attempt[1:3] for attempt in merged.attempts] == [(1, int(Status.FAILED))]


def kept_names(merged: Merged, report: ReadReport) -> set[str]:
    return {report.contents.cases[row[0]][1] for row in merged.results}


def test_a_rerun_decides_and_what_it_overrides_is_an_attempt() -> None:
    first = told("a.txt", ("T", "x", "F", None), ("T", "y", "P", None))
    again = told("re_run_a.txt", ("T", "x", "P", None), rerun=True)
    merged = merge([again, first])
    assert totals(merged.results)["passed"] == 2
    [attempt] = merged.attempts
    assert attempt[1:3] == (1, int(Status.FAILED))
    assert merged.overlaps == {
        "re_run_a.txt": "Tests run again, the last try decides: 1 first told in a.txt."
    }


def test_a_rerun_that_failed_again_stays_failed() -> None:
    first = told("a.txt", ("T", "x", "F", None))
    again = told("re_run_a.txt", ("T", "x", "F", None), rerun=True)
    assert totals(merge([first, again]).results)["failed"] == 1


def test_a_rerun_of_a_test_nobody_told_of_is_its_result() -> None:
    assert count(told("re_run_a.txt", ("T", "x", "P", None), rerun=True)) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_uploads_leaves_no_trace(store: object, order: tuple[int, ...]) -> None:
    reports = [
        told("Suite/Test.xml", *passing("Test > a.Foo", "one", "two")),
        told("junit/TEST-a.Foo.xml", *passing("a.Foo", "one", "two")),
        told("t.xml", *passing("Suite > Test > a.Foo", "one", "two"), format="testng"),
    ]
    spool = {report.sha256: report for report in reports}
    for place in order:
        upload_with(spool, reports[place])
    [build] = [line for line in lines() if '"kind":"build"' in line]
    assert '"total":2,' in build


def upload_with(spool: dict[str, ReadReport], report: ReadReport) -> None:
    from tests import factories

    factories.SPOOL.update(spool)
    record(BuildFacts("nightly", 1), report)


def test_time_outs_and_waits_make_no_run_of_two() -> None:
    one = told(
        "a.xml", ("chromium > login", "in", "F", 30_047), ("chromium > login", "out", "P", 412)
    )
    other = told(
        "b.xml", ("firefox > login", "in", "F", 30_048), ("firefox > login", "out", "P", 412)
    )
    assert count(one, other) == 4


def test_packages_that_differ_make_two_tests() -> None:
    unit = told("a.xml", *passing("tests.unit.test_api", "one", "two"))
    other = told("b.json", *passing("tests.integration.test_api", "one", "two"), format="t")
    assert count(unit, other) == 4


def test_names_that_one_format_leaves_out_do_not_matter() -> None:
    junit = told("a.xml", *passing("basket.spec.js > desktop", "till › opens", "till › closes"))
    other = told(
        "b.json", *passing("basket.spec.js > desktop > till", "opens", "closes"), format="t"
    )
    assert count(junit, other) == 2


def test_without_times_a_smaller_report_is_no_part_of_a_larger_one() -> None:
    small = told("a.tap", ("", "one", "P", None), ("", "two", "P", None), format="tap")
    large = told("b.xml", *passing("T", "one", "two", "three", "four"))
    assert count(small, large) == 6


def test_a_report_without_variant_goes_with_the_only_one_that_has_one() -> None:
    junit = told("junit.xml", *passing("pytest > a.T", "one", "two"))
    log = told("x.txt", *passing("pytest > a.T", "one", "two"), format="log", variant="topology=ha")
    merged = merge([junit, log])
    assert {row[0] for row in merged.results} == {row[0] for row in log.contents.results}


def test_a_report_without_variant_goes_with_none_of_two() -> None:
    junit = told("junit.xml", *passing("pytest > a.T", "one"))
    ha = told("x.txt", *passing("pytest > a.T", "one"), format="log", variant="topology=ha")
    lb = told("y.txt", *passing("pytest > a.T", "one"), format="log", variant="topology=lb")
    assert count(junit, ha, lb) == 3


def test_a_rerun_decides_over_a_test_that_two_reports_tell_of() -> None:
    junit = told("a.xml", ("s > T", "x", "F", None), ("s > T", "y", "P", None))
    log = told("b.txt", ("T", "x", "F", None), ("T", "y", "P", None), format="log")
    again = told("re_run_b.txt", ("T", "x", "P", None), format="log", rerun=True)
    merged = merge([junit, log, again])
    assert totals(merged.results)["passed"] == totals(merged.results)["total"] == 2


def test_equal_tests_count_for_one_run_too() -> None:
    equal = passing("T", "a", "b", "c")
    one = told("a.xml", *equal, *passing("x > T", "d", "e"))
    other = told("b.xml", *equal, *passing("T", "d", "e"), format="t")
    assert count(one, other) == 5
