"""What a validation says: findings, what was looked at, and the report of both."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# So many examples of a finding are kept.
EXAMPLES = 5


class Kind(enum.StrEnum):
    """What a check is about.

    integrity    rows that refer to nothing, are there twice, or hold what no row may
    calculation  what is derived differs from what the results give
    consistency  rows that contradict one another, the spool or the published site
    comparison   two databases tell different things
    """

    INTEGRITY = "integrity"
    CALCULATION = "calculation"
    CONSISTENCY = "consistency"
    COMPARISON = "comparison"


class Severity(enum.StrEnum):
    """An error makes pages say what is not so; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """What one check found: `count` cases of it, some of them as examples in words.

    `check` is the id of the check, such as `integrity.orphans.result`; `sentence` says what is
    wrong, `remedy` what to do next.
    """

    check: str
    kind: Kind
    severity: Severity
    sentence: str
    count: int
    remedy: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """One check that was made: what holds, over how many rows, and how many break it.

    `skipped` says why it was not made, "" where it was; then nothing is known.
    """

    check: str
    kind: Kind
    sentence: str
    looked: int
    found: int
    seconds: float = 0.0
    skipped: str = ""


@dataclass(frozen=True)
class Report:
    """All that a validation says of `subject`, a database, at the time `at` (ms since 1970 UTC).

    `facts` are further figures by name, such as the revision; `notes` are sentences about what
    was left out and why, which are no findings.
    """

    subject: str
    at: int
    checks: Sequence[Checked]
    findings: Sequence[Finding]
    seconds: float = 0.0
    facts: Mapping[str, int | str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def looked(self) -> int:
        """How many rows were looked at, each as often as a check did."""
        return sum(each.looked for each in self.checks)
