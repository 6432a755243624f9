"""`tracker version`: which version this is."""

import click

import tracker


@click.command("version")
def command() -> None:
    """Print the version.

    Example: tracker version
    """
    click.echo(tracker.__version__)
