"""What the tasks of one worker share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic

from tracker.beat import Beat, unheard
from tracker.clock import now_ms
from tracker.errors import JenkinsError
from tracker.intake.ingest import Intake
from tracker.jenkins.client import REFUSED_PAUSE, Address, Client, Refused
from tracker.jenkins.pace import Pace
from tracker.jenkins.source import JenkinsJob, Source
from tracker.jenkins.token_file import token_in
from tracker.queries import jobs
from tracker.queries.jobs import PolledJob, ServerRow
from tracker.settings import Settings


@dataclass
class Context:
    """Settings, and one client a server, kept for as long as the server's row stays the same."""

    settings: Settings
    intake: Intake
    beat: Beat = unheard
    clients: dict[ServerRow, Client] = field(default_factory=dict)
    closed: dict[ServerRow, tuple[float, Refused]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """The context that the settings describe."""
        return cls(settings, Intake.of(settings))

    def source(self, server: str) -> Source:
        """The Jenkins called `server`."""
        known = _as_configured(jobs.server(server))
        self._check_open(known)
        if known not in self.clients:
            self.clients[known] = Client(address_of(known, self.settings))
        return Source(self.clients[known], known.name, known.prefix)

    def jenkins_job(self, job: PolledJob) -> JenkinsJob:
        """A job of a Jenkins, with all it takes to read it."""
        return JenkinsJob(
            self.source(job.server),
            self.intake,
            job.name,
            job.jenkins_name,
            clock=now_ms,
            beat=self.beat,
            seconds=self.settings.poll_limit_seconds,
        )

    def _check_open(self, known: ServerRow) -> None:
        """Refused where the server is asked no more for now; that is no answer of it (`close`)."""
        until, error = self.closed.get(known, (0.0, None))
        left = until - monotonic()
        if error is not None and left > 0:
            again = Refused(error.message, error.remedy)
            again.pause = left
            raise again

    def close(self, server: str, error: Refused) -> None:
        """Ask a server no more for a while that does not know us: accounts are locked for less.

        The client goes with it, so that the next one has the token of then.
        """
        if error.answered == 401:
            self.closed[_as_configured(jobs.server(server))] = (monotonic() + REFUSED_PAUSE, error)
            self.forget(server)

    def close_if_refused(self, server: str) -> None:
        """Ask a server no more where it is not one job alone that it refuses us."""
        try:
            self.source(server).client.json("", "mode")
        except Refused as error:
            self.close(server, error)
        except JenkinsError:
            return

    def forget(self, server: str) -> None:
        """Make a new client next time: after an error nothing of the old one is trusted."""
        self.clients = {row: client for row, client in self.clients.items() if row.name != server}


def _as_configured(row: ServerRow) -> ServerRow:
    """A server as it was described, less what looks at it write down."""
    return replace(row, version="", notice="", error="", error_since=None)


def address_of(row: ServerRow, settings: Settings) -> Address:
    """Where a server is and how to get in; a new client reads the token's file anew."""
    return Address(
        name=row.name,
        url=row.url,
        username=row.username,
        token=token_in(row.token_file),
        ca_file=row.ca_file,
        seconds=row.seconds or settings.jenkins_seconds,
        max_bytes=settings.jenkins_max_mb * 1024 * 1024,
        pace=Pace(settings.home / "jenkins", row.name, row.rate, row.at_once),
    )
