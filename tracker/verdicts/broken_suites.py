"""What a suite that could not begin, or broke off, explains of the cases that are gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

from tracker.verdicts.missing import Cause, Missing, Scene, suite_text
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import SuiteKey, Test

_MARKS = re.compile(
    r"initializationError|set_?up_?(class|module)|before_?(all|class|suite)|class_?method"
    r"|^<(init|tear-down)>$|^executionError$|collection[ _]error|\bdid not (complete|finish)",
    re.IGNORECASE,
)
_CRASHES = re.compile(
    r"\bterminated without|\bdid not (complete|finish)|\bcore dumped|\bSIG(SEGV|ABRT|KILL|BUS)\b"
    r"|\bOutOfMemoryError\b|^panic: |\bworker '?\w+'? crashed|\bsegmentation fault"
    r"|\b(process|fork|host|VM|runner) (has )?(crashed|exited|died|was killed)",
    re.IGNORECASE | re.MULTILINE,
)


def told_by_suites(scene: Scene, gone: Sequence[Test]) -> dict[int, Missing]:
    """For each case that was to come in a suite that broke off: its cause."""
    suites: dict[tuple[SuiteKey, str], list[Test]] = defaultdict(list)
    for test in gone:
        suites[test.home, test.report].append(test)
    here: dict[SuiteKey, dict[int, Test]] = defaultdict(dict)
    for test in (*scene.come, *scene.beside):
        here[test.home][test.id] = test
    marks = [test for test in scene.come if test.status.is_failure]
    found: dict[int, Missing] = {}
    known = scene.failed_before
    for (home, report), tests in suites.items():
        mine = list(here[home].values())
        same = [test for test in mine if test.report == report]
        mark = _mark(mine) or _named_after(home, marks) or _last_breath(same, tests, known)
        if mark:
            found |= _broken_off(mark, tests, len(mine) + scene.rest.get(home, 0))
    return found


def _mark(here: Iterable[Test]) -> Test | None:
    """The result that stands for the suite, or tells that its process died."""
    failed = [test for test in here if test.status.is_failure]
    marks = [test for test in failed if _MARKS.search(test.name) or _CRASHES.search(test.trace)]
    return min(marks, key=lambda test: test.id, default=None)


def _named_after(home: SuiteKey, marks: Iterable[Test]) -> Test | None:
    """A failure outside the suite that bears its name: what could not be loaded or set up."""
    suite, variant = home
    name = suite[-1] if suite else ""
    found = [
        mark
        for mark in marks
        if name
        and mark.variant == variant
        and (mark.name == name or (name in mark.name and _MARKS.search(mark.name)))
    ]
    return min(found, key=lambda test: test.id, default=None)


def _last_breath(here: Sequence[Test], gone: Sequence[Test], known: Set[int]) -> Test | None:
    """The last result, where it is an error and all that is gone would have come after it.

    Where their order is not known: the only error of the suite, if it is not `known`.
    """
    ended = [(test.place, test.id, test) for test in here if test.place is not None]
    if not ended or any(test.place is None for test in gone):
        errors = [test for test in here if test.status is Status.ERROR]
        return errors[0] if len(errors) == 1 and errors[0].id not in known else None
    end, _, last = max(ended, key=lambda row: row[:2])
    is_end = all((test.place or 0) > end for test in gone)
    return last if last.status is Status.ERROR and is_end else None


def _broken_off(mark: Test, tests: Sequence[Test], here: int) -> dict[int, Missing]:
    about = suite_text(tests[0].suite)
    sentence = (
        f"The suite {about} broke off with {mark.name} ({mark.status.word}): "
        f"{len(tests):,} of its {len(tests) + here:,} cases have no result."
    )
    return {test.id: Missing(test, Cause.SUITE_CRASHED, sentence, about) for test in tests}
