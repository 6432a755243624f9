"""Hooks: a knock makes the worker look, its body is never data, and its answer tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import urllib.error
import urllib.request

import msgspec
import pytest

from tests.conftest import running_gunicorn
from tracker.errors import StorageError
from tracker.queries.select import select
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.jobs import add_server, track_job
from tracker.store.tokens import create_token
from tracker.web import create_app, hooks

URL = "/api/v1/hooks/jenkins"
STATISTICS = {
    "fullJobName": "team/nightly",
    "jobName": "nightly",
    "ciUrl": "http://jenkins/",
    "buildUrl": "job/team/job/nightly/12/",
    "number": 12,
    "result": "SUCCESS",
}


@pytest.fixture(autouse=True)
def known(store):
    add_server("main", "http://jenkins/", prefix="", username="", token_file="", patterns=())
    track_job("team/nightly", server="main", jenkins_name="team/nightly")


@pytest.fixture
def knock(client, token):
    def knock(data=b"", path=URL, **headers):
        body = data if isinstance(data, bytes) else msgspec.json.encode(data)
        bearer = {"Authorization": f"Bearer {token}", **headers}
        return client.post(path, data=body, headers=bearer)

    return knock


def work():
    """The tasks, without the ids of the requests that asked for them."""
    rows = select("SELECT kind, key, payload FROM work ORDER BY kind, key")
    told = [(kind, key, msgspec.json.decode(payload)) for kind, key, payload in rows]
    for _, _, payload in told:
        payload.pop("request_id", None)
    return told


def test_the_worker_knows_which_request_asked_it(knock):
    answer = knock({"job": "team/nightly", "number": 12})
    [(payload,)] = select("SELECT payload FROM work")
    assert msgspec.json.decode(payload)["request_id"] == answer.headers["X-Request-ID"]


BUILD_12 = [("poll_build", "team/nightly#12", {"job": "team/nightly", "number": 12})]


@pytest.mark.parametrize(
    "body",
    [
        {
            "name": "nightly",
            "display_name": "nightly",
            "url": "job/team/job/nightly/",
            "build": {
                "full_url": "http://jenkins/job/team/job/nightly/12/",
                "number": 12,
                "queue_id": 7,
                "phase": "FINALIZED",
                "status": "UNSTABLE",
                "url": "job/team/job/nightly/12/",
                "scm": {"changes": [], "culprits": []},
                "test_summary": {"total": 3, "failed": 1, "failed_tests": []},
            },
        },
        {
            "name": "nightly",
            "build": {"full_url": "https://other/j/job/team/job/nightly/12/", "number": 12},
        },
        {"name": "team/nightly", "build": {"number": 12, "status": None, "phase": "STARTED"}},
        {"job": "team/nightly", "number": 12},
        {"job": "team/nightly", "number": "12"},
        STATISTICS,
        {"buildName": "#12", "projectName": "team/nightly", "event": "success"}
        | {"buildUrl": "http://jenkins/job/team/job/nightly/12/"},
    ],
    ids=["notification", "full_url", "started", "ours", "text", "statistics", "outbound"],
)
def test_a_notification_makes_the_worker_read_the_build(knock, body):
    assert knock(body).status_code == 202
    assert work() == BUILD_12


@pytest.mark.parametrize("data", [b"job=team%2Fnightly&number=12", b"job=/team/nightly/&number=12"])
def test_a_form_makes_the_worker_read_the_build(knock, data):
    assert knock(data).status_code == 202
    assert work() == BUILD_12


def test_a_query_makes_the_worker_read_the_build(knock):
    assert knock(path=f"{URL}?job=team/nightly&number=12").status_code == 202
    assert work() == BUILD_12


def test_without_a_number_the_job_is_polled(knock):
    knock(b"job=team/nightly")
    assert [row[:2] for row in work()] == [("poll", "team/nightly")]


def test_a_message_of_no_build_is_accepted_and_does_nothing(knock):
    queue = {"ciUrl": "http://jenkins/", "jobName": "nightly", "jenkinsQueueId": 3}
    assert knock(queue).status_code == 202
    assert work() == []


def test_a_notification_as_xml_makes_the_worker_read_the_build(knock):
    body = b"<job><url>job/team/job/nightly/</url><build><number>12</number></build></job>"
    assert knock(body).status_code == 202
    assert work() == BUILD_12


@pytest.mark.parametrize("data", [b"job=team/nightly", b"job=team/nightly&number=12"])
def test_what_is_asked_for_is_of_the_jobs_subject(knock, data):
    knock(data)
    assert select("SELECT subject FROM work") == [("team/nightly",)]


def test_what_a_hook_asks_for_is_due_at_once(knock, monkeypatch):
    monkeypatch.setattr(hooks, "now_ms", lambda: 1234)
    knock(b"job=team/nightly&number=12")
    assert select("SELECT due FROM work") == [(1234,)]


def test_what_could_not_be_written_down_is_not_accepted(knock, monkeypatch):
    def full(*_, **__):
        raise StorageError("The disk is full.")

    monkeypatch.setattr(hooks, "enqueue", full)
    assert knock(b"job=team/nightly&number=12").status_code == 503


@pytest.fixture
def west(known):
    """A second server with a job of the same name as one of the first."""
    add_server("west", "http://west/ci/", prefix="west", username="", token_file="", patterns=())
    track_job("west/team/nightly", server="west", jenkins_name="team/nightly")


def keys():
    return [key for _, key, _ in work()]


def test_the_prefix_of_a_server_stands_before_its_names(knock, west):
    knock(b"job=team/nightly&number=12&server=west")
    assert keys() == ["west/team/nightly#12"]


def test_the_address_in_a_message_tells_which_server_is_meant(knock, west):
    knock(STATISTICS | {"ciUrl": "https://west:8443/ci/"})
    assert keys() == ["west/team/nightly#12"]


def test_a_named_server_goes_before_an_address(knock, west):
    knock(STATISTICS, path=f"{URL}?server=west")
    assert keys() == ["west/team/nightly#12"]


def test_without_a_hint_every_server_that_has_the_job_is_looked_at(knock, west):
    knock(b"job=team/nightly&number=12")
    assert keys() == ["team/nightly#12", "west/team/nightly#12"]


def test_an_address_that_is_nobodys_is_no_hint(knock, west):
    knock(STATISTICS | {"ciUrl": "http://elsewhere/"})
    assert keys() == ["team/nightly#12", "west/team/nightly#12"]


def test_the_trackers_own_name_of_a_job_will_do(knock, west):
    knock(b"job=west/team/nightly&number=12")
    assert keys() == ["west/team/nightly#12"]


def test_a_server_that_nobody_knows_is_not_looked_at(knock, west):
    assert knock(b"job=team/nightly&number=12&server=east").status_code == 202
    assert work() == []


def test_an_unknown_job_of_a_known_server_is_looked_for_there_alone(knock, west):
    knock(b"job=nobody&number=1&server=west")
    assert work() == [("watch", "west", {})]


def test_an_unknown_job_that_no_pattern_admits_is_not_looked_for(knock):
    add_server("main", "http://jenkins/", patterns=("team/*",))
    knock(b"job=nobody&number=1")
    assert work() == []


def test_an_encoded_name_in_an_address_is_decoded(knock):
    track_job("a b/ö", server="main", jenkins_name="a b/ö")
    knock({"url": "http://jenkins/job/a%20b/job/%C3%B6/", "build": {"number": 1}})
    assert work()[0][1] == "a b/ö#1"


def test_the_same_knock_many_times_is_one_task(knock):
    for _ in range(5):
        knock(b"job=team/nightly&number=12")
    assert work() == BUILD_12


@pytest.mark.parametrize("other", [b"job=nobody&number=1", b"job=x&server=nobody"])
def test_known_and_unknown_jobs_get_the_same_answer(knock, other):
    known, unknown = knock(b"job=team/nightly&number=1"), knock(other)
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    assert set(known.headers.keys()) == set(unknown.headers.keys())


def test_an_unknown_job_makes_the_worker_look_for_jobs(knock):
    knock(b"job=nobody&number=1")
    assert [row[:2] for row in work()] == [("watch", "main")]


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer trk_x"])
def test_without_a_token_nothing_is_done(client, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    response = client.post(URL, data=b"job=team/nightly&number=12", headers=headers)
    assert response.status_code == 401
    assert work() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"\xff\xfe\0",
        b"{",
        b"{}",
        b'{"name": 1e999}',
        b"{" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"url": "http://[bad/job/x/", "build": {"number": 1}}',
        b'{"job": "team/nightly", "number": "one"}',
        b'{"job": "team/nightly", "number": {"a": 1}}',
        b'{"job": "team/nightly", "number": true}',
        b"job=team/nightly&number=0",
        b"job=team/nightly&number=-1",
        b"job=team/nightly&number=9223372036854775808",
        b"job=team/nightly&number=" + b"0" * 19 + b"1" + b"9" * 50,
        b"job=team/nightly&number=%D9%A3",
        b"number=12",
        b"<job><name>nightly</name></job>",
    ],
)
def test_what_cannot_be_understood_is_400_and_does_nothing(knock, body):
    assert knock(body).status_code == 400
    assert work() == []


@pytest.mark.parametrize(
    "body", [b'{"name": ["x"]}', b'{"build": 3, "name": "x"}', b'{"url": {"a": "b"}}', b"job=%00"]
)
def test_odd_bodies_are_refused_or_nobody(knock, body):
    assert knock(body).status_code in (202, 400)
    assert [row[0] for row in work()] in ([], ["watch"])


def test_a_notification_with_a_long_log_is_taken(knock):
    body = {"url": "job/team/job/nightly/", "build": {"number": 12, "log": "x" * 7_000_000}}
    assert knock(body).status_code == 202
    assert work() == BUILD_12


def test_a_body_over_8_megabytes_is_413(knock):
    assert knock(b" " * (8 * 1024 * 1024 + 1)).status_code == 413


def test_a_body_shorter_than_it_says_is_400(client, token):
    response = client.post(
        URL,
        data=b"job=team/nightly",
        headers={"Authorization": f"Bearer {token}", "Content-Digest": "sha-256=:AAAA:"},
    )
    assert response.status_code == 400


DATA = b"job=team/nightly&number=12"
OPENS_HOOKS = {"hook": 202, "ingest": 202, "read": 401, "admin": 202}
OPENS_ADDRESSES = {"hook": 202, "ingest": 401, "read": 401, "admin": 401}


@pytest.mark.parametrize(("scope", "status"), sorted(OPENS_HOOKS.items()))
def test_a_token_opens_hooks_when_its_scope_does(client, scope, status):
    bearer = {"Authorization": f"Bearer {create_token('t', scope=scope, now=0)}"}
    assert client.post(URL, data=DATA, headers=bearer).status_code == status
    assert work() == (BUILD_12 if status == 202 else [])


def test_a_token_may_be_the_password_of_an_address(client):
    text = create_token("t", scope="hook", now=0)
    assert client.post(URL, data=DATA, auth=("jenkins", text)).status_code == 202
    assert work() == BUILD_12


def test_a_hooks_token_uploads_nothing(client):
    bearer = {"Authorization": f"Bearer {create_token('t', scope='hook', now=0)}"}
    response = client.post("/api/v1/ingest?job=n&build=1", data=b"<a/>", headers=bearer)
    assert response.status_code == 401


@pytest.mark.parametrize(("scope", "status"), sorted(OPENS_ADDRESSES.items()))
def test_in_the_path_stands_a_token_of_hooks_alone(client, scope, status):
    text = create_token("t", scope=scope, now=0)
    assert client.post(f"{URL}/{text}", data=DATA).status_code == status
    assert work() == (BUILD_12 if status == 202 else [])


def test_a_wrong_token_in_the_path_is_not_mended_by_a_header(client, token):
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.post(f"{URL}/trk_wrong", data=DATA, headers=bearer).status_code == 401
    assert work() == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("post", "", 400), ("get", "", 405), ("post", "/more", 405), ("get", "/more", 405)],
)
def test_a_token_in_the_path_is_not_told_back(client, method, path, status):
    text = create_token("t", scope="hook", now=0)
    response = getattr(client, method)(f"{URL}/{text}{path}")
    assert (response.status_code, response.json["instance"]) == (status, f"{URL}/***")
    assert text not in response.text


SECRET = "s3cret of all jobs"


def signed(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def sign(settings, store):
    """Knock with these headers at an application that has a secret, or another setting of it."""

    def sign(body, headers, path=URL, secret=SECRET):
        its = Settings.load({}, home=settings.home, output=settings.output, hook_secret=secret)
        return create_app(its).test_client().post(path, data=body, headers=headers)

    return sign


@pytest.mark.parametrize("header", ["X-Hub-Signature-256", "X-Tracker-Signature"])
def test_a_body_that_is_signed_needs_no_token(sign, header):
    assert sign(DATA, {header: signed(DATA)}).status_code == 202
    assert work() == BUILD_12


@pytest.mark.parametrize(
    "signature",
    [
        signed(DATA, "another"),
        signed(DATA + b" "),
        signed(DATA)[:-1],
        signed(DATA).removeprefix("sha256="),
        "sha256=",
        "sha256=\xe9",
    ],
)
def test_a_wrong_signature_opens_nothing(sign, signature):
    response = sign(DATA, {"X-Hub-Signature-256": signature})
    assert response.status_code == 401
    assert "TRACKER_HOOK_SECRET" in response.json["detail"]
    assert work() == []


def test_the_signature_of_no_body_opens_nothing(sign):
    path = f"{URL}?job=team/nightly&number=12"
    assert sign(b"", {"X-Hub-Signature-256": signed(b"")}, path).status_code == 401
    assert work() == []


@pytest.mark.parametrize(
    ("body", "found"),
    [(DATA, BUILD_12), (b"job=team/nightly", [("poll", "team/nightly", {})])],
)
def test_of_a_signed_hook_nothing_is_taken_from_the_query(sign, body, found):
    path = f"{URL}?number=99&server=nobody&url=http://nowhere/"
    assert sign(body, {"X-Hub-Signature-256": signed(body)}, path).status_code == 202
    assert work() == found


def test_a_signed_hook_that_names_no_job_is_not_helped_by_its_query(sign):
    path = f"{URL}?job=team/nightly&number=12"
    assert sign(b"a=b", {"X-Hub-Signature-256": signed(b"a=b")}, path).status_code == 400
    assert work() == []


def test_without_a_secret_no_signature_is_believed(sign):
    assert sign(DATA, {"X-Hub-Signature-256": signed(DATA, "")}, secret="").status_code == 401


def test_a_secret_leaves_the_tokens_as_they_are(sign, token):
    assert sign(DATA, {}).status_code == 401
    assert sign(DATA, {"Authorization": f"Bearer {token}"}).status_code == 202


@pytest.mark.parametrize(("text", "status"), [("", 202), ("x", 401)])
def test_where_the_signature_is_anothers_the_token_decides(sign, token, text, status):
    headers = {"X-Hub-Signature-256": "sha256=0", "Authorization": f"Bearer {token}{text}"}
    assert sign(DATA, headers).status_code == status
    assert work() == (BUILD_12 if status == 202 else [])


def test_a_stranger_is_turned_away_before_the_body_is_read(client):
    assert client.post(URL, data=b"x" * (9 * 1024 * 1024)).status_code == 401


def test_a_token_in_the_path_is_in_no_log_of_gunicorn(settings, store):
    text = create_token("jenkins", scope="hook", now=0)
    connection.close_store()
    log = settings.home / "access.log"
    with running_gunicorn(settings, TRACKER_ACCESS_LOG=str(log)) as server:
        for path in (f"{URL}/{text}?job=x", f"{URL}/{text}/more", f"/proxy{URL}/{text}"):
            request = urllib.request.Request(server.url + path, data=DATA, method="POST")
            try:
                urllib.request.urlopen(request, timeout=20).close()
            except urllib.error.HTTPError as error:
                error.close()
    logged = log.read_text()
    assert logged.count("/api/v1/hooks/jenkins/***") == 3
    assert f'"POST {URL}/***?job=x HTTP/1.1" 202' in logged
    assert text not in logged + (settings.home / "gunicorn.log").read_text()


# A signature that holds for some minutes


@pytest.mark.parametrize(
    ("ago", "status"), [(0, 202), (299, 202), (-299, 202), (301, 401), (-301, 401), (86_400, 401)]
)
def test_a_signature_with_its_time_holds_for_five_minutes(settings, ago, status, monkeypatch):
    monkeypatch.setattr(hooks, "now_ms", lambda: 1_796_000_000_000)
    sent = signed_at(settings, str(1_796_000_000 - ago))
    assert sent.status_code == status


@pytest.mark.parametrize("at", ["", "x", "-1", "1e9", "1796000000.5", "\u0661"])
def test_what_is_no_time_is_refused(settings, at):
    assert signed_at(settings, at.encode().decode("latin-1")).status_code == 401


def test_a_time_cannot_be_put_beside_a_signature_of_another_one(settings, monkeypatch):
    monkeypatch.setattr(hooks, "now_ms", lambda: 1_796_000_000_000)
    assert signed_at(settings, "1796000000", of="1795000000").status_code == 401
    assert signed_at(settings, None, of="1796000000").status_code == 401


def test_a_message_without_its_time_is_not_taken_for_one_that_never_had_one(sign):
    text = b"1796000000." + DATA
    headers = {"X-Hub-Signature-256": signed(text)}
    assert sign(text, headers, f"{URL}?job=team/nightly&number=12").status_code == 401
    assert work() == []


def signed_at(settings, at, of=None):
    """Knock with a signature of the time `of`, telling the time `at`."""
    its = Settings.load({}, home=settings.home, hook_secret="of the hooks")
    body = b"job=team/nightly&number=12"
    text = f"{at if of is None else of}.".encode("latin-1") + body
    signature = hmac.new(b"of the hooks", text, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    if at is not None:
        headers["X-Tracker-Timestamp"] = at
    return create_app(its).test_client().post(URL, data=body, headers=headers)
