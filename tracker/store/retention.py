"""Let the results of builds go: in small steps, so that others write in between.

A build is marked first, with its whole job's plan, and so shown without its results at once; then
its rows go step by step. Whoever dies in the middle leaves a state that says the same, and the next
run goes on. Its row with its counts, its reports' names, its losses and its episodes stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tracker.clock import day
from tracker.errors import Conflict, NotFound
from tracker.store.audit import note
from tracker.store.connection import reading, writing
from tracker.store.models import Build, Job
from tracker.store.outcomes import JUDGED, Place, reads_what_went
from tracker.store.revisions import raise_revision
from tracker.store.sql import IN, change, listed, run
from tracker.store.work import ask_publishing

# Rows that go in one transaction: some hundredths of a second.
STEP = 10_000
_LAST = 2**63 - 1


@dataclass(frozen=True)
class LettingGo:
    """The builds of a job whose results are to go, as it is at a revision.

    Its verdicts stay as they are before the build `judged_from`.
    """

    job_id: int
    revision: int
    builds: tuple[int, ...]
    judged_from: int | None


def mark(plan: LettingGo, *, now: int) -> bool:
    """Mark the builds of a plan as let go; False where the job changed since it was made."""
    with writing():
        [(revision,)] = run("SELECT revision FROM job WHERE id = ?", plan.job_id)
        if revision != plan.revision:
            return False
        run(
            f"UPDATE build SET let_go = ? WHERE let_go IS NULL AND NOT kept AND id IN {IN}",
            now,
            listed(plan.builds),
        )
        run("UPDATE job SET judged_from = ? WHERE id = ?", plan.judged_from, plan.job_id)
        raise_revision(plan.job_id)
        ask_publishing(now=now)
        note("results let go", Job.get_by_id(plan.job_id).name, f"{len(plan.builds)} builds")
        return True


def unfinished() -> list[int]:
    """The builds that are let go and still have rows, oldest mark first."""
    left = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.build_id = b.id{condition})"
        for table, _, _, condition in _TABLES
    )
    with reading():
        rows = run(
            f"SELECT b.id FROM build b WHERE b.let_go IS NOT NULL AND ({left}) ORDER BY b.id"
        )
    return [build for (build,) in rows]


# What goes with the results of a build: table, the column its rows are in the order of, how many
# slim rows one of them weighs, and which of them. A case that was renamed is still told by its
# absence.
_TABLES = (
    ("attempt", "case_id", 1, ""),
    ("output", "case_id", 20, ""),
    ("suite_run", "suite_id", 20, ""),
    ("sighting", "case_id", 1, ""),
    ("absence", "case_id", 1, " AND other_case IS NULL"),
    ("result", "case_id", 1, ""),
)


def clear(build_id: int, most: int = STEP) -> bool:
    """Let some rows of a marked build go; whether more are left."""
    with writing():
        for table, column, weight, condition in _TABLES:
            which = f"FROM {table} WHERE build_id = ?{condition}"
            last = run(
                f"SELECT {column} {which} ORDER BY {column} LIMIT 1 OFFSET ?",
                build_id,
                most // weight,
            )
            until = last[0][0] if last else _LAST
            if table == "result":
                _remember_passes(build_id, until)
            gone = change(f"DELETE {which} AND {column} <= ?", build_id, until)
            most -= weight * gone
            if last or most <= 0:
                return True
        _shorten_evidence(build_id)
        return False


def _remember_passes(build_id: int, until: int) -> None:
    """Keep in mind which cases passed: one that fails later is no new failure."""
    run(
        "INSERT INTO last_pass (job_id, case_id, build_id)"
        " SELECT b.job_id, r.case_id, b.id FROM result r JOIN build b ON b.id = r.build_id"
        f" WHERE r.build_id = ? AND r.case_id <= ? AND r.status = 0 AND {_judged('b')}"
        " ON CONFLICT (job_id, case_id) DO UPDATE SET build_id = excluded.build_id"
        " WHERE EXISTS (SELECT 1 FROM build new JOIN build old ON old.id = last_pass.build_id"
        " WHERE new.id = excluded.build_id"
        " AND (new.epoch, new.number) > (old.epoch, old.number))",
        build_id,
        until,
    )


def _judged(alias: str) -> str:
    return f"EXISTS (SELECT 1 FROM build WHERE id = {alias}.id AND {JUDGED})"


def _shorten_evidence(build_id: int) -> None:
    """Of episodes between builds that are let go the sentence stays, what it rests on goes."""
    run(
        "UPDATE episode"
        " SET evidence = json_object('sentence', json_extract(evidence, '$.sentence'))"
        " WHERE (from_build = ?1 OR until_build = ?1)"
        " AND json_extract(evidence, '$.outcomes') IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM build WHERE let_go IS NULL"
        " AND id IN (episode.from_build, episode.until_build))"
        " AND until_build IS NOT NULL",
        build_id,
    )


def forget_overruled(most: int = 2_000) -> bool:
    """Let go what was said of builds that are let go, and taken back; whether more is left."""
    with writing():
        gone = run(
            "DELETE FROM overruled WHERE id IN (SELECT o.id FROM overruled o"
            " JOIN build b ON b.id = o.from_build WHERE b.let_go IS NOT NULL LIMIT ?) RETURNING 1",
            most,
        )
    return len(gone) == most


def place_to_judge_from(job_id: int, place: Place) -> Place:
    """`place`, or the first one of a job that can be judged again, where that comes later.

    That is behind `judged_from` where what this is judged by went too, as in a job that is over.
    """
    for row in run(
        "SELECT b.id, b.epoch, b.number FROM job j JOIN build b ON b.id = j.judged_from"
        " WHERE j.id = ?",
        job_id,
    ):
        first = Place(*row)
        if reads_what_went(job_id, first):
            first = Place(0, first.epoch, first.number + 1)
        if first.order > place.order:
            return replace(first, build_id=0)
    return place


def keep(job: str, label: str) -> None:
    """Never let the results of a build go.

    `label` is its number, or number~epoch. NotFound where there is no such build, Conflict where
    its results were let go.
    """
    with writing():
        build = _called(job, label)
        if build.let_go is not None:
            remedy = "Its counts stay in any case."
            raise results_let_go(job, label, build.let_go, remedy=remedy)
        if not build.kept:
            _set_kept(build, kept=True)
            note("results kept", f"{job} #{label}")


def keep_no_longer(job: str, label: str) -> None:
    """Treat a build that was kept as others again; NotFound where there is no such build."""
    with writing():
        build = _called(job, label)
        if build.kept:
            _set_kept(build, kept=False)
            note("results no longer kept", f"{job} #{label}")


def kept_builds() -> list[tuple[str, str]]:
    """Job and number, or number~epoch, of the builds that are kept."""
    with reading():
        rows = run(
            "SELECT j.name, CASE epoch WHEN 0 THEN CAST(number AS TEXT)"
            " ELSE number || '~' || epoch END FROM build b JOIN job j ON j.id = b.job_id"
            " WHERE b.kept ORDER BY j.name, b.epoch, b.number"
        )
    return [(job, build) for job, build in rows]


def _called(job: str, label: str) -> Any:
    """The build, as Peewee has it."""
    number, _, epoch = label.partition("~")
    build = (
        Build.select()
        .join(Job)
        .where((Job.name == job) & (Build.number == int(number)))
        .where((Build.epoch == int(epoch)) if epoch else True)
        .order_by(Build.epoch.desc())
        .first()
    )
    if build is None:
        raise NotFound(
            f"There is no build {label} of the job {job!r} here.",
            "`tracker job list` has the jobs, their pages the builds.",
        )
    return build


def _set_kept(build: Any, *, kept: bool) -> None:
    Build.update(kept=kept).where(Build.id == build.id).execute()
    raise_revision(build.job_id)


def results_let_go(
    job: str, build: int | str | None, at: int, *, remedy: str, also: str = ""
) -> Conflict:
    """What is said to whoever needs results of a build that were let go at a time (ms)."""
    return Conflict(
        f"The results of build {build} of {job!r} were let go on {day(at)}{also}.", remedy
    )
