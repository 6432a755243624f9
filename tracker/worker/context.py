"""What the tasks of one worker share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.errors import SettingsError
from tracker.intake.ingest import Intake
from tracker.jenkins.client import Address, Client
from tracker.jenkins.poll import Source
from tracker.queries import jobs
from tracker.queries.jobs import ServerRow
from tracker.settings import Settings


@dataclass
class Context:
    """Settings, and one client a server, kept for as long as the server's row stays the same."""

    settings: Settings
    intake: Intake
    beat: Callable[[str], None] = lambda _: None
    clients: dict[ServerRow, Client] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """The context that the settings describe."""
        return cls(settings, Intake.of(settings))

    def source(self, server: str) -> Source:
        """The Jenkins called `server`."""
        row = jobs.server(server)
        known = replace(row, error="", error_since=None)  # what a poll writes into the row
        if known not in self.clients:
            self.clients[known] = Client(address_of(row, self.settings))
        return Source(self.clients[known], row.name, row.prefix)

    def forget(self, server: str) -> None:
        """Make a new client next time: after an error nothing of the old one is trusted."""
        self.clients = {row: client for row, client in self.clients.items() if row.name != server}


def address_of(row: ServerRow, settings: Settings) -> Address:
    """Where a server is and how to get in; a new client reads the token's file anew."""
    return Address(
        name=row.name,
        url=row.url,
        username=row.username,
        token=_token(row.token_file),
        seconds=settings.jenkins_seconds,
        max_bytes=settings.jenkins_max_mb * 1024 * 1024,
    )


def _token(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The token file {path} cannot be read: {error}.",
            "Correct it with `tracker server add --token-file …`.",
        ) from error
