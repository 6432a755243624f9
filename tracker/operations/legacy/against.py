"""Comparing the tracker with the database of the earlier application, while both run.

Release by release, module by module and build by build the counts there, from the rows, are held
against ours, and so are test metadata and known issues. What has a known cause is a note, what has
none a finding.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from tracker.clock import now_ms
from tracker.operations.legacy.against_catalogue import compare_catalogues
from tracker.operations.legacy.comparison import Comparison, checked, findings
from tracker.operations.legacy.layout import LegacyModuleBuilds, layout_of
from tracker.operations.legacy.mapping import facts_of, without_repeats
from tracker.operations.legacy.reader import LegacyDatabase, opened
from tracker.operations.legacy.take_over import server_prefixes
from tracker.operations.legacy.totals import UNKNOWN, counted, difference_of
from tracker.operations.validation.findings import Report
from tracker.store import taken_over
from tracker.store.connection import reading
from tracker.store.models import RESULT_COUNTS
from tracker.store.sql import run


def compare(path: Path) -> Report:
    """Hold what is here against the database `path`; the store is open.

    Raises what `opened` raises for a file that cannot be read.
    """
    began = time.monotonic()
    with opened(path) as legacy:
        comparison = Comparison()
        prefixes = server_prefixes()
        layout = layout_of(legacy, prefixes, taken_over.given_names())
        there: dict[str, Counter[str]] = defaultdict(Counter)
        here: dict[str, Counter[str]] = defaultdict(Counter)
        for module in layout.modules:
            sums = _module(legacy, module, comparison)
            there[module.release] += sums[0]
            here[module.release] += sums[1]
        for release in there:
            comparison.look(
                "comparison.releases", _differs(f"release {release}", there[release], here[release])
            )
        compare_catalogues(legacy, prefixes, comparison)
        facts = _facts(legacy)
    return Report(
        subject=str(path),
        at=now_ms(),
        checks=tuple(checked(comparison)),
        findings=tuple(findings(comparison)),
        seconds=time.monotonic() - began,
        facts=facts,
        notes=tuple(comparison.notes),
    )


def _module(
    legacy: LegacyDatabase, module: LegacyModuleBuilds, comparison: Comparison
) -> tuple[Counter[str], Counter[str]]:
    """Compare the builds of a module; the sums there and here that ought to be the same.

    A build that the tracker read itself is counted with what it has here on both sides: what it
    has there is told as a note.
    """
    builds = taken_over.builds_here(module.name)
    totals = _totals(module.name)
    place = f"{module.release}/{module.module}"
    there: Counter[str] = Counter()
    here: Counter[str] = Counter()
    for number, job in module.builds.items():
        rows = legacy.results(job)
        kept = without_repeats(rows)
        wanted = counted(kept)
        what = f"{place} #{number}"
        _stored(what, difference_of(job, kept, len(rows) - len(kept)), comparison)
        facts = facts_of(job, module.name, number, module.main_job)
        found = taken_over.match(builds.get(number, ()), facts)
        counts = totals.get(found.id) if found else None
        is_own = found is not None and not found.is_taken
        due = _build(what, wanted, counts, comparison, is_own=is_own)
        there += Counter({"builds": 1, **due})
        here += Counter({"builds": 1, **counts} if counts is not None else {})
    comparison.look("comparison.modules", _differs(place, there, here))
    gone = [number for number, found in builds.items() if found[0].is_taken]
    if lost := sorted(set(gone) - module.builds.keys()):
        comparison.notes.append(
            f"{place} has {len(lost)} builds here that are no longer there, such as #{lost[0]};"
            " they stay."
        )
    return there, here


def _build(
    what: str,
    wanted: Mapping[str, int],
    counts: Mapping[str, int] | None,
    comparison: Comparison,
    *,
    is_own: bool,
) -> Mapping[str, int]:
    """Compare a build; the counts that it ought to have. What the tracker read is its `own`."""
    if counts is None:
        comparison.look("comparison.builds", f"{what} is not here.")
    elif is_own and counts != wanted:
        comparison.look("comparison.builds", "")
        comparison.notes.append(
            f"{_said(what, wanted, counts)}: the tracker read it itself, which is believed."
        )
        return counts
    else:
        comparison.look("comparison.builds", _differs(what, wanted, counts))
    return wanted


def _stored(what: str, difference: str, comparison: Comparison) -> None:
    """Totals that were stored there and are not those of the rows."""
    is_explained = UNKNOWN not in difference
    comparison.look("comparison.stored", "" if is_explained else f"{what}: {difference}.")
    if difference and is_explained:
        comparison.notes.append(f"{what}: {difference}.")


def _totals(job: str) -> dict[int, dict[str, int]]:
    """What each build of a job has here, by its id."""
    with reading():
        rows = run(
            f"SELECT b.id, {', '.join(f'b.{name}' for name in RESULT_COUNTS)} FROM build b"
            " JOIN job j ON j.id = b.job_id WHERE j.name = ?",
            job,
        )
    return {row[0]: dict(zip(RESULT_COUNTS, row[1:], strict=True)) for row in rows}


def _differs(what: str, there: Mapping[str, int], here: Mapping[str, int]) -> str:
    return "" if dict(there) == dict(here) else f"{_said(what, there, here)}."


def _said(what: str, there: Mapping[str, int], here: Mapping[str, int]) -> str:
    names = [name for name in ("builds", *RESULT_COUNTS) if there.get(name, 0) != here.get(name, 0)]
    said = (f"{there.get(name, 0)} {name} there and {here.get(name, 0)} here" for name in names)
    return f"{what} has {', '.join(said)}"


def _facts(legacy: LegacyDatabase) -> dict[str, int | str]:
    return {
        "schema": legacy.schema,
        "releases": len(legacy.releases),
        "modules": len(legacy.modules),
        "builds": len(legacy.jobs),
        "results": legacy.count_results(),
    }
