"""`tracker version`: which version this is."""

import click

import tracker
from tracker.cli.say import say


@click.command("version")
def command() -> None:
    """Print the version.

    Example: tracker version
    """
    say(tracker.__version__)
