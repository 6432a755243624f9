"""The pages of missing tests, and what other pages say of them."""

from __future__ import annotations

import pytest

from tests.factories import history, jenkins, key_of, report, upload
from tests.pages.reading import words
from tracker.errors import NotFound
from tracker.pages import BY_NAME, missing
from tracker.site.links import live_linker
from tracker.site.render import renderer

pytestmark = pytest.mark.usefixtures("store")

STAYS = "P " * 9 + "P"
GOES = "P " * 9 + "."


def html(name: str, **params: str) -> str:
    page = BY_NAME[name]
    return renderer().html(page, params, page.show(**params), live_linker(), live=True)


def many(count: int) -> None:
    names = {f"case {each:04}": "P" for each in range(count)}
    for number in range(1, 9):
        upload(
            "a",
            number,
            report("a.xml", stays="P"),
            report("b.xml", suite="b", **names),
            complete=True,
        )
    upload("a", 9, report("a.xml", stays="P"), complete=True)


def test_without_jobs_there_is_one_empty_page() -> None:
    page = missing.show()
    assert (page.builds, page.judged) == ((), 0)
    assert list(missing.every(60)) == [{"page": "1"}]
    with pytest.raises(NotFound):
        missing.show("2")


def test_a_build_is_shown_with_its_losses_and_their_cases() -> None:
    history("a", stays=STAYS, goes=GOES)
    [row] = missing.show().builds
    [loss] = row.losses
    assert (row.build.label, row.total, row.shown) == ("10", 1, 1)
    assert [case.key for case in loss.cases] == [key_of("goes")]


def test_a_loss_of_many_cases_is_shown_in_part_and_in_full_on_its_own_pages() -> None:
    many(501)
    [row] = missing.show().builds
    assert (row.shown, row.total) == (missing.CASES, 501)
    first, second = missing.absences("a", "9"), missing.absences("a", "9", "2")
    assert (first.lacking.shown, second.lacking.shown) == (500, 1)
    assert [params["page"] for params in missing.every_absence(60)] == ["1", "2"]
    with pytest.raises(NotFound):
        missing.absences("a", "9", "3")


def test_small_losses_are_not_hidden_by_a_large_one() -> None:
    many(300)
    upload("a", 10, report("a.xml", other="P"), complete=True)
    [row] = missing.show().builds
    assert [bool(loss.cases) for loss in row.losses] == [True, True]


def test_a_build_that_lacks_nothing_has_an_empty_page() -> None:
    history("a", stays=STAYS)
    assert missing.absences("a", "10").lacking.losses == ()
    assert list(missing.every_absence(60)) == []
    assert "Nothing that was expected is missing" in html("absences", job="a", build="10")


def test_the_page_of_a_build_says_what_it_lacks() -> None:
    history("a", stays=STAYS, goes=GOES)
    page = html("build", job="a", build="10")
    assert '<a href="#missing">1 of 2 expected missing</a>' in page
    assert "1 of 2 expected tests did not run: 1 removed." in page
    assert f"cases/{key_of('goes')}/" in page


def test_the_page_of_an_incomplete_build_says_that_missing_tests_are_not_judged_yet() -> None:
    history("a", stays=STAYS, goes=STAYS)
    upload("a", 11, report(stays="P"))
    assert "Missing tests are not judged yet" in html("build", job="a", build="11")


def test_home_is_not_silent_where_all_that_ran_passed() -> None:
    history("a", stays=STAYS, goes=GOES)
    history("b", stays=STAYS)
    page = html("home")
    assert ">1 is missing</a>" in page
    assert "1 of 2 expected tests did not run: 1 removed." in page
    assert page.index("jobs/a/") < page.index("jobs/b/")


def test_the_page_of_a_job_notes_builds_that_lack_tests() -> None:
    history("a", stays=STAYS, goes=GOES)
    assert "1 of 2 expected</span>" in html("job", job="a")


def test_the_page_of_a_case_says_why_it_is_missing() -> None:
    history("a", stays=STAYS, goes=GOES)
    page = html("case", job="a", case=key_of("goes"))
    assert "Expected in #10" in page
    assert "Nothing else explains why" in page


def test_the_page_of_a_renamed_case_links_its_new_name() -> None:
    names = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")
    for number in range(1, 11):
        suite = "com.shop.CartTest" if number < 10 else "com.shop.cart.CartTest"
        upload("a", number, report(suite=suite, **names), complete=True)
    old, new = (key_of("caseA", suite) for suite in ("com.shop.CartTest", "com.shop.cart.CartTest"))
    page = html("case", job="a", case=old)
    assert "It is now called" in page
    assert f"{new}/" in page
    assert "It was called" in html("case", job="a", case=new)


def test_a_job_that_lacks_all_results_is_told_for_as_long_as_it_does() -> None:
    history("a", stays=STAYS)
    history("b", stays=STAYS)
    for number in range(11, 20):
        jenkins("a", number, result="FAILURE")
    page = missing.show()
    assert (page.builds, page.judged, page.silent) == ((), 2, 1)
    text = words(html("missing"))
    assert "Nothing went missing in the newest complete judged build of 1 job." in text
    assert "1 job has no results in its newest complete judged build, and had some" in text


def test_what_a_build_without_results_is_said_to_lack_is_told_once() -> None:
    history("a", stays=STAYS)
    jenkins("a", 11, result="FAILURE")
    page = missing.show()
    assert (len(page.builds), page.silent) == (1, 0)
