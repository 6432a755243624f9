"""What a build lost, for people: missing cases by what explains them, and one sentence of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from tracker.verdicts.missing import Cause, Missing, suite_text


@dataclass(frozen=True)
class Group:
    """Missing cases that one thing explains."""

    cause: Cause
    about: str
    sentence: str
    cases: tuple[int, ...]


def groups(found: Iterable[Missing]) -> tuple[Group, ...]:
    """Missing cases by what explains them, the largest group first."""
    together: dict[tuple[Cause, str], list[Missing]] = defaultdict(list)
    for missing in found:
        alone = f"\n{missing.test.id}" if not missing.about else ""
        if missing.cause is Cause.REMOVED:
            alone = suite_text(missing.test.suite)
        together[missing.cause, missing.about + alone].append(missing)
    rows = [_group(members) for members in together.values()]
    return tuple(sorted(rows, key=lambda row: (-len(row.cases), row.cause, row.about, row.cases)))


def _group(members: Sequence[Missing]) -> Group:
    first = min(members, key=lambda missing: missing.test.id)
    cases = tuple(sorted(missing.test.id for missing in members))
    about, sentence = first.about, first.sentence
    if len(members) > 1 and first.cause is Cause.REMOVED:
        about = suite_text(first.test.suite)
        sentence = f"{len(members):,} cases of the suite {about} are gone. {sentence}"
    elif len(members) > 1 and first.cause is Cause.RENAMED:
        sentence = f"{len(members):,} cases moved to another suite under the same name: {about}."
    elif len(members) > 1 and first.cause is Cause.SKIPPED:
        sentence = f"{len(members):,} cases are skipped in this build and ran before: {about}."
    return Group(first.cause, about, sentence, cases)


_IN_WORDS = {
    Cause.REPORT_MISSING: "{} with {about}",
    Cause.REPORT_CUT: "{} cut off in {about}",
    Cause.SUITE_CRASHED: "{} in suites that broke off",
    Cause.RENAMED: "{} perhaps renamed",
    Cause.SKIPPED: "{} skipped by a new condition",
    Cause.REMOVED: "{} removed",
}


def shrunk(found: Sequence[Missing], count: int) -> str:
    """What a build lost, in one sentence with its denominator; "" where nothing is missing.

    `count` is the number of expected cases.
    """
    if not found:
        return ""
    total = f"{max(count, len(found)):,} expected tests"
    lacking = [missing for missing in found if _is_lacking(missing)]
    renamed = sum(missing.goes_on for missing in found)
    skipped = len(found) - len(lacking) - renamed
    parts = [
        (len(lacking), f"did not run: {_by_cause(lacking)}"),
        (renamed, "ran under other names"),
        (skipped, "were skipped by a new condition"),
    ]
    (count, words), *others = [part for part in parts if part[0]]
    more = "".join(f"; {count:,} more {words}" for count, words in others)
    return f"{count:,} of {total} {words}{more}."


def _is_lacking(missing: Missing) -> bool:
    """Whether it has no result at all, under no name."""
    return not missing.goes_on and missing.cause is not Cause.SKIPPED


def _by_cause(found: Sequence[Missing]) -> str:
    parts = []
    for cause in _IN_WORDS:
        mine = [missing for missing in found if missing.cause is cause]
        if mine:
            about = _reports_named({missing.about for missing in mine})
            parts.append(_IN_WORDS[cause].format(f"{len(mine):,}", about=about))
    return ", ".join(parts)


def _reports_named(names: Set[str]) -> str:
    if len(names) == 1:
        return f"the report {min(names)}"
    return f"{len(names):,} reports"
