"""The oldest dialect: Hudson 1.395, from which Jenkins was forked.

It has no `_class`, no full names, no folders, no ranges, no `allBuilds` and no `runs`; its JSON
is told as JavaScript and ends with the connection.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from scripts.demo_history import Build, History, Kind, readdressed
from scripts.demo_pages import Answer, Headers, Manners
from scripts.demo_reports import PERMALINKS, Place
from scripts.demo_site import INTERRUPTED, Site, color, definitions, health
from scripts.demo_tree import Bean, Fields, Tree, parse_tree

LATIN = "text/html;charset=ISO-8859-1"
HTML = "text/html;charset=UTF-8"
SCRIPT = "application/javascript;charset=UTF-8"
ACTIONS = ("causes", "parameters", "failCount", "skipCount", "totalCount", "urlName")
CAUSES = ("shortDescription", "upstreamBuild", "upstreamProject", "upstreamUrl", "userName")
PARAMETERS = ("name", "value")
CHANGES = ("author", "date", "msg", "paths")
RESULT = ("duration", "failCount", "passCount", "skipCount", "suites")
SUITE = ("cases", "duration", "name", "stderr", "stdout", "timestamp")
CASE = (
    "age",
    "className",
    "duration",
    "errorDetails",
    "errorStackTrace",
    "failedSince",
    "name",
    "skipped",
    "status",
    "stderr",
    "stdout",
)


def flattened(history: History) -> History:
    """The history without folders and pipelines: `team/nightly` is the job `team-nightly`."""

    def flat(name: str) -> str:
        return name.replace("/", "-")

    jobs = tuple(readdressed(job, flat) for job in history.jobs if job.kind is not Kind.PIPELINE)
    views = {name: tuple(map(flat, shown)) for name, shown in history.views.items()}
    return replace(history, jobs=jobs, folders={}, views=views)


class HudsonSite(Site):
    """The same history in the shapes of Hudson."""

    def controller(self) -> Bean:
        main = {"name": "All", "url": self.root}
        views = [{"name": name, "url": self.view_url(name)} for name in self.history.views]
        return Bean(
            {},
            lambda: {
                "assignedLabels": [{}],
                "mode": "NORMAL",
                "nodeDescription": "the master Hudson node",
                "nodeName": "",
                "numExecutors": 2,
                "description": None,
                "jobs": lambda: self.items(""),
                "overallLoad": {},
                "primaryView": main,
                "slaveAgentPort": -1,
                "useCrumbs": self.user is not None,
                "useSecurity": self.user is not None,
                "views": [main, *views],
            },
        )

    def view(self, name: str) -> Bean | None:
        if name != "All" and name not in self.history.views:
            return None
        jobs = self.items("") if name == "All" else self.viewed(name)
        url = self.root if name == "All" else self.view_url(name)
        return Bean({"description": None, "jobs": jobs, "name": name, "url": url})

    def view_url(self, name: str) -> str:
        return f"{self.root}view/{quote(name)}/"

    def job(self, place: Place) -> Bean:
        name = place.variant or place.job.name
        mention: Fields = {"name": name, "url": self.url(place), "color": lambda: color(place)}
        return _Ordered(mention, lambda: self.job_fields(place))

    def job_fields(self, place: Place) -> Fields:
        job = place.job
        name = place.variant or job.name
        parameters = [_definition(row) for row in definitions(job)]
        unnamed = [_without_name(row) for row in parameters]
        defaults: list[Fields] = [{"parameterDefinitions": unnamed}] if parameters else []
        return {
            "actions": [*defaults, *([{}] if place.builds else [])],
            "description": job.description or "",
            "displayName": _short(place) if place.variant else name,
            "name": name,
            "url": self.url(place),
            "buildable": not job.disabled,
            "builds": lambda: self.builds(place),
            "color": lambda: color(place),
            "firstBuild": lambda: self.first_build(place),
            "healthReport": lambda: _icons(health(place)),
            "inQueue": False,
            "keepDependencies": False,
            **{link: self.permalink(place, link) for link in PERMALINKS},
            "nextBuildNumber": job.upcoming,
            "property": [{"parameterDefinitions": parameters}] if parameters else [],
            "queueItem": None,
            "concurrentBuild": False,
            "downstreamProjects": lambda: self.neighbours(self.downstream.get(job.name, ())),
            "scm": {},
            "upstreamProjects": lambda: self.upstream(job),
        }

    def build(self, place: Place, build: Build) -> Bean:
        return _Ordered(self.mention(place, build.number), lambda: self.build_fields(place, build))

    def build_fields(self, place: Place, build: Build) -> Fields:
        modern = super().build_fields(place, build)
        name = f"{place.job.name} » {_short(place)}" if place.variant else place.job.name
        changes = [_only(self.change(commit), CHANGES) for commit in build.commits]
        return {
            "actions": lambda: [_action(action) for action in self.actions(place, build)],
            "artifacts": modern["artifacts"],
            "building": build.running,
            "description": build.description,
            "duration": build.duration_ms,
            "fullDisplayName": f"{name} {build.title or f'#{build.number}'}",
            "id": f"{build.started:%Y-%m-%d_%H-%M-%S}",
            "keepLog": False,
            "number": build.number,
            "result": modern["result"],
            "timestamp": modern["timestamp"],
            "url": self.url(place, build.number),
            "builtOn": "",
            "changeSet": {"items": changes, "kind": "git" if changes else None},
            "culprits": modern["culprits"],
        }

    def actions(self, place: Place, build: Build) -> list[Fields]:
        """Without those that came later: who aborted a build is one of them."""
        modern = [one for one in super().actions(place, build) if one.keys() & set(ACTIONS)]
        return [*(one for one in modern if one["_class"] != INTERRUPTED), {}]

    def test_report(self, place: Place, build: Build, by_tree: bool) -> Bean | None:
        found = super().test_report(place, build, by_tree)
        if found is None or not place.parts:
            return found and Bean(_result(found.brief))
        children = [
            {"child": child["child"], "result": _result(child["result"])}
            for child in _rows(found.brief["childReports"])
        ]
        counts = _only(found.brief, ("failCount", "skipCount", "totalCount", "urlName"))
        return Bean({**counts, "childReports": children})

    def me(self) -> Bean | None:
        if self.user is None:
            return None
        me = super().me()
        return me and Bean(
            {**_only(me.brief, tuple(me.brief)[1:]), "property": [{}, {"address": None}]}
        )

    def who_am_i(self) -> Bean | None:
        return None

    def crumb_issuer(self, crumb: str) -> Bean | None:
        if self.user is None:
            return None
        return Bean({"crumb": crumb, "crumbRequestField": ".crumb"})


class _Ordered(Bean):
    """An object whose fields, asked itself, stand in an order of their own."""

    def everything(self) -> Fields:
        return self.full()


class HudsonManners(Manners):
    """How Hudson says things over HTTP; its error pages are as long as the real ones."""

    server = "Winstone Servlet Engine v0.9.10"
    realm = "Hudson"
    line_end = "\r\n"
    crumb_field = ".crumb"
    zips_folders = True

    def headers(self, session: str) -> dict[str, str]:
        return {}

    def parse(self, tree: str) -> Tree:
        if "{" in tree:
            raise ValueError("unexpected {")
        return parse_tree(tree)

    def json(self, shown: object) -> Answer:
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        return Answer(HTTPStatus.OK, SCRIPT, body, streamed=True, packed=True)

    def text(self, text: bytes, headers: Headers = ()) -> Answer:
        kind = "text/plain;charset=UTF-8"
        streamed = bool(headers)
        return Answer(HTTPStatus.OK, kind, text, headers, streamed=streamed, packed=not streamed)

    def artifact(self, body: bytes, build: Build) -> Answer:
        stamp = format_datetime(build.started.replace(microsecond=0), usegmt=True)
        headers = (("Last-Modified", stamp), ("Expires", stamp))
        return Answer(HTTPStatus.OK, "application/xml", body, headers, packed=True)

    def zip(self, body: bytes) -> Answer:
        return Answer(HTTPStatus.OK, "application/zip", body)

    def malformed(self, problem: str) -> Answer:
        """Told as packed JavaScript, and plain HTML."""
        page = _page("Status Code: 500", f"Exception: {problem}", 3678)
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, SCRIPT, page, mislabelled=True)

    def missing(self, of_a_build: bool = False) -> Answer:
        if of_a_build:
            page = _page("", "<script>window.location.replace('.');</script>", 188)
            return Answer(HTTPStatus.NOT_FOUND, HTML, page)
        return Answer(HTTPStatus.NOT_FOUND, LATIN, _page("Not Found", "Status Code: 404", 263))

    def nobody(self) -> Answer:
        page = _page("Status Code: 500", "Exception: anonymous", 2820)
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, LATIN, page)

    def refused(self, path: str, has_tried: bool) -> Answer:
        if has_tried:
            challenge = (("WWW-Authenticate", f'Basic realm="{self.realm}"'),)
            page = _page("Unauthorized", "Status Code: 401", 284)
            return Answer(HTTPStatus.UNAUTHORIZED, LATIN, page, challenge)
        asked = quote(urlsplit(path).path, safe="")
        script = f"<script>window.location.replace('/login?from={asked}');</script>"
        page = _page("Authentication required", script, 521 + 2 * len(asked))
        return Answer(HTTPStatus.FORBIDDEN, HTML, page)

    def no_crumb(self) -> Answer:
        text = "No valid crumb was included in the request"
        return Answer(HTTPStatus.FORBIDDEN, LATIN, _page("Forbidden", text, 305))

    def page(self, status: HTTPStatus, text: str, headers: Headers = ()) -> Answer:
        told = (("X-Hudson", "1.395"), ("Expires", "0"), *headers)
        return Answer(status, HTML, _page(status.phrase, escape(text), 300), told, streamed=True)


def _page(title: str, text: str, size: int) -> bytes:
    head = f"<html><head><title>{title}</title></head><body>"
    return f"{head}{text}".encode().ljust(size - 14) + b"</body></html>"


def _short(place: Place) -> str:
    """The values of a cell's axes, without their names."""
    return ",".join(part.partition("=")[2] or part for part in place.variant.split(","))


def _only(fields: Fields, names: Iterable[str]) -> Fields:
    return {name: fields[name] for name in names if name in fields}


def _rows(value: object) -> list[Fields]:
    return value if isinstance(value, list) else []


def _icons(reports: list[Fields]) -> list[Fields]:
    stable = {"description": "Build stability: No recent builds failed.", "score": 100}
    told = [*reports, stable] if reports else []
    icon = {"iconUrl": "health-80plus.gif"}
    return [{"description": row["description"], **icon, "score": row["score"]} for row in told]


def _definition(row: Fields) -> Fields:
    default = row["defaultParameterValue"]
    value = _only(default, PARAMETERS) if isinstance(default, dict) else {}
    named = _only(row, ("name", "type"))
    return {"defaultParameterValue": value, "description": row["description"] or "", **named}


def _without_name(definition: Fields) -> Fields:
    default = definition["defaultParameterValue"]
    value = _only(default, ("value",)) if isinstance(default, dict) else {}
    return {**definition, "defaultParameterValue": value}


def _action(action: Fields) -> Fields:
    kept = _only(action, ACTIONS)
    for name, names in (("causes", CAUSES), ("parameters", PARAMETERS)):
        if name in kept:
            kept[name] = [_only(row, names) for row in _rows(kept[name])]
    return kept


def _result(result: object) -> Fields:
    shown = _only(result, RESULT) if isinstance(result, dict) else {}
    return {**shown, "suites": [_suite(suite) for suite in _rows(shown["suites"])]}


def _suite(suite: Fields) -> Fields:
    return {**_only(suite, SUITE), "cases": [_only(case, CASE) for case in _rows(suite["cases"])]}
