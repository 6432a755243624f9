"""`tracker import-legacy`: take over the database of the earlier application."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracker.cli.exits import PARTLY
from tracker.cli.say import say, telling
from tracker.cli.shared import JSON_OPTION, opened, print_json


@click.command("import-legacy")
@click.argument("database", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, and record nothing.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, database: Path, dry_run: bool, as_json: bool) -> None:
    """Take over DATABASE, the SQLite file of the earlier application, which may go on running.

    May be repeated: what is new or changed there is recorded, nothing that the tracker read itself
    is touched. The worker judges what was recorded. Exit 4 when some builds could not be.

    Example: tracker import-legacy /srv/earlier/data/regression_tracker.db --dry-run
    """
    from tracker.intake.ingest import Intake
    from tracker.operations.legacy.summary import as_text
    from tracker.operations.legacy.take_over import take_over

    settings = opened(ctx)
    summary = take_over(database, Intake.of(settings), dry_run=dry_run, beat=telling())
    if as_json:
        print_json(summary)
    else:
        for text in as_text(summary):
            say(text)
    if summary.builds.get("refused"):
        sys.exit(PARTLY)
