"""Which jobs a controller has, and which of them have news: one question for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tracker.jenkins.client import Missing, Refused, TooMuch, job_path, understood
from tracker.jenkins.source import Source
from tracker.store.naming import admits
from tracker.store.seen import SeenJob

# Folders in folders that one question reaches; those below are asked for by themselves.
DEPTH = 8
NEWS = "nextBuildNumber,lastBuild[number,timestamp,building],lastCompletedBuild[number]"
_JOB = f"name,fullName,url,_class,color,buildable,disabled,{NEWS}"
# Ends of `_class`; on controllers older than that the answer itself tells.
KINDS = (
    ("FreeStyleProject", "freestyle"),
    ("MatrixProject", "matrix"),
    ("MavenModuleSet", "maven"),
    ("WorkflowJob", "pipeline"),
)
FOLDERS = ("Folder", "MultiBranchProject")


@dataclass(frozen=True)
class Listing:
    """What a server lists: the jobs that the patterns admit, and the names of all there are.

    `names` is None where only a view was looked at, or a folder may not be, so that nobody knows
    what else there is.
    """

    jobs: tuple[SeenJob, ...]
    names: frozenset[str] | None


def look(source: Source, patterns: Sequence[str], view: str = "") -> Listing:
    """The jobs of a server, in folders of any depth, or those of a view of it."""
    path = "".join(f"view/{quote(name, safe='')}/" for name in view.split("/") if name)
    with understood(f"The list of jobs of Jenkins {source.server!r}"):
        answer = _ask_jobs(source, path)
        closed: list[str] = []
        found = list(_jobs(source, answer.get("jobs") or (), "", "", closed))
        admitted = [_seen(source, *each) for each in found if admits(patterns, each[0])]
    is_part = bool(path or closed)
    return Listing(tuple(admitted), None if is_part else frozenset(name for name, *_ in found))


def fingerprint(job: dict[str, Any]) -> str:
    """A text that changes when a build of the job begins or ends, or its numbers begin anew."""
    last, done = job.get("lastBuild") or {}, job.get("lastCompletedBuild") or {}
    running = "+" if last.get("building") else ""
    return (
        f"{job.get('nextBuildNumber')}:{last.get('number')}@{last.get('timestamp')}{running}"
        f":{done.get('number')}"
    )


def _ask_jobs(source: Source, path: str) -> Any:
    """What the server tells of all jobs below a path; TooMuch where they are more than is taken."""
    try:
        return source.client.json(path, _tree())
    except TooMuch as error:
        raise TooMuch(
            f"The list of jobs: {error.message}",
            "Have the jobs that matter in a view of Jenkins, and name it with `tracker server add …"
            " --view VIEW`.",
        ) from error


def _tree(depth: int = DEPTH) -> str:
    tree = _JOB
    for _ in range(depth):
        tree = f"{_JOB},jobs[{tree}]"
    return f"jobs[{tree}]"


def _jobs(
    source: Source, jobs: Sequence[dict[str, Any]], above: str, folder: str, closed: list[str]
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Full name, answer and class of the folder around it, of each job in a tree of folders.

    Folders that may not be looked into are added to `closed`.
    """
    for job in jobs:
        if not job.get("name"):
            continue
        name = job.get("fullName") or f"{above}{job['name']}"
        kind = job.get("_class") or ""
        if "jobs" not in job and not kind.endswith(FOLDERS):
            yield name, job, folder
            continue
        inside = job.get("jobs")
        if inside is None:  # deeper than one question reaches
            try:
                inside = _ask_jobs(source, job_path(name)).get("jobs")
            except (Missing, Refused):
                closed.append(name)
        yield from _jobs(source, inside or (), f"{name}/", kind, closed)


def _seen(source: Source, name: str, job: dict[str, Any], folder: str) -> SeenJob:
    last = job.get("lastBuild") or {}
    is_disabled = bool(job.get("disabled")) or str(job.get("color")).startswith("disabled")
    return SeenJob(
        name=source.tracker_name(name),
        jenkins_name=name,
        url=str(job.get("url") or ""),
        kind="branch" if folder.endswith("MultiBranchProject") else _kind(job),
        is_disabled=is_disabled,
        builds=fingerprint(job),
        last=(last["number"], last.get("timestamp")) if last.get("number") else None,
    )


def _kind(job: dict[str, Any]) -> str:
    told = job.get("_class") or ""
    return next((kind for end, kind in KINDS if told.endswith(end)), "other")
