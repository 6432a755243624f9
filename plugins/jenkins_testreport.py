"""Jenkins' own reading of a build's reports: the JSON of `testReport`.

Since junit plugin 1363 its statuses are PASSED, FAILED and SKIPPED; older ones also say FIXED and
REGRESSION, which are history and no outcome. It tells no error from a failure.

Readings where tools differ:

- The reports of a Maven or matrix build stand below the name of their module or cell.
- Tries before the last one (`flakyFailures`, `rerunFailures`) are earlier attempts.
- A case without output of its own answers with that of its suite; it is kept with the suite.
- What was asked for with `tree=` may list fewer cases than it counts. A note says so, and where
  a failure is counted that is not listed, the run is said to have gone wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tracker.intake.contract import (
    UNNAMED,
    Attempt,
    Damage,
    Head,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
    is_cut,
    json_document,
    parser,
    printed,
    seconds_from_number,
)

STATUSES = {
    "PASSED": Status.PASSED,
    "FIXED": Status.PASSED,
    "FAILED": Status.FAILED,
    "REGRESSION": Status.FAILED,
    "SKIPPED": Status.SKIPPED,
}
HISTORY = frozenset({"FIXED", "REGRESSION"})
TRIES = ("flakyFailures", "rerunFailures")
TEXTS = (
    "name",
    "className",
    "status",
    "errorStackTrace",
    "errorDetails",
    "stdout",
    "stderr",
)
COUNTERS = {
    "passCount": Status.PASSED,
    "failCount": Status.FAILED,
    "skipCount": Status.SKIPPED,
}


def looks_like(head: Head) -> float:
    """An object with suites of cases, or with reports of children that have such."""
    answer = head.json
    if not isinstance(answer, dict):
        return 0.0
    suites = answer.get("suites")
    first = suites[0] if suites and isinstance(suites, list) else None
    if isinstance(answer.get("childReports"), list) or (
        isinstance(first, dict) and "cases" in first
    ):
        return 0.9
    # An answer about a build tells of failures too, and never how many passed.
    is_counted = "failCount" in answer and "passCount" in answer
    is_result = "failCount" in answer and printed(answer.get("_class")).endswith("TestResult")
    is_empty = suites == [] and not answer.keys() & {"config", "stats", "specs"}
    return 0.5 if is_counted or is_result or is_empty else 0.0


@parser(
    "jenkins_testreport",
    recognises="Jenkins' testReport JSON",
    sniff=looks_like,
    endings=(".json",),
    version=2,
)
def read(report: ReportFile) -> Iterator[Record]:
    """The cases of all suites; those of an aggregated report below the name of its child."""
    answer, damage = json_document(report.stream, "suites", "childReports")
    if not isinstance(answer, dict):
        raise _no_results(damage, "its JSON is not an object")
    found: Counter[Status] = Counter()
    records = _records(answer, found)
    if damage is not None:
        yield from _before(damage, records, found)
        return
    yield from records
    yield from _differences(answer, found, "the whole report")


def _before(damage: Damage, records: Iterator[Record], found: Counter[Status]) -> Iterator[Record]:
    """What stands before the damage, if that is anything."""
    kept = list(records)
    if not found:
        raise _no_results(damage, "")
    yield from kept
    yield damage


def _no_results(damage: Damage | None, reason: str) -> ReportError:
    if damage is None:
        return ReportError(reason)
    return ReportError(f"it is not whole JSON: {damage.reason}", damage.position)


def _records(answer: dict[str, Any], found: Counter[Status]) -> Iterator[Record]:
    yield from _suites(answer, (), found)
    children = answer.get("childReports")
    for child in children if isinstance(children, list) else ():
        if not isinstance(child, dict) or (is_cut(child) and "child" not in child):
            continue
        result, name = child.get("result"), _child_name(child.get("child"))
        if not isinstance(result, dict):
            yield Note(f"The child report {name} has no result.")
            continue
        own: Counter[Status] = Counter()
        yield from _suites(result, (name,), own)
        found.update(own)
        if not is_cut(result):
            yield from _differences(result, own, f"the report of {name}")


def _suites(
    result: dict[str, Any], above: tuple[str, ...], found: Counter[Status]
) -> Iterator[Record]:
    suites = result.get("suites")
    for suite in suites if isinstance(suites, list) else ():
        # Its name stands behind its cases, so a suite that breaks off has none.
        if not isinstance(suite, dict) or (is_cut(suite) and "name" not in suite):
            continue
        stdout, stderr = printed(suite.get("stdout")), printed(suite.get("stderr"))
        yield Suite((*above, printed(suite.get("name"))), _stages(suite), stdout, stderr)
        cases = suite.get("cases")
        for case in cases if isinstance(cases, list) else ():
            if isinstance(case, dict) and not is_cut(case):
                kept = _result(case, stdout, stderr)
                found[kept.status] += 1
                yield kept


def _stages(suite: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The stages around a suite, outermost first; Jenkins has the innermost first."""
    names = suite.get("enclosingBlockNames")
    stages = [printed(name) for name in names] if isinstance(names, list) else []
    return (("stage", " / ".join(reversed(stages))),) if stages else ()


def _result(case: dict[str, Any], suite_stdout: str, suite_stderr: str) -> Result:
    name, classname, word, trace, details, stdout, stderr = [
        value if type(value) is str else "" if value is None else str(value)
        for value in map(case.get, TEXTS)
    ]
    status = STATUSES.get(word, Status.UNKNOWN)
    duration, properties = seconds_from_number(case.get("duration")), case.get("properties")
    if status is Status.SKIPPED:
        details = printed(case.get("skippedMessage"))
    elif status is Status.UNKNOWN:
        details = details or f"status {word!r}"
    return Result(
        name or UNNAMED,
        status,
        duration,
        classname,
        details,
        trace,
        "",
        "" if stdout == suite_stdout else stdout,
        "" if stderr == suite_stderr else stderr,
        _attempts(case) if "flakyFailures" in case or "rerunFailures" in case else (),
        raw_status=word if status is Status.UNKNOWN or word in HISTORY else "",
        properties=_properties(properties) if properties else (),
    )


def _attempts(case: dict[str, Any]) -> tuple[Attempt, ...]:
    lists = [case.get(name) for name in TRIES]
    tries = [each for value in lists if isinstance(value, list) for each in value]
    return tuple(
        Attempt(
            Status.FAILED,
            None,
            printed(each.get("message")),
            printed(each.get("stackTrace")),
            printed(each.get("type")),
        )
        for each in tries
        if isinstance(each, dict)
    )


def _properties(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        return ()
    return tuple([(str(name), printed(each)) for name, each in value.items()])


def _differences(
    declared: dict[str, Any], found: Counter[Status], what: str
) -> Iterator[Note | Trouble]:
    """Where other numbers are counted than cases are listed."""
    numbers = {name: declared.get(name) for name in COUNTERS}
    different = [
        f"{number} as {name}, found {found[COUNTERS[name]]}"
        for name, number in numbers.items()
        if type(number) is int and number != found[COUNTERS[name]]
    ]
    if not different:
        return
    text = f"{what} declares {' and '.join(different)}"
    failures = numbers["failCount"]
    hides = type(failures) is int and failures > found[Status.FAILED]
    yield Trouble(f"{text}: failures are missing from it") if hides else Note(text)


def _child_name(child: object) -> str:
    """The last part of a child's address that names a job or a cell."""
    url = printed(child.get("url")) if isinstance(child, dict) else ""
    parts = [part for part in url.rstrip("/").split("/") if part and part != "."]
    return parts[-2] if len(parts) > 1 else "child"
