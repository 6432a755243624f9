"""`tracker reparse`: read spooled reports again after a parser got better."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from tracker.cli.exits import PARTLY
from tracker.cli.say import say, telling
from tracker.cli.shared import JSON_OPTION, opened, print_json
from tracker.clock import now_ms


@click.command("reparse")
@click.option("--job", default="", help="Only builds of this job.")
@click.option("--build", type=click.IntRange(1), help="Only builds of this number.")
@click.option("--all", "everything", is_flag=True, help="Also what the same versions read.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context, job: str, build: int | None, everything: bool, dry_run: bool, as_json: bool
) -> None:
    """Read reports again that another version of a parser read, or that none could read.

    Also those recorded before the places of results in their reports were kept. Only what differs
    is recorded. Exit 4 where a build had to be left as it is.

    Example: tracker reparse --job nightly --dry-run
    """
    from tracker.intake.ingest import Intake
    from tracker.intake.reparse import reparse

    intake = Intake.of(opened(ctx))
    done, tell = [], telling()
    for each in reparse(
        intake, now=now_ms(), job=job, number=build, everything=everything, dry_run=dry_run
    ):
        done.append(each)
        tell(f"read {each.job} #{each.number} again, {len(done)} builds so far")
        if not as_json and (each.trouble or each.revised.results or each.revised.reports):
            said = each.trouble or (
                f"{each.revised.results} results and {each.revised.reports} reports"
                f" {'would differ' if dry_run else 'differ'}"
            )
            say(f"{each.job} #{each.number}: {said}")
    if as_json:
        print_json([asdict(each) for each in done])
    else:
        changed = sum(bool(each.revised.results or each.revised.reports) for each in done)
        say(f"{len(done)} builds were read again; {changed} differ.", err=True)
    if any(each.trouble for each in done):
        sys.exit(PARTLY)
