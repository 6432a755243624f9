"""The three jobs of the demo, drawn from a seed, and copies of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from scripts.demo_history import DEFAULT_JOBS, Archive, Build, History, Job, Kind, readdressed
from scripts.demo_sketch import Sketch
from scripts.demo_words import AREAS, OBJECTS, ODD_NAMES, THINGS, VERBS

FEWEST_BUILDS = 20
PLATFORMS = ("PLATFORM=linux", "PLATFORM=windows")


def make_history(seed: int, builds: int, now: datetime) -> History:
    """The same arguments give the same history, down to the last millisecond."""
    if builds < FEWEST_BUILDS:
        raise ValueError(f"A history needs at least {FEWEST_BUILDS} builds, not {builds}.")
    if now.tzinfo is None:
        raise ValueError("The time of a history needs a time zone.")
    now = now.astimezone(UTC).replace(microsecond=0)
    nightly = _nightly(seed, builds, now)
    smoke = _smoke(seed, builds, nightly)
    jobs = (nightly, smoke, _platforms(seed, builds, now))
    queued = (replace(job, queue=place) for place, job in enumerate(jobs))
    return History(seed, builds, now, tuple(queued))


def widen(history: History, copies: int) -> History:
    """The same jobs again below `team-001`, `team-002` ...; their cases are shared."""
    if copies < 0:
        raise ValueError(f"There cannot be {copies} copies of the jobs.")
    jobs = [job for job in history.jobs if job.name in DEFAULT_JOBS]
    wide = [_copy(job, f"team-{at:03}", at) for at in range(1, copies + 1) for job in jobs]
    return replace(history, jobs=(*history.jobs, *wide))


def _copy(job: Job, folder: str, at: int) -> Job:
    moved = readdressed(job, lambda name: f"{folder}/{name.rpartition('/')[2]}")
    return replace(moved, queue=job.queue + 100_000 * at)


def _nightly(seed: int, builds: int, now: datetime) -> Job:
    """One build a day; the newest is still running."""
    names = _names(seed, "nightly", 25, 12, ODD_NAMES)
    sketch = Sketch("team/nightly", seed, builds, names)
    last = builds - 1
    for build, cause in ((last, "discount"), (last - 8, "status")):
        sketch.breaks(build, cause)
        sketch.breaks(build, cause)
    sketch.flaky(0.15)
    sketch.flaky(0.35)
    sketch.fixed(builds // 4, builds // 4 + 5)
    sketch.renamed(builds * 2 // 3)
    sketch.vanishes(builds // 3)
    sketch.vanishes(builds - 6)
    sketch.born_failing(last - 3)
    sketch.skipped_in_a_streak(builds // 2, builds // 2 + 3)
    sketch.always_fails()
    sketch.blank(builds)
    starts = _starts(Random(f"{seed}:night"), builds, now - timedelta(minutes=4), hours=24)
    return sketch.job(sketch.made(starts, minutes=(9, 14), running=builds))


def _smoke(seed: int, builds: int, nightly: Job) -> Job:
    """Runs after each nightly build; the first build was started by hand."""
    names = _names(seed, "smoke", 8, 10)
    sketch = Sketch("team/smoke", seed, builds, names, archive=Archive.REPORT)
    aborted = builds // 2 + 1
    early = (len(sketch.cases) * 2) // 5
    sketch.breaks(builds - 5, "gateway")
    sketch.flaky(0.25)
    sketch.vanishes(builds - 10)
    sketch.fixed(aborted - 3, aborted + 3, passes_in=aborted, among=early)
    sketch.fails_only_in_aborted(aborted, among=early)
    sketch.blank(aborted, keep=len(sketch.cases) // 2)
    ups = nightly.builds[:-1]
    starts = [up.started + timedelta(milliseconds=up.duration_ms + 6400) for up in ups]
    starts.insert(0, ups[0].started - timedelta(hours=5))
    made = sketch.made(starts, minutes=(2, 4), aborted=aborted, changes=False)
    by_hand = replace(made[0], revision=ups[0].revision)
    after = [_after(build, nightly.name, up) for build, up in zip(made[1:], ups, strict=True)]
    return sketch.job((by_hand, *after), upstream=nightly.name)


def _after(build: Build, job: str, up: Build) -> Build:
    return replace(build, revision=up.revision, upstream=(job, up.number))


def _platforms(seed: int, builds: int, now: datetime) -> Job:
    names = _names(seed, "platforms", 12, 10, odd_suite="Einrichtung (Küche & Bad)")
    sketch = Sketch("platforms", seed, builds, names, PLATFORMS, kind=Kind.MATRIX)
    sketch.breaks(builds - 6, "encoding", variants=PLATFORMS)
    sketch.breaks(builds - 11, "separator", variants=PLATFORMS[1:], kind="windows_only")
    starts = _starts(Random(f"{seed}:platforms"), builds, now - timedelta(hours=3), hours=20)
    return sketch.job(sketch.made(starts, minutes=(6, 10)))


def _starts(rng: Random, builds: int, newest: datetime, hours: int) -> list[datetime]:
    """One start every so many hours, each but the newest up to ten minutes early."""
    found = [newest]
    for back in range(1, builds):
        early = timedelta(milliseconds=rng.randrange(600_000))
        found.append(newest - timedelta(hours=hours * back) - early)
    return found[::-1]


def _names(
    seed: int,
    job: str,
    suite_count: int,
    size: int,
    odd: Sequence[str] = (),
    odd_suite: str | None = None,
) -> list[tuple[str, str]]:
    """Distinct (suite, name) pairs, the odd names in the first suite."""
    rng = Random(f"{seed}:names:{job}")
    stems = [f"com.acme.shop.{area}.{thing}" for area in AREAS for thing in THINGS]
    ends = [rng.choice(("Test", "Test", "Test", "IT", "Test$Limits")) for _ in range(suite_count)]
    found = sorted(map("".join, zip(rng.sample(stems, suite_count), ends, strict=True)))
    if odd_suite:
        found[-1] = odd_suite
    methods = [verb + what for verb in VERBS for what in OBJECTS]
    pairs = {suite: rng.sample(methods, size) for suite in found}
    pairs[found[0]][: len(odd)] = odd
    return [(suite, name) for suite, names in pairs.items() for name in names]
