"""The demo controller: builds that end and begin, jobs that come and go, and many of them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scripts.test_demo_jenkins import NIGHTLY, NOW, PLATFORMS, SMOKE, Client, demo, running


@pytest.fixture(scope="module")
def history() -> Any:
    return demo.make_history(7, 20, NOW)


@pytest.fixture
def client(history: Any) -> Iterator[Client]:
    yield from running(demo.serve(history))


def passing(history: Any, job: str, number: int) -> tuple[str, str, str]:
    """A case that passed in a build."""
    cases = history.job(job).cases
    return next(case.id for case in cases if case.outcome(number) == "P")


def test_a_build_that_ends_has_its_result_report_and_files(client: Client) -> None:
    client.server.finish("team/nightly", 20)
    build = client.json(f"{NIGHTLY}20/")
    assert (build["building"], build["inProgress"], build["result"]) == (False, False, "UNSTABLE")
    assert build["duration"] == 420_000
    assert len(build["artifacts"]) == 25
    assert client.json(NIGHTLY)["color"] == "yellow"
    before = client.json(f"{NIGHTLY}19/testReport/")
    assert client.json(f"{NIGHTLY}20/testReport/")["failCount"] == before["failCount"]


def test_a_build_that_ends_breaks_what_it_is_told_to(client: Client, history: Any) -> None:
    case = passing(history, "team/nightly", 19)
    client.server.finish("team/nightly", 20, changes={case: "F"})
    truth: Any = client.server.truth()
    assert list(case) in truth["jobs"]["team/nightly"]["builds"]["20"]["regressions"]


def test_a_build_ends_with_the_result_it_is_given(client: Client) -> None:
    client.server.finish("team/nightly", 20, "ABORTED")
    assert client.json(f"{NIGHTLY}20/")["result"] == "ABORTED"


def test_a_build_ends_once(client: Client) -> None:
    with pytest.raises(ValueError, match="team/nightly #19 does not run"):
        client.server.finish("team/nightly", 19)


def test_what_is_not_there_does_not_move(client: Client) -> None:
    with pytest.raises(ValueError, match="no job nonsense"):
        client.server.disable("nonsense")
    with pytest.raises(ValueError, match="no build team/smoke #99"):
        client.server.delete_build("team/smoke", 99)
    with pytest.raises(ValueError, match="has no case"):
        client.server.add_build("team/smoke", changes={("a", "b", ""): "F"})
    with pytest.raises(ValueError, match="a job platforms already"):
        client.server.rename("team/smoke", "platforms")


def test_a_new_build_comes_after_the_last_one(client: Client) -> None:
    assert client.server.add_build("team/smoke") == 21
    [new, old] = client.json(SMOKE, "builds[number,timestamp,duration]{0,2}")["builds"]
    assert new["timestamp"] > old["timestamp"] + old["duration"]
    assert client.json(SMOKE)["nextBuildNumber"] == 22
    assert client.json(f"{SMOKE}21/testReport/", "passCount,failCount") == client.json(
        f"{SMOKE}20/testReport/", "passCount,failCount"
    )


def test_a_new_build_may_run_at_first(client: Client) -> None:
    number = client.server.add_build("team/smoke", running=True)
    assert client.json(f"{SMOKE}{number}/")["building"] is True
    assert client.get(f"{SMOKE}{number}/testReport/api/json").status_code == 404
    client.server.finish("team/smoke", number, "FAILURE")
    assert client.json(f"{SMOKE}lastFailedBuild/")["number"] == number


def test_a_new_matrix_build_has_every_cell(client: Client) -> None:
    number = client.server.add_build("platforms")
    runs = client.json(f"{PLATFORMS}{number}/", "runs[number,artifacts[relativePath]]")["runs"]
    assert [(run["number"], len(run["artifacts"])) for run in runs] == [(21, 12), (21, 12)]


def test_a_deleted_build_leaves_a_gap_and_its_number_unused(client: Client) -> None:
    client.server.delete_build("team/smoke", 20)
    client.server.delete_build("team/smoke", 10)
    job = client.json(SMOKE)
    numbers = [build["number"] for build in job["builds"]]
    assert numbers == [number for number in range(19, 0, -1) if number != 10]
    assert (job["lastBuild"]["number"], job["nextBuildNumber"]) == (19, 21)
    assert client.get(f"{SMOKE}20/api/json").status_code == 404
    assert client.server.add_build("team/smoke") == 21


def test_a_gap_does_not_change_since_when_later_builds_fail(client: Client, history: Any) -> None:
    tree = "suites[cases[name,age,failedSince]]"
    before = client.json(f"{SMOKE}20/testReport/", tree)
    client.server.delete_build("team/smoke", 17)
    assert client.json(f"{SMOKE}20/testReport/", tree) == before


def test_a_job_without_builds_is_there(client: Client) -> None:
    for number in range(1, 21):
        client.server.delete_build("platforms", number)
    job = client.json(PLATFORMS)
    assert (job["color"], job["builds"], job["lastBuild"]) == ("notbuilt", [], None)
    assert (job["firstBuild"], job["nextBuildNumber"]) == (None, 21)


def test_a_renamed_job_has_its_builds_at_the_new_address_alone(client: Client) -> None:
    before = client.json(SMOKE, "builds[number,timestamp,queueId]")
    client.server.rename("team/smoke", "team/quick/look")
    assert client.get(f"{SMOKE}api/json").status_code == 404
    new = "job/team/job/quick/job/look/"
    assert client.json(new, "builds[number,timestamp,queueId]") == before
    assert client.json(new)["upstreamProjects"][0]["name"] == "nightly"


def test_jobs_after_a_renamed_one_follow_it(client: Client) -> None:
    client.server.rename("team/nightly", "nights")
    assert client.json("job/nights/")["downstreamProjects"][0]["name"] == "smoke"
    [action] = client.json(f"{SMOKE}12/", "actions[causes[upstreamProject]]{0}")["actions"]
    assert action["causes"][0]["upstreamProject"] == "team/nightly"


def test_a_deleted_job_is_gone_and_the_others_stay_as_they_are(client: Client) -> None:
    before = client.json(f"{SMOKE}20/")
    client.server.delete_job("team/nightly")
    assert client.get(f"{NIGHTLY}19/api/json").status_code == 404
    assert [job["name"] for job in client.json("job/team/")["jobs"]] == ["smoke"]
    assert client.json(f"{SMOKE}20/") == before


def test_a_disabled_job_keeps_its_builds(client: Client) -> None:
    client.server.disable("team/smoke")
    job = client.json(SMOKE)
    assert (job["color"], job["disabled"], job["buildable"]) == ("disabled", True, False)
    assert len(job["builds"]) == 20
    client.server.disable("team/smoke", disabled=False)
    assert client.json(SMOKE)["buildable"] is True


def test_a_restart_is_another_session(client: Client) -> None:
    before = client.get("api/json").headers["X-Jenkins-Session"]
    client.server.restart()
    assert client.get("api/json").headers["X-Jenkins-Session"] != before


def test_what_was_asked_is_told_in_order(client: Client) -> None:
    client.get("api/json?tree=jobs[name]")
    client.get("job/team/api/json")
    assert client.server.asked == [
        ("/api/json", "tree=jobs[name]"),
        ("/job/team/api/json", ""),
    ]


# Many jobs.


@pytest.fixture(scope="module")
def wide() -> Iterator[Client]:
    begun = time.process_time()  # which other processes do not make longer
    history = demo.widen(demo.make_history(7, 40, NOW), 84)
    server = demo.serve(history)
    assert sum(len(job.builds) for job in history.jobs) == 10_200
    assert time.process_time() - begun < 5
    yield from running(server)


def test_ten_thousand_builds_are_listed_in_one_quick_request(wide: Client) -> None:
    tree = "name,jobs[fullName,color,lastCompletedBuild[number,timestamp],builds[number,result]]"
    begun = time.process_time()
    folders = wide.json("", f"jobs[{tree}]")["jobs"]
    assert time.process_time() - begun < 5
    jobs = [job for folder in folders for job in folder.get("jobs", [])]
    assert sum(len(job["builds"]) for job in jobs) == 10_160
    assert jobs[-1]["fullName"] == "team-084/platforms"


def test_a_copy_follows_its_own_upstream_and_shares_the_cases(wide: Client) -> None:
    smoke = wide.server.site.jobs["team-007/smoke"]
    assert smoke.sheet is wide.server.site.jobs["team/smoke"].sheet
    job = wide.json("job/team-007/job/smoke/")
    assert job["upstreamProjects"][0]["url"].endswith("job/team-007/job/nightly/")
    [action] = wide.json("job/team-007/job/smoke/12/", "actions[causes[*]]{0}")["actions"]
    assert action["causes"][0]["upstreamProject"] == "team-007/nightly"


def test_the_copies_do_not_change_the_jobs_that_were_copied(history: Any) -> None:
    plain, wide = demo.truth(history), demo.truth(demo.widen(history, 2))
    assert {name: wide["jobs"][name] for name in plain["jobs"]} == plain["jobs"]
    assert wide["jobs"]["team-002/platforms"] == plain["jobs"]["platforms"]
    assert json.dumps(wide["planted"]).count("team-001/smoke") > 0
