"""`tracker poll`: look at a job of Jenkins now."""

import click

from tracker.cli.say import say
from tracker.cli.shared import held, opened
from tracker.clock import now_ms


@click.command("poll")
@click.argument("job")
@click.option("--build", type=click.IntRange(1), help="One build, whatever is recorded of it.")
@click.pass_context
def command(ctx: click.Context, job: str, build: int | None) -> None:
    """Read what is new of JOB from its Jenkins, here and now.

    Example: tracker poll team/nightly
    """
    from tracker.jenkins.poll import poll_job
    from tracker.jenkins.recording import read_build
    from tracker.queries.jobs import polled_job
    from tracker.store.backfills import backfill_of
    from tracker.store.jobs import note_job_trouble
    from tracker.worker.context import Context

    settings = opened(ctx)
    row = polled_job(job)
    context = Context.of(settings)
    with held("poll", row.name, settings.lease_seconds) as context.beat:
        reading = context.jenkins_job(row)
        if build is not None:
            finished = read_build(reading, build)
            say(f"{job} #{build} is {'recorded' if finished else 'running or not there'}.")
            return
        polled = poll_job(reading, first_builds=settings.first_builds)
    note_job_trouble(row.name, "", now=now_ms())
    say(f"{polled.news} builds of {job} were new.")
    if not polled.is_done:
        say("There are more: run it again, or leave them to the worker.")
    if backfill_of(row.name) is not None:
        say(f"Older ones are left to the worker, or to `tracker backfill {job}`.")
