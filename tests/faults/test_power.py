"""The power fails during uploads and while the site is published: what was promised is there.

The disk is an ext4 of its own, shut down without its journal being written out; acknowledgements
are kept outside of it. What a disk loses that lies about its flushes is not shown by this.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.conftest import ROOT, RunningServer, environ_of, junit, running_gunicorn
from tests.counts import RecordCount
from tests.factories import history
from tests.faults.disk import Disk, disk
from tests.site.test_publish import is_whole
from tests.web.test_kills import CASES, Clients
from tracker.intake.spool import path_of
from tracker.queries import dump
from tracker.settings import Settings
from tracker.site.check import broken_links
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run

NO_LIMITS = {"TRACKER_UPLOADS_PER_MINUTE": "0", "TRACKER_REQUESTS_PER_MINUTE": "0"}


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can lose its power."""
    with disk(tmp_path) as made:
        yield made


def settings_on(own_disk: Disk) -> Settings:
    """A tracker that lives on the disk."""
    home = own_disk.folder / "home"
    return Settings.load({}, home=home, output=own_disk.folder / "output")


def kill_all(server: RunningServer) -> None:
    """Nothing ends by itself when the power fails."""
    for process in (*server.workers(), server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    server.process.wait()


def queued(number: int) -> bytes:
    """A report that is accepted before it is read."""
    return junit(login="P", **{f"of{number}": "F"})


def queue(server: RunningServer, number: int) -> int:
    """Send such a report: 202 promises that its bytes are safe and will be read."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/ingest?job=queued&build={number}",
        data=queued(number),
        headers={"Authorization": f"Bearer {server.token}", "Prefer": "respond-async"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def lost_of_the_queue(settings: Settings, number: int) -> list[str]:
    """What became of that report, where its bytes are gone or nobody will read them."""
    digest = hashlib.sha256(queued(number)).hexdigest()
    path = path_of(settings.spool, digest)
    is_safe = path.exists() and path.read_bytes() == queued(number)
    open_store(settings.store)
    try:
        [(waiting,)] = run("SELECT count(*) FROM work WHERE payload LIKE ?", f"%{digest}%")
    finally:
        close_store()
    return [] if is_safe and waiting == 1 else [f"queued {number}: {is_safe=}, {waiting=}"]


def upload_until_the_power_fails(
    own_disk: Disk, chance: random.Random, first: int
) -> list[tuple[str, int]]:
    """Uploads of several clients at a time, each to a job of its own, and what was acknowledged.

    A machine without power acknowledges nothing, and so nothing counts from the moment on in which
    the cut begins. It takes some milliseconds here, in which a sync comes back well now and then
    whose journal was dropped: so it was with 2 of 35 plain appends in that time, and with none of
    13,876 before. What may be promised after a sync that fails, `test_injection.py` has.
    """
    with running_gunicorn(settings_on(own_disk), workers=2, **NO_LIMITS) as server:
        clients = Clients(server, first=first)
        with clients.working():
            while len(clients.acknowledged) < 4:
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.5))
            assert queue(server, first) == 202
            acknowledged = list(clients.acknowledged)
            own_disk.cut_power()
            kill_all(server)
    own_disk.unmount()
    own_disk.mount()
    return acknowledged


def totals(settings: Settings) -> tuple[dict[tuple[str, int], int], Counter[tuple[str, int]]]:
    """What the builds say of themselves, and how many results each really has."""
    open_store(settings.store)
    try:
        rows = [msgspec.json.decode(line) for line in dump.lines()]
    finally:
        close_store()
    said = {(row["job"], row["number"]): row["total"] for row in rows if row["kind"] == "build"}
    return said, Counter((row["job"], row["build"]) for row in rows if row["kind"] == "result")


def cut_while_uploading(own_disk: Disk, times: int) -> tuple[int, list[str]]:
    """How many uploads were acknowledged, and which of these were lost."""
    open_store(settings_on(own_disk).database)  # made by the program, so as to be on the disk
    close_store()
    chance, acknowledged, lost = random.Random(times), 0, list[str]()
    for cycle in range(times):
        first = 1 + cycle * 10_000
        builds = upload_until_the_power_fails(own_disk, chance, first)
        said, found = totals(settings_on(own_disk))
        acknowledged += 1 + len(builds)
        lost += [f"{job} {number}" for job, number in set(builds) - set(said)]
        lost += lost_of_the_queue(settings_on(own_disk), first)
        assert set(said.values()) == set(found.values()) == {CASES}, "half a build is visible"
        assert set(said) == set(found)
    return acknowledged, lost


def test_nothing_acknowledged_is_lost_in_three_power_cuts(
    own_disk: Disk, record_count: RecordCount
) -> None:
    acknowledged, lost = cut_while_uploading(own_disk, 3)
    record_count("P1", power_cuts=3, acknowledged=acknowledged, lost=len(lost))
    assert lost == []


@pytest.mark.nightly
def test_nothing_acknowledged_is_lost_in_fifty_power_cuts(
    own_disk: Disk, record_count: RecordCount
) -> None:
    acknowledged, lost = cut_while_uploading(own_disk, 50)
    record_count("P1", power_cuts=50, acknowledged=acknowledged, lost=len(lost))
    assert lost == []


PUBLISH_FOR_EVER = """
import itertools, sys
from pathlib import Path
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store.connection import open_store
open_store(Path(sys.argv[1]))
for newest in itertools.count(int(sys.argv[3])):  # another window renders every page anew
    publish(Path(sys.argv[2]), renderer(), newest=newest, keep=3, now=1)
    print(newest, flush=True)
"""


def publish_until_the_power_fails(own_disk: Disk, chance: random.Random, first: int) -> int:
    """How many generations were published before."""
    settings = settings_on(own_disk)
    command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(settings.database)]
    with subprocess.Popen(
        [*command, str(settings.output), str(first)],
        env=environ_of(settings),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.5))
        own_disk.cut_power()
        process.kill()
        published = 1 + len(process.stdout.read().split())
    own_disk.unmount()
    own_disk.mount()
    return published


def cut_while_publishing(own_disk: Disk, times: int) -> tuple[int, int]:
    """How many generations were published, and after how many cuts the site was not whole."""
    settings = settings_on(own_disk)
    open_store(settings.store)
    history("nightly", login="P F P F", logout="P P F F")
    close_store()
    chance, published, torn = random.Random(times), 0, 0
    for cycle in range(times):
        published += publish_until_the_power_fails(own_disk, chance, 10 + 1000 * cycle)
        site = (settings.output / "site").resolve()
        torn += not is_whole(site) or bool(list(broken_links(site)))
    return published, torn


def test_the_site_is_whole_after_three_power_cuts(
    own_disk: Disk, record_count: RecordCount
) -> None:
    published, torn = cut_while_publishing(own_disk, 3)
    record_count("P6", power_cuts=3, generations=published, torn=torn)
    assert torn == 0


@pytest.mark.nightly
def test_the_site_is_whole_after_twenty_power_cuts(
    own_disk: Disk, record_count: RecordCount
) -> None:
    published, torn = cut_while_publishing(own_disk, 20)
    record_count("P6", power_cuts=20, generations=published, torn=torn)
    assert torn == 0
