"""What each sender's message says of a build, and that no message is more than a knock."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import UsageError
from tracker.jenkins.hooks import SENDERS, Knock, build_at, knock_of, servers_at

NOTIFICATION = {
    "name": "nightly",
    "display_name": "nightly",
    "url": "job/team/job/nightly/",
    "build": {
        "full_url": "https://ci.example/jenkins/job/team/job/nightly/12/",
        "number": 12,
        "queue_id": 77,
        "timestamp": 1_700_000_000_000,
        "duration": 0,
        "phase": "FINALIZED",
        "status": "UNSTABLE",
        "url": "job/team/job/nightly/12/",
        "display_name": "#12",
        "scm": {"url": "git@example:x.git", "branch": "main", "changes": [], "culprits": []},
        "parameters": {"job": "another", "number": "99"},
        "log": "",
        "notes": "",
        "test_summary": {"total": 3, "failed": 1, "failed_tests": ["s.two"]},
        "artifacts": {"out/a.xml": {"archive": "https://ci.example/jenkins/x"}},
    },
}
OLD = {
    "name": "nightly",
    "url": "job/nightly/",
    "build": {
        "full_url": "http://ci/job/nightly/3/",
        "number": 3,
        "phase": "FINISHED",
        "status": "SUCCESS",
        "url": "job/nightly/3/",
        "node_name": "",
        "parameters": {},
    },
}
XML = """<job>
  <name>nightly</name>
  <displayName>nightly</displayName>
  <url>job/team/job/nightly/</url>
  <build>
    <fullUrl>https://ci.example/jenkins/job/team/job/nightly/12/</fullUrl>
    <number>12</number>
    <queueId>77</queueId>
    <phase>FINALIZED</phase>
    <status>UNSTABLE</status>
    <url>job/team/job/nightly/12/</url>
    <scm><url>git@example:x.git</url><changes/></scm>
    <log>{log}</log>
    <testSummary><total>3</total><failedTests><string>s.two</string></failedTests></testSummary>
  </build>
</job>"""
STATISTICS_START = {
    "result": "INPROGRESS",
    "ciUrl": "https://ci.example/jenkins/",
    "contextId": 5,
    "fullJobName": "team/nightly",
    "jobName": "nightly",
    "parameters": {"job": "another"},
    "buildUrl": "job/team/job/nightly/12/",
    "buildCause": "Started by timer",
    "startTime": 1_700_000_000,
    "endTime": None,
    "number": 12,
    "startedUserId": "x",
    "slaveInfo": {"slaveName": "", "executor": "0", "label": ""},
    "scmInfo": {"url": None, "commit": None, "branch": None},
    "queueTime": 3,
}
STATISTICS_END = STATISTICS_START | {
    "result": "FAILURE",
    "startTime": 0,
    "endTime": 1_700_000_100,
    "duration": 100_000,
    "buildFailureCauses": [{"id": "1", "name": "oom", "categories": [], "description": ""}],
}
OUTBOUND = {
    "projectName": "nightly",
    "buildName": "#12",
    "buildUrl": "https://ci.example/jenkins/job/team/job/nightly/12/",
    "buildVars": "{BRANCH=main, number=3}",
    "event": "unstable",
}
ARTEMIS = {
    "fullName": "team/nightly",
    "commits": [{"hash": "abc", "repositorySlug": "tests"}],
    "results": [{"name": "s", "failures": 1, "testCases": [{"classname": "s", "name": "two"}]}],
}
CI = "https://ci.example/jenkins/job/team/job/nightly/12/"
BUILD_12 = Knock("team/nightly", 12, "", CI)


def read(body: Any = b"", kind: str = "application/json", **query: str) -> Knock | None:
    """The knock of a body, given as bytes or as what its JSON says."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return knock_of(data, kind, query)


def notification(**build: Any) -> dict[str, Any]:
    """The notification with other values in its build."""
    return NOTIFICATION | {"build": {**NOTIFICATION["build"], **build}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "phase", ["QUEUED", "STARTED", "COMPLETED", "FINALIZED", "NONE", "FINISHED", "Odd", None]
)
def test_a_notification_of_every_phase_is_a_knock(phase: str | None) -> None:
    assert read(notification(phase=phase, status=None)) == BUILD_12


def test_a_notification_of_an_older_plugin_is_a_knock() -> None:
    assert read(OLD) == Knock("nightly", 3, "", "http://ci/job/nightly/3/")


@pytest.mark.parametrize("topic", ["onStarted", "onCompleted", "onFinalized"])
def test_the_topic_of_a_zmq_message_is_left_out(topic: str) -> None:
    assert read(f"{topic} ".encode() + msgspec.json.encode(NOTIFICATION)) == BUILD_12


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_a_notification_as_xml_says_the_same(declaration: str) -> None:
    assert read((declaration + XML).encode(), "application/xml") == BUILD_12


def test_control_characters_in_the_log_of_an_xml_notification_do_no_harm() -> None:
    assert read(XML.replace("{log}", "\x1b[31m&#x1b;[0m" + "x" * 200_000).encode()) == BUILD_12


@pytest.mark.parametrize("body", [STATISTICS_START, STATISTICS_END], ids=["start", "end"])
def test_a_build_of_the_statistics_gatherer_is_a_knock(body: dict[str, Any]) -> None:
    assert read(body) == Knock("team/nightly", 12, "", "https://ci.example/jenkins/")


def test_a_controller_that_does_not_know_its_address_may_say_null() -> None:
    body = STATISTICS_END | {"ciUrl": None}
    assert read(body) == Knock("team/nightly", 12, "", "job/team/job/nightly/12/")


@pytest.mark.parametrize(
    "body",
    [
        {
            "ciUrl": "https://ci/",
            "jobName": "nightly",
            "jenkinsQueueId": 8,
            "status": "ENTERED",
            "queueCauses": [{"reasonForWaiting": "busy"}],
            "entryTime": 1_700_000_000_000,
            "exitTime": None,
        },
        {"buildStepType": "hudson.tasks.Shell", "buildStepId": "1", "buildUrl": "job/nightly/3/"},
        {"buildStepId": "1", "startTime": 3},
        {"name": "nightly", "ciUrl": "https://ci/", "configFile": "<project/>", "status": "ACTIVE"},
        {"name": "nightly", "ciUrl": "https://ci/", "jobUrl": "job/nightly/", "configFile": None},
        {"buildUrl": "job/nightly/3/", "startTime": 1, "endTime": 2},
    ],
    ids=["queue", "step", "step by id", "project", "project gone", "checkout"],
)
def test_what_the_statistics_gatherer_tells_of_other_things_is_no_knock(
    body: dict[str, Any],
) -> None:
    assert read(body) is None


@pytest.mark.parametrize("event", ["start", "success", "failure", "unstable", "pipeline"])
def test_an_outbound_webhook_is_a_knock(event: str) -> None:
    assert read(OUTBOUND | {"event": event}) == BUILD_12


def test_an_outbound_webhook_without_a_root_address_says_null_before_the_path() -> None:
    body = OUTBOUND | {"buildUrl": "nulljob/nightly/12/"}
    assert read(body) == Knock("nightly", 12, "", "nulljob/nightly/12/")


def test_results_without_a_build_are_a_knock_on_the_job() -> None:
    assert read(ARTEMIS) == Knock("team/nightly", None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"job=team%2Fnightly&number=12", "application/x-www-form-urlencoded"),
        (b"job=/team/nightly/&number=12", ""),
        (b"job=team/nightly&build=12", ""),
        (b'{"job": "team/nightly", "number": 12}', "application/x-www-form-urlencoded"),
        (b'{"job": "team/nightly", "number": "12"}', "text/plain"),
        (b"\xef\xbb\xbf" + b'{"job": "team/nightly", "number": 12}', "application/json"),
        ('\ufeff{"job": "team/nightly", "build": 12}'.encode("utf-16-le"), ""),
    ],
)
def test_our_own_words_are_understood_in_every_form(body: bytes, kind: str) -> None:
    assert read(body, kind) == Knock("team/nightly", 12)


def test_the_query_says_the_same_as_a_form() -> None:
    assert read(job="team/nightly", number="12", server="west") == Knock("team/nightly", 12, "west")


def test_the_body_goes_before_the_query() -> None:
    assert read(b"job=a&number=1", job="b", number="2") == Knock("a", 1)
    assert read(NOTIFICATION, url="http://other/job/x/") == BUILD_12


def test_the_query_names_the_server_of_a_notification() -> None:
    assert read(NOTIFICATION, server="west") == Knock("team/nightly", 12, "west", CI)


def test_the_query_helps_a_body_that_is_of_no_known_sender() -> None:
    assert read({"text": "build done"}, job="team/nightly") == Knock("team/nightly", None)


@pytest.mark.parametrize(
    "body",
    [
        {"job_name": "team/nightly", "build_number": "12", "status": "Unstable"},
        {"jobName": "team/nightly", "buildNumber": 12},
        {"name": "team/nightly", "number": 12, "build": None},
        {"JOB_NAME": "team/nightly", "BUILD_NUMBER": "12"},
        {"name": "team/nightly", "build": {"number": 12}},
        {"job": "team/nightly", "build": {"number": "12", "phase": ["?"]}},
    ],
)
def test_bodies_made_by_hand_are_understood(body: dict[str, Any]) -> None:
    assert read(body) == Knock("team/nightly", 12)


def test_an_address_alone_names_job_and_build() -> None:
    assert read({"BUILD_URL": CI}) == BUILD_12


def test_without_a_number_it_is_a_knock_on_the_job() -> None:
    assert read(b"job=team/nightly&number=") == Knock("team/nightly", None)


@pytest.mark.parametrize(
    ("url", "job", "number"),
    [
        ("https://ci/job/team/job/nightly/12/", "team/nightly", "12"),
        ("https://ci/a/b/job/nightly/12", "nightly", "12"),
        ("job/nightly/12/", "nightly", "12"),
        ("/job/nightly/", "nightly", ""),
        ("job/app/job/feature%252Fx/12/", "app/feature%2Fx", "12"),
        ("job/a%20b/job/%C3%B6/3/", "a b/ö", "3"),
        ("job/matrix/DB=a,PY=3/12/", "matrix", "12"),
        ("job/matrix/./DB%3Da/12/", "matrix", "12"),
        ("job/matrix/DB=a/", "matrix", ""),
        ("https://ci/view/all/job/team/view/mine/job/nightly/12/", "team/nightly", "12"),
        ("https://ci/job/job/job/job/12/", "job/job", "12"),
        ("https://ci/job/nightly/lastBuild/", "nightly", ""),
        ("https://ci/job/nightly/12/console?x=/job/y/3/#/job/z", "nightly", "12"),
        ("https://ci/jenkins/", "", ""),
        ("https://ci/job/", "", ""),
        ("https://ci/job", "", ""),
        ("http://[bad/job/x/1/", "", ""),
        ("", "", ""),
    ],
)
def test_an_address_of_jenkins_names_job_and_number(url: str, job: str, number: str) -> None:
    assert build_at(url) == (job, number)


def test_a_matrix_cell_is_a_knock_on_its_matrix() -> None:
    cell = "job/matrix/DB=a,PY=3/"
    body = notification(full_url=None, url=f"{cell}12/") | {"name": "DB=a,PY=3", "url": cell}
    assert read(body) == Knock("matrix", 12, "", f"{cell}12/")


def test_a_huge_log_is_not_looked_at() -> None:
    assert read(notification(log="line\n" * 1_000_000)) == BUILD_12


def test_half_a_character_in_a_log_does_no_harm() -> None:
    data = msgspec.json.encode(notification(log="LOG", notes="😀"))
    assert read(data.replace(b"LOG", rb"\ud83d \udc00 \ud83d\ude00 \\ud800")) == BUILD_12


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert read(msgspec.json.encode(notification(log="LOG")).replace(b"LOG", b"\xff")) == BUILD_12


@pytest.mark.parametrize("number", ["one", "0", "-1", "1.5", "9223372036854775808", "٣", "1 2"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match=r"not a number from 1 on.*BUILD_NUMBER"):
        read({"job": "a", "number": number})


@pytest.mark.parametrize("number", [True, 1.5, {}, [1], {"a": 1}, "9" * 5000])
def test_a_number_of_another_type_is_refused(number: object) -> None:
    with pytest.raises(UsageError, match="not a number"):
        read(notification(number=number))


def test_a_field_that_is_null_is_as_if_it_were_not_there() -> None:
    body = {"job": "a", "number": None, "build": None, "configFile": None, "jenkinsQueueId": None}
    assert read(body) == Knock("a", None)


def test_the_largest_number_is_one() -> None:
    assert read(b"job=a&number=9223372036854775807") == Knock("a", 2**63 - 1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "names no job"),
        (b"garbage", "names no job"),
        (b"&" * 300 + b"a=b&" * 300, "no form"),
        (b"{", "not whole JSON"),
        (b'{"job": "a"} {"job": "b"}', "not whole JSON"),
        (b"[1]", "names no job"),
        (b"{}", "names no job"),
        (b'{"job": null}', "names no job"),
        (b'{"job": true}', "names no job"),
        (b'{"job": 1e999}', "names no job"),
        (b'{"job": {"name": "x"}}', "names no job"),
        (b'{"build": {"number": 3}}', "names no job"),
        (b'{"build": [', "not whole JSON"),
        (b'{"job": "' + b"x" * 1001 + b'"}', "cannot be called"),
        (b'{"job": "' + b"x" * 5000 + b'"}', "names no job"),
        (b'{"job": "a/../b"}', "dotted folder"),
        (b'{"job": "a\\u0000b"}', "cannot be called"),
        (b"{" * 100_000, "not whole JSON"),
        (b'{"job":' + b"[" * 5000 + b"]" * 5000 + b"}", "not whole JSON"),
        (b"<job><name>x</name></job>", "not that of the Notification plugin"),
        (b"<project><number>3</number></project>", "not that of the Notification plugin"),
        (b"<job><name>x</name><number>3</number></job>", "not that of the Notification plugin"),
        (b"<job", "cannot be read"),
        (b"<job>" + b"<a/>" * 100_000 + b"</job>", "too many elements"),
    ],
)
def test_what_cannot_be_understood_says_what_to_send(body: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        read(body)
    assert raised.value.remedy


def test_an_entity_in_xml_is_not_expanded() -> None:
    body = b'<!DOCTYPE job [<!ENTITY e SYSTEM "file:///etc/passwd">]><job><name>&e;</name></job>'
    with pytest.raises(UsageError, match="DOCTYPE"):
        read(body, "application/xml")


def test_a_multipart_body_is_told_how_to_send_it() -> None:
    with pytest.raises(UsageError, match="--data-urlencode"):
        read(b'--x\r\nContent-Disposition: form-data; name="job"\r\n', "multipart/form-data")


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("https://ci.example/jenkins/job/x/1/", ["main"]),
        ("https://ci.example/jenkins", ["main"]),
        ("http://CI.example:8080/jenkins/job/x/", ["main"]),
        ("https://ci.example/west/job/x/1/", ["west"]),
        ("https://ci.example/west/inner/job/x/", ["inner"]),
        ("https://ci.example/westward/job/x/", []),
        ("https://ci.example/job/x/", []),
        ("https://other.example/jenkins/job/x/", []),
        ("http://twin:2/job/x/", ["second"]),
        ("https://twin/job/x/", ["first", "second"]),
        ("job/x/1/", []),
        ("ftp://ci.example/jenkins/", []),
        ("https://ci.example:port/jenkins/", []),
        ("http://[bad/jenkins/", []),
        ("https:///jenkins/", []),
        ("", []),
    ],
)
def test_a_told_address_lies_below_a_server(url: str, servers: list[str]) -> None:
    addresses = {
        "main": "https://ci.example/jenkins/",
        "west": "https://ci.example/west/",
        "inner": "https://ci.example/west/inner/",
        "first": "http://twin:1/",
        "second": "http://twin:2/",
        "broken": "http://[bad/",
    }
    assert servers_at(url, addresses) == servers


FIELDS = sorted({name for each in SENDERS for name in (*each.marks, *each.job, *each.number)})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["number", "full_url", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "build", "url", "server"]), VALUES, max_size=6))
def test_whatever_the_fields_hold_is_a_knock_or_refused(fields: dict[str, Any]) -> None:
    try:
        knock = read(fields)
    except UsageError:
        return
    assert knock is None or (knock.job and (knock.number is None or knock.number > 0))


@given(st.sampled_from([b"", b"{", b"<job>", b"onCompleted {", b"job="]), st.binary(max_size=60))
def test_whatever_the_bytes_are_is_a_knock_or_refused(prefix: bytes, body: bytes) -> None:
    with contextlib.suppress(UsageError):
        read(prefix + body)
