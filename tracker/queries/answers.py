"""What whoever sent results is told: counts, what is newly broken, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.one_line import one_line
from tracker.queries import builds, results
from tracker.queries.build_rows import Totals
from tracker.queries.select import snapshot
from tracker.store.identity import SUITE_JOINT
from tracker.store.records import Recorded
from tracker.store.state_words import BuildState

NEW_SHOWN = 20


@dataclass(frozen=True)
class NewlyBroken:
    """A case that began to fail in the build."""

    key: str
    suite: str
    name: str
    variant: str
    verdict: str
    message: str


@dataclass(frozen=True)
class UploadAnswer:
    """The answer to an upload. `added` and `known` name reports, `refused` says why by name.

    `missing` of the expected cases have no result, as `shortfall` says, once the build is complete.
    What is counted as new and fixed, and `new`, tell nothing until the build `has_verdicts`: never
    where it is not `to_be_judged`, as one that was aborted or not built.
    """

    job: str
    build: int
    epoch: int
    label: str
    added: tuple[str, ...]
    known: tuple[str, ...]
    totals: Totals
    complete: bool
    has_verdicts: bool
    to_be_judged: bool
    regressions: int
    new_failures: int
    fixed: int
    missing: int
    shortfall: str
    new: tuple[NewlyBroken, ...]
    refused: dict[str, str]
    warnings: tuple[str, ...]


def answer(
    recorded: Recorded, refused: Mapping[str, str], warnings: Mapping[str, tuple[str, ...]]
) -> UploadAnswer:
    """The answer about a build that was just recorded."""
    label = f"{recorded.number}~{recorded.epoch}"
    with snapshot():
        row = builds.build(recorded.job, label)
        has_verdicts = results.has_verdicts(row)
        new = results.results(recorded.job, label, "new", limit=NEW_SHOWN)
    return UploadAnswer(
        job=row.job,
        build=row.number,
        epoch=row.epoch,
        label=row.label,
        added=recorded.added,
        known=recorded.known,
        totals=row.totals,
        complete=row.complete,
        has_verdicts=has_verdicts,
        to_be_judged=row.judged or row.state == BuildState.RUNNING,
        regressions=row.regressions,
        new_failures=row.new_failures,
        fixed=row.fixed,
        missing=row.missing,
        shortfall=row.shortfall,
        new=tuple(
            NewlyBroken(
                case.key,
                SUITE_JOINT.join(case.suite),
                case.name,
                case.variant,
                case.verdict,
                case.message[:500],
            )
            for case in new
        ),
        refused=dict(refused),
        warnings=tuple(
            f"{name}: {text}" for name, texts in sorted(warnings.items()) for text in texts
        ),
    )


def as_text(answer: UploadAnswer) -> str:
    """The answer for the log of a build: one fact a line, nothing that steers a terminal."""
    totals = answer.totals
    lines = [
        f"{answer.job} #{answer.label}: {totals.total} tests, {totals.failures} failed,"
        f" {totals.skipped} skipped; {_judged(answer)}"
    ]
    if answer.shortfall:
        lines.append(answer.shortfall)
    lines += [
        f"  {case.verdict}: {case.suite} {case.name} {case.variant}".rstrip() for case in answer.new
    ]
    more = answer.regressions + answer.new_failures - len(answer.new)
    if more > 0 and answer.has_verdicts:
        lines.append(f"  and {more} more")
    lines += [f"not read: {name}: {reason}" for name, reason in answer.refused.items()]
    lines += [f"warning: {text}" for text in answer.warnings]
    return "".join(f"{one_line(line)}\n" for line in lines)


def _judged(answer: UploadAnswer) -> str:
    if not answer.has_verdicts:
        return "not judged yet" if answer.to_be_judged else "not judged"
    return (
        f"{answer.regressions} regressions, {answer.new_failures} new failures,"
        f" {answer.fixed} fixed"
    )
