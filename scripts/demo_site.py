"""A history as the objects of a controller: the shapes of Jenkins 2.5xx."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from urllib.parse import quote, unquote

from scripts import demo_files, demo_history, demo_reports
from scripts.demo_history import Build, Commit, History, Job, Kind
from scripts.demo_reports import PERMALINKS, Place, Words
from scripts.demo_tree import Bean, Fields

REPOSITORY = "https://git.example/acme/shop.git"
COLORS = {"SUCCESS": "blue", "UNSTABLE": "yellow", "FAILURE": "red", "ABORTED": "aborted"}
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
INTERRUPTED = "jenkins.model.InterruptedBuildAction"
MULTIBRANCH = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
# The classes of a job and of a build by kind, and those of their parts.
CLASSES = {
    Kind.FREESTYLE: ("hudson.model.FreeStyleProject", "hudson.model.FreeStyleBuild"),
    Kind.MATRIX: ("hudson.matrix.MatrixProject", "hudson.matrix.MatrixBuild"),
    Kind.PIPELINE: (
        "org.jenkinsci.plugins.workflow.job.WorkflowJob",
        "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    ),
    Kind.MAVEN: ("hudson.maven.MavenModuleSet", "hudson.maven.MavenModuleSetBuild"),
}
PART_CLASSES = {
    Kind.MATRIX: ("hudson.matrix.MatrixConfiguration", "hudson.matrix.MatrixRun"),
    Kind.MAVEN: ("hudson.maven.MavenModule", "hudson.maven.MavenBuild"),
}
PARTS = {Kind.MATRIX: "activeConfigurations", Kind.MAVEN: "modules"}


@dataclass(frozen=True)
class Site:
    """A history as the objects of a controller at `root`."""

    history: History
    root: str
    user: str | None = None
    words: Words = Words.THREE

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
                "jobs": lambda: self.items(""),
                "quietingDown": False,
                "slaveAgentPort": -1,
                "useCrumbs": True,
                "useSecurity": self.user is not None,
                "views": [self.view(name) for name in ("all", *self.history.views)],
            },
        )

    def view(self, name: str) -> Bean | None:
        if name == "all":
            own: Fields = {"_class": "hudson.model.AllView", "name": name, "url": self.root}
            more: Fields = {"description": None, "property": []}
            return Bean(own, lambda: {**more, "jobs": self.items("")})
        if name not in self.history.views:
            return None
        own = {"_class": "hudson.model.ListView", "name": name}
        own["url"] = f"{self.root}view/{quote(name)}/"
        return Bean(own, lambda: {"description": None, "jobs": self.viewed(name), "property": []})

    def viewed(self, view: str) -> list[Bean]:
        return [bean for name in self.history.views[view] if (bean := self.item(name))]

    @cached_property
    def jobs(self) -> dict[str, Job]:
        return {job.name: job for job in self.history.jobs}

    @cached_property
    def inside(self) -> dict[str, list[str]]:
        """The full names of what is directly in each folder; "" is the top."""
        found: dict[str, dict[str, None]] = {"": {}}
        for name in self.jobs:
            while name:
                folder = name.rpartition("/")[0]
                found.setdefault(folder, {})[name] = None
                name = folder
        return {folder: list(names) for folder, names in found.items()}

    @cached_property
    def downstream(self) -> dict[str, list[Job]]:
        found: dict[str, list[Job]] = {}
        for job in self.history.jobs:
            if job.upstream:
                found.setdefault(job.upstream, []).append(job)
        return found

    def items(self, folder: str) -> list[Bean]:
        """Folders and jobs directly in a folder; "" is the top."""
        return [bean for name in self.inside[folder] if (bean := self.item(name))]

    def item(self, name: str) -> Bean | None:
        if job := self.jobs.get(name):
            return self.job(Place(job))
        return self.folder(name) if name in self.inside else None

    def folder(self, name: str) -> Bean:
        kind = self.history.folders.get(name, FOLDER)
        short = name.rpartition("/")[2]
        own: Fields = {"_class": kind, "name": short, "url": self.job_url(name)}
        branches: Fields = {"sources": [{}]} if kind == MULTIBRANCH else {}
        return Bean(
            own,
            lambda: {
                **_titles(name),
                "actions": [{}],
                "jobs": lambda: self.items(name),
                **branches,
            },
        )

    def job(self, place: Place) -> Bean:
        name = place.variant or place.job.name.rpartition("/")[2]
        return Bean(
            {
                "_class": _classes(place)[0],
                "name": name,
                "url": self.url(place),
                "color": lambda: color(place),
            },
            lambda: self.job_fields(place),
            frozenset({"allBuilds"}),
        )

    def job_fields(self, place: Place) -> Fields:
        job = place.job
        parts = [Place(job, variant) for variant in place.parts]
        own = {PARTS[job.kind]: [self.job(part) for part in parts]} if parts else {}
        return {
            **self.titles(place),
            "actions": [{}, {}],
            "allBuilds": lambda: self.builds(place),
            "buildable": not job.disabled,
            "builds": lambda: self.builds(place, newest=100),
            "concurrentBuild": False,
            "disabled": job.disabled,
            "downstreamProjects": lambda: self.neighbours(self.downstream.get(job.name, ())),
            "firstBuild": lambda: self.first_build(place),
            "healthReport": lambda: health(place),
            "inQueue": False,
            "keepDependencies": False,
            **{link: partial(self.permalink, place, link) for link in PERMALINKS},
            **own,
            "nextBuildNumber": job.upcoming,
            "property": _properties(job),
            "queueItem": None,
            "scm": {"_class": "hudson.plugins.git.GitSCM"},
            "upstreamProjects": lambda: self.upstream(job),
        }

    def titles(self, place: Place) -> Fields:
        job = place.job
        titles = _titles(f"{job.name}/{place.variant}" if place.variant else job.name)
        titles["description"] = job.description
        if self.history.folders.get(job.name.rpartition("/")[0]) == MULTIBRANCH:
            titles["displayName"] = unquote(str(titles["displayName"]))
            titles["fullDisplayName"] = unquote(str(titles["fullDisplayName"]))
        return titles

    def builds(self, place: Place, newest: int | None = None) -> list[Bean]:
        return [self.build(place, build) for build in place.builds[::-1][:newest]]

    def first_build(self, place: Place) -> Bean | None:
        return self.build(place, place.builds[0]) if place.builds else None

    def upstream(self, job: Job) -> list[Bean]:
        up = self.jobs.get(job.upstream or "")
        return self.neighbours([up] if up else [])

    def neighbours(self, jobs: Sequence[Job]) -> list[Bean]:
        return [self.job(Place(job)) for job in jobs]

    def permalink(self, place: Place, link: str) -> Bean | None:
        build = place.build(link)
        return self.build(place, build) if build else None

    def build(self, place: Place, build: Build) -> Bean:
        return Bean(
            {"_class": _classes(place)[1], **self.mention(place, build.number)},
            lambda: self.build_fields(place, build),
        )

    def mention(self, place: Place, number: int) -> Fields:
        return {"number": number, "url": partial(self.url, place, number)}

    def build_fields(self, place: Place, build: Build) -> Fields:
        job = place.job
        in_pipeline = job.kind is Kind.PIPELINE
        built_on = "" if place.variant or not job.is_matrix else "agent-1"
        changes = [self.change_set(build)] if build.commits else []
        title = build.title or f"#{build.number}"
        return {
            "actions": lambda: self.actions(place, build),
            "artifacts": lambda: artifacts(place, build),
            "building": build.running,
            **({} if in_pipeline else {"builtOn": built_on}),
            **({"changeSets": changes} if in_pipeline else {"changeSet": self.change_set(build)}),
            "culprits": [self.author(commit.author) for commit in build.commits],
            "description": build.description,
            "displayName": title,
            "duration": build.duration_ms,
            "estimatedDuration": 60_000 * 8,
            "executor": {} if build.running else None,
            "fullDisplayName": lambda: f"{self.titles(place)['fullDisplayName']} {title}",
            "id": str(build.number),
            "inProgress": build.running,
            "keepLog": False,
            **(self.around(place, build) if in_pipeline else {}),
            "queueId": build.number * len(demo_history.DEFAULT_JOBS) + job.queue,
            "result": place.result(build),
            **({"runs": lambda: self.runs(place, build)} if job.is_matrix and place.parts else {}),
            "timestamp": milliseconds(build.started),
        }

    def runs(self, place: Place, build: Build) -> list[Bean]:
        """The builds of the cells: whole objects, whose class the list already tells."""
        found = []
        for variant in place.parts:
            cell = Place(place.job, variant)
            its = place.job.build(build.older.get(variant, build.number)) or build
            mention = self.mention(cell, its.number)
            found.append(Bean(mention, partial(self.build_fields, cell, its)))
        return found

    def around(self, place: Place, build: Build) -> Fields:
        """The builds before and after, which pipelines tell."""
        at = place.builds.index(build)
        before, after = place.builds[:at][-1:], place.builds[at + 1 : at + 2]
        return {
            "nextBuild": next((self.mention(place, each.number) for each in after), None),
            "previousBuild": next((self.mention(place, each.number) for each in before), None),
        }

    def actions(self, place: Place, build: Build) -> list[Fields]:
        found: list[Fields] = [{"_class": "hudson.model.CauseAction", "causes": []}, {}]
        found[0]["causes"] = [self.cause(place, build)]
        if build.parameters:
            values = [_parameter(name, value) for name, value in build.parameters]
            found.append({"_class": "hudson.model.ParametersAction", "parameters": values})
        branch = [{"SHA1": build.revision, "name": f"refs/remotes/origin/{_branch(place.job)}"}]
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
            found.append({"_class": INTERRUPTED, "causes": why})
        tests = [demo_reports.test_action(place, build)] if place.has_report(build) else []
        return [*found, {}, *tests, *self.gathered(place, build), {}]

    def gathered(self, place: Place, build: Build) -> list[Fields]:
        """The counts of the builds that followed this one, where the job asks for them."""
        if not place.job.gathers or build.running:
            return []
        counts = self.gathered_counts(place, build)
        kind = "hudson.tasks.test.AggregatedTestResultPublisher$TestResultAction"
        return [{"_class": kind, **counts}]

    def gathered_counts(self, place: Place, build: Build) -> Fields:
        followed = [
            demo_history.tally(job, after.number)
            for job in self.downstream.get(place.job.name, ())
            for after in job.builds
            if after.upstream == (place.job.name, build.number)
        ]
        counts = sum(followed, demo_history.Tally(0, 0, 0, 0))
        return {
            "failCount": counts.failed + counts.error,
            "skipCount": counts.skipped,
            "totalCount": counts.total,
            "urlName": "aggregatedTestReport",
        }

    def cause(self, place: Place, build: Build) -> Fields:
        if place.variant:
            return self.upstream_cause(place.job.name, build.number)
        if build.upstream:
            return self.upstream_cause(*build.upstream)
        if place.job.upstream or build.parameters:
            who = {"userId": "dana", "userName": "Dana Novák"}
            kind = "hudson.model.Cause$UserIdCause"
            return {"_class": kind, "shortDescription": "Started by user Dana Novák", **who}
        if place.job.kind is Kind.PIPELINE:
            text = f"Push event to branch {_branch(place.job)}"
            return {"_class": "jenkins.branch.BranchEventCause", "shortDescription": text}
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
            "timestamp": milliseconds(commit.at),
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
        if not place.has_report(build):
            return None
        if place.parts:
            address = self.child_url
            return Bean(demo_reports.aggregated(place, build, address, self.words, by_tree))
        return Bean(demo_reports.report(place, build, self.words))

    def child_url(self, part: Place, number: int) -> str:
        """The matrix plugin writes a cell's address with a dot in it in aggregated reports."""
        dot = "./" if part.job.is_matrix else ""
        return f"{self.job_url(part.job.name)}{dot}{part_path(part)}{number}/"

    def gathered_report(self, place: Place, build: Build) -> Bean | None:
        if not self.gathered(place, build):
            return None
        return Bean(self.gathered_counts(place, build))

    def me(self) -> Bean | None:
        name = self.user or "anonymous"
        return Bean(
            {
                "_class": "hudson.model.User",
                "absoluteUrl": f"{self.root}user/{quote(name)}",
                "description": None,
                "fullName": name,
                "id": name,
                "property": [{}, {}],
            }
        )

    def who_am_i(self) -> Bean | None:
        return Bean(
            {
                "_class": "hudson.security.WhoAmI",
                "anonymous": self.user is None,
                "authenticated": True,
                "authorities": ["authenticated"] if self.user else ["anonymous"],
                "name": self.user or "anonymous",
            }
        )

    def crumb_issuer(self, crumb: str) -> Bean | None:
        kind = "hudson.security.csrf.DefaultCrumbIssuer"
        return Bean({"_class": kind, "crumb": crumb, "crumbRequestField": "Jenkins-Crumb"})

    def url(self, place: Place, number: int | None = None) -> str:
        tail = "" if number is None else f"{number}/"
        return self.job_url(place.job.name) + part_path(place) + tail

    def job_url(self, name: str) -> str:
        return self.root + "".join(f"job/{quote(part, safe='')}/" for part in name.split("/"))


def color(place: Place) -> str:
    done = place.build("lastCompletedBuild")
    color = COLORS[place.result(done) or ""] if done else "notbuilt"
    color = "disabled" if place.job.disabled else color
    is_running = bool(place.builds) and place.builds[-1].running
    return f"{color}_anime" if is_running else color


def health(place: Place) -> list[Fields]:
    done = place.build("lastCompletedBuild")
    if done is None or not place.has_report(done):
        return []
    counts = place.tally(done)
    failed = counts.failed + counts.error
    text = f"Test Result: {failed} tests failing out of a total of {counts.total} tests."
    return [{"description": text, "iconClassName": "icon-health-80plus", "score": 90}]


def artifacts(place: Place, build: Build) -> list[Fields]:
    return [_artifact(path) for path in demo_files.report_files(place.job, build, place.variant)]


def milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def part_name(place: Place) -> str:
    """What stands for a cell or a module in an address."""
    return place.variant.replace(":", "$") if place.job.kind is Kind.MAVEN else place.variant


def part_path(place: Place) -> str:
    return f"{quote(part_name(place), safe='=,$')}/" if place.variant else ""


def _titles(name: str) -> Fields:
    short = name.rpartition("/")[2]
    titles: Fields = {"description": None, "displayName": short, "displayNameOrNull": None}
    return {**titles, "fullDisplayName": name.replace("/", " » "), "fullName": name}


def _classes(place: Place) -> tuple[str, str]:
    return PART_CLASSES[place.job.kind] if place.variant else CLASSES[place.job.kind]


def _branch(job: Job) -> str:
    return unquote(job.name.rpartition("/")[2]) if job.kind is Kind.PIPELINE else "main"


def _artifact(path: str) -> Fields:
    name = path.rpartition("/")[2]
    return {"displayPath": name, "fileName": name, "relativePath": path}


def _parameter_kind(value: str | bool | None) -> str:
    return "Password" if value is None else "Boolean" if isinstance(value, bool) else "String"


def _parameter(name: str, value: str | bool | None) -> Fields:
    """A password's value is not told."""
    kind = f"hudson.model.{_parameter_kind(value)}ParameterValue"
    return {"_class": kind, "name": name, **({} if value is None else {"value": value})}


def definitions(job: Job) -> list[Fields]:
    """The parameters of a job: those of its last build, and their values as defaults."""
    return [
        {
            "_class": f"hudson.model.{_parameter_kind(value)}ParameterDefinition",
            "defaultParameterValue": _parameter(name, value),
            "description": None,
            "name": name,
            "type": f"{_parameter_kind(value)}ParameterDefinition",
        }
        for name, value in (job.builds[-1].parameters if job.builds else ())
    ]


def _properties(job: Job) -> list[Fields]:
    kind = "hudson.model.ParametersDefinitionProperty"
    found = definitions(job)
    return [{"_class": kind, "parameterDefinitions": found}] if found else []
