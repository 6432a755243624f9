"""Many nodes are one tracker: two web servers and workers with homes of their own, on one
PostgreSQL, one spool and one Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.conftest import RunningServer, junit
from tests.faults.nodes import CLIENT, LIMIT, Answer, Nodes, ask, running_nodes
from tracker.published import read_manifest
from tracker.web import shared_look


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running_nodes(tmp_path_factory.mktemp("nodes")) as running:
        yield running


def ingest(job: str, build: int) -> str:
    return f"/api/v1/ingest?job={job}&build={build}&complete=true&name=a.xml"


def test_what_one_node_recorded_both_show_alike(nodes: Nodes) -> None:
    assert ask(nodes.first, ingest("alike", 1), junit(a="P", b="P")).status == 201
    assert ask(nodes.second, ingest("alike", 2), junit(a="P", b="F")).status == 201
    for path in (
        "/jobs/alike/index.json",
        "/jobs/alike/builds/1/",
        "/jobs/alike/builds/2/index.json",
        "/api/v1/jobs/alike/builds",
    ):
        pages = _both(nodes, path)
        assert pages[0].body.replace(nodes.first.url.encode(), nodes.second.url.encode()) == (
            pages[1].body
        )
        assert pages[0].headers["ETag"] == pages[1].headers["ETag"]


def _both(nodes: Nodes, path: str) -> list[Answer]:
    """What both answer, while no worker told anything new of the job in between."""
    for _ in range(100):
        pages = [ask(server, path) for server in (nodes.first, nodes.second, nodes.first)]
        if pages[0].headers["ETag"] == pages[2].headers["ETag"]:
            break
        time.sleep(0.1)
    return pages[:2]


def test_a_copy_that_one_node_gave_is_fresh_for_the_other(nodes: Nodes) -> None:
    ask(nodes.first, ingest("fresh", 1), junit(a="P"))
    mark = ask(nodes.first, "/jobs/fresh/").headers["ETag"]
    assert ask(nodes.second, "/jobs/fresh/", If_None_Match=mark).status == 304
    ask(nodes.second, ingest("fresh", 2), junit(a="P"))
    assert ask(nodes.first, "/jobs/fresh/", If_None_Match=mark).status == 200


def test_the_same_report_to_both_at_once_is_counted_once(nodes: Nodes) -> None:
    def send(number: int) -> int:
        server = (nodes.first, nodes.second)[number % 2]
        return ask(server, ingest("once", 1), junit(a="P", b="F")).status

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(send, range(8)))
    assert found == [200] * 7 + [201]
    assert ask(nodes.first, "/api/v1/jobs/once/builds/1").json["totals"]["total"] == 2


def test_a_limit_holds_over_both(nodes: Nodes) -> None:
    def look(number: int) -> int:
        server = (nodes.first, nodes.second)[number % 2]
        return ask(server, "/about/index.json", client=CLIENT).status

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look, range(2 * LIMIT)))
    # On a busy machine Redis may answer too late; then a request is left out, and that is said.
    logs = [nodes.folder / name / "gunicorn.log" for name in ("first", "second")]
    uncounted = sum(log.read_text().count("cannot be counted") for log in logs)
    assert (found.count(200) - uncounted, found.count(429) + uncounted) == (LIMIT, LIMIT)


def test_a_large_upload_that_one_took_is_read_by_the_worker_of_another(nodes: Nodes) -> None:
    data = junit(a="P", b="F").replace(b"<testcase", b" " * 2_000_000 + b"<testcase", 1)
    sent = ask(nodes.first, ingest("large", 1), data)
    assert sent.status == 202
    assert wait_for(nodes, sent).json["answer"]["status"] == 201
    assert ask(nodes.second, "/api/v1/jobs/large/builds/1").json["totals"]["failed"] == 1


def wait_for(nodes: Nodes, sent: Answer) -> Answer:
    """What the other node says of an upload, once it was read."""
    path = "/api/v1/ingests/" + sent.headers["Location"].rpartition("/")[2]
    for _ in range(600):
        if (found := ask(nodes.second, path)).json["state"] == "done":
            return found
        time.sleep(0.1)
    raise AssertionError(found.json)


def test_a_home_is_made_and_keeps_only_what_is_of_one_node(nodes: Nodes) -> None:
    ask(nodes.first, "/")
    wait_for(nodes, ask(nodes.first, ingest("home", 1), junit(a="P"), Prefer="respond-async"))
    for name in ("first", "second", "third"):
        found = {path.name for path in (nodes.folder / name).iterdir()}
        assert found <= {"metrics", "gunicorn.log", "jenkins"}
        assert "metrics" in found


def test_each_node_counts_its_own_requests_and_all_tell_the_same_of_the_database(
    nodes: Nodes,
) -> None:
    ask(nodes.first, ingest("counted", 1), junit(a="P"))
    told = []
    for server, times in ((nodes.first, 3), (nodes.second, 5)):
        for _ in range(times):
            ask(server, "/readiness/index.json")
        lines = ask(server, "/metrics").body.decode().splitlines()
        told.append([line for line in lines if line.startswith("tracker_job_cases{")])
        [line] = [
            line
            for line in lines
            if line.startswith("tracker_http_requests_total{") and 'route="/readiness/' in line
        ]
        assert line.endswith(f" {times}.0")
    assert told[0] == told[1] != []


def test_publishers_of_two_nodes_publish_once(nodes: Nodes) -> None:
    ask(nodes.first, ingest("site", 1), junit(a="P"))
    words = ("worker", "--publishing", "only", "--until-idle")
    publishers = {name: nodes.command(name, *words) for name in ("fourth", "fifth")}
    for name, publisher in publishers.items():
        assert publisher.wait(120) == 0, nodes.said(name)
    output = nodes.folder / "shared" / "output"
    manifests = [read_manifest(path) for path in (output / "generations").iterdir()]
    revisions = [each.revision for each in manifests if each]
    assert len(revisions) == len(set(revisions)) == len(manifests)
    assert (output / "site" / "jobs" / "site" / "builds" / "1" / "index.html").is_file()


def ready_as_looked_anew(server: RunningServer) -> Answer:
    """What a node says of its readiness, of a look that began after this was asked for."""
    time.sleep(shared_look.SECONDS)  # for as long one look is told to all
    return ask(server, "/health/ready")


def test_a_node_goes_on_while_a_newer_version_migrates(nodes: Nodes) -> None:
    """The newer one adds to the schema, and its nodes take the place of these one by one."""
    assert ask(nodes.first, "/health/ready").json["status"] == "pass"
    with psycopg.connect(nodes.database, autocommit=True) as database:
        database.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_x', now())")
        try:
            sent = ask(nodes.second, ingest("rolling", 1), junit(a="P"))
            code = nodes.command("sixth", "publish").wait(120)
            ready = ready_as_looked_anew(nodes.first)
        finally:
            database.execute("DELETE FROM schema_migration WHERE name = '9999_x'")
    assert (ready.status, ready.json["checks"]["migrations"]["status"]) == (200, "warn")
    assert "newer version (it has 9999_x)" in ready.json["checks"]["migrations"]["reason"]
    assert sent.status == 201
    # What starts now is told to wait for its own version.
    assert (code, "newer version" in nodes.said("sixth")) == (3, True)
