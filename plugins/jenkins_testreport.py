"""Jenkins' own reading of a build's reports: the JSON of `testReport`.

Since junit plugin 1363 its statuses are PASSED, FAILED and SKIPPED; older ones also say FIXED and
REGRESSION, which are history and no outcome. It tells no error from a failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tracker.intake.contract import (
    Head,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    parser,
)

STATUSES = {
    "PASSED": Status.PASSED,
    "FIXED": Status.PASSED,
    "FAILED": Status.FAILED,
    "REGRESSION": Status.FAILED,
    "SKIPPED": Status.SKIPPED,
}
_STARTS = re.compile(r'\{\s*(?:"_class"\s*:\s*"[^"]*TestResult"\s*,\s*)?"')
# An answer about a build tells of failures too, and never how many passed.
_COUNTED = re.compile(r'^\{\s*"_class"\s*:\s*"[^"]*TestResult"|"passCount"|"suites"\s*:\s*\[\s*\]')
_KEYS = re.compile(r'"(?:suites|childReports|failCount)"\s*:')


def looks_like(head: Head) -> float:
    """An object with suites of cases that have class names and Jenkins' status words."""
    if not _STARTS.match(head.text.lstrip()) or not _KEYS.search(head.text):
        return 0.0
    if '"className"' in head.text or '"childReports"' in head.text:
        return 0.9
    return 0.5 if _COUNTED.search(head.text.lstrip()) else 0.0


@parser("jenkins_testreport", recognises="Jenkins' testReport JSON", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    """The cases of all suites; those of an aggregated report below the name of its child."""
    try:
        answer = msgspec.json.decode(report.stream.read())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError(f"it is not whole JSON: {error}") from error
    if not isinstance(answer, dict):
        raise ReportError("its JSON is not an object")
    yield from _suites(answer, ())
    for child in _dicts(answer.get("childReports")):
        result, where = child.get("result"), child.get("child")
        if isinstance(result, dict):
            yield from _suites(result, (_child_name(where),))
        else:
            yield Note(f"The child report {_child_name(where)} has no result.")


def _suites(result: dict[str, Any], above: tuple[str, ...]) -> Iterator[Record]:
    for suite in _dicts(result.get("suites")):
        yield Suite((*above, str(suite.get("name") or "")))
        for case in _dicts(suite.get("cases")):
            yield _result(case)


def _result(case: dict[str, Any]) -> Result:
    word = str(case.get("status") or "")
    duration = case.get("duration")
    status = STATUSES.get(word, Status.UNKNOWN)
    message = case.get("skippedMessage") if status is Status.SKIPPED else case.get("errorDetails")
    return Result(
        name=str(case.get("name") or "(unnamed)"),
        status=status,
        duration=float(duration) if isinstance(duration, int | float) else None,
        classname=str(case.get("className") or ""),
        message=str(message or ("" if status is not Status.UNKNOWN else f"status {word!r}")),
        trace=str(case.get("errorStackTrace") or ""),
        stdout=str(case.get("stdout") or ""),
        stderr=str(case.get("stderr") or ""),
    )


def _child_name(child: object) -> str:
    """The last part of a child's address that names a job or a cell."""
    url = str(child.get("url") or "") if isinstance(child, dict) else ""
    parts = [part for part in url.rstrip("/").split("/") if part and part != "."]
    return parts[-2] if len(parts) > 1 else "child"


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
