"""Paces of cases: since which build they are slower or faster than their own history.

Few cases change, so few histories are read: those of cases whose duration in this build is far
from that in earlier ones, and of cases that are slower or faster already. Where there are none,
five builds are all that is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

from tracker.store.break_windows import BreakWindow
from tracker.store.outcomes import LATER, JudgedBuild, Place
from tracker.store.sql import IN, Row, listed, run, run_many
from tracker.verdicts.durations import Change, Pace, Period, at_tempo, change, sentence, tempo
from tracker.verdicts.lanes import BEFORE

# How many builds a history of durations is long, no more than judging looks back; and how short it
# says nothing.
BUILDS = BEFORE
_FEWEST = 14
# The cases that tell how fast a build was: those with the lowest ids, which are hashes, of those
# that take long enough (ms) for a clock to tell.
_SAMPLE = 200
_LEAST_DURATION = 10
# A case is looked at where it is off by this factor and so many ms from each of three builds, which
# are these shares of the history old; the furthest off first where there are many.
_FACTOR, _MILLISECONDS = 1.3, 100.0
_AGES = (0.35, 0.6, 0.9)
# Runs whose durations are nearer than this to one another are alike.
_STILL, _STILL_MILLISECONDS = 1.15, 50.0
# The last runs that say whether a case is as it was noticed, and how many builds before the change
# say that it is one.
_LAST = 5
_FEWEST_BEFORE = 10
_MOST = 2000

_ENCODER = msgspec.json.Encoder(order="deterministic")

Durations = list[float | None]


@dataclass(frozen=True)
class Noticed:
    """A case became `factor` times slower or faster, in one build of the window with 99 %.

    The medians (ms) are at the usual speed of the machine; `chance` is how likely a build says so
    by chance.
    """

    pace: Pace
    factor: float
    before: Period
    now: Period
    window: BreakWindow
    chance: float
    sentence: str


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_NOTICED = msgspec.json.Decoder(Noticed)


def derive(job_id: int, past: Sequence[JudgedBuild], build: JudgedBuild) -> None:
    """Write which cases are slower or faster from this build on, and which no more.

    `past` are the judged builds before it, oldest first.
    """
    if build.is_out:
        return
    window = [*(each for each in past if not each.is_out), build][-BUILDS:]
    sample = _sample(build.place.build_id) if len(window) >= _FEWEST else []
    if not sample:
        return
    lasting = _lasting(job_id, build)
    cases = sorted({*_far_off(_looked_at(window), sample), *lasting})
    if not cases:
        return
    tempos = tempo(_histories(window, sample))
    ended: list[int] = []
    began: list[tuple[int, Noticed]] = []
    for case, told in _histories(window, cases).items():
        before = lasting.get(case)
        now = _noticed(before, at_tempo(told, tempos), window)
        if before and now is not before:
            ended.append(case)
        if now and now is not before:
            began.append((case, now))
    _write(job_id, build.place.build_id, ended, began)


def forget_from(job_id: int, place: Place) -> None:
    """Take back what the builds from `place` on said."""
    which = (job_id, *place.order)
    run(f"DELETE FROM pace WHERE from_build IN {LATER}", *which)
    run(f"UPDATE pace SET until_build = NULL WHERE until_build IN {LATER}", *which)


def _sample(build_id: int) -> list[int]:
    """The cases of a build that tell how fast it was."""
    rows = run(
        "SELECT case_id FROM result WHERE build_id = ? AND status = 0 AND duration >= ?"
        " ORDER BY case_id LIMIT ?",
        build_id,
        _LEAST_DURATION,
        _SAMPLE,
    )
    return [case for (case,) in rows]


def _histories(window: Sequence[JudgedBuild], cases: Sequence[int]) -> dict[int, Durations]:
    """How long each of the cases took in each build where it passed."""
    found: dict[int, Durations] = {case: [None] * len(window) for case in cases}
    wanted = listed(cases)
    for place, build in enumerate(window if cases else ()):
        rows = run(
            "SELECT case_id, duration FROM result WHERE build_id = ? AND status = 0"
            f" AND case_id IN {IN}",
            build.place.build_id,
            wanted,
        )
        for case, duration in rows:
            found[case][place] = duration
    return found


def _lasting(job_id: int, build: JudgedBuild) -> dict[int, Noticed]:
    """What was noticed and goes on, of the cases that passed in a build: the others stay so."""
    rows = run(
        "SELECT p.case_id, p.evidence FROM pace p INDEXED BY pace_open CROSS JOIN result r"
        " ON r.build_id = ? AND r.case_id = p.case_id WHERE p.job_id = ? AND p.until_build IS NULL"
        " AND r.status = 0 AND r.duration IS NOT NULL",
        build.place.build_id,
        job_id,
    )
    return {case: noticed_of(evidence) for case, evidence in rows}


def noticed_of(evidence: str) -> Noticed:
    """What was noticed, from its JSON."""
    return _NOTICED.decode(evidence)


def _looked_at(window: Sequence[JudgedBuild]) -> list[JudgedBuild]:
    """The newest build, the one before it, and three earlier ones."""
    newest = len(window) - 1
    places = (newest, newest - 1, *(newest - round(newest * age) for age in _AGES))
    return [window[place] for place in places]


def _far_off(five: Sequence[JudgedBuild], sample: Sequence[int]) -> list[int]:
    """The cases that took far longer, or shorter, in the first build than in the last three."""
    tempos = tempo(_histories(five, sample))
    builds = (build.place.build_id for build in five)
    rows = run(_FAR_OFF, *builds, *(1 / each for each in tempos))
    off = [(-abs(math.log(now / then)), case) for case, now, then in _to_one_side(rows)]
    return [case for _, case in sorted(off)[:_MOST]]


def _to_one_side(rows: Iterable[Row]) -> Iterator[tuple[int, float, float]]:
    """Cases that are above or below all earlier builds, and were so in the build before: what they
    took, and the nearest of what they took then.
    """
    for case, now, last, *earlier in rows:
        then = [each for each in earlier if each is not None]
        if not then:
            continue
        low, high = min(then), max(then)
        if now > high and (last is None or last >= high * _STILL):
            yield case, max(1.0, now), max(1.0, high)
        if now < low and (last is None or last * _STILL <= low):
            yield case, max(1.0, now), max(1.0, low)


def _far_from_now(then: str) -> str:
    """SQL: whether a duration is far from that of the build `n`, or unknown."""
    now, then = _at_tempo("n"), _at_tempo(then)
    return (
        f"({then} IS NULL OR abs({now} - {then}) >= {_MILLISECONDS}"
        f" AND max({now}, {then}) >= {_FACTOR} * min({now}, {then}))"
    )


def _at_tempo(name: str) -> str:
    return f"{name}.duration * ?{len(_READ) + _READ.index(name) + 1}"


# The build itself, the one before it, and three earlier ones. The statement takes their ids, then
# by how much each was faster than usual. SQLite leaves a row at the first build that is not far.
_READ = ("n", "last", "a", "b", "c")
_EARLIER = _READ[2:]
_FAR_OFF = (
    f"SELECT n.case_id, {', '.join(map(_at_tempo, _READ))} FROM result n"
    + "".join(
        f" LEFT JOIN result {name} ON {name}.build_id = ?{_READ.index(name) + 1}"
        f" AND {name}.case_id = n.case_id AND {name}.status = 0"
        for name in (*_EARLIER, "last")
    )
    + " WHERE n.build_id = ?1 AND n.status = 0 AND n.duration IS NOT NULL AND "
    + " AND ".join(map(_far_from_now, _EARLIER))
)


def _noticed(
    before: Noticed | None, durations: Durations, window: Sequence[JudgedBuild]
) -> Noticed | None:
    """What is noticed of a case now: `before` itself where that goes on, None where nothing is."""
    if before is None:
        return _in_words(change(durations), window)
    if _plainly_goes_on(before, durations, window):
        return before
    changed = before.window.likely
    since = [
        each if build.place.order >= changed else None
        for each, build in zip(durations, window, strict=True)
    ]
    if again := change(since):
        return _in_words(again, window)
    found = change(durations, before.pace)
    return before if found and found.pace is before.pace else _in_words(found, window)


def _plainly_goes_on(before: Noticed, durations: Durations, window: Sequence[JudgedBuild]) -> bool:
    """Whether the last runs are as those it was noticed by.

    Not once most builds of the history came after the change: then it is what is usual.
    """
    if window[_FEWEST_BEFORE].place.order > before.window.likely:
        return False
    last = median([each for each in durations if each is not None][-_LAST:])
    low, high = sorted((before.now.median, last))
    return high < low * _STILL or high - low < _STILL_MILLISECONDS


def _in_words(found: Change | None, window: Sequence[JudgedBuild]) -> Noticed | None:
    if found is None:
        return None
    orders = [build.place.order for build in window]
    return Noticed(
        pace=found.pace,
        factor=_short(found.factor),
        before=Period(_short(found.before.median), found.before.runs),
        now=Period(_short(found.now.median), found.now.runs),
        window=BreakWindow(
            after=orders[found.window.after],
            by=orders[found.window.by],
            likely=orders[found.window.likely],
            chances=tuple(map(_short, found.window.chances)),
        ),
        chance=_short(found.chance),
        sentence=sentence(found, [f"#{number}" for _, number in orders]),
    )


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def _write(
    job_id: int, build_id: int, ended: Sequence[int], began: Sequence[tuple[int, Noticed]]
) -> None:
    run_many(
        "UPDATE pace SET until_build = ? WHERE job_id = ? AND case_id = ? AND until_build IS NULL",
        [(build_id, job_id, case) for case in ended],
    )
    run_many(
        "INSERT INTO pace (job_id, case_id, from_build, pace, factor, evidence)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (job_id, case, build_id, each.pace.value, each.factor, _ENCODER.encode(each).decode())
            for case, each in began
        ],
    )
