"""`tracker serve`: the web server."""

import os
import sys

import click

from tracker.cli.shared import settings


@click.command("serve")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Serve the live pages and the API with Gunicorn, until interrupted.

    Example: tracker serve --port 8000
    """
    found = settings(ctx, host=host, port=port)
    environ = {
        **os.environ,
        "TRACKER_HOME": str(found.home),
        "TRACKER_OUTPUT": str(found.output),
        "TRACKER_HOST": found.host,
        "TRACKER_PORT": str(found.port),
    }
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:tracker.gunicorn_conf"]
    os.execve(  # noqa: S606 - Gunicorn takes this process over, and its signals with it
        sys.executable, [*arguments, "tracker.web.served:app"], environ
    )
