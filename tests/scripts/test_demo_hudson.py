"""The demo controller in its oldest dialect, held against the answers of a real Hudson 1.395."""

import gzip
import http.client
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import SHARED
from tests.scripts.test_demo_jenkins import NOW, Client, demo, running

RECORDED = SHARED / "jenkins" / "recorded" / "hudson-1.395"
NIGHTLY, SMOKE, PLATFORMS = "job/team-nightly/", "job/team-smoke/", "job/platforms/"
CELL = f"{PLATFORMS}PLATFORM=linux/"
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded answers of Hudson 1.395 are not here"
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    history = demo.with_more(demo.make_history(7, 20, NOW))
    yield from running(demo.serve(history, dialect="hudson"))


@pytest.fixture(scope="module")
def closed() -> Iterator[Client]:
    history = demo.make_history(7, 20, NOW)
    yield from running(demo.serve(history, user="ci", token="s3cret", dialect="hudson"))


# Keys and types, by the way to them.

Shapes = dict[str, set[Any]]


def shapes_of(value: Any, way: str, found: Shapes) -> None:
    if isinstance(value, dict):
        found[way].add(tuple(value))
        for name, inner in value.items():
            shapes_of(inner, f"{way}.{name}", found)
    elif isinstance(value, list):
        for inner in value:
            shapes_of(inner, f"{way}[]", found)
    else:
        found[way].add(type(value))


def shapes(*answers: Any) -> Shapes:
    found: Shapes = defaultdict(set)
    for each in answers:
        shapes_of(each, "", found)
    return found


def recorded(*patterns: str) -> list[Any]:
    files = [file for pattern in patterns for file in sorted(RECORDED.glob(pattern))]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def unlike(told: Shapes, known: Shapes, *beside: str) -> dict[str, set[Any]]:
    """What the recordings do not have, beside what they have no example of."""
    odd = {way: found - known.get(way, set()) for way, found in told.items()}
    return {way: rest for way, rest in odd.items() if rest and not way.startswith(beside)}


BUILDS = ("build-[!ad]*.json", "build-aborted.json", "build-downstream.json")


@needs_recordings
def test_the_list_of_jobs_has_the_recorded_keys(client: Client) -> None:
    assert unlike(shapes(client.json("")), shapes(*recorded("root.json"))) == {}


@needs_recordings
@pytest.mark.parametrize("path", [NIGHTLY, SMOKE, PLATFORMS, "job/release/", "job/retired/"])
def test_a_job_has_the_recorded_keys_in_their_order(client: Client, path: str) -> None:
    known = shapes(*recorded("job.json", "job-[mpruw]*.json", "job-disabled.json"))
    odd = unlike(shapes(client.json(path)), known, ".upstreamProjects[]")
    assert odd == {}  # beside upstream jobs, which none of them has


@needs_recordings
@pytest.mark.parametrize(
    "path",
    [
        f"{NIGHTLY}20/",
        f"{NIGHTLY}19/",
        f"{SMOKE}11/",
        f"{SMOKE}12/",
        f"{PLATFORMS}20/",
        f"{CELL}20/",
        "job/release/2/",
    ],
)
def test_a_build_has_the_recorded_keys_in_their_order(client: Client, path: str) -> None:
    known = shapes(*recorded(*BUILDS))
    known[".actions[].causes[]"].add(("shortDescription",))  # by a timer, as none of them was
    odd = unlike(shapes(client.json(path)), known, ".changeSet.", ".culprits[]")
    assert odd == {}  # beside commits, which none of them has


@needs_recordings
@pytest.mark.parametrize("path", [f"{NIGHTLY}19/", f"{SMOKE}12/", f"{CELL}20/"])
def test_a_test_report_has_the_recorded_keys_in_their_order(client: Client, path: str) -> None:
    files = ("testreport-unstable*.json", "testreport-passed.json", "testreport-matrix-cell.json")
    assert unlike(shapes(client.json(f"{path}testReport/")), shapes(*recorded(*files))) == {}


@needs_recordings
def test_a_matrix_report_has_the_recorded_keys_in_their_order(client: Client) -> None:
    told = shapes(client.json(f"{PLATFORMS}20/testReport/"))
    beside = ".childReports[].result.suites[].timestamp"
    assert unlike(told, shapes(*recorded("testreport-matrix.json")), beside) == {}


@needs_recordings
@pytest.mark.parametrize(
    ("path", "tree", "file"),
    [
        (
            "",
            "jobs[name,url,color,lastBuild[number],"
            "lastCompletedBuild[number,result,timestamp,duration],inQueue]",
            "root-last-builds-tree.json",
        ),
        ("", "jobs[url,color,name,jobs[url,color,name,jobs]]", "root-jobs-tree.json"),
        ("view/All/", "jobs[url,color,name]", "view-jobs.json"),
        (NIGHTLY, "allBuilds[number,url]", "job-all-builds-tree.json"),
        (
            f"{PLATFORMS}20/testReport/",
            "childReports[child[number,url],result[suites[name,cases[className,name,status]]]]",
            "testreport-matrix-tree.json",
        ),
    ],
)
def test_a_tree_is_answered_with_the_recorded_keys(
    client: Client, path: str, tree: str, file: str
) -> None:
    assert unlike(shapes(client.json(path, tree)), shapes(*recorded(file))) == {}


@needs_recordings
@pytest.mark.parametrize(
    ("path", "file"),
    [("crumbIssuer/", "crumb.json"), ("me/", "whoami.json")],
)
def test_a_closed_hudson_answers_the_recorded_keys(closed: Client, path: str, file: str) -> None:
    answer = closed.get(f"{path}api/json", auth=("ci", "s3cret")).json()
    assert unlike(shapes(answer), shapes(*recorded(f"secured/{file}"))) == {}


@needs_recordings
@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("GET /job/none/api/json?depth=0", "job/none/api/json"),
        ("GET /job/nightly/999/api/json?depth=0", f"{NIGHTLY}999/api/json"),
        ("GET /job/nightly/5/artifact/out/none.xml", f"{NIGHTLY}19/artifact/out/none.xml"),
        ("GET /job/slow/1/testReport/api/json?depth=0", f"{NIGHTLY}20/testReport/api/json"),
        ("GET /job/nightly/5/wfapi/describe/", f"{NIGHTLY}19/wfapi/describe/"),
        ("GET /crumbIssuer/api/json", "crumbIssuer/api/json"),
        ("GET /pluginManager/api/json?depth=2", "pluginManager/api/json"),
        ("GET /me/api/json?depth=0", "me/api/json"),
        (
            "GET /job/nightly/api/json?tree=builds[number,result]{0,2}",
            f"{NIGHTLY}api/json?tree=builds[number,result]{{0,2}}",
        ),
    ],
)
def test_an_error_is_as_long_and_of_the_same_type(client: Client, asked: str, path: str) -> None:
    row = next(row for row in recorded("index.json")[0] if row["request"] == asked)
    answer = client.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == row["status"]
    assert answer.headers["Content-Type"] == row["content_type"]
    assert len(answer.content) == row["bytes"]
    assert answer.headers["Content-Length"] == str(row["bytes"])


# What is known of Hudson, said again without the recordings.


def test_hudson_has_neither_classes_nor_full_names_nor_runs(client: Client) -> None:
    for path in (NIGHTLY, f"{PLATFORMS}20/", f"{PLATFORMS}20/testReport/", f"{SMOKE}12/"):
        text = client.get(f"{path}api/json?depth=2").text
        assert not [word for word in ('"_class"', '"fullName":"team', '"runs"') if word in text]


def test_hudson_lists_jobs_without_folders_and_all_their_builds(client: Client) -> None:
    names = [job["name"] for job in client.json("", "jobs[name]")["jobs"]]
    assert names[:3] == ["team-nightly", "team-smoke", "platforms"]
    assert client.json(NIGHTLY, "allBuilds[number]") == {}


def test_hudson_sends_no_length_and_ends_the_connection(client: Client) -> None:
    answer = client.get(f"{SMOKE}12/api/json")
    assert answer.headers["Content-Type"] == "application/javascript;charset=UTF-8"
    assert answer.headers["Connection"].lower() == "close"
    assert not answer.headers.keys() & {"Content-Length", "Transfer-Encoding", "X-Jenkins"}
    assert answer.json()["result"] in ("SUCCESS", "UNSTABLE")


def test_hudsons_answer_to_a_range_cannot_be_unpacked(client: Client) -> None:
    with pytest.raises(requests.exceptions.ContentDecodingError):
        client.json(NIGHTLY, "builds[number]{0,2}")


def test_the_body_that_says_gzip_is_plain(client: Client) -> None:
    line = http.client.HTTPConnection("127.0.0.1", client.server.server_port, timeout=5)
    line.request("GET", f"/{NIGHTLY}api/json?tree=builds[", headers={"Accept-Encoding": "gzip"})
    answer = line.getresponse()
    assert (answer.status, answer.headers["Content-Encoding"]) == (500, "gzip")
    assert answer.read().startswith(b"<html>")
    line.close()


def test_hudson_packs_artifacts_too_and_not_its_zips(client: Client) -> None:
    name = client.json(f"{NIGHTLY}19/")["artifacts"][0]["relativePath"]
    line = http.client.HTTPConnection("127.0.0.1", client.server.server_port, timeout=5)
    line.request("GET", f"/{NIGHTLY}19/artifact/{name}", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(line.getresponse().read()).startswith(b"<?xml")
    line.close()
    zipped = client.get(f"{NIGHTLY}19/artifact/*zip*/archive.zip")
    assert zipped.headers["Content-Length"] == str(len(zipped.content))


@needs_recordings
@pytest.mark.parametrize(
    ("asked", "file"),
    [
        ("artifact/*zip*/archive.zip", "artifacts.zip"),
        ("artifact/results/*zip*/results.zip", "artifacts-folder.zip"),
    ],
)
def test_a_zip_has_the_recorded_folders(client: Client, asked: str, file: str) -> None:
    told = zipfile.ZipFile(io.BytesIO(client.get(f"{NIGHTLY}19/{asked}").content))
    known = zipfile.ZipFile(RECORDED / file).namelist()
    folders = [name.replace("out/", "results/") for name in known if name.endswith("/")]
    assert told.namelist()[: len(folders)] == folders
    assert told.testzip() is None


@needs_recordings
def test_the_page_of_an_anonymous_request_is_as_long(closed: Client) -> None:
    for row in recorded("secured/index.json")[0][:2]:
        answer = closed.get(row["request"].removeprefix("GET /"))
        assert (answer.status_code, len(answer.content)) == (row["status"], row["bytes"])


def test_hudson_takes_its_own_crumb(client: Client, closed: Client) -> None:
    assert client.session.post(f"{client.server.url}createItem", timeout=5).status_code == 403
    headers = {".crumb": client.server.crumb}
    answer = client.session.post(f"{client.server.url}createItem", headers=headers, timeout=5)
    assert answer.status_code == 405


def test_hudson_says_five_words_and_gives_skips_an_age(client: Client) -> None:
    reports = [client.json(f"{SMOKE}{n}/testReport/", "suites[cases[*]]") for n in (12, 16, 17)]
    cases = [case for report in reports for suite in report["suites"] for case in suite["cases"]]
    assert {"PASSED", "REGRESSION", "FAILED"} <= {case["status"] for case in cases}
    skipped = [case for case in cases if case["skipped"]]
    assert {case["failedSince"] for case in skipped} == {1}


def test_hudsons_front_page_alone_tells_its_version(client: Client) -> None:
    assert client.get("").headers["X-Hudson"] == "1.395"


def test_nobody_in_particular_is_forbidden_and_a_wrong_password_refused(closed: Client) -> None:
    nobody, wrong = closed.get("api/json"), closed.get("api/json", auth=("ci", "x"))
    assert (nobody.status_code, "WWW-Authenticate" in nobody.headers) == (403, False)
    assert (wrong.status_code, len(wrong.content)) == (401, 284)
    assert wrong.headers["WWW-Authenticate"] == 'Basic realm="Hudson"'
    assert closed.get("api/json", auth=("ci", "s3cret")).status_code == 200


def test_jobs_move_under_their_flat_names(client: Client) -> None:
    number = client.server.add_build("team-smoke")
    truth: Any = client.server.truth()
    assert str(number) in truth["jobs"]["team-smoke"]["builds"]
    client.server.delete_build("team-smoke", number)
