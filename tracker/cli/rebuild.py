"""`tracker rebuild`: make the derived tables again."""

import click

from tracker.cli.say import say
from tracker.cli.shared import opened


@click.command("rebuild")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Derive verdicts, counts and totals of all jobs anew from their results; nothing else changes.

    Others may record meanwhile. If it is ended early, the worker does the rest.

    Example: tracker rebuild
    """
    from tracker.store.judging import rebuild

    opened(ctx)
    say(f"{rebuild()} jobs were judged again.")
