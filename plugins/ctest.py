"""CTest's dashboard file, Test.xml: `Site` with `Testing` and a `Test` for each one.

Readings where tools differ:

- The folder a test was declared in (`Path`) is its suite. The names of the site and of the build
  change from machine to machine and stand among the properties.
- What ended otherwise than by failing (`Exit Code`: Timeout, SEGFAULT ...) is an error.
- `notrun` is a skip, as everywhere. But where a test could not be run (its program is missing,
  a fixture failed) ctest itself fails, so the run is said to have gone wrong as well.
- The list of tests at the top is a plan: where fewer results follow, the run went wrong.
- Output that is compressed is left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from tracker.intake.contract import (
    UNNAMED,
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
    XmlDamage,
    parser,
    seconds_from_text,
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element

STATUSES = {"passed": Status.PASSED, "failed": Status.FAILED, "notrun": Status.SKIPPED}
# The two ways in which a test that failed may have ended as tests do.
ENDED = frozenset({"", "Failed", "Completed"})
# What a test that did not run says where that was meant.
MEANT = ("Disabled", "SKIP_", "Not Run", "Completed")
# Measurements that have a place of their own, or that change with every run.
OWN = frozenset(
    {"Execution Time", "Completion Status", "Exit Code", "Fail Reason", "Environment", "Processors"}
)
SITE = {"BuildName": "build", "Name": "site", "Generator": "generator"}
MOST_NAMED = 10


def looks_like(head: Head) -> float:
    """`Site` is also the root of what was configured, built, covered and uploaded."""
    return 0.9 if head.root == "Site" and "<Testing" in head.text else 0.0


@parser("ctest", recognises="CTest's dashboard file Test.xml", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    run = _Run()
    suite = None
    damage = None
    try:
        for test in xml_elements(report.stream, "Test", "TestList", "Testing"):
            taken = run.take(test)
            if taken is None:
                continue
            path, result = taken
            if path != suite:
                suite = path
                yield Suite(path, _site(test) if run.found == 1 else ())
            yield result
    except XmlDamage as found:
        damage = found
    if damage is not None and not run.found:
        raise ReportError(damage.reason, damage.position)
    if damage is None and not run.is_testing and not run.found:
        raise ReportError("it holds no Testing, so it is not CTest's Test.xml")
    yield from run.closing(is_whole=damage is None)
    if damage is not None:
        yield Damage(damage.reason, damage.position)


class _Run:
    """What was planned and what was found."""

    def __init__(self) -> None:
        self.is_testing = False
        self.found = self.planned = 0
        self._compressed = 0
        self._not_runnable: list[str] = []

    def take(self, element: Element) -> tuple[tuple[str, ...], Result] | None:
        """The suite and the result of a test; None for other elements and for the plan."""
        if element.tag != "Test":
            self.is_testing = True
            return None
        parent = element.getparent()
        if parent is not None and parent.tag == "TestList":
            self.planned += 1
            return None
        self.found += 1
        path, result, compressed, could_not_run = _of_test(element)
        self._compressed += compressed
        if could_not_run:
            self._not_runnable.append(f"{result.name} ({result.message})")
        return path, result

    def closing(self, is_whole: bool) -> Iterator[Record]:
        if count := len(self._not_runnable):
            named = ", ".join(self._not_runnable[:MOST_NAMED])
            more = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
            yield Trouble(f"{count} tests could not be run: {named}{more}")
        if is_whole and self.planned > self.found:
            yield Trouble(f"{self.planned} tests were planned, and {self.found} were run.")
        if self._compressed:
            yield Note(f"the output of {self._compressed} tests is compressed and left out")


class _Measured:
    """What a test measured and printed."""

    __slots__ = ("attachments", "compressed", "properties", "said", "stdout")

    def __init__(self, results: Element | None) -> None:
        self.said: dict[str, str] = {}
        self.properties: list[tuple[str, str]] = []
        self.attachments: list[str] = []
        self.stdout = ""
        self.compressed = False
        for child in results if results is not None else ():
            value = child[0] if len(child) else None
            if child.tag == "NamedMeasurement":
                self._take(child, value)
            elif value is not None and value.keys():
                self.compressed = True
            elif value is not None:
                self.stdout = (value.text or "").strip("\n")

    def _take(self, child: Element, value: Element | None) -> None:
        name, kind = child.get("name") or "", child.get("type") or ""
        if kind == "file" or kind.startswith("image/"):
            self.attachments.append(child.get("filename") or name)
            return
        text = "" if value is None else (value.text or "").strip()
        self.said[name] = text
        if text and name not in OWN:
            self.properties.append((name, text))


def _of_test(test: Element) -> tuple[tuple[str, ...], Result, bool, bool]:
    """Suite and result of a test; whether its output is compressed; whether it could not run."""
    parts = {child.tag: child for child in test}
    measured = _Measured(parts.get("Results"))
    said = measured.said
    word = test.get("Status") or ""
    status = STATUSES.get(word.lower(), Status.UNKNOWN)
    message = raw_status = ""
    could_not_run = False
    if status is Status.FAILED:
        exit_code = said.get("Exit Code", "")
        message = said.get("Fail Reason", "") or _exit(exit_code, said.get("Exit Value"))
        if exit_code not in ENDED:
            status, raw_status = Status.ERROR, exit_code
    elif status is Status.SKIPPED:
        message = raw_status = said.get("Completion Status", "")
        could_not_run = bool(message) and not message.startswith(MEANT)
    elif status is Status.UNKNOWN:
        message, raw_status = f"status {word!r}", word
    if "Labels" in parts:
        measured.properties += [("label", _text(label)) for label in parts["Labels"]]
    result = Result(
        _text(parts.get("Name")) or _text(parts.get("FullName")) or UNNAMED,
        status,
        seconds_from_text(said.get("Execution Time", "")),
        message=message,
        stdout=measured.stdout,
        raw_status=raw_status,
        properties=tuple(measured.properties),
        attachments=tuple(measured.attachments),
    )
    return _path(_text(parts.get("Path"))), result, measured.compressed, could_not_run


def _exit(code: str, value: str | None) -> str:
    if code in ENDED:
        return f"it ended with {value}" if value else ""
    return code


def _site(test: Element) -> tuple[tuple[str, str], ...]:
    """What the root says of where and how the tests ran."""
    root = test.getroottree().getroot()
    return tuple([(name, root.get(key)) for key, name in SITE.items() if root.get(key)])


@lru_cache(maxsize=1024)
def _path(text: str) -> tuple[str, ...]:
    """The folder of a test below the build's; one outside it is another on every machine."""
    text = text.replace("\\", "/")
    if text.startswith("/") or text[1:3] == ":/":
        return ()
    return tuple([part for part in text.split("/") if part not in ("", ".")])


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip()
