"""What the builds of a module are called here: by their job in Jenkins, where it has no other use.

So what the tracker reads from Jenkins itself goes on where the import ended. A job of Jenkins that
builds several modules or releases cannot be one job here, since a job is of one module and release;
its builds are kept apart as `release/module`. A name that was given once is given again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tracker.store.jobs import is_job_name

# Release and module, by their names.
Place = tuple[str, str]


@dataclass(frozen=True)
class JenkinsJob:
    """A job as an address names it: the address of its server, and its full name there."""

    server: str
    name: str


def jenkins_job(url: str) -> JenkinsJob | None:
    """The job that the address of a job, or of a build of one, is about; None where it is none."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    segments = parts.path.strip("/").split("/")
    if parts.scheme not in ("http", "https") or not parts.netloc or "job" not in segments:
        return None
    start = segments.index("job")
    folders = []
    while segments[start : start + 1] == ["job"] and len(segments) > start + 1:
        folders.append(unquote(segments[start + 1]))
        start += 2
    before = "/".join(segments[: segments.index("job")]).partition("view/")[0]
    server = f"{parts.scheme}://{parts.netloc}/{before}".rstrip("/") + "/"
    return JenkinsJob(server, "/".join(folders)) if all(folders) and folders else None


def tracker_name(job: JenkinsJob, prefixes: Mapping[str, str]) -> str:
    """The tracker's name of a job; `prefixes` are those of its servers by their addresses."""
    prefix = prefixes.get(job.server, "")
    return f"{prefix}/{job.name}" if prefix else job.name


def names_of(
    urls: Mapping[Place, Iterable[str]], prefixes: Mapping[str, str], given: Mapping[Place, str]
) -> dict[Place, str]:
    """The name of each module's job; a module that can have none is left out.

    `urls` are the addresses of a module's builds, `given` the names that modules got before.
    """
    said = {place: _said(found, prefixes) for place, found in urls.items()}
    apart = {place: _kept_apart(place) for place in urls}
    uses = Counter([*filter(None, said.values()), *apart.values()])
    taken = {name: place for place, name in given.items()}
    found: dict[Place, str] = {}
    for place in sorted(urls):
        own = said[place]
        # Where its name kept apart is the name of its job, it is counted twice and no other's.
        is_free = own and uses[own] == 1 + (own == apart[place]) and own not in taken
        name = given.get(place) or (own if is_free else apart[place])
        if taken.get(name, place) == place and is_job_name(name):
            found[place] = name
    return found


def _kept_apart(place: Place) -> str:
    """`release/module`, in which a slash is `%2F` as in the names of Jenkins' branches."""
    parts = [part.replace("%", "%25").replace("/", "%2F") for part in place]
    return "/".join(parts) if all(parts) else ""


def _said(urls: Iterable[str], prefixes: Mapping[str, str]) -> str:
    """The one name that all addresses agree on, "" where they do not."""
    jobs = {jenkins_job(url) for url in urls if url}
    only = jobs.pop() if len(jobs) == 1 else None
    return tracker_name(only, prefixes) if only else ""
