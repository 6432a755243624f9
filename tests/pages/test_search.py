"""The page of search."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.factories import history
from tracker.errors import UsageError
from tracker.pages import search


def test_without_words_nothing_is_looked_for(store: Path) -> None:
    history("nightly", login="P")
    found = search.show()
    assert (found.words, found.jobs, found.cases) == ((), (), ())
    assert list(search.every(5)) == [{}]


def test_jobs_and_tests_are_found(store: Path) -> None:
    history("login/nightly", login="P", other="P")
    found = search.show("login")
    assert found.jobs == ("login/nightly",)
    assert [row.name for row in found.cases] == ["login"]
    assert (found.more_jobs, found.more_cases) == (False, False)


def test_long_lists_are_cut_and_say_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "CASES", 1)
    monkeypatch.setattr(search, "JOBS", 1)
    for job in ("test/a", "test/b"):
        history(job, test_login="P")
    found = search.show("test")
    assert (len(found.jobs), found.more_jobs) == (1, True)
    assert (len(found.cases), found.more_cases) == (1, True)


def test_too_much_is_refused(store: Path) -> None:
    with pytest.raises(UsageError):
        search.show("x" * 201)


def test_a_page_finds_what_its_box_asks_for(client: FlaskClient) -> None:
    history("team/nightly", login="P F")
    page = client.get("/search/?q=LOG").text
    assert 'value="LOG"' in page
    assert '<a href="../jobs/team/nightly/cases/' in page
    assert "<strong>LOG</strong>" in page
    assert "1 test" in page


def test_a_page_says_where_nothing_is_found(client: FlaskClient) -> None:
    history("team/nightly", login="P")
    assert "No job, and no test" in client.get("/search/?q=nothing").text


def test_a_long_text_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.get(f"/search/?q={'x' * 300}")
    assert answer.status_code == 400
    assert "too much to search for" in answer.text


def test_markup_that_is_asked_for_stays_text(client: FlaskClient) -> None:
    page = client.get("/search/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page


def test_the_box_stands_on_every_page(client: FlaskClient) -> None:
    history("team/nightly", login="P")
    assert 'action="../../../search/"' in client.get("/jobs/team/nightly/").text
    assert 'action="search/"' in client.get("/").text
