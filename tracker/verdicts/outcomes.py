"""The five statuses a result can have, and which of them count."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """The outcome of one case in one build; the numbers are what the store keeps."""

    PASSED = 0
    FAILED = 1
    ERROR = 2
    SKIPPED = 3
    UNKNOWN = 4

    @property
    def word(self) -> str:
        """The status as pages, JSON and messages spell it."""
        return self.name.lower()

    @property
    def is_failure(self) -> bool:
        """Whether it counts as failed: a failure or an error."""
        return self in FAILURES

    @classmethod
    def named(cls, word: str) -> Status:
        """The status spelt `word`; KeyError for any other word."""
        return cls[word.upper()]


FAILURES = frozenset({Status.FAILED, Status.ERROR})

# Skipped and unknown results never are "the previous result" of a case.
COUNTED = frozenset({Status.PASSED, Status.FAILED, Status.ERROR})

# Shown, and never judged: what ran there says nothing about the tests.
NOT_JUDGED = ("ABORTED", "NOT_BUILT")
UNJUDGED_STATES = ("running", "lost")


def is_judged(state: str, result: str | None) -> bool:
    """Whether a build in this state, with this result of Jenkins, counts in the history."""
    return state not in UNJUDGED_STATES and result not in NOT_JUDGED


# Which of two readings of the same test is kept: the worse one, never the greener one.
WORST_FIRST = (Status.ERROR, Status.FAILED, Status.UNKNOWN, Status.PASSED, Status.SKIPPED)
