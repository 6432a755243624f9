"""A report as text for people, and as JSON for programs, whose shape stays.

The JSON document:

    subject   the database
    at        when, RFC 3339 in UTC
    clean     whether nothing was found
    seconds   how long it took
    facts     figures by name: `revision`, and the rows of each table
    kinds     for each kind `checks`, `looked` (rows, each as often as a check did), `found`
    checks    `check`, `kind`, `sentence`, `looked`, `found`, `seconds`, `skipped` (why, or "")
    findings  `check`, `kind`, `severity` (`error` or `warning`), `sentence`, `count`, `remedy`,
              `examples`
    notes     sentences about what was left out
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tracker.operations.replaced import replaced
from tracker.operations.validation.findings import Checked, Finding, Kind, Report


def as_document(report: Report) -> dict[str, Any]:
    """The report as values of JSON."""
    return {
        "subject": report.subject,
        "at": _moment(report).isoformat().replace("+00:00", "Z"),
        "clean": report.is_clean,
        "seconds": round(report.seconds, 3),
        "facts": dict(report.facts),
        "kinds": {kind.value: _summary(report, kind) for kind in _kinds(report)},
        "checks": [asdict(each) for each in report.checks],
        "findings": [asdict(each) for each in report.findings],
        "notes": list(report.notes),
    }


def write_document(report: Report, path: Path) -> None:
    """Write the document to a file, which is there whole or as it was before.

    Raises StorageError where it cannot be written.
    """
    content = msgspec.json.format(msgspec.json.encode(as_document(report)), indent=2)
    with replaced(path) as out:
        out.write(content + b"\n")


def as_text(report: Report, *, is_verbose: bool) -> Iterator[str]:
    """The report line by line: what was looked at, what was found and what to do about it."""
    revision = report.facts.get("revision")
    at = f"{_moment(report):%Y-%m-%d %H:%M:%S} UTC"
    yield f"{report.subject} as it was at {at}" + (f", revision {revision:,}" if revision else "")
    yield ""
    if is_verbose:
        yield from map(_line, report.checks)
        yield ""
    yield f"{'kind':12}{'checks':>8}{'rows looked at':>16}{'findings':>10}"
    for kind in _kinds(report):
        sums = _summary(report, kind)
        yield f"{kind:12}{sums['checks']:>8,}{sums['looked']:>16,}{sums['found']:>10,}"
    for finding in report.findings:
        yield ""
        yield from _told(finding, is_verbose)
    yield ""
    yield from report.notes
    yield _in_short(report, is_verbose)


def _in_short(report: Report, is_verbose: bool) -> str:
    made = sum(not each.skipped for each in report.checks)
    took = f"It took {report.seconds:.1f} s."
    if report.is_clean:
        return f"{made} checks found nothing. {took}"
    hint = "" if is_verbose else "; --verbose shows examples"
    return f"{len(report.findings)} of {made} checks found something{hint}. {took}"


def _line(each: Checked) -> str:
    word = "not made" if each.skipped else "FOUND" if each.found else "ok"
    why = f" ({each.skipped})" if each.skipped else ""
    counts = f"{each.found:>9,} of {each.looked:>12,}"
    return f"{word:9}{counts}  {each.check}: {each.sentence}{why}"


def _told(finding: Finding, is_verbose: bool) -> Iterator[str]:
    yield f"{finding.severity.upper()} {finding.check}"
    yield f"  {finding.sentence}"
    if is_verbose:
        yield from (f"    {example}" for example in finding.examples)
        if finding.count > len(finding.examples):
            yield f"    and {finding.count - len(finding.examples):,} more"
    yield f"  What to do: {finding.remedy}"


def _summary(report: Report, kind: Kind) -> dict[str, int]:
    mine = [each for each in report.checks if each.kind is kind and not each.skipped]
    return {
        "checks": len(mine),
        "looked": sum(each.looked for each in mine),
        "found": sum(each.found for each in mine),
    }


def _kinds(report: Report) -> list[Kind]:
    return list(dict.fromkeys(each.kind for each in report.checks))


def _moment(report: Report) -> datetime:
    return datetime.fromtimestamp(report.at / 1000, UTC)
