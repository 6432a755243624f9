"""Flaky cases over all jobs: rate, interval, and since when."""

from __future__ import annotations

import pytest

from tests.factories import history, key_of
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


def test_pages_by_key_have_each_row_once() -> None:
    two()
    history("other", often=OFTEN)
    found, job, case = [], "", -1
    while rows := flaky_after(job, case, 1):
        found.append((rows[0].job, rows[0].name))
        job, case = rows[0].job, int(rows[0].key, 16)
    assert sorted(found) == [("nightly", "often"), ("nightly", "seldom"), ("other", "often")]
