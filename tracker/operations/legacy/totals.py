"""The totals that the earlier application stored of a build, held against its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracker.operations.legacy.report import STATUS
from tracker.operations.legacy.tables import LegacyJob, LegacyResult
from tracker.verdicts.outcomes import Status

UNKNOWN = "the cause is not known"
WORDS = ("total", "passed", "failed", "skipped")


def counted(kept: Sequence[LegacyResult]) -> dict[str, int]:
    """How many results of each of our statuses these are, and `total`."""
    words = Counter(row.status for row in kept)
    counts: Counter[Status] = Counter()
    for word, count in words.items():
        counts[STATUS.get(word, Status.UNKNOWN)] += count
    return {"total": len(kept), **{status.word: counts[status] for status in Status}}


def difference_of(job: LegacyJob, kept: Sequence[LegacyResult], repeats: int) -> str:
    """In words, where the stored totals are not those of the rows, and why; "" where they are.

    `kept` are the rows of the build, each test once, `repeats` counts those that were left out.
    """
    stored = {word: getattr(job, word) or 0 for word in WORDS}
    counts = counted(kept)
    here = {word: counts[word] for word in WORDS}
    if stored == here:
        return ""
    said = ", ".join(
        f"{here[word]} {word} here and {stored[word]} there"
        for word in WORDS
        if here[word] != stored[word]
    )
    return f"{said} ({'; '.join(causes(job, kept, repeats)) or UNKNOWN})"


def causes(job: LegacyJob, kept: Sequence[LegacyResult], repeats: int) -> list[str]:
    """What of the rows explains that stored totals differ."""
    errors = sum(row.status == "ERROR" for row in kept)
    others = sum(row.status not in STATUS for row in kept)
    removed = sum(row.is_removed == 1 for row in kept)
    found = []
    if errors:
        found.append(f"{errors} of status ERROR, which is no failure here but an error")
    if others:
        found.append(f"{others} of a status that is not known, which is unknown here")
    if repeats:
        found.append(f"{repeats} rows of tests that are there twice")
    if removed and (job.total or 0) == len(kept) - removed:
        found.append(f"{removed} of removed tests, which are counted here")
    return found
