"""Settings: the servers that are read, and the rules that say what the names of jobs mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker.pages.page import Params
from tracker.queries import jobs, naming
from tracker.queries.jobs import JobCounts, ServerRow
from tracker.queries.naming import RuleRow
from tracker.store.rules import DEFAULT, results_rules

SHOWN = 10


@dataclass(frozen=True)
class Server:
    """A Jenkins as everybody may see it: its token, and where that lies, is no part of it."""

    name: str
    url: str
    version: str
    username: str
    patterns: tuple[str, ...]
    view: str
    prefix: str
    rate: float
    at_once: int
    seconds: int | None
    jobs: JobCounts
    notice: str
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class ReadsRule:
    """A rule of results: which jobs it is about, and in words what is read of them."""

    pattern: str
    reads: str


@dataclass(frozen=True)
class SettingsPage:
    """How jobs are read and named; `unfitted` are the first of the jobs that no rule fits.

    `reads` is what is read of jobs that no rule of results is about.
    """

    servers: tuple[Server, ...]
    names: tuple[RuleRow, ...]
    unfitted_count: int
    unfitted: tuple[str, ...]
    results: tuple[ReadsRule, ...]
    reads: str


def show() -> SettingsPage:
    """The one page of settings."""
    counts = jobs.standings()
    fits = naming.fits()
    return SettingsPage(
        servers=tuple(_server(row, counts.get(row.name, JobCounts())) for row in jobs.servers()),
        names=fits.rules,
        unfitted_count=len(fits.unfitted),
        unfitted=fits.unfitted[:SHOWN],
        results=tuple(ReadsRule(pattern, rule.in_words) for pattern, rule in results_rules()),
        reads=DEFAULT.in_words,
    )


def every(_newest: int) -> Iterator[Params]:
    """One page."""
    yield {}


def _server(row: ServerRow, counts: JobCounts) -> Server:
    return Server(
        name=row.name,
        url=row.url,
        version=row.version,
        username=row.username,
        patterns=row.patterns,
        view=row.view,
        prefix=row.prefix,
        rate=row.rate,
        at_once=row.at_once,
        seconds=row.seconds,
        jobs=counts,
        notice=row.notice,
        error=_without(row.token_file, row.error),
        error_since=row.error_since,
    )


def _without(path: str, error: str) -> str:
    """What is wrong, without the place where the token lies."""
    return error.replace(path, "…") if path else error
