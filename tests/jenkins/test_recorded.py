"""Answers that a real controller gave, replayed as they were recorded, gzip and lacks included."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.jenkins.misbehaving import Misbehaving, says
from tests.jenkins.stub import reading_of, source_of
from tracker.errors import JenkinsError
from tracker.jenkins.client import Missing, Unreachable
from tracker.jenkins.discovery import look
from tracker.jenkins.recording import record_answer
from tracker.queries.builds import build
from tracker.queries.results import results
from tracker.settings import Settings

RECORDED = SHARED / "jenkins" / "recorded" / "hudson-1.395"

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded answers are not beside the repository"
)


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    made = Misbehaving({})
    yield made
    made.close()


def replay(server: Misbehaving, path: str, name: str) -> None:
    """Answer at `path` as the controller did: packed, without a length."""
    body = gzip.compress((RECORDED / name).read_bytes())
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/javascript;charset=UTF-8\r\n"
    head += b"Content-Encoding: gzip\r\nConnection: Close\r\n\r\n"
    server.faults[path] = lambda connection, _: connection.sendall(head + body)


def answers(lowest: int, highest: int) -> list[dict[str, Any]]:
    if not RECORDED.is_dir():
        return []
    rows = json.loads((RECORDED / "index.json").read_text())
    return [row for row in rows if lowest <= row["status"] <= highest]


@pytest.mark.parametrize("row", answers(400, 599), ids=lambda row: row["request"])
def test_what_the_controller_refused_is_told_as_what_it_is(
    server: Misbehaving, row: dict[str, Any]
) -> None:
    server.faults["job"] = says(f"{row['status']} Recorded", b"x" * row["bytes"])
    kind = {404: Missing, 500: Unreachable}[row["status"]]
    with pytest.raises(kind, match=str(row["status"])):
        source_of(server.url).client.json("job/nightly/")


def test_the_jobs_of_the_controller_are_found(server: Misbehaving) -> None:
    replay(server, "", "root-last-builds-tree.json")
    listed = json.loads((RECORDED / "root-last-builds-tree.json").read_text())["jobs"]
    listing = look(source_of(server.url), ["*"])
    assert [job.name for job in listing.jobs] == [job["name"] for job in listed]
    assert {job.standing for job in listing.jobs} <= {"", "disabled"}
    assert len({job.builds for job in listing.jobs}) > 1


BUILDS = [
    ("build-unstable.json", "testreport-unstable.json"),
    ("build-passed.json", "testreport-passed.json"),
    ("build-aborted.json", "testreport-aborted.json"),
    ("build-downstream.json", "testreport-downstream.json"),
    ("build-parameterised.json", "testreport-parameterised.json"),
    ("build-unstable-even.json", "testreport-unstable-even.json"),
]


@pytest.mark.parametrize(("told", "report"), BUILDS)
def test_a_recorded_build_has_the_results_that_the_controller_counted(
    server: Misbehaving, settings: Settings, store: Path, told: str, report: str
) -> None:
    answer = json.loads((RECORDED / told).read_text())
    replay(server, f"job/nightly/{answer['number']}/testReport", report)
    reading = reading_of(server.url, settings)
    assert record_answer(reading, {**answer, "artifacts": []})
    row = build("nightly", str(answer["number"]))
    [action] = [each for each in answer["actions"] if each.get("urlName") == "testReport"]
    assert row.totals.total == action["totalCount"]
    assert row.totals.failures == action["failCount"]
    assert row.totals.skipped == action["skipCount"]
    assert (row.result, row.complete) == (answer["result"], True)


def test_the_cells_of_a_recorded_matrix_are_told_apart(
    server: Misbehaving, settings: Settings, store: Path
) -> None:
    answer = json.loads((RECORDED / "build-matrix.json").read_text())
    number = answer["number"]
    replay(server, f"job/matrix/{number}/testReport", "testreport-matrix-tree.json")
    assert record_answer(reading_of(server.url, settings, "matrix"), answer)
    rows = results("matrix", str(number), "all", limit=999)
    assert len({row.variant for row in rows}) == 4
    assert all(row.variant.startswith("DB=") for row in rows)


def test_a_recorded_report_that_is_cut_is_not_taken(
    server: Misbehaving, settings: Settings, store: Path
) -> None:
    answer = json.loads((RECORDED / "build-unstable.json").read_text())
    body = (RECORDED / "testreport-unstable.json").read_bytes()
    for size in range(0, len(body), max(1, len(body) // 40)):
        head = b"HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n"
        server.faults["job"] = lambda connection, _, size=size, head=head: connection.sendall(
            head + body[:size]
        )
        with pytest.raises(JenkinsError, match=r"was cut|closed"):
            record_answer(reading_of(server.url, settings), answer_without(answer))
        assert build("nightly", str(answer["number"])).totals.total == 0


def answer_without(answer: dict[str, Any]) -> dict[str, Any]:
    """A build whose reports are told by its testReport alone."""
    return {**answer, "artifacts": []}
