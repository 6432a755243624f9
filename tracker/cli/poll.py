"""`tracker poll`: look at a job of Jenkins now."""

import click

from tracker.cli.shared import opened
from tracker.clock import now_ms


@click.command("poll")
@click.argument("job")
@click.option("--build", type=click.IntRange(1), help="One build, whatever is recorded of it.")
@click.pass_context
def command(ctx: click.Context, job: str, build: int | None) -> None:
    """Read what is new of JOB from its Jenkins, here and now.

    Example: tracker poll team/nightly
    """
    from tracker.jenkins.poll import poll_build, poll_job
    from tracker.queries.jobs import polled_job
    from tracker.store.jobs import note_job_trouble
    from tracker.worker.context import Context

    settings = opened(ctx)
    row = polled_job(job)
    context = Context.of(settings)
    source = context.source(row.server)
    if build is not None:
        finished = poll_build(
            source, context.intake, row.name, row.jenkins_name, build, now=now_ms()
        )
        click.echo(f"{job} #{build} is {'recorded' if finished else 'running or not there'}.")
        return
    count = poll_job(
        source,
        context.intake,
        row.name,
        row.jenkins_name,
        first_builds=settings.first_builds,
        clock=now_ms,
        beat=lambda doing: click.echo(doing, err=True),
    )
    note_job_trouble(row.name, "", now=now_ms())
    click.echo(f"{count} builds of {job} were new.")
