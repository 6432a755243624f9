"""`tracker move`: from a SQLite file into PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tracker.cli.say import say, telling
from tracker.cli.shared import JSON_OPTION, print_json, settings, user
from tracker.errors import UsageError
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.operations.moving import Moved


@click.command("move")
@click.argument("database_url", metavar="DATABASE_URL", required=False)
@click.option("--dry-run", is_flag=True, help="Do it all, compare, and keep nothing.")
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, database_url: str | None, dry_run: bool, as_json: bool) -> None:
    """Copy the tracker's SQLite file into an empty PostgreSQL database, all of it or nothing.

    Server and workers must be stopped. The canonical dumps of both are compared before anything is
    kept. The file stays as it is. Without DATABASE_URL the database is that of the settings; then
    its password need not be on the command line.

    Example: tracker move postgresql://tracker@db.example/tracker --dry-run
    """
    found = settings(ctx)
    address = database_url or found.database_url
    if not address.startswith("postgresql://"):
        raise UsageError(
            "No address to move to is given.",
            "Give the address, postgresql://user@host/name, or set it.",
        )
    moved = _moved(found, address, is_trial=dry_run)
    if as_json:
        print_json(moved)
        return
    _say(moved)


def _moved(found: Settings, address: str, *, is_trial: bool) -> Moved:
    from tracker.store.audit import acting
    from tracker.store.engine import engine_of

    engine_of(address)  # says so where its driver is not installed
    from tracker.operations.moving import move

    acting(f"user {user()}")
    return move(found.database, address, is_trial=is_trial, beat=telling())


def _say(moved: Moved) -> None:
    counts = moved.counts
    did = "could be moved" if moved.is_trial else "were moved"
    say(
        f"{counts['build']:,} builds with {counts['result']:,} results {did} to {moved.place};"
        f" {sum(counts.values()):,} rows, in {moved.seconds:.1f} s."
    )
    say(f"Both say the same in {sum(moved.lines.values()):,} lines of `tracker dump`.")
    if moved.is_trial:
        say("Nothing was kept there but empty tables.")
        return
    say(
        "Set database_url (TRACKER_DATABASE_URL) to it for server, workers and commands, then start"
        " them. The file stays as it was: remove it when all is well."
    )
