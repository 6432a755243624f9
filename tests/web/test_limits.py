"""How often one may ask: each limit, whom it spares, and that it holds over all processes."""

from __future__ import annotations

import concurrent.futures
import re
import urllib.error
import urllib.request

import msgspec
import pytest

from tests.conftest import junit, running_gunicorn
from tests.servers import PASSWORD as REDIS_PASSWORD
from tests.servers import running_redis
from tracker.errors import SettingsError
from tracker.settings import Settings
from tracker.store import passwords, people
from tracker.store.people import add_person
from tracker.store.tokens import create_token
from tracker.web import create_app, limits
from tracker.web.addresses import FORWARDED

PASSWORD = "four unrelated words here"
FAR = {"REMOTE_ADDR": "203.0.113.9"}
OTHER = {"REMOTE_ADDR": "203.0.113.10"}
UPLOAD = "/api/v1/ingest?job=n&build=1"


@pytest.fixture(autouse=True)
def _anna(store, monkeypatch):
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    monkeypatch.setattr(people, "_NOBODYS", passwords.hashed("nobody's"))
    add_person("anna", PASSWORD, now=1)


@pytest.fixture
def limited(settings):
    """A client of a tracker with low limits; `limited.get(…, environ_overrides=FAR)`."""
    its = Settings.load(
        {},
        home=settings.home,
        output=settings.output,
        requests_per_minute=5,
        uploads_per_minute=3,
    )
    return create_app(its).test_client()


def statuses(ask, number):
    return [ask().status_code for _ in range(number)]


def test_an_address_may_ask_so_often(limited):
    ask = lambda: limited.get("/api/v1/jobs", environ_overrides=FAR)  # noqa: E731
    assert statuses(ask, 7) == [200] * 5 + [429] * 2


def test_a_refusal_says_what_was_too_much_and_when_to_come_again(limited):
    for _ in range(6):
        response = limited.get("/api/v1/jobs", environ_overrides=FAR)
    seconds = int(response.headers["Retry-After"])
    assert 1 <= seconds <= 60
    assert response.headers["RateLimit-Policy"] == '"requests";q=5;w=60'
    assert response.headers["RateLimit"] == f'"requests";r=0;t={seconds}'
    assert response.mimetype == "application/problem+json"
    assert response.json["type"] == "urn:tracker:problem:too-many-requests"
    assert "more than 5 requests from this address in 60 seconds" in response.json["detail"]


def test_what_is_left_is_told_before(limited):
    left = [
        limited.get("/api/v1/jobs", environ_overrides=FAR).headers["RateLimit"] for _ in range(3)
    ]
    assert [re.search(r"r=(\d+)", each)[1] for each in left] == ["4", "3", "2"]


def test_another_address_is_counted_by_itself(limited):
    statuses(lambda: limited.get("/", environ_overrides=FAR), 6)
    assert limited.get("/", environ_overrides=OTHER).status_code == 200


@pytest.mark.parametrize("here", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_requests_from_this_machine_are_not_counted(limited, here):
    ask = lambda: limited.get("/", environ_overrides={"REMOTE_ADDR": here})  # noqa: E731
    assert statuses(ask, 8) == [200] * 8


@pytest.mark.parametrize("name", FORWARDED)
def test_what_a_proxy_of_this_machine_passed_on_is_counted(limited, name):
    where = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {name: "unknown"}}
    assert statuses(lambda: limited.get("/", **where), 6) == [200] * 5 + [429]


def test_probes_are_answered_however_often(limited):
    for path in ("/health/live", "/health/ready"):
        found = [limited.get(path, environ_overrides=FAR).status_code for _ in range(8)]
        assert found == [200] * 8


def test_a_new_window_counts_from_nothing(limited, monkeypatch):
    statuses(lambda: limited.get("/", environ_overrides=FAR), 6)
    later = limits.time.time() + 61
    monkeypatch.setattr("tracker.web.limit_store.time.time", lambda: later)
    assert limited.get("/", environ_overrides=FAR).status_code == 200


def test_zero_is_any_number(settings):
    its = Settings.load({}, home=settings.home, requests_per_minute=0, uploads_per_minute=0)
    client = create_app(its).test_client()
    response = [client.get("/api/v1/jobs", environ_overrides=FAR) for _ in range(20)][-1]
    assert (response.status_code, "RateLimit" in response.headers) == (200, False)


def test_a_sender_may_upload_so_often_from_wherever(limited, token):
    headers = {"Authorization": f"Bearer {token}"}
    found = [
        limited.post(
            UPLOAD,
            data=junit(a="P"),
            headers=headers,
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{n}"},
        )
        for n in range(5)
    ]
    assert [each.status_code for each in found] == [201, 200, 200, 429, 429]
    assert found[-1].headers["RateLimit-Policy"].startswith('"uploads";q=3;')


def test_another_sender_may_still_upload(limited, token):
    for text in (token, create_token("other", now=1)):
        headers = {"Authorization": f"Bearer {text}"}
        found = [
            limited.post(UPLOAD, data=junit(a="P"), headers=headers, environ_overrides=FAR)
            for _ in range(2)
        ]
        assert [each.status_code for each in found][-1] == 200


# Signing in


def guess(client, name="anna", password="wrong", where=FAR):
    return client.post(UPLOAD, data=b"", auth=(name, password), environ_overrides=where)


def test_guesses_of_one_address_are_slowed(client):
    found = [guess(client, f"name{n}") for n in range(12)]
    assert [each.status_code for each in found] == [401] * 10 + [429] * 2
    assert int(found[-1].headers["Retry-After"]) <= 60


def test_also_of_this_machine_itself(client):
    where = {"REMOTE_ADDR": "127.0.0.1"}
    assert statuses(lambda: guess(client, where=where), 11)[-1] == 429


def test_guesses_at_one_name_are_slowed_from_wherever_they_come(client):
    found = [
        guess(client, name, where={"REMOTE_ADDR": f"203.0.113.{n}"})
        for n, name in enumerate(["anna", "ANNA"] * 11)
    ]
    assert [each.status_code for each in found] == [401] * 20 + [429] * 2
    assert found[-1].headers["RateLimit-Policy"] == '"sign-ins of a name";q=20;w=3600'


def test_unknown_names_are_slowed_as_known_ones(client):
    known, unknown = (
        [
            guess(client, name, where={"REMOTE_ADDR": f"203.0.{net}.{n}"}).status_code
            for n in range(21)
        ]
        for net, name in enumerate(["anna", "nobody"])
    )
    assert known == unknown


def test_over_the_limit_the_right_password_is_not_tried(client):
    statuses(lambda: guess(client), 10)
    assert guess(client, password=PASSWORD).status_code == 429


def test_right_passwords_do_not_use_the_limit_up(client):
    for n in range(15):
        passwords._remembered.clear()
        sent = client.post(
            f"/api/v1/ingest?job=n&build={n + 1}&complete=true",
            auth=("anna", PASSWORD),
            environ_overrides=FAR,
        )
        assert sent.status_code == 201


def test_who_signed_in_a_short_time_ago_goes_on_while_others_guess(client):
    send = lambda: guess(client, password=PASSWORD, where=OTHER)  # noqa: E731
    assert send().status_code == 400  # an empty upload
    for n in range(25):
        guess(client, where={"REMOTE_ADDR": f"203.0.113.{n}"})
    assert send().status_code == 400


def test_the_form_for_passwords_is_slowed_too(client):
    form = {"name": "anna", "present": "wrong", "wanted": "x" * 12, "again": "x" * 12}
    send = lambda: client.post("/actions/password", data=form, environ_overrides=FAR)  # noqa: E731
    assert statuses(send, 11) == [401] * 10 + [429]


def test_wrong_tokens_are_slowed_and_right_ones_are_not(client, token):
    def send(text):
        headers = {"Authorization": f"Bearer {text}"}
        return client.post(UPLOAD, data=junit(a="P"), headers=headers, environ_overrides=FAR)

    assert statuses(lambda: send("trk_wrong"), 61) == [401] * 60 + [429]
    assert send(token).status_code == 201


# Where nothing can be counted


@pytest.fixture(params=["folder", "rubbish", "gone"])
def broken(request, settings):
    """A client of a tracker that finds its counters so, and whether they can be made anew."""
    path = settings.home / "limits.db"
    guess(create_app(settings).test_client())
    path.unlink()
    if request.param == "folder":
        path.mkdir()
    elif request.param == "rubbish":
        path.write_bytes(b"rubbish" * 2000)
    return create_app(settings).test_client(), request.param != "folder"


def test_reading_and_uploading_go_on(broken, token, caplog):
    client, is_mended = broken
    assert client.get("/", environ_overrides=FAR).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    sent = client.post(UPLOAD, data=junit(a="P"), headers=headers, environ_overrides=FAR)
    assert sent.status_code == 201
    assert ("cannot be counted" in caplog.text) != is_mended


def test_nobody_signs_in_by_a_password_unless_it_is_counted(broken):
    client, is_mended = broken
    response = guess(client, password=PASSWORD)
    assert response.status_code == (400 if is_mended else 503)
    assert ("limits.db" in response.json["detail"]) != is_mended


# In a Redis


@pytest.fixture(scope="module")
def redis():
    with running_redis() as running:
        yield running


@pytest.fixture
def in_redis(settings, redis):
    """Makes a client of a node that counts there, with low limits."""

    def make():
        its = msgspec.structs.replace(
            settings, limits_url=f"{redis.address}/0", requests_per_minute=5, uploads_per_minute=3
        )
        app = create_app(its)
        app.extensions[limits._KEY].counter.storage.reset()
        return app.test_client()

    return make


def test_a_limit_holds_over_nodes_that_share_a_redis(in_redis):
    nodes = [in_redis(), in_redis()]
    found = [nodes[n % 2].get("/api/v1/jobs", environ_overrides=FAR).status_code for n in range(8)]
    assert found == [200] * 5 + [429] * 3


def test_what_is_left_is_told_from_there_too(in_redis):
    client = in_redis()
    response = [client.get("/", environ_overrides=FAR) for _ in range(6)][-1]
    assert response.headers["RateLimit-Policy"] == '"requests";q=5;w=60'
    assert re.fullmatch(r'"requests";r=0;t=(60|[1-5]\d)', response.headers["RateLimit"])


def test_right_passwords_are_taken_back_there_too(in_redis):
    client = in_redis()
    here = {"REMOTE_ADDR": "127.0.0.1"}
    for _ in range(15):
        passwords._remembered.clear()
        assert guess(client, password=PASSWORD, where=here).status_code == 400


@pytest.fixture
def without_redis(settings):
    """A client of a node whose Redis is gone, and the Redis."""
    with running_redis() as running:
        its = msgspec.structs.replace(settings, limits_url=running.address)
    return create_app(its).test_client(), running


def test_without_it_reading_and_uploading_go_on(without_redis, token, caplog):
    client, redis = without_redis
    assert client.get("/", environ_overrides=FAR).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    sent = client.post(UPLOAD, data=junit(a="P"), headers=headers, environ_overrides=FAR)
    assert sent.status_code == 201
    assert f"cannot be counted in redis://127.0.0.1:{redis.port}: " in caplog.text
    assert REDIS_PASSWORD not in caplog.text


def test_without_it_nobody_signs_in_by_a_password(without_redis):
    client, _ = without_redis
    response = guess(client, password=PASSWORD)
    assert response.status_code == 503
    assert "the Redis that limits_url names" in response.json["detail"]
    assert REDIS_PASSWORD not in response.text


def test_an_address_that_is_none_stops_the_server_at_its_start(settings):
    its = msgspec.structs.replace(settings, limits_url="redis://:pa/ss@host")
    with pytest.raises(SettingsError, match="limits_url is no address of a Redis"):
        create_app(its)


# Over processes


def test_a_limit_holds_over_all_processes_of_a_server(settings):
    more = {"TRACKER_REQUESTS_PER_MINUTE": "40", "TRACKER_TRUSTED_PROXIES": "1"}
    with running_gunicorn(settings, workers=4, **more) as server:

        def ask(n):
            request = urllib.request.Request(f"{server.url}/about/index.json")
            request.add_header("X-Forwarded-For", "198.51.100.7")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                error.close()
                return error.code

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(100)))
    # On a busy machine a count may wait too long for others; then it is left out, and said.
    uncounted = (settings.home / "gunicorn.log").read_text().count("cannot be counted")
    assert (found.count(200) - uncounted, found.count(429) + uncounted) == (40, 60)


def test_the_file_is_its_owners_alone(client, settings):
    guess(client)
    assert (settings.home / "limits.db").stat().st_mode & 0o777 == 0o600
