"""A process that ingests builds through spool, parsing child and store, and acknowledges each.

    python -m tests.faults.uploader HOME BUILDS

It says `ok NUMBER` once a build is promised to be kept, `no NUMBER` where the tracker refused with
an error of its own; anything else is a bug and ends it. What cannot be opened is `no 0`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tracker.errors import TrackerError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.spool import SpooledReport
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.records import BuildFacts

CASES = 30


OUTCOMES = ("", '<failure message="it failed"/>', '<error message="it broke"/>', "<skipped/>")


def body(number: int) -> bytes:
    """The report of a build."""
    cases = "".join(
        f'<testcase classname="s" name="c{place}">{OUTCOMES[place * number % 4]}</testcase>'
        for place in range(CASES)
    )
    return f'<testsuite name="s">{cases}</testsuite>'.encode()


def upload(settings: Settings, number: int) -> None:
    """What the web does with one upload."""
    kept = spool.store(settings.spool, [body(number)])
    report = SpooledReport(kept.path, "r.xml", kept.sha256, kept.size)
    ingest(Intake.of(settings), BuildFacts("nightly", number), [report], now=number)


def say(word: str, number: int) -> None:
    """Straight to the pipe: what was said has left this process."""
    os.write(1, f"{word} {number}\n".encode())


def main(home: str, builds: str) -> None:
    """Open the store and upload one build after another, whatever became of the one before."""
    settings = Settings.load({}, home=Path(home), output=Path(home, "output"))
    try:
        open_store(settings.store)
    except TrackerError:
        say("no", 0)
        return
    for number in range(1, int(builds) + 1):
        try:
            upload(settings, number)
        except TrackerError:
            say("no", number)
        else:
            say("ok", number)
    close_store()


if __name__ == "__main__":
    main(*sys.argv[1:])
