"""`/api/v1`: jobs, builds, results and histories for programs, in pages by key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import Blueprint, Response, redirect, request

from tracker.errors import NotFound, UsageError
from tracker.queries import builds, cases, facets, jobs, paces, runs
from tracker.queries.explain import explain
from tracker.queries.jobs import JobRow
from tracker.queries.rows import BuildRow, CaseRow, snapshot
from tracker.queries.told import told
from tracker.store.identity import id_of
from tracker.verdicts.outcomes import Status
from tracker.web import parameters
from tracker.web.api_missing import list_absences
from tracker.web.links import page_url
from tracker.web.listing import answer, bad_cursor, listed, paging
from tracker.web.state import state

blueprint = Blueprint("api", __name__)

SUITE_JOINT = " › "

_LABEL = r"(?P<build>[0-9]{1,19}(?:~[0-9]{1,9})?)"


@blueprint.get("/api/v1/jobs")
def list_jobs() -> Response:
    """All jobs by name."""
    state()
    limit, after = paging()
    with snapshot():
        rows = jobs.jobs_after(after or "", limit + 1)
        return listed([_job(row) for row in rows], limit, lambda: rows[limit - 1].name)


@blueprint.get("/api/v1/jobs/<path:path>")
def below_jobs(path: str) -> Response:
    """What is below a job; the last `builds/<number>` or `cases/<key>` of the path decides."""
    state()
    for pattern, reply in _ROUTES:
        found = pattern.fullmatch(path.rstrip("/"))
        if found:
            with snapshot():
                return _moved(found["job"]) or reply(**found.groupdict())
    raise NotFound(f"There is nothing at {request.path[:200]}.")


def _moved(job: str) -> Response | None:
    """Where something stands that was asked for by a former name of its job; None for others."""
    name = "" if jobs.is_known(job) else jobs.name_now(job)
    if not name:
        return None
    there = request.path.replace(f"/jobs/{job}", f"/jobs/{name}", 1)
    query = f"?{urlencode(list(request.args.items(multi=True)))}" if request.args else ""
    return redirect(quote(f"{request.script_root}{there}", safe="/~") + query, code=308)  # type: ignore[return-value]


def _one_job(job: str) -> Response:
    parameters.refuse_unknown(request.args, ())
    return answer(_job(jobs.job(job)))


def _list_builds(job: str) -> Response:
    limit, after = paging()
    jobs.job(job)
    rows = builds.builds_before(job, _place(after), limit + 1)
    return listed([_build(row) for row in rows], limit, lambda: _place_of(rows[limit - 1]))


def _one_build(job: str, build: str) -> Response:
    parameters.refuse_unknown(request.args, ())
    row = builds.build(job, build)
    body = _build(row)
    names = [report.name for report in body["reports"]]
    return answer({**body, "about": told(row, builds.about(job, build), names)})


def _one_run(job: str, build: str) -> Response:
    """The whole regression run that the build belongs to."""
    parameters.refuse_unknown(request.args, ())
    run = runs.run(job, build)
    return answer(
        {
            "job": run.root.job,
            "number": run.root.number,
            "label": run.root.label,
            "url": page_url("run", job=run.root.job, build=run.root.label),
            "complete": run.complete,
            "open": dict(run.open),
            "totals": run.totals,
            "regressions": run.regressions,
            "new_failures": run.new_failures,
            "fixed": run.fixed,
            "builds": [
                {**_build_itself(row.build), "depth": row.depth, "standing": row.standing}
                for row in run.builds
            ],
            "absent": run.absent,
            "is_cut": run.is_cut,
        }
    )


def _list_results(job: str, build: str) -> Response:
    limit, after = paging("status")
    word = request.args.get("status")
    if word is not None and word.upper() not in Status.__members__:
        words = ", ".join(status.word for status in Status)
        raise UsageError(f"No status is called {word[:40]!r}.", f"There are {words}.")
    number = None if after is None else id_of(after)
    if after is not None and number is None:
        raise bad_cursor(after)
    rows = builds.results_after(
        job,
        build,
        status=None if word is None else int(Status.named(word)),
        after=number,
        limit=limit + 1,
    )
    return listed([_result(row) for row in rows], limit, lambda: rows[limit - 1].key)


def _one_case(job: str, case: str) -> Response:
    limit, after = paging()
    name = cases.case(job, case)
    rows = cases.history_before(job, case, _place(after), limit + 1)
    history = [
        {
            "build": row.build.label,
            "number": row.build.number,
            "epoch": row.build.epoch,
            "started": row.build.started,
            "status": row.status,
            "duration": row.duration,
            "message": row.message,
            "verdict": row.verdict,
            "sentence": row.sentence,
            "attempts": row.attempts,
            "details": row.details,
        }
        for row in rows
    ]
    about = {
        "job": job,
        "key": name.key,
        "suite": SUITE_JOINT.join(name.suite),
        "name": name.name,
        "variant": name.variant,
        "url": page_url("case", job=job, case=case),
        "current": cases.verdict(job, case),
        "pace": paces.pace(job, case),
    }
    return listed(history, limit, lambda: _place_of(rows[limit - 1].build), about)


def _one_facets(job: str, case: str) -> Response:
    """Which facets the failures of a case go with; null where none does better than chance."""
    parameters.refuse_unknown(request.args, ())
    name = cases.case(job, case)
    return answer({"job": job, "key": name.key, "facets": facets.explained(job, case)})


def _explained(job: str, case: str) -> Response:
    """What the verdict on a case rests on, now or as it was shown at a build."""
    parameters.refuse_unknown(request.args, ("as_of",))
    found = explain(job, case, request.args.get("as_of", "").removeprefix("#"))
    return answer(msgspec.to_builtins(found))


_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Response]], ...] = (
    (re.compile(rf"(?P<job>.+)/builds/{_LABEL}/results"), _list_results),
    (re.compile(rf"(?P<job>.+)/builds/{_LABEL}/missing"), list_absences),
    (re.compile(rf"(?P<job>.+)/builds/{_LABEL}/run"), _one_run),
    (re.compile(rf"(?P<job>.+)/builds/{_LABEL}"), _one_build),
    (re.compile(r"(?P<job>.+)/builds"), _list_builds),
    (re.compile(r"(?P<job>.+)/cases/(?P<case>[0-9a-f]{16})/facets"), _one_facets),
    (re.compile(r"(?P<job>.+)/cases/(?P<case>[0-9a-f]{16})/explain"), _explained),
    (re.compile(r"(?P<job>.+)/cases/(?P<case>[0-9a-f]{16})"), _one_case),
    (re.compile(r"(?P<job>.+)"), _one_job),
)


def _job(row: JobRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "url": page_url("job", job=row.name),
        "jenkins_url": row.url,
        "latest": _build(row.latest) if row.latest else None,
        "standing": row.standing,
        "server": row.server,
        "kind": row.kind,
        "release": row.parts.release,
        "module": row.parts.module,
        "platform": row.parts.platform,
        "branch": row.parts.branch,
        "former": row.former,
        "error": row.error,
        "error_since": row.error_since,
    }


def _build(row: BuildRow) -> dict[str, Any]:
    return {**_build_itself(row), "reports": builds.reports(row.job, row.label)}


def _build_itself(row: BuildRow) -> dict[str, Any]:
    return {
        "job": row.job,
        "number": row.number,
        "epoch": row.epoch,
        "label": row.label,
        "state": row.state,
        "result": row.result,
        "complete": row.complete,
        "judged": row.judged,
        "started": row.started,
        "duration": row.duration,
        "totals": row.totals,
        "regressions": row.regressions,
        "new_failures": row.new_failures,
        "fixed": row.fixed,
        "missing": row.missing,
        "newly_skipped": row.newly_skipped,
        "expected": row.expected,
        "added": row.added,
        "still_failing": row.still_failing,
        "suspects": row.suspects,
        "flaky": row.flaky,
        "recovering": row.recovering,
        "in_incident": row.in_incident,
        "judging": row.judging,
        "lifted": row.lifted,
        "damaged": row.damaged,
        "branch": row.branch,
        "commit": row.commit,
        "url": page_url("build", job=row.job, build=row.label),
        "jenkins_url": row.url,
        "gone": row.gone,
        "upstream_job": row.upstream_job,
        "upstream_number": row.upstream_number,
    }


def _result(row: CaseRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "suite": SUITE_JOINT.join(row.suite),
        "name": row.name,
        "variant": row.variant,
        "status": row.status,
        "duration": row.duration,
        "message": row.message,
    }


def _place(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})\.([0-9]{1,19})", after)
    if not found or int(found[2]) > parameters.MAX_NUMBER:
        raise bad_cursor(after)
    return int(found[1]), int(found[2])


def _place_of(row: BuildRow) -> str:
    return f"{row.epoch}.{row.number}"
