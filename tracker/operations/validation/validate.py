"""All checks over one copy of the database, and what they found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.beat import Beat, unheard
from tracker.clock import DAY
from tracker.operations.validation import calculation, consistency, decided, integrity
from tracker.operations.validation.calculation import count_results
from tracker.operations.validation.checks import Check, Look, Scene
from tracker.operations.validation.copying import opened, opened_copy
from tracker.operations.validation.findings import Checked, Finding, Report
from tracker.operations.validation.judged_again import judge_again
from tracker.operations.validation.site import read_site
from tracker.settings import Settings
from tracker.store.engine import Engine, engine_of
from tracker.store.models import TABLES
from tracker.store.revisions import revision as database_revision
from tracker.store.sql import run

CHECKS: tuple[Check, ...] = (
    integrity.FILE,
    *integrity.CHECKS,
    *calculation.CHECKS,
    *decided.CHECKS,
    *consistency.CHECKS,
)


@dataclass
class _Validation:
    """What was found until now."""

    scene: Scene
    checked: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def make(self, checks: Iterable[Check]) -> list[Check]:
        """Make checks, one after another; those that found something."""
        return [check for check in checks if self._look(check).found]

    def skip(self, checks: Iterable[Check], why: str) -> None:
        """Note checks that cannot be made."""
        self.checked += [_checked(check, Look(0), 0.0, why) for check in checks]

    def beside(self) -> list[Check]:
        """The checks beside the copy that found something."""
        ids = {each.check for each in self.findings}
        return [check for check in CHECKS if check.beside and check.id in ids]

    def make_again(self, checks: Iterable[Check], scene: Scene) -> None:
        """Make checks that found something on another scene: what is found there counts."""
        again = list(checks)
        ids = {check.id for check in again}
        self.checked = [each for each in self.checked if each.check not in ids]
        self.findings = [each for each in self.findings if each.check not in ids]
        self.scene = scene
        self.make(again)

    def _look(self, check: Check) -> Look:
        start = time.monotonic()
        look = check.look(self.scene)
        self.checked.append(_checked(check, look, time.monotonic() - start))
        if look.found:
            self.findings.append(_finding(check, look))
        return look


def validate(
    settings: Settings,
    *,
    now: int,
    is_thorough: bool = False,
    beat: Beat = unheard,
) -> Report:
    """Look for whatever is wrong with the database of these settings, its spool and its site.

    `now` is in ms. Nothing of it is written: a copy is looked at, in a temporary folder, which
    is the open store of this process meanwhile; no store is open afterwards. What is not in spool
    and site as the copy says is looked for again beside a second copy, since others may have let it
    go meanwhile. With `is_thorough` every byte there is read. `beat` is told what is done. Raises
    StorageError where the database cannot be read, or is of another version than this program.
    """
    start = time.monotonic()
    site = read_site(settings.output)
    source = engine_of(settings.store)
    beat(f"copying {source.place}")
    with opened_copy(source):
        beat("looking at the file")
        days = settings.keep_spool_days
        since = now - days * DAY if days else 0
        own = settings.own_prefixes
        found = _Validation(Scene(now, settings.spool, site, {}, since, is_thorough, own))
        is_whole = _is_whole(found, source)
        notes = list(_make_all(found, CHECKS[1:], beat) if is_whole else _make_none(found))
        facts = {"revision": database_revision(), **found.scene.counts} if is_whole else {}
    if beside := found.beside():
        beat("looking again at what others may have changed meanwhile")
        site = read_site(settings.output)
        with opened_copy(source):
            found.make_again(beside, replace(found.scene, site=site, counts=_counts()))
    return Report(
        subject=source.place,
        at=now,
        checks=found.checked,
        findings=found.findings,
        seconds=time.monotonic() - start,
        facts=facts,
        notes=notes,
    )


def validate_copy(copy: Path, settings: Settings, *, now: int) -> Report:
    """Look for whatever is wrong within a copy that was proved whole, and that is written to.

    What is beside a database, its spool and its site, is not looked at: it is not of the time of
    the copy. `now` is in ms. The copy is the open store of this process meanwhile. Raises
    StorageError where it is of another version than this program.
    """
    start = time.monotonic()
    checks = [check for check in CHECKS if check is not integrity.FILE and not check.beside]
    with opened(copy):
        found = _Validation(Scene(now, settings.spool, None, {}, own=settings.own_prefixes))
        notes = list(_make_all(found, checks, unheard))
    return Report(
        str(copy), now, found.checked, found.findings, time.monotonic() - start, {}, notes
    )


def _is_whole(found: _Validation, source: Engine) -> bool:
    """Whether the file can be read; a server looks after its own, and was just read as a whole."""
    if source.is_file:
        return not found.make([integrity.FILE])
    found.skip([integrity.FILE], f"the pages are {source.name}'s own")
    return True


def _make_none(found: _Validation) -> Iterator[str]:
    """Skip all checks but that of the file."""
    found.skip(CHECKS[1:], "the file is damaged")
    yield "The file is damaged: nothing else was looked at."


def _make_all(found: _Validation, checks: Sequence[Check], beat: Beat) -> Iterator[str]:
    """Make all checks of these that can be made; notes about those that cannot."""
    beat("looking at what is on record")
    found.scene = replace(found.scene, counts=_counts())
    count_results()
    broken = found.make(check for check in checks if not check.is_derived)
    derived = [check for check in checks if check.is_derived]
    if ground := [check.id for check in broken if check.is_ground]:
        found.skip(derived, f"{ground[0]} found something")
        yield f"Nothing was judged again, since that reads what {', '.join(ground)} found."
        return
    waiting = judge_again(beat)
    found.make(derived)
    if waiting:
        yield (
            f"{len(waiting)} jobs wait to be judged again by the worker; their verdicts were not"
            f" compared yet: {', '.join(waiting[:10])}."
        )


def _counts() -> dict[str, int]:
    names = [model._meta.table_name for model in TABLES]
    return {name: run(f"SELECT count(*) FROM {name}")[0][0] for name in names}


def _checked(check: Check, look: Look, seconds: float, skipped: str = "") -> Checked:
    return Checked(
        check.id, check.kind, check.sentence, look.looked, look.found, round(seconds, 3), skipped
    )


def _finding(check: Check, look: Look) -> Finding:
    return Finding(
        check=check.id,
        kind=check.kind,
        severity=check.severity,
        sentence=f"{check.sentence}: {look.found:,} of {look.looked:,}.",
        count=look.found,
        remedy=check.remedy,
        examples=look.examples,
    )
