"""Allure 2 and 3: a folder with a JSON file for each result, and containers with fixtures.

Readings where tools differ:

- Results of one `historyId` (else `testCaseId` or `fullName` with the parameters) are tries of one
  case, as for Allure: the one that stopped last decides, those before it are attempts.
- Broken is an error. Words are read in any case; those that are not known, and no word, are
  unknown.
- A name has its parameters, unless it shows them already; masked ones as `******`. Those that are
  hidden, or are excluded from the history, are left out.
- A case stands in the suites of `parentSuite`, `suite` and `subSuite`, else of `titlePath`, else of
  `package`, and in the class of `testClass`, else of `fullName`; never in a host or a thread. What
  pytest ran has the names of pytest's JUnit XML.
- A fixture that failed is told in the trace of the results around it that did not pass. Where they
  all passed, which hides it, it is trouble of the run.
- Results come in the order in which they started: names of files are random.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import msgspec

from tracker.intake.contract import (
    UNNAMED,
    YEAR,
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
    list_of,
    object_of,
    objects_of,
    parser,
    printed,
)

WORDS = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "broken": Status.ERROR,
    "skipped": Status.SKIPPED,
    "unknown": Status.UNKNOWN,
}
SUITES = ("parentSuite", "suite", "subSuite")
# Labels that say where it ran, or what its place says already.
NO_PROPERTIES = {
    *SUITES,
    "testClass",
    "class",
    "package",
    "host",
    "thread",
    "testMethod",
    "method",
} | {
    "framework",
    "language",
    "resultFormat",
}
MARKS = ("flaky", "known", "muted")
MASK = "******"
MOST_REMARKS = 20
# Fixtures that failed around one result or in one container.
MOST_FIXTURES = 20
# Of a name, to see whether it shows its parameters.
MOST_SEARCHED = 4096

Object = dict[str, Any]
Pairs = list[tuple[str, str]]

RESULT_KEYS = {"start", "stop", "historyId", "testCaseId", "fullName", "labels", "parameters"} | {
    "statusDetails",
    "steps",
    "attachments",
    "stage",
    "links",
}


def looks_like(head: Head) -> float:
    file = head.json
    if not isinstance(file, dict):
        return 0.0
    if _is_container(file):
        return 0.9
    if not _is_result(file):
        return 0.0
    return 0.9 if "uuid" in file and not RESULT_KEYS.isdisjoint(file) else 0.6


def _is_container(file: Object) -> bool:
    children = file.get("children")
    if not isinstance(file.get("uuid"), str) or "status" in file:
        return False
    if children is None:
        return isinstance(file.get("befores"), list) or isinstance(file.get("afters"), list)
    return isinstance(children, list) and all(isinstance(child, str) for child in children)


def _is_result(file: Object) -> bool:
    """A `uuid` and a `status`; the one may be out of sight, or left out where a history is."""
    if "children" in file or not ("status" in file or "stage" in file):
        return False
    if isinstance(file.get("uuid"), str):
        return printed(file.get("status")).lower() in WORDS or not RESULT_KEYS.isdisjoint(file)
    if isinstance(file.get("historyId"), str) or isinstance(file.get("testCaseId"), str):
        return True
    is_named = isinstance(file.get("name"), str) and printed(file.get("status")).lower() in WORDS
    shown = {"statusDetails", "steps", "attachments", "parameters"} & file.keys()
    return is_cut(file) and is_named and bool(shown)


@parser(
    "allure",
    recognises="a folder of Allure results",
    sniff=looks_like,
    endings=(".json",),
    folder=True,
)
def read(report: ReportFile) -> Iterator[Record]:
    folder = _Folder()
    for file in report.files:
        folder.take(file, f"{file.name}: " if report.parts else "")
    if not folder.tries and (folder.errors or not folder.has_fixtures):
        raise ReportError(*(folder.errors or [("it holds no result of Allure", "")])[0])
    yield from folder.records()


class _Try(msgspec.Struct, gc=False):
    """One result file: whose try it is, when it ran, and what it says."""

    identity: str
    uuid: str
    path: tuple[str, ...]
    start: float
    stop: float
    result: Result


class _Fixture(msgspec.Struct):
    """A set-up or tear-down that failed, and the results and containers it stands around."""

    text: str
    children: list[str]
    is_shown: bool = False


class _Folder:
    """All files of a folder. A later one may decide a case, so all are held until the end."""

    def __init__(self) -> None:
        self.tries: list[_Try] = []
        self.errors: list[tuple[str, str]] = []
        self._fixtures: list[_Fixture] = []
        self._children: dict[str, list[str]] = {}
        self._strangers = self._untold = 0
        self._names: dict[str, str] = {}

    @property
    def has_fixtures(self) -> bool:
        return bool(self._children)

    def take(self, file: ReportFile, name: str) -> None:
        try:
            document, damage = json_document(file.stream)
        except ReportError as error:
            self.errors.append((name + error.reason, error.position))
            return
        if damage:
            self.errors.append((name + damage.reason, damage.position))
        if is_cut(document):
            return
        try:
            self._take_document(document)
        except RecursionError:  # where a text belongs, as deep as could just be read
            self.errors.append((f"{name}it is nested too deep", ""))

    def _take_document(self, document: Any) -> None:
        if isinstance(document, dict) and _is_result(document):
            self.tries.append(_try(document, self._same))
        elif isinstance(document, dict) and _is_container(document):
            self._take_container(document)
        else:
            self._strangers += 1

    def _same(self, text: str) -> str:
        """One text for all that are equal: thousands of results share their labels."""
        return self._names.setdefault(text, text) if len(text) < 200 else text

    def _take_container(self, container: Object) -> None:
        uuid, children = printed(container.get("uuid")), list_of(container.get("children"))
        self._children[uuid] = [child for child in children if isinstance(child, str)]
        for kind, name in (("befores", "set-up"), ("afters", "tear-down")):
            failed = [
                fixture
                for fixture in objects_of(container.get(kind))
                if _word(fixture) in ("failed", "broken")
            ]
            self._untold += max(0, len(failed) - MOST_FIXTURES)
            for fixture in failed[:MOST_FIXTURES]:
                text = f'the {name} "{printed(fixture.get("name"))}" failed'
                self._fixtures.append(_Fixture(_told(text, fixture), self._children[uuid]))

    def records(self) -> Iterator[Record]:
        self.tries.sort(key=_start)
        failing = self._failing()
        last = None
        for tries in self._cases():
            *earlier, deciding = sorted(tries, key=_stop) if len(tries) > 1 else tries
            if deciding.path != last:
                last = deciding.path
                yield Suite(last)
            attempts = tuple(_attempt(each, failing) for each in earlier)
            yield _explained(deciding, failing, attempts)
        yield from self._remarks()

    def _cases(self) -> Iterable[list[_Try]]:
        """The tries of each case; what has no history is a case of its own."""
        cases: dict[str, list[_Try]] = {}
        for number, each in enumerate(self.tries):
            cases.setdefault(each.identity or f"\n{number}", []).append(each)
        return cases.values()

    def _failing(self) -> dict[str, list[_Fixture]]:
        """The fixtures that failed around each result, also those of the containers around."""
        found: dict[str, list[_Fixture]] = {}
        for fixture in self._fixtures:
            seen: set[str] = set()
            open_ones = list(fixture.children)
            while open_ones:
                uuid = open_ones.pop()
                around = found.setdefault(uuid, [])
                # Where there are that many, there are as many around all that is within.
                if uuid not in seen and len(around) < MOST_FIXTURES:
                    seen.add(uuid)
                    around.append(fixture)
                    open_ones += self._children.get(uuid, [])
        return found

    def _remarks(self) -> Iterator[Record]:
        hidden = [fixture.text for fixture in self._fixtures if not fixture.is_shown]
        yield from map(Trouble, hidden[:MOST_REMARKS])
        more = max(0, len(hidden) - MOST_REMARKS) + self._untold
        if more:
            yield Note(f"{more} more fixtures failed")
        if not self.tries:
            yield Note("it holds fixtures only, and no test")
        if self._strangers:
            yield Note(f"{self._strangers} files are no results of Allure and were left out")
        for reason, position in self.errors[:MOST_REMARKS]:
            yield Damage(reason, position)


def _start(each: _Try) -> float:
    return each.start


def _stop(each: _Try) -> float:
    return each.stop


def _told(text: str, fixture: Object) -> str:
    details = object_of(fixture.get("statusDetails"))
    message = printed(details.get("message"))
    return f"{text}: {message}" if message else text


def _explanation(each: _Try, failing: dict[str, list[_Fixture]]) -> str:
    """The fixtures that failed around a try, for one that did not pass."""
    fixtures = failing.get(each.uuid, []) if each.result.status is not Status.PASSED else []
    for fixture in fixtures:
        fixture.is_shown = True
    return "\n".join(fixture.text for fixture in fixtures)


def _attempt(each: _Try, failing: dict[str, list[_Fixture]]) -> Attempt:
    result, explanation = each.result, _explanation(each, failing)
    trace = "\n\n".join(filter(None, (result.trace, explanation)))
    return Attempt(result.status, result.duration, result.message, trace)


def _explained(
    each: _Try, failing: dict[str, list[_Fixture]], attempts: tuple[Attempt, ...]
) -> Result:
    result, explanation = each.result, _explanation(each, failing)
    if not explanation and not attempts:
        return result
    trace = "\n\n".join(filter(None, (result.trace, explanation)))
    message = result.message or explanation.partition("\n")[0]
    return msgspec.structs.replace(result, message=message, trace=trace, attempts=attempts)


def _try(file: Object, same: Callable[[str], str]) -> _Try:
    labels, properties = _labels(file.get("labels"), same)
    path, classname = _place(file, labels)
    details, parameters = object_of(file.get("statusDetails")), objects_of(file.get("parameters"))
    start, stop = _time(file.get("start")), _time(file.get("stop"))
    word, message = _word(file), printed(details.get("message"))
    status = WORDS.get(word, Status.UNKNOWN)
    result = Result(
        _name(file, labels, parameters),
        status,
        _duration(start, stop),
        same(classname),
        message=message or _unknown(file, status),
        trace=printed(details.get("trace")),
        raw_status=_raw(file, status, word),
        expected_failure=_expected(message) if message else "",
        properties=(*properties, *_more_properties(file, details, parameters)),
        attachments=tuple(_attachments(file)),
    )
    identity, uuid = _identity(file, parameters), printed(file.get("uuid"))
    return _Try(identity, uuid, path, start or 0.0, stop or start or 0.0, result)


def _labels(labels: object, same: Callable[[str], str]) -> tuple[dict[str, str], Pairs]:
    """The first label of each name, and the pairs that tell more than the place of a case."""
    first: dict[str, str] = {}
    pairs = []
    for each in objects_of(labels):
        name, value = same(printed(each.get("name"))), same(printed(each.get("value")))
        first.setdefault(name, value)
        if name not in NO_PROPERTIES:
            pairs.append((name, value))
    return first, pairs


def _word(item: Object) -> str:
    return printed(item.get("status")).strip().lower()


def _raw(file: Object, status: Status, word: str) -> str:
    """The report's word where it says more than ours."""
    return printed(file.get("status")) if word == "broken" or status is Status.UNKNOWN else ""


def _unknown(file: Object, status: Status) -> str:
    if status is not Status.UNKNOWN:
        return ""
    stage = file.get("stage")
    told = f", stage {printed(stage)!r}" if stage not in (None, "finished") else ""
    return f"status {file.get('status')!r}"[:200] + told


def _expected(message: str) -> Literal["", "xfail", "xpass"]:
    """allure-pytest says it in the message alone."""
    if message.startswith("XFAIL"):
        return "xfail"
    return "xpass" if message.startswith(("XPASS", "[XPASS(strict)]")) else ""


def _identity(file: Object, parameters: list[Object]) -> str:
    """Whose try it is; "" where nothing tells, as what has no history is tried once."""
    history = printed(file.get("historyId"))
    if history:
        return history
    test = printed(file.get("testCaseId")) or printed(file.get("fullName"))
    told = [
        (printed(p.get("name")), printed(p.get("value"))) for p in parameters if not _excluded(p)
    ]
    return f"{test}\n{told}" if test else ""


def _excluded(parameter: Object) -> bool:
    return parameter.get("excluded") is True


def _place(file: Object, labels: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """The suites and the class of a result."""
    path = tuple([labels[name] for name in SUITES if labels.get(name)])
    classname = labels.get("testClass") or labels.get("class") or ""
    if not classname:
        classname = _class_of(printed(file.get("fullName")))
    if classname and classname == ".".join(path):
        # allure-pytest takes the class apart to have suites.
        path = ("pytest",) if labels.get("framework") == "pytest" else ()
    if not path and not classname:
        titles = tuple(printed(title) for title in list_of(file.get("titlePath")) if printed(title))
        path = titles or tuple(filter(None, [labels.get("package", "")]))
    return path, classname


CLASS = re.compile(r"([^\s#/\\:\[\]()]+)#[^\n]+")


def _class_of(full_name: str) -> str:
    """The class in `tests.test_a.TestB#test_c`; names of other kinds do not tell it."""
    found = CLASS.fullmatch(full_name)
    return found[1] if found else ""


def _name(file: Object, labels: dict[str, str], parameters: list[Object]) -> str:
    name = printed(file.get("name")) or printed(file.get("fullName")) or UNNAMED
    if not parameters or (labels.get("framework") == "pytest" and name.endswith("]")):
        return name
    shown = [p for p in parameters if not _excluded(p) and p.get("mode") != "hidden"]
    values = [MASK if p.get("mode") == "masked" else printed(p.get("value")) for p in shown]
    bracket = re.search(r"[\[(].*", name[:MOST_SEARCHED], re.S)
    if not shown or (bracket and all(value in bracket[0] for value in values)):
        return name
    names = [printed(p.get("name")) for p in shown]
    told = [f"{key}={value}" for key, value in zip(names, values, strict=True)]
    return f"{name}[{', '.join(told)}]"


def _more_properties(file: Object, details: Object, parameters: list[Object]) -> Pairs:
    """Links, the marks of a status, and parameters that are no part of the name."""
    pairs = []
    for link in objects_of(file.get("links")):
        if url := printed(link.get("url")) or printed(link.get("name")):
            pairs.append((printed(link.get("type")) or "link", url))
    if details:
        pairs += [(flag, "true") for flag in MARKS if details.get(flag) is True]
    for each in parameters:
        if _excluded(each) and each.get("mode") not in ("hidden", "masked"):
            pairs.append((printed(each.get("name")), printed(each.get("value"))))
    return pairs


def _attachments(file: Object) -> Iterator[str]:
    """The files of a result and of its steps, in the order in which the steps are told."""
    items = [file]
    while items:
        item = items.pop()
        for each in objects_of(item.get("attachments")):
            if source := printed(each.get("source")) or printed(each.get("name")):
                yield source
        if steps := objects_of(item.get("steps")):
            items += reversed(steps)


def _time(value: object) -> float | None:
    """Milliseconds since 1970, as the report has them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e18 else None


def _duration(start: float | None, stop: float | None) -> float | None:
    if start is None or stop is None or not 0 <= stop - start <= YEAR * 1000:
        return None
    return (stop - start) / 1000
