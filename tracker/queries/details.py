"""What reports tell of results beyond their outcome, and of suites: properties, files, output."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tracker.queries.build_rows import BuildRow
from tracker.queries.select import select
from tracker.store.identity import suite_id


@dataclass(frozen=True)
class Details:
    """All of it; what was not told is empty.

    `raw_status` is the report's own word; `expected_failure` is `xfail` or `xpass`; `attachments`
    are paths as text. Properties keep their order, and a name may stand more than once.
    """

    file: str = ""
    line: int | None = None
    raw_status: str = ""
    expected_failure: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_DETAILS = msgspec.json.Decoder(Details)


@dataclass(frozen=True)
class SuiteRun:
    """What one of the suites around a case said of itself in a build."""

    suite: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]
    stdout: str
    stderr: str


NOTHING = Details()


def details_of(data: str | None) -> Details:
    """The details that a stored text holds; None and "" hold none."""
    return _DETAILS.decode(data) if data else NOTHING


def suite_runs(build: BuildRow, suite: tuple[str, ...], variant: str) -> tuple[SuiteRun, ...]:
    """What the suite of a case and those around it said in a build, outermost first."""
    paths = {suite_id(suite[:depth]): suite[:depth] for depth in range(1, len(suite) + 1)}
    marks = ", ".join("?" for _ in paths)
    rows = select(
        "SELECT r.suite_id, d.data, r.stdout, r.stderr FROM suite_run r"
        " JOIN build b ON b.id = r.build_id JOIN job j ON j.id = b.job_id"
        " LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE j.name = ? AND b.epoch = ? AND b.number = ?"
        f" AND r.variant = ? AND r.suite_id IN ({marks})",
        build.job,
        build.epoch,
        build.number,
        variant,
        *paths,
    )
    found = {
        path: SuiteRun(path, details_of(data).properties, stdout, stderr)
        for number, data, stdout, stderr in rows
        for path in [paths[number]]
    }
    return tuple(found[path] for path in paths.values() if path in found)
