"""Hostile files through all three doors: upload, command line, Jenkins. Each costs only itself."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import io
import json
import socket
import tarfile
import threading
import time
import zipfile
from collections import Counter
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from tests.conftest import junit
from tests.examples import examples
from tests.hostile import REFUSED, Reading, hostile_files
from tests.jenkins.stub import reading_of
from tracker.cli import tracker
from tracker.jenkins.recording import read_build
from tracker.queries import builds, dump
from tracker.queries.select import select
from tracker.store import connection

FILES = hostile_files()
CANARY = "the-content-of-a-file-that-no-report-may-read"

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not beside the repository")


@pytest.fixture
def listener():
    """A port of this machine that must get no connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def armed(tmp_path, listener):
    """The bytes of a file, naming our canary and our port."""
    canary = tmp_path / "canary"
    canary.write_text(CANARY)
    return lambda file: file.armed(canary, listener.getsockname()[1])


@pytest.fixture
def read(store):
    """What became of the reports of build 1 of the job `hostile`, by their names."""

    def read():
        connection.open_store(store)
        assert CANARY not in "\n".join(dump.lines())
        assert select("SELECT count(*) FROM pragma_foreign_key_check") == [(0,)]
        return {
            report.name: REFUSED
            if report.failure
            else Reading(report.cases, damaged=report.recovered)
            for report in builds.reports("hostile", "1")
        }

    return read


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_uploaded_file_is_read_as_it_may_be_or_refused(upload, client, armed, read, file):
    response = upload(armed(file), job="hostile", build=1, name=file.name)
    assert "Traceback" not in response.text
    assert CANARY not in response.text
    if file.allowed == REFUSED:
        assert response.status_code in (400, 415, 422)
        assert list(dump.lines()) == []
        return
    assert response.status_code == 201, response.text
    assert read() == {file.name: file.allowed}
    for path in ("/", "/jobs/hostile/", "/jobs/hostile/builds/1/", "/api/v1/jobs/hostile/builds/1"):
        assert client.get(path).status_code == 200


# Each file in other clothes; what it may become stays: read, or refused in words.
DRESSES = {
    "gzip": lambda data, name: (gzip.compress(data), name, {"Content-Encoding": "gzip"}),
    "a zip": lambda data, name: (zipped(data, name), "all.zip", {}),
    "a tar": lambda data, name: (tarred(data, name), "all.tar.gz", {}),
    "half of it": lambda data, name: (data[: len(data) // 2], name, {}),
    "twice": lambda data, name: (data + data, name, {}),
}


def zipped(data, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def tarred(data, name):
    packed, entry = io.BytesIO(), tarfile.TarInfo(name)
    entry.size = len(data)
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def test_the_corpus_in_all_its_clothes_is_at_least_150_hostile_files():
    assert len(FILES) >= 70
    assert len(FILES) * len(DRESSES) >= 150


@pytest.mark.nightly
@pytest.mark.parametrize("dress", DRESSES)
def test_hostile_files_in_other_clothes_are_read_or_refused(upload, armed, dress, record_count):
    statuses, late = Counter(), 0
    for number, file in enumerate(FILES, 1):
        data, name, headers = DRESSES[dress](armed(file), file.name)
        began = time.monotonic()
        answer = upload(data, headers, job="hostile", build=number, name=name)
        late += time.monotonic() - began > 12
        statuses[answer.status_code] += 1
        assert "Traceback" not in answer.text
        assert CANARY not in answer.text
    record_count("P4", files=len(FILES), read=statuses[201], answered_after_12_s=late)
    assert late == 0
    assert set(statuses) <= {201, 400, 413, 415, 422}, (dress, statuses)
    assert CANARY not in "\n".join(dump.lines())


def named(file):
    """A name of its own for each file: two of the corpus share theirs."""
    return file.path.replace("/", "-")


# An upload of its own tries each; how the others come in is no matter to what reads them.
SOME = FILES[:: examples(5, 1)]
EXPECTED = {named(file): file.allowed for file in SOME}


def test_files_on_the_command_line_are_read_as_they_may_be(settings, armed, read, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "good.xml").write_bytes(junit(good="P"))
    for file in SOME:
        (folder / named(file)).write_bytes(armed(file))
    arguments = ["--home", str(settings.home), "ingest", "--job", "hostile", "--build", "1"]
    done = CliRunner().invoke(tracker, [*arguments, str(folder)])
    assert done.exit_code == 4, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert CANARY not in done.output
    assert all(line.isprintable() for line in done.output.split("\n"))
    sent = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert read() == once(sent, {**EXPECTED, "good.xml": Reading(1)})


def once(sent, readings):
    """The readings of reports whose bytes no report before them has: the others are known."""
    first = {}
    for name in sorted(sent):
        first.setdefault(sent[name], name)
    return {name: readings[name] for name in first.values()}


def test_one_file_that_is_refused_is_told_on_the_command_line(settings, store, armed, tmp_path):
    [bomb] = [file for file in FILES if file.name == "billion-laughs.xml"]
    (tmp_path / "bomb.xml").write_bytes(armed(bomb))
    arguments = ["--home", str(settings.home), "ingest", "--job", "hostile", "--build", "1"]
    done = CliRunner().invoke(tracker, [*arguments, str(tmp_path / "bomb.xml")])
    assert "bomb.xml" in str(done.exception)
    assert done.exception.exit_code == 1
    assert not isinstance(done.exception, click.Abort)


@contextlib.contextmanager
def jenkins(artifacts):
    """A Jenkins with one job of one build, whose artifacts these are."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = unquote(self.path.partition("?")[0])
            if path == "/job/hostile/1/api/json":
                body = json.dumps(
                    {
                        "number": 1,
                        "result": "UNSTABLE",
                        "building": False,
                        "timestamp": 1_795_000_000_000,
                        "duration": 1000,
                        "actions": [],
                        "artifacts": [{"relativePath": name} for name in artifacts],
                    }
                ).encode()
            elif path.startswith("/job/hostile/1/artifact/"):
                body = artifacts[path.removeprefix("/job/hostile/1/artifact/")]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_artifacts_of_jenkins_are_read_as_they_may_be(settings, store, armed, read):
    artifacts = {f"{named(file)}/report.xml": armed(file) for file in SOME}
    with jenkins(artifacts) as url:
        assert read_build(reading_of(url, settings, "hostile"), 1)
    assert builds.build("hostile", "1").result == "UNSTABLE"
    expected = {f"{name}/report.xml": reading for name, reading in EXPECTED.items()}
    found = read()
    for name, reading in once(artifacts, expected).items():
        assert found.get(name, REFUSED) == reading, name
    assert set(found) <= set(expected)
