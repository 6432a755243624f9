"""`tracker backfill`: read older builds of a job."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tracker.cli.exits import PARTLY
from tracker.cli.say import say
from tracker.cli.shared import held, opened
from tracker.clock import now_ms

if TYPE_CHECKING:
    from tracker.queries.backfills import BackfillRow


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
    is_another = unfinished is None or unfinished.wanted != builds
    if queue:
        if is_another:
            ask_backfill(row.name, builds=builds, now=now_ms())
        say(f"The worker reads up to {builds} builds of {job}; its page tells how far it is.")
        return
    context = Context.of(settings)
    with held("backfill", row.name, settings.lease_seconds) as context.beat:
        if is_another:
            ask_backfill(row.name, builds=builds, now=now_ms())
        filled = fill(context.jenkins_job(row))
        with click.progressbar(length=filled.total, label=job, show_eta=True) as bar:
            bar.update(filled.done)
            while not filled.is_over:
                before, filled = filled.done, fill(context.jenkins_job(row))
                bar.update(filled.done - before)
    _report(job, backfill(row.name))


def _report(job: str, done: BackfillRow | None) -> None:
    """What there is to say when all was worked through."""
    if done is None:
        return
    say(f"{done.total} builds of {job} are worked through.")
    if done.gaps:
        spelt = ", ".join(f"#{a}" if a == b else f"#{a} to #{b}" for a, b in done.gaps[:10])
        say(f"Jenkins no longer has {spelt}{' and others' if len(done.gaps) > 10 else ''}.")
    if done.failed:
        numbers = ", ".join(f"#{number}" for number in done.failed[:20])
        say(f"Could not be read: {numbers}. The last one: {done.error}", err=True)
        sys.exit(PARTLY)
