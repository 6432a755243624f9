"""A name of a job: who reads it, what its parts mean, and which rule says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.errors import NotFound
from tracker.pages.page import Params
from tracker.queries.naming import ExplainedName, explain
from tracker.store.jobs import is_job_name


@dataclass(frozen=True)
class NamingPage:
    """What becomes of a job of this name; `reads` says which of its results are read."""

    explained: ExplainedName
    reads: str


def show(job: str) -> NamingPage:
    """What rules and servers make of a name, be there such a job or not."""
    if not is_job_name(job):
        raise NotFound(f"No job can be called {job[:80]!r}.", "Give its full name: `team/nightly`.")
    found = explain(job)
    return NamingPage(found, found.reads.in_words)


def every(_newest: int) -> Iterator[Params]:
    """None: these pages follow the rules, so each change of these would write all of them."""
    yield from ()
