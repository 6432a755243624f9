"""What a tracker should find in a made-up history."""

from scripts.demo_history import BROKEN, Build, History, Job, Planted, named, tally


def truth(history: History) -> dict[str, object]:
    """What is in the history and what each build means by the simple rule, ready for JSON."""
    return {
        "seed": history.seed,
        "builds": history.builds,
        "now": history.now.isoformat(),
        "planted": [_planted_row(planted) for job in history.jobs for planted in job.planted],
        "jobs": {job.name: {"builds": _judge(job)} for job in history.jobs},
    }


def _planted_row(planted: Planted) -> dict[str, object]:
    case = {"case": named(planted.case)} if planted.case else {}
    row = {"kind": planted.kind, "job": planted.job, **case}
    return {**row, "build": planted.build, **planted.more}


def _judge(job: Job) -> dict[str, object]:
    """Every build of a job against the last counted result of each case before it."""
    before: dict[tuple[str, str, str], str] = {}
    return {str(build.number): _judged(job, build, before) for build in job.builds}


def _judged(job: Job, build: Build, before: dict[tuple[str, str, str], str]) -> dict[str, object]:
    counts = tally(job, build.number)
    lists: dict[str, list[list[str]]] = {
        "regressions": [],
        "new_failures": [],
        "fixed": [],
        "failing": [],
    }
    for case in job.cases if build.judged else ():
        if (letter := case.outcome(build.number)) in "PFE":
            if found := _verdict(before.get(case.id), letter):
                lists[found].append(list(case.id))
            before[case.id] = letter
    totals = {"total": counts.total, "passed": counts.passed, "failed": counts.failed}
    totals |= {"error": counts.error, "skipped": counts.skipped, "unknown": 0}
    state = "running" if build.running else "finished"
    return {"result": build.result, "state": state, "totals": totals, **lists}


def _verdict(before: str | None, now: str) -> str | None:
    if now in BROKEN:
        if before is None:
            return "new_failures"
        return "failing" if before in BROKEN else "regressions"
    return "fixed" if before is not None and before in BROKEN else None
