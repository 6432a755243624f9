"""Is a server set up right: what it lets us see, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.errors import JenkinsError
from tracker.jenkins import discovery
from tracker.jenkins.builds import artifacts_of, has_test_report
from tracker.jenkins.client import Missing, Refused, artifact_path, job_path
from tracker.jenkins.listing import part
from tracker.jenkins.source import Source

# A clock that is off by more makes times on the pages wrong enough to say so.
CLOCK_SECONDS = 120
PERMISSIONS = "Give the user Job/Read there, or leave the job out with --exclude."
# How far a build with results is looked for.
MOST_JOBS, MOST_BUILDS = 10, 5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, in words, and what to do if not."""

    what: str
    is_well: bool
    words: str
    remedy: str = ""


@dataclass(frozen=True)
class Checked:
    """What a check of a server found; `clock_ahead` in seconds, None where it was not told."""

    server: str
    url: str
    version: str
    user: str
    ranges: bool
    clock_ahead: float | None
    jobs: tuple[str, ...]
    not_admitted: int
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return all(finding.is_well for finding in self.findings)


def check(source: Source, patterns: Sequence[str], view: str) -> Checked:
    """Ask a server about everything that reading it needs.

    Raises Refused or Unreachable where it cannot be asked at all.
    """
    user = source.client.whoami()
    ranges = source.client.has_ranges
    listing = discovery.look(source, patterns, view)
    names = tuple(job.name for job in listing.jobs)
    heard = source.client.heard
    others = len(listing.names or ()) - len(names)
    findings = [
        _user(source, user),
        _jobs(names, others, user),
        _clock(heard.clock_ahead),
        *_newest(source, [job.jenkins_name for job in listing.jobs]),
    ]
    return Checked(
        server=source.server,
        url=source.client.address.url,
        version=heard.version,
        user=user,
        ranges=ranges,
        clock_ahead=heard.clock_ahead,
        jobs=names,
        not_admitted=max(0, others),
        findings=tuple(findings),
    )


def _jobs(names: Sequence[str], others: int, user: str) -> Finding:
    if names:
        more = f"; {others} are not admitted by the patterns" if others > 0 else ""
        return Finding("Job/Read", True, f"{len(names)} jobs match{more}.")
    if others > 0:
        return Finding(
            "patterns",
            False,
            f"None of the {others} jobs it shows matches the patterns.",
            "Give others with `tracker server add … --jobs PATTERN`; `*` admits all.",
        )
    return Finding(
        "Job/Read",
        False,
        f"It shows no job to {user}.",
        "Give the user the permissions Job/Read and Job/Discover"
        + (", or name a user with --user and --token-file." if user == "anonymous" else "."),
    )


def _user(source: Source, user: str) -> Finding:
    wanted = source.client.address.username
    if wanted and user == "anonymous":
        return Finding(
            "user",
            False,
            f"It answers, but takes us for anonymous although we ask as {wanted}.",
            "Check the token, and that no proxy takes the Authorization header away.",
        )
    return Finding("Overall/Read", True, f"It answers and knows us as {user}.")


def clock_in_words(ahead: float | None) -> str:
    """What is wrong with a clock that is `ahead` (seconds) of ours; "" where it is right enough."""
    if ahead is None or abs(ahead) < CLOCK_SECONDS:
        return ""
    minutes = abs(ahead) / 60
    spelt = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"
    where = "ahead of" if ahead > 0 else "behind"
    return f"Its clock is {spelt} {where} ours: times of its builds are off by as much."


def _clock(ahead: float | None) -> Finding:
    if wrong := clock_in_words(ahead):
        return Finding("clock", False, wrong, "Set both by NTP.")
    if ahead is None:
        return Finding("clock", True, "It does not tell the time.")
    return Finding("clock", True, f"Its clock and ours differ by {abs(ahead):.0f} s.")


def _newest(source: Source, names: Sequence[str]) -> Iterator[Finding]:
    """Whether results can be read, tried on the newest build of a job that has any."""
    for name in names[:MOST_JOBS]:
        try:
            page = part(source, name, 0, MOST_BUILDS)
        except Missing:
            continue
        except Refused as error:
            yield Finding(
                "Job/Read", False, f"We may not read {name}: {error.message}", PERMISSIONS
            )
            continue
        for build in page.builds:
            if artifacts_of(build) or has_test_report(build):
                yield from _build(source, name, build)
                return
    yield Finding("results", True, "No build has an artifact or a test report to try.")


def _build(source: Source, name: str, build: dict[str, Any]) -> Iterator[Finding]:
    path = f"{job_path(name)}{build['number']}/"
    where = f"{name} #{build['number']}"
    if has_test_report(build):
        yield _tried(
            "testReport",
            f"the test report of {where}",
            lambda: source.client.test_report(path, "failCount", lambda _: None),
            "The user needs Job/Read; the junit plugin must be installed.",
        )
    artifacts = artifacts_of(build)
    if artifacts:
        yield _tried(
            "Run/Artifacts",
            f"the artifact {artifacts[0]!r} of {where}",
            lambda: source.client.can_fetch(artifact_path(path, artifacts[0])),
            "Where artifacts have a permission of their own (-Dhudson.security.ArtifactsPermission="
            "true), give the user Run/Artifacts.",
        )


def _tried(what: str, thing: str, ask: Callable[[], bool], remedy: str) -> Finding:
    try:
        if ask():
            return Finding(what, True, f"We may read {thing}.")
        why = "it is refused or not there"
    except Refused:
        why = "it is refused"
    except JenkinsError as error:
        why = error.message
    return Finding(what, False, f"We may not read {thing}: {why}.", remedy)
