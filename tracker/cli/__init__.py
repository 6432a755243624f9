"""The `tracker` command: one file a group of commands, imported only when it is used."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import time
import traceback
from typing import Any

import click

from tracker.cli.exits import BUG, INTERRUPTED
from tracker.cli.say import say
from tracker.errors import StorageError, TrackerError
from tracker.masking import mask

# What a machine may refuse anywhere, and a person can see to.
REFUSALS = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG}
)
# For so long an unforeseen error looks for its cause in the file of the database.
DAMAGE_SECONDS = 30.0

COMMANDS = {
    "init": "tracker.cli.init",
    "serve": "tracker.cli.serve",
    "worker": "tracker.cli.worker",
    "task": "tracker.cli.task",
    "server": "tracker.cli.server",
    "job": "tracker.cli.job",
    "poll": "tracker.cli.poll",
    "backfill": "tracker.cli.backfill",
    "rule": "tracker.cli.rule",
    "ingest": "tracker.cli.ingest",
    "publish": "tracker.cli.publish",
    "dump": "tracker.cli.dump",
    "import-legacy": "tracker.cli.import_legacy",
    "benchmark": "tracker.cli.benchmark",
    "budget": "tracker.cli.budget",
    "explain": "tracker.cli.explain",
    "family": "tracker.cli.family",
    "compare": "tracker.cli.compare",
    "readiness": "tracker.cli.readiness",
    "validate": "tracker.cli.validate",
    "rebuild": "tracker.cli.rebuild",
    "reparse": "tracker.cli.reparse",
    "retention": "tracker.cli.retention",
    "export": "tracker.cli.export",
    "import": "tracker.cli.import_",
    "metadata": "tracker.cli.metadata",
    "token": "tracker.cli.token",
    "person": "tracker.cli.person",
    "audit": "tracker.cli.audit",
    "plugins": "tracker.cli.plugins",
    "backup": "tracker.cli.backup",
    "restore": "tracker.cli.restore",
    "move": "tracker.cli.move",
    "doctor": "tracker.cli.doctor",
    "version": "tracker.cli.version",
}


class _Commands(click.Group):
    """A group that imports a command when it is asked for: `tracker version` waits for nothing."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """A reader that goes away, as `| head` does, is no error; a disk that refuses is no bug."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _drop_output()
            return 0
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            if not error.filename:
                _drop_output()
            raise StorageError(
                f"{error.filename or 'What is written'}: {error.strerror}.",
                "Check its owner, the disk, and who you are.",
            ) from error


def _drop_output() -> None:
    """Throw away what is left to print: the end of the process would try to print it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", metavar="DIR", help="Folder of database and spool (TRACKER_HOME).")
@click.pass_context
def tracker(ctx: click.Context, home: str | None) -> None:
    """Regression Tracker: what broke on Jenkins, since when, and whose it is.

    Example: tracker ingest --job nightly --build 12 results/*.xml
    """
    ctx.obj = home


def main() -> None:
    """Run the command; what it ends with is in `exits`, or is its error's."""
    try:
        code = tracker.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", err=True)
        code = INTERRUPTED
    except TrackerError as error:
        say(f"tracker: {error}", err=True)
        code = error.exit_code
    except Exception:  # noqa: BLE001 - the last one to see it
        code = _unexpected()
    sys.exit(code if isinstance(code, int) else 0)


def _unexpected() -> int:
    """What no code foresaw: a bug, but where the database does not hold what was written."""
    for line in mask(traceback.format_exc()).splitlines():
        say(line, err=True)
    if found := _damage():
        say(f"tracker: The database is damaged ({found}). Restore the newest backup.", err=True)
        return StorageError.exit_code
    say("tracker: This is a bug; please report it with the lines above.", err=True)
    return BUG


def _damage() -> str:
    """What is wrong with the database that this command had open; empty where nothing is found."""
    from tracker.store.engine import engine

    ends = time.monotonic() + DAMAGE_SECONDS
    try:
        return engine().look_for_damage(lambda: time.monotonic() > ends, is_thorough=True)
    except TrackerError:  # it has none open
        return ""
