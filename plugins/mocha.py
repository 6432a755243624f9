"""Mocha's `json` reporter, and mochawesome's JSON: one object with the counts and the tests.

Readings where tools differ:

- Mocha's `tests` say no status: a test failed where `failures` holds it, else it is pending or
  passed where those lists hold it, and unknown where none does. A test that failed after it had
  passed is in two lists; the worse one counts.
- Hooks are in no list but `failures`. What failed there is the "<init>" or the "<tear-down>" of
  its suite; the tests that it kept from running are in no list at all. mochawesome lists them,
  as skipped.
- Mocha runs the titles of suites and test together (`fullTitle`), so all suites in a file are one
  name; mochawesome keeps them apart.
- `currentRetry` counts the tries before the last one, which say nothing more of themselves.
- File names are absolute. What a checkout adds to them is taken off: what CI servers are known
  to lay before it, else all before the first folder such as `src` or `test`, else what all other
  files have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
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
    is_cut,
    json_document,
    parser,
    seconds_from_number,
    text_of,
    without_checkout,
)

MOST_RETRIES = 100
LISTS = {"failures": Status.FAILED, "pending": Status.SKIPPED, "passes": Status.PASSED}
STATES = {"passed": Status.PASSED, "failed": Status.FAILED, "pending": Status.SKIPPED}
COLOURS = re.compile(r"\x1b\[[\d;]*m")
HOOK = re.compile(r'"(before|after) (?:all|each)" hook')

Key = tuple[object, ...]
Placed = tuple[tuple[str, ...], Result]


def looks_like(head: Head) -> float:
    answer = head.json
    if not isinstance(answer, dict):
        return 0.0
    stats = answer.get("stats")
    if isinstance(stats, dict) and "passes" in stats and "failures" in stats:
        return 0.9
    lists = (answer.get(name) for name in ("tests", *LISTS))
    first = next((each for value in lists for each in _dicts(value, also_cut=True)), {})
    return 0.9 if "fullTitle" in first and "err" in first else 0.0


@parser("mocha", recognises="Mocha's and mochawesome's JSON", sniff=looks_like, endings=(".json",))
def read(report: ReportFile) -> Iterator[Record]:
    answer, damage = json_document(report.stream)
    if not isinstance(answer, dict):
        raise _no_results(damage)
    if isinstance(answer.get("results"), list):
        results = _of_mochawesome(answer["results"])
    elif any(isinstance(answer.get(name), list) for name in ("tests", *LISTS)):
        results = _of_mocha(answer)
    else:
        raise _no_results(damage)
    suite = None
    found = tests = 0
    for path, result in results:
        found += 1
        tests += result.name not in (SET_UP, TEAR_DOWN) and result.raw_status != "skipped"
        if path != suite:
            suite = path
            yield Suite(path)
        yield result
    if damage is None:
        yield from _difference(answer.get("stats"), tests)
    elif found:
        yield damage
    else:
        raise _no_results(damage)


def _no_results(damage: Damage | None) -> ReportError:
    if damage is None:
        return ReportError("it holds no lists of tests, so it is not Mocha's JSON")
    return ReportError(damage.reason, damage.position)


def _difference(stats: object, found: int) -> Iterator[Note]:
    """Mocha counts neither hooks nor what they kept from running."""
    declared = stats.get("tests") if isinstance(stats, dict) else None
    if type(declared) is int and declared != found:
        yield Note(f"the whole report declares {declared} tests, found {found}")


def _of_mocha(answer: dict[str, Any]) -> Iterator[Placed]:
    tests = list(_dicts(answer.get("tests")))
    keys = [_key(test) for test in tests]
    listed = set(keys)
    statuses: dict[Key, Status] = {}
    for name, status in LISTS.items():
        for test in _dicts(answer.get(name)):
            key = _key(test)
            statuses.setdefault(key, status)
            if key not in listed:
                listed.add(key)
                tests.append(test)
                keys.append(key)
    if is_cut(answer) and "failures" not in list(answer)[:-2]:
        # Where the list of failures broke off, what looks passed may have been in it.
        statuses = {key: status for key, status in statuses.items() if status.is_failure}
    files = without_checkout([text_of(test.get("file")) for test in tests])
    for test, file, key in zip(tests, files, keys, strict=True):
        yield _of_test(test, file, statuses.get(key, Status.UNKNOWN))


def _key(test: dict[str, Any]) -> Key:
    """One test is the same in all lists. Tests of one name differ in time or in how they failed."""
    error = test.get("err")
    said = error.get("message") if error and isinstance(error, dict) else error or None
    told = (test.get("fullTitle"), test.get("file"), test.get("duration"), said)
    # What is no text or number, where one belongs, tells nothing apart.
    return tuple(each if isinstance(each, str | int | float) else None for each in told)


def _of_test(test: dict[str, Any], file: str, status: Status) -> Placed:
    if status is Status.UNKNOWN and test.get("err"):
        status = Status.FAILED
    title, full_title = text_of(test.get("title")), text_of(test.get("fullTitle"))
    around = full_title.removesuffix(title).strip() if title else ""
    path = (file, around) if file and around else tuple(filter(None, (file, around)))
    hook = HOOK.match(title) if status is Status.FAILED else None
    if hook:
        return path, _of_hook(test, file, hook[1])
    retries = test.get("currentRetry")
    tries = max(0, min(retries, MOST_RETRIES)) if type(retries) is int else 0
    attempts = (Attempt(Status.FAILED),) * tries if tries else ()
    return path, _result(test, title or full_title, file, status, attempts)


def _of_hook(test: dict[str, Any], file: str, when: str) -> Result:
    result = _result(test, SET_UP if when == "before" else TEAR_DOWN, file, Status.ERROR)
    return _with_hook(result, text_of(test.get("title")))


def _with_hook(result: Result, title: str) -> Result:
    properties = (*result.properties, ("hook", title))
    return Result(
        result.name,
        result.status,
        result.duration,
        message=result.message,
        trace=result.trace,
        type=result.type,
        file=result.file,
        properties=properties,
    )


def _result(
    test: dict[str, Any],
    name: str,
    file: str,
    status: Status,
    attempts: tuple[Attempt, ...] = (),
    raw_status: str = "",
) -> Result:
    duration, context = seconds_from_number(test.get("duration"), 1000), test.get("context")
    properties = (("context", context),) if context and isinstance(context, str) else ()
    if status is Status.PASSED:
        return Result(
            name or UNNAMED, status, duration, attempts=attempts, file=file, properties=properties
        )
    error = test.get("err")
    error = error if isinstance(error, dict) else {"message": text_of(error)}
    trace = text_of(error.get("stack")) or text_of(error.get("estack"))
    message = COLOURS.sub("", text_of(error.get("message")) or trace.partition("\n")[0]).strip()
    if status is Status.UNKNOWN and not message:
        message = "no list says how it ended"
    if status is Status.SKIPPED:
        raw_status = raw_status or "pending"
    return Result(
        name or UNNAMED,
        status,
        duration,
        message=message,
        trace=trace,
        type=text_of(error.get("name")),
        attempts=attempts,
        file=file,
        raw_status=raw_status,
        properties=properties,
    )


def _of_mochawesome(results: object) -> Iterator[Placed]:
    for root in _dicts(results, also_cut=True):
        yield from _of_suite(root, (), "")


def _of_suite(suite: dict[str, Any], above: tuple[str, ...], file: str) -> Iterator[Placed]:
    if "title" not in suite or "file" not in suite:
        return  # it breaks off before its name
    file = text_of(suite["file"]).replace("\\", "/").lstrip("/") or file
    titles = (*above, title) if (title := text_of(suite["title"])) else above
    path = (file, *titles) if file else titles
    for name, hook in (("beforeHooks", SET_UP), ("tests", ""), ("afterHooks", TEAR_DOWN)):
        for test in _dicts(suite.get(name)):
            if not hook:
                yield path, _of_listed(test, file)
            elif test.get("state") == "failed" or test.get("fail") is True:
                result = _result(test, hook, file, Status.ERROR)
                yield path, _with_hook(result, text_of(test.get("title")))
    for inner in _dicts(suite.get("suites"), also_cut=True):
        yield from _of_suite(inner, titles, file)


def _of_listed(test: dict[str, Any], file: str) -> Result:
    word = test.get("state")
    title = text_of(test.get("title"))
    status = STATES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    if word is None and test.get("skipped") is True:  # a hook failed before it
        return _result(test, title, file, Status.SKIPPED, raw_status="skipped")
    if status is not Status.UNKNOWN:
        return _result(test, title, file, status)
    return Result(
        title or UNNAMED,
        Status.UNKNOWN,
        seconds_from_number(test.get("duration"), 1000),
        message=f"status {word!r}",
        file=file,
        raw_status=str(word),
    )


def _dicts(value: object, also_cut: bool = False) -> Iterable[dict[str, Any]]:
    if not isinstance(value, list):
        return ()
    return [each for each in value if isinstance(each, dict) and (also_cut or not is_cut(each))]
