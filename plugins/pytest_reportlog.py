"""pytest-reportlog: JSON lines, three for each test, which `$report_type` tells apart.

Readings where tools differ:

- A test is one result. Its set-up or tear-down failing is an error, and an error goes before the
  failure of its body. (pytest's own JUnit XML writes a second element for it.)
- The names are those of pytest's JUnit XML: `tests/test_a.py::TestB::test_c[x]` is `test_c[x]` of
  the class `tests.test_a.TestB` in the suite `pytest`, so the one may take the place of the other.
- What says "rerun" or "retried" was tried again: an attempt. The last try decides.
- An expected failure is skipped, an unexpected pass is passed, and both say so.
- A subtest belongs to its test: where one fails, the test has failed.
- A test whose body or tear-down is not told of is unknown, whatever was told before.
- A file that cannot be imported has no test: trouble of the run, as is an odd exit status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from tracker.intake.contract import (
    Attempt,
    Damage,
    Head,
    JsonLine,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
    is_cut,
    json_lines,
    list_of,
    parser,
    printed,
    pytest_names,
    seconds_of_phases,
)

SUBTEST = {"SubTestReport", "SubtestReport"}
KINDS = SUBTEST | {"SessionStart", "SessionFinish", "CollectReport", "TestReport", "WarningMessage"}
SUITE = "pytest"  # as pytest's JUnit XML calls it
TRIED_AGAIN = {"rerun", "retried"}
WORDS = {"passed": Status.PASSED, "failed": Status.FAILED, "skipped": Status.SKIPPED}
EXIT_STATUSES = {
    2: "pytest was interrupted (exit status 2)",
    3: "pytest had an internal error (exit status 3)",
    4: "pytest was called in a wrong way (exit status 4)",
    5: "pytest found no tests (exit status 5)",
}
MOST_NOTES = 5
MOST_TROUBLES = 20

Report = dict[str, Any]


def looks_like(head: Head) -> float:
    line = head.json
    if not isinstance(line, dict):
        return 0.0
    if printed(line.get("$report_type")) in KINDS:
        return 0.95
    # The last key may be out of sight: `TestReport` begins with these.
    return 0.7 if is_cut(line) and {"location", "keywords", "outcome"} <= line.keys() else 0.0


@parser(
    "pytest_reportlog",
    recognises="the lines of pytest-reportlog",
    sniff=looks_like,
    endings=(".json", ".jsonl"),
)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    yield Suite((SUITE,))
    for line in json_lines(report.stream):
        value = line.value
        if not isinstance(value, dict):
            reading.broken = reading.broken or line
        elif value.get("$report_type") == "TestReport":
            if (result := reading.take_phase(value)) is not None:
                yield result
        else:
            reading.take(value)
    yield from reading.end()


class _Reading:
    """One file: the tests that are open, and what people should be told at the end."""

    def __init__(self) -> None:
        self.broken: JsonLine | None = None
        self._open: dict[str, _Test] = {}
        self._is_finished = self._found_any = self._found_failures = False
        self._troubles = _Remarks(Trouble, MOST_TROUBLES)
        self._skipped = _Remarks(Note, MOST_NOTES)
        self._warnings = _Remarks(Note, MOST_NOTES)

    def take(self, line: Report) -> None:
        """A line that is no phase of a test."""
        kind = printed(line.get("$report_type") or line.get("_report_type"))
        if kind in SUBTEST:
            self._test(line).take_subtest(line)
        elif kind == "CollectReport":
            self._take_collected(line)
        elif kind == "WarningMessage":
            self._warnings.add(f"{printed(line.get('category'))}: {printed(line.get('message'))}")
        elif kind == "SessionFinish":
            self._finish(line.get("exitstatus"))
        elif kind == "SessionStart":
            self._is_finished = False

    def take_phase(self, line: Report) -> Result | None:
        """The result of the test that this line ends, if it ends one."""
        test = self._test(line)
        when = line.get("when")
        earlier = None
        if when == "setup" and test.phases:
            earlier = self._close(test)  # it was never torn down
            test = self._test(line)
        test.phases.append(line)
        # "???" is what xdist writes for the test in which a worker died: nothing follows.
        return earlier if when in ("setup", "call") else self._close(test)

    def _test(self, line: Report) -> _Test:
        name = printed(line.get("nodeid"))
        test = self._open.get(name)
        if test is None:
            test = self._open[name] = _Test(name)
        return test

    def _close(self, test: _Test) -> Result | None:
        """The end of a try: of the last one, unless the report says that another follows."""
        if test.is_tried_again:
            test.start_again()
            return None
        del self._open[test.nodeid]
        return self._counted(test.result())

    def _counted(self, result: Result) -> Result:
        self._found_any = True
        self._found_failures |= result.status.is_failure
        return result

    def _take_collected(self, line: Report) -> None:
        name = printed(line.get("nodeid")) or "the session"
        if line.get("outcome") == "failed":
            self._troubles.add(f"{name} could not be collected: {_message(line)}")
        elif line.get("outcome") == "skipped":
            self._skipped.add(f"{name} was skipped as a whole: {_message(line)}")

    def _finish(self, status: object) -> None:
        self._is_finished = True
        if not isinstance(status, int) or status == 0:
            return
        if status in EXIT_STATUSES:
            self._troubles.add(EXIT_STATUSES[status])
        elif not self._found_failures and not self._troubles.texts:
            self._troubles.add(f"pytest ended with exit status {status}, and no test failed")

    def end(self) -> Iterator[Record]:
        """The tests that were left open, and what is to be told of the run."""
        for test in self._open.values():
            yield self._counted(test.result())
        if not self._is_finished and not self._found_any:
            raise ReportError("it holds no test and no end of the session")
        for remarks in (self._troubles, self._skipped, self._warnings):
            yield from remarks.records()
        if self.broken is not None:
            yield Damage("what stands here is not JSON", f"line {self.broken.number}")
        elif not self._is_finished:
            yield Damage("the report ends before the session does")


class _Remarks:
    """What people should be told, the first few of a kind."""

    def __init__(self, record: type[Note] | type[Trouble], most: int) -> None:
        self.texts: list[str] = []
        self._record = record
        self._most = most
        self._left_out = 0

    def add(self, text: str) -> None:
        if len(self.texts) < self._most:
            self.texts.append(text)
        else:
            self._left_out += 1

    def records(self) -> Iterator[Record]:
        yield from map(self._record, self.texts)
        if self._left_out:
            yield Note(f"{self._left_out} more remarks of this kind were left out")


class _Test:
    """One test while its lines go by: the phases of this try, and the tries before it."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid
        self.phases: list[Report] = []
        self._subtests: list[Report] = []
        self._tries: list[Attempt] = []

    @property
    def is_tried_again(self) -> bool:
        return not TRIED_AGAIN.isdisjoint(map(_outcome, self.phases))

    def take_subtest(self, line: Report) -> None:
        if line.get("outcome") == "failed":
            self._subtests.append(line)

    def start_again(self) -> None:
        phase = next(each for each in self.phases if _outcome(each) in TRIED_AGAIN)
        status = Status.FAILED if phase.get("when") == "call" else Status.ERROR
        duration = seconds_of_phases(self.phases)
        self._tries.append(
            Attempt(status, duration, _message(phase), _trace(phase), _exception(phase))
        )
        self.phases, self._subtests = [], []

    def result(self) -> Result:
        classname, name = pytest_names(self.nodeid)
        told = [*self._subtests, *self.phases]
        last = told[-1] if told else {}
        deciding, status = self._decide()
        shown = [] if status is Status.PASSED else _shown(told, deciding)
        stdout, stderr = _output(last["sections"]) if last.get("sections") else ("", "")
        file, line = _location(last.get("location"))
        return Result(
            name,
            status,
            seconds_of_phases(self.phases),
            classname,
            message=_shown_message(shown, status, deciding),
            trace="\n\n".join(filter(None, map(_trace, shown))) if shown else "",
            type=_exception(shown[0]) if shown else "",
            stdout=stdout,
            stderr=stderr,
            attempts=tuple(self._tries),
            file=file,
            line=line,
            raw_status=_outcome(deciding) if status is Status.UNKNOWN else "",
            expected_failure=_expected(deciding),
            properties=_pairs(last["user_properties"]) if last.get("user_properties") else (),
        )

    def _decide(self) -> tuple[Report, Status]:
        """The phase that decides, and what it makes of the test: the worst one does."""
        for each in self.phases:
            if each.get("outcome") == "failed" and each.get("when") != "call":
                return each, Status.ERROR
        for each in (*self.phases, *self._subtests):
            if each.get("outcome") == "failed":
                return each, Status.FAILED
        for each in self.phases:
            if _outcome(each) not in WORDS:
                return each, Status.UNKNOWN
        whens = [each.get("when") for each in self.phases]
        if "teardown" in whens:
            for each in self.phases:
                if each.get("outcome") == "skipped":
                    return each, Status.SKIPPED
            if "call" in whens:
                return self.phases[whens.index("call")], Status.PASSED
        return {}, Status.UNKNOWN


def _shown(told: list[Report], deciding: Report) -> list[Report]:
    """What says why: all that failed, else what was skipped."""
    failed = [each for each in told if each.get("outcome") == "failed"]
    return failed or ([deciding] if deciding.get("outcome") == "skipped" else [])


def _outcome(report: Report) -> str:
    return printed(report.get("outcome"))


def _shown_message(shown: list[Report], status: Status, deciding: Report) -> str:
    if shown:
        return _message(shown[0])
    if status is not Status.UNKNOWN:
        return ""
    if deciding:
        return f"status {_outcome(deciding)!r}"
    return "the report does not tell how it ended"


def _expected(report: Report) -> Literal["", "xfail", "xpass"]:
    if "wasxfail" in report:
        return "xpass" if report.get("outcome") == "passed" else "xfail"
    return "xpass" if printed(report.get("longrepr")).startswith("[XPASS(strict)]") else ""


def _location(location: object) -> tuple[str, int | None]:
    """File and line; pytest counts the lines from 0 here."""
    if not isinstance(location, list) or len(location) < 2:
        return "", None
    line = location[1]
    return printed(location[0]), line + 1 if type(line) is int and line >= 0 else None


def _message(report: Report) -> str:
    """The assertion, the reason of a skip or of an expected failure, else the last line."""
    why = report.get("longrepr")
    if isinstance(report.get("wasxfail"), str):
        return str(report["wasxfail"]).removeprefix("reason: ")
    if isinstance(why, list) and why:
        return printed(why[-1]).removeprefix("Skipped: ")
    crash = why.get("reprcrash") if isinstance(why, dict) else None
    if isinstance(crash, dict) and crash.get("message"):
        return printed(crash["message"])
    lines = [line for line in printed(why).splitlines() if line.strip()]
    return re.sub(r"^E\s+", "", lines[-1]).strip() if lines else ""


def _trace(report: Report) -> str:
    """The failure as the terminal shows it; of chained exceptions, the first one first."""
    why = report.get("longrepr")
    if not isinstance(why, dict):
        return why if isinstance(why, str) else ""
    links = [link for link in list_of(why.get("chain")) if isinstance(link, list) and link]
    told = [_traceback(link[0]) for link in links] or [_traceback(why.get("reprtraceback"))]
    return "\n\n".join(filter(None, told))


def _traceback(traceback: object) -> str:
    lines = []
    for data in _entries(traceback):
        lines += [printed(line) for line in list_of(data.get("lines"))]
        place = data.get("reprfileloc")
        if isinstance(place, dict):
            where = f"{printed(place.get('path'))}:{place.get('lineno')}: "
            lines += ["", where + printed(place.get("message"))]
    return "\n".join(lines)


def _entries(traceback: object) -> Iterator[Report]:
    entries = traceback.get("reprentries") if isinstance(traceback, dict) else None
    for entry in list_of(entries):
        data = entry.get("data") if isinstance(entry, dict) else None
        if isinstance(data, dict):
            yield data


def _exception(report: Report) -> str:
    """The class of the exception: what stands at the end of the traceback."""
    why = report.get("longrepr")
    entries = list(_entries(why.get("reprtraceback"))) if isinstance(why, dict) else []
    place = entries[-1].get("reprfileloc") if entries else None
    name = printed(place.get("message")) if isinstance(place, dict) else ""
    return name if name.replace(".", "_").isidentifier() else ""


def _output(sections: object) -> tuple[str, str]:
    """What was captured; a report repeats what the phases before it captured, the log too."""
    stdout: list[str] = []
    stderr: list[str] = []
    for section in list_of(sections):
        if isinstance(section, list) and len(section) == 2:
            to_stdout = "stdout" in printed(section[0])
            (stdout if to_stdout else stderr).append(printed(section[1]))
    return "\n".join(stdout), "\n".join(stderr)


def _pairs(properties: object) -> tuple[tuple[str, str], ...]:
    pairs = [each for each in list_of(properties) if isinstance(each, list) and len(each) == 2]
    return tuple((printed(name), printed(value)) for name, value in pairs)
