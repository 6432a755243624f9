"""Two sides beside each other: which list each test is in, and what its row says."""

from __future__ import annotations

import dataclasses

import pytest

from tests.factories import history, jenkins, key_of, report, upload
from tests.site.rich import retried
from tracker.errors import UsageError
from tracker.queries import compare
from tracker.queries.compare import LISTS, ComparedCase
from tracker.store.identity import id_of
from tracker.store.records import ReadReport
from tracker.store.rules import add_name_rule

pytestmark = pytest.mark.usefixtures("store")


def names(a: str, b: str, which: str) -> list[str]:
    return [row.name for row in compare.rows(a, b, which, limit=999)]


def lists(a: str, b: str) -> dict[str, list[str]]:
    """The lists that have something."""
    return {which: found for which in LISTS if (found := names(a, b, which))}


def one(a: str, b: str, which: str) -> ComparedCase:
    [row] = compare.rows(a, b, which, limit=9)
    return row


def took(number: int, **milliseconds: int) -> None:
    """A build of the job `n` in which tests passed and took so long."""
    read = report(**dict.fromkeys(milliseconds, "P"))
    keys = {id_of(key_of(name)): time for name, time in milliseconds.items()}
    results = [
        (case, status, keys[case], failure, detail)
        for case, status, _, failure, detail in read.contents.results
    ]
    contents = dataclasses.replace(read.contents, results=results)
    upload("n", number, dataclasses.replace(read, contents=contents), complete=True)


def test_each_test_of_two_builds_is_in_the_list_of_what_it_did() -> None:
    history(
        "n",
        broke="P F",
        mended="E P",
        fails="F E",
        passes="P P",
        gone="P .",
        came=". P",
        off="P S",
        on="U P",
        never="S S",
    )
    assert lists("n/builds/1", "n/builds/2") == {
        "new": ["broke"],
        "fixed": ["mended"],
        "failing": ["fails"],
        "missing": ["gone"],
        "added": ["came"],
        "skipped": ["never", "off", "on"],
    }


def test_the_counts_add_up() -> None:
    history("n", a="P F", b="F P", c="F F", d="P P", e="P .", f=". P", g="P S", h="P P")
    counts = compare.compared("n/builds/1", "n/builds/2").counts
    both = counts.new + counts.fixed + counts.failing + counts.flaky + counts.passing
    assert counts.both == both == 5
    assert counts.total == counts.both + counts.missing + counts.added + counts.skipped == 8
    assert counts.passing == 2


def test_the_sentence_names_the_sides_and_its_denominators() -> None:
    history("team/n", a="P F", b="P P", c="P .")
    found = compare.compared("team/n/builds/1", "team/n")
    assert found.sentence == (
        "Of 2 tests that both ran: 1 fails only in team/n #2, 0 fixed, 0 still failing;"
        " 1 only in team/n #1."
    )


def test_a_row_tells_what_both_sides_did_and_what_the_failure_said() -> None:
    history("n", login="P F")
    row = one("n/builds/1", "n/builds/2", "new")
    assert (row.key, row.suite, row.job) == (key_of("login"), ("s",), "n")
    assert (row.before, row.after, row.message) == ("passed", "failed", "it failed")
    assert (row.seconds_before, row.seconds_after) == (0.5, 0.5)


def test_a_test_that_only_one_side_ran_leads_to_a_job_that_has_it() -> None:
    history("a", gone="P", login="P")
    history("b", came="P", login="P")
    assert one("a", "b", "missing").job == "a"
    assert one("a", "b", "missing").after is None
    assert one("a", "b", "added").job == "b"


def test_the_same_test_of_another_job_is_the_same_test() -> None:
    history("a", login="P")
    history("b", login="F")
    assert lists("a", "b") == {"new": ["login"]}


def test_slower_and_faster_tests_are_told_besides() -> None:
    took(1, slow=2000, fast=9000, same=5000, short=10)
    took(2, slow=4000, fast=5000, same=5900, short=900)
    assert lists("n/builds/1", "n/builds/2") == {"slower": ["slow"], "faster": ["fast"]}
    assert compare.compared("n/builds/1", "n/builds/2").counts.passing == 4


def test_a_test_that_passed_when_it_was_tried_again_is_set_apart() -> None:
    jenkins("n", 1, report("r", suite="r", login="F"))
    jenkins("n", 2, retried("r", "login"))
    assert lists("n/builds/1", "n/builds/2") == {"flaky": ["login"]}


def failed_thrice(name: str) -> ReadReport:
    """A test that failed in its earlier attempts and in the end."""
    read = retried(name, "login")
    [(case, _, duration, _, detail)] = read.contents.results
    failure = next(iter(read.contents.failures))
    results = [(case, 1, duration, failure, detail)]
    return dataclasses.replace(read, contents=dataclasses.replace(read.contents, results=results))


def test_a_test_that_failed_in_every_attempt_is_not_set_apart() -> None:
    jenkins("n", 1, report("r", suite="r", login="P"))
    jenkins("n", 2, failed_thrice("r"))
    assert lists("n/builds/1", "n/builds/2") == {"new": ["login"]}


FLAKY = "P F P P F P P P F P P F P P P F P P F P P P F P P F"


def test_a_test_that_is_known_as_flaky_is_set_apart() -> None:
    history("n", login=FLAKY, logout=" ".join("P" * 25 + "F"))
    assert names("n/builds/25", "n/builds/26", "flaky") == ["login"]
    assert names("n/builds/25", "n/builds/26", "new") == ["logout"]


def test_a_flaky_test_that_broke_is_a_new_failure() -> None:
    history("n", login=f"{FLAKY} P P F F F F F F F F F")
    assert names("n/builds/25", "n/builds/37", "new") == ["login"]


def test_the_best_of_builds_is_a_pass_where_there_was_one() -> None:
    history("n", once="F P F F", never="F F F F", broke="P P P F")
    assert lists("n/best/3", "n") == {"new": ["broke", "once"], "failing": ["never"]}


def test_of_the_builds_of_a_release_the_newest_result_that_counts_is_taken() -> None:
    add_name_rule("{release}/{module}")
    history("1/shop", login="F P S", gone="P . .")
    history("2/shop", login="P P F", gone=". . .")
    assert lists("release:1", "release:2") == {"new": ["login"], "missing": ["gone"]}


def test_of_several_jobs_of_a_release_the_worse_result_is_taken() -> None:
    add_name_rule("{release}/nightly-{platform}")
    for release, windows in (("1", "P"), ("2", "F")):
        history(f"{release}/nightly-linux", login="P")
        history(f"{release}/nightly-windows", login=windows)
    assert one("release:1", "release:2", "new").job == "2/nightly-windows"
    assert one("release:1", "release:2", "new").message == "it failed"


def test_rows_are_in_the_order_of_suite_and_name_and_can_be_cut() -> None:
    history("n", b="P F", a="P F", c="P F")
    assert names("n/builds/1", "n/builds/2", "new") == ["a", "b", "c"]
    assert len(compare.rows("n/builds/1", "n/builds/2", "new", limit=2)) == 2


def test_rows_by_key_come_once_each() -> None:
    history("n", **{f"case{place}": "P F" for place in range(7)})
    sides = ("n/builds/1", "n/builds/2", "new")
    seen: list[str] = []
    after = None
    while found := compare.rows_after(*sides, after=after, limit=3):
        seen += [row.key for row in found]
        after = id_of(seen[-1])
    assert seen == sorted(seen)
    assert len(set(seen)) == len(seen) == 7


def test_a_comparison_is_made_anew_when_something_is_recorded() -> None:
    history("n", login="P P")
    assert lists("n/builds/1", "n") == {}
    upload("n", 3, report(login="F"), complete=True)
    assert lists("n/builds/1", "n") == {"new": ["login"]}


def test_a_list_that_there_is_not_is_refused() -> None:
    history("n", login="P P")
    with pytest.raises(UsageError, match="nonsense"):
        compare.rows("n", "n", "nonsense", limit=1)
