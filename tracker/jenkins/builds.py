"""What Jenkins says of a build, as facts for the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.store.identity import variant_of
from tracker.store.records import BuildFacts

JOB_TREE = "name,fullName,url,_class,builds[number,timestamp,building,inProgress,result]"
# What `builds` answers at most; `allBuilds` has the rest.
NEWEST = 100
ALL_BUILDS_TREE = "allBuilds[number,timestamp,building,inProgress,result]{0,2000}"
BUILD_TREE = (
    "number,url,result,building,inProgress,timestamp,duration,"
    "actions[urlName,totalCount,causes[upstreamProject,upstreamBuild],"
    "lastBuiltRevision[SHA1,branch[name]]],artifacts[relativePath],runs[number,url]"
)
ARTIFACTS_TREE = "artifacts[relativePath]"
TEST_REPORT_TREE = (
    "suites[name,cases[className,name,status,duration,errorDetails,errorStackTrace,"
    "skipped,skippedMessage]],"
    "childReports[child[number,url],result[suites[name,cases[className,name,status,duration,"
    "errorDetails,errorStackTrace,skipped,skippedMessage]]]]"
)
_CELL = re.compile(r"[^=,/]+=[^=,/]*(?:,[^=,/]+=[^=,/]*)*")


@dataclass(frozen=True)
class Listed:
    """A build as the list of its job has it."""

    number: int
    started: int | None
    is_running: bool


@dataclass(frozen=True)
class Cell:
    """One cell of a matrix build: the address in the answer, and its axes as a variant."""

    url: str
    variant: str


def listed_builds(job: dict[str, Any], under: str = "builds") -> list[Listed]:
    """The builds that a job's answer lists `under` a name, oldest first."""
    found = [
        Listed(build["number"], build.get("timestamp"), is_running(build))
        for build in job.get(under) or ()
        if isinstance(build.get("number"), int)
    ]
    return sorted(found, key=lambda build: build.number)


def is_running(build: dict[str, Any]) -> bool:
    """A build has finished only when neither flag is up: its result may be set before."""
    return bool(build.get("building") or build.get("inProgress"))


def facts_of(job: str, build: dict[str, Any], *, tracker_name: Callable[[str], str]) -> BuildFacts:
    """The facts in a build's answer; `tracker_name` gives jobs of its server our names."""
    running = is_running(build)
    upstream = next(_upstreams(build), None)
    revision = next(_revisions(build), None)
    return BuildFacts(
        job=job,
        number=build["number"],
        from_jenkins=True,
        state="running" if running else "finished",
        result=None if running else build.get("result"),
        complete=not running,
        started=build.get("timestamp"),
        duration=None if running else build.get("duration"),
        url=build.get("url") or "",
        branch=revision[1] if revision else "",
        commit=revision[0] if revision else "",
        upstream_job=tracker_name(upstream[0]) if upstream else "",
        upstream_number=upstream[1] if upstream else None,
    )


def report_artifacts(build: dict[str, Any], endings: tuple[str, ...]) -> list[str]:
    """The artifacts that may be reports, by how they end: their paths, in order."""
    paths = [artifact.get("relativePath") or "" for artifact in build.get("artifacts") or ()]
    return sorted(path for path in paths if path.lower().endswith(endings))


def has_test_report(build: dict[str, Any]) -> bool:
    """Whether Jenkins has test results of this build."""
    return any(action.get("urlName") == "testReport" for action in _actions(build))


def cells_of(build: dict[str, Any]) -> list[Cell]:
    """The cells of a matrix build that ran in this very build."""
    return [
        Cell(run.get("url") or "", variant)
        for run in build.get("runs") or ()
        if run.get("number") == build["number"] and (variant := _axes(run.get("url") or ""))
    ]


def _axes(url: str) -> str:
    from urllib.parse import unquote

    for part in reversed(url.rstrip("/").split("/")):
        name = unquote(part)
        if _CELL.fullmatch(name):
            pairs = [axis.partition("=") for axis in name.split(",")]
            return variant_of((key, value) for key, _, value in pairs)
    return ""


def _actions(build: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [action for action in build.get("actions") or () if action]


def _upstreams(build: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for action in _actions(build):
        for cause in action.get("causes") or ():
            if cause.get("upstreamProject") and isinstance(cause.get("upstreamBuild"), int):
                yield cause["upstreamProject"], cause["upstreamBuild"]


def _revisions(build: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for action in _actions(build):
        built = action.get("lastBuiltRevision") or {}
        if built.get("SHA1"):
            branches = built.get("branch") or [{}]
            name = branches[0].get("name") or ""
            yield built["SHA1"], re.sub(r"^(refs/remotes/)?(origin/)?", "", name)
