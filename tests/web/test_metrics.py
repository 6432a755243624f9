"""/metrics: who may read it, in which form, and that all processes are in it."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families as plain_metrics

from tests.conftest import ROOT, environ_of, junit, running_gunicorn
from tests.forked import Forked
from tracker import metrics
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.jobs import add_server
from tracker.store.sql import run
from tracker.store.tokens import create_token
from tracker.store.work import enqueue
from tracker.web import create_app

Upload = Callable[..., object]
STRANGER = {"REMOTE_ADDR": "192.0.2.7"}

# What the documents, the alerts and the dashboard promise.
NAMES = {
    "tracker_build_info",
    "tracker_http_requests_total",
    "tracker_http_request_duration_seconds_bucket",
    "tracker_ingest_reports_total",
    "tracker_ingest_duration_seconds_bucket",
    "tracker_parse_duration_seconds_bucket",
    "tracker_last_ingest_timestamp_seconds",
    "tracker_job_patience_seconds",
    "tracker_job_cases",
    "tracker_job_regressions",
    "tracker_job_verdicts",
    "tracker_jobs",
    "tracker_work_queue",
    "tracker_work_oldest_seconds",
    "tracker_work_failing",
    "tracker_workers",
    "tracker_poll_lag_seconds",
    "tracker_server_up",
    "tracker_database_bytes",
    "tracker_wal_bytes",
    "tracker_free_bytes",
    "tracker_database_readable",
}


@pytest.fixture(autouse=True)
def _counts_of_its_own() -> Iterator[None]:
    yield
    metrics._counting, metrics._folder = None, None


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in plain_metrics(text)}


def value(text: str, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in plain_metrics(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_it_has_all_names_that_are_promised(client: FlaskClient, upload: Upload) -> None:
    add_server("main", "http://127.0.0.1:9/")
    enqueue("tidy", "all", due=0)
    upload(junit(one="P", two="F"), job="n", build=1, complete=True)
    text = client.get("/metrics").text
    samples = {sample.name for family in plain_metrics(text) for sample in family.samples}
    assert samples >= NAMES


def test_it_is_open_metrics_where_that_is_asked_for(client: FlaskClient, upload: Upload) -> None:
    upload(junit(one="P"), job="n", build=1)
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert response.mimetype == "application/openmetrics-text"
    names = {family.name for family in open_metrics(response.text)}
    assert {"tracker_http_requests", "tracker_build", "tracker_jobs"} <= names


def test_it_is_plain_text_for_everybody_else(client: FlaskClient) -> None:
    response = client.get("/metrics")
    assert response.mimetype == "text/plain"
    assert families(response.text)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("scope", "status"), [(None, 401), ("ingest", 401), ("read", 200), ("admin", 200)]
)
def test_another_machine_needs_a_token_that_may_read(
    client: FlaskClient, scope: str | None, status: int
) -> None:
    headers = {}
    if scope:
        headers["Authorization"] = f"Bearer {create_token('t', now=0, scope=scope)}"
    response = client.get("/metrics", headers=headers, environ_base=STRANGER)
    assert response.status_code == status
    assert ("tracker_jobs" in response.text) == (status == 200)


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
def test_whoever_comes_through_a_proxy_of_this_machine_needs_one_too(
    client: FlaskClient, name: str
) -> None:
    assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 401


def test_a_route_is_counted_by_its_rule(client: FlaskClient, upload: Upload) -> None:
    for job in ("one", "two"):
        upload(junit(a="P"), job=job, build=1)
        client.get(f"/jobs/{job}/")
        client.get(f"/nothing/{job}")
    text = client.get("/metrics").text
    assert value(text, "tracker_http_requests_total", route="/jobs/{job}/", status="200") == 2
    assert value(text, "tracker_http_requests_total", route="/api/v1/ingest") == 2
    routes = {sample.labels["route"] for sample in families(text)["tracker_http_requests"].samples}
    assert not any("one" in route or "two" in route for route in routes)


def test_reports_are_counted_by_format_and_outcome(client: FlaskClient, upload: Upload) -> None:
    upload(junit(a="P"), job="n", build=1)
    upload(b"rubbish", job="n", build=2)
    text = client.get("/metrics").text
    assert value(text, "tracker_ingest_reports_total", format="junit", outcome="read") == 1
    assert value(text, "tracker_ingest_reports_total", format="none", outcome="refused") == 1
    assert value(text, "tracker_ingest_duration_seconds_count") == 1
    assert value(text, "tracker_parse_duration_seconds_count") == 2


def test_a_database_that_cannot_be_read_is_told_and_not_an_error(
    client: FlaskClient, settings: Settings
) -> None:
    client.get("/health/ready")
    connection.close_store()
    settings.database.write_bytes(b"\xff" * 8192)
    response = client.get("/metrics")
    assert response.status_code == 200
    assert value(response.text, "tracker_database_readable") == 0
    assert value(response.text, "tracker_http_requests_total") >= 1


def test_a_check_of_readiness_that_fails_is_told(settings: Settings, store: Path) -> None:
    connection.close_store()
    client = create_app(settings).test_client()
    settings.database.write_bytes(b"\xff" * 8192)
    text = client.get("/metrics").text
    said = client.get("/health/ready").get_json()["checks"]
    told = {check: value(text, "tracker_check", check=check) for check in said}
    assert told == {check: float(its["status"] != "fail") for check, its in said.items()}
    assert 0 in told.values()


def test_the_first_request_of_a_process_may_be_a_scrape(settings: Settings) -> None:
    connection.close_store()
    text = create_app(settings).test_client().get("/metrics").text
    assert value(text, "tracker_database_readable") == 1
    connection.close_store()


def test_recycled_workers_and_a_worker_process_are_all_counted_in_few_files(
    settings: Settings,
) -> None:
    recycling = "--preload --max-requests 20 --max-requests-jitter 0"
    with running_gunicorn(settings, GUNICORN_CMD_ARGS=recycling) as server:
        for _ in range(120):
            fetch(f"{server.url}/api/v1/jobs")
        words, log = ("tracker", "worker", "--until-idle"), settings.home / "worker.log"
        assert Forked(words, cwd=ROOT, env=environ_of(settings), log=log).wait(120) == 0
        text = fetch(f"{server.url}/metrics")
        booted = Path(settings.home / "gunicorn.log").read_text().count("Booting worker")
    assert booted > 4
    assert value(text, "tracker_http_requests_total", route="/api/v1/jobs", status="200") == 120
    assert value(text, "tracker_tasks_total", kind="publish", outcome="done") == 1
    assert len(list((settings.home / "metrics").glob("counter_*.db"))) <= 4


def test_counts_outlive_a_restart(settings: Settings) -> None:
    for _ in range(2):
        with running_gunicorn(settings, workers=1) as server:
            fetch(f"{server.url}/api/v1/jobs")
            text = fetch(f"{server.url}/metrics")
        connection.open_store(settings.store)
        with connection.writing():
            run("DELETE FROM token")  # the next server makes one of the same name
        connection.close_store()
    assert value(text, "tracker_http_requests_total", route="/api/v1/jobs") == 2
