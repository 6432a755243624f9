"""`/api/v1`: the shapes that programs rely on, paging, and what is refused."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.conftest import junit
from tests.factories import DAY, NOW, history, jenkins, judge_all, record, report
from tracker.queries.results import LISTS as OF_BUILD
from tracker.store.engine import engine
from tracker.store.judging import set_budget
from tracker.store.records import About, BuildFacts, Change
from tracker.store.rules import add_name_rule
from tracker.store.seen import note_gone
from tracker.store.sql import run

API = "/api/v1/jobs"


@pytest.fixture
def get(client):
    """The JSON at a path that answers 200."""

    def get(path):
        response = client.get(path)
        assert response.status_code == 200, response.text
        assert response.mimetype == "application/json"
        return response.json

    return get


@pytest.fixture
def filled(store):
    began = 1_763_863_200_000  # 2025-11-23T02:00:00Z
    builds = (
        report("report", one="P", two="P"),
        report("report", one="P", two="F", three="S", variant="platform=linux"),
    )
    for number, made in enumerate(builds, start=1):
        record(BuildFacts("team/nightly", number, started=began + (number - 1) * DAY), made)


def everything(get, path):
    """All items of a list, by following `next`, and how many pages that took."""
    items, pages = [], 0
    while path:
        page = get(path)
        items += page["items"]
        path = page["next"]
        pages += 1
    return items, pages


def test_jobs_are_a_list(get, filled):
    body = get(API)
    assert list(body) == ["items", "next"]
    assert body["next"] is None
    [job] = body["items"]
    assert job["name"] == "team/nightly"
    assert job["url"] == "http://localhost/jobs/team/nightly/"
    assert job["latest"]["number"] == 2


def test_one_job_is_what_the_list_says_of_it(get, filled):
    assert get(f"{API}/team/nightly") == get(API)["items"][0]


def test_a_job_says_that_it_is_judged_again(get, filled):
    assert get(API)["items"][0]["judged_again"] is False
    set_budget("team/nightly", 0.5, now=0)
    assert get(API)["items"][0]["judged_again"] is True


def test_a_build_says_what_it_is(get, filled):
    build = get(f"{API}/team/nightly/builds/1")
    assert (
        build
        | {
            "job": "team/nightly",
            "number": 1,
            "state": "receiving",
            "result": None,
            "complete": False,
            "started": "2025-11-23T02:00:00Z",
            "duration": None,
            "regressions": 0,
            "url": "http://localhost/jobs/team/nightly/builds/1/",
        }
        == build
    )
    assert build["totals"] == {
        "total": 2,
        "passed": 2,
        "failed": 0,
        "error": 0,
        "skipped": 0,
        "unknown": 0,
    }
    assert build["reports"] == 1
    [report] = get(f"{API}/team/nightly/builds/1/reports")["items"]
    assert (report["name"], report["format"], report["cases"]) == ("report", "junit", 2)


def test_a_build_says_what_else_jenkins_tells_and_what_started_it(get, store):
    about = About(
        changes=(Change("abc", "Ada", "Count twice", NOW),),
        artifacts=("r.xml",),
        tests=(120, 3, 1),
        estimated=8500,
    )
    jenkins(
        "n",
        1,
        report(one="P"),
        about=about,
        url="https://jenkins.example/n/1/",
        upstream_job="top",
        upstream_number=7,
    )
    build = get(f"{API}/n/builds/1")
    assert (build["upstream_job"], build["upstream_number"], build["gone"]) == ("top", 7, False)
    told = build["about"]
    [change] = told["changes"]
    assert change == {
        "commit": "abc",
        "author": "Ada",
        "message": "Count twice",
        "at": "2026-11-18T11:06:40Z",
    }
    assert told["artifacts"] == [
        {"path": "r.xml", "url": "https://jenkins.example/n/1/artifact/r.xml", "is_report": True}
    ]
    assert told["counted"] == {"total": 120, "failed": 3, "skipped": 1}
    assert told["estimated"] == 8.5
    note_gone("n", [1])
    assert get(f"{API}/n/builds/1")["gone"]


@pytest.fixture
def chain(store):
    """Two runs: `top` starts `a` and `b`, but for the second time `b` is missing."""
    for number in (1, 2):
        facts = {"started": NOW + number * DAY, "duration": 60_000}
        jenkins("top", number, **facts)
        below = {**facts, "upstream_job": "top", "upstream_number": number}
        jenkins("a", number, report(one="PF"[number - 1]), **below)
        if number == 1:
            jenkins("b", number, report(one="P"), **below)
    jenkins("elsewhere", 1, started=NOW + 9 * DAY)


def test_a_run_says_what_it_is(get, chain):
    run = get(f"{API}/a/builds/2/run")
    builds = run.pop("builds")
    assert [(row["job"], row["number"], row["depth"], row["standing"]) for row in builds] == [
        ("top", 2, 0, "recorded"),
        ("a", 2, 1, "recorded"),
    ]
    assert builds[1]["url"] == "http://localhost/jobs/a/builds/2/"
    assert run == {
        "job": "top",
        "number": 2,
        "label": "2",
        "url": "http://localhost/jobs/top/builds/2/run/",
        "complete": False,
        "open": {"missing": 1},
        "totals": {"total": 1, "passed": 0, "failed": 1, "error": 0, "skipped": 0, "unknown": 0},
        "regressions": 1,
        "new_failures": 0,
        "fixed": 0,
        "absent": [
            {
                "job": "b",
                "parent_job": "top",
                "parent_label": "2",
                "ran": 1,
                "runs": 1,
                "standing": "missing",
                "in_jenkins": "",
            }
        ],
        "is_cut": False,
    }


def test_a_run_is_the_same_at_each_of_its_builds(get, chain):
    assert get(f"{API}/b/builds/1/run") == get(f"{API}/top/builds/1/run")
    assert get(f"{API}/top/builds/1/run")["complete"]


def test_builds_come_newest_first(get, filled):
    assert [build["number"] for build in get(f"{API}/team/nightly/builds")["items"]] == [2, 1]


def test_a_result_says_what_it_is(get, filled):
    items = get(f"{API}/team/nightly/builds/2/results")["items"]
    [failed] = [item for item in items if item["name"] == "two"]
    assert len(failed.pop("key")) == 16
    assert failed == {
        "suite": "s",
        "name": "two",
        "variant": "platform=linux",
        "status": "failed",
        "duration": 0.5,
        "message": "it failed",
        "verdict": "",  # the list of all tells none
        "since": None,
        "sentence": "",
    }


@pytest.mark.parametrize(
    ("status", "names"),
    [("passed", ["one"]), ("failed", ["two"]), ("skipped", ["three"]), ("error", [])],
)
def test_results_can_be_had_by_status(get, filled, status, names):
    items = get(f"{API}/team/nightly/builds/2/results?status={status}")["items"]
    assert [item["name"] for item in items] == names


@pytest.mark.parametrize("status", ["red", "", "1", "FAILED'--", "__members__"])
def test_a_status_that_is_none_is_400(client, filled, status):
    response = client.get(f"{API}/team/nightly/builds/2/results?status={status}")
    assert response.status_code == 400
    assert "passed" in response.json["detail"]


def test_the_history_of_a_case_is_a_list(get, upload):
    for number, letter in enumerate("PFFP", start=1):
        upload(junit(one=letter), job="n", build=number)
    [result] = get(f"{API}/n/builds/2/results")["items"]
    body = get(f"{API}/n/cases/{result['key']}")
    assert (body["name"], body["suite"], body["key"]) == ("one", "s", result["key"])
    assert [(row["number"], row["status"]) for row in body["items"]] == [
        (4, "passed"),
        (3, "failed"),
        (2, "failed"),
        (1, "passed"),
    ]
    assert body["items"][2]["message"] == "it failed"
    assert [row["verdict"] for row in body["items"]] == ["recovering", "", "regression", ""]


def test_following_next_reads_every_job_once(get, upload):
    names = [f"job {n:02}" for n in range(7)] + ["a/b", "ä", "z&x=1"]
    for name in names:
        upload(junit(one="P"), job=name, build=1)
    items, pages = everything(get, f"{API}?limit=3")
    assert [item["name"] for item in items] == sorted(names)
    assert pages == 4


def test_following_next_reads_every_build_once(get, upload):
    for number in (3, 1, 10, 2, 2**40):
        upload(junit(one="P"), job="a b/c", build=number)
    items, pages = everything(get, f"{API}/a%20b/c/builds?limit=2")
    assert [item["number"] for item in items] == [2**40, 10, 3, 2, 1]
    assert pages == 3


def test_following_next_reads_every_report_once(get, store):
    names = [f"out/r {n}.xml" for n in range(5)] + ["ä.xml", "z&x=1?#.xml", "line\nfeed.xml"]
    jenkins("n", 1, *(report(name, **{f"c{n}": "P"}) for n, name in enumerate(names)))
    items, pages = everything(get, f"{API}/n/builds/1/reports?limit=3")
    assert [item["name"] for item in items] == sorted(names)
    assert pages == 3


def test_builds_and_jobs_say_how_many_reports_there_are(get, store):
    jenkins("n", 1, report("a.xml", one="P"), report("b.xml", two="P"), report("c.xml", three="P"))
    jenkins("n", 2, report("a.xml", one="P"))
    jenkins("n", 3)
    jenkins("m", 2, report("a.xml", one="P"), report("b.xml", two="P"))
    assert [build["reports"] for build in get(f"{API}/n/builds")["items"]] == [0, 1, 3]
    assert [job["latest"]["reports"] for job in get(API)["items"]] == [2, 0]
    assert get(f"{API}/n/builds/1")["reports"] == 3


@pytest.mark.parametrize("path", ["", "/job 0/builds"])
def test_a_longer_page_costs_no_more_statements(get, store, path, monkeypatch):
    for job in range(6):
        for number in range(1, 7):
            jenkins(f"job {job}", number, report(one="P"))
    get(API)  # the application opens the store at its first request
    few = statements(monkeypatch, lambda: get(f"{API}{path}?limit=1"))
    assert statements(monkeypatch, lambda: get(f"{API}{path}?limit=6")) == few > 0


def statements(monkeypatch, what):
    """How many statements it costs to do something."""
    seen = []
    database = engine().database
    execute = database.execute_sql

    def noted(sql, *rest):
        seen.append(sql)
        return execute(sql, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(database, "execute_sql", noted)
        what()
    return len(seen)


def test_following_next_reads_every_result_once(get, upload):
    cases = {f"c{n}": "PF"[n % 2] for n in range(25)}
    upload(junit(**cases), job="n", build=1)
    items, pages = everything(get, f"{API}/n/builds/1/results?limit=10")
    assert sorted(item["name"] for item in items) == sorted(cases)
    assert pages == 3
    failed, _ = everything(get, f"{API}/n/builds/1/results?limit=5&status=failed")
    assert len(failed) == 12


def test_following_next_reads_the_whole_history_once(get, upload):
    for number in range(1, 6):
        upload(junit(one="P"), job="n", build=number)
    [result] = get(f"{API}/n/builds/1/results")["items"]
    items, pages = everything(get, f"{API}/n/cases/{result['key']}?limit=2")
    assert [item["number"] for item in items] == [5, 4, 3, 2, 1]
    assert pages == 3


def test_a_full_last_page_has_no_next(get, upload):
    for number in (1, 2):
        upload(junit(one="P"), job="n", build=number)
    assert get(f"{API}/n/builds?limit=2")["next"] is None


def test_next_is_in_the_link_header_too(client, upload):
    for number in (1, 2):
        upload(junit(one="P"), job="n", build=number)
    response = client.get(f"{API}/n/builds?limit=1")
    assert response.headers["Link"] == f'<{response.json["next"]}>; rel="next"'


LISTS = ["", "/team/nightly/builds", "/team/nightly/builds/2/results"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["abc", "true", "0", "-1", "201", "1e2", "", str(10**20), "٣"])
def test_a_limit_that_is_none_is_400(client, filled, path, limit):
    response = client.get(f"{API}{path}", query_string={"limit": limit})
    assert response.status_code == 400
    assert "limit" in response.json["detail"]


@pytest.mark.parametrize("path", LISTS)
def test_a_limit_of_200_is_one(get, filled, path):
    assert get(f"{API}{path}?limit=200")["items"]


@pytest.mark.parametrize("path", LISTS[1:])
@pytest.mark.parametrize("after", ["x", "", "1", "0." + "9" * 19, "-1.1", "f" * 16, "'; DROP"])
def test_a_cursor_that_is_none_is_400(client, filled, path, after):
    response = client.get(f"{API}{path}", query_string={"after": after})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "path",
    [*LISTS, "/team/nightly", "/team/nightly/builds/2", "/team/nightly/builds/2/run"],
)
def test_an_unknown_parameter_is_400(client, filled, path):
    response = client.get(f"{API}{path}?lmit=3")
    assert response.status_code == 400
    assert "'lmit'" in response.json["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/nobody",
        "/nobody/builds",
        "/nobody/builds/1",
        "/nobody/builds/1/results",
        "/team/nightly/builds/3",
        "/team/nightly/builds/" + "9" * 19,
        "/team/nightly/builds/2~1",
        "/team/nightly/builds/3/results",
        "/team/nightly/builds/3/run",
        "/team/nightly/cases/0123456789abcdef",
        "/team/nightly/cases/" + "f" * 16,
    ],
)
def test_what_is_not_here_is_404(client, filled, path):
    response = client.get(API + path)
    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


def test_the_last_number_of_a_path_decides(get, upload):
    upload(junit(one="F"), job="a", build=3)
    upload(junit(two="F"), job="a/builds/3", build=4)
    assert get(f"{API}/a/builds/3")["job"] == "a"
    assert get(f"{API}/a/builds/3/builds/4")["job"] == "a/builds/3"


def test_a_job_that_is_called_like_a_build_is_there(get, upload, client):
    upload(junit(one="F"), job="team/builds/3", build=1)
    assert get(f"{API}/team/builds/3")["name"] == "team/builds/3"
    assert get(f"{API}/team/builds/3/builds/1")["job"] == "team/builds/3"
    upload(junit(one="F"), job="team", build=1)
    assert client.get(f"{API}/team/builds/3").status_code == 404
    assert client.get("/jobs/team/builds/3/").status_code == 404


def test_a_key_that_is_none_is_part_of_a_name(get, upload):
    name = "team/cases/" + "8" * 16
    upload(junit(one="F"), job=name, build=1)
    upload(junit(one="F"), job="team", build=1)
    assert get(f"{API}/{name}")["name"] == name


def test_below_a_folder_of_a_proxy_all_addresses_lead_below_it(client, upload, token):
    upload(junit(one="P"), job="n", build=1)
    below = {"SCRIPT_NAME": "/track er"}
    upload(junit(one="P"), job="m", build=1)
    body = client.get(f"{API}?limit=1", environ_overrides=below).json
    assert body["next"] == "/track%20er/api/v1/jobs?limit=1&after=m"
    assert body["items"][0]["url"] == "http://localhost/track%20er/jobs/m/"
    sent = client.post(
        "/api/v1/ingest?job=n&build=2",
        data=junit(one="P"),
        headers={"Authorization": f"Bearer {token}", "Prefer": "respond-async"},
        environ_overrides=below,
    )
    there = "http://localhost/track%20er/api/v1/ingests/"
    assert (sent.status_code, sent.headers["Location"][: len(there)]) == (202, there)


def test_a_list_of_what_is_judged_says_how_and_why(get, store):
    history("n", broke="P P F", old="P F F", ok="P P P")
    path = f"{API}/n/builds/3/results"
    told = {which: get(f"{path}?list={which}")["items"] for which in ("new", "failing", "skipped")}
    assert [(each["name"], each["verdict"], each["since"]) for each in told["new"]] == [
        ("broke", "regression", "3")
    ]
    assert "by chance once in" in told["new"][0]["sentence"]
    assert [(each["name"], each["verdict"], each["since"]) for each in told["failing"]] == [
        ("old", "failing", "2")
    ]
    assert told["skipped"] == get(f"{path}?list=new&status=passed")["items"] == []
    everything = get(path)["items"]
    assert len(everything) == 3
    assert {(each["verdict"], each["since"], each["sentence"]) for each in everything} == {
        ("", None, "")
    }


def test_what_is_judged_is_not_told_while_a_build_waits_for_that(get, client, store):
    """An empty list would say that nothing broke."""
    history("n", broke="P P F", ok="P P P")
    path = f"{API}/n/builds/3/results"
    judged = set(OF_BUILD) - {"skipped", "failed", "all"}

    def statuses():
        return {which: client.get(f"{path}?list={which}").status_code for which in OF_BUILD}

    assert statuses() == dict.fromkeys(OF_BUILD, 200) | {"failed": 409}
    assert "status=failed" in client.get(f"{path}?list=failed").json["detail"]
    set_budget("n", 0.9, now=NOW)
    assert statuses() == dict.fromkeys(OF_BUILD, 200) | dict.fromkeys(judged, 409)
    assert [each["name"] for each in get(f"{path}?list=failed")["items"]] == ["broke"]
    record(BuildFacts("n", 3), report(broke="F"), replace=True)
    assert statuses() == dict.fromkeys(OF_BUILD, 200) | dict.fromkeys(judged, 409)
    refused = client.get(f"{path}?list=new").json["detail"]
    assert refused.startswith("n #3 waits to be judged again: what is new in it is not known yet.")
    judge_all()
    assert [each["name"] for each in get(f"{path}?list=new")["items"]] == ["broke"]


def test_a_build_that_runs_says_that_it_is_not_judged(client, store):
    jenkins("n", 1, report(one="F"), result=None)
    refused = client.get(f"{API}/n/builds/1/results?list=new")
    assert refused.status_code == 409
    assert refused.json["detail"].startswith("n #1 is not judged: nobody knows what is new in it.")


def test_a_slash_at_the_end_is_allowed(get, filled):
    assert get(f"{API}/team/nightly/") == get(f"{API}/team/nightly")


def test_an_empty_tracker_has_empty_lists(get, store):
    assert get(API) == {"items": [], "next": None}


def test_a_former_name_of_a_job_leads_to_its_name_now(client: FlaskClient) -> None:
    history("new/na me", login="F")
    run("INSERT INTO former (name, job_id, until) SELECT 'old', id, 1 FROM job")
    answer = client.get("/api/v1/jobs/old/builds/1/results?status=failed")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "/api/v1/jobs/new/na%20me/builds/1/results?status=failed"
    assert client.get("/api/v1/jobs/older").status_code == 404


def test_a_job_tells_how_it_stands_and_what_its_name_means(client: FlaskClient) -> None:
    history("4.2/shop/nightly-linux", login="P")
    add_name_rule("{release}/{module}/nightly-{platform}")
    told = client.get("/api/v1/jobs/4.2/shop/nightly-linux").get_json()
    wanted = ("release", "module", "platform", "branch", "standing", "former")
    assert [told[name] for name in wanted] == ["4.2", "shop", "linux", "", "", []]
