"""Slower or faster: a case's durations against its own history.

The last runs are held against those before by a t-test of their logarithms, in units of the noise
and cut off at three of them (M-estimation, P. J. Huber, 1964): a single outlier weighs no more
than any other slow run, and heavy tails make the test careful, not wrong. The noise is that of
neighbouring runs, which a change of level does not touch. Where the change was is the Bayes split
of `windows`, with the noise taken for Student's t, whose tails are heavy too.

Nights on which the whole machine was slow are no change of each case: `tempo` measures them, and
`at_tempo` takes them out first.
"""

from __future__ import annotations

import enum
import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median

from tracker.verdicts.windows import Window, narrowest


class Pace(enum.Enum):
    """How a case runs now, against its own history."""

    STEADY = "steady"
    SLOWER = "slower"
    FASTER = "faster"


@dataclass(frozen=True)
class Period:
    """The median of so many runs, in milliseconds."""

    median: float
    runs: int


@dataclass(frozen=True)
class Change:
    """A case became `factor` (over 1) times slower or faster.

    `window` says in which build, by places; `chance` how likely a build says so by chance.
    """

    pace: Pace
    factor: float
    before: Period
    now: Period
    window: Window
    chance: float


@dataclass(frozen=True)
class _Limits:
    """What it takes to call a case slower: a factor, milliseconds, and odds against chance."""

    factor: float
    milliseconds: float
    chance: float


_ENTER = _Limits(factor=1.3, milliseconds=100.0, chance=5e-6)
_STAY = _Limits(factor=1.15, milliseconds=50.0, chance=1e-3)

# Fewer runs than this do not say how fast a case was, or that it changed.
_FEWEST_BEFORE = 10
_FEWEST_NOW = 4
_LAST = 5
_LATEST = 3
# The last runs looked at together.
_LENGTHS = (4, 5, 6, 7, 9, 11, 14, 18, 23, 30, 40, 50)
_TRIES = 2 * len(_LENGTHS)
_CUT_OFF = 3.0
# The variance of cut off noise is about 1; less would be luck.
_LEAST_VARIANCE = 0.5

# The least noise of the logarithms: clocks and schedulers alone make 2 %.
_LEAST_SCALE = 0.02
_MAD_TO_SIGMA = 1.4826
_FREEDOM = 4.0
# The levels tried for the true duration about a median, in steps of so much of the noise.
_STEP = 0.25
_STEPS = 12

_MANY_BUILDS = 1_000_000

# So many cases tell how fast a machine was; fewer than the least say nothing.
_ENOUGH_CASES = 1000
_FEWEST_CASES = 10


def change(durations: Sequence[float | None], was: Pace = Pace.STEADY) -> Change | None:
    """What changed in the durations (ms, oldest first, None: not run or not passed); None: steady.

    `was` is the pace the build before was given: it takes less to stay slower than to become so.
    """
    places = [place for place, each in enumerate(durations) if each is not None]
    values = [max(1.0, each) for each in durations if each is not None]
    if len(values) < _FEWEST_BEFORE + _FEWEST_NOW or _looks_steady(values):
        return None
    found = min(_changes(values, was), default=None)
    if found is None:
        return None
    described = _described(places, values, *found)
    is_clear = _is_beyond(described.now.median, described.before.median, _STAY)
    return described if is_clear else None


def sentence(found: Change, labels: Sequence[str]) -> str:
    """The change in words; `labels` are what people call the builds, one for each place."""
    now, before = found.now, found.before
    return (
        f"{found.factor:.1f} times {found.pace.value} since {labels[found.window.likely]}: "
        f"{_seconds(now.median)} in {now.runs} runs, "
        f"{_seconds(before.median)} in {before.runs} runs before; "
        f"by chance {_once(found.chance)} builds."
    )


def tempo(durations: Mapping[int, Sequence[float | None]]) -> list[float]:
    """How slow each build was as a whole: 1.5 where its cases took 1.5 times their usual.

    All histories are as long as one another, a place each build. The median over the cases (of
    1,000, evenly chosen by id, where there are more) of duration by the case's own median; 1
    where fewer than 10 ran.
    """
    cases = sorted(durations)
    chosen = cases[:: max(1, len(cases) // _ENOUGH_CASES)]
    ratios: list[list[float]] = [[] for _ in range(max(map(len, durations.values()), default=0))]
    for case in chosen:
        usual = median([each for each in durations[case] if each is not None] or [0.0])
        if not usual:
            continue
        for place, each in enumerate(durations[case]):
            if each is not None:
                ratios[place].append(each / usual)
    return [(median(each) or 1.0) if len(each) >= _FEWEST_CASES else 1.0 for each in ratios]


def at_tempo(durations: Sequence[float | None], tempos: Sequence[float]) -> list[float | None]:
    """The durations as they had been had every build been of the usual speed."""
    return [
        None if each is None else each / slow for each, slow in zip(durations, tempos, strict=True)
    ]


def _looks_steady(values: Sequence[float]) -> bool:
    """A quick look: the last runs are as long as those of the older half and as most runs."""
    last = _middle(sorted(values[-_LAST:]))
    return not (
        _is_beyond(last, _middle(sorted(values)), _STAY)
        or _is_beyond(last, _middle(sorted(values[: len(values) // 2])), _STAY)
    )


def _changes(values: Sequence[float], was: Pace) -> Iterator[tuple[float, int]]:
    """Chance and number of the last runs, for those that are beyond the limits together."""
    likely_enough = list(_far_off(values, was))
    if not likely_enough:
        return
    logs = [math.log(value) for value in values]
    noise = _noise(logs)
    for runs, usual, limits in likely_enough:
        chance = _chance(logs, runs, math.log(usual), noise)
        if chance <= limits.chance:
            yield chance, runs


def _far_off(values: Sequence[float], was: Pace) -> Iterator[tuple[int, float, _Limits]]:
    """Numbers of last runs whose median is off by enough, the median before, and the limits."""
    before = sorted(values)
    latest = _middle(sorted(values[-_LATEST:]))
    left_out = 0
    for runs in _LENGTHS:
        if len(values) - runs < _FEWEST_BEFORE:
            break
        for value in values[len(values) - runs : len(values) - left_out]:
            del before[bisect_left(before, value)]
        left_out = runs
        usual = _middle(before)
        if not _is_beyond(latest, usual, _STAY):
            continue
        now = _middle(sorted(values[-runs:]))
        limits = _STAY if _pace(now, usual) is was else _ENTER
        if _pace(latest, usual) is _pace(now, usual) and _is_beyond(now, usual, limits):
            yield runs, usual, limits


def _middle(ordered: Sequence[float]) -> float:
    """The median, or where two runs share it the longer: quick, and near enough to look."""
    return ordered[len(ordered) // 2]


def _pace(now: float, before: float) -> Pace:
    return Pace.SLOWER if now > before else Pace.FASTER


def _is_beyond(value: float, usual: float, limits: _Limits) -> bool:
    low, high = (value, usual) if value < usual else (usual, value)
    return high >= low * limits.factor and high - low >= limits.milliseconds


def _noise(logs: Sequence[float]) -> float:
    """The standard deviation of one run, from the median step between neighbours."""
    steps = sorted(abs(b - a) for a, b in pairwise(logs))
    return max(_LEAST_SCALE, _MAD_TO_SIGMA * steps[len(steps) // 2] / math.sqrt(2))


def _chance(logs: Sequence[float], runs: int, usual: float, noise: float) -> float:
    """How likely the last runs are so far off by chance, corrected for all the tries."""
    scores = [max(-_CUT_OFF, min(_CUT_OFF, (each - usual) / noise)) for each in logs]
    before, now = scores[:-runs], scores[-runs:]
    mean, mean_before = sum(now) / runs, sum(before) / len(before)
    freedom = len(scores) - 2
    squares = sum((x - mean) ** 2 for x in now) + sum((x - mean_before) ** 2 for x in before)
    variance = max(_LEAST_VARIANCE, squares / freedom)
    t = abs(mean - mean_before) / math.sqrt(variance * (1 / runs + 1 / len(before)))
    return min(1.0, _TRIES * _tail(t, freedom))


def _tail(t: float, freedom: int) -> float:
    """How likely Student's t is above `t`: D. L. Wallace's normal approximation (1959)."""
    z = math.sqrt(freedom * math.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return 0.5 * math.erfc(z / math.sqrt(2))


def _described(places: Sequence[int], values: Sequence[float], chance: float, runs: int) -> Change:
    window = _window(places, values, runs)
    first = bisect_left(places, window.likely)
    before = Period(median(values[:first]), first)
    now = Period(median(values[first:]), len(values) - first)
    return Change(
        pace=_pace(now.median, before.median),
        factor=max(now.median, before.median) / min(now.median, before.median),
        before=before,
        now=now,
        window=window,
        chance=chance,
    )


def _window(places: Sequence[int], values: Sequence[float], runs: int) -> Window:
    """In which build the durations changed, with 99 %, given about where."""
    logs = [math.log(value) for value in values]
    scale = _scale(logs, runs)
    before = _totals(logs, median(logs[:-runs]), scale)
    now = _totals(logs[::-1], median(logs[-runs:]), scale)[::-1]
    # Among the fewest runs that show a change may be one outlier or two of before.
    splits = range(1, len(values) - 1)
    builds = [places[k] - places[k - 1] for k in splits]
    top = max(before[k] + now[k] for k in splits)
    weights = [
        math.exp(before[k] + now[k] - top) * width for k, width in zip(splits, builds, strict=True)
    ]
    chances = [weight / math.fsum(weights) for weight in weights]
    first, last = narrowest(chances, builds)
    likely = max(range(first, last + 1), key=lambda k: chances[k])
    return Window(
        after=places[first],
        by=places[last + 1],
        likely=places[likely + 1],
        chances=tuple(
            chances[k] / builds[k] for k in range(first, last + 1) for _ in range(builds[k])
        ),
    )


def _scale(logs: Sequence[float], runs: int) -> float:
    """The noise: the median distance from the level of the time, as a standard deviation."""
    before, now = median(logs[:-runs]), median(logs[-runs:])
    off = [abs(each - before) for each in logs[:-runs]] + [abs(each - now) for each in logs[-runs:]]
    return max(_LEAST_SCALE, _MAD_TO_SIGMA * median(off))


def _totals(logs: Sequence[float], about: float, scale: float) -> list[float]:
    """The log likelihood of the first 0, 1, 2, ... runs at one level near `about`, any of them."""
    levels = [about + step * _STEP * scale for step in range(-_STEPS, _STEPS + 1)]
    sums = [
        [0.0, *accumulate(_log_density((each - level) / scale) for each in logs)]
        for level in levels
    ]
    tops = [max(column) for column in zip(*sums, strict=True)]
    return [
        top + math.log(math.fsum(math.exp(each - top) for each in column) / len(levels))
        for top, column in zip(tops, zip(*sums, strict=True), strict=True)
    ]


def _log_density(z: float) -> float:
    """That of Student's t, up to a constant."""
    return -(_FREEDOM + 1) / 2 * math.log1p(z * z / _FREEDOM)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _once(chance: float) -> str:
    """In how many builds, to one digit: more would say that we know more."""
    builds = 1 / max(chance, 1 / _MANY_BUILDS)
    if builds >= _MANY_BUILDS:
        return f"less than once in {_MANY_BUILDS:,}"
    size = 10 ** (len(str(int(builds))) - 1)
    return f"once in {int(builds // size) * size:,}"
