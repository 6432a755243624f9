"""Finding a test or a job by parts of its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import Params
from tracker.queries.search import FoundCase, cases_called, jobs_called, words_of

# A longer list is no answer: the next word makes it shorter.
CASES = 100
JOBS = 20


@dataclass(frozen=True)
class SearchPage:
    """What was asked for and found; `more` tells of each list that it is longer than is shown."""

    q: str
    words: tuple[str, ...]
    jobs: tuple[str, ...]
    more_jobs: bool
    cases: tuple[FoundCase, ...]
    more_cases: bool


def show(q: str = "") -> SearchPage:
    """Jobs and tests that have all words of `q` in their names."""
    words = words_of(q)
    jobs = jobs_called(words, JOBS + 1)
    cases = cases_called(words, CASES + 1)
    return SearchPage(
        q=q,
        words=words,
        jobs=tuple(jobs[:JOBS]),
        more_jobs=len(jobs) > JOBS,
        cases=tuple(cases[:CASES]),
        more_cases=len(cases) > CASES,
    )


def every(_newest: int) -> Iterator[Params]:
    """One; in the static site it searches a file of names."""
    yield {}
