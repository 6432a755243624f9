"""Uploads that wait: what was written down of one is what the worker reads, in every version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.factories import NOW
from tracker.errors import StorageError
from tracker.intake.queued import (
    QueuedReport,
    QueuedUpload,
    enqueue_upload,
    must_wait,
    read_upload,
)
from tracker.intake.queued import waiting_uploads as waiting
from tracker.intake.spool import SpooledReport, path_of
from tracker.store.audit import ITSELF, Actor, on_behalf
from tracker.store.records import BuildFacts
from tracker.store.sql import run
from tracker.store.work import claim, enqueue, finish

pytestmark = pytest.mark.usefixtures("store")

DIGEST = "ab" * 32
FACTS = BuildFacts("team/nightly", 7, complete=True, started=NOW, commit="abc")
# As it was written when facts had a flag for what comes from Jenkins.
BEFORE = json.loads(
    '{"facts":{"job":"team/nightly","number":7,"from_jenkins":false,"state":null,"result":null,'
    f'"complete":true,"started":{NOW},"duration":null,"url":"","branch":"","commit":"abc",'
    '"upstream_job":"","upstream_number":null,"about":null},'
    f'"reports":[{{"name":"a.xml","sha256":"{DIGEST}","size":5,"variant":"os:linux"}}],'
    '"replace":true,"by":{"who":"person anna","address":"203.0.113.9"}}'
)
UPLOAD = QueuedUpload(
    FACTS,
    (QueuedReport("a.xml", DIGEST, 5, "os:linux"),),
    True,
    Actor("person anna", "203.0.113.9"),
)


def test_an_upload_that_an_earlier_version_queued_is_read() -> None:
    assert read_upload(BEFORE) == UPLOAD


def test_an_upload_that_does_not_say_who_sent_it_is_the_trackers_own() -> None:
    told = {name: value for name, value in BEFORE.items() if name != "by"}
    assert read_upload(told).by == ITSELF


def test_what_is_queued_is_what_is_read() -> None:
    report = SpooledReport(Path("anywhere"), "a.xml", DIGEST, 5, "os:linux")
    with on_behalf("person anna", "203.0.113.9"):
        key = enqueue_upload(FACTS, [report], replace=True, now=NOW)
    task = claim(["ingest"], now=NOW, lease_ms=1000)
    assert task is not None
    assert (task.key, read_upload(task.payload)) == (key, UPLOAD)


@pytest.mark.parametrize(
    ("waits", "comes", "must"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_an_upload_must_wait_where_it_or_one_before_it_replaces(
    waits: bool, comes: bool, must: bool
) -> None:
    assert not must_wait("team/nightly", 7, replace=comes)
    enqueue_upload(FACTS, [], replace=waits, now=NOW)
    assert must_wait("team/nightly", 7, replace=comes) == must
    assert not must_wait("team/nightly", 8, replace=comes)


def test_an_upload_must_wait_where_nobody_can_tell_whether_one_before_it_replaces() -> None:
    enqueue_upload(FACTS, [], replace=False, now=NOW)
    run("UPDATE work SET payload = 'broken'")
    assert must_wait("team/nightly", 7, replace=False)


def test_a_queued_report_is_where_the_spool_has_its_bytes(tmp_path: Path) -> None:
    [report] = UPLOAD.reports
    assert report.in_spool(tmp_path) == SpooledReport(
        path_of(tmp_path, DIGEST), "a.xml", DIGEST, 5, "os:linux"
    )


def test_an_upload_needs_its_bytes_until_it_was_read() -> None:
    enqueue("ingest", "one", due=NOW, payload=BEFORE)
    assert [(each.key, each.digests) for each in waiting()] == [("one", [DIGEST])]
    task = claim(["ingest"], now=NOW, lease_ms=1000)
    assert task is not None
    assert len(waiting()) == 1
    finish(task, now=NOW, outcome={"status": 201})
    assert waiting() == []


@pytest.mark.parametrize("payload", ["", "[]", '{"reports":[{"name":"a.xml"}]}'])
def test_a_damaged_upload_does_not_pass_for_one_that_needs_nothing(payload: str) -> None:
    enqueue("ingest", "one", due=NOW)
    run("UPDATE work SET payload = ?", payload)
    with pytest.raises(StorageError, match="The upload one that waits is damaged"):
        _ = waiting()[0].digests
