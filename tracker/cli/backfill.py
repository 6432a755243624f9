"""`tracker backfill`: read older builds of a job."""

import click

from tracker.cli.shared import opened
from tracker.clock import now_ms


@click.command("backfill")
@click.argument("job")
@click.option("--builds", type=click.IntRange(1, 100_000), default=60, show_default=True)
@click.option("--queue", is_flag=True, help="Leave it to the worker.")
@click.pass_context
def command(ctx: click.Context, job: str, builds: int, queue: bool) -> None:
    """Read the newest builds of JOB that are not recorded yet, newest first.

    Interrupted, it goes on where it was: here when it is called again, or in the worker.

    Example: tracker backfill team/nightly --builds 200
    """
    from tracker.jenkins.backfill import fill
    from tracker.queries.backfills import backfill
    from tracker.queries.jobs import polled_job
    from tracker.store.backfills import ask_backfill, backfill_of
    from tracker.worker.context import Context

    settings = opened(ctx)
    row = polled_job(job)
    unfinished = backfill_of(row.name)
    if unfinished is None or unfinished.wanted != builds:
        ask_backfill(row.name, builds=builds, now=now_ms())
    if queue:
        click.echo(
            f"The worker reads up to {builds} builds of {job}; its page tells how far it is."
        )
        return
    context = Context.of(settings)
    filled = fill(context.jenkins_job(row))
    with click.progressbar(length=filled.total, label=job, show_eta=True, show_pos=True) as bar:
        bar.update(filled.done)
        while not filled.is_over:
            before = filled.done
            filled = fill(context.jenkins_job(row))
            bar.update(filled.done - before)
    done = backfill(row.name)
    click.echo(f"{filled.total} builds of {job} are worked through.")
    if done is not None and done.gaps:
        spelt = ", ".join(f"#{a}" if a == b else f"#{a} to #{b}" for a, b in done.gaps[:10])
        click.echo(f"Jenkins no longer has {spelt}{' and others' if len(done.gaps) > 10 else ''}.")
    if done is not None and done.error:
        raise click.ClickException(f"Not all of them could be read: {done.error}")
