"""The checks of a comparison with the earlier application, and what each of them found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.operations.validation.findings import EXAMPLES, Checked, Finding, Kind, Severity

IMPORT = "Run `tracker import-legacy` again."


@dataclass(frozen=True)
class _Check:
    """A check of this comparison: what holds where nothing is found, and what to do otherwise."""

    holds: str
    broken: str
    remedy: str


CHECKS = {
    "comparison.releases": _Check(
        "Each release has as many builds and results of each status as there.",
        "Releases have other counts than there.",
        IMPORT,
    ),
    "comparison.modules": _Check(
        "Each module of a release has as many builds and results of each status as there.",
        "Modules have other counts than there.",
        IMPORT,
    ),
    "comparison.builds": _Check(
        "Each build has as many results of each status as there.",
        "Builds have other counts than there, or are not here.",
        f"{IMPORT} Where that changes nothing, look at what the build's page tells of its reports.",
    ),
    "comparison.stored": _Check(
        "The totals that are stored there of a build are those of its rows, or differ as is known.",
        "Totals that are stored there are not those of the rows, and nothing explains it.",
        "Here they are counted from the rows; what was stored there cannot be mended here.",
    ),
    "comparison.releases.facts": _Check(
        "What is told of each release is the same here.", "Releases are told of otherwise.", IMPORT
    ),
    "comparison.metadata": _Check(
        "All test metadata are here, as they are there.", "Test metadata differ.", IMPORT
    ),
    "comparison.issues": _Check(
        "All bugs and their links are here, as they are there.", "Known issues differ.", IMPORT
    ),
}


class Comparison:
    """What was looked at and found, by check."""

    def __init__(self) -> None:
        self.looked: Counter[str] = Counter()
        self.found: dict[str, list[str]] = defaultdict(list)
        self.notes: list[str] = []

    def look(self, check: str, broken: str) -> None:
        """One thing was looked at; `broken` says what is wrong with it, "" where nothing is."""
        self.looked[check] += 1
        if broken:
            self.found[check].append(broken)


def checked(comparison: Comparison) -> Iterator[Checked]:
    """Each check with how much was looked at and found."""
    for check, words in CHECKS.items():
        found: Sequence[str] = comparison.found.get(check, ())
        yield Checked(check, Kind.COMPARISON, words.holds, comparison.looked[check], len(found))


def findings(comparison: Comparison) -> Iterator[Finding]:
    """What was found, a check a finding."""
    for check, words in CHECKS.items():
        if found := comparison.found.get(check):
            yield Finding(
                check=check,
                kind=Kind.COMPARISON,
                severity=Severity.ERROR,
                sentence=words.broken,
                count=len(found),
                remedy=words.remedy,
                examples=tuple(found[:EXAMPLES]),
            )
