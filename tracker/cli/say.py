"""What commands tell people: names and messages are of strangers, and steer no terminal."""

from __future__ import annotations

import click

from tracker.one_line import one_line


def say(text: str = "", *, err: bool = False) -> None:
    """One line on standard output, or on standard error."""
    click.echo(one_line(text), err=err)
