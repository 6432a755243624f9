"""The console of a build; for jobs that report nowhere else, with TAP among its lines."""

from collections.abc import Iterator

from scripts import demo_files, demo_history
from scripts.demo_history import Archive, Build, Case, Job


def console_text(job: Job, build: Build) -> str:
    return "".join(f"{line}\n" for line in _lines(job, build))


def _lines(job: Job, build: Build) -> Iterator[str]:
    name = job.name.rpartition("/")[2]
    yield _started_by(build)
    yield f"Building in workspace /var/lib/jenkins/workspace/{name}"
    yield f"Checking out Revision {build.revision} (refs/remotes/origin/main)"
    yield "+ make test"
    if job.archive is Archive.CONSOLE:
        yield from _tap(job, build)
    if build.running:
        return
    if not build.tested:
        yield "make: *** [Makefile:12: compile] Error 2"
    if job.archive is Archive.FILES and build.tested:
        yield "Archiving artifacts"
    if job.archive is not Archive.CONSOLE:
        yield "Recording test results"
    if build.result == "ABORTED":
        yield "Aborted by Dana Novák"
    yield f"Finished: {build.result}"


def _started_by(build: Build) -> str:
    if build.upstream is None:
        return "Started by timer"
    job, number = build.upstream
    return f'Started by upstream project "{job}" build number {number}'


def _tap(job: Job, build: Build) -> Iterator[str]:
    """One suite after another in one plan, with what their programs print in between."""
    cases = [case for rows in demo_history.suites(job, build.number).values() for case in rows]
    if not cases:
        return
    yield "TAP version 13"
    yield f"1..{len(cases)}"
    for at, case in enumerate(cases, 1):
        if at % 3 == 1:
            yield f"checking {case.suite or 'the next address'} ..."
        yield from _point(at, case, build.number)


def _point(at: int, case: Case, number: int) -> Iterator[str]:
    letter = case.outcome(number)
    if letter == "S":
        yield f"ok {at} - {case.name} # SKIP {case.skip_reason}"
        return
    yield f"{'not ok' if letter in demo_history.BROKEN else 'ok'} {at} - {case.name}"
    if letter in demo_history.BROKEN:
        message = demo_files.failure_message(case, number).strip().partition("\n")[0]
        quoted = message.replace('"', "'").replace("\\", "/")
        yield "  ---"
        yield f'  message: "{quoted}"'
        yield "  severity: fail"
        yield "  ..."
