"""Live pages: every row of PAGES, its twin, its ETag, and names of jobs that look like paths."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin

import pytest

from tests.conftest import junit
from tests.factories import DAY, NOW, cluster_all, history, jenkins, report
from tracker.pages import BY_NAME, PAGES
from tracker.queries import results
from tracker.site.render import renderer
from tracker.store.jobs import add_server, track_job
from tracker.store.records import About, Change
from tracker.store.seen import SeenJob, note_gone, note_look
from tracker.store.work import claim, enqueue, fail


@pytest.fixture
def filled(store):
    history("team/nightly", one="P P", two="P F")
    cluster_all()


def path_of(page, params):
    return "/" + "".join(quote(part, safe="~") + "/" for part in page.segments(params))


def key():
    return results.results("team/nightly", "2", "all", limit=1)[0].key


def some(page):
    """The address of one page of this row, in the history of `filled`."""
    params = {"job": "team/nightly", "build": "2", "case": key(), "list": "all", "family": "1"}
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


ELSEWHERE = {
    "/search?q=basket&q=a%26b": "/search/?q=basket&q=a%26b",
    "/compare?a=team/nightly&b=x": "/compare/?a=team%2Fnightly&b=x",
    "/missing/pages/01": "/missing/pages/01/",
    "/pages/1/": "/",
    "/pages/001/": "/",
    "/jobs/team/nightly/pages/1/": "/jobs/team/nightly/",
    "/jobs/team/nightly/pages/01/index.json": "/jobs/team/nightly/index.json",
    "/jobs/team/nightly/pages/02/?x=1": "/jobs/team/nightly/pages/2/?x=1",
    "/jobs/team/nightly/builds/2/results/all/pages/1/": (
        "/jobs/team/nightly/builds/2/results/all/"
    ),
}


def test_a_page_has_one_address_to_which_others_lead(client, filled):
    answers = {path: client.get(path) for path in ELSEWHERE}
    assert {each.status_code for each in answers.values()} == {308}
    assert {path: each.headers["Location"] for path, each in answers.items()} == ELSEWHERE
    below = {"SCRIPT_NAME": "/track er"}
    response = client.get("/pages/1/", environ_overrides=below)
    assert response.headers["Location"] == "/track%20er/"
    assert client.get("/pages/2/", environ_overrides=below).status_code == 404


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
        "/jobs/team/nightly/pages/0/",
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
    case = results.results(job, "3", "all", limit=1)[0].key
    for name, params in (
        ("build", {"build": "3"}),
        ("results", {"build": "3", "list": "all"}),
        ("run", {"build": "3"}),
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
    cluster_all()
    case = results.results("<script>alert(1)", "1", "all", limit=1)[0].key
    params = {"job": "<script>alert(1)", "build": "1", "case": case, "list": "all", "family": "1"}
    for page in PAGES:
        text = client.get(path_of(page, {name: params[name] for name in page.params})).text
        assert "<script>alert" not in text


# The page of a build that runs

RUNNING = "/jobs/n/builds/1/"


@pytest.fixture
def clock(monkeypatch):
    """Sets how many seconds ago the builds of these tests began."""

    def set_to(seconds):
        monkeypatch.setattr("tracker.pages.build.now_ms", lambda: NOW + 1000 * seconds)

    set_to(200)
    return set_to


@pytest.mark.parametrize(
    ("seconds", "estimated", "words"),
    [
        (0, 480_000, "running for less than a minute of about 8 min<"),
        (200, 480_000, "running for 3 min of about 8 min<"),
        (481, 480_000, "running for 8 min, longer than the 8 min that Jenkins expected<"),
        (3900, None, "running for 1 h 05 min<"),
    ],
)
def test_a_build_that_runs_says_for_how_long(client, store, clock, seconds, estimated, words):
    jenkins("n", 1, result=None, started=NOW, about=About(estimated=estimated))
    clock(seconds)
    text = client.get(RUNNING).text
    assert words in text
    assert ("<progress" in text) == (estimated is not None)


def test_what_a_page_says_of_the_time_is_never_older_than_a_minute(client, store, clock):
    jenkins("n", 1, result=None, started=NOW)
    etag = client.get(RUNNING).headers["ETag"]
    clock(239)
    assert client.get(RUNNING, headers={"If-None-Match": etag}).status_code == 304
    clock(260)
    assert client.get(RUNNING, headers={"If-None-Match": etag}).status_code == 200


def test_time_changes_neither_data_nor_the_page_of_a_build_that_has_finished(client, store, clock):
    jenkins("n", 1, result=None, started=NOW)
    jenkins("n", 2, started=NOW)
    paths = [f"{RUNNING}index.json", "/jobs/n/builds/2/"]
    etags = [client.get(path).headers["ETag"] for path in paths]
    clock(100_000)
    for path, etag in zip(paths, etags, strict=True):
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_only_a_build_that_runs_is_followed(client, store):
    jenkins("n", 1, result=None)
    jenkins("n", 2)
    assert "static/follow." in client.get(RUNNING).text
    assert '<a href="./">Load the page again</a>' in client.get(RUNNING).text
    for path in ("/", "/jobs/n/", "/jobs/n/builds/2/", "/jobs/n/builds/1/run/"):
        assert "<script" not in client.get(path).text


# What the pages of a build and of its run say


def words(client, path):
    """The words of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", client.get(path).text).split())


def test_a_build_that_jenkins_has_no_more_does_not_lead_there(client, store):
    jenkins("n", 1, url="https://jenkins.example/n/1/", about=About(artifacts=("a.log",)))
    for address in ("https://jenkins.example/n/1/", "https://jenkins.example/n/1/artifact/a.log"):
        assert f'href="{address}"' in client.get("/jobs/n/builds/1/").text
    note_gone("n", [1])
    assert "jenkins.example" not in client.get("/jobs/n/builds/1/").text
    assert "Build in Jenkins (Jenkins has it no more)" in words(client, "/jobs/n/builds/1/")


def test_a_lost_build_says_what_became_of_it(client, store):
    jenkins("n", 1, report(login="F"), result=None, state="lost")
    text = words(client, "/jobs/n/builds/1/")
    assert "Not judged: it ran when it was last seen, and then vanished from Jenkins" in text
    assert "lost" in text


def test_a_build_says_what_jenkins_counted_otherwise(client, store):
    made = report(a="P", b="F")
    jenkins("n", 1, made, about=About(tests=(120, 3, 0)))
    jenkins("n", 2, about=About(tests=(1, 0, 0)))
    jenkins("n", 3, report(a="P"), about=About(tests=(1, 0, 0)))
    first, second, third = (words(client, f"/jobs/n/builds/{number}/") for number in (1, 2, 3))
    assert (
        "Jenkins counted 120 results (3 failed), the reports read here hold 2 (1 failed)" in first
    )
    assert "Jenkins counted 1 result (0 failed), the reports read here hold none." in second
    assert "Jenkins counted" not in third


def test_of_long_lists_that_jenkins_tells_the_page_says_how_many_more(client, store):
    changes = (Change("0123456789abcdef", "Ada", "Count twice\n\nSince once is none.", NOW),)
    jenkins("n", 1, about=About(changes=changes, more_changes=4, artifacts=("a", "b", "c", "d")))
    text = client.get("/jobs/n/builds/1/").text
    assert '<details class="fold" id="changes" open>' in text
    assert '<details class="fold" id="artifacts">' in text
    said = words(client, "/jobs/n/builds/1/")
    assert "5 changes 0123456789 Count twice Ada, 2026-11-18 11:06 UTC and 4 more." in said


def test_a_build_of_many_reports_shows_some_and_leads_to_all(client, store, monkeypatch):
    monkeypatch.setattr("tracker.pages.build.ROWS", 2)
    jenkins("a b/n#1", 1, *(report(f"{name}.xml", **{name: "P"}) for name in "abc"))
    page = "/jobs/a%20b/n%231/builds/1/"
    assert "Reports 3 2 of 3 are shown" in words(client, page)
    [link] = re.findall('href="([^"]*/api/[^"]*)"', client.get(page).text)
    found = client.get(urljoin(page, link))
    assert [row["name"] for row in found.json["items"]] == ["a.xml", "b.xml", "c.xml"]


def test_a_build_of_which_nothing_is_told_has_no_part_for_it(client, store):
    jenkins("n", 1, about=About(display_name="#1"))
    assert "What Jenkins tells" not in words(client, "/jobs/n/builds/1/")


def test_a_run_says_whether_everything_is_there(client, store):
    for number in (1, 2):
        facts = {"started": NOW + number * DAY, "duration": 60_000}
        jenkins("top", number, **facts)
        for job in ("a", "b")[: 3 - number]:
            made = report(suite=job, login="PF"[number - 1])
            jenkins(job, number, made, upstream_job="top", upstream_number=number, **facts)
    jenkins("elsewhere", 1, started=NOW + 9 * DAY)
    first, second = (words(client, f"/jobs/top/builds/{number}/run/") for number in (1, 2))
    assert "Complete : all 3 builds are recorded. all 2 passed, none newly broken" in first
    assert "Not complete : 1 missing. 1 of 1 failed, 1 newly broken , none fixed." in second
    assert "b : ran in 1 of the last 1 run of top , and not in #2" in second
    text = client.get("/jobs/a/builds/2/run/").text
    assert 'href="../#new"' in text
    assert '<link rel="canonical" href="../../../../top/builds/2/run/">' in text
    assert "the build you came from" in text


def test_a_style_sheet_may_be_kept_for_ever(client):
    name = next(iter(renderer().assets.files))
    response = client.get(f"/static/{name}")
    assert response.status_code == 200
    assert "immutable" in response.headers["Cache-Control"]
    response.close()


def test_a_head_request_has_no_body(client, filled):
    response = client.head("/jobs/team/nightly/")
    assert (response.status_code, response.data) == (200, b"")


# What moves without a revision


def test_a_page_that_tells_of_a_next_look_is_sent_again_when_that_moves(client):
    history("nightly", login="P")
    told = []
    for moment in (None, NOW, NOW + 1000):
        if moment:
            enqueue("poll", "nightly", due=NOW)
            fail(claim(["poll"], now=NOW * 2, lease_ms=0), now=moment, error="It answered 503.")
        known = {"If-None-Match": told[-1]} if told else {}
        response = client.get("/jobs/nightly/", headers=known)
        assert response.status_code == 200
        told.append(response.headers["ETag"])
    again = client.get("/jobs/nightly/", headers={"If-None-Match": told[-1]})
    assert again.status_code == 304
    assert len(set(told)) == 3


def test_the_twin_of_such_a_page_stays_as_it_is(client):
    history("nightly", login="P")
    etag = client.get("/jobs/nightly/index.json").headers["ETag"]
    enqueue("poll", "nightly", due=NOW)
    fail(claim(["poll"], now=NOW * 2, lease_ms=0), now=NOW, error="It answered 503.")
    twin = client.get("/jobs/nightly/index.json", headers={"If-None-Match": etag})
    assert twin.status_code == 304


# Former names

OLD, NEW = "team/old #1", "team/new/builds/3"
AT_NEW = "/jobs/team/new/builds/3"


@pytest.fixture
def renamed(store):
    """A job that is called NEW since it was called OLD."""
    add_server("main", "https://ci.example/")
    other = SeenJob("other", "other", "")
    note_look("main", [SeenJob(OLD, OLD, ""), other], listed=None, now=NOW)
    jenkins(OLD, 7, report(login="F"), started=NOW)
    new = SeenJob(NEW, NEW, "", last=(7, NOW))
    note_look("main", [new, other], listed=[NEW, "other"], now=NOW)
    return results.results(NEW, "7", "all", limit=1)[0].key


@pytest.mark.parametrize("twin", ["", "index.json"])
@pytest.mark.parametrize(
    "rest",
    [
        "",
        "builds/7/",
        "builds/7~0/",
        "builds/7/results/all/",
        "builds/7/run/",
        "cases/{case}/",
        "pages/2/",
    ],
)
def test_a_page_of_a_former_name_leads_to_the_same_page_under_the_name_now(
    client, renamed, rest, twin
):
    rest = rest.format(case=renamed)
    response = client.get(f"/jobs/team/old%20%231/{rest}{twin}")
    assert response.status_code == 308
    assert response.headers["Location"] == f"{AT_NEW}/{rest}{twin}"
    if rest != "pages/2/":
        assert client.get(response.headers["Location"]).status_code == 200


def test_a_former_name_without_its_last_slash_leads_there_too(client, renamed):
    response = client.get("/jobs/team/old%20%231/builds/7", follow_redirects=True)
    assert response.status_code == 200
    assert response.request.path == f"{AT_NEW}/builds/7/"


def test_what_is_asked_of_a_page_is_asked_under_the_name_now(client, renamed):
    response = client.get(f"/jobs/team/old%20%231/cases/{renamed}/explain/?as_of=7")
    assert response.headers["Location"] == f"{AT_NEW}/cases/{renamed}/explain/?as_of=7"


def test_a_former_name_is_not_kept_by_browsers_for_ever(client, renamed):
    response = client.get("/jobs/team/old%20%231/")
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_job_that_has_a_former_name_now_is_shown_itself(client, renamed):
    track_job(OLD)
    response = client.get("/jobs/team/old%20%231/index.json")
    assert response.status_code == 200
    assert response.json["job"]["name"] == OLD


def test_below_a_folder_of_a_proxy_a_former_name_leads_below_it(client, renamed):
    response = client.get("/jobs/team/old%20%231/", environ_overrides={"SCRIPT_NAME": "/tracker"})
    assert response.headers["Location"] == f"/tracker{AT_NEW}/"


def test_the_page_about_a_former_name_stays_where_it_is(client, renamed):
    assert client.get("/settings/names/team/old%20%231/").status_code == 200


def test_an_error_page_leads_to_every_main_page(client, store):
    text = client.get("/no/such/page/", headers={"Accept": "text/html"}).text
    for href in ("../../../", "../../../settings/", "../../../about/"):
        assert f'href="{href}"' in text
