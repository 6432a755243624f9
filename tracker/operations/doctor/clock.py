"""The clock: against the newest that was recorded, and against each Jenkins."""

from __future__ import annotations

from tracker.clock import SECOND, SLACK_MS
from tracker.errors import TrackerError
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.health import Word
from tracker.queries.jobs import servers
from tracker.store.connection import reading
from tracker.store.sql import run

BY_NTP = "Set the clock by NTP: timedatectl set-ntp true"


def look(scene: Scene) -> Findings:
    """Whether nothing recorded lies in the future, and each Jenkins has our time."""
    with reading():
        [[heard, started]] = run("SELECT max(heard), max(started) FROM build")
    if (heard or 0) > scene.now + SLACK_MS:
        yield _future("was recorded", heard - scene.now, "fail")
    elif (started or 0) > scene.now + SLACK_MS:
        yield _future("began", started - scene.now, "warn")
    else:
        yield Finding("clock", "pass", "Nothing that was recorded lies in the future.")
    for row in servers():
        yield _of_server(scene, row.name)


def _future(did: str, by: int, verdict: Word) -> Finding:
    words = f"A build {did} {spelt(by / SECOND)} after now: our clock went back, or was wrong then."
    return Finding("clock", verdict, words, BY_NTP)


def _of_server(scene: Scene, name: str) -> Finding:
    try:
        ahead = scene.ask(name)
    except TrackerError as error:
        return Finding(
            "clock", "warn", f"{name!r} does not tell: {error}", f"tracker server check {name}"
        )
    if ahead is None:
        return Finding("clock", "pass", f"{name!r} answers, but does not tell the time.")
    if abs(ahead) * SECOND > SLACK_MS:
        where = "ahead of" if ahead > 0 else "behind"
        words = f"The clock of {name!r} is {spelt(abs(ahead))} {where} ours."
        return Finding("clock", "warn", words, f"{BY_NTP}; there, too.")
    return Finding("clock", "pass", f"The clock of {name!r} and ours differ by {abs(ahead):.0f} s.")


def spelt(seconds: float) -> str:
    """A span of time for people."""
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"
