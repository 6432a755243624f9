"""Hooks: a knock makes the worker look, its body is never data, and its answer tells nothing."""

from __future__ import annotations

import msgspec
import pytest

from tracker.queries.rows import select
from tracker.store.jobs import add_server, track_job

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
    rows = select("SELECT kind, key, payload FROM work ORDER BY kind, key")
    return [(kind, key, msgspec.json.decode(payload)) for kind, key, payload in rows]


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
def test_a_form_does_too(knock, data):
    assert knock(data).status_code == 202
    assert work() == BUILD_12


def test_the_query_does_too(knock):
    assert knock(path=f"{URL}?job=team/nightly&number=12").status_code == 202
    assert work() == BUILD_12


def test_without_a_number_the_job_is_polled(knock):
    knock(b"job=team/nightly")
    assert [row[:2] for row in work()] == [("poll", "team/nightly")]


def test_the_prefix_of_a_server_stands_before_its_names(knock):
    add_server("west", "http://west/", prefix="west", username="", token_file="", patterns=())
    track_job("west/team/nightly", server="west", jenkins_name="team/nightly")
    knock(b"job=team/nightly&number=12&server=west")
    assert work()[0][1] == "west/team/nightly#12"


def test_an_encoded_name_in_an_address_is_decoded(knock):
    track_job("a b/ö", server="main", jenkins_name="a b/ö")
    knock({"url": "http://jenkins/job/a%20b/job/%C3%B6/", "build": {"number": 1}})
    assert work()[0][1] == "a b/ö#1"


def test_the_same_knock_many_times_is_one_task(knock):
    for _ in range(5):
        knock(b"job=team/nightly&number=12")
    assert work() == BUILD_12


def test_known_and_unknown_jobs_get_the_same_answer(knock):
    known, unknown = knock(b"job=team/nightly&number=1"), knock(b"job=nobody&number=1")
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    assert set(known.headers.keys()) == set(unknown.headers.keys())


def test_an_unknown_job_makes_the_worker_look_for_jobs(knock):
    knock(b"job=nobody&number=1")
    assert [row[:2] for row in work()] == [("discover", "main")]


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
    assert [row[0] for row in work()] in ([], ["discover"])


def test_a_body_over_a_megabyte_is_413(knock):
    assert knock(b" " * 1_100_000).status_code == 413


def test_a_body_shorter_than_it_says_is_400(client, token):
    response = client.post(
        URL,
        data=b"job=team/nightly",
        headers={"Authorization": f"Bearer {token}", "Content-Digest": "sha-256=:AAAA:"},
    )
    assert response.status_code == 400
