"""`tracker rebuild`: make the derived tables again."""

import click

from tracker.cli.say import say, telling
from tracker.cli.shared import lines, opened


@click.command("rebuild")
@click.argument("jobs", nargs=-1, metavar="[JOB]...", callback=lines)
@click.pass_context
def command(ctx: click.Context, jobs: tuple[str, ...]) -> None:
    """Derive verdicts, counts and totals anew from the results; nothing else changes.

    Of each JOB, or of all jobs. Others may record meanwhile. If it is ended early, the worker does
    the rest of the job that it is at.

    Example: tracker rebuild
    """
    from tracker.queries.jobs import job
    from tracker.store.judging import rebuild

    opened(ctx)
    names = [job(name).name for name in jobs]
    say(f"{rebuild(*names, beat=telling())} jobs were judged again.")
