"""What Jenkins says of a build, as facts for the store: one answer for many builds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tracker.store.identity import variant_of
from tracker.store.records import About, BuildFacts, Change, FactSource
from tracker.store.state_words import BuildState

# What is kept of long lists; the rest is counted.
MOST_CHANGES = 50
MOST_ARTIFACTS = 100
MOST_TEXT = 10_000
SECRET = re.compile(r"passw|secret|token|credential|private.?key|api.?key", re.I)

_CHANGE = "commitId,revision,msg,timestamp,author[fullName],user"
FACTS = (
    "number,url,result,building,inProgress,timestamp,duration,estimatedDuration,displayName,"
    "description,builtOn,actions[urlName,totalCount,failCount,skipCount,"
    "causes[shortDescription,upstreamProject,upstreamBuild],parameters[name,value],"
    "lastBuiltRevision[SHA1,branch[name]]],culprits[fullName],"
    f"changeSet[items[{_CHANGE}]],changeSets[items[{_CHANGE}]],artifacts[relativePath],"
    "runs[number,url,artifacts[relativePath]]"
)
# Enough to know which builds there are, where all of it would be too much for one answer.
SLIM = "number,timestamp,building,inProgress"
_CELL = re.compile(r"[^=,/]+=[^=,/]*(?:,[^=,/]+=[^=,/]*)*")


@dataclass(frozen=True)
class Cell:
    """One cell of a matrix build: its address in the answer, its axes as a variant, its files."""

    url: str
    variant: str
    artifacts: tuple[str, ...] = ()


def is_running(build: dict[str, Any]) -> bool:
    """A build has finished only when neither flag is up: its result may be set before."""
    return bool(build.get("building") or build.get("inProgress"))


def facts_of(job: str, build: dict[str, Any], *, tracker_name: Callable[[str], str]) -> BuildFacts:
    """The facts in a build's answer; `tracker_name` gives jobs of its server our names.

    A slim answer, which has no address, tells nothing else: what is known of the build stays.
    """
    running = is_running(build)
    upstream = next(_upstreams(build), None)
    revision = next(_revisions(build), None)
    return BuildFacts(
        job=job,
        number=build["number"],
        source=FactSource.JENKINS,
        state=BuildState.RUNNING if running else BuildState.FINISHED,
        result=None if running else build.get("result"),
        complete=not running,
        started=build.get("timestamp"),
        duration=None if running else build.get("duration"),
        url=build.get("url") or "",
        branch=revision[1] if revision else "",
        commit=revision[0] if revision else "",
        upstream_job=tracker_name(upstream[0]) if upstream else "",
        upstream_number=upstream[1] if upstream else None,
        about=about_of(build) if "url" in build else None,
    )


def about_of(build: dict[str, Any]) -> About:
    """What else a build's answer tells."""
    changes = list(_changes(build))
    artifacts = artifacts_of(build)
    estimated = build.get("estimatedDuration")
    return About(
        display_name=_text(build.get("displayName")),
        description=_text(build.get("description")),
        node=_text(build.get("builtOn")),
        causes=tuple(dict.fromkeys(_causes(build))),
        parameters=tuple(_parameters(build)),
        changes=tuple(changes[:MOST_CHANGES]),
        more_changes=max(0, len(changes) - MOST_CHANGES),
        culprits=tuple(_text(each.get("fullName")) for each in build.get("culprits") or ()),
        artifacts=tuple(artifacts[:MOST_ARTIFACTS]),
        more_artifacts=max(0, len(artifacts) - MOST_ARTIFACTS),
        tests=_counted(build),
        estimated=estimated if isinstance(estimated, int) and estimated > 0 else None,
    )


def artifacts_of(build: dict[str, Any]) -> list[str]:
    """The paths of a build's artifacts, in order."""
    paths = (artifact.get("relativePath") or "" for artifact in build.get("artifacts") or ())
    return sorted(path for path in paths if path)


def has_test_report(build: dict[str, Any]) -> bool:
    """Whether Jenkins has test results of this build."""
    return any(action.get("urlName") == "testReport" for action in _actions(build))


def cells_of(build: dict[str, Any]) -> list[Cell]:
    """The cells of a matrix build that ran in this very build."""
    return [
        Cell(run.get("url") or "", variant, tuple(artifacts_of(run)))
        for run in build.get("runs") or ()
        if run.get("number") == build["number"] and (variant := variant_at(run.get("url") or ""))
    ]


def variant_at(url: str) -> str:
    """The variant that the address of a matrix cell or of a Maven module's build names.

    `…/DB=sqlite,PY=3.11/12/` is a cell, `…/com.acme$core/12/` a module; "" for anything else.
    """
    for part in reversed(url.rstrip("/").split("/")):
        name = unquote(part)
        if _CELL.fullmatch(name):
            pairs = [axis.partition("=") for axis in name.split(",")]
            return variant_of((key, value) for key, _, value in pairs)
        if "$" in name.strip("$"):
            return variant_of([("module", name.replace("$", ":"))])
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


def _causes(build: dict[str, Any]) -> Iterator[str]:
    for action in _actions(build):
        for cause in action.get("causes") or ():
            if cause.get("shortDescription"):
                yield _text(cause["shortDescription"])


def _parameters(build: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values; Jenkins leaves out the value of a password, and we that of its likes."""
    for action in _actions(build):
        for parameter in action.get("parameters") or ():
            name, value = _text(parameter.get("name")), parameter.get("value")
            is_hidden = "value" not in parameter or SECRET.search(name) is not None
            spelt = str(value).lower() if isinstance(value, bool) else _text(value)
            yield name, "(hidden)" if is_hidden else spelt


def _changes(build: dict[str, Any]) -> Iterator[Change]:
    """The commits of a freestyle build's one change set, or of a pipeline's several."""
    for changes in [build.get("changeSet"), *(build.get("changeSets") or ())]:
        for item in (changes or {}).get("items") or ():
            author = (item.get("author") or {}).get("fullName") or item.get("user")
            at = item.get("timestamp")
            yield Change(
                commit=_text(item.get("commitId") or item.get("revision")),
                author=_text(author),
                message=_text(item.get("msg")),
                at=at if isinstance(at, int) and at > 0 else None,
            )


def _counted(build: dict[str, Any]) -> tuple[int, int, int] | None:
    """How many results Jenkins counted: all, failed, skipped."""
    for action in _actions(build):
        counts = (action.get("totalCount"), action.get("failCount"), action.get("skipCount"))
        if action.get("urlName") == "testReport" and all(isinstance(n, int) for n in counts):
            return counts  # type: ignore[return-value]
    return None


def _text(value: object) -> str:
    """Text that can be kept: of a surrogate half, which JSON may spell, no byte can be made."""
    spelt = "" if value is None else str(value)
    return spelt[:MOST_TEXT].encode("utf-8", "replace").decode()
