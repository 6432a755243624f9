"""The page of a job's budget of false alarms."""

from __future__ import annotations

import pytest

from tests.factories import history
from tracker.errors import NotFound, UsageError
from tracker.pages import budget

pytestmark = pytest.mark.usefixtures("store")


def test_without_a_number_it_shows_what_was_said() -> None:
    history("nightly", login="P P P F")
    page = budget.show("nightly")
    assert (page.proposed, page.said) == (None, 1)
    assert [build.would_say for build in page.builds] == [None] * 4


def test_with_a_number_it_shows_what_that_would_have_said() -> None:
    history("nightly", login="P P P F")
    assert budget.show("nightly", "0.001").would_say == 0


@pytest.mark.parametrize("text", ["none", "0", "-1", "1e9", "nan"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    history("nightly", login="P")
    with pytest.raises(UsageError, match="budget"):
        budget.show("nightly", text)


def test_a_job_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFound):
        budget.show("nobody")


def test_the_static_site_has_one_for_each_job() -> None:
    history("a", login="P")
    history("b", login="P")
    assert [params["job"] for params in budget.every(60)] == ["a", "b"]
