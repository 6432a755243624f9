"""A test as a build has it, or as it was when it was last seen."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.verdicts.outcomes import Status

SuiteKey = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)  # a lost report has tens of thousands of them
class Test:
    """A case as it was when it was last seen, or is in this build.

    suite        names of the suites around it, outermost first
    file         where it is written, "" where the report does not say
    report       the report it came from, "" where that is not known
    place        its place among the results of its report, from 0; None where not known
    duration_ms  None where the report does not tell
    trace        message and stack trace, "" where it passed
    """

    id: int
    suite: tuple[str, ...]
    name: str
    variant: str = ""
    file: str = ""
    report: str = ""
    place: int | None = None
    status: Status = Status.PASSED
    duration_ms: int | None = None
    trace: str = ""

    @property
    def home(self) -> SuiteKey:
        """Its suite in its variant."""
        return self.suite, self.variant
