"""The pages of families: those that fail now first, and one with all that is known of it."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, cluster_all, jenkins, key_of, report
from tests.pages.reading import words
from tracker.errors import NotFound
from tracker.pages import BY_NAME, build, case, families, family
from tracker.pages import page as paging_of
from tracker.store import decisions

pytestmark = pytest.mark.usefixtures("store")

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"


@pytest.fixture(autouse=True)
def _recorded(store: object) -> None:
    jenkins("weekly", 1, report(suite="login", message=LOGIN, c="F", d="P"), started=NOW)
    jenkins("weekly", 2, report(suite="login", message=LOGIN, c="P", d="P"), started=NOW + DAY)
    jenkins("nightly", 1, report(suite="disk", message=DISK, a="F", b="F"), started=NOW)
    cluster_all()


def test_families_that_fail_now_are_apart_from_those_that_do_not() -> None:
    view = families.show()
    assert [row.failures for row in view.failing] == [2]
    assert [row.failures for row in view.quiet] == [0]
    assert (view.now.failures, view.now.jobs, view.paging.total) == (2, 2, 2)


def test_a_page_that_is_not_there_is_told_in_words() -> None:
    with pytest.raises(NotFound, match="no page 2"):
        families.show("2")


def test_long_lists_are_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging_of, "ROWS", 1)
    monkeypatch.setattr(families, "ROWS", 1)
    assert [params["page"] for params in families.every(60)] == ["1", "2"]
    assert [row.failures for row in families.show("2").families] == [0]


def test_every_family_of_the_list_has_a_page_with_the_tests_that_fail() -> None:
    pages = [family.show(params["family"]) for params in family.every(60)]
    assert [[each.case.name for each in page.failing] for page in pages] == [["a", "b"], []]


def test_a_build_and_a_case_name_the_families_of_their_failures() -> None:
    [found] = build.show("nightly", "1").families
    assert found.failures == 2
    assert case.show("nightly", key_of("a", "disk")).family == found
    assert build.show("weekly", "2").families == ()
    assert case.show("weekly", key_of("d", "login")).family is None


def test_the_live_pages_tell_it_with_denominators_and_lead_there(client) -> None:  # type: ignore[no-untyped-def]
    text = words(client.get("/families/").text)
    assert "The newest judged builds of 2 jobs have 2 failures, of 1 cause, 1 of them new" in text
    assert "2 of 2 1 of 2" in text
    assert "of 1 cause, 1 of them new: no build before had it." in text
    assert f"✚ new a disk, b disk {DISK} 2 of 2" in text
    number = families.show().failing[0].id
    html = client.get(f"/families/{number}/").text
    assert "2 tests fail with it in the newest judged build of 1 job. First seen" in words(html)
    assert f'href="../../families/{number}/"' not in html
    for page in ("/jobs/nightly/builds/1/", f"/jobs/nightly/cases/{key_of('a', 'disk')}/"):
        assert f"families/{number}/" in client.get(page).text


def test_the_twin_of_a_page_is_its_view(client) -> None:  # type: ignore[no-untyped-def]
    told = client.get("/families/index.json").json
    assert [row["failures"] for row in told["families"]] == [2, 0]
    number = told["families"][0]["id"]
    assert client.get(f"/families/{number}/index.json").json["family"]["row"]["failures"] == 2


def test_the_address_of_a_merged_family_leads_to_the_one_it_is_in(client) -> None:  # type: ignore[no-untyped-def]
    kept, gone = (row.id for row in families.show().families)
    decisions.merge(kept, [gone], by="ada", now=NOW)
    for ending in ("", "index.json"):
        answer = client.get(f"/families/{gone}/{ending}")
        assert (answer.status_code, answer.headers["Location"]) == (
            308,
            f"/families/{kept}/{ending}",
        )
    assert "was merged into this one" in words(client.get(f"/families/{kept}/").text)


def test_a_family_that_never_was_is_not_found(client) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/families/99/").status_code == 404


def test_the_routes_are_those_of_the_site() -> None:
    assert BY_NAME["family"].segments({"family": "12"}) == ("families", "12")
    assert BY_NAME["families"].segments({"page": "2"}) == ("families", "pages", "2")


def test_a_job_without_results_is_no_job_in_which_nothing_fails(client) -> None:  # type: ignore[no-untyped-def]
    jenkins("nightly", 2, result="FAILURE", started=NOW + DAY)
    assert families.show().now.silent == 1
    text = words(client.get("/families/").text)
    assert "Nothing fails in the newest judged builds of 1 job. 1 job has no results in its" in text
    jenkins("weekly", 3, result="FAILURE", started=NOW + DAY)
    text = words(client.get("/families/").text)
    assert "2 jobs have no results in their newest judged build, and had some before" in text
    assert "Nothing fails" not in text
