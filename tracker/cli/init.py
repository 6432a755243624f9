"""`tracker init`: make the database."""

import click

from tracker.cli.say import say
from tracker.cli.shared import opened


@click.command("init")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Make the folder and the database, or bring an older one up to date.

    Example: tracker --home /srv/tracker init
    """
    from tracker.store.connection import schema_state
    from tracker.store.engine import engine

    opened(ctx)
    applied, _ = schema_state()
    say(f"The database {engine().place} is ready ({applied[-1]}).")
