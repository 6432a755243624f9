"""Which cases builds have."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import history
from tests.store.fresh import fresh_store
from tracker.store.presence import unsteady
from tracker.store.sql import run

PICTURES = st.lists(st.text("P.", min_size=4, max_size=4), min_size=1, max_size=5)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(PICTURES)
def test_what_all_builds_have_is_counted_and_the_rest_told(pictures: list[str]) -> None:
    with fresh_store():
        history("nightly", **{f"case{n}": " ".join(row) for n, row in enumerate(pictures)})
        builds = [build for (build,) in run("SELECT id FROM build ORDER BY number")]
        sets = [
            {case for (case,) in run("SELECT case_id FROM result WHERE build_id = ?", build)}
            for build in builds
        ]
        every = set.intersection(*sets)
        assert unsteady(builds) == ([cases - every for cases in sets], len(every))


def test_a_build_without_results_has_no_cases(store: Path) -> None:
    history("nightly", a="P .")
    first, second = [build for (build,) in run("SELECT id FROM build ORDER BY number")]
    [(case,)] = run("SELECT case_id FROM result")
    assert unsteady([first, second]) == ([{case}, set()], 0)
