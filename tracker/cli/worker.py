"""`tracker worker`: the background process."""

import logging
import sys

import click

from tracker.cli.shared import settings


@click.command("worker")
@click.option("--until-idle", is_flag=True, help="End when nothing is due any more.")
@click.pass_context
def command(ctx: click.Context, until_idle: bool) -> None:
    """Poll Jenkins, read queued uploads and publish the site, until interrupted.

    Any number of workers may run. Example: tracker worker
    """
    from tracker.worker.loop import Worker

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    Worker(settings(ctx)).run(until_idle=until_idle)
