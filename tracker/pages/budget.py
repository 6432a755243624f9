"""The budget of false alarms of a job, and what another one would have said."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.errors import UsageError
from tracker.pages.page import Params
from tracker.queries import jobs
from tracker.queries.preview import Preview, preview
from tracker.store.judging import LEAST_BUDGET, MOST_BUDGET


def show(job: str, budget: str = "") -> Preview:
    """The budget in force; with `budget` also what that would have said on the last 60 builds."""
    return preview(job, _number(budget) if budget else None)


def every(_newest: int) -> Iterator[Params]:
    """One for each job."""
    for row in jobs.jobs():
        yield {"job": row.name}


def _number(text: str) -> float:
    try:
        value = float(text) if text.isascii() else 0.0
    except ValueError:
        value = 0.0
    if not LEAST_BUDGET <= value <= MOST_BUDGET:
        raise UsageError(
            f"budget={text[:40]!r} is no number of false alarms a build.",
            f"Give one from {LEAST_BUDGET:g} to {MOST_BUDGET:g}.",
        )
    return value
