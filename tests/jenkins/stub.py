"""A Jenkins of a few answers, for tests of what reads it."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.factories import NOW
from tracker.intake.ingest import Intake
from tracker.jenkins.client import Address, Client
from tracker.jenkins.source import JenkinsJob, Source
from tracker.settings import Settings
from tracker.store.jobs import add_server, track_job

DAY = 24 * 3600 * 1000
_RANGE = re.compile(r"(allBuilds|builds)\[.*\]\{(\d+),(\d+)\}")

# Builds begin from here on, none of them in the future.
BEGAN = NOW - 400 * DAY


class Stub:
    """Paths below the root, with their JSON or bytes, or a status; `asked` are those asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                path = url.path.removeprefix("/")
                stub.asked.append(path)
                answer = stub.answer(path, parse_qs(unquote(url.query)).get("tree", [""])[0])
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(answer if isinstance(answer, int) else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def answer(self, path: str, tree: str) -> Any:
        """What is at a path; of a job's builds the part that is asked for."""
        found = self.answers.get(path, {"mode": "NORMAL"} if path == "api/json" else 404)
        part = _RANGE.search(tree)
        if isinstance(found, dict) and part and "allBuilds" in found:
            return {**found, "allBuilds": found["allBuilds"][int(part[2]) : int(part[3])]}
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def has(self, *all_builds: dict[str, Any], job: str = "job/nightly/", after: int = 0) -> None:
        """The job has these builds; the next one is number `after` or the one behind them."""
        listed = list(all_builds)[::-1]
        newest = max((each["number"] for each in all_builds), default=0)
        done = next((each for each in listed if not each["building"]), None)
        self.answers[f"{job}api/json"] = {
            "name": job.rstrip("/").rpartition("/")[2],
            "nextBuildNumber": max(after, newest + 1),
            "lastBuild": listed[0] if listed else None,
            "lastCompletedBuild": done,
            "allBuilds": listed,
        }
        for each in all_builds:
            self.answers[f"{job}{each['number']}/api/json"] = each


def a_build(number: int, **more: Any) -> dict[str, Any]:
    """A build that has finished, one day after the one before."""
    told = {"number": number, "url": f"http://jenkins.example/job/nightly/{number}/"}
    told |= {"timestamp": BEGAN + number * DAY, "building": False, "inProgress": False}
    return {**told, "result": "SUCCESS", "duration": 5, **more}


def unfetched(number: int) -> dict[str, Any]:
    """A build that the job lists without saying all of it, so that it is asked for by itself."""
    return {name: value for name, value in a_build(number).items() if name != "url"}


def artifacts(*paths: str) -> list[dict[str, str]]:
    """Artifacts as a build's answer lists them."""
    return [{"relativePath": path} for path in paths]


def source_of(url: str, prefix: str = "", **more: Any) -> Source:
    """A server that may be asked as often as one likes."""
    return Source(Client(Address("main", url, **{"seconds": 10, **more})), "main", prefix)


def reading_of(url: str, settings: Settings, job: str = "nightly", **more: Any) -> JenkinsJob:
    """A job of the server at `url`, and all it takes to read it."""
    intake = Intake.of(settings)
    return JenkinsJob(source_of(url), intake, job, job, **{"clock": lambda: NOW, **more})


def known_as(url: str, job: str) -> None:
    """Have the server at `url` and a job of it."""
    add_server("main", url)
    track_job(job, server="main", jenkins_name=job)
