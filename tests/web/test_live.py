"""Live pages: every row of PAGES, its twin, its ETag, and names of jobs that look like paths."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.conftest import junit
from tracker.pages import BY_NAME, PAGES
from tracker.queries import builds
from tracker.site.render import renderer


@pytest.fixture
def filled(upload):
    upload(junit(one="P", two="P"), job="team/nightly", build=1)
    upload(junit(one="P", two="F"), job="team/nightly", build=2)


def path_of(page, params):
    return "/" + "".join(quote(part, safe="~") + "/" for part in page.segments(params))


def key():
    return builds.results("team/nightly", "2", "all", limit=1)[0].key


def some(page):
    """The address of one page of this row, in the history of `filled`."""
    params = {"job": "team/nightly", "build": "2", "case": key(), "list": "all"}
    return path_of(page, {name: params[name] for name in page.params})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_answers(client, filled, page):
    response = client.get(some(page))
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert response.text.startswith("<!doctype html>")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_of_the_static_site_is_a_live_page(client, filled, page):
    for params in page.every(10):
        assert client.get(path_of(page, params)).status_code == 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_a_twin_in_json(client, filled, page):
    response = client.get(some(page) + "index.json")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert isinstance(response.json, dict)


@pytest.mark.parametrize("twin", ["", "index.json"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_unchanged_page_is_304(client, filled, page, twin):
    path = some(page) + twin
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "about"], ids=lambda page: page.name
)
def test_a_page_that_changed_is_sent_again(client, filled, upload, page):
    path = some(page)
    etag = client.get(path).headers["ETag"]
    upload(junit(one="F", two="F"), job="team/nightly", build=3)
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_another_job_does_not_change_the_pages_of_this_one(client, filled, upload):
    etag = client.get("/jobs/team/nightly/").headers["ETag"]
    upload(junit(x="P"), job="other", build=1)
    response = client.get("/jobs/team/nightly/", headers={"If-None-Match": etag})
    assert response.status_code == 304


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.route != "/"], ids=lambda page: page.name
)
def test_without_its_last_slash_a_page_sends_on(client, filled, page):
    path = some(page)
    response = client.get(path.removesuffix("/"))
    assert response.status_code == 308
    assert response.headers["Location"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/jobs/",
        "/jobs/nobody/",
        "/jobs/team/",
        "/jobs/team/nightly/builds/3/",
        "/jobs/team/nightly/builds/2~7/",
        "/jobs/team/nightly/builds/" + "9" * 19 + "/",
        "/jobs/team/nightly/builds/x/",
        "/jobs/team/nightly/builds/2/results/odd/",
        "/jobs/team/nightly/builds/2/results/all/pages/0/",
        "/jobs/team/nightly/builds/2/results/all/pages/99/",
        "/jobs/team/nightly/cases/0123456789abcdef/",
        "/jobs/team/nightly/cases/" + "f" * 16 + "/",
        "/static/nothing.css",
        "/static/../wsgi.py",
        "/static/%2e%2e%2fwsgi.py",
        "/jobs//evil.example/",
        "/jobs/%00/",
        "/jobs/%ff/",
    ],
)
def test_what_is_not_here_is_404(client, filled, path):
    response = client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert response.mimetype == "text/html"


STRANGE = [
    "a/builds/3",
    "a/builds/3/results/all",
    "a/cases/0123456789abcdef",
    "builds/1",
    "jobs/a",
    "a b",
    "ä/ö ü",
    "50%",
    "a%41",
    "a%2Fb",
    "a?b",
    "a#b",
    "a&amp;b",
    "<i>",
    "a:b",
    "C:\\x",
    "\\\\evil.example",
    "a;b=c",
    "+",
    "~",
    "index.json",
    "pages/2",
    "\u202eabc",
]


@pytest.mark.parametrize("job", STRANGE)
def test_a_job_with_a_strange_name_has_all_its_pages(client, upload, job):
    upload(junit(one="F"), job=job, build=3)
    case = builds.results(job, "3", "all", limit=1)[0].key
    for name, params in (
        ("build", {"build": "3"}),
        ("results", {"build": "3", "list": "all"}),
        ("case", {"case": case}),
    ):
        path = path_of(BY_NAME[name], {"job": job, **params})
        assert client.get(path).status_code == 200, path
        twin = client.get(path + "index.json").json
        assert job in repr(twin) or job.replace("\\", "\\\\") in repr(twin) or not job.isprintable()


@pytest.mark.parametrize(
    "job", ["a%41", "50%", "a?b", "a#b", "a:b", "\\\\evil.example", "ä", "a b"]
)
def test_a_page_sends_on_to_itself_whatever_its_name(client, upload, job):
    upload(junit(one="F"), job=job, build=3)
    path = path_of(BY_NAME["job"], {"job": job})
    response = client.get(path.removesuffix("/"))
    assert response.headers["Location"] == path


def test_the_last_number_of_a_path_decides(client, upload):
    upload(junit(one="F"), job="a", build=3)
    upload(junit(two="F"), job="a/builds/3", build=4)
    assert client.get("/jobs/a/builds/3/index.json").json["build"]["job"] == "a"
    assert client.get("/jobs/a/builds/3/builds/4/index.json").json["build"]["job"] == "a/builds/3"


def test_a_page_has_no_script_or_style_of_its_own(client, filled):
    for page in PAGES:
        text = client.get(some(page)).text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<style" not in text
        assert "<script>" not in text


def test_markup_in_names_is_text(client, upload):
    evil = "&lt;script&gt;alert(1)&lt;/script&gt;"
    data = (
        f"<testsuite name='{evil}'><testcase name='{evil}' classname='{evil}'>"
        f"<failure message='{evil}' type='{evil}'>{evil}</failure></testcase></testsuite>"
    )
    upload(data.encode(), job="<script>alert(1)", build=1, branch="<script>", name="<script>.xml")
    case = builds.results("<script>alert(1)", "1", "all", limit=1)[0].key
    params = {"job": "<script>alert(1)", "build": "1", "case": case, "list": "all"}
    for page in PAGES:
        text = client.get(path_of(page, {name: params[name] for name in page.params})).text
        assert "<script>alert" not in text


def test_a_style_sheet_may_be_kept_for_ever(client):
    name = next(iter(renderer().assets.files))
    response = client.get(f"/static/{name}")
    assert response.status_code == 200
    assert "immutable" in response.headers["Cache-Control"]
    response.close()


def test_a_head_request_has_no_body(client, filled):
    response = client.head("/jobs/team/nightly/")
    assert (response.status_code, response.data) == (200, b"")
