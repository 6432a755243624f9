"""What a build lacks of the cases that it should have, each with its cause.

Nearly all of its cases were in all the builds before as well. Those stay in the database, counted
by their suites; here are only the others, so that it costs little more than what is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from tracker.store.lossy_suites import LossySuites
from tracker.store.outcomes import failed_in
from tracker.store.presence import (
    explained,
    patched_runs,
    skipped_in,
    statuses,
    unsteady,
)
from tracker.store.seen_tests import last_seen, reports_of, reports_read_to, seen_in
from tracker.verdicts.causes import causes, settled
from tracker.verdicts.expected import FEWEST_BUILDS, WINDOW, appeared, expected, lost
from tracker.verdicts.missing import Cause, Missing, Scene
from tracker.verdicts.outcomes import Status

# In so many builds one looks whether a case comes and goes; in fewer where many cases are gone.
LOOK = 60
MANY = 2_000


@dataclass(frozen=True)
class Lost:
    """What a build lacks, of how many expected cases, and the cases that none before it had."""

    found: tuple[Missing, ...] = ()
    expected: int = 0
    fresh: Set[int] = frozenset()


def lost_in(build: int, before: Sequence[int], skipped: Set[int]) -> Lost:
    """What a build lacks, and what it skips anew of the cases in `skipped`.

    `before` are the builds to learn from, newest first; of the cases that those skip it is known
    in which.
    """
    facts = _Facts.of(build, before[:WINDOW], skipped)
    scene = facts.scene(skipped)
    found = causes(scene)
    fresh = facts.here.difference(*facts.seen)
    return Lost(settled(found, _comings(found, facts, before)), scene.expected, fresh)


@dataclass(frozen=True)
class _Facts:
    """A build from which something is gone, and the builds before it, newest first.

    The sets are without the `others`, so many cases that are in all of the builds; what one of
    these skipped is in the sets, where skips are asked for.

    here, seen  the cases of the build, and of each before
    runs        `seen` with what was lost for a reason and came back
    skips       what the build, and each before, skipped
    due         the cases that are expected
    suites      those that lost some
    """

    build: int
    builds: Sequence[int]
    here: set[int]
    seen: Sequence[set[int]]
    runs: Sequence[Set[int]]
    skips: Sequence[Set[int]]
    due: Set[int]
    others: int
    suites: LossySuites

    @classmethod
    def of(cls, build: int, builds: Sequence[int], skipped: Set[int]) -> _Facts:
        every = (build, *builds)
        (here, *seen), others = unsteady(every)
        skips = [skipped_in(each) if skipped else set() for each in every]
        # Of what is skipped anywhere it matters in which builds.
        steady = set().union(*skips).difference(here, *seen)
        here, *seen = (cases | steady for cases in (here, *seen))
        runs = patched_runs(builds, seen)
        due = expected(runs)
        suites = LossySuites.find(
            build, builds, here, set().union(*seen) - here, (due - here) | skipped
        )
        others -= len(steady)
        return cls(build, builds, here, seen, runs, skips, due, others, suites)

    def scene(self, skipped: Set[int]) -> Scene:
        # Whether a case is lost depends on no other suite than its own.
        runs = [run & self.suites.of.keys() for run in self.runs]
        gone = lost(runs, self.here, self.suites.of, self.suites.sizes)
        come = appeared(self.runs, self.here, gone) if gone else frozenset()
        beside, rest = self.suites.beside(gone, come, self.here)
        newly = self._newly_skipped(runs) if skipped else frozenset()
        return Scene(
            gone=tuple(last_seen(self.builds, self.seen, gone, with_texts=bool(come))),
            skipped=tuple(seen_in(self.build, newly)),
            come=tuple(seen_in(self.build, come)),
            beside=beside,
            rest=rest,
            reports=reports_read_to(self.build, self.builds),
            reports_before=tuple(map(reports_of, self.builds)),
            failed_before=frozenset().union(*map(failed_in, self.builds)),
            expected=len(self.due) + (self.others if len(self.builds) >= FEWEST_BUILDS else 0),
        )

    def _newly_skipped(self, runs: Sequence[Set[int]]) -> Set[int]:
        """The cases skipped now that ran before."""
        now, *before = self.skips
        ran = [run - skipped for run, skipped in zip(runs, before, strict=True)]
        return lost(ran, self.here - now, self.suites.of, self.suites.sizes) & now


def _comings(
    found: Iterable[Missing], facts: _Facts, before: Sequence[int]
) -> dict[int, list[bool]]:
    """In which builds each case was there that nothing but its absence speaks for, newest first."""
    among = {each.test.id: each.cause is Cause.SKIPPED for each in found if not each.is_explained}
    if not among:
        return {}
    builds = before[: max(WINDOW, LOOK * MANY // len(among))]
    away = explained(builds, among.keys())
    rows: dict[int, list[bool]] = {case: [] for case in among}
    for at, build in enumerate(builds):
        there, skipped = _there(build, at, facts, among.keys())
        lost_then = away.get(build, set())
        for case, has_to_run in among.items():
            ran = case in there and not (has_to_run and case in skipped)
            rows[case].append(ran or case in lost_then)
    return rows


def _there(build: int, at: int, facts: _Facts, among: Set[int]) -> tuple[Set[int], Set[int]]:
    """Of some cases those in a build, and those of them that it skipped; it is the `at`th before.

    More may be in both of the sets.
    """
    if at < len(facts.seen):
        return facts.seen[at], facts.skips[at + 1]
    found = dict(statuses(build, among))
    return found.keys(), {case for case, status in found.items() if status == Status.SKIPPED}
