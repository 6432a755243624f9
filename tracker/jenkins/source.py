"""A Jenkins as the poller sees it: how it is asked, and what the tracker calls its jobs."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.jenkins.client import Client


@dataclass(frozen=True)
class Source:
    """A Jenkins with the rules of its names: `prefix` stands before them in the tracker."""

    client: Client
    server: str
    prefix: str

    def tracker_name(self, jenkins_name: str) -> str:
        """What the tracker calls a job of this server."""
        return f"{self.prefix}/{jenkins_name}" if self.prefix else jenkins_name
