"""`tracker backup`: a copy of the database that is known to be whole, and whether it is clean."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import FOUND, PARTLY
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, print_json, settings
from tracker.clock import now_ms
from tracker.errors import StorageError, TrackerError
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.operations.backup.manifest import Manifest


@click.command("backup")
@click.option("--to", type=click.Path(path_type=Path), help="Folder (default: backups in home).")
@click.option("--keep-daily", type=click.IntRange(1), default=7, show_default=True)
@click.option("--keep-weekly", type=click.IntRange(0), default=4, show_default=True)
@click.option("--with-spool", is_flag=True, help="Copy the raw reports, too.")
@click.option(
    "--validate/--no-validate",
    default=None,
    help="Look for errors in it (default: in a file, not in a dump of PostgreSQL).",
)
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context,
    to: Path | None,
    keep_daily: int,
    keep_weekly: int,
    with_spool: bool,
    validate: bool | None,
    as_json: bool,
) -> None:
    """Take a backup of the database while it is in use, and prove that it is whole.

    Of the older ones the newest of each of the last days and weeks stay, the newest that is clean,
    and those that were given another name; so the folder is for the backups of one tracker alone.
    A backup has no settings, no API tokens of Jenkins and, without --with-spool, no raw reports.

    Ends with 1 where the backup has errors, with 4 where it could not be validated; it is kept.

    Example: tracker backup --to /mnt/backup --with-spool
    """
    from tracker.operations.backup.manifest import FOLDER
    from tracker.operations.backup.rotation import rotate
    from tracker.operations.backup.sources import source_of
    from tracker.operations.backup.taking import take, tidy_spool

    found = settings(ctx)
    folder = (to or found.home / FOLDER).absolute()
    spool = found.spool if with_spool else None
    made = take(source_of(found), folder, now=datetime.now(UTC), spool=spool)
    _note(found.home, folder, made)
    gone = rotate(folder, daily=keep_daily, weekly=keep_weekly)
    if with_spool:
        tidy_spool(folder, found.spool)
    is_wanted = not found.database_url if validate is None else validate
    if is_wanted:  # last, so that a folder does not grow where this never ends well
        made = _validated(made, folder, found)
    if as_json:
        print_json({**asdict(made), "folder": folder, "removed": gone})
    else:
        _say(made, folder, gone)
    if made.findings:
        say(
            f"warning: The database has {made.validity}. The backup is kept, and so is the"
            " newest that is clean. `tracker validate --verbose` says what to do.",
            err=True,
        )
        sys.exit(FOUND)
    if is_wanted and made.findings is None:
        sys.exit(PARTLY)


def _say(made: Manifest, folder: Path, gone: list[str]) -> None:
    say(f"{folder / made.file}")
    say(
        f"{made.bytes / 1e6:,.1f} MB, {made.counts.get('build', 0):,} builds,"
        f" {made.counts.get('result', 0):,} results, revision {made.revision}; whole, in"
        f" {made.seconds:.1f} s; {made.validity}. {len(gone)} older ones removed.",
        err=True,
    )


def _validated(made: Manifest, folder: Path, found: Settings) -> Manifest:
    """The manifest with what was found; as it was, where that could not be looked for."""
    from tracker.operations.backup.validating import validated

    try:
        looked = validated(made, folder, found, now=now_ms())
    except TrackerError as error:
        say(
            f"warning: The backup is whole, but was not validated: {error.message} {error.remedy}",
            err=True,
        )
        return made
    _note(found.home, folder, looked)
    return looked


def _note(home: Path, folder: Path, made: Manifest) -> None:
    """Have the home know of a backup; one that is whole does not fail where the home is full."""
    from tracker.operations.backup.manifest import note_backup

    try:
        note_backup(home, folder, made)
    except StorageError as error:
        say(
            "warning: The backup is whole, but was not noted in home: checks and figures tell of"
            f" the one before it. {error.message}",
            err=True,
        )
