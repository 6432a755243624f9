"""A Jenkins controller for demonstrations: a made-up history behind Jenkins' read-only JSON API.

    python scripts/demo_jenkins.py --truth truth.json

prints DEMO_JENKINS_URL=... and serves until it is told to stop. The shapes are those of Jenkins
2.5xx with the junit plugin 1363 or newer. It listens on the loopback address and changes nothing.
"""

import argparse
import base64
import gzip
import hmac
import io
import json
import re
import secrets
import signal
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qs, quote, unquote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import demo_history
from scripts.demo_history import Build, Case, Commit, History, Job, Tally, make_history, truth

__all__ = ["DemoServer", "History", "main", "make_history", "serve", "truth"]

VERSION = "2.541.1"
REPOSITORY = "https://git.example/acme/shop.git"
PERMALINKS: dict[str, Callable[[Build], bool]] = {
    "lastBuild": lambda build: True,
    "lastCompletedBuild": lambda build: not build.running,
    "lastFailedBuild": lambda build: build.result == "FAILURE",
    "lastStableBuild": lambda build: build.result == "SUCCESS",
    "lastSuccessfulBuild": lambda build: build.result in ("SUCCESS", "UNSTABLE"),
    "lastUnstableBuild": lambda build: build.result == "UNSTABLE",
    "lastUnsuccessfulBuild": lambda build: build.result not in ("SUCCESS", None),
}
COLORS = {"SUCCESS": "blue", "UNSTABLE": "yellow", "FAILURE": "red", "ABORTED": "aborted"}
STATUS_WORDS = {"P": "PASSED", "F": "FAILED", "E": "FAILED", "S": "SKIPPED"}

Fields = dict[str, object]


# What an object shows: all of itself, a little where it is mentioned, or what `tree=` names.


@dataclass(frozen=True)
class Bean:
    """An object of the API: `brief` wherever it is mentioned, `full` when it is asked itself."""

    brief: Fields
    full: Callable[[], Fields] = dict
    only_by_tree: frozenset[str] = frozenset()

    def everything(self) -> Fields:
        return {**self.brief, **self.full()}


@dataclass(frozen=True)
class Tree:
    """A parsed `tree=`: the names wanted below, and which part of a list."""

    children: dict[str, "Tree"] = field(default_factory=dict)
    part: slice = field(default_factory=lambda: slice(None))

    def below(self, name: str) -> "Tree | None":
        return self.children.get(name) or self.children.get("*")


def show(value: object, depth: int, asked: bool = False) -> object:
    """The default answer: `asked` is the object of the request, others unfold while depth lasts."""
    if isinstance(value, Bean):
        if not asked and depth <= 0:
            return show(value.brief, 0)
        left = depth if asked else depth - 1
        shown = value.everything().items()
        return {name: show(v, left) for name, v in shown if name not in value.only_by_tree}
    if isinstance(value, dict):
        return {name: show(inner, depth) for name, inner in value.items()}
    if isinstance(value, list):
        return [show(inner, depth) for inner in value]
    return value


def pick(value: object, tree: Tree) -> object:
    """The answer to `tree=`: unknown names are left out in silence, `_class` always stays."""
    if isinstance(value, Bean):
        value = value.everything()
    if isinstance(value, dict):
        wanted = ((name, inner, tree.below(name)) for name, inner in value.items())
        return {
            name: inner if name == "_class" else pick(inner, below or Tree())
            for name, inner, below in wanted
            if below or name == "_class"
        }
    if isinstance(value, list):
        return [pick(inner, tree) for inner in value[tree.part]]
    return value


def parse_tree(text: str) -> Tree:
    """`a,b[c]{0,5}` as a Tree; ValueError when it is malformed."""
    tokens = re.findall(r"[][{},]|[^][{},]+", text)
    try:
        tree, rest = _names(tokens)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if rest:
        raise ValueError(f"unexpected {rest[0]}")
    return tree


def _names(tokens: Sequence[str]) -> tuple[Tree, Sequence[str]]:
    children: dict[str, Tree] = {}
    while True:
        if not tokens or tokens[0] in "[]{},":
            raise ValueError("expected a name")
        name, tokens = tokens[0], tokens[1:]
        below, part = Tree(), slice(None)
        if tokens[:1] == ["["]:
            below, tokens = _names(tokens[1:])
            tokens = _after("]", tokens)
        if tokens[:1] == ["{"]:
            part, tokens = _part(tokens[1:])
        children[name] = Tree(below.children, part)
        if tokens[:1] != [","]:
            return Tree(children), tokens
        tokens = tokens[1:]


def _part(tokens: Sequence[str]) -> tuple[slice, Sequence[str]]:
    """What is between braces: {M,N} without N, {M,}, {,N}, {N} alone."""
    end = tokens.index("}") if "}" in tokens else 0
    first, comma, last = "".join(tokens[:end]).partition(",")
    numbers = [number for number in (first, last) if number]
    if not numbers or not all(re.fullmatch(r"[0-9]{1,9}", number) for number in numbers):
        raise ValueError("expected a range")
    low = int(first or 0)
    high = low + 1 if not comma else int(last) if last else None
    return slice(low, high), tokens[end + 1 :]


def _after(wanted: str, tokens: Sequence[str]) -> Sequence[str]:
    if tokens[:1] != [wanted]:
        raise ValueError(f"expected {wanted}")
    return tokens[1:]


# The objects.


@dataclass(frozen=True)
class Place:
    """A job, or one cell of a matrix job."""

    job: Job
    variant: str = ""

    @property
    def has_own_results(self) -> bool:
        return not self.job.is_matrix or bool(self.variant)

    def build(self, name: str) -> Build | None:
        """A build by its number or permalink."""
        if name in PERMALINKS:
            return next(filter(PERMALINKS[name], reversed(self.job.builds)), None)
        return next((build for build in self.job.builds if str(build.number) == name), None)

    def tally(self, build: Build) -> Tally:
        return demo_history.tally(self.job, build.number, self.variant or None)

    def result(self, build: Build) -> str | None:
        if not self.variant or not build.judged:
            return build.result
        counts = self.tally(build)
        return "UNSTABLE" if counts.failed + counts.error else "SUCCESS"


@dataclass(frozen=True)
class Site:
    """A history as the objects of a controller at `root`."""

    history: History
    root: str
    user: str | None = None

    def controller(self) -> Bean:
        return Bean(
            {"_class": "hudson.model.Hudson", "url": self.root},
            lambda: {
                "assignedLabels": [{"name": "built-in"}],
                "mode": "NORMAL",
                "nodeDescription": "the Jenkins controller's built-in node",
                "nodeName": "",
                "numExecutors": 2,
                "description": "A demonstration; nothing here is real.",
                "jobs": self.items(""),
                "quietingDown": False,
                "slaveAgentPort": -1,
                "useCrumbs": True,
                "useSecurity": self.user is not None,
                "views": [{"_class": "hudson.model.AllView", "name": "all", "url": self.root}],
            },
        )

    def items(self, folder: str) -> list[Bean]:
        """Folders and jobs directly in a folder; "" is the top."""
        names = [job.name for job in self.history.jobs if job.name.startswith(folder)]
        heads = dict.fromkeys(name[len(folder) :].partition("/")[0] for name in names)
        return [bean for head in heads if (bean := self.item(folder + head))]

    def item(self, name: str) -> Bean | None:
        if job := self.history.job(name):
            return self.job(Place(job))
        if any(job.name.startswith(f"{name}/") for job in self.history.jobs):
            return self.folder(name)
        return None

    def folder(self, name: str) -> Bean:
        kind = "com.cloudbees.hudson.plugins.folder.Folder"
        short = name.rpartition("/")[2]
        own: Fields = {"_class": kind, "name": short, "url": self.job_url(name)}
        return Bean(own, lambda: {**_titles(name), "actions": [{}], "jobs": self.items(f"{name}/")})

    def job(self, place: Place) -> Bean:
        name = place.variant or place.job.name.rpartition("/")[2]
        own = {"_class": _job_class(place), "name": name, "url": self.url(place)}
        return Bean(
            {**own, "color": _color(place)},
            lambda: self.job_fields(place),
            frozenset({"allBuilds"}),
        )

    def job_fields(self, place: Place) -> Fields:
        job = place.job
        builds = [self.build(place, build) for build in reversed(job.builds)]
        titles = _titles(f"{job.name}/{place.variant}" if place.variant else job.name)
        cells = [self.job(Place(job, variant)) for variant in job.variants if variant]
        matrix = {"activeConfigurations": cells} if cells and not place.variant else {}
        return {
            **titles,
            "actions": [{}, {}],
            "allBuilds": builds,
            "buildable": True,
            "builds": builds[:100],
            "concurrentBuild": False,
            "disabled": False,
            "downstreamProjects": self.neighbours(lambda other: other.upstream == job.name),
            "firstBuild": builds[-1],
            "healthReport": _health(place),
            "inQueue": False,
            "keepDependencies": False,
            **{link: self.permalink(place, link) for link in PERMALINKS},
            **matrix,
            "nextBuildNumber": len(job.builds) + 1,
            "property": [],
            "queueItem": None,
            "scm": {"_class": "hudson.plugins.git.GitSCM"},
            "upstreamProjects": self.neighbours(lambda other: other.name == job.upstream),
        }

    def neighbours(self, is_one: Callable[[Job], bool]) -> list[Bean]:
        return [self.job(Place(job)) for job in self.history.jobs if is_one(job)]

    def permalink(self, place: Place, link: str) -> Bean | None:
        build = place.build(link)
        return self.build(place, build) if build else None

    def build(self, place: Place, build: Build) -> Bean:
        own = {"_class": _build_class(place), "number": build.number}
        return Bean(
            {**own, "url": self.url(place, build.number)}, lambda: self.build_fields(place, build)
        )

    def build_fields(self, place: Place, build: Build) -> Fields:
        job = place.job
        files = demo_history.report_files(job, build, place.variant)
        titles = _titles(f"{job.name}/{place.variant}" if place.variant else job.name)
        variants = job.variants if job.is_matrix and not place.variant else ()
        cells = (Place(job, variant) for variant in variants)
        runs = [{"number": build.number, "url": self.url(cell, build.number)} for cell in cells]
        return {
            "actions": self.actions(place, build),
            "artifacts": [_artifact(path) for path in files],
            "building": build.running,
            "builtOn": "" if place.variant or not job.is_matrix else "agent-1",
            "changeSet": self.change_set(build),
            "culprits": [self.author(commit.author) for commit in build.commits],
            "description": None,
            "displayName": f"#{build.number}",
            "duration": build.duration_ms,
            "estimatedDuration": 60_000 * 8,
            "executor": {} if build.running else None,
            "fullDisplayName": f"{titles['fullDisplayName']} #{build.number}",
            "id": str(build.number),
            "inProgress": build.running,
            "keepLog": False,
            "queueId": _queue_id(self.history, job, build),
            "result": place.result(build),
            **({"runs": runs} if runs else {}),
            "timestamp": _milliseconds(build.started),
        }

    def actions(self, place: Place, build: Build) -> list[Fields]:
        found: list[Fields] = [{"_class": "hudson.model.CauseAction", "causes": []}, {}]
        found[0]["causes"] = [self.cause(place, build)]
        branch = [{"SHA1": build.revision, "name": "refs/remotes/origin/main"}]
        revision: Fields = {"SHA1": build.revision, "branch": branch}
        found.append(
            {
                "_class": "hudson.plugins.git.util.BuildData",
                "lastBuiltRevision": revision,
                "remoteUrls": [REPOSITORY],
                "scmName": "",
            }
        )
        if build.result == "ABORTED":
            cause = "jenkins.model.CauseOfInterruption$UserInterruption"
            why = [{"_class": cause, "shortDescription": "Aborted by Dana Novák"}]
            found.append({"_class": "jenkins.model.InterruptedBuildAction", "causes": why})
        return [*found, {}, *([] if build.running else [_test_action(place, build)]), {}]

    def cause(self, place: Place, build: Build) -> Fields:
        if place.variant:
            return self.upstream_cause(place.job.name, build.number)
        if build.upstream:
            return self.upstream_cause(*build.upstream)
        if place.job.upstream:
            who = {"userId": "dana", "userName": "Dana Novák"}
            kind = "hudson.model.Cause$UserIdCause"
            return {"_class": kind, "shortDescription": "Started by user Dana Novák", **who}
        kind = "hudson.triggers.TimerTrigger$TimerTriggerCause"
        return {"_class": kind, "shortDescription": "Started by timer"}

    def upstream_cause(self, job: str, number: int) -> Fields:
        return {
            "_class": "hudson.model.Cause$UpstreamCause",
            "shortDescription": f'Started by upstream project "{job}" build number {number}',
            "upstreamBuild": number,
            "upstreamProject": job,
            "upstreamUrl": self.job_url(job).removeprefix(self.root),
        }

    def change_set(self, build: Build) -> Fields:
        items = [self.change(commit) for commit in build.commits]
        return {"_class": "hudson.plugins.git.GitChangeSetList", "items": items, "kind": "git"}

    def change(self, commit: Commit) -> Fields:
        return {
            "_class": "hudson.plugins.git.GitChangeSet",
            "affectedPaths": [commit.path],
            "commitId": commit.sha1,
            "timestamp": _milliseconds(commit.at),
            "author": self.author(commit.author),
            "comment": f"{commit.message}\n",
            "date": f"{commit.at:%Y-%m-%d %H:%M:%S %z}",
            "id": commit.sha1,
            "msg": commit.message,
            "paths": [{"editType": "edit", "file": commit.path}],
        }

    def author(self, name: str) -> Fields:
        return {"absoluteUrl": f"{self.root}user/{quote(name.lower())}", "fullName": name}

    def test_report(self, place: Place, build: Build, by_tree: bool) -> Bean | None:
        if build.running:
            return None
        if place.has_own_results:
            return Bean(_report(place, build, details=True))
        return Bean(self.aggregated(place, build, by_tree))

    def aggregated(self, place: Place, build: Build, by_tree: bool) -> Fields:
        """The cells' reports in one; texts are there only for a `tree=` that names them."""
        cells = [Place(place.job, variant) for variant in place.job.variants]
        children = [
            {
                # The matrix plugin writes a cell's address with a dot in it here.
                "child": {
                    "number": build.number,
                    "url": f"{self.url(place)}./{_cell_path(cell)}{build.number}/",
                },
                "result": _report(cell, build, details=by_tree),
            }
            for cell in cells
        ]
        return {**_test_action(place, build), "childReports": children}

    def me(self) -> Fields:
        name = self.user or "anonymous"
        return {
            "_class": "hudson.model.User",
            "absoluteUrl": f"{self.root}user/{quote(name)}",
            "description": None,
            "fullName": name,
            "id": name,
            "property": [{}, {}],
        }

    def who_am_i(self) -> Fields:
        return {
            "_class": "hudson.security.WhoAmI",
            "anonymous": self.user is None,
            "authenticated": True,
            "authorities": ["authenticated"] if self.user else ["anonymous"],
            "name": self.user or "anonymous",
        }

    def url(self, place: Place, number: int | None = None) -> str:
        tail = "" if number is None else f"{number}/"
        return self.job_url(place.job.name) + _cell_path(place) + tail

    def job_url(self, name: str) -> str:
        return self.root + "".join(f"job/{quote(part, safe='')}/" for part in name.split("/"))


def _titles(name: str) -> Fields:
    short = name.rpartition("/")[2]
    titles: Fields = {"description": None, "displayName": short, "displayNameOrNull": None}
    return {**titles, "fullDisplayName": name.replace("/", " » "), "fullName": name}


def _cell_path(place: Place) -> str:
    return f"{quote(place.variant, safe='=,')}/" if place.variant else ""


def _job_class(place: Place) -> str:
    if place.variant:
        return "hudson.matrix.MatrixConfiguration"
    matrix = place.job.is_matrix
    return "hudson.matrix.MatrixProject" if matrix else "hudson.model.FreeStyleProject"


def _build_class(place: Place) -> str:
    if place.variant:
        return "hudson.matrix.MatrixRun"
    matrix = place.job.is_matrix
    return "hudson.matrix.MatrixBuild" if matrix else "hudson.model.FreeStyleBuild"


def _color(place: Place) -> str:
    done = place.build("lastCompletedBuild")
    color = COLORS[place.result(done) or ""] if done else "notbuilt"
    return f"{color}_anime" if place.job.builds[-1].running else color


def _health(place: Place) -> list[Fields]:
    if (done := place.build("lastCompletedBuild")) is None:
        return []
    counts = place.tally(done)
    failed = counts.failed + counts.error
    text = f"Test Result: {failed} tests failing out of a total of {counts.total} tests."
    return [{"description": text, "iconClassName": "icon-health-80plus", "score": 90}]


def _test_action(place: Place, build: Build) -> Fields:
    counts = place.tally(build)
    own = "hudson.tasks.junit.TestResultAction"
    return {
        "_class": own if place.has_own_results else "hudson.tasks.test.MatrixTestResult",
        "failCount": counts.failed + counts.error,
        "skipCount": counts.skipped,
        "totalCount": counts.total,
        "urlName": "testReport",
    }


def _artifact(path: str) -> Fields:
    name = path.rpartition("/")[2]
    return {"displayPath": name, "fileName": name, "relativePath": path}


def _report(place: Place, build: Build, details: bool) -> Fields:
    counts = place.tally(build)
    suites = demo_history.suites(place.job, build.number, place.variant)
    rows = [_suite(place, build, name, cases, details) for name, cases in sorted(suites.items())]
    spent = sum(_spent(build, cases) for cases in suites.values())
    return {
        "_class": "hudson.tasks.junit.TestResult",
        "testActions": [],
        "duration": round(spent, 3),
        "empty": counts.total == 0,
        "failCount": counts.failed + counts.error,
        "passCount": counts.passed,
        "skipCount": counts.skipped,
        "suites": rows,
    }


def _suite(place: Place, build: Build, name: str, cases: list[Case], details: bool) -> Fields:
    texts: Fields = {"stderr": None, "stdout": None} if details else {}
    return {
        "cases": [_case(place.job, build, case, details) for case in cases],
        "duration": round(_spent(build, cases), 3),
        "enclosingBlockNames": [],
        "enclosingBlocks": [],
        "id": None,
        "name": name,
        "nodeId": None,
        **texts,
        "timestamp": f"{build.started:%Y-%m-%dT%H:%M:%S}",
    }


def _case(job: Job, build: Build, case: Case, details: bool) -> Fields:
    letter = case.outcome(build.number)
    since = _failed_since(job, build, case)
    return {
        "testActions": [],
        # A skipped case keeps failedSince 0, from which the plugin works out a senseless age.
        "age": 0 if letter == "P" else build.number - since + 1,
        "className": case.suite,
        "duration": demo_history.duration_ms(case, build.number) / 1000,
        "failedSince": since,
        "flakyFailures": [],
        "name": case.name,
        "properties": {},
        "rerunFailures": [],
        "skipped": letter == "S",
        "skippedMessage": case.skip_reason if letter == "S" else None,
        "status": STATUS_WORDS[letter],
        **(_texts(case, build) if details else {}),
    }


def _texts(case: Case, build: Build) -> Fields:
    if case.outcome(build.number) not in demo_history.BROKEN:
        return {"errorDetails": None, "errorStackTrace": None, "stderr": None, "stdout": None}
    return {
        "errorDetails": demo_history.failure_message(case, build.number),
        "errorStackTrace": demo_history.failure_trace(case, build.number),
        "stderr": None,
        "stdout": demo_history.failure_output(case, build.number),
    }


def _failed_since(job: Job, build: Build, case: Case) -> int:
    """The first build of the row of failures this build ends, 0 when it does not fail."""
    since = 0
    for earlier in reversed(job.builds[: build.number]):
        letter = case.outcome(earlier.number)
        if letter in demo_history.BROKEN:
            since = earlier.number
        elif letter != ".":
            break
        if since == 0:
            break
    return since


def _spent(build: Build, cases: Sequence[Case]) -> float:
    return sum(demo_history.duration_ms(case, build.number) for case in cases) / 1000


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _queue_id(history: History, job: Job, build: Build) -> int:
    return build.number * len(history.jobs) + history.jobs.index(job)


# Which answer belongs to which path.


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    """A request for something to read: the decoded path, cut at its slashes, and the query."""

    segments: tuple[str, ...]
    tree: str | None
    depth: int


def answer(site: Site, crumb: str, request: Request) -> Answer:
    segments = request.segments
    if segments[-2:] == ("api", "json"):
        found = _object(site, crumb, segments[:-2], request)
        return _json(found, request) if found else _not_found()
    place, rest = _place(site, segments)
    if place and len(rest) > 1 and rest[1] == "artifact":
        return _file(place, rest[0], rest[2:])
    page = _object(site, crumb, segments, request)
    return _page(HTTPStatus.OK, f"/{'/'.join(segments)}") if page else _not_found()


def _object(site: Site, crumb: str, segments: tuple[str, ...], request: Request) -> Bean | None:
    fixed: dict[tuple[str, ...], Callable[[], Bean]] = {
        (): site.controller,
        ("crumbIssuer",): lambda: Bean(_crumb(crumb)),
        ("me",): lambda: Bean(site.me()),
        ("whoAmI",): lambda: Bean(site.who_am_i()),
    }
    if segments in fixed:
        return fixed[segments]()
    place, rest = _place(site, segments)
    if place:
        return _of_job(site, place, rest, by_tree=request.tree is not None)
    is_path = len(segments) % 2 == 0 and set(segments[::2]) == {"job"}
    return site.item("/".join(segments[1::2])) if is_path else None


def _of_job(site: Site, place: Place, rest: tuple[str, ...], by_tree: bool) -> Bean | None:
    if not rest:
        return site.job(place)
    build = place.build(rest[0])
    if build is None:
        return None
    if rest[1:] == ("testReport",):
        return site.test_report(place, build, by_tree)
    return site.build(place, build) if len(rest) == 1 else None


def _place(site: Site, segments: tuple[str, ...]) -> tuple[Place | None, tuple[str, ...]]:
    """The job or cell a path leads to, and what follows it."""
    names: list[str] = []
    while segments[:1] == ("job",) and len(segments) > 1:
        names.append(segments[1])
        segments = segments[2:]
    job = site.history.job("/".join(names))
    if job and segments and segments[0] and segments[0] in job.variants:
        return Place(job, segments[0]), segments[1:]
    return (Place(job) if job else None), segments


def _file(place: Place, number: str, path: tuple[str, ...]) -> Answer:
    build = place.build(number)
    files = demo_history.report_files(place.job, build, place.variant) if build else {}
    if not build or not files:
        return _not_found()
    done = build.started + timedelta(milliseconds=build.duration_ms)
    headers = (("Last-Modified", format_datetime(done.replace(microsecond=0), usegmt=True)),)
    if path == ("*zip*", "archive.zip"):
        return Answer(HTTPStatus.OK, "application/zip", _archive(build, files), headers)
    if cases := files.get("/".join(path)):
        body = demo_history.report_xml(build, cases)
        return Answer(HTTPStatus.OK, "application/xml", body, headers)
    return _not_found()


def _archive(build: Build, files: dict[str, list[Case]]) -> bytes:
    made = io.BytesIO()
    stamp = build.started.timetuple()[:6]
    with zipfile.ZipFile(made, "w") as archive:
        for path, cases in files.items():
            info = zipfile.ZipInfo(f"archive/{path}", stamp)
            archive.writestr(info, demo_history.report_xml(build, cases), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _json(found: Bean, request: Request) -> Answer:
    try:
        tree = None if request.tree is None else parse_tree(request.tree)
    except ValueError as error:
        problem = f"Malformed tree expression: {error}"
        return _page(HTTPStatus.INTERNAL_SERVER_ERROR, problem)
    shown = show(found, request.depth, asked=True) if tree is None else pick(found, tree)
    body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(HTTPStatus.OK, "application/json;charset=utf-8", body)


def _crumb(crumb: str) -> Fields:
    kind = "hudson.security.csrf.DefaultCrumbIssuer"
    return {"_class": kind, "crumb": crumb, "crumbRequestField": "Jenkins-Crumb"}


def _not_found() -> Answer:
    return _page(HTTPStatus.NOT_FOUND, "The requested resource was not found on this controller.")


def _page(status: HTTPStatus, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    title = f"{status.value} {status.phrase}"
    body = (
        f"<!DOCTYPE html>\n<html><head><title>{title} [Jenkins]</title></head>\n"
        f"<body><h1>{title}</h1><p>{escape(text)}</p>\n"
        f'<hr><p class="footer">Jenkins {VERSION}, a demonstration</p></body></html>\n'
    )
    return Answer(status, "text/html;charset=utf-8", body.encode(), headers)


# HTTP.


class DemoServer(ThreadingHTTPServer):
    """A controller on the loopback address; `requests` counts what was asked, by path."""

    daemon_threads = True

    def __init__(self, history: History, port: int, user: str | None, token: str | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.site = Site(history, self.url, user)
        self.login = f"{user}:{token}".encode() if user is not None else None
        self.session = secrets.token_hex(4)
        self.crumb = secrets.token_hex(32)
        self.requests: Counter[str] = Counter()
        self.counting = threading.Lock()

    def count(self, path: str) -> None:
        with self.counting:
            self.requests[path] += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news; anything else is a bug worth its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    # Head and body leave together; two small writes would wait for each other's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.count(url.path)
        self._send(self._refused() or self._found(url.path, url.query))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.server.count(urlsplit(self.path).path)
        self.close_connection = True
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), 1 << 20) if length.isdecimal() else 0)
        self._send(self._refused() or self._no_writing())

    def version_string(self) -> str:
        return "Jetty(12.1.5)"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged; `requests` has what was asked."""

    def _refused(self) -> Answer | None:
        login = self.server.login
        if login is None or hmac.compare_digest(self._credentials(), login):
            return None
        challenge = (("WWW-Authenticate", 'Basic realm="Jenkins"'),)
        return _page(HTTPStatus.UNAUTHORIZED, "Invalid password/token for user", challenge)

    def _credentials(self) -> bytes:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        try:
            return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            return b""

    def _found(self, path: str, query: str) -> Answer:
        decoded = tuple(unquote(part) for part in path.split("/") if part not in ("", "."))
        asked = parse_qs(query, keep_blank_values=True)
        depth = asked.get("depth", ["0"])[0]
        if not re.fullmatch(r"[0-9]{1,3}", depth):
            return _page(HTTPStatus.INTERNAL_SERVER_ERROR, "depth is not a number")
        if any("/" in part for part in decoded):
            return _not_found()
        request = Request(decoded, asked["tree"][0] if "tree" in asked else None, int(depth))
        return answer(self.server.site, self.server.crumb, request)

    def _no_writing(self) -> Answer:
        crumb = self.headers.get("Jenkins-Crumb", "")
        by_token = self.server.login is not None
        if not by_token and not hmac.compare_digest(crumb.encode(), self.server.crumb.encode()):
            return _page(HTTPStatus.FORBIDDEN, "No valid crumb was included in the request")
        allow = (("Allow", "GET, HEAD"),)
        return _page(HTTPStatus.METHOD_NOT_ALLOWED, "This demonstration is read-only.", allow)

    def _send(self, answer: Answer) -> None:
        body, headers = answer.body, dict(answer.headers)
        if answer.type.startswith("application/json"):
            headers["Vary"] = "Accept-Encoding"
            if _accepts_gzip(self.headers.get("Accept-Encoding", "")):
                body = gzip.compress(body, compresslevel=5, mtime=0)
                headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        for name, value in {**self._own_headers(), **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _own_headers(self) -> dict[str, str]:
        closing = {"Connection": "close"} if self.close_connection else {}
        jenkins = {"X-Jenkins": VERSION, "X-Hudson": "1.395"}
        jenkins["X-Jenkins-Session"] = self.server.session
        return {**closing, **jenkins, "X-Content-Type-Options": "nosniff"}


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return weight.strip("0.") != "" if weight else True
    return False


def serve(
    history: History, port: int = 0, user: str | None = None, token: str | None = None
) -> DemoServer:
    """A bound server; the caller runs serve_forever. OSError when the port is taken."""
    if (user is None) != (token is None):
        raise ValueError("A user needs a token, and a token a user.")
    return DemoServer(history, port, user, token)


# The command.


class StartError(Exception):
    """Why the demonstration did not start, in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    options = _options(arguments)
    try:
        server = _start(options)
    except StartError as problem:
        print(f"demo_jenkins: {problem}", file=sys.stderr)
        return 2
    with server:
        print(f"DEMO_JENKINS_URL={server.url}", flush=True)
        server.serve_forever()
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    """End in peace; a second signal on the way out changes nothing."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(0)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a made-up Jenkins controller.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--builds", type=int, default=40, help="builds a job, at least 20")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="where to write what is true")
    parser.add_argument("--user", metavar="NAME", help="ask every request for this user ...")
    parser.add_argument("--token", help="... and this token")
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> DemoServer:
    now = _known_now(options.truth, options.seed, options.builds) or datetime.now(UTC)
    try:
        history = make_history(options.seed, options.builds, now)
        server = serve(history, options.port, options.user, options.token)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StartError(f"cannot listen on port {options.port}: {why}.") from error
    except ValueError as error:
        raise StartError(str(error)) from error
    if options.truth:
        _write_truth(options.truth, history)
    return server


def _known_now(path: Path | None, seed: int, builds: int) -> datetime | None:
    """The time a truth file of the same history was made for, so that a restart repeats it."""
    if path is None or not path.exists():
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        same = (known["seed"], known["builds"]) == (seed, builds)
        return datetime.fromisoformat(known["now"]) if same else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{path} is no truth file of ours ({error!r}); name another.") from error


def _write_truth(path: Path, history: History) -> None:
    text = json.dumps(truth(history), indent=1, ensure_ascii=False)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(f"{text}\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
