"""The demo controller: what one `tree=` reaches, and the zips of a build's artifacts."""

import io
import socket
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scripts.test_demo_jenkins import NIGHTLY, NOW, PLATFORMS, Client, demo, running

RUNS = "runs[number,url,result,artifacts[relativePath],actions[urlName,totalCount]]"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    yield from running(demo.serve(demo.make_history(7, 40, NOW)))


def test_one_request_answers_the_artifacts_of_every_cell(client: Client) -> None:
    runs = client.json(f"{PLATFORMS}40/", RUNS)["runs"]
    assert [run["result"] for run in runs] == ["UNSTABLE", "UNSTABLE"]
    for run in runs:
        cell = client.json(run["url"].removeprefix(client.server.url))
        assert [row["relativePath"] for row in run["artifacts"]] == [
            row["relativePath"] for row in cell["artifacts"]
        ]
        [tests] = [action for action in run["actions"] if "totalCount" in action]
        assert (tests["urlName"], tests["totalCount"]) == ("testReport", 120)


def test_runs_are_numbers_and_addresses_where_nothing_is_asked(client: Client) -> None:
    assert [set(run) for run in client.json(f"{PLATFORMS}40/")["runs"]] == [{"number", "url"}] * 2


def test_builds_unfold_to_the_cells_artifacts_in_nested_ranges(client: Client) -> None:
    tree = "builds[number,runs[url,artifacts[relativePath]{0,2}]{1}]{0,3}"
    builds = client.json(PLATFORMS, tree)["builds"]
    assert [build["number"] for build in builds] == [40, 39, 38]
    assert [len(build["runs"]) for build in builds] == [1, 1, 1]
    assert all(len(build["runs"][0]["artifacts"]) == 2 for build in builds)
    assert "PLATFORM=windows" in builds[0]["runs"][0]["url"]


def test_all_of_fifty_builds_is_one_request(client: Client) -> None:
    tree = (
        "number,url,result,building,inProgress,timestamp,duration,displayName,description,builtOn,"
        "actions[urlName,totalCount,causes[upstreamProject,upstreamBuild],lastBuiltRevision[SHA1]],"
        "artifacts[relativePath],changeSet[items[commitId,author[fullName],msg]]"
    )
    builds = client.json(NIGHTLY, f"builds[{tree}]{{0,50}}")["builds"]
    assert len(builds) == 40
    assert builds[0]["inProgress"] is True
    assert builds[0]["artifacts"] == []
    one = client.json(f"{NIGHTLY}39/", tree)
    assert builds[1] == one


def test_a_tree_reaches_ten_folders_deep(client: Client) -> None:
    tree = "name"
    for _ in range(10):
        tree = f"name,url,color,jobs[{tree}]"
    team = next(job for job in client.json("", tree)["jobs"] if job["name"] == "team")
    assert [job["name"] for job in team["jobs"]] == ["nightly", "smoke"]
    assert "color" not in team


def test_one_request_tells_how_every_job_stands(client: Client) -> None:
    tree = (
        "jobs[jobs[fullName,color,buildable,disabled,inQueue,nextBuildNumber,firstBuild[number],"
        "lastBuild[number,timestamp,building,estimatedDuration],lastCompletedBuild[number],"
        "lastFailedBuild[number],downstreamProjects[fullName],upstreamProjects[fullName]]]"
    )
    [nightly, smoke] = client.json("", tree)["jobs"][0]["jobs"]
    assert nightly["downstreamProjects"][0]["fullName"] == "team/smoke"
    assert smoke["upstreamProjects"][0]["fullName"] == "team/nightly"
    assert nightly["lastBuild"]["building"] is True
    assert nightly["lastBuild"]["estimatedDuration"] == 480_000
    assert [nightly[name] for name in ("lastCompletedBuild", "firstBuild")] == [
        {"_class": "hudson.model.FreeStyleBuild", "number": number} for number in (39, 1)
    ]
    flags = ("buildable", "disabled", "inQueue", "nextBuildNumber", "lastFailedBuild")
    assert [nightly[name] for name in flags] == [True, False, False, 41, None]


# Zips.


def zipped(client: Client, path: str) -> dict[str, bytes]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_of_a_folder_names_its_files_below_the_folder(client: Client) -> None:
    whole = zipped(client, f"{NIGHTLY}39/artifact/*zip*/archive.zip")
    folder = zipped(client, f"{NIGHTLY}39/artifact/results/*zip*/results.zip")
    assert {f"archive/{name}": body for name, body in folder.items()} == whole
    assert next(iter(folder)).startswith("results/TEST-")


def test_a_zip_of_a_cell_is_found_with_an_escaped_star(client: Client) -> None:
    path = f"{PLATFORMS}PLATFORM%3Dlinux/40/artifact/%2Azip%2A/archive.zip"
    assert len(zipped(client, path)) == 12


def test_a_zip_is_sent_in_chunks_without_a_length(client: Client) -> None:
    answer = client.get(f"{NIGHTLY}39/artifact/*zip*/archive.zip")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers


def test_a_zip_tells_the_sizes_of_its_files_behind_them(client: Client) -> None:
    head = client.get(f"{NIGHTLY}39/artifact/*zip*/archive.zip").content[:30]
    flags, size = struct.unpack_from("<6xH", head)[0], struct.unpack_from("<18xI", head)[0]
    assert flags & 0x08
    assert size == 0


@pytest.mark.parametrize("folder", ["none", "results/none", "result"])
def test_a_folder_that_is_not_there_has_no_zip(client: Client, folder: str) -> None:
    assert client.get(f"{NIGHTLY}39/artifact/{folder}/*zip*/x.zip").status_code == 404


def test_an_old_client_gets_a_zip_until_the_connection_ends(client: Client) -> None:
    with socket.create_connection(("127.0.0.1", client.server.server_port), timeout=5) as line:
        line.sendall(b"GET /%s39/artifact/*zip*/a.zip HTTP/1.0\r\n\r\n" % NIGHTLY.encode())
        answer: Any = b""
        while part := line.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
