"""Why a case has its verdict: the numbers behind the sentence, and what arrived since."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.pages.page import Params
from tracker.queries import cases, jobs
from tracker.queries.explain import Explanation
from tracker.queries.explain import explain as explained
from tracker.queries.paces import noticed_lately


def show(job: str, case: str, as_of: str = "") -> Explanation:
    """The verdict now, or as it was shown when the build `as_of` was judged."""
    return explained(job, case, as_of.strip().removeprefix("#"))


def every(newest: int) -> Iterator[Params]:
    """The cases that have a page, of jobs of which a build was judged."""
    for row in jobs.jobs():
        if row.latest:
            changed = noticed_lately(row.name, newest)
            for key in sorted({*cases.not_always_passed(row.name, newest), *changed}):
                yield {"job": row.name, "case": key}
