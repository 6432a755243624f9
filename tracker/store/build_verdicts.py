"""What one build says of the cases of its job: written from its history, and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import msgspec

from tracker.store import break_windows, episodes
from tracker.store.break_windows import RENEWED_AT, Reckoned, break_window
from tracker.store.episodes import Began, Open
from tracker.store.models import VERDICT_COUNTS, Build
from tracker.store.outcomes import (
    BEFORE_PLACE,
    FAILED,
    GAP,
    JUDGED,
    LOOK,
    UNJUDGED_FROM_ON,
    JudgedBuild,
    Place,
    failed_in,
    letters,
    newest_with_results,
    passed_in,
    passed_in_any,
    remembered_before,
    retried_in,
    without_fixed,
)
from tracker.store.sql import IN, listed, run
from tracker.verdicts.budget import Limits, limits
from tracker.verdicts.incidents import Incident, incident, is_large, was_none
from tracker.verdicts.lanes import BEFORE
from tracker.verdicts.masks import masked
from tracker.verdicts.states import BROKEN, OPENED, Standing, State, step
from tracker.verdicts.verdict import RULE, verdict

# Verdicts that are said anew with each failure, since their numbers are what matters.
_RENEWED = (State.SUSPECT, State.FLAKY)
# Which count of its build a failure belongs to that alarms nobody.
_COUNTED_AS = {State.SUSPECT: "suspects", State.FLAKY: "flaky"}
_REASON = 200
_ENCODER = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True)
class Judging:
    """By what a build was judged: the rule, the limits of its job then, and the incident it was.

    The limits keep the `budget` of the job, for so many `cases`.
    """

    rule: int
    budget: float
    cases: int
    limits: Limits
    incident: Incident | None


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_JUDGING = msgspec.json.Decoder(Judging)


def judging_of(text: str) -> Judging | None:
    """By what a build was judged, from `build.judging`; None where it was not, or not yet."""
    return None if text == "{}" else _JUDGING.decode(text)


@dataclass(frozen=True)
class _Facts:
    """A build to be judged: what came before it in its job, and which cases it says something of.

    `past` are the judged builds before it, oldest first; `lasting` the episodes that last, `fixed`
    the breaks that were fixed in the builds that are looked at.
    """

    job_id: int
    past: Sequence[JudgedBuild]
    build: JudgedBuild
    failed: Set[int]
    retried: Set[int]
    lasting: Mapping[int, Open]
    fixed: Mapping[int, list[tuple[int, int]]]

    @property
    def unexpected(self) -> Set[int]:
        """The cases that failed though nothing was wrong with them, or no more."""
        well = {case for case, row in self.lasting.items() if row.state is State.FIXED}
        return self.failed - (self.lasting.keys() - well)


def judge_build(
    job_id: int, past: list[JudgedBuild], build: JudgedBuild, revision: int
) -> Iterable[JudgedBuild]:
    """Write what a build says; the past of the next one."""
    build = replace(build, is_incident=False, is_lifted=False)  # as it was judged before
    build_id = build.place.build_id
    facts = _Facts(
        job_id=job_id,
        past=past,
        build=build,
        failed=failed_in(build_id),
        retried=retried_in(build_id),
        lasting=episodes.open_episodes(job_id),
        fixed=episodes.fixed_breaks(job_id, [each.place.build_id for each in past[-LOOK:]]),
    )
    lifted = _lifted(facts)
    if lifted is not None:
        run("UPDATE build SET lifted = true WHERE id = ?", lifted.place.build_id)
        facts = replace(
            facts, past=[replace(each, is_lifted=True) if each is lifted else each for each in past]
        )
    found = None if lifted else _incident(facts)
    [(budget,)] = run("SELECT budget FROM job WHERE id = ?", job_id)
    judging = Judging(RULE, budget, build.total, _limits(facts, budget), found)
    counts = _count_apart(facts) if found else _write_verdicts(facts, judging.limits, revision)
    _write_judging(build_id, judging, counts, revision)
    return [*facts.past, replace(build, is_incident=found is not None)]


def _lifted(facts: _Facts) -> JudgedBuild | None:
    """The incident that was none, as this build fails likewise: the last one with results."""
    before = next((each for each in reversed(facts.past[-LOOK:]) if each.total), None)
    if before is None or not before.is_out:
        return None
    earlier = replace(facts, failed=failed_in(before.place.build_id))
    return before if was_none(earlier.unexpected, facts.failed) else None


def _incident(facts: _Facts) -> Incident | None:
    """The incident that the build was; in a build with results before it its cases passed."""
    ran = facts.build.total
    if not is_large(len(facts.unexpected), ran):
        return None
    ran_before = (build for build in reversed(facts.past) if build.total and not build.is_out)
    before = next(ran_before, None) or newest_with_results(facts.job_id, facts.build.place)
    passed = passed_in((before or facts.build).place.build_id)
    reasons = {case: why for case, why in _reasons(facts).items() if case in passed}
    return incident(reasons, ran)


def _reasons(facts: _Facts) -> dict[int, str]:
    """Why the unexpected failures failed: type and first line, what varies in it masked."""
    rows = run(
        "SELECT r.case_id, f.id, f.type, f.message FROM result r"
        " LEFT JOIN failure f ON f.id = r.failure_id"
        f" WHERE r.build_id = ? AND {FAILED}",
        facts.build.place.build_id,
    )
    unexpected = facts.unexpected
    known: dict[int | None, str] = {None: ""}
    for case, failure, kind, message in rows:
        if case in unexpected and failure not in known:
            line = masked((message or "").strip().partition("\n")[0][:_REASON])
            known[failure] = ": ".join(filter(None, (kind, line)))
    return {case: known[failure] for case, failure, _, _ in rows if case in unexpected}


def _limits(facts: _Facts, budget: float) -> Limits:
    """The limits of the job as its builds before this one have it, but for incidents.

    A lifted one too: its failures are not how often these cases fail by chance.
    """
    recent = [build.place.build_id for build in facts.past if not build.is_incident][-BEFORE:]
    broken = {case for case, row in facts.lasting.items() if row.state in BROKEN}
    mended = {case for case, row in facts.fixed.items() if any(fix in recent for _, fix in row)}
    apart = broken | mended
    rows = run(
        f"SELECT r.case_id, count(*) FROM result r WHERE {FAILED}"
        f" AND r.build_id IN {IN} GROUP BY r.case_id",
        listed(recent),
    )
    histogram = Counter(times for case, times in rows if case not in apart)
    histogram[0] = max(0, facts.build.total - len(apart) - histogram.total())
    return limits(histogram, len(recent), budget)


def _count_apart(facts: _Facts) -> Counter[str]:
    """The counts of an incident: nothing changes, and what was not expected is counted apart."""
    counts: Counter[str] = Counter({"in_incident": len(facts.unexpected)})
    for case in facts.failed - facts.unexpected:
        counts[_COUNTED_AS.get(facts.lasting[case].state, "")] += 1
    return counts


def _write_verdicts(facts: _Facts, limits: Limits, revision: int) -> Counter[str]:
    """Write which episodes begin and end with a build; its counts."""
    build_id = facts.build.place.build_id
    counts: Counter[str] = Counter()
    began: list[Began] = []
    ended: set[int] = set()
    reckoned: list[Reckoned] = []
    window = [*facts.past[-LOOK:], facts.build]
    places = {build.place.build_id: at for at, build in enumerate(window)}
    for case, outcomes, before in _courses(facts, window, places):
        now = step(before, outcomes.replace(GAP, ""), limits)
        counts[_counted_as(before, now, outcomes[-1])] += 1
        since = _since(facts.lasting.get(case), now, outcomes, window, build_id)
        if _tells_when(before, now, outcomes[-1]) and (found := break_window(outcomes, window)):
            reckoned.append(Reckoned(case, since, found))
        if not _is_news(before, now, outcomes[-1]):
            continue
        ended.add(case)
        if now.state is not State.HEALTHY:
            said = verdict(before, outcomes.replace(GAP, ""), limits)
            began.append(Began(case, since, said))
    episodes.end(facts.job_id, sorted(ended & facts.lasting.keys()), build_id)
    episodes.begin(facts.job_id, sorted(began, key=lambda each: each.case), build_id, revision)
    break_windows.keep(facts.job_id, reckoned, build_id)
    return counts


def _courses(
    facts: _Facts, window: Sequence[JudgedBuild], places: Mapping[int, int]
) -> Iterable[tuple[int, str, Standing]]:
    """Each case the build says something of: its outcomes with gaps, and where it stood."""
    cases = facts.failed | facts.retried | _of_this_build(facts)
    rows = letters(window, cases)
    new = [case for case, row in rows.items() if not row[:-1].strip(GAP)]
    known = passed_in_any(remembered_before(facts.job_id, window[0].place), new) if new else ()
    for case, row in rows.items():
        outcomes = without_fixed(row, facts.fixed.get(case, ()), places)
        if case in known and not outcomes[:-1].strip(GAP):
            outcomes = f"P{outcomes}"
        yield case, outcomes, _standing(facts.lasting.get(case), outcomes, places)


def _of_this_build(facts: _Facts) -> set[int]:
    """The cases with an episode that lasts, but for those that did not run: they may never again,
    and their histories would be read for each build.
    """
    here = letters([facts.build], facts.lasting.keys())
    return {case for case, row in here.items() if row != GAP}


def _standing(lasting: Open | None, outcomes: str, places: Mapping[int, int]) -> Standing:
    """Where the case stood before the newest of its outcomes."""
    if lasting is None:
        return Standing(State.HEALTHY)
    is_settled = lasting.state is State.FLAKY and lasting.was_unsteady
    if lasting.state in BROKEN or lasting.state is State.FIXED or is_settled:
        first = lasting.began if lasting.state is State.FIXED else lasting.since
        start = places.get(first or 0, 0) - len(places)
        span = len(outcomes[start:-1].replace(GAP, ""))
        return Standing(lasting.state, span, lasting.was_unsteady)
    return Standing(lasting.state)


def _is_news(before: Standing, now: Standing, outcome: str) -> bool:
    """Whether something is to be written; a regression that still fails is none."""
    if before.state in OPENED and now.state is State.FAILING:
        return False
    return now.state is not before.state or (now.state in _RENEWED and outcome != "P")


def _tells_when(before: Standing, now: Standing, outcome: str) -> bool:
    """Whether a result says when the case broke, or says it better than those before."""
    if now.state in OPENED:
        return True
    goes_on = before.state in BROKEN and now.state in BROKEN
    return goes_on and outcome == "F" and now.span in RENEWED_AT


def _counted_as(before: Standing, now: Standing, outcome: str) -> str:
    """Which count of its build a case belongs to; none for what still fails, or just passed."""
    if now.state is State.REGRESSION:
        return "regressions"
    if now.state is State.NEW_FAILURE:
        return "new_failures"
    if outcome == "F":
        return _COUNTED_AS.get(now.state, "")
    if now.state is State.RECOVERING:
        return "recovering"
    return "fixed" if now.state is State.FIXED and before.state in BROKEN else ""


def _since(
    lasting: Open | None,
    now: Standing,
    outcomes: str,
    window: Sequence[JudgedBuild],
    build_id: int,
) -> int:
    """The build in which the case broke, or since which it is as it is."""
    if now.state in OPENED:
        first = len(window) - len(outcomes)
        ran = [at for at, outcome in enumerate(outcomes, first) if outcome != GAP]
        return window[max(0, ran[-now.span])].place.build_id
    if lasting is None:
        return build_id
    if lasting.state in BROKEN or lasting.state is now.state:
        return build_id if lasting.since is None else lasting.since
    return build_id


def _write_judging(
    build_id: int, judging: Judging, counts: Mapping[str, int], revision: int
) -> None:
    sets = ", ".join(f"{name} = ?" for name in VERDICT_COUNTS)
    run(
        f"UPDATE build SET {sets}, judging = ?, lifted = false, said = coalesce(said, ?)"
        " WHERE id = ?",
        *(counts.get(name, 0) for name in VERDICT_COUNTS),
        _ENCODER.encode(judging).decode(),
        revision,
        build_id,
    )


def take_back(build: Build) -> None:
    """Take back the counts of a build whose results are others now; the caller saves it.

    They stay away until it is judged: beside its new totals they would be the counts of others.
    """
    for name in VERDICT_COUNTS:
        setattr(build, name, 0)
    build.judging, build.lifted = "{}", False


def forget_counts(job_id: int, place: Place) -> None:
    """Take back what the builds from `place` on lifted, and the counts of those not judged.

    The counts of the others stay on show until they are judged again, and are overwritten then.
    """
    zeros = ", ".join(f"{name} = 0" for name in VERDICT_COUNTS)
    is_said = " OR ".join(f"{name} <> 0" for name in VERDICT_COUNTS)
    run(
        f"UPDATE build SET {zeros}, judging = '{{}}', lifted = false"
        f" WHERE {UNJUDGED_FROM_ON} AND (judging <> '{{}}' OR lifted OR {is_said})",
        job_id,
        *place.order,
    )
    run(
        "UPDATE build SET lifted = false WHERE lifted AND id ="
        f" (SELECT id FROM build INDEXED BY build_with_results WHERE {BEFORE_PLACE}"
        f" AND total > 0 AND {JUDGED}"
        " ORDER BY epoch DESC, number DESC LIMIT 1)",
        job_id,
        *place.order,
    )
