"""The page of a job's budget of false alarms."""

from __future__ import annotations

import pytest

from tests.factories import history
from tests.pages.reading import words
from tracker.errors import NotFound, UsageError
from tracker.pages import BY_NAME, budget
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.verdicts.verdict import once_in

pytestmark = pytest.mark.usefixtures("store")


def test_without_a_number_it_shows_what_was_said() -> None:
    history("nightly", login="P P P F")
    page = budget.show("nightly")
    assert (page.proposed, page.said) == (None, 1)
    assert [build.would_say for build in page.builds] == [None] * 4


def test_with_a_number_it_shows_what_that_would_have_said() -> None:
    history("nightly", login="P P P F")
    assert budget.show("nightly", "0.001").would_say == 0


def words_of(**params: str) -> str:
    """The words of the page of the job `nightly`."""
    params = {"job": "nightly", **params}
    page = budget.show(**params)
    return words(renderer().html(BY_NAME["budget"], params, page, live_linker(), live=True))


def test_it_tells_both_limits_as_the_page_of_a_build_does() -> None:
    calm = {f"t{n}": " ".join("P" * 21) for n in range(60)}
    history("nightly", login=" ".join("P" * 20 + "F"), **calm)
    found = budget.show("nightly").judging
    assert found is not None
    seldom, often = once_in(found.limits.seldom), once_in(found.limits.often)
    assert seldom != often
    said = f"{seldom} ({often} for tests that failed twice or more before)"
    assert f"What fails is a regression here if chance does so at most {said}" in words_of()


def test_it_tells_both_limits_of_the_proposed_budget() -> None:
    history("nightly", login="P P P F")
    found = budget.show("nightly", "0.001").would_be
    assert found is not None
    said = f"{once_in(found.seldom)} ({once_in(found.often)} for tests that failed twice or more"
    assert f"with 0.001 a build, where chance does so at most {said}" in words_of(budget="0.001")


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
