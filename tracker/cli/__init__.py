"""The `tracker` command: one file a group of commands, imported only when it is used."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

import click

from tracker.errors import TrackerError

INTERRUPTED = 130
BUG = 70

COMMANDS = {
    "init": "tracker.cli.init",
    "serve": "tracker.cli.serve",
    "worker": "tracker.cli.worker",
    "server": "tracker.cli.server",
    "job": "tracker.cli.job",
    "poll": "tracker.cli.poll",
    "backfill": "tracker.cli.backfill",
    "rule": "tracker.cli.rule",
    "ingest": "tracker.cli.ingest",
    "publish": "tracker.cli.publish",
    "dump": "tracker.cli.dump",
    "benchmark": "tracker.cli.benchmark",
    "budget": "tracker.cli.budget",
    "explain": "tracker.cli.explain",
    "family": "tracker.cli.family",
    "compare": "tracker.cli.compare",
    "readiness": "tracker.cli.readiness",
    "rebuild": "tracker.cli.rebuild",
    "reparse": "tracker.cli.reparse",
    "token": "tracker.cli.token",
    "plugins": "tracker.cli.plugins",
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
        """A reader that goes away, as `| head` does, is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", metavar="DIR", help="Folder of database and spool (TRACKER_HOME).")
@click.pass_context
def tracker(ctx: click.Context, home: str | None) -> None:
    """Regression Tracker: what broke on Jenkins, since when, and whose it is.

    Example: tracker ingest --job nightly --build 12 results/*.xml
    """
    ctx.obj = home


def main() -> None:
    """Run the command; exit codes are those of the documentation, in one place."""
    try:
        code = tracker.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except TrackerError as error:
        click.echo(f"tracker: {error}", err=True)
        code = error.exit_code
    except Exception:  # noqa: BLE001 - the last one to see it
        traceback.print_exc()
        click.echo("tracker: This is a bug; please report it with the lines above.", err=True)
        code = BUG
    sys.exit(code if isinstance(code, int) else 0)
