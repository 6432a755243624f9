"""Several nodes on this machine: homes of their own, one database, one spool, one Redis."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, RunningServer, environ_of, running_gunicorn
from tests.forked import Forked
from tests.servers import new_database, running_redis
from tracker.settings import Settings

CLIENT = "198.51.100.7"
LIMIT = 40


@dataclass
class Nodes:
    """Two web servers and a worker, each as on a machine of its own."""

    folder: Path
    first: RunningServer
    second: RunningServer
    shared: dict[str, str]
    database: str

    def settings(self, name: str) -> Settings:
        """Those of the node `name`."""
        return settings_of(self.folder, name, self.database)

    def command(self, node: str, *words: str) -> Forked:
        """`tracker …` on a node, begun."""
        environ = environ_of(self.settings(node), **self.shared)
        return Forked(("tracker", *words), cwd=ROOT, env=environ, log=self._log(node))

    def said(self, node: str) -> str:
        """What the command on a node said."""
        return self._log(node).read_text()

    def _log(self, node: str) -> Path:
        return self.folder / f"{node}.log"


@dataclass(frozen=True)
class Answer:
    """What a node answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


def settings_of(folder: Path, name: str, database: str) -> Settings:
    """The settings of one node: its own home; the site is shared."""
    return Settings.load(
        {}, home=folder / name, output=folder / "shared" / "output", database_url=database
    )


@contextlib.contextmanager
def running_nodes(folder: Path) -> Iterator[Nodes]:
    """Two Gunicorns, `first` and `second`, and a worker `third` that does not publish."""
    database = new_database()
    with running_redis() as redis:
        shared = {
            "TRACKER_SPOOL_FOLDER": str(folder / "shared" / "spool"),
            "TRACKER_LIMITS_URL": redis.address,
            "TRACKER_TRUSTED_PROXIES": "1",
            "TRACKER_REQUESTS_PER_MINUTE": str(LIMIT),
            "TRACKER_QUEUE_ABOVE_MB": "1",
            "TRACKER_LOG_FORMAT": "text",
        }
        servers = []
        with contextlib.ExitStack() as stack:
            for name in ("first", "second"):
                its = settings_of(folder, name, database)
                its.home.mkdir()  # for the log of the server
                servers.append(stack.enter_context(running_gunicorn(its, workers=1, **shared)))
            nodes = Nodes(folder, servers[0], servers[1], shared, database)
            worker = nodes.command("third", "worker", "--publishing", "elsewhere")
            try:
                yield nodes
            finally:
                worker.terminate()
                worker.wait(60)


def ask(
    server: RunningServer, path: str, data: bytes | None = None, client: str = "", **headers: str
) -> Answer:
    """Ask a node; with `client` as its proxy does for somebody at that address."""
    request = urllib.request.Request(server.url + path, data=data)
    request.add_header("Authorization", f"Bearer {server.token}")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    if client:
        request.add_header("X-Forwarded-For", client)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
