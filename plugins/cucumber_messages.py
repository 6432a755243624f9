"""Cucumber messages, protocol 8 and later: one JSON object a line, in the order things happen.

Readings where tools differ:

- Names are those of Cucumber's own JUnit formatter: rule, scenario, table of examples and row, and
  the scenario's name again where the row makes it another: "Eating - Many - #1.2: Eating 5". The
  suite is the feature.
- A test case is as bad as the worst of its steps and hooks: failed, ambiguous, a word that is not
  known, undefined, pending, skipped, passed. Undefined and pending count as skipped. One without
  steps is passed.
- A try that `willBeRetried` is an attempt. Old protocols do not tell: there a further try follows
  as a retry.
- What began and did not end is unknown, or failed where a step of it has failed already; a test
  that ended while a step of it did not is no better than unknown.
- A hook around the whole run that failed, an exception outside every test, a feature file that
  could not be parsed and a run that says it failed without any of these are troubles of the run.
- A run without its end is damaged. Scenarios that never became a test are counted in a note.

What a finished test no longer needs is dropped, and steps are known by their text only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

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
    json_lines,
    list_of,
    object_of,
    objects_of,
    parser,
    printed,
    seconds_within,
)

Object: TypeAlias = dict[str, Any]

MOST_TROUBLES = 20
MOST_OUTPUT = 100_000
MOST_KNOWN = 50_000

# From the worst to the best; what is in none of them stands where UNKNOWN is. (That is the word
# which Cucumber has for a step it cannot judge, too.)
WORDS = {
    "FAILED": Status.FAILED,
    "AMBIGUOUS": Status.FAILED,
    "UNKNOWN": Status.UNKNOWN,
    "UNDEFINED": Status.SKIPPED,
    "PENDING": Status.SKIPPED,
    "SKIPPED": Status.SKIPPED,
    "PASSED": Status.PASSED,
}
RANKS = {word: rank for rank, word in enumerate(WORDS)}
SAYS_IT_ALL = ("PASSED", "FAILED", "SKIPPED")
# What makes Cucumber call a run failed, if it is strict.
FAILS_RUN = ("FAILED", "AMBIGUOUS", "UNKNOWN", "UNDEFINED", "PENDING")
# What stands in a message of each kind, to tell it from other objects with one such key.
KINDS = {
    "meta": ("protocolVersion", "implementation"),
    "source": ("uri", "data"),
    "gherkinDocument": ("feature", "uri", "comments"),
    "pickle": ("uri", "steps", "astNodeIds"),
    "parseError": ("source",),
    "hook": ("sourceReference",),
    "stepDefinition": ("pattern",),
    "parameterType": ("regularExpressions",),
    "testRunStarted": ("timestamp", "id"),
    "testCase": ("pickleId", "testSteps"),
    "testCaseStarted": ("testCaseId",),
    "testStepStarted": ("testStepId",),
    "testStepFinished": ("testStepId",),
    "testCaseFinished": ("testCaseStartedId",),
    "testRunFinished": ("timestamp", "success"),
}


def looks_like(head: Head) -> float:
    message = head.json
    if not isinstance(message, dict) or len(message) - is_cut(message) != 1:
        return 0.0
    [kind] = [key for key in message if key in KINDS] or [""]
    content = message.get(kind)
    if not isinstance(content, dict):
        return 0.0
    return 0.9 if any(key in content for key in KINDS[kind]) else 0.0


@parser(
    "cucumber_messages",
    recognises="Cucumber messages (NDJSON)",
    sniff=looks_like,
    endings=(".ndjson", ".jsonl"),
)
def read(report: ReportFile) -> Iterator[Record]:
    run = _Run()
    damage: Damage | None = None
    suite = None
    for line in json_lines(report.stream):
        if not isinstance(line.value, dict):
            damage = damage or Damage("a line is no message of Cucumber", f"line {line.number}")
            continue
        for path, result in run.take(line.value):
            if path != suite:
                suite = path
                yield Suite(path)
            yield result
    if not run.found_messages:
        raise ReportError("it holds no messages of Cucumber")
    if not run.has_ended:
        damage = damage or Damage("it ends before its run has ended")
    left_open = list(run.left_open())
    if damage is not None and not run.found_results and not left_open:
        raise ReportError(damage.reason, damage.position)
    for path, result in left_open:
        yield Suite(path)
        yield result
    yield from run.remarks()
    if damage is not None:
        yield damage


class _Case:
    """A scenario that is to run: how it is called, and what its steps are, until it is through."""

    __slots__ = ("attempts", "file", "line", "name", "path", "properties", "steps", "yielded")

    def __init__(self, path: tuple[str, ...], name: str, file: str, line: int | None) -> None:
        self.path = path
        self.name = name
        self.file = file
        self.line = line
        self.properties: tuple[tuple[str, str], ...] = ()
        self.steps: dict[str, str] = {}
        self.attempts: list[Attempt] = []
        self.yielded = False


class _Try:
    """One try of a case while it runs."""

    def __init__(self, case_id: str, case: _Case, start: float | None) -> None:
        self.case_id = case_id
        self.case = case
        self.start = start
        self.word = "PASSED"
        self.decider: Object = {}
        self.decided_by = ""
        self.duration: float | None = None
        self.told_retry: Any = None
        self.steps: list[tuple[str, str]] = []
        self.output: list[str] = []
        self.length = 0
        self.attachments: list[str] = []

    def weigh(self, word: str, step: str, result: Object) -> None:
        if RANKS.get(word, RANKS["UNKNOWN"]) < RANKS.get(self.word, RANKS["UNKNOWN"]):
            self.word, self.decider, self.decided_by = word, result, step

    def result(
        self, duration: float | None, status: Status, attempts: tuple[Attempt, ...]
    ) -> Result:
        case = self.case
        kind, message, trace = _failure(self.decider)
        told = "" if status is Status.PASSED else self._message(status, message)
        return Result(
            case.name,
            status,
            self.duration if duration is None else duration,
            message=told,
            trace="\n".join((*self._lines(), trace)) if status.is_failure else "",
            type=kind if status.is_failure else "",
            stdout="\n".join(self.output),
            attempts=attempts,
            retry=case.yielded,
            file=case.file,
            line=case.line,
            raw_status="" if self.word in SAYS_IT_ALL else self.word,
            properties=case.properties,
            attachments=tuple(self.attachments),
        )

    def _lines(self) -> Iterator[str]:
        for step, word in self.steps:
            yield f"{step} ... {word.lower() or 'no result'}"

    def _message(self, status: Status, message: str) -> str:
        if first := next((line.strip() for line in message.splitlines() if line.strip()), ""):
            return first
        said = f"status {self.word!r}" if status is Status.UNKNOWN else self.word.lower()
        return f"{said}: {self.decided_by}" if self.decided_by else said


Yielded: TypeAlias = Iterator[tuple[tuple[str, ...], Result]]


class _Run:
    """The stream as it goes by: what is still to run, what is running, and what went wrong."""

    def __init__(self) -> None:
        self.found_messages = self.found_results = self.has_ended = False
        self._features: dict[str, str] = {}
        self._nodes: dict[str, tuple[str, int | None]] = {}
        self._pickles: dict[str, _Case] = {}
        self._cases: dict[str, _Case] = {}
        self._running: dict[str, _Try] = {}
        self._hooks: dict[str, str] = {}
        self._run_hooks: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._troubles: list[str] = []
        self._says_failed = self._found_failures = False
        self._readers: dict[str, Callable[[Object], None]] = {
            "testRunStarted": self._begun,
            "gherkinDocument": self._document,
            "pickle": self._pickle,
            "hook": self._hook,
            "testCase": self._case,
            "testCaseStarted": self._started,
            "testStepFinished": self._step,
            "attachment": self._attachment,
            "externalAttachment": self._attachment,
            "testRunHookStarted": self._run_hook_started,
            "testRunHookFinished": self._run_hook_finished,
            "parseError": self._parse_error,
            "testRunFinished": self._ended,
        }

    def take(self, message: Object) -> Yielded:
        for kind, content in message.items():
            if not isinstance(content, dict):
                continue
            if kind == "testCaseFinished":
                yield from self._finished(content)
            elif (reader := self._readers.get(kind)) is not None:
                reader(content)
            self.found_messages = self.found_messages or kind in KINDS

    def _document(self, document: Object) -> None:
        """Keep a name and a line for every scenario and row, until its pickle comes."""
        feature = object_of(document.get("feature"))
        uri = _text(document.get("uri"))
        name = _text(feature.get("name"))
        self._features[uri] = name or _file(uri) or UNNAMED
        for child in objects_of(feature.get("children")):
            rule = object_of(child.get("rule"))
            for inner in (child, *objects_of(rule.get("children"))):
                self._scenario(object_of(inner.get("scenario")), _text(rule.get("name")))

    def _scenario(self, scenario: Object, rule: str) -> None:
        name = _text(scenario.get("name"))
        self._nodes[_text(scenario.get("id"))] = _joined(rule, name), _line(scenario)
        for table, examples in enumerate(objects_of(scenario.get("examples")), start=1):
            for row, each in enumerate(objects_of(examples.get("tableBody")), start=1):
                number = f"#{table}.{row}"
                place = _joined(rule, name, _text(examples.get("name")), number)
                self._nodes[_text(each.get("id"))] = place, _line(each)

    def _pickle(self, pickle: Object) -> None:
        uri, name = _text(pickle.get("uri")), _text(pickle.get("name"))
        nodes = [_text(each) for each in list_of(pickle.get("astNodeIds"))]
        place, line = self._nodes.pop(nodes[-1], (name, None)) if nodes else (name, None)
        # The scenario's own name stays, as all of its rows want it.
        if len(nodes) > 1:
            scenario = self._nodes.get(nodes[0], (name, None))[0]
            if name and name != scenario and not scenario.endswith(f" - {name}"):
                place = f"{place}: {name}"
        place = place or name or UNNAMED
        line = line or _line(pickle)
        path = (self._features.get(uri) or _file(uri) or UNNAMED,)
        case = self._pickles[_text(pickle.get("id"))] = _Case(path, place, uri, line)
        case.steps = {
            _text(each.get("id")): self._known(_text(each.get("text")))
            for each in objects_of(pickle.get("steps"))
        }
        case.properties = tuple(
            ("tag", self._known(_text(each.get("name")))) for each in objects_of(pickle.get("tags"))
        )

    def _known(self, text: str) -> str:
        """The same text once only: steps come again and again."""
        if len(self._texts) < MOST_KNOWN:
            return self._texts.setdefault(text, text)
        return self._texts.get(text, text)

    def _hook(self, hook: Object) -> None:
        kind = _text(hook.get("type")).lower().replace("_", " ")
        reference = object_of(hook.get("sourceReference"))
        method = object_of(reference.get("javaMethod"))
        place = _text(reference.get("uri")) or _text(method.get("methodName"))
        title = f"{kind or 'hook'} {_text(hook.get('name')) or place}".strip()
        if len(self._hooks) < MOST_KNOWN:
            self._hooks[_text(hook.get("id"))] = self._known(title)

    def _case(self, test: Object) -> None:
        """A pickle becomes a test: from now on its steps are known by the ids of the test."""
        case = self._pickles.pop(_text(test.get("pickleId")), None)
        if case is None:
            case = _Case((UNNAMED,), UNNAMED, "", None)
        texts, case.steps = case.steps, {}
        for step in objects_of(test.get("testSteps")):
            text = texts.get(_text(step.get("pickleStepId")))
            if text is None:
                text = self._hooks.get(_text(step.get("hookId")), "hook")
            case.steps[_text(step.get("id"))] = text
        self._cases[_text(test.get("id"))] = case

    def _started(self, started: Object) -> None:
        case_id = _text(started.get("testCaseId"))
        case = self._cases.get(case_id)
        if case is not None:
            begun = _Try(case_id, case, _moment(started.get("timestamp")))
            self._running[_text(started.get("id"))] = begun

    def _step(self, finished: Object) -> None:
        running = self._running.get(_text(finished.get("testCaseStartedId")))
        result = object_of(finished.get("testStepResult") or finished.get("testResult"))
        if running is None:
            return
        word = _text(result.get("status")).upper()
        step = running.case.steps.get(_text(finished.get("testStepId")), "")
        running.steps.append((step, word))
        if word != "PASSED":
            running.weigh(word, step, result)
        seconds = _moment(result.get("duration"))
        if seconds is not None:
            running.duration = (running.duration or 0.0) + max(seconds, 0.0)
        if "willBeRetried" in result:
            running.told_retry = running.told_retry or result["willBeRetried"]

    def _attachment(self, attachment: Object) -> None:
        """Texts are output, names are kept, contents are not."""
        running = self._running.get(_text(attachment.get("testCaseStartedId")))
        if running is None:
            return
        name = _text(attachment.get("fileName")) or _text(attachment.get("url"))
        if name:
            running.attachments.append(name)
        elif _text(attachment.get("mediaType")).startswith(("text/x.cucumber.log", "text/plain")):
            text = _text(attachment.get("body"))
            if attachment.get("contentEncoding") != "BASE64" and running.length < MOST_OUTPUT:
                running.length += len(text)
                running.output.append(text[:MOST_OUTPUT])

    def _finished(self, finished: Object) -> Yielded:
        running = self._running.pop(_text(finished.get("testCaseStartedId")), None)
        if running is None:
            return
        case = running.case
        whole = object_of(finished.get("testResult"))  # protocol 8
        if whole:
            running.weigh(_text(whole.get("status")).upper(), "", whole)
        elif len(running.steps) < len(case.steps):  # every step ends, be it as skipped
            running.weigh("UNKNOWN", "a step of it did not end", {})
        status = WORDS.get(running.word, Status.UNKNOWN)
        end = _moment(finished.get("timestamp"))
        duration = None
        if running.start is not None and end is not None:
            duration = seconds_within(round(end - running.start, 9))
        told = finished.get("willBeRetried", running.told_retry)
        result = running.result(duration, status, () if told is True else tuple(case.attempts))
        if told is True:
            case.attempts.append(_attempt(result))
            return
        self.found_results = True
        self._found_failures = self._found_failures or running.word in FAILS_RUN
        yield case.path, result
        case.attempts, case.yielded = [], True
        if told is not None or not status.is_failure:
            self._cases.pop(running.case_id, None)

    def left_open(self) -> Yielded:
        """What began and has no end, and what was to be tried again."""
        for running in self._running.values():
            case = running.case
            status = WORDS.get(running.word, Status.UNKNOWN)
            if not status.is_failure:
                running.word, running.decided_by = "UNKNOWN", "it began and did not end"
                running.decider, status = {}, Status.UNKNOWN
            self._cases.pop(running.case_id, None)
            yield case.path, running.result(None, status, tuple(case.attempts))
        for key, case in list(self._cases.items()):
            if case.attempts:
                del self._cases[key]
                message, tries = "it was to be tried again, and was not", tuple(case.attempts)
                yield case.path, Result(case.name, Status.UNKNOWN, message=message, attempts=tries)

    def _run_hook_started(self, started: Object) -> None:
        title = self._hooks.get(_text(started.get("hookId")), "hook of the run")
        self._run_hooks[_text(started.get("id"))] = title

    def _run_hook_finished(self, finished: Object) -> None:
        title = self._run_hooks.pop(_text(finished.get("testRunHookStartedId")), "hook of the run")
        result = object_of(finished.get("result"))
        word = _text(result.get("status")).upper()
        if word not in ("PASSED", "SKIPPED"):
            _, message, _ = _failure(result)
            self._trouble(f"{title}: {word.lower() or 'no result'}", message)

    def _parse_error(self, error: Object) -> None:
        uri = _text(object_of(error.get("source")).get("uri"))
        self._trouble(f"{uri or 'a feature'} could not be parsed", _text(error.get("message")))

    def _begun(self, _: Object) -> None:
        self.has_ended = False

    def _ended(self, ended: Object) -> None:
        self.has_ended = True
        self._says_failed = ended.get("success") is False
        _, message, _ = _failure(ended)
        if message:
            self._trouble("the run failed outside every test", message)

    def _trouble(self, what: str, message: str) -> None:
        if len(self._troubles) < MOST_TROUBLES:
            self._troubles.append(f"{what}: {message}" if message else what)

    def remarks(self) -> Iterator[Record]:
        yield from map(Trouble, self._troubles)
        if self._says_failed and not self._troubles and not self._found_failures:
            yield Trouble("the run says that it failed, and no test of it did")
        never = len(self._pickles) + sum(not each.yielded for each in self._cases.values())
        if never:
            yield Note(f"{never} scenarios never ran")


def _failure(result: Object) -> tuple[str, str, str]:
    """Class, message and trace; old protocols have the trace for a message."""
    exception = object_of(result.get("exception"))
    said = _text(result.get("message"))
    message = _text(exception.get("message")) or said
    return _text(exception.get("type")), message, _text(exception.get("stackTrace")) or said


def _attempt(result: Result) -> Attempt:
    return Attempt(result.status, result.duration, result.message, result.trace, result.type)


def _joined(*names: str) -> str:
    return " - ".join(filter(None, names))


def _text(value: object) -> str:
    return printed(value, most=1000)


def _line(node: Object) -> int | None:
    line = object_of(node.get("location")).get("line")
    return line if type(line) is int else None


def _moment(value: Any) -> float | None:
    """Seconds; Protobuf's JSON once wrote the whole ones as text."""
    if not isinstance(value, dict):
        return None
    try:
        seconds = float(value.get("seconds") or 0) + float(value.get("nanos") or 0) * 1e-9
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if abs(seconds) < 1e12 else None


def _file(uri: str) -> str:
    """The name of a feature's file; of an absolute path its end only, as checkouts move."""
    is_absolute = uri.startswith(("file:", "/")) or uri[1:3] in (":/", ":\\")
    return re.split(r"[/\\]", uri)[-1] if is_absolute else uri
