"""Uploads over HTTP: what each status means, and what every parameter may be."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import shutil
import signal

import pytest

from tests.conftest import junit
from tracker.clock import HOUR, now_ms
from tracker.intake import ingest
from tracker.queries import builds, dump, jobs
from tracker.settings import Settings
from tracker.store.jobs import add_server
from tracker.store.sql import run
from tracker.web import create_app
from tracker.worker.loop import Worker

ONE = junit(one="P", two="F")


@pytest.fixture
def upload_with(settings, token):
    """Upload to an application with some settings changed: `upload_with(max_upload_mb=1)`."""

    def upload_with(data=ONE, headers=None, **changed):
        app = create_app(Settings.load({}, home=settings.home, output=settings.output, **changed))
        bearer = {"Authorization": f"Bearer {token}", **(headers or {})}
        return app.test_client().post("/api/v1/ingest?job=n&build=1", data=data, headers=bearer)

    return upload_with


@pytest.fixture
def work(settings):
    """Let a worker do what is due."""

    def work():
        before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
        try:
            Worker(settings).run(until_idle=True)
        finally:
            signal.signal(signal.SIGTERM, before[0])
            signal.signal(signal.SIGINT, before[1])

    return work


@pytest.fixture
def refused(upload):
    """The message of an upload that is refused, and leaves nothing behind."""

    def refused(status, data=ONE, headers=None, **query):
        response = upload(data, headers, **{"job": "nightly", "build": 1, **query})
        assert response.status_code == status, response.text
        assert response.mimetype == "application/problem+json"
        assert list(dump.lines()) == []
        return response.json["detail"]

    return refused


def test_a_report_is_stored_with_201_and_where_it_is(upload):
    response = upload(ONE, job="team/nightly", build=12)
    assert response.status_code == 201
    assert response.headers["Location"] == "http://localhost/jobs/team/nightly/builds/12/"
    body = response.json
    assert (body["job"], body["build"], body["added"]) == ("team/nightly", 12, ["report"])
    assert (body["totals"]["total"], body["totals"]["failed"], body["new_failures"]) == (2, 1, 1)
    assert [case["name"] for case in body["new"]] == ["two"]


@contextlib.contextmanager
def moved_away(path):
    path.rename(path.with_name("away.db"))
    yield
    path.with_name("away.db").replace(path)


@contextlib.contextmanager
def replaced(path):
    with moved_away(path):
        shutil.copy(path.with_name("away.db"), path)
        yield


@pytest.mark.parametrize(("fault", "words"), [(moved_away, "moved away"), (replaced, "replaced")])
def test_nothing_is_acknowledged_into_a_file_that_is_gone(upload, settings, fault, words):
    assert upload(junit(one="P"), job="n", build=1).status_code == 201
    with fault(settings.database):
        for headers in ({}, {"Prefer": "respond-async"}):
            answer = upload(junit(two="P"), headers, job="n", build=2)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
            assert words in answer.json["detail"]
    assert upload(junit(two="P"), job="n", build=2).status_code == 201


def test_a_file_that_goes_while_a_report_is_read_is_seen_too(upload, settings, monkeypatch):
    away = settings.database.with_name("away.db")

    def ingest_meanwhile(*arguments, **options):
        done = ingest.ingest(*arguments, **options)
        settings.database.rename(away)
        return done

    monkeypatch.setattr("tracker.web.ingest.ingest", ingest_meanwhile)
    assert upload(ONE, job="n", build=1).status_code == 503


def test_pages_are_read_while_nothing_can_be_recorded(upload, client, settings):
    upload(ONE, job="n", build=1)
    with moved_away(settings.database):
        assert client.get("/jobs/n/").status_code == 200


def test_the_same_bytes_again_are_200_and_change_nothing(upload):
    upload(ONE, job="nightly", build=1)
    before = list(dump.lines())
    response = upload(ONE, job="nightly", build=1, name="other.xml")
    assert response.status_code == 200
    assert (response.json["added"], response.json["known"]) == ([], ["other.xml"])
    assert list(dump.lines()) == before


def test_other_bytes_under_the_same_name_are_409_with_both_digests(upload):
    upload(ONE, job="nightly", build=1)
    other = junit(one="F")
    response = upload(other, job="nightly", build=1)
    assert response.status_code == 409
    for data in (ONE, other):
        assert hashlib.sha256(data).hexdigest()[:12] in response.json["detail"]


def test_another_name_adds_to_the_build(upload):
    upload(ONE, job="nightly", build=1, name="a.xml")
    response = upload(junit(three="P"), job="nightly", build=1, name="b.xml")
    assert (response.status_code, response.json["totals"]["total"]) == (201, 3)


def test_replace_puts_a_report_in_the_place_of_the_old_one(upload):
    upload(ONE, job="nightly", build=1)
    response = upload(junit(one="P"), job="nightly", build=1, replace="true")
    assert (response.status_code, response.json["totals"]["total"]) == (201, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "plain text"),
        (b"{}", "JSON"),
        (b"<html><form>", "may want a login"),
        (b"<other/>", "<other>"),
        (b"\xf9\x00" * 50, "binary data"),
    ],
)
def test_what_no_parser_recognises_is_415_and_told_what_it_looks_like(refused, data, words):
    assert words in refused(415, data)


@pytest.mark.parametrize(
    "data", [b"<testsuite", b"<testsuite>\0", b"<testsuite a='1' a='2'/>", b"PK\3\4", b"\x1f\x8b"]
)
def test_what_cannot_be_read_is_422(refused, data):
    assert "cannot be read" in refused(422, data)


@pytest.mark.parametrize(
    "kind", ["Bearer wrong", "Bearer ", "Basic !!!", "Basic Og==", "Odd x", ""]
)
def test_without_a_token_that_opens_it_is_401(client, store, kind):
    response = client.post(
        "/api/v1/ingest?job=a&build=1", data=ONE, headers={"Authorization": kind} if kind else {}
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert list(dump.lines()) == []


def test_a_token_may_be_the_password_of_basic_authentication(client, token):
    response = client.post("/api/v1/ingest?job=a&build=1", data=ONE, auth=("any", token))
    assert response.status_code == 201


def test_an_unknown_parameter_is_named(refused):
    assert "'biuld'" in refused(400, biuld=1)


@pytest.mark.parametrize(
    "number",
    ["", "0", "-1", "+1", "1.0", "1e3", "abc", "true", " 1", "٣", "1~0", 2**63, 10**20, "1" * 5000],
)
def test_a_number_that_is_none_is_refused(refused, number):
    assert "build" in refused(400, build=number)


@pytest.mark.parametrize("number", [1, 2**31, 2**63 - 1])
def test_every_number_from_1_on_is_one(upload, client, number):
    assert upload(ONE, job="nightly", build=number).status_code == 201
    assert client.get(f"/jobs/nightly/builds/{number}/").status_code == 200
    assert client.get(f"/api/v1/jobs/nightly/builds/{number}").json["number"] == number


@pytest.mark.parametrize(
    "job", ["", "/", "..", "a/../b", "../a", "a//b", "a/.", ". /a", "a\nb", "a\0", "x" * 1001]
)
def test_what_is_no_name_of_a_job_is_refused(refused, job):
    assert "job" in refused(400, job=job)


@pytest.mark.parametrize(
    "job",
    [
        *(
            "a b",
            "ä/ö",
            "50%",
            "a%2Fb",
            "a?b#c",
            "a&b=c",
            "<b>",
            "'\"",
            "C:\\x",
            "☃",
            "-",
            "~",
            "..a",
        ),
        *("builds", "a/builds", "static", "index.json", "a.b", "con", "\u202ex", "a:b", "x" * 1000),
    ],
)
def test_a_job_may_be_called_anything_else(upload, client, job):
    response = upload(ONE, job=job, build=1)
    assert response.status_code == 201
    page = client.get(response.headers["Location"].removeprefix("http://localhost"))
    assert page.status_code == 200
    assert jobs.job(job).latest.number == 1


def test_outer_slashes_of_a_name_do_not_count(upload):
    assert upload(ONE, job="/team/nightly/", build=1).json["job"] == "team/nightly"


def test_a_server_puts_its_prefix_before_the_name(upload):
    add_server("west", "http://j/", prefix="west", username="", token_file="", patterns=())
    assert upload(ONE, job="nightly", build=1, server="west").json["job"] == "west/nightly"


def test_a_server_nobody_knows_is_404(refused):
    assert "'east'" in refused(404, server="east")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2025-11-24T02:15:00Z", 1763950500000),
        ("2025-11-24T02:15:00", 1763950500000),
        ("2025-11-24T03:15:00+01:00", 1763950500000),
        ("2025-11-24 02:15:00", 1763950500000),
        ("2025-11-24T02:15:00.250Z", 1763950500250),
        ("1763950500", 1763950500000),
        ("1763950500123", 1763950500123),
    ],
)
def test_a_start_may_be_written_in_these_ways(upload, text, milliseconds):
    upload(ONE, job="nightly", build=1, started=text)
    started = builds.build("nightly", "1").started
    assert started.timestamp() * 1000 == milliseconds


@pytest.mark.parametrize("text", ["yesterday", "24.11.2026", "2026-13-01", "-5", "1e9", "9" * 16])
def test_a_start_that_is_none_is_refused(refused, text):
    assert "not a time" in refused(400, started=text)


@pytest.mark.parametrize("text", ["2126-11-24T02:15:00Z", "9999-12-31T23:59:59-14:00", "9" * 15])
def test_a_start_in_the_future_is_refused(refused, text):
    assert f"started='{text}' lies more than a day in the future" in refused(400, started=text)


def test_a_start_of_an_hour_ahead_is_kept(upload):
    upload(ONE, job="nightly", build=1, started=now_ms() + HOUR)
    assert builds.build("nightly", "1").started is not None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "0"])
def test_a_start_outside_the_calendar_harms_nothing(upload, client, text):
    assert upload(ONE, job="nightly", build=1, started=text).status_code == 201
    for path in ("/", "/jobs/nightly/", "/jobs/nightly/builds/1/", "/api/v1/jobs"):
        assert client.get(path).status_code == 200


def test_facets_are_the_variant_of_the_report(upload):
    response = upload(ONE, job="n", build=1, facet=["platform:linux", "browser:ff"])
    assert {case["variant"] for case in response.json["new"]} == {"browser=ff,platform=linux"}


@pytest.mark.parametrize(
    "facet",
    ["platform", ":linux", "platform:", "a b:c", "a:b,c", "a:b=c", "a:\n", "a:" + "x" * 201],
)
def test_a_facet_that_is_none_is_refused(refused, facet):
    assert "facet" in refused(400, facet=facet)


def test_a_facet_given_twice_is_refused(refused):
    assert "twice" in refused(400, facet=["a:b", "a:c"])


@pytest.mark.parametrize("name", ["complete", "replace"])
def test_a_flag_is_true_or_false(refused, name):
    assert "neither true nor false" in refused(400, **{name: "maybe"})


@pytest.mark.parametrize("name", ["branch", "commit", "url"])
def test_texts_are_lines_of_some_length(refused, name):
    assert name in refused(400, **{name: "x" * 1001})
    assert name in refused(400, **{name: "a\nb"})


def test_branch_commit_and_url_are_kept(upload):
    upload(ONE, job="n", build=1, branch="main", commit="abc", url="http://j/1/")
    build = builds.build("n", "1")
    assert (build.branch, build.commit, build.url) == ("main", "abc", "http://j/1/")


def test_an_empty_body_is_refused(refused):
    assert "empty" in refused(400, b"")


def test_an_empty_body_may_say_that_the_build_is_complete(upload):
    upload(ONE, job="n", build=1)
    response = upload(b"", job="n", build=1, complete="true")
    assert (response.status_code, response.json["complete"]) == (200, True)
    assert builds.build("n", "1").complete


def test_a_build_may_be_complete_without_any_report(upload):
    assert upload(b"", job="n", build=1, complete="true").status_code == 201
    assert upload(b"", job="n", build=1, complete="true").status_code == 200


def test_a_build_is_not_complete_before_somebody_says_so(upload):
    assert upload(ONE, job="n", build=1).json["complete"] is False


def test_a_gzipped_report_is_the_report(upload):
    upload(ONE, job="n", build=1)
    packed = upload(gzip.compress(ONE), {"Content-Encoding": "gzip"}, job="n", build=1)
    assert packed.status_code == 200


def test_another_encoding_is_415(refused):
    assert "'br'" in refused(415, headers={"Content-Encoding": "br"})


def test_a_wrong_digest_is_400(refused):
    digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    assert "SHA-256" in refused(400, headers={"Content-Digest": digest})


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b" " * 1_100_000, {}),
        (gzip.compress(b" " * 1_100_000), {"Content-Encoding": "gzip"}),
    ],
    ids=["as it is", "unpacked"],
)
def test_a_body_over_the_limit_is_413(upload_with, settings, data, headers):
    assert upload_with(data, headers, max_upload_mb=1).status_code == 413
    assert [path for path in settings.spool.rglob("*") if path.is_file()] == []


def multipart(*files):
    return {"file": [(io.BytesIO(data), name) for name, data in files]}


@pytest.fixture
def send_files(client, token):
    def send(*files, **query):
        return client.post(
            "/api/v1/ingest",
            query_string={"job": "n", "build": 1, **query},
            data=multipart(*files),
            headers={"Authorization": f"Bearer {token}"},
        )

    return send


def test_many_files_come_as_one_multipart_upload(send_files):
    response = send_files(("a.xml", ONE), ("dir/b.xml", junit(three="P")))
    assert response.status_code == 201
    assert response.json["added"] == ["a.xml", "dir/b.xml"]
    assert response.json["totals"]["total"] == 3


def test_a_multipart_body_itself_is_not_kept(send_files, settings):
    send_files(("a.xml", ONE))
    kept = [path.read_bytes() for path in settings.spool.rglob("*") if path.is_file()]
    assert kept == [ONE]


def test_unreadable_files_of_an_upload_are_told_beside_the_others(send_files):
    response = send_files(("a.xml", ONE), ("b.txt", b"hello"))
    assert response.status_code == 201
    assert list(response.json["refused"]) == ["b.txt"]


def test_a_multipart_upload_without_a_boundary_is_400(refused):
    assert "boundary" in refused(400, headers={"Content-Type": "multipart/form-data"})


def test_a_file_name_is_text_and_never_a_path(send_files, tmp_path):
    names = ["../../../../tmp/x.xml", "<script>.xml", "/etc/passwd"]
    response = send_files(*((name, junit(**{f"c{n}": "P"})) for n, name in enumerate(names)))
    assert response.json["added"] == ["../../../../tmp/x.xml", "<script>.xml", "etc/passwd"]


def test_for_a_log_the_answer_is_lines_of_text(upload):
    name = "evil \x85 \u202e \u2028 name"
    data = f"<testsuite name='s'><testcase name='{name}'><failure/></testcase></testsuite>"
    response = upload(data.encode(), {"Accept": "text/plain"}, job="n", build=1)
    assert response.mimetype == "text/plain"
    lines = response.text.split("\n")
    assert lines[0].startswith("n #1: 1 tests, 1 failed")
    assert lines[-2] == "http://localhost/jobs/n/builds/1/"
    assert all(line.isprintable() for line in lines)


def test_a_refusal_for_a_log_is_one_line(upload):
    response = upload(b"\x1b[31m\r\n", {"Accept": "text/plain"}, job="n", build=1, name="a")
    assert response.status_code == 415
    assert response.text.count("\n") == 1
    assert response.text[:-1].isprintable()


def test_who_prefers_it_is_answered_before_the_report_is_read(upload, client, work):
    response = upload(ONE, {"Prefer": "respond-async"}, job="n", build=1)
    assert response.status_code == 202
    where = response.headers["Location"]
    assert response.json["status_url"] == where
    path = where.removeprefix("http://localhost")
    assert client.get(path).json["state"] == "due"
    assert list(dump.lines()) == []
    work()
    told = client.get(path).json
    assert told["state"] == "done"
    assert (told["answer"]["status"], told["answer"]["totals"]["total"]) == (201, 2)
    assert builds.build("n", "1").totals.total == 2


def test_a_queued_report_that_cannot_be_read_says_so_at_its_status_url(upload, client, work):
    response = upload(b"hello", {"Prefer": "respond-async"}, job="n", build=1)
    work()
    told = client.get(response.headers["Location"].removeprefix("http://localhost")).json
    assert (told["state"], told["answer"]["status"]) == ("done", 415)
    assert "plain text" in told["answer"]["error"]


QUEUED = {"Prefer": "respond-async"}


def test_of_two_queued_uploads_the_later_one_stays_whatever_the_first_one_meets(
    upload, settings, work
):
    upload(junit(one="F"), QUEUED, job="n", build=1, replace="true")
    away = settings.spool.rename(settings.spool.with_name("away"))
    work()  # the disk is not there, and the first one waits to be tried again
    away.rename(settings.spool)
    upload(junit(one="P"), QUEUED, job="n", build=1, replace="true")
    work()
    run("UPDATE work SET due = 0 WHERE state = 'due'")
    work()
    assert builds.build("n", "1").totals.failed == 0


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        ("true", "true", 202),
        ("false", "true", 202),
        ("true", "false", 202),
        ("false", "false", 201),
    ],
)
def test_an_upload_comes_after_those_that_wait_where_one_replaces(
    upload, client, work, first, then, status
):
    upload(junit(one="F"), QUEUED, job="n", build=1, replace=first)
    response = upload(junit(one="P"), job="n", build=1, replace=then)
    assert response.status_code == status
    work()
    assert builds.build("n", "1").totals.failed == (then == "false" and status == 202)


def test_an_upload_for_another_build_waits_for_none(upload):
    upload(junit(one="F"), QUEUED, job="n", build=1, replace="true")
    assert upload(junit(one="P"), job="n", build=2, replace="true").status_code == 201


def test_a_build_may_be_called_complete_while_uploads_wait(upload):
    upload(junit(one="F"), QUEUED, job="n", build=1, replace="true")
    assert upload(b"", job="n", build=1, complete="true").status_code == 201


def test_a_large_upload_is_queued_by_itself(upload_with):
    assert upload_with(ONE + b" " * 1_100_000, queue_above_mb=1).status_code == 202


def test_an_upload_nobody_sent_has_no_status(client):
    assert client.get("/api/v1/ingests/0123").status_code == 404


def test_uploads_may_be_kept_from_making_jobs(upload_with):
    assert upload_with(accept_new_jobs=False).status_code == 404
    assert list(dump.lines()) == []


def test_links_go_to_the_address_people_use(upload_with):
    response = upload_with(base_url="https://t/x/")
    assert response.headers["Location"] == "https://t/x/jobs/n/builds/1/"


def test_nothing_but_post_is_done_here(client):
    response = client.get("/api/v1/ingest")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
