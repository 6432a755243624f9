"""What a budget of false alarms would have said on the last builds of a job."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracker.errors import NotFound
from tracker.queries.build_labels import label_of
from tracker.queries.select import select as rows_of
from tracker.queries.select import snapshot
from tracker.store.build_verdicts import Judging, judging_of
from tracker.store.outcomes import GAP, LOOK, JudgedBuild, failed_in, judged_builds, letters
from tracker.store.reading_time import refuse_late
from tracker.store.sql import IN, listed
from tracker.verdicts.budget import Limits, limits
from tracker.verdicts.lanes import BEFORE, KEPT
from tracker.verdicts.states import BEGINNING, BROKEN, OPENED, Course, State, advance

BUILDS = 60


@dataclass(frozen=True)
class BuildAlarms:
    """A build: how many cases were called newly broken in it, and would have been."""

    label: str
    said: int
    would_say: int | None


@dataclass(frozen=True)
class Preview:
    """The budget of a job beside another one, over its last judged builds, newest first.

    `judging` is what the newest build was judged by under the budget in force, None where it is not
    yet; `would_be` are the limits that the proposed one sets, None where none was proposed.
    """

    job: str
    budget: float
    proposed: float | None
    judging: Judging | None
    would_be: Limits | None
    builds: tuple[BuildAlarms, ...]

    @property
    def said(self) -> int:
        """How many were called newly broken in these builds."""
        return sum(build.said for build in self.builds)

    @property
    def would_say(self) -> int:
        """How many would have been."""
        return sum(build.would_say or 0 for build in self.builds)


def preview(job: str, proposed: float | None = None) -> Preview:
    """The budget of a job and, where one is proposed, what it would have said.

    NotFound for a job nobody knows.
    """
    with snapshot():
        found = rows_of("SELECT id, budget FROM job WHERE name = ?", job)
        if not found:
            raise NotFound(f"No job named {job!r} is known here.", "Its name may be misspelt.")
        [(job_id, budget)] = found
        builds = judged_builds(job_id)
        would = list(_would_alarm(builds[-(BUILDS + LOOK) :], proposed)) if proposed else []
        rows = _build_alarms(builds[-BUILDS:], [alarms for _, alarms in would][-BUILDS:])
        last = builds[-1].place.build_id if builds else None
        said = rows_of("SELECT judging FROM build WHERE id = ?", last)
    return Preview(
        job=job,
        budget=budget,
        proposed=proposed,
        judging=judging_of(said[0][0]) if said else None,
        would_be=would[-1][0] if would else None,
        builds=tuple(reversed(rows)),
    )


def _build_alarms(builds: Sequence[JudgedBuild], would: Sequence[int]) -> list[BuildAlarms]:
    rows = rows_of(
        f"SELECT {label_of('b')}, b.regressions + b.new_failures FROM build b"
        f" WHERE b.id IN {IN} ORDER BY b.epoch, b.number",
        listed(build.place.build_id for build in builds),
    )
    return [
        BuildAlarms(label, said, would[at] if would else None)
        for at, (label, said) in enumerate(rows)
    ]


@dataclass
class _Recent:
    """The cases that failed, and that were fixed, in each of the newest builds but incidents."""

    failed: deque[set[int]] = field(default_factory=lambda: deque(maxlen=BEFORE))
    fixed: deque[set[int]] = field(default_factory=lambda: deque(maxlen=BEFORE))

    def limits(self, courses: Mapping[int, Course], total: int, budget: float) -> Limits:
        """The limits of the next build; what is broken or was fixed is left out of the mix."""
        times = Counter(case for cases in self.failed for case in cases)
        broken = {case for case, course in courses.items() if course.standing.state in BROKEN}
        apart = broken.union(*self.fixed)
        histogram = Counter(many for case, many in times.items() if case not in apart)
        histogram[0] = max(0, total - len(apart) - histogram.total())
        return limits(histogram, len(self.failed), budget)


def _would_alarm(builds: Sequence[JudgedBuild], budget: float) -> Iterator[tuple[Limits, int]]:
    """The limits at each build, and how many cases it would have called newly broken.

    Only cases that failed at all are followed; the others never alarm.
    """
    failed: set[int] = set()
    for each in builds:
        failed |= failed_in(each.place.build_id)
    outcomes = letters(builds, failed)
    courses: dict[int, Course] = {}
    recent = _Recent()
    for at, build in enumerate(builds):
        refuse_late()
        given = recent.limits(courses, build.total, budget)
        before = dict(courses)
        for case, row in outcomes.items():
            if row[at] != GAP:
                further = _counted if build.is_incident else advance
                courses[case] = further(courses.get(case, BEGINNING), row[at], given)
        changed = [case for case in courses if courses[case] is not before.get(case)]
        if not build.is_incident:
            recent.failed.append({case for case, row in outcomes.items() if row[at] == "F"})
            recent.fixed.append({case for case in changed if _is_mended(courses[case])})
        yield given, sum(_is_alarm(before.get(case), courses[case]) for case in changed)


def _counted(course: Course, outcome: str, _given: Limits) -> Course:
    """A case after an incident that was none: its outcome counts, and nothing was said of it."""
    span = course.standing.span
    standing = replace(course.standing, span=span + 1 if span else 0)
    return Course(standing, (course.outcomes + outcome)[-KEPT:])


def _is_mended(course: Course) -> bool:
    """Whether it was fixed in this build, of a break whose failures count no more."""
    standing = course.standing
    return standing.state is State.FIXED and standing.span == 1 and not standing.was_unsteady


def _is_alarm(before: Course | None, now: Course) -> bool:
    """Whether it was called newly broken in this build."""
    was_open = before is not None and before.standing.state in OPENED
    return now.standing.state in OPENED and not was_open
