"""Who may do what: tokens and people, by header and by form, and reading that is not for all."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.conftest import junit
from tests.factories import NOW, history, jenkins, report
from tracker.clock import now_ms
from tracker.pages import PAGES
from tracker.queries.access import audited
from tracker.queries.select import select
from tracker.settings import Settings
from tracker.site.render import renderer
from tracker.store import passwords, people
from tracker.store.jobs import add_server, track_job
from tracker.store.people import add_person, remove_person, take_pin
from tracker.store.seen import SeenJob, note_look
from tracker.store.tokens import create_token
from tracker.web import create_app
from tracker.worker.loop import Worker

PASSWORD = "four unrelated words here"
PIN = "482915"
HTML = {"Accept": "text/html"}
INGEST = "/api/v1/ingest?job=team/nightly&build=1"
BASIC = 'Basic realm="tracker", charset="UTF-8"'
OPEN = {
    "/health",
    "/healthz",
    "/health/live",
    "/livez",
    "/-/healthy",
    "/health/ready",
    "/readyz",
    "/-/ready",
    "/health/startup",
    "/static/<name>",
}


@pytest.fixture(autouse=True)
def _people(store, monkeypatch):
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    monkeypatch.setattr(people, "_NOBODYS", passwords.hashed("nobody's"))
    add_person("anna", PASSWORD, now=1)
    add_person("bob", PASSWORD, scope="read", now=1)


@pytest.fixture
def closed(settings):
    """A client of a tracker whose pages are not for all."""
    its = Settings.load({}, home=settings.home, output=settings.output, reading="token")
    return create_app(its).test_client()


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


# Uploads and hooks


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        (("anna", PASSWORD), 201),
        (("bob", PASSWORD), 403),
        (("anna", "wrong"), 401),
        (("nobody", PASSWORD), 401),
        (("", PASSWORD), 401),
        (("anna", ""), 401),
    ],
)
def test_a_person_sends_what_their_scope_allows(client, auth, status):
    assert client.post(INGEST, data=junit(a="P"), auth=auth).status_code == status


def test_a_token_is_taken_as_the_password_of_any_name(client, token):
    for name in ("anna", "x", ""):
        assert client.post(INGEST, data=junit(a="P"), auth=(name, token)).status_code < 300


@pytest.mark.parametrize("value", ["Basic !!!", "Basic", "Digest x", "Bearer", "Basic dTo="])
def test_what_is_no_credential_is_401(client, value):
    response = client.post(INGEST, data=junit(a="P"), headers={"Authorization": value})
    assert response.status_code == 401
    assert response.headers.getlist("WWW-Authenticate") == ['Bearer realm="tracker"']


@pytest.mark.parametrize("job", ["team/nightly", "team/new"])
def test_a_token_for_some_jobs_sends_to_those_known_or_not(client, job):
    text = create_token("ci", jobs=("team/*",), now=1)
    response = client.post(
        f"/api/v1/ingest?job={job}&build=1", data=junit(a="P"), headers=bearer(text)
    )
    assert response.status_code == 201


def test_for_another_job_the_answer_is_the_same_be_it_known_or_not(client):
    history("other", login="P")
    text = create_token("ci", jobs=("team/*",), now=1)
    said = set()
    for job in ("other", "there-is-none"):
        response = client.post(
            f"/api/v1/ingest?job={job}&build=1", data=junit(a="P"), headers=bearer(text)
        )
        said.add((response.status_code, response.json["detail"].replace(f"{job!r}", "JOB")))
    assert [status for status, _ in said] == [403]
    assert select("SELECT name FROM job") == [("other",)]


def test_the_jobs_of_a_token_are_names_of_the_tracker_also_where_a_server_is_named(client):
    add_server("west", "https://west.example/", prefix="west")
    text = create_token("ci", jobs=("west/*",), now=1)
    url = "/api/v1/ingest?build=1&job=nightly"
    for query, status in (("&server=west", 201), ("", 403)):
        sent = client.post(url + query, data=junit(a="P"), headers=bearer(text))
        assert sent.status_code == status


@pytest.fixture
def renamed():
    """A job that was called `old`, and is `team/new` now, with one build."""
    add_server("main", "https://ci.example/")
    note_look("main", [SeenJob("old", "old", "")], listed=["old"], now=NOW)
    jenkins("old", 1, report(login="P"), started=NOW)
    now_called = SeenJob("team/new", "team/new", "", last=(1, NOW))
    note_look("main", [now_called], listed=["team/new"], now=NOW)


@pytest.fixture
def sends(client):
    """Upload a failure under a name, with a token for some jobs."""

    def send(job, build, *only, **headers):
        text = create_token(f"ci-{job}", jobs=only, now=1)
        url = f"/api/v1/ingest?job={job}&build={build}&replace=true&name=a.xml"
        return client.post(url, data=junit(login="F"), headers={**bearer(text), **headers})

    return send


QUEUED = {"Prefer": "respond-async"}


@pytest.mark.parametrize("headers", [{}, QUEUED], ids=["at once", "queued"])
def test_a_token_for_a_former_name_reaches_no_job_of_another_name(renamed, sends, headers):
    sent = sends("old", 1, "old", **headers)
    assert sent.status_code == 403
    assert "The job 'old' has another name now" in sent.json["detail"]
    assert "team/new" not in sent.text
    assert select("SELECT passed, failed FROM build") == [(1, 0)]
    assert select("SELECT count(*) FROM work WHERE kind = 'ingest'") == [(0,)]


def test_a_token_for_the_name_of_today_sends_under_the_former_one(renamed, sends):
    sent = sends("old", 2, "team/*")
    assert (sent.status_code, sent.json["job"]) == (201, "team/new")


def test_what_waits_is_for_the_job_that_the_token_was_asked_about(renamed, sends, settings):
    assert sends("old", 2, "team/*", **QUEUED).status_code == 202
    track_job("old")
    Worker(settings).run(until_idle=True)
    rows = select("SELECT j.name, b.number FROM build b JOIN job j ON j.id = b.job_id ORDER BY 2")
    assert rows == [("team/new", 1), ("team/new", 2)]


def test_of_a_job_that_a_token_is_not_for_no_former_name_shows(renamed, sends):
    old, none = (sends(job, 2, "shop").json["detail"] for job in ("old", "none"))
    assert old.replace("old", "none") == none


def test_a_hook_for_another_job_is_accepted_and_does_nothing(client):
    add_server("main", "https://ci.example/")
    for job in ("team/nightly", "other"):
        track_job(job, server="main", jenkins_name=job)
    text = create_token("hook", scope="hook", jobs=("team/*",), now=1)
    for job in ("team/nightly", "other", "unknown", "team/new"):
        sent = client.post(f"/api/v1/hooks/jenkins/{text}?job={job}&number=1")
        assert (sent.status_code, sent.json) == (202, {"status": "accepted"})
    rows = select("SELECT kind, key FROM work ORDER BY kind")
    assert rows == [("poll_build", "team/nightly#1"), ("watch", "main")]


# Forms


@pytest.fixture
def budget(client):
    """Send the form about a budget: `budget(token=…, auth=…)`."""
    history("nightly", login="P")
    history("team/nightly", login="P")

    def send(job="nightly", **more):
        form = {"job": job, "budget": "0.5", "token": more.pop("token", "")}
        return client.post("/actions/budget", data=form, headers=HTML, **more)

    return send


def test_a_form_without_a_token_asks_for_name_and_password(budget):
    response = budget()
    assert response.status_code == 401
    assert BASIC in response.headers.getlist("WWW-Authenticate")


def test_a_form_with_a_wrong_token_does_not_ask_for_them(budget):
    assert BASIC not in budget(token="wrong").headers.getlist("WWW-Authenticate")


@pytest.mark.parametrize(
    ("auth", "status"), [(("anna", PASSWORD), 303), (("bob", PASSWORD), 403), (("anna", "x"), 401)]
)
def test_a_form_is_taken_from_a_person_whose_scope_allows_it(budget, auth, status):
    assert budget(auth=auth).status_code == status


def test_who_sent_a_form_is_written_down_with_the_address(budget, token):
    where = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
    budget(auth=("anna", PASSWORD), **where)
    budget(token=token, **where)
    rows = [(row.who, row.address) for row in audited() if row.what == "budget set"]
    assert rows == [("person anna", "203.0.113.9"), ("token ci", "203.0.113.9")]


def test_a_replaced_report_is_written_down(upload):
    upload(junit(a="P"), job="n", build=1, name="r.xml")
    upload(junit(a="F"), job="n", build=1, name="r.xml", replace="true")
    [row] = [row for row in audited() if row.what == "reports replaced"]
    assert (row.who, row.subject, row.outcome) == ("token ci", "n #1", "r.xml")


def test_what_the_worker_reads_later_was_sent_by_who_sent_it(client):
    headers = {"Prefer": "respond-async"}
    sent = client.post(INGEST, data=junit(a="P"), auth=("anna", PASSWORD), headers=headers)
    assert sent.status_code == 202
    [(payload,)] = select("SELECT payload FROM work WHERE kind = 'ingest'")
    assert json.loads(payload)["by"] == {"who": "person anna", "address": "127.0.0.1"}


def test_a_report_that_replaces_nothing_is_not_written_down(upload):
    upload(junit(a="P"), job="n", build=1, name="r.xml", replace="true")
    assert "reports replaced" not in [row.what for row in audited()]


def test_a_token_for_some_jobs_sends_the_forms_of_those(budget):
    text = create_token("few", jobs=("team/*",), now=1)
    assert budget(job="team/nightly", token=text).status_code == 303
    assert budget(job="nightly", token=text).status_code == 403


def test_a_token_for_some_jobs_decides_nothing_of_families(client):
    text = create_token("few", jobs=("team/*",), now=1)
    form = {"family": "1", "what": "name", "name": "x", "token": text}
    response = client.post("/actions/family", data=form, headers=HTML)
    assert response.status_code == 403
    assert "a family may be in any" in response.text


# Setting a password


@pytest.fixture
def change(client):
    """Send the form that sets a password."""

    def send(name="anna", present=PASSWORD, wanted="quite some other phrase", again=None):
        form = {"name": name, "present": present, "wanted": wanted, "again": again or wanted}
        return client.post("/actions/password", data=form, headers=HTML)

    return send


def test_a_pin_opens_nothing_until_it_became_a_password(client, change):
    take_pin("carl", hashlib.sha256(PIN.encode()).hexdigest(), now=now_ms())
    refused = client.post(INGEST, data=junit(a="P"), auth=("carl", PIN))
    assert refused.status_code == 403
    assert "/settings/password/" in refused.json["detail"]
    assert change("carl", PIN).status_code == 303
    sent = client.post(INGEST, data=junit(a="P"), auth=("carl", "quite some other phrase"))
    assert sent.status_code == 201


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"present": "wrong"}, 401, "No person of this name has this password"),
        ({"name": "nobody"}, 401, "No person of this name has this password"),
        ({"wanted": "short"}, 400, "fewer than 12 characters"),
        ({"again": "another"}, 400, "The two new passwords differ"),
        ({"wanted": PASSWORD}, 400, "is the present one"),
    ],
)
def test_what_does_not_set_a_password_says_why(change, given, status, words):
    response = change(**given)
    assert response.status_code == status
    assert words in response.text
    assert given.get("wanted", "four unrelated") not in response.text


def test_the_page_has_the_fields_that_the_form_takes(client):
    page = client.get("/settings/password/").text
    for name in ("name", "present", "wanted", "again"):
        assert f'name="{name}"' in page
    assert 'action="../../actions/password"' in page


# Reading


def test_by_default_everybody_reads(client):
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/jobs").status_code == 200


def routes():
    app = create_app(Settings.load({}, home="/nowhere", output="/nowhere"))
    return sorted({str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())})


@pytest.mark.parametrize("route", routes())
def test_where_reading_needs_a_token_every_route_does_but_these(closed, route):
    path = route.replace("<name>", next(iter(renderer().assets.files)))
    response = closed.get(re.sub("<[^>]*>", "1", path))
    assert (response.status_code != 401) == (route in OPEN)
    response.close()


def test_an_unknown_address_tells_nothing_either(closed):
    assert closed.get("/there/is/none").status_code == 401


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_nor_its_twin_is_for_all(closed, page):
    path = page.route.replace("{job}", "n").replace("{build}", "1").replace("{list}", "all")
    path = path.replace("{case}", "0" * 16).replace("{family}", "1")
    statuses = {closed.get(path).status_code, closed.get(f"{path}index.json").status_code}
    assert statuses == ({200, 401} if page.name == "password" else {401})


@pytest.mark.parametrize(
    ("scope", "status"), [("read", 200), ("admin", 200), ("ingest", 401), ("hook", 401)]
)
def test_the_scope_of_a_token_says_whether_it_reads(closed, scope, status):
    headers = bearer(create_token("t", scope=scope, now=1))
    for path in ("/", "/index.json", "/api/v1/jobs"):
        assert closed.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("name", ["anna", "bob"])
def test_people_read_with_their_passwords(closed, name):
    assert closed.get("/", auth=(name, PASSWORD)).status_code == 200


def test_who_was_removed_reads_no_more(closed):
    assert closed.get("/", auth=("bob", PASSWORD)).status_code == 200
    remove_person("bob")
    assert closed.get("/", auth=("bob", PASSWORD)).status_code == 401


def test_a_browser_is_asked_for_name_and_password(closed):
    response = closed.get("/", headers=HTML)
    assert BASIC in response.headers.getlist("WWW-Authenticate")
    assert "stylesheet" in response.text


def test_who_sent_an_upload_may_ask_what_became_of_it(closed, token):
    sent = closed.post(
        INGEST, data=junit(a="P"), headers={**bearer(token), "Prefer": "respond-async"}
    )
    assert sent.status_code == 202
    assert closed.get(sent.headers["Location"], headers=bearer(token)).status_code == 200


def test_what_one_may_read_no_cache_keeps(closed):
    for path in ("/", "/index.json", "/api/v1/jobs"):
        response = closed.get(path, auth=("bob", PASSWORD))
        assert response.headers["Cache-Control"] == "private, no-store"
    assert closed.get("/").headers["Cache-Control"] == "private, no-store"


def test_what_everybody_may_read_a_cache_may_keep_after_asking(client):
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_files_of_style_stay_for_all_and_are_kept(closed):
    [name, *_] = renderer().assets.files
    response = closed.get(f"/static/{name}")
    assert "immutable" in response.headers["Cache-Control"]
    response.close()


def test_who_did_not_sign_in_is_told_in_the_log_apart_from_its_words(client, caplog):
    client.get("/health/detailed", auth=("anna status=200", "wrong"))
    [event] = [each for each in caplog.records if each.getMessage() == "not signed in"]
    assert event.about == {"name": "anna status=200", "address": "127.0.0.1"}
