"""What the tests of the worker share: a store that reads from a Jenkins, and workers."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ROOT, environ_of
from tests.forked import Forked
from tests.jenkins.conftest import stub as stub
from tests.store.fresh import lay_out
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.jobs import add_server
from tracker.store.work import enqueue

Start = Callable[..., Forked]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """A worker in this process takes signals; give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def read_from(settings: Settings, url: str, *patterns: str) -> None:
    """Make a store that reads the jobs of the Jenkins at `url`, all or those of the patterns."""
    open_store(lay_out(settings.store))
    add_server("main", url, rate=1000, at_once=8, patterns=patterns)
    enqueue("watch", "main", due=0)
    close_store()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a worker process; see `starting`."""
    with starting() as begin:
        yield begin


@contextlib.contextmanager
def starting() -> Iterator[Start]:
    """Start a worker process: `start(settings, "--until-idle", TRACKER_FIRST_BUILDS="3")`."""
    started: list[Forked] = []

    def begin(settings: Settings, *flags: str, **environ: str) -> Forked:
        process = Forked(
            ("tracker", "worker", *flags),
            cwd=ROOT,
            env=environ_of(settings, **environ),
            log=settings.home / "worker.log",
        )
        started.append(process)
        return process

    try:
        yield begin
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            process.wait()
