"""The page about a name: who reads such a job, and what its parts mean."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history
from tests.pages import reading
from tracker.errors import NotFound
from tracker.pages import BY_NAME, naming
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.store.jobs import add_server, note_job_trouble
from tracker.store.rules import ResultsRule, add_name_rule, add_results_rule

pytestmark = pytest.mark.usefixtures("store")
NAME = "5.2/core/nightly-linux"


def html(name: str = NAME) -> str:
    page = BY_NAME["naming"]
    return renderer().html(page, {"job": name}, naming.show(name), live_linker(), live=True)


def words(name: str = NAME) -> str:
    """The page as it is read, on one line."""
    return reading.words(html(name))


def test_a_name_that_nobody_knows_is_explained_all_the_same() -> None:
    add_server("main", "https://ci.example/")
    add_name_rule("{release}/{module}/nightly-{platform}")
    text = words()
    assert "No job of this name is known here yet." in text
    assert "Read from main Release 5.2 Module core Platform linux Rule of names" in text
    assert "{release}/{module}/nightly-{platform} Results that are read artifacts, else" in text


def test_the_page_of_a_known_job_leads_to_it_and_tells_its_trouble() -> None:
    history(NAME, login="P")
    note_job_trouble(NAME, "It answered 500.", now=NOW)
    assert f'jobs/{NAME}/">{NAME}</a> is a job that is known here.' in html()
    assert "It could not be read It answered 500." in words()


def test_the_rule_that_says_what_is_read_is_named() -> None:
    add_results_rule("5.2/**", ResultsRule(("test_report",)))
    assert "Results that are read testReport Rule of results 5.2/**" in words()


def test_where_no_rule_and_no_server_fits_the_page_says_so() -> None:
    text = words()
    assert "no server: none admits this name" in text
    assert "none fits: the name says nothing" in text
    assert "none fits: as usual" in text


def test_the_command_that_says_the_same_can_be_pasted() -> None:
    assert "tracker job explain 'a b'" in words("a b")


@pytest.mark.parametrize("name", ["/a", "a//b", "a/../b", "a" * 1001, " "])
def test_what_no_job_can_be_called_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="No job can be called"):
        naming.show(name)


def test_the_static_site_has_none_of_these() -> None:
    history(NAME, login="P")
    assert list(naming.every(60)) == []
