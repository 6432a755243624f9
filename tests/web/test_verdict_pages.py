"""Verdicts over HTTP: what is asked behind the `?`, the form of the budget, and the API."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.factories import history, jenkins, key_of, report
from tracker.queries.preview import preview
from tracker.store.tokens import create_token

OFTEN = " ".join("PPFPPPFPPPPFPPPPFPPPPFPPPPFP")


@pytest.fixture
def broken(client: FlaskClient) -> None:
    history("team/nightly", login="P P P F F", other="P P P P P")


@pytest.mark.usefixtures("broken")
def test_an_explanation_is_asked_for_as_of_a_build(client: FlaskClient) -> None:
    path = f"/jobs/team/nightly/cases/{key_of('login')}/explain/"
    assert b"failing" in client.get(path).data
    assert client.get(f"{path}index.json?as_of=4").json["state"] == "regression"  # type: ignore[index]


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("query", "status"), [("as_of=99", 404), ("as_of=%00", 404), ("when=4", 400)]
)
def test_what_cannot_be_asked_is_refused_in_words(
    client: FlaskClient, query: str, status: int
) -> None:
    path = f"/jobs/team/nightly/cases/{key_of('login')}/explain/?{query}"
    assert client.get(path).status_code == status


@pytest.mark.usefixtures("broken")
def test_a_budget_is_tried_behind_the_question_mark(client: FlaskClient) -> None:
    page = client.get("/jobs/team/nightly/budget/index.json?budget=0.001").json
    assert page["proposed"] == 0.001  # type: ignore[index]
    assert client.get("/jobs/team/nightly/budget/?budget=none").status_code == 400


@pytest.mark.usefixtures("broken")
def test_a_budget_is_saved_with_a_token_and_leads_to_its_page(client: FlaskClient) -> None:
    form = {"job": "team/nightly", "budget": "0.25", "token": create_token("ci", now=1)}
    answer = client.post("/actions/budget", data=form)
    assert (answer.status_code, answer.location) == (303, "/jobs/team/nightly/budget/")
    assert preview("team/nightly").budget == 0.25


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"token": "no"}, 401),
        ({"token": ""}, 401),
        ({"budget": "much"}, 400),
        ({"budget": "0"}, 400),
        ({"budget": "99999999"}, 400),
        ({"job": "nobody"}, 404),
        ({"more": "1"}, 400),
    ],
)
def test_a_budget_that_cannot_be_saved_changes_nothing(
    client: FlaskClient, wrong: dict[str, str], status: int
) -> None:
    right = {"job": "team/nightly", "budget": "0.25", "token": create_token("ci", now=1)}
    assert client.post("/actions/budget", data={**right, **wrong}).status_code == status
    assert preview("team/nightly").budget == 1.0


@pytest.mark.usefixtures("broken")
def test_a_case_tells_its_verdict_of_now(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/jobs/team/nightly/cases/{key_of('login')}").json
    assert answer["current"]["state"] == "failing"  # type: ignore[index]
    assert "by chance" in answer["current"]["sentence"]  # type: ignore[index]
    assert answer["current"]["said_in"] == "4"  # type: ignore[index]


@pytest.mark.usefixtures("broken")
def test_an_explanation_has_an_address_for_programs(client: FlaskClient) -> None:
    path = f"/api/v1/jobs/team/nightly/cases/{key_of('login')}/explain"
    assert client.get(f"{path}?as_of=4").json["verdict"]["outcomes"] == "PPPF"  # type: ignore[index]
    assert client.get(f"{path}?as_of=99").status_code == 404


def test_flaky_tests_come_in_pages_by_key(client: FlaskClient) -> None:
    history("a", often=OFTEN)
    history("b", often=OFTEN)
    first = client.get("/api/v1/flaky?limit=1").json
    second = client.get(first["next"]).json  # type: ignore[index]
    assert [row["job"] for page in (first, second) for row in page["items"]] == ["a", "b"]  # type: ignore[index]
    assert second["next"] is None  # type: ignore[index]


@pytest.mark.parametrize("after", ["x", "0123456789abcdef", "zz.a"])
def test_a_cursor_that_is_none_is_refused(client: FlaskClient, after: str) -> None:
    assert client.get(f"/api/v1/flaky?after={after}").status_code == 400


def test_a_budget_may_be_tried_on_a_job_without_judged_builds(client: FlaskClient) -> None:
    jenkins("nightly", 1, report(login="F"), result="ABORTED")
    answer = client.get("/jobs/nightly/budget/?budget=0.5")
    assert answer.status_code == 200
    assert b"once in" not in answer.data
