"""Flaky cases over all jobs: rate, interval, and since when."""

from __future__ import annotations

import pytest

from tests.factories import age, history, jenkins, key_of
from tracker.queries.flaky import count_flaky, flaky, flaky_after
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

OFTEN = " ".join("PPFPPPFPPPPFPPPPFPPPPFPPPPFP")
SELDOM = " ".join("PPPPPPPFPPPPPPPPFPPPPPPPPFPP")


def two() -> None:
    history("nightly", often=OFTEN, seldom=SELDOM, never=" ".join("P" * 28))


def test_cases_that_fail_now_and_then_are_listed_the_surest_first() -> None:
    two()
    assert [row.name for row in flaky(limit=9)] == ["often", "seldom"]


def test_a_row_has_its_rate_with_denominator_and_interval() -> None:
    two()
    row = flaky(limit=1)[0]
    assert (row.job, row.key, row.bad, row.as_of) == ("nightly", key_of("often"), 6, "27")
    assert row.runs == 27
    assert row.low < row.rate < row.high


def test_a_job_out_of_use_has_no_flaky_cases() -> None:
    two()
    run("UPDATE job SET standing = 'disabled'")
    assert (count_flaky(), flaky(limit=9)) == (0, [])


def test_a_job_that_was_not_built_for_long_has_no_flaky_cases() -> None:
    two()
    age(10)
    history("young", login="P")
    assert (count_flaky(), flaky(limit=9), flaky_after("", -1, 9)) == (0, [], [])


def builds_without(case: str, count: int, *, first: int = 29) -> None:
    """Builds in which all cases ran but one, after those of `two`."""
    others = {name: "P " * count for name in ("often", "seldom", "never") if name != case}
    history("nightly", first=first, **others)


def test_a_case_that_ran_no_more_lately_is_flaky_no_more() -> None:
    two()
    builds_without("often", 9)
    assert (count_flaky(), [row.name for row in flaky(limit=9)]) == (2, ["often", "seldom"])
    builds_without("often", 1, first=38)
    assert (count_flaky(), [row.name for row in flaky(limit=9)]) == (1, ["seldom"])
    assert [row.name for row in flaky_after("", -1, 9)] == ["seldom"]


def test_a_case_that_comes_back_is_flaky_again() -> None:
    two()
    builds_without("often", 10)
    history("nightly", first=39, often="P", seldom="P", never="P")
    assert [row.name for row in flaky(limit=9)] == ["often", "seldom"]


def test_builds_without_results_take_no_flaky_case_away() -> None:
    two()
    for number in range(29, 45):
        jenkins("nightly", number, result="FAILURE")
    assert count_flaky() == 2


def test_what_ran_in_another_job_does_not_count() -> None:
    two()
    builds_without("often", 10)
    history("other", often="P P")
    assert [row.name for row in flaky(limit=9)] == ["seldom"]


def test_pages_by_key_have_each_row_once() -> None:
    two()
    history("other", often=OFTEN)
    found, job, case = [], "", -1
    while rows := flaky_after(job, case, 1):
        found.append((rows[0].job, rows[0].name))
        job, case = rows[0].job, int(rows[0].key, 16)
    assert sorted(found) == [("nightly", "often"), ("nightly", "seldom"), ("other", "often")]
