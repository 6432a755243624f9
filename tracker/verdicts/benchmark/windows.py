"""Break windows and events against planted breaks: is the build in the window, who broke together.

Histories of 60 builds with gaps, skips and retried passes; a case fails at one rate before the
break and at a higher one since. As for the judge, a break counts once it showed two failures.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import fmean, median

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.events import OVERLAP, events
from tracker.verdicts.windows import Window, window

BUILDS = 60
BACKGROUNDS = (0.001, 0.02, 0.1, 0.3)
RATES = (0.3, 0.5, 0.8, 1.0)
# How often a gap begins at a build, and how long it is; they leave out 0, 9 and 29 % of the runs.
GAPS = (0.0, 0.04, 0.15)
LENGTHS = (1, 1, 1, 2, 3, 5)

SIZES = (1, 2, 3, 5, 8, 12, 20, 35, 50)


@dataclass(frozen=True)
class Break:
    """A planted break: the first bad build, and the rates of failures before and since."""

    build: int
    background: float
    rate: float


@dataclass(frozen=True)
class _Trial:
    """What the window made of a planted break."""

    planted: Break
    window: Window

    @property
    def is_inside(self) -> bool:
        return self.window.after < self.planted.build <= self.window.by


def figures(quick: bool) -> Iterator[Figure]:
    """Windows: coverage and width; events: the adjusted Rand index against who broke together."""
    yield from _window_figures(list(_trials(20 if quick else 200)))
    yield from _event_figures(4 if quick else 60)
    yield _speed(500 if quick else 5_000)


def history(rng: random.Random, planted: Break, gap: float) -> str:
    """Outcomes of a case with this break; `gap` is how often one begins at a build."""
    letters = []
    for build in range(BUILDS):
        fails = rng.random() < (planted.rate if build >= planted.build else planted.background)
        letters.append("F" if fails else "R" if rng.random() < planted.background / 4 else "P")
    build = 0
    while gap and build < BUILDS:
        if rng.random() < gap:
            length = min(rng.choice(LENGTHS), BUILDS - build)
            letters[build : build + length] = rng.choice(".S") * length
            build += length
        build += 1
    return "".join(letters)


def seen(rng: random.Random, planted: Break, gap: float) -> Window:
    """The window of a case with this break that ran before it and failed twice since."""
    while True:
        outcomes = history(rng, planted, gap)
        before, since = outcomes[: planted.build], outcomes[planted.build :]
        if since.count("F") >= 2 and before.strip(".S") and (found := window(outcomes)):
            return found


def rand_index(truth: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """How alike two groupings are: 1 if equal, about 0 by chance; one label a case in each.

    L. Hubert and P. Arabie, Comparing partitions (1985).
    """
    together = _pairs(Counter(zip(truth, found, strict=True)))
    in_truth, in_found = _pairs(Counter(truth)), _pairs(Counter(found))
    most = (in_truth + in_found) / 2
    by_chance = in_truth * in_found / max(1, comb(len(truth), 2))
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(sizes: Mapping[Hashable, int]) -> int:
    return sum(comb(size, 2) for size in sizes.values())


def _trials(repeats: int) -> Iterator[_Trial]:
    rng = random.Random(81)  # noqa: S311 - a benchmark, repeatable
    for background in BACKGROUNDS:
        for rate in (rate for rate in RATES if rate > background):
            for gap in GAPS:
                for _ in range(repeats):
                    planted = Break(rng.randrange(5, BUILDS - 2), background, rate)
                    yield _Trial(planted, seen(rng, planted, gap))


def _window_figures(trials: Sequence[_Trial]) -> Iterator[Figure]:
    yield Figure("break windows, planted breaks inside", _inside(trials), least=0.99)
    kinds = sorted({(trial.planted.background, trial.planted.rate) for trial in trials})
    by_kind = [_inside(_of_kind(trials, *kind)) for kind in kinds]
    yield Figure(f"break windows, inside, worst of {len(kinds)} kinds of break", min(by_kind))
    hits = sum(trial.window.likely == trial.planted.build for trial in trials)
    yield Figure("break windows, likely build is the planted one", share(hits, len(trials)))
    yield Figure("break windows, median width", _width(trials), "builds")
    hard = _of_kind(trials, BACKGROUNDS[0], 1.0)
    yield Figure("break windows, median width, hard break of a stable case", _width(hard), "builds")
    rare = _of_kind(trials, BACKGROUNDS[0], RATES[0])
    yield Figure("break windows, median width, 0.1 to 30 %", _width(rare), "builds")


def _of_kind(trials: Sequence[_Trial], background: float, rate: float) -> list[_Trial]:
    return [
        trial
        for trial in trials
        if (trial.planted.background, trial.planted.rate) == (background, rate)
    ]


def _inside(trials: Sequence[_Trial]) -> float:
    return share(sum(trial.is_inside for trial in trials), len(trials))


def _width(trials: Sequence[_Trial]) -> float:
    return median(trial.window.builds for trial in trials)


def _event_figures(nights: int) -> Iterator[Figure]:
    for gap, missing in ((GAPS[1], 9), (GAPS[2], 29)):
        rng = random.Random(82)  # noqa: S311 - a benchmark, repeatable
        planted = [_planted(rng, gap) for _ in range(nights)]
        ours = [rand_index(truth, _labels(windows)) for windows, truth in planted]
        theirs = [rand_index(truth, _narrowest_first(windows)) for windows, truth in planted]
        of = f"{missing} % of runs missing"
        yield Figure(f"events, {of}, adjusted Rand index", fmean(ours), least=0.9)
        yield Figure(f"events, {of}, by overlap alone, adjusted Rand index", fmean(theirs))


def _planted(rng: random.Random, gap: float) -> tuple[dict[int, Window], list[int]]:
    """Two to eight events of 1 to 50 cases in different builds: the windows, the event of each."""
    windows: dict[int, Window] = {}
    truth: list[int] = []
    for build in rng.sample(range(5, BUILDS - 2), rng.randint(2, 8)):
        for _ in range(rng.choice(SIZES)):
            [background] = rng.choices(BACKGROUNDS, [85, 7, 5, 3])
            [rate] = rng.choices([1.0, 0.8, 0.5], [80, 12, 8])
            windows[len(truth)] = seen(rng, Break(build, background, rate), gap)
            truth.append(build)
    return windows, truth


def _labels(windows: Mapping[int, Window]) -> list[int]:
    label = {case: number for number, event in enumerate(events(windows)) for case in event.cases}
    return [label[case] for case in sorted(windows)]


def _narrowest_first(windows: Mapping[int, Window]) -> list[int]:
    """The baseline: a case joins the first, narrower window that it overlaps by over 40 %."""
    bases: list[Window] = []
    label: dict[int, int] = {}
    for case in sorted(windows, key=lambda case: (windows[case].builds, windows[case].after, case)):
        label[case] = next(
            (at for at, base in enumerate(bases) if _overlaps(base, windows[case])), len(bases)
        )
        if label[case] == len(bases):
            bases.append(windows[case])
    return [label[case] for case in sorted(windows)]


def _overlaps(base: Window, other: Window) -> bool:
    return min(base.by, other.by) - max(base.after, other.after) > OVERLAP * base.builds


def _speed(histories: int) -> Figure:
    """The time for a mass regression in which every history is that of four cases."""
    rng = random.Random(83)  # noqa: S311 - a benchmark, repeatable
    windows = [
        seen(rng, Break(rng.choice((20, 30, 31, 45)), rng.choice(BACKGROUNDS[:3]), 1.0), GAPS[1])
        for _ in range(histories)
    ]
    cases = dict(enumerate(windows * 4))
    begun = time.process_time()
    events(cases)
    return Figure(f"events, {len(cases):,} cases", time.process_time() - begun, "s", most=2.0)
