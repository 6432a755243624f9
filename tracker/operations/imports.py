"""Import an export into this tracker: section by section, each in one transaction.

What is here already is left as it is, so that an import can be repeated, and goes on where an
earlier one was cut off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from tracker.beat import Beat, unheard
from tracker.errors import Conflict, Unreadable, UsageError
from tracker.operations import import_build
from tracker.operations.export import records
from tracker.operations.export.everything import CATALOGUE, columns_of
from tracker.operations.export.verdicts import BUILDS, CASES, DERIVED
from tracker.operations.import_lines import AGAIN, sections
from tracker.queries.dump import COUNTS
from tracker.store.identity import number
from tracker.store.imported import put_job, put_row, put_rule, set_flags
from tracker.store.imported_families import (
    ToldDecision,
    ToldFamily,
    ToldSignature,
    put_families,
)
from tracker.store.imported_verdicts import FinalVerdicts, NamedCase, put_verdicts
from tracker.store.jobs import check_job_name
from tracker.store.without_bytes import note_import
from tracker.verdicts.signatures import ALGORITHM, Signature

R = TypeVar("R", bound=records.Record)


@dataclass(frozen=True)
class Imported:
    """What became of an export.

    builds, results   that were not here before
    known             builds that were here already
    jobs, others      jobs, and rules, rows of the catalogue, families of failures and decisions on
                      them, that were not here before
    left              what was left as it is, with the reason
    trouble           why the rest of the export could not be read, "" where all was
    """

    builds: int
    results: int
    known: int
    jobs: int
    others: int
    left: tuple[str, ...]
    trouble: str


def import_lines(lines: Iterable[bytes], *, now: int, beat: Beat = unheard) -> Imported:
    """Import an export, given by its lines, at a time (ms); `beat` is told of each job.

    Unreadable where the first line says that it is none. Damage further on ends the import: all
    before it is in, and `trouble` names the line.
    """
    work = _Import(now, beat)
    try:
        for section in sections(lines):
            work.take(section)
    except Unreadable as error:
        if not work.has_begun:
            raise Unreadable(error.message, f"Nothing was imported. {error.remedy}") from error
        work.trouble = f"{error.message} What came before it is imported. {error.remedy}"
    return work.done()


@dataclass
class _Import:
    """An import under way."""

    now: int
    beat: Beat
    counts: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    trouble: str = ""
    has_begun: bool = False
    noted: set[str] = field(default_factory=set)

    def take(self, section: Sequence[records.Record]) -> None:
        """Take over a section; what cannot be is written down, and the others go on."""
        self.has_begun = True
        first = section[0]
        try:
            for kind, take in _TAKEN.items():
                if isinstance(first, kind):
                    take(self, section)
        except Conflict as error:
            self.left.append(str(error))
        except (msgspec.DecodeError, UsageError, ValueError, KeyError, TypeError) as error:
            raise _meaningless(first, error) from error

    def done(self) -> Imported:
        counts = self.counts
        return Imported(
            builds=counts["builds"],
            results=counts["results"],
            known=counts["known"],
            jobs=counts["jobs"],
            others=counts["others"],
            left=tuple(self.left),
            trouble=self.trouble,
        )


def _take_head(work: _Import, section: Sequence[records.Record]) -> None:
    for each in section[1:]:
        if isinstance(each, records.Rule):
            work.counts["others"] += put_rule(each.of, each.pattern, each.value)
        elif isinstance(each, records.Fact):
            if each.table not in CATALOGUE or set(each.values) != set(columns_of(each.table)):
                raise ValueError(f"{each.table!r} is no table of the catalogue with these columns")
            work.counts["others"] += put_row(each.table, each.values)


def _take_families(work: _Import, section: Sequence[records.Record]) -> None:
    signatures = [_signature(each) for each in _of(section, records.Signature)]
    if any(each.signature.algorithm != ALGORITHM for each in signatures):
        work.left.append(
            "Families of failures and what was decided of them: another version made them, which"
            " tells causes apart in another way."
        )
        return
    told = [ToldFamily(**_values(each)) for each in _of(section, records.Family)]
    decisions = [
        ToldDecision(kind=values.pop("of"), **values)
        for values in map(_values, _of(section, records.Decision))
    ]
    work.counts["others"] += put_families(told, signatures, decisions, now=work.now)


def _signature(told: records.Signature) -> ToldSignature:
    values = _values(told)
    family, first = values.pop("family"), values.pop("first")
    return ToldSignature(Signature(**values), family, first)


def _values(record: records.Record) -> dict[str, Any]:
    return msgspec.structs.asdict(record)


def _take_job(work: _Import, section: Sequence[records.Record]) -> None:
    [job] = _of(section, records.Job)
    told = msgspec.structs.asdict(job)
    name = check_job_name(told.pop("name"))
    work.beat(name)
    former, given = told.pop("former"), told.pop("given")
    told["kind"] = told.pop("type")
    work.counts["jobs"] += put_job(name, told, former, given)


def _take_build(work: _Import, section: Sequence[records.Record]) -> None:
    [build] = _of(section, records.Build)
    if build.job not in work.noted:
        # Its reports have no bytes in the spool: intake and validation have to know why.
        work.noted.add(build.job)
        note_import(build.job)
    done = import_build.record(section)
    set_flags(done.build_id, gone=build.gone, kept=build.kept)
    if done.created or done.added:
        work.counts["builds"] += 1
        work.counts["results"] += sum(isinstance(each, records.Result) for each in section)
    else:
        work.counts["known"] += 1
    if done.epoch != build.epoch:
        work.left.append(
            f"Build {build.number} of {build.job!r} is of epoch {done.epoch} here, not"
            f" {build.epoch}: builds of that job are here that the export does not have."
        )


def _take_verdicts(work: _Import, section: Sequence[records.Record]) -> None:
    [head] = _of(section, records.Verdicts)
    put_verdicts(_final(head, section), now=work.now)


def _final(head: records.Verdicts, section: Sequence[records.Record]) -> FinalVerdicts:
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in DERIVED}
    for each in _of(section, records.Derived):
        if set(each.values) != set(DERIVED[each.table][0]):
            raise ValueError(f"a row of {each.table} has other columns")
        rows[each.table].append({name: _read(name, value) for name, value in each.values.items()})
    for _, _, counts, _ in head.builds:
        if set(counts) != set(COUNTS):
            raise ValueError("a build has other counts")
    return FinalVerdicts(
        job=head.job,
        judged_from=head.judged_from,
        counts={(epoch, number): counts for epoch, number, counts, _ in head.builds},
        let_go={(epoch, number): at for epoch, number, _, at in head.builds if at is not None},
        cases=[_case(each) for each in _of(section, records.Case)],
        rows=rows,
        came={table: column for table, (_, column) in DERIVED.items()},
    )


def _of(section: Iterable[records.Record], kind: type[R]) -> list[R]:
    return [each for each in section if isinstance(each, kind)]


def _meaningless(first: records.Record, error: Exception) -> Unreadable:
    what = getattr(first, "job", None) or getattr(first, "name", None) or "the head"
    number = f" #{first.number}" if isinstance(first, records.Build) else ""
    return Unreadable(
        f"The section of {what}{number} of the export means nothing ({error}).",
        AGAIN,
    )


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in BUILDS:
        epoch, number = value
        return int(epoch), int(number)
    return int(value, 16) if name in CASES else value


def _case(told: records.Case) -> NamedCase:
    suite = number(told.suite) if told.suite_key is None else int(told.suite_key, 16)
    return NamedCase(int(told.key, 16), suite, told.suite, told.name, told.variant)


_TAKEN: dict[type[records.Record], Callable[[_Import, Sequence[records.Record]], None]] = {
    records.Export: _take_head,
    records.Family: _take_families,
    records.Job: _take_job,
    records.Build: _take_build,
    records.Verdicts: _take_verdicts,
}
