"""`tracker worker`: the background process."""

import click

from tracker.cli.shared import settings


@click.command("worker")
@click.option("--until-idle", is_flag=True, help="End when nothing is due any more.")
@click.option(
    "--publishing",
    type=click.Choice(["here", "elsewhere", "only"]),
    default="here",
    show_default=True,
    help="Publish too, leave it to another worker, or do nothing else (then no token is needed).",
)
@click.pass_context
def command(ctx: click.Context, until_idle: bool, publishing: str) -> None:
    """Poll Jenkins, read queued uploads and publish the site, until interrupted.

    Any number of workers may run. With two, the one that renders pages need not be able to read
    the token of a Jenkins. Example: tracker worker --publishing elsewhere
    """
    from tracker.logs import configure
    from tracker.worker.loop import Worker
    from tracker.worker.tasks import TASKS

    found = settings(ctx)
    configure(found.log_format)
    kinds = {"here": TASKS, "only": ["publish"], "elsewhere": TASKS.keys() - {"publish"}}
    Worker(found, kinds[publishing]).run(until_idle=until_idle)
