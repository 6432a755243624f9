"""From the frames of the parsing child to the reports of a file, in the parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tracker.errors import SettingsError
from tracker.intake.frames import Begin, Broken, End, Frame, Ready, Refusal, Seal
from tracker.intake.rows import Batch, Tail, apply_retries
from tracker.intake.spool import SpooledReport
from tracker.store.records import DAMAGED, WENT_WRONG, Contents, ReadReport


@dataclass
class _Reading:
    """One report while its frames come in."""

    source: SpooledReport
    begin: Begin = field(default_factory=lambda: Begin("", 0))
    refusal: Refusal | None = None
    tail: Tail = field(default_factory=Tail)
    rows: Batch = field(default_factory=Batch)

    def add(self, batch: Batch) -> None:
        rows = self.rows
        rows.suites.update(batch.suites)
        rows.cases.update(batch.cases)
        rows.results.extend(batch.results)
        rows.failures.update(batch.failures)
        rows.attempts.extend(batch.attempts)
        rows.outputs.update(batch.outputs)
        rows.details.update(batch.details)
        rows.suite_runs.update(batch.suite_runs)

    def report(self, seal: Seal) -> ReadReport:
        """The report, which is whole as far as its bytes are."""
        bare = self.bare(seal)
        if self.refusal is not None:
            refusal = self.refusal
            return replace(bare, failure=refusal.reason, unrecognised=refusal.unrecognised)
        rows, tail = self.rows, self.tail
        results, attempts = rows.results, rows.attempts
        if tail.retries:
            results, attempts = apply_retries(results, attempts, tail.retries)
        return replace(
            bare,
            recovered=bool(tail.damage or tail.trouble),
            rerun=tail.rerun,
            warnings=_warnings(tail, bool(results)),
            contents=Contents(
                suites=rows.suites,
                cases=rows.cases,
                results=results,
                failures=rows.failures,
                attempts=attempts,
                outputs=rows.outputs,
                details=rows.details,
                suite_runs=rows.suite_runs,
                variant=tail.variant,
            ),
        )

    def bare(self, seal: Seal) -> ReadReport:
        """What is known of the report apart from what is in it."""
        source, entry = self.source, self.begin.entry
        return ReadReport(
            name=f"{source.name}/{entry}" if entry else source.name,
            sha256=seal.sha256 if entry else source.sha256,
            size=seal.size if entry else source.size,
            variant=source.variant,
            format=self.begin.format,
            parser_version=self.begin.parser_version,
            stand_in=source.stand_in,
            decides=source.decides,
            archive=source.sha256 if entry else "",
        )


def _warnings(tail: Tail, has_results: bool) -> tuple[str, ...]:
    notes = list(tail.notes)
    if not has_results:
        notes.insert(0, "It holds no tests.")
    notes = [*(f"{WENT_WRONG}{text}" for text in tail.trouble), *notes]
    if tail.damage:
        notes.insert(0, _damaged(tail.damage))
    return tuple(notes)


def _damaged(why: str) -> str:
    return f"{DAMAGED}{why}; what came before was kept."


class Assembly:
    """One file while the reports in it come in."""

    def __init__(self, source: SpooledReport) -> None:
        self.source = source
        self.current = _Reading(source)
        self.reports: list[ReadReport] = []

    def take(self, frames: Iterator[Frame]) -> End | None:
        """Take frames up to the end of this file; None when the child ended before it."""
        for frame in frames:
            match frame:
                case Batch():
                    self.current.add(frame)
                case Begin():
                    self.current.begin = frame
                case Tail():
                    self.current.tail = frame
                case Refusal():
                    self.current.refusal = frame
                case Seal():
                    self.reports.append(self.current.report(frame))
                    self.current = _Reading(self.source)
                case End():
                    return frame
                case Broken():
                    raise SettingsError(frame.reason)
                case Ready():
                    pass
        return None

    def done(self, end: End) -> list[ReadReport]:
        """The reports of the file, behind what stands for an archive of several."""
        if end.archive and not self.reports:
            why = [f"no report was found in this {end.archive} archive", end.damage, *end.notes]
            reason = "; ".join(filter(None, why))
            return [replace(self.itself(end.archive), failure=reason, unrecognised=not end.damage)]
        notes = tuple(end.notes)
        if end.damage:
            notes = (_damaged(end.damage), *notes)
        if len(self.reports) == 1:
            [only] = self.reports
            whole = replace(
                only,
                name=self.source.name,
                sha256=self.source.sha256,
                size=self.source.size,
                archive="",
                recovered=only.recovered or bool(end.damage and not only.failure),
                warnings=(*only.warnings, *notes),
            )
            return [whole]
        itself = replace(self.itself(end.archive), recovered=bool(end.damage), warnings=notes)
        return [replace(itself, parser_version=end.parsers), *self.reports]

    def broken_off(self, cause: str) -> list[ReadReport]:
        """The reports that were whole, and the file itself, which could not be read to its end."""
        begin = self.current.begin
        if begin.entry:
            return [replace(self.itself(), failure=f"{cause} (at {begin.entry})"), *self.reports]
        own = replace(self.itself(begin.format), parser_version=begin.parser_version)
        return [replace(own, failure=cause), *self.reports]

    def itself(self, kind: str = "") -> ReadReport:
        """What stands for the file as a whole."""
        source = self.source
        return ReadReport(
            name=source.name,
            sha256=source.sha256,
            size=source.size,
            variant=source.variant,
            format=kind,
            stand_in=source.stand_in,
            decides=source.decides,
        )
