"""The demo controller's other jobs: pipelines, a Maven job, parameters, a chain, a console."""

import json
from collections.abc import Iterator
from typing import Any

import jenkins
import pytest

from tests.scripts.test_demo_jenkins import NOW, Client, demo, running

SHOP = "job/acme/job/shop/"
MAIN, MAVEN, FIRMWARE = f"{SHOP}job/main/", "job/shop-maven/", "job/firmware/"
PIPELINE = "org.jenkinsci.plugins.workflow.job"


@pytest.fixture(scope="module")
def history() -> Any:
    return demo.with_more(demo.make_history(7, 20, NOW))


@pytest.fixture(scope="module")
def truth(history: Any) -> Any:
    return json.loads(json.dumps(demo.truth(history)))


@pytest.fixture(scope="module")
def client(history: Any) -> Iterator[Client]:
    yield from running(demo.serve(history))


@pytest.fixture(scope="module")
def five() -> Iterator[Client]:
    yield from running(demo.serve(demo.make_history(7, 20, NOW), words="five"))


def planted(truth: Any, kind: str) -> Any:
    [row] = [row for row in truth["planted"] if row["kind"] == kind]
    return row


# All of them.


def test_more_jobs_leave_the_three_as_they_are(truth: Any) -> None:
    plain = json.loads(json.dumps(demo.truth(demo.make_history(7, 20, NOW))))
    assert {name: truth["jobs"][name] for name in plain["jobs"]} == plain["jobs"]
    assert truth["planted"][: len(plain["planted"])] == plain["planted"]


def test_builds_of_the_three_are_answered_alike_beside_more_jobs(client: Client) -> None:
    [alone] = [running(demo.serve(demo.make_history(7, 20, NOW)))]
    path = "job/team/job/smoke/12/"
    try:
        plain, more = next(alone).json(path, "*[*[*]]"), client.json(path, "*[*[*]]")
        assert {**plain, "url": ""} == {**more, "url": ""}
    finally:
        assert next(alone, None) is None


def test_the_same_seed_gives_the_same_jobs_and_another_gives_others(history: Any) -> None:
    again = demo.with_more(demo.make_history(7, 20, NOW))
    other = demo.with_more(demo.make_history(8, 20, NOW))
    assert again.jobs == history.jobs
    assert [job.builds for job in other.jobs] != [job.builds for job in history.jobs]


def test_every_build_counts_what_the_truth_says(client: Client, truth: Any, history: Any) -> None:
    for job in history.jobs[3:]:
        path = "".join(f"job/{part.replace('%', '%25')}/" for part in job.name.split("/"))
        tree = "builds[number,result,building,actions[failCount,skipCount,totalCount]]"
        for build in client.json(path, tree)["builds"]:
            told = truth["jobs"][job.name]["builds"][str(build["number"])]
            assert told["result"] == build["result"]
            counts = [action for action in build["actions"] if "totalCount" in action][:1]
            for count in counts if (job.name, build["number"]) != ("shop-maven", 5) else []:
                totals = told["totals"]
                assert count["totalCount"] == totals["total"]
                assert count["failCount"] == totals["failed"] + totals["error"]


def test_python_jenkins_finds_every_job(client: Client, history: Any) -> None:
    server = jenkins.Jenkins(client.server.url, timeout=5)
    found = {job["fullname"] for job in server.get_all_jobs()}
    assert {job.name for job in history.jobs} <= found
    server._session.close()


# Folders and branches.


def test_folders_tell_what_they_are(client: Client) -> None:
    tree = "jobs[fullName,jobs[fullName,jobs[fullName]]]"
    top = {job["fullName"]: job for job in client.json("", tree)["jobs"]}
    shop = top["acme"]["jobs"][0]
    assert top["acme"]["_class"] == "jenkins.branch.OrganizationFolder"
    assert shop["_class"].endswith(".WorkflowMultiBranchProject")
    assert {job["_class"] for job in shop["jobs"]} == {f"{PIPELINE}.WorkflowJob"}
    assert top["lab"]["jobs"][0]["jobs"][0]["fullName"] == "lab/tools/links"


def test_a_branch_with_a_slash_is_escaped_once_in_its_name_and_twice_in_its_address(
    client: Client,
) -> None:
    path = f"{SHOP}job/feature%252Flogin/"
    job = client.json(path)
    assert (job["name"], job["fullName"]) == ("feature%2Flogin", "acme/shop/feature%2Flogin")
    assert job["displayName"] == "feature/login"
    assert job["url"] == client.server.url + path
    build = client.json(f"{path}4/")
    assert build["fullDisplayName"] == "acme » shop » feature/login #4"
    assert client.get(f"{SHOP}job/feature%2Flogin/api/json").status_code == 404


def test_a_pipeline_build_has_change_sets_neighbours_and_no_node(client: Client) -> None:
    build = client.json(f"{MAIN}4/")
    assert build["_class"] == f"{PIPELINE}.WorkflowRun"
    assert not build.keys() & {"builtOn", "changeSet", "runs"}
    assert (build["previousBuild"]["number"], build["nextBuild"]["number"]) == (3, 5)
    builds = client.json(MAIN, "builds[changeSets[items[commitId]],previousBuild[number]]")
    changes = [build["changeSets"] for build in builds["builds"]]
    assert {len(sets) for sets in changes} == {0, 1}
    assert builds["builds"][-1]["previousBuild"] is None


def test_parallel_stages_stand_around_their_suites_innermost_first(client: Client) -> None:
    suites = client.json(f"{MAIN}8/testReport/")["suites"]
    names = [(suite["name"].rpartition(".")[2], suite["enclosingBlockNames"]) for suite in suites]
    assert names == [
        ("LoginTest", ["linux", "Test"]),
        ("StockIT", ["linux", "Test"]),
        ("LoginTest", ["windows", "Test"]),
        ("StockIT", ["windows", "Test"]),
    ]
    assert all(len(suite["enclosingBlocks"]) == 2 and suite["nodeId"] for suite in suites)
    assert suites[0]["nodeId"] != suites[2]["nodeId"]


def test_a_case_that_fails_on_windows_passes_in_the_other_stage(client: Client, truth: Any) -> None:
    [row] = [row for row in truth["planted"] if row["job"] == "acme/shop/main"]
    name = row["case"]["name"]
    suites = client.json(f"{MAIN}6/testReport/")["suites"]
    found = [case["status"] for suite in suites for case in suite["cases"] if case["name"] == name]
    assert found == ["PASSED", "FAILED"]
    assert list(row["case"].values()) in truth["jobs"][row["job"]]["builds"]["6"]["regressions"]


def test_a_pipeline_that_fails_before_its_tests_has_no_report(client: Client) -> None:
    path = f"{SHOP}job/feature%252Flogin/2/"
    build = client.json(path)
    assert build["result"] == "FAILURE"
    assert not [action for action in build["actions"] if "totalCount" in action]
    assert client.get(f"{path}testReport/api/json").status_code == 404


# Maven.


def test_a_maven_job_names_its_modules(client: Client) -> None:
    job = client.json(MAVEN)
    assert job["_class"] == "hudson.maven.MavenModuleSet"
    assert [module["name"] for module in job["modules"]] == [
        "com.acme:shop-core",
        "com.acme:shop-web",
    ]
    module = client.json(f"{MAVEN}com.acme$shop-core/6/")
    assert module["_class"] == "hudson.maven.MavenBuild"


def test_a_module_that_was_not_built_answers_with_an_older_build(
    client: Client, truth: Any
) -> None:
    row = planted(truth, "module_not_rebuilt")
    report = client.json(f"{MAVEN}5/testReport/")
    children = [child["child"] for child in report["childReports"]]
    assert [child["number"] for child in children] == [5, row["child_build"]]
    assert children[1]["url"].endswith("/job/shop-maven/com.acme$shop-web/4/")
    assert client.get(f"{MAVEN}com.acme$shop-web/5/api/json").status_code == 404
    totals = truth["jobs"]["shop-maven"]["builds"]["5"]["totals"]
    assert (report["totalCount"], totals["total"]) == (4, 2)


def test_the_older_results_are_those_of_that_build(client: Client) -> None:
    now, then = (client.json(f"{MAVEN}{number}/testReport/") for number in (5, 4))
    assert now["childReports"][1] == then["childReports"][1]


# Parameters, names, a chain.


def test_a_password_among_the_parameters_has_no_value(client: Client) -> None:
    [action] = client.json("job/release/3/", "actions[parameters[*]]{2}")["actions"]
    assert [(row["name"], row.get("value", "none")) for row in action["parameters"]] == [
        ("BRANCH", "release/1.3"),
        ("DRY_RUN", False),
        ("TOKEN", "none"),
    ]
    definitions = client.json("job/release/")["property"][0]["parameterDefinitions"]
    assert [row["type"][:6] for row in definitions] == ["String", "Boolea", "Passwo"]


def test_a_build_may_be_named_and_described(client: Client) -> None:
    build = client.json("job/release/3/")
    assert (build["displayName"], build["fullDisplayName"]) == ("1.4.3 (#3)", "release 1.4.3 (#3)")
    assert "<b>kept</b>" in build["description"]


def test_one_child_failed_before_its_tests_and_one_is_missing(client: Client, truth: Any) -> None:
    early, missing = planted(truth, "failed_before_tests"), planted(truth, "child_missing")
    tree = "builds[number,result,actions[causes[upstreamBuild]]{0}]"
    builds = client.json("job/chain/job/verify/", tree)["builds"]
    followed = {
        build["actions"][0]["causes"][0]["upstreamBuild"]: build["result"] for build in builds
    }
    assert followed[early["upstream_build"]] == "FAILURE"
    assert missing["build"] not in followed
    assert sorted(followed) == [1, 2, 3, 4, 6, 7]


def test_a_child_starts_when_its_parent_has_ended(client: Client) -> None:
    tree = "builds[number,timestamp,duration]"
    up = {build["number"]: build for build in client.json("job/chain/job/build/", tree)["builds"]}
    for build in client.json("job/chain/job/verify/", f"{tree[:-1]},actions[causes[*]]{{0}}]")[
        "builds"
    ]:
        before = up[build["actions"][0]["causes"][0]["upstreamBuild"]]
        assert build["timestamp"] == before["timestamp"] + before["duration"] + 6400


def test_an_upstream_build_adds_up_what_followed_it(client: Client) -> None:
    path = "job/chain/job/build/7/"
    actions = client.json(path, "actions[urlName,failCount,totalCount]")["actions"]
    names = [action["urlName"] for action in actions if "urlName" in action]
    assert names == ["testReport", "aggregatedTestReport"]
    report = client.json(f"{path}aggregatedTestReport/")
    assert (report["failCount"], report["totalCount"]) == (1, 2)
    assert client.get("job/retired/3/aggregatedTestReport/api/json").status_code == 404


def test_a_disabled_job_says_so(client: Client) -> None:
    job = client.json("job/retired/")
    assert (job["color"], job["disabled"], job["buildable"]) == ("disabled", True, False)
    assert len(job["builds"]) == 3


# The console, views.


def test_a_job_of_the_console_has_neither_files_nor_report(client: Client) -> None:
    build = client.json(f"{FIRMWARE}5/")
    assert (build["result"], build["artifacts"]) == ("FAILURE", [])
    assert not [action for action in build["actions"] if "totalCount" in action]
    assert client.get(f"{FIRMWARE}5/testReport/api/json").status_code == 404


def test_tap_stands_among_the_lines_of_the_console(client: Client) -> None:
    answer = client.get(f"{FIRMWARE}5/consoleText")
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert "Content-Length" not in answer.headers
    lines = answer.text.splitlines()
    assert "not ok 2 - mounts the card" in lines
    assert lines[0].startswith("Started by")
    assert lines[-1] == "Finished: FAILURE"


def test_the_progressive_log_goes_on_where_it_was_left(client: Client) -> None:
    whole = client.get(f"{FIRMWARE}5/consoleText").content
    answer = client.get(f"{FIRMWARE}5/logText/progressiveText?start=100")
    assert answer.content == whole[100:]
    assert answer.headers["X-Text-Size"] == str(len(whole))
    assert "X-More-Data" not in answer.headers


def test_the_log_of_a_running_build_has_more_to_come(client: Client) -> None:
    answer = client.get("job/team/job/nightly/20/logText/progressiveText")
    assert answer.headers["X-More-Data"] == "true"
    assert "Finished" not in answer.text


def test_a_view_lists_its_jobs_and_leads_to_them(client: Client) -> None:
    view = client.json("view/nightlies/")
    assert view["_class"] == "hudson.model.ListView"
    assert [job["name"] for job in view["jobs"]] == ["nightly", "links", "firmware"]
    build = client.json("view/nightlies/job/firmware/5/")
    assert build["url"] == f"{client.server.url}{FIRMWARE}5/"
    names = [view["name"] for view in client.json("", "views[name]")["views"]]
    assert names == ["all", "nightlies"]
    assert len(client.json("view/all/")["jobs"]) > 3
    assert client.get("view/none/api/json").status_code == 404


# The words of older plugins.


def words(client: Client, job: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for number in range(1, 20):
        tree = "suites[cases[className,name,status]]"
        for suite in client.json(f"{job}{number}/testReport/", tree)["suites"]:
            for case in suite["cases"]:
                found.setdefault((case["className"], case["name"]), []).append(case["status"])
    return found


def test_an_older_plugin_tells_a_regression_a_fix_and_what_failed_before(five: Client) -> None:
    truth: Any = five.server.truth()
    [row] = [
        row for row in truth["planted"] if (row["kind"], row["job"]) == ("fix", "team/nightly")
    ]
    told = words(five, "job/team/job/nightly/")[row["case"]["suite"], row["case"]["name"]]
    broken, fixed = row["broken_in"], row["build"]
    length = fixed - broken - 1
    assert told[broken - 2 : fixed] == ["PASSED", "REGRESSION", *["FAILED"] * length, "FIXED"]


def test_an_older_plugin_says_failed_of_what_is_new(five: Client) -> None:
    truth: Any = five.server.truth()
    row = planted(truth, "new_failing")
    told = words(five, "job/team/job/nightly/")[row["case"]["suite"], row["case"]["name"]]
    assert set(told) == {"FAILED"}


def test_a_skip_before_a_failure_makes_an_older_plugin_say_failed(five: Client) -> None:
    truth: Any = five.server.truth()
    row = planted(truth, "skipped_in_streak")
    told = words(five, "job/team/job/nightly/")[row["case"]["suite"], row["case"]["name"]]
    assert told[row["skipped_in"] - 1 :][:2] == ["SKIPPED", "FAILED"]


def test_the_words_are_three_unless_older_ones_are_asked_for(client: Client) -> None:
    told = words(client, "job/team/job/nightly/")
    assert {word for row in told.values() for word in row} == {"PASSED", "FAILED", "SKIPPED"}


def test_other_words_are_refused(history: Any) -> None:
    with pytest.raises(ValueError, match="four"):
        demo.serve(history, words="four")
