"""Durations against planted changes: false alarms of a steady suite, changes found, and where.

A suite of cases from 50 ms to a minute, with lognormal noise of 10 to 60 %, one run in fifty up to
ten times as long, one in ten missing, a drift of up to 10 % over the history, and one night in
twenty on which the whole machine is 1.5 times slower.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.durations import Change, Pace, at_tempo, change, tempo

BUILDS = 60
SUITE = 100_000
NOISES = (0.1, 0.2, 0.3, 0.6)
NOISES_OF_SUITE = (50, 30, 15, 5)
NIGHTS = 7

Durations = Sequence[float | None]


@dataclass(frozen=True)
class _Found:
    """A planted change that was found: how many nights after, and whether the window holds it."""

    nights: int
    is_inside: bool
    width: int


def figures(quick: bool) -> Iterator[Figure]:
    """False alarms a night, the time a steady case takes, and what is found of planted changes."""
    suite = _at_usual_speed(_suite(200 if quick else 4_000, BUILDS + 50))
    yield Figure(
        "durations, false alarms a night, 100,000 steady tests", _alarms(suite) * SUITE, most=1.0
    )
    yield _cost(suite[: 200 if quick else 2_000])
    repeats = 40 if quick else 500
    found = []
    for factor in (1.5, 2.0, 4.0, 0.5):
        these = [_watch(case) for case in _changed(factor, repeats)]
        yield from _found_figures(f"durations, {factor:g} times as long", these)
        found += [each for each in these if each]
    inside = share(sum(each.is_inside for each in found), len(found))
    yield Figure("durations, planted changes inside the window", inside, least=0.99)
    yield Figure("durations, median width", median(each.width for each in found), "builds")


def _suite(cases: int, builds: int) -> list[Durations]:
    rng = random.Random(85)  # noqa: S311 - a benchmark, repeatable
    pace = [1.5 if rng.random() < 0.05 else 1.0 for _ in range(builds)]
    return [
        [each and each * slow for each, slow in zip(_steady(rng, builds), pace, strict=True)]
        for _ in range(cases)
    ]


def _steady(rng: random.Random, builds: int) -> list[float | None]:
    usual = 50 * 1200 ** rng.random()
    [noise] = rng.choices(NOISES, NOISES_OF_SUITE)
    drift = rng.uniform(-0.1, 0.1) / BUILDS
    return [_run(rng, usual * (1 + drift * build), noise) for build in range(builds)]


def _run(rng: random.Random, usual: float, noise: float) -> float | None:
    """The duration of one run; None: it was left out."""
    if rng.random() < 0.1:
        return None
    outlier = rng.uniform(2, 10) if rng.random() < 0.02 else 1.0
    return usual * rng.lognormvariate(0, noise) * outlier


def _at_usual_speed(suite: Sequence[Durations]) -> list[list[float | None]]:
    tempos = tempo(dict(enumerate(suite)))
    return [at_tempo(each, tempos) for each in suite]


def _alarms(suite: Sequence[Durations]) -> float:
    """How often a case that is steady is said to have changed, a case and night."""
    alarms = nights = 0
    for durations in suite:
        was = Pace.STEADY
        for end in range(BUILDS, len(durations)):
            now = _pace(change(durations[end - BUILDS : end], was))
            alarms += now not in (was, Pace.STEADY)
            nights += 1
            was = now
    return alarms / nights


def _pace(found: Change | None) -> Pace:
    return found.pace if found else Pace.STEADY


def _cost(suite: Sequence[Durations]) -> Figure:
    begun = time.process_time()
    for durations in suite:
        change(durations[:BUILDS])
    spent = (time.process_time() - begun) / len(suite)
    return Figure("durations, a steady case of 60 builds", spent * 1e6, "µs", most=50.0)


def _changed(factor: float, repeats: int) -> Iterator[Durations]:
    """Histories that change after their 60th build, of cases that take a second and more."""
    rng = random.Random(86)  # noqa: S311 - a benchmark, repeatable
    for _ in range(repeats):
        usual = 1000 * 60 ** rng.random()
        [noise] = rng.choices(NOISES, NOISES_OF_SUITE)
        before = [_run(rng, usual, noise) for _ in range(BUILDS)]
        yield before + [_run(rng, usual * factor, noise) for _ in range(NIGHTS)]


def _watch(durations: Durations) -> _Found | None:
    """The first night within a week that says so."""
    for nights in range(1, NIGHTS + 1):
        found = change(durations[nights : BUILDS + nights])
        if found:
            window = found.window
            inside = window.after < BUILDS - nights <= window.by
            return _Found(nights, inside, window.builds)
    return None


def _found_figures(name: str, found: Sequence[_Found | None]) -> Iterator[Figure]:
    yield Figure(f"{name}, found within {NIGHTS} nights", share(sum(map(bool, found)), len(found)))
    nights = median(each.nights if each else NIGHTS + 1 for each in found)
    yield Figure(f"{name}, median delay", nights, "nights")
