"""`tracker restore`: put a backup in the place of the database, or prove that it could be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import PARTLY
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, cluster_all, judge_all, print_json, settings, user
from tracker.clock import now_ms
from tracker.errors import NotFound, StorageError, UsageError
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.operations.backup.replay import Replayed
    from tracker.operations.backup.restore import Proof, Restored


@click.command("restore")
@click.argument("backup", type=click.Path(path_type=Path), required=False)
@click.option("--verify", "only_verify", is_flag=True, help="Only prove that it can be restored.")
@click.option("--replay-spool", is_flag=True, help="Record again what came after the backup.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context,
    backup: Path | None,
    only_verify: bool,
    replay_spool: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Put BACKUP, a file that `tracker backup` made, in the place of the database.

    Without BACKUP those that are there are listed, newest first, and whether they are clean.

    Server and workers must be stopped. The former database is kept beside the new one. With
    --replay-spool the raw reports of builds that the former database has and the backup lacks are
    read again. Exit 4 where some of them could not be.

    Example: tracker restore /mnt/backup/tracker-20261120T030000Z.db --verify
    """
    found = settings(ctx)
    if backup is None:
        if only_verify or replay_spool or yes:
            raise UsageError("No backup is named.", "`tracker restore` lists them.")
        _list(found, as_json)
        return
    path = _found(backup, found)
    if only_verify:
        _verify(path, found, as_json)
        return
    _ask(path, found, yes)
    _restore(path, found, replay_spool=replay_spool, as_json=as_json)


def _list(found: Settings, as_json: bool) -> None:
    from tracker.operations.backup.manifest import backups_of

    backups = backups_of(found.home)
    if as_json:
        print_json([{**asdict(each.manifest), "folder": each.folder} for each in backups])
        return
    for each in backups:
        say(f"{each.path}  {each.manifest.taken:%Y-%m-%d %H:%M} UTC  {each.manifest.validity}")
    if not backups:
        say("There is no backup; `tracker backup` makes one.", err=True)


def _verify(backup: Path, found: Settings, as_json: bool) -> None:
    from tracker.operations.backup.restore import verify

    proof = verify(backup, found.home if found.home.is_dir() else None)
    if as_json:
        print_json(asdict(proof))
    else:
        say(f"{backup} can be restored: {_words(proof)}.")


def _restore(backup: Path, found: Settings, *, replay_spool: bool, as_json: bool) -> None:
    from tracker.store.audit import acting

    acting(f"user {user()}")
    done = _put_back(backup, found)
    again = list(_replayed(done, found)) if replay_spool else []
    if as_json:
        print_json({**asdict(done), "replayed": [asdict(each) for each in again]})
    else:
        _say(done, again if replay_spool else None)
    if any(each.trouble for each in again):
        sys.exit(PARTLY)


def _put_back(backup: Path, found: Settings) -> Restored:
    now = datetime.now(UTC)
    if found.database_url:
        from tracker.operations.backup.server import restore_server

        return restore_server(backup, found.database_url, found.home, spool=found.spool, now=now)
    from tracker.operations.backup.restore import restore

    return restore(backup, found.database, spool=found.spool, now=now)


def _replayed(done: Restored, found: Settings) -> Iterator[Replayed]:
    """The builds recorded again, each told as it goes; judged and put into families."""
    from tracker.intake.ingest import Intake
    from tracker.operations.backup.replay import replay
    from tracker.store.connection import open_store
    from tracker.store.rejudging import waiting_jobs

    if done.former is None:
        return
    open_store(found.store)
    try:
        for each in replay(done.former, Intake.of(found), now=now_ms(), folder=found.home):
            say(f"{each.job} #{each.number}: {each.trouble or 'recorded again'}", err=True)
            yield each
    except StorageError as error:
        say(f"The former database cannot be read any further: {error}", err=True)
    judge_all(*waiting_jobs())
    cluster_all(found.own_prefixes)


def _say(done: Restored, again: list[Replayed] | None) -> None:
    say(f"Restored {done.proof.backup}: {_words(done.proof)}.")
    if done.raw_reports:
        say(f"{done.raw_reports} raw reports that were missing were copied back.")
    if done.former is not None:
        say(f"The database of before is {done.former}; remove it when all is well.")
    say("Start server and worker: the worker reads on from Jenkins where the backup ends.")
    if again is not None:
        well = sum(not each.trouble for each in again)
        say(f"{well} of {len(again)} builds that came or changed after the backup were read again.")
        return
    say("Uploads that came after the backup have to be sent again, or restore with --replay-spool.")


def _words(proof: Proof) -> str:
    counts = proof.inside.counts
    taken = f"taken {proof.manifest.taken:%Y-%m-%d %H:%M:%S} UTC" if proof.manifest else ""
    return ", ".join(
        filter(
            None,
            (
                taken or "no manifest lies beside it, so only the file itself was proved",
                proof.manifest.validity if proof.manifest else "",
                f"{counts['build']:,} builds, {counts['result']:,} results",
                f"brought up to date by {', '.join(proof.migrated)}" if proof.migrated else "",
            ),
        )
    )


def _found(backup: Path, found: Settings) -> Path:
    """The file, as a path or by its name in the usual folder."""
    from tracker.operations.backup.manifest import FOLDER

    for path in (backup, found.home / FOLDER / backup):
        if path.is_file():
            return path.absolute()
    raise NotFound(
        f"There is no backup {backup}.",
        f"`tracker restore` lists them; they are usually in {found.home / FOLDER}.",
    )


def _ask(backup: Path, found: Settings, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("A restore replaces the database.", "Add --yes where nobody can be asked.")
    from tracker.store.engine import engine_of

    place = engine_of(found.store).place
    click.confirm(f"Replace {place} by {backup}?", abort=True)
