"""Consistency: rows that contradict one another, the spool, or the published site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tracker.clock import DAY
from tracker.operations.validation.checks import Check, Look, Scene, rows_of, rows_where, seen
from tracker.operations.validation.epochs import other_epochs
from tracker.operations.validation.findings import Severity
from tracker.operations.validation.naming import named
from tracker.operations.validation.site import wrong_files
from tracker.operations.validation.spooled import (
    missing_bytes,
    other_bytes,
    other_sizes,
    queued_bytes,
)
from tracker.published import generation_name
from tracker.store.models import Job
from tracker.store.naming import PARTS
from tracker.store.revisions import revision as database_revision
from tracker.store.rules import name_rules, set_parts
from tracker.store.sql import run

_POLL = "`tracker poll JOB --build N` asks Jenkins for such a build again; else restore a backup."
_BY_ITSELF = "Nothing need be done: the next change notes it anew."
_PUBLISH = "`tracker publish --force` makes the whole site anew."
_SEND = "Bring the spool back from a copy, or send the reports again with replace=true."
_WORKER = "Start the worker again: it asks for what is missing when it starts."
_CLAIM = "Set the clock right: a claim ends by itself, at the time that it names."

Node = tuple[str, int]


def _cycles(scene: Scene) -> Look:
    """Follow each build to the one that started it, and on, until a build comes again."""
    started_by: dict[Node, set[Node]] = defaultdict(set)
    for job, number, *upstream in run(
        "SELECT j.name, b.number, b.upstream_job, b.upstream_number FROM build b"
        " JOIN job j ON j.id = b.job_id"
        " WHERE b.upstream_job <> '' AND b.upstream_number IS NOT NULL"
    ):
        started_by[job, number].add((upstream[0], upstream[1]))
    return seen(scene.counts["build"], _going_round(started_by))


def _going_round(started_by: Mapping[Node, set[Node]]) -> Iterator[str]:
    done: set[Node] = set()
    for start in started_by:
        way: list[Node] = []
        waiting = [(start, 0)]
        while waiting:
            node, depth = waiting.pop()
            del way[depth:]
            if node in way:
                yield " started by ".join(
                    f"{job} #{n}" for job, n in [*way[way.index(node) :], node]
                )
            elif node not in done:
                done.add(node)
                way.append(node)
                waiting += [(each, depth + 1) for each in started_by.get(node, ())]


def _parts(scene: Scene) -> Look:
    """Hold the release, module, platform and branch of each job against the rules of names."""
    patterns = name_rules()
    wrong: list[str] = []
    for job in Job.select():  # none of them is saved
        on_record = {part: getattr(job, part) for part in PARTS}
        if set_parts(job, patterns):
            wrong += [
                f"job {job.name}: {part} is {told!r}, by the rules {getattr(job, part)!r}"
                for part, told in on_record.items()
                if told != getattr(job, part)
            ]
    return seen(scene.counts["job"], wrong)


def _epochs(scene: Scene) -> Look:
    return seen(scene.counts["build"], other_epochs())


def _manifest(scene: Scene) -> Look:
    """Look at what the published site says of itself."""
    if scene.site is None:
        return Look(0)
    manifest = scene.site.manifest
    if manifest is None:
        return seen(1, [scene.site.trouble])
    revision = database_revision()
    wrong = []
    if manifest.revision > revision:
        wrong.append(f"it shows revision {manifest.revision}, the database is at {revision}")
    if generation_name(manifest.generation) != scene.site.folder.name:
        wrong.append(f"{scene.site.folder} holds generation {manifest.generation}")
    return seen(1, wrong)


def _files(scene: Scene) -> Look:
    if scene.site is None or scene.site.manifest is None:
        return Look(0)
    wrong = wrong_files(scene.site, with_bytes=scene.is_thorough)
    return seen(len(scene.site.manifest.files), wrong)


def _trouble(table: str) -> Check:
    return Check(
        f"consistency.trouble.{table}",
        f"Rows of {table} with trouble that began at no time, or a time without trouble",
        _BY_ITSELF,
        rows_where(table, "(t.error = '') <> (t.error_since IS NULL)"),
        Severity.WARNING,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        "consistency.upstream.half",
        "Builds that another one started of which only the job or the number is known",
        _POLL,
        rows_where("build", "(t.upstream_job = '') <> (t.upstream_number IS NULL)"),
    ),
    Check("consistency.upstream.cycle", "Builds that started themselves", _POLL, _cycles),
    Check(
        "consistency.upstream.order",
        "Builds that began more than a day before the one that started them",
        _POLL,
        rows_of(
            "build",
            f"SELECT {named('build')} || ': ' || t.upstream_job || ' #' || t.upstream_number"
            " FROM build t JOIN job j ON j.name = t.upstream_job"
            " WHERE t.started IS NOT NULL AND EXISTS (SELECT 1 FROM build u WHERE u.job_id = j.id"
            f" AND u.number = t.upstream_number AND u.started > t.started + {DAY})"
            " AND NOT EXISTS (SELECT 1 FROM build u WHERE u.job_id = j.id"
            " AND u.number = t.upstream_number"
            f" AND (u.started IS NULL OR u.started <= t.started + {DAY}))",
        ),
        Severity.WARNING,
    ),
    Check(
        "consistency.times.future",
        "Builds that begin more than a day from now",
        "Set the clocks of this machine and of the controller.",
        rows_where("build", f"t.started > ?1 + {DAY}"),
        Severity.WARNING,
    ),
    Check(
        "consistency.epochs",
        "Builds in another epoch than numbers and start times give",
        "Nothing need be done where builds still come: the next one numbers them anew.",
        _epochs,
    ),
    Check(
        "consistency.names",
        "Jobs with a release, module, platform or branch that the rules do not give",
        "`tracker rule names PATTERN`, even for a pattern that is there, has all names read again.",
        _parts,
    ),
    Check(
        "consistency.standing",
        "Jobs with a standing since no time, or a time without a standing",
        _BY_ITSELF,
        rows_where("job", "(t.standing = '') <> (t.standing_since IS NULL)"),
        Severity.WARNING,
    ),
    _trouble("job"),
    _trouble("server"),
    Check(
        "consistency.backfill",
        "Back-fills that went further than there are builds to read",
        "`tracker backfill JOB` begins it anew.",
        rows_where(
            "backfill",
            "t.done < 0 OR json_valid(t.numbers) AND t.done > json_array_length(t.numbers)"
            " OR t.finished < t.asked",
        ),
    ),
    Check(
        "consistency.work.lease",
        "Tasks that are held for longer than any worker holds one, or held though they are over",
        _CLAIM,
        rows_where("work", f"t.lease_until > ?1 + {DAY} OR t.lease_until > 0 AND t.state <> 'due'"),
    ),
    Check(
        "consistency.work.subject",
        "Jobs that two tasks hold at once",
        _CLAIM,
        rows_of(
            "work",
            "SELECT t.subject FROM work t WHERE t.subject <> '' AND t.lease_until > ?1"
            " GROUP BY t.subject HAVING count(*) > 1",
        ),
    ),
    Check(
        "consistency.rejudging",
        "Jobs that are to be judged again, for which no task waits",
        _WORKER,
        rows_where(
            "rejudging",
            "NOT EXISTS (SELECT 1 FROM work w JOIN job j ON j.name = w.key"
            " WHERE j.id = t.job_id AND w.kind = 'judge' AND w.state = 'due')",
        ),
    ),
    Check(
        "consistency.spool.missing",
        "Reports whose bytes are not in the spool, so that they cannot be read again",
        _SEND,
        missing_bytes,
        beside=True,
    ),
    Check(
        "consistency.spool.size",
        "Reports whose bytes in the spool are more or fewer than were recorded",
        _SEND,
        other_sizes,
        beside=True,
    ),
    Check(
        "consistency.spool.bytes",
        "Reports whose bytes in the spool have another SHA-256 (a sample, all with --verbose)",
        _SEND,
        other_bytes,
        beside=True,
    ),
    Check(
        "consistency.spool.queued",
        "Uploads that wait to be read and whose bytes are gone",
        "Send them again.",
        queued_bytes,
        beside=True,
    ),
    Check(
        "consistency.site.manifest",
        "Published sites that are not what they say they are",
        _PUBLISH,
        _manifest,
        beside=True,
    ),
    Check(
        "consistency.site.files",
        "Files of the published site that are missing (or changed, read with --verbose)",
        _PUBLISH,
        _files,
        beside=True,
    ),
)
