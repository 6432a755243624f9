"""`tracker rebuild`: make the derived tables again."""

import click

from tracker.cli.shared import opened


@click.command("rebuild")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Derive verdicts, counts and totals of all jobs anew from their results; nothing else changes.

    Others record meanwhile; what it did not come to when it was ended the worker does.

    Example: tracker rebuild
    """
    from tracker.store.judging import rebuild

    opened(ctx)
    click.echo(f"{rebuild()} jobs were judged again.")
