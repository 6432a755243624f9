"""Readers hammer the site while generation after generation is published: all they see is whole."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT, environ_of
from tests.counts import RecordCount
from tests.factories import history, report, upload
from tracker.clock import MINUTE
from tracker.settings import Settings
from tracker.site.publish import publish
from tracker.site.render import renderer

READERS = 2
# So long a publish comes after the one before, by the clock that it is told: what readers saw stays
# for an hour, 30 generations here, and a reader that is kept from running has time.
BETWEEN = 2 * MINUTE


@contextlib.contextmanager
def readers(settings: Settings, counts: Counter[str]) -> Iterator[None]:
    """Processes that read all the time; what they saw is added up in `counts`."""
    stop = settings.home / "stop"
    command = [sys.executable, "-m", "tests.faults.reader", str(settings.output / "site")]
    processes = [
        subprocess.Popen(
            [*command, str(stop)], cwd=ROOT, env=environ_of(settings), stdout=subprocess.PIPE
        )
        for _ in range(READERS)
    ]
    try:
        for process in processes:  # a busy machine takes its time to start them
            assert process.stdout is not None
            assert process.stdout.readline() == b"reading\n"
        yield
    finally:
        stop.touch()
        for process in processes:
            said, _ = process.communicate(timeout=60)
            counts.update(json.loads(said))


def publish_for(settings: Settings, seconds: float) -> int:
    """Publish again and again, each time with a new build; how many generations there were."""
    deadline = time.monotonic() + seconds
    for number in itertools.count(10):
        upload("nightly", number, report(login="PF"[number % 2], logout="P"))
        now = number * BETWEEN
        publish(settings.output, renderer(), newest=10, keep=settings.publish_keep, now=now)
        if time.monotonic() > deadline:
            return number - 9
    raise AssertionError


def hammer(settings: Settings, seconds: float, record_count: RecordCount) -> None:
    """Readers see no page that is torn, missing or of another generation."""
    history("nightly", login="P F P F", logout="P P F F")
    publish(settings.output, renderer(), newest=10, keep=settings.publish_keep, now=1)
    counts: Counter[str] = Counter(torn=0, missing=0, mixed=0)
    with readers(settings, counts):
        published = publish_for(settings, seconds)
    record_count("P6", swaps=published, **counts)
    assert (counts["torn"], counts["missing"], counts["mixed"]) == (0, 0, 0)
    assert counts["rounds"] > READERS, "nothing was read meanwhile"


@pytest.mark.usefixtures("store")
def test_readers_see_whole_pages_for_five_seconds_of_swapping(
    settings: Settings, record_count: RecordCount
) -> None:
    hammer(settings, 5, record_count)


@pytest.mark.nightly
@pytest.mark.usefixtures("store")
def test_readers_see_whole_pages_for_a_minute_of_swapping(
    settings: Settings, record_count: RecordCount
) -> None:
    hammer(settings, 60, record_count)
