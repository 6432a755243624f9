"""`tracker doctor`: is everything well that running it for years depends on."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, print_json, settings
from tracker.clock import now_ms
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.operations.doctor.findings import Finding

# A Jenkins that hangs keeps the doctor for no longer.
SECONDS = 5
MARKS = {"pass": "ok  ", "warn": "WARN", "fail": "FAIL"}


@click.command("doctor")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Look at versions, database, locks, disk, permissions, clock, tokens, backups, workers.

    Each finding that is not well says what to do. It works beside a running server, and where the
    database is missing or damaged. Exit 1 where something failed; warnings alone are 0.

    Example: tracker doctor
    """
    from tracker.operations.doctor import examine

    found = settings(ctx)
    findings = []
    for each in examine(found, ask=_asking(found), now=now_ms()):
        findings.append(each)
        if not as_json:
            _say(each)
    counts = Counter(each.verdict for each in findings)
    if as_json:
        print_json({"counts": counts, "findings": [asdict(each) for each in findings]})
    else:
        say(f"{counts['pass']} are well, {counts['warn']} warn, {counts['fail']} failed.")
    if counts["fail"]:
        sys.exit(FOUND)


def _say(finding: Finding) -> None:
    say(f"{MARKS[finding.verdict]}  {finding.check}: {finding.words}")
    if finding.remedy:
        say(f"      {finding.remedy}")


def _asking(found: Settings) -> Callable[[str], float | None]:
    """Ask a Jenkins for its time, as `tracker server check` does."""
    from tracker.worker.context import Context

    context = Context.of(found)

    def ask(server: str) -> float | None:
        client = context.source(server).client
        with client.limited(SECONDS):
            client.whoami()
        return client.heard.clock_ahead

    return ask
