"""The results of one build on one topology as a report: what the tracker keeps, and the file of it.

The file is JUnit XML as pytest writes it, so that the tests are the same as those of reports which
the tracker reads itself, and the rows can be read again when the earlier application is gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape

from tracker.intake.contract import Attempt, Result, Status
from tracker.intake.text import storable
from tracker.operations.legacy.tables import LegacyResult

SUITE = "pytest"
STATUS = {
    "PASSED": Status.PASSED,
    "FAILED": Status.FAILED,
    "ERROR": Status.ERROR,
    "SKIPPED": Status.SKIPPED,
}
_ELEMENT = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped"}
# What no XML may hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\n\t\r]')
_LINE_ENDS = str.maketrans({"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def result_of(row: LegacyResult) -> Result:
    """A row as a result: a rerun is an attempt before it, the order and the setup properties."""
    status = STATUS.get(row.status, Status.UNKNOWN)
    message, trace = _texts(row.failure_message)
    attempts: tuple[Attempt, ...] = ()
    if row.was_rerun:
        # What was run again had failed; where it passed then, the text is that of the failure.
        is_text_of_it = status is Status.PASSED
        attempts = (Attempt(Status.FAILED, None, *((message, trace) if is_text_of_it else ())),)
    if status in (Status.PASSED, Status.UNKNOWN):
        message, trace = ("", "") if status is Status.PASSED else (f"status {row.status!r}", "")
    return Result(
        _clean(row.test_name),
        status,
        classname=_class_of(row.file_path, row.class_name),
        message=message,
        trace="" if status is Status.SKIPPED else trace,
        attempts=attempts,
        file=_file_of(row.file_path),
        raw_status=row.status if status is Status.UNKNOWN else "",
        properties=_properties(row),
    )


def as_xml(results: Sequence[Result]) -> bytes:
    """The results as JUnit XML, a test a line."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="{SUITE}"'
    lines = [f'{head} tests="{len(results)}">', *map(_case, results), "</testsuite>\n"]
    return "\n".join(lines).encode()


@lru_cache(1024)
def _class_of(file_path: str, class_name: str) -> str:
    """As pytest's JUnit XML has it: `tests/test_a.py` and `TestB` are `tests.test_a.TestB`."""
    module = file_path.replace("\\", "/").replace("/", ".").removesuffix(".py")
    return _clean(".".join(filter(None, (module, *class_name.split("::")))))


@lru_cache(1024)
def _file_of(file_path: str) -> str:
    return _clean(file_path)


def _texts(failure: str) -> tuple[str, str]:
    """The message, and the text that was put behind it."""
    if not failure:
        return "", ""
    message, _, trace = _clean(failure).partition("\n\n")
    return message.strip(), trace.strip("\r\n")


def _properties(row: LegacyResult) -> tuple[tuple[str, str], ...]:
    told = []
    if row.setup_ip:
        told.append(("setup_ip", _clean(row.setup_ip)))
    if row.order_index is not None:
        told.append(("order", str(row.order_index)))
    if row.testcase_module:
        told.append(("testcase_module", _clean(row.testcase_module)))
    return tuple(told)


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():  # as most are; a tenth of what the rest costs
        return text
    return _NOT_XML.sub("�", storable(text).replace("\r\n", "\n").replace("\r", "\n"))


def _case(result: Result) -> str:
    status = f' status="{_quoted(result.raw_status)}"' if result.raw_status else ""
    return (
        f'<testcase classname="{_quoted(result.classname)}" name="{_quoted(result.name)}"'
        f' file="{_quoted(result.file)}"{status}>{_inside(result)}</testcase>'
    )


def _inside(result: Result) -> str:
    told = "".join(
        [f'<property name="{name}" value="{_quoted(value)}"/>' for name, value in result.properties]
    )
    inside = f"<properties>{told}</properties>" if told else ""
    if element := _ELEMENT.get(result.status):
        inside += _said(element, result)
    for attempt in result.attempts:
        kind = "flakyFailure" if result.status is Status.PASSED else "rerunFailure"
        inside += _said(kind, attempt)
    return inside


def _said(element: str, of: Result | Attempt) -> str:
    message = f' message="{_quoted(of.message)}"' if of.message else ""
    return f"<{element}{message}>{escape(of.trace, quote=False)}</{element}>"


def _quoted(text: str) -> str:
    """The text inside of quotes, in which XML takes the end of a line for a blank."""
    return escape(text).translate(_LINE_ENDS) if _SPECIAL.search(text) else text
