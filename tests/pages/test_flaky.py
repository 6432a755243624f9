"""The page of flaky tests."""

from __future__ import annotations

import pytest

from tests.factories import history
from tracker.errors import NotFound
from tracker.pages import flaky

pytestmark = pytest.mark.usefixtures("store")


def test_a_flaky_test_is_listed_with_its_interval() -> None:
    history("nightly", often=" ".join("PPFPPPFPPPPFPPPPFPPPPFPPPPFP"))
    [row] = flaky.show().rows
    assert (row.name, row.bad) == ("often", 6)
    assert 0 < row.low < row.rate < row.high < 1


def test_without_flaky_tests_there_is_one_empty_page() -> None:
    assert flaky.show().rows == ()
    assert [params["page"] for params in flaky.every(60)] == ["1"]


def test_a_page_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="page 2"):
        flaky.show("2")
