"""A Jenkins and a job of it, as those see them who read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.beat import Beat, unheard
from tracker.intake.ingest import Intake
from tracker.jenkins.client import Client, job_path


@dataclass(frozen=True)
class Source:
    """A Jenkins with the rules of its names: `prefix` stands before them in the tracker."""

    client: Client
    server: str
    prefix: str

    def tracker_name(self, jenkins_name: str) -> str:
        """What the tracker calls a job of this server."""
        return f"{self.prefix}/{jenkins_name}" if self.prefix else jenkins_name


@dataclass(frozen=True)
class JenkinsJob:
    """A job of a Jenkins, and all it takes to read it.

    `seconds` is how long reading it may go on before others have their turn.
    """

    source: Source
    intake: Intake
    name: str
    jenkins_name: str
    clock: Callable[[], int]
    beat: Beat = unheard
    seconds: float = 300

    @property
    def path(self) -> str:
        """Where the job is, below the server's address."""
        return job_path(self.jenkins_name)
