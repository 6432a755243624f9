"""The demo controller: what it serves is what it says is true, in the shapes of Jenkins."""

import importlib.util
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import jenkins
import pytest
import requests

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "demo_jenkins.py"
NOW = datetime(2026, 3, 5, 6, 7, 8, tzinfo=UTC)
LISTS = ("regressions", "new_failures", "fixed", "failing")
NIGHTLY, SMOKE, PLATFORMS = "job/team/job/nightly/", "job/team/job/smoke/", "job/platforms/"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_jenkins_under_test", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = load()


class Client:
    """A session that knows where the server is."""

    def __init__(self, server: Any) -> None:
        self.server, self.session = server, requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.server.url + path, timeout=60, **options)

    def json(self, path: str, tree: str | None = None) -> Any:
        answer = self.get(f"{path}api/json", params={"tree": tree} if tree else None)
        assert answer.status_code == 200, answer.text
        return answer.json()


def running(server: Any) -> Iterator[Client]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = Client(server)
    yield client
    client.session.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def history() -> Any:
    return demo.make_history(7, 40, NOW)


@pytest.fixture(scope="module")
def truth(history: Any) -> Any:
    return json.loads(json.dumps(demo.truth(history)))


@pytest.fixture(scope="module")
def client(history: Any) -> Iterator[Client]:
    yield from running(demo.serve(history))


@pytest.fixture(scope="module")
def closed(history: Any) -> Iterator[Client]:
    yield from running(demo.serve(history, user="dana", token="s3cret"))


@pytest.fixture
def python_jenkins(client: Client) -> Iterator[jenkins.Jenkins]:
    server = jenkins.Jenkins(client.server.url, timeout=60)
    yield server
    server._session.close()


def planted(truth: Any, kind: str) -> list[Any]:
    return [row for row in truth["planted"] if row["kind"] == kind]


# An independent recount: what anybody could work out from the answers alone.

Results = dict[tuple[str, str, str], str]


def results_of_archive(client: Client, build: str, variant: str = "") -> Results:
    """Read a build's archived reports out of its zip."""
    found: Results = {}
    answer = client.get(f"{build}artifact/*zip*/archive.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for name in archive.namelist():
            for case in ElementTree.fromstring(archive.read(name)).iter("testcase"):
                words = {"failure": "failed", "error": "error", "skipped": "skipped"}
                status = next((words[sub.tag] for sub in case if sub.tag in words), "passed")
                found[case.attrib["classname"], case.attrib["name"], variant] = status
    return found


def results_of_report(client: Client, build: str) -> Results:
    report = client.json(f"{build}testReport/", "suites[name,cases[className,name,status]]")
    return {
        (case["className"], case["name"], ""): case["status"].lower()
        for suite in report["suites"]
        for case in suite["cases"]
    }


def results(client: Client, job: str, number: int) -> Results:
    if job == "team/smoke":
        return results_of_report(client, f"{SMOKE}{number}/")
    if job == "team/nightly":
        return results_of_archive(client, f"{NIGHTLY}{number}/")
    cells = ("PLATFORM=linux", "PLATFORM=windows")
    parts = [results_of_archive(client, f"{PLATFORMS}{cell}/{number}/", cell) for cell in cells]
    return parts[0] | parts[1]


def judge(found: Results, before: Results) -> dict[str, set[tuple[str, str, str]]]:
    """The four lists of a build; `before` takes its results in."""
    lists: dict[str, set[tuple[str, str, str]]] = {name: set() for name in LISTS}
    for case, status in found.items():
        broke, broken = status in ("failed", "error"), before.get(case) in ("failed", "error")
        if broke and case not in before:
            lists["new_failures"].add(case)
        elif broke:
            lists["failing" if broken else "regressions"].add(case)
        elif status == "passed" and broken:
            lists["fixed"].add(case)
        if status != "skipped":
            before[case] = status
    return lists


@pytest.mark.parametrize(
    ("job", "path"),
    [("team/nightly", NIGHTLY), ("team/smoke", SMOKE), ("platforms", PLATFORMS)],
)
def test_the_truth_agrees_with_a_recount_of_what_is_served(
    client: Client, truth: Any, job: str, path: str
) -> None:
    before: Results = {}
    tree = "allBuilds[number,result,building]"
    for build in reversed(client.json(path, tree)["allBuilds"]):
        told = truth["jobs"][job]["builds"][str(build["number"])]
        found = {} if build["building"] else results(client, job, build["number"])
        judged = build["result"] in ("SUCCESS", "UNSTABLE")
        lists = judge(found, before) if judged else {name: set() for name in LISTS}
        counts = Counter(found.values())
        totals = {word: counts[word] for word in ("passed", "failed", "error", "skipped")}
        assert told["totals"] == {**totals, "total": len(found), "unknown": 0}
        assert {name: {tuple(case) for case in told[name]} for name in LISTS} == lists
        assert told["result"] == build["result"]


def test_the_same_seed_gives_the_same_truth(history: Any, truth: Any) -> None:
    assert json.loads(json.dumps(demo.truth(demo.make_history(7, 40, NOW)))) == truth


def test_the_same_seed_gives_the_same_bytes(client: Client) -> None:
    [again] = [running(demo.serve(demo.make_history(7, 40, NOW)))]
    path = f"{NIGHTLY}39/artifact/*zip*/archive.zip"
    try:
        assert next(again).get(path).content == client.get(path).content
    finally:
        assert next(again, None) is None


def test_another_seed_gives_another_history(truth: Any) -> None:
    assert demo.truth(demo.make_history(8, 40, NOW))["jobs"] != truth["jobs"]


@pytest.mark.parametrize("builds", [20, 33, 101])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_size_and_seed_has_what_is_planted(seed: int, builds: int) -> None:
    truth = demo.truth(demo.make_history(seed, builds, NOW))
    kinds = Counter(row["kind"] for row in truth["planted"])
    fewest = {"regression": 6, "flaky": 3, "fix": 2, "renamed": 1, "vanished": 3}
    fewest |= {"windows_only": 1, "new_failing": 1, "skipped_in_streak": 1}
    assert all(kinds[kind] >= count for kind, count in fewest.items())


def test_too_few_builds_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 builds"):
        demo.make_history(7, 19, NOW)


def test_planted_regressions_are_regressions_where_they_were_planted(truth: Any) -> None:
    for row in planted(truth, "regression") + planted(truth, "windows_only"):
        build = truth["jobs"][row["job"]]["builds"][str(row["build"])]
        assert list(row["case"].values()) in build["regressions"]


def test_planted_regressions_still_fail_at_the_end(truth: Any) -> None:
    for row in planted(truth, "regression"):
        builds = truth["jobs"][row["job"]]["builds"].values()
        last = [build for build in builds if build["state"] == "finished"][-1]
        assert list(row["case"].values()) in last["failing"] + last["regressions"]


def test_two_regressions_break_together_in_the_newest_finished_nightly(truth: Any) -> None:
    newest = [row for row in planted(truth, "regression") if row["build"] == 39]
    assert [row["job"] for row in newest] == ["team/nightly"] * 2
    assert len({row["cause"] for row in newest}) == 1


def test_a_planted_fix_is_fixed_where_it_was_planted(truth: Any) -> None:
    for row in planted(truth, "fix"):
        build = truth["jobs"][row["job"]]["builds"][str(row["build"])]
        assert list(row["case"].values()) in build["fixed"]


def test_a_flaky_case_failed_where_the_truth_says(client: Client, truth: Any) -> None:
    [row] = [row for row in planted(truth, "flaky") if row["job"] == "team/smoke"]
    case = tuple(row["case"].values())
    numbers = [row["failed_in"][0], row["failed_in"][-1]]
    found = [results(client, "team/smoke", number)[case] for number in numbers]
    assert found == ["failed", "failed"]


def test_a_failure_in_the_aborted_build_is_in_none_of_the_lists(truth: Any) -> None:
    [row] = planted(truth, "failed_in_aborted")
    build = truth["jobs"]["team/smoke"]["builds"][str(row["build"])]
    assert build["totals"]["failed"] >= 1
    assert [build[name] for name in LISTS] == [[], [], [], []]


def test_the_windows_failure_passes_on_linux(client: Client, truth: Any) -> None:
    [row] = planted(truth, "windows_only")
    found = results(client, "platforms", row["build"])
    suite, name, _ = row["case"].values()
    assert found[suite, name, "PLATFORM=linux"] == "passed"


def test_the_running_build_has_no_result_yet(client: Client) -> None:
    build = client.json(f"{NIGHTLY}40/")
    assert (build["building"], build["inProgress"], build["result"]) == (True, True, None)
    assert (build["duration"], build["artifacts"]) == (0, [])


def test_the_running_build_has_no_test_report(client: Client) -> None:
    answer = client.get(f"{NIGHTLY}40/testReport/api/json")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_permalinks_tell_the_running_build_from_the_completed(client: Client) -> None:
    job = client.json(NIGHTLY)
    found = [job[link]["number"] for link in ("lastBuild", "lastCompletedBuild")]
    assert found == [40, 39]
    assert client.json(f"{NIGHTLY}lastCompletedBuild/")["number"] == 39


def test_the_aborted_build_has_half_a_report_and_no_artifacts(client: Client) -> None:
    build = client.json(f"{SMOKE}21/")
    assert (build["result"], build["artifacts"]) == ("ABORTED", [])
    assert client.json(f"{SMOKE}21/testReport/", "empty,suites[name]")["empty"] is False
    assert len(results(client, "team/smoke", 21)) == 40


def test_a_smoke_build_names_the_nightly_build_it_followed(client: Client) -> None:
    actions = client.json(f"{SMOKE}12/")["actions"]
    [cause] = next(action["causes"] for action in actions if "causes" in action)
    assert (cause["upstreamProject"], cause["upstreamBuild"]) == ("team/nightly", 11)
    assert cause["upstreamUrl"] == "job/team/job/nightly/"


def test_a_smoke_build_starts_after_its_nightly_ended(client: Client) -> None:
    up, down = client.json(f"{NIGHTLY}11/"), client.json(f"{SMOKE}12/")
    assert up["timestamp"] + up["duration"] < down["timestamp"]


def test_actions_have_holes_and_counts(client: Client) -> None:
    build = client.json(f"{NIGHTLY}39/")
    assert {} in build["actions"]
    [counts] = [action for action in build["actions"] if "totalCount" in action]
    assert counts["_class"] == "hudson.tasks.junit.TestResultAction"
    assert counts["urlName"] == "testReport"
    assert counts["totalCount"] == len(results(client, "team/nightly", 39))


def test_a_matrix_build_lists_its_cells_and_no_artifacts(client: Client) -> None:
    build = client.json(f"{PLATFORMS}40/")
    assert build["artifacts"] == []
    for run in build["runs"]:
        cell = client.json(run["url"].removeprefix(client.server.url))
        assert cell["_class"] == "hudson.matrix.MatrixRun"
        assert cell["artifacts"]


def test_the_matrix_report_counts_both_cells(client: Client) -> None:
    report = client.json(f"{PLATFORMS}40/testReport/")
    assert (report["totalCount"], len(report["childReports"])) == (240, 2)
    assert "passCount" not in report


def test_the_address_of_a_child_report_leads_to_its_cell(client: Client) -> None:
    [first, _] = client.json(f"{PLATFORMS}40/testReport/", "childReports[child[url]]")[
        "childReports"
    ]
    path = first["child"]["url"].removeprefix(client.server.url)
    assert "/./" in path
    assert client.json(path, "number")["number"] == 40


def test_texts_of_a_matrix_report_need_a_tree(client: Client) -> None:
    path = f"{PLATFORMS}40/testReport/"
    tree = "childReports[result[suites[cases[errorDetails]]]]"
    plain, asked = client.get(f"{path}api/json").text, json.dumps(client.json(path, tree))
    assert "errorDetails" not in plain
    assert "Input length" in asked


def test_a_failing_case_tells_since_when(client: Client, truth: Any) -> None:
    [row] = [row for row in planted(truth, "regression") if row["job"] == "team/smoke"]
    tree = "suites[cases[className,name,age,failedSince,errorDetails,errorStackTrace]]"
    suites = client.json(f"{SMOKE}40/testReport/", tree)["suites"]
    wanted = (row["case"]["suite"], row["case"]["name"])
    cases = [case for suite in suites for case in suite["cases"]]
    [case] = [case for case in cases if (case["className"], case["name"]) == wanted]
    assert (case["failedSince"], case["age"]) == (row["build"], 40 - row["build"] + 1)
    assert case["errorDetails"] in case["errorStackTrace"]


def test_artifacts_are_told_with_length_and_type(client: Client) -> None:
    artifacts = client.json(f"{NIGHTLY}39/")["artifacts"]
    path = f"{NIGHTLY}39/artifact/{requests.utils.quote(artifacts[0]['relativePath'])}"
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "application/xml"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "Content-Encoding" not in answer.headers


def test_an_artifact_with_an_odd_name_is_found_percent_encoded(client: Client) -> None:
    answer = client.get(
        f"{PLATFORMS}PLATFORM%3Dlinux/40/artifact/results/"
        "TEST-Einrichtung%20%28K%C3%BCche%20%26%20Bad%29.xml"
    )
    assert ElementTree.fromstring(answer.content).attrib["name"] == "Einrichtung (Küche & Bad)"


def test_odd_names_survive_the_xml(client: Client) -> None:
    names = {name for _, name, _ in results(client, "team/nightly", 39)}
    assert 'escapes <b>&amp; "quotes" & more' in names
    assert "roundsPrice[a-1]" in names


def test_a_tree_of_nested_jobs_walks_the_folders(client: Client) -> None:
    found = client.json("", "jobs[name,jobs[name]]")["jobs"]
    names = {job["name"]: [inner["name"] for inner in job.get("jobs", [])] for job in found}
    assert names == {"team": ["nightly", "smoke"], "platforms": []}


@pytest.mark.parametrize(
    ("part", "numbers"),
    [
        ("{0,3}", [40, 39, 38]),
        ("{38,}", [2, 1]),
        ("{,2}", [40, 39]),
        ("{5}", [35]),
        ("{50,60}", []),
        ("{0,0}", []),
    ],
)
def test_a_tree_takes_a_part_of_a_list(client: Client, part: str, numbers: list[int]) -> None:
    found = client.json(NIGHTLY, f"allBuilds[number,result]{part}")["allBuilds"]
    assert [build["number"] for build in found] == numbers


def test_a_tree_keeps_the_class_and_drops_unknown_names(client: Client) -> None:
    found = client.json(f"{NIGHTLY}39/", "number,nonsense[a,b]")
    assert found == {"_class": "hudson.model.FreeStyleBuild", "number": 39}


def test_a_star_in_a_tree_stands_for_every_name(client: Client) -> None:
    found = client.json(f"{NIGHTLY}39/", "artifacts[*]{0}")["artifacts"]
    assert [set(row) for row in found] == [{"displayPath", "fileName", "relativePath"}]


@pytest.mark.parametrize(
    "tree",
    ["", "a,", ",a", "a[", "a[]", "a[b", "a]", "a{}", "a{,}", "a{x}", "a{1", "a{1}{2}", "[" * 5000],
)
def test_a_malformed_tree_is_an_error_page(client: Client, tree: str) -> None:
    answer = client.get("api/json", params={"tree": tree})
    assert answer.status_code == 500
    assert "Malformed tree expression" in answer.text


def test_all_builds_are_there_only_for_a_tree(client: Client) -> None:
    assert "allBuilds" not in client.json(NIGHTLY)


def test_a_job_lists_its_newest_hundred_builds() -> None:
    long = demo.make_history(7, 120, NOW)
    for client in running(demo.serve(long)):
        numbers = [build["number"] for build in client.json(NIGHTLY)["builds"]]
        assert numbers == list(range(120, 20, -1))
        assert len(client.json(NIGHTLY, "allBuilds[number]")["allBuilds"]) == 120


def test_builds_of_a_job_unfold_with_depth(client: Client) -> None:
    flat, deep = client.json(SMOKE), client.get(f"{SMOKE}api/json?depth=1").json()
    assert set(flat["builds"][0]) == {"_class", "number", "url"}
    assert "timestamp" in deep["builds"][0]


def test_python_jenkins_reads_a_job(python_jenkins: jenkins.Jenkins) -> None:
    job = python_jenkins.get_job_info("team/nightly")
    assert (job["fullName"], job["color"]) == ("team/nightly", "yellow_anime")
    assert job["downstreamProjects"][0]["name"] == "smoke"


def test_python_jenkins_finds_every_job(python_jenkins: jenkins.Jenkins) -> None:
    found = {job["fullname"] for job in python_jenkins.get_all_jobs()}
    assert found == {"team", "team/nightly", "team/smoke", "platforms"}


def test_python_jenkins_reads_a_build(python_jenkins: jenkins.Jenkins) -> None:
    build = python_jenkins.get_build_info("team/nightly", 39)
    assert build["fullDisplayName"] == "team » nightly #39"


def test_python_jenkins_reads_a_test_report(python_jenkins: jenkins.Jenkins) -> None:
    report = python_jenkins.get_build_test_report("team/smoke", 40)
    assert report["passCount"] + report["failCount"] + report["skipCount"] == 79


def test_python_jenkins_finds_no_report_of_the_running_build(
    python_jenkins: jenkins.Jenkins,
) -> None:
    assert python_jenkins.get_build_test_report("team/nightly", 40) is None


def test_python_jenkins_learns_the_version_and_who_it_is(python_jenkins: jenkins.Jenkins) -> None:
    assert python_jenkins.get_version() == demo.VERSION
    assert python_jenkins.get_whoami()["id"] == "anonymous"


def test_answers_name_the_version_and_the_session(client: Client) -> None:
    headers = client.get("api/json").headers
    assert headers["X-Jenkins"].startswith("2.5")
    assert headers["X-Jenkins-Session"] == client.server.session


def test_without_credentials_everything_is_401(closed: Client) -> None:
    for path in ("", "api/json", f"{NIGHTLY}39/testReport/api/json", "job/none/api/json"):
        answer = closed.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_token_is_401(closed: Client) -> None:
    assert closed.get("api/json", auth=("dana", "wrong")).status_code == 401


def test_the_right_token_is_let_in(closed: Client) -> None:
    answer = closed.get("me/api/json", auth=("dana", "s3cret"))
    assert answer.json()["id"] == "dana"


@pytest.mark.parametrize(
    "path",
    [
        "job/none/api/json",
        "job/team/job/api/json",
        "job/team%2Fsmoke/api/json",
        f"{NIGHTLY}config.xml",
        f"{NIGHTLY}41/api/json",
        f"{NIGHTLY}lastFailedBuild/api/json",
        f"{NIGHTLY}39/artifact/results/none.xml",
        f"{NIGHTLY}39/artifact/../../etc/passwd",
        f"{SMOKE}39/artifact/*zip*/archive.zip",
        "nonsense",
    ],
)
def test_what_is_not_there_is_a_short_404_page(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 100 < len(answer.content) < 900


def test_json_is_compressed_only_for_those_who_accept_it(client: Client) -> None:
    plain = client.get("api/json", headers={"Accept-Encoding": "identity"})
    packed = client.get("api/json", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()


def test_head_answers_as_get_without_the_body(client: Client) -> None:
    artifacts = client.json(f"{NIGHTLY}39/")["artifacts"]
    path = requests.utils.quote(artifacts[0]["relativePath"])
    url = f"{client.server.url}{NIGHTLY}39/artifact/{path}"
    head, full = client.session.head(url, timeout=5), client.session.get(url, timeout=5)
    assert head.content == b""
    assert head.headers["Content-Length"] == full.headers["Content-Length"]


def test_a_post_without_a_crumb_is_403(client: Client) -> None:
    answer = client.session.post(f"{client.server.url}{NIGHTLY}build", data=b"x", timeout=5)
    assert answer.status_code == 403


def test_a_post_with_a_crumb_is_405(client: Client) -> None:
    crumb = client.json("crumbIssuer/")
    headers = {crumb["crumbRequestField"]: crumb["crumb"]}
    url = f"{client.server.url}{NIGHTLY}build"
    assert client.session.post(url, headers=headers, timeout=5).status_code == 405


def test_requests_are_counted_by_path(client: Client) -> None:
    client.get("job/counted/api/json?depth=1")
    client.get("job/counted/api/json")
    assert client.server.requests["/job/counted/api/json"] == 2


# The command.


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(SCRIPT), *arguments]


def started_once(truth_file: Path, *more: str, smoke: str = SMOKE) -> tuple[int, int]:
    """Start it, ask for the first start time, end it: the time and the exit code."""
    options = ("--builds", "20", "--truth", str(truth_file), *more)
    with subprocess.Popen(command(*options), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip().removeprefix("DEMO_JENKINS_URL=")
        build = requests.get(f"{url}{smoke}1/api/json", timeout=5).json()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""
    return build["timestamp"], process.returncode


def test_a_restart_keeps_the_times(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    known = demo.truth(demo.make_history(7, 20, NOW))
    file.write_text(json.dumps(known), encoding="utf-8")
    first, code = started_once(file)
    expected = demo.make_history(7, 20, NOW).job("team/smoke").builds[0].started
    assert first == round(expected.timestamp() * 1000)
    assert code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(json.dumps(known))


def test_a_first_start_writes_the_truth(tmp_path: Path) -> None:
    started_once(tmp_path / "truth.json")
    written = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    now = datetime.fromisoformat(written["now"])
    assert written == json.loads(json.dumps(demo.truth(demo.make_history(7, 20, now))))


def test_every_option_has_its_line_of_help() -> None:
    environ = {**os.environ, "COLUMNS": "80"}
    ended = subprocess.run(
        command("--help"), capture_output=True, text=True, timeout=10, env=environ
    )
    for option in ("--more", "--wide N", "--words", "--dialect", "--truth FILE"):
        assert f"  {option}" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_more_jobs_and_copies_are_started_by_options(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    started_once(file, "--more", "--wide", "2", "--words", "five")
    names = list(json.loads(file.read_text(encoding="utf-8"))["jobs"])
    assert names[:4] == ["team/nightly", "team/smoke", "platforms", "team-001/nightly"]
    assert {"team-002/platforms", "acme/shop/feature%2Flogin"} <= set(names)


def test_the_truth_of_a_hudson_has_its_names(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    started_once(file, "--dialect", "hudson", smoke="job/team-smoke/")
    names = list(json.loads(file.read_text(encoding="utf-8"))["jobs"])
    assert names == ["team-nightly", "team-smoke", "platforms"]


def test_fewer_than_no_copies_are_refused() -> None:
    assert "cannot be -1 copies" in refusal("--wide", "-1")


def refusal(*arguments: str) -> str:
    ended = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=10)
    assert (ended.returncode, ended.stdout) == (2, "")
    return ended.stderr


def test_a_taken_port_is_one_sentence_and_exit_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refusal("--port", str(port))
    assert told.count("\n") == 1
    assert f"cannot listen on port {port}" in told


def test_a_file_that_holds_something_else_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")
    assert "no truth file of ours" in refusal("--truth", str(file))
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_user_without_a_token_is_refused() -> None:
    assert "A user needs a token" in refusal("--user", "dana")
