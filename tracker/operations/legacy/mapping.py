"""From rows of the earlier application to what the tracker records: pure, a build at a time."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tracker.clock import now_ms
from tracker.intake.contract import Result
from tracker.intake.facts import LINE_LIMIT
from tracker.intake.text import storable
from tracker.operations.legacy.report import as_xml, result_of
from tracker.operations.legacy.tables import LegacyJob, LegacyResult
from tracker.store.identity import with_facets
from tracker.store.records import About, BuildFacts, believable
from tracker.store.taken_over import REPORT_FOLDER

MOST = 2**63 - 1


@dataclass(frozen=True)
class TopologyReport:
    """The results of a build on one topology, and the bytes that are kept of them."""

    name: str
    variant: str
    data: bytes
    sha256: str
    results: tuple[Result, ...]


def number_of(text: str) -> int | None:
    """The number of a build; None for a text that is none."""
    clean = text.strip()
    if not (clean.isascii() and clean.isdigit()) or len(clean) > 19:
        return None
    return int(clean) if 1 <= int(clean) <= MOST else None


def time_of(text: str) -> int | None:
    """A time in ms since 1970 UTC; what names no zone is UTC.

    None for what is no time, or none of a build: one before 2000 or more than a day ahead.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return believable(round(moment.timestamp() * 1000), now_ms()) if moment.year >= 2000 else None


def facts_of(job: LegacyJob, name: str, number: int, main_job: str) -> BuildFacts:
    """What is told of a build; `main_job` is the job of its parent, "" where that is not known."""
    parent = number_of(job.parent_job_id) if main_job else None
    if parent and main_job == name and parent >= number:
        parent = None  # a build can be started by an earlier one of its own job alone
    told = (("version", job.version), ("environment", job.environment))
    return BuildFacts(
        name,
        number,
        complete=True,
        started=time_of(job.executed_at),
        url=_line(job.jenkins_url),
        upstream_job=main_job if parent else "",
        upstream_number=parent,
        about=About(parameters=tuple((key, _line(value)) for key, value in told if value)),
    )


def without_repeats(rows: Sequence[LegacyResult]) -> list[LegacyResult]:
    """The rows in the order in which the tests ran; of several rows of one test the newest."""
    newest = {
        (row.file_path, row.class_name, row.test_name, row.jenkins_topology): row for row in rows
    }
    return sorted(newest.values(), key=_order)


def reports_of(rows: Sequence[LegacyResult]) -> list[TopologyReport]:
    """One report for each topology that the tests of a build ran on."""
    by_topology: dict[str, list[LegacyResult]] = defaultdict(list)
    for row in rows:
        by_topology[row.jenkins_topology].append(row)
    found: dict[str, list[LegacyResult]] = defaultdict(list)
    for topology, own in by_topology.items():
        found[with_facets("", [("topology", storable(topology))])] += own
    return [_report(variant, found[variant]) for variant in sorted(found)]


def _report(variant: str, rows: Sequence[LegacyResult]) -> TopologyReport:
    results = tuple(map(result_of, rows))
    data = as_xml(results)
    return TopologyReport(
        # With the facet's name: a topology may be called `results`, too.
        name=f"{REPORT_FOLDER}{variant or 'results'}.xml",
        variant=variant,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        results=results,
    )


def _order(row: LegacyResult) -> tuple[int, int]:
    place = MOST if row.order_index is None else row.order_index
    return (place, row.id or 0)


def _line(text: str) -> str:
    """One line, as the store keeps what people say of a build."""
    return " ".join(storable(text).split())[:LINE_LIMIT]
