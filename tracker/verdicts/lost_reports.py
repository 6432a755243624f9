"""What a report that is cut, broken off or not there explains of the cases that are gone."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracker.verdicts.missing import Cause, Missing, ReportSeen, Scene
from tracker.verdicts.seen_test import SuiteKey, Test


def told_by_reports(scene: Scene, gone: Sequence[Test]) -> dict[int, Missing]:
    """For each case whose report is cut or not there: its cause."""
    homes = _homes(gone, scene)
    mine: dict[str, list[Test]] = defaultdict(list)
    for test in gone:
        mine[homes[test.id]].append(test)
    found: dict[int, Missing] = {}
    for name, tests in mine.items():
        if name:
            found |= _fate(name, tests, scene)
    return found


def _fate(name: str, tests: Sequence[Test], scene: Scene) -> dict[int, Missing]:
    """What the end of a report explains; nothing where it is there and whole."""
    here = next((report for report in scene.reports if report.name == name), None)
    before = _last_seen(name, scene)
    if here is None or here.unreadable:
        if not before:
            return {}
        sentence = _not_there(before, here, scene)
        return {test.id: Missing(test, Cause.REPORT_MISSING, sentence, name) for test in tests}
    if not here.cut and not here.troubled:
        return {}
    size = max(before.cases if before else 0, here.cases + len(tests))
    cause = Cause.REPORT_CUT if here.cut else Cause.SUITE_CRASHED
    how = "ends early" if here.cut else "says that its run went wrong"
    sentence = f"The report {name} {how}: {here.cases:,} of {size:,} cases are there."
    behind = _behind(_cut_off(tests, scene), here.read_to)
    return {test.id: Missing(test, cause, sentence, name) for test in behind}


def _cut_off(tests: Sequence[Test], scene: Scene) -> Sequence[Test]:
    """Those that the end of their report may have taken.

    Suites stand in a report one after the other, so that one of them at most is cut in two. Of
    several that have lost a part it is the one that lost most, where that is clear.
    """
    partly = {test.home for test in scene.beside if test.report == tests[0].report}
    lost = Counter(test.home for test in tests if test.home in partly)
    if len(lost) < 2 or any(test.place is not None for test in tests):
        return tests
    most, *others = sorted(lost, key=lambda home: (-lost[home], home))
    if lost[most] == lost[others[0]]:
        return tests
    return [test for test in tests if test.home not in others]


def _behind(tests: Sequence[Test], end: int | None) -> Iterable[Test]:
    """Those that came after the last case that was read; all where that is not known."""
    if end is None:
        return tests
    return (test for test in tests if test.place is None or test.place > end)


def read_to(before: Sequence[int], here: Sequence[int]) -> int | None:
    """The place in the cases `before` of the last one `here`; None where their order changed.

    Both are the cases of one report, in its order.
    """
    places = {case: place for place, case in enumerate(before)}
    kept = [places[case] for case in here if case in places]
    if any(one > other for one, other in itertools.pairwise(kept)):
        return None
    return kept[-1] if kept else -1


def _not_there(before: ReportSeen, here: ReportSeen | None, scene: Scene) -> str:
    if here is not None:
        return f"The report {here.name} cannot be read; it had {before.cases:,} cases."
    builds = scene.reports_before
    count = sum(any(report.name == before.name for report in build) for build in builds)
    often = (
        f"each of the last {count:,}"
        if count == len(builds)
        else (f"{count:,} of the last {len(builds):,}")
    )
    of = f" of {before.variant}" if before.variant else ""
    kept = "it was in the build before" if len(builds) == 1 else f"it was in {often} builds"
    return f"The report {before.name}{of} with {before.cases:,} cases is not there; {kept}."


def _last_seen(name: str, scene: Scene) -> ReportSeen | None:
    """The report as it was in the newest earlier build that has it."""
    seen = (report for build in scene.reports_before for report in build if report.name == name)
    return next(seen, None)


def _homes(gone: Sequence[Test], scene: Scene) -> dict[int, str]:
    """The name under which each case's report is, or would be, known in this build."""
    named = {report.name for report in scene.reports}
    often = Counter(report.name for build in scene.reports_before for report in build)
    homes: dict[int, str] = {}
    unknown: dict[str, list[Test]] = defaultdict(list)
    only: dict[SuiteKey, str] = {}
    for test in gone:
        if not test.report and test.home not in only:
            only[test.home] = _only(test, scene)
        name = test.report or only[test.home]
        lasts = often[name] > 1 or len(scene.reports_before) < 2
        if name and (name in named or lasts):
            homes[test.id] = name
        else:
            unknown[test.variant].append(test)
    for variant, tests in unknown.items():
        homes |= _by_count(variant, tests, Counter(homes.values()), scene)
    return homes


def _only(test: Test, scene: Scene) -> str:
    """The report that it must have come from: the one of its variant, or named after its suite."""
    builds = scene.reports_before[:1]
    mine = [report.name for build in builds for report in build if report.variant == test.variant]
    if len(mine) == 1:
        return mine[0]
    suites = [part for part in test.suite if len(part) > 3]
    called = [
        (len(part), name)
        for name in mine
        for part in suites
        if re.search(rf"(?<![\w$]){re.escape(part)}(?![\w$])", name)
    ]
    return max(called)[1] if called else ""


@dataclass
class _Short:
    """A report that is not there, or ends early, and how many cases it is short by."""

    name: str
    is_there: bool
    room: int


def _by_count(
    variant: str, tests: Sequence[Test], told: Counter[str], scene: Scene
) -> dict[int, str]:
    """Cases of no known report belong to one that lost as many, suite by suite.

    A suite of which some is there was cut off, sooner than that it stood in two reports.
    """
    short = sorted(_short_by(variant, told, scene), key=lambda each: (-each.room, each.name))
    partly = {test.home for test in scene.beside}
    suites: dict[SuiteKey, list[Test]] = defaultdict(list)
    for test in tests:
        suites[test.home].append(test)
    homes: dict[int, str] = {}
    for home in sorted(suites, key=lambda home: (home in partly, -len(suites[home]), home)):
        mine = suites[home]
        fitting = [each for each in short if len(mine) <= each.room]
        fitting.sort(key=lambda each: each.is_there != (home in partly))
        homes |= dict.fromkeys((test.id for test in mine), fitting[0].name if fitting else "")
        if fitting:
            fitting[0].room -= len(mine)
    return homes


def _short_by(variant: str, told: Counter[str], scene: Scene) -> Iterator[_Short]:
    """The reports of a variant that the build before had, and that give fewer cases now."""
    before = [report for build in scene.reports_before[:1] for report in build]
    for report, now in _matched(before, scene.reports):
        if report.variant != variant:
            continue
        if now is None or now.unreadable:
            name = now.name if now else report.name
            yield _Short(name, False, report.cases - told[name])
        elif now.cut or now.troubled:
            yield _Short(now.name, True, report.cases - now.cases - told[now.name])


def _matched(
    before: Sequence[ReportSeen], now: Sequence[ReportSeen]
) -> Iterator[tuple[ReportSeen, ReportSeen | None]]:
    """Each earlier report with the one of its name, else with one named alike but for numbers."""
    named = {report.name: report for report in now}
    known = {report.name for report in before}
    alike: dict[tuple[str, str], list[ReportSeen]] = defaultdict(list)
    for report in sorted(now, key=lambda report: (report.cut, report.name), reverse=True):
        if report.name not in known:
            alike[_lasting(report.name), report.variant].append(report)
    for report in sorted(before, key=lambda report: report.name):
        others = alike[_lasting(report.name), report.variant]
        yield report, named.get(report.name) or (others.pop() if others else None)


def _lasting(name: str) -> str:
    """What stays of the name of a report that has a number or a time in it."""
    return re.sub(r"\d+", "#", name)
