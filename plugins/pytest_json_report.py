"""pytest-json-report: one object with `exitcode`, `summary`, and `tests` with their three phases.

Readings where tools differ:

- A test is one result with the outcome that the report gives it: one whose set-up or tear-down
  failed is an error. What was interrupted says "passed" for its set-up alone and is unknown.
- The names are those of pytest's JUnit XML: `tests/test_a.py::TestB::test_c[x]` is `test_c[x]` of
  the class `tests.test_a.TestB` in the suite `pytest`, so the one may take the place of the other.
- "rerun" hides that the last try passed: where its phases did, it is passed after a try of which
  nothing is told. (Of what failed in the end the report keeps no earlier try at all.)
- An expected failure is skipped, an unexpected pass is passed, and both say so.
- A file that cannot be imported has no test: trouble of the run, as are an odd exit code and tests
  that were collected and did not run.
- A report of the summary alone names no test, so there is nothing to read in it.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from tracker.intake.contract import (
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
    json_rows,
    list_of,
    objects_of,
    parser,
    printed,
    pytest_names,
    seconds_of_phases,
)

SUITE = "pytest"  # as pytest's JUnit XML calls it
WORDS = {
    "passed": Status.PASSED,
    "xpassed": Status.PASSED,
    "failed": Status.FAILED,
    "error": Status.ERROR,
    "skipped": Status.SKIPPED,
    "xfailed": Status.SKIPPED,
}
EXIT_CODES = {
    2: "pytest was interrupted (exit code 2)",
    3: "pytest had an internal error (exit code 3)",
    4: "pytest was called in a wrong way (exit code 4)",
    5: "pytest found no tests (exit code 5)",
}
MOST_NOTES = 5
MOST_TROUBLES = 20

Object = dict[str, Any]

# msgspec has to find the types of these, so annotations are no strings in this file.


class Test(msgspec.Struct, rename={"crashed": "???"}, gc=False):
    """What is read of one test; nothing is sure about its types."""

    nodeid: Any = None
    lineno: Any = None
    outcome: Any = None
    setup: Any = None
    call: Any = None
    teardown: Any = None
    crashed: Any = None  # the worker of xdist that ran it died
    user_properties: Any = None
    metadata: Any = None


class Document(msgspec.Struct):
    """What is read of a run; its tests are taken apart one by one, which keeps memory small."""

    tests: list[msgspec.Raw]
    exitcode: Any = None
    summary: Any = None
    collectors: Any = None
    warnings: Any = None


DOCUMENT = msgspec.json.Decoder(Document)
TEST = msgspec.json.Decoder(Test)


def looks_like(head: Head) -> float:
    report = head.json
    if not isinstance(report, dict):
        return 0.0
    if type(report.get("exitcode")) is int and isinstance(report.get("summary"), dict):
        return 0.9
    tests = report.get("tests")
    first = tests[0] if isinstance(tests, list) and tests else None
    return 0.6 if isinstance(first, dict) and "nodeid" in first and "outcome" in first else 0.0


@parser(
    "pytest_json_report",
    recognises="the JSON of pytest-json-report",
    sniff=looks_like,
    endings=(".json",),
)
def read(report: ReportFile) -> Iterator[Record]:
    document, tests, damage = json_rows(report.stream.read(), DOCUMENT, TEST, _lenient)
    yield Suite((SUITE,))
    count = failures = 0
    for test in tests:
        result = _result(test)
        count += 1
        failures += result.status.is_failure
        yield result
    troubles = list(_troubles(document, count, failures, damage))
    yield from map(Trouble, troubles[:MOST_TROUBLES])
    yield from map(Note, _notes(document, len(troubles)))
    if damage:
        yield damage


def _lenient(document: Any) -> Document:
    if not isinstance(document, dict):
        raise ReportError("its JSON is not an object")
    tests = document.get("tests")
    if not isinstance(tests, list):
        raise ReportError(_why_there_are_none(document))
    about = {name: document.get(name) for name in Document.__struct_fields__ if name != "tests"}
    return Document(tests, **about)


def _why_there_are_none(document: Object) -> str:
    summary = document.get("summary")
    if not isinstance(summary, dict) or is_cut(document):
        return "it holds no list of tests"
    told = ", ".join(f"{value} {name}" for name, value in summary.items())
    return f"it holds a summary alone ({told}) and names no test"


def _troubles(
    document: Document, count: int, failures: int, damage: Damage | None
) -> Iterator[str]:
    collectors = list(_collectors(document, "failed"))
    yield from (f"{name} could not be collected: {why}" for name, why in collectors)
    code = document.exitcode
    if type(code) is int and code in EXIT_CODES:
        yield EXIT_CODES[code]
    elif code not in (0, None) and not failures and not collectors and not damage:
        yield f"pytest ended with exit code {code}, and no test failed"
    summary = document.summary
    collected = summary.get("collected") if isinstance(summary, dict) else None
    if type(collected) is int and collected > count and not damage:
        yield f"{collected} tests were collected, and {count} ran"


def _notes(document: Document, troubles: int) -> Iterator[str]:
    if troubles > MOST_TROUBLES:
        yield f"{troubles - MOST_TROUBLES} more troubles were left out"
    told = [
        f"{name} was skipped as a whole: {why}" for name, why in _collectors(document, "skipped")
    ]
    told += [
        f"{printed(each.get('category'))}: {printed(each.get('message'))}"
        for each in objects_of(document.warnings)
    ]
    yield from told[:MOST_NOTES]
    if len(told) > MOST_NOTES:
        yield f"{len(told) - MOST_NOTES} more warnings were left out"


def _collectors(document: Document, outcome: str) -> Iterator[tuple[str, str]]:
    """Name and reason of what could not be collected, or was not to be."""
    for each in list_of(document.collectors):
        if isinstance(each, dict) and each.get("outcome") == outcome:
            yield printed(each.get("nodeid")) or "the session", _message(each)


RERUN = Attempt(Status.UNKNOWN, message="it was run again; the report tells no more of this try")


def _result(test: Test) -> Result:
    nodeid, line = printed(test.nodeid), test.lineno
    classname, name = pytest_names(nodeid)
    told = (test.setup, test.call, test.teardown, test.crashed)
    phases = [phase for phase in told if type(phase) is dict]
    file = nodeid.partition("::")[0]
    # pytest counts the lines from 0 here.
    line = line + 1 if type(line) is int and line >= 0 else None
    properties = _properties(test) if test.user_properties or test.metadata else ()
    word = printed(test.outcome)
    status = _status(word, test, phases)
    # Most phases have an outcome and a duration, which needs no closer look.
    if word == "passed" and status is Status.PASSED and max(map(len, phases), default=0) < 3:
        return Result(
            name,
            status,
            seconds_of_phases(phases),
            classname,
            file=file,
            line=line,
            properties=properties,
        )
    shown = _shown(phases, status)
    return Result(
        name,
        status,
        seconds_of_phases(phases),
        classname,
        message=_message(shown[0]) if shown else _unknown(word, status),
        trace="\n\n".join(filter(None, map(_trace, shown))),
        type=_exception(shown[0]) if shown else "",
        stdout=_joined(phases, "stdout"),
        stderr=_joined(phases, "stderr") + _log(phases),
        attempts=(RERUN,) if word == "rerun" else (),
        file=file,
        line=line,
        raw_status=word if status is Status.UNKNOWN else "",
        expected_failure=_expected(word, shown),
        properties=properties,
    )


def _shown(phases: list[Object], status: Status) -> list[Object]:
    """The phases that say why: those that failed, or were skipped."""
    if status is Status.PASSED or status is Status.UNKNOWN:
        return []
    outcome = "skipped" if status is Status.SKIPPED else "failed"
    return [each for each in phases if each.get("outcome") == outcome]


def _status(word: str, test: Test, phases: list[Object]) -> Status:
    if word == "rerun":
        outcomes = [_outcome(each) for each in (test.setup, test.call, test.teardown)]
        return Status.PASSED if outcomes == ["passed"] * 3 else Status.UNKNOWN
    status = WORDS.get(word, Status.UNKNOWN)
    if status is Status.FAILED and _outcome(test.crashed) == "failed":
        return Status.ERROR
    if status is Status.FAILED or status is Status.ERROR or not phases:
        return status
    # A test is called passed from the start: without its last phases nothing is known of it.
    if status is Status.PASSED and _outcome(test.call) != "passed":
        return Status.UNKNOWN
    return status if _outcome(test.teardown) == "passed" else Status.UNKNOWN


def _outcome(phase: object) -> str:
    return printed(phase.get("outcome")) if isinstance(phase, dict) else ""


def _unknown(word: str, status: Status) -> str:
    if status is not Status.UNKNOWN:
        return ""
    known = word in WORDS or word == "rerun"
    return "the report does not tell how it ended" if known else f"status {word!r}"


def _expected(word: str, shown: list[Object]) -> Literal["", "xfail", "xpass"]:
    if word == "xfailed":
        return "xfail"
    strict = shown and _why(shown[0]).startswith("[XPASS(strict)]")
    return "xpass" if word == "xpassed" or strict else ""


SKIPPED = re.compile(r"""\((?:'[^']*'|"[^"]*"), \d+, (['"])(?:Skipped: )?(.*)\1\)""", re.S)
WORKER = re.compile(r"\[gw\d+\] .*(?:\n|$)")


def _why(phase: Object) -> str:
    """What went wrong, without the line that names a worker of xdist and its Python."""
    why = printed(phase.get("longrepr"))
    worker = WORKER.match(why)
    return why[worker.end() :] if worker else why


def _message(phase: Object) -> str:
    """The assertion, or the reason of a skip, else the last line of the failure."""
    why = _why(phase)
    if skipped := SKIPPED.fullmatch(why):
        return skipped[2]
    crash = phase.get("crash")
    if isinstance(crash, dict) and crash.get("message"):
        return printed(crash["message"])
    lines = [line for line in why.splitlines() if line.strip()]
    return re.sub(r"^E\s+", "", lines[-1]).strip() if lines else ""


def _trace(phase: Object) -> str:
    why = _why(phase)
    return "" if SKIPPED.fullmatch(why) else why


def _exception(phase: Object) -> str:
    """The class of the exception: what stands at the end of the traceback."""
    entries = list_of(phase.get("traceback"))
    name = printed(entries[-1].get("message")) if entries and isinstance(entries[-1], dict) else ""
    return name if name.replace(".", "_").isidentifier() else ""


def _joined(phases: list[Object], stream: str) -> str:
    return "".join(printed(each[stream]) for each in phases if stream in each)


def _log(phases: list[Object]) -> str:
    records = [record for each in phases if each.get("log") for record in list_of(each["log"])]
    told = [each for each in records if isinstance(each, dict)]
    return "".join(
        f"{printed(each.get('levelname'))} {printed(each.get('msg'))}\n" for each in told
    )


def _properties(test: Test) -> tuple[tuple[str, str], ...]:
    """`user_properties` is a list of objects with one key each, `metadata` one object."""
    objects = [*list_of(test.user_properties), test.metadata]
    told = [each for each in objects if isinstance(each, dict)]
    return tuple((name, printed(value)) for each in told for name, value in each.items())
