"""Parameters of requests: what is a number, and what the refusal says."""

from __future__ import annotations

import pytest

from tests.factories import history


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/families/٣", 404),
        ("/families/٣/", 404),
        ("/api/v1/families?after=٣", 400),
        ("/api/v1/missing?after=٣", 400),
        ("/api/v1/jobs?limit=٣", 400),
        ("/jobs/nightly/budget/?budget=٣", 400),
    ],
)
def test_digits_of_other_scripts_are_no_numbers(client, path, status):
    history("nightly", login="P F")
    assert client.get(path).status_code == status


@pytest.mark.parametrize("limit", ["0", "201"])
def test_a_limit_out_of_its_range_is_refused_with_the_range(client, limit):
    response = client.get(f"/api/v1/jobs?limit={limit}")
    assert response.status_code == 400
    assert "from 1 to 200" in response.json["detail"]
