"""The log: one event is one line whatever is in it, and no secret is."""

from __future__ import annotations

import io
import json
import logging
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import RunningServer, junit, running_gunicorn
from tracker import logs
from tracker.intake import spool
from tracker.intake.queued import enqueue_upload
from tracker.intake.spool import SpooledReport
from tracker.masking import MASK
from tracker.settings import Settings
from tracker.store.records import BuildFacts
from tracker.worker.loop import Worker

# What breaks lines, moves the cursor, colours or turns text, and half of a pair.
NASTY = "a\r\nb\x1b[31mc\x00d\x7fe\x9bf\u2028g\u202eh\ud800i\u0085j\u061c"
NAUGHTY = set("\r\n\x1b\x00\x7f\x9b\u2028\u202e\u0085\u061c")


class Terminal(io.StringIO):
    """Standard error as it is when somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; afterwards it goes nowhere again."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    found = io.StringIO()
    yield found
    root.setLevel(level)
    root.handlers = handlers
    logs.only_about()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_a_json_object_with_the_fields_that_are_documented(stream: io.StringIO) -> None:
    logs.configure("auto", stream)
    with logs.about(request_id="r1", job="team/nightly", build=12):
        logging.getLogger("tracker.web").warning(
            "it is %s", "slow", extra={"about": {"duration_ms": 12.5}}
        )
    [line] = lines(stream)
    assert str(line.pop("ts")).endswith("Z")
    assert line == {
        "level": "warning",
        "event": "it is slow",
        "logger": "tracker.web",
        "request_id": "r1",
        "job": "team/nightly",
        "build": 12,
        "duration_ms": 12.5,
    }


def test_on_a_terminal_it_is_text() -> None:
    assert isinstance(logs.formatter("auto", Terminal()), logs.TextLines)
    assert not isinstance(logs.formatter("auto", io.StringIO()), logs.TextLines)
    assert not isinstance(logs.formatter("json", Terminal()), logs.TextLines)


def test_text_has_the_same_fields(stream: io.StringIO) -> None:
    logs.configure("text", stream)
    with logs.about(job="n"):
        logging.getLogger("x").info("done", extra={"about": {"duration_ms": 3}})
    assert stream.getvalue().endswith("info    done  job=n duration_ms=3\n")


@pytest.mark.parametrize(
    ("said", "spelt"),
    [
        ("/x status=200", '"/x status=200"'),
        ("/x\u00a0y", '"/x\u00a0y"'),
        ("/x?status=200", '"/x?status=200"'),
        ('/"', '"/\\""'),
        ('a\\" b=1', '"a\\\\\\" b=1"'),
        ("\\", "\\"),
    ],
)
def test_in_text_no_value_can_make_a_field(stream: io.StringIO, said: str, spelt: str) -> None:
    logs.configure("text", stream)
    logging.getLogger("x").info("done", extra={"about": {"path": said, "status": 404}})
    assert stream.getvalue().endswith(f"done  path={spelt} status=404\n")


def test_what_is_said_inside_is_forgotten_outside(stream: io.StringIO) -> None:
    logs.configure("json", stream)
    with logs.about(job="n"):
        pass
    logging.getLogger("x").info("later")
    assert "job" not in lines(stream)[0]


def test_a_second_call_takes_the_place_of_the_first(stream: io.StringIO) -> None:
    logs.configure("json", io.StringIO())
    logs.configure("json", stream)
    logging.getLogger("x").info("once")
    assert len(lines(stream)) == 1


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("where", ["message", "argument", "about", "extra", "exception"])
def test_no_field_can_make_a_line_or_move_the_cursor(
    stream: io.StringIO, form: logs.Format, where: str
) -> None:
    # By ours alone: what pytest captures here xdist cannot send on, since it is no UTF-8.
    logging.getLogger().handlers = [logs.configure(form, stream)]
    log = logging.getLogger("x")
    if where == "message":
        log.info(NASTY)
    elif where == "argument":
        log.info("%s", NASTY)
    elif where == "about":
        with logs.about(job=NASTY):
            log.info("here")
    elif where == "extra":
        log.info("here", extra={"about": {"path": NASTY}})
    else:
        try:
            raise ValueError(NASTY)
        except ValueError:
            log.exception("here")
    head, *rest = stream.getvalue().removesuffix("\n").split("\n")
    assert all(line.startswith("    | ") for line in rest)
    assert not rest or (form, where) == ("text", "exception")
    assert not NAUGHTY & set(head + "".join(rest))
    if form == "json":
        texts = json.dumps(json.loads(head), ensure_ascii=False)
        assert "\\\\x1b[31mc" in texts


@pytest.mark.parametrize(
    "text",
    [
        "token trk_CANARYCANARYCANARY is here",
        "GET http://user:CANARY@jenkins.example/",
        "GET https://:CANARY@jenkins.example/",
        "Authorization: Bearer CANARYCANARY",
        "authorization: basic CANARYCANARY==",
        "/x?token=CANARY&job=n",
        "password = CANARY",
        '{"api_key": "CANARY"}',
        "client_secret='CANARY'",
    ],
)
def test_a_secret_is_masked(stream: io.StringIO, text: str) -> None:
    logs.configure("json", stream)
    logging.getLogger("x").info(text, extra={"about": {"path": text}})
    assert "CANARY" not in stream.getvalue()
    assert MASK in stream.getvalue()


@pytest.mark.parametrize(
    "text", ["the token of main expired", "team/secret-service #12", "a password is needed"]
)
def test_what_only_speaks_of_secrets_is_left_alone(text: str) -> None:
    assert logs.clean(text) == text


def test_an_event_has_a_bounded_length() -> None:
    assert len(logs.clean("x" * 10**6)) < logs.LONGEST + 100


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    """A real server, and its log."""
    folder = tmp_path_factory.mktemp("served")
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    with running_gunicorn(settings, workers=1) as server:
        yield server, settings.home / "gunicorn.log"


def send(server: RunningServer, path: str, data: bytes | None = None, **headers: str) -> str:
    """Send a request; the id that the answer has."""
    request = urllib.request.Request(server.url + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.headers["X-Request-ID"])
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["X-Request-ID"])


def logged(log: Path, request: str) -> list[dict[str, object]]:
    """The events of a request; every line of the log is a JSON object."""
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [event for event in events if event.get("request_id") == request]


def test_a_request_has_one_line_with_its_id(served: tuple[RunningServer, Path]) -> None:
    server, log = served
    bearer = f"Bearer {server.token}"
    name = send(server, "/api/v1/ingest?job=n&build=7", junit(a="P"), Authorization=bearer)
    [_, event] = logged(log, name)
    assert {**event, "ts": "", "duration_ms": 0, "bytes": 0} == {
        "ts": "",
        "level": "info",
        "event": "request",
        "logger": "tracker.access",
        "request_id": name,
        "job": "n",
        "build": "7",
        "method": "POST",
        "path": "/api/v1/ingest",
        "status": 201,
        "duration_ms": 0,
        "bytes": 0,
        "address": "127.0.0.1",
    }


def test_a_build_that_was_recorded_has_a_line_with_the_id_of_its_request(
    served: tuple[RunningServer, Path],
) -> None:
    server, log = served
    bearer = f"Bearer {server.token}"
    first, again = (
        send(server, "/api/v1/ingest?job=n&build=8", junit(a="P"), Authorization=bearer)
        for _ in range(2)
    )
    event = logged(log, first)[0]
    said = {name: event[name] for name in ("event", "level", "job", "build", "reports")}
    assert said == {"event": "recorded", "level": "info", "job": "n", "build": 8, "reports": 1}
    assert [event["event"] for event in logged(log, again)] == ["request"]


def test_a_hook_has_the_build_that_its_body_names(served: tuple[RunningServer, Path]) -> None:
    server, log = served
    bearer = f"Bearer {server.token}"
    hook = send(server, "/api/v1/hooks/jenkins", b"job=n&number=12", Authorization=bearer)
    [event] = logged(log, hook)
    assert (event["status"], event["job"], event["build"]) == (202, "n", 12)


def test_what_a_worker_says_of_an_upload_has_the_id_of_its_request(
    stream: io.StringIO, settings: Settings, store: Path
) -> None:
    logs.configure("json", stream)
    kept = spool.store(settings.spool, [junit(a="P")])
    sent = SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)
    lost = SpooledReport(kept.path, "b.xml", "0" * 64, 5)
    for number, one in ((1, sent), (2, lost)):
        enqueue_upload(
            BuildFacts("n", number), [one], replace=False, now=0, request_id=f"r{number}"
        )
    Worker(settings).run(until_idle=True)
    said = {line.get("request_id"): line for line in lines(stream)}
    assert (said["r1"]["event"], said["r1"]["job"], said["r1"]["build"]) == ("recorded", "n", 1)
    assert said["r1"]["task"] == "ingest"
    assert (said["r2"]["level"], said["r2"]["job"], said["r2"]["build"]) == ("warning", "n", 2)


@pytest.mark.parametrize(
    ("sent", "trace"),
    [
        (f"00-{'ab' * 16}-{'cd' * 8}-01", "ab" * 16),
        (f"00-{'ab' * 16}-{'cd' * 8}-01\t", "ab" * 16),
        ("00-x-y-01", None),
        ("", None),
    ],
)
def test_the_trace_that_a_request_belongs_to_is_kept(
    served: tuple[RunningServer, Path], sent: str, trace: str | None
) -> None:
    server, log = served
    [event] = logged(log, send(server, "/api/v1/jobs", traceparent=sent))
    assert event.get("trace_id") == trace


def test_a_request_cannot_write_lines_of_its_own(served: tuple[RunningServer, Path]) -> None:
    server, log = served
    nasty = quote('x\r\n{"level":"error"}\x1b[2J')
    for path in (f"/{nasty}", f"/jobs/{nasty}/", f"/api/v1/ingest?job={nasty}&build={nasty}"):
        name = send(server, path, **{"User-Agent": "x", "X-Request-ID": "not one"})
        assert len(logged(log, name)) == 1
    assert "\x1b" not in log.read_text(encoding="utf-8")


def test_a_request_that_gunicorn_refuses_cannot_either(
    served: tuple[RunningServer, Path],
) -> None:
    server, log = served
    before = len(log.read_text(encoding="utf-8").splitlines())
    for data in (b"GET /\x1b[31m HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX\x1b: \x1b[2J\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as door:
            door.sendall(data)
            while door.recv(4096):
                pass
    lines_now = log.read_text(encoding="utf-8").splitlines()[before:]
    assert lines_now
    assert all(json.loads(line)["level"] == "warning" for line in lines_now)
    assert "\x1b" not in "".join(lines_now)


def test_no_secret_of_a_request_is_logged(served: tuple[RunningServer, Path]) -> None:
    server, log = served
    for path in (
        f"/api/v1/hooks/jenkins/{server.token}",
        f"/x?token={server.token}",
        f"/{server.token}/",
        "/actions/budget?password=CANARY",
    ):
        send(server, path, b"token=CANARY", Authorization="Bearer CANARY-CANARY")
    text = log.read_text(encoding="utf-8")
    assert server.token not in text
    assert "CANARY" not in text


def test_probes_and_scrapes_that_went_well_are_not_logged(
    served: tuple[RunningServer, Path],
) -> None:
    server, log = served
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert logged(log, send(server, path)) == []
