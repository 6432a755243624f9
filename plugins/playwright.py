"""Playwright's `json` reporter: one object with suites, specs in them, and a test a project.

Readings where tools differ:

- The suites are the file, the project (a browser, mostly) and the `describe` titles, so the same
  spec in two browsers is two cases.
- `results` are the tries of a test. The last one that was not skipped decides, the ones before it
  are attempts. (In serial mode a whole group is tried again, also tests that had passed.)
- A test that was expected to fail and did is an expected failure; one that passed against that
  failed. `timedOut` and `interrupted` are errors.
- A test that the report calls unexpected never counts as passed, whatever its tries say.
- `errors` beside the suites (a file that cannot be loaded, a global set-up) belong to no test:
  the run went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

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
    objects_of,
    parser,
    seconds_from_number,
    text_of,
)

STATUSES = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "timedOut": Status.ERROR,
    "interrupted": Status.ERROR,
    "skipped": Status.SKIPPED,
}
OUTCOMES = frozenset({"expected", "unexpected", "flaky", "skipped"})
CONFIG = frozenset({"rootDir", "projects", "workers", "fullyParallel", "forbidOnly", "webServer"})
SKIPS = frozenset({"skip", "fixme", "fail"})
ERROR_CLASS = re.compile(r"([\w$.]*(?:Error|Exception)): ")
COLOURS = re.compile(r"\x1b\[[\d;]*m")
MOST_ERRORS = 20
MOST_SUMMED_UP = 1_000


def looks_like(head: Head) -> float:
    answer = head.json
    if not isinstance(answer, dict):
        return 0.0
    config, stats = answer.get("config"), answer.get("stats")
    if isinstance(config, dict) and len(CONFIG & config.keys()) >= 2:
        return 0.9
    if isinstance(stats, dict) and "unexpected" in stats and "flaky" in stats:
        return 0.9
    suite = next(iter(objects_of(answer.get("suites"))), {})
    return 0.9 if "specs" in suite and "file" in suite else 0.0


@parser("playwright", recognises="Playwright's JSON", sniff=looks_like, endings=(".json",))
def read(report: ReportFile) -> Iterator[Record]:
    answer, damage = json_document(report.stream, "suites")
    if not isinstance(answer, dict) or not isinstance(answer.get("suites"), list):
        raise _no_results(damage)
    found = 0
    suite = None
    for path, result in _of_suites(answer["suites"], "", ()):
        found += 1
        if path != suite:
            suite = path
            yield Suite(path)
        yield result
    if damage is not None and not found:
        raise _no_results(damage)
    yield from _troubles(answer.get("errors"))
    if damage is not None:
        yield damage
    else:
        yield from _difference(answer.get("stats"), found)


def _no_results(damage: Damage | None) -> ReportError:
    if damage is None:
        return ReportError("it holds no suites, so it is not Playwright's JSON")
    return ReportError(damage.reason, damage.position)


def _troubles(errors: object) -> Iterator[Trouble]:
    found = [error for error in objects_of(errors) if not is_cut(error)]
    for error in found[:MOST_ERRORS]:
        text = (
            text_of(error.get("stack"))
            or text_of(error.get("message"))
            or text_of(error.get("value"))
        )
        yield Trouble(COLOURS.sub("", text).strip() or "an error outside any test")
    if len(found) > MOST_ERRORS:
        yield Trouble(f"{len(found) - MOST_ERRORS} more errors outside any test")


def _difference(stats: object, found: int) -> Iterator[Note]:
    if isinstance(stats, dict):
        declared = sum(stats[word] for word in OUTCOMES if type(stats.get(word)) is int)
        if declared != found:
            yield Note(f"the whole report declares {declared} tests, found {found}")


Placed = tuple[tuple[str, ...], Result]


def _of_suites(suites: object, file: str, titles: tuple[str, ...]) -> Iterator[Placed]:
    for suite in suites if isinstance(suites, list) else ():
        title = suite.get("title") if isinstance(suite, dict) else None
        if not isinstance(title, str):
            continue  # it breaks off before its name
        if not file:  # the outermost suite is the file
            own, inner = title, titles
        else:
            own, inner = file, (*titles, title)
        for spec in objects_of(suite.get("specs")):
            yield from _of_spec(spec, own.replace("\\", "/"), inner)
        yield from _of_suites(suite.get("suites"), own, inner)


def _of_spec(spec: dict[str, Any], file: str, titles: tuple[str, ...]) -> Iterator[Placed]:
    title = spec.get("title")
    if not isinstance(title, str):
        return
    tags = spec.get("tags")
    tags = tags if isinstance(tags, list) else []
    properties = tuple([("tag", tag) for tag in tags if isinstance(tag, str)])
    line = spec.get("line")
    for test in objects_of(spec.get("tests")):
        if is_cut(test):
            continue
        project = text_of(test.get("projectName"))
        path = (file, project, *titles) if project else (file, *titles)
        result = _result(
            test,
            title or UNNAMED,
            text_of(spec.get("file")) or file,
            line if type(line) is int else None,
            properties,
        )
        yield path, result


def _result(
    test: dict[str, Any],
    name: str,
    file: str,
    line: int | None,
    tags: tuple[tuple[str, str], ...],
) -> Result:
    tries = objects_of(test.get("results"))
    ran = [each for each in tries if each.get("status") != "skipped"]
    last = (ran or tries or [{}])[-1]
    status, raw_status, expected_failure = _outcome(test, last if tries else None)
    duration = seconds_from_number(last.get("duration"), 1000)
    annotations = last.get("annotations") or test.get("annotations")
    properties = tags + _annotations(annotations) if annotations else tags
    stdout, stderr, attachments = last.get("stdout"), last.get("stderr"), last.get("attachments")
    message = trace = kind = ""
    if status is not Status.PASSED:
        message, trace, kind = _said(last)
        if status is Status.SKIPPED:
            message = _reason(annotations) or message
        elif expected_failure:
            message = message or "It was expected to fail, and passed."
        elif status is Status.UNKNOWN:
            message = message or f"status {raw_status!r}"
    return Result(
        name,
        status,
        duration,
        message=message,
        trace=trace,
        type=kind,
        stdout=_output(stdout) if stdout else "",
        stderr=_output(stderr) if stderr else "",
        attempts=_attempts(ran, status) if len(ran) > 1 else (),
        file=file,
        line=line,
        raw_status=raw_status,
        expected_failure=expected_failure,
        properties=properties,
        attachments=_attachments(attachments) if attachments else (),
    )


def _outcome(
    test: dict[str, Any], last: dict[str, Any] | None
) -> tuple[Status, str, Literal["", "xfail", "xpass"]]:
    """The status, the report's own word where it says more, and whether failing was expected."""
    outcome = test.get("status")
    if outcome is not None and not (isinstance(outcome, str) and outcome in OUTCOMES):
        return Status.UNKNOWN, str(outcome), ""
    if last is None:  # it never began
        if outcome == "skipped":
            return Status.SKIPPED, "", ""
        return Status.UNKNOWN, str(outcome), ""
    word = last.get("status")
    status = STATUSES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    expected = test.get("expectedStatus")
    if status is Status.PASSED:
        if expected == "failed":
            return Status.FAILED, "passed", "xpass"
        if outcome == "unexpected":
            return Status.FAILED, "unexpected", ""
        return status, "", ""
    if status is Status.FAILED and expected == "failed" and outcome != "unexpected":
        return Status.SKIPPED, "failed", "xfail"
    if status is Status.SKIPPED and outcome == "unexpected":
        return Status.FAILED, "unexpected", ""
    return status, "" if word == status.word else str(word), ""


def _attempts(ran: list[dict[str, Any]], status: Status) -> tuple[Attempt, ...]:
    """The tries before the last one; a test of a group that was tried again may have passed."""
    attempts = []
    for each in ran[:-1]:
        word = each.get("status")
        own = STATUSES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
        if own is not Status.PASSED or status is not Status.PASSED:
            message, trace, kind = _said(each)
            attempts.append(
                Attempt(own, seconds_from_number(each.get("duration"), 1000), message, trace, kind)
            )
    return tuple(attempts)


def _said(result: dict[str, Any]) -> tuple[str, str, str]:
    """Message, trace and class of what failed; soft assertions leave several errors."""
    first = result.get("error")
    errors = objects_of(result.get("errors")) or ([first] if isinstance(first, dict) else [])
    texts = [text_of(error.get("stack")) or text_of(error.get("message")) for error in errors]
    if isinstance(first, dict) and texts:
        texts[0] = text_of(first.get("stack")) or texts[0]
    message = text_of((first if isinstance(first, dict) else (errors or [{}])[0]).get("message"))
    message = COLOURS.sub("", message).strip()
    kind = ERROR_CLASS.match(message)
    return message[:MOST_SUMMED_UP], "\n\n".join(filter(None, texts)), kind[1] if kind else ""


def _reason(annotations: object) -> str:
    found = [each for each in objects_of(annotations) if text_of(each.get("type")) in SKIPS]
    return next((text_of(each["description"]) for each in found if each.get("description")), "")


def _annotations(annotations: object) -> tuple[tuple[str, str], ...]:
    return tuple(
        (text_of(each.get("type")), text_of(each.get("description")))
        for each in objects_of(annotations)
        if each.get("type")
    )


def _output(entries: object) -> str:
    """What was printed as text; what was no text is left out."""
    return "".join(text_of(entry.get("text")) for entry in objects_of(entries))


def _attachments(attachments: object) -> tuple[str, ...]:
    names = (
        text_of(each.get("path")) or text_of(each.get("name")) for each in objects_of(attachments)
    )
    return tuple(filter(None, names))
