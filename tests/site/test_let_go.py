"""Pages of builds whose results were let go say so, keep the counts, and link nowhere empty."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from tests.factories import DAY, NOW, cluster_all, jenkins, key_of, report
from tests.store.fresh import fresh_store
from tests.store.test_retention import let_go, put_back, saved, shorten
from tracker.settings import Settings
from tracker.site.check import broken_links
from tracker.site.publish import Published
from tracker.store import retention
from tracker.store.connection import close_store
from tracker.store.sql import run
from tracker.web import create_app

GONE = "Its results were let go"


@functools.cache
def _recorded() -> bytes:
    """Forty builds: one breaks a test, one lacks tests, one was aborted; the older are let go."""
    with pytest.MonkeyPatch.context() as patch, fresh_store():
        shorten(patch)
        for number in range(1, 41):
            letters = {f"test{n}": "P" for n in range(12)}
            letters["login"] = "F" if number in (9, 10, 11) else "P"
            if number == 12:
                letters = {"login": "P", "test1": "S"}
            result = "ABORTED" if number == 13 else "UNSTABLE"
            jenkins("nightly", number, report(**letters), result=result, started=NOW + number * DAY)
        cluster_all()
        retention.keep("nightly", "2")
        assert let_go() > 12
        assert run("SELECT missing > 0 FROM build WHERE number = 12") == [(1,)]
        return saved()


@pytest.fixture(autouse=True)
def history(settings: Settings) -> Iterator[None]:
    """A store with these builds."""
    put_back(settings, _recorded())
    yield
    close_store()


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    """A client of the application for it."""
    return create_app(settings).test_client()


def test_every_link_of_the_static_site_leads_somewhere(
    publish_to: Callable[..., Published],
) -> None:
    done = publish_to()
    assert list(broken_links(done.folder)) == []
    page = (done.folder / "jobs/nightly/builds/9/index.html").read_text()
    assert GONE in page
    assert "1 newly broken" in page
    assert not (done.folder / "jobs/nightly/builds/9/compare/index.html").exists()
    assert not (done.folder / "jobs/nightly/builds/12/missing/index.html").exists()


def test_every_build_has_its_live_page(client: FlaskClient) -> None:
    for number, is_gone in run("SELECT number, let_go IS NOT NULL FROM build"):
        answer = client.get(f"/jobs/nightly/builds/{number}/")
        assert answer.status_code == 200
        assert (GONE in answer.text) == bool(is_gone)


def test_the_page_of_a_run_links_to_no_list_of_a_build_that_was_let_go(client: FlaskClient) -> None:
    page = client.get("/jobs/nightly/builds/9/run/").text
    assert "1 newly broken in" in page.replace("\n", " ")
    assert "#new" not in page


def test_a_build_that_is_kept_says_so(client: FlaskClient) -> None:
    assert "Its results are kept for good." in client.get("/jobs/nightly/builds/2/").text


def test_what_a_build_lacked_is_told_as_a_count(client: FlaskClient) -> None:
    page = client.get("/jobs/nightly/builds/12/").text
    assert "11 of 13 expected" in page
    assert 'href="missing/' not in page


def test_a_list_of_results_says_that_they_were_let_go(client: FlaskClient) -> None:
    answer = client.get("/jobs/nightly/builds/9/results/all/")
    assert answer.status_code == 200
    assert "The results of this build were let go" in answer.text


def test_the_history_of_a_test_leaves_builds_that_were_let_go_out(client: FlaskClient) -> None:
    page = client.get(f"/jobs/nightly/cases/{key_of('login')}/").text
    count = run("SELECT count(let_go) FROM build")[0][0]
    assert f"{count} older builds are left out: their results were let go." in page
    assert "did not run" not in page.split('id="history"')[1].split("</section>")[0]


def test_a_build_that_was_let_go_cannot_be_compared(client: FlaskClient) -> None:
    answer = client.get("/compare/?a=nightly/builds/9&b=nightly/builds/40")
    assert answer.status_code == 404
    assert "The results of nightly #9 were let go on" in answer.text


def test_programs_are_told_that_results_were_let_go(client: FlaskClient) -> None:
    told = json.loads(client.get("/api/v1/jobs/nightly/builds/9").data)
    assert told["let_go"].startswith("2026-")
    assert (told["kept"], told["regressions"], told["totals"]["failed"]) == (False, 1, 1)
    refused = client.get("/api/v1/jobs/nightly/builds/9/results?status=failed")
    assert refused.status_code == 404  # an empty list would say that nothing failed
    assert "The results of nightly #9 were let go on 2026-" in refused.text
    assert "Its counts remain: ask for the build itself." in refused.text
    assert json.loads(client.get("/api/v1/jobs/nightly/builds/40").data)["let_go"] is None
