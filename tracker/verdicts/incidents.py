"""Incidents: a build that failed as a whole for one reason says nothing of each of its cases.

It is shown, and kept out of their histories, so that one night without a database makes no case
flaky. Where the next build with results fails likewise it was no incident: then all of it counts,
and the cases are regressions since the first of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass

# Of the cases that ran, this share failed that did not fail before, and so many of them ...
SHARE = 0.2
AT_LEAST = 10
# ... for this share of them for one and the same reason.
ONE_REASON = 0.8
# The share of an incident's cases that fail in the next build where it was none.
AGAIN = 0.5


@dataclass(frozen=True)
class Incident:
    """How many cases failed unexpectedly, of how many that ran, and how many for `reason`."""

    reason: str
    failures: int
    ran: int
    of_reason: int


def is_large(failures: int, ran: int) -> bool:
    """Whether so many unexpected failures may be an incident."""
    return failures >= AT_LEAST and failures >= SHARE * ran


def incident(unexpected: Mapping[int, str], ran: int) -> Incident | None:
    """The incident that a build was: `unexpected` failures by case with their reason, of `ran`."""
    failures = len(unexpected)
    if not is_large(failures, ran):
        return None
    [(reason, many)] = Counter(sorted(unexpected.values())).most_common(1)
    if many < ONE_REASON * failures:
        return None
    return Incident(reason, failures, ran, many)


def was_none(cases: Set[int], failed_next: Set[int]) -> bool:
    """Whether the build after it fails likewise, so that the cases of an incident are broken."""
    return len(cases & failed_next) >= AGAIN * len(cases)


def is_out(*, is_incident: bool, is_lifted: bool) -> bool:
    """Whether a build is kept out of histories: an incident that the next build did not lift."""
    return is_incident and not is_lifted
