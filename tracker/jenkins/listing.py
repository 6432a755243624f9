"""The builds of a job, newest first, many of them in one answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

from tracker.jenkins.builds import FACTS, SLIM
from tracker.jenkins.client import Unusable, job_path, understood
from tracker.jenkins.discovery import NEWS, fingerprint
from tracker.jenkins.shape import checked
from tracker.jenkins.source import Source

# Builds asked for at once: a poll finds few news, and a build with its files may be long.
FIRST, THEN = 5, 20
# Pages overlap: a build that is deleted while we read pulls the others forward.
OVERLAP = 2

Answer = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some builds of a job, newest first, and what the job itself says at that moment.

    `builds` are whole answers, or slim ones (number and state) where whole ones are too much for
    one answer. `is_last` tells that Jenkins has none that are older.
    """

    job: Answer
    builds: tuple[Answer, ...]
    is_last: bool

    @property
    def fingerprint(self) -> str:
        """What a look at the server would say of the job's builds now."""
        return fingerprint(self.job)

    @property
    def next_number(self) -> int:
        """The number of the next build that begins; it never goes back by a deletion."""
        told = self.job.get("nextBuildNumber")
        newest = self.builds[0]["number"] + 1 if self.builds else 1
        return told if _is_number(told) else newest

    @property
    def first_number(self) -> int:
        """The number of the oldest build that Jenkins has; 0 where it does not tell."""
        told = (self.job.get("firstBuild") or {}).get("number")
        return told if _is_number(told) else 0


def pages(source: Source, jenkins_name: str) -> Iterator[Page]:
    """The job's builds from the newest to the oldest; each page is one request."""
    start, count = 0, FIRST
    while True:
        page = part(source, jenkins_name, start, count)
        yield page
        if page.is_last:
            return
        start, count = start + count - OVERLAP, THEN


def part(source: Source, jenkins_name: str, start: int, count: int) -> Page:
    """The builds from place `start` on (0 is the newest), `count` of them.

    Where their whole answer is too much, or one of them spoils it, all are slim.
    """
    try:
        return _ask(source, jenkins_name, FACTS, start, count)
    except Unusable:
        return _ask(source, jenkins_name, SLIM, start, count)


def numbers(source: Source, jenkins_name: str, count: int) -> tuple[list[int], bool]:
    """The numbers of the newest `count` builds, newest first, and whether there are no others."""
    page = _ask(source, jenkins_name, "number", 0, count + 1)
    found = [build["number"] for build in page.builds]
    return found[:count], len(found) <= count


def starts(source: Source, jenkins_name: str) -> list[tuple[int, int]]:
    """Numbers and starts (ms) of a job's newest builds."""
    page = _ask(source, jenkins_name, SLIM, 0, THEN)
    told = [(build["number"], build.get("timestamp")) for build in page.builds]
    return [(number, start) for number, start in told if isinstance(start, int)]


def _ask(source: Source, jenkins_name: str, fields: str, start: int, count: int) -> Page:
    has_ranges = source.client.has_ranges
    ranged = f"allBuilds[{fields}]{{{start},{start + count}}}"
    wanted = ranged if has_ranges else f"builds[{fields}]"
    with understood(f"What Jenkins {source.server!r} tells of {jenkins_name}"):
        job = source.client.json(job_path(jenkins_name), f"name,firstBuild[number],{NEWS},{wanted}")
        if not job.get("name"):
            raise ValueError("no job")
        listed: Sequence[Answer] = job.get("allBuilds") or job.get("builds") or ()
        builds = [_checked(build) for build in listed if _is_number(build.get("number"))]
        builds.sort(key=lambda build: int(build["number"]), reverse=True)
        if not has_ranges:
            return Page(job, tuple(builds[start : start + count]), len(builds) <= start + count)
        return Page(job, tuple(builds), len(builds) < count)


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value <= 2**53


def _checked(build: Answer) -> Answer:
    """A build as it is or, where it has an odd shape, so slim that it is asked for by itself.

    What is wrong with it is then told as its own trouble, and not as that of the whole job.
    """
    slim = {name: build[name] for name in SLIM.split(",") if name in build}
    for answer in (build, slim):
        with suppress(ValueError):
            return checked(answer)
    return {"number": build["number"]}
